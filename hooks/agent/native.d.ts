/* The part of Frida's JavaScript API that only the native layer uses (https://frida.re/docs/javascript-api/). */

interface NativePointer {
  compare(other: NativePointer): number;
  sub(other: NativePointer | number): NativePointer;
  equals(other: NativePointer): boolean;
  toInt32(): number;
  readPointer(): NativePointer;
  writePointer(value: NativePointer): NativePointer;
  readU8(): number;
  readU16(): number;
  readU32(): number;
  readUtf8String(size?: number): string | null;
  readCString(size?: number): string | null;
  writeU8(value: number): NativePointer;
  writeS32(value: number): NativePointer;
  writeByteArray(bytes: ArrayBuffer | number[]): NativePointer;
  readLong(): number | Int64;
}
declare function ptr(value: number | string): NativePointer;
declare class NativeCallback extends NativePointer {
  constructor(callback: (...args: any[]) => any, result: string, args: string[]);
}
interface InvocationContext {
  returnAddress: NativePointer;
}
interface Module {
  path: string;
  base: NativePointer;
  size: number;
  findExportByName(name: string): NativePointer | null;
  findSymbolByName(name: string): NativePointer | null;
  enumerateSymbols(): { name: string; type: string; address: NativePointer; size?: number }[];
}
declare namespace Module {
  function findGlobalExportByName(name: string): NativePointer | null;
}
declare namespace Process {
  const mainModule: Module;
  const arch: string;
  function enumerateModules(): Module[];
  function findModuleByAddress(address: NativePointer): Module | null;
}
declare namespace Memory {
  function allocUtf8String(text: string): NativePointer;
}
declare namespace Interceptor {
  function attach(target: NativePointer, probe: (this: InvocationContext, args: NativePointer[]) => void): { detach(): void };
  function replace(target: NativePointer, replacement: NativePointer, data?: NativePointer): void;
  function flush(): void;
}
interface RangeDetails {
  base: NativePointer;
  size: number;
  file?: { path: string };
}
declare namespace Process {
  function enumerateRanges(protection: string): RangeDetails[];
  function findRangeByAddress(address: NativePointer): RangeDetails | null;
  function attachModuleObserver(callbacks: { onAdded?(module: Module): void; onRemoved?(module: Module): void }): { detach(): void };
}
declare namespace DebugSymbol {
  function fromAddress(address: NativePointer): { name: string | null; moduleName: string | null };
}
declare namespace Checksum {
  function compute(type: "sha256", data: ArrayBuffer | string): string;
}
