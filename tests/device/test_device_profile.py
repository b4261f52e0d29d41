"""What a device says of itself becomes identifiers; what is planted is unmistakable and leaves without a trace."""

import io
import subprocess
import sys

import orjson
import pytest
from device_world import world
from PIL import Image

from pia_runtime.device.planting import KINDS, MARK, Person, photo
from pia_runtime.device.profile import parse_parcel_text, read_profile
from pia_runtime.model.session import Identifiers

PIA = [sys.executable, "-c", "from pia_runtime.cli.main import main; main()"]

# As `adb shell service call iphonesubinfo 1` is printed in many public answers (form: AOSP Parcel::print).
PARCEL = """Result: Parcel(
  0x00000000: 00000000 0000000f 00350033 00390036 '........3.5.6.9.'
  0x00000010: 00380033 00330030 00360035 00330034 '3.8.0.3.5.6.4.3.'
  0x00000020: 00300038 00000039                   '8.0.9...        ')
"""


def test_the_imei_is_read_from_the_reply_s_words():
    """Length and units as they are printed; anything else is not given."""
    assert parse_parcel_text(PARCEL) == "356938035643809"
    assert parse_parcel_text(PARCEL.replace("00000000 0000000f", "ffffffff 0000000f")) == ""
    assert parse_parcel_text("") == ""
    assert parse_parcel_text("Result: Parcel(00000000 7fffffff   '........')") == ""


@pytest.mark.parametrize("profile", ["emulator-14", "magisk-13"])
def test_a_profile_holds_what_the_device_said_and_nothing_else(connect, profile):
    """Refused values are named with the reason."""
    played, device = connect(profile)
    played.root("mkdir -p /data/system/users/0 /data/data/com.google.android.gms/shared_prefs")
    played.root(
        """echo '<setting id="1" name="10231" value="a1b2c3d4e5f60718" package="com.example.chat" />' > /data/system/users/0/settings_ssaid.xml"""
    )
    gaid = "cdda802e-fb9c-47ad-9866-0794d394c912"
    played.root(
        f"echo '<string name=\"adid_key\">{gaid}</string>' > /data/data/com.google.android.gms/shared_prefs/adid_settings.xml"
    )
    played.root("chmod 700 /data/system /data/data")
    read = read_profile(device, "com.example.chat")
    Identifiers.model_validate({"schema": "pia.identifiers/1", "identifiers": read.entries})
    values = {entry["id"]: entry["value"] for entry in read.entries}
    assert values["ssid"] == "AndroidWifi"
    assert values["accounts_on_device"] == "linshili@mail.example"
    assert values["location_precise"] == {"lat": 31.230416, "lon": 121.473701}
    # Without root neither another app's files nor its own Android id are given.
    rooted = profile == "magisk-13"
    assert (values.get("gaid") == gaid) is rooted
    assert (values["android_id"] == "a1b2c3d4e5f60718") is rooted
    assert ("imei" in values) != ("imei" in read.refused)
    assert "oaid" in read.refused


def test_planted_things_are_found_again_and_removed(adb, double, tmp_path):
    """The command plants all kinds, adds to identifiers.json, and takes everything back."""
    played = double("magisk-13")
    before = world(played)
    out = tmp_path / "identifiers.json"
    out.write_text('{"schema": "pia.identifiers/1", "identifiers": [{"id": "imei", "value": "356938035643809"}]}')
    done = subprocess.run(
        [*PIA, "plant", "-s", played.serial, "-o", str(out)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    written = orjson.loads(out.read_bytes())
    Identifiers.model_validate(written)
    assert written["identifiers"][0]["id"] == "imei"
    planted = {entry["id"] for entry in written["identifiers"] if entry.get("planted")}
    assert planted == {"contacts", "sms", "call_log", "calendar", "location_precise"}
    assert MARK in str(played.state["tables"])
    again = subprocess.run(
        [*PIA, "plant", "-s", played.serial, "contacts"], capture_output=True, text=True, check=False
    )
    assert "already so" in again.stderr
    gone = subprocess.run([*PIA, "plant", "-s", played.serial, "--remove"], capture_output=True, text=True, check=False)
    assert gone.returncode == 0, gone.stderr
    assert MARK not in str(played.state["tables"].get("content://com.android.contacts/raw_contacts"))
    assert world(played)["views"] == before["views"]
    assert played.state["appops"].get("com.android.shell") in (None, "default")


def test_a_planted_photo_says_where_it_was_taken():
    """Read back by an independent reader of EXIF."""
    person = Person()
    gps = Image.open(io.BytesIO(photo(person.latitude, person.longitude))).getexif().get_ifd(0x8825)
    latitude = sum(float(part) / 60**power for power, part in enumerate(gps[2]))
    longitude = sum(float(part) / 60**power for power, part in enumerate(gps[4]))
    assert (gps[1], gps[3]) == ("N", "E")
    assert (latitude, longitude) == pytest.approx((person.latitude, person.longitude), abs=1e-6)
    assert set(KINDS) >= {"photo", "location"}
