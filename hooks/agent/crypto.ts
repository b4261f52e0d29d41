/// <reference path="./native.d.ts" />
/** Digests, MACs, signatures, ciphers, deflate and Base64 by Java's own classes: what went in and what came out, so that a hash in a
    request can be traced to its source.

    Convenience overloads (`digest(byte[])`, `Mac.doFinal(byte[])`, `encodeToString`) call the ones hooked here, so every byte is seen
    once. */

import Java, { type Wrapper } from "frida-java-bridge";
import { bytesIn, placeOf, type Place } from "./buffers.js";
import { callersOf, stackOf, stamp, type Call } from "./context.js";
import { handleOf } from "./jni.js";
import { Objects } from "./objects.js";
import { base64, byteArray, wrap } from "./projection.js";
import { commitment, isRepeated, keyOf, remember } from "./repeats.js";
import { joined, keep, newStream, roomFor, type Kept, type Stream } from "./streams.js";

const MAX_OBJECTS = 256;
const BUFFER = "java.nio.ByteBuffer";
/** The one class whose getEncoded() is the platform's own code and gives the key's bytes as they are. */
const PLAIN_KEY = "javax.crypto.spec.SecretKeySpec";
const ENCRYPTING = [1, 3]; // ENCRYPT_MODE and WRAP_MODE of javax.crypto.Cipher
const BEGINS = new Set(["reset", "init", "initSign", "initVerify", "end"]);
const FEEDS = new Set(["update", "setInput"]);

/** By kind, because one object may be of two (a Mac that is a digest). */
const streams = new Map<string, Objects<Stream>>();
/** Where the output buffer of a call under way stood. */
const targets = new WeakMap<Call, Place>();

function objectsOf(call: Call): Objects<Stream> {
  let objects = streams.get(call.entry.emit);
  if (objects === undefined) {
    objects = new Objects<Stream>(MAX_OBJECTS);
    streams.set(call.entry.emit, objects);
  }
  return objects;
}

function streamOf(call: Call): Stream {
  const handle = handleOf(call.self);
  if (handle === null || call.entry.emit === "encode" || call.entry.emit === "decode") {
    call.seen ??= newStream(); // all in one call
    return call.seen as Stream;
  }
  const objects = objectsOf(call);
  let stream = objects.get(handle);
  if (stream === undefined) {
    stream = newStream();
    objects.set(handle, stream);
  }
  return stream;
}

function append(stream: Stream, kept: Kept, array: NativePointer | null, offset: number, count: number | null): void {
  if (array !== null) {
    const wanted = count ?? Java.vm.getEnv().getArrayLength(array) - offset;
    keep(kept, byteArray(array, offset, roomFor(stream, kept, wanted)).bytes);
  }
}

function appendBuffer(stream: Stream, kept: Kept, place: Place | null, count: number): void {
  const bytes = place === null ? null : bytesIn(place, roomFor(stream, kept, count));
  stream.cut ||= bytes === null;
  keep(kept, bytes ?? new Uint8Array(0));
}

/** Add the call's input: `(byte)`, `(byte[])`, `(byte[], offset, length, …)` or `(ByteBuffer, …)`. */
function feed(stream: Stream, call: Call): void {
  const [first, offset, length] = call.args;
  const type = call.types[0];
  if (type === "byte") {
    keep(stream.input, Uint8Array.of(first & 0xff).subarray(0, roomFor(stream, stream.input, 1)));
  } else if (type === "[B") {
    const region = call.types[1] === "int" && call.types[2] === "int";
    append(stream, stream.input, handleOf(first), region ? offset : 0, region ? length : null);
  } else if (type === BUFFER) {
    const place = placeOf(first);
    appendBuffer(stream, stream.input, place, place?.remaining ?? 0);
  } else if (type !== undefined) {
    stream.cut = true;
  }
}

/** Add what a call produced: a returned array or buffer, or a count of bytes written into an argument. */
function collect(stream: Stream, call: Call, result: any): void {
  if (typeof result === "number") {
    const target = outputIndex(call);
    if (call.types[target] === BUFFER) {
      appendBuffer(stream, stream.output, targets.get(call) ?? null, result);
    } else {
      append(stream, stream.output, handleOf(call.args[target]), call.types[target + 1] === "int" ? call.args[target + 1] : 0, result);
    }
    return;
  }
  const handle = handleOf(result);
  if (handle !== null && !Java.vm.getEnv().getObjectClassName(handle).startsWith("[")) {
    const place = placeOf(result);
    appendBuffer(stream, stream.output, place, place?.remaining ?? 0);
  } else {
    append(stream, stream.output, handle, 0, null);
  }
}

/** The output is the last array or buffer: `doFinal(in, off, len, out[, off])`, `doFinal(out, off)`, `deflate(out, off, len)`. */
function outputIndex(call: Call): number {
  return Math.max(call.types.lastIndexOf("[B"), call.types.lastIndexOf(BUFFER));
}

