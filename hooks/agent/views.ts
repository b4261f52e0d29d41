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
  /** Classes of views that draw their content themselves, so that none of it is in `texts`. */
  opaque: string[];
}

/** WebViews and the surfaces of other toolkits: a page, a Flutter or Unity screen has no views inside. */
const OPAQUE = [
  "android.webkit.WebView",
  "com.tencent.smtt.sdk.WebView",
  "com.uc.webview.export.WebView",
  "io.flutter.embedding.android.FlutterView",
  "io.flutter.view.FlutterView",
  "com.unity3d.player.UnityPlayer",
  "org.cocos2dx.lib.Cocos2dxGLSurfaceView",
];
const COMPOSE_HOST = "androidx.compose.ui.platform.AndroidComposeView";
const HOST_NODE = -1;

/** Walk a view tree breadth first. */
export function textsBelow(root: any): Texts {
  const found: Texts = { texts: [], buttons: [], opaque: [] };
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
  const opaque = OPAQUE.find((name) => isInstance(handle, name));
  if (isInstance(handle, COMPOSE_HOST)) {
    const seen = found.texts.length;
    semanticsBelow(handle, found);
    if (found.texts.length === seen) {
      note(found, COMPOSE_HOST);
    }
  } else if (opaque !== undefined) {
    note(found, opaque);
  }
  if (isInstance(handle, "android.view.ViewGroup")) {
    const group: Wrapper = Java.cast(handle, Java.use("android.view.ViewGroup"));
    const count: number = group.getChildCount();
    for (let i = 0; i < Math.min(count, MAX_VIEWS); i++) {
      queue.push(group.getChildAt(i));
    }
  }
}

function note(found: Texts, name: string): void {
  if (!found.opaque.includes(name)) {
    found.opaque.push(name);
  }
}

/** Compose draws no views, but tells accessibility services what it drew: the virtual nodes of its one view. */
function eachNode(handle: NativePointer, visit: (info: Wrapper) => void): void {
  try {
    const provider = wrap(handle).getAccessibilityNodeProvider();
    if (provider === null) {
      return;
    }
    const queue: number[] = [HOST_NODE];
    for (let visited = 0; queue.length > 0 && visited < MAX_VIEWS; visited++) {
      const info = provider.createAccessibilityNodeInfo(queue.shift()!);
      if (info !== null) {
        visit(info);
        queue.push(...childNodes(info));
      }
    }
  } catch {
    // no provider, or a release that renamed it: the caller says that nothing was read
  }
}

function semanticsBelow(handle: NativePointer, found: Texts): void {
  eachNode(handle, (info) => {
    const text = textOfNode(info);
    if (text !== "" && found.texts.length < MAX_TEXTS) {
      found.texts.push(text);
      if (info.isClickable() === true) {
        found.buttons.push(text);
      }
    }
  });
}

function textOfNode(info: Wrapper): string {
  return bounded(textOf(info.getText()) || textOf(info.getContentDescription()) || "", MAX_TEXT);
}

/** What was drawn at a point of the screen and can be pressed. */
export interface Pressable {
  id: string;
  text: string;
  /** The state a box is about to take: the finger is still being lifted. */
  checked: boolean | null;
}

/** The last drawn clickable node at a point, which is the innermost. */
export function pressableAt(handle: NativePointer, x: number, y: number): Pressable | null {
  let found: Pressable | null = null;
  let visited = 0;
  const bounds = Java.use("android.graphics.Rect").$new();
  eachNode(handle, (info) => {
    visited += 1;
    if (info.isClickable() === true) {
      info.getBoundsInScreen(bounds);
      if (bounds.contains(Math.round(x), Math.round(y))) {
        const checked = info.isCheckable() === true ? !info.isChecked() : null;
        found = { id: String(visited), text: textOfNode(info), checked };
      }
    }
  });
  return found;
}

/** The framework keeps a child's virtual id in the upper half of its 64-bit id (AccessibilityNodeInfo, hidden getChildId). */
function childNodes(info: Wrapper): number[] {
  const ids: number[] = [];
  const count: number = Math.min(info.getChildCount(), MAX_VIEWS);
  for (let i = 0; i < count; i++) {
    const id = BigInt(info.getChildId(i).toString());
    ids.push(Number(BigInt.asIntN(32, id >> 32n)));
  }
  return ids;
}

/** What a pressed control is called: its text, else the name it has in the app's resources, `@id/btn_agree`. */
export function textOfControl(handle: NativePointer): string {
  const text = textOfView(handle);
  return text !== "" ? text : resourceName(handle);
}

function resourceName(handle: NativePointer): string {
  try {
    const view = wrap(handle);
    const id: number = view.getId();
    return id <= 0 ? "" : `@id/${bounded(String(view.getResources().getResourceEntryName(id)), MAX_TEXT)}`;
  } catch {
    return ""; // no id, or a platform without resources
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
    return { texts: [], buttons: [], opaque: [] };
  }
  try {
    return textsBelow(follow(handle, path));
  } catch {
    return { texts: [], buttons: [], opaque: [] }; // no window yet, or a platform without the method
  }
}
