"""HTTP/1 in recorded bytes: messages are read by h11 and by mitmproxy's own code, bodies stay as they were sent."""

from dataclasses import dataclass

import h11
from h11._readers import ChunkedReader, ContentLengthReader, Http10Reader
from h11._receivebuffer import ReceiveBuffer
from mitmproxy import http
from mitmproxy.net.http import http1

from pia_runtime.capture.packet_exchange import Exchange, Reading, Side, seconds
from pia_runtime.capture.packet_websocket import read_messages

READ_ERRORS = (ValueError, h11.ProtocolError)
_SWITCHING = 101
_INFORMATIONAL = range(100, 200)
_SUCCESS = range(200, 300)


def looks_like_http1(data: bytes) -> bool:
    """Whether what a client sent begins with a request line."""
    try:
        http1.read_request_head([data[:8192].split(b"\n")[0].rstrip(b"\r")])
    except ValueError:
        return False
    return True


def read_http1(client: Side, server: Side) -> Reading:
    """Requests and, in their order, the answers to them."""
    reading, requests, answers = Reading(), _Messages(client), _Messages(server)
    expects = True
    while expects and requests.left:
        exchange = _request(requests, reading)
        if exchange is None:
            break
        expects = _answer(exchange, answers, reading)
        if exchange.response is not None and exchange.response.status_code == _SWITCHING:
            _upgrade(exchange, client, requests.offset, server, answers.offset, reading)
            break
    return reading


@dataclass(slots=True)
class _Body:
    content: bytes
    trailers: http.Headers | None
    missing: bool


class _Messages:
    """One side, read message by message."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self._buffer = ReceiveBuffer()
        self._buffer += side.data

    @property
    def left(self) -> bool:
        """Whether bytes are left."""
        return len(self._buffer) > 0

    @property
    def offset(self) -> int:
        """How many bytes were read."""
        return len(self.side.data) - len(self._buffer)

    def head(self) -> list[bytes] | None:
        """The lines of the next head; None where it is not whole."""
        while (blank := self._buffer.maybe_extract_next_line()) is not None:
            if blank.strip():  # empty lines between messages are allowed
                break
        if blank is None:
            return None
        lines = [bytes(blank.rstrip(b"\r\n"))]
        if (more := self._buffer.maybe_extract_lines()) is None:
            return None
        return lines + [bytes(line) for line in more]

    def body(self, size: int | None) -> _Body:
        """The next body: ``size`` bytes, chunks where it is None, all that comes where it is negative."""
        reader = ChunkedReader() if size is None else Http10Reader() if size < 0 else ContentLengthReader(size)
        content = bytearray()
        while True:
            event = reader.read_eof() if size is not None and size < 0 and not self.left else reader(self._buffer)
            if event is None:
                return _Body(bytes(content), None, missing=True)
            if isinstance(event, h11.EndOfMessage):
                trailers = http.Headers(list(event.headers)) if event.headers else None
                return _Body(bytes(content), trailers, missing=False)
            content += event.data


def _request(requests: _Messages, reading: Reading) -> Exchange | None:
    begun = requests.side.at(requests.offset)
    try:
        lines = requests.head()
        if lines is None:
            reading.troubles.append(f"frame {begun.frame}: the head of a request is not whole")
            return None
        request = http1.read_request_head(lines)
        body = requests.body(http1.expected_http_body_size(request))
    except READ_ERRORS as error:
        reading.troubles.append(f"frame {begun.frame}: not readable as an HTTP/1 request: {error}")
        return None
    request.raw_content, request.trailers = body.content, body.trailers
    last = requests.side.at(requests.offset - 1)
    request.timestamp_end = seconds(last.t_ns)
    exchange = Exchange(request, begun)
    if body.missing:
        exchange.lost = f"frame {last.frame}: the rest of the request's body was not recorded"
    reading.exchanges.append(exchange)
    return exchange


def _answer(exchange: Exchange, answers: _Messages, reading: Reading) -> bool:
    """Read the answer; False where nothing after it can be read as HTTP."""
    while answers.left:
        begun = answers.side.at(answers.offset)
        try:
            lines = answers.head()
            if lines is None:
                reading.troubles.append(f"frame {begun.frame}: the head of an answer is not whole")
                return True
            response = http1.read_response_head(lines)
            status = response.status_code
            if status in _INFORMATIONAL and status != _SWITCHING:
                continue
            upgraded = status == _SWITCHING or (exchange.request.method == "CONNECT" and status in _SUCCESS)
            if not upgraded:
                body = answers.body(http1.expected_http_body_size(exchange.request, response))
                response.raw_content, response.trailers = body.content, body.trailers
                if body.missing:
                    reading.troubles.append(f"{_last(answers)}: the rest of an answer's body was not recorded")
        except READ_ERRORS as error:
            reading.troubles.append(f"frame {begun.frame}: not readable as an HTTP/1 answer: {error}")
            return True
        response.timestamp_start = seconds(begun.begun_ns)
        response.timestamp_end = seconds(answers.side.at(answers.offset - 1).t_ns)
        exchange.response = response
        return not (upgraded and status != _SWITCHING)
    return True


def _last(messages: _Messages) -> str:
    return f"frame {messages.side.at(messages.offset - 1).frame}"


def _upgrade(exchange: Exchange, client: Side, sent: int, server: Side, received: int, reading: Reading) -> None:
    response = exchange.response
    if response is None or response.headers.get("upgrade", "").lower() != "websocket":
        reading.troubles.append(f"frame {exchange.begun.frame}: the connection changed to a protocol that is not read")
        return
    extensions = response.headers.get("sec-websocket-extensions", "")
    exchange.messages, trouble = read_messages(client.rest(sent), server.rest(received), extensions)
    if trouble:
        reading.troubles.append(trouble)
