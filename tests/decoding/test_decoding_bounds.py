"""Hostile input costs at most the budget, never raises, and what was not read is said."""

import base64
import gzip
import random
import zlib

import brotli
import cramjam
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pia_runtime.decoding import Budget, decode_flow
from pia_runtime.model.flow import Flow

MIB = 1 << 20
ZEROS = bytes(40 * MIB)
SMALL = Budget(max_output=1 * MIB, max_leaves=1000)


def flow_with(body: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Flow:
    return Flow("f", 0, 1000, "POST", "https", "a.example", 443, b"/", "HTTP/1.1", headers, body)


def output(flow: Flow, budget: Budget) -> tuple[int, set[str]]:
    """Bytes in the body's leaves, and the reasons for what stayed opaque."""
    decoded = decode_flow(flow, budget)
    assert len(decoded.leaves) <= budget.max_leaves
    size = sum(len(leaf.data) for leaf in decoded.leaves if leaf.location == "request.body")
    return size, {opaque.reason for opaque in decoded.opaque}


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(data) + stream.flush()


BOMBS = {
    "gzip": lambda: gzip.compress(ZEROS),
    "gzip of gzip": lambda: gzip.compress(gzip.compress(ZEROS)),
    "zlib": lambda: zlib.compress(ZEROS),
    "raw deflate": lambda: raw_deflate(ZEROS),
    "brotli": lambda: brotli.compress(ZEROS, quality=2),
    "zstd": lambda: zstandard.compress(ZEROS),
    "lz4": lambda: bytes(cramjam.lz4.compress(ZEROS)),
    "snappy": lambda: bytes(cramjam.snappy.compress(ZEROS)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_decompression_bomb_is_recorded_and_costs_no_output(name):
    bomb = BOMBS[name]()
    size, reasons = output(flow_with(bomb), SMALL)
    assert reasons == {"budget_exceeded"}
    assert size <= len(bomb) + MIB


def test_a_bomb_behind_a_content_encoding_is_recorded_too():
    for coding, name in ((b"gzip", "gzip"), (b"br", "brotli"), (b"deflate", "zlib"), (b"zstd", "zstd")):
        _, reasons = output(flow_with(BOMBS[name](), ((b"Content-Encoding", coding),)), SMALL)
        assert reasons == {"budget_exceeded"}, coding


def test_many_small_bombs_share_one_budget():
    part = gzip.compress(bytes(300_000))
    body = b'{"a":[' + b",".join(b'"%s"' % base64.b64encode(part) for _ in range(50)) + b"]}"
    size, reasons = output(flow_with(body), SMALL)
    assert "budget_exceeded" in reasons
    assert size < 3 * MIB


TANGLES = {
    "JSON nested 10 000 deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a million brackets": b"[" * 1_000_000,
    "arrays of a million numbers": b"[" + b"1," * 1_000_000 + b"1]",
    "one long name over many values": b'{"' + b"k" * 200_000 + b'":[' + b"1," * 20_000 + b"1]}",
    "a million empty form fields": b"a=1&" * 1_000_000,
    "XML nested 100 000 deep": b"<a>" * 100_000 + b"</a>" * 100_000,
    "half a million elements": b"<r>" + b"<a/>" * 500_000 + b"</r>",
}


@pytest.mark.parametrize("name", TANGLES)
def test_a_tangle_stays_searchable_text_and_is_recorded(name):
    body = TANGLES[name]
    size, reasons = output(flow_with(body), Budget(max_leaves=1000))
    assert size >= len(body)
    assert reasons == {"budget_exceeded"} or name == "a million brackets"


def test_an_entity_bomb_is_not_expanded():
    entities = b"".join(b'<!ENTITY a%d "&a%d;&a%d;">' % (n + 1, n, n) for n in range(60))
    body = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "ha">' + entities + b"]><l>&a60;</l>"
    size, _ = output(flow_with(body), Budget())
    assert size < 2 * len(body)


def test_numbers_of_a_million_digits_are_text():
    decoded = decode_flow(flow_with(b'{"n":' + b"9" * 1_000_000 + b"}"))
    assert ("json:$.n",) in {leaf.path for leaf in decoded.leaves}


def test_binary_formats_that_claim_huge_sizes_are_refused():
    for body in (
        b"\xdd\xff\xff\xff\xff" + b"a" * 20,
        b"\x9b" + b"\xff" * 8 + b"a" * 20,
        b"\x7b\x7f" + b"\xff" * 7 + b"a" * 20,
        b"\x91" * 100_000 + b"\xc0",
        b"\x81" * 100_000 + b"\xf6",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7fabc",
    ):
        size, _ = output(flow_with(body), SMALL)
        assert size <= 4 * len(body)


def test_protobuf_nested_thousands_deep_is_bounded():
    message = b"\x08\x01"
    for _ in range(2000):
        size, length = len(message), b""
        while size > 127:
            length += bytes([size & 127 | 128])
            size >>= 7
        message = b"\x12" + length + bytes([size]) + message
    size, _ = output(flow_with(message), SMALL)
    assert size < 2 * MIB


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=3000), st.sampled_from([b"", b"gzip", b"br", b"deflate", b"zstd", b"lz4", b"snappy", b"x"]))
def test_random_bytes_never_raise_nor_exceed_the_budget(data, coding):
    flow = Flow("f", 0, 1000, "P", "http", "h", 80, data[:200], "HTTP/1.1", ((b"Content-Encoding", coding),), data)
    decoded = decode_flow(flow, Budget(max_output=100_000, max_leaves=500))
    assert len(decoded.leaves) <= 500
    assert sum(len(leaf.data) for leaf in decoded.leaves) <= 100_000 + 8 * (len(data) + 200)


def test_a_character_reference_of_endless_digits_is_left_as_it_is():
    from pia_runtime.decoding.formats.escapes import unentity

    endless = b"&#" + b"1" * 5000 + b";"
    assert unentity(endless + b"&amp;&#24352;") == endless + "&张".encode()
    decode_flow(flow_with(b"q=" + endless + b"&#24352;"), Budget())


def test_noise_is_a_blind_spot_and_an_image_is_not():
    noise = random.Random(1).randbytes(500)
    assert output(flow_with(noise), Budget())[1] == {"high_entropy"}
    assert output(flow_with(b"\x89PNG\r\n\x1a\n" + noise), Budget())[1] == set()
    assert output(flow_with(noise[:20]), Budget())[1] == set()


@pytest.mark.parametrize("size", [40, 100, 200, 256, 400, 1000, 5000])
def test_ciphertext_of_any_size_is_a_blind_spot_raw_or_in_base64(size):
    rnd = random.Random(size)
    for _ in range(30):
        noise = rnd.randbytes(size)
        assert "high_entropy" in output(flow_with(noise), Budget())[1]
        field = b'{"d":"' + base64.b64encode(noise) + b'"}'
        assert ("high_entropy" in output(flow_with(field), Budget())[1]) == (size >= 65)


def test_the_same_flow_gives_the_same_result():
    flow = flow_with(gzip.compress(b'{"a":"MTM4MDAxMzgwMDA=","b":[1,2.50,{"c":"%7B%22d%22%3A1%7D"}]}'))
    assert decode_flow(flow) == decode_flow(flow)


@pytest.mark.parametrize(
    ("coding", "name", "encode"),
    [(b"br", "brotli", brotli.compress), (b"deflate", "zlib", zlib.compress), (b"deflate", "deflate", raw_deflate)],
)
def test_a_stream_that_its_header_names_and_that_breaks_off_is_read_as_far_as_it_goes(coding, name, encode):
    text = b'{"id": "cdda802e-fb9c-47ad-9866-0794d394c912", "pad": "' + random.Random(1).randbytes(900).hex().encode()
    flow = flow_with(encode(text)[:-200], ((b"content-encoding", coding),))
    (leaf,) = [leaf for leaf in decode_flow(flow).leaves if leaf.location == "request.body"]
    assert leaf.path == (name,)
    assert leaf.data.startswith(text[:60])


def test_a_body_that_is_not_what_its_header_says_stays_what_it_is():
    for coding in (b"br", b"deflate", b"gzip", b"x-unknown"):
        flow = flow_with(b'{"id": "cdda802e-fb9c-47ad-9866-0794d394c912"}', ((b"content-encoding", coding),))
        assert [leaf.path for leaf in decode_flow(flow).leaves if leaf.location == "request.body"] == [("json:$.id",)]
