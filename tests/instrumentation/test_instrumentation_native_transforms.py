"""Real Frida on CPython's own OpenSSL and zlib: what a native library computes is told with its whole input and output."""

import base64
import hashlib
import hmac
import sys
import threading
import zlib
from pathlib import Path
from typing import Any

import pytest

from pia_runtime.instrumentation.agent_build import AGENT, build_agent
from pia_runtime.instrumentation.catalog import Catalog, load_catalog
from pia_runtime.instrumentation.host import FridaHost, JvmTarget

pytestmark = pytest.mark.live

PROGRAM = """
import ctypes, hashlib, hmac, zlib
imei = b"356938035643809"
salted = hashlib.sha256(b"salt"); salted.update(imei); salted.digest()
longer = salted.copy(); longer.update(b"x"); longer.hexdigest()
hashlib.md5(imei).hexdigest()
hmac.new(b"key", imei, "sha256").digest()
hmac.digest(b"key", imei, "sha1")
zlib.compress(imei * 4)
parts = zlib.compressobj(9, zlib.DEFLATED, 31)
packed = parts.compress(b"imei=") + parts.compress(imei) + parts.flush()
assert zlib.decompress(packed, 31) == b"imei=" + imei
for _ in range(5):
    hashlib.md5(b"again").digest()
hashlib.sha512(b"a" * 70_000).digest()
hashlib.sha1(b"").digest()
crypto = ctypes.CDLL("libcrypto.so.3")
for name in ("EVP_CIPHER_CTX_new", "EVP_aes_128_cbc"):
    getattr(crypto, name).restype = ctypes.c_void_p
context, cipher = ctypes.c_void_p(crypto.EVP_CIPHER_CTX_new()), ctypes.c_void_p(crypto.EVP_aes_128_cbc())
out, size = ctypes.create_string_buffer(128), ctypes.c_int()
assert crypto.EVP_EncryptInit_ex(context, cipher, None, b"0123456789abcdef", bytes(16)) == 1
assert crypto.EVP_EncryptUpdate(context, out, ctypes.byref(size), imei + b"|and more", 24) == 1
assert crypto.EVP_EncryptFinal_ex(context, ctypes.byref(out, size.value), ctypes.byref(size)) == 1
assert crypto.SHA256(imei, 15, out) != 0
"""


@pytest.fixture(scope="module")
def transforms() -> list[dict[str, Any]]:
    """What was told of one run of PROGRAM."""
    if not AGENT.exists():
        build_agent(Path(__file__).parents[2])
    events: list[dict[str, Any]] = []
    ended = threading.Event()
    # The interpreter itself, not the environment's link to it: that one starts it a second time.
    target = JvmTarget([str(Path(sys.executable).resolve()), "-S", "-c", PROGRAM])
    host = FridaHost(
        target,
        Catalog({}, (), load_catalog().native),
        on_event=events.append,
        on_detached=lambda _: ended.set(),
    )
    host.start()
    assert ended.wait(60)
    host.stop()
    assert [event for event in events if event["type"] == "gap"] == []
    return [event for event in events if event["type"] == "transform"]


def find(transforms: list[dict[str, Any]], op: str, algorithm: str) -> list[tuple[bytes, bytes]]:
    return [
        (base64.b64decode(event["input_b64"]), base64.b64decode(event["output_b64"]))
        for event in transforms
        if (event["op"], event["algorithm"]) == (op, algorithm)
    ]


IMEI = b"356938035643809"


def test_a_digest_fed_in_parts_and_its_copy_are_told_whole(transforms):
    found = find(transforms, "digest", "SHA-256")
    assert (b"salt" + IMEI, hashlib.sha256(b"salt" + IMEI).digest()) in found
    assert (b"salt" + IMEI + b"x", hashlib.sha256(b"salt" + IMEI + b"x").digest()) in found


def test_a_digest_in_one_call_is_told_once_though_the_library_does_it_in_three(transforms):
    assert find(transforms, "digest", "SHA-256").count((IMEI, hashlib.sha256(IMEI).digest())) == 1


def test_the_algorithm_is_asked_of_the_library(transforms):
    assert (IMEI, hashlib.md5(IMEI).digest()) in find(transforms, "digest", "MD5")


def test_macs_tell_message_and_result_and_of_the_key_only_a_commitment(transforms):
    assert find(transforms, "mac", "HmacSHA256") == [(IMEI, hmac.digest(b"key", IMEI, "sha256"))]
    assert find(transforms, "mac", "HmacSHA1") == [(IMEI, hmac.digest(b"key", IMEI, "sha1"))]
    commitments = {event["key_commitment"] for event in transforms if event["op"] == "mac"}
    assert commitments == {hashlib.sha256(b"pia.key/1\0key").hexdigest()}


def test_a_cipher_tells_plaintext_ciphertext_and_mode(transforms):
    ((plain, secret),) = find(transforms, "encrypt", "AES-128-CBC")
    assert plain == IMEI + b"|and more"
    assert len(secret) == 32
    (event,) = [event for event in transforms if event["op"] == "encrypt"]
    assert event["key_commitment"] == hashlib.sha256(b"pia.key/1\x000123456789abcdef").hexdigest()
    assert "MDEyMzQ1Njc4OWFiY2RlZg" not in str(event)


def test_compression_is_told_with_its_container(transforms):
    ((whole, packed),) = find(transforms, "compress", "zlib")
    assert (whole, zlib.decompress(packed)) == (IMEI * 4, IMEI * 4)
    ((whole, packed),) = find(transforms, "compress", "gzip")
    assert (whole, zlib.decompress(packed, 31)) == (b"imei=" + IMEI, b"imei=" + IMEI)
    assert find(transforms, "decompress", "gzip") == [(packed, whole)]


def test_a_repetition_is_counted_and_not_told_again(transforms):
    again = [event for event in transforms if event["algorithm"] == "MD5" and event["input_b64"] in ("", "YWdhaW4=")]
    assert [event.get("repeated") for event in again] == [None, 4]
    assert again[1]["input_b64"] == ""


def test_more_than_64_kib_are_cut_and_say_so(transforms):
    (event,) = [event for event in transforms if event["algorithm"] == "SHA-512"]
    assert event["truncated"] is True
    assert len(base64.b64decode(event["input_b64"])) == 65_536
    assert base64.b64decode(event["output_b64"]) == hashlib.sha512(b"a" * 70_000).digest()


def test_a_digest_of_nothing_is_not_told(transforms):
    assert find(transforms, "digest", "SHA-1") == []


def test_the_stack_names_the_library_that_asked(transforms):
    frames = {event["stack"][0].split("!")[0].split(".")[0] for event in transforms if event["stack"]}
    assert {"_hashlib", "zlib"} <= frames
