/** Calls that come faster than they can be told one by one: the first of each second in full, then a sample, and every one of
    the others counted. A count stands for calls of the same hook, thread, data and outcome, between two instants. */

import type { Instant } from "./clock.js";
import type { BurstLimits } from "./plan.js";

const MAX_SITES = 512;
const MAX_OUTCOMES = 16;

/** Calls that differ from the last one told in nothing but their time. */
interface Count {
  message: object;
  calls: number;
  from: Instant;
  until: Instant;
}

interface Site {
  since: number;
  full: number;
  last: number;
  counts: Map<string, Count>;
}

let limits: BurstLimits = { full_per_second: 100, sample_ms: 50 };
const sites = new Map<string, Site>();
/** Those with calls that no message tells of yet. */
const open = new Set<Count>();

/** Set how much is told in full. */
export function limitBursts(wanted: BurstLimits): void {
  limits = wanted;
}

/** Is the next call at this site told in full? */
export function admit(site: string): boolean {
  const time = Date.now();
  const known = sites.get(site) ?? begin(site, time);
  if (time - known.since >= 1000 || time < known.since) {
    known.since = time;
    known.full = 0;
  }
  if (known.full >= limits.full_per_second && time - known.last < limits.sample_ms) {
    return false;
  }
  known.full += 1;
  known.last = time;
  return true;
}

function begin(site: string, time: number): Site {
  if (sites.size >= MAX_SITES) {
    sites.delete(sites.keys().next().value as string); // its open counts are still told
  }
  const made: Site = { since: time, full: 0, last: 0, counts: new Map() };
  sites.set(site, made);
  return made;
}

const NEVER: Instant = { wall: "0", mono: "0" };

/** Remember what a call that ended so looks like; what was counted with the one before stays with that one. */
export function told(site: string, outcome: string, message: object): void {
  const counts = sites.get(site)?.counts;
  if (counts !== undefined && (counts.has(outcome) || counts.size < MAX_OUTCOMES)) {
    counts.set(outcome, { message, calls: 0, from: NEVER, until: NEVER });
  }
}

/** Count a call that was not admitted; false if no call that ended so has been told yet, and this one must be. */
export function count(site: string, outcome: string, at: Instant): boolean {
  const known = sites.get(site)?.counts.get(outcome);
  if (known === undefined) {
    return false;
  }
  if (known.calls === 0) {
    known.from = at;
    open.add(known);
  }
  known.calls += 1;
  known.until = at;
  return true;
}

/** The messages that tell of everything counted since the last time. Calls nothing of Java: a process may be ending. */
export function counts(): object[] {
  const messages = [...open].map(({ message, calls, from, until }) => ({
    ...message, t: from.wall, m: from.mono, n: calls, ut: until.wall, um: until.mono,
  }));
  for (const one of open) {
    one.calls = 0;
  }
  open.clear();
  return messages;
}
