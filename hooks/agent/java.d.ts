/* The part of frida-java-bridge that the agent uses (https://github.com/frida/frida-java-bridge, read at 7.0.13). */

declare module "frida-java-bridge" {
  /** A Java class or object: members are whatever the class has, so they cannot be typed here. */
  export type Wrapper = any;

  /** How a Java type crosses JNI. `fromJni` and `toJni` may be replaced on a method before it is hooked. */
  export interface JavaType {
    name: string;
    className: string;
    type: string;
    isCompatible(value: unknown): boolean;
    fromJni(value: any, env: Env, owned: boolean): any;
    toJni(value: any, env: Env): any;
  }
  export interface Method {
    (...args: any[]): any;
    methodName: string;
    type: number;
    argumentTypes: JavaType[];
    returnType: JavaType;
    handle: NativePointer;
    implementation: ((this: Wrapper, ...args: any[]) => any) | null;
    /** [name, holder, kind, methodId, returnType, argumentTypes, …]: the only way to replace the return type. */
    _p: any[];
  }
  export interface Env {
    readonly vm: { perform: (work: any) => any };
    throwIfExceptionPending(): void;
    exceptionOccurred(): NativePointer;
    exceptionClear(): void;
    handle: NativePointer;
    newLocalRef(handle: NativePointer): NativePointer;
    getObjectClass(handle: NativePointer): NativePointer;
    toReflectedMethod(klass: NativePointer, method: NativePointer, isStatic: number): NativePointer;
    newGlobalRef(handle: NativePointer): NativePointer;
    deleteGlobalRef(handle: NativePointer): void;
    deleteLocalRef(handle: NativePointer): void;
    isSameObject(a: NativePointer, b: NativePointer): number;
    isInstanceOf(handle: NativePointer, klass: NativePointer): number;
    findClass(name: string): NativePointer;
    exceptionOccurred(): NativePointer;
    getDirectBufferAddress(buffer: NativePointer): NativePointer;
    stringFromJni(handle: NativePointer): string;
    getStringLength(handle: NativePointer): number;
    getStringChars(handle: NativePointer, isCopy: NativePointer): NativePointer;
    releaseStringChars(handle: NativePointer, chars: NativePointer): void;
    getArrayLength(handle: NativePointer): number;
    getObjectArrayElement(handle: NativePointer, index: number): NativePointer;
    getByteArrayRegion(handle: NativePointer, start: number, length: number, into: NativePointer): void;
    getObjectClassName(handle: NativePointer): string;
  }
  interface Bridge {
    readonly available: boolean;
    readonly vm: {
      readonly handle: NativePointer;
      getEnv(): Env;
      tryGetEnv(): Env | null;
      attachCurrentThread: () => Env;
      perform: (work: any) => any;
    };
    perform(fn: () => void): void;
    performNow(fn: () => void): void;
    use(name: string): Wrapper;
    cast(handle: NativePointer | Wrapper, klass: Wrapper): Wrapper;
    readonly classFactory: {
      _classHandles: { capacity: number };
      _loader: Wrapper;
      use(name: string, options?: object): Wrapper;
      _make(name: string, handle: (env: Env) => NativePointer, env: Env): Wrapper;
    };
    readonly ClassFactory: { get(loader: Wrapper): { use(name: string): Wrapper } };
  }
  const Java: Bridge;
  export default Java;
}
