"""Testers' signed words about findings: notes and dismissals, kept beside what is sealed, in ``annotations.jsonl``.

Each line is canonical JSON, names the capture and the digest of the line before it, and is signed; so a line that is changed,
moved, put in between or brought from another capture shows. They are statements of their signers and change no finding.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import orjson

from pia_runtime.errors import InputError, UsageError, unreadable
from pia_runtime.evidence.keys import Signer, fingerprint
from pia_runtime.evidence.sealed_files import ANNOTATIONS
from pia_runtime.evidence.sealing import identity_of
from pia_runtime.evidence.signing import check_signature, sign
from pia_runtime.storage.appending import AppendFile
from pia_runtime.storage.chain import canonical
from pia_runtime.storage.folder import unwritable

SCHEMA = "pia.annotation/1"
LONGEST = 4_000
"""Characters of an annotation's text."""
_LARGEST = 1 << 26
_ID_DIGITS = 16
_FIELDS = frozenset({"schema", "capture", "previous", "finding", "kind", "text", "t_ns", "signature"})

type Kind = Literal["note", "dismissal", "withdrawal"]


@dataclass(frozen=True, slots=True)
class Annotation:
    """One line.

    Attributes:
        id: beginning of the line's SHA-256; a withdrawal names it.
        finding: the finding's id, or for a withdrawal the id of the annotation taken back.
        kind: ``note``, ``dismissal`` or ``withdrawal``.
        text: what the tester wrote.
        t_ns: when, by the tester's clock.
        by: fingerprint of the signer's key.
    """

    id: str
    finding: str
    kind: Kind
    text: str
    t_ns: int
    by: str

    def document(self) -> dict[str, Any]:
        """As reports get it."""
        return {"id": self.id, "kind": self.kind, "text": self.text, "t_ns": self.t_ns, "by": self.by}


@dataclass(frozen=True, slots=True)
class Annotations:
    """The file.

    Attributes:
        lines: every line that holds, in order.
        faults: line number and what is wrong with it, for those that do not.
        last: digest of the last line, hex, or None where there is none.
    """

    lines: tuple[Annotation, ...] = ()
    faults: tuple[tuple[int, str], ...] = ()
    last: str | None = None

    @property
    def standing(self) -> tuple[Annotation, ...]:
        """Notes and dismissals that nobody withdrew; only the key that signed one takes it back."""
        gone = {(line.finding, line.by) for line in self.lines if line.kind == "withdrawal"}
        return tuple(line for line in self.lines if line.kind != "withdrawal" and (line.id, line.by) not in gone)


def read_annotations(capture: Path) -> Annotations:
    """The annotations of a capture, each checked.

    Raises:
        InputError: the file cannot be read.
    """
    path = capture / ANNOTATIONS
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST)
    except FileNotFoundError:
        return Annotations()
    except OSError as error:
        raise unreadable(path, error) from error
    identity, previous = identity_of(capture), None
    lines: list[Annotation] = []
    faults: list[tuple[int, str]] = []
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        try:
            lines.append(_checked(line, identity, previous))
        except ValueError as error:
            faults.append((number, str(error)))
        previous = sha256(line).hexdigest()
    return Annotations(tuple(lines), tuple(faults), previous)


def _checked(line: bytes, identity: str, previous: str | None) -> Annotation:
    content = orjson.loads(line)
    if not isinstance(content, dict) or canonical(content) != line or set(content) != _FIELDS:
        raise ValueError("is not in the form in which it was written")
    signed = {name: value for name, value in content.items() if name != "signature"}
    by = check_signature(canonical(signed), content["signature"])
    if content["schema"] != SCHEMA or content["kind"] not in ("note", "dismissal", "withdrawal"):
        raise ValueError("is of an unknown kind")
    texts = (content["finding"], content["text"])
    if not all(isinstance(text, str) for text in texts) or type(content["t_ns"]) is not int:
        raise ValueError("is not in the form in which it was written")
    if content["capture"] != identity:
        raise ValueError("was made about another capture")
    if content["previous"] != previous:
        raise ValueError("does not follow the line before it: a line was removed, added or moved")
    name = sha256(line).hexdigest()[:_ID_DIGITS]
    return Annotation(name, texts[0], content["kind"], texts[1], content["t_ns"], by)


