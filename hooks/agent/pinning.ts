/** Certificate checks that are answered instead of asked. Every class that was answered for is told once. */

import Java, { type Method, type Wrapper } from "frida-java-bridge";
import { unprompted } from "./context.js";
import { handleOf } from "./jni.js";
import { post } from "./outbox.js";
import type { Entry } from "./plan.js";
import { wrap } from "./projection.js";

const told = new Set<string>();

/** The implementation of a bypassed method; whatever goes wrong in it, the original is asked. */
export function bypass(entry: Entry, method: Method): (this: Wrapper, ...args: any[]) => any {
  const result = method.returnType.className;
  return function (this: Wrapper, ...args: any[]): any {
    let answer: any;
    try {
      answer = entry.answer === "receiver" ? this : entry.answer === "proceed" ? proceed(args) : accepted(result, args);
      tell(entry, method);
    } catch (error) {
      post({ k: "hook_status", ...unprompted(), h: entry.id, status: "failed", reason: `the original was asked: ${error}` });
      return method.apply(this, args);
    }
    return answer;
  };
}

/** "Trusted", in the form that the caller expects. */
function accepted(result: string, args: any[]): any {
  if (result === "void") {
    return undefined;
  }
  if (result === "boolean") {
    return true;
  }
  const chain = handleOf(args[0]);
  if (result.startsWith("[")) {
    return args[0];
  }
  if (chain !== null && Java.vm.getEnv().getObjectClassName(chain).startsWith("[")) {
    const certificates = Java.cast(chain, Java.use("[Ljava.lang.Object;"));
    return Java.use("java.util.Arrays").asList(certificates);
  }
  return Java.use("java.util.ArrayList").$new();
}

/** SslErrorHandler.proceed(): the page loads although its certificate was refused. */
function proceed(args: any[]): undefined {
  for (const arg of args) {
    const handle = handleOf(arg);
    if (handle !== null && Java.vm.getEnv().getObjectClassName(handle).includes("SslErrorHandler")) {
      wrap(handle).proceed();
    }
  }
  return undefined;
}

function tell(entry: Entry, method: Method): void {
  const place = `${method._p[1]?.$className ?? entry.classes[0]}.${method.methodName}`;
  const key = `${entry.id} ${place}`;
  if (!told.has(key)) {
    told.add(key);
    post({ k: "intervention", ...unprompted(), h: entry.id, name: "pinning_bypass", place });
  }
}
