/** Which threads are inside a catalogued method that yields data: what the platform does beneath it is part of that call. */

const depths = new Map<number, number>();

/** A call begins; how many it stands in already. */
export function enterCall(thread: number): number {
  const depth = depths.get(thread) ?? 0;
  depths.set(thread, depth + 1);
  return depth;
}

/** A call is over. */
export function leaveCall(thread: number): void {
  set(thread, (depths.get(thread) ?? 1) - 1);
}

/** The app's own code runs now, though a catalogued method may have called it: what it does is its own. */
export function enterAppCode(thread: number): number {
  const depth = depths.get(thread) ?? 0;
  depths.delete(thread);
  return depth;
}

/** The app's code is over; `depth` is what `enterAppCode` gave. */
export function leaveAppCode(thread: number, depth: number): void {
  set(thread, depth);
}

/** Is the thread inside a catalogued method? What it reads natively is told by that method's own event. */
export const inCall = (thread: number) => depths.has(thread);

function set(thread: number, depth: number): void {
  if (depth > 0) {
    depths.set(thread, depth);
  } else {
    depths.delete(thread);
  }
}
