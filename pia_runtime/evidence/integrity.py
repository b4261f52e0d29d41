"""The files of a capture against its seal."""

from pathlib import Path
from typing import Any

from pia_runtime.evidence.chain_check import ChainState
from pia_runtime.evidence.evidence_file import Evidence
from pia_runtime.evidence.problem import Problem
from pia_runtime.evidence.sealed_files import FileSeal, difference, list_files


def changes_since_sealed(path: Path, evidence: Evidence, chain: ChainState | None = None) -> list[Problem]:
    """Files that were changed, added or removed since a capture was sealed, as exactly as the chain and the seal can say.

    Args:
        path: the capture.
        evidence: its seal.
        chain: what following its chain gave; its places are exact to the record and replace those of the seal.

    Raises:
        InputError: a file cannot be read.
    """
    found, problems = list_files(path)
    exact: dict[str, list[Problem]] = {}
    for problem in chain.problems if chain is not None else ():
        exact.setdefault(problem.file, []).append(problem)
    for name, entry in evidence.sealed["files"].items():
        if name not in found:
            problems.append(Problem(name, "the file is missing"))
            continue
        changed = difference(found[name], name, _seal_of(entry))
        if changed is not None:
            problems += exact.get(name) or [changed]
    problems += [Problem(name, "was added after sealing") for name in found if name not in evidence.sealed["files"]]
    return problems


def _seal_of(entry: dict[str, Any]) -> FileSeal:
    blocks = entry.get("blocks") or {}
    return FileSeal(entry["bytes"], entry["sha256"], blocks.get("bytes", 0), blocks.get("tags", ""))
