// Start: language, theme, printing, and the buttons of the findings.
function refresh() {
  applyFilter();
  if (selected >= 0 && !shown.includes(selected)) select(-1);
  layOut();
  fillTable();
  $("shown").textContent = say("page.marks_of", { shown: shown.length, all: COUNT });
  $("corner").replaceChildren(
    el("span", {}, shown.length ? `${say("page.actor")} / ${say("page.data")}` : say("page.no_marks")),
    el("small", {}, say("page.strip_state")),
    el("small", {}, say("page.strip_unseen")),
  );
}

function speak(language) {
  root.dataset.lang = language;
  root.lang = language === "zh" ? "zh-Hans" : "en";
  $("lang-zh").setAttribute("aria-pressed", String(language === "zh"));
  $("lang-en").setAttribute("aria-pressed", String(language === "en"));
  document.title = say("page.title", { app: $("app-name").textContent });
  $("chart").setAttribute("aria-label", say("page.chart_label"));
  $("evidence").setAttribute("aria-label", say("page.evidence"));
  paint();
}

/** Redo all that the script has written or drawn, in the language and colours of now. */
function paint() {
  readColours();
  buildFilters();
  buildZoom();
  buildLegend();
  refresh();
  showEvidence(selected);
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);

const choiceIsEarly = () => {
  const answer = answerAt();
  return answer !== undefined && answer[1] > 0 && (answer[1] / 1e9) * 5 < SPAN;
};

/** Show the lanes of a finding's actor from its first mark to its last, the nearest answer of the user included. */
function focusFinding(number) {
  const { marks } = DATA.findings[number];
  if (marks.length) {
    Object.assign(filter, unfiltered(), { actor: String(laneOf(marks[0])[0]) });
    buildFilters();
    refresh();
    const times = marks.map((i) => M.t[i] / 1e9);
    const answers = DATA.boundaries.filter(([state]) => state !== "requested").map(([, at]) => at / 1e9);
    const first = times.reduce((a, b) => Math.min(a, b));
    const near = answers.reduce((a, b) => (Math.abs(b - first) < Math.abs(a - first) ? b : a), answers[0] ?? first);
    const from = Math.min(first, near);
    const until = times.reduce((a, b) => Math.max(a, b), near);
    const room = Math.max((until - from) * 0.15, 0.02);
    show(from - room, until + room);
    select(marks[0], true);
    related = new Set([...related, ...marks]);
    plot.redraw(false, false);
  }
  $("timeline").scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  $("chart").focus({ preventScroll: true });
}

$("lang-zh").addEventListener("click", () => speak("zh"));
$("lang-en").addEventListener("click", () => speak("en"));
$("theme").addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  paint();
});
$("print").addEventListener("click", () => print());
dark.addEventListener("change", paint);
addEventListener("beforeprint", () => printWith(true));
addEventListener("afterprint", () => printWith(false));
addEventListener("resize", () => layOut());
$("filters").addEventListener("submit", (event) => event.preventDefault());
$("table-of-marks").addEventListener("toggle", fillTable);
for (const button of document.querySelectorAll("button.show")) {
  button.addEventListener("click", () => focusFinding(Number(button.dataset.finding)));
}
speak(lang());
listenToPointer();
listenToOverview();
listenToKeys();
if (choiceIsEarly()) zoomToChoice(); // what happened before it is seen at once; the overview shows the rest
