/** What the host sends: the catalog as the agent needs it, nothing that only the host decides. */

import type { NativeEntry } from "./native_plan.js";

/** How a Java value becomes JSON; described in docs/hooks.md. */
export type Projection =
  | "auto" | "skip" | "text" | "bytes" | "mac" | "class" | "map" | "parcel"
  | { fields: Record<string, string> }
  | { each: Projection }
  | { at: string; as: Projection };

/** Where the text stands that decides which data a call yields, and what it is compared with. */
export interface Selector {
  of: "argument" | "receiver" | "transaction";
  /** Position, for an argument. */
  arg: number;
  path?: string;
  match: "equals" | "prefix" | "contains" | "words" | "glob";
  values: string[];
}

/** A method of a listener by which data comes. */
export interface Delivery {
  method: string;
  overloads: "all" | string[][];
  arg: number;
  value: Projection;
  args: Projection[];
  keys: Selector[];
  /** It says by itself which data it brings; otherwise the registration does. */
  own: boolean;
  /** Deliveries that match no key are not recorded. */
  only: boolean;
}

/** A kind of listener that a method takes. */
export interface Callback {
  /** Public type of the argument. */
  listener: string;
  /** Methods of the returned object that take it; none: the hooked method itself does. */
  through: string[];
  deliveries: Delivery[];
  /** Methods of the hooked class that end the registration. */
  unregister: string[];
}

/** Which observer looks at the call. */
export type Emit =
  | "api_call"
  | "digest" | "mac" | "signature" | "cipher" | "compress" | "decompress" | "encode" | "decode"
  | "tap" | "touch" | "dialog_shown" | "dialog_closed"
  | "preference"
  | "permission_request" | "permission_result"
  | "lifecycle"
  | "sdk_consent" | "record" | "connect" | "keylog"
  | "bypass";

/** What a bypass gives instead of asking the original; described in catalog_entry.py. */
export type Answer = "accept" | "receiver" | "proceed";

export interface Entry {
  id: string;
  /** Classes that carry the method; every one that is there is hooked. */
  classes: string[];
  /** `class.method` whose results are of the classes to hook. */
  found_by: string[];
  /** Method name, or "$init" for constructors. */
  method: string;
  /** Argument type lists by JVM name, or "all". */
  overloads: "all" | string[][];
  emit: Emit;
  /** By position; the last one stands for all further arguments. */
  args: Projection[];
  value: Projection;
  /** Projection of the object that the method is called on. */
  receiver: Projection;
  /** What `value` is taken from: the result, the receiver, or the argument at this position after the call. */
  value_of: "result" | "receiver" | number;
  keys: Selector[];
  /** Calls that match no key are not recorded. */
  only: boolean;
  /** The call itself is no event; what its listeners receive is. */
  silent: boolean;
  callbacks: Callback[];
  /** The result is a cursor whose reads are told. */
  cursor: boolean;
  /** Calls beneath another catalogued method, and the platform's own, are not recorded. */
  direct: boolean;
  /** Calls made directly by classes with these prefixes are not recorded. */
  ignore_callers: string[];
  /** With `bypass`. */
  answer: Answer | null;
  /** `class.method` whose arguments are of the classes to hook. */
  passed_to: string[];
}

export interface ClockSimulation {
  offset_ns: string;
  drift_ppm: number;
  step_ns: string;
  step_after_ns: string;
}

/** How many calls of one hook, thread and kind of data are told in full before they are counted. */
export interface BurstLimits {
  full_per_second: number;
  /** Beyond those, one in full every so often. */
  sample_ms: number;
}

export interface Plan {
  entries: Entry[];
  bursts: BurstLimits;
  /** C functions. */
  native: NativeEntry[];
  /** Preference keys that contain one of these (lower case) are reported. */
  preference_keys: string[];
  clock: ClockSimulation | null;
  /** What is done outside the catalog: certificates of native TLS, its key log, UDP to port 443. */
  traffic: { pinning: boolean; keylog: boolean; quic: boolean };
  /** Name to report instead of the one in /proc/self/cmdline; null on a device. */
  process: string | null;
}
