"""``docs/cli.md`` is the program's own account of itself, and every example in it works."""

import enum
import os
import shlex
import shutil
import typing
from pathlib import Path

import pytest
import typer
import yaml

from pia_runtime.cli.main import EXIT_CODES, app, run

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "cli.md"
EXAMPLES = yaml.safe_load((ROOT / "docs" / "cli-examples.yaml").read_text(encoding="utf-8"))["examples"]
RUN_HERE = [example for example in EXAMPLES if "needs" not in example]


def commands(group, path=("pia",)):
    """Every command that does something, with the words that lead to it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(commands(typer.main.get_command(app)))


def named(example):
    """The command that an example is about."""
    words = example["run"].split()
    return max((name for name in COMMANDS if words[: len(name.split())] == name.split()), key=len)


def reference():
    """The whole page."""
    lines = [
        "# The command line",
        "",
        "Made from the program by `PIA_REFRESH_GOLDEN=1 pytest tests/cli/test_cli_reference.py`; the examples stand in",
        "`docs/cli-examples.yaml` and a test runs them. Results go to stdout, everything for people to stderr: a bar or spinner on",
        "long work where stderr is a terminal, none when piped or with `--quiet` (also `pia --quiet COMMAND`). `NO_COLOR` is",
        "respected. Reports speak Chinese where the locale does (`LC_ALL`, `LC_MESSAGES`, `LANG`), else English; `--lang` decides.",
        "Help and errors are in English. `pia --install-completion` completes commands, options and their values in bash, zsh and",
        "fish. An error is one line with the fix.",
        "",
        EXIT_CODES.replace("\n", " "),
        "[exit-codes.md](exit-codes.md) has examples.",
    ]
    for name, command in COMMANDS.items():
        lines += ["", f"## {name}", "", (command.help or "").strip(), "", "```"]
        for example in (one for one in EXAMPLES if named(one) == name):
            lines += [
                f"# {example['say']}" + (f" (needs {example['needs']})" if "needs" in example else ""),
                example["run"],
            ]
        lines += ["```", ""]
        lines += [f"- {line}" for line in map(described, command.params) if line]
    return "\n".join(lines) + "\n"


def described(parameter):
    """One line on an argument or option."""
    if parameter.name == "help":
        return ""
    names = ", ".join([*parameter.opts, *parameter.secondary_opts])
    if parameter.param_type_name == "argument":
        names = parameter.metavar or parameter.name.upper()
    values = list(values_of(parameter.type_descriptor.annotation))
    told = f" ({', '.join(values)})" if values else ""
    return f"`{names}`{told} {getattr(parameter, 'help', '') or ''}".rstrip()


def values_of(annotation):
    """The words that an option takes, where it takes one of a few."""
    for inner in (annotation, *typing.get_args(annotation)):
        if isinstance(inner, type) and issubclass(inner, enum.Enum):
            yield from (member.value for member in inner)
        elif inner is not annotation:
            yield from values_of(inner)


def test_the_reference_says_what_the_program_says():
    if os.environ.get("PIA_REFRESH_GOLDEN") == "1":
        REFERENCE.write_text(reference(), encoding="utf-8")
    assert REFERENCE.read_text(encoding="utf-8") == reference(), (
        "PIA_REFRESH_GOLDEN=1 pytest tests/cli/test_cli_reference.py"
    )


def test_every_command_has_an_example_and_every_option_a_sentence():
    assert {named(example) for example in EXAMPLES} == set(COMMANDS)
    silent = [
        f"{name} {parameter.name}"
        for name, command in COMMANDS.items()
        for parameter in command.params
        if parameter.param_type_name == "option" and not parameter.help
    ]
    assert silent == []


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder as the examples expect it."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(
        ROOT / "captures" / "sample-loan", folder / "captures" / "sample-loan", ignore=shutil.ignore_patterns("derived")
    )
    shutil.copy(ROOT / "tests" / "data" / "har" / "chrome.har", folder / "recording.har")
    declared = {"source": "privacy policy", "collected": [{"data": "phone_number", "by": "app"}]}
    (folder / "declaration.yaml").write_text(yaml.safe_dump(declared), encoding="utf-8")
    return folder


def test_every_example_does_what_is_said(place, monkeypatch, capfd):
    """One after the other: later examples read what earlier ones wrote."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place / "config"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    wrong = []
    for example in RUN_HERE:
        code = run(shlex.split(example["run"])[1:])
        shown = capfd.readouterr()
        if code != example.get("exit", 0) or "Traceback" in shown.err:
            wrong.append((example["run"], code, shown.err))
    assert wrong == []
