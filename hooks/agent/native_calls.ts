/// <reference path="./native.d.ts" />
/** C functions that yield personal data: what was asked for, what came back, who asked. */

import { Words, type Enter } from "./native_gate.js";
import { requestName } from "./native_netlink.js";
import type { NativeEntry } from "./native_plan.js";
import { callersOf, nativeStamp, type Callers } from "./native_stack.js";
import { closed, follow, isFollowed, isSocket, openSocket, received } from "./native_streams.js";
import { bytesAt, content, interfaceAddresses, interfaceRequest, MAX_BYTES, textAt, word } from "./native_values.js";
import { post } from "./outbox.js";
import { base64 } from "./projection.js";
import { matches } from "./selection.js";

const WORD = Process.pointerSize;
const MAX_PROPERTIES = 512;
const OWN = `/proc/${Process.id}/`;

/** One call under way. */
interface Call {
  entry: NativeEntry;
  symbol: string;
  stamp: object;
  callers: Callers;
  words: Words;
  args: unknown[];
  key: string | null;
  /** What a property callback was given. */
  told: { name: string | null; value: string | null } | null;
}

export type Site = { entry: NativeEntry; symbol: string; library: string; thread: number };

/** Look at a call when it begins; the answer looks at its result. */
export function beginCall(site: Site, words: Words, caller: NativePointer, depth: NativePointer): ((result: NativePointer) => void) | null {
  const { entry, thread } = site;
  const key = keyOf(entry, words);
  if (entry.only && key !== undefined && !selected(entry, key)) {
    return null;
  }
  const call: Call = {
    entry, words, key: key ?? null, told: null,
    symbol: `${site.library}!${site.symbol}`,
    stamp: nativeStamp(entry.id, thread),
    callers: callersOf(caller, depth),
    args: entry.args.map((kind, i) => read(() => word(words, i, kind))),
  };
  if (entry.value === "callback") {
    expectCallback(thread, words.pointer(1), call);
  }
  return (result) => endCall(call, thread, result);
}

function read<T>(work: () => T): T | { unreadable: string } {
  try {
    return work();
  } catch (error) {
    return { unreadable: String(error).slice(0, 200) };
  }
}

/** The text that decides; undefined where it is known only after the call. */
function keyOf(entry: NativeEntry, words: Words): string | null | undefined {
  const selector = entry.keys[0];
  if (selector === undefined) {
    return null;
  }
  const kind = entry.args[Math.min(selector.arg, entry.args.length - 1)]!;
  if (kind === "filled_text" || kind === "callback_name") {
    return properties.get(words.pointer(0).toString());
  }
  if (entry.value === "netlink") {
    return isSocket(words.int(0)) ? requestOf(words) : null;
  }
  const text = read(() => word(words, selector.arg, kind));
  return text === null || typeof text === "object" ? null : String(text).replace(OWN, "/proc/self/");
}

function selected(entry: NativeEntry, key: string | null): boolean {
  const selector = entry.keys[0]!;
  const holds = (value: string) => matches(key!, value, selector.match);
  return key !== null && selector.values.some(holds) && !entry.unless.some(holds);
}

function requestOf(words: Words): string | null {
  const request = read(() => requestName(bytesAt(words.pointer(1), Math.min(words.size(2), 64))));
  return typeof request === "string" ? request : null;
}

function endCall(call: Call, thread: number, result: NativePointer): void {
  const { entry } = call;
  expected.delete(thread);
  late(call);
  if (entry.only && !selected(entry, call.key)) {
    return;
  }
  if (failed(entry, result)) {
    send(call, null);
  } else if (entry.value === "content" || entry.value === "output") {
    const fd = entry.symbols.some((symbol) => symbol.includes("fopen") || symbol === "popen") ? descriptorOf(result) : result.toInt32();
    follow(fd, entry.value === "output" ? "output" : "file", (value) => send(call, value));
  } else if (entry.value === "netlink") {
    follow(call.words.int(0), "reply", (value) => send(call, value));
  } else {
    send(call, read(() => valueOf(call, result)));
  }
}

/** Names that the call itself has written. */
function late(call: Call): void {
  if (call.told !== null) {
    call.args = call.entry.args.map((kind) => (kind === "callback_name" ? call.told!.name : null));
    call.key = call.told.name;
  } else if (call.entry.args.includes("filled_text")) {
    call.args = call.entry.args.map((kind, i) => read(() => word(call.words, i, kind)));
    call.key = String(call.args[call.entry.keys[0]?.arg ?? 0]);
  } else if (call.entry.value === "netlink") {
    call.args[1] = call.key;
  }
}

