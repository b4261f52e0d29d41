"""Does every SDK and frame entry prove itself? Prefixes and hosts lead to their SDK, examples match, counter-examples do not."""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from pia_runtime.detection.attribution import actor_of_host, actor_of_stack
from pia_runtime.detection.stack_frames import code_name, library_name
from pia_runtime.knowledge.sdks import SdkIndex, longest_prefix

_APP = "com.example.lint"
_APP_FRAME = f"{_APP}.Main.run(Main.java:1)"

Entries = Iterable[tuple[str, Mapping[str, Any]]]


def lint_sdks(entries: Entries, sdks: SdkIndex) -> list[str]:
    """Problems of own SDK entries, one line each, empty where there are none.

    Args:
        entries: all of them, as ``load_entries("sdks", "sdks")`` gives them; a prefix or host that several entries name
            belongs to the first.
        sdks: the index under test.
    """
    known = list(entries)
    first: dict[str, str] = {}
    for _, entry in known:
        for name in _names(entry):
            first.setdefault(name, entry["id"])
    return [problem for where, entry in known for problem in _sdk_problems(where, entry, first, sdks)]


def _names(entry: Mapping[str, Any]) -> list[str]:
    return [*entry["code_prefixes"], *entry.get("hosts", ()), *entry.get("host_suffixes", ())]


def _sdk_problems(where: str, entry: Mapping[str, Any], first: Mapping[str, str], sdks: SdkIndex) -> Iterator[str]:
    for prefix in entry["code_prefixes"]:
        if actor_of_stack([f"{prefix}.Lint.run(Lint.java:1)"], _APP, sdks).id != first[prefix]:
            yield f"{where}: prefix {prefix} does not lead to {first[prefix]}"
    for host in (*entry.get("hosts", ()), *entry.get("host_suffixes", ())):
        if actor_of_host(host, _APP, sdks).id != first[host]:
            yield f"{where}: host {host} does not lead to {first[host]}"
    for frame in entry.get("examples", ()):
        if actor_of_stack([frame], _APP, sdks).id != entry["id"]:
            yield f"{where}: example {frame} does not lead to it"
    for frame in entry.get("counter_examples", ()):
        if actor_of_stack([frame], _APP, sdks).id == entry["id"]:
            yield f"{where}: counter-example {frame} leads to it"


def lint_frames(entries: Entries, sdks: SdkIndex) -> list[str]:
    """Problems of the entries for frames that are passed over (``load_entries("sdks", "frames")``), one line each."""
    return [problem for where, entry in entries for problem in _frame_problems(where, entry, sdks)]


def _frame_problems(where: str, entry: Mapping[str, Any], sdks: SdkIndex) -> Iterator[str]:
    for kind in ("examples", "counter_examples"):
        if not entry.get(kind):
            yield f"{where}: no {kind}"
    for frame in entry.get("examples", ()):
        if actor_of_stack([frame, _APP_FRAME], _APP, sdks).kind != "app":
            yield f"{where}: example {frame} is not passed over"
    for frame in entry.get("counter_examples", ()):
        found = longest_prefix(code_name(frame), sdks.prefixes)
        if (found is not None and found[0] in entry.get("prefixes", ())) or _is_native_of(frame, entry):
            yield f"{where}: counter-example {frame} is passed over"


def _is_native_of(frame: str, entry: Mapping[str, Any]) -> bool:
    library = library_name(frame)
    return bool(library) and any(fnmatchcase(library, pattern) for pattern in entry.get("native_libs", ()))
