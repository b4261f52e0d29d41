// The timeline: uPlot gives axis, scale, drag-to-zoom and pixel ratio; bands, lanes and marks are drawn in its draw hook.
const AXIS = 34;
const LANE = 42;
const HEAD = 28;
const tallest = () => Math.max(440, innerHeight - 300); // with the overview and the hint it fits the window
const JOIN = 9; // marks closer than this many pixels are drawn as one
const OFFSETS = [0, 13, -13]; // by act: transmissions above, attempts below
const SPAN = Math.max(DATA.span, 1) / 1e9;
const FINEST = 2e-6;

let plot = null;
let rows = [];
let rowOf = new Map(); // lane number → its row
let hits = [];
let selected = -1;
let related = new Set();
let printing = false;
const view = { min: 0, max: SPAN };

function layRows() {
  rows = [];
  let y = 0;
  let actor = -1;
  for (const lane of lanes) {
    const [who] = DATA.lanes[lane.number];
    if (who !== actor) {
      rows.push({ y, height: HEAD, actor: who });
      y += HEAD;
      actor = who;
    }
    rows.push({ y, height: LANE, lane });
    y += LANE;
  }
  rowOf = new Map(rows.filter((row) => row.lane).map((row) => [row.lane.number, row]));
  return y;
}

function buildLabels(total) {
  const box = $("labels");
  box.replaceChildren($("corner"));
  for (const row of rows) {
    const lane = row.lane;
    const label = lane
      ? el("div", { class: "lane" }, el("span", {}, dataName(DATA.lanes[lane.number][1])), el("small", {}, String(lane.all.length)))
      : el("div", { class: "actor" }, el("span", {}, actorName(row.actor)));
    label.title = lane ? dataName(DATA.lanes[lane.number][1]) : `${actorName(row.actor)} ${DATA.actors[row.actor].id}`;
    label.style.top = `${AXIS + STRIP + row.y}px`;
    label.style.height = `${row.height}px`;
    box.append(label);
  }
  $("tall").style.height = `${AXIS + STRIP + Math.max(total, LANE)}px`;
}

/** Rebuild the chart for the lanes there are and the room there is. */
function layOut() {
  const total = layRows();
  buildLabels(total);
  const inner = STRIP + Math.max(total, LANE);
  const height = AXIS + (printing ? Math.min(inner, 9000) : Math.min(inner, tallest()));
  $("chart").style.maxHeight = printing ? "none" : `${height + 2}px`;
  const width = Math.max(($("tall").clientWidth || 900) - $("labels").offsetWidth, 120);
  countBins();
  if (plot) plot.setSize({ width, height });
  else plot = new uPlot(options(width, height), [[0, SPAN], [null, null]], $("plot"));
  plot.redraw();
  drawOverview();
}

function options(width, height) {
  return {
    width,
    height,
    padding: [0, 14, 0, 14],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, dist: 6 } },
    scales: { x: { time: false, range: (_, min, max) => [min ?? 0, max ?? SPAN] }, y: { range: [0, 1] } },
    series: [{}, { show: false }],
    axes: [
      {
        side: 0,
        size: AXIS,
        space: 70,
        font: "12px system-ui, sans-serif",
        stroke: () => colours.dim,
        grid: { stroke: () => colours.line, width: 1 },
        ticks: { stroke: () => colours.line, width: 1, size: 6 },
        values: (_, splits, __, ___, step) => splits.map((split) => `${split.toFixed(Math.min(9, Math.max(0, -Math.floor(Math.log10(step)))))} s`),
      },
      { show: false },
    ],
    hooks: {
      setScale: [
        (u, key) => {
          if (key !== "x" || u.scales.x.min === null) return;
          keepInside(u.scales.x.min, u.scales.x.max);
          drawOverview();
        },
      ],
      draw: [(u) => draw(u)],
    },
  };
}

function keepInside(min, max) {
  const width = Math.min(Math.max(max - min, FINEST), SPAN);
  const left = Math.min(Math.max(min, 0), SPAN - width);
  view.min = left;
  view.max = left + width;
  return view;
}

