"""One value at one place is one match, however many ways lead there; what an opinion adds to a proof is nothing."""

import hashlib
import json
from base64 import urlsafe_b64encode

import pytest

from pia_runtime.decoding import decode_flow
from pia_runtime.detection.derived import derive
from pia_runtime.detection.needles import NeedleSet
from pia_runtime.detection.patterns import PatternDetector
from pia_runtime.detection.scanner import Scanner
from pia_runtime.knowledge.encodings import load_encodings
from pia_runtime.knowledge.patterns import load_patterns, load_positions
from pia_runtime.model.flow import Flow, Headers
from pia_runtime.model.session import Contact, Coordinates, Identifier

GAID = "cdda802e-fb9c-47ad-9866-0794d394c912"
MAC = "ac:37:43:9b:12:fe"
PHONE = "13800138000"
TOKEN = "AUnkTj7uXHs8tShRp2ZzLQyv3Km9DfGaBwEcNxJr4PVb6MeYqW5gCdAUnkTj7uXH"
NEEDLES = NeedleSet.build(
    [
        Identifier(id="gaid", value=GAID),
        Identifier(id="mac_wifi", value=MAC),
        Identifier(id="phone_number", value=PHONE),
        Identifier(id="push_token", value=TOKEN),
        Identifier(id="contacts", value=Contact(name="林晓示", phones=("13912345678",), emails=("lin@mail.example",))),
        Identifier(id="location_precise", value=Coordinates(lat=31.230416, lon=121.473701)),
    ],
    load_encodings(),
)
SCANNER = Scanner(NEEDLES, extra=[PatternDetector(load_patterns(), load_positions())])


def found(body: bytes | None, target: bytes = b"/v1", headers: Headers = (), host: str = "log.example.com") -> list:
    flow = Flow("f", 1, 1000, "POST", "https", host, 443, target, "HTTP/1.1", headers, body)
    return [(m.data, m.basis, m.encoding, m.location, m.path) for m in SCANNER.scan(flow).matches]


def test_bytes_that_might_be_a_message_are_named_by_the_message_inside_them() -> None:
    nested = b"\x08\x01\x12\x0b" + PHONE.encode()
    body = b"\x08\x96\x01\x1a" + bytes([len(nested)]) + nested
    assert found(body) == [("phone_number", "known", "plain", "request.body", ("protobuf:3.2",))]


@pytest.mark.parametrize("value", [MAC, GAID])
def test_the_bytes_of_a_hexadecimal_value_are_bytes_whatever_separates_its_digits(value: str) -> None:
    raw = bytes.fromhex(value.replace(":", "").replace("-", ""))
    body = b"\x08\x01\x1a" + bytes([len(raw)]) + raw + b"\x22\x02zh"
    assert [(encoding, path) for _, _, encoding, _, path in found(body)] == [("bytes", ("protobuf:3",))]


def test_a_digest_printed_as_hex_stands_where_the_hex_stands() -> None:
    read_further = 0
    for number in range(600):
        text = f"user-{number:012}"
        digest = hashlib.new("ripemd160" if number % 2 else "sha256", text.encode()).hexdigest()
        flow = Flow(
            "f", 1, 1000, "POST", "https", "h.example", 443, b"/", "HTTP/1.1", (), b'{"p":"%s"}' % digest.encode()
        )
        if any(leaf.path[-1:] == ("hex",) for leaf in decode_flow(flow).leaves):
            read_further += 1
            scanner = Scanner(NeedleSet.build([Identifier(id="account_id", value=text)], load_encodings()))
            assert [match.path for match in scanner.scan(flow).matches] == [("json:$.p",)]
    assert read_further


def test_the_quotes_around_the_name_of_a_network_are_its_own():
    scanner = Scanner(NeedleSet.build([Identifier(id="ssid", value="TP-LINK_8F3A21")], load_encodings()))
    body = json.dumps({"ssid": '"TP-LINK_8F3A21"'}).encode()
    flow = Flow("f", 1, 1000, "POST", "https", "h.example", 443, b"/", "HTTP/1.1", (), body)
    assert [(m.encoding, m.path) for m in scanner.scan(flow).matches] == [("plain", ("json:$.ssid",))]


def test_the_number_of_a_contact_is_not_one_more_telephone_number() -> None:
    body = json.dumps({"mobile": "13912345678", "email": "lin@mail.example"}).encode()
    assert [(data, basis) for data, basis, *_ in found(body)] == [("contacts", "known"), ("contacts", "known")]


def test_a_known_place_in_an_array_is_one_place() -> None:
    body = b'{"coordinates": [121.473701, 31.230416]}'
    assert found(body) == [("location_precise", "known", "plain", "request.body", ("json:$.coordinates[1]",))]


def test_a_value_in_the_host_name_is_not_found_again_in_the_host_header() -> None:
    host = f"{GAID}.log.example.com"
    for header in (host, f"{host}:443", host.upper()):
        assert [place for *_, place, _ in found(b"", headers=((b"Host", header.encode()),), host=host)] == [
            "request.url.host"
        ]
    elsewhere = found(b"", headers=((b"Host", host.encode()),), host="front.example.com")
    assert [place for *_, place, _ in elsewhere] == ["request.header"]


def test_base64_in_one_segment_of_a_path_is_one_match() -> None:
    packed = urlsafe_b64encode(json.dumps({"p3": GAID}).encode()).rstrip(b"=")
    assert [path[0] for *_, path in found(None, b"/v1/d/" + packed + b"/cfg")] == ["segment:2"]


def test_halves_that_look_like_base64_are_still_put_together() -> None:
    body = json.dumps({"a": TOKEN[:32], "b": TOKEN[32:]}).encode()
    assert found(body) == [("push_token", "known", "split", "request.body", ("json:$.a",))]


def test_a_label_before_an_address_is_no_octet_of_it() -> None:
    assert [data for data, *_ in found(json.dumps({"p": f"salt-71:{MAC}"}).encode())] == ["mac_wifi"]
    assert found(json.dumps({"p": f"71:{MAC}", "q": f"00:71:{MAC}"}).encode()) == []


def test_a_run_without_transforms_compiles_its_needles_once() -> None:
    assert derive([], NEEDLES) == ()
    assert NEEDLES.extended(()) is NEEDLES
