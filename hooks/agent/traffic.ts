/** Which code opened which connection, and the secrets of its TLS where the Java VM itself keeps them. */

import Java, { type Wrapper } from "frida-java-bridge";
import { stackOf, stamp, type Call } from "./context.js";
import { handleOf } from "./jni.js";
import type { Observer } from "./observers.js";
import { post } from "./outbox.js";
import { byteArray, textOf, wrap } from "./projection.js";

/** After the original: the local port is known then, and by it the proxy's flow. */
export const connect: Observer = {
  before: () => undefined,
  after(call, { threw }) {
    const value = threw === null ? ends(call) : null;
    const message = { k: "record", ...stamp(call), a: [asked(call)], x: threw, s: stackOf(call) };
    return [value === null ? message : { ...message, v: value }];
  },
};

/** What the app asked for: "host:port" without a look-up. */
function asked(call: Call): string | null {
  try {
    const address = asIs(call.args[0]);
    return `${address.getHostString()}:${address.getPort()}`;
  } catch {
    return textOf(call.args[0]); // another kind of address
  }
}

function ends(call: Call): object | null {
  const socket = asIs(call.self);
  if (call.entry.id.endsWith("channel_connect")) {
    const local = asIs(socket.getLocalAddress());
    const remote = asIs(call.args[0]);
    return pair(local.getAddress(), local.getPort(), remote.getAddress(), remote.getPort());
  }
  return pair(socket.getLocalAddress(), socket.getLocalPort(), socket.getInetAddress(), socket.getPort());
}

function pair(local: any, localPort: number, remote: any, remotePort: number): object {
  return {
    local_address: address(local),
    local_port: localPort,
    remote_address: address(remote),
    remote_port: remotePort,
  };
}

function address(inet: any): string | null {
  const handle = handleOf(inet);
  return handle === null ? null : String(Java.cast(handle, Java.use("java.net.InetAddress")).getHostAddress());
}

/** Names of JSSE's secrets and of the lines that the NSS key log format gives them (TLS 1.3 by traffic secret, 1.2 whole). */
const LABELS: Record<string, string> = {
  TlsClientHandshakeTrafficSecret: "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
  TlsServerHandshakeTrafficSecret: "SERVER_HANDSHAKE_TRAFFIC_SECRET",
  TlsClientAppTrafficSecret: "CLIENT_TRAFFIC_SECRET_0",
  TlsServerAppTrafficSecret: "SERVER_TRAFFIC_SECRET_0",
  TlsMasterSecret: "CLIENT_RANDOM",
};

/** JSSE derives every traffic key in one place, which sees the secret and the handshake with the client's random. */
export const keylog: Observer = {
  before(call) {
    const secret = asIs(call.args[1]);
    const label = LABELS[String(secret.getAlgorithm())];
    if (label !== undefined) {
      const random = asIs(asIs(call.args[0]).clientHelloRandom.value);
      postKey(`${label} ${hex(random.randomBytes.value)} ${hex(secret.getEncoded())}`);
    }
  },
  after: () => [],
};

/** An object as its runtime class. It is held here until the new wrapper has a reference of its own. */
function asIs(value: any): Wrapper {
  const wrapper = wrap(handleOf(value)!);
  return value === null ? null : wrapper;
}

/** One line of a key log; it goes to a file of its own, never among the events. */
export function postKey(line: string): void {
  post({ k: "tls_key", line });
}

function hex(array: any): string {
  const bytes = byteArray(handleOf(array)!, 0, 64).bytes;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
