"""Everything that went wrong or is missing in a capture, counted, before the knowledge explains why it matters."""

from collections import Counter
from collections.abc import Sequence

from pia_runtime.correlation.axis import Clocks
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
    if clocks.wall.to_host.steps:
        counts["clock_step", "", ""] += clocks.wall.to_host.steps
    if "policy" not in scopes.signals:
        counts["no_consent_signal", "", ""] += 1
    return counts


def stamps_of(events: Events) -> list[Stamp]:
    """Every device stamp that tells wall and monotonic time apart; equal distances add nothing, extremes suffice."""
    calls = events.api_calls
    device = calls[(calls["clock"] == "device") & calls["mono_ns"].notna()]
    chosen = device
    if len(device):
        apart = device["t_ns"] - device["mono_ns"].astype("int64")
        ends = {apart.idxmin(), apart.idxmax(), device["t_ns"].idxmin(), device["t_ns"].idxmax()}
        first_of_boot = device.drop_duplicates("boot_id").index
        chosen = device.loc[sorted({*ends, *first_of_boot})]
    columns = (chosen[name].tolist() for name in ("seq", "t_ns", "mono_ns", "boot_id"))
    stamps = [Stamp(seq, t_ns, "device", mono, boot) for seq, t_ns, mono, boot in zip(*columns, strict=True)]
    return stamps + rare_stamps(events)


def rare_stamps(events: Events) -> list[Stamp]:
    """Stamps of everything but API calls."""
    return [item.stamp for item in events.consents] + [item.stamp for item in events.occurrences]
