/** Classes wherever they come from: the start, a class loader that the app makes, code that is unpacked later. A class that
    several loaders bring is another class in each of them, and is hooked in each. */

import Java, { type Wrapper } from "frida-java-bridge";
import { unprompted } from "./context.js";
import { onHotSpot, settle } from "./hotspot.js";
import { wrapperOf } from "./identity.js";
import { install, reportAbsent } from "./interpreter.js";
import { handleOf, passThrough } from "./jni.js";
import { post } from "./outbox.js";
import type { Entry } from "./plan.js";

const RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
const MAX_LOADERS = 64;

/** Comes with the platform: its own loader has it, and no loader of the app may bring another one. */
const PLATFORM = /^(java|javax|android|dalvik|libcore|sun|jdk)\./;

/** Entries by the classes they name, for those that an app can bring. */
const wanted = new Map<string, Entry[]>();
/** Entries whose class has not been seen yet. */
let waiting: Entry[] = [];

/** Hook what is there, and whatever comes later. */
export function installAll(entries: Entry[]): void {
  for (const entry of entries) {
    for (const name of entry.classes) {
      if (onHotSpot() || !PLATFORM.test(name)) {
        wanted.set(name, [...(wanted.get(name) ?? []), entry]);
      }
    }
  }
  waiting = entries.filter((entry) => !install(entry, (name) => Java.use(name)));
  waiting.forEach(reportAbsent);
  if (onHotSpot()) {
    watchDefinitions();
  } else {
    watchLoaders();
    retryLater(RETRY_MS);
  }
}

/** A JVM asks Java code to define every class that is not its own. */
function watchDefinitions(): void {
  const define = Java.use("java.lang.ClassLoader").defineClass;
  for (const method of define.overloads) {
    // The others call these two.
    if (method.argumentTypes[method.argumentTypes.length - 1].className !== "java.security.ProtectionDomain") {
      continue;
    }
    passThrough(method);
    method.implementation = function (this: Wrapper, ...args: any[]): any {
      const made = method.apply(this, args);
      quietly(() => arrived(this, made));
      return made;
    };
  }
}

function arrived(loader: Wrapper, made: any): void {
  const name = String(Java.cast(handleOf(made)!, Java.use("java.lang.Class")).getName());
  const entries = wanted.get(name);
  if (entries !== undefined) {
    const factory = factoryOf(Java.cast(loader.$h, Java.use("java.lang.ClassLoader")));
    hookIn(entries, (other) => (other === name ? factory(name) : nothing(other)));
  }
}

/** On Android the runtime finds classes of dex files by itself: what a loader brings is asked of it when it is made. */
function watchLoaders(): void {
  const base = Java.use("dalvik.system.BaseDexClassLoader");
  for (const member of [base.$init, base.addDexPath]) {
    for (const method of member?.overloads ?? []) {
      passThrough(method);
      method.implementation = function (this: Wrapper, ...args: any[]): any {
        const result = method.apply(this, args);
        quietly(() => remember(Java.cast(this.$h, Java.use("java.lang.ClassLoader"))));
        return result;
      };
    }
  }
}

/** Loaders of the app, weakly held: an unloaded plugin must not be kept by being watched. */
const loaders: Wrapper[] = [];

function remember(loader: Wrapper): void {
  loaders.push(Java.use("java.lang.ref.WeakReference").$new(loader));
  if (loaders.length > MAX_LOADERS) {
    loaders.shift();
  }
  search(loader);
}

/** Ask a loader for every class that an app can bring, and hook those that are its own. */
function search(loader: Wrapper): void {
  const factory = factoryOf(loader);
  for (const [name, entries] of wanted) {
    hookIn(entries, (other) => (other === name ? factory(name) : nothing(other)));
  }
}

function hookIn(entries: Entry[], use: (name: string) => Wrapper): void {
  const here = entries.filter((entry) => install(entry, use));
  if (here.length > 0) {
    waiting = waiting.filter((entry) => !here.includes(entry));
    settle();
  }
}

function nothing(name: string): Wrapper {
  throw new Error(`${name} is looked for elsewhere`);
}

let copies = 0;

/** Gives classes that a loader itself defines; throws for those it has from another, which are hooked there. */
function factoryOf(loader: Wrapper): (name: string) => Wrapper {
  const made = new Map<string, Wrapper>();
  return (name) => {
    const known = made.get(name);
    if (known !== undefined) {
      return known;
    }
    const klass = loader.loadClass(name);
    const owner = klass.getClassLoader();
    if (owner === null || !Java.vm.getEnv().isSameObject(owner.$h, loader.$h)) {
      return nothing(name);
    }
    // Reflection links the class without running its initialiser; the bridge crashes HotSpot on one that is not linked.
    klass.getDeclaredMethods();
    const wrapper = wrapperOf(klass, `${name}@loader${++copies}`);
    made.set(name, wrapper);
    return wrapper;
  };
}

/** A class that comes late is looked for again, ever more rarely: dex files are added to loaders that are there already.

    Not on HotSpot, where definitions are seen. */
function retryLater(delay: number): void {
  setTimeout(() => {
    Java.perform(() => quietly(() => {
      waiting = waiting.filter((entry) => !install(entry, (name) => Java.use(name)));
      if (waiting.length > 0) {
        loaders.map((weak) => weak.get()).filter((loader) => loader !== null).forEach(search);
      }
    }));
    retryLater(Math.min(delay * 2, MAX_RETRY_MS));
  }, delay);
}

function quietly(work: () => void): void {
  try {
    work();
  } catch (error: any) {
    post({ k: "gap", ...unprompted(), kind: "script_error", detail: `a new class was not looked at: ${error?.message ?? error}` });
  }
}
