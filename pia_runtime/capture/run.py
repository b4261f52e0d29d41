"""A live run on a device whose frida-server, certificate and proxy settings are in place: one call from package to capture."""

import importlib.metadata
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pia_runtime import __version__
from pia_runtime.capture.device_facts import parse_app, parse_device, parse_first_launch, read_adb
from pia_runtime.capture.following import Follower
from pia_runtime.capture.instrument import Connect
from pia_runtime.capture.keys import HELP, KeyReader
from pia_runtime.capture.live import LiveResult, run_live
from pia_runtime.capture.proxy import Proxy
from pia_runtime.capture.screenshot import read_screen
from pia_runtime.capture.status import LiveLog
from pia_runtime.capture.view import LiveView
from pia_runtime.errors import InputError, PiaError
from pia_runtime.storage.writer import CaptureWriter

ReadDevice = Callable[..., str]
"""Takes a serial and the words of a command, returns what it printed (:func:`read_adb`)."""

PACKAGE_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._")
"""Letters of an Android package name; anything else would reach the device's shell."""


def session_id(package: str, started_ns: int) -> str:
    """Name of a capture: start in UTC and package, ``2025-11-23T080000Z-com.example.loan``."""
    started = datetime.fromtimestamp(started_ns // 1_000_000_000, UTC)
    return f"{started:%Y-%m-%dT%H%M%SZ}-{package}"


def describe_run(
    package: str, serial: str, categories: tuple[int, ...] = (), read: ReadDevice = read_adb
) -> dict[str, Any]:
    """``session.json`` of a run that is about to begin: app, device and tool versions.

    Raises:
        NotReadyError: adb is missing or the device does not answer.
        InputError: the app is not installed, or the name is not a package name.
    """
    if not package or not set(package) <= PACKAGE_LETTERS:
        raise InputError(f"{package!r} is not a package name", "give a name like com.example.app")
    dumpsys = read(serial, "dumpsys", "package", package)
    if f"Package [{package}]" not in dumpsys:
        raise InputError(
            f"{package} is not installed on {serial}", "install it first, or list: adb shell pm list packages"
        )
    started_ns = time.time_ns()
    app = {**parse_app(package, dumpsys), "categories": list(categories)}
    session = {"id": session_id(package, started_ns), "app": app, "started_ns": started_ns, "tools": tool_versions()}
    first_launch = parse_first_launch(dumpsys)
    if first_launch is not None:
        session["first_launch"] = first_launch
    return {**session, "device": parse_device(serial, read(serial, "getprop"))}


def tool_versions() -> dict[str, str]:
    """Versions of what records: this program, mitmproxy and Frida."""
    versions = {name: importlib.metadata.version(name) for name in ("mitmproxy", "frida")}
    return {"pia_runtime": __version__, **versions}


def capture_device(
    package: str,
    *,
    serial: str,
    connect: Connect,
    confdir: Path,
    out: Path | None = None,
    port: int = 8080,
    listen_host: str = "127.0.0.1",
    mode: tuple[str, ...] = ("regular",),
    categories: tuple[int, ...] = (),
    identifiers: list[dict[str, Any]] | None = None,
    duration_s: float | None = None,
    calibrate_every_s: float = 5.0,
    read: ReadDevice = read_adb,
    take_screenshot: Callable[[], bytes] | None = None,
    on_writer: Callable[[CaptureWriter], object] = lambda _: None,
    is_over: Callable[[], bool] | None = None,
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr),  # noqa: T201 - for people, not a result
) -> tuple[Path, LiveResult]:
    """Record one run of an app on a device.

    Args:
        package: the app.
        serial: the device, as adb names it.
        connect: makes the instrument that starts the app.
        confdir: where the proxy's authority is kept, the one that the device trusts.
        out: the capture's folder; default ``captures/<session id>``.
        port: the port that the device's proxy settings name.
        listen_host: the address they name; ``127.0.0.1`` goes with ``adb reverse``.
        mode: mitmproxy's proxy modes.
        categories: numbers of the app's categories.
        identifiers: values known to be on the device, or None.
        duration_s: seconds after which the run ends, or None.
        calibrate_every_s: seconds between clock exchanges.
        read: asks the device's shell.
        take_screenshot: the device's screen as PNG (key s); default by adb.
        on_writer: takes the capture's writer before anything is started.
        is_over: whether the scenario has come to its end, or None where there is none.
        say: takes lines for people.

    Returns:
        The capture's folder and how the run ended.

    Raises:
        NotReadyError: device, adb or port is not ready.
        InputError: the app is not installed, or ``out`` is not empty.
    """
    session = describe_run(package, serial, categories, read)
    writer = CaptureWriter.create(out or Path("captures") / session["id"], session, identifiers)
    proxy = Proxy(writer, port=port, listen_host=listen_host, confdir=confdir, mode=mode)
    with writer:
        try:
            on_writer(writer)
            proxy.start()
        except PiaError:
            writer.discard()
            raise
        say(f"recording into {writer.path}, proxy on {listen_host}:{proxy.port}")
        for configuration in proxy.client_configurations:
            say(f"import this tunnel into the device's WireGuard app and switch it on:\n{configuration}")
            if sys.stderr.isatty():
                from pia_runtime.capture.tunnel import configuration_picture

                say(configuration_picture(configuration))
        log = LiveLog()
        following = Follower(writer.path, log.sent)
        with following, KeyReader() as keys, LiveView(hint=HELP if keys.enabled else "", title=package) as status:
            if keys.why_not:
                say(keys.why_not)
            else:
                say(f"marks by key are uncertain by ±{keys.err_ns / 1e9:.1f} s")
            result = run_live(
                connect,
                proxy,
                writer,
                keys=keys,
                status=status,
                duration_s=duration_s,
                calibrate_every_s=calibrate_every_s,
                take_screenshot=take_screenshot or (lambda: read_screen(serial)),
                log=log,
                is_over=is_over,
            )
    return writer.path, result
