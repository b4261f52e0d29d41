"""``pia declare``: what the app says it collects."""

from pathlib import Path
from typing import Annotated

import typer

from pia_runtime.cli.options import CapturePath, LangOption, chosen, labels, say, stdout_console


def declare(
    path: CapturePath,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="YAML (see docs/rules.md), or the CSV export of Play's Data safety form."),
    ],
    lang: LangOption = None,
) -> int:
    """Store what the app says it collects in a capture, and compare it with what the capture shows, per SDK.

    Written to declaration.json in the capture; every later analysis uses it.
    """
    from pia_runtime.reports.declaration import print_declaration
    from pia_runtime.storage.analysis import analyse_capture, load_toolbox
    from pia_runtime.storage.capture_reader import open_capture
    from pia_runtime.storage.declaring import read_declaration_file, write_declaration

    open_capture(path)  # refuses what is no capture before anything is written
    toolbox = load_toolbox()
    declaration = read_declaration_file(file, toolbox.knowledge.taxonomy, toolbox.sdks.sdks)
    target = write_declaration(path, declaration)
    say(f"pia: {len(declaration.items)} items written to {target}")
    document = analyse_capture(path)
    print_declaration(document, labels(), chosen(lang), stdout_console())
    return 0
