/** Which method of which interface a Binder transaction calls. */

import Java, { type Wrapper } from "frida-java-bridge";
import { handleOf } from "./jni.js";

/** The interface token stands behind the headers: the strict mode policy alone, with the work source (API 29), and with a
    mark of the partition (API 30); frameworks/native/libs/binder/Parcel.cpp, writeInterfaceToken. */
const TOKEN_AT = [12, 8, 4];
const MAX_NAME = 200;
const NAME = /^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)+$/;

/** `<interface>.<method>` of `transact(code, data, reply, flags)`; `<interface>#<code>` where the platform does not say which
    method the code stands for; null where the parcel carries no interface name. */
export function transactionOf(_binder: any, args: any[]): string | null {
  const handle = handleOf(args[1]);
  if (handle === null) {
    return null;
  }
  const name = interfaceOf(Java.cast(handle, Java.use("android.os.Parcel")));
  if (name === null) {
    return null;
  }
  const method = methodsOf(name).get(args[0]);
  return method === undefined ? `${name}#${args[0]}` : `${name}.${method}`;
}

/** The parcel is put back where the app left it. */
function interfaceOf(parcel: Wrapper): string | null {
  const position: number = parcel.dataPosition();
  const size: number = parcel.dataSize();
  try {
    for (const at of TOKEN_AT) {
      if (at + 4 <= size) {
        const name = nameAt(parcel, at);
        if (name !== null) {
          return name;
        }
      }
    }
    return null;
  } finally {
    parcel.setDataPosition(position);
  }
}

function nameAt(parcel: Wrapper, at: number): string | null {
  parcel.setDataPosition(at);
  const length: number = parcel.readInt();
  if (length < 3 || length > MAX_NAME) {
    return null;
  }
  parcel.setDataPosition(at);
  const name = String(parcel.readString());
  return NAME.test(name) ? name : null;
}

const tables = new Map<string, Map<number, string>>();

/** Codes differ between API levels; the platform's own generated class says them in its constants. */
function methodsOf(name: string): Map<number, string> {
  let table = tables.get(name);
  if (table === undefined) {
    table = new Map();
    try {
      const stub = Java.use(`${name}$Stub`);
      for (const field of stub.class.getDeclaredFields()) {
        const constant = /^TRANSACTION_(\w+)$/.exec(String(field.getName()));
        if (constant !== null) {
          table.set(stub[constant[0]].value, constant[1]!);
        }
      }
    } catch {
      // not a class of this platform: the code alone is told
    }
    tables.set(name, table);
  }
  return table;
}
