"""What is hidden in a flow is found once, under the path that leads to it; what merely looks alike is not found."""

import base64
import gzip
import hashlib
import hmac
import json
import random
import uuid
import zlib
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pia_runtime.decoding import replay
from pia_runtime.detection.derived import derive
from pia_runtime.detection.needles import NeedleSet
from pia_runtime.detection.scanner import Scanner
from pia_runtime.detection.scanner_choice import choose
from pia_runtime.detection.transforms import apply_steps
from pia_runtime.detection.variants import variants
from pia_runtime.knowledge.encodings import load_encodings
from pia_runtime.model.detection import Leaf, Match
from pia_runtime.model.event import Stamp, Transform
from pia_runtime.model.flow import Flow, Headers, Response, WebSocketMessage
from pia_runtime.model.session import Contact, Coordinates, Identifier, Packages

ENCODINGS = load_encodings()
GAID = "cdda802e-fb9c-47ad-9866-0794d394c912"
MAC = "ac:37:43:9b:12:fe"
IDENTIFIERS = [
    Identifier(id="gaid", value=GAID),
    Identifier(id="mac_wifi", value=MAC),
    Identifier(id="imei", value="356938035643809"),
    Identifier(id="android_id", value="a1b2c3d4e5f60718"),
    Identifier(id="phone_number", value="13800138000"),
    Identifier(id="email_address", value="li.xiaoming@example.com"),
    Identifier(id="location_precise", value=Coordinates(lat=31.230416, lon=121.473701)),
    Identifier(id="contacts", value=Contact(name="王小明", phones=("13912345678",), emails=("wang@example.org",))),
    Identifier(
        id="installed_apps",
        value=Packages(packages=("com.tencent.mm", "com.eg.android.AlipayGphone", "com.android.chrome")),
    ),
]
NEEDLES = NeedleSet.build(IDENTIFIERS, ENCODINGS)
SCANNER = Scanner(NEEDLES)


def flow(
    body: bytes | None = None,
    target: bytes = b"/v1/report",
    headers: Headers = (),
    method: str = "POST",
    response: Response | None = None,
    messages: tuple[WebSocketMessage, ...] = (),
) -> Flow:
    return Flow(
        "f1",
        1,
        1000,
        method,
        "https",
        "log.example.com",
        443,
        target,
        "HTTP/1.1",
        headers,
        body,
        (),
        response,
        messages,
    )


def said(matches: tuple[Match, ...]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(match.data, match.encoding, match.path) for match in matches]


def found(scanned: Flow, scanner: Scanner = SCANNER) -> list[tuple[str, str, tuple[str, ...]]]:
    result = scanner.scan(scanned)
    assert result == scanner.scan_slow(scanned)
    return said(result.matches)


