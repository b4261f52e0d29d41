/** Listeners: their own methods are hooked when they are registered, and what these receive is told. */

import Java, { type Wrapper } from "frida-java-bridge";
import { now } from "./clock.js";
import { screen, stackOf, stamp, type Call } from "./context.js";
import { classOf, ObjectMap } from "./identity.js";
import { handleOf } from "./jni.js";
import { admit, count, told } from "./meter.js";
import { enterAppCode, leaveAppCode } from "./nesting.js";
import type { Outcome } from "./observers.js";
import { expectCounts, post } from "./outbox.js";
import type { Callback, Delivery, Entry } from "./plan.js";
import { project } from "./projection.js";
import { keysOf, someMatch } from "./selection.js";
import { callers, unwatched, watch, type Visit, type Watcher } from "./watching.js";

/** Who asked: the stack, and the texts that decided which data was asked for. */
interface Registration {
  stack: string;
  keys: (string | null)[];
}

/** One kind of listener of one entry. */
interface Kind {
  entry: Entry;
  index: number;
  callback: Callback;
  listeners: ObjectMap<Registration>;
  /** Returned objects through which listeners may still come, and the texts of the call that returned them. */
  results: ObjectMap<(string | null)[]>;
  deliveries: Watcher[];
  through: Watcher;
  unregister: Watcher;
  /** Listener classes of which nothing could be watched: said once. */
  lost: Set<string>;
  /** Deliveries under way, by thread: one that a listener passes on to its own other overload is the same delivery. */
  under: Map<number, Registration[]>;
}

const kinds = new Map<string, Kind[]>();

function kindsOf(entry: Entry): Kind[] {
  let known = kinds.get(entry.id);
  if (known === undefined) {
    known = entry.callbacks.map((callback, index) => makeKind(entry, callback, index));
    kinds.set(entry.id, known);
  }
  return known;
}

function makeKind(entry: Entry, callback: Callback, index: number): Kind {
  const kind = { entry, index, callback, listeners: new ObjectMap<Registration>(), results: new ObjectMap<(string | null)[]>(), lost: new Set<string>(), under: new Map<number, Registration[]>() } as unknown as Kind;
  kind.deliveries = callback.deliveries.map((delivery, at) => deliveryWatcher(kind, delivery, at));
  kind.through = throughWatcher(kind);
  kind.unregister = {
    leave: (visit) => argumentsOf(visit.args, visit.types, callback.listener).forEach((listener) => forget(callback.listener, listener)),
  };
  return kind;
}

/** Objects given for parameters of a type. */
function argumentsOf(args: any[], types: string[], type: string): NativePointer[] {
  return args.map((arg, i) => (types[i] === type ? handleOf(arg) : null)).filter((handle): handle is NativePointer => handle !== null);
}

/** A listener of this type has no registration any more, whichever entry it was of. */
function forget(type: string, listener: NativePointer): void {
  for (const kind of [...kinds.values()].flat()) {
    if (kind.callback.listener === type) {
      kind.listeners.remove(listener);
    }
  }
}

/** Does it bring data whatever the registration was about? */
export function standsAlone(callback: Callback): boolean {
  return callback.deliveries.some((delivery) => delivery.own);
}

/** Before the original: some registrations deliver before they return. */
export function register(call: Call): void {
  for (const kind of kindsMeant(call).filter((one) => one.callback.through.length === 0)) {
    for (const listener of argumentsOf(call.args, call.types, kind.callback.listener)) {
      listen(kind, listener, { stack: callers(stackOf(call)), keys: call.keys });
    }
  }
}

/** A registration that asks for nothing that counts is followed only for what the deliveries themselves say. */
function kindsMeant(call: Call): Kind[] {
  return kindsOf(call.entry).filter((kind) => call.entry.silent || !call.quiet || standsAlone(kind.callback));
}

/** After the original: a registration that was refused is none, and a returned object may take listeners. */
export function followUp(call: Call, outcome: Outcome): void {
  for (const kind of kindsMeant(call)) {
    if (outcome.threw !== null) {
      argumentsOf(call.args, call.types, kind.callback.listener).forEach((listener) => forget(kind.callback.listener, listener));
    } else if (kind.callback.through.length > 0) {
      followResult(kind, handleOf(outcome.result), call.keys);
    }
  }
}

function followResult(kind: Kind, result: NativePointer | null, keys: (string | null)[]): void {
  if (result === null) {
    return;
  }
  const klass = classOf(result);
  const missing: string[] = [];
  const watched = kind.callback.through.map((name) => watch(klass, name, "all", kind.through, missing));
  if (watched.every((count) => count === 0)) {
    lose(kind, klass, `takes no ${kind.callback.listener} that could be watched`, missing);
  }
  kind.results.add(result, keys);
}

