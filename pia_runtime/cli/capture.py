"""``pia capture``: a live run on a device."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from pia_runtime.cli.device import CONFDIR, FRIDA_PORT, DeviceOption, FridaPortOption
from pia_runtime.cli.encrypting import RecipientOption
from pia_runtime.cli.options import KeylogOption, PinningOption, QuicOption, StacksOption, say
from pia_runtime.cli.seal import KeyOption, SealOption, TimestampOption, chosen_signer
from pia_runtime.errors import UsageError

LOOPBACK = "127.0.0.1"
RESTART_SECONDS = 5.0
"""How long an app that ended is given to start again before the run ends."""


class NetworkChoice(StrEnum):
    """How the app's traffic reaches the proxy."""

    reverse = "reverse"
    emulator = "emulator"
    wireguard = "wireguard"
    none = "none"


_OF_PREPARING = (
    "frida_server", "frida_port", "frida_name", "network", "udp_block", "install", "clear_data", "revoke", "scenario",
    "snapshot", "record_screen", "emulator_packets",
)  # fmt: skip
"""Options that say how the device is made ready or driven; without preparation there is nothing for them to do."""


def capture(
    context: typer.Context,
    package: Annotated[
        str, typer.Argument(metavar="PACKAGE", help="The app, for instance com.some.app.", show_default=False)
    ],
    device: DeviceOption = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Capture folder to create [default: captures/<id>].", show_default=False),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", help="Port the device's proxy settings name.", min=1, max=65535)
    ] = 8080,
    listen: Annotated[
        str, typer.Option("--listen", help="Address to listen on with --no-prepare; 127.0.0.1 goes with adb reverse.")
    ] = LOOPBACK,
    category: Annotated[
        list[int] | None,
        typer.Option("--category", help="Number of the app's category, 1 to 39; may be repeated.", min=1, max=39),
    ] = None,
    identifiers: Annotated[
        Path | None,
        typer.Option(
            "--identifiers", help="identifiers.json with the values known to be on the device.", show_default=False
        ),
    ] = None,
    confdir: Annotated[
        Path | None,
        typer.Option(
            "--confdir",
            help="Folder of the mitmproxy certificate the device trusts [default: .cache/mitmproxy].",
            show_default=False,
        ),
    ] = None,
    duration: Annotated[
        float | None, typer.Option("--duration", help="End the run after this many seconds.", min=1, show_default=False)
    ] = None,
    prepare: Annotated[
        bool,
        typer.Option(
            "--prepare/--no-prepare",
            help="Make the device ready and give it back as it was; without, everything must be set up by hand.",
        ),
    ] = True,
    frida_server: Annotated[
        Path | None,
        typer.Option(
            "--frida-server",
            help="frida-server for the device, packed or not, or a folder of downloads [default: one that runs there].",
            exists=True,
            show_default=False,
        ),
    ] = None,
    frida_port: FridaPortOption = FRIDA_PORT,
    frida_name: Annotated[
        str, typer.Option("--frida-name", help="Its name on the device; some apps look for the usual one.")
    ] = "frida-server",
    network: Annotated[
        NetworkChoice,
        typer.Option(
            "--network",
            help="How traffic gets here: adb reverse, the SDK emulator's 10.0.2.2, mitmproxy's WireGuard, or none of them.",
        ),
    ] = NetworkChoice.reverse,
    udp_block: Annotated[
        bool,
        typer.Option("--udp-block/--no-udp-block", help="Refuse UDP port 443 on the whole device (needs iptables)."),
    ] = True,
    install: Annotated[
        list[Path] | None,
        typer.Option(
            "--install",
            help="APK, split APKs, .apks, .xapk or .apkm to install where the app is not there; removed afterwards.",
            exists=True,
            show_default=False,
        ),
    ] = None,
    clear_data: Annotated[
        bool,
        typer.Option(
            "--clear-data", help="Empty the app first, so that it starts as for the first time. Cannot be undone."
        ),
    ] = False,
    revoke: Annotated[
        bool, typer.Option("--revoke-permissions", help="Take back what the app is allowed, for the run.")
    ] = False,
    scenario: Annotated[
        str | None,
        typer.Option(
            "--scenario",
            help="first-launch-60s, refuse, accept, accept-withdraw, background-10min, or a .yaml file [default: by hand].",
            show_default=False,
        ),
    ] = None,
    runs: Annotated[
        int, typer.Option("--runs", help="Do the same this often; each run has its own capture.", min=1, max=100)
    ] = 1,
    snapshot: Annotated[
        str,
        typer.Option(
            "--snapshot",
            help="Put an SDK emulator back to this snapshot before each run; a phone has none: use --clear-data.",
            show_default=False,
        ),
    ] = "",
    record_screen: Annotated[
        bool,
        typer.Option("--record-screen", help="Keep what the screen shows as video (blobs/); never part of pia export."),
    ] = False,
    emulator_packets: Annotated[
        bool,
        typer.Option(
            "--emulator-packets",
            help="Let an SDK emulator record its own packets into the capture (emulator.pcap, for pia import).",
        ),
    ] = False,
    pinning_bypass: PinningOption = True,
    keylog: KeylogOption = True,
    quic_block: QuicOption = True,
    socket_stacks: StacksOption = True,
    seal: SealOption = True,
    key: KeyOption = None,
    timestamp: TimestampOption = "",
    encrypt: RecipientOption = None,
) -> int:
    """Record an app on a rooted emulator or phone: flows, API reads, clock samples and consent marks.

    The device is made ready step by step (root, frida-server, certificate, proxy, QUIC, app), each step is undone at the
    end, on an error and on Ctrl-C; after kill -9 pia restore does it. Ask pia doctor first. With --no-prepare, frida-server
    must run, the proxy must point here and the device must trust the certificate in --confdir.
    Keys during the run: r asked, g given, x refused, w withdrawn, n note, s screenshot, q end. Ctrl-C ends the run cleanly
    (exit code 130).

    With --runs the captures stand in run-01, run-02, … below --out. A snapshot is made once by hand:
    adb emu avd snapshot save NAME.

    When the run is over it is analysed and sealed, and signed where there is a key (`pia key new`).
    """
    from pia_runtime.capture.device_plan import DevicePlan, Network
    from pia_runtime.capture.device_run import DeviceRun, NotGivenBackError
    from pia_runtime.capture.ending import Ending
    from pia_runtime.capture.instrument import Connect, OnDetached, OnEvent
    from pia_runtime.capture.run import PACKAGE_LETTERS, capture_device
    from pia_runtime.device.connection import choose_device
    from pia_runtime.device.scenario import load_scenario
    from pia_runtime.errors import InputError
    from pia_runtime.instrumentation.catalog import load_catalog
    from pia_runtime.instrumentation.host import FridaHost
    from pia_runtime.instrumentation.interventions import Interventions
    from pia_runtime.instrumentation.server_probe import probe_server
    from pia_runtime.instrumentation.target import DeviceTarget

    if not set(package) <= PACKAGE_LETTERS:
        raise InputError(f"{package!r} is not a package name", "give a name like com.example.app")
    _refuse_what_would_be_ignored(context, prepare=prepare)
    if timestamp and not seal:
        raise UsageError("--timestamp has no meaning with --no-seal", "leave one of them out")
    signer = chosen_signer(key, without=None if seal else "--no-seal")
    known, driven = _known(identifiers), load_scenario(scenario) if scenario else None
    serial = choose_device(device)
    ending = Ending(seal, signer, timestamp, tuple(encrypt or ()))
    catalog = load_catalog()
    interventions = Interventions(pinning_bypass, keylog, quic_block, socket_stacks)

    def connect_to(address: str | None) -> Connect:
        def connect(on_event: OnEvent, on_detached: OnDetached) -> FridaHost:
            target = DeviceTarget(package, serial, address)
            return FridaHost(
                target,
                catalog,
                on_event=on_event,
                on_detached=on_detached,
                interventions=interventions,
                restart_s=RESTART_SECONDS,
            )

        return connect

    plan = DevicePlan(
        package,
        frida_server=frida_server,
        frida_port=frida_port,
        frida_name=frida_name,
        network=Network(network.value),
        port=port,
        udp_block=udp_block,
        install=tuple(install or ()),
        clear_data=clear_data,
        revoke=revoke,
        record_screen=record_screen,
        emulator_packets=emulator_packets,
        confdir=confdir or CONFDIR,
    )
    about: dict[str, Any] = {"categories": tuple(category or ()), "identifiers": known, "duration_s": duration}

    def one(folder: Path | None) -> int:
        left: NotGivenBackError | None = None
        if prepare:
            try:
                run = DeviceRun(serial, plan, connect_to, probe_server, driven, say, snapshot)
                path, result = run.record(out=folder, **about)
            except NotGivenBackError as error:  # the recording is whole: it is sealed first
                path, result, left = error.path, error.result, error
                say(f"! {left}")
        else:
            path, result = capture_device(
                package,
                serial=serial,
                connect=connect_to(None),
                confdir=plan.confdir,
                port=port,
                listen_host=listen,
                out=folder,
                **about,
            )
        say(
            f"{result.flows} flows, {result.events} events, {result.dropped} dropped ({result.detail or result.reason})"
        )
        kept = ending.finish(path, say)
        say(f"next: pia {'decrypt' if encrypt else 'analyze'} {kept}")
        if left is not None:
            raise left
        return 130 if result.reason == "interrupted" else 0

    for number in range(1, runs + 1):
        if runs > 1:
            say(f"run {number} of {runs}" + ("" if number == 1 or snapshot or clear_data else _GOES_ON))
        code = one(out / f"run-{number:02}" if out is not None and runs > 1 else out)
        if code:
            return code
    return 0


_GOES_ON = ": it starts from what the run before left; --snapshot or --clear-data would start afresh"


def _refuse_what_would_be_ignored(context: typer.Context, *, prepare: bool) -> None:
    given = {
        option.name: option.opts[0]
        for option in context.command.params
        if option.name and getattr(context.get_parameter_source(option.name), "name", "DEFAULT") != "DEFAULT"
    }
    if prepare and "listen" in given:
        raise UsageError("--listen goes with --no-prepare", "leave it out; --network says how traffic gets here")
    idle = [given[name] for name in _OF_PREPARING if name in given]
    if not prepare and idle:
        raise UsageError(
            f"--no-prepare changes nothing on the device, so {', '.join(idle)} would be ignored", "leave one out"
        )


def _known(path: Path | None) -> list[dict[str, object]] | None:
    """The identifiers of a file, checked before anything is started."""
    if path is None:
        return None
    from pia_runtime.storage.capture_reader import read_identifiers

    return [entry.model_dump(mode="json", exclude_unset=True) for entry in read_identifiers(path).identifiers]
