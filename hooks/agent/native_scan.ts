/// <reference path="./native.d.ts" />
/** Return addresses on a thread's stack.

    Compilers omit frame pointers, so the stack is scanned for words that point behind a call instruction in a library's code. A
    stale one may stand among them. Frida's own scanner does the same but reads the code unprotected: a word that points into memory
    that can be executed but not read (the vsyscall page, system libraries of Android 10) kills the app. */

const WORD = Process.pointerSize;
const MAX_STACK = 16_384;
const MAX_FOUND = 96;
const MAX_RANGES = 4096;
const MAX_SITES = 8192;

const SOURCE = `
long scan (const unsigned long * at, const unsigned long * end, const unsigned long * ranges, long count, unsigned long * found, long room)
{
  long n = 0, low, high, middle;
  unsigned long word;
  for (; at < end && n < room; at++)
  {
    word = *at & ${Process.arch === "arm64" ? "0xffffffffffffUL" : "~0UL"};
    if (word < ranges[0])
      continue;
    for (low = 0, high = count; high - low > 1;)
    {
      middle = (low + high) / 2;
      if (ranges[2 * middle] <= word)
        low = middle;
      else
        high = middle;
    }
    if (word < ranges[2 * low + 1])
      found[n++] = word;
  }
  return n;
}
`;

interface Scanner {
  module: CModule;
  scan: NativeFunction;
  found: NativePointer;
  ranges: NativePointer;
  count: number;
}

let scanner: Scanner | null = null;
/** Libraries came or went since the ranges were taken. */
let stale = true;

/** The libraries in memory have changed. */
export function librariesChanged(): void {
  stale = true;
}

function prepared(): Scanner {
  if (scanner === null) {
    const module = new CModule(SOURCE);
    const scan = new NativeFunction(module["scan"]!, "long", ["pointer", "pointer", "pointer", "long", "pointer", "long"], { scheduling: "exclusive" });
    scanner = { module, scan, found: Memory.alloc(MAX_FOUND * WORD), ranges: Memory.alloc(MAX_RANGES * 2 * WORD), count: 0 };
  }
  if (stale) {
    stale = false;
    takeRanges(scanner);
  }
  return scanner;
}

/** Code of files; not the kernel's pages, not what was compiled while the program ran, not the agent. */
function takeRanges(into: Scanner): void {
  const ranges = Process.enumerateRanges("--x").filter(({ file }) => file !== undefined && file.path.startsWith("/") && !/frida|memfd:/.test(file.path));
  ranges.sort((a, b) => a.base.compare(b.base));
  into.count = Math.min(ranges.length, MAX_RANGES);
  ranges.slice(0, MAX_RANGES).forEach(({ base, size }, i) => {
    into.ranges.add(2 * i * WORD).writePointer(base);
    into.ranges.add((2 * i + 1) * WORD).writePointer(base.add(size));
  });
}

/** Where the stack of each thread ends. */
const ends = new Map<number, { base: NativePointer; end: NativePointer }>();

function endOfStack(at: NativePointer): NativePointer {
  const thread = Process.getCurrentThreadId();
  const known = ends.get(thread);
  if (known !== undefined && at.compare(known.base) >= 0 && at.compare(known.end) < 0) {
    return known.end;
  }
  if (ends.size > 256) {
    ends.clear();
  }
  const range = Process.findRangeByAddress(at);
  const end = range === null ? at : range.base.add(range.size);
  // A stack grows downwards into what is mapped; it never shrinks at its end.
  ends.set(thread, { base: at, end });
  return end;
}

/** Return addresses on the stack from `depth` on, innermost first. */
export function returnAddresses(depth: NativePointer): NativePointer[] {
  const { scan, found, ranges, count } = prepared();
  const limit = depth.add(MAX_STACK);
  const end = endOfStack(depth);
  const number = count === 0 ? 0 : scan(depth, end.compare(limit) < 0 ? end : limit, ranges, count, found, MAX_FOUND);
  const addresses: NativePointer[] = [];
  for (let i = 0; i < number; i++) {
    const address = found.add(i * WORD).readPointer();
    if (follows(address)) {
      addresses.push(address);
    }
  }
  return addresses;
}

const sites = new Map<string, boolean>();

/** Does the address follow a call? Code that cannot be read is believed. */
function follows(address: NativePointer): boolean {
  const key = address.toString();
  let answer = sites.get(key);
  if (answer === undefined) {
    try {
      answer = isAfterCall(address);
    } catch {
      answer = true;
    }
    if (sites.size >= MAX_SITES) {
      sites.clear();
    }
    sites.set(key, answer);
  }
  return answer;
}

function isAfterCall(address: NativePointer): boolean {
  if (Process.arch === "arm64") {
    const word = address.sub(4).readU32();
    return (word & 0xfc000000) >>> 0 === 0x94000000 || (word & 0xfefff000) >>> 0 === 0xd63f0000; // BL; BLR, BLRAA…
  }
  return Process.arch === "arm" || isAfterX86Call(new Uint8Array(address.sub(7).readByteArray(7)!));
}

/** E8 rel32, or FF /2 with any addressing: two to seven bytes (Intel SDM, CALL). */
function isAfterX86Call(before: Uint8Array): boolean {
  if (before[2] === 0xe8) {
    return true;
  }
  return [2, 3, 4, 6, 7].some((length) => {
    const form = before[8 - length];
    return before[7 - length] === 0xff && form !== undefined && ((form >> 3) & 7) === 2 && length === lengthOf(form);
  });
}

function lengthOf(form: number): number {
  const [mode, register] = [form >> 6, form & 7];
  if (mode === 3) {
    return 2;
  }
  const scaled = register === 4 ? 1 : 0;
  const displacement = mode === 1 ? 1 : mode === 2 || register === 5 ? 4 : 0;
  return 2 + scaled + displacement;
}
