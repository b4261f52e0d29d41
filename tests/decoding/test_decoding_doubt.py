"""What might be an encoding by chance is decoded and kept as it stands as well."""

import pytest

from pia_runtime.decoding import decode_flow
from pia_runtime.model.flow import Flow


def leaves(body: bytes) -> dict[tuple[str, ...], bytes]:
    flow = Flow("f", 1, 1000, "POST", "https", "h.example", 443, b"/", "HTTP/1.1", (), body)
    return {leaf.path: leaf.data for leaf in decode_flow(flow).leaves if leaf.location == "request.body"}


@pytest.mark.parametrize("text", ["Cafe 100%ABC 5G", "|6:]%6DE6Cabo", "100%FAmily", "50%25 of 100%"])
def test_signs_that_no_percent_encoding_leaves_keep_the_text_itself(text: str) -> None:
    assert leaves(b'{"v":"%s"}' % text.encode())[("json:$.v",)] == text.encode()


def test_clean_percent_encoding_replaces_the_text() -> None:
    assert leaves(b'{"v":"a%2Fb%20c"}') == {("json:$.v", "percent"): b"a/b c"}


def test_ascii_that_reads_as_chinese_in_utf16_stays_readable_as_itself() -> None:
    hidden = bytes(byte ^ 0x5A for byte in b"11010119891227616X")
    found = leaves(b"\x08\x01\x1a\x12" + hidden + b"\x22\x02zh")
    assert any(hidden in data for data in found.values())


def test_a_compressed_frame_is_never_taken_for_a_message() -> None:
    zstandard = pytest.importorskip("zstandard")
    for number in range(200):
        frame = zstandard.compress(b"\x08\x96\x01\x1a\x0f\x08\x01\x12\x0b138%08d" % number)
        body = b"\x08\x01\x1a" + bytes([len(frame)]) + frame
        assert ("protobuf:3", "zstd", "protobuf:3.2") in leaves(body)


def test_bytes_of_a_known_form_written_in_percent_encoding_are_found_once() -> None:
    packed = b"%82%A1t%03%A1z%B8Y2RkYTgwMmUtZmI5Yy00N2Fk"
    assert set(leaves(b'{"v":"%s"}' % packed)) == {
        ("json:$.v", "percent", "msgpack:$.t"),
        ("json:$.v", "percent", "msgpack:$.z"),
        ("json:$.v", "percent", "msgpack:$.z", "base64"),
    }


def test_words_joined_by_plus_signs_are_read_with_spaces_too() -> None:
    assert leaves(b"v=1&x=order+883921+for+delivery")[("form:x",)] == b"order 883921 for delivery"


def test_padded_base32_is_no_form() -> None:
    assert leaves(b"GEZTOMBQGEZTOMBUGI======") == {(): b"GEZTOMBQGEZTOMBUGI======"}
