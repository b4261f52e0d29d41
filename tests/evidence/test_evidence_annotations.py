"""A tester's signed word about a finding: beside the seal, checked, and shown wherever findings are shown to people."""

import io

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from sealed_captures import SIGNER

from pia_runtime.cli.options import labels
from pia_runtime.errors import InputError, UsageError
from pia_runtime.evidence.annotations import annotate, annotated, annotated_recheck, dismissed, read_annotations
from pia_runtime.evidence.keys import Signer
from pia_runtime.evidence.verification import verify_capture
from pia_runtime.judgement.recheck import recheck
from pia_runtime.reports.html import render_html
from pia_runtime.reports.proof import print_proof
from pia_runtime.reports.recheck_gate import recheck_junit, recheck_sarif
from pia_runtime.reports.recheck_table import print_recheck, recheck_markdown
from pia_runtime.reports.table import print_findings
from pia_runtime.storage.analysis import load_toolbox

WORDS = "looked at with <b>the developer</b>: [red]agreed in the store"
SHOWN = "looked"


@pytest.fixture
def document(sealed):
    return orjson.loads((sealed / "derived" / "analysis.json").read_bytes())


def test_notes_and_dismissals_stand_beside_the_seal_until_their_signer_withdraws_them(sealed, document):
    finding = document["findings"][0]["id"]
    note = annotate(sealed, finding, "note", WORDS, SIGNER)
    gone = annotate(sealed, finding, "dismissal", "a mistake", SIGNER)
    other = Signer(Ed25519PrivateKey.generate())
    with pytest.raises(UsageError, match="only its signer"):
        annotate(sealed, gone.id, "withdrawal", "", other)
    annotate(sealed, gone.id[:8], "withdrawal", "", SIGNER)
    assert [one.id for one in read_annotations(sealed).standing] == [note.id]
    shown = annotated(document, sealed)
    assert [one["text"] for one in shown["findings"][0]["annotations"]] == [WORDS]
    assert not dismissed(shown["findings"][0])
    assert (sealed / "annotations.jsonl").stat().st_mode & 0o777 == 0o600
    result = verify_capture(sealed)
    assert (result.exit_code, len(result.annotations.standing)) == (0, 1)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda lines: [lines[0].replace(b"word 0", b"word 9"), *lines[1:]], "line 1"),
        (lambda lines: lines[1:], "line 1: does not follow"),
        (lambda lines: [lines[0], lines[2]], "line 2: does not follow"),
        (lambda lines: [lines[1], lines[0], lines[2]], "line 1: does not follow"),
        (lambda lines: [*lines, lines[2]], "line 4: does not follow"),
        (lambda lines: [*lines, b"{}\n"], "line 4: is not in the form"),
        (lambda lines: [*lines[:2], lines[2][:-9]], "line 3"),
        (lambda lines: [lines[0].replace(b'{"capture":"', b'{"capture":"0'), *lines[1:]], "line 1"),
    ],
)
def test_an_annotation_changed_moved_or_taken_out_breaks_the_evidence(sealed, document, spoil, says):
    for number in range(3):
        annotate(sealed, document["findings"][number]["id"], "note", f"word {number}", SIGNER)
    path = sealed / "annotations.jsonl"
    path.write_bytes(b"".join(spoil(path.read_bytes().splitlines(keepends=True))))
    result = verify_capture(sealed)
    assert result.exit_code == 5
    assert says in str(result.problems[0]).replace("annotations.jsonl, ", "")
    with pytest.raises(InputError, match="nothing is added to a broken file"):
        annotate(sealed, document["findings"][0]["id"], "note", "more", SIGNER)


def test_every_changed_byte_of_an_annotation_is_found(sealed, document):
    annotate(sealed, document["findings"][0]["id"], "note", "word", SIGNER)
    path = sealed / "annotations.jsonl"
    content = path.read_bytes()
    for at in range(0, len(content), 7):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert read_annotations(sealed).faults, at


def test_an_annotation_of_another_capture_is_refused(sealed, document):
    annotate(sealed, document["findings"][0]["id"], "note", "word", SIGNER)
    evidence = (sealed / "evidence.json").read_bytes()
    (sealed / "evidence.json").unlink()
    chain = (sealed / "chain.jsonl").read_bytes()
    (sealed / "chain.jsonl").write_bytes(chain.replace(b'"nonce":"', b'"nonce":"0', 1))
    assert read_annotations(sealed).faults == ((1, "was made about another capture"),)
    (sealed / "chain.jsonl").write_bytes(chain)
    assert not read_annotations(sealed).faults, "the name is the same before and after sealing"
    (sealed / "evidence.json").write_bytes(evidence)


def test_a_dismissal_shows_in_every_report_and_changes_no_finding(sealed, document):
    finding = document["findings"][0]
    annotate(sealed, finding["id"], "dismissal", WORDS, SIGNER)
    shown = annotated(document, sealed)
    assert [one["id"] for one in shown["findings"]] == [one["id"] for one in document["findings"]]
    assert {**shown["findings"][0], "annotations": None} == {**finding, "annotations": None}
    names = labels()
    for width in (80, 180):
        assert SHOWN in printed(lambda console: print_findings(shown, names, "en", console), width)
    assert SHOWN in printed(lambda console: print_proof(shown, shown["findings"][0], [], {}, names, "zh", console), 200)
    page = render_html(shown, names, "zh")
    assert SHOWN in page
    assert "<b>the developer</b>" not in page
    compared = annotated_recheck(recheck(document, document, load_toolbox().knowledge), [sealed, sealed])
    assert SHOWN in printed(lambda console: print_recheck(compared, names, "en", console), 200)
    for made in (recheck_markdown, recheck_junit, recheck_sarif):
        text = made(compared, names, "en")
        assert SHOWN in (text.decode() if isinstance(text, bytes) else text), made.__name__


def printed(make, width: int) -> str:
    """What goes to a terminal of that width."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    make(console)
    return console.file.getvalue()