/** Methods of a returned object that take a listener; an overload that calls another registers once. */
function throughWatcher(kind: Kind): Watcher {
  const under = new Set<number>();
  return {
    enter(visit) {
      const keys = under.has(visit.thread) || visit.self === null ? null : kind.results.first(visit.self);
      if (keys === null) {
        return false;
      }
      under.add(visit.thread);
      const stack = callers(stackOf(callOf(kind.entry, visit, null)));
      argumentsOf(visit.args, visit.types, kind.callback.listener).forEach((listener) => listen(kind, listener, { stack, keys }));
      return true;
    },
    leave: (visit, _result, noted) => void (noted === true && under.delete(visit.thread)),
    fail: (visit, noted) => void (noted === true && under.delete(visit.thread)),
  };
}

function listen(kind: Kind, listener: NativePointer, registration: Registration): void {
  const klass = classOf(listener);
  const { deliveries, listener: type } = kind.callback;
  const missing: string[] = [];
  const watched = deliveries.map((delivery, i) => watch(klass, delivery.method, delivery.overloads, kind.deliveries[i]!, missing, [type]));
  if (missing.length > 0 || watched.every((count) => count === 0)) {
    lose(kind, klass, `a registered ${type} has none of ${deliveries.map((delivery) => delivery.method).join(", ")}`, missing);
  }
  watchUnregister(kind);
  forget(type, listener); // registered twice, it still receives each thing once
  if (!kind.listeners.add(listener, registration)) {
    unwatched(kind.entry.id, `too many live ${type} objects: the oldest is no longer watched`);
  }
}

function lose(kind: Kind, klass: Wrapper, what: string, missing: string[]): void {
  if (!kind.lost.has(klass.$className)) {
    kind.lost.add(klass.$className);
    unwatched(kind.entry.id, `${klass.$className}: ${missing.length > 0 ? missing.join("; ") : what}`);
  }
}

const unregistered = new Set<string>();

function watchUnregister(kind: Kind): void {
  for (const className of kind.entry.classes) {
    const key = `${kind.entry.id}:${kind.index}:${className}`;
    if (unregistered.has(key)) {
      continue;
    }
    unregistered.add(key);
    const missing: string[] = [];
    try {
      kind.callback.unregister.forEach((name) => watch(Java.use(className), name, "all", kind.unregister, missing));
    } catch {
      continue; // one of several possible classes, not here
    }
    if (missing.length > 0) {
      unwatched(kind.entry.id, `the end of a registration is not seen: ${missing.join("; ")}`);
    }
  }
}

/** A delivery under way. */
interface Delivered {
  registration: Registration;
  depth: number;
}

function deliveryWatcher(kind: Kind, delivery: Delivery, at: number): Watcher {
  const over = (visit: Visit, noted: unknown) => {
    if (noted !== undefined) {
      const { registration, depth } = noted as Delivered;
      kind.under.set(visit.thread, (kind.under.get(visit.thread) ?? []).filter((one) => one !== registration));
      leaveAppCode(visit.thread, depth);
    }
  };
  return {
    enter(visit) {
      const registration = visit.self === null ? null : kind.listeners.first(visit.self);
      const under = kind.under.get(visit.thread) ?? [];
      if (registration === null || under.includes(registration)) {
        return undefined;
      }
      tell(kind, delivery, at, visit, registration);
      kind.under.set(visit.thread, [...under, registration]);
      return { registration, depth: enterAppCode(visit.thread) };
    },
    leave: (visit, _result, noted) => over(visit, noted),
    fail: over,
  };
}

/** Before the listener's own code runs: what it does with the data comes after. */
function tell(kind: Kind, delivery: Delivery, at: number, visit: Visit, { stack, keys: asked }: Registration): void {
  const keys = keysOf(delivery.keys, null, visit.args);
  if (delivery.only && !someMatch(delivery.keys, keys)) {
    return;
  }
  const call = callOf(kind.entry, visit, stack);
  const site = `${visit.thread}|${kind.entry.id}:${kind.index}.${at}|${keys.join("|")}`;
  if (!admit(site) && count(site, "value", call.at)) {
    expectCounts();
    return;
  }
  const message = {
    k: "api_call",
    ...stamp(call),
    d: [kind.index, at],
    c: Java.vm.getEnv().getObjectClassName(visit.self!),
    a: delivery.args.every((projection) => projection === "skip") ? [] : visit.args.map((arg, i) => project(arg, delivery.args[Math.min(i, delivery.args.length - 1)]!)),
    q: keys,
    rq: asked,
    v: project(visit.args[delivery.arg], delivery.value),
    x: null,
    s: stack,
  };
  told(site, "value", message);
  post(message);
}

function callOf(entry: Entry, visit: Visit, stack: string | null): Call {
  const { thread, args, types } = visit;
  return { entry, thread, at: now(), foreground: screen.foreground, screen: screen.activity, self: null, args, types, keys: [], quiet: false, seen: null, stack, site: null, counted: false };
}
