"""Real Frida on real C programs: what a native library reads is told with its data, its value and the library that asked."""

import base64
import hashlib
import re
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from pia_runtime.instrumentation.agent_build import AGENT, build_agent
from pia_runtime.instrumentation.catalog import Catalog, load_catalog
from pia_runtime.instrumentation.host import FridaHost, JvmTarget
from pia_runtime.practice.jdk import find_jdk17

pytestmark = pytest.mark.live

SOURCES = Path(__file__).parent / "data" / "native"
PROJECT = Path(__file__).parents[2]
ALL = ("properties", "callback", "files", "probes", "interfaces", "netlink", "commands", "fork")


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder with the program and its libraries, each also without symbols."""
    if not AGENT.exists():
        build_agent(PROJECT)
    answer = subprocess.run([PROJECT / "scripts" / "cc"], capture_output=True, text=True, check=True)
    compiler = answer.stdout.split("\n")[:-1]
    folder = tmp_path_factory.mktemp("native")
    shared = [*compiler, "-O2", "-shared", "-fPIC"]
    properties = ["-L", folder, "-lproperties", "-Wl,-rpath,$ORIGIN"]
    commands = [[*shared, "-o", folder / "libproperties.so", SOURCES / "properties.c"]]
    for prefix, option in (("", []), ("stripped-", ["-s"])):
        commands += [
            [*shared, *option, "-o", folder / f"{prefix}libsdk.so", SOURCES / "reader.c", *properties],
            [*shared, *option, "-o", folder / f"{prefix}liblinked.so", SOURCES / "linked.c"],
            [*compiler, *option, "-O2", "-o", folder / f"{prefix}app", SOURCES / "main.c", "-ldl"],
        ]
    for command in commands:
        subprocess.run(list(map(str, command)), check=True)
    return folder


class Run:
    """A program without Java under instrumentation, and what was heard of it."""

    def __init__(self, *argv: object) -> None:
        self.events: list[dict[str, Any]] = []
        ended = threading.Event()
        self.host = FridaHost(
            JvmTarget([str(word) for word in argv], process="com.example.sdk"),
            Catalog({}, (), load_catalog().native),
            on_event=self.events.append,
            on_detached=lambda _: ended.set(),
        )
        self.host.start()
        assert ended.wait(60), "the program did not end"
        self.host.stop()

    def calls(self, hook: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == "api_call" and event["hook"] == f"native.{hook}"]

    def one(self, hook: str) -> dict[str, Any]:
        (call,) = self.calls(hook)
        return call

    def transforms(self) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == "transform"]

    def statuses(self) -> dict[str, str]:
        return {event["hook"]: event["status"] for event in self.events if event["type"] == "hook_status"}


@pytest.fixture(scope="module")
def everything(built) -> Run:
    """All that the library can do, in one run; the library is loaded while the program runs."""
    return Run(built / "app", built / "libsdk.so", *ALL)


def test_the_program_itself_sees_no_difference(built):
    alone = subprocess.run([built / "app", built / "libsdk.so", *ALL], capture_output=True, check=False)
    assert (alone.returncode, alone.stderr) == (0, b"")


def test_every_native_entry_has_a_status_and_none_failed(everything):
    statuses = everything.statuses()
    assert statuses.keys() == load_catalog().native.keys()
    assert "failed" not in statuses.values()
    assert statuses["native.system_property_get"] == "installed"
    assert statuses["native.ndk_camera_open"] == "absent"
    assert [event for event in everything.events if event["type"] == "gap"] == []


def test_a_property_is_told_with_its_value_and_the_one_that_is_missing_without(everything):
    found, missing = everything.calls("system_property_get")
    assert (found["args"], found["value"], found["data"]) == (["ro.serialno"], "R58M123ABC", ["serial"])
    assert (missing["args"], missing["value"], missing["data"]) == (["ro.boot.serialno"], None, ["serial"])


def test_a_property_read_by_handle_is_known_by_the_name_that_comes_back(everything):
    read = everything.one("system_property_read")
    assert (read["args"], read["value"], read["data"]) == ([None, "ro.product.model"], "Practice", ["device_model"])


def test_a_property_that_comes_to_a_callback_is_told(everything):
    read = everything.one("system_property_read_callback")
    assert (read["args"], read["value"], read["data"]) == (["ro.serialno"], "R58M123ABC", ["serial"])


def test_the_first_frame_names_the_library_and_the_function_that_asked(everything):
    asked = {
        "system_property_get": "sdk_properties",
        "fopen": "sdk_files",
        "ioctl": "sdk_interfaces",
        "getifaddrs": "sdk_interfaces",
        "netlink_request": "sdk_netlink",
        "popen": "sdk_commands",
    }
    for hook, function in asked.items():
        first = everything.calls(hook)[0]["stack"][0]
        assert re.fullmatch(rf"libsdk\.so!{function}\+0x[0-9a-f]+", first), first


def test_further_frames_lead_to_the_program(everything):
    stack = everything.one("fopen")["stack"]
    assert any(frame.startswith("app!") for frame in stack[1:])
    assert everything.one("fopen")["native_frames"] == len(stack)


def test_what_was_read_from_a_telling_file_is_the_value(everything):
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    first, failed = everything.calls("open")
    assert (first["args"], first["value"]) == (["/proc/sys/kernel/random/boot_id"], boot_id)
    assert (failed["value"], failed["data"]) == (None, ["mac_wifi"])
    version = Path("/proc/version").read_text(encoding="utf-8").strip()
    assert everything.one("openat")["value"] == version, "sixteen bytes at a time"
    assert everything.one("fopen")["value"] == "00:00:00:00:00:00"
    assert everything.one("fopen")["data"] == ["mac_wifi"]


def test_files_that_tell_nothing_are_not_told(everything):
    paths = [call["args"][0] for call in everything.calls("open")]
    assert "/proc/self/cmdline" not in paths
    assert "/dev/null" not in paths


def test_asking_whether_a_file_is_there_is_an_attempt_where_it_is_not(everything):
    assert everything.one("access")["value"] is None
    assert everything.one("access")["data"] == ["root_emulator_state"]
    assert everything.one("stat")["data"] == ["shared_storage_files"]
    assert everything.one("readlink")["value"].endswith("/net/lo")


def test_an_interface_request_is_known_by_its_number(everything):
    hardware, address = everything.calls("ioctl")
    assert (hardware["args"][1], hardware["value"], hardware["data"]) == ("0x8927", "00:00:00:00:00:00", ["mac_wifi"])
    assert (address["value"], address["data"]) == ({"address": "127.0.0.1"}, ["ip_address"])


def test_interfaces_come_with_addresses_and_hardware_addresses_once(everything):
    found = everything.one("getifaddrs")
    assert {"name": "lo", "address": "127.0.0.1"} in found["value"]
    assert {"name": "lo", "mac": "00:00:00:00:00:00"} in found["value"]
    assert set(found["data"]) == {"ip_address", "mac_wifi"}


def test_the_kernels_reply_to_a_netlink_request_is_the_value(everything):
    request = everything.one("netlink_request")
    assert (request["args"][1], request["data"]) == ("RTM_GETLINK", ["mac_wifi"])
    assert {"name": "lo", "mac": "00:00:00:00:00:00"} in request["value"]


def test_a_commands_output_is_the_value_and_harmless_commands_are_not_told(everything):
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    assert everything.one("popen")["value"] == boot_id
    assert everything.one("posix_spawn")["args"][4] == "uname -s"
    assert everything.calls("system") == []


def test_a_library_without_symbols_is_named_with_offsets(built):
    (call,) = Run(built / "stripped-app", built / "stripped-libsdk.so", "files").calls("fopen")
    assert call["value"] == "00:00:00:00:00:00"
    assert call["stack"][0].startswith("stripped-libsdk.so!")


def test_functions_linked_into_a_library_are_found_by_its_symbol_table(built):
    digest, sealed = Run(built / "app", built / "liblinked.so", "356938035643809").transforms()
    assert (digest["op"], digest["algorithm"]) == ("digest", "SHA-256")
    assert base64.b64decode(digest["input_b64"]) == b"356938035643809"
    assert base64.b64decode(digest["output_b64"]) == hashlib.sha256(b"356938035643809").digest()
    assert digest["stack"][0].startswith("liblinked.so!sdk_run+")
    assert (sealed["op"], sealed["algorithm"]) == ("encrypt", "CHACHA20-POLY1305")
    assert base64.b64decode(sealed["input_b64"]) == b"356938035643809", "the seventh of ten arguments"
    assert len(base64.b64decode(sealed["output_b64"])) == 31
    assert sealed["key_commitment"] == hashlib.sha256(b"pia.key/1\0sixteen byte key").hexdigest()


def test_a_stripped_library_that_hashes_by_itself_stays_unseen(built):
    run = Run(built / "app", built / "stripped-liblinked.so", "356938035643809")
    assert run.transforms() == [], "the limit that docs/hooks.md states"
    assert run.statuses()["native.open"] == "installed"


def test_children_between_fork_and_exec_never_hang(built):
    run = Run(built / "app", built / "libsdk.so", *["fork"] * 5)
    assert run.calls("open") == [], "what a child does is not this process's"
    assert run.statuses()["native.open"] == "installed"


JAVA = """
import java.nio.file.*;
public class Main {
    public static void main(String[] words) throws Exception {
        String mac = read("/sys/class/net/lo/address");
        if (!mac.equals("00:00:00:00:00:00")) System.exit(9);
        System.exit(0);
    }
    static String read(String path) throws Exception { return Files.readString(Path.of(path)).strip(); }
}
"""


def test_java_frames_follow_where_java_stands_below(tmp_path):
    java = find_jdk17() / "bin" / "java"
    (tmp_path / "Main.java").write_text(JAVA, encoding="utf-8")
    subprocess.run([java.with_name("javac"), "-d", tmp_path, tmp_path / "Main.java"], check=True)
    run = Run(java, "-cp", tmp_path, "Main")
    (call,) = [call for call in run.calls("open") if call["args"] == ["/sys/class/net/lo/address"]]
    assert call["value"] == "00:00:00:00:00:00"
    assert call["stack"][0].startswith("libnio.so!")
    assert call["stack"][-2:] == ["Main.read(Main.java:9)", "Main.main(Main.java:5)"]
    assert not any("libjvm" in frame for frame in (c["stack"][0] for c in run.calls("open")))
