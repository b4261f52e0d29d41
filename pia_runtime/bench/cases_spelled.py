"""The ways in which one value is spelled, numbers as bytes, positions, and lists of contacts and apps."""

import hashlib
import io
import json
import re
import struct
from collections.abc import Iterator

from PIL import ExifTags, Image

from pia_runtime.bench.case import Draft, Expected, in_body
from pia_runtime.bench.cases_wrapped import KEYS, NEUTRAL
from pia_runtime.bench.events import EventLog
from pia_runtime.bench.layers import varint
from pia_runtime.bench.person import Person


def _j(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def spelled_values(person: Person) -> dict[str, dict[str, str]]:
    """Taxonomy id → name of a spelling → the value so spelled."""
    values = person.values
    imei, phone, mac = values["imei"], values["phone_number"], values["mac_wifi"]
    pairs, bare = mac.split(":"), mac.replace(":", "")
    gaid, mail, card = values["gaid"], values["email_address"], values["bank_card_number"]
    year, month, day = values["age_or_birthdate"].split("-")
    short = f"{int(month)}", f"{int(day)}"
    identity = values["id_card_number"]
    return {
        "imei": {
            "without-check-digit": imei[:14],
            "dashes": f"{imei[:2]}-{imei[2:8]}-{imei[8:14]}-{imei[14]}",
            "spaces": f"{imei[:2]} {imei[2:8]} {imei[8:14]} {imei[14]}",
        },
        "mac_wifi": {
            "upper": mac.upper(),
            "stripped": bare,
            "stripped,upper": bare.upper(),
            "dashes": "-".join(pairs),
            "dashes,upper": "-".join(pairs).upper(),
            "dots": f"{bare[:4]}.{bare[4:8]}.{bare[8:]}",
            "dots,upper": f"{bare[:4]}.{bare[4:8]}.{bare[8:]}".upper(),
        },
        "mac_bluetooth": {"lower": values["mac_bluetooth"].lower()},
        "bssid": {"upper": values["bssid"].upper()},
        "gaid": {
            "spaces": " ".join(re.findall("..", gaid.replace("-", ""))),
            "colons,upper": ":".join(re.findall("..", gaid.replace("-", ""))).upper(),
            "upper": gaid.upper(),
            "stripped": gaid.replace("-", ""),
            "stripped,upper": gaid.replace("-", "").upper(),
        },
        "oaid": {"upper": values["oaid"].upper(), "stripped": values["oaid"].replace("-", "")},
        "android_id": {
            "upper": values["android_id"].upper(),
            "spaces,upper": " ".join(re.findall("..", values["android_id"])).upper(),
        },
        "widevine_id": {"upper": values["widevine_id"].upper()},
        "serial": {"lower": values["serial"].lower()},
        "ssid": {"upper": values["ssid"].upper(), "lower": values["ssid"].lower()},
        "email_address": {"lower": mail.lower(), "upper": mail.upper()},
        "phone_number": {
            "spaces": f"{phone[:3]} {phone[3:7]} {phone[7:]}",
            "dashes": f"{phone[:3]}-{phone[3:7]}-{phone[7:]}",
        },
        "bank_card_number": {
            "spaces": " ".join(card[index : index + 4] for index in range(0, len(card), 4)),
            "dashes": "-".join(card[index : index + 4] for index in range(0, len(card), 4)),
        },
        "id_card_number": {"lower": identity.lower()} if identity.endswith("X") else {},
        "age_or_birthdate": {
            "yyyyMMdd": year + month + day,
            "yyyy/MM/dd": f"{year}/{month}/{day}",
            "yyyy.MM.dd": f"{year}.{month}.{day}",
            "yyyy年MM月dd日": f"{year}年{month}月{day}日",
            "dd/MM/yyyy": f"{day}/{month}/{year}",
            "MM/dd/yyyy": f"{month}/{day}/{year}",
            "dd.MM.yyyy": f"{day}.{month}.{year}",
            "dd-MM-yyyy": f"{day}-{month}-{year}",
        }
        | ({"yyyy-M-d": f"{year}-{short[0]}-{short[1]}"} if short != (month, day) else {}),
    }


def spellings(person: Person, _: EventLog) -> Iterator[Draft]:
    """Every spelling in JSON, in base64 of a form and inside a sentence."""
    for data, spelled in spelled_values(person).items():
        key = KEYS[data]
        for name, text in spelled.items():
            label = Expected(data, "request.body", (f"json:$.{key}",), name)
            yield f"{data} {name}", *in_body(_j(**{"os": "android", key: text}), label)
    yield from _country_codes(person)
    yield from _sentences(person)


def _country_codes(person: Person) -> Iterator[Draft]:
    phone = person.values["phone_number"]
    for code in ("+86", "0086", "86", "+86 ", "+86-"):
        label = Expected("phone_number", "request.body", ("json:$.mobile",))
        yield f"phone_number behind {code!r}", *in_body(_j(mobile=code + phone), label)
    spaced = f"+86 {phone[:3]} {phone[3:7]} {phone[7:]}"
    label = Expected("phone_number", "request.body", ("json:$.mobile",), "spaces")
    yield "phone_number behind +86, spaced", *in_body(_j(mobile=spaced), label)


def _sentences(person: Person) -> Iterator[Draft]:
    for data in ("imei", "gaid", "phone_number", "email_address", "mac_wifi", "android_id", "id_card_number"):
        value = person.values[data]
        label = Expected(data, "request.body", ("json:$.msg",))
        yield f"{data} in a log line", *in_body(_j(msg=f"[D] reg ok dev={value};ver=2.3.1"), label)
        text = f"设备{value}，注册成功"
        yield f"{data} in a Chinese sentence", *in_body(_j(msg=text), label)


def numbers(person: Person, _: EventLog) -> Iterator[Draft]:
    """Numbers and hexadecimal values as the bytes that binary formats write."""
    for data in ("phone_number", "imei", "imsi"):
        number = int(person.values[data])
        fields = {
            "varint": (b"\x08" + varint(number) + b"\x12\x02ok", "protobuf:1"),
            "fixed64": (b"\x09" + struct.pack("<Q", number) + b"\x12\x02ok", "protobuf:1"),
            "64 bits in MessagePack": (b"\x82\xa1v\x01\xa2p3\xcf" + struct.pack(">Q", number), "msgpack:$.p3"),
            "64 bits in CBOR": (b"\xa2\x61v\x01\x62p3\x1b" + struct.pack(">Q", number), "cbor:$.p3"),
        }
        for name, (body, step) in fields.items():
            yield f"{data} as {name}", *in_body(body, Expected(data, "request.body", (step,)))
    for data in ("mac_wifi", "bssid", "gaid", "oaid", "android_id", "widevine_id"):
        raw = bytes.fromhex(person.values[data].replace(":", "").replace("-", ""))
        message = b"\x08\x01\x1a" + varint(len(raw)) + raw + b"\x22\x02zh"
        yield (
            f"{data} as bytes in protobuf",
            *in_body(message, Expected(data, "request.body", ("protobuf:3",), "bytes")),
        )
        packed = b"\x82\xa1v\x01\xa2p3\xc4" + bytes([len(raw)]) + raw
        yield (
            f"{data} as bytes in MessagePack",
            *in_body(packed, Expected(data, "request.body", ("msgpack:$.p3",), "bytes")),
        )


def positions(person: Person, _: EventLog) -> Iterator[Draft]:
    """The known place: two fields, one text, fewer decimals, a few metres away, scaled integers, protobuf doubles."""
    lat, lon = person.latitude, person.longitude
    near = lat + 0.0002, lon - 0.0002  # 22 and about 19 metres
    bodies: dict[str, tuple[bytes, str, str]] = {
        "two fields": (_j(lat=lat, lng=lon), "json:$.lat", "plain"),
        "two strings": (_j(latitude=str(lat), longitude=str(lon)), "json:$.latitude", "plain"),
        "lon first": (_j(x=lon, y=lat), "json:$.y", "plain"),
        "five decimals": (_j(lat=round(lat, 5), lng=round(lon, 5)), "json:$.lat", "plain"),
        "four decimals": (_j(lat=round(lat, 4), lng=round(lon, 4)), "json:$.lat", "plain"),
        "many decimals": (_j(lat=f"{lat:.12f}", lng=f"{lon:.12f}"), "json:$.lat", "plain"),
        "22 metres away": (_j(lat=round(near[0], 6), lng=round(near[1], 6)), "json:$.lat", "plain"),
        "one text": (_j(gps=f"{lat},{lon}"), "json:$.gps", "plain"),
        "one text, lon first": (_j(loc=f"{lon},{lat}"), "json:$.loc", "plain"),
        "one text with a space": (_j(gps=f"{lat}, {lon}"), "json:$.gps", "plain"),
        "semicolon": (_j(gps=f"{lat};{lon}"), "json:$.gps", "plain"),
        "degrees, minutes, seconds": (_j(gps=f"{_dms(lat)}N {_dms(lon)}E"), "json:$.gps", "dms"),
        "decimal comma": (_j(lat=f"{lat}".replace(".", ","), lng=f"{lon}".replace(".", ",")), "json:$.lat", "plain"),
        "exponents": (f'{{"lat":{lat:.8e},"lng":{lon:.8E}}}'.encode(), "json:$.lat", "plain"),
        "rationals of Exif": (_j(gps=f"{_rational(lat)} {_rational(lon)}"), "json:$.gps", "rational"),
        "tags of a photograph": (_photograph(lat, lon), "exif:GPSLatitude", "plain"),
        "nmea": (_j(s=f"$GPGGA,080000,{_nmea(lat, 2)},N,{_nmea(lon, 3)},E,1,8"), "json:$.s", "nmea"),
        "e5": (_j(lat=round(lat * 1e5), lon=round(lon * 1e5)), "json:$.lat", "e5"),
        "array": (_j(coordinates=[lon, lat]), "json:$.coordinates[1]", "plain"),
        "e6": (_j(lat=round(lat * 1e6), lon=round(lon * 1e6)), "json:$.lat", "e6"),
        "e7": (_j(latE7=round(lat * 1e7), lonE7=round(lon * 1e7)), "json:$.latE7", "e7"),
        "form": (f"lat={lat}&lng={lon}".encode(), "form:lat", "plain"),
        "form e6": (f"lat={round(lat * 1e6)}&lon={round(lon * 1e6)}".encode(), "form:lat", "e6"),
        "protobuf doubles": (
            b"\x09" + struct.pack("<d", lat) + b"\x11" + struct.pack("<d", lon),
            "protobuf:1:double",
            "plain",
        ),
        "xml": (f"<r><lat>{lat}</lat><lng>{lon}</lng></r>".encode(), "xml:/r/lat", "plain"),
    }
    for name, (body, step, encoding) in bodies.items():
        yield name, *in_body(body, Expected("location_precise", "request.body", (step,), encoding))


def _dms(degrees: float) -> str:
    """As 31°13'49.50 is written, with the sign of seconds."""
    seconds = degrees * 3600
    return f"{int(degrees)}°{int(seconds / 60 % 60)}'{seconds % 60:.2f}\""


def _photograph(lat: float, lon: float) -> bytes:
    """A JPEG picture that says where it was taken, north and east."""
    exif = Image.Exif()
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    for number, side, degrees in ((1, "N", lat), (3, "E", lon)):
        place[number] = side
        place[number + 1] = (float(int(degrees)), float(int(degrees * 60 % 60)), round(degrees * 3600 % 60, 4))
    written = io.BytesIO()
    Image.new("RGB", (8, 8)).save(written, "JPEG", exif=exif)
    return written.getvalue()


def _rational(degrees: float) -> str:
    """As Android's ExifInterface gives TAG_GPS_LATITUDE: 31/1,13/1,4949760/100000."""
    seconds = degrees * 3600
    return f"{int(degrees)}/1,{int(seconds / 60 % 60)}/1,{round(seconds % 60 * 1e5)}/100000"


def _nmea(degrees: float, width: int) -> str:
    """As 3113.82496 is written."""
    return f"{int(degrees):0{width}}{degrees % 1 * 60:08.5f}"


def lists(person: Person, _: EventLog) -> Iterator[Draft]:
    """Address books and lists of installed apps, whole and in part."""
    entries = [{"name": name, "tel": phone} for name, phone, _ in person.contacts]
    labels = [
        Expected("contacts", "request.body", (f"json:$.book[{index}].{key}",))
        for index in range(len(entries))
        for key in ("name", "tel")
    ]
    yield "address book", *in_body(_j(book=entries), *labels)
    for name, phone, mail in person.contacts:
        yield f"phone of {name}", *in_body(_j(p3=phone), Expected("contacts", "request.body", (f"json:$.{NEUTRAL}",)))
        yield f"mail of {name}", *in_body(_j(p3=mail), Expected("contacts", "request.body", (f"json:$.{NEUTRAL}",)))
    apps = Expected("installed_apps", "request.body", ("json:$.apps[0]",))
    yield "apps as an array", *in_body(_j(apps=list(person.packages)), apps)
    yield "two apps", *in_body(_j(apps=list(person.packages[1:3])), apps)
    joined = Expected("installed_apps", "request.body", ("json:$.apps",))
    yield "apps as one text", *in_body(_j(apps=",".join(person.packages)), joined)
    objects = [{"pkg": package, "v": 3} for package in person.packages]
    first = Expected("installed_apps", "request.body", ("json:$.apps[0].pkg",))
    yield "apps as objects", *in_body(_j(apps=objects), first)
    for algorithm in ("md5", "sha256"):
        hashed = [hashlib.new(algorithm, package.encode()).hexdigest() for package in person.packages]
        label = Expected("installed_apps", "request.body", ("json:$.apps[0]",), algorithm)
        yield f"{algorithm} of apps", *in_body(_j(apps=hashed), label)
