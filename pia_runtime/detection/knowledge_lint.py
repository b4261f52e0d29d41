"""The whole knowledge put to its own proof: every loader's schema, every example and counter-example, every reference."""

from collections.abc import Callable, Iterator

from pia_runtime.detection.adapters import AdapterDetector
from pia_runtime.detection.adapters_lint import lint_adapters
from pia_runtime.detection.attribution_lint import lint_frames, lint_sdks
from pia_runtime.detection.encodings_lint import lint_encodings
from pia_runtime.detection.patterns import PatternDetector
from pia_runtime.detection.patterns_lint import lint_patterns, lint_positions
from pia_runtime.errors import KnowledgeError
from pia_runtime.knowledge.base import Knowledge, load_knowledge
from pia_runtime.knowledge.data_file import ROOT, load_entries, load_yaml
from pia_runtime.knowledge.encodings import load_encodings
from pia_runtime.knowledge.patterns import load_patterns, load_positions
from pia_runtime.knowledge.sdks import load_sdks
from pia_runtime.knowledge.taxonomy import load_placeholders
from pia_runtime.knowledge.trackers import load_adapters, load_shapes


def lint_knowledge() -> dict[str, list[str]]:
    """Problems by part of the knowledge; a part without any has an empty list. A file that does not load is its one problem."""
    return {name: _guarded(check) for name, check in _CHECKS.items()}


def _guarded(check: Callable[[], list[str]]) -> list[str]:
    try:
        return check()
    except KnowledgeError as error:
        return [str(error)]


def _rules() -> list[str]:
    knowledge = load_knowledge()
    return [*_references(knowledge), *_sentences(knowledge)]


def _references(knowledge: Knowledge) -> Iterator[str]:
    """Taxonomy ids and clauses that other entries name must exist."""
    for category in knowledge.categories.values():
        for data in sorted(category.necessary - knowledge.taxonomy.keys()):
            yield f"categories: {category.id}: there is no data type {data!r}"
    for notice, words in knowledge.notices.items():
        if words.get("clause") not in knowledge.clauses:
            yield f"notices: {notice}: there is no clause {words.get('clause')!r}"
    for sdk in load_sdks().sdks.values():
        for data in sorted(set(sdk.declared_data) - knowledge.taxonomy.keys()):
            yield f"sdks: {sdk.id}: there is no data type {data!r}"


def _sentences(knowledge: Knowledge) -> Iterator[str]:
    """A finding reads in both languages."""
    for rule in knowledge.rules:
        if not rule.zh.strip() or not rule.en.strip():
            yield f"rules: {rule.id}: a sentence is missing in one language"
    for kind, words in knowledge.blind_spots.items():
        if not {"zh", "en"} <= words.keys():
            yield f"blind_spots: {kind}: a sentence is missing in one language"


def _sdks() -> list[str]:
    sdks = load_sdks()
    return [*lint_sdks(load_entries("sdks", "sdks"), sdks), *lint_frames(load_entries("sdks", "frames"), sdks)]


def _trackers() -> list[str]:
    taxonomy, sdks = load_knowledge().taxonomy, load_sdks().sdks
    adapters = load_adapters()
    unknown = [
        f"trackers: {adapter.id}: there is no {kind} {name!r}"
        for adapter in adapters
        for kind, names, known in (
            ("data type", [place.data for place in adapter.data_paths], taxonomy.keys()),
            ("SDK", [adapter.sdk] if adapter.sdk else [], sdks.keys()),
        )
        for name in names
        if name not in known
    ]
    return unknown + lint_adapters(
        load_entries("trackers", "adapters"), AdapterDetector(adapters, load_shapes(), load_placeholders())
    )


def _patterns() -> list[str]:
    detector = PatternDetector(load_patterns(), load_positions())
    positions = load_yaml(ROOT / "patterns" / "patterns.yaml")["positions"]
    return [*lint_patterns(load_entries("patterns", "patterns"), detector), *lint_positions(positions, detector)]


def _encodings() -> list[str]:
    return lint_encodings(load_encodings())


_CHECKS: dict[str, Callable[[], list[str]]] = {
    "identifiers, categories, clauses, rules": _rules,
    "encodings": _encodings,
    "patterns": _patterns,
    "sdks": _sdks,
    "trackers": _trackers,
}