/** `doFinal(byte[] output, int offset)`, `digest(out, …)`, `sign(out, …)` and `deflate(out, …)` take an array that is no input. */
function takesInput(call: Call): boolean {
  switch (call.entry.emit) {
    case "cipher":
      return call.types.length > 0 && !(call.types.length === 2 && call.types[0] === "[B" && call.types[1] === "int");
    case "encode":
    case "decode":
      return true;
    default:
      return false;
  }
}

/** Copy the input before the original runs: the app may reuse its buffer. */
export function beforeCrypto(call: Call): void {
  const method = call.entry.method;
  const target = outputIndex(call);
  if (BEGINS.has(method)) {
    begin(call);
  } else if (FEEDS.has(method) || takesInput(call)) {
    feed(streamOf(call), call);
  }
  if (target >= 0 && call.types[target] === BUFFER) {
    const place = placeOf(call.args[target]);
    if (place !== null) {
      targets.set(call, place);
    }
  }
}

/** What came in before is void; a key given now holds for all that follows. */
function begin(call: Call): void {
  const handle = handleOf(call.self);
  if (handle === null) {
    return;
  }
  const before = objectsOf(call).get(handle)?.key ?? null;
  objectsOf(call).delete(handle);
  const key = call.types.indexOf("java.security.Key");
  const kept = call.entry.method === "reset" ? before : key < 0 ? null : commitmentOf(call.args[key]);
  if (kept !== null) {
    streamOf(call).key = kept;
  }
}

function commitmentOf(key: any): string | null {
  const handle = handleOf(key);
  if (handle === null || Java.vm.getEnv().getObjectClassName(handle) !== PLAIN_KEY) {
    return null; // its bytes are not to be had, or the class is the app's own code
  }
  const encoded = wrap(handle).getEncoded();
  const array = handleOf(encoded);
  return array === null ? null : commitment(byteArray(array, 0, 1024).bytes);
}

/** The finished transform, or null while the object only takes more input, and for what was told before. */
export function afterCrypto(call: Call, result: any): object | null {
  if (BEGINS.has(call.entry.method) || call.entry.method === "setInput") {
    return null;
  }
  const stream = streamOf(call);
  if (call.entry.emit === "cipher" || call.entry.method !== "update") {
    collect(stream, call, result);
  }
  return call.entry.method === "update" || !isFinished(call) ? null : finish(call, stream);
}

/** A Deflater says so itself; any other object is finished by the method that is hooked for it. */
function isFinished(call: Call): boolean {
  return (call.entry.emit !== "compress" && call.entry.emit !== "decompress") || wrap(handleOf(call.self)!).finished() === true;
}

function finish(call: Call, stream: Stream): object | null {
  const handle = handleOf(call.self);
  if (handle !== null && call.seen === null) {
    objectsOf(call).delete(handle);
    if (stream.key !== null) {
      objectsOf(call).set(handle, newStream(stream)); // the key holds for the next message, too
    }
  }
  if (stream.input.size === 0 || archived(call)) {
    return null;
  }
  const { op, algorithm } = described(call, stream);
  const input = joined(stream.input);
  const key = keyOf(op, algorithm, input, Checksum.compute("sha256", stackOf(call)));
  if (isRepeated(key)) {
    return null;
  }
  remember(key, { k: "transform", op, alg: algorithm, kc: stream.key, ...stamp(call), s: "" });
  return { k: "transform", op, alg: algorithm, in: base64(input), out: base64(joined(stream.output)), cut: stream.cut, kc: stream.key };
}

/** Archives are unpacked by the platform at every turn; nothing of that came from the user. */
function archived(call: Call): boolean {
  return call.entry.emit === "decompress" && callersOf(call).some((name) => /^java\.util\.(zip\.Zip|jar\.)|^jdk\.internal\./.test(name));
}

function described(call: Call, stream: Stream): { op: string; algorithm: string } {
  const { emit } = call.entry;
  switch (emit) {
    case "cipher":
      return { op: cipherOperation(call), algorithm: algorithmOf(call) };
    case "signature":
      return { op: "mac", algorithm: algorithmOf(call) };
    case "compress":
    case "decompress":
      return { op: emit, algorithm: wrapped(emit === "compress" ? stream.output : stream.input) ? "zlib" : "deflate" };
    case "encode":
    case "decode":
      return { op: emit, algorithm: "base64" };
    default:
      return { op: emit, algorithm: algorithmOf(call) };
  }
}

/** RFC 1950: the first two bytes, as a number, are a multiple of 31. */
function wrapped(packed: Kept): boolean {
  const head = joined({ pieces: packed.pieces.slice(0, 2), size: packed.pieces.slice(0, 2).reduce((size, piece) => size + piece.length, 0) });
  return head.length > 1 && (head[0]! & 15) === 8 && ((head[0]! << 8) | head[1]!) % 31 === 0;
}

const algorithmOf = (call: Call) => String(wrap(handleOf(call.self)!).getAlgorithm());

/** The field is private and has this name on OpenJDK and Android. */
function cipherOperation(call: Call): string {
  const object: Wrapper = Java.cast(handleOf(call.self)!, Java.use("javax.crypto.Cipher"));
  return ENCRYPTING.includes(Number(object.opmode.value)) ? "encrypt" : "decrypt";
}
