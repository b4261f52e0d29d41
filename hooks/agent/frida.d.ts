/* The part of Frida's JavaScript API that the agent uses, so that it type-checks without any package from npm.
   Facts: https://frida.re/docs/javascript-api/ */

declare class NativePointer {
  add(offset: number | string): NativePointer;
  sub(offset: number): NativePointer;
  compare(other: NativePointer): number;
  isNull(): boolean;
  readByteArray(length: number): ArrayBuffer | null;
  readPointer(): NativePointer;
  readS32(): number;
  readS64(): Int64;
  toString(radix?: number): string;
}
declare class Int64 {
  toNumber(): number;
  toString(): string;
}
declare const NULL: NativePointer;
declare class NativeFunction {
  constructor(address: NativePointer, result: string, args: string[], options?: { scheduling?: "cooperative" | "exclusive" });
}
interface NativeFunction {
  (...args: unknown[]): number;
}
declare class CModule {
  constructor(code: string, symbols?: Record<string, NativePointer>);
  [symbol: string]: NativePointer;
}
declare namespace Memory {
  function alloc(size: number): NativePointer;
}
interface Module {
  name: string;
  getExportByName(name: string): NativePointer;
  findSymbolByName(name: string): NativePointer | null;
}
declare namespace Module {
  function getGlobalExportByName(name: string): NativePointer;
}
declare namespace Process {
  const id: number;
  const pointerSize: number;
  function getCurrentThreadId(): number;
  function findModuleByName(name: string): Module | null;
  function attachModuleObserver(callbacks: { onAdded?(module: Module): void }): { detach(): void };
}
declare namespace Interceptor {
  function attach(target: NativePointer, callbacks: { onEnter?(args: NativePointer[]): void; onLeave?(result: NativePointer): void }): { detach(): void };
}
declare namespace Script {
  function nextTick(callback: () => void): void;
}
declare namespace Thread {
  function sleep(seconds: number): void;
}
declare namespace File {
  function readAllText(path: string): string;
  function readAllBytes(path: string): ArrayBuffer;
}
declare namespace Script {
  function bindWeak(target: object, callback: () => void): number;
}
declare const rpc: { exports: Record<string, (...args: any[]) => unknown> };
declare function send(message: object): void;
declare function recv(type: string, callback: (message: any) => void): void;
declare function setTimeout(callback: () => void, delay: number): number;
declare function setInterval(callback: () => void, delay: number): number;
