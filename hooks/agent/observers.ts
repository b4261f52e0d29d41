/** What is looked at before and after the original of each kind of hook; `after` gives the messages to send. */

import Java from "frida-java-bridge";
import { screen, stackOf, stamp, type Call } from "./context.js";
import { afterCrypto, beforeCrypto } from "./crypto.js";
import { handleOf, isInstance } from "./jni.js";
import type { Emit, Entry } from "./plan.js";
import { bounded, follow, project, textOf, wrap } from "./projection.js";
import { connect, keylog } from "./traffic.js";
import { pressableAt, textOfControl, textsAround, textsOfWindow } from "./views.js";

/** How the original ended: its result, or the class of what it threw. */
export interface Outcome {
  result: any;
  threw: string | null;
}

export interface Observer {
  /** Messages that must stand before whatever the original sets off, or nothing. */
  before(call: Call): object[] | void;
  after(call: Call, outcome: Outcome): object[];
}

const nothing = () => undefined;

const apiCall: Observer = {
  before(call) {
    const kinds = call.entry.args;
    call.seen = call.args.map((arg, i) => project(arg, kinds[Math.min(i, kinds.length - 1)] ?? "auto"));
  },
  after(call, { result, threw }) {
    const { value, value_of, receiver } = call.entry;
    const object = receiver === "skip" ? {} : { o: project(call.self, receiver) };
    const message = { k: "api_call", ...stamp(call), a: call.seen, q: call.keys, ...object, x: threw, s: stackOf(call) };
    if (threw !== null) {
      return [{ ...message, v: null }];
    }
    // Where the data comes later or not by return, the message says nothing of a value rather than "null".
    return [value === "skip" ? message : { ...message, v: project(sourceOf(call, result, value_of), value) }];
  },
};

/** What the data is taken from once the call is over. */
function sourceOf(call: Call, result: any, source: Entry["value_of"]): unknown {
  return source === "result" ? result : source === "receiver" ? call.self : call.args[source];
}

const crypto: Observer = {
  before: beforeCrypto,
  after(call, { result, threw }) {
    const transform = threw === null ? afterCrypto(call, result) : null;
    return transform === null ? [] : [{ ...transform, ...stamp(call), s: stackOf(call) }];
  },
};

const none = () => [];

/** Before the original: the click usually closes what it stood in, and what it sets off comes after the answer. */
const tap: Observer = {
  before(call) {
    const handle = handleOf(call.self)!;
    const view = Java.vm.getEnv().getObjectClassName(handle);
    return [{ k: "ui", action: "tap", ...stamp(call), text: textOfControl(handle), view, checked: checkedState(handle), ...textsAround(handle) }];
  },
  after: none,
};

/** The state that a check box, radio button or switch has taken: CompoundButton.performClick toggles it before it calls View's.
    Null for any other view. */
function checkedState(handle: NativePointer): boolean | null {
  return isInstance(handle, "android.widget.CompoundButton") ? wrap(handle).isChecked() : null;
}

const ACTION_DOWN = 0;
const ACTION_UP = 1;
let pressed: string | null = null;

/** A finger on a Compose surface: a press where it is lifted from the node that it was put on. */
const touch: Observer = {
  before(call) {
    const motion = wrap(handleOf(call.args[0])!);
    const action: number = motion.getActionMasked();
    if (action !== ACTION_DOWN && action !== ACTION_UP) {
      return [];
    }
    const handle = handleOf(call.self)!;
    const under = pressableAt(handle, motion.getRawX(), motion.getRawY());
    const before = pressed;
    pressed = action === ACTION_DOWN ? (under?.id ?? null) : null;
    if (action === ACTION_DOWN || under === null || under.id !== before) {
      return [];
    }
    const view = Java.vm.getEnv().getObjectClassName(handle);
    return [{ k: "ui", action: "tap", ...stamp(call), text: under.text, view, checked: under.checked, ...textsAround(handle) }];
  },
  after: none,
};

const dialogShown: Observer = {
  before: nothing,
  after: (call) => [{ k: "ui", action: "dialog_shown", ...stamp(call), ...textsOfWindow(call.self) }],
};

const dialogClosed: Observer = {
  before: (call) => [{ k: "ui", action: "dialog_closed", ...stamp(call), ...textsOfWindow(call.self) }],
  after: none,
};

let preferenceKeys: string[] = [];

/** Report only preferences whose key contains one of these. */
export function watchPreferences(keys: string[]): void {
  preferenceKeys = keys;
}

const preference: Observer = {
  before(call) {
    const key = keyOf(call.args[0]);
    const folded = key.toLowerCase();
    call.seen = preferenceKeys.some((word) => folded.includes(word)) ? { key: bounded(key, 200), before: stored(call, key) } : null;
  },
  after(call) {
    return call.seen === null
      ? []
      : [{ k: "preference", ...stamp(call), ...(call.seen as object), v: project(call.args[1], "auto"), s: stackOf(call) }];
  },
};

/** A key as text; DataStore's keys are objects that carry their name. */
function keyOf(key: any): string {
  const handle = handleOf(key);
  if (handle !== null && Java.vm.getEnv().getObjectClassName(handle) !== "java.lang.String") {
    return textOf(follow(handle, "getName()")) ?? "";
  }
  return textOf(key) ?? "";
}

