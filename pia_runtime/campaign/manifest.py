"""``campaign.json``: which captures were inspected, with what, and what came of each (schema ``pia.campaign/1``)."""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from pia_runtime.errors import InputError
from pia_runtime.storage.folder import replace_file

NAME = "campaign.json"


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One capture.

    Attributes:
        name: inside the campaign.
        place: folder or URL, as it was found.
        inputs_sha256: over the capture's files.
        key: of the stored analysis document; "" where there is none.
        app: package name, or "unknown".
        version: version name, or "unknown".
        date: UTC date of the run, ``YYYY-MM-DD``, or "unknown".
        broken: why there is no result, or "".
    """

    name: str
    place: str
    inputs_sha256: str = ""
    key: str = ""
    app: str = "unknown"
    version: str = "unknown"
    date: str = "unknown"
    broken: str = ""

    @property
    def partition(self) -> tuple[str, str, str]:
        """Where its rows stand in the dataset."""
        return self.app, self.version, self.date


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """A finding that another knowledge or program judges differently, on unchanged files.

    Attributes:
        capture: name in the campaign.
        finding: stable id.
        rule: rule id.
        data: taxonomy id or None.
        before: verdict by the earlier inspection, None where it had no such finding.
        after: verdict now, None where it is gone.
        because: knowledge entries that changed and on which the finding rests; ``["program"]`` where only the code differs.
    """

    capture: str
    finding: str
    rule: str
    data: str | None
    before: str | None
    after: str | None
    because: tuple[str, ...]


class Manifest(msgspec.Struct, frozen=True):
    """The whole of ``campaign.json``. No time and no count of workers stands in it: same captures, same bytes."""

    knowledge_sha256: str
    program_sha256: str
    pia_runtime: str
    captures: tuple[Entry, ...]
    changes: tuple[Change, ...] = ()
    schema: Annotated[Literal["pia.campaign/1"], msgspec.Meta(description="format")] = "pia.campaign/1"


def read_manifest(campaign: Path) -> Manifest | None:
    """The manifest of a campaign, or None where none was finished yet.

    Raises:
        InputError: the file is not a campaign's.
    """
    path = campaign / NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise InputError(f"{path}: {error}", "give another folder with -o, or remove this file") from error


def write_manifest(campaign: Path, manifest: Manifest) -> None:
    """Replace the manifest whole. Raises OSError where it cannot be written."""
    document: Any = msgspec.to_builtins(manifest)
    replace_file(campaign / NAME, msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
