/// <reference path="./native.d.ts" />
/** Digests, MACs, ciphers and compression by C libraries, in as many calls as the library needs. */

import { nameOf, operationOf, sizeOfDigest } from "./native_crypto_names.js";
import type { Site } from "./native_calls.js";
import { sizeOf, type Words } from "./native_gate.js";
import type { Step } from "./native_plan.js";
import { callersOf, nativeStamp } from "./native_stack.js";
import { bytesAt } from "./native_values.js";
import { beginZlib } from "./native_zlib.js";
import { post } from "./outbox.js";
import { base64 } from "./projection.js";
import { commitment, isRepeated, keyOf, remember } from "./repeats.js";
import { copyOf, joined, keep, newStream, roomFor, type Kept, type Stream } from "./streams.js";

const MAX_OBJECTS = 512;
const MAX_KEY = 1024;

export type Leave = (result: NativePointer) => void;
/** Interested only in that nothing below is told. */
const done: Leave = () => undefined;

const streams = new Map<string, Stream>();

/** One call of a step, and where it came from. */
export interface StepCall {
  site: Site;
  step: Step;
  words: Words;
  caller: NativePointer;
  depth: NativePointer;
}

/** Look at one step when it begins; the answer looks at its result. */
export function beginStep(site: Site, words: Words, caller: NativePointer, depth: NativePointer): Leave {
  const call = { site, step: site.entry.transform!, words, caller, depth };
  switch (call.step.step) {
    case "once":
      return once(call);
    case "start":
      return start(call);
    case "update":
      return update(call);
    case "final":
      return final(call);
    case "copy":
      return () => copy(call);
    case "key":
      return key(call);
    case "drop":
      streams.delete(objectOf(call));
      return done;
    case "stream":
      return beginZlib(call, objectOf(call));
  }
}

/** Objects of different libraries may not be told apart by address alone for long: one is freed, another takes its place. */
function objectOf({ step, words, site }: StepCall, index = step.object ?? 0): string {
  return `${site.library}:${words.pointer(index)}`;
}

function streamOf(name: string): Stream {
  const known = streams.get(name) ?? newStream();
  streams.delete(name);
  if (streams.size >= MAX_OBJECTS) {
    streams.delete(streams.keys().next().value as string); // the one that has rested longest
  }
  streams.set(name, known);
  return known;
}

function start(call: StepCall): Leave {
  const name = objectOf(call);
  const stream = newStream(streams.get(name));
  streams.delete(name);
  streams.set(name, stream);
  streamOf(name);
  const from = call.step.key === undefined ? NULL : call.words.pointer(call.step.key);
  return () => {
    const named = call.step.algorithm === "object" ? null : nameOf(call);
    stream.algorithm = named ?? stream.algorithm;
    const size = keySize(call);
    if (!from.isNull() && size > 0) {
      stream.key = commitment(bytesAt(from, size));
    }
  };
}

function key(call: StepCall): Leave {
  const { step, words } = call;
  const stream = streamOf(objectOf(call));
  stream.key = commitment(bytesAt(words.pointer(step.key!), keySize(call)));
  stream.algorithm = step.algorithm === "object" ? null : nameOf(call);
  return done;
}

function keySize(call: StepCall): number {
  const size = call.step.key_size;
  if (size === undefined) {
    return 0;
  }
  const bytes = size === "cipher" ? sizeOfDigest(call, "key") : "bytes" in size ? size.bytes : "bits" in size ? call.words.int(size.bits) / 8 : call.words.int(size.argument);
  return Math.max(0, Math.min(bytes, MAX_KEY));
}

function feed(call: StepCall, stream: Stream): number {
  const { step, words } = call;
  if (step.input === undefined) {
    return 0;
  }
  const size = step.input_size ?? (step.length === undefined ? 0 : words.size(step.length));
  const at = words.pointer(step.input);
  if (!at.isNull() && (step.output === undefined || step.step === "once" || !words.pointer(step.output).isNull())) {
    take(stream, stream.input, at, size); // a cipher's update without output is associated data, which stays as it is
  }
  return size;
}

