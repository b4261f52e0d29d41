/** Bytes that went into a computation and came out of it, call by call, up to a bound. */

export const MAX_STREAM = 65_536;

/** Kept bytes, in the pieces in which they came. */
export interface Kept {
  pieces: Uint8Array[];
  size: number;
}

export interface Stream {
  input: Kept;
  output: Kept;
  /** Some bytes were not kept: too many, or in a form that is not read. */
  cut: boolean;
  /** Commitment to the key, where there is one and it is known. */
  key: string | null;
  /** Name of the algorithm, where only the first call tells it. */
  algorithm: string | null;
}

export function newStream(before?: Stream): Stream {
  const empty = (): Kept => ({ pieces: [], size: 0 });
  return { input: empty(), output: empty(), cut: false, key: before?.key ?? null, algorithm: before?.algorithm ?? null };
}

export function copyOf(stream: Stream): Stream {
  const copy = (kept: Kept): Kept => ({ pieces: [...kept.pieces], size: kept.size });
  return { ...stream, input: copy(stream.input), output: copy(stream.output) };
}

/** How many of `wanted` bytes are still kept. */
export function roomFor(stream: Stream, kept: Kept, wanted: number): number {
  const room = Math.max(0, Math.min(wanted, MAX_STREAM - kept.size));
  stream.cut ||= room < wanted;
  return room;
}

export function keep(kept: Kept, bytes: Uint8Array): void {
  if (bytes.length > 0) {
    kept.pieces.push(bytes);
    kept.size += bytes.length;
  }
}

export function joined(kept: Kept): Uint8Array {
  const bytes = new Uint8Array(kept.size);
  let at = 0;
  for (const piece of kept.pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
