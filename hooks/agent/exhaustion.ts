/** What happens where the app has used up its stack or heap: the agent gives way, the app sees Java's own error. */

import Java, { type Wrapper } from "frida-java-bridge";

/** Telemetry calls into Java a dozen frames deep, and the bridge does not look for the exception of each: it would go on with a
    null. HotSpot keeps 96 KB at the stack's end for itself; below this much room the call is counted, not looked at. */
const NEEDED = 256 * 1024;

const frame = new CModule("void *here (void) { int place; return &place; }");
const exclusive = { scheduling: "exclusive" } as const;
const here = new NativeFunction(frame.here!, "pointer", [], exclusive);
const libc = (name: string, args: string[], result = "int") => new NativeFunction(Module.getGlobalExportByName(name), result, args, exclusive);
const self = libc("pthread_self", [], "pointer");
const attributesOf = libc("pthread_getattr_np", ["pointer", "pointer"]);
const stackOf = libc("pthread_attr_getstack", ["pointer", "pointer", "pointer"]);
const release = libc("pthread_attr_destroy", ["pointer"]);
const attributes = Memory.alloc(128); // pthread_attr_t: 56 bytes in glibc and bionic
const bounds = Memory.alloc(2 * Process.pointerSize);

interface Stack {
  low: NativePointer;
  high: NativePointer;
}

const stacks = new Map<number, Stack>();

/** Is there stack enough to look at a call on this thread? */
export function roomOnStack(thread: number): boolean {
  const place = here() as unknown as NativePointer;
  let stack = stacks.get(thread);
  if (stack === undefined || place.compare(stack.low) < 0 || place.compare(stack.high) > 0) { // a thread id may be used again
    stack = measure();
    if (stacks.size > 512) {
      stacks.clear();
    }
    stacks.set(thread, stack);
  }
  return place.compare(stack.low.add(NEEDED)) > 0;
}

function measure(): Stack {
  if ((attributesOf(self(), attributes) as unknown as number) !== 0) {
    return { low: NULL, high: NULL.sub(1) }; // no bounds to be had: look at every call
  }
  stackOf(attributes, bounds, bounds.add(Process.pointerSize));
  release(attributes);
  const low = bounds.readPointer();
  return { low, high: low.add(bounds.add(Process.pointerSize).readPointer().toString()) };
}

let spare: Wrapper | null = null;

/** Make the error ahead of need: at the end of a stack nothing new can be made. */
export function prepareForExhaustion(): void {
  spare = Java.use("java.lang.StackOverflowError").$new();
}

/** What the app sees where its stack ended inside the hook instead of a few frames further on. */
export function exhaustion(error: any): any {
  return spare ?? error;
}

/** Is it the app's stack or heap that ended, and not the agent that erred? */
export function isExhaustion(error: any): boolean {
  if (error?.$h === undefined) {
    return error instanceof RangeError || /stack overflow|out of memory/i.test(String(error?.message));
  }
  const name = Java.vm.getEnv().getObjectClassName(error.$h);
  return name === "java.lang.StackOverflowError" || name === "java.lang.OutOfMemoryError";
}
