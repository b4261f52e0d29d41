/// <reference path="./native.d.ts" />
/** What is known of live Java objects, without keeping them alive and without mistaking one for another.

    An identity hash finds the candidates; two live objects can share one, so JNI decides. */

import Java from "frida-java-bridge";

const WORD = Process.pointerSize;
/** Positions in the JNI function table (JNI specification, chapter 4). */
const NEW_WEAK = 226;
const DELETE_WEAK = 227;

interface Item<T> {
  weak: NativePointer;
  value: T;
}

type Jni = (env: NativePointer, reference: NativePointer) => NativePointer;

function jni(position: number): Jni {
  const table = (Java.vm.getEnv() as unknown as { handle: NativePointer }).handle.readPointer();
  const address = table.add(position * WORD).readPointer();
  return new NativeFunction(address, "pointer", ["pointer", "pointer"], { scheduling: "exclusive" }) as unknown as Jni;
}

const current = () => (Java.vm.getEnv() as unknown as { handle: NativePointer }).handle;

let newWeak: Jni | null = null;
let deleteWeak: Jni | null = null;

/** At most `limit` objects; beyond that the one that was added first is forgotten. */
export class Objects<T> {
  private readonly byHash = new Map<number, Item<T>[]>();
  private readonly order: number[] = [];

  constructor(private readonly limit: number) {}

  get(handle: NativePointer): T | undefined {
    return this.find(handle)?.value;
  }

  set(handle: NativePointer, value: T): void {
    const known = this.find(handle);
    if (known !== undefined) {
      known.value = value;
      return;
    }
    if (this.order.length >= this.limit) {
      this.forgetFirst();
    }
    newWeak ??= jni(NEW_WEAK);
    const hash = hashOf(handle);
    const items = this.byHash.get(hash) ?? [];
    items.push({ weak: newWeak(current(), handle), value });
    this.byHash.set(hash, items);
    this.order.push(hash);
  }

  delete(handle: NativePointer): void {
    const hash = hashOf(handle);
    const items = this.byHash.get(hash);
    const at = items?.findIndex(({ weak }) => same(weak, handle)) ?? -1;
    if (items !== undefined && at >= 0) {
      this.drop(hash, items, at);
      this.order.splice(this.order.indexOf(hash), 1);
    }
  }

  private find(handle: NativePointer): Item<T> | undefined {
    return this.byHash.get(hashOf(handle))?.find(({ weak }) => same(weak, handle));
  }

  private forgetFirst(): void {
    const hash = this.order.shift()!;
    this.drop(hash, this.byHash.get(hash)!, 0);
  }

  private drop(hash: number, items: Item<T>[], at: number): void {
    deleteWeak ??= jni(DELETE_WEAK);
    deleteWeak(current(), items[at]!.weak);
    items.splice(at, 1);
    if (items.length === 0) {
      this.byHash.delete(hash);
    }
  }
}

/** A weak reference to a collected object is the same as null, which no live object is. */
const same = (weak: NativePointer, handle: NativePointer) => Boolean(Java.vm.getEnv().isSameObject(weak, handle));

function hashOf(handle: NativePointer): number {
  return Number(Java.use("java.lang.System").identityHashCode(Java.cast(handle, Java.use("java.lang.Object"))));
}
