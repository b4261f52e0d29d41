"""HTTP/2 in recorded bytes: frames by hyperframe, header blocks by hpack."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hpack import Decoder, HPACKError
from hyperframe.exceptions import HyperframeError
from hyperframe.frame import ContinuationFrame, DataFrame, Frame, HeadersFrame, PushPromiseFrame
from mitmproxy import http

from pia_runtime.capture.packet_exchange import Exchange, Reading, Side, seconds
from pia_runtime.capture.packet_tshark import Chunk

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_HEAD = 9
_LARGEST_LIST = 1 << 20
_LARGEST_TABLE = 1 << 24
Fields = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class _Part:
    """What one side sent in one stream."""

    begun: Chunk
    last: Chunk
    fields: Fields | None = None
    trailers: Fields | None = None
    body: bytearray = field(default_factory=bytearray)
    ended: bool = False


def read_http2(client: Side, server: Side) -> Reading:
    """Every stream that the client opened, in the order of opening; pushed ones were not asked for and are left out."""
    reading = Reading()
    sent = _read_side(client, len(PREFACE), reading)
    received = _read_side(server, 0, reading)
    for number, part in sent.items():
        if part.fields is not None:
            exchange = _exchange(part, received.get(number), reading)
            reading.exchanges += [exchange] if exchange else []
    return reading


def _read_side(side: Side, at: int, reading: Reading) -> dict[int, _Part]:
    parts: dict[int, _Part] = {}
    decoder = Decoder(max_header_list_size=_LARGEST_LIST)
    decoder.max_allowed_table_size = (
        _LARGEST_TABLE  # the other side's settings may allow any; sizes are told in the blocks
    )
    begun: tuple[Chunk, bytearray, int, bool, bool] | None = None
    for frame, first, last in _frames(side, at, reading):
        stream = frame.stream_id
        if isinstance(frame, DataFrame):
            part = parts.setdefault(stream, _Part(first, last))
            part.body += frame.data
            part.last, part.ended = last, part.ended or "END_STREAM" in frame.flags
        elif isinstance(frame, HeadersFrame | PushPromiseFrame):
            pushed = isinstance(frame, PushPromiseFrame)
            begun = (first, bytearray(frame.data), stream, "END_STREAM" in frame.flags, pushed)
        elif isinstance(frame, ContinuationFrame) and begun is not None:
            begun[1].extend(frame.data)
        if begun is None or "END_HEADERS" not in frame.flags:
            continue
        opened, block, stream, ends, pushed = begun
        begun = None
        try:
            fields = [(bytes(one[0]), bytes(one[1])) for one in decoder.decode(bytes(block), raw=True)]
        except HPACKError as error:
            reading.troubles.append(
                f"frame {last.frame}: HTTP/2 headers cannot be decoded ({error}); the rest of this connection is not read"
            )
            return parts
        if not pushed:
            _add_fields(parts.setdefault(stream, _Part(opened, last)), fields, last, ends)
    return parts


def _frames(side: Side, at: int, reading: Reading) -> Iterator[tuple[Frame, Chunk, Chunk]]:
    """Each frame with the chunks of its first and its last byte."""
    data = memoryview(side.data)
    while at + _HEAD <= len(data):
        first = side.at(at)
        try:
            frame, length = Frame.parse_frame_header(data[at : at + _HEAD])
            if at + _HEAD + length > len(data):
                reading.troubles.append(f"frame {first.frame}: an HTTP/2 frame is not whole")
                return
            frame.parse_body(data[at + _HEAD : at + _HEAD + length])
        except (HyperframeError, ValueError) as error:
            reading.troubles.append(
                f"frame {first.frame}: not readable as HTTP/2 ({type(error).__name__}: {error}); the rest is not read"
            )
            return
        at += _HEAD + length
        yield frame, first, side.at(at - 1)


def _add_fields(part: _Part, fields: Fields, last: Chunk, ends: bool) -> None:
    status = dict(fields).get(b":status", b"")
    if status.startswith(b"1"):
        return  # informational, the answer proper is still to come
    if part.fields is None:
        part.fields = fields
    else:
        part.trailers = fields
    part.last, part.ended = last, part.ended or ends


def _exchange(part: _Part, answer: _Part | None, reading: Reading) -> Exchange | None:
    pseudo, headers = _split(part.fields or [])
    where = f"frame {part.begun.frame}"
    if b":method" not in pseudo or (b":path" not in pseudo and pseudo[b":method"] != b"CONNECT"):
        reading.troubles.append(f"{where}: an HTTP/2 stream that is no request")
        return None
    request = http.Request(
        "", 0, pseudo[b":method"], pseudo.get(b":scheme", b"https"), pseudo.get(b":authority", b""), pseudo.get(b":path", b""),
        b"HTTP/2.0", headers, bytes(part.body), _trailers(part), 0.0, seconds(part.last.t_ns),
    )  # fmt: skip
    exchange = Exchange(request, part.begun, _response(answer))
    if not part.ended:
        exchange.lost = f"frame {part.last.frame}: the rest of the request's body was not recorded"
    if answer is not None and not answer.ended:
        reading.troubles.append(f"frame {answer.last.frame}: the rest of an answer's body was not recorded")
    if b":protocol" in pseudo:
        exchange.lost = f"{where}: {pseudo[b':protocol'].decode('ascii', 'replace')} inside HTTP/2 is not read"
    return exchange


def _response(part: _Part | None) -> http.Response | None:
    if part is None or part.fields is None:
        return None
    pseudo, headers = _split(part.fields)
    status = pseudo.get(b":status", b"")
    if not status.isdigit():
        return None
    return http.Response(
        b"HTTP/2.0", int(status), b"", headers, bytes(part.body), _trailers(part), seconds(part.begun.begun_ns),
        seconds(part.last.t_ns),
    )  # fmt: skip


def _trailers(part: _Part) -> http.Headers | None:
    return http.Headers(part.trailers) if part.trailers else None


def _split(fields: Fields) -> tuple[dict[bytes, bytes], http.Headers]:
    pseudo = {name: value for name, value in fields if name.startswith(b":")}
    return pseudo, http.Headers([(name, value) for name, value in fields if not name.startswith(b":")])
