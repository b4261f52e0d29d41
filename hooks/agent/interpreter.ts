/** Turns catalog entries into hooks. Whatever goes wrong in here, the app gets the original's result or exception. */

import Java, { type Method, type Wrapper } from "frida-java-bridge";
import { watchPassing } from "./adopting.js";
import { followUp, register, standsAlone } from "./callbacks.js";
import { claim } from "./claims.js";
import { now } from "./clock.js";
import { callersOf, screen, unprompted, type Call } from "./context.js";
import { watchCursor } from "./cursors.js";
import { exhaustion, isExhaustion, roomOnStack } from "./exhaustion.js";
import { watchResults } from "./factories.js";
import { handleOf, passThrough } from "./jni.js";
import { observers, type Outcome } from "./observers.js";
import { admit, count, told } from "./meter.js";
import { enterCall, leaveCall } from "./nesting.js";
import { countLost, expectCounts, post } from "./outbox.js";
import { bypass } from "./pinning.js";
import type { Entry } from "./plan.js";
import { bounded } from "./projection.js";
import { keysOf, someMatch } from "./selection.js";
import { busy } from "./threads.js";

type Status = "installed" | "absent" | "failed";

export { busy };

/** Hooked calls under way, by thread and entry: how an overload that calls another overload is told from a second call. */
const under = new Map<string, number>();
/** Hooks that an error in here switched off. */
const broken = new Set<string>();

/** Report what became of an entry; silence never means "not called". */
function report(id: string, status: Status, reason: string): void {
  post({ k: "hook_status", ...unprompted(), h: id, status, reason: bounded(reason, 300) });
}

/** Hook an entry's method; true unless its classes are missing and may still come. */
export function install(entry: Entry, use: (name: string) => Wrapper): boolean {
  if (entry.passed_to.length > 0) {
    return installWherePassed(entry, use);
  }
  if (entry.found_by.length > 0) {
    return installWhereFound(entry, use);
  }
  const classes: Wrapper[] = [];
  for (const name of entry.classes) {
    try {
      classes.push(use(name));
    } catch {
      // the class does not exist here; said below when none does
    }
  }
  if (classes.length === 0) {
    return false;
  }
  installOn(entry, classes);
  return true;
}

function installOn(entry: Entry, classes: Wrapper[]): void {
  try {
    const [status, reason] = hook(entry, classes);
    report(entry.id, status, reason);
  } catch (error) {
    report(entry.id, "failed", String(error));
  }
}

/** Hook the classes of objects that the app passes to certain methods, each when it is first seen. */
function installWherePassed(entry: Entry, use: (name: string) => Wrapper): boolean {
  const watched = watchPassing(entry, use, (klass) => {
    const [status, reason] = hook(entry, [klass]);
    if (status !== "installed" && !reason.includes("already hooks")) {
      report(entry.id, status, `${klass.$className}: ${reason}`);
    }
  });
  if (watched > 0) {
    report(entry.id, "installed", `on the classes of what is passed to ${entry.passed_to.join(" or ")}`);
  }
  return watched > 0;
}

/** Hook the classes of what certain methods return; until one returned something, the entry's classes are not there. */
function installWhereFound(entry: Entry, use: (name: string) => Wrapper): boolean {
  let found = false;
  const watched = watchResults(entry, use, (klass) => {
    const [status, reason] = hook(entry, [klass]);
    if (!found || status === "installed" || !reason.includes(`${entry.id} already hooks`)) {
      report(entry.id, status, reason);
    }
    found = found || status === "installed";
  });
  if (watched && !found) {
    reportAbsent(entry);
  }
  return watched;
}

/** Say of an entry whose classes are not there that it waits for them. */
export function reportAbsent(entry: Entry): void {
  const reason = entry.found_by.length > 0 ? `nothing that ${entry.found_by.join(" or ")} returned` : `no class ${entry.classes.join(" or ")}`;
  report(entry.id, "absent", reason);
}

function hook(entry: Entry, classes: Wrapper[]): [Status, string] {
  const missing: string[] = [];
  let hooked = 0;
  for (const klass of classes) {
    if (klass.class.isInterface()) {
      missing.push(`${klass.$className} is an interface: its methods have no code to hook`);
      continue;
    }
    for (const method of methodsOf(klass, entry, missing)) {
      const owner = claim(method.handle.toString(), entry.id);
      if (owner !== null) {
        missing.push(`${owner} already hooks it`);
        continue;
      }
      passThrough(method);
      method.implementation = entry.emit === "bypass" ? bypass(entry, method) : replacement(entry, method);
      hooked += 1;
    }
  }
  return hooked > 0 ? ["installed", missing.join("; ")] : [missing.some((m) => m.includes(" ")) ? "failed" : "absent", missing.join("; ")];
}

function methodsOf(klass: Wrapper, entry: Entry, missing: string[]): Method[] {
  const dispatcher = klass[entry.method];
  if (dispatcher?.overloads === undefined) {
    missing.push(`${klass.$className}.${entry.method}`);
    return [];
  }
  if (entry.overloads === "all") {
    return dispatcher.overloads;
  }
  const found: Method[] = [];
  for (const types of entry.overloads) {
    try {
      found.push(dispatcher.overload(...types));
    } catch {
      missing.push(`${entry.method}(${types.join(",")})`);
    }
  }
  return found;
}

