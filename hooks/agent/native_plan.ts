/** The native part of the catalog as the host sends it (pia_runtime/instrumentation/native_entry.py). */

import type { Selector } from "./plan.js";

/** What an argument is told as; described in docs/hooks.md. */
export type WordProjection = "skip" | "int" | "hex" | "text" | "command" | "argv" | "filled_text" | "callback_name";

/** Where the data comes from. `text@1` and `buffer@2`: from what the call wrote behind an argument. */
export type NativeValue = string;

/** How a result says that nothing was obtained. */
export type Failure = "never" | "negative" | "null" | "nonzero" | "not_one" | "not_positive";

/** The part that a function plays in a computation that may take several calls. */
export interface Step {
  op: "digest" | "mac" | "encrypt" | "decrypt" | "compress" | "decompress" | "by_context" | "by_argument";
  step: "once" | "start" | "update" | "final" | "copy" | "drop" | "key" | "stream";
  /** Argument that is the object; for `copy` the one that is written. */
  object?: number;
  /** For `copy`: the one that is read. */
  source?: number;
  /** Argument with the input and the one with its length, or its length in bytes. */
  input?: number;
  length?: number;
  input_size?: number;
  /** Argument with the output; its length stands in an argument, behind one, is a number of bytes, or the input's. */
  output?: number;
  output_size?: "digest" | "input" | "same_as_result" | { behind: number } | { argument: number } | { bytes: number };
  key?: number;
  key_size?: { argument: number } | { bits: number } | { bytes: number } | "cipher";
  /** "symbol": from the function's name; otherwise by asking the library, or the name itself. */
  algorithm: string;
  /** Argument that is 1 (or true) for encryption, where `op` is `by_argument`. */
  mode?: number;
  /** Result that means success, where not every result does. */
  success?: "one" | "zero";
}

export interface NativeEntry {
  id: string;
  /** Names of one and the same function; every one that is there is hooked. */
  symbols: string[];
  /** Library names in which they are looked for, with `*`. */
  modules: string[];
  event: "api_call" | "stream" | "transform";
  args: WordProjection[];
  value: NativeValue;
  fails: Failure;
  keys: Selector[];
  /** Calls that match no key are not recorded. */
  only: boolean;
  /** Keys for which nothing is recorded, though a wider one matches. */
  unless: string[];
  transform: Step | null;
  /** Direct calls from libraries with these names are not recorded. */
  ignore_modules: string[];
}
