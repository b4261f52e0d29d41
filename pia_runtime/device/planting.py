"""A made-up person planted on a device, so unmistakable that nobody else's data is meant, and its removal.

Everything planted carries :data:`MARK` where a person can read it, and is found again by it. Providers, columns and ``content``'s
syntax are those of the developer documentation (``ContactsContract``, ``CallLog``, ``CalendarContract``, ``Telephony.Sms``).
Telephone numbers are of the range 1390013xxxx used by this project's synthetic identities.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from PIL import Image

from pia_runtime.device.connection import Connection, expect
from pia_runtime.errors import NotReadyError

MARK = "PIA-PLANTED"
PHOTO = "/sdcard/Download/pia-planted.jpg"
_ALLOW = "allow 'shell' on the device; some vendors ask for 'USB debugging (Security settings)'"
CONTACTS = "content://com.android.contacts"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is planted."""

    contact: str = f"林测试 {MARK}"
    contact_phone: str = "13900139471"
    sms_from: str = "13900139472"
    sms_text: str = f"样本短信 {MARK} 604913"
    call_from: str = "13900139473"
    event: str = f"牙医预约 {MARK}"
    latitude: float = 31.194826
    longitude: float = 121.588194


def entries_of(person: Person, planted: Sequence[str]) -> list[dict[str, Any]]:
    """What was planted as the entries of ``identifiers.json``."""
    place = {"lat": person.latitude, "lon": person.longitude}
    known: dict[str, list[dict[str, Any]]] = {
        "contacts": [
            {"id": "contacts", "value": {"name": person.contact, "phones": [person.contact_phone], "emails": []}}
        ],
        "sms": [{"id": "sms", "value": person.sms_text}],
        "call_log": [{"id": "call_log", "value": person.call_from}],
        "calendar": [{"id": "calendar", "value": person.event}],
        "photo": [{"id": "location_precise", "value": place, "tolerance_m": 50}],
        "location": [{"id": "location_precise", "value": place, "tolerance_m": 50}],
    }
    entries = [entry for kind in planted for entry in known[kind]]
    unique = {repr(entry): entry for entry in entries}
    return [{**entry, "planted": True} for entry in unique.values()]


class PlantRows:
    """Rows of a content provider.

    Args:
        kind: ``contacts``, ``sms``, ``call_log`` or ``calendar``.
        person: who.
    """

    name: ClassVar[str] = "plant_rows"

    def __init__(self, kind: str, person: Person) -> None:
        self._kind, self._person = kind, person
        self.title = f"plant {kind}"

    def check(self, device: Connection) -> bool:
        """Whether it is planted."""
        return bool(_rows(device, self._kind, self._person))

    def before(self, device: Connection) -> dict[str, Any]:
        """What it will be found by."""
        person = self._person
        return {
            "kind": self._kind,
            "contact": person.contact,
            "sms": person.sms_text,
            "call": person.call_from,
            "event": person.event,
        }

    def do(self, device: Connection) -> None:
        """Insert it."""
        _PLANT[self._kind](device, self._person)

    def verify(self, device: Connection) -> None:
        """Find it."""
        if not self.check(device):
            raise NotReadyError(f"{self._kind} was not planted: the provider took it and does not show it", _ALLOW)

    @staticmethod
    def undo(device: Connection, before: dict[str, Any]) -> str:
        """Delete every row that carries the mark of this person."""
        kind = str(before["kind"])
        person = Person(
            contact=before["contact"], sms_text=before["sms"], call_from=before["call"], event=before["event"]
        )
        uri, column, value = _place(kind, person)
        device.shell("content", "delete", "--uri", uri, "--where", _equals(column, value), root=True)
        return f"{kind} is still planted" if _rows(device, kind, person) else ""


