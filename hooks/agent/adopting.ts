/** Methods of objects that the app makes and hands over: their classes are hooked when they are seen as an argument.

    An interface or a base class has no code of its own to hook; the class that matters is the app's. */

import Java, { type Method, type Wrapper } from "frida-java-bridge";
import { handleOf, passThrough } from "./jni.js";
import type { Entry } from "./plan.js";
import { settle } from "./hotspot.js";

type Adopt = (klass: Wrapper) => void;

/** What waits for the arguments of each watched method, by `class.method`. */
const adopters = new Map<string, Adopt[]>();
const adopted = new Map<Adopt, Set<string>>();

/** Watch the methods that an entry's objects are passed to; the number that exist here. */
export function watchPassing(entry: Entry, use: (name: string) => Wrapper, adopt: Adopt): number {
  let watched = 0;
  for (const place of entry.passed_to) {
    const cut = place.lastIndexOf(".");
    let methods: Method[];
    try {
      methods = use(place.slice(0, cut))[place.slice(cut + 1).replace("<init>", "$init")].overloads;
    } catch {
      continue; // not on this platform, or not yet
    }
    watched += 1;
    const list = adopters.get(place);
    if (list !== undefined) {
      list.push(adopt);
      continue;
    }
    adopters.set(place, [adopt]);
    methods.forEach((method) => watch(place, method));
  }
  return watched;
}

function watch(place: string, method: Method): void {
  passThrough(method);
  method.implementation = function (this: Wrapper, ...args: any[]): any {
    args.forEach((arg) => look(place, arg));
    return method.apply(this, args);
  };
}

/** Look at an argument, or at the elements of an array. */
function look(place: string, arg: any): void {
  const handle = handleOf(arg);
  if (handle === null) {
    return;
  }
  const env = Java.vm.getEnv();
  const name = env.getObjectClassName(handle);
  if (!name.startsWith("[")) {
    offer(place, name, handle);
    return;
  }
  const length = name.startsWith("[L") ? Math.min(env.getArrayLength(handle), 16) : 0;
  for (let i = 0; i < length; i++) {
    const element = env.getObjectArrayElement(handle, i);
    if (!element.isNull()) {
      offer(place, env.getObjectClassName(element), element);
    }
    env.deleteLocalRef(element);
  }
}

function offer(place: string, name: string, handle: NativePointer): void {
  for (const adopt of adopters.get(place) ?? []) {
    const seen = adopted.get(adopt) ?? new Set<string>();
    adopted.set(adopt, seen);
    if (!seen.has(name)) {
      seen.add(name);
      adopt(classOf(name, handle));
      settle();
    }
  }
}

/** The object's class, from its own loader where the default one does not know it. */
function classOf(name: string, handle: NativePointer): Wrapper {
  try {
    return Java.use(name);
  } catch {
    const loader = Java.cast(handle, Java.use("java.lang.Object")).getClass().getClassLoader();
    return Java.ClassFactory.get(loader).use(name);
  }
}