/** Show the stretch from `min` to `max` seconds. */
function show(min, max) {
  keepInside(min, max);
  plot.setScale("x", { min: view.min, max: view.max });
  fillTable();
}

const zoom = (factor, at = (view.min + view.max) / 2) => show(at - (at - view.min) * factor, at + (view.max - at) * factor);
const pan = (part) => show(view.min + (view.max - view.min) * part, view.max + (view.max - view.min) * part);

function draw(u) {
  const ctx = u.ctx;
  const ratio = uPlot.pxRatio;
  const area = { left: u.bbox.left / ratio, top: u.bbox.top / ratio, width: u.bbox.width / ratio, height: u.bbox.height / ratio };
  const x = (ns) => area.left + u.valToPos(ns / 1e9, "x");
  ctx.save();
  ctx.scale(ratio, ratio);
  ctx.beginPath();
  ctx.rect(area.left, area.top, area.width, area.height);
  ctx.clip();
  drawBands(ctx, area, x);
  drawStates(ctx, area, x);
  drawUnseen(ctx, area, x);
  hits = [];
  ctx.save();
  ctx.beginPath();
  ctx.rect(area.left, area.top + STRIP, area.width, area.height - STRIP);
  ctx.clip();
  const scrolled = printing ? 0 : $("chart").scrollTop;
  const top = (row) => area.top + STRIP + row.y - scrolled;
  const visible = rows.filter((row) => top(row) + row.height > area.top && top(row) < area.top + area.height);
  for (const row of visible) drawRow(ctx, row, top(row), area);
  drawLinks(ctx, area, x, (i) => {
    const row = rowOf.get(KIND("lane", i));
    return row ? top(row) + LANE / 2 + OFFSETS[Math.max(actOf(i), 0)] : null;
  });
  for (const row of visible.filter((one) => one.lane)) {
    row.lane.acts.forEach((list, act) => drawMarks(ctx, row.lane, list, act, top(row) + LANE / 2 + OFFSETS[act], area, x));
  }
  ctx.restore();
  drawBoundaries(ctx, area, x);
  ctx.restore();
}

function drawBands(ctx, area, x) {
  for (const [phase, from, until] of DATA.bands) {
    const left = Math.max(x(from), area.left);
    const right = Math.min(x(until), area.left + area.width);
    if (right <= left) continue;
    band(ctx, phase, left, area.top, right - left, FLAGS, 0.26);
    band(ctx, phase, left, area.top + STRIP, right - left, area.height - STRIP, phase.startsWith("before") ? 0.13 : 0.08);
    ctx.font = "600 12px system-ui, sans-serif";
    ctx.fillStyle = colours.ink;
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    const name = term("phase", phase);
    if (ctx.measureText(name).width + 10 < right - left) ctx.fillText(name, left + 6, area.top + FLAGS - 10);
  }
}

function drawRow(ctx, row, y, area) {
  ctx.fillStyle = row.lane ? colours.line : colours.stripe;
  if (row.lane) ctx.fillRect(area.left, y + row.height - 1, area.width, 1);
  else ctx.fillRect(area.left, y, area.width, row.height);
}

/** Marks that would overlap become one pill; zooming in takes them apart. */
function drawMarks(ctx, lane, list, act, y, area, x) {
  const last = lowerBound(list, view.max * 1e9 + 1);
  let at = Math.max(lowerBound(list, view.min * 1e9) - 1, 0);
  while (at < last) {
    const first = at;
    const left = x(M.t[list[first]]);
    let right = left;
    let worst = 2;
    let marked = false;
    for (; at < last; at++) {
      const place = x(M.t[list[at]]);
      if (at > first && place - right > JOIN) break;
      if (at > first && (place - left > 60 || parted(M.t[list[first]], M.t[list[at]]))) break;
      right = place;
      worst = Math.min(worst, verdictOf(list[at]));
      marked ||= related.has(list[at]) || list[at] === selected;
    }
    const count = at - first;
    const box = count === 1 ? drawOne(ctx, list[first], act, left, y, x) : pill(ctx, worst, left, right, y, count);
    if (marked) ring(ctx, box, y, list.slice(first, at).includes(selected));
    hits.push({ left: box[0], right: box[1], y, list, first, count, lane, act });
  }
}

