/// <reference path="./native.d.ts" />
/** Puts the native part of the catalog in place, in every library that is there or comes later, and says what became of each entry. */

import { unprompted } from "./context.js";
import { beginCall, carriers, type Site } from "./native_calls.js";
import { beginStep } from "./native_crypto.js";
import { hook, Ranges, type Filter, type Words } from "./native_gate.js";
import type { NativeEntry } from "./native_plan.js";
import { librariesChanged } from "./native_scan.js";
import { functionsOf, isAgent, named, type Found } from "./native_symbols.js";
import { endAll } from "./native_streams.js";
import { post } from "./outbox.js";
import { bounded } from "./projection.js";
import { inCall } from "./nesting.js";
import { busy, quietly } from "./threads.js";

const MAX_PLACES = 8;
const MAX_WAIT_MS = 200;

let entries: NativeEntry[] = [];
const owners = new Map<string, string>();
const places = new Map<string, string[]>();
const broken = new Set<string>();
/** The first bytes of functions that are being hooked. */
const untouched = new Map<string, number>();
/** What an entry does not want to hear of, and the agent's own libraries. */
const unheard = new Map<NativeEntry, Ranges>();

/** The outermost told call of each thread, with where its frame lies: what it calls itself is not told. */
const outer = new Map<number, NativePointer>();

/** Install the hooks now and in every library that is loaded from now on. */
export function installNative(plan: NativeEntry[]): void {
  entries = plan;
  entries.forEach((entry) => unheard.set(entry, new Ranges()));
  Process.attachModuleObserver({
    onAdded: (module: Module) => look(module), // tells of those that are there, too
    onRemoved: librariesChanged,
  });
  entries.filter((entry) => !places.has(entry.id) && !broken.has(entry.id)).forEach((entry) => report(entry, "absent", `no library has ${entry.symbols.join(" or ")}`));
}

/** Tell what calls are still waiting for. */
export const flushNative = endAll;

/** Have the last messages sent when the process ends by itself: nothing leaves it once `exit` has run its course. */
export function beforeExit(farewell: () => void): void {
  carriers["exit"] = () => {
    farewell();
    return null;
  };
}

function look(module: Module): void {
  librariesChanged();
  for (const entry of entries) {
    if (isAgent(module) || named(module.name, entry.ignore_modules)) {
      unheard.get(entry)!.add(module.base, module.size);
    }
  }
  try {
    const found = functionsOf(module, entries);
    found.forEach(put);
    takeHold(found);
    [...new Set(found.map(({ entry }) => entry))].filter((entry) => places.has(entry.id)).forEach((entry) => report(entry, "installed", places.get(entry.id)!.join(", ")));
  } catch (error) {
    post({ k: "gap", ...unprompted(), kind: "script_error", detail: bounded(`library ${module.name} was not searched: ${error}`, 300) });
  }
}

/** Have the hooks in place before this returns, since the library's first call may come at once. Frida writes them when no other thread of
    the agent is at work; until then it is waited for. */
function takeHold(found: Found[]): void {
  const last = found[found.length - 1];
  const before = last === undefined ? null : untouched.get(last.address.toString());
  for (let waited = 0; waited < MAX_WAIT_MS; waited++) {
    Interceptor.flush();
    if (last === undefined || before === undefined || last.address.readU32() !== before) {
      break;
    }
    Thread.sleep(0.001);
  }
  untouched.clear();
}

function put({ entry, symbol, module, address }: Found): void {
  const owner = owners.get(address.toString());
  if (owner !== undefined) {
    return; // an alias, which is one and the same code
  }
  const site = { entry, symbol, library: module.name };
  try {
    untouched.set(address.toString(), address.readU32());
    hook(address, filterOf(entry), unheard.get(entry)!, (words, caller, depth) => enter(site, words, caller, depth));
    owners.set(address.toString(), entry.id);
    const known = places.get(entry.id) ?? [];
    places.set(entry.id, known.length < MAX_PLACES ? [...known, `${module.name}!${symbol}`] : known);
  } catch (error: any) {
    if (!places.has(entry.id)) {
      broken.add(entry.id);
      report(entry, "failed", `${module.name}!${symbol}: ${error?.message ?? error}`);
    }
  }
}

function report(entry: NativeEntry, status: "installed" | "absent" | "failed", reason: string): void {
  post({ k: "hook_status", ...unprompted(), h: entry.id, status, reason: bounded(reason, 300) });
}

/** What C can tell apart by itself. */
function filterOf(entry: NativeEntry): Filter {
  const selector = entry.keys[0];
  if (entry.event === "stream") {
    const byNumber: Record<string, Filter> = { socket: { kind: "number", index: 0, numbers: [16] }, close_file: { kind: "all" }, exit: { kind: "all" } };
    const byText: Filter = { kind: "text", index: 0, prefixes: selector === undefined ? [] : heads(selector.values) };
    return entry.value === "find_property" ? byText : (byNumber[entry.value] ?? { kind: "descriptor", index: 0 });
  }
  if (entry.value === "netlink") {
    return { kind: "descriptor", index: 0 };
  }
  const kind = selector === undefined ? undefined : entry.args[Math.min(selector.arg, entry.args.length - 1)];
  if (!entry.only || selector === undefined || selector.match === "words" || selector.match === "contains") {
    return { kind: "all" };
  }
  if (kind === "hex") {
    return { kind: "number", index: selector.arg, numbers: selector.values.map(Number) };
  }
  return kind === "text" ? { kind: "text", index: selector.arg, prefixes: heads(selector.values) } : { kind: "all" };
}

/** Keys up to their first `*`. */
const heads = (values: string[]) => [...new Set(values.map((value) => value.split("*")[0]!))];

function enter(site: Omit<Site, "thread">, words: Words, caller: NativePointer, depth: NativePointer): ((result: NativePointer) => void) | null {
  const thread = Process.getCurrentThreadId();
  if (busy.has(thread) || broken.has(site.entry.id)) {
    return null;
  }
  if (site.entry.event === "stream") {
    return guarded(site.entry, thread, () => later(site.entry, thread, carriers[site.entry.value]!(words)));
  }
  const above = outer.get(thread);
  if (above !== undefined && depth.compare(above) < 0) {
    return null; // part of a call that is told already
  }
  if (site.entry.event === "api_call" && inCall(thread)) {
    return null;
  }
  const leave = guarded(site.entry, thread, () => begin({ ...site, thread }, words, caller, depth));
  if (leave === null) {
    return null;
  }
  outer.set(thread, depth);
  return (result) => {
    outer.delete(thread);
    guarded(site.entry, thread, () => leave(result));
  };
}

function begin(site: Site, words: Words, caller: NativePointer, depth: NativePointer): ((result: NativePointer) => void) | null {
  return site.entry.event === "transform" ? beginStep(site, words, caller, depth) : beginCall(site, words, caller, depth);
}

function later(entry: NativeEntry, thread: number, leave: ((result: NativePointer) => void) | null): ((result: NativePointer) => void) | null {
  return leave === null ? null : (result) => guarded(entry, thread, () => leave(result));
}

/** Run telemetry; an error in it switches the hook off and is reported, and the app never sees it. */
function guarded<T>(entry: NativeEntry, thread: number, work: () => T): T | null {
  try {
    return quietly(thread, work);
  } catch (error: any) {
    broken.add(entry.id);
    report(entry, "failed", `switched off after an error in the agent: ${error?.message ?? error}`);
    return null;
  }
}