/** The value that stands in the store; undefined (left out of the message) where the object does not lead to it. */
function stored(call: Call, key: string): unknown {
  try {
    const store = wrap(handleOf(call.self)!);
    if (call.entry.id.includes("mmkv")) {
      return store.containsKey(key) ? storedInMmkv(store, call, key) : null;
    }
    if (call.entry.id.includes("datastore")) {
      return project(store.get(Java.cast(handleOf(call.args[0])!, Java.use("androidx.datastore.preferences.core.Preferences$Key"))), "auto");
    }
    const outer = follow(handleOf(call.self)!, "this$0"); // held: its reference goes with it
    const owner = handleOf(outer);
    return owner === null ? undefined : project(wrap(owner).getAll().get(key), "auto");
  } catch {
    return undefined;
  }
}

/** MMKV does not know the type of what it holds: it is read as what is about to be written. */
function storedInMmkv(store: any, call: Call, key: string): unknown {
  const type = call.types[1];
  if (type === "boolean") {
    return store.decodeBool(key);
  }
  if (type === "int") {
    return store.decodeInt(key);
  }
  return type === "java.lang.String" ? project(store.decodeString(key), "auto") : undefined;
}

/** What the app tells an SDK: arguments before, result after; the host knows which value means yes. */
const sdkConsent: Observer = {
  before: (call) => void apiCall.before(call),
  after: (call, { result, threw }) =>
    threw === null ? [{ k: "sdk_consent", ...stamp(call), a: call.seen, v: project(result, call.entry.value), s: stackOf(call) }] : [],
};

const record: Observer = {
  before: (call) => void apiCall.before(call),
  after(call, { result, threw }) {
    const value = threw === null && call.entry.value !== "skip" ? { v: project(result, call.entry.value) } : {};
    return [{ k: "record", ...stamp(call), a: call.seen, ...value, x: threw, s: stackOf(call) }];
  },
};

const permissionRequest: Observer = {
  before(call) {
    const names = project(call.args[call.types.indexOf("[Ljava.lang.String;")], "auto");
    return Array.isArray(names) ? names.map((name) => ({ k: "permission", ...stamp(call), permission: name, result: "requested" })) : [];
  },
  after: none,
};

const NAMES_EXTRA = "android.content.pm.extra.REQUEST_PERMISSIONS_NAMES";
const RESULTS_EXTRA = "android.content.pm.extra.REQUEST_PERMISSIONS_RESULTS";

/** Before the original, which is the app's own handler: what it reads there already comes after the answer. */
const permissionResult: Observer = {
  before(call) {
    const withIntent = call.types[call.types.length - 1] === "android.content.Intent";
    const { names, results } = withIntent ? fromIntent(call.args[call.args.length - 1]) : fromArguments(call);
    if (!Array.isArray(names) || !Array.isArray(results)) {
      return [];
    }
    return names.map((name, i) => ({ k: "permission", ...stamp(call), permission: name, result: results[i] === 0 ? "granted" : "denied" }));
  },
  after: none,
};

interface Answers {
  names: unknown;
  results: unknown;
}

function fromArguments(call: Call): Answers {
  const at = call.types.indexOf("[Ljava.lang.String;");
  return { names: project(call.args[at], "auto"), results: project(call.args[at + 1], "auto") };
}

function fromIntent(intent: any): Answers {
  const handle = handleOf(intent);
  if (handle === null) {
    return { names: null, results: null }; // the dialog was dismissed without an answer
  }
  const extras = wrap(handle);
  return {
    names: project(extras.getStringArrayExtra(NAMES_EXTRA), "auto"),
    results: project(extras.getIntArrayExtra(RESULTS_EXTRA), "auto"),
  };
}

let started = 0;

/** Activity callbacks: onResume names the screen, onStart and onStop count whether the app is in the foreground. */
const lifecycle: Observer = {
  before(call) {
    const activity = Java.vm.getEnv().getObjectClassName(handleOf(call.self)!);
    const states: string[] = [];
    if (call.entry.method === "onResume") {
      screen.activity = activity;
      call.screen = activity;
      states.push("activity_resumed");
    }
    if (call.entry.method === "onStop") {
      started = Math.max(0, started - 1);
    } else if (call.entry.method === "onStart") {
      started += 1;
    }
    const foreground = started > 0 || call.entry.method === "onResume";
    if (foreground !== screen.foreground) {
      screen.foreground = foreground;
      states.push(foreground ? "foreground" : "background");
    }
    call.seen = { activity, states };
  },
  after(call) {
    const { activity, states } = call.seen as { activity: string; states: string[] };
    const texts = states.includes("activity_resumed") ? textsOfWindow(call.self) : {};
    return states.map((state) => ({ k: "lifecycle", ...stamp(call), state, activity, ...(state === "activity_resumed" ? texts : {}) }));
  },
};

export const observers: Record<Emit, Observer> = {
  api_call: apiCall,
  digest: crypto,
  mac: crypto,
  signature: crypto,
  cipher: crypto,
  compress: crypto,
  decompress: crypto,
  encode: crypto,
  decode: crypto,
  tap,
  touch,
  dialog_shown: dialogShown,
  dialog_closed: dialogClosed,
  preference,
  permission_request: permissionRequest,
  permission_result: permissionResult,
  lifecycle,
  sdk_consent: sdkConsent,
  record,
  connect,
  keylog,
  bypass: { before: nothing, after: none }, // answered in pinning.ts
};