def j(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def digest(name: str, text: str) -> str:
    return hashlib.new(name, text.encode()).hexdigest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


SALTED = digest("md5", "s3cr3t" + GAID)
KEYED = hmac.digest(b"key", GAID.encode(), "sha256").hex()
DEFLATED = zlib.compress(j(id=GAID))[2:-4]

ENCODED: dict[str, tuple[bytes, str]] = {
    "plain": (GAID.encode(), "plain"),
    "json": (j(id=GAID), "plain"),
    "json in json": (j(data=j(id=GAID).decode()), "plain"),
    "form": (f"a=1&id={GAID}".encode(), "plain"),
    "double url": (f"id={quote(quote('x/' + GAID, safe=''), safe='')}".encode(), "plain"),
    "protobuf": (b"\x0a\x24" + GAID.encode() + b"\x10\x01", "plain"),
    "upper": (j(id=GAID.upper()), "upper"),
    "separators removed": (j(id=GAID.replace("-", "")), "stripped"),
    "hex": (j(id=GAID.encode().hex()), "plain"),
    "base64 whole": (b64(GAID.encode()).encode(), "plain"),
    "base64 in json": (j(d=b64(j(id=GAID))), "plain"),
    "base64 at offset 1": (j(d=b64(b"1" + b"|" * 0 + b"id=" + GAID.encode())), "plain"),
    "base64 at offset 2": (j(d=b64(b"xy=1&" + GAID.encode() + b"|")), "plain"),
    "base64 at offset 3": (j(d=b64(b"xyz" + b"=" + GAID.encode() + b"||")), "plain"),
    "base64 twice": (j(d=b64(b64(j(id=GAID)).encode())), "plain"),
    "base64url": (j(d=base64.urlsafe_b64encode(b"\xfb\xff??" + j(id=GAID)).decode().rstrip("=")), "plain"),
    "md5": (j(id=digest("md5", GAID)), "md5"),
    "sha1": (j(id=digest("sha1", GAID)), "sha1"),
    "sha256": (j(id=digest("sha256", GAID)), "sha256"),
    "sha512": (j(id=digest("sha512", GAID)), "sha512"),
    "md5 upper": (j(id=digest("md5", GAID).upper()), "md5"),
    "md5 of upper": (j(id=digest("md5", GAID.upper())), "md5(upper)"),
    "md5 raw in base64": (j(id=b64(hashlib.md5(GAID.encode()).digest())), "md5"),
    "md5 of normalised": (j(id=digest("md5", GAID.replace("-", ""))), "md5(stripped)"),
    "sha1 of md5": (j(id=digest("sha1", digest("md5", GAID))), "sha1(md5)"),
    "unicode escapes": (b'{"id":"' + "".join(f"\\u{ord(char):04x}" for char in GAID).encode() + b'"}', "plain"),
    "base64 of gzip": (j(d=b64(gzip.compress(j(id=GAID)))), "plain"),
    "base64 of zlib": (j(d=b64(zlib.compress(j(id=GAID)))), "plain"),
    "gzip without header": (gzip.compress(j(id=GAID)), "plain"),
    "raw deflate": (DEFLATED, "plain"),
    "reversed": (j(id=GAID[::-1]), "reversed"),
    "xor": (bytes(byte ^ 0x5A for byte in GAID.encode()), "xor(0x5a)"),
    "split": (j(a=GAID[:18], b=GAID[18:]), "split"),
}
MULTIPART = b'--XX\r\nContent-Disposition: form-data; name="id"\r\n\r\n' + GAID.encode() + b"\r\n--XX--\r\n"
PLACED: dict[str, tuple[Flow, str, str]] = {
    "get query": (flow(None, f"/p?id={GAID}".encode(), method="GET"), "gaid", "request.url.query"),
    "get query, url-encoded mac": (
        flow(None, f"/p?m={quote(MAC, safe='')}".encode(), method="GET"),
        "mac_wifi",
        "request.url.query",
    ),
    "get path": (flow(None, f"/p/{GAID}/x".encode(), method="GET"), "gaid", "request.url.path"),
    "get header": (flow(None, headers=((b"X-Device", GAID.encode()),), method="GET"), "gaid", "request.header"),
    "get cookie": (
        flow(None, headers=((b"Cookie", f"a=1; did={GAID}".encode()),), method="GET"),
        "gaid",
        "request.cookie",
    ),
    "post path": (flow(b"a=1", f"/p/{GAID}".encode()), "gaid", "request.url.path"),
    "put body": (flow(j(id=GAID), method="PUT"), "gaid", "request.body"),
    "patch body": (flow(j(id=GAID), method="PATCH"), "gaid", "request.body"),
    "post query": (flow(b"a=1", f"/p?id={GAID}".encode()), "gaid", "request.url.query"),
    "post header": (flow(b"a=1", headers=((b"x-id", GAID.encode()),)), "gaid", "request.header"),
    "multipart": (
        flow(MULTIPART, headers=((b"content-type", b"multipart/form-data; boundary=XX"),)),
        "gaid",
        "request.body",
    ),
    "gzip by header": (
        flow(gzip.compress(j(id=GAID)), headers=((b"content-encoding", b"gzip"),)),
        "gaid",
        "request.body",
    ),
}


@pytest.mark.parametrize("case", ENCODED)
def test_every_encoding_of_the_peers_battery_is_found_once_and_named(case: str) -> None:
    body, encoding = ENCODED[case]
    assert [(data, named) for data, named, _ in found(flow(body))] == [("gaid", encoding)]


@pytest.mark.parametrize("case", PLACED)
def test_every_placement_of_the_peers_battery_is_found_once_and_located(case: str) -> None:
    scanned, data, location = PLACED[case]
    result = SCANNER.scan(scanned)
    assert [(match.data, match.encoding, match.location) for match in result.matches] == [(data, "plain", location)]


def transform(seq: int, op: str, algorithm: str, source: bytes, product: bytes) -> Transform:
    return Transform(Stamp(seq, seq), op, algorithm, source, product)


def test_salted_hashes_are_found_when_their_event_was_recorded() -> None:
    events = [
        transform(7, "digest", "MD5", f"s3cr3t{GAID}".encode(), bytes.fromhex(SALTED)),
        transform(9, "mac", "HmacSHA256", GAID.encode(), bytes.fromhex(KEYED)),
    ]
    assert found(flow(j(a=SALTED, b=KEYED))) == []
    scanner = Scanner(NEEDLES.extended(derive(events, NEEDLES)))
    result = scanner.scan(flow(j(a=SALTED, b=KEYED)))
    assert said(result.matches) == [("gaid", "md5(salted)", ("json:$.a",)), ("gaid", "hmac-sha256", ("json:$.b",))]
    assert [(match.basis, match.learned_from) for match in result.matches] == [("derived", (7,)), ("derived", (9,))]


def test_a_base64_field_that_decodes_is_one_match_under_the_longer_path() -> None:
    assert found(flow(j(d=b64(j(id=GAID))))) == [("gaid", "plain", ("json:$.d", "base64", "json:$.id"))]


def test_two_values_at_two_places_are_two_matches() -> None:
    assert found(flow(j(a=GAID, b=digest("md5", GAID)))) == [
        ("gaid", "plain", ("json:$.a",)),
        ("gaid", "md5", ("json:$.b",)),
    ]


@pytest.mark.parametrize(
    ("body", "encoding", "path"),
    [
        (b'{"lat":31.230416,"lng":121.473701}', "plain", ("json:$.lat",)),
        (b'{"lat":31.2304,"lng":121.4737}', "plain", ("json:$.lat",)),
        (b"lat=31230416&lon=121473701", "e6", ("form:lat",)),
        (b"lat=312304160&lon=1214737010", "e7", ("form:lat",)),
        (b'{"gps":"121.473701,31.230416"}', "plain", ("json:$.gps",)),
        (b'{"lat":"31,230416","lng":"121,473701"}', "plain", ("json:$.lat",)),
        (b'{"lat":3.1230416e+01,"lng":1.21473701E2}', "plain", ("json:$.lat",)),
        (b'{"gps":"31/1,13/1,494976/10000 121/1,28/1,253236/10000"}', "rational", ("json:$.gps",)),
    ],
)
def test_a_position_within_the_tolerance_is_found(body: bytes, encoding: str, path: tuple[str, ...]) -> None:
    (match,) = SCANNER.scan(flow(body)).matches
    assert (match.data, match.confidence, match.encoding, match.path) == ("location_precise", "certain", encoding, path)


@pytest.mark.parametrize(
    "body",
    [
        b'{"lat":31.231416,"lng":121.473701}',
        b'{"lat":31.230416,"lng":121.483701}',
        b'{"price":31.230416,"tax":12.5}',
        b'{"version":"31.23.121.47"}',
        b"order=31230416&count=121483799",
    ],
)
def test_a_position_beyond_the_tolerance_is_not_found(body: bytes) -> None:
    assert found(flow(body)) == []


def test_a_latitude_alone_is_only_possible() -> None:
    matches = SCANNER.scan(flow(b'{"latitude":31.230416,"acc":12}')).matches
    assert [(match.data, match.confidence) for match in matches] == [("location_precise", "possible")]


def test_apps_count_when_several_of_the_list_are_seen_together() -> None:
    assert found(flow(j(l=["com.eg.android.AlipayGphone", "com.tencent.mm"]))) == [
        ("installed_apps", "plain", ("json:$.l[0]",))
    ]
    assert found(flow(j(l=["com.tencent.mm", "com.android.chrome"]))) == []
    assert found(flow(j(l=["com.tencent.mmkv", "com.eg.android.AlipayGphone"]))) == []


def test_each_part_of_a_contact_is_found() -> None:
    assert [
        encoding for _, encoding, _ in found(flow(j(n="王小明", p="139 1234 5678", m="WANG@example.org".lower())))
    ] == [
        "plain",
        "plain",
        "spaces",
    ]


def test_a_shortened_value_is_a_prefix_and_a_neighbouring_one_is_not() -> None:
    assert [encoding for _, encoding, _ in found(flow(j(id=GAID[:23])))] == ["prefix"]
    assert found(flow(j(id=GAID[:-1] + "3"))) == []


def test_a_websocket_message_is_named_by_its_index() -> None:
    messages = (
        WebSocketMessage(False, 1, True, b"hello"),
        WebSocketMessage(True, 2, True, j(id=GAID)),
    )
    (match,) = SCANNER.scan(flow(None, messages=messages)).matches
    assert (match.location, match.message, match.path) == ("websocket.client", 1, ("message:1", "json:$.id"))


def test_what_a_server_answers_is_located_in_the_response() -> None:
    answer = Response(200, ((b"content-encoding", b"gzip"),), gzip.compress(j(id=GAID)))
    (match,) = SCANNER.scan(flow(b"a=1", response=answer)).matches
    assert (match.location, match.path) == ("response.body", ("gunzip", "json:$.id"))


def test_ciphertext_that_left_is_opaque_and_a_picture_that_came_is_not() -> None:
    noise = random.Random(3).randbytes(400)
    result = SCANNER.scan(flow(noise, response=Response(200, (), random.Random(4).randbytes(400))))
    assert [(part.location, part.reason) for part in result.opaque] == [("request.body", "high_entropy")]


class _Everything:
    """A detector that calls every leaf a gaid."""

    def detect(self, flow: Flow, leaves: tuple[Leaf, ...]) -> list[Match]:
        return [
            Match("gaid", "pattern", "plain", "x", leaf.location, leaf.path, "likely", "p")
            for leaf in leaves
            if leaf.data
        ]


def test_a_further_detector_adds_what_values_did_not_prove() -> None:
    matches = Scanner(NEEDLES, extra=[_Everything()]).scan(flow(j(a=GAID, b="other"))).matches
    at = {match.path: match.basis for match in matches if match.location == "request.body"}
    assert at == {("json:$.a",): "known", ("json:$.b",): "pattern"}


def test_an_empty_flow_holds_nothing() -> None:
    result = SCANNER.scan(Flow("", 0, 0, "GET", "", "", 0, b"", "", (), None))
    assert (result.matches, result.opaque) == ((), ())


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", GAID.encode(), b"13800138000", b"31.2304,121.4737"]),
    st.binary(max_size=20),
)
def test_random_bytes_never_break_it_and_both_ways_agree(before: bytes, value: bytes, after: bytes) -> None:
    scanned = flow(before + value + after, headers=((b"x-h", after),), response=Response(200, (), value))
    assert SCANNER.scan(scanned) == SCANNER.scan_slow(scanned)


