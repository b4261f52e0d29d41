/// <reference path="./native.d.ts" />
/** Finds the functions of the native catalog: exported ones in every library, and those that only a symbol table names in the app's own
    libraries, in what is loaded already and in what comes later. */

import type { NativeEntry } from "./native_plan.js";

/** Libraries of the system export what others may call; their symbol tables are large and name nothing more. */
const SYSTEM = /^\/(system|system_ext|apex|vendor|product|odm|usr\/lib|usr\/lib64|lib|lib64)\//;
const AGENT = /frida-agent|frida-gadget|libfrida/;
/** Further processes, executable anonymous memory and the like have no file to read symbols from. */
const MAX_SYMBOLS = 400_000;

export interface Found {
  entry: NativeEntry;
  symbol: string;
  module: Module;
  address: NativePointer;
}

/** Does a library belong to the system, not to the app? */
export const isSystem = (module: Module) => SYSTEM.test(module.path);

/** Is a library the injected agent itself? */
export const isAgent = (module: Module) => AGENT.test(module.path) || AGENT.test(module.name);

const patterns = new Map<string, RegExp>();

/** Does a library name match one of the patterns (`*` stands for anything)? */
export function named(name: string, wanted: string[]): boolean {
  return wanted.some((pattern) => {
    let expression = patterns.get(pattern);
    if (expression === undefined) {
      expression = new RegExp(`^${pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`);
      patterns.set(pattern, expression);
    }
    return expression.test(name);
  });
}

/** Every function of the catalog in one library. */
export function functionsOf(module: Module, entries: NativeEntry[]): Found[] {
  const wanted = entries.filter((entry) => named(module.name, entry.modules));
  if (wanted.length === 0 || isAgent(module)) {
    return [];
  }
  const found = new Map<string, Found>();
  for (const entry of wanted) {
    for (const symbol of entry.symbols) {
      keep(found, { entry, symbol, module, address: module.findExportByName(symbol) });
    }
  }
  if (!isSystem(module)) {
    fromSymbolTable(module, wanted, found);
  }
  return [...found.values()];
}

/** A lookup in one library also finds what its dependencies export: only what lies inside counts. */
function keep(found: Map<string, Found>, candidate: Omit<Found, "address"> & { address: NativePointer | null }): void {
  const { address, module } = candidate;
  if (address === null || address.compare(module.base) < 0 || address.compare(module.base.add(module.size)) >= 0) {
    return;
  }
  const key = address.toString();
  if (!found.has(key)) {
    found.set(key, { ...candidate, address });
  }
}

function fromSymbolTable(module: Module, wanted: NativeEntry[], found: Map<string, Found>): void {
  const bySymbol = new Map<string, NativeEntry>();
  wanted.forEach((entry) => entry.symbols.forEach((symbol) => bySymbol.set(symbol, entry)));
  let seen = 0;
  for (const { name, type, address } of module.enumerateSymbols()) {
    if ((seen += 1) > MAX_SYMBOLS) {
      return;
    }
    const entry = type === "function" ? bySymbol.get(name) : undefined;
    if (entry !== undefined && !address.isNull()) {
      keep(found, { entry, symbol: name, module, address });
    }
  }
}

const functions = new Map<string, NativeFunction | null>();

/** A function of a library, as one that takes a pointer and returns one; null where the library has none of that name. */
export function functionIn(library: string, name: string): ((argument: NativePointer) => NativePointer) | null {
  const key = `${library}!${name}`;
  let found = functions.get(key);
  if (found === undefined) {
    const module = Process.findModuleByName(library);
    const address = module?.findExportByName(name) ?? module?.findSymbolByName(name) ?? null;
    found = address === null ? null : new NativeFunction(address, "pointer", ["pointer"], { scheduling: "exclusive" });
    functions.set(key, found);
  }
  return found as unknown as ((argument: NativePointer) => NativePointer) | null;
}
