"""What a seal states of an analysis: its digest, and each finding so that two analyses can be compared one by one."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from pia_runtime.pipeline import document_bytes
from pia_runtime.storage.chain import canonical

_NOT_REPEATED = ("detections",)


def statement_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The part of ``evidence.json`` that speaks of an analysis document.

    ``sha256`` is the digest of the document as it is stored, with every ``commitment`` null, so that anyone can derive it
    without the capture's key; ``stored_sha256`` is that of the file ``derived/analysis.json`` itself.
    """
    return {
        "sha256": analysis_digest(document),
        "stored_sha256": sha256(document_bytes(document)).hexdigest(),
        "schema": document["schema"],
        "findings": finding_statements(document),
    }


def analysis_digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of a document's bytes with every ``commitment`` null."""
    return sha256(document_bytes(without_commitments(document))).hexdigest()


def without_commitments(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as who has not the key derives it: every ``commitment`` null."""
    return {**document, "detections": [{**item, "commitment": None} for item in document["detections"]]}


def finding_statements(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each finding without the ids of its detections, which ``detections_sha256`` stands for; in the order of their ids."""
    return [
        {
            **{name: value for name, value in finding.items() if name not in _NOT_REPEATED},
            "detections_sha256": sha256(canonical(finding.get("detections"))).hexdigest(),
        }
        for finding in sorted(document["findings"], key=lambda item: str(item["id"]))
    ]
