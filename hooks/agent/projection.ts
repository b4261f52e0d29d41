/** Java values as bounded JSON. What cannot be read becomes a marker, never an exception. */

import Java, { type Wrapper } from "frida-java-bridge";
import { handleOf, isInstance } from "./jni.js";
import type { Projection } from "./plan.js";

const MAX_TEXT = 4096;
const MAX_ITEMS = 200;
const MAX_BYTES = 4096;
const MAX_DEPTH = 4;

/** Classes whose toString() is the value itself and has no side effect. */
const SPEAKING = ["java.lang.CharSequence", "android.net.Uri", "java.io.File", "java.util.UUID", "java.net.InetAddress"];

/** Project one value; `kind` comes from the catalog. */
export function project(value: any, kind: Projection, depth = 0): unknown {
  if (kind === "skip") {
    return null;
  }
  try {
    return projectUnsafe(value, kind, depth);
  } catch (error) {
    return { unreadable: bounded(String(error), 200) };
  }
}

/** Cut a text at `limit` characters and say how many are missing. */
export function bounded(text: string, limit = MAX_TEXT): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…[+${text.length - limit} characters]`;
}

/** Java's String.valueOf of an object, bounded; null for null. */
export function textOf(value: any): string | null {
  const seen = project(value, "text");
  return typeof seen === "string" ? seen : null;
}

/** The text that a selector compares: arrays and collections as one line, anything else as by `text`; null for null. */
export function lineOf(value: any): string | null {
  const handle = handleOf(value);
  if (handle === null || !isListed(handle)) {
    return value === null || value === undefined || handle !== null ? textOf(value) : String(value);
  }
  const items = project(value, { each: "text" });
  return Array.isArray(items) ? bounded(items.join(" ")) : null;
}

function isListed(handle: NativePointer): boolean {
  return Java.vm.getEnv().getObjectClassName(handle).startsWith("[") || isInstance(handle, "java.util.Collection");
}

/** The object as its runtime class, so that its own methods can be called. */
export function wrap(handle: NativePointer): Wrapper {
  const name = Java.vm.getEnv().getObjectClassName(handle);
  try {
    return Java.cast(handle, Java.use(name));
  } catch {
    return Java.cast(handle, Java.use("java.lang.Object")); // a class of another loader
  }
}

function projectUnsafe(value: any, kind: Projection, depth: number): unknown {
  if (value === null || value === undefined || typeof value === "boolean") {
    return value ?? null;
  }
  if (typeof value === "string") {
    return bounded(value);
  }
  if (typeof value === "number") {
    return Number.isFinite(value) ? value : String(value);
  }
  if (value instanceof Int64) {
    const exact = value.toNumber();
    return Number.isSafeInteger(exact) ? exact : value.toString();
  }
  const handle = handleOf(value);
  return handle === null ? null : projectObject(handle, kind, depth);
}

function projectObject(handle: NativePointer, kind: Projection, depth: number): unknown {
  if (typeof kind === "object") {
    if ("at" in kind) {
      return project(follow(handle, kind.at), kind.as, depth);
    }
    return "fields" in kind ? projectFields(handle, kind.fields, depth) : projectItems(handle, kind.each, depth);
  }
  if (kind === "class") {
    return Java.vm.getEnv().getObjectClassName(handle);
  }
  if (kind === "bytes") {
    const data = byteArray(handle, 0, MAX_BYTES);
    return { base64: base64(data.bytes), length: data.length };
  }
  if (kind === "mac") {
    const bytes = Array.from(byteArray(handle, 0, 8).bytes);
    return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
  }
  if (kind === "map") {
    return projectMap(handle, depth);
  }
  if (kind === "parcel") {
    return projectParcel(handle);
  }
  return kind === "text" ? text(handle) : projectAuto(handle, depth);
}

/** Classes whose methods may be run unseen: the platform's. The app's own texts, numbers and collections would notice. */
const PLATFORM = /^(\[|(java|javax|android|androidx|kotlin|dalvik|libcore|sun|jdk)\.)/;

function projectAuto(handle: NativePointer, depth: number): unknown {
  const name = Java.vm.getEnv().getObjectClassName(handle);
  if (name === "java.lang.String") {
    return stringOf(handle);
  }
  if (name === "[B") {
    return projectObject(handle, "bytes", depth);
  }
  if (name === "java.lang.Boolean") {
    return wrap(handle).booleanValue();
  }
  if (isInstance(handle, "java.lang.Enum")) {
    return bounded(String(Java.cast(handle, Java.use("java.lang.Enum")).name())); // final, while toString() may be the app's own
  }
  if (!PLATFORM.test(name)) {
    return { class: name };
  }
  if (isInstance(handle, "java.lang.Number")) {
    const digits = text(handle);
    const exact = Number(digits);
    const long = /^-?\d+$/.test(digits) && String(exact) !== digits; // more digits than a JSON number holds
    return long || !Number.isFinite(exact) ? digits : exact;
  }
  if (SPEAKING.some((speaking) => isInstance(handle, speaking))) {
    return text(handle);
  }
  if (depth >= MAX_DEPTH) {
    return { class: name };
  }
  if (name.startsWith("[") || isInstance(handle, "java.util.Collection")) {
    return projectItems(handle, "auto", depth);
  }
  // An unknown object is named, not printed: its toString() is the app's own code.
  return { class: name };
}

function projectItems(handle: NativePointer, each: Projection, depth: number): unknown[] {
  const env = Java.vm.getEnv();
  const name = env.getObjectClassName(handle);
  if (!name.startsWith("[")) {
    return projectCollection(handle, each, depth);
  }
  if (name.length === 2) {
    return primitives(handle);
  }
  const length = env.getArrayLength(handle);
  const items: unknown[] = [];
  for (let i = 0; i < Math.min(length, MAX_ITEMS); i++) {
    const element = env.getObjectArrayElement(handle, i);
    items.push(project(element, each, depth + 1));
    env.deleteLocalRef(element);
  }
  return marked(items, length);
}

function projectCollection(handle: NativePointer, each: Projection, depth: number): unknown[] {
  const collection = Java.cast(handle, Java.use("java.util.Collection"));
  const iterator = collection.iterator();
  const items: unknown[] = [];
  while (items.length < MAX_ITEMS && iterator.hasNext()) {
    items.push(project(iterator.next(), each, depth + 1));
  }
  return marked(items, collection.size());
}

function primitives(array: NativePointer): unknown[] {
  const Arrays = Java.use("java.lang.reflect.Array");
  const holder = Java.cast(array, Java.use("java.lang.Object"));
  const length: number = Java.vm.getEnv().getArrayLength(array);
  const items: unknown[] = [];
  for (let i = 0; i < Math.min(length, MAX_ITEMS); i++) {
    items.push(project(Arrays.get(holder, i), "auto"));
  }
  return marked(items, length);
}

/** A java.util.Map or an android.os.Bundle as an object. */
function projectMap(handle: NativePointer, depth: number): Record<string, unknown> {
  const object = wrap(handle);
  const keys = object.keySet().iterator();
  const seen: Record<string, unknown> = {};
  for (let i = 0; i < MAX_ITEMS && keys.hasNext(); i++) {
    const key = keys.next();
    seen[textOf(key) ?? "null"] = project(object.get(key), "auto", depth + 1);
  }
  return seen;
}

const MAX_WORDS = 64;

/** A reply: its strings, found wherever a plausible length stands on a four-byte boundary and the text ends in a zero; the
    parcel is put back where the app left it. Which method it answers, and so its layout, is not known here. */
function projectParcel(handle: NativePointer): { size: number; strings: unknown[] } {
  const parcel = Java.cast(handle, Java.use("android.os.Parcel"));
  const position: number = parcel.dataPosition();
  const size: number = parcel.dataSize();
  const strings: unknown[] = [];
  try {
    for (let at = 0; at + 4 <= size && at < MAX_WORDS * 4; ) {
      parcel.setDataPosition(at);
      const length: number = parcel.readInt();
      const text = length > 0 && at + 4 + 2 * (length + 1) <= size ? stringAt(parcel, at) : null;
      if (text !== null && text.length === length && /^[\x20-\x7e\u00a0-\ud7ff\uf900-\ufffd]+$/.test(text)) {
        strings.push(bounded(text));
        at = parcel.dataPosition();
      } else {
        at += 4;
      }
    }
  } finally {
    parcel.setDataPosition(position);
  }
  return { size, strings };
}

function stringAt(parcel: Wrapper, at: number): string | null {
  parcel.setDataPosition(at);
  const text = parcel.readString();
  return text === null ? null : String(text);
}

function marked(items: unknown[], length: number): unknown[] {
  return length > MAX_ITEMS ? [...items, `…[+${length - MAX_ITEMS} items]`] : items;
}

function projectFields(handle: NativePointer, fields: Record<string, string>, depth: number): Record<string, unknown> {
  const seen: Record<string, unknown> = {};
  for (const [name, path] of Object.entries(fields)) {
    try {
      seen[name] = project(follow(handle, path), "auto", depth + 1);
    } catch {
      // This platform's class has no such member: the field is left out.
    }
  }
  return seen;
}

/** Follow `getItemAt(0).getText()` or `info.name` from an object: fields, and calls with no argument or one number. */
export function follow(start: NativePointer, path: string): any {
  let current: any = start;
  for (const step of path.split(".")) {
    const handle = handleOf(current);
    if (handle === null) {
      return null;
    }
    const object = wrap(handle);
    const call = /^(\w+)\((\d*)\)$/.exec(step);
    if (call === null) {
      current = object[step].value;
    } else {
      current = call[2] === "" ? object[call[1]!]() : object[call[1]!](Number(call[2]));
    }
  }
  return current;
}

function text(handle: NativePointer): string {
  if (Java.vm.getEnv().getObjectClassName(handle) === "java.lang.String") {
    return stringOf(handle);
  }
  const printed: any = Java.use("java.lang.String").valueOf.overload("java.lang.Object").call(Java.use("java.lang.String"), Java.cast(handle, Java.use("java.lang.Object")));
  return bounded(String(printed));
}

/** A Java String without reading more of it than is kept. */
function stringOf(handle: NativePointer): string {
  return bounded(Java.vm.getEnv().stringFromJni(handle));
}

/** Up to `limit` bytes of a byte[] from `offset`; `length` is the whole array's. */
export function byteArray(handle: NativePointer, offset: number, limit: number): { bytes: Uint8Array; length: number } {
  const env = Java.vm.getEnv();
  const length = env.getArrayLength(handle);
  const count = Math.max(0, Math.min(limit, length - offset));
  if (count === 0) {
    return { bytes: new Uint8Array(0), length };
  }
  const copy = Memory.alloc(count);
  env.getByteArrayRegion(handle, offset, count, copy);
  return { bytes: new Uint8Array(copy.readByteArray(count)!), length };
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** RFC 4648 base64; the engine has no btoa. */
export function base64(bytes: Uint8Array): string {
  let out = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b, c] = [bytes[i]!, bytes[i + 1], bytes[i + 2]];
    out += ALPHABET[a >> 2]! + ALPHABET[((a & 3) << 4) | ((b ?? 0) >> 4)]!;
    out += b === undefined ? "==" : ALPHABET[((b & 15) << 2) | ((c ?? 0) >> 6)]! + (c === undefined ? "=" : ALPHABET[c & 63]!);
  }
  return out;
}
