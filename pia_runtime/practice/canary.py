"""The canary: a program that tells everything it can see of its own calls, run without hooks and with a hook on each of them.

Its Java source is ``java/canary``. The hooks here are made for it and are no part of the catalog; the agent that interprets
them is the one that watches apps.
"""

import difflib
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pia_runtime.errors import NotReadyError
from pia_runtime.instrumentation.bursts import BurstLimits
from pia_runtime.instrumentation.catalog import Catalog
from pia_runtime.instrumentation.catalog_entry import HookEntry
from pia_runtime.instrumentation.host import FridaHost, JvmTarget
from pia_runtime.practice.build import compile_app
from pia_runtime.practice.jdk import find_jdk17

PATIENCE_S = 120
"""Seconds after which a program that does not end counts as stuck."""

_SURFACE = """<init> echo staticEcho text kept array bytes objects nested list function many wide nothing fill refuse fail divide
factorial even odd deep endless locked lockedFailure waitsFor sleeps staticLocked overridden hidden last generic nesting trace"""
_COSTS = "number text arguments shared bytes dropped deep"


@dataclass(frozen=True, slots=True)
class Cost:
    """Time of one call, measured in turns in one process; medians in nanoseconds.

    Attributes:
        hook: id of the canary's hook.
        plain_ns: the same call in a class without hooks.
        full_ns: with everything told: arguments, value and stack.
        counted_ns: within a burst, where most calls are only counted.
    """

    hook: str
    plain_ns: float
    full_ns: float
    counted_ns: float


@dataclass(frozen=True, slots=True)
class Transparency:
    """What the two runs of the canary showed.

    Attributes:
        probes: lines that the program printed without hooks.
        differences: lines of a unified diff between the two outputs; none if they are the same bytes.
        calls: calls of the canary that were seen while it ran with hooks.
        failed: hooks that could not be put in or were switched off, with the reason.
        visible: what a program that looks for it can see, as (what, without hooks, with hooks).
    """

    probes: int
    differences: tuple[str, ...]
    calls: int
    failed: tuple[str, ...]
    visible: tuple[tuple[str, str, str], ...]

    @property
    def holds(self) -> bool:
        """Whether both outputs are the same, byte for byte, and every hook was at work."""
        return not self.differences and not self.failed and self.calls > 0


def canary_catalog() -> Catalog:
    """One hook for each method that the canary calls."""
    entries = [_entry(name, f"canary.Surface.{name}") for name in _SURFACE.split()]
    entries += [_entry("lazy_value", "canary.Lazy.value"), _entry("unborn_value", "canary.Unborn.value")]
    entries += [_entry(f"cost_{name}", f"canary.Costs$Hooked.{name}") for name in _COSTS.split()]
    return Catalog({entry.id: entry for entry in entries})


def check_transparency() -> Transparency:
    """Run the canary without hooks and with them, and compare.

    Raises:
        NotReadyError: no JDK 17, or the program did not end.
    """
    with tempfile.TemporaryDirectory(prefix="pia-canary-") as folder:
        plain, hooked = _both(Path(folder), "probes")
        seen = _both(Path(folder), "limits")
    output, events = hooked
    differences = difflib.unified_diff(
        _lines(plain[0]), _lines(output), "without hooks", "with hooks", lineterm="", n=0
    )
    return Transparency(
        probes=len(_lines(plain[0])),
        differences=tuple(differences) if plain[0] != output else (),
        calls=sum(event.get("count", 1) for event in events if event["type"] == "api_call"),
        failed=tuple(_failed(events)),
        visible=tuple(_visible(_lines(seen[0][0]), _lines(seen[1][0]))),
    )


def measure_costs(calls: int = 200) -> list[Cost]:
    """Measure what each shape of hook costs a call.

    Args:
        calls: hooked calls of each of the seven turns.

    Raises:
        NotReadyError: no JDK 17, or the program did not end.
    """
    with tempfile.TemporaryDirectory(prefix="pia-canary-") as folder:
        out = Path(folder) / "costs"
        full, _ = _run_hooked(out, "costs", str(calls), bursts=BurstLimits(full_per_second=1_000_000))
        counted, _ = _run_hooked(out, "costs", str(calls), bursts=BurstLimits(full_per_second=1, sample_ms=1_000))
    pairs = zip(_lines(full), _lines(counted), strict=True)
    return [_cost(one.split(), two.split()) for one, two in pairs]


def _cost(full: list[str], counted: list[str]) -> Cost:
    return Cost(full[0], int(full[1]) / 1000, int(full[2]) / 1000, int(counted[2]) / 1000)


def _entry(name: str, api: str) -> HookEntry:
    return HookEntry.model_validate(
        {
            "id": f"canary.{name.strip('<>').lower()}",
            "api": api,
            "data": ["imei"],
            "api_levels": "1-",
            "trigger": "the canary calls it",
            "source": "java/canary",
            **({"data_by_argument": _ONLY_MINE, "data": []} if name == "cost_dropped" else {}),
        }
    )


_ONLY_MINE = {"index": 0, "match": "equals", "data": {"mine": ["imei"]}, "others": "drop"}


def _both(folder: Path, mode: str) -> tuple[tuple[bytes, list[dict[str, Any]]], tuple[bytes, list[dict[str, Any]]]]:
    plain = folder / f"{mode}-plain"
    subprocess.run(_argv(plain, mode), check=False, timeout=PATIENCE_S, capture_output=True)
    return (plain.read_bytes(), []), _run_hooked(folder / f"{mode}-hooked", mode)


def _argv(out: Path, *arguments: str) -> list[str]:
    jdk = find_jdk17()
    java = [str(jdk / "bin" / "java"), "-XX:-UsePerfData", f"-XX:ErrorFile={out}.crash", "-Xss1m"]
    return [*java, "-cp", str(compile_app(jdk=jdk)), "canary.Canary", arguments[0], str(out), *arguments[1:]]


def _run_hooked(out: Path, *arguments: str, bursts: BurstLimits | None = None) -> tuple[bytes, list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []
    ended = threading.Event()
    host = FridaHost(
        JvmTarget(_argv(out, *arguments), process="canary"),
        canary_catalog(),
        on_event=events.append,
        on_detached=lambda _: ended.set(),
        bursts=bursts,
    )
    try:
        host.start()
        if not ended.wait(PATIENCE_S):
            raise NotReadyError(f"the canary did not end within {PATIENCE_S} s with hooks in place", "report this")
    finally:
        host.stop()
    if not out.exists():
        raise NotReadyError("the canary wrote nothing with hooks in place", "report this")
    return out.read_bytes(), events


def _lines(output: bytes) -> list[str]:
    return output.decode("utf-8", "replace").splitlines()


def _failed(events: list[dict[str, Any]]) -> list[str]:
    last = {event["hook"]: event for event in events if event["type"] == "hook_status"}
    bad = [
        f"{hook}: {event['status']}: {event['reason']}"
        for hook, event in last.items()
        if event["status"] != "installed"
    ]
    missing = [f"{hook}: no status" for hook in canary_catalog().entries if hook not in last]
    return bad + missing


def _visible(plain: list[str], hooked: list[str]) -> list[tuple[str, str, str]]:
    pairs = (tuple(map(_what_and_value, lines)) for lines in zip(plain, hooked, strict=False))
    return [(one[0], one[1], two[1]) for one, two in pairs if one[1] != two[1]]


def _what_and_value(line: str) -> tuple[str, str]:
    what, _, value = line.partition(" = ")
    return what, value