class PlantPhoto:
    """A picture whose EXIF data say where it was taken."""

    name: ClassVar[str] = "plant_photo"
    title = "plant a photo with a position"

    def __init__(self, person: Person) -> None:
        self._person = person

    def check(self, device: Connection) -> bool:
        """Whether it lies there."""
        return device.shell("test", "-e", PHOTO).ok

    def before(self, device: Connection) -> dict[str, Any]:
        """Its place."""
        return {"path": PHOTO}

    def do(self, device: Connection) -> None:
        """Push it and let the media store find it."""
        device.push(photo(self._person.latitude, self._person.longitude), PHOTO, 0o660)
        _scan(device)

    def verify(self, device: Connection) -> None:
        """Look for it."""
        if not self.check(device):
            raise NotReadyError("the photo was not planted", "free space on the device")

    @staticmethod
    def undo(device: Connection, before: dict[str, Any]) -> str:
        """Delete it and tell the media store."""
        device.shell("rm", "-f", str(before["path"]))
        _scan(device)
        return f"{before['path']} is still there" if device.shell("test", "-e", str(before["path"])).ok else ""


class MockLocation:
    """A test provider that says where the device is (``cmd location``, Android 12 and later)."""

    name: ClassVar[str] = "mock_location"
    title = "say where the device is"

    def __init__(self, person: Person) -> None:
        self._person = person

    def check(self, device: Connection) -> bool:
        """Never: a provider can be added over another."""
        return False

    def before(self, device: Connection) -> dict[str, Any]:
        """Whether the shell might do so before."""
        said = device.shell("cmd", "appops", "get", "com.android.shell", "android:mock_location").text
        return {"allowed": "allow" in said}

    def do(self, device: Connection) -> None:
        """Add the provider and set its place."""
        place = f"{self._person.latitude},{self._person.longitude}"
        fix = "Android 12 or later is needed; on the SDK's emulator: adb emu geo fix LONGITUDE LATITUDE"
        device.shell("cmd", "appops", "set", "com.android.shell", "android:mock_location", "allow")
        expect(device.shell("cmd", "location", "providers", "add-test-provider", "gps"), "no test provider", fix)
        expect(
            device.shell("cmd", "location", "providers", "set-test-provider-enabled", "gps", "true"),
            "no test provider",
            fix,
        )
        where = ("cmd", "location", "providers", "set-test-provider-location", "gps", "--location", place)
        expect(device.shell(*where), "the position is not taken", fix)

    def verify(self, device: Connection) -> None:
        """The commands' own answers are all there is."""

    @staticmethod
    def undo(device: Connection, before: dict[str, Any]) -> str:
        """Remove the provider, and the permission if it was not there."""
        gone = device.shell("cmd", "location", "providers", "remove-test-provider", "gps")
        if not before["allowed"]:
            device.shell("cmd", "appops", "set", "com.android.shell", "android:mock_location", "default")
        return "" if gone.ok else f"the test provider is still there: {gone.reason}"


def photo(latitude: float, longitude: float) -> bytes:
    """A small JPEG with a position in its EXIF data (tags of Exif 2.3, GPS IFD)."""

    def parts(degrees: float) -> tuple[float, float, float]:
        whole = abs(degrees)
        minutes = (whole % 1) * 60
        return (float(int(whole)), float(int(minutes)), round((minutes % 1) * 60, 4))

    picture = Image.new("RGB", (64, 48), (90, 120, 150))
    exif = Image.Exif()
    gps = exif.get_ifd(0x8825)
    gps |= {
        1: "N" if latitude >= 0 else "S",
        2: parts(latitude),
        3: "E" if longitude >= 0 else "W",
        4: parts(longitude),
    }
    exif[0x010E] = MARK
    exif[0x8825] = gps
    content = io.BytesIO()
    picture.save(content, "JPEG", exif=exif)
    return content.getvalue()


def _place(kind: str, person: Person) -> tuple[str, str, str]:
    """Provider, column and value by which a planted row is found."""
    return {
        "contacts": (f"{CONTACTS}/raw_contacts", "sync1", person.contact),
        "sms": ("content://sms", "body", person.sms_text),
        "call_log": ("content://call_log/calls", "number", person.call_from),
        "calendar": ("content://com.android.calendar/events", "title", person.event),
    }[kind]


