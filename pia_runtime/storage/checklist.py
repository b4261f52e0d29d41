"""A checklist, one or two runs, and the knowledge, put together."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from pia_runtime.errors import UsageError
from pia_runtime.judgement.checklist import check_items
from pia_runtime.judgement.recheck import recheck
from pia_runtime.storage.analysis import load_toolbox
from pia_runtime.storage.checklist_file import read_checklist
from pia_runtime.storage.recheck import read_run


def check_list(source: str, before: Path, after: Path | None = None, removed: Collection[str] = ()) -> dict[str, Any]:
    """Every item of a list with its state (:func:`pia_runtime.judgement.checklist.check_items`).

    Args:
        source: name of a list that ships with the program, or a CSV or XLSX file.
        before: the run, or the earlier one of two; a capture folder or an analysis document.
        after: the later run, or None.
        removed: ids of SDKs that the tester states are no longer in the build.

    Raises:
        UsageError: there is no such list, or no such SDK.
        InputError: a file is not what it should be.
    """
    toolbox = load_toolbox()
    unknown = sorted(set(removed) - toolbox.sdks.sdks.keys())
    if unknown:
        raise UsageError(f"--removed: no SDK {unknown[0]!r}", "give the id that a finding's actor has")
    names = {one.id: one.name for one in toolbox.sdks.sdks.values()}
    listed = read_checklist(source, toolbox.knowledge, names)
    first = read_run(before)
    if after is None:
        document = check_items(listed.items, first, toolbox.knowledge)
    else:
        later = read_run(after)
        compared = recheck(first, later, toolbox.knowledge, removed)
        document = check_items(listed.items, later, toolbox.knowledge, compared)
    return {**document, "list": {"name": listed.name, "sha256": listed.sha256}}