function replacement(entry: Entry, method: Method): (this: Wrapper, ...args: any[]) => any {
  const types = method.argumentTypes.map((type) => type.className);
  return function (this: Wrapper, ...args: any[]): any {
    const thread = Process.getCurrentThreadId();
    if (busy.has(thread) || broken.has(entry.id)) {
      return original(method, this, args);
    }
    const depth = enter(entry, thread);
    const around = entry.emit === "api_call" ? enterCall(thread) : 0;
    const part = entry.direct && around > depth;
    const call = part ? null : guarded(entry, thread, () => begin(entry, thread, depth, this, args, types));
    let result: any;
    try {
      result = original(method, this, args);
    } catch (error: any) {
      guarded(entry, thread, () => end(call, { result: null, threw: classNameOf(error) }));
      throw error; // the very same Throwable goes on to the app
    } finally {
      leave(entry, thread);
    }
    guarded(entry, thread, () => end(call, { result, threw: null }));
    return result;
  };
}

/** Call what was hooked. An error of JavaScript's own here means that the stack has run out: without a Throwable the bridge
    would hand the app a null or 0 that nobody returned. */
export function original(method: Method, self: Wrapper, args: any[]): any {
  try {
    return method.apply(self, args);
  } catch (error: any) {
    throw error?.$h === undefined ? exhaustion(error) : error;
  }
}

/** Run telemetry; an error in it switches the hook off and is reported, and the app never sees it. */
function guarded<T>(entry: Entry, thread: number, work: () => T): T | null {
  busy.add(thread);
  try {
    if (!roomOnStack(thread)) {
      countLost(entry.id);
      return null;
    }
    return work();
  } catch (error: any) {
    switchOff(entry, error);
    return null;
  } finally {
    busy.delete(thread);
  }
}

/** A stack or heap that the app has used up is not the hook's fault: the call is counted as lost and the hook stays. */
function switchOff(entry: Entry, error: any): void {
  try {
    if (isExhaustion(error)) {
      countLost(entry.id);
      return;
    }
    broken.add(entry.id);
    report(entry.id, "failed", `switched off after an error in the agent: ${error?.message ?? error}`);
  } catch {
    countLost(entry.id); // not even the report could be made: the stack is at its end
  }
}

function begin(entry: Entry, thread: number, depth: number, self: Wrapper, args: any[], types: string[]): Call | null {
  const at = now();
  const instance = self.$h !== undefined && self.$h !== null;
  const keys = keysOf(entry.keys, instance ? self : null, args);
  const selected = !entry.only || someMatch(entry.keys, keys);
  if (!selected && !entry.callbacks.some(standsAlone)) {
    return null;
  }
  const call: Call = {
    entry, thread, at, args, types, keys,
    quiet: entry.silent || !selected,
    foreground: screen.foreground,
    screen: screen.activity,
    self: instance ? self : null,
    seen: null,
    stack: null,
    site: null,
    counted: false,
  };
  if ((depth > 0 && delegated(call)) || (entry.ignore_callers.length > 0 && ignored(call))) {
    return null;
  }
  if (entry.callbacks.length > 0) {
    register(call);
  }
  call.site = entry.emit === "api_call" && !call.quiet ? `${thread}|${entry.id}|${keys.join("|")}` : null;
  call.counted = call.site !== null && !admit(call.site);
  if (!call.counted && !call.quiet) {
    observers[entry.emit].before(call)?.forEach(post);
  }
  return call;
}

function end(call: Call | null, outcome: Outcome): void {
  if (call === null) {
    return;
  }
  if (!call.quiet) {
    tell(call, outcome);
  }
  if (call.entry.callbacks.length > 0) {
    followUp(call, outcome);
  }
  if (call.entry.cursor && !call.quiet && outcome.threw === null) {
    watchCursor(call, outcome.result);
  }
}

/** Tell of a call in full, or count it where too many of its kind came. */
function tell(call: Call, outcome: Outcome): void {
  const observer = observers[call.entry.emit];
  if (call.site === null) {
    observer.after(call, outcome).forEach(post);
    return;
  }
  const how = outcome.threw ?? (handleOf(outcome.result) === null && typeof outcome.result !== "number" ? `${outcome.result}` : "value");
  if (call.counted) {
    if (count(call.site, how, call.at)) {
      expectCounts();
      return;
    }
    observer.before(call); // the first to end so within this burst
  }
  for (const message of observer.after(call, outcome)) {
    told(call.site, how, message);
    post(message);
  }
}

/** Count a hooked call as under way; how many of the same hook are under way on this thread already. */
function enter(entry: Entry, thread: number): number {
  const key = `${thread}:${entry.id}`;
  const depth = under.get(key) ?? 0;
  under.set(key, depth + 1);
  return depth;
}

function leave(entry: Entry, thread: number): void {
  if (entry.emit === "api_call") {
    leaveCall(thread);
  }
  const key = `${thread}:${entry.id}`;
  const depth = (under.get(key) ?? 1) - 1;
  if (depth > 0) {
    under.set(key, depth);
  } else {
    under.delete(key);
  }
}

/** An overload called by its own class while another one is under way is the same call seen twice. */
function delegated(call: Call): boolean {
  return call.entry.classes.includes(callersOf(call)[0] ?? "");
}

/** Reflection and generated Binder proxies: whoever used them is the caller. */
const BETWEEN = /^(java\.lang\.reflect|java\.lang\.invoke|jdk\.internal\.reflect|sun\.reflect)\.|\$Stub\$Proxy$/;

const FEEDING = new Set(["update", "setInput", "reset", "init", "initSign", "initVerify", "end"]);

/** Updates are too many for a stack each; there only the finished transform looks at its caller. */
function ignored(call: Call): boolean {
  if (FEEDING.has(call.entry.method) && call.entry.emit !== "api_call") {
    return false;
  }
  const caller = callersOf(call).find((name) => !call.entry.classes.includes(name) && !BETWEEN.test(name)) ?? "";
  return call.entry.ignore_callers.some((prefix) => caller.startsWith(prefix));
}

function classNameOf(error: any): string {
  const handle = handleOf(error);
  return handle === null ? String(error) : Java.vm.getEnv().getObjectClassName(handle);
}
