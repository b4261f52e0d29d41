/// <reference path="./native.d.ts" />
/** zlib's deflate and inflate: one object, any number of calls, and a structure that says how far each of them came. */

import type { Leave, StepCall } from "./native_crypto.js";
import { callersOf, nativeStamp } from "./native_stack.js";
import { bytesAt } from "./native_values.js";
import { post } from "./outbox.js";
import { base64 } from "./projection.js";
import { isRepeated, keyOf, remember } from "./repeats.js";
import { joined, keep, newStream, roomFor, type Kept, type Stream } from "./streams.js";

const WORD = Process.pointerSize;
const STREAM_END = 1;
const MAX_OBJECTS = 64;
const FINISH = 4;

const streams = new Map<string, Stream>();

/** Where a z_stream stands: {next_in, avail_in, total_in, next_out, avail_out, …}, padded as C pads it (zlib.h). */
function places(at: NativePointer): { input: NativePointer; left: number; output: NativePointer; room: number } {
  return {
    input: at.readPointer(),
    left: at.add(WORD).readU32(),
    output: at.add(3 * WORD).readPointer(),
    room: at.add(4 * WORD).readU32(),
  };
}

/** Look at `deflate(stream, flush)` or `inflate(stream, flush)`. */
export function beginZlib(call: StepCall, name: string): Leave {
  const at = call.words.pointer(0);
  const before = places(at);
  const stream = streamOf(name);
  const last = call.words.int(1) === FINISH || call.step.op === "decompress";
  const input = bytesAt(before.input, roomFor(stream, stream.input, before.left));
  // The stack can only be taken now, though whether this is the last call shows later.
  const callers = last ? callersOf(call.caller, call.depth) : null;
  return (result) => {
    const after = places(at);
    keep(stream.input, input.subarray(0, before.left - after.left));
    take(stream, stream.output, before.output, before.room - after.room);
    if (result.toInt32() === STREAM_END) {
      streams.delete(name);
      tell(call, stream, callers ?? callersOf(call.caller, call.depth));
    }
  };
}

function streamOf(name: string): Stream {
  const known = streams.get(name) ?? newStream();
  if (!streams.has(name) && streams.size >= MAX_OBJECTS) {
    streams.delete(streams.keys().next().value as string);
  }
  streams.set(name, known);
  return known;
}

function take(stream: Stream, kept: Kept, at: NativePointer, size: number): void {
  keep(kept, bytesAt(at, roomFor(stream, kept, size)));
}

function tell(call: StepCall, stream: Stream, callers: { native: string[]; java: string }): void {
  const input = joined(stream.input);
  const output = joined(stream.output);
  const algorithm = formOf(call.step.op === "compress" ? output : input);
  const key = keyOf(call.step.op, algorithm, input, call.caller.toString());
  if (input.length === 0 || isRepeated(key)) {
    return;
  }
  const head = { k: "native_transform", ...nativeStamp(call.site.entry.id, call.site.thread), op: call.step.op, alg: algorithm, kc: null, nf: [] as string[], s: "" };
  post({ ...head, in: base64(input), out: base64(output), cut: stream.cut, nf: callers.native, s: callers.java });
  remember(key, head);
}

/** RFC 1952 and RFC 1950 headers; raw deflate has none. */
function formOf(packed: Uint8Array): string {
  if (packed[0] === 0x1f && packed[1] === 0x8b) {
    return "gzip";
  }
  return packed[0] === 0x78 && ((packed[0] << 8) | (packed[1] ?? 0)) % 31 === 0 ? "zlib" : "deflate";
}
