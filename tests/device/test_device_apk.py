"""What an APK says of itself, read from one that real tools made; a broken one is a line, never a crash."""

import contextlib
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pia_runtime.device.apk import read_apk
from pia_runtime.device.app_files import find_parts
from pia_runtime.device.dex import class_names
from pia_runtime.errors import InputError
from pia_runtime.knowledge.sdks import load_sdks

APK = Path(__file__).parent / "data/loan.apk"
SIGNER = "170d8a7dedfbdd557847f51def809c490ef3f1255962b0b8aefced2455b86b41"
"""As ``apksigner verify --print-certs`` printed it."""


def test_name_versions_permissions_and_every_scheme_s_signer_are_read():
    """The signer is the one that Android's own tool names."""
    facts = read_apk(APK)
    assert (facts.package, facts.version_name, facts.version_code) == ("com.example.loan", "1.8.50", 18500)
    assert (facts.min_sdk, facts.target_sdk) == (24, 29)
    assert facts.permissions == ("android.permission.INTERNET", "android.permission.READ_CONTACTS")
    assert dict(facts.signers) == {"v1": SIGNER, "v2": SIGNER, "v3": SIGNER}
    assert facts.document()["signature"] == f"SHA-256 {SIGNER} (v3)"
    assert facts.document()["label"] == "示例借款"
    assert facts.components["activity"] == ("com.example.loan.MainActivity",)
    assert facts.unreadable == ()


def test_third_party_code_is_present_by_component_and_by_package():
    """Each with what shows it; present is not sent."""
    sdks = read_apk(APK, load_sdks()).sdks
    assert sdks["jpush"] == ("service cn.jpush.android.service.PushService",)
    assert sdks["umeng_analytics"] == ("code com.umeng.analytics",)
    assert set(sdks) == {"jpush", "umeng_analytics"}


def test_reading_turns_no_log_on():
    """The reader's library would print every other library's DEBUG lines into the live view, in a process of its own."""
    script = "import logging, sys; from pathlib import Path; from pia_runtime.device.apk import read_apk; read_apk(Path(sys.argv[1])); "
    script += "logging.getLogger('asyncio').warning('heard'); logging.getLogger('asyncio').info('not heard'); "
    script += "print(logging.getLogger().handlers, logging.getLogger().level)"
    done = subprocess.run([sys.executable, "-c", script, str(APK)], capture_output=True, text=True, check=True)
    assert done.stdout == "[] 30\n"
    assert done.stderr == "heard\n"


@given(data=st.data())
def test_a_damaged_apk_is_one_line_or_a_stated_gap(tmp_path_factory, data):
    """Bytes changed or cut anywhere."""
    content = bytearray(APK.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("apk") / "x.apk"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    with contextlib.suppress(InputError):
        read_apk(path)


def test_a_dex_file_whose_tables_lie_outside_is_refused():
    """Hostile numbers cost nothing."""
    with zipfile.ZipFile(APK) as archive:
        dex = archive.read("classes.dex")
    assert set(class_names(dex)) == {"com.example.loan.MainActivity", "com.umeng.analytics.MobclickAgent"}
    for position in (0x3C, 0x44, 0x60, 0x64):
        broken = dex[:position] + struct.pack("<I", 0x7FFFFFF0) + dex[position + 4 :]
        with pytest.raises(ValueError, match=r"outside|classes"):
            list(class_names(broken))


def test_the_parts_of_an_app_are_found_in_every_kind_of_archive(tmp_path):
    """Split APKs side by side, .apks without its standalone alternatives, .xapk with other files."""
    with zipfile.ZipFile(tmp_path / "x.apks", "w") as archive:
        archive.write(APK, "splits/base-master.apk")
        archive.write(APK, "standalones/standalone.apk")
    with zipfile.ZipFile(tmp_path / "x.xapk", "w") as archive:
        archive.write(APK, "com.example.loan.apk")
        archive.write(APK, "config.arm64_v8a.apk")
        archive.writestr("manifest.json", "{}")
    assert [part.name for part in find_parts([APK, APK])] == ["loan.apk", "loan.apk"]
    assert [part.name for part in find_parts([tmp_path / "x.apks"])] == ["base-master.apk"]
    assert [part.name for part in find_parts([tmp_path / "x.xapk"])] == ["com.example.loan.apk", "config.arm64_v8a.apk"]
    assert find_parts([tmp_path / "x.apks"])[0].read() == APK.read_bytes()
    (tmp_path / "no.apk").write_text("no")
    with pytest.raises(InputError, match="no app can be read"):
        find_parts([tmp_path / "no.apk"])


def test_split_apks_are_installed_in_one_session_and_removed_again(connect, journal_of):
    """File names with quotes and spaces stay what they are; what was pushed is gone."""
    from device_world import world

    from pia_runtime.device.app_files import AppPart
    from pia_runtime.device.preparation import prepared
    from pia_runtime.device.step_app import InstallApp
    from pia_runtime.errors import NotReadyError

    played, device = connect("magisk-13")
    properties = played.state["properties"] | {"double.install_package": "com.example.loan"}
    played.set("properties", properties)
    before = world(played)
    hostile = 'it\'s; $(reboot) "x".apk'
    with zipfile.ZipFile(journal_of(device).path.parent.parent / "x.xapk", "w") as archive:
        archive.write(APK, "base.apk")
        archive.write(APK, hostile)
    parts = [AppPart(Path(archive.filename), name) for name in ("base.apk", hostile)]
    with prepared(device, [InstallApp("com.example.loan", parts)], journal_of(device), print):
        assert played.state["packages"]["com.example.loan"]["parts"] == ["0-base.apk", f"1-{hostile}"]
        assert played.root("ls /data/local/tmp") == ""
    assert world(played) == before
    played.set("install_answer", "INSTALL_FAILED_NO_MATCHING_ABIS: Failed to extract native libraries, res=-113")
    with (
        pytest.raises(NotReadyError, match=r"NO_MATCHING_ABIS.*use a device with the app's processor"),
        prepared(device, [InstallApp("com.example.loan", parts)], journal_of(device), print),
    ):
        pytest.fail("it was not installed")
    assert world(played) == before
