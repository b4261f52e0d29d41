// Printing: the drawing is cut between lanes into pictures that fit a page, each with the axis and the names of its lanes.
const PAPER = 470; // pixels of lanes on a page, below axis and strips
const NAMES = 236;
let kept = view;

/** On paper stands the whole run; where the stretch up to the choice is too short in it to be read, that stands above, enlarged. */
function printWith(on) {
  if (on) kept = { ...view };
  printing = on;
  root.classList.toggle("printing", on);
  paint();
  $("paper").replaceChildren();
  if (!on) {
    show(kept.min, kept.max);
    return;
  }
  if (choiceIsEarly()) {
    plot.batch(zoomToChoice); // drawn at once: the pictures are taken from the canvas
    $("paper").append(...slices(say("page.zoom_choice")));
  }
  plot.batch(() => show(0, SPAN));
  $("paper").append(...slices(say("page.zoom_all")));
}

/** The drawing as pictures of whole lanes; no heading stands alone at the end of one. */
function slices(title) {
  const found = [];
  let first = 0;
  while (first < rows.length) {
    let last = first;
    let tall = 0;
    while (last < rows.length && (tall + rows[last].height <= PAPER || last === first)) tall += rows[last++].height;
    if (last < rows.length && last - first > 1 && !rows[last - 1].lane) tall -= rows[--last].height;
    found.push(el("figure", {}, el("figcaption", {}, first === 0 ? title : ""), slice(rows.slice(first, last), tall)));
    first = last;
  }
  return found;
}

function slice(part, tall) {
  const source = $("plot").querySelector("canvas");
  const ratio = uPlot.pxRatio;
  const head = AXIS + STRIP;
  const width = source.width / ratio;
  const canvas = el("canvas", { width: (NAMES + width) * ratio, height: (head + tall) * ratio });
  const ctx = canvas.getContext("2d");
  ctx.scale(ratio, ratio);
  ctx.fillStyle = colours.card;
  ctx.fillRect(0, 0, NAMES + width, head + tall);
  const copy = (from, to, height) => ctx.drawImage(source, 0, from * ratio, source.width, height * ratio, NAMES, to, width, height);
  copy(0, 0, head);
  copy(head + part[0].y, head, tall);
  nameRow(ctx, say("page.strip_state"), AXIS + FLAGS, STATE_ROW, "11px", false);
  nameRow(ctx, say("page.strip_unseen"), AXIS + FLAGS + STATE_ROW, UNSEEN_ROW, "11px", false);
  for (const row of part) {
    const y = head + row.y - part[0].y;
    const name = row.lane ? dataName(DATA.lanes[row.lane.number][1]) : actorName(row.actor);
    nameRow(ctx, name, y, row.height, row.lane ? "13px" : "600 13px", !row.lane);
  }
  return canvas;
}

function nameRow(ctx, name, y, height, font, heading) {
  if (heading) {
    ctx.fillStyle = colours.stripe;
    ctx.fillRect(0, y, NAMES, height);
  }
  ctx.font = `${font} system-ui, sans-serif`;
  ctx.fillStyle = colours.ink;
  ctx.textBaseline = "middle";
  let shown = name;
  while (shown && ctx.measureText(shown).width > NAMES - 26) shown = shown.slice(0, -1);
  ctx.fillText(shown === name ? name : `${shown}…`, heading ? 8 : 16, y + height / 2);
}