def test_a_value_is_better_evidence_than_a_pattern_even_where_it_is_hashed() -> None:
    matches = Scanner(NEEDLES, extra=[_Everything()]).scan(flow(j(a=digest("md5", GAID)))).matches
    assert [(match.basis, match.encoding) for match in matches if match.path == ("json:$.a",)] == [("known", "md5")]


def test_the_fallback_engine_finds_the_same() -> None:
    fallback = Scanner(NeedleSet.build(IDENTIFIERS, ENCODINGS, engine="ahocorasick"))
    for body, _ in ENCODED.values():
        assert fallback.scan(flow(body)) == SCANNER.scan(flow(body))


def test_an_uploaded_address_book_is_found_whole() -> None:
    people = [
        Identifier(id="contacts", value=Contact(name=f"联系人{number:04}", phones=(f"139{number:08}",)))
        for number in range(300)
    ]
    scanner = Scanner(NeedleSet.build(people, ENCODINGS))
    body = j(
        book=[
            {"n": person.value.name, "p": person.value.phones[0]}
            for person in people
            if isinstance(person.value, Contact)
        ]
    )
    assert len(scanner.scan(flow(body)).matches) == 600


def negatives(source: random.Random) -> list[bytes]:
    hexes = [digest(name, str(source.random())) for name in ("md5", "sha1", "sha256")]
    return [
        j(id=str(uuid.UUID(int=source.getrandbits(128)))),
        j(
            ts=1763884800000 + source.randrange(10**6),
            t=1763884800 + source.randrange(10**6),
            phone_ms=1380013800000 + source.randrange(999),
        ),
        j(version=f"{source.randrange(40)}.{source.randrange(99)}.{source.randrange(9999)}", build="13.8.0.0138000"),
        j(order="".join(source.choices("0123456789", k=15)), trade=f"9{13800138000}", no=f"{13800138000}77"),
        j(a=hexes[0], b=hexes[1], c=hexes[2], d=hexes[2][:16] + "13800138000" + hexes[1][:12]),
        j(mac="ac:37:43:9b:12:" + source.choice(["fd", "ff", "ef"]), eui="ac:37:43:9b:12:fe:00:01"),
        j(
            imei="356938035643" + str(source.randrange(100, 800)),
            aid="a1b2c3d4e5f6071" + source.choice("012345679abcdef"),
        ),
        j(mail="xli.xiaoming@example.com", other="li.xiaoming@example.com.cn", name="王小明明"),
        source.randbytes(300),
        j(
            empty=[digest(name, "") for name in ("md5", "sha1", "sha256", "sha512")],
            zero="0" * 32,
            nul=digest("md5", "null"),
        ),
        b64(source.randbytes(120)).encode(),
    ]


