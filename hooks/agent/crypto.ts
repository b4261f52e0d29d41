/** MessageDigest, Mac and Cipher: what went in and what came out, so that a hash in a request can be traced to its source.

    Convenience overloads (`digest(byte[])`, `Mac.doFinal(byte[])`) call the ones hooked here, so every byte is seen once. */

import Java, { type Wrapper } from "frida-java-bridge";
import type { Call } from "./context.js";
import { handleOf } from "./jni.js";
import { base64, byteArray, wrap } from "./projection.js";

const MAX_INPUT = 65_536;
const MAX_OUTPUT = 65_536;
const MAX_OBJECTS = 256;

/** Kept bytes, in the pieces in which they came. */
interface Kept {
  pieces: Uint8Array[];
  size: number;
}

interface Stream {
  input: Kept;
  output: Kept;
  /** Some bytes were not kept: too many, or in a form that is not read. */
  cut: boolean;
}

/** By identity hash and class; the weakest link is two live objects with one hash, whose bytes would be mixed and match nothing. */
const streams = new Map<string, Stream>();

function keyOf(call: Call): string {
  const holder = Java.cast(handleOf(call.self)!, Java.use("java.lang.Object"));
  return `${call.entry.emit}:${Java.use("java.lang.System").identityHashCode(holder)}`;
}

function streamOf(key: string): Stream {
  let stream = streams.get(key);
  if (stream === undefined) {
    if (streams.size >= MAX_OBJECTS) {
      streams.delete(streams.keys().next().value as string); // the oldest was never finished
    }
    stream = { input: { pieces: [], size: 0 }, output: { pieces: [], size: 0 }, cut: false };
    streams.set(key, stream);
  }
  return stream;
}

function keep(kept: Kept, bytes: Uint8Array): void {
  if (bytes.length > 0) {
    kept.pieces.push(bytes);
    kept.size += bytes.length;
  }
}

function joined(kept: Kept): string {
  const bytes = new Uint8Array(kept.size);
  let at = 0;
  for (const piece of kept.pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return base64(bytes);
}

function append(stream: Stream, kept: Kept, array: NativePointer | null, offset: number, count: number | null, limit: number): void {
  if (array === null) {
    return;
  }
  const total = Java.vm.getEnv().getArrayLength(array);
  const wanted = count ?? total - offset;
  const room = Math.max(0, Math.min(wanted, limit - kept.size));
  keep(kept, byteArray(array, offset, room).bytes);
  stream.cut ||= room < wanted;
}

/** Add the call's input: `(byte)`, `(byte[])`, `(byte[], offset, length, …)`; a ByteBuffer is not read and marks the stream as cut. */
function feed(stream: Stream, call: Call): void {
  const [first, offset, length] = call.args;
  const type = call.types[0];
  if (type === "byte") {
    if (stream.input.size < MAX_INPUT) {
      keep(stream.input, Uint8Array.of(first & 0xff));
    } else {
      stream.cut = true;
    }
  } else if (type === "[B") {
    const region = call.types[1] === "int" && call.types[2] === "int";
    append(stream, stream.input, handleOf(first), region ? offset : 0, region ? length : null, MAX_INPUT);
  } else if (type !== undefined) {
    stream.cut = true;
  }
}

/** Add what a call produced: a returned byte[], or a count of bytes written into the array argument behind the input. */
function collect(stream: Stream, call: Call, result: any, target: number): void {
  if (typeof result === "number") {
    const array = handleOf(call.args[target]);
    const offset = call.types[target + 1] === "int" ? call.args[target + 1] : 0;
    append(stream, stream.output, array, offset, result, MAX_OUTPUT);
  } else {
    append(stream, stream.output, handleOf(result), 0, null, MAX_OUTPUT);
  }
}

/** Position of the output array in `doFinal(in, off, len, out[, off])` and `doFinal(out, off)`. */
function outputIndex(types: string[]): number {
  const last = types.lastIndexOf("[B");
  return last < 0 ? types.length - 1 : last;
}

function finish(call: Call, key: string, stream: Stream, op: string, algorithm: string): object {
  streams.delete(key);
  return {
    k: "transform",
    op,
    alg: algorithm,
    in: joined(stream.input),
    out: joined(stream.output),
    cut: stream.cut,
  };
}

/** Copy the input before the original runs: the app may reuse its buffer. */
export function beforeCrypto(call: Call): void {
  const method = call.entry.method;
  if (method === "reset" || method === "init") {
    streams.delete(keyOf(call));
  } else if (method === "update" || (method === "doFinal" && takesInput(call))) {
    feed(streamOf(keyOf(call)), call);
  }
}

/** `doFinal(byte[] output, int offset)` is the one overload whose first array is no input. */
function takesInput(call: Call): boolean {
  return call.entry.emit === "cipher" && call.types[0] === "[B" && !(call.types.length === 2 && call.types[1] === "int");
}

/** The finished transform, or null while the object only takes more input. */
export function afterCrypto(call: Call, result: any): object | null {
  const { emit, method } = call.entry;
  if (method === "reset" || method === "init") {
    return null;
  }
  const key = keyOf(call);
  const stream = streamOf(key);
  if (emit === "cipher") {
    collect(stream, call, result, outputIndex(call.types));
  }
  if (method === "update") {
    return null;
  }
  if (emit !== "cipher") {
    collect(stream, call, result, 0);
  }
  const object = wrap(handleOf(call.self)!);
  return finish(call, key, stream, operation(call, object), String(object.getAlgorithm()));
}

/** ENCRYPT_MODE is 1 and WRAP_MODE 3 in javax.crypto.Cipher; the field is private and has this name on OpenJDK and Android. */
function operation(call: Call, object: Wrapper): string {
  if (call.entry.emit !== "cipher") {
    return call.entry.emit;
  }
  const mode: number = Java.cast(object.$h, Java.use("javax.crypto.Cipher")).opmode.value;
  return mode === 1 || mode === 3 ? "encrypt" : "decrypt";
}
