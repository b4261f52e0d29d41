"""Recorded transforms turn values into further needles, and ciphertext back into what it hides."""

import base64
import gzip
import hashlib
import hmac
import json
import random

from pia_runtime.detection.derived import algorithm_name, derive
from pia_runtime.detection.needles import Learned, NeedleSet
from pia_runtime.detection.scanner import Scanner
from pia_runtime.detection.scanner_incoming import as_flow
from pia_runtime.knowledge.encodings import load_encodings
from pia_runtime.model.detection import Match
from pia_runtime.model.event import Stamp, Transform
from pia_runtime.model.session import Identifier

IMEI = "356938035643809"
NEEDLES = NeedleSet.build([Identifier(id="imei", value=IMEI)], load_encodings())


def event(seq: int, op: str, algorithm: str, source: bytes, product: bytes) -> Transform:
    return Transform(Stamp(seq, seq), op, algorithm, source, product)


def matches(events: list[Transform], body: bytes, needles: NeedleSet = NEEDLES) -> tuple[Match, ...]:
    return Scanner(needles.extended(derive(events, needles))).scan(as_flow(body)).matches


def told(found: tuple[Match, ...]) -> list[tuple[str, str, str, tuple[str, ...], tuple[int, ...]]]:
    return [(match.data, match.basis, match.encoding, match.path, match.learned_from) for match in found]


CIPHERTEXT = random.Random(1).randbytes(64)
PLAINTEXT = json.dumps({"device": {"imei": IMEI}}).encode()
ENCRYPT = event(20, "encrypt", "AES/CBC/PKCS5Padding", PLAINTEXT, CIPHERTEXT)


def test_ciphertext_is_read_through_the_event_that_made_it() -> None:
    inside = ("decrypt:20", "json:$.device.imei")
    expected = [("imei", "derived", "plain", inside, (20,))]
    assert told(matches([ENCRYPT], CIPHERTEXT)) == expected
    assert told(matches([ENCRYPT], base64.b64encode(CIPHERTEXT))) == [
        ("imei", "derived", "plain", ("base64", *inside), (20,))
    ]
    assert told(matches([ENCRYPT], CIPHERTEXT.hex().encode())) == [
        ("imei", "derived", "plain", ("hex", *inside), (20,))
    ]


def test_ciphertext_behind_its_initialisation_vector_is_found_too() -> None:
    body = base64.b64encode(random.Random(2).randbytes(16) + CIPHERTEXT)
    assert [match.path[-1] for match in matches([ENCRYPT], body)] == ["json:$.device.imei"]


def test_read_ciphertext_is_no_blind_spot_any_more() -> None:
    scanner = Scanner(NEEDLES.extended(derive([ENCRYPT], NEEDLES)))
    assert scanner.scan(as_flow(CIPHERTEXT)).opaque == ()
    assert Scanner(NEEDLES).scan(as_flow(CIPHERTEXT)).opaque != ()


def test_a_decryption_witnesses_the_same_as_the_encryption() -> None:
    decrypt = event(21, "decrypt", "AES", CIPHERTEXT, PLAINTEXT)
    assert [match.path[0] for match in matches([decrypt], CIPHERTEXT)] == ["decrypt:21"]


def test_chains_of_transforms_are_followed_whatever_their_order() -> None:
    salted = hashlib.md5(f"{IMEI}|salt".encode()).digest()
    keyed = hmac.digest(b"k", salted.hex().encode(), "sha256")
    cipher = random.Random(3).randbytes(48)
    chain = [
        event(3, "encrypt", "AES", b"sig=" + keyed.hex().encode(), cipher),
        event(2, "mac", "HmacSHA256", salted.hex().encode(), keyed),
        event(1, "digest", "MD5", f"{IMEI}|salt".encode(), salted),
    ]
    (match,) = matches(chain, cipher)
    assert (match.data, match.encoding) == ("imei", "hmac-sha256(md5(salted))")
    assert match.path == ("decrypt:3", "form:sig")
    assert match.learned_from == (1, 2, 3)


def test_a_digest_of_the_bare_value_stays_known() -> None:
    bare = hashlib.md5(IMEI.encode())
    found = matches([event(5, "digest", "MD5", IMEI.encode(), bare.digest())], bare.hexdigest().encode())
    assert told(found) == [("imei", "known", "md5", (), ())]


def test_what_the_decoder_undoes_by_itself_needs_no_witness() -> None:
    packed = gzip.compress(PLAINTEXT)
    assert derive([event(6, "compress", "gzip", PLAINTEXT, packed)], NEEDLES) == ()


def test_transforms_of_other_things_make_no_needles() -> None:
    other = hashlib.md5(b"something else").digest()
    assert derive([event(7, "digest", "MD5", b"something else", other)], NEEDLES) == ()


def test_what_was_learned_from_an_observed_value_names_both_events() -> None:
    observed = Learned(Identifier(id="oaid", value="0f1e2d3c4b5a69788796a5b4c3d2e1f0"), "observed", (2,))
    needles = NeedleSet.build([], load_encodings(), observed=[observed])
    salted = hashlib.sha1(b"s" + b"0f1e2d3c4b5a69788796a5b4c3d2e1f0").digest()
    events = [event(8, "digest", "SHA-1", b"s=0f1e2d3c4b5a69788796a5b4c3d2e1f0", salted)]
    assert told(matches(events, salted.hex().encode(), needles)) == [("oaid", "derived", "sha1(salted)", (), (2, 8))]


def test_a_digest_over_a_whole_request_is_only_possibly_about_the_value() -> None:
    request = f"app=1&imei={IMEI}&items={'x' * 300}&ts=1763884800".encode()
    (match,) = matches(
        [event(9, "digest", "MD5", request, hashlib.md5(request).digest())], hashlib.md5(request).hexdigest().encode()
    )
    assert (match.basis, match.encoding, match.confidence) == ("derived", "md5(salted)", "possible")


def test_algorithms_have_one_name() -> None:
    assert [algorithm_name(name) for name in ("MD5", "SHA-256", "SHA3-256", "HmacSHA256", "HmacSHA-1", "SHA1")] == [
        "md5",
        "sha256",
        "sha3-256",
        "hmac-sha256",
        "hmac-sha1",
        "sha1",
    ]


def test_a_salt_may_touch_the_value() -> None:
    for salt in (b"1763884800000", b"9f86d081", b"k"):
        source = salt + IMEI.encode() + b"1"
        digest = hashlib.sha256(source).digest()
        (found,) = matches([event(7, "digest", "SHA-256", source, digest)], digest.hex().encode())
        assert (found.data, found.encoding, found.learned_from) == ("imei", "sha256(salted)", (7,))


def test_a_salted_digest_is_known_by_half_of_it_too() -> None:
    digest = hashlib.sha256(b"s1" + IMEI.encode()).digest()
    (found,) = matches(
        [event(7, "digest", "SHA-256", b"s1" + IMEI.encode(), digest)], b"id=" + digest.hex()[:32].encode()
    )
    assert found.encoding == "prefix(sha256(salted))"


def test_ciphertext_in_a_field_is_one_detection_and_names_the_field() -> None:
    message = b"\x08\x01\x1a" + bytes([len(CIPHERTEXT)]) + CIPHERTEXT
    assert [match.path for match in matches([ENCRYPT], message)] == [("protobuf:3", "decrypt:20", "json:$.device.imei")]
