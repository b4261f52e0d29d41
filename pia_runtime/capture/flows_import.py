"""A mitmproxy flow file of any readable version → records of the present version with the importer's ids."""

import re
from collections.abc import Iterator
from pathlib import Path

from mitmproxy.io import tnetstring

from pia_runtime.errors import InputError
from pia_runtime.storage.flow_reader import FlowTrouble, read_records
from pia_runtime.storage.flow_record import READ_ERRORS, UnknownVersionError, load_record
from pia_runtime.storage.flow_template import parse_flow

_ID = re.compile(rb"2:id;\d+:[^;]*;(?=4:type;4:http;7:version;2:21#\}\Z)")


def import_records(path: Path, prefix: str, troubles: list[FlowTrouble]) -> Iterator[tuple[int, bytes]]:
    """Yield each flow's index in the file and its record, ready to be written.

    Args:
        path: the flow file.
        prefix: what stands before the index in a flow's id.
        troubles: what could not be read is appended here, ``detail`` naming the entry.

    Raises:
        InputError: not a flow file, or of a version that the installed mitmproxy cannot read.
    """
    for index, (offset, record) in enumerate(read_records(path, troubles.append)):
        try:
            yield index, _with_id(record, f"{prefix}{index}")
        except UnknownVersionError as error:
            if offset == 0:
                raise InputError(
                    f"{path}: {error}", "update mitmproxy, or save the flows in an older version"
                ) from error
            troubles.append(_trouble(path, index, offset, error))
        except READ_ERRORS as error:
            troubles.append(_trouble(path, index, offset, error))


def _with_id(record: bytes, flow_id: str) -> bytes:
    """The record under another id. Where the layout is known, only the id's bytes change."""
    new = flow_id.encode()
    if parse_flow(record) is not None:
        changed = _ID.sub(b"2:id;%d:%b;" % (len(new), new), record, count=1)
        return b"%d:%b" % (len(changed) - 1, changed)
    flow = load_record(record)
    flow.id = flow_id
    return tnetstring.dumps(flow.get_state())


def _trouble(path: Path, index: int, offset: int, error: Exception) -> FlowTrouble:
    reason = ascii(str(error))[1:-1][:200]
    return FlowTrouble("unreadable_flow", f"{path.name}: entry {index}: {type(error).__name__}: {reason}", offset)
