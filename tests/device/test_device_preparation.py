"""A device is made ready, proved ready, and given back as it was: at the end, after every fault, and after kill -9."""

import contextlib
import os
import socket

import pytest
from conftest import EMULATORS, PHONE_KINDS
from device_stage import free_port
from device_steps import APP, VERSION, all_steps, furnish
from device_world import world

from pia_runtime.device.command_log import CommandLog
from pia_runtime.device.connection import Connection
from pia_runtime.device.frida_binary import load_frida_server
from pia_runtime.device.journal import Journal
from pia_runtime.device.preparation import prepared
from pia_runtime.device.restoring import restore
from pia_runtime.device.root import RootKind, find_root
from pia_runtime.device.step_adb_root import AdbRoot
from pia_runtime.device.step_ca_store import MODULE_STORE, STORE, CaStore
from pia_runtime.device.step_frida_server import FridaServer
from pia_runtime.device.step_reverse import Reverse
from pia_runtime.device.step_settings import GlobalProxy
from pia_runtime.device.step_udp_block import UdpBlock
from pia_runtime.errors import InputError, NotReadyError

KILL_STRIDE = int(os.environ.get("PIA_KILL_STRIDE", "13"))
"""Every how many actions kill -9 is tried; below 13 on a rooted phone too."""


def quiet(_: str) -> None:
    """Say nothing."""


@pytest.mark.parametrize("profile", [*EMULATORS, *PHONE_KINDS])
def test_every_device_is_prepared_and_given_back(connect, certificate, listener_server, journal_of, profile):
    """In the block every app, running or started then, has the certificate; after it nothing differs from before."""
    played, device = connect(profile)
    furnish(played)
    before = world(played)
    journal = journal_of(device)
    told: list[str] = []
    with prepared(device, all_steps(profile, listener_server(), certificate), journal, told.append):
        assert len(journal.open_steps()) == len(told)
        played.ask("start app", "com.example.started.later")
        store = MODULE_STORE if played.root(f"ls -d {MODULE_STORE}").startswith("/apex") else STORE
        for name in ("zygote64", APP, "com.example.started.later"):
            seen = played.root(f"cat /proc/$(pidof {name})/root{store}/{certificate.file_name}")
            assert seen.encode() == certificate.pem
        assert played.root(f"ls {store} | wc -l").strip() == "3"
        state = played.state
        assert state["settings"]["global"]["http_proxy"] == "127.0.0.1:8080"
        assert [len(rules) for rules in state["rules"].values()] == [1, 1]
        assert APP in state["whitelist"]
        assert state["packages"][APP]["granted"] == []
        played.root("kill -9 $(pidof com.example.started.later)")
    assert world(played) == before
    assert not journal.path.exists()


def test_a_prepared_device_is_left_alone(connect, certificate, listener_server, journal_of):
    """What is already so is neither done nor undone: the steps are idempotent."""
    played, device = connect("magisk-13")
    furnish(played)
    port = free_port()
    steps = all_steps("magisk-13", listener_server(), certificate, port)
    with prepared(device, steps, journal_of(device), quiet):
        inside = world(played)
        told: list[str] = []
        with prepared(device, steps, Journal("second", journal_of(device).path.parent), told.append):
            assert all("already so" in line for line in told)
        assert world(played) == inside


@pytest.mark.parametrize("profile", ["emulator-14"])
def test_an_error_in_the_block_and_ctrl_c_give_the_device_back(connect, certificate, journal_of, profile):
    """In reverse order, and the error goes on."""
    played, device = connect(profile)
    device.restart_daemon(root=True)
    device.root = find_root(device)
    before = world(played)
    told: list[str] = []
    for error in (KeyboardInterrupt, RuntimeError):
        steps = [CaStore(certificate), Reverse(8080, free_port()), GlobalProxy("127.0.0.1", 8080)]
        with pytest.raises(error), prepared(device, steps, journal_of(device), told.append):
            raise error
        assert world(played) == before
    assert [line.split(":")[0] for line in told[3:6]] == ["  - global_proxy", "  - reverse", "  - ca_store"]


def _su_denied(played, _device) -> None:
    played.set("su", "deny")


def _store_read_only(played, _device) -> None:
    played.set("weak_root", to=True)


def _port_taken(played, _device) -> None:
    played.root("(nc -l -p 8080 -s 127.0.0.1 > /dev/null 2>&1 &) ; sleep 0.3")


