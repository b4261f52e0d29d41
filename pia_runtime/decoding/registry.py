"""Every format, in the order in which it is asked.

A format that names itself by its first byte is asked before all others; the rest depends on whether the data is text.
"""

from pia_runtime.decoding.form import Form
from pia_runtime.decoding.formats.base64_runs import BASE64, BASE64URL
from pia_runtime.decoding.formats.brotli_stream import BROTLI
from pia_runtime.decoding.formats.cbor_tree import CBOR, CBOR_KEY
from pia_runtime.decoding.formats.charsets import GB18030, UTF16, UTF16BE
from pia_runtime.decoding.formats.cookies import COOKIE
from pia_runtime.decoding.formats.deflated import DEFLATE, GUNZIP, ZLIB
from pia_runtime.decoding.formats.escapes import ENTITIES, ESCAPES, PERCENT
from pia_runtime.decoding.formats.event_stream import SSE
from pia_runtime.decoding.formats.exif_tags import EXIF
from pia_runtime.decoding.formats.form_fields import FORM, FORM_KEY, FORM_PLUS
from pia_runtime.decoding.formats.grpc_frames import GRPC
from pia_runtime.decoding.formats.hex_runs import HEX
from pia_runtime.decoding.formats.json_text import JSON, JSON_AT, JSON_KEY, JSONP, JSONP_KEY, NDJSON, NDJSON_KEY
from pia_runtime.decoding.formats.jwt_token import JWT
from pia_runtime.decoding.formats.lz4_snappy import LZ4, SNAPPY
from pia_runtime.decoding.formats.msgpack_tree import MSGPACK, MSGPACK_KEY
from pia_runtime.decoding.formats.multipart_parts import MULTIPART, MULTIPART_FILENAME
from pia_runtime.decoding.formats.plist_tree import PLIST, PLIST_KEY
from pia_runtime.decoding.formats.protobuf_wire import PROTOBUF
from pia_runtime.decoding.formats.slices import SKIP, SLICE
from pia_runtime.decoding.formats.url_parts import SEGMENT, URL
from pia_runtime.decoding.formats.xml_tree import XML
from pia_runtime.decoding.formats.zstd_stream import ZSTD

_FIRST_BYTES: tuple[tuple[bytes, tuple[Form, ...]], ...] = (
    (b'{["\t\r\n \xef', (NDJSON, JSON)),
    (b"<\xef \r\n", (PLIST, XML)),
    (b"-\r\n", (MULTIPART,)),
    (b"b", (PLIST,)),
    (b"\x1f", (GUNZIP,)),
    (b"\x08\x18\x28\x38\x48\x58\x68\x78", (ZLIB,)),
    (b"\x28", (ZSTD,)),
    (b"\x04", (LZ4,)),
    (b"\xff", (SNAPPY,)),
)

TEXT: tuple[Form, ...] = (JWT, SSE, FORM, COOKIE, URL, JSONP, JSON_AT, PERCENT, ENTITIES, ESCAPES, HEX, BASE64)
"""Asked of text that no first byte explained; ``replaces`` ends the search, ``adds`` and ``guesses`` go on."""

UNMARKED: tuple[Form, ...] = (JWT, SSE, HEX, BASE64)
"""Those of :data:`TEXT` that can stand in text without any of the characters in :data:`MARKS`."""

MARKS = b'%&\\{[="'
"""One of these is in every text that the other forms of :data:`TEXT` explain."""

BINARY: tuple[Form, ...] = (UTF16, GRPC, MSGPACK, CBOR, PROTOBUF, GB18030, DEFLATE, BROTLI, SKIP, SLICE)
"""Asked of anything else; the first that explains the data ends the search."""

BY_FIRST_BYTE: tuple[tuple[Form, ...], ...] = tuple(
    tuple(form for first, forms in _FIRST_BYTES if byte in first for form in forms) for byte in range(256)
)

BY_NAME: dict[str, Form] = {
    form.name: form
    for form in (
        *(form for _, forms in _FIRST_BYTES for form in forms),
        *TEXT,
        *BINARY,
        *(
            BASE64URL,
            CBOR_KEY,
            EXIF,
            FORM_KEY,
            FORM_PLUS,
            JSON_KEY,
            JSONP_KEY,
            NDJSON_KEY,
            MSGPACK_KEY,
            MULTIPART_FILENAME,
            PLIST_KEY,
            SEGMENT,
            SLICE,
        ),
        UTF16BE,
    )
}
