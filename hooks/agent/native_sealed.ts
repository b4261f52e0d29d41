/// <reference path="./native.d.ts" />
/** The certificate check inside a library that links BoringSSL or OpenSSL statically and keeps no symbols (Flutter, Unreal, Cocos).

    Facts: the function that checks a chain (BoringSSL ssl/ssl_x509.cc, session_verify_cert_chain; OpenSSL ssl/ssl_cert.c,
    ssl_verify_cert_chain) picks "ssl_client" or "ssl_server" as the default parameters and returns 1 or 0. The only other code that
    names both looks parameters up by name (BoringSSL crypto/x509, X509_VERIFY_PARAM_lookup), and names "smime_sign" too. So: where
    the texts stand, which code refers to them, and where that function begins (.eh_frame_hdr of the Linux Standard Base, or on
    arm64 the prologue after the end of another function). */

const TEXTS = ["ssl_client", "ssl_server"];
const OF_THE_LOOKUP = "smime_sign";
const LARGEST = 256 * 1024 * 1024;
const FARTHEST = 16_384;
const MAX_REFERENCES = 64;

/** x86-64: lea with a displacement from the next instruction. arm64: adrp, and within eight instructions an add to its register. */
const SOURCE = `
static long lea (const unsigned char * p)
{
  if (p[1] != 0x8d || (p[0] & 0xfb) != 0x48 || (p[2] & 0xc7) != 0x05)
    return 0;
  return (long) p + 7 + (int) (p[3] | p[4] << 8 | p[5] << 16 | (unsigned int) p[6] << 24);
}

static long page (const unsigned int * p, const unsigned int * end)
{
  unsigned int word = *p, i;
  long pages, base;
  if ((word & 0x9f000000) != 0x90000000)
    return 0;
  pages = (long) (((word >> 5) & 0x7ffff) << 2 | ((word >> 29) & 3));
  if (pages & 0x100000)
    pages -= 0x200000;
  base = ((long) p & ~4095L) + pages * 4096;
  for (i = 1; i <= 8 && p + i < end; i++)
    if ((p[i] & 0xffc00000) == 0x91000000 && ((p[i] >> 5) & 31) == (word & 31))
      return base + ((p[i] >> 10) & 4095);
  return 0;
}

/* Writes pairs: which of the wanted places code refers to, and where the code stands. Returns their number. */
int references (const unsigned char * code, unsigned long size, const long * wanted, int places, int arm, long * found, int most)
{
  unsigned long at;
  long to;
  int n = 0, i;
  for (at = 0; at + 8 <= size && n < most; at += arm ? 4 : 1)
  {
    to = arm ? page ((const unsigned int *) (code + at), (const unsigned int *) (code + size)) : lea (code + at);
    for (i = 0; to != 0 && i < places && n < most; i++)
      if (wanted[i] == to)
      {
        found[2 * n] = i;
        found[2 * n++ + 1] = (long) (code + at);
      }
  }
  return n;
}
`;

/** Where the check begins; null where a library holds none, or where it cannot be told. */
export function certificateCheck(module: Module): NativePointer | null {
  const arm = Process.arch === "arm64";
  if ((!arm && Process.arch !== "x64") || module.size > LARGEST) {
    return null;
  }
  const places = TEXTS.map((text) => textIn(module, text));
  if (places.some((place) => place === null)) {
    return null;
  }
  const lookup = textIn(module, OF_THE_LOOKUP);
  const starts = referencesTo(module, lookup === null ? places : [...places, lookup], arm);
  const both = [...starts[0]!].filter((start) => starts[1]!.has(start) && !starts[2]?.has(start));
  return both.length === 1 ? ptr(both[0]!) : null;
}

function ranges(module: Module, protection: string): RangeDetails[] {
  return (module as any).enumerateRanges(protection);
}

