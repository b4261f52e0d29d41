/** What the host sends: the catalog as the agent needs it, nothing that only the host decides. */

/** How a Java value becomes JSON; described in docs/hooks.md. */
export type Projection = "auto" | "skip" | "text" | "bytes" | "mac" | "class" | { fields: Record<string, string> } | { each: Projection };

/** Which observer looks at the call. */
export type Emit =
  | "api_call"
  | "digest" | "mac" | "cipher"
  | "tap" | "dialog_shown" | "dialog_closed"
  | "preference"
  | "permission_request" | "permission_result"
  | "lifecycle";

export interface Entry {
  id: string;
  /** Classes that carry the method; every one that is there is hooked. */
  classes: string[];
  /** Method name, or "$init" for constructors. */
  method: string;
  /** Argument type lists by JVM name, or "all". */
  overloads: "all" | string[][];
  emit: Emit;
  /** By position; the last one stands for all further arguments. */
  args: Projection[];
  value: Projection;
  /** Calls whose argument matches none of these are not recorded. */
  only?: { arg: number; match: "equals" | "prefix"; values: string[] };
  /** Calls made directly by classes with these prefixes are not recorded. */
  ignore_callers: string[];
}

export interface ClockSimulation {
  offset_ns: string;
  drift_ppm: number;
  step_ns: string;
  step_after_ns: string;
}

export interface Plan {
  entries: Entry[];
  /** Preference keys that contain one of these (lower case) are reported. */
  preference_keys: string[];
  clock: ClockSimulation | null;
  /** Name to report instead of the one in /proc/self/cmdline; null on a device. */
  process: string | null;
}
