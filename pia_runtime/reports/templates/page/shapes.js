// How things look on a canvas. Act is told by shape, verdict by colour and by filling, phase by colour and by pattern.
const PHASES = ["before_prompt", "before_choice", "after_grant", "after_refusal", "after_withdrawal", "unknown"];
let colours = {};

function readColours() {
  const style = getComputedStyle(root);
  const names = ["bg", "ink", "dim", "line", "card", "accent", "stripe", ...VERDICTS, ...PHASES, "requested", "given", "refused", "withdrawn"];
  colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

function outline(ctx, act, x, y, r) {
  ctx.beginPath();
  if (act === 0) ctx.arc(x, y, r, 0, 2 * Math.PI);
  else if (act === 1) {
    ctx.moveTo(x, y - r * 1.25);
    ctx.lineTo(x + r * 1.25, y);
    ctx.lineTo(x, y + r * 1.25);
    ctx.lineTo(x - r * 1.25, y);
    ctx.closePath();
  } else {
    ctx.moveTo(x - r, y - r * 1.15);
    ctx.lineTo(x + r * 1.35, y);
    ctx.lineTo(x - r, y + r * 1.15);
    ctx.closePath();
  }
}

/** A mark: full where certainly without consent, half where undecided, hollow where with consent. */
function shape(ctx, act, verdict, x, y, r = 5.5, colour = colours[VERDICTS[verdict]]) {
  outline(ctx, act, x, y, r);
  ctx.fillStyle = colours.card;
  ctx.fill();
  if (verdict < 2) {
    ctx.save();
    ctx.clip();
    ctx.fillStyle = colour;
    ctx.fillRect(x - 2 * r, verdict === 0 ? y - 2 * r : y, 4 * r, 4 * r);
    ctx.restore();
    outline(ctx, act, x, y, r);
  }
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.75;
  ctx.stroke();
}

/** Several marks of one act that share their pixels: a pill with their number. */
function pill(ctx, verdict, x0, x1, y, count) {
  const label = count > 999 ? `${Math.round(count / 1000)}k` : String(count);
  ctx.font = "600 10px system-ui, sans-serif";
  const width = Math.max(x1 - x0 + 11, ctx.measureText(label).width + 9);
  const left = (x0 + x1 - width) / 2;
  ctx.beginPath();
  ctx.roundRect(left, y - 6, width, 12, 6);
  ctx.fillStyle = verdict === 0 ? colours[VERDICTS[0]] : colours.card;
  ctx.fill();
  ctx.strokeStyle = verdict === 0 ? colours.card : colours[VERDICTS[verdict]];
  ctx.lineWidth = verdict === 0 ? 1 : 1.75;
  ctx.stroke();
  ctx.fillStyle = verdict === 0 ? colours.card : colours.ink;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(label, left + width / 2, y + 0.5);
  return [left, left + width];
}

const STROKES = {
  before_prompt: [[0, 8, 8, 0]],
  before_choice: [[0, 0, 8, 8]],
  after_grant: [],
  after_refusal: [[0, 8, 8, 0], [0, 0, 8, 8]],
  after_withdrawal: [[0, 4, 8, 4]],
  unknown: [[4, 0, 4, 8]],
};

/** The phase's pattern as a fill style; patterns are made in device pixels so that they stay fine. */
function pattern(ctx, phase) {
  const tile = el("canvas", { width: 8, height: 8 });
  const brush = tile.getContext("2d");
  brush.strokeStyle = colours[phase];
  brush.lineWidth = 1;
  brush.globalAlpha = 0.55;
  for (const [x0, y0, x1, y1] of STROKES[phase] ?? []) {
    for (const shift of [-8, 0, 8]) {
      brush.beginPath();
      brush.moveTo(x0 + shift, y0);
      brush.lineTo(x1 + shift, y1);
      brush.stroke();
    }
  }
  return ctx.createPattern(tile, "repeat");
}

/** A band of one phase: tint, then pattern. */
function band(ctx, phase, x, y, width, height, strength) {
  ctx.save();
  ctx.globalAlpha = strength;
  ctx.fillStyle = colours[phase];
  ctx.fillRect(x, y, width, height);
  ctx.globalAlpha = Math.min(1, strength * 3);
  ctx.fillStyle = pattern(ctx, phase);
  ctx.fillRect(x, y, width, height);
  ctx.restore();
}
