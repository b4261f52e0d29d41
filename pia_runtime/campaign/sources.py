"""Which captures a campaign is about: folders on this machine, or anything fsspec can read."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pia_runtime.errors import InputError, NotReadyError

_MARKS = ("session.json", "events.jsonl", "flows.mitm")
_NEEDS_EXTRA = "pip install 'pia-runtime[cluster]'"


@dataclass(frozen=True, slots=True)
class Source:
    """One capture of a campaign.

    Attributes:
        name: stable name inside the campaign: the path below the place that was given, with ``/``.
        place: the capture folder, as a path or as a URL.
    """

    name: str
    place: str


def find_captures(places: Sequence[str], without: Path | None = None) -> list[Source]:
    """Every capture at or below the given places, by name.

    A folder is a capture when it holds ``session.json``, ``events.jsonl`` or ``flows.mitm``; what lies inside a capture and what
    begins with a dot is not searched. A place that does not exist stays in the list, so that it is reported and not lost.

    Args:
        places: folders or fsspec URLs (``s3://…``, ``zip::…``).
        without: the campaign's own folder, which may lie among the captures.

    Raises:
        InputError: the places exist and hold no capture at all.
        NotReadyError: a URL was given and fsspec is not installed.
    """
    found: list[tuple[str, str]] = []
    for place in places:
        prefix = f"{_last(place)}/" if len(places) > 1 else ""
        found.extend(_named(place, below, prefix) for below in _captures_below(place, without))
    if not found:
        raise InputError(f"{', '.join(places)}: no capture there", "give capture folders or a folder that holds some")
    return _distinct(found)


def _named(place: str, below: str, prefix: str) -> tuple[str, str]:
    if not below:
        return _last(place), place
    if is_url(place):
        head, chain, rest = place.partition("::")
        joint = "" if head.endswith("/") else "/"
        whole = f"{head}{joint}{below}{chain}{rest}"
        return prefix + below, whole
    return prefix + below, str(Path(place) / below)


def _distinct(found: list[tuple[str, str]]) -> list[Source]:
    """The same name twice gets a number, in the order of the places; the same place twice counts once."""
    seen: Counter[str] = Counter()
    sources = []
    for name, place in sorted(set(found)):
        seen[name] += 1
        sources.append(Source(name if seen[name] == 1 else f"{name}#{seen[name]}", place))
    return sorted(sources, key=lambda source: source.name)


def is_url(place: str) -> bool:
    """Whether a place is for fsspec and not a path of this machine."""
    return "://" in place or "::" in place


def _last(place: str) -> str:
    return (
        PurePosixPath(place.partition("::")[0].rstrip("/")).name or place
        if is_url(place)
        else Path(place).resolve().name
    )


def _captures_below(place: str, without: Path | None) -> Iterator[str]:
    if is_url(place):
        yield from _remote_captures(place)
        return
    root = Path(place)
    if not root.is_dir() or _is_capture(root):
        yield ""
        return
    own = without.resolve() if without else None
    pending = [root]
    while pending:
        for folder in sorted(child for child in pending.pop().iterdir() if child.is_dir()):
            if folder.name.startswith(".") or folder.is_symlink() or folder.resolve() == own:
                continue
            if _is_capture(folder):
                yield folder.relative_to(root).as_posix()
            else:
                pending.append(folder)


def _is_capture(folder: Path) -> bool:
    return any((folder / mark).is_file() for mark in _MARKS)


def _remote_captures(url: str) -> Iterator[str]:
    system, root = _opened(url)
    base = root.rstrip("/")
    below = {
        str(PurePosixPath(name).parent)
        for name in system.find(base)
        if PurePosixPath(name).name in _MARKS and "/." not in name[len(base) :]
    }
    for folder in sorted(below):
        yield folder[len(base) :].strip("/") if folder != "." else ""


def _opened(url: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError as error:
        raise NotReadyError(f"{url}: reading URLs needs fsspec", _NEEDS_EXTRA) from error
    try:
        system, root = fsspec.core.url_to_fs(url)
        return system, str(root)
    except (ImportError, ValueError, OSError) as error:
        raise InputError(f"{url}: cannot be opened: {error}", "check the URL and install its fsspec driver") from error


@contextmanager
def local_folder(place: str) -> Iterator[Path]:
    """The capture as a folder of this machine: itself, or a private copy that is removed afterwards.

    Raises:
        InputError: the URL cannot be read.
    """
    if not is_url(place):
        yield Path(place)
        return
    with tempfile.TemporaryDirectory(prefix="pia-capture-") as scratch:
        system, root = _opened(place)
        target = Path(scratch) / "capture"
        target.mkdir(mode=0o700)
        try:
            for name in system.find(root):
                below = target / name[len(root.rstrip("/")) :].lstrip("/")
                if not below.resolve().is_relative_to(target.resolve()):
                    raise InputError(f"{place}: {name} points outside the capture", "do not trust this archive")
                below.parent.mkdir(parents=True, exist_ok=True)
                system.get_file(name, str(below))
        except OSError as error:
            raise InputError(f"{place}: cannot be read: {error}", "check the URL and its rights") from error
        yield target
