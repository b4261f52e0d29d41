"""Every transform of the knowledge gives what its vectors say."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pia_runtime.detection.transforms import FUNCTIONS, apply_steps, base64_core, varint
from pia_runtime.knowledge.encodings import Encoding, load_encodings, load_spellings

ENCODINGS = load_encodings()
PUBLISHED = {
    "md5": "900150983cd24fb0d6963f7d28e17f72",  # RFC 1321
    "sha1": "a9993e364706816aba3e25717850c26c9cd0d89d",  # FIPS 180-4
    "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",  # FIPS 180-4
    "sha3-256": "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",  # FIPS 202
    "ripemd160": "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc",  # Bosselaers
    "sm3": "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",  # GB/T 32905 A.1
    "blake2s": "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982",  # RFC 7693
}


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda encoding: encoding.id)
def test_an_encoding_gives_what_its_vectors_say(encoding: Encoding) -> None:
    for vector in encoding.vectors:
        result = apply_steps(encoding.steps, vector.input.encode())
        shown = result.hex() if encoding.form in ("digest", "checksum", "bytes") else result.decode()
        assert shown == vector.output


@pytest.mark.parametrize("name", PUBLISHED)
def test_hashes_agree_with_the_published_vectors_of_abc(name: str) -> None:
    encoding = next(encoding for encoding in ENCODINGS if encoding.id == name)
    assert apply_steps(encoding.steps, b"abc").hex() == PUBLISHED[name]


def test_checksums_agree_with_the_published_check_values() -> None:
    assert FUNCTIONS["crc32"](b"123456789").hex() == "cbf43926"
    assert FUNCTIONS["adler32"](b"Wikipedia").hex() == "11e60398"
    assert FUNCTIONS["murmur3_32"](b"test").hex() == "ba6bd213"


def test_a_digest_printed_without_padding_loses_the_leading_zero_of_its_bytes() -> None:
    assert FUNCTIONS["hex_unpadded"](b"\x0a\x00\xff") == b"a0ff"


def test_every_step_named_in_the_knowledge_is_a_function() -> None:
    assert {step for encoding in ENCODINGS for step in encoding.steps} <= set(FUNCTIONS)


def test_spellings_are_explained() -> None:
    assert {"plain", "lower", "upper", "stripped", "prefix", "split"} <= set(load_spellings())


@given(st.binary(max_size=9), st.binary(min_size=8, max_size=40), st.binary(max_size=9))
def test_base64_of_a_text_contains_the_core_of_each_part(before: bytes, value: bytes, after: bytes) -> None:
    assert base64_core(value, len(before) % 3) in base64.b64encode(before + value + after)


def test_a_varint_is_written_low_group_first() -> None:
    assert varint(300) == b"\xac\x02"
    assert FUNCTIONS["varint"](b"0300") == b""
