// Filters, zoom buttons, legend, pointer and keyboard.
function choice(group, values, chosen, name) {
  return el(
    "fieldset",
    {},
    el("legend", {}, name),
    ...values.map((value) => {
      const box = el("input", { type: "checkbox", value, checked: chosen.has(value) });
      box.addEventListener("change", () => {
        if (box.checked) chosen.add(value);
        else chosen.delete(value);
        refresh();
      });
      return el("label", {}, box, icon(group, value), term(group, value));
    }),
  );
}

/** A small canvas with the very mark that the chart draws. */
function icon(group, value) {
  const canvas = el("canvas", { width: 36, height: 36, class: "icon", "aria-hidden": "true" });
  const ctx = canvas.getContext("2d");
  ctx.scale(2, 2);
  if (group === "act") shape(ctx, ACTS.indexOf(value), 0, 9, 9, 5.5, colours.ink);
  else if (group === "verdict") shape(ctx, 0, VERDICTS.indexOf(value), 9, 9);
  else band(ctx, value, 0, 0, 18, 18, 0.3);
  return canvas;
}

function pick(key, options, name) {
  const box = el("select", {}, el("option", { value: "" }, say("page.all")), ...options.map(([value, text]) => el("option", { value }, text)));
  box.value = filter[key];
  box.addEventListener("change", () => {
    filter[key] = box.value;
    refresh();
  });
  return el("label", { class: "pick" }, name, box);
}

function buildFilters() {
  const kinds = Object.keys(DATA.data).map((id) => [id, dataName(id)]);
  const actors = DATA.actors.map((_, n) => [String(n), actorName(n)]);
  const phases = PHASES.filter((phase) => DATA.texts.includes(phase)).map((phase) => [phase, term("phase", phase)]);
  const words = el("input", { type: "search", placeholder: say("page.search"), "aria-label": say("page.search") });
  words.value = filter.words;
  words.addEventListener("input", () => {
    filter.words = words.value;
    refresh();
  });
  const clear = () => {
    Object.assign(filter, unfiltered());
    buildFilters();
    refresh();
  };
  $("filters").replaceChildren(
    choice("act", ACTS, filter.acts, say("page.filter_act")),
    choice("verdict", VERDICTS, filter.verdicts, say("page.filter_verdict")),
    pick("data", kinds, say("page.filter_data")),
    pick("actor", actors, say("page.filter_actor")),
    pick("phase", phases, say("page.filter_phase")),
    words,
    el("button", { type: "button", onclick: clear }, say("page.reset_filters")),
  );
}

const answerAt = () => DATA.boundaries.find(([state]) => state === "given" || state === "refused");
const zoomToChoice = () => show(0, Math.max((answerAt()[1] / 1e9) * 1.25, FINEST));

function buildZoom() {
  const answer = answerAt();
  const button = (key, sign, act) => el("button", { type: "button", title: say(`page.${key}`), "aria-label": say(`page.${key}`), onclick: act }, sign);
  $("zoom").replaceChildren(
    button("zoom_in", "+", () => zoom(0.5)),
    button("zoom_out", "−", () => zoom(2)),
    button("pan_left", "←", () => pan(-0.3)),
    button("pan_right", "→", () => pan(0.3)),
    el("button", { type: "button", id: "zoom-all", onclick: () => show(0, SPAN) }, say("page.zoom_all")),
    ...(answer
      ? [el("button", { type: "button", id: "zoom-choice", onclick: zoomToChoice }, say("page.zoom_choice"))]
      : []),
  );
}

function buildLegend() {
  const item = (group, value, text) => el("li", {}, icon(group, value), text);
  const bands = [...new Set(DATA.bands.map(([phase]) => phase))];
  $("legend").replaceChildren(
    ...ACTS.map((act) => item("act", act, term("act_long", act))),
    ...VERDICTS.map((verdict) => item("verdict", verdict, term("verdict_long", verdict))),
    ...bands.map((phase) => item("phase", phase, term("phase", phase))),
    el("li", {}, `⌒ ${say("page.legend_link")}`),
    el("li", {}, `▨ ${say("page.legend_unseen")}`),
    el("li", {}, `├─┤ ${say("page.legend_error")}`),
    el("li", {}, `┃ ${say("page.legend_consent")}`),
  );
}

function tipLines(hit, strip) {
  if (!hit) return strip;
  const one = hit.list[hit.first];
  return hit.count === 1 ? sentence(one).split(" · ") : [say("page.cluster", { count: hit.count }), sentence(one)];
}

