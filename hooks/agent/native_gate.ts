/// <reference path="./native.d.ts" />
/** The way in and out of a hooked C function.

    Every hooked function is replaced by one small function in C, `gate`. It decides natively whether a call is telling (by path
    prefix, number, or file descriptor) and otherwise only calls the original: such a call never waits for the JavaScript lock, and
    a child process between fork and exec, where that lock may be held for ever, never asks for it. */

const WORD = Process.pointerSize;
const ARGUMENTS = 12;
const DESCRIPTORS = 65_536;
const RANGES = 256;

const SOURCE = `
#include <gum/guminterceptor.h>
#include <string.h>
typedef long (*Function) (long, long, long, long, long, long, long, long, long, long, long, long);
typedef struct { long kind; long index; Function target; const char * texts; long * numbers; long id; const unsigned char * fds;
  unsigned long * ranges; } Hook;
extern void after (long id, long token, long result, long * v);
extern int * errno_of_thread (void);
extern int process_id (void);
extern long home;

/* Out of line and with a frame of its own: this is where JavaScript is called, with the caller's stack above it. */
void before (Hook * hook, long * v, void * caller)
{
  v[${ARGUMENTS + 1}] = 1;
}

static int wanted (Hook * hook, long * v)
{
  const char * text, * prefix;
  long * number;
  switch (hook->kind)
  {
    case 1:
      text = (const char *) v[hook->index];
      if (text == NULL)
        return 0;
      for (prefix = hook->texts; *prefix != 0; prefix += strlen (prefix) + 1)
        if (strncmp (text, prefix, strlen (prefix)) == 0)
          return 1;
      return 0;
    case 2:
      for (number = hook->numbers; *number != -1; number++)
        if ((v[hook->index] & 0xffffffffL) == *number)
          return 1;
      return 0;
    case 3:
      return v[hook->index] >= 0 && v[hook->index] < ${DESCRIPTORS} && hook->fds[v[hook->index]] != 0;
    default:
      return 1;
  }
}

static int ignored (Hook * hook, unsigned long caller)
{
  unsigned long * range;
  for (range = hook->ranges; range[1] != 0; range += 2)
    if (caller >= range[0] && caller < range[1])
      return 1;
  return 0;
}

long gate (long a, long b, long c, long d, long e, long f, long g, long h, long i, long j, long k, long l)
{
  GumInvocationContext * ic = gum_interceptor_get_current_invocation ();
  Hook * hook = gum_invocation_context_get_replacement_data (ic);
  void * caller = gum_invocation_context_get_return_address (ic);
  long v[${ARGUMENTS + 2}];
  long result;
  int kept;
  v[0] = a; v[1] = b; v[2] = c; v[3] = d; v[4] = e; v[5] = f; v[6] = g; v[7] = h; v[8] = i; v[9] = j; v[10] = k; v[11] = l;
  v[${ARGUMENTS}] = 0;
  if (!wanted (hook, v) || ignored (hook, (unsigned long) caller) || process_id () != home)
    return hook->target (a, b, c, d, e, f, g, h, i, j, k, l);
  kept = *errno_of_thread ();
  before (hook, v, caller);
  *errno_of_thread () = kept;
  result = hook->target (a, b, c, d, e, f, g, h, i, j, k, l);
  if (v[${ARGUMENTS}] != 0)
  {
    kept = *errno_of_thread ();
    after (hook->id, v[${ARGUMENTS}], result, v);
    *errno_of_thread () = kept;
  }
  return result;
}
`;

/** Which calls are told: all, those whose text begins so, those whose number is one of these, those on a watched descriptor. */
export type Filter =
  | { kind: "all" }
  | { kind: "text"; index: number; prefixes: string[] }
  | { kind: "number"; index: number; numbers: number[] }
  | { kind: "descriptor"; index: number };

/** Arguments as machine words; they are what they were when the call began. */
export class Words {
  constructor(private readonly at: NativePointer) {}
  pointer(index: number): NativePointer {
    return this.at.add(index * WORD).readPointer();
  }
  int(index: number): number {
    return this.at.add(index * WORD).readS32();
  }
  size(index: number): number {
    return sizeOf(this.pointer(index));
  }
}

/** A machine word as a number of bytes; at most 2^31 - 1, which no bound here exceeds. */
export function sizeOf(word: NativePointer): number {
  const value = Number(BigInt(word.toString()));
  return value > 0x7fffffff ? 0x7fffffff : value;
}

