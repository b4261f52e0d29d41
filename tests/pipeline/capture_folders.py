"""Capture folders in the contract's form, written by hand, for tests that read them back through the program."""

import json
from pathlib import Path

BASE = 1_763_884_800_000_000_000
SECOND = 1_000_000_000
IMEI = "356938035643809"
ANDROID_ID = "9f3c5a7be1d24680"


def event(seq, seconds, type_, clock="host", **fields):
    """One event line, ``seconds`` after the start of the run."""
    return {"seq": seq, "type": type_, "t_ns": BASE + int(seconds * SECOND), "clock": clock, **fields}


def call(seq, seconds, data, value, stack="com.example.loan.Main.onCreate(Main.java:3)", **fields):
    """An API call that returned ``value`` to the code named."""
    defaults = {"hook": "a.hook", "api": "android.Some.get", "args": [], "threw": None}
    return event(seq, seconds, "api_call", data=data, value=value, stack=[stack], **{**defaults, **fields})


def consent(seq, seconds, signal, scope="policy", source="tap", **fields):
    """A consent signal."""
    return event(seq, seconds, "consent", signal=signal, scope=scope, source=source, **fields)


def write_capture(folder: Path, events=(), identifiers=None, session=None, tail=""):
    """A capture folder with these events; ``tail`` is what a power cut left behind."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in events)
    (folder / "events.jsonl").write_text(lines + tail, encoding="utf-8")
    document = {"schema": "pia.session/1", "id": "run", "app": {"package": "com.example.loan"}}
    (folder / "session.json").write_text(json.dumps(session or document))
    if identifiers is not None:
        known = {"schema": "pia.identifiers/1", "identifiers": identifiers}
        (folder / "identifiers.json").write_text(json.dumps(known, ensure_ascii=False))
    return folder
