/** Where and when a call happened: thread, process, screen, stack. */

import Java from "frida-java-bridge";
import { now, type Instant } from "./clock.js";
import { onHotSpot } from "./hotspot.js";
import type { Entry } from "./plan.js";

const MAX_STACK = 16_384;
const NAME_LIFETIME_MS = 1000;

/** One call of a hooked method, from its entry on. */
export interface Call {
  entry: Entry;
  thread: number;
  at: Instant;
  foreground: boolean | null;
  screen: string | null;
  /** Receiver (null for static methods) and arguments as raw references or primitives. */
  self: any;
  args: any[];
  types: string[];
  /** The text that each selector of the entry looks at, null where there is none. */
  keys: (string | null)[];
  /** The call itself is no event; what its listeners receive may be. */
  quiet: boolean;
  /** Filled by the observer before the original runs. */
  seen: unknown;
  /** Already taken because something had to look at the caller. */
  stack: string | null;
  /** What bursts are told apart by; null for calls that are told one by one however many they are. */
  site: string | null;
  /** Too many of its kind came: only its number is told. */
  counted: boolean;
}

/** What the user sees; lifecycle observers keep it. */
export const screen = { foreground: null as boolean | null, activity: null as string | null };

/** Fields that every message has. */
export function stamp(call: Call): object {
  return {
    t: call.at.wall,
    m: call.at.mono,
    tid: call.thread,
    tn: threadName(call.thread),
    fg: call.foreground,
    sc: call.screen,
    h: call.entry.id,
  };
}

/** The same for something that no call caused. */
export function unprompted(): object {
  const { wall, mono } = now();
  return { t: wall, m: mono, fg: screen.foreground, sc: screen.activity };
}

const names = new Map<number, { name: string; until: number }>();

function threadName(thread: number): string {
  const known = names.get(thread);
  const time = Date.now();
  if (known !== undefined && known.until > time) {
    return known.name;
  }
  if (names.size > 512) {
    names.clear();
  }
  const name = String(Java.use("java.lang.Thread").currentThread().getName());
  names.set(thread, { name, until: time + NAME_LIFETIME_MS });
  return name;
}

/** The stack as one string in one call; fetching frames one by one costs three to seven times as much. */
export function stackOf(call: Call): string {
  call.stack ??= javaStack();
  return call.stack;
}

/** This thread's Java stack, bounded. It must be attached to the VM. */
export function javaStack(): string {
  return takeStack().slice(0, MAX_STACK);
}

function takeStack(): string {
  const trace = Java.use("java.lang.Throwable").$new();
  if (!onHotSpot()) {
    return String(Java.use("android.util.Log").getStackTraceString(trace));
  }
  const text = Java.use("java.io.StringWriter").$new();
  trace.printStackTrace(Java.use("java.io.PrintWriter").$new(text));
  return String(text.toString());
}

/** Classes of the frames below the hooked method's own, innermost first. */
export function callersOf(call: Call): string[] {
  const frames = stackOf(call).split("\n\tat ").slice(2);
  return frames.map((frame) => /^(?:[^/(]*\/)*([^(]*)\.[^.(]+\(/.exec(frame)?.[1] ?? "");
}
