"""Reading the project's own data files, with errors that name file and entry."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from pia_runtime.errors import KnowledgeError

ROOT = Path(__file__).parent
"""Folder of the knowledge that ships with the program."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(path: Path) -> Any:  # noqa: ANN401  (YAML is whatever it is; the caller's schema says)
    """Read one YAML file.

    Raises:
        KnowledgeError: the file is missing or not YAML.
    """
    try:
        return parse_yaml(path.read_bytes())
    except OSError as error:
        raise KnowledgeError(f"{path.name}: cannot be read ({error.strerror})", "reinstall pia_runtime") from error
    except ValueError as error:
        raise KnowledgeError(f"{path.name}: not valid YAML ({error})") from error


def parse_yaml(content: str | bytes) -> Any:  # noqa: ANN401  (as above)
    """YAML that a person wrote.

    Raises:
        ValueError: it is none; one line that says where and why.
    """
    try:
        return yaml.load(content, Loader=_Loader)  # noqa: S506  (a safe loader, in C where there is one)
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        place = f"line {mark.line + 1}: " if mark else ""
        raise ValueError(f"{place}{problem or ' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def load_entries(folder: str, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """All entries under ``key`` of every YAML file of a knowledge folder, with ``file: entry`` for messages, in file order."""
    for path in sorted((ROOT / folder).glob("*.yaml")):
        content = load_yaml(path)
        for number, entry in enumerate(content.get(key) or [] if isinstance(content, dict) else []):
            if not isinstance(entry, dict):
                raise KnowledgeError(f"{path.name}: {key}[{number}]: expected a mapping")
            yield f"{path.name}: {entry.get('id', number)}", entry


def require(entry: dict[str, Any], name: str, kind: type | tuple[type, ...], where: str) -> Any:  # noqa: ANN401
    """A field that an entry must have.

    Raises:
        KnowledgeError: it is missing or of another type.
    """
    value = entry.get(name)
    if not isinstance(value, kind):
        raise KnowledgeError(f"{where}: field {name!r} is missing or of the wrong type")
    return value
