// The whole run in one line: phases, how many marks there are of each verdict, and the stretch that the chart shows.
const OVERVIEW = 46;
let bins = []; // per pixel: marks by verdict

function countBins() {
  const width = Math.max($("plot").clientWidth - 28, 60); // the chart keeps 14 pixels free on either side
  bins = Array.from({ length: width }, () => [0, 0, 0]);
  for (const i of shown) {
    const at = Math.min(Math.max(Math.floor((M.t[i] / 1e9 / SPAN) * width), 0), width - 1);
    bins[at][verdictOf(i)]++;
  }
}

function drawOverview() {
  const canvas = $("overview");
  const ratio = devicePixelRatio || 1;
  const width = bins.length;
  canvas.style.marginLeft = `${$("labels").offsetWidth + 15}px`;
  canvas.style.width = `${width}px`;
  canvas.width = width * ratio;
  canvas.height = OVERVIEW * ratio;
  const ctx = canvas.getContext("2d");
  ctx.scale(ratio, ratio);
  const x = (ns) => (ns / 1e9 / SPAN) * width;
  for (const [phase, from, until] of DATA.bands) band(ctx, phase, x(from), 0, x(until) - x(from), OVERVIEW, 0.2);
  const most = Math.log1p(bins.reduce((top, [a, b, c]) => Math.max(top, a + b + c), 1));
  bins.forEach((counts, at) => {
    const all = counts[0] + counts[1] + counts[2];
    if (!all) return;
    let y = OVERVIEW - 3;
    const tall = Math.max((Math.log1p(all) / most) * (OVERVIEW - 12), 6);
    counts.forEach((count, verdict) => {
      const part = (tall * count) / all;
      ctx.fillStyle = colours[VERDICTS[verdict]];
      ctx.fillRect(at - 0.5, y - part, 2.5, part);
      y -= part;
    });
  });
  for (const [state, at] of DATA.boundaries) {
    ctx.fillStyle = colours[state];
    ctx.fillRect(x(at) - 1, 0, 2, OVERVIEW);
  }
  drawWindow(ctx, (view.min / SPAN) * width, (view.max / SPAN) * width, width);
}

function drawWindow(ctx, left, right, width) {
  ctx.fillStyle = colours.bg;
  ctx.globalAlpha = 0.62;
  ctx.fillRect(0, 0, left, OVERVIEW);
  ctx.fillRect(right, 0, width - right, OVERVIEW);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = colours.accent;
  ctx.lineWidth = 2;
  ctx.strokeRect(Math.max(left, 1), 1, Math.max(Math.min(right, width - 1) - Math.max(left, 1), 3), OVERVIEW - 2);
}

/** Dragging moves the window to the pointer, from its edges it makes it wider or narrower. */
function listenToOverview() {
  const canvas = $("overview");
  let grip = "";
  const at = (event) => ((event.clientX - canvas.getBoundingClientRect().left) / canvas.clientWidth) * SPAN;
  canvas.addEventListener("pointerdown", (event) => {
    const near = (8 / canvas.clientWidth) * SPAN;
    const place = at(event);
    grip = Math.abs(place - view.min) < near ? "min" : Math.abs(place - view.max) < near ? "max" : "whole";
    canvas.setPointerCapture(event.pointerId);
    move(place);
  });
  const move = (place) => {
    const half = (view.max - view.min) / 2;
    if (grip === "whole") show(place - half, place + half);
    else if (grip === "min") show(Math.min(place, view.max - FINEST), view.max);
    else show(view.min, Math.max(place, view.min + FINEST));
  };
  canvas.addEventListener("pointermove", (event) => event.buttons && grip && move(at(event)));
  canvas.addEventListener("pointerup", () => (grip = ""));
}
