/** Events leave in arrays: one message per event would cost seven times as much (feasibility measurements). */

import { counts } from "./meter.js";

const BATCH = 100;
const DELAY_MS = 50;
/** How long a count of calls may stay untold; what the user does ends it at once, so that no count spans a choice. */
const COUNT_MS = 200;
/** A host that has gone does not keep the process from ending. */
const FAREWELL_MS = 500;
/** Batches the host has not acknowledged; beyond this, events are dropped and counted instead of filling the app's memory. */
const UNACKNOWLEDGED = 300;

/** Events of one hook that could not be sent. */
interface Lost {
  /** Hook id, "" for what belongs to none. */
  h: string;
  count: number;
  /** CLOCK_REALTIME in ms: the clock of events needs more than is left when a stack has run out. */
  from: number;
  until: number;
}

let pending: object[] = [];
let scheduled = false;
let counting = false;
let sent = 0;
let acknowledged = 0;
const lost = new Map<string, Lost>();

function awaitAck(): void {
  recv("ack", (message: { n: number }) => {
    acknowledged = Math.max(acknowledged, message.n);
    awaitAck();
  });
}
awaitAck();

/** Put an event into the next batch. */
export function post(event: object): void {
  if (counting && (event as { k: string }).k !== "api_call") {
    tellCounts();
  }
  put(event);
}

/** Calls were counted: tell of them before long. */
export function expectCounts(): void {
  if (!counting) {
    counting = true;
    setTimeout(tellCounts, COUNT_MS);
  }
}

function tellCounts(): void {
  counting = false;
  counts().forEach(put);
}

function put(event: object): void {
  if (sent - acknowledged > UNACKNOWLEDGED) {
    const { h, n } = event as { h?: string; n?: number };
    countLost(h ?? "", n);
    return;
  }
  pending.push(event);
  if (pending.length >= BATCH) {
    flush();
  } else {
    sendSoon();
  }
}

/** Remember that events of a hook were not sent; the next batch says so. */
export function countLost(hook: string, number = 1): void {
  const time = Date.now();
  const known = lost.get(hook);
  if (known === undefined) {
    lost.set(hook, { h: hook, count: number, from: time, until: time });
  } else {
    known.count += number;
    known.until = time;
  }
  sendSoon();
}

function sendSoon(): void {
  if (!scheduled) {
    scheduled = true;
    setTimeout(() => {
      scheduled = false;
      flush();
    }, DELAY_MS);
  }
}

const enders: (() => void)[] = [];

/** Do this before the last batch goes: while the process ends, so nothing in it may call into Java. */
export function atEnd(work: () => void): void {
  enders.push(work);
}

/** Send everything there is: the process ends or nobody will listen any more. */
export function finish(): void {
  enders.forEach((work) => work());
  tellCounts();
  flush();
}

/** The process ends by itself: send everything, and wait until the host has it, but not for ever. */
export function farewell(): void {
  put({ k: "ask" }); // alone in its batch or not, it has the host acknowledge at once
  finish();
  for (let waited = 0; acknowledged < sent && waited < FAREWELL_MS; waited += 5) {
    Thread.sleep(0.005);
  }
}

function flush(): void {
  if (pending.length === 0 && lost.size === 0) {
    return;
  }
  const message = { type: "pia:events", n: sent + 1, events: pending, lost: [...lost.values()] };
  pending = [];
  lost.clear();
  sent += 1;
  send(message);
}
