"""gRPC messages (grpc.io, PROTOCOL-HTTP2): step ``grpc:0``; one flag byte, four bytes of length, the message."""

from pia_runtime.decoding.form import Child, Form, afford, by_children

_HEAD = 5


def _is_frame(data: bytes, at: int = 0) -> bool:
    if len(data) - at < _HEAD or data[at] not in (0, 1, 0x80):
        return False
    return int.from_bytes(data[at + 1 : at + _HEAD]) <= len(data) - at - _HEAD


def _children(data: bytes, key: str, room: int) -> list[Child]:
    found: list[Child] = []
    at, index = 0, 0
    while at < len(data):
        if not _is_frame(data, at):
            return []
        size = int.from_bytes(data[at + 1 : at + _HEAD])
        if size:
            found.append((f"grpc:{index}", key, data[at + _HEAD : at + _HEAD + size]))
            afford(len(found), room)
        at, index = at + _HEAD + size, index + 1
    return found


GRPC = Form("grpc", _is_frame, _children, by_children(_children, "grpc"))
