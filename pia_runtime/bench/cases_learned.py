"""What only the run reveals: salted and keyed hashes, ciphers, values that APIs returned, values that prove themselves."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from pia_runtime.bench.case import Draft, Expected, Request, in_body
from pia_runtime.bench.cases_wrapped import KEYS, NEUTRAL, STRONG
from pia_runtime.bench.digests import DIGESTS
from pia_runtime.bench.events import EventLog
from pia_runtime.bench.person import Person

_KEY = hashlib.sha256(b"battery key").digest()[:16]
_PATH = f"json:$.{NEUTRAL}"


def _body(text: str) -> bytes:
    return json.dumps({"t": 1, NEUTRAL: text}).encode()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def salted(person: Person, log: EventLog) -> Iterator[Draft]:
    """Salted digests and HMACs whose computation was recorded, as hex, raw and base64."""
    for data in STRONG:
        value = person.values[data].encode()
        for name, algorithm in (("MD5", "md5"), ("SHA-1", "sha1"), ("SHA-256", "sha256")):
            source = b"salt-71:" + value
            digest = hashlib.new(algorithm, source).digest()
            log.transform("digest", name, source, digest)
            yield from _digested(data, digest, f"{algorithm}(salted)")
        touching = b"1763884800" + value + b"7"
        digest = DIGESTS["sha256"](touching)
        log.transform("digest", "SHA-256", touching, digest)
        yield from _digested(data, digest, "sha256(salted)")
        keyed = hmac.digest(_KEY, value, "sha256")
        log.transform("mac", "HmacSHA256", value, keyed)
        yield from _digested(data, keyed, "hmac-sha256")


def _digested(data: str, digest: bytes, encoding: str) -> Iterator[Draft]:
    label = Expected(data, "request.body", (_PATH,), encoding, "derived")
    yield f"{data} {encoding}", *in_body(_body(digest.hex()), label)
    yield f"{data} {encoding}, upper hex", *in_body(_body(digest.hex().upper()), label)
    label = Expected(data, "request.body", (_PATH, "base64"), encoding, "derived")
    yield f"{data} {encoding}, base64", *in_body(_body(_b64(digest)), label)
    label = Expected(data, "request.url.query", ("form:sig",), encoding, "derived")
    yield f"{data} {encoding}, query", Request(method="GET", target=b"/r?sig=" + digest.hex().encode()), (label,)


def chains(person: Person, log: EventLog) -> Iterator[Draft]:
    """A hash of a salted hash, and an HMAC over a form that holds a hash."""
    for data in ("gaid", "imei", "android_id", "phone_number", "mac_wifi"):
        source = person.values[data].encode() + b"#9"
        first = DIGESTS["md5"](source)
        log.transform("digest", "MD5", source, first)
        second = hashlib.sha256(first.hex().encode()).digest()
        log.transform("digest", "SHA-256", first.hex().encode(), second)
        label = Expected(data, "request.body", (_PATH,), "sha256(md5(salted))", "derived")
        yield f"sha256 of salted md5 of {data}", *in_body(_body(second.hex()), label)


def aes(source: bytes, initial: bytes) -> bytes:
    """AES-128-CBC with PKCS#7 padding."""
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(_KEY), modes.CBC(initial)).encryptor()
    return encryptor.update(padder.update(source) + padder.finalize()) + encryptor.finalize()


def ciphers(person: Person, log: EventLog) -> Iterator[Draft]:
    """Ciphertext that left, its plaintext known from an event: raw, base64, hex, behind its IV, and a cipher of the app's own."""
    for number, data in enumerate(STRONG):
        source = json.dumps({"os": "android", NEUTRAL: person.values[data], "n": number}).encode()
        initial = DIGESTS["md5"](source)
        product = aes(source, initial)
        step = f"decrypt:{log.transform('encrypt', 'AES/CBC/PKCS5Padding', source, product)}"
        yield from _ciphertexts(data, product, initial, step)
        rolling = bytes(byte ^ _KEY[index % 16] for index, byte in enumerate(source))
        step = f"decode:{log.transform('encode', 'rolling xor', source, rolling)}"
        label = Expected(data, "request.body", (_PATH, "base64", step, _PATH), basis="derived")
        yield f"{data} in an encoding of the app's own", *in_body(_body(_b64(rolling)), label)