function tip(event, hit, strip) {
  const box = $("tip");
  const lines = tipLines(hit, strip);
  box.hidden = !lines.length;
  plot.over.style.cursor = hit ? "pointer" : "";
  if (!lines.length) return;
  box.replaceChildren(...lines.map((line) => el("div", {}, line)));
  const place = box.getBoundingClientRect();
  box.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - place.width - 8))}px`;
  box.style.top = `${event.clientY + 18 + place.height > innerHeight ? event.clientY - place.height - 12 : event.clientY + 18}px`;
}

function openHit(hit) {
  if (!hit) return;
  const first = hit.list[hit.first];
  const last = hit.list[hit.first + hit.count - 1];
  select(first);
  const wide = (M.t[last] - M.t[first]) / 1e9;
  if (hit.count > 1 && wide > FINEST * 10) show(M.t[first] / 1e9 - wide * 0.4, M.t[last] / 1e9 + wide * 0.4);
}

function listenToPointer() {
  const over = plot.over;
  let down = 0;
  const at = (event) => {
    const box = over.getBoundingClientRect();
    return hitAt(event.clientX - box.left, event.clientY - box.top);
  };
  over.addEventListener("mousedown", (event) => (down = event.clientX));
  over.addEventListener("mousemove", (event) => {
    const box = over.getBoundingClientRect();
    tip(event, at(event), stripAt(event.clientX - box.left, event.clientY - box.top));
  });
  over.addEventListener("mouseleave", () => ($("tip").hidden = true));
  over.addEventListener("mouseup", (event) => {
    if (Math.abs(event.clientX - down) < 6) openHit(at(event));
    setTimeout(fillTable);
  });
  over.addEventListener("dblclick", () => show(0, SPAN));
  over.addEventListener("wheel", (event) => wheel(event, over), { passive: false });
  $("chart").addEventListener("scroll", () => plot.redraw(false, false));
}

/** The wheel scrolls the page until the chart is asked for: by Ctrl, by Shift, or by having been clicked. */
function wheel(event, over) {
  const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
  if (!sideways && !event.ctrlKey && !event.metaKey && document.activeElement !== $("chart")) return;
  event.preventDefault();
  if (sideways) {
    pan((event.deltaX || event.deltaY) / 800);
    return;
  }
  const box = over.getBoundingClientRect();
  const part = (event.clientX - box.left) / box.width;
  zoom(event.deltaY > 0 ? 1.25 : 0.8, view.min + part * (view.max - view.min));
}

/** The mark nearest in time in the lane `step` lanes away. */
function neighbourLane(step) {
  const here = lanes.findIndex((lane) => lane.number === KIND("lane", selected));
  const lane = lanes[here + step];
  if (!lane) return selected;
  const at = lowerBound(lane.all, M.t[selected]);
  const before = lane.all[Math.max(at - 1, 0)];
  const after = lane.all[Math.min(at, lane.all.length - 1)];
  return Math.abs(M.t[before] - M.t[selected]) < Math.abs(M.t[after] - M.t[selected]) ? before : after;
}

function step(by) {
  if (selected < 0) return shown[0] ?? -1;
  const lane = lanes.find((one) => one.number === KIND("lane", selected));
  const at = lane.all.indexOf(selected) + by;
  return lane.all[Math.min(Math.max(at, 0), lane.all.length - 1)];
}

const KEYS = {
  ArrowLeft: () => select(step(-1), true),
  ArrowRight: () => select(step(1), true),
  ArrowUp: () => select(selected < 0 ? step(1) : neighbourLane(-1), true),
  ArrowDown: () => select(selected < 0 ? step(1) : neighbourLane(1), true),
  Enter: () => selected >= 0 && $("evidence").focus(),
  Escape: () => select(-1),
  "+": () => zoom(0.5, selected < 0 ? undefined : M.t[selected] / 1e9),
  "=": () => zoom(0.5, selected < 0 ? undefined : M.t[selected] / 1e9),
  "-": () => zoom(2),
  0: () => show(0, SPAN),
};

function listenToKeys() {
  $("chart").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = event.shiftKey && { ArrowLeft: () => pan(-0.2), ArrowRight: () => pan(0.2) }[event.key];
    if (!act && !KEYS[event.key]) return;
    event.preventDefault();
    (act || KEYS[event.key])();
  });
}
