/** Methods that are hooked on the way: a listener's, a cursor's, a returned object's. Each is hooked once, whoever watches it. */

import Java, { type Method, type Wrapper } from "frida-java-bridge";
import { claim } from "./claims.js";
import { unprompted } from "./context.js";
import { roomOnStack } from "./exhaustion.js";
import { inForce } from "./hotspot.js";
import { busy, original } from "./interpreter.js";
import { passThrough } from "./jni.js";
import { post } from "./outbox.js";
import { bounded } from "./projection.js";

/** One call of a watched method. */
export interface Visit {
  method: string;
  thread: number;
  /** The object, null for a static method. */
  self: NativePointer | null;
  args: any[];
  types: string[];
}

/** What looks at the calls; it must tell by itself which objects it means. */
export interface Watcher {
  /** What it returns is handed to `leave`. */
  enter?(visit: Visit): unknown;
  /** Not called when the original threw. */
  leave?(visit: Visit, result: any, noted: unknown): void;
  /** The original threw. */
  fail?(visit: Visit, noted: unknown): void;
}

const watchers = new Map<string, Watcher[]>();

/** Overloads that hold nothing to watch. */
const empty = new Set<string>();

/** Watch a method of a class, inherited ones too; how many overloads are watched.

    `except` names classes whose own code is none of the app's (a listener's abstract base); `missing` hears what cannot be
    watched. */
export function watch(klass: Wrapper, name: string, overloads: "all" | string[][], watcher: Watcher, missing: string[], except: string[] = []): number {
  const fresh: (() => void)[] = [];
  const wanted = (klass[name]?.overloads ?? []).filter((one: Method) => overloads === "all" || overloads.some((types) => sameTypes(one, types)));
  const watched = wanted.map((method: Method) => watchersOf(klass, name, method, missing, except, fresh)).filter((known: Watcher[] | null) => known !== null);
  for (const known of watched) {
    if (!known.includes(watcher)) {
      known.push(watcher);
    }
  }
  if (fresh.length > 0) {
    inForce(() => fresh.forEach((set) => set()));
  }
  return watched.length;
}

function watchersOf(klass: Wrapper, name: string, method: Method, missing: string[], except: string[], fresh: (() => void)[]): Watcher[] | null {
  const key = method.handle.toString();
  if (watchers.has(key) || empty.has(key)) {
    return watchers.get(key) ?? null;
  }
  const { code, declarer } = reflected(klass, method);
  if (!code || except.includes(declarer)) {
    empty.add(key);
    return null;
  }
  const owner = claim(key, "a watched listener, cursor or result");
  if (owner !== null) {
    missing.push(`${name}: ${owner} already hooks it`);
    return null;
  }
  const known: Watcher[] = [];
  passThrough(method);
  fresh.push(() => {
    method.implementation = replacement(name, method, known);
  });
  watchers.set(key, known);
  return known;
}

function sameTypes(method: Method, types: string[]): boolean {
  return method.argumentTypes.length === types.length && method.argumentTypes.every((type, i) => type.className === types[i]);
}

const ABSTRACT = 0x400;
/** `type` of a static method in the bridge; 3 is an instance method. */
const STATIC = 2;

/** Has the method code of its own, and in which class does it stand? */
function reflected(klass: Wrapper, method: Method): { code: boolean; declarer: string } {
  const env = Java.vm.getEnv();
  const local = env.toReflectedMethod(klass.class.$h, method.handle, method.type === STATIC ? 1 : 0);
  try {
    const seen = Java.cast(local, Java.use("java.lang.reflect.Method"));
    return { code: (seen.getModifiers() & ABSTRACT) === 0, declarer: String(seen.getDeclaringClass().getName()) };
  } finally {
    env.deleteLocalRef(local);
  }
}

function replacement(name: string, method: Method, known: Watcher[]): (this: Wrapper, ...args: any[]) => any {
  const types = method.argumentTypes.map((type) => type.className);
  return function (this: Wrapper, ...args: any[]): any {
    const thread = Process.getCurrentThreadId();
    if (busy.has(thread)) {
      return original(method, this, args);
    }
    const visit: Visit = { method: name, thread, self: this.$h ?? null, args, types };
    const noted = known.map((watcher) => guarded(visit, () => watcher.enter?.(visit)));
    let result: any;
    try {
      result = original(method, this, args);
    } catch (error) {
      known.forEach((watcher, i) => guarded(visit, () => watcher.fail?.(visit, noted[i])));
      throw error; // the very same Throwable goes on
    }
    known.forEach((watcher, i) => guarded(visit, () => watcher.leave?.(visit, result, noted[i])));
    return result;
  };
}

let errors = 0;
const MAX_ERRORS = 20;

/** Run telemetry: an error in it is a gap, and the app never sees it. */
function guarded(visit: Visit, work: () => unknown): unknown {
  busy.add(visit.thread);
  try {
    return roomOnStack(visit.thread) ? work() : undefined;
  } catch (error: any) {
    if (errors++ < MAX_ERRORS) {
      post({ k: "gap", ...unprompted(), kind: "script_error", detail: bounded(`${visit.method}: ${error?.message ?? error}`, 300) });
    }
    return undefined;
  } finally {
    busy.delete(visit.thread);
  }
}

/** Say that some data will not be seen. */
export function unwatched(entry: string, detail: string): void {
  post({ k: "gap", ...unprompted(), h: entry, kind: "listener_not_watched", detail: bounded(detail, 300) });
}

/** A stack without the hooked method's own frame. */
export function callers(stack: string): string {
  return stack.replace(/\n\tat [^\n]*/, "");
}