/** One telling call, told when it begins; `depth` is where its arguments lie on the stack, beyond which its callers' frames are. The returned function is told the result; null: no interest in it. */
export type Enter = (words: Words, caller: NativePointer, depth: NativePointer) => ((result: NativePointer) => void) | null;

const kinds = { all: 0, text: 1, number: 2, descriptor: 3 };
const enters: Enter[] = [];
const waiting = new Map<number, (result: NativePointer) => void>();
let tokens = 0;
/** Memory that C points at must outlive this module's functions. */
const kept: NativePointer[] = [];
let compiled: CModule | null = null;
const descriptors = Memory.alloc(DESCRIPTORS);

/** Watch or no longer watch calls on a file descriptor. */
export function watchDescriptor(fd: number, watched: boolean): void {
  if (fd >= 0 && fd < DESCRIPTORS) {
    descriptors.add(fd).writeU8(watched ? 1 : 0);
  }
}

/** Address ranges whose direct calls are not told; shared by the hooks that are given it. */
export class Ranges {
  readonly at = Memory.alloc((RANGES + 1) * 2 * WORD);
  private count = 0;
  add(base: NativePointer, size: number): void {
    if (this.count < RANGES) {
      const entry = this.at.add(this.count * 2 * WORD);
      entry.writePointer(base); // the end is still 0: C stops before this entry until it is whole
      entry.add(WORD).writePointer(base.add(size));
      this.count += 1;
    }
  }
}

function onAfter(_id: number, token: number, result: NativePointer): void {
  const leave = waiting.get(token);
  waiting.delete(token);
  leave?.(result);
}

function onBefore(this: InvocationContext, args: NativePointer[]): void {
  const id = args[0]!.add(5 * WORD).readS32();
  const leave = enters[id]!(new Words(args[1]!), args[2]!, args[1]!);
  if (leave !== null) {
    tokens = tokens >= 0x7ffffffe ? 1 : tokens + 1;
    waiting.set(tokens, leave);
    args[1]!.add(ARGUMENTS * WORD).writePointer(ptr(tokens));
  }
}

function compile(): CModule {
  const after = new NativeCallback(onAfter, "void", ["int", "int", "pointer", "pointer"]);
  const errno = Module.findGlobalExportByName("__errno_location") ?? Module.getGlobalExportByName("__errno");
  const home = Memory.alloc(8);
  home.writeS32(Process.id);
  kept.push(after, home);
  const symbols = { after, errno_of_thread: errno, process_id: Module.getGlobalExportByName("getpid"), home };
  const module = new CModule(SOURCE, symbols);
  Interceptor.attach(module["before"]!, onBefore);
  return module;
}

/** Put the gate before a function.

    Throws what Frida throws where the function cannot be replaced (too short, not executable, replaced already). */
export function hook(target: NativePointer, filter: Filter, ranges: Ranges, enter: Enter): void {
  compiled ??= compile();
  const record = Memory.alloc(8 * WORD);
  const texts = filter.kind === "text" ? filter.prefixes : [];
  const numbers = filter.kind === "number" ? filter.numbers : [];
  const fields = [
    ptr(kinds[filter.kind]), ptr("index" in filter ? filter.index : 0), target, listOfTexts(texts), listOfNumbers(numbers),
    ptr(enters.length), descriptors, ranges.at,
  ];
  fields.forEach((field, i) => record.add(i * WORD).writePointer(field));
  kept.push(record);
  enters.push(enter);
  Interceptor.replace(target, compiled["gate"]!, record);
}

function listOfTexts(texts: string[]): NativePointer {
  const bytes = texts.flatMap((text) => [...text].map((character) => character.charCodeAt(0)).concat(0)).concat(0);
  const at = Memory.alloc(bytes.length);
  at.writeByteArray(bytes);
  kept.push(at);
  return at;
}

function listOfNumbers(numbers: number[]): NativePointer {
  const at = Memory.alloc((numbers.length + 1) * WORD);
  numbers.forEach((number, i) => at.add(i * WORD).writePointer(ptr(number)));
  at.add(numbers.length * WORD).writePointer(ptr(WORD === 8 ? "0xffffffffffffffff" : "0xffffffff"));
  kept.push(at);
  return at;
}
