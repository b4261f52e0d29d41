"""How long does judging take? ``python benchmarks/judgement.py [--events 1000000] [--captures 1000] [--rounds 3] [--whole]``.

One capture with that many API calls: from columns to verdicts, and from columns to findings, each against one pandas
``merge_asof`` of the same rows with the same consent changes, in turns. Before that ten times as many calls over many captures,
one after another: time of each tenth and memory, so that growth shows. ``--whole`` writes the one capture to disk and also times
reading ``events.jsonl``, everything that ``pia analyze`` makes of it, and the document's bytes.
"""

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from figures import figure, point

from pia_runtime.correlation.axis import Clocks
from pia_runtime.correlation.consent import signals_by_scope
from pia_runtime.correlation.verdict import INSTANT_COLUMNS, Scopes, judge_instants
from pia_runtime.judgement.findings import judge
from pia_runtime.model.event import API_CALL_COLUMNS, ConsentSignal, Events, Stamp
from pia_runtime.model.session import Identifiers, Session
from pia_runtime.pipeline import Content, document_bytes
from pia_runtime.pipeline.analysis import detect, permission_data
from pia_runtime.pipeline.facts import make_facts
from pia_runtime.pipeline.transmissions import Transmissions
from pia_runtime.pipeline.troubles import device_readings
from pia_runtime.storage.analysis import analyse_capture, load_toolbox

BASE = 1_763_884_800_000_000_000
SECOND = 1_000_000_000
LENGTH = 300 * SECOND
UPTIME = 81_180 * SECOND
OFFSET = 180_000_000
KINDS = {
    "imei": ("android.telephony.TelephonyManager.getDeviceId", "356938035643809"),
    "android_id": ("android.provider.Settings$Secure.getString", "9f3c5a7be1d24680"),
    "mac_wifi": ("android.net.wifi.WifiInfo.getMacAddress", "02:11:22:33:44:55"),
    "installed_apps": ("android.app.ApplicationPackageManager.getInstalledPackages", ["com.a.b", "com.c.d"]),
    "contacts": ("android.content.ContentResolver.query", [{"name": "张三", "phones": ["13800138000"]}]),
    "gaid": (
        "com.google.android.gms.ads.identifier.AdvertisingIdClient$Info.getId",
        "cdda802e-fb9c-47ad-9866-0794d394c912",
    ),
}
STACKS = [
    f"com.umeng.commonsdk.Probe.read(SourceFile:{line})\ncom.example.loan.App.onCreate(App.java:{line})"
    for line in range(200)
]
ANSWERS = [(10, "requested"), (60, "refused"), (90, "requested"), (100, "given"), (200, "withdrawn"), (250, "given")]
SAMPLES = [
    {"host_ns": BASE + at, "device_ns": BASE + at + OFFSET, "rtt_ns": 4_000_000, "device_mono_ns": UPTIME + at}
    for at in range(0, LENGTH, 10 * SECOND)
]
SESSION = Session.model_validate({"app": {"package": "com.example.loan", "categories": [12]}, "clock_samples": SAMPLES})


def made(number: int, seed: int) -> Events:
    """A run with this many API calls of several kinds, stacks and instants, and six answers."""
    draw = np.random.default_rng(seed)
    at = np.sort(draw.integers(0, LENGTH, number))
    kind, stack = draw.integers(0, len(KINDS), number), draw.integers(0, len(STACKS), number)
    apis, values = zip(*KINDS.values(), strict=True)
    held = np.empty(len(values), dtype=object)
    held[:] = values
    columns: dict[str, Any] = {
        "seq": np.arange(number),
        "t_ns": BASE + OFFSET + at,
        "clock": pd.Categorical.from_codes(np.zeros(number, np.int8), ["device"]),
        "mono_ns": UPTIME + at,
        "boot_id": pd.Categorical.from_codes(np.zeros(number, np.int8), ["boot"]),
        "process": pd.Categorical.from_codes(np.zeros(number, np.int8), ["com.example.loan"]),
        "foreground": np.ones(number, np.int8),
        "hook": pd.Categorical.from_codes(kind, [f"hook.{data}" for data in KINDS]),
        "api": pd.Categorical.from_codes(kind, list(apis)),
        "data": pd.Categorical.from_codes(kind, list(KINDS)),
        "args": np.full(number, None, dtype=object),
        "value": held[kind],
        "has_value": np.ones(number, np.bool_),
        "threw": pd.Categorical.from_codes(np.zeros(number, np.int8), [""]),
        "stack": pd.Categorical.from_codes(stack, STACKS),
        "count": np.ones(number, np.int64),
    }
    consents = tuple(
        ConsentSignal(_stamp(number + place, t), signal, "policy", "tap") for place, (t, signal) in enumerate(ANSWERS)
    )  # type: ignore[arg-type]
    return Events(pd.DataFrame(columns).astype(API_CALL_COLUMNS), consents=consents, count=number + len(ANSWERS))


def _stamp(seq: int, seconds: int) -> Stamp:
    at = seconds * SECOND
    return Stamp(seq, BASE + OFFSET + at, "device", UPTIME + at, "boot")


