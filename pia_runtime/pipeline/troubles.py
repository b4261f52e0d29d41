"""Everything that went wrong or is missing in a capture, counted, before the knowledge explains why it matters."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pia_runtime.correlation.axis import Clocks
from pia_runtime.correlation.clock import Times
from pia_runtime.correlation.verdict import Scopes
from pia_runtime.knowledge.base import Knowledge
from pia_runtime.model.event import Events, Stamp
from pia_runtime.pipeline.blind_spots import Counts, gaps_of
from pia_runtime.pipeline.content import Content
from pia_runtime.pipeline.transmissions import Transmissions


def drop_unknown(found: Transmissions, knowledge: Knowledge) -> Counter[str]:
    """Take out what this knowledge has no name for, as for accesses, and say how often it was met."""
    unknown = Counter(item.match.data for item in found.sent if item.match.data not in knowledge.taxonomy)
    found.sent = [item for item in found.sent if item.match.data in knowledge.taxonomy]
    return unknown


def trouble_counts(
    content: Content, found: Transmissions, unknown_data: Counter[str], weak: Sequence[tuple[str, str]]
) -> Counts:
    """Gaps, trouble with files, content that stayed opaque, faults, unknown ids and weak values."""
    counts = gaps_of(content.events)
    for trouble in content.troubles():
        counts[trouble.kind, "", f"{trouble.where}: {trouble.detail}".strip(": ")] += trouble.count
    for (reason, host), number in found.opaque.items():
        counts[reason, host, ""] += number
    for (host, error), number in found.faults.items():
        counts["analysis_fault", host, error] += number
    for kind, number in unknown_data.items():
        counts["unknown_identifier", "", kind] += number
    for kind, reason in weak:
        counts["weak_value", "", f"{kind}: {reason}"] += 1
    return counts


def missing(content: Content, scopes: Scopes, clocks: Clocks) -> Counts:
    """Gaps that show only in the whole."""
    counts: Counts = Counter()
    events = content.events
    on_device = bool((events.api_calls["clock"] == "device").any()) or any(
        stamp.clock == "device" for stamp in rare_stamps(events)
    )
    if on_device and not content.session.clock_samples:
        counts["no_clock_sample", "", ""] += 1
    if clocks.steps:
        counts["clock_step", "", ""] += clocks.steps
    if clocks.disputed:
        counts["clock_disputed", "", ""] += clocks.disputed
    if "policy" not in scopes.signals:
        counts["no_consent_signal", "", ""] += 1
    return counts


def device_readings(events: Events) -> dict[str, tuple[Times, Times]]:
    """Wall and monotonic time, by boot, of everything that the device stamped with both."""
    calls = events.api_calls
    both = np.asarray((calls["clock"] == "device") & calls["mono_ns"].notna(), dtype=np.bool_)
    rare = [stamp for stamp in rare_stamps(events) if stamp.clock == "device" and stamp.mono_ns is not None]
    wall = calls["t_ns"].to_numpy(dtype=np.int64)[both]
    mono = calls["mono_ns"].to_numpy(dtype=np.int64, na_value=0)[both]
    boots = calls["boot_id"].astype(object).to_numpy()[both]
    readings = {}
    for boot in {
        *calls["boot_id"].cat.categories[calls["boot_id"].cat.codes[both].unique()],
        *(s.boot_id for s in rare),
    }:
        own, stamps = boots == boot, [stamp for stamp in rare if stamp.boot_id == boot]
        readings[str(boot)] = (
            np.append(wall[own], np.array([stamp.t_ns for stamp in stamps], dtype=np.int64)),
            np.append(mono[own], np.array([stamp.mono_ns for stamp in stamps], dtype=np.int64)),
        )
    return readings


def rare_stamps(events: Events) -> list[Stamp]:
    """Stamps of everything but API calls."""
    return [item.stamp for item in events.consents] + [item.stamp for item in events.occurrences]