function failed(entry: NativeEntry, result: NativePointer): boolean {
  const number = result.toInt32();
  switch (entry.fails) {
    case "never":
      return false;
    case "negative":
      return number < 0;
    case "null":
      return result.isNull();
    case "nonzero":
      return number !== 0;
    case "not_one":
      return number !== 1;
    case "not_positive":
      return number <= 0;
  }
}

function valueOf(call: Call, result: NativePointer): unknown {
  const { entry, words } = call;
  const place = /^(\w+)@(\d)$/.exec(entry.value);
  if (place !== null) {
    return valueAt(place[1]!, words.pointer(Number(place[2])), result.toInt32());
  }
  switch (entry.value) {
    case "result":
      return result.toInt32();
    case "result_text":
      return textAt(result);
    case "exists":
      return true;
    case "callback":
      return call.told?.value ?? null;
    case "ioctl":
      return interfaceRequest(words.int(1), words.pointer(2));
    default:
      return undefined; // "skip": the data does not come by return
  }
}

function valueAt(kind: string, at: NativePointer, count: number): unknown {
  switch (kind) {
    case "text":
      return textAt(at);
    case "bytes":
      return content(bytesAt(at, Math.min(count, MAX_BYTES)), count);
    case "buffer": { // AMediaDrmByteArray: {pointer, length}
      const bytes = bytesAt(at.readPointer(), Math.min(at.add(WORD).readU32(), MAX_BYTES));
      return { base64: base64(bytes), length: at.add(WORD).readU32() };
    }
    case "interfaces":
      return interfaceAddresses(at.readPointer());
    default:
      throw new Error(`unknown value ${kind}`);
  }
}

function send(call: Call, value: unknown): void {
  const message = {
    k: "native_call", ...call.stamp, api: call.symbol, a: call.args, q: [call.key], nf: call.callers.native, s: call.callers.java,
  };
  post(value === undefined ? message : { ...message, v: value });
}

/** Telling properties by the handle that `__system_property_find` gave. */
const properties = new Map<string, string>();
const expected = new Map<number, Call>();
const watched = new Set<string>();

/** `__system_property_read_callback` hands name and value to a function of its caller's. */
function expectCallback(thread: number, callback: NativePointer, call: Call): void {
  expected.set(thread, call);
  if (!watched.has(callback.toString())) {
    watched.add(callback.toString());
    Interceptor.attach(callback, function (args) {
      const waiting = expected.get(Process.getCurrentThreadId());
      if (waiting !== undefined) {
        waiting.told = { name: textAt(args[1]!), value: textAt(args[2]!) };
      }
    });
    Interceptor.flush();
  }
}

let fileno: NativeFunction | null = null;

function descriptorOf(file: NativePointer): number {
  fileno ??= new NativeFunction(Module.getGlobalExportByName("fileno"), "int", ["pointer"]);
  return fileno(file);
}

/** Functions that carry what other calls are waiting for, by the role that the catalog gives them. */
export const carriers: Record<string, (words: Words) => ((result: NativePointer) => void) | null> = {
  read: (words) => {
    const fd = words.int(0);
    return isFollowed(fd) ? (count) => received(fd, words.pointer(1), count.toInt32(), words.size(2)) : null;
  },
  message: (words) => {
    const fd = words.int(0);
    const parts = words.pointer(1).add(2 * WORD); // struct msghdr {name, namelen, iov, iovlen, …}
    const vector = parts.readPointer();
    return isFollowed(fd) ? (count) => received(fd, vector.readPointer(), count.toInt32(), 0) : null;
  },
  close: (words) => {
    closed(words.int(0));
    return null;
  },
  close_file: (words) => {
    closed(descriptorOf(words.pointer(0)));
    return null;
  },
  socket: () => (fd) => openSocket(fd.toInt32()),
  find_property: (words) => {
    const name = textAt(words.pointer(0));
    return (handle) => {
      if (name !== null && !handle.isNull() && properties.size < MAX_PROPERTIES) {
        properties.set(handle.toString(), name);
      }
    };
  },
};

export type { Enter };
