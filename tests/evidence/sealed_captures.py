"""Captures that the real writer recorded from the sample's events and flows, sealed with a key of the test's own."""

import shutil
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pia_runtime.evidence.keys import Signer
from pia_runtime.evidence.sealing import seal_capture
from pia_runtime.storage.analysis import analyse_capture, write_analysis
from pia_runtime.storage.flow_reader import read_records
from pia_runtime.storage.writer import CaptureWriter

SAMPLE = Path(__file__).parents[2] / "captures" / "sample-loan"
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)))


def sample_events() -> list[dict]:
    """The sample's events without their numbers."""
    lines = map(orjson.loads, (SAMPLE / "events.jsonl").read_bytes().splitlines())
    return [{name: value for name, value in line.items() if name != "seq"} for line in lines]


def sample_flows() -> list[bytes]:
    """The sample's flows as records."""
    return [
        b"%d:%b" % (len(record) - 1, record) for _, record in read_records(SAMPLE / "flows.mitm", lambda trouble: None)
    ]


def open_writer(folder: Path) -> CaptureWriter:
    """A writer with the sample's session and identifiers."""
    session = orjson.loads((SAMPLE / "session.json").read_bytes())
    identifiers = orjson.loads((SAMPLE / "identifiers.json").read_bytes())["identifiers"]
    return CaptureWriter.create(folder, session, identifiers)


def record(folder: Path) -> Path:
    """The sample's run recorded again: events and flows in turn, a blob, a TLS secret, and a socket that was open for a while."""
    flows = sample_flows()
    with open_writer(folder) as writer:
        for number, event in enumerate(sample_events()):
            writer.event(event)
            if number % 20 == 0 and flows:
                writer.flow(flows.pop(0))
        for flow in flows:
            writer.flow(flow)
        writer.journal("ws-1", sample_flows()[0])
        writer.end_journal("ws-1")
        writer.blob(b"<hierarchy/>")
        writer.tls_key("CLIENT_RANDOM 00ff 11ee")
        writer.update_session(ended_ns=writer.session["ended_ns"])
    return folder


def seal(folder: Path, signer: Signer | None = SIGNER) -> Path:
    """Analyse and seal."""
    document = analyse_capture(folder)
    seal_capture(folder, document, signer)
    write_analysis(folder, document)
    return folder


def copy(folder: Path, to: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(folder, to))
