"""The negative set: what looks like personal data and is none. Nothing may be found in it, with all needles armed."""

import base64
import hashlib
import json
import random
import struct
import zlib
from collections.abc import Iterator

from pia_runtime.bench.case import Draft, Request
from pia_runtime.bench.layers import protobuf_message
from pia_runtime.bench.person import Person, digits, hexadecimal, luhn, mac, make_uuid, resident_id
from pia_runtime.model.flow import Response

_EACH = 12
_WORDS = (
    "feed",
    "banner",
    "cover",
    "title",
    "author",
    "amount",
    "coupon",
    "page",
    "cursor",
    "refresh",
    "detail",
    "launch",
)


def _j(**fields: object) -> Request:
    return Request(json.dumps(fields, ensure_ascii=False).encode())


def negatives(person: Person, seed: int) -> Iterator[Draft]:
    """Requests with nothing in them, a dozen of each sort."""
    rng = random.Random(f"negatives {seed}")  # noqa: S311
    for _ in range(_EACH):
        for name, request in (
            *_tokens(rng), *_numbers(rng), *_hexes(rng, person), *_neighbours(rng, person), *_ordinary(rng), *_answers(person),
        ):  # fmt: skip
            yield name, request, ()


def _tokens(rng: random.Random) -> Iterator[tuple[str, Request]]:
    yield (
        "random UUID",
        _j(request_id=make_uuid(rng), session=make_uuid(rng).upper(), nonce=make_uuid(rng).replace("-", "")),
    )
    trace, span = hexadecimal(rng, 32), hexadecimal(rng, 16)
    headers = ((b"traceparent", f"00-{trace}-{span}-01".encode()), (b"x-b3-traceid", trace.encode()))
    yield "W3C trace id", Request(b"{}", headers=headers)
    yield "random base64", _j(sign=base64.b64encode(rng.randbytes(rng.randrange(20, 200))).decode())
    yield "random bytes", Request(rng.randbytes(rng.randrange(30, 600)))
    yield (
        "cookie of a session",
        Request(b"{}", headers=((b"Cookie", f"JSESSIONID={hexadecimal(rng, 32).upper()}; r=1".encode()),)),
    )
    yield "etag", Request(None, method="GET", headers=((b"If-None-Match", f'"{hexadecimal(rng, 32)}"'.encode()),))


def _numbers(rng: random.Random) -> Iterator[tuple[str, Request]]:
    now = 1_763_884_800
    stamp = now + rng.randrange(10**6)
    yield "timestamps", _j(ts=stamp, t=stamp * 1000 + rng.randrange(1000), us=stamp * 10**6, ns=stamp * 10**9)
    yield (
        "phone-like epoch milliseconds",
        _j(start=1380013800000 + rng.randrange(10**6), end=f"{1390013900000 + rng.randrange(999)}"),
    )
    version = f"{rng.randrange(40)}.{rng.randrange(99)}.{rng.randrange(9999)}"
    yield (
        "version strings",
        _j(version=version, build=f"{version}.{rng.randrange(10**6)}", sdk=f"v{version}-rc{rng.randrange(9)}"),
    )
    body = digits(rng, 14)
    yield "15-digit order number that passes Luhn", _j(order_no=luhn(body), trade=int(luhn(body)))
    failing = luhn(body)[:-1] + str((int(luhn(body)[-1]) + 1 + rng.randrange(8)) % 10)
    yield "15-digit order number that fails Luhn", _j(orderNo=failing, bill=int(failing))
    yield "19-digit snowflake", _j(id=str(rng.randrange(10**18, 9 * 10**18)), parent=rng.randrange(10**18, 9 * 10**18))
    yield "18-digit serial with a wrong check character", _j(no=_wrong_check(resident_id(rng)))
    yield (
        "order number that starts like a phone",
        _j(order=f"1{rng.choice('3589')}{digits(rng, 9)}", sku=digits(rng, 11)),
    )
    yield (
        "prices and sizes",
        _j(price=round(rng.uniform(1, 180), 2), w=rng.randrange(4000), ratio=round(rng.random(), 6)),
    )
    yield "IP of a server", _j(dns=f"203.0.113.{rng.randrange(1, 250)}", hops=[f"198.51.100.{rng.randrange(1, 250)}"])


def _wrong_check(number: str) -> str:
    return number[:-1] + ("1" if number[-1] != "1" else "2")


