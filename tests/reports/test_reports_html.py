"""The page: one file, no reference to anything outside, nothing captured ever becomes markup."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report_documents import LABELS, exhibits, large_document, linked_document, loan_document, poisoned, silent_document

import pia_runtime.reports
from pia_runtime.model.exhibit import Exhibits, Request
from pia_runtime.reports.html import render_html

POISONS = [
    "</script><script>window.pwned=1</script>",
    "\"><img src='//evil.example/x' onerror=window.pwned=1>",
    "<!--<script>",
    "{{ 7*7 }}{% raw %}",
    "\x1b[31m\u202e\u2028\ud800",
    '=HYPERLINK("http://evil.example")',
]
REFERENCES = {
    "src",
    "href",
    "action",
    "formaction",
    "srcset",
    "data",
    "poster",
    "background",
    "xlink:href",
    "ping",
    "manifest",
}


class _Page(HTMLParser):
    """What an independent parser sees."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self.prose = ""
        self._open = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag
        if tag in self.texts:
            self.texts[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open in self.texts:
            self.texts[self._open][-1] += data
        else:
            self.prose += data

    def shape(self) -> set[tuple[str, tuple[str, ...]]]:
        return {(tag, tuple(sorted(attributes))) for tag, attributes in self.tags}


@pytest.fixture(scope="module")
def page() -> _Page:
    return _Page(render_html(loan_document(), LABELS, "zh"))


def test_the_same_document_gives_the_same_bytes():
    assert render_html(loan_document(), LABELS, "en") == render_html(loan_document(), LABELS, "en")


def test_the_page_refers_to_nothing_outside_itself(page: _Page):
    references = [value for _, attributes in page.tags for name, value in attributes.items() if name in REFERENCES]
    assert references
    assert all(value is not None and value.startswith("#") for value in references)
    assert not {tag for tag, _ in page.tags} & {"link", "img", "iframe", "object", "embed", "base", "audio", "video"}
    assert not re.search(r"url\(|@import", page.texts["style"][0])
    assert not [
        attributes
        for tag, attributes in page.tags
        if "style" in attributes or any(name.startswith("on") for name in attributes)
    ]


def test_the_policy_allows_only_the_scripts_and_the_style_that_stand_in_the_page(page: _Page):
    policy = next(
        a["content"] for tag, a in page.tags if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    data, _, *scripts = page.texts["script"]
    assert len(scripts) == 2
    for text in [*scripts, *page.texts["style"]]:
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy
    assert json.loads(data)["marks"]["t"]


@pytest.mark.parametrize("poison", POISONS)
def test_captured_text_never_becomes_markup(poison: str, page: _Page):
    told = _Page(render_html(poisoned(loan_document(), poison), LABELS, "zh"))
    assert told.shape() <= page.shape() | {("span", ("class", "lang"))}
    assert len(told.texts["script"]) == 4
    assert told.texts["script"][2:] == page.texts["script"][2:]
    for _, attributes in told.tags:
        assert not [value for value in attributes.values() if value and "pwned" in value]


def test_captured_text_is_shown_and_not_dropped():
    told = _Page(render_html(poisoned(loan_document(), "<b>&amp;"), LABELS, "en"))
    assert "collect.adnova.example<b>&amp;" in told.prose


def test_a_megabyte_in_every_field_stays_a_page_that_opens():
    assert len(render_html(poisoned(loan_document(), "长" * 1_000_000), LABELS, "zh")) < 3_000_000


def test_full_values_are_not_in_the_page_when_the_document_reveals_them():
    document = loan_document()
    for detection in document["detections"]:
        detection["value"] = "356938035643809"
    assert "356938035643809" not in render_html(document, LABELS, "zh")


def test_both_languages_are_in_the_page_and_one_is_marked_to_be_shown_first():
    for lang in ("zh", "en"):
        told = _Page(render_html(loan_document(), LABELS, lang))
        assert told.tags[0][1]["data-lang"] == lang
        assert "before the user had consented" in told.prose
        assert "在征得用户同意前" in told.prose


def test_what_could_not_be_seen_and_that_silence_is_no_pass_are_readable_without_script():
    told = _Page(render_html(silent_document(), LABELS, "en")).prose
    assert "Silence is not a pass" in told
    assert "no event file" in told
    assert "nothing can be said about API reads" in told
    assert "No finding." in told


def test_an_error_that_nobody_knows_is_not_drawn_as_none():
    document = loan_document()
    for detection in document["detections"]:
        detection["err_ns"] = None
    data = json.loads(_Page(render_html(document, LABELS, "zh")).texts["script"][0])
    assert set(data["marks"]["err"]) == {None}


def test_vendored_files_are_the_ones_named_with_their_sums():
    folder = Path(pia_runtime.reports.__file__).parent / "vendor"
    table = (folder / "README.md").read_text(encoding="utf-8")
    for name in ("uPlot.iife.min.js", "uPlot.min.css"):
        assert hashlib.sha256((folder / "uplot" / name).read_bytes()).hexdigest() in table
    assert (folder / "uplot" / "LICENSE").read_text(encoding="utf-8").startswith("The MIT License")


def test_a_page_of_many_marks_keeps_as_many_exhibits_as_fit():
    document, shown = large_document(30_000), exhibits()
    picture = replace(shown.pictures[0], jpeg=b"x" * 700_000)
    page = render_html(document, LABELS, "en", replace(shown, pictures=(picture,) * 12))
    assert len(page.encode()) < 10_000_000
    told = json.loads(_Page(page).texts["script"][1])
    assert 0 < len(told["pictures"]) < 12
    assert told["left_out"] == 12 - len(told["pictures"])
    assert f"{told['left_out']} more requests or screenshots are not kept in this page." in page


@pytest.mark.parametrize("poison", POISONS)
def test_captured_requests_never_become_markup(poison: str):
    request = Request(f"GET /{poison} HTTP/1.1", ((poison, poison), ("Host", poison)), f"plain {poison} text", 9)
    shown = Exhibits(
        {"flow-x": request}, {linked_document()["detections"][1]["id"]: ((poison, poison, 3), (poison, poison, 3))}
    )
    plain = _Page(render_html(linked_document(), LABELS, "en"))
    for reveal in (False, True):
        told = _Page(render_html(linked_document(), LABELS, "en", shown, reveal=reveal))
        assert told.shape() == plain.shape()
        assert told.texts["script"][2:] == plain.texts["script"][2:]
        assert json.loads(told.texts["script"][1])["requests"]["flow-x"]["size"] == 9