def annotate(capture: Path, finding: str, kind: Kind, text: str, signer: Signer) -> Annotation:
    """Sign and append an annotation; what is sealed does not change.

    Args:
        capture: the folder.
        finding: id of the finding, in full; for a withdrawal the id of an annotation, or its beginning.
        kind: what it is.
        text: the tester's words; a dismissal needs a reason.
        signer: the tester's key.

    Raises:
        UsageError: no text where one is needed, too long a one, or nothing to withdraw.
        InputError: the annotations there are do not verify.
        NotReadyError: the file cannot be written.
    """
    before = read_annotations(capture)
    if before.faults:
        number, what = before.faults[0]
        raise InputError(f"{capture / ANNOTATIONS}: line {number} {what}", "nothing is added to a broken file")
    if kind != "withdrawal" and not text.strip():
        raise UsageError(f"a {kind} needs words", "say why")
    if len(text) > LONGEST:
        raise UsageError(f"longer than {LONGEST} characters", "shorten it")
    target = finding if kind != "withdrawal" else _own(before.standing, finding, signer)
    said = {
        "schema": SCHEMA,
        "capture": identity_of(capture),
        "previous": before.last,
        "finding": target,
        "kind": kind,
        "text": text.encode("utf-8", "replace").decode(),
        "t_ns": time.time_ns(),
    }
    line = canonical({**said, "signature": sign(canonical(said), signer)})
    path = capture / ANNOTATIONS
    try:
        file = AppendFile(path)
        try:
            file.append(line)
        finally:
            file.close(sync=True)
    except OSError as error:
        raise unwritable(path, error) from error
    return _checked(line, str(said["capture"]), before.last)


def _own(standing: Iterable[Annotation], wanted: str, signer: Signer) -> str:
    found = [one for one in standing if wanted and one.id.startswith(wanted)]
    if len(found) != 1:
        raise UsageError(f"{wanted!r} is no standing annotation", "pia annotate CAPTURE --list names them")
    if found[0].by != fingerprint(signer.public):
        raise UsageError(f"{found[0].id} was signed by {found[0].by}", "only its signer takes it back")
    return found[0].id


def annotated(document: Mapping[str, Any], capture: Path) -> dict[str, Any]:
    """A copy of an analysis document for people's reports: each finding carries its ``annotations``, oldest first.

    Each is ``{id, kind, text, t_ns, by}``, ``kind`` being ``note`` or ``dismissal``. Lines that do not verify are left out
    (``pia verify`` names them). The stored document never carries any: they are not derived from the capture.
    """
    about: dict[str, list[dict[str, Any]]] = {}
    for one in read_annotations(capture).standing:
        about.setdefault(one.finding, []).append(one.document())
    findings = [{**finding, "annotations": about.get(finding["id"], [])} for finding in document["findings"]]
    return {**document, "findings": findings}


def annotated_recheck(document: Mapping[str, Any], captures: Iterable[Path]) -> dict[str, Any]:
    """A copy of a re-check whose items carry the ``annotations`` about their finding in either capture, oldest first.

    Args:
        document: the re-check.
        captures: the two runs; one that is a stored document has no annotations.
    """
    standing = [one for capture in captures if capture.is_dir() for one in read_annotations(capture).standing]
    items = []
    for item in document["items"]:
        ids = {item["id"], *(one["id"] for one in (item["before"], item["after"]) if one)}
        about = {one.id: one for one in standing if one.finding in ids}
        found = sorted(about.values(), key=lambda one: (one.t_ns, one.id))
        items.append({**item, "annotations": [one.document() for one in found]})
    return {**document, "items": items}


def dismissed(finding: Mapping[str, Any]) -> bool:
    """Whether a tester's standing dismissal is among a finding's annotations."""
    return any(one["kind"] == "dismissal" for one in finding.get("annotations", ()))
