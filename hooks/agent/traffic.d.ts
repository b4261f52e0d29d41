/* The part of Frida's JavaScript API that only the traffic helps use (https://frida.re/docs/javascript-api/). */

interface NativePointer {
  toInt32(): number;
  readPointer(): NativePointer;
  readU8(): number;
  readU16(): number;
  readU32(): number;
  writeU32(value: number): NativePointer;
  readUtf8String(): string | null;
  /** Of a return value inside onLeave. */
  replace(value: NativePointer): void;
}
interface Module {
  path: string;
  findExportByName(name: string): NativePointer | null;
}
declare function ptr(value: number | string): NativePointer;
declare namespace Process {
  function findModuleByAddress(address: NativePointer): Module | null;
}