def _frida_port_taken(played, _device) -> None:
    played.root("(nc -l -p 27042 -s 127.0.0.1 > /dev/null 2>&1 &) ; sleep 0.3")


def _disk_full(played, _device) -> None:
    played.root("dd if=/dev/zero of=/data/filler bs=1M count=80 2>/dev/null; chmod 600 /data/filler")


def _zygote_restarted(played, _device) -> None:
    played.fault("sha256sum.*conscrypt", "restart zygote", skip=1)


def _frida_killed(played, _device) -> None:
    played.fault("settings list global", "pkill -9 -f 127.0.0.1:27042")


def _settings_refused(played, _device) -> None:
    text = "Security exception: Permission denial, must have one of: [android.permission.WRITE_SECURE_SETTINGS]"
    played.fault("settings put global http_proxy", "fail", text=text, code=255)


FAULTS = {
    "su denied": (_su_denied, "magisk-13", "(Permission denied|root)", True),
    "store read-only": (
        _store_read_only,
        "emulator-14",
        "certificate store cannot be laid over.*root must be allowed to mount",
        True,
    ),
    "port taken": (
        _port_taken,
        "emulator-14",
        "port 8080 cannot be reversed.*Address already in use.*choose another --port",
        True,
    ),
    "frida's port taken": (
        _frida_port_taken,
        "emulator-14",
        "something else listens on the device's port 27042.*--frida-port",
        True,
    ),
    "disk full": (_disk_full, "emulator-14", "cannot be written.*free space on the device", True),
    "settings refused": (
        _settings_refused,
        "magisk-13",
        "setting global/http_proxy cannot be written: Security exception.*developer options",
        True,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_fix_and_the_device_is_given_back(
    connect, certificate, listener_server, journal_of, fault
):
    """Cause and fix in one line; what had been done is undone."""
    strike, profile, said, restored = FAULTS[fault]
    played, device = connect(profile)
    furnish(played)
    strike(played, device)
    before = world(played)
    probe = (lambda *_: "no answer") if fault == "frida's port taken" else (lambda *_: None)
    server = FridaServer(load_frida_server(listener_server(), "x86_64", VERSION), probe, VERSION)
    first = [AdbRoot()] if profile.startswith("emulator") else []
    steps = [*first, server, CaStore(certificate), Reverse(8080, free_port()), GlobalProxy("127.0.0.1", 8080)]
    with pytest.raises(NotReadyError, match=said), prepared(device, steps, journal_of(device), quiet):
        pytest.fail("it was not ready")
    assert (world(played) == before) is restored
    assert not journal_of(device).path.exists()


def test_a_frida_server_for_another_processor_never_reaches_the_device(connect, listener_server):
    """The file itself says what it is for."""
    with pytest.raises(
        InputError,
        match=r"is for arm64; the device \(x86_64\) needs x86_64; download frida-server-17.26.2-android-x86_64",
    ):
        load_frida_server(listener_server(architecture="arm64"), "x86_64", VERSION)


def test_a_frida_server_of_another_version_is_removed_again(connect, listener_server, journal_of):
    """Asked of the program itself, on the device."""
    played, device = connect("magisk-13")
    before = world(played)
    step = FridaServer(load_frida_server(listener_server("16.7.19"), "x86_64", VERSION), lambda *_: None, VERSION)
    with (
        pytest.raises(
            NotReadyError, match=r"is version 16.7.19; this machine's Frida is 17.26.2; take frida-server 17.26.2"
        ),
        prepared(device, [step], journal_of(device), quiet),
    ):
        pytest.fail("it was not ready")
    assert world(played) == before


def test_a_restarted_zygote_is_noticed_or_survived(connect, certificate, journal_of):
    """It dies between the mounts and the proof: its successor has copied the mounts, or the message says who has not."""
    played, device = connect("kernelsu-14")
    before = world(played)
    _zygote_restarted(played, device)
    with (
        contextlib.suppress(NotReadyError),
        prepared(device, [CaStore(certificate)], journal_of(device), quiet),
    ):
        seen = played.root(f"cat /proc/$(pidof zygote64)/root{MODULE_STORE}/{certificate.file_name}")
        assert seen.encode() == certificate.pem
    assert played.ask("faults left") == 0
    assert world(played) == before


def test_a_killed_frida_server_leaves_nothing(connect, certificate, listener_server, journal_of):
    """It dies during the run; undoing finds it gone."""
    played, device = connect("magisk-13")
    furnish(played)
    before = world(played)
    _frida_killed(played, device)
    with prepared(device, all_steps("magisk-13", listener_server(), certificate), journal_of(device), quiet):
        assert played.root("pgrep -f 127.0.0.1:27042").startswith("[1]")
    assert world(played) == before


def test_an_unplugged_device_keeps_its_journal_and_is_restored_when_it_is_back(connect, certificate, journal_of):
    """The message says what remains and what to run; the next connection undoes it."""
    played, device = connect("magisk-13")
    before = world(played)
    journal = journal_of(device)
    played.fault("-w -I OUTPUT", "unplug")
    steps = [CaStore(certificate), GlobalProxy("127.0.0.1", 8080), UdpBlock()]
    with (
        pytest.raises(
            NotReadyError, match=r"left on the device: udp_block .*global_proxy .*ca_store.*then: pia restore"
        ),
        prepared(device, steps, journal, quiet),
    ):
        pytest.fail("it was not ready")
    assert [step.step for step in journal.open_steps()] == ["udp_block", "global_proxy", "ca_store"]
    played.ask("plug", value=True)
    again = Connection(played.serial)
    _until_back(again, played)
    assert restore(again, journal, quiet) == []
    assert world(played) == before
    assert not journal.path.exists()


def _until_back(device: Connection, played) -> None:
    for _ in range(100):
        with contextlib.suppress(NotReadyError):
            if played._server.adb("connect", played.serial) and device.shell("true").ok:
                return


def test_what_cannot_be_undone_stays_in_the_journal(connect, journal_of):
    """Each remaining step is named, the others are undone, and a later attempt goes on."""
    played, device = connect("magisk-13")
    journal = journal_of(device)
    steps = [GlobalProxy("127.0.0.1", 8080), Reverse(8080, free_port())]
    with (
        pytest.raises(
            NotReadyError, match="left on the device: global_proxy: setting global/http_proxy cannot be written"
        ),
        prepared(device, steps, journal, quiet),
    ):
        played.fault("settings put global http_proxy :0", "fail", text="Killed", code=137)
    assert [step.step for step in journal.open_steps()] == ["global_proxy"]
    assert played.state["reverses"] == []
    assert restore(device, journal, quiet) == []
    assert "http_proxy" not in played.state["settings"]["global"]


class _DeadlyLog(CommandLog):
    """Kills the process itself right after its n-th action on the device."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self._last = last

    def write(self, *args, **result) -> None:
        self._last -= 1
        if self._last < 0:
            os.kill(os.getpid(), 9)


def _prepare_and_die(serial: str, root: RootKind, steps: list, journal: Journal, last: int) -> bool:
    """In a process of its own, as ``kill -9`` takes a whole one; whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            device = Connection(serial, _DeadlyLog(last))
            device.root = root
            with prepared(device, steps, journal, quiet):
                os._exit(0)
        finally:
            os._exit(1)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("profile", ["emulator-14", "magisk-13"] if KILL_STRIDE < 13 else ["emulator-14"])
def test_kill_9_after_any_action_is_undone_from_the_journal(connect, certificate, listener_server, journal_of, profile):
    """``pia restore`` finds what the dead process had done. PIA_KILL_STRIDE=1 tries every action."""
    played, device = connect(profile)
    furnish(played)
    before = world(played)
    journal = journal_of(device)
    kills = 0
    for last in range(0, 200, KILL_STRIDE):
        steps = all_steps(profile, listener_server(), certificate)
        if not _prepare_and_die(played.serial, device.root, steps, journal, last):
            break
        kills += 1
        again = Connection(played.serial)
        _until_ready(again)
        again.root = find_root(again)
        assert restore(again, journal, quiet) == [], f"killed after action {last}"
        assert world(played) == before, f"killed after action {last}"
    assert kills > 35 // KILL_STRIDE


def _until_ready(device: Connection) -> None:
    for _ in range(100):
        with contextlib.suppress(NotReadyError):
            if device.shell("true", timeout=3).ok:
                return


def test_a_port_of_this_machine_that_is_taken_is_named(connect, journal_of):
    """Before the proxy itself would find out."""
    _, device = connect("magisk-13")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(NotReadyError, match=f"port {port} is taken here"),
            prepared(device, [Reverse(8080, port)], journal_of(device), quiet),
        ):
            pytest.fail("it was not ready")
