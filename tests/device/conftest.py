"""An adb server of the tests' own, and doubles behind it. Without adb, toybox, mksh or root these tests are skipped."""

from pathlib import Path

import pytest
from device_stage import AdbServer, Double, why_not
from frida_stand_in import LISTENER, write_server

from pia_runtime.device.certificate import load_certificate
from pia_runtime.device.connection import Connection
from pia_runtime.device.journal import Journal
from pia_runtime.device.root import find_root

PHONE_KINDS = ("magisk-13", "kernelsu-14", "aosp-su-12")
EMULATORS = ("emulator-9", "emulator-12", "emulator-13", "emulator-14", "emulator-15", "emulator-16")


@pytest.fixture(scope="session")
def adb_server():
    """A real adb server on its own port."""
    if reason := why_not():
        pytest.skip(reason)
    with AdbServer() as server:
        yield server


@pytest.fixture
def adb(adb_server, monkeypatch, tmp_path):
    """The server as this process, and everything it starts, finds it; journals go to the test's folder."""
    for name, value in adb_server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PIA_STATE_DIR", str(tmp_path / "state"))
    return adb_server


@pytest.fixture
def double(adb):
    """Starts a double of a profile; ends it with the test."""
    started: list[Double] = []

    def start(profile: str = "emulator-14", **more) -> Double:
        started.append(Double(adb, profile, **more))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def connect(double):
    """Starts a double and connects to it, its root known."""

    def make(profile: str = "emulator-14", **more) -> tuple[Double, Connection]:
        played = double(profile, **more)
        device = Connection(played.serial)
        device.root = find_root(device)
        return played, device

    return make


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate authority as mitmproxy makes them."""
    from mitmproxy.certs import CertStore

    folder = tmp_path_factory.mktemp("authority")
    CertStore.create_store(folder, "mitmproxy", 2048)
    return load_certificate(folder / "mitmproxy-ca-cert.pem")


@pytest.fixture
def journal_of(tmp_path):
    """The journal of a device in the test's folder."""
    return lambda device: Journal(device.serial, tmp_path / "state")


@pytest.fixture
def listener_server(adb):
    """A stand-in for frida-server that only listens. It stands where the double can see it."""
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="pia-s", dir=Path(__file__).parents[2] / ".cache"))
    yield lambda version="17.26.2", architecture="x86_64": write_server(folder, LISTENER, version, architecture)
    shutil.rmtree(folder)
