"""Do bytes without a name of their own make sense? Asked before text is believed to be base64 or hexadecimal."""

from pia_runtime.decoding.form import Child, Form, OverBudgetError
from pia_runtime.decoding.formats.brotli_stream import BROTLI
from pia_runtime.decoding.formats.cbor_tree import CBOR
from pia_runtime.decoding.formats.charsets import GB18030, UTF16
from pia_runtime.decoding.formats.deflated import DEFLATE, ZLIB
from pia_runtime.decoding.formats.grpc_frames import GRPC
from pia_runtime.decoding.formats.msgpack_tree import MSGPACK
from pia_runtime.decoding.formats.multipart_parts import MULTIPART
from pia_runtime.decoding.formats.protobuf_wire import PROTOBUF
from pia_runtime.decoding.magic import is_known
from pia_runtime.decoding.text import is_text

_FORMS: tuple[Form, ...] = (ZLIB, MULTIPART, UTF16, GRPC, MSGPACK, CBOR, PROTOBUF, DEFLATE, BROTLI)
_LENIENT = (UTF16, PROTOBUF)
_DIGESTS = frozenset({16, 20, 28, 32, 48, 64})
"""Sizes of MD5, SHA-1 and SHA-2. One digest in a few hundred parses as something by chance,
so that the lenient forms must show text there."""
_ROOM = 1 << 20
_TELLING = 6
_CHINESE = 12
"""Bytes of six characters; a pair of random bytes is a common one in ten times."""
_ENCLOSED = (b"{}", b"[]", b"<>")
_ASCII = bytes(range(0x80))


def makes_sense(data: bytes) -> bool:
    """Text, something that names itself, or a structure that explains every byte."""
    return is_text(data) or is_known(data) or _is_structure(data) or _is_chinese(data)


def _is_chinese(data: bytes) -> bool:
    """GB 18030 from end to end: what JSON or XML stand between, or more Chinese characters than noise would be by chance."""
    enclosed = data[:1] + data[-1:] in _ENCLOSED or len(data.translate(None, _ASCII)) >= _CHINESE
    return len(data) >= _TELLING and enclosed and bool(GB18030.children(data, "", _ROOM))


def _is_structure(data: bytes) -> bool:
    for form in _FORMS:
        if form.might_be(data):
            try:
                found = form.children(data, "", _ROOM)
            except OverBudgetError:
                return True
            if found and (form not in _LENIENT or len(data) not in _DIGESTS or _shows_text(found)):
                return True
    return False


def _shows_text(found: list[Child]) -> bool:
    return any(len(part) >= _TELLING and is_text(part) for _, _, part in found)
