"""``pia capture``: a live run on a device."""

from pathlib import Path
from typing import Annotated

import typer

from pia_runtime.cli.encrypting import RecipientOption
from pia_runtime.cli.options import KeylogOption, PinningOption, QuicOption, StacksOption, say
from pia_runtime.cli.seal import KeyOption, SealOption, TimestampOption, chosen_signer


def capture(
    package: Annotated[
        str, typer.Argument(metavar="PACKAGE", help="The app, for instance com.some.app.", show_default=False)
    ],
    device: Annotated[str, typer.Option("--device", "-s", help="Serial of the device, as adb devices prints it.")],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Capture folder to create [default: captures/<id>].", show_default=False),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", help="Port the device's proxy settings name.", min=1, max=65535)
    ] = 8080,
    listen: Annotated[
        str, typer.Option("--listen", help="Address to listen on; 127.0.0.1 goes with adb reverse.")
    ] = "127.0.0.1",
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

    frida-server must run on the device, its proxy must point here (adb reverse tcp:8080 tcp:8080 and the global proxy
    127.0.0.1:8080) and it must trust the certificate in --confdir. Keys during the run: r asked, g given, x refused,
    w withdrawn, n note, s screenshot, q end. Ctrl-C ends the run cleanly (exit code 130).

    When the run is over it is analysed and sealed, and signed where there is a key (`pia key new`).
    """
    from pia_runtime.capture.ending import Ending
    from pia_runtime.capture.instrument import OnDetached, OnEvent
    from pia_runtime.capture.run import capture_device
    from pia_runtime.instrumentation.catalog import load_catalog
    from pia_runtime.instrumentation.host import FridaHost
    from pia_runtime.instrumentation.interventions import Interventions
    from pia_runtime.instrumentation.target import DeviceTarget

    ending = Ending(seal, chosen_signer(key) if seal else None, timestamp, tuple(encrypt or ()))
    catalog = load_catalog()
    interventions = Interventions(pinning_bypass, keylog, quic_block, socket_stacks)

    def connect(on_event: OnEvent, on_detached: OnDetached) -> FridaHost:
        target = DeviceTarget(package, device)
        return FridaHost(target, catalog, on_event=on_event, on_detached=on_detached, interventions=interventions)

    path, result = capture_device(
        package,
        serial=device,
        connect=connect,
        confdir=confdir or Path(".cache") / "mitmproxy",
        out=out,
        port=port,
        listen_host=listen,
        categories=tuple(category or ()),
        identifiers=_known(identifiers),
        duration_s=duration,
    )
    say(f"{result.flows} flows, {result.events} events, {result.dropped} dropped ({result.detail or result.reason})")
    kept = ending.finish(path, say)
    say(f"next: pia {'decrypt' if encrypt else 'analyze'} {kept}")
    return 130 if result.reason == "interrupted" else 0


def _known(path: Path | None) -> list[dict[str, object]] | None:
    """The identifiers of a file, checked before anything is started."""
    if path is None:
        return None
    from pia_runtime.storage.capture_reader import read_identifiers

    return [entry.model_dump(mode="json", exclude_unset=True) for entry in read_identifiers(path).identifiers]