def test_values_that_only_look_alike_are_never_found() -> None:
    source = random.Random(11)
    for body in (body for _ in range(30) for body in negatives(source)):
        assert said(SCANNER.scan(flow(body)).matches) == [], body


def every_form(identifier: Identifier) -> list[tuple[str, bytes]]:
    """Each spelling of a value through each transform, as text a JSON field can hold."""
    shown = []
    for variant in variants(identifier.id, identifier.value):
        for encoding in ENCODINGS:
            data = apply_steps(encoding.steps, variant.text.encode()) if encoding.applies_to(variant.name) else b""
            if len(data) >= 4 and encoding.form != "bytes":
                text = data.hex().encode() if encoding.form in ("digest", "checksum") else data
                shown.append((f"{encoding.id} of {variant.text}", text))
    return shown


@pytest.mark.parametrize(
    "identifier", [item for item in IDENTIFIERS if isinstance(item.value, str)], ids=lambda item: item.id
)
def test_every_transform_of_every_spelling_is_found_and_nothing_else_is(identifier: Identifier) -> None:
    for form, text in every_form(identifier):
        result = SCANNER.scan(flow(j(v=text.decode())))
        assert [match.data for match in result.matches] == [identifier.id], form


STEPS: list[Callable[[bytes, random.Random], bytes]] = [
    lambda data, _: base64.b64encode(data),
    lambda data, _: gzip.compress(data, mtime=0),
    lambda data, _: zlib.compress(data),
    lambda data, _: data.hex().encode(),
    lambda data, source: json.dumps({"k": data.decode("utf-8"), "n": source.random()}).encode(),
    lambda data, _: quote(data, safe="").encode(),
    lambda data, source: b"a=%d&v=" % source.randrange(99) + quote(data, safe="").encode(),
]
BINARY_STEPS = STEPS[:4]


