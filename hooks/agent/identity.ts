/** Objects and classes recognised by identity, without keeping the app's objects alive. */

import Java, { type Env, type Wrapper } from "frida-java-bridge";

const NEW_WEAK_GLOBAL_REF = 226;
const DELETE_WEAK_GLOBAL_REF = 227;

/** JNI functions that the bridge does not offer, by their place in the table (JNI specification, "Interface Function Table"). */
function jni(env: Env, index: number, result: string): NativeFunction {
  return new NativeFunction(env.handle.readPointer().add(index * Process.pointerSize).readPointer(), result, ["pointer", "pointer"]);
}

let makeWeak: NativeFunction | null = null;
let dropWeak: NativeFunction | null = null;

/** One object of the app, which may be garbage collected while it is remembered. */
export class Remembered {
  private readonly weak: NativePointer;

  constructor(object: NativePointer) {
    const env = Java.vm.getEnv();
    makeWeak ??= jni(env, NEW_WEAK_GLOBAL_REF, "pointer");
    this.weak = makeWeak(env.handle, object) as unknown as NativePointer;
  }

  is(object: NativePointer): boolean {
    return Boolean(Java.vm.getEnv().isSameObject(this.weak, object));
  }

  get gone(): boolean {
    return this.is(NULL);
  }

  forget(): void {
    const env = Java.vm.getEnv();
    dropWeak ??= jni(env, DELETE_WEAK_GLOBAL_REF, "void");
    dropWeak(env.handle, this.weak);
  }
}

const MAX_OBJECTS = 512;

/** What is known of some objects; those that were collected go by themselves, the oldest where there are too many. */
export class ObjectMap<T> {
  private entries: { object: Remembered; value: T }[] = [];

  /** Newest first: a thing may be known of an object more than once. */
  all(object: NativePointer): T[] {
    return this.entries.filter((entry) => entry.object.is(object)).map((entry) => entry.value);
  }

  first(object: NativePointer): T | null {
    return this.entries.find((entry) => entry.object.is(object))?.value ?? null;
  }

  /** False where the oldest object had to be given up for it. */
  add(object: NativePointer, value: T): boolean {
    this.drop((entry) => entry.object.gone);
    this.entries.unshift({ object: new Remembered(object), value });
    if (this.entries.length <= MAX_OBJECTS) {
      return true;
    }
    this.entries.pop()!.object.forget();
    return false;
  }

  remove(object: NativePointer, which: (value: T) => boolean = () => true): void {
    this.drop((entry) => which(entry.value) && entry.object.is(object));
  }

  get values(): T[] {
    return this.entries.map((entry) => entry.value);
  }

  private drop(which: (entry: { object: Remembered; value: T }) => boolean): void {
    const gone = this.entries.filter(which);
    this.entries = this.entries.filter((entry) => !gone.includes(entry));
    gone.forEach((entry) => entry.object.forget());
  }
}

/** Classes that their name does not lead to: lambdas, and those of the app's own loaders. */
const unnamed: { object: Wrapper; made: Wrapper }[] = [];

/** The runtime class of an object, whatever loader it came from. */
export function classOf(object: NativePointer): Wrapper {
  const env = Java.vm.getEnv();
  const klass = env.getObjectClass(object);
  try {
    const named = useNamed(env.getObjectClassName(object));
    if (named !== null && env.isSameObject(named.class.$h, klass)) {
      return named;
    }
    return unnamed.find((known) => env.isSameObject(known.object.$h, klass))?.made ?? make(env, klass, object);
  } finally {
    env.deleteLocalRef(klass);
  }
}

function useNamed(name: string): Wrapper | null {
  try {
    return Java.use(name);
  } catch {
    return null;
  }
}

/** The bridge finds classes by name only; this is how it makes one of a reference. Its name must be new to the bridge. */
function make(env: Env, klass: NativePointer, object: NativePointer): Wrapper {
  const held = Java.cast(klass, Java.use("java.lang.Class"));
  const made = wrapperOf(held, `${env.getObjectClassName(object)}@${unnamed.length + 1}`);
  unnamed.push({ object: held, made });
  return made;
}

/** A class as the bridge's wrapper, made of its Class object; the name must be new to the bridge. */
export function wrapperOf(klass: Wrapper, name: string): Wrapper {
  return Java.classFactory._make(name, (env: Env) => env.newLocalRef(klass.$h), Java.vm.getEnv());
}
