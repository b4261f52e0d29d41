"""Plain values in wrappings: every kind of data, every structure, compression and text encoding, and chains of them."""

import json
import random
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from pia_runtime.bench.case import Draft, Expected, Request, in_body
from pia_runtime.bench.events import EventLog
from pia_runtime.bench.layers import COMPRESSIONS, COMPRESSORS, LAYERS, STRUCTURES, TEXTS, Layer
from pia_runtime.bench.person import Person

KEYS = {
    "imei": "imei",
    "imsi": "imsi",
    "iccid": "iccid",
    "serial": "serial_no",
    "android_id": "android_id",
    "oaid": "oaid",
    "gaid": "advertising_id",
    "widevine_id": "drm_id",
    "mac_wifi": "wifi_mac",
    "mac_bluetooth": "bt_mac",
    "bssid": "bssid",
    "ssid": "wifi_ssid",
    "phone_number": "mobile",
    "person_name": "real_name",
    "id_card_number": "id_card",
    "bank_card_number": "bank_card",
    "email_address": "email",
    "passport_number": "passport_no",
    "account_id": "user_id",
    "push_token": "push_token",
    "vehicle_vin": "vin",
    "postal_address": "address",
    "age_or_birthdate": "birthday",
}
"""The field name that apps use for each kind."""

STRONG = (
    "imei", "imsi", "iccid", "serial", "android_id", "oaid", "gaid", "mac_wifi", "phone_number", "id_card_number",
    "bank_card_number", "email_address", "push_token",
)  # fmt: skip
"""Kinds whose value is proof under any name; the battery hides them under the name ``p3``."""
NEUTRAL = "p3"
_CHAINS = 160
_ONE_LINE = {
    "json",
    "json deep",
    "json by position",
    "json escaped",
    "base64",
    "base64 unpadded",
    "base64url",
    "hex",
    "percent",
}
"""What an event stream can carry as one line, whatever is inside it."""


def kinds(person: Person, _: EventLog) -> Iterator[Draft]:
    """Every kind of data under its own name: JSON, form, query, header, cookie."""
    for data, value in person.values.items():
        key = KEYS[data]
        text = json.dumps({"os": "android", key: value}).encode()
        yield f"{data} in JSON", *in_body(text, Expected(data, "request.body", (f"json:$.{key}",)))
        form = f"os=android&{key}={quote(value, safe='')}".encode()
        yield f"{data} in a form", *in_body(form, Expected(data, "request.body", (f"form:{key}",)))
        query = Request(method="GET", target=b"/v1/r?" + form)
        yield f"{data} in the query", query, (Expected(data, "request.url.query", (f"form:{key}",)),)
        if value.isascii():
            header = f"x-{key.replace('_', '-')}"
            sent = Request(b"{}", headers=((header.encode(), value.encode()),))
            yield f"{data} in a header", sent, (Expected(data, "request.header", (f"header:{header}",)),)
            cookie = Request(b"{}", headers=((b"cookie", f"lang=zh; {key}={value}".encode()),))
            yield f"{data} in a cookie", cookie, (Expected(data, "request.cookie", (f"cookie:{key}",)),)


def structures(person: Person, _: EventLog) -> Iterator[Draft]:
    """Every structure around every strong kind under a name that tells nothing."""
    for layer in STRUCTURES:
        for data in STRONG:
            yield _wrapped(f"{data} in {layer.name}", data, person.values[data], [layer], NEUTRAL)
    for data in ("phone_number", "imei", "id_card_number", "bank_card_number"):
        number = person.values[data]
        if number.isdecimal():
            body = f'{{"t": 1, "p3": {number}}}'.encode()
            yield f"{data} as a JSON number", *in_body(body, Expected(data, "request.body", ("json:$.p3",)))
            body = f'{{"seen": {{"{number}": 1}}}}'.encode()
            label = Expected(data, "request.body", (f'json-key:$.seen["{number}"]',))
            yield f"{data} as a JSON name", *in_body(body, label)


