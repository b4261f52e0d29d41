/** Route netlink (RFC 3549, linux/rtnetlink.h): what is asked for, and what the kernel's reply tells. */

import { decoded, ipv4, ipv6, mac } from "./native_values.js";

const MAX_ITEMS = 64;
const REQUESTS: Record<number, string> = { 18: "RTM_GETLINK", 22: "RTM_GETADDR", 26: "RTM_GETROUTE", 30: "RTM_GETNEIGH" };
const HEADER = 16;

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Name of the first request in a message, null where it is none that reads addresses. */
export function requestName(bytes: Uint8Array): string | null {
  return bytes.length < HEADER ? null : (REQUESTS[view(bytes).getUint16(4, true)] ?? null);
}

/** Interfaces and addresses in a reply; `done` when the kernel says that it was the last. */
export function replyItems(bytes: Uint8Array): { items: object[]; done: boolean } {
  const items: object[] = [];
  let at = 0;
  while (at + HEADER <= bytes.length) {
    const length = view(bytes).getUint32(at, true);
    const type = view(bytes).getUint16(at + 4, true);
    if (type === 3 || type === 2) {
      return { items, done: true }; // NLMSG_DONE, NLMSG_ERROR
    }
    if (length < HEADER || at + length > bytes.length) {
      break;
    }
    const item = itemOf(type, bytes.subarray(at + HEADER, at + length));
    if (item !== null && items.length < MAX_ITEMS) {
      items.push(item);
    }
    at += (length + 3) & ~3;
  }
  return { items, done: false };
}

/** RTM_NEWLINK 16 (header of 16 bytes), RTM_NEWADDR 20 (8), RTM_NEWNEIGH 28 (12); types of attributes from the same headers. */
function itemOf(type: number, body: Uint8Array): object | null {
  if (type === 16) {
    return linkOf(attributes(body, 16));
  }
  if (type === 20 || type === 28) {
    return addressOf(attributes(body, type === 20 ? 8 : 12));
  }
  return null;
}

function linkOf(found: Map<number, Uint8Array>): object {
  const hardware = found.get(1);
  const name = decoded(found.get(3) ?? new Uint8Array(0)).replace(/\0.*$/, "");
  return hardware !== undefined && hardware.length === 6 ? { name, mac: mac(hardware) } : { name };
}

function addressOf(found: Map<number, Uint8Array>): object | null {
  const hardware = found.get(2);
  const address = found.get(1);
  const local = hardware !== undefined && (hardware.length === 4 || hardware.length === 16) ? hardware : address;
  if (local === undefined || (local.length !== 4 && local.length !== 16)) {
    return null;
  }
  const text = { address: local.length === 4 ? ipv4(local) : ipv6(local) };
  return hardware !== undefined && hardware.length === 6 ? { ...text, mac: mac(hardware) } : text;
}

function attributes(body: Uint8Array, from: number): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  for (let at = from; at + 4 <= body.length;) {
    const length = view(body).getUint16(at, true);
    if (length < 4) {
      break;
    }
    found.set(view(body).getUint16(at + 2, true) & 0x3fff, body.subarray(at + 4, Math.min(at + length, body.length)));
    at += (length + 3) & ~3;
  }
  return found;
}
