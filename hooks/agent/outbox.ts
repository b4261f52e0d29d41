/** Events leave in arrays: one message per event would cost seven times as much (feasibility measurements). */

const BATCH = 100;
const DELAY_MS = 50;
/** Batches the host has not acknowledged; beyond this, events are dropped and counted instead of filling the app's memory. */
const UNACKNOWLEDGED = 300;

let pending: object[] = [];
let scheduled = false;
let sent = 0;
let acknowledged = 0;
let dropped = 0;

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
    dropped += 1;
    return;
  }
  pending.push(event);
  if (pending.length >= BATCH) {
    flush();
  } else if (!scheduled) {
    scheduled = true;
    setTimeout(() => {
      scheduled = false;
      flush();
    }, DELAY_MS);
  }
}

/** Send what waits, now. */
export function flush(): void {
  if (pending.length === 0 && dropped === 0) {
    return;
  }
  const events = pending;
  pending = [];
  sent += 1;
  send({ type: "pia:events", n: sent, events, dropped });
  dropped = 0;
}
