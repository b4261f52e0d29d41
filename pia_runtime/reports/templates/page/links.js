// Curves from a read to the transmission of the same value.
const MOST_LINKS = 400;
let linked = []; // shown transmissions whose read is shown as well

function findLinks() {
  const visible = new Uint8Array(COUNT);
  for (const i of shown) visible[i] = 1;
  linked = shown.filter((i) => M.read[i] >= 0 && visible[M.read[i]]);
}

/** The transmissions of what mark `i` read, or the read of what it sent; of these only the shown ones. */
function linkedTo(i) {
  const ends = linked.filter((one) => M.read[one] === i);
  return M.read[i] >= 0 ? [M.read[i], ...ends] : ends;
}

/** `middle` gives the height of a mark's lane, or null where the lane is not there. */
function drawLinks(ctx, area, x, middle) {
  const drawn = new Set();
  const from = view.min * 1e9;
  const until = view.max * 1e9;
  for (const i of linked) {
    const read = M.read[i];
    if ((M.t[read] < from && M.t[i] < from) || (M.t[read] > until && M.t[i] > until)) continue;
    const chosen = i === selected || read === selected;
    const ends = [x(M.t[read]), middle(read), x(M.t[i]), middle(i)];
    if (ends.includes(null)) continue;
    const key = ends.map(Math.round).join();
    if ((drawn.has(key) || drawn.size > MOST_LINKS) && !chosen) continue;
    drawn.add(key);
    curve(ctx, ends, colours[VERDICTS[verdictOf(i)]], chosen);
  }
}

function curve(ctx, [x0, y0, x1, y1], colour, chosen) {
  const bend = Math.max(Math.abs(x1 - x0) / 2, 10);
  ctx.strokeStyle = colour;
  ctx.globalAlpha = chosen ? 1 : 0.5;
  ctx.lineWidth = chosen ? 2.5 : 1.25;
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
  ctx.stroke();
  ctx.globalAlpha = 1;
}
