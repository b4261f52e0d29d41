/// <reference path="./traffic.d.ts" />
/** UDP to port 443 is refused inside the app: QUIC clients then fall back to TCP, which the proxy sees. */

import { unprompted } from "./context.js";
import { post } from "./outbox.js";

const PORT = 443;
const AF_INET = 2;
const AF_INET6 = 10;
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SOCK_DGRAM = 2;
const EPERM = 1; // what a firewall on the device itself answers
const NO_DESCRIPTOR = ptr(-1);

const told = new Set<string>();

const getsockopt = new NativeFunction(Module.getGlobalExportByName("getsockopt"), "int", ["int", "int", "int", "pointer", "pointer"], { scheduling: "exclusive" });

/** Refuse connect, sendto and sendmsg that lead to UDP port 443. Numbers are Linux's, on every architecture of Android. */
export function blockQuic(): void {
  refuse("connect", (args) => args[1]!);
  refuse("sendto", (args) => args[4]!);
  refuse("sendmsg", (args) => (args[1]!.isNull() ? NULL : args[1]!.readPointer()));
}

function refuse(name: string, address: (args: NativePointer[]) => NativePointer): void {
  Interceptor.attach(Module.getGlobalExportByName(name), {
    onEnter(this: any, args: NativePointer[]) {
      const to = address(args);
      this.refused = !to.isNull() && isQuic(to) && isDatagram(args[0]!.toInt32());
      if (this.refused) {
        args[0] = NO_DESCRIPTOR; // the call fails without anything having left
        tell(hostOf(to));
      }
    },
    onLeave(this: any, result: NativePointer) {
      if (this.refused) {
        result.replace(ptr(-1));
        this.errno = EPERM;
      }
    },
  });
}

function isQuic(address: NativePointer): boolean {
  const family = address.readU16();
  return (family === AF_INET || family === AF_INET6) && address.add(2).readU8() * 256 + address.add(3).readU8() === PORT;
}

function isDatagram(descriptor: number): boolean {
  const value = Memory.alloc(4);
  const length = Memory.alloc(4);
  length.writeU32(4);
  return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, value, length) === 0 && value.readU32() === SOCK_DGRAM;
}

function hostOf(address: NativePointer): string {
  if (address.readU16() === AF_INET) {
    return [4, 5, 6, 7].map((at) => address.add(at).readU8()).join(".");
  }
  const bytes = Array.from(new Uint8Array(address.add(8).readByteArray(16)!));
  if (bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255) {
    return bytes.slice(12).join("."); // an IPv4 address in IPv6 clothes
  }
  const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((at) => (bytes[at]! * 256 + bytes[at + 1]!).toString(16));
  return groups.join(":");
}

function tell(host: string): void {
  if (!told.has(host)) {
    told.add(host);
    post({ k: "gap", ...unprompted(), kind: "quic_blocked", host, detail: "UDP to port 443 was refused inside the app, so that it falls back to TCP" });
  }
}
