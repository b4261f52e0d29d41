"""Does every pattern entry prove itself? Its examples must be found and its counter-examples must not."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pia_runtime.detection.patterns import PatternDetector
from pia_runtime.model.detection import Leaf
from pia_runtime.model.flow import Flow

_FLOW = Flow("lint", 1_763_884_800_000_000_000, 1000, "POST", "https", "lint.example", 443, b"/", "HTTP/1.1", (), None)


def lint_patterns(entries: Iterable[tuple[str, Mapping[str, Any]]], detector: PatternDetector) -> list[str]:
    """Problems of pattern entries, one line each, empty where there are none.

    Args:
        entries: ``file: entry`` and the entry as written, as ``load_entries("patterns", "patterns")`` gives them.
        detector: with the patterns under test.
    """
    return [problem for where, entry in entries for problem in _problems(where, entry, entry["id"], detector)]


def lint_positions(entry: Mapping[str, Any], detector: PatternDetector) -> list[str]:
    """Problems of the rule for positions (``positions`` in ``patterns.yaml``), one line each."""
    return list(_problems("patterns.yaml: positions", entry, "position", detector))


def _problems(where: str, entry: Mapping[str, Any], source: str, detector: PatternDetector) -> Iterator[str]:
    for kind in ("examples", "counter_examples"):
        if not entry.get(kind):
            yield f"{where}: no {kind}"
    for case in entry.get("examples", ()):
        if case["found"] not in _values(case, source, detector):
            yield f"{where}: example {case} is not found as {case['found']!r}"
    for case in entry.get("counter_examples", ()):
        if found := _values(case, source, detector):
            yield f"{where}: counter-example {case} is found as {found}"


def _values(case: Mapping[str, Any], source: str, detector: PatternDetector) -> list[str]:
    fields = case.get("pair") or [(case["key"], case["value"])]
    leaves = [Leaf("request.body", (f"form:{key}",), str(key), str(value).encode()) for key, value in fields]
    return [match.value for match in detector.detect(_FLOW, leaves) if match.source == source]