def compressions(person: Person, _: EventLog) -> Iterator[Draft]:
    """Content codings named by the header, and the same compressions without one, whole bodies and inside values."""
    codings = {"gzip": "gzip", "deflate": "zlib", "br": "brotli", "zstd": "zstd"}
    for data in STRONG:
        body = json.dumps({"os": "android", NEUTRAL: person.values[data]}).encode()
        inner = f"json:$.{NEUTRAL}"
        for coding, name in (*codings.items(), ("deflate", "raw deflate")):
            step, compress = COMPRESSORS[name]
            request = Request(compress(body), headers=((b"content-encoding", coding.encode()),))
            yield f"{data}, {coding} ({name}) by header", request, (Expected(data, "request.body", (step, inner)),)
        twice = COMPRESSORS["brotli"][1](COMPRESSORS["gzip"][1](body))
        request = Request(twice, headers=((b"content-encoding", b"gzip, br"),))
        yield f"{data}, gzip then br by header", request, (Expected(data, "request.body", ("brotli", "gunzip", inner)),)
        for layer in COMPRESSIONS:
            yield _wrapped(f"{data}, {layer.name} body", data, person.values[data], [LAYERS["json"], layer], NEUTRAL)
            chain = [LAYERS["json"], layer, LAYERS["base64"], LAYERS["json"]]
            yield _wrapped(f"{data}, {layer.name} in a value", data, person.values[data], chain, NEUTRAL)
            chain = [LAYERS["form"], layer, LAYERS["protobuf"]]
            yield _wrapped(f"{data}, {layer.name} in protobuf", data, person.values[data], chain, NEUTRAL)


def texts(person: Person, _: EventLog) -> Iterator[Draft]:
    """Every text encoding of the bare value, and of JSON, inside JSON, a form and a query."""
    for layer in TEXTS:
        for data in STRONG:
            value = person.values[data]
            if layer.text_out:
                yield _wrapped(
                    f"{data}, {layer.name} of JSON", data, value, [LAYERS["json"], layer, LAYERS["json"]], NEUTRAL
                )
                yield _wrapped(f"{data}, {layer.name} in a form", data, value, [layer, LAYERS["form"]], NEUTRAL)
            yield _wrapped(f"{data}, {layer.name} body", data, value, [LAYERS["json"], layer], NEUTRAL)


def nestings(person: Person, _: EventLog, seed: int) -> Iterator[Draft]:
    """Chains of two to seven random wrappings."""
    rng = random.Random(f"nestings {seed}")  # noqa: S311
    for number in range(_CHAINS):
        data = STRONG[number % len(STRONG)]
        depth = 2 + number % 6
        chain = [rng.choice([layer for layer in STRUCTURES if layer.text_in or layer.name == "form"])]
        while len(chain) < depth:
            chain.append(_next(rng, chain))
        name = f"{data}: {' < '.join(layer.name for layer in reversed(chain))}"
        yield _wrapped(name, data, person.values[data], chain, NEUTRAL)


def _next(rng: random.Random, chain: Sequence[Layer]) -> Layer:
    """A wrapping that can stand around the chain; no compression twice in a row, no text encoding three times."""
    inner = chain[-1]
    fitting = [
        layer
        for layer in LAYERS.values()
        if (inner.text_out or not layer.text_in)
        and not (layer in COMPRESSIONS and inner in COMPRESSIONS)
        and not (layer in TEXTS and inner in TEXTS and len(chain) > 1 and chain[-2] in TEXTS)
        and (layer.name != "sse" or inner.name in _ONE_LINE)
    ]
    return rng.choice(fitting)


def _wrapped(name: str, data: str, value: str, chain: Sequence[Layer], key: str) -> Draft:
    """The value inside the layers, the innermost first; an outer layer calls its field by an ordinary name."""
    content = value.encode()
    steps: tuple[str, ...] = ()
    for index, layer in enumerate(chain):
        content, found = layer.wrap(content, key if index == 0 else f"d{index}")
        steps = _joined((*found, *steps))
    return name, *in_body(content, Expected(data, "request.body", steps))


def _joined(steps: tuple[str, ...]) -> tuple[str, ...]:
    """A message directly inside a message is one step: ``protobuf:3.2.3.2``."""
    joined: list[str] = []
    for step in steps:
        if joined and step.startswith("protobuf:") and joined[-1].startswith("protobuf:"):
            joined[-1] += "." + step.removeprefix("protobuf:")
        else:
            joined.append(step)
    return tuple(joined)
