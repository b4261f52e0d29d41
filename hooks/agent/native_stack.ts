/// <reference path="./native.d.ts" />
/** Who called a C function: native frames that name their library, then Java frames where Java stands below. */

import Java from "frida-java-bridge";
import { now } from "./clock.js";
import { javaStack, screen } from "./context.js";
import { returnAddresses } from "./native_scan.js";

const MAX_FRAMES = 32;
const MAX_NAMES = 4096;
const NAME_LIFETIME_MS = 1000;

/** Libraries that run Java. A call that comes straight from one of them is made in a state in which JNI must not be called. */
const RUNTIME = /^(libjvm|libart|libartbase|libdexfile|libnativeloader|libnativebridge|linker64|linker|ld-linux.*|ld-musl.*)\.?(so.*)?$/;

/** Everything about the caller of one call. */
export interface Callers {
  /** `library!symbol+0x12` (without the offset where debug information names the line instead), or `library!0x1234`, the offset in the
      library, where no symbol is known; innermost first. */
  native: string[];
  /** A Java stack trace as text; "" where the thread runs no Java code. */
  java: string;
}

const names = new Map<string, string>();

/** `library!symbol+0x12` for a code address; null outside every library. */
export function frameName(address: NativePointer): string | null {
  const key = address.toString();
  let name = names.get(key);
  if (name === undefined) {
    name = nameOf(address);
    if (names.size >= MAX_NAMES) {
      names.clear();
    }
    names.set(key, name);
  }
  return name === "" ? null : name;
}

function nameOf(address: NativePointer): string {
  const module = Process.findModuleByAddress(address);
  if (module === null) {
    return "";
  }
  const printed = DebugSymbol.fromAddress(address).name; // "0x1234" without a symbol
  const known = printed !== null && printed !== "" && !printed.startsWith("0x");
  return `${module.name}!${known ? printed : `0x${address.sub(module.base).toString(16)}`}`;
}

/** Take both stacks. The first frame is exact; see native_scan.ts for the others. */
export function callersOf(caller: NativePointer, depth: NativePointer): Callers {
  const first = frameName(caller);
  const frames = first === null ? [] : [first];
  for (const address of returnAddresses(depth)) {
    const name = address.equals(caller) ? null : frameName(address);
    if (name !== null && name !== frames[frames.length - 1] && frames.length < MAX_FRAMES) {
      frames.push(name);
    }
  }
  return { native: frames, java: javaBelow(caller) };
}

function javaBelow(caller: NativePointer): string {
  const module = Process.findModuleByAddress(caller);
  if (module === null || RUNTIME.test(module.name) || !Java.available) {
    return "";
  }
  const env = Java.vm.tryGetEnv();
  if (env === null || !env.exceptionOccurred().isNull()) {
    return ""; // a thread that Java does not know, or one in which an exception waits: JNI must not be called
  }
  let text = "";
  Java.vm.perform(() => {
    text = javaStack();
  });
  return text;
}

const threads = new Map<number, { name: string; until: number }>();

function threadName(thread: number): string {
  const known = threads.get(thread);
  const time = Date.now();
  if (known !== undefined && known.until > time) {
    return known.name;
  }
  if (threads.size > 512) {
    threads.clear();
  }
  let name = "";
  try {
    name = File.readAllText(`/proc/self/task/${thread}/comm`).trim();
  } catch {
    // the thread has just ended
  }
  threads.set(thread, { name, until: time + NAME_LIFETIME_MS });
  return name;
}

/** Fields that every message about a native call has. */
export function nativeStamp(hook: string, thread: number): object {
  const { wall, mono } = now();
  return { t: wall, m: mono, tid: thread, tn: threadName(thread), fg: screen.foreground, sc: screen.activity, h: hook };
}
