/** References that pass through a hook untouched.

    Left alone, the bridge turns a String argument into a JavaScript string and makes a new Java String of it for the original;
    the app would get back another object than the framework returned. Here pointers stay pointers. */

import Java, { type Env, type JavaType, type Method, type Wrapper } from "frida-java-bridge";

/** A returned reference; the bridge calls `$dispose` once it has been handed to the app. */
export class Held {
  constructor(readonly $h: NativePointer, private readonly env: Env) {}
  $dispose(): void {
    this.env.deleteGlobalRef(this.$h);
  }
}

/** The reference behind a raw argument, a returned value or a wrapper; null for Java's null. */
export function handleOf(value: any): NativePointer | null {
  if (value === null || value === undefined) {
    return null;
  }
  const handle = value instanceof NativePointer ? value : (value.$h ?? value.$w?.$h); // $w: the bridge's object arrays
  return handle === undefined || handle.isNull() ? null : handle;
}

function untouched(type: JavaType): JavaType {
  if (type.type !== "pointer") {
    return type;
  }
  return Object.assign(Object.create(type), {
    isCompatible: () => true,
    fromJni: (handle: NativePointer, env: Env, owned: boolean) => {
      if (!owned) {
        return handle;
      }
      // A result is read inside a local frame that is popped before it is handed on.
      return handle.isNull() ? null : new Held(env.newGlobalRef(handle), env);
    },
    toJni: (value: any, env: Env) => {
      if (value === null || value === undefined) {
        return NULL;
      }
      return value instanceof NativePointer ? value : value instanceof Held ? value.$h : type.toJni(value, env);
    },
  });
}

/** Make arguments and result of a method cross the hook as the very same objects. Call before `implementation` is set. */
export function passThrough(method: Method): void {
  const types = method.argumentTypes;
  for (let i = 0; i < types.length; i++) {
    types[i] = untouched(types[i]!);
  }
  method._p[4] = untouched(method.returnType);
}

/** Is the object of this class (or a subclass)? False where the class does not exist. */
export function isInstance(handle: NativePointer, className: string): boolean {
  const klass = classHandle(className);
  return klass !== null && Boolean(Java.vm.getEnv().isInstanceOf(handle, klass));
}

/** The class objects are kept: the bridge deletes a wrapper's reference once nothing in here points at the wrapper. */
const classes = new Map<string, Wrapper | null>();

function classHandle(name: string): NativePointer | null {
  let klass = classes.get(name);
  if (klass === undefined) {
    try {
      klass = Java.use(name).class as Wrapper;
    } catch {
      klass = null; // this platform has no such class
    }
    classes.set(name, klass);
  }
  return klass === null ? null : klass.$h;
}

/** What the original threw crosses as it is. The bridge would call its toString() for a message: the app's own code, run behind
    its back, and a crash where the stack has just run out. */
export function leaveThrowablesAlone(): void {
  const env = Object.getPrototypeOf(Java.vm.getEnv());
  env.throwIfExceptionPending = function (this: Env): void {
    const local = this.exceptionOccurred();
    if (local.isNull()) {
      return;
    }
    this.exceptionClear();
    const thrown = this.newGlobalRef(local);
    this.deleteLocalRef(local);
    throw new Thrown(thrown, this);
  };
}

/** A Java exception on its way through JavaScript; the bridge rethrows `$h`. */
class Thrown extends Error {
  constructor(readonly $h: NativePointer, env: Env) {
    super();
    const vm = env.vm;
    Script.bindWeak(this, () => vm.perform((later: Env) => later.deleteGlobalRef($h)));
  }
  /** Read only when somebody wants to tell it: the platform's exceptions speak, the app's are named. */
  override get message(): string {
    const env = Java.vm.getEnv();
    const name = env.getObjectClassName(this.$h);
    return name.startsWith("java.lang.") ? String(Java.cast(this.$h, Java.use("java.lang.Throwable")).toString()) : name;
  }
}