def nested(source: random.Random, value: bytes, depth: int) -> bytes:
    data = b'{"id":"' + value + b'"}'
    for _ in range(depth):
        step = source.choice(STEPS if data.isascii() else BINARY_STEPS[:1] + BINARY_STEPS[3:4])
        data = step(data, source)
    return data


def test_the_fast_way_finds_what_the_obvious_way_finds_on_nested_traffic() -> None:
    source = random.Random(5)
    values = [("gaid", GAID), ("imei", "356938035643809"), ("android_id", "a1b2c3d4e5f60718"), ("mac_wifi", MAC)]
    forms = [
        str,
        str.upper,
        lambda text: digest("md5", text),
        lambda text: digest("sha256", text),
        lambda text: text[::-1],
    ]
    recalled = 0
    for _ in range(60):
        data, value = source.choice(values)
        scanned = flow(nested(source, source.choice(forms)(value).encode(), source.randrange(5)))
        fast = SCANNER.scan(scanned)
        assert fast == SCANNER.scan_slow(scanned)
        recalled += data in {match.data for match in fast.matches}
    assert recalled == 60


@pytest.mark.parametrize("case", [*ENCODED, "xor in base64", "xor in hex"])
def test_every_reported_path_can_be_followed_again(case: str) -> None:
    hidden = bytes(byte ^ 0x21 for byte in GAID.encode())
    bodies = {"xor in base64": j(d=b64(hidden)), "xor in hex": j(d=hidden.hex())}
    scanned = flow(bodies.get(case) or ENCODED[case][0])
    (match,) = SCANNER.scan(scanned).matches
    assert replay(scanned, match.location, match.path)[-1].output


def test_a_pattern_says_nothing_of_a_value_that_is_known_as_something_else():
    known = Match("contacts", "known", "plain", "13900139001", "request.body", ("json:$.phone",))
    guess = Match(
        "phone_number", "pattern", "plain", "13900139001", "request.body", ("json:$.phone",), "likely", "phone"
    )
    other = replace(guess, value="13700137002")
    assert choose([guess, known]) == [known]
    assert choose([other, known]) == [known, other]


@pytest.mark.parametrize(
    "value",
    [
        "https://news.example.cn/a?id=8821&from=wechat",
        "name=Zhang%20San&phone=1390000",
        '{"token":"a8f9s7d9f7a9","k":[1,2]}',
        "Tom &amp; Jerry 88-2213-QQ",
        "<b>secret-9917-kk</b>",
    ],
)
def test_a_value_that_decoding_would_take_apart_is_found_where_it_stands(value: str) -> None:
    scanner = Scanner(NeedleSet.build([Identifier(id="clipboard", value=value)], ENCODINGS))
    assert said(scanner.scan(flow(body=json.dumps({"x": value}).encode())).matches) == [
        ("clipboard", "plain", ("json:$.x",))
    ]
    assert said(scanner.scan(flow(body=gzip.compress(json.dumps([value, 1]).encode()))).matches) == [
        ("clipboard", "plain", ("gunzip", "json:$[0]"))
    ]
