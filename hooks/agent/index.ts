/// <reference path="./frida.d.ts" />
/// <reference path="./java.d.ts" />
/** Entry point: hooks in before the app's first line, events out until its last. */

import Java from "frida-java-bridge";
import { now, simulate } from "./clock.js";
import { unprompted } from "./context.js";
import { prepareForExhaustion } from "./exhaustion.js";
import { attachAsDaemon, keepClassReferences, settle, stayOutOfExit, takeOrders, useSystemLoader } from "./hotspot.js";
import { leaveThrowablesAlone } from "./jni.js";
import { installAll } from "./loaders.js";
import { limitBursts } from "./meter.js";
import { beforeExit, flushNative, installNative } from "./native.js";
import { watchLibraries } from "./nativetls.js";
import { watchPreferences } from "./observers.js";
import { farewell, finish, post } from "./outbox.js";
import type { Entry, Plan } from "./plan.js";
import { blockQuic } from "./quic.js";
import { tellRepeats } from "./repeats.js";

function begin(entries: Entry[]): void {
  leaveThrowablesAlone();
  prepareForExhaustion();
  keepClassReferences();
  useSystemLoader();
  if (entries.some((entry) => entry.callbacks.length > 0 || entry.cursor)) {
    takeOrders();
  }
  stayOutOfExit();
  installAll(entries);
  settle();
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
      Java.perform(() => begin(plan.entries));
    } else {
      whenJvmIsCreated(() => begin(plan.entries));
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
