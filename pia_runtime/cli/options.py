"""Options and output that several commands share."""

import io
import os
import sys
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from pia_runtime.reports.labels import Labels


class Lang(StrEnum):
    """Language of reports."""

    zh = "zh"
    en = "en"


class Regime(StrEnum):
    """Whose rules."""

    cn = "cn"
    eu = "eu"
    play = "play"


def chosen(lang: Lang | None) -> Literal["zh", "en"]:
    """The language asked for; else Chinese where the locale is Chinese, else English."""
    if lang is not None:
        return "zh" if lang is Lang.zh else "en"
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if locale.lower().startswith("zh") else "en"


CapturePath = Annotated[Path, typer.Argument(metavar="CAPTURE", help="A capture folder.", show_default=False)]
LangOption = Annotated[
    Lang | None,
    typer.Option("--lang", help="Language of the report; by default that of the locale.", show_default=False),
]


class _Manner:
    """How much a command says on stderr."""

    quiet = False


def be_quiet(wanted: bool) -> bool:
    """From now on say nothing on stderr but errors; a command's option and that of ``pia`` itself count alike."""
    _Manner.quiet = _Manner.quiet or wanted
    return wanted


def speak_again() -> None:
    """Forget that quiet was asked for: the next command line says for itself."""
    _Manner.quiet = False


def is_quiet() -> bool:
    """Whether nothing but errors may be said."""
    return _Manner.quiet


QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", callback=be_quiet, help="Nothing on stderr but errors: no progress, no hints.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="The same as --format json.")]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, help="Processes for large flow files; default: one a processor.")
]
RegimeOption = Annotated[
    list[Regime] | None,
    typer.Option("--regime", help="Whose rules to apply; by default those the capture points to; may be repeated."),
]
ThresholdsOption = Annotated[
    Path | None,
    typer.Option(
        "--thresholds", metavar="FILE", help="YAML that overrides thresholds (docs/rules.md).", show_default=False
    ),
]
RemovedOption = Annotated[
    list[str] | None,
    typer.Option("--removed", metavar="SDK", help="State that this SDK is no longer in the build; may be repeated."),
]


PinningOption = Annotated[
    bool,
    typer.Option(
        "--pinning-bypass/--no-pinning-bypass",
        help="Answer the app's certificate checks, so that it also trusts the proxy where it pins.",
    ),
]
KeylogOption = Annotated[
    bool, typer.Option("--keylog/--no-keylog", help="Write the app's TLS secrets to tls-keys.log in the capture.")
]
QuicOption = Annotated[
    bool,
    typer.Option(
        "--quic-block/--no-quic-block", help="Refuse UDP port 443 inside the app, so that it falls back to TCP."
    ),
]
StacksOption = Annotated[
    bool,
    typer.Option("--socket-stacks/--no-socket-stacks", help="Record which code opened which connection."),
]


def labels() -> "Labels":
    """The names that reports print, from the knowledge."""
    from pia_runtime.reports.labels import Labels
    from pia_runtime.storage.analysis import load_toolbox

    toolbox = load_toolbox()
    knowledge, sdks = toolbox.knowledge, toolbox.sdks
    prefixes: dict[str, tuple[str, ...]] = {}
    for prefix, sdk in sdks.prefixes.items():
        if not isinstance(sdk, str):
            prefixes[sdk.id] = (*prefixes.get(sdk.id, ()), prefix)
    return Labels(
        data={entry.id: {"zh": entry.zh, "en": entry.en} for entry in knowledge.taxonomy.values()},
        sensitive=frozenset(entry.id for entry in knowledge.taxonomy.values() if entry.sensitive),
        clauses={clause.id: {"zh": clause.zh, "en": clause.en} for clause in knowledge.clauses.values()},
        rules={rule.id: {"zh": rule.zh, "en": rule.en} for rule in knowledge.rules},
        blind_spots=knowledge.blind_spots,
        categories={str(one.id): {"zh": one.zh, "en": one.en} for one in knowledge.categories.values()},
        quotations={clause.id: clause.quotation for clause in knowledge.clauses.values() if clause.quotation},
        companies={sdk.id: sdk.company for sdk in sdks.sdks.values() if sdk.company},
        prefixes=prefixes,
    )


def stdout_console() -> "Console":
    """A console on stdout: no colour and a fixed width of 100 when piped."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 100)


def say(text: str) -> None:
    """One line for people, on stderr; what is no error (``pia: …``) is left out where quiet was asked for."""
    if not is_quiet() or text.startswith("pia: "):
        sys.stderr.write(f"{text}\n")


def write_result(text: str | bytes, to: Path) -> None:
    """Write a result to a file (0600: it speaks about a person's data) or, for ``-``, to stdout.

    Raises:
        InputError: the file cannot be written.
    """
    from pia_runtime.errors import InputError
    from pia_runtime.storage.folder import replace_file

    content = text.encode() if isinstance(text, str) else text
    if str(to) == "-":
        sys.stdout.buffer.write(content)
        return
    try:
        if to.exists() and not to.is_file():  # a pipe or /dev/null is written to; to replace it would take it away
            to.write_bytes(content)
        else:
            replace_file(to, content)
    except OSError as error:
        raise InputError(f"{to}: cannot be written ({error.strerror})", "choose another file") from error


def print_to(target: Path, show: Callable[["Console"], None]) -> None:
    """Let something print itself to a file, as plain text 100 columns wide, or, for ``-``, to stdout.

    Raises:
        InputError: the file cannot be written.
    """
    from rich.console import Console

    if str(target) == "-":
        show(stdout_console())
        return
    console = Console(file=io.StringIO(), width=100, color_system=None, force_terminal=False)
    with console.capture() as captured:
        show(console)
    write_result("\n".join(line.rstrip() for line in captured.get().split("\n")), target)


def gate_code(document: dict[str, Any], failing: Iterable[str]) -> int:
    """1 where the document counts something in one of the states that fail a gate, which is then told; else 0."""
    counted = [f"{document['counts'][state]} {state}" for state in failing if document["counts"][state]]
    if counted:
        say(f"pia: gate: {', '.join(counted)}")
    return 1 if counted else 0
