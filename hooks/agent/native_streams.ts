/// <reference path="./native.d.ts" />
/** What is read, after a telling call, from the descriptor that it gave: a file's content, a command's output, the kernel's reply.

    The event is sent once the content is known: at its end, when as much has been read as is kept, or when nothing more comes. Its
    time is the call's. */

import { watchDescriptor } from "./native_gate.js";
import { replyItems } from "./native_netlink.js";
import { bytesAt, content, MAX_BYTES } from "./native_values.js";

/** A file is read at once or not at all; a command may take its time. */
const IDLE_MS = { file: 250, output: 5000, reply: 1000 };

type Kind = keyof typeof IDLE_MS;

interface Stream {
  kind: Kind;
  pieces: Uint8Array[];
  size: number;
  items: object[];
  /** Told the value once: content, or null when nothing was read. */
  finish: (value: unknown) => void;
  deadline: number;
}

const streams = new Map<number, Stream>();
/** Netlink sockets: watched for what is sent, though nothing is waited for yet. */
const sockets = new Set<number>();
let ticking = false;

/** Follow a descriptor from now on; what another call was waiting for on it ends here. */
export function follow(fd: number, kind: Kind, finish: (value: unknown) => void): void {
  end(fd);
  streams.set(fd, { kind, pieces: [], size: 0, items: [], finish, deadline: Date.now() + IDLE_MS[kind] });
  watchDescriptor(fd, true);
  tick();
}

/** A netlink socket was made. */
export function openSocket(fd: number): void {
  sockets.add(fd);
  watchDescriptor(fd, true);
}

export const isSocket = (fd: number) => sockets.has(fd);
export const isFollowed = (fd: number) => streams.has(fd);

/** Bytes were read from a followed descriptor into `at`; `room` is how many were asked for. */
export function received(fd: number, at: NativePointer, count: number, room: number): void {
  const stream = streams.get(fd);
  if (stream === undefined || count < 0) {
    return;
  }
  if (stream.kind === "reply") {
    const { items, done } = replyItems(bytesAt(at, count));
    stream.items.push(...items);
    if (done) {
      end(fd);
    }
    return;
  }
  const bytes = bytesAt(at, Math.min(count, MAX_BYTES - stream.size));
  stream.pieces.push(bytes);
  stream.size += bytes.length;
  stream.deadline = Date.now() + IDLE_MS[stream.kind];
  if (count === 0 || stream.size >= MAX_BYTES || (stream.kind === "file" && count < room)) {
    end(fd);
  }
}

/** The descriptor is being closed. */
export function closed(fd: number): void {
  end(fd);
  sockets.delete(fd);
  watchDescriptor(fd, false);
}

/** Tell what is known of every followed descriptor, now. */
export function endAll(): void {
  [...streams.keys()].forEach(end);
}

function end(fd: number): void {
  const stream = streams.get(fd);
  if (stream === undefined) {
    return;
  }
  streams.delete(fd);
  if (!sockets.has(fd)) {
    watchDescriptor(fd, false);
  }
  stream.finish(valueOf(stream));
}

function valueOf(stream: Stream): unknown {
  if (stream.kind === "reply") {
    return stream.items.length > 0 ? stream.items : null;
  }
  const whole = new Uint8Array(stream.size);
  let at = 0;
  for (const piece of stream.pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return stream.size > 0 ? content(whole) : null;
}

function tick(): void {
  if (!ticking && streams.size > 0) {
    ticking = true;
    setTimeout(() => {
      ticking = false;
      const time = Date.now();
      [...streams].filter(([, stream]) => stream.deadline <= time).forEach(([fd]) => end(fd));
      tick();
    }, 100);
  }
}
