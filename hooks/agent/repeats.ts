/// <reference path="./native.d.ts" />
/** The same computation of the same bytes at the same place is told once; how often it came again is told in numbers. */

import { post } from "./outbox.js";
import { base64 } from "./projection.js";

const MAX_KEYS = 2048;
const DELAY_MS = 5000;
const SHORT = 64;

interface Known {
  again: number;
  /** Everything of the message but its bytes and its stack. */
  head: object;
}

const known = new Map<string, Known>();
let scheduled = false;

/** What makes two transforms one. */
export function keyOf(op: string, algorithm: string, input: Uint8Array, site: string): string {
  const bytes = input.length <= SHORT ? base64(input) : Checksum.compute("sha256", exact(input));
  return `${op}|${algorithm}|${site}|${input.length}|${bytes}`;
}

/** Checksum reads the whole buffer behind a view. */
function exact(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer.byteLength === bytes.length ? (bytes.buffer as ArrayBuffer) : (bytes.slice().buffer as ArrayBuffer);
}

/** Has it been told before? Then it is counted. */
export function isRepeated(key: string): boolean {
  const before = known.get(key);
  if (before === undefined) {
    return false;
  }
  before.again += 1;
  if (!scheduled) {
    scheduled = true;
    setTimeout(() => {
      scheduled = false;
      tellRepeats();
    }, DELAY_MS);
  }
  return true;
}

/** Remember what is being told now; the oldest is forgotten, and its count told. */
export function remember(key: string, head: object): void {
  if (known.size >= MAX_KEYS) {
    const [oldest, last] = known.entries().next().value as [string, Known];
    known.delete(oldest);
    tell(last);
  }
  known.set(key, { again: 0, head });
}

/** Tell the counts that have not been told yet. */
export function tellRepeats(): void {
  known.forEach(tell);
}

function tell(one: Known): void {
  if (one.again > 0) {
    post({ ...one.head, in: "", out: "", cut: true, n: one.again });
    one.again = 0;
  }
}

/** A key's commitment: SHA-256 over a label and the key. Two runs that use one key show it; who holds the key can prove it. */
export function commitment(key: Uint8Array): string {
  const label = [..."pia.key/1"].map((character) => character.charCodeAt(0));
  return Checksum.compute("sha256", Uint8Array.from([...label, 0, ...key]).buffer as ArrayBuffer);
}
