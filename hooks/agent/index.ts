/// <reference path="./frida.d.ts" />
/// <reference path="./java.d.ts" />
/** Entry point: hooks in before the app's first line, events out until its last. */

import Java, { type Wrapper } from "frida-java-bridge";
import { now, simulate } from "./clock.js";
import { unprompted } from "./context.js";
import { prepareForExhaustion } from "./exhaustion.js";
import { attachAsDaemon, keepClassReferences, onHotSpot, settle, stayOutOfExit, takeOrders } from "./hotspot.js";
import { install, reportAbsent } from "./interpreter.js";
import { leaveThrowablesAlone, passThrough } from "./jni.js";
import { limitBursts } from "./meter.js";
import { beforeExit, flushNative, installNative } from "./native.js";
import { watchLibraries } from "./nativetls.js";
import { watchPreferences } from "./observers.js";
import { farewell, finish, post } from "./outbox.js";
import type { Entry, Plan } from "./plan.js";
import { blockQuic } from "./quic.js";
import { tellRepeats } from "./repeats.js";

const RETRY_MS = 500;
const LOADERS = ["dalvik.system.BaseDexClassLoader", "java.net.URLClassLoader"];

/** Entries whose class has not been seen yet. */
let waiting: Entry[] = [];

function installAll(entries: Entry[]): void {
  leaveThrowablesAlone();
  prepareForExhaustion();
  keepClassReferences();
  if (entries.some((entry) => entry.callbacks.length > 0 || entry.cursor)) {
    takeOrders();
  }
  stayOutOfExit();
  waiting = entries.filter((entry) => !install(entry, (name) => Java.use(name)));
  waiting.forEach(reportAbsent);
  watchLoaders();
  settle();
  retryLater(RETRY_MS);
}

function retry(use: (name: string) => Wrapper): void {
  const before = waiting.length;
  waiting = waiting.filter((entry) => !install(entry, use));
  if (waiting.length < before) {
    settle();
  }
}

/** A class that comes late is looked for again, ever more rarely, and at once when the app makes a class loader.

    Not on HotSpot: the class path does not grow there, and a JNI call on this thread while the VM exits would never return,
    with the exit waiting for it. */
function retryLater(delay: number): void {
  if (waiting.length > 0 && !onHotSpot()) {
    setTimeout(() => {
      Java.perform(() => retry((name) => Java.use(name)));
      retryLater(Math.min(delay * 2, 30_000));
    }, delay);
  }
}

function watchLoaders(): void {
  for (const name of LOADERS) {
    let made: Wrapper;
    try {
      made = Java.use(name).$init;
    } catch {
      continue; // the other platform's loader
    }
    for (const constructor of made.overloads) {
      passThrough(constructor);
      constructor.implementation = function (this: Wrapper, ...args: any[]) {
        constructor.apply(this, args);
        if (waiting.length > 0) {
          lookIn(this);
        }
      };
    }
  }
}

/** Look for the missing classes in a loader that the app has just made. */
function lookIn(loader: Wrapper): void {
  try {
    const holder = Java.cast(loader.$h, Java.use("java.lang.ClassLoader"));
    const factory = Java.ClassFactory.get(holder);
    retry((name) => {
      // Reflection links the class without running its initialiser; the bridge crashes HotSpot on one that is not linked.
      holder.loadClass(name).getDeclaredMethods();
      return factory.use(name);
    });
  } catch (error) {
    post({ k: "gap", ...unprompted(), kind: "script_error", detail: `a new class loader was not searched: ${error}` });
  }
}

/** On a JVM that does not exist yet, its creation is the first moment and still before main(). */
function whenJvmIsCreated(work: () => void): void {
  Process.attachModuleObserver({
    onAdded(module) {
      if (module.name === "libjvm.so") {
        Interceptor.attach(module.getExportByName("JNI_CreateJavaVM"), { onLeave: () => {
          if (Java.available) { // otherwise the JVM refused its options and is about to say so
            attachAsDaemon();
            Java.performNow(work);
          }
        } });
      }
    },
  });
}

function processName(): string {
  const bytes = new Uint8Array(File.readAllBytes("/proc/self/cmdline"));
  const end = bytes.indexOf(0);
  return String.fromCharCode(...bytes.subarray(0, Math.min(end < 0 ? bytes.length : end, 256)));
}

function bootId(): string {
  try {
    return File.readAllText("/proc/sys/kernel/random/boot_id").trim();
  } catch {
    return ""; // SELinux hides it from some apps
  }
}

/** Send what waits, also for what has not come to its end. */
function flushAll(): void {
  flushNative();
  tellRepeats();
  finish();
}

rpc.exports = {
  /** Put the hooks in, now or as soon as there is a Java VM. */
  install(plan: Plan) {
    if (plan.clock !== null) {
      simulate(plan.clock);
    }
    limitBursts(plan.bursts);
    watchPreferences(plan.preference_keys);
    watchLibraries(plan.traffic);
    if (plan.traffic.quic) {
      blockQuic();
    }
    post({ k: "lifecycle", ...unprompted(), state: "process_start" });
    beforeExit(() => {
      flushNative();
      tellRepeats();
      farewell();
    });
    installNative(plan.native);
    if (Java.available) {
      attachAsDaemon();
      Java.perform(() => installAll(plan.entries));
    } else {
      whenJvmIsCreated(() => installAll(plan.entries));
    }
    return { pid: Process.id, process: plan.process ?? processName(), boot_id: bootId() };
  },
  /** Both clocks, for calibration. */
  clock: () => now(),
  /** Send what waits; the host calls it before it detaches. */
  flush: flushAll,
  /** Frida calls it when the script is unloaded and when the process exits. */
  dispose: flushAll,
};