def _ciphertexts(data: str, product: bytes, initial: bytes, step: str) -> Iterator[Draft]:
    forms: dict[str, tuple[bytes, tuple[str, ...]]] = {
        "a raw body": (product, ()),
        "base64": (_body(_b64(product)), (_PATH, "base64")),
        "hex": (_body(product.hex()), (_PATH, "hex")),
        "base64 behind its IV": (_body(_b64(initial + product)), (_PATH, "base64")),
        "a raw body behind its IV": (initial + product, ()),
    }
    for name, (body, path) in forms.items():
        label = Expected(data, "request.body", (*path, step, _PATH), basis="derived")
        yield f"{data} in ciphertext as {name}", *in_body(body, label)


_CALLS: dict[str, tuple[str, str]] = {
    "imsi": ("android.telephony.TelephonyManager.getSubscriberId", "getSubscriberId"),
    "android_id": ("android.provider.Settings$Secure.getString", "getString"),
    "oaid": ("com.bun.miitmdid.interfaces.IdSupplier.getOAID", "getOAID"),
    "gaid": ("com.google.android.gms.ads.identifier.AdvertisingIdClient$Info.getId", "getId"),
    "mac_wifi": ("android.net.wifi.WifiInfo.getMacAddress", "getMacAddress"),
    "serial": ("android.os.Build.getSerial", "getSerial"),
    "phone_number": ("android.telephony.TelephonyManager.getLine1Number", "getLine1Number"),
    "push_token": ("com.google.firebase.messaging.FirebaseMessaging.getToken", "getToken"),
}


def observed(person: Person, log: EventLog) -> Iterator[Draft]:
    """Values that are in no file, only returned by an API in this run; plain, hashed and nested."""
    for data, (api, _) in _CALLS.items():
        value = person.returned[data]
        log.call(api, [data], value)
        label = Expected(data, "request.body", (_PATH,), basis="observed")
        yield f"{data} as returned", *in_body(_body(value), label)
        for name in ("md5", "sha1", "sha256"):
            label = Expected(data, "request.body", (_PATH,), name, "observed")
            yield f"{name} of {data} as returned", *in_body(_body(hashlib.new(name, value.encode()).hexdigest()), label)
        label = Expected(data, "request.body", (_PATH, "base64", _PATH), basis="observed")
        yield f"base64 of JSON of {data} as returned", *in_body(_body(_b64(_body(value))), label)


def proven(person: Person, _: EventLog) -> Iterator[Draft]:
    """Values nobody told the program about: proven by format, check digit and field name."""
    keyed = (
        "imei", "imsi", "iccid", "android_id", "oaid", "gaid", "mac_wifi", "bssid", "phone_number", "id_card_number",
        "bank_card_number", "email_address", "vehicle_vin", "passport_number",
    )  # fmt: skip
    wraps: dict[str, Callable[[str, str], tuple[bytes, tuple[str, ...]]]] = {
        "JSON": lambda key, text: (json.dumps({key: text}).encode(), (f"json:$.{key}",)),
        "a form": lambda key, text: (f"{key}={text}&v=1".encode(), (f"form:{key}",)),
        "base64 of JSON": lambda key, text: (
            _body(_b64(json.dumps({key: text}).encode())),
            (_PATH, "base64", f"json:$.{key}"),
        ),
    }
    for data in keyed:
        for name, wrap in wraps.items():
            body, path = wrap(KEYS[data], person.strangers[data])
            yield f"unknown {data} in {name}", *in_body(body, Expected(data, "request.body", path, basis="pattern"))
    card = person.strangers["id_card_number"]
    label = Expected("id_card_number", "request.body", (_PATH,), basis="pattern")
    yield "unknown id_card_number under no telling name", *in_body(_body(card), label)
