"""Every short cut of decoding and searching against the long way, on a sample of the published battery.

The long way decodes every value and remembers nothing, looks for every needle in every leaf, and looks for XOR everywhere, with the
other matcher. Whatever a short cut loses, it loses here. (What came back is read only where it shows a needle at once: it is
never a transmission, and no detection rests on it.)
"""

import pytest

from pia_runtime.bench.battery import make_battery
from pia_runtime.decoding import walk
from pia_runtime.detection.derived import derive
from pia_runtime.detection.needles import NeedleSet
from pia_runtime.detection.observed import observed_values
from pia_runtime.detection.scanner import Scanner
from pia_runtime.detection.scanner_hidden import Unhider
from pia_runtime.knowledge.encodings import load_encodings
from pia_runtime.model.session import Identifiers
from pia_runtime.storage.event_reader import parse_events
from pia_runtime.storage.jsonlines import encode_line

EVERY = 29
"""One case in so many; a prime, so that no group of the battery falls through."""


@pytest.fixture(scope="module")
def battery():
    return make_battery(7)


@pytest.fixture(scope="module")
def needles(battery):
    """Of one engine or the other."""
    known = Identifiers.model_validate(
        {"schema": "pia.identifiers/1", "identifiers": battery.person.identifiers()}
    ).identifiers
    events = parse_events(map(encode_line, battery.events.lines))
    everyday = tuple(encoding for encoding in load_encodings() if encoding.everyday)  # the long way is very long

    def build(engine):
        built = NeedleSet.build(
            known,
            everyday,
            observed=observed_values(events, known),
            app_package="com.example.app",
            engine=engine,
        )
        return built.extended(derive(events.transforms, built))

    return build


@pytest.fixture
def the_long_way(monkeypatch):
    """Take the short cuts away."""
    monkeypatch.setattr(walk, "_INERT", lambda _data: None)
    monkeypatch.setattr(walk, "_is_plain", lambda _data: False)
    monkeypatch.setattr(walk.Walk, "repeated", lambda self, location, found: self.children(location, (), found))
    monkeypatch.setattr(Unhider, "_suspicious", lambda _self, _values: True)


def test_every_short_cut_finds_what_the_long_way_finds(battery, needles, request):
    flows = [case.flow for case in battery.cases[::EVERY]]
    short = Scanner(needles("hyperscan"))
    fast = [short.scan(flow) for flow in [*flows, *flows]][len(flows) :]  # the second time everything is remembered
    request.getfixturevalue("the_long_way")
    long = Scanner(needles("ahocorasick"))
    for flow, quick in zip(flows, fast, strict=True):
        slow = long.scan_slow(flow)
        assert quick.matches == slow.matches, flow.id
        assert quick.opaque == slow.opaque, flow.id
    assert sum(len(result.matches) for result in fast) > len(flows) / 3
