"""What verifying a capture gave, as lines for the terminal and as JSON."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pia_runtime.reports.escape import LONG, visible

if TYPE_CHECKING:
    from pia_runtime.evidence.rederivation import Comparison, FindingChange
    from pia_runtime.evidence.verification import Verification

_VERDICTS = {
    0: "whole, signed, and the files still give every sealed finding",
    5: "EVIDENCE BROKEN",
    6: "whole, but not complete evidence",
    7: "RE-DERIVATION DIFFERS",
}
_COPY = "whole and signed"
_MOST_ENTRIES = 20


def _text(value: str) -> str:
    return visible(value, LONG)


def verification_lines(result: "Verification", names: Mapping[str, str], *, explain: bool) -> Iterator[str]:
    """One line a fact, the verdict first.

    Args:
        result: what was found out.
        names: fingerprint → name of keys that the user keeps.
        explain: say of each changed finding which knowledge entry accounts for it.
    """
    yield _COPY if result.exit_code == 0 and result.why_not else _VERDICTS[result.exit_code]
    yield from (f"  broken: {_text(str(problem))}" for problem in result.problems)
    yield from (f"  missing: {_text(reason)}" for reason in result.incomplete)
    for fingerprint in result.signatures:
        known = names.get(fingerprint)
        who = (
            f"your key {_text(known)!r}" if known else "a key not kept here: compare the fingerprint with the tester's"
        )
        yield f"  signed by {fingerprint} ({who})"
    for stamp in result.stamps:
        checked = "checked with the authority's certificate" if stamp.checked else "not checked: --tsa-certificate"
        yield f"  time stamp {stamp.time} ({checked})"
    yield from _chain_lines(result)
    if result.annotations.standing:
        yield f"  annotations: {len(result.annotations.standing)} that hold (pia annotate --list)"
    yield from (f"  note: {_text(note)}" for note in result.notes)
    if result.why_not:
        yield f"  not re-derived: {result.why_not}"
    if result.comparison is not None:
        yield from _comparison_lines(result.comparison, explain=explain)
    if result.stored is not None and result.stored.detail:
        yield f"  derived/analysis.json: {_text(result.stored.detail)}; it was changed, or made by another version (pia analyze)"


def _chain_lines(result: "Verification") -> Iterator[str]:
    chain = result.chain
    if chain is None:
        return
    if not chain.lines:
        yield "  chain: the recording was cut off before its first head"
        return
    last = datetime.fromtimestamp(chain.last_ns / 1e9, UTC).isoformat(timespec="milliseconds")
    end = "closed in order" if chain.closed else "cut off"
    yield f"  chain: {chain.records} records under {chain.lines} heads, the last at {last}, {end}, head {chain.head[:16]}"
    for name, tail in result.tails.items():
        torn = f", then {tail.size - tail.whole} bytes of a torn one" if tail.size > tail.whole else ""
        yield f"  after the last head: {_text(name)}: {tail.records} whole records in {tail.whole - tail.chained} bytes{torn}"


def _comparison_lines(found: "Comparison", *, explain: bool) -> Iterator[str]:
    if found.identical:
        yield "  re-derived: the same analysis, byte for byte"
        return
    counts = {kind: [c for c in found.findings if c.kind == kind] for kind in ("lost", "changed", "gained")}
    if not found.findings:
        yield "  re-derived: every sealed finding is the same; the document differs elsewhere"
    for kind, changes in counts.items():
        yield from (line for change in changes for line in _change_lines(kind, change, explain=explain))
    if found.sections:
        yield f"  differing parts of the document: {', '.join(found.sections)}"
    if found.knowledge[0] != found.knowledge[1]:
        yield f"  knowledge: sealed with {found.knowledge[0][:16]}, now {found.knowledge[1][:16]}{_entries(found, explain)}"
    for tool, (before, now) in found.tools.items():
        yield f"  {tool}: sealed with {_text(str(before)[:24])}, now {_text(str(now)[:24])}"
    if found.same_inputs:
        yield "  knowledge and program are those of the seal: the files cannot have given what was sealed"


def _entries(found: "Comparison", explain: bool) -> str:
    if found.changed_entries is None:
        return "; which entries differ is not recorded in this capture"
    listed = ", ".join(_text(name) for name in found.changed_entries[:_MOST_ENTRIES])
    more = len(found.changed_entries) - _MOST_ENTRIES
    count = f"; {len(found.changed_entries)} entries differ"
    return f"{count}: {listed}{f' and {more} more' if more > 0 else ''}" if explain else f"{count} (--explain)"


def _change_lines(kind: str, change: "FindingChange", *, explain: bool) -> Iterator[str]:
    said = {"lost": "no longer found", "changed": "changed", "gained": "new"}[kind]
    yield f"  finding {_text(change.id)} ({_text(change.rule)}, {_text(str(change.data))}): {said}"
    for name, (old, new) in change.fields.items():
        yield f"    {_text(name)}: {_text(str(old))[:80]} → {_text(str(new))[:80]}"
    if explain and change.because:
        yield f"    because of: {', '.join(_text(name) for name in change.because)}"


def verification_document(result: "Verification", names: Mapping[str, str]) -> dict[str, Any]:
    """The same as JSON."""
    chain, comparison, stored = result.chain, result.comparison, result.stored
    return {
        "schema": "pia.verification/1",
        "exit_code": result.exit_code,
        "sealed": result.sealed,
        "closed": result.closed,
        "problems": [problem.document() for problem in result.problems],
        "incomplete": result.incomplete,
        "notes": result.notes,
        "signatures": [{"fingerprint": one, "name": names.get(one)} for one in result.signatures],
        "stamps": [{"time": stamp.time, "checked": stamp.checked} for stamp in result.stamps],
        "chain": chain
        and {"head": chain.head, "heads": chain.lines, "records": chain.records, "last_ns": chain.last_ns},
        "tails": {name: tail.document() for name, tail in result.tails.items()},
        "annotations": [{"finding": one.finding, **one.document()} for one in result.annotations.standing],
        "not_rederived": result.why_not or None,
        "rederivation": None if comparison is None else _comparison_document(comparison),
        "stored_analysis": stored and {"state": stored.state, "detail": stored.detail or None},
    }


def _comparison_document(found: "Comparison") -> dict[str, Any]:
    return {
        "identical": found.identical,
        "stands": found.stands,
        "knowledge": {"sealed": found.knowledge[0], "now": found.knowledge[1]},
        "changed_entries": None if found.changed_entries is None else list(found.changed_entries),
        "tools": {name: {"sealed": old, "now": new} for name, (old, new) in found.tools.items()},
        "findings": [change.document() for change in found.findings],
        "sections": list(found.sections),
    }
