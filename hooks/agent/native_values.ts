/// <reference path="./native.d.ts" />
/** C values as bounded JSON: socket addresses, interface lists, replies of the kernel, text and bytes. */

import { base64, bounded } from "./projection.js";
import type { Words } from "./native_gate.js";
import type { WordProjection } from "./native_plan.js";

export const MAX_BYTES = 4096;
const MAX_ARGUMENTS = 64;
const MAX_INTERFACES = 64;
const WORD = Process.pointerSize;
const INET = 2;
const INET6 = 10;
const PACKET = 17;

/** One argument, as the catalog wants it told. */
export function word(words: Words, index: number, kind: WordProjection): unknown {
  switch (kind) {
    case "int":
      return words.int(index);
    case "hex":
      return `0x${(words.int(index) >>> 0).toString(16)}`;
    case "text":
    case "filled_text":
      return textAt(words.pointer(index));
    case "argv":
      return list(words.pointer(index)).join(" ");
    case "command":
      return textAt(words.pointer(index));
    default:
      return null;
  }
}

/** A C string, bounded; what is no UTF-8 is told as Latin-1. */
export function textAt(at: NativePointer): string | null {
  if (at.isNull()) {
    return null;
  }
  try {
    return bounded(at.readUtf8String() ?? "");
  } catch {
    return bounded(latinAt(at));
  }
}

function latinAt(at: NativePointer): string {
  let text = "";
  for (let i = 0; i < MAX_BYTES; i++) {
    const byte = at.add(i).readU8(); // one at a time: the next page may not be there
    if (byte === 0) {
      break;
    }
    text += String.fromCharCode(byte);
  }
  return text;
}

/** UTF-8, or Latin-1 where it is none. */
export function decoded(bytes: Uint8Array): string {
  const latin = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  try {
    return decodeURIComponent(escape(latin));
  } catch {
    return latin;
  }
}

/** Text where the bytes are printable UTF-8, otherwise `{base64, length}`; a text loses the newlines and NULs at its end. */
export function content(bytes: Uint8Array, length = bytes.length): unknown {
  const text = decoded(bytes).replace(/[\0\n]+$/, "");
  const printable = !/[\x00-\x08\x0e-\x1f\x80-\x9f]/.test(text.replace(/\0/g, " "));
  return printable ? bounded(text.replace(/\0/g, " ")) : { base64: base64(bytes), length };
}

/** Bytes at an address; as many as can be had where the pages end early. */
export function bytesAt(at: NativePointer, size: number): Uint8Array {
  return size <= 0 || at.isNull() ? new Uint8Array(0) : new Uint8Array(at.readByteArray(size)!);
}

function list(argv: NativePointer): string[] {
  const found: string[] = [];
  for (let i = 0; i < MAX_ARGUMENTS && !argv.isNull(); i++) {
    const item = argv.add(i * WORD).readPointer();
    if (item.isNull()) {
      break;
    }
    found.push(textAt(item) ?? "");
  }
  return found;
}

const hex = (byte: number) => byte.toString(16).padStart(2, "0");
export const mac = (bytes: Uint8Array) => Array.from(bytes, hex).join(":");

/** The address in a `struct sockaddr`, or null for a family without one. */
export function socketAddress(at: NativePointer): { address: string } | { mac: string } | null {
  if (at.isNull()) {
    return null;
  }
  const family = at.readU16();
  if (family === INET) {
    return { address: ipv4(bytesAt(at.add(4), 4)) };
  }
  if (family === INET6) {
    return { address: ipv6(bytesAt(at.add(8), 16)) };
  }
  if (family === PACKET && at.add(11).readU8() === 6) {
    return { mac: mac(bytesAt(at.add(12), 6)) };
  }
  return null;
}

export const ipv4 = (bytes: Uint8Array) => Array.from(bytes).join(".");

/** RFC 4291 text, without the `::` abbreviation. */
export function ipv6(bytes: Uint8Array): string {
  return Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16)).join(":");
}

/** `struct ifaddrs`: {next, name, flags, addr, …}. */
export function interfaceAddresses(head: NativePointer): object[] {
  const found: object[] = [];
  for (let at = head; !at.isNull() && found.length < MAX_INTERFACES; at = at.readPointer()) {
    const address = socketAddress(at.add(3 * WORD).readPointer());
    if (address !== null) {
      found.push({ name: textAt(at.add(WORD).readPointer()), ...address });
    }
  }
  return found;
}

const HARDWARE = 0x8927;
const CONFIGURATION = 0x8912;
const WIRELESS_NAME = 0x8b1b;
const WIRELESS_POINT = 0x8b15;

/** What `ioctl` wrote for one of the SIOCGI… requests of <linux/sockios.h> and <linux/wireless.h>. */
export function interfaceRequest(request: number, at: NativePointer): unknown {
  switch (request >>> 0) {
    case HARDWARE:
      return mac(bytesAt(at.add(18), 6));
    case WIRELESS_POINT:
      return mac(bytesAt(at.add(18), 6));
    case WIRELESS_NAME:
      return decoded(bytesAt(at.add(16).readPointer(), Math.min(at.add(16 + WORD).readU16(), 32)));
    case CONFIGURATION:
      return configuration(at.readS32(), at.add(WORD).readPointer());
    default:
      return socketAddress(at.add(16));
  }
}

/** `struct ifreq` is a name of 16 bytes and a union of 24 (16 on 32-bit systems). */
function configuration(length: number, at: NativePointer): object[] {
  const size = WORD === 8 ? 40 : 32;
  const found: object[] = [];
  for (let i = 0; i + size <= length && found.length < MAX_INTERFACES && !at.isNull(); i += size) {
    found.push({ name: textAt(at.add(i)), ...socketAddress(at.add(i + 16)) });
  }
  return found;
}
