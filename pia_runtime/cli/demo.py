"""``pia demo``: the main job on the practice app."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pia_runtime.cli.options import (
    KeylogOption,
    LangOption,
    PinningOption,
    QuicOption,
    StacksOption,
    chosen,
    labels,
    say,
    stdout_console,
)
from pia_runtime.cli.seal import KeyOption, SealOption, chosen_signer, write_seal


class Scenario(StrEnum):
    """What the user of the practice app does with the consent dialog."""

    never = "never"
    accept = "accept"
    refuse = "refuse"
    accept_then_withdraw = "accept-then-withdraw"


def demo(
    scenario: Annotated[
        Scenario, typer.Option("--scenario", help="What the user does.")
    ] = Scenario.accept_then_withdraw,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", help="Capture folder to create [default: captures/demo-<time>].", show_default=False
        ),
    ] = None,
    lang: LangOption = None,
    pinning_bypass: PinningOption = True,
    keylog: KeylogOption = True,
    quic_block: QuicOption = True,
    socket_stacks: StacksOption = True,
    seal: SealOption = True,
    key: KeyOption = None,
) -> None:
    """Run the practice app under Frida and mitmproxy, capture, analyse, and draw the timeline.

    The app is a made-up lending app on JDK 17 with four made-up SDKs; every identity in it is synthetic. What a real device
    adds and this cannot show: Android's runtime and framework, permissions, SELinux, certificate pinning.
    """
    from pia_runtime.cli.timeline import write_page
    from pia_runtime.instrumentation.interventions import Interventions
    from pia_runtime.practice.demo import default_out, run_demo
    from pia_runtime.reports.table import print_findings
    from pia_runtime.storage.analysis import analyse_capture, write_analysis

    signer = chosen_signer(key, without=None if seal else "--no-seal")
    interventions = Interventions(pinning_bypass, keylog, quic_block, socket_stacks)
    path = run_demo(out or default_out(scenario.value), scenario.value, interventions=interventions)
    document = analyse_capture(path)
    write_analysis(path, document)
    if seal:
        write_seal(path, document, signer)
    language = chosen(lang)
    print_findings(document, labels(), language, stdout_console())
    page = path / "derived" / "timeline.html"
    say(f"capture:  {path}")
    write_page(path, page, language)
