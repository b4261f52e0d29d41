/** Which threads work for the agent right now: shared by the Java and the native hooks, so that neither tells what the agent does. */

/** Threads that run telemetry: what they call is no event. */
export const busy = new Set<number>();

/** Run telemetry on this thread. */
export function quietly<T>(thread: number, work: () => T): T {
  const already = busy.has(thread);
  busy.add(thread);
  try {
    return work();
  } finally {
    if (!already) {
      busy.delete(thread);
    }
  }
}
