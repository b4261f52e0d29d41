/** What a desktop JVM needs and Android does not. Nothing here happens without libjvm. */

import Java, { type Wrapper } from "frida-java-bridge";
import { finish } from "./outbox.js";

export const onHotSpot = () => Process.findModuleByName("libjvm.so") !== null;

/** After every change of hooks: the bridge leaves its thread marked as being inside the VM, and the next safepoint would wait
    for it for ever (frida issues 1996 and 3330); any JNI call on that thread repairs the mark. */
export function settle(): void {
  if (onHotSpot()) {
    setTimeout(() => Java.perform(() => {
      const env = Java.vm.getEnv();
      env.deleteLocalRef(env.findClass("java/lang/Object"));
    }), 0);
  }
}

const EFFECT_MS = 500;
const LOOK_MS = 2;

/** Work that other threads wait for. */
const orders: { work: () => void; done: boolean }[] = [];

/** Take orders from threads that cannot wait until they are out of JavaScript; a timer that they set themselves would start too late. */
export function takeOrders(): void {
  if (onHotSpot()) {
    setInterval(() => {
      for (const order of orders.splice(0)) {
        Java.perform(order.work);
        Script.nextTick(() => {
          order.done = true; // the queue is in order: the bridge's own work stands before this
        });
      }
    }, LOOK_MS);
  }
}

/** Set hooks so that they are in force on return. On HotSpot the bridge puts a hook in once the thread that set it is out of
    JavaScript: too late for a listener that its registration calls. So the agent's thread sets it, and this one waits for that.
    Whatever happens, the app goes on after half a second. */
export function inForce(work: () => void): void {
  if (!onHotSpot()) {
    work();
    return;
  }
  const order = { work, done: false };
  orders.push(order);
  for (let waited = 0; !order.done && waited < EFFECT_MS; waited++) {
    Thread.sleep(0.001); // lets go of the JavaScript lock
  }
  settle();
}

/** The bridge keeps references to ten classes and looks others up again by JNI FindClass: slow, and from inside a hooked method
    of the JDK it sees no class of the app. Hooked classes stay loaded anyway, so all references are kept. */
export function keepClassReferences(): void {
  Java.classFactory._classHandles.capacity = Number.MAX_SAFE_INTEGER;
}

/** Look classes up as the app itself would. JNI's FindClass runs a class's initialiser, long before the app would have, and sees
    no class of the app from inside a hooked method of the JDK. */
export function useSystemLoader(): void {
  if (!onHotSpot()) {
    return;
  }
  const factory = Java.classFactory;
  const use = factory.use;
  const loader = Java.use("java.lang.ClassLoader").getSystemClassLoader();
  const linked = new Set<string>();
  let linking = false; // what is needed for linking is the JDK's own and has long been initialised
  factory.use = function (name: string, options?: object): Wrapper {
    if (linking || name.startsWith("[")) { // only FindClass knows array classes
      return use.call(factory, name, options);
    }
    if (!linked.has(name)) {
      linking = true;
      try {
        // Reflection links the class without running its initialiser; the bridge crashes HotSpot on one that is not linked.
        loader.loadClass(name).getDeclaredMethods();
        linked.add(name);
      } finally {
        linking = false;
      }
    }
    factory._loader = loader;
    try {
      return use.call(factory, name, options);
    } finally {
      factory._loader = null;
    }
  };
}

/** The agent's thread must not keep a program alive whose main has returned: it joins the VM as a daemon. Call it before the
    first `Java.perform`. */
export function attachAsDaemon(): void {
  if (!onHotSpot()) {
    return;
  }
  const vm = Java.vm;
  // JNI's invocation interface: three reserved words, DestroyJavaVM, Attach, Detach, GetEnv, AttachCurrentThreadAsDaemon.
  const attach = new NativeFunction(vm.handle.readPointer().add(7 * Process.pointerSize).readPointer(), "int", ["pointer", "pointer", "pointer"]);
  vm.attachCurrentThread = () => {
    const made = Memory.alloc(Process.pointerSize);
    const failed = attach(vm.handle, made, NULL);
    if (failed !== 0) {
      throw new Error(`the VM takes no further thread (${failed})`);
    }
    return vm.tryGetEnv()!;
  };
}

/** While HotSpot exits, a JNI call from the agent's thread never returns, and the exit waits for that thread: the process would
    hang. The bridge makes such calls whenever a wrapper is garbage collected, so from the exit's first step on it makes none. */
export function stayOutOfExit(): void {
  const jvm = Process.findModuleByName("libjvm.so");
  if (jvm === null) {
    return;
  }
  let exiting = false;
  let inside = 0;
  const perform = Java.vm.perform;
  Java.vm.perform = function (this: unknown, work: any): any {
    if (exiting) {
      return undefined;
    }
    inside += 1;
    try {
      return perform.call(this, work);
    } finally {
      inside -= 1;
    }
  };
  // System.exit, and the end of the last thread that is no daemon, both go through before_exit.
  const exit = jvm.findSymbolByName("_Z11before_exitP10JavaThreadb") ?? jvm.getExportByName("JVM_Halt");
  Interceptor.attach(exit, {
    onEnter() {
      finish();
      exiting = true;
      for (let waited = 0; inside > 0 && waited < 1000; waited++) {
        Thread.sleep(0.001);
      }
    },
  });
}
