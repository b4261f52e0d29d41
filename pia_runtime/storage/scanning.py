"""The scan of one capture, put together from the knowledge files and what the capture itself taught."""

from collections.abc import Sequence
from functools import cache

from pia_runtime.detection.adapters import AdapterDetector
from pia_runtime.detection.derived import derive
from pia_runtime.detection.matcher import engine_for
from pia_runtime.detection.needles import NeedleSet
from pia_runtime.detection.needles_strength import weak
from pia_runtime.detection.observed import observed_values
from pia_runtime.detection.patterns import PatternDetector
from pia_runtime.detection.scanner import Detector, Scanner
from pia_runtime.knowledge.encodings import load_encodings
from pia_runtime.knowledge.patterns import load_patterns, load_positions
from pia_runtime.knowledge.taxonomy import load_placeholders
from pia_runtime.knowledge.trackers import load_adapters, load_shapes
from pia_runtime.model.detection import Match, Opaque
from pia_runtime.model.event import Events
from pia_runtime.model.flow import Flow
from pia_runtime.model.session import Identifiers
from pia_runtime.pipeline.transmissions import Scan


def scanner_for(
    identifiers: Identifiers, events: Events, package: str, flow_bytes: int = 0
) -> tuple[Scan, Sequence[tuple[str, str]]]:
    """The scan for one capture.

    Args:
        identifiers: known values.
        events: what hooks saw; values they returned are searched for, too.
        package: the app's, whose own name says nothing.
        flow_bytes: about how much is to be scanned; decides how it is done, never what is found.

    Returns:
        The scan, and the known values that are too weak to be searched for, as (taxonomy id, reason).
    """
    known = identifiers.identifiers
    needles = NeedleSet.build(
        known,
        _encodings(),
        placeholders=_placeholders(),
        observed=observed_values(events, known),
        app_package=package,
        engine=engine_for(flow_bytes),
    )
    scanner = Scanner(needles.extended(derive(events.transforms, needles)), extra=_detectors())

    def scan(flow: Flow) -> tuple[tuple[Match, ...], tuple[Opaque, ...]]:
        result = scanner.scan(flow)
        return result.matches, result.opaque

    return scan, _too_weak(identifiers)


def _too_weak(identifiers: Identifiers) -> list[tuple[str, str]]:
    """Of the known values only: what an API returned was never promised to be searched for."""
    placeholders = _placeholders()
    reasons = ((identifier.id, weak(identifier, placeholders)) for identifier in identifiers.identifiers)
    return [(kind, reason) for kind, reason in reasons if reason is not None]


_encodings, _placeholders = cache(load_encodings), cache(load_placeholders)
"""Read once a process: a campaign asks for them with every capture."""


@cache
def _detectors() -> tuple[Detector, ...]:
    """Detectors that depend on the knowledge alone."""
    return (
        AdapterDetector(load_adapters(), load_shapes(), _placeholders()),
        PatternDetector(load_patterns(), load_positions()),
    )
