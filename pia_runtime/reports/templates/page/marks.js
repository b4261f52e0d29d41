// The marks: what they are, which of them the filters let through, and where they stand in their lanes.
const M = DATA.marks;
const COUNT = M.t ? M.t.length : 0;
for (let i = 1; i < COUNT; i++) M.t[i] += M.t[i - 1]; // written as distances
const ACTS = ["access", "attempt", "transmission"];
const VERDICTS = ["without_consent", "indeterminate", "with_consent"];
const AT = Object.fromEntries(DATA.kind_columns.map((name, n) => [name, n]));
const KIND = (column, i) => DATA.kinds[M.kind[i]][AT[column]];
const TEXT = (column, i) => DATA.texts[KIND(column, i)];
const LIST = (column, i) => DATA.lists[KIND(column, i)];
const actOf = (i) => ACTS.indexOf(TEXT("act", i));
const verdictOf = (i) => Math.max(VERDICTS.indexOf(TEXT("verdict", i)), 0);
const recipientOf = (i) => DATA.recipients[KIND("recipient", i)];
const laneOf = (i) => DATA.lanes[KIND("lane", i)];
const dataName = (id) => (DATA.data[id] ?? {})[lang()] ?? id;
const actorName = (n) => DATA.actors[n][lang()];

const unfiltered = () => ({ acts: new Set(ACTS), verdicts: new Set(VERDICTS), data: "", actor: "", phase: "", words: "" });
const filter = unfiltered();
let lanes = []; // of the marks let through: {number, acts: [[i…], [i…], [i…]], all: [i…]}
let shown = [];

/** Numbers of the entries of `table` whose text contains `words`. */
function matching(table, words) {
  const found = new Set();
  table.forEach((entry, n) => {
    if (entry !== null && String(entry).toLowerCase().includes(words)) found.add(n);
  });
  return found;
}

function wanted() {
  const words = filter.words.trim().toLowerCase();
  const texts = words && matching(DATA.texts, words);
  const hosts = words && matching(DATA.recipients, words);
  const inText = (i) => texts.has(M.flow[i]) || ["api", "masked", "source"].some((column) => texts.has(KIND(column, i)));
  return (i) =>
    filter.acts.has(TEXT("act", i)) &&
    filter.verdicts.has(TEXT("verdict", i)) &&
    (filter.data === "" || laneOf(i)[1] === filter.data) &&
    (filter.phase === "" || TEXT("phase", i) === filter.phase) &&
    (filter.actor === "" || String(laneOf(i)[0]) === filter.actor) &&
    (!words || hosts.has(KIND("recipient", i)) || inText(i) || M.id[i].toLowerCase().includes(words));
}

/** Lay the wanted marks into lanes again. Marks come in time order, so every list is sorted. */
function applyFilter() {
  const test = wanted();
  const byLane = new Map();
  shown = [];
  for (let i = 0; i < COUNT; i++) {
    if (!test(i)) continue;
    shown.push(i);
    const number = KIND("lane", i);
    if (!byLane.has(number)) byLane.set(number, { number, acts: [[], [], []], all: [] });
    const lane = byLane.get(number);
    lane.acts[Math.max(actOf(i), 0)].push(i);
    lane.all.push(i);
  }
  lanes = [...byLane.values()].sort((a, b) => a.number - b.number);
  findLinks();
}

/** Index in `list` of the first mark at or after `ns`. */
function lowerBound(list, ns) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (M.t[list[middle]] < ns) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One mark in one sentence, for tooltip, table and screen reader. */
function sentence(i) {
  const to = recipientOf(i);
  const parts = [term("act", TEXT("act", i)), dataName(laneOf(i)[1]), actorName(laneOf(i)[0])];
  if (to) parts.push(`→ ${to[0]}${to[1] ? ` (${to[1]})` : ""}`);
  parts.push(`+${withError(M.t[i], M.err[i])}`, term("phase", TEXT("phase", i)), term("verdict", TEXT("verdict", i)));
  return parts.join(" · ");
}
