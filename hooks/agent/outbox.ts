/** Events leave in arrays: one message per event would cost seven times as much (feasibility measurements). */

const BATCH = 100;
const DELAY_MS = 50;
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
  if (sent - acknowledged > UNACKNOWLEDGED) {
    countLost((event as { h?: string }).h ?? "");
    return;
  }
  pending.push(event);
  if (pending.length >= BATCH) {
    flush();
  } else {
    sendSoon();
  }
}

/** Remember that one event of a hook was not sent; the next batch says so. */
export function countLost(hook: string): void {
  const time = Date.now();
  const known = lost.get(hook);
  if (known === undefined) {
    lost.set(hook, { h: hook, count: 1, from: time, until: time });
  } else {
    known.count += 1;
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

/** Send what waits, now. */
export function flush(): void {
  if (pending.length === 0 && lost.size === 0) {
    return;
  }
  const message = { type: "pia:events", n: sent + 1, events: pending, lost: [...lost.values()] };
  pending = [];
  lost.clear();
  sent += 1;
  send(message);
}
