"""Bodies for the synthetic corpus: ordinary app traffic, and identifiers wrapped the way trackers wrap them.

Everything is drawn from one seeded generator, so the same seed gives the same bytes. All identities are invented.
"""

import base64
import gzip
import json
import random
import string
import zlib
from dataclasses import dataclass
from urllib.parse import quote, urlencode

WORDS = [
    "session", "event", "screen", "duration", "scroll", "banner", "channel", "network", "status", "request", "cache",
    "config", "feature", "group", "level", "order", "price", "title", "detail", "source", "target", "module",
    "widget", "player", "stream", "region", "policy", "update", "module_id", "refresh", "offset", "limit", "cursor",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Body:
    """A message body, its media type and whether it is gzipped."""

    content: bytes
    media: str
    gzipped: bool = False


@dataclass(frozen=True, slots=True)
class Planted:
    """What was hidden in a flow, for the truth file."""

    data: str
    value: str
    where: str
    path: tuple[str, ...]


def luhn(digits: str) -> str:
    """``digits`` with the Luhn check digit (ISO/IEC 7812-1) behind them."""
    total = sum(sum(divmod(int(d) * (2 if i % 2 == 0 else 1), 10)) for i, d in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def identities(rng: random.Random) -> list[tuple[str, str]]:
    """30 invented identifiers as (taxonomy id, value)."""

    def hexes(n: int) -> str:
        return f"{rng.getrandbits(4 * n):0{n}x}"

    def number(n: int) -> str:
        return "".join(rng.choices(string.digits, k=n))

    def uuid() -> str:
        h = hexes(32)
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"

    def mac() -> str:
        return ":".join(f"{b:02x}" for b in (rng.randrange(256) & 0xFC, *(rng.randrange(256) for _ in range(5))))

    return [
        ("imei", luhn("35693803" + number(6))), ("imei", luhn("86023104" + number(6))), ("meid", "A0" + hexes(12).upper()),
        ("imsi", "46000" + number(10)), ("imsi", "46011" + number(10)), ("iccid", luhn("898600" + number(13))),
        ("iccid", luhn("898603" + number(13))), ("serial", "R5CT" + hexes(7).upper()), ("android_id", hexes(16)),
        ("android_id", hexes(16)), ("oaid", hexes(32)), ("oaid", uuid()), ("gaid", uuid()), ("gaid", uuid()),
        ("widevine_id", hexes(64)), ("mac_wifi", mac()), ("mac_bluetooth", mac()), ("bssid", mac()), ("bssid", mac()),
        ("push_token", hexes(40)), ("push_token", hexes(44)), ("sdk_install_id", uuid()), ("sdk_install_id", uuid()),
        ("phone_number", "139" + number(8)), ("phone_number", "186" + number(8)),
        ("email_address", f"synthetic.{hexes(8)}@mail.example"), ("account_id", "acct-" + hexes(14)),
        ("account_id", "u" + number(12)), ("device_fingerprint", hexes(32)), ("ssid", "SyntheticNet-" + hexes(8)),
    ]  # fmt: skip


class Content:
    """Bodies drawn from one generator; costly raw material is made once and cut differently for every flow."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self._noise = rng.randbytes(1 << 20)
        self._sentences = [" ".join(rng.choices(WORDS, k=12)) for _ in range(400)]
        self._items = [self._item() for _ in range(400)]

    def _item(self) -> dict[str, object]:
        rng = self.rng
        item: dict[str, object] = {word: rng.randrange(10**6) for word in rng.sample(WORDS, 6)}
        return item | {
            "text": rng.choice(self._sentences),
            "id": f"{rng.getrandbits(64):016x}",
            "ok": rng.random() < 0.5,
        }

    def record(self, items: int) -> dict[str, object]:
        """A JSON object as an app's backend or an analytics kit sends it."""
        rng = self.rng
        return {
            "ts": 1_763_884_800_000 + rng.randrange(10**8),
            "seq": rng.randrange(10**9),
            "trace": f"{rng.getrandbits(128):032x}",
            "app": {"ver": "1.8.50", "channel": "store"},
            "list": rng.choices(self._items, k=items),
        }

    def request(self) -> Body:
        """An ordinary request body; empty for a GET."""
        kind = self.rng.choices(("get", "json", "form", "protobuf"), (30, 40, 20, 10))[0]
        if kind == "get":
            return Body(b"", "")
        if kind == "json":
            return self._maybe_gzip(dumps(self.record(self.rng.randrange(2, 24))), "application/json", 0.35)
        if kind == "form":
            pairs = [
                (self.rng.choice(WORDS), self.rng.choice(self._sentences)) for _ in range(self.rng.randrange(4, 16))
            ]
            return Body(urlencode(pairs).encode(), "application/x-www-form-urlencoded")
        return self._maybe_gzip(self.protobuf(self.rng.randrange(8, 60)), "application/x-protobuf", 0.35)

    def response(self) -> Body:
        """An ordinary response body."""
        rng = self.rng
        kind = rng.choices(("json", "html", "image", "protobuf"), (55, 15, 20, 10))[0]
        if kind == "json":
            return self._maybe_gzip(dumps(self.record(rng.randrange(8, 90))), "application/json", 0.7)
        if kind == "html":
            text = "".join(f"<p class=c{i}>{rng.choice(self._sentences)}</p>" for i in range(rng.randrange(40, 200)))
            return self._maybe_gzip(f"<!doctype html><body>{text}</body>".encode(), "text/html; charset=utf-8", 0.7)
        if kind == "image":
            return Body(b"\xff\xd8\xff\xe0" + self.noise(rng.randrange(3_000, 28_000)), "image/jpeg")
        return self._maybe_gzip(self.protobuf(rng.randrange(40, 180)), "application/x-protobuf", 0.5)

    def noise(self, size: int) -> bytes:
        """``size`` random bytes, as in an image."""
        start = self.rng.randrange(len(self._noise) - size)
        return self._noise[start : start + size]

    def protobuf(self, fields: int) -> bytes:
        """A protobuf message: varints and strings in turn."""
        parts = []
        for index in range(fields):
            parts.append(bytes([((index % 14) + 1) << 3]) + varint(self.rng.randrange(1 << 40)))
            parts.append(length_field((index % 14) + 1, self.rng.choice(self._sentences).encode()))
        return b"".join(parts)

    def _maybe_gzip(self, content: bytes, media: str, share: float) -> Body:
        gzipped = self.rng.random() < share
        return Body(gzip.compress(content, 6, mtime=0) if gzipped else content, media, gzipped)

    def plain(self, data: str, value: str) -> tuple[Body, Planted]:
        """An identifier sent without disguise in a JSON body."""
        record = self.record(6) | {"device": {data: value}}
        return Body(dumps(record), "application/json"), Planted(data, value, "request.body", ("json",))

    def hidden(self, data: str, value: str) -> tuple[Body, Planted]:
        """An identifier several layers deep, in one of four arrangements seen in trackers."""
        return self.rng.choice((self._packed_json, self._packed_form, self._packed_protobuf, self._nested_json))(
            data, value
        )

    def _inner(self, data: str, value: str) -> bytes:
        return dumps(self.record(3) | {"d": {data: value}})

    def _packed_json(self, data: str, value: str) -> tuple[Body, Planted]:
        packed = base64.b64encode(gzip.compress(self._inner(data, value), 6, mtime=0)).decode()
        body = gzip.compress(dumps({"v": 2, "payload": packed}), 6, mtime=0)
        path = ("gunzip", "json", "base64", "gunzip", "json")
        return Body(body, "application/json", gzipped=True), Planted(data, value, "request.body", path)

    def _packed_form(self, data: str, value: str) -> tuple[Body, Planted]:
        packed = base64.urlsafe_b64encode(zlib.compress(self._inner(data, value))).decode()
        body = f"v=1&data={quote(packed)}&crc={self.rng.randrange(10**9)}".encode()
        path = ("form", "base64", "zlib", "json")
        return Body(body, "application/x-www-form-urlencoded"), Planted(data, value, "request.body", path)

    def _packed_protobuf(self, data: str, value: str) -> tuple[Body, Planted]:
        inner = length_field(3, gzip.compress(length_field(1, value.encode()) + self.protobuf(4), 6, mtime=0))
        path = ("protobuf", "gunzip", "protobuf")
        return Body(self.protobuf(3) + inner, "application/x-protobuf"), Planted(data, value, "request.body", path)

    def _nested_json(self, data: str, value: str) -> tuple[Body, Planted]:
        inner = base64.b64encode(self._inner(data, value)).decode()
        body = dumps({"events": json.dumps([{"type": "init", "attrs": json.dumps({"blob": inner})}])})
        path = ("json", "json", "json", "base64", "json")
        return Body(body, "application/json"), Planted(data, value, "request.body", path)


def dumps(value: object) -> bytes:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def varint(number: int) -> bytes:
    """A protobuf varint (protobuf.dev, encoding)."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def length_field(field: int, data: bytes) -> bytes:
    """A length-delimited protobuf field."""
    return varint(field << 3 | 2) + varint(len(data)) + data
