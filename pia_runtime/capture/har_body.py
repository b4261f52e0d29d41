"""Bodies of a HAR entry → bytes, as near to what was sent as the producer left them.

HAR keeps text, not bytes. What can be undone is undone (base64, charset, latin-1 text of mitmproxy); what cannot is said.
"""

import base64
import binascii
import re
import zlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import brotli
from mitmproxy.net.http.headers import infer_content_encoding

from pia_runtime.capture.har_file import BrokenEntryError

REPLACEMENT = "\ufffd"
_PROBE_BYTES = 4096
_PROBE_OUTPUT = 65536
_BOUNDARY = re.compile(r"boundary=\"?([^\s\";,]+)", re.IGNORECASE)
_REBUILT_BOUNDARY = "rebuilt-from-har"


@dataclass(frozen=True, slots=True)
class RecordedBody:
    """A body, and what must be said about it.

    Attributes:
        content: the bytes, or None where the recording says that there was a body but not what it was.
        remark: "" or one sentence for the flow's comment.
        lost: whether content that was sent is not there any more: a blind spot.
    """

    content: bytes | None
    remark: str = ""
    lost: bool = False


def request_body(request: dict[str, Any], media: str, creator: str) -> RecordedBody:
    """The body of ``request.postData``.

    Args:
        request: the HAR request.
        media: the Content-Type header, or "".
        creator: the producer's name, which decides how bytes that are no text were written.

    Raises:
        BrokenEntryError: postData is not an object, or its text is not a string.
    """
    data = request.get("postData")
    if data is None:
        missing = is_positive(request.get("bodySize"))
        return RecordedBody(None, "the body was not recorded", lost=True) if missing else RecordedBody(b"")
    if not isinstance(data, dict):
        raise BrokenEntryError("request.postData must be an object")
    media = media or str(data.get("mimeType") or "")
    text, params = data.get("text"), data.get("params")
    if not text and isinstance(params, list) and params:
        return RecordedBody(
            _from_params(params, media, request.get("bodySize")), "the body was rebuilt from its recorded parameters"
        )
    if text is None:
        missing = is_positive(request.get("bodySize"))
        return RecordedBody(None, "the body was not recorded", lost=True) if missing else RecordedBody(b"")
    return _from_text(text, data.get("encoding"), media, creator, "request.postData.text")


def response_body(response: dict[str, Any], media: str, creator: str) -> RecordedBody:
    """The body of ``response.content``; responses are only searched for ids that the server gave, so nothing is lost by one.

    Raises:
        BrokenEntryError: the content is not an object, or its text is not a string.
    """
    content = response.get("content")
    if content is None:
        return RecordedBody(None)
    if not isinstance(content, dict):
        raise BrokenEntryError("response.content must be an object")
    text = content.get("text")
    if text is None or (not text and is_positive(content.get("size"))):
        return RecordedBody(None if is_positive(content.get("size")) else b"")
    media = media or str(content.get("mimeType") or "")
    return _from_text(text, content.get("encoding"), media, creator, "response.content.text")


def still_encoded(body: bytes, coding: str) -> bool:
    """Whether a recorded body is still in the content encoding that its header names; most producers undo it."""
    coding = coding.strip().lower()
    if coding in ("gzip", "x-gzip"):
        return body.startswith(b"\x1f\x8b")
    if coding == "zstd":
        return body.startswith(b"\x28\xb5\x2f\xfd")
    try:
        if coding == "br":
            brotli.Decompressor().process(body[:_PROBE_BYTES], output_buffer_limit=_PROBE_OUTPUT)
        elif coding == "deflate":
            return _inflates(body[:_PROBE_BYTES])
    except brotli.error:
        return False
    return True


def is_positive(value: object) -> bool:
    """Whether a HAR size says that there was something (-1 means unknown)."""
    return isinstance(value, int | float) and value > 0


def _inflates(body: bytes) -> bool:
    for bits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):  # servers send "deflate" with and without the zlib frame
        try:
            zlib.decompressobj(bits).decompress(body, _PROBE_OUTPUT)
        except zlib.error:
            continue
        return True
    return False


def _from_text(text: object, encoding: object, media: str, creator: str, where: str) -> RecordedBody:
    if not isinstance(text, str):
        raise BrokenEntryError(f"{where} must be a string, not {type(text).__name__}")
    if str(encoding).lower() == "base64":
        try:
            return RecordedBody(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            remark = f"{where} claims to be base64 and is not; kept as text"
            return RecordedBody(text.encode("utf-8", "surrogateescape"), remark, lost=True)
    content = _encode(text, media, creator)
    if REPLACEMENT in text:
        return RecordedBody(content, "the producer replaced bytes that were no text; they are lost", lost=True)
    return RecordedBody(content)


def _encode(text: str, media: str, creator: str) -> bytes:
    """Text back to bytes: the declared charset; for mitmproxy's HAR whatever its own export inferred."""
    charset = (
        infer_content_encoding(media) if creator.startswith("mitmproxy") or "charset" in media.lower() else "utf-8"
    )
    try:
        return text.encode(charset)
    except (LookupError, ValueError):
        return text.encode("utf-8", "surrogateescape" if _escaped_only(text) else "surrogatepass")


def _escaped_only(text: str) -> bool:
    return not any("\ud800" <= char < "\udc80" or "\udcff" < char <= "\udfff" for char in text)


def _from_params(params: list[Any], media: str, size: object) -> bytes:
    """Parameters back to a body. Charles files any text under a form's media type as one parameter without a value."""
    pairs = [(str(p.get("name", "")), str(p.get("value") or "")) for p in params if isinstance(p, dict)]
    if "multipart" in media.lower():
        found = _BOUNDARY.search(media)
        return _multipart(pairs, found[1] if found else _REBUILT_BOUNDARY)
    as_listed = "&".join(f"{name}={value}" if value else name for name, value in pairs).encode("utf-8", "surrogatepass")
    if len(as_listed) == size:
        return as_listed
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs).encode()


def _quoted(text: str) -> str:
    return quote_plus(text, errors="surrogateescape" if _escaped_only(text) else "replace")


def _multipart(pairs: list[tuple[str, str]], boundary: str) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in pairs
    ]
    return ("".join(parts) + f"--{boundary}--\r\n").encode("utf-8", "surrogatepass")
