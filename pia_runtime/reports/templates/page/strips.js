// Under the names of the phases: what the app was doing on the screen, and what could not be seen. Hatching means unseen.
const FLAGS = 40; // flags of the consent boundaries, then names of the phases
const STATE_ROW = 18;
const UNSEEN_ROW = 18;
const STRIP = FLAGS + STATE_ROW + UNSEEN_ROW;
const MOST_COLUMNS = 120; // gaps beyond these are hatched in their row only

/** Diagonal lines, denser for what is known to have happened at an instant. */
function hatching(ctx, step) {
  const tile = el("canvas", { width: step, height: step });
  const brush = tile.getContext("2d");
  brush.strokeStyle = colours.unknown;
  brush.lineWidth = step > 6 ? 1.5 : 2;
  for (const shift of [-step, 0, step]) {
    brush.beginPath();
    brush.moveTo(shift, step);
    brush.lineTo(shift + step, 0);
    brush.stroke();
  }
  return ctx.createPattern(tile, "repeat");
}

function drawStates(ctx, area, x) {
  const y = area.top + FLAGS;
  ctx.fillStyle = colours.card;
  ctx.fillRect(area.left, y, area.width, STATE_ROW);
  ctx.font = "11px system-ui, sans-serif";
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  for (const [state, from, until] of DATA.screen) {
    const left = Math.max(x(from), area.left);
    const right = Math.min(x(until), area.left + area.width);
    if (right <= left) continue;
    const dark = state === "background";
    ctx.fillStyle = dark ? colours.dim : state === "silent" ? colours.stripe : colours.card;
    ctx.fillRect(left, y + 2, right - left, STATE_ROW - 4);
    ctx.strokeStyle = colours.dim;
    ctx.lineWidth = 1;
    ctx.setLineDash(state === "silent" ? [2, 2] : []);
    ctx.strokeRect(left + 0.5, y + 2.5, Math.max(right - left - 1, 0), STATE_ROW - 5);
    ctx.setLineDash([]);
    const name = term("screen_state", state);
    if (ctx.measureText(name).width + 10 > right - left) continue;
    ctx.fillStyle = dark ? colours.card : colours.ink;
    ctx.fillText(name, left + 5, y + STATE_ROW / 2 + 0.5);
  }
}

function drawUnseen(ctx, area, x) {
  const y = area.top + FLAGS + STATE_ROW;
  const tall = area.height - FLAGS - STATE_ROW;
  ctx.fillStyle = colours.card;
  ctx.fillRect(area.left, y, area.width, UNSEEN_ROW);
  if (DATA.unseen.length) {
    ctx.fillStyle = hatching(ctx, 9);
    ctx.fillRect(area.left, y + 2, area.width, UNSEEN_ROW - 4);
  }
  let columns = 0;
  for (const [, , at, err] of DATA.gaps) {
    const [left, right] = gapSpan(at, err, x);
    if (right < area.left || left > area.left + area.width) continue;
    ctx.fillStyle = hatching(ctx, 5);
    ctx.fillRect(left, y + 1, right - left, UNSEEN_ROW - 2);
    if (columns++ > MOST_COLUMNS) continue;
    ctx.globalAlpha = 0.4;
    ctx.fillRect(left, y + UNSEEN_ROW, right - left, tall - UNSEEN_ROW);
    ctx.globalAlpha = 1;
  }
  ctx.fillStyle = colours.line;
  ctx.fillRect(area.left, y - 0.5, area.width, 1);
  ctx.fillRect(area.left, y + UNSEEN_ROW - 1, area.width, 1);
}

/** A gap is an instant: at least seven pixels wide, wider where its error is. */
function gapSpan(at, err, x) {
  const place = x(at);
  const half = Math.max(err === null ? 0 : x(at + err) - place, 3.5);
  return [place - half, place + half];
}

/** What the strips say under a point, as lines; empty elsewhere. */
function stripAt(left, top) {
  const x = (ns) => plot.valToPos(ns / 1e9, "x");
  const ns = plot.posToVal(left, "x") * 1e9;
  if (top >= FLAGS && top < FLAGS + STATE_ROW) {
    const found = DATA.screen.find(([, from, until]) => from <= ns && ns < until);
    return found ? [`${say("page.strip_state")}: ${term("screen_state", found[0])}`] : [];
  }
  if (top < FLAGS + STATE_ROW || top >= STRIP) return [];
  const here = DATA.gaps.filter(([, , at, err]) => {
    const [from, until] = gapSpan(at, err, x);
    return from <= left && left <= until;
  });
  const told = here.slice(0, 8).map(([kind, host, at, err]) => `+${withError(at, err)} ${term("blind_spot", kind)}${host ? ` · ${host}` : ""}`);
  const whole = DATA.unseen.slice(0, 8).map(([kind, host]) => `${say("page.unseen_whole")}: ${term("blind_spot", kind)}${host ? ` · ${host}` : ""}`);
  return [...told, ...whole];
}
