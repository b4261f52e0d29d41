/** Texts that decide which data a call yields, and whether it is recorded at all. The host decides the same way
    (pia_runtime/instrumentation/catalog_selection.py) from the texts that the agent sends. */

import { handleOf } from "./jni.js";
import type { Selector } from "./plan.js";
import { follow, lineOf } from "./projection.js";
import { transactionOf } from "./transactions.js";

/** What each selector looks at, null where it leads nowhere. */
export function keysOf(selectors: Selector[], self: any, args: any[]): (string | null)[] {
  return selectors.map((selector) => {
    try {
      return selector.of === "transaction" ? transactionOf(self, args) : textAt(selector, self, args);
    } catch {
      return null; // this object has no such member
    }
  });
}

function textAt(selector: Selector, self: any, args: any[]): string | null {
  const start = selector.of === "receiver" ? self : args[selector.arg];
  if (selector.path === undefined) {
    return lineOf(start);
  }
  const handle = handleOf(start);
  return handle === null ? null : lineOf(follow(handle, selector.path));
}

/** Does any text match a key of its selector? */
export function someMatch(selectors: Selector[], keys: (string | null)[]): boolean {
  return selectors.some((selector, i) => {
    const key = keys[i] ?? null;
    return key !== null && selector.values.some((value) => matches(key, value, selector.match));
  });
}

/** Does a text match a key? */
export function matches(text: string, key: string, match: Selector["match"]): boolean {
  switch (match) {
    case "equals":
      return text === key;
    case "prefix":
      return text.startsWith(key);
    case "contains":
      return text.includes(key);
    case "words":
      return wordsMatch(text, key);
    case "glob":
      return glob(key).test(text);
  }
}

const SEPARATORS = /[\s;|&()'"`<>]+/;

function wordsMatch(text: string, key: string): boolean {
  const words = text.split(SEPARATORS).filter((word) => word !== "");
  const wanted = key.split(" ");
  return words.some((_, start) => start + wanted.length <= words.length && wanted.every((pattern, i) => wordMatches(words[start + i]!, pattern)));
}

function wordMatches(word: string, pattern: string): boolean {
  const candidates = [word, word.slice(word.lastIndexOf("/") + 1)];
  return pattern.endsWith("*") ? candidates.some((text) => text.startsWith(pattern.slice(0, -1))) : candidates.includes(pattern);
}

const globs = new Map<string, RegExp>();

function glob(key: string): RegExp {
  let pattern = globs.get(key);
  if (pattern === undefined) {
    const parts = key.split(/(\*\*|\*)/).map((part) =>
      part === "**" ? ".*" : part === "*" ? "[^/]*" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    pattern = new RegExp(`^${parts.join("")}$`, "s");
    globs.set(key, pattern);
  }
  return pattern;
}
