/** Implementations that only show when a method returns one: of an interface, or of a service that the app brings. */

import type { Wrapper } from "frida-java-bridge";
import { classOf } from "./identity.js";
import { handleOf, isInstance } from "./jni.js";
import type { Entry } from "./plan.js";
import { watch, type Watcher } from "./watching.js";

/** Hook the entry in the class of whatever its factories return; true once a factory is watched. */
export function watchResults(entry: Entry, use: (name: string) => Wrapper, install: (klass: Wrapper) => void): boolean {
  const watcher = adopter(entry, install);
  const missing: string[] = [];
  let watched = 0;
  for (const factory of entry.found_by) {
    const dot = factory.lastIndexOf(".");
    let klass: Wrapper;
    try {
      klass = use(factory.slice(0, dot));
    } catch {
      continue; // not there, or not yet
    }
    watched += watch(klass, factory.slice(dot + 1), "all", watcher, missing);
  }
  return watched > 0;
}

/** A factory may return many kinds of object: only those of the entry's own types are meant. */
function adopter(entry: Entry, install: (klass: Wrapper) => void): Watcher {
  const types = [...entry.classes];
  const adopted: Wrapper[] = [];
  return {
    leave(_visit, result) {
      const handle = handleOf(result);
      if (handle === null || !types.some((type) => isInstance(handle, type))) {
        return;
      }
      const klass = classOf(handle);
      if (!adopted.includes(klass)) {
        adopted.push(klass);
        entry.classes.push(klass.$className);
        install(klass);
      }
    },
  };
}