def _hexes(rng: random.Random, person: Person) -> Iterator[tuple[str, Request]]:
    other = make_uuid(rng)
    hashes = {name: hashlib.new(name, other.encode()).hexdigest() for name in ("md5", "sha1", "sha256", "sha512")}
    yield "hex digests of other values", _j(**{f"h_{name}": text for name, text in hashes.items()})
    yield "16-digit hex", _j(sid=hexadecimal(rng, 16), span=hexadecimal(rng, 16).upper())
    phone = person.values["phone_number"]
    yield "phone inside a longer hex digest", _j(h=hexadecimal(rng, 10) + "a" + phone + "b" + hexadecimal(rng, 10))
    yield "crc of something else", _j(crc=f"{zlib.crc32(other.encode()):08x}", sum=zlib.crc32(rng.randbytes(9)))


def _neighbours(rng: random.Random, person: Person) -> Iterator[tuple[str, Request]]:
    values = person.values
    last = rng.choice("0123456789")
    yield "phone inside a longer number", _j(no=values["phone_number"] + last, seq=last + values["phone_number"])
    yield "IMEI inside a longer number", _j(seq=values["imei"] + last + "0", ref="9" + values["imei"])
    near = values["mac_wifi"][:-1] + _another(rng, values["mac_wifi"][-1])
    yield "near-miss MAC", _j(eui=near, hw=mac(rng), long=values["mac_wifi"] + ":00:01")
    close = values["gaid"][:-1] + _another(rng, values["gaid"][-1])
    yield "near-miss UUID", _j(rid=close, first=values["gaid"][:8], tail=values["gaid"][24:])
    yield "near-miss Android ID", _j(k=values["android_id"][:-1] + _another(rng, values["android_id"][-1]))
    yield "mail of a longer name", _j(note=f"x{values['email_address']}.invalid".replace("@", "-at-"))
    yield "numbers about the place", _j(ratio=f"{int(person.latitude)}/1,0/1,0/1", v=f"{int(person.longitude)},0000")
    yield "reserved IPv6", _j(ipv6=":".join(["9a3b", *(hexadecimal(rng, 4) for _ in range(7))]))
    yield "place beyond the tolerance", _j(a=round(person.latitude + 0.002, 6), b=round(person.longitude + 0.01, 6))
    yield "weak value", _j(model="Pixel 8", note="Pixel 8", gender="1")
    yield "one installed app", _j(referrer=rng.choice(person.packages))
    yield (
        "placeholders",
        _j(imei="000000000000000", mac="02:00:00:00:00:00", oaid="00000000-0000-0000-0000-000000000000"),
    )


def _another(rng: random.Random, sign: str) -> str:
    return rng.choice([other for other in "0123456789abcdef" if other != sign])


def _ordinary(rng: random.Random) -> Iterator[tuple[str, Request]]:
    items = [
        {
            "id": rng.randrange(10**9),
            "title": " ".join(rng.choices(_WORDS, k=4)),
            "cover": f"https://img.example.net/{hexadecimal(rng, 24)}.webp",
        }
        for _ in range(8)
    ]
    yield (
        "app JSON",
        _j(page=1, items=items, cursor=base64.b64encode(rng.randbytes(24)).decode(), ab=["exp_1", "exp_27"]),
    )
    paragraphs = "".join(f"<p class='c{rng.randrange(99)}'>{' '.join(rng.choices(_WORDS, k=9))}</p>" for _ in range(6))
    yield "HTML", Request(f"<html><body>{paragraphs}</body></html>".encode())
    yield "protobuf", Request(protobuf_message(" ".join(rng.choices(_WORDS, k=6)).encode()))
    yield "image", Request(_png(rng))
    form = "&".join(f"{rng.choice(_WORDS)}={rng.randrange(10**7)}" for _ in range(6))
    yield "form", Request(form.encode(), target=b"/a?" + form.encode())
    yield "Chinese text", _j(text="今天的天气很好，适合出门散步。订单已发货，请注意查收。", count=rng.randrange(99))
    yield (
        "crash report",
        _j(stack="".join(f"at com.example.a.b{i}(SourceFile:{rng.randrange(900)})\n" for i in range(6))),
    )


def _png(rng: random.Random) -> bytes:
    rows = b"".join(b"\0" + rng.randbytes(96) for _ in range(32))
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", 32, 32, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4) for kind, data in chunks
    )


def _answers(person: Person) -> Iterator[tuple[str, Request]]:
    body = json.dumps({"gaid": person.values["gaid"], "mobile": person.values["phone_number"]}).encode()
    yield "value that only the server said", Request(None, method="GET", response=Response(200, (), body))