function textIn(module: Module, text: string): NativePointer | null {
  const bytes = [0, ...[...text].map((letter) => letter.charCodeAt(0)), 0].map((byte) => byte.toString(16).padStart(2, "0"));
  for (const { base, size } of ranges(module, "r--")) {
    const found: { address: NativePointer }[] = (Memory as any).scanSync(base, size, bytes.join(" "));
    if (found.length > 0) {
      return found[0]!.address.add(1);
    }
  }
  return null;
}

let search: NativeFunction | null = null;
let kept: CModule | null = null;

/** For each place, the beginnings of the functions that refer to it. */
function referencesTo(module: Module, places: (NativePointer | null)[], arm: boolean): Set<string>[] {
  if (search === null) {
    kept = new CModule(SOURCE);
    const types = ["pointer", "ulong", "pointer", "int", "int", "pointer", "int"];
    search = new NativeFunction((kept as any).references, "int", types as any);
  }
  const wanted = Memory.alloc(8 * places.length);
  places.forEach((place, i) => wanted.add(8 * i).writePointer(place!));
  const found = Memory.alloc(16 * MAX_REFERENCES);
  const starts = places.map(() => new Set<string>());
  for (const { base, size } of ranges(module, "r-x")) {
    const count = (search as any)(base, size, wanted, places.length, arm ? 1 : 0, found, MAX_REFERENCES) as number;
    for (let i = 0; i < count; i += 1) {
      const code = found.add(16 * i + 8).readPointer();
      const start = fromUnwindTable(module, code) ?? (arm ? fromPrologue(code) : null);
      if (start !== null) {
        starts[found.add(16 * i).readPointer().toInt32()]!.add(String(start));
      }
    }
  }
  return starts;
}

const PT_GNU_EH_FRAME = 0x6474e550;
const DATAREL_SDATA4 = 0x3b;
const UDATA4 = 0x03;

/** The binary search table of .eh_frame_hdr: beginnings of functions, sorted, as distances from the table's own header. */
function fromUnwindTable(module: Module, code: NativePointer): NativePointer | null {
  const headers = module.base.add(Number((module.base.add(32) as any).readU64()));
  const size = module.base.add(54).readU16();
  const count = module.base.add(56).readU16();
  for (let i = 0; i < count; i += 1) {
    const header = headers.add(i * size);
    if (header.readU32() !== PT_GNU_EH_FRAME) {
      continue;
    }
    const table = module.base.add(Number((header.add(16) as any).readU64()));
    if (table.readU8() !== 1 || table.add(2).readU8() !== UDATA4 || table.add(3).readU8() !== DATAREL_SDATA4) {
      return null;
    }
    return lastBefore(table, table.add(8).readU32(), code);
  }
  return null;
}

function lastBefore(table: NativePointer, count: number, code: NativePointer): NativePointer | null {
  const at = (index: number) => table.add((table.add(12 + 8 * index) as any).readS32());
  let low = 0;
  let high = count - 1;
  if (count === 0 || at(0).compare(code) > 0) {
    return null;
  }
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (at(middle).compare(code) <= 0) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return at(low);
}

const RET = 0xd65f03c0;
const PACIASP = 0xd503233f;

/** arm64: the last instruction before `code` that makes room on the stack right after an instruction that never goes on. */
function fromPrologue(code: NativePointer): NativePointer | null {
  for (let back = 4; back <= FARTHEST; back += 4) {
    const word = code.sub(back).readU32();
    const opens = word === PACIASP || (word & 0xffc003ff) >>> 0 === 0xd10003ff || (word & 0xffc003e0) >>> 0 === 0xa98003e0;
    if (opens && endsFlow(code.sub(back + 4).readU32())) {
      return code.sub(back);
    }
  }
  return null;
}

function endsFlow(word: number): boolean {
  return word === RET || (word & 0xfc000000) >>> 0 === 0x14000000 || (word & 0xfffffc1f) >>> 0 === 0xd61f0000 || word === 0;
}
