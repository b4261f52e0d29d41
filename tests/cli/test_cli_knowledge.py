"""``pia knowledge``: what the judgement rests on can be listed, shown and proved."""

import json

import pytest
import yaml

from pia_runtime.cli.main import run
from pia_runtime.detection.encodings_lint import lint_encodings
from pia_runtime.knowledge.encodings import Encoding, Vector


def test_every_kind_is_listed_with_ids_and_names_in_both_languages(capsys):
    assert run(["knowledge", "list", "--format", "json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    kinds = {entry["kind"] for entry in entries}
    assert kinds >= {"identifiers", "encodings", "sdks", "trackers", "categories", "clauses", "rules"}
    assert sum(entry["kind"] == "categories" for entry in entries) == 39
    assert all(isinstance(entry["id"], str) and entry["id"] for entry in entries)
    assert all(entry.get("zh") and entry.get("en") for entry in entries)


@pytest.mark.parametrize(("lang", "word"), [("zh", "网络借贷类"), ("en", "Online lending")])
def test_the_table_has_the_names_of_one_language(capsys, lang, word):
    assert run(["knowledge", "list", "categories", "--lang", lang]) == 0
    shown = capsys.readouterr()
    assert word in shown.out
    assert "39 entries" in shown.err


def test_an_entry_is_shown_whole_and_a_rule_with_what_it_cites(capsys):
    assert run(["knowledge", "show", "access_before_consent"]) == 0
    rule = yaml.safe_load(capsys.readouterr().out)
    assert "191号 3.1" in rule["clauses"]
    assert {condition["fact"] for condition in rule["when"]} == {"act", "phase"}


def test_an_unknown_entry_is_wrong_usage(capsys):
    assert run(["knowledge", "show", "nothing_of_this_name"]) == 2
    assert "pia knowledge list" in capsys.readouterr().err


def test_the_knowledge_that_ships_proves_itself(capsys):
    assert run(["knowledge", "lint", "--format", "json"]) == 0
    assert all(part["problems"] == [] for part in json.loads(capsys.readouterr().out))


def test_a_transform_that_does_not_give_its_vector_is_named():
    wrong = Encoding("md5", ("md5",), "digest", frozenset({"*"}), "RFC 1321", (Vector("abc", "00"),))
    unknown = Encoding("x", ("no_such",), "digest", frozenset({"*"}), "–", (Vector("abc", "00"),))
    assert lint_encodings([wrong]) == ["encodings: md5: 'abc' gives 900150983cd24fb0d6963f7d28e17f72, not 00"]
    assert lint_encodings([unknown]) == ["encodings: x: step 'no_such' is no function"]