/** Whether a consent boundary lies between two instants: marks on its two sides are never drawn as one. */
const parted = (from, until) => DATA.boundaries.some(([, at]) => from < at && at <= until);

function drawOne(ctx, i, act, place, y, x) {
  const err = M.err[i] ?? (DATA.uncompared ? 0 : DATA.span); // unknown among known ones: it may be anywhere
  const from = x(M.t[i] - err);
  const until = x(M.t[i] + err);
  if (until - from > 13) {
    ctx.strokeStyle = colours[VERDICTS[verdictOf(i)]];
    ctx.lineWidth = 1.25;
    ctx.beginPath();
    ctx.moveTo(from, y);
    ctx.lineTo(until, y);
    for (const end of [from, until]) {
      ctx.moveTo(end, y - 4);
      ctx.lineTo(end, y + 4);
    }
    ctx.stroke();
  }
  shape(ctx, act, verdictOf(i), place, y);
  return [place - 7, place + 7];
}

function ring(ctx, [left, right], y, chosen) {
  ctx.beginPath();
  ctx.roundRect(left - 3, y - 10, right - left + 6, 20, 10);
  ctx.strokeStyle = chosen ? colours.ink : colours.accent;
  ctx.lineWidth = chosen ? 2 : 1.25;
  ctx.setLineDash(chosen ? [] : [3, 2]);
  ctx.stroke();
  ctx.setLineDash([]);
}

function drawBoundaries(ctx, area, x) {
  const right = area.left + area.width;
  const flags = [];
  for (const [state, at, err] of DATA.boundaries) {
    const place = x(at);
    const half = err === null ? 0 : Math.max(x(at + err) - place, 0);
    if (place + half < area.left || place - half > right) continue;
    ctx.fillStyle = colours[state];
    ctx.globalAlpha = 0.22;
    ctx.fillRect(place - half, area.top, 2 * half, area.height);
    ctx.globalAlpha = 1;
    for (let y = 0; y < area.height; y += err === null ? 9 : area.height) {
      ctx.fillRect(place - 1, area.top + y, 2, err === null ? 4 : area.height); // dashed: where it lies is not known
    }
    if (place >= area.left - 1 && place <= right + 1) flags.push({ state, place, text: [`${term("state", state)} +${withError(at, err)}`, term("state", state)] });
  }
  drawFlags(ctx, flags, area);
}

/** Names of the boundaries, the answers first: right of the line, else left of it, else shortened, never over each other. */
function drawFlags(ctx, flags, area) {
  const taken = [];
  ctx.font = "700 12px system-ui, sans-serif";
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  const free = (left, right) =>
    left >= area.left && right <= area.left + area.width && taken.every(([from, until]) => right <= from || left >= until);
  for (const flag of [...flags].sort((a, b) => (a.state === "requested") - (b.state === "requested"))) {
    for (const text of flag.text) {
      const width = ctx.measureText(text).width + 12;
      const left = [flag.place - 1, flag.place + 1 - width].find((one) => free(one, one + width));
      if (left === undefined) continue;
      taken.push([left, left + width]);
      ctx.fillStyle = colours[flag.state];
      ctx.fillRect(left, area.top, width, 18);
      ctx.fillStyle = colours.card;
      ctx.fillText(text, left + 6, area.top + 9.5);
      break;
    }
  }
}

/** What lies under a point of the plotting area, or null. */
function hitAt(left, top) {
  const ratio = uPlot.pxRatio;
  const x = left + plot.bbox.left / ratio;
  const y = top + plot.bbox.top / ratio;
  let best = null;
  for (const hit of hits) {
    const away = Math.max(hit.left - x, x - hit.right, 0) + Math.abs(hit.y - y);
    if (away < 12 && (best === null || away < best.away)) best = { ...hit, away };
  }
  return best;
}
