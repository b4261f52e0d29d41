/** What the app reads from a cursor: told once, when it is closed, when the process ends, or when much has come together. */

import Java, { type Wrapper } from "frida-java-bridge";
import { now } from "./clock.js";
import { screen, stackOf, stamp, type Call } from "./context.js";
import { classOf, ObjectMap } from "./identity.js";
import { handleOf } from "./jni.js";
import { atEnd, post } from "./outbox.js";
import { bounded, project } from "./projection.js";
import { callers, unwatched, watch, type Visit, type Watcher } from "./watching.js";

const GETTERS = ["getString", "getInt", "getLong", "getShort", "getFloat", "getDouble", "getBlob"];
const MAX_ROWS = 200;
const MAX_VALUES = 50;
const MAX_TEXT = 200;

/** What was read of one cursor since it was last told. */
interface Reading {
  /** The query. */
  query: Call;
  args: unknown;
  /** The first read: its stamp and stack, as they go into the message. */
  first: { stamp: object; stack: string } | null;
  method: string;
  rows: Set<number>;
  cells: number;
  columns: Map<string, unknown[]>;
  names: Map<number, string>;
}

const readings = new ObjectMap<Reading>();

/** Watch the cursor that a query returned. It is never moved. */
export function watchCursor(query: Call, result: any): void {
  const handle = handleOf(result);
  if (handle === null) {
    return;
  }
  const klass = classOf(handle);
  const missing: string[] = [];
  const watched = GETTERS.map((name) => watch(klass, name, [["int"]], reader, missing));
  watch(klass, "close", [[]], closer, missing);
  if (missing.length > 0 || watched.every((count) => count === 0)) {
    unwatched(query.entry.id, `${klass.$className}: its rows are not seen: ${missing.join("; ")}`);
  }
  readings.add(handle, { query, args: query.seen, ...nothing(), names: new Map() });
}

function nothing() {
  return { first: null, method: "", rows: new Set<number>(), cells: 0, columns: new Map<string, unknown[]>() };
}

/** Reads under way: `getString` that asks `getBlob` is one read. */
const under = new Set<number>();

const reader: Watcher = {
  enter(visit) {
    const reading = visit.self === null || under.has(visit.thread) ? null : readings.first(visit.self);
    if (reading !== null) {
      under.add(visit.thread);
      reading.first ??= firstOf(reading, visit);
      reading.method ||= visit.method;
    }
    return reading;
  },
  leave(visit, result, noted) {
    const reading = noted as Reading | null | undefined;
    if (reading) {
      under.delete(visit.thread);
      take(reading, visit, result);
    }
  },
  fail: (visit, noted) => void (noted && under.delete(visit.thread)),
};

/** The first read's time and stack; its own frame is taken off. */
function firstOf(reading: Reading, visit: Visit): { stamp: object; stack: string } {
  const call: Call = { ...reading.query, thread: visit.thread, at: now(), foreground: screen.foreground, screen: screen.activity, stack: null };
  return { stamp: stamp(call), stack: callers(stackOf(call)) };
}

function take(reading: Reading, visit: Visit, result: any): void {
  const cursor: Wrapper = Java.cast(visit.self!, Java.use("android.database.Cursor"));
  const row: number = cursor.getPosition();
  if (!reading.rows.has(row) && reading.rows.size >= MAX_ROWS) {
    tell(reading);
    reading.first = firstOf(reading, visit);
    reading.method = visit.method;
  }
  reading.rows.add(row);
  reading.cells += 1;
  const name = nameOf(reading, cursor, visit.args[0]);
  const values = reading.columns.get(name) ?? [];
  reading.columns.set(name, values);
  if (values.length < MAX_VALUES) {
    const value = project(result, "auto");
    values.push(typeof value === "string" ? bounded(value, MAX_TEXT) : value);
  }
}

function nameOf(reading: Reading, cursor: Wrapper, column: number): string {
  let name = reading.names.get(column);
  if (name === undefined) {
    name = String(cursor.getColumnName(column));
    reading.names.set(column, name);
  }
  return name;
}

const closer: Watcher = {
  leave(visit) {
    const reading = visit.self === null ? null : readings.first(visit.self);
    if (reading !== null) {
      tell(reading);
      readings.remove(visit.self!);
    }
  },
};

/** Send what was read and begin anew; nothing where nothing was read. No call into Java, so that it works while the VM exits. */
function tell(reading: Reading): void {
  const { first, method, rows, cells, columns } = reading;
  Object.assign(reading, nothing());
  if (first !== null) {
    const value = { rows_read: rows.size, cells, columns: Object.fromEntries(columns) };
    post({ k: "api_call", ...first.stamp, r: method, a: reading.args, q: reading.query.keys, v: value, x: null, s: first.stack });
  }
}

atEnd(() => readings.values.forEach(tell));