def as_of(events: Events) -> None:
    """The comparison: one ``merge_asof`` of the same rows with the same changes, by the kind of data."""
    calls = events.api_calls
    left = pd.DataFrame({"t": calls["mono_ns"].to_numpy(np.int64), "data": calls["data"].cat.codes.to_numpy(np.int64)})
    changes = [
        (UPTIME + at * SECOND, kind, state) for kind in range(len(KINDS)) for state, (at, _) in enumerate(ANSWERS)
    ]
    right = pd.DataFrame(sorted(changes), columns=["t", "data", "state"])
    pd.merge_asof(left, right, on="t", by="data")


def verdicts(events: Events) -> None:
    """Phase, verdict, margin and host time of every call, each seen as an access to its kind of data."""
    calls = events.api_calls
    instants = calls[["t_ns", "clock", "mono_ns", "boot_id", "data"]].assign(err_ns=0)
    instants["sdk"] = pd.Categorical.from_codes(np.zeros(len(calls), np.int8), ["umeng_analytics"])
    clocks = Clocks.of(SESSION.clock_samples, device_readings(events))
    scopes = Scopes(signals_by_scope(events), permission_data(load_toolbox().knowledge))
    judge_instants(instants.astype(INSTANT_COLUMNS), scopes, clocks)


def findings(events: Events) -> int:
    """Everything between the columns and the findings: attribution, order, joins, frequency, rules."""
    toolbox = load_toolbox()
    content = Content(SESSION, Identifiers.model_validate({}), events, lambda scan: Transmissions(), lambda: ())
    case, _, _ = detect(content, toolbox)
    return len(judge(make_facts(case).facts, toolbox.knowledge.rules))


def seconds(work: Callable[[Events], object], events: Events) -> float:
    """Processor time of one go: nothing here runs in parallel, and other programs do not count."""
    start = time.process_time()
    work(events)
    return time.process_time() - start


def one_capture(number: int, rounds: int) -> None:
    """Print the three times and their ratios."""
    findings(made(1_000, 0))  # caches warm
    events = made(number, 1)
    times = [[seconds(work, events) for work in (as_of, verdicts, findings)] for _ in range(rounds)]
    base, order, whole = (statistics.median(column) for column in zip(*times, strict=True))
    ratios = [statistics.median(row[place] / row[0] for row in times) for place in (1, 2)]
    print(f"{number:,} calls in one capture, median of {rounds} rounds in turns")
    print(f"  one merge_asof       {base:8.2f} s CPU")
    print(f"  columns → verdicts   {order:8.2f} s CPU {ratios[0]:6.1f} × merge_asof")
    figure(f"{number:,} calls, columns → findings", whole, "s CPU", "≤ 10 s at 1M")
    figure("the same ÷ one merge_asof of those rows", ratios[1])
    print(f"  columns → findings   {whole:8.2f} s CPU {ratios[1]:6.1f} × merge_asof   {number / whole:,.0f} calls/s")


def many_captures(captures: int, each: int) -> None:
    """Print time and memory of each tenth of the captures."""
    print(f"{captures * each:,} calls over {captures:,} captures")
    done, tenth = 0, max(1, captures // 10)
    while done < captures:
        start = time.process_time()
        for seed in range(done, done + tenth):
            findings(made(each, seed))
        spent, done = time.process_time() - start, done + tenth
        point("memory of judging many captures: calls, MB", done * each, _peak())
        point("time of a tenth of the captures: calls, s CPU", done * each, spent)
        print(
            f"  {done * each:12,} calls  {spent:7.2f} s CPU for this tenth   peak memory {_peak():7.0f} MB", flush=True
        )


def whole_path(number: int) -> None:
    """Print the times of ``pia analyze`` from the file to the bytes of the document."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        _write(path, made(number, 1))
        start = time.process_time()
        document = analyse_capture(path)
        analysed = time.process_time()
        size = len(document_bytes(document))
        print(f"{number:,} calls from events.jsonl ({(path / 'events.jsonl').stat().st_size / 1e6:,.0f} MB)")
        print(f"  file → document      {analysed - start:8.2f} s CPU")
        print(f"  document → bytes     {time.process_time() - analysed:8.2f} s CPU   {size / 1e6:,.0f} MB")
        print(f"  peak memory          {_peak():8,.0f} MB")


def _write(path: Path, events: Events) -> None:
    (path / "session.json").write_text(SESSION.model_dump_json(by_alias=True, exclude_unset=True))
    calls = events.api_calls
    fields = ("seq", "t_ns", "clock", "mono_ns", "boot_id", "process", "hook", "api", "value")
    columns = [calls[name].astype(object).tolist() for name in (*fields, "data", "stack")]
    with (path / "events.jsonl").open("w", encoding="utf-8") as file:
        for *plain, data, stack in zip(*columns, strict=True):
            line = dict(zip(fields, plain, strict=True)) | {
                "type": "api_call",
                "data": [data],
                "stack": stack.split("\n"),
            }
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        for signal in events.consents:
            stamp = signal.stamp
            line = {
                "seq": stamp.seq,
                "t_ns": stamp.t_ns,
                "clock": "device",
                "mono_ns": stamp.mono_ns,
                "boot_id": "boot",
            }
            file.write(json.dumps(line | {"type": "consent", "signal": signal.signal, "source": "tap"}) + "\n")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--captures", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--whole", action="store_true", help="also from the file to the document")
    asked = parser.parse_args()
    if asked.captures:
        many_captures(asked.captures, max(1, 10 * asked.events // asked.captures))
    one_capture(asked.events, asked.rounds)
    if asked.whole:
        whole_path(asked.events)


if __name__ == "__main__":
    main()
