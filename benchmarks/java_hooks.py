"""What Java hooks cost: the time to attach with the whole catalog, a call with everything told, and a burst of calls.

Usage: ``.venv/bin/python benchmarks/java_hooks.py [--calls 100000]``. Needs a JDK 17 (``scripts/jdk``). The practice app is
started in turns without hooks and with the catalog; calls are timed in turns inside one program, hooked and not.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from figures import figure

from pia_runtime.instrumentation.catalog import Catalog, load_catalog
from pia_runtime.instrumentation.catalog_entry import HookEntry
from pia_runtime.instrumentation.host import FridaHost, JvmTarget
from pia_runtime.practice.app import PracticeApp, Scenario
from pia_runtime.practice.canary import measure_costs
from pia_runtime.practice.jdk import find_jdk17

TURNS = 3
ATTACH_LIMIT_S = 5.0
BURST_LIMIT_US = 250
"""A call of a burst takes at most so long; ``docs/hooks.md`` states it."""
PROGRAM = """
final class Burst {
    static int hooked(int value) { return value + 1; }
    static int plain(int value) { return value + 1; }
    public static void main(String[] words) throws Exception {
        int calls = Integer.parseInt(words[1]), sum = 0;
        for (int i = 0; i < calls; i++) sum = plain(sum);
        long start = System.nanoTime();
        for (int i = 0; i < calls; i++) sum = plain(sum);
        long plain = System.nanoTime() - start;
        start = System.nanoTime();
        for (int i = 0; i < calls; i++) sum = hooked(sum);
        long hooked = System.nanoTime() - start;
        java.nio.file.Files.writeString(java.nio.file.Path.of(words[0]), plain + " " + hooked + " " + sum);
        System.exit(0);
    }
}
"""


def say(text: str) -> None:
    """Print one line of the result."""
    sys.stdout.write(text + "\n")


def attach_times() -> None:
    """Start the practice app in turns with no hook and with all of them, held before its first line until they are in."""
    catalog = load_catalog()
    times: dict[str, list[float]] = {"no hooks": [], "whole catalog": []}
    for _ in range(TURNS):
        for name, hooks in (("no hooks", Catalog({})), ("whole catalog", catalog)):
            with tempfile.TemporaryDirectory(prefix="pia-attach-") as folder:
                app = PracticeApp.prepare(Scenario.NEVER, Path(folder), dies=True)
                host = FridaHost(JvmTarget(app.argv), hooks, on_event=lambda _: None, on_detached=lambda _: None)
                begin = time.monotonic()
                host.start()
                times[name].append(time.monotonic() - begin)
                host.stop()
    for name, seconds in times.items():
        say(
            f"attach, {name:14} {statistics.median(seconds):6.2f} s (of {TURNS}: {min(seconds):.2f} to {max(seconds):.2f})"
        )
    whole = statistics.median(times["whole catalog"])
    figure("attach with the whole catalog", whole, "s", f"≤ {ATTACH_LIMIT_S:.0f} s")
    verdict = "under" if whole < ATTACH_LIMIT_S else "OVER"
    say(
        f"attach with {len(catalog.entries)} Java hooks and {len(catalog.native)} C functions: {verdict} {ATTACH_LIMIT_S:.0f} s"
    )


def call_costs() -> None:
    """Time of one call, hooked with arguments, value and stack, over the same call left alone."""
    for cost in measure_costs():
        plain = max(cost.plain_ns, 1.0)  # an empty method is compiled away: a nanosecond is as little as a call takes
        say(
            f"{cost.hook:24} {plain / 1000:8.3f} us left alone  {cost.full_ns / 1000:8.1f} us told (x{cost.full_ns / plain:,.0f})"
            f"  {cost.counted_ns / 1000:8.1f} us counted (x{cost.counted_ns / plain:,.0f})"
        )


def burst(calls: int) -> None:
    """A loop of hooked calls: how much slower than the same loop left alone, and whether every call was counted."""
    jdk = find_jdk17()
    entry = {
        "id": "bench.hooked",
        "api": "Burst.hooked",
        "data": ["imei"],
        "api_levels": "1-",
        "trigger": "-",
        "source": "-",
    }
    with tempfile.TemporaryDirectory(prefix="pia-burst-") as name:
        folder = Path(name)
        (folder / "Burst.java").write_text(PROGRAM, encoding="utf-8")
        subprocess.run([jdk / "bin" / "javac", "-d", folder, folder / "Burst.java"], check=True)
        ended, events = threading.Event(), list[dict[str, Any]]()
        out = folder / "out"
        host = FridaHost(
            JvmTarget([str(jdk / "bin" / "java"), "-cp", str(folder), "Burst", str(out), str(calls)]),
            Catalog({"bench.hooked": HookEntry.model_validate(entry)}),
            on_event=events.append,
            on_detached=lambda _: ended.set(),
        )
        host.start()
        if not ended.wait(300):
            raise SystemExit("the burst did not end within 300 s")
        host.stop()
        plain, hooked, _ = map(int, out.read_text(encoding="utf-8").split())
    seen = [event for event in events if event["type"] == "api_call"]
    counted = sum(event.get("count", 1) for event in seen)
    say(
        f"burst of {calls} calls: {plain / calls:.1f} ns a call left alone, {hooked / calls / 1000:.1f} us hooked "
        f"(x{hooked / plain:,.0f}, {hooked / 1e9:.2f} s in all); {counted} counted in {len(seen)} events, {host.dropped} dropped"
    )
    figure(
        f"burst of {calls} Java calls of an empty method: hooked ÷ left alone",
        hooked / plain,
        f"({hooked / calls / 1000:.0f} µs a call)",
        f"≤ {BURST_LIMIT_US} µs a call",
    )
    figure("calls of the burst that were counted", f"{counted} of {calls}", goal="all")
    if counted != calls:
        raise SystemExit(f"{calls - counted} calls are missing")
    if hooked / calls > BURST_LIMIT_US * 1000:
        raise SystemExit(f"a call of the burst took more than {BURST_LIMIT_US} us")


def main() -> None:
    """Print the three results."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=100_000, help="calls of the burst")
    arguments = parser.parse_args()
    attach_times()
    call_costs()
    burst(arguments.calls)


if __name__ == "__main__":
    main()
