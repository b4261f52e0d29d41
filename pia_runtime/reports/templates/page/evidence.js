// The evidence of one mark, and the same marks as a table.
const TABLE_LIMIT = 200;

function field(name, ...told) {
  return told.every((one) => one === "" || one === null) ? [] : [el("dt", {}, say(`page.${name}`)), el("dd", {}, ...told)];
}

const yesNo = (value) => (value === true ? say("report.is_true") : value === false ? say("report.is_false") : say("report.unknown"));
const list = (tag, items) => (items.length ? el(tag, {}, ...items.map((item) => el("li", {}, el("code", {}, item)))) : null);

function goTo(i) {
  return el("button", { type: "button", class: "link", onclick: () => select(i, true) }, sentence(i));
}

function clauseList(found) {
  const cited = [...new Set(found.flatMap((finding) => finding.clauses))];
  return cited.length ? el("ul", {}, ...cited.map((id) => el("li", {}, el("b", {}, id), ` ${(DATA.clauses[id] ?? {})[lang()] ?? ""}`))) : null;
}

function sameValue(i) {
  const digest = KIND("commitment", i);
  if (!DATA.texts[digest]) return [];
  return shown.filter((other) => other !== i && KIND("commitment", other) === digest).slice(0, 12);
}

/** Distance to the consent boundary; both on one clock have no error between them. */
function marginOf(i) {
  const distance = Math.abs(M.margin[i]);
  if (M.margin[i] === null) return "–";
  return M.margin_err[i] === 0 ? say("margin.one_clock", { distance: `${seconds(distance)} s` }) : withError(distance, M.margin_err[i]);
}

/** Fill the panel with everything known about mark `i`. */
function showEvidence(i) {
  const panel = $("evidence");
  if (i < 0) {
    panel.replaceChildren(el("h3", {}, say("page.evidence")), el("p", { class: "dim" }, say("page.evidence_empty")));
    return;
  }
  const to = recipientOf(i);
  const found = DATA.findings.filter((finding) => finding.marks.includes(i));
  const others = sameValue(i);
  const path = LIST("path", i);
  const record = [M.event[i] === null ? "" : say("page.event", { n: M.event[i] }), DATA.texts[M.flow[i]] && say("page.flow", { n: DATA.texts[M.flow[i]] })];
  panel.replaceChildren(
    el(
      "h3",
      {},
      el("span", { class: `verdict ${TEXT("verdict", i)}` }, term("verdict", TEXT("verdict", i))),
      ` ${term("act", TEXT("act", i))} · ${dataName(laneOf(i)[1])}`,
      el("button", { type: "button", class: "close", "aria-label": say("page.evidence_close"), onclick: () => select(-1) }, "×"),
    ),
    el(
      "dl",
      {},
      ...field("time", `${say("page.after_start")} ${withError(M.t[i], M.err[i])}`),
      ...field("phase", term("phase", TEXT("phase", i))),
      ...field("verdict", term("verdict_long", TEXT("verdict", i))),
      ...field("margin", marginOf(i)),
      ...field("actor", actorName(laneOf(i)[0]), " ", el("code", {}, DATA.actors[laneOf(i)[0]].id)),
      ...(to ? [...field("host", el("code", {}, to[0])), ...field("company", to[1]), ...field("third_party", yesNo(to[2]))] : []),
      ...field("masked", el("code", {}, TEXT("masked", i))),
      ...field("place", TEXT("location", i) && term("location", TEXT("location", i))),
      ...(path.length ? field("path", list("ol", path)) : []),
      ...field("encoding", TEXT("encoding", i)),
      ...field("basis", `${term("basis", TEXT("basis", i))} · ${term("confidence", TEXT("confidence", i))}`),
      ...field("source", TEXT("source", i)),
      ...(LIST("learned_from", i).length ? field("learned_from", LIST("learned_from", i).join(", ")) : []),
      ...field("api", TEXT("api", i) && el("code", {}, TEXT("api", i))),
      ...field("foreground", yesNo(KIND("foreground", i))),
      ...field("record", record.filter(Boolean).join(" · ")),
      ...(found.length ? field("in_findings", el("ul", {}, ...found.map((finding) => el("li", {}, finding[lang()].sentence)))) : []),
      ...(found.length && clauseList(found) ? field("clauses", clauseList(found)) : []),
      ...(LIST("stack", i).length ? field("stack", list("ol", LIST("stack", i))) : []),
      ...(others.length ? field("same_value", el("ul", {}, ...others.map((other) => el("li", {}, goTo(other))))) : []),
      ...field("commitment", TEXT("commitment", i) && el("code", {}, TEXT("commitment", i))),
      ...field("id", el("code", {}, M.id[i])),
    ),
  );
  panel.scrollTop = 0;
}

/** Choose mark `i` (-1: none); `bring` moves the view to it. */
function select(i, bring = false) {
  selected = i;
  related = new Set(i < 0 ? [] : sameValue(i));
  showEvidence(i);
  $("spoken").textContent = i < 0 ? "" : sentence(i);
  if (i >= 0 && bring) bringIntoView(i);
  plot.redraw(false, false);
}

function bringIntoView(i) {
  const at = M.t[i] / 1e9;
  if (at < view.min || at > view.max) {
    const half = (view.max - view.min) / 2;
    show(at - half, at + half);
  }
  const row = rows.find((one) => one.lane && one.lane.number === KIND("lane", i));
  const chart = $("chart");
  if (!row) return;
  if (row.y < chart.scrollTop) chart.scrollTop = Math.max(row.y - HEAD, 0);
  const below = AXIS + STRIP + row.y + LANE - chart.clientHeight;
  if (below > chart.scrollTop) chart.scrollTop = below;
}

/** The marks of the visible stretch as a table: the same for readers who do not see the drawing. */
function fillTable() {
  if (!$("table-of-marks").open) return;
  const inside = shown.filter((i) => M.t[i] / 1e9 >= view.min && M.t[i] / 1e9 <= view.max);
  const head = ["time", "act", "data", "actor", "recipient", "phase", "verdict"];
  const body = inside.slice(0, TABLE_LIMIT).map((i) => {
    const to = recipientOf(i);
    const open = el("button", { type: "button", class: "link", onclick: () => select(i, true) }, `+${withError(M.t[i], M.err[i])}`);
    const told = [term("act", TEXT("act", i)), dataName(laneOf(i)[1]), actorName(laneOf(i)[0]), to ? to[0] : "–"];
    const judged = [term("phase", TEXT("phase", i)), term("verdict", TEXT("verdict", i))];
    return el("tr", {}, el("td", {}, open), ...[...told, ...judged].map((one) => el("td", {}, one)));
  });
  const table = el(
    "table",
    {},
    el("thead", {}, el("tr", {}, ...head.map((name) => el("th", { scope: "col" }, say(`page.${name}`))))),
    el("tbody", {}, ...body),
  );
  const note = inside.length > TABLE_LIMIT ? el("p", { class: "dim" }, say("page.table_limit", { limit: TABLE_LIMIT, count: inside.length })) : null;
  $("marks").replaceChildren(...[note, el("div", { class: "scroll low" }, table)].filter(Boolean));
}
