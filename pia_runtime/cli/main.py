"""The ``pia`` command. Command bodies import what they need, so that ``--help`` stays quick."""

import os
import sys
from typing import Annotated, Any

import typer

from pia_runtime import __version__
from pia_runtime.cli import (
    analyze,
    annotate,
    bench,
    campaign,
    capture,
    checklist,
    commitment,
    declare,
    demo,
    device,
    diff,
    encrypting,
    explain,
    export,
    hooks,
    import_,
    inspect,
    key,
    knowledge,
    profile,
    purge,
    replay,
    report,
    seal,
    selftest,
    timeline,
    verify,
)
from pia_runtime.cli.options import QuietOption, speak_again
from pia_runtime.errors import PiaError

EXIT_CODES = """Exit codes: 0 fine; 1 findings where --fail-on asked; 2 wrong usage; 3 unreadable or invalid input;
4 device or environment not ready; 5 evidence broken; 6 evidence whole but unsigned or not closed; 7 re-derivation differs;
130 Ctrl-C. Anything else is a bug."""

app = typer.Typer(
    name="pia",
    help="Which personal data an Android app reads and sends, and whether the user had agreed by then.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("capture")(capture.capture)
app.command("doctor")(device.doctor)
app.command("restore")(device.restore)
app.command("profile")(profile.profile)
app.command("plant")(profile.plant)
app.command("import")(import_.import_recording)
app.command("analyze")(analyze.analyze)
app.command("checklist")(checklist.checklist)
app.command("declare")(declare.declare)
app.command("diff")(diff.diff)
app.command("explain")(explain.explain)
app.command("export")(export.export)
app.command("timeline")(timeline.timeline)
app.command("report")(report.report)
app.command("seal")(seal.seal)
app.command("verify")(verify.verify)
app.command("annotate")(annotate.annotate)
app.command("encrypt")(encrypting.encrypt)
app.command("decrypt")(encrypting.decrypt)
app.command("purge")(purge.purge)
app.command("bench")(bench.bench)
app.command("inspect")(inspect.inspect)
app.command("replay")(replay.replay)
app.command("selftest")(selftest.selftest)
app.add_typer(commitment.app, name="commitment")
app.add_typer(hooks.app, name="hooks")
app.add_typer(knowledge.app, name="knowledge")
app.add_typer(key.app, name="key")
app.add_typer(campaign.app, name="campaign")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pia_runtime {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Options before the command."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave the process with a documented exit code."""
    raise SystemExit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; every expected error becomes one line on stderr and its exit code."""
    speak_again()
    try:
        result: Any = app(args=arguments, prog_name="pia", standalone_mode=False)
        sys.stdout.flush()
    except PiaError as error:
        sys.stderr.write(f"pia: {error}\n")
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("pia: interrupted\n")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone; nothing more to say
        return 0
    except Exception as error:
        code = getattr(error, "exit_code", None)
        if code is None or not hasattr(error, "format_message"):
            raise
        sys.stderr.write(_complaint(type(error).__name__, error.format_message()))
        return int(code)
    return result if isinstance(result, int) else 0


def _complaint(kind: str, said: str) -> str:
    """What Typer complains of, as one line; a group that was named alone gets its help instead."""
    if kind == "NoArgsIsHelpError":
        return f"{said}\n"
    line = " ".join(said.replace("Value error, ", "").split()).rstrip(".")
    return f"pia: {line}; see --help\n"