def _equals(column: str, value: str) -> str:
    quoted = value.replace("'", "''")
    return f"{column}='{quoted}'"


def _rows(device: Connection, kind: str, person: Person) -> list[str]:
    """Ids of the planted rows."""
    uri, column, value = _place(kind, person)
    query = ("content", "query", "--uri", uri, "--projection", "_id", "--where", _equals(column, value))
    answer = expect(device.shell(*query, root=True), f"{kind} cannot be read", _ALLOW)
    return [line.rpartition("_id=")[2].strip() for line in answer.text.splitlines() if line.startswith("Row:")]


def _insert(device: Connection, uri: str, *bindings: str) -> None:
    words = [word for binding in bindings for word in ("--bind", binding)]
    answer = expect(device.shell("content", "insert", "--uri", uri, *words, root=True), f"{uri} takes nothing", _ALLOW)
    if "Error" in answer.text or "Exception" in answer.error:
        raise NotReadyError(f"{uri} takes nothing: {answer.reason}", _ALLOW)


def _plant_contact(device: Connection, person: Person) -> None:
    # sync1 belongs to whoever made the contact; the planted one is found by it.
    _insert(device, f"{CONTACTS}/raw_contacts", "account_type:n:", "account_name:n:", f"sync1:s:{person.contact}")
    identity = _rows(device, "contacts", person)[-1]
    name = ("mimetype:s:vnd.android.cursor.item/name", f"data1:s:{person.contact}")
    phone = ("mimetype:s:vnd.android.cursor.item/phone_v2", f"data1:s:{person.contact_phone}", "data2:i:2")
    for data in (name, phone):
        _insert(device, f"{CONTACTS}/data", f"raw_contact_id:i:{identity}", *data)


def _plant_sms(device: Connection, person: Person) -> None:
    _insert(device, "content://sms/inbox", f"address:s:{person.sms_from}", f"body:s:{person.sms_text}", "read:i:1")


def _plant_call(device: Connection, person: Person) -> None:
    _insert(
        device,
        "content://call_log/calls",
        f"number:s:{person.call_from}",
        "type:i:1",
        "duration:i:62",
        "date:l:1763884800000",
    )


def _plant_event(device: Connection, person: Person) -> None:
    answer = device.shell(
        "content", "query", "--uri", "content://com.android.calendar/calendars", "--projection", "_id", root=True
    )
    lines = [line for line in answer.text.splitlines() if line.startswith("Row:")]
    if not lines:
        raise NotReadyError(
            "the device has no calendar to plant an event in", "open its calendar app once, or plant others"
        )
    calendar = lines[0].rpartition("_id=")[2].strip()
    times = ("dtstart:l:1763884800000", "dtend:l:1763888400000", "eventTimezone:s:Asia/Shanghai")
    _insert(
        device, "content://com.android.calendar/events", f"calendar_id:i:{calendar}", f"title:s:{person.event}", *times
    )


_PLANT: dict[str, Callable[[Connection, Person], None]] = {
    "contacts": _plant_contact,
    "sms": _plant_sms,
    "call_log": _plant_call,
    "calendar": _plant_event,
}

KINDS = (*_PLANT, "photo", "location")
"""Everything that can be planted. The clipboard has no command that sets it on all versions; it is left to the person."""


def plant_step(kind: str, person: Person) -> "PlantRows | PlantPhoto | MockLocation":
    """The step that plants one kind."""
    if kind == "photo":
        return PlantPhoto(person)
    return MockLocation(person) if kind == "location" else PlantRows(kind, person)


def _scan(device: Connection) -> None:
    action = "android.intent.action.MEDIA_SCANNER_SCAN_FILE"
    device.shell("am", "broadcast", "-a", action, "-d", f"file://{PHOTO}")
