// Start: language, theme, printing, and the buttons of the findings.
function refresh() {
  applyFilter();
  if (selected >= 0 && !shown.includes(selected)) select(-1);
  layOut();
  fillTable();
  $("shown").textContent = say("page.marks_of", { shown: shown.length, all: COUNT });
  $("corner").textContent = shown.length ? `${say("page.actor")} / ${say("page.data")}` : say("page.no_marks");
}

function speak(language) {
  root.dataset.lang = language;
  root.lang = language === "zh" ? "zh-Hans" : "en";
  $("lang-zh").setAttribute("aria-pressed", String(language === "zh"));
  $("lang-en").setAttribute("aria-pressed", String(language === "en"));
  document.title = say("page.title", { app: $("app-name").textContent });
  $("chart").setAttribute("aria-label", say("page.chart_label"));
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

function printWith(on) {
  printing = on;
  root.classList.toggle("printing", on);
  for (const details of document.querySelectorAll("table.findings details")) details.open = on;
  paint();
}

function focusFinding(number) {
  const finding = DATA.findings[number];
  filter.only = finding.marks.length ? new Set(finding.marks) : null;
  refresh();
  if (finding.marks.length) {
    const times = finding.marks.map((i) => M.t[i] / 1e9);
    const answer = DATA.boundaries.length ? DATA.boundaries.map(([, at]) => at / 1e9) : times;
    const low = times.reduce((a, b) => Math.min(a, b));
    const near = answer.reduce((a, b) => (Math.abs(b - low) < Math.abs(a - low) ? b : a));
    const high = times.reduce((a, b) => Math.max(a, b), near);
    const from = Math.min(low, near);
    const room = Math.max((high - from) * 0.15, 0.05);
    show(from - room, high + room);
    select(finding.marks[0]);
  }
  $("timeline").scrollIntoView({ behavior: "smooth" });
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
listenToKeys();
