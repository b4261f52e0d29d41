// The evidence of one mark, and the same marks as a table.
const TABLE_PART = 200;
let tableRows = TABLE_PART;

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

/** Each decode step with what it gave, from outside in; without a replay the written path alone. */
function stepList(i) {
  const steps = DATA.steps[i] ?? LIST("path", i).map((name) => [name, "", -1]);
  const gave = ([, text, size]) => (text ? el("samp", {}, text) : size >= 0 ? el("span", { class: "dim" }, say("page.not_text", { size })) : null);
  return steps.length ? el("ol", { class: "steps-taken" }, ...steps.map((step) => el("li", {}, el("code", {}, step[0]), " ", gave(step)))) : null;
}

/** The request as it left, values hidden unless the page was made to show them. */
function requestExcerpt(i) {
  const flow = DATA.texts[M.flow[i]];
  if (!flow) return null;
  const request = DATA.requests[flow];
  if (!request) return el("p", { class: "dim" }, say("page.request_missing", { id: M.id[i] }));
  const head = [request.line, ...request.headers.map(([name, value]) => `${name}: ${value}`)].join("\n");
  const body = request.body || (request.size ? say("page.not_text", { size: request.size }) : "");
  return el("pre", { tabindex: "0", "aria-label": say("page.request") }, body ? `${head}\n\n${body}` : head);
}

/** The screenshot nearest in time, and by how much it is earlier or later. */
function nearestPicture(i) {
  if (!DATA.pictures.length) return null;
  const near = DATA.pictures.reduce((a, b) => (Math.abs(b.t - M.t[i]) < Math.abs(a.t - M.t[i]) ? b : a));
  const away = near.t - M.t[i];
  const key = away < 0 ? "page.picture_before" : "page.picture_after";
  return el(
    "figure",
    {},
    el("img", { src: near.src, width: near.width, height: near.height, alt: say("page.picture_alt", { n: near.event }) }),
    el("figcaption", {}, say(key, { distance: withError(Math.abs(away), near.err === null || M.err[i] === null ? null : near.err + M.err[i]) })),
  );
}

function linksOf(i) {
  const ends = linkedTo(i);
  if (!ends.length) return [];
  const isRead = M.read[i] < 0;
  const how = isRead ? "" : ` (${term("read_basis", TEXT("read_basis", i))})`;
  return field(isRead ? "sent_later" : "read_from", el("ul", {}, ...ends.slice(0, 12).map((other) => el("li", {}, goTo(other), how))));
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
      ...field("masked", TEXT("masked", i) && el("code", {}, TEXT("masked", i))),
      ...field("place", TEXT("location", i) && term("location", TEXT("location", i))),
      ...(stepList(i) ? field("path", stepList(i)) : []),
      ...(requestExcerpt(i) ? field(DATA.revealed ? "request_revealed" : "request", requestExcerpt(i)) : []),
      ...linksOf(i),
      ...field("encoding", TEXT("encoding", i)),
      ...field("basis", `${term("basis", TEXT("basis", i))} · ${term("confidence", TEXT("confidence", i))}`),
      ...field("source", TEXT("source", i)),
      ...(LIST("learned_from", i).length ? field("learned_from", LIST("learned_from", i).join(", ")) : []),
      ...field("api", TEXT("api", i) && el("code", {}, TEXT("api", i))),
      ...field("threw", TEXT("threw", i) && el("code", {}, TEXT("threw", i))),
      ...(LIST("stack", i).length ? field("stack", list("ol", LIST("stack", i))) : []),
      ...(nearestPicture(i) ? field("picture", nearestPicture(i)) : []),
      ...field(TEXT("state", i) ? "app_state" : "foreground", TEXT("state", i) ? term("screen_state", TEXT("state", i)) : yesNo(KIND("foreground", i))),
      ...field("record", record.filter(Boolean).join(" · ")),
      ...(found.length ? field("in_findings", el("ul", {}, ...found.map((finding) => el("li", {}, finding[lang()].sentence)))) : []),
      ...(found.length && clauseList(found) ? field("clauses", clauseList(found)) : []),
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
  related = new Set(i < 0 ? [] : [...sameValue(i), ...linkedTo(i)]);
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
  const body = inside.slice(0, tableRows).map((i) => {
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
  const more = () => {
    tableRows += TABLE_PART;
    fillTable();
  };
  const note = inside.length > tableRows ? el("p", { class: "dim" }, say("page.table_limit", { limit: tableRows, count: inside.length })) : null;
  const button = note && el("button", { type: "button", onclick: more }, say("page.table_more", { count: Math.min(TABLE_PART, inside.length - tableRows) }));
  $("marks").replaceChildren(...[note, el("div", { class: "scroll low", tabindex: "0" }, table), button].filter(Boolean));
}
