/** Texts on the screen, read from the view tree; bounded, and empty where a class or method is missing. */

import Java, { type Wrapper } from "frida-java-bridge";
import { handleOf, isInstance } from "./jni.js";
import { bounded, follow, textOf, wrap } from "./projection.js";

const MAX_TEXTS = 60;
const MAX_VIEWS = 400;
const MAX_TEXT = 500;

/** Every text below a view, in drawing order; buttons separately, because a prompt is known by them. */
export interface Texts {
  texts: string[];
  buttons: string[];
}

/** Walk a view tree breadth first. */
export function textsBelow(root: any): Texts {
  const found: Texts = { texts: [], buttons: [] };
  const queue: any[] = [root];
  for (let visited = 0; queue.length > 0 && visited < MAX_VIEWS && found.texts.length < MAX_TEXTS; visited++) {
    const view = queue.shift(); // held while it is visited: its reference goes with it
    const handle = handleOf(view);
    if (handle !== null) {
      visit(handle, found, queue);
    }
  }
  return found;
}

function visit(handle: NativePointer, found: Texts, queue: any[]): void {
  const text = textOfView(handle);
  if (text !== "") {
    found.texts.push(text);
    if (isInstance(handle, "android.widget.Button") || clickable(handle)) {
      found.buttons.push(text);
    }
  }
  if (isInstance(handle, "android.view.ViewGroup")) {
    const group: Wrapper = Java.cast(handle, Java.use("android.view.ViewGroup"));
    const count: number = group.getChildCount();
    for (let i = 0; i < Math.min(count, MAX_VIEWS); i++) {
      queue.push(group.getChildAt(i));
    }
  }
}

/** A view's own text: getText(), else its content description, else "". */
export function textOfView(handle: NativePointer): string {
  for (const path of ["getText()", "getContentDescription()"]) {
    try {
      const text = textOf(follow(handle, path));
      if (text !== null && text !== "") {
        return bounded(text, MAX_TEXT);
      }
    } catch {
      // not a TextView, or a platform without the method
    }
  }
  return "";
}

function clickable(handle: NativePointer): boolean {
  try {
    return wrap(handle).isClickable() === true;
  } catch {
    return false;
  }
}

/** Texts of the window of a Dialog or an Activity. */
export function textsOfWindow(owner: any): Texts {
  return textsAt(owner, "getWindow().getDecorView()");
}

/** Texts of the tree that a view stands in. */
export function textsAround(view: any): Texts {
  return textsAt(view, "getRootView()");
}

function textsAt(owner: any, path: string): Texts {
  const handle = handleOf(owner);
  if (handle === null) {
    return { texts: [], buttons: [] };
  }
  try {
    return textsBelow(follow(handle, path));
  } catch {
    return { texts: [], buttons: [] }; // no window yet, or a platform without the method
  }
}
