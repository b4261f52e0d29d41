/// <reference path="./native.d.ts" />
/** Bytes in a java.nio.ByteBuffer, read without moving its position. */

import Java, { type Wrapper } from "frida-java-bridge";
import { handleOf } from "./jni.js";
import { byteArray } from "./projection.js";

/** The bridge finds `position()` only in the class that declares it: ByteBuffer has another one of that name. */
const PLACED = "java.nio.Buffer";
const CLASS = "java.nio.ByteBuffer";

/** A buffer as it stood when it was looked at. */
export interface Place {
  buffer: Wrapper;
  position: number;
  remaining: number;
}

/** Position and remaining bytes of a buffer; null for null. */
export function placeOf(value: any): Place | null {
  const handle = handleOf(value);
  if (handle === null) {
    return null;
  }
  const placed = Java.cast(handle, Java.use(PLACED));
  return { buffer: Java.cast(handle, Java.use(CLASS)), position: Number(placed.position()), remaining: Number(placed.remaining()) };
}

/** Up to `count` bytes from where the buffer stood; null where they cannot be reached (a read-only view of an array). */
export function bytesIn({ buffer, position }: Place, count: number): Uint8Array | null {
  if (buffer.isDirect()) {
    const address = Java.vm.getEnv().getDirectBufferAddress(buffer.$h);
    return count === 0 ? new Uint8Array(0) : new Uint8Array(address.add(position).readByteArray(count)!);
  }
  if (!buffer.hasArray()) {
    return null;
  }
  const array = buffer.array(); // held while its reference is used
  const handle = handleOf(array);
  return handle === null ? null : byteArray(handle, Number(buffer.arrayOffset()) + position, count).bytes;
}