function take(stream: Stream, kept: Kept, at: NativePointer, size: number): void {
  keep(kept, bytesAt(at, roomFor(stream, kept, size)));
}

function update(call: StepCall): Leave {
  const stream = streamOf(objectOf(call));
  const size = feed(call, stream);
  return call.step.output === undefined ? done : (result) => collect(call, stream, size, result);
}

function collect(call: StepCall, stream: Stream, inputSize: number, result: NativePointer, digestSize = 0): void {
  const { step, words } = call;
  if (step.output === undefined || words.pointer(step.output).isNull()) {
    return;
  }
  take(stream, stream.output, words.pointer(step.output), outputSize(call, inputSize, result, digestSize));
}

function outputSize(call: StepCall, inputSize: number, result: NativePointer, digestSize: number): number {
  const size = call.step.output_size;
  if (size === undefined || size === "input") {
    return inputSize;
  }
  if (size === "digest") {
    return digestSize;
  }
  if (size === "same_as_result") {
    return Math.max(0, result.toInt32());
  }
  if ("bytes" in size) {
    return size.bytes;
  }
  if ("argument" in size) {
    return call.words.size(size.argument);
  }
  const behind = call.words.pointer(size.behind);
  return behind.isNull() ? digestSize : wide(call) ? sizeOf(behind.readPointer()) : behind.readU32();
}

/** Where a length behind a pointer is a size_t: in the BoringSSL AEAD and zlib interfaces. The others have an int there. */
const wide = (call: StepCall) => /AEAD|compress/.test(call.site.symbol) || call.site.entry.symbols.includes("EVP_Q_digest");

function once(call: StepCall): Leave {
  const known = call.step.object === undefined ? undefined : streams.get(objectOf(call));
  const stream = newStream(known);
  const size = feed(call, stream);
  if (call.step.key !== undefined) {
    stream.key = commitment(bytesAt(call.words.pointer(call.step.key), keySize(call)));
  }
  return finish(call, stream, size);
}

function final(call: StepCall): Leave {
  const name = objectOf(call);
  const stream = streamOf(name);
  const size = feed(call, stream);
  streams.set(name, newStream(stream)); // ready for the next message under the same key
  return finish(call, stream, size);
}

/** The algorithm and the caller are asked for before the call, which may wipe its object. */
function finish(call: StepCall, stream: Stream, inputSize: number): Leave {
  const algorithm = nameOf(call) ?? stream.algorithm;
  const op = operationOf(call);
  const input = joined(stream.input);
  const digestSize = sizeOfDigest(call, "output");
  const known = keyOf(op, algorithm ?? "", input, call.caller.toString());
  if (input.length === 0 || isRepeated(known)) {
    return done;
  }
  const callers = callersOf(call.caller, call.depth);
  return (result) => {
    if (!succeeded(call, result)) {
      return;
    }
    collect(call, stream, inputSize, result, digestSize);
    const output = joined(stream.output);
    const head = { k: "native_transform", ...nativeStamp(call.site.entry.id, call.site.thread), op, alg: algorithm ?? bySize(op, output.length), kc: stream.key, nf: [] as string[], s: "" };
    post({ ...head, in: base64(input), out: base64(output), cut: stream.cut, nf: callers.native, s: callers.java });
    remember(known, head);
  };
}

function succeeded({ step }: StepCall, result: NativePointer): boolean {
  const code = result.toInt32();
  return step.success === undefined || code === (step.success === "one" ? 1 : 0);
}

/** A library that cannot be asked leaves the length of the output to tell. */
function bySize(op: string, size: number): string {
  const names: Record<number, string> = { 16: "MD5", 20: "SHA-1", 28: "SHA-224", 32: "SHA-256", 48: "SHA-384", 64: "SHA-512" };
  return op === "digest" ? (names[size] ?? "unknown") : "unknown";
}

function copy(call: StepCall): void {
  const from = streams.get(objectOf(call, call.step.source!));
  if (from !== undefined) {
    streams.delete(objectOf(call));
    streamOf(objectOf(call));
    streams.set(objectOf(call), copyOf(from));
  }
}
