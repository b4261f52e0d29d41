"""The framework as the catalog needs it: stub classes from the SDK's real signatures, and a program that calls them.

Stubs stand for classes, members and overloads only; what they return is made up. ``framework_stubs_known`` has their signatures,
``framework_stubs_shape`` says which are written, ``framework_stubs_render`` how, ``framework_stubs_calls`` and
``framework_stubs_program`` what calls them.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pia_runtime.errors import NotReadyError
from pia_runtime.instrumentation.catalog import Catalog
from pia_runtime.practice.framework_stubs_calls import Call, calls_of, why_not
from pia_runtime.practice.framework_stubs_program import MAIN, canary_sources
from pia_runtime.practice.framework_stubs_render import render
from pia_runtime.practice.framework_stubs_shape import Shapes
from pia_runtime.practice.jdk import find_jdk17
from pia_runtime.practice.project_cache import project_cache

__all__ = ["MAIN", "Call", "CanaryProgram", "compile_canary"]


@dataclass(frozen=True, slots=True)
class CanaryProgram:
    """A compiled program that makes every catalogued call it can.

    Attributes:
        classes: folder for the class path; ``MAIN`` is started with one argument, the file that takes the calls that threw.
        calls: what it calls, in order.
        left_out: entries without a call, each with the reason.
    """

    classes: Path
    calls: tuple[Call, ...]
    left_out: dict[str, str]


def compile_canary(catalog: Catalog, cache: Path | None = None, jdk: Path | None = None) -> CanaryProgram:
    """Write and compile the stubs and the program; the outcome is kept under a name made from the sources.

    Args:
        catalog: what is called.
        cache: folder that keeps compiled versions; None for ``.cache/framework-stubs``.
        jdk: home of the JDK 17; None to look for one.

    Raises:
        NotReadyError: no JDK 17, the compiler refused a source (it names file and line), or the cache cannot be written.
    """
    calls = tuple(call for entry in catalog.entries.values() for call in calls_of(entry))
    reasons = {entry.id: why_not(entry) for entry in catalog.entries.values()}
    sources = {**render(Shapes(catalog)), **canary_sources(calls)}
    folder = _compiled(sources, cache or project_cache() / "framework-stubs", jdk or find_jdk17())
    return CanaryProgram(folder, calls, {id_: reason for id_, reason in reasons.items() if reason is not None})


def _compiled(sources: Mapping[str, str], cache: Path, jdk: Path) -> Path:
    digest = sha256("\0".join(f"{path}\0{text}" for path, text in sorted(sources.items())).encode()).hexdigest()
    target = cache / digest[:16]
    if target.is_dir():
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix="compiling-", dir=cache))
    except OSError as error:
        raise NotReadyError(f"{cache}: cannot be written: {error.strerror}", "free space or fix its rights") from error
    try:
        _compile(sources, unfinished, jdk)
        if not target.is_dir():
            (unfinished / "classes").rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target


def _compile(sources: Mapping[str, str], folder: Path, jdk: Path) -> None:
    for path, text in sources.items():
        file = folder / "java" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    listed = folder / "sources.txt"
    listed.write_text("\n".join(str(folder / "java" / path) for path in sources), "utf-8")
    options = ["-J-XX:-UsePerfData", "-encoding", "UTF-8", "--release", "17", "-nowarn", "-d", str(folder / "classes")]
    answer = subprocess.run(
        [jdk / "bin" / "javac", *options, f"@{listed}"], capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        first = next((line for line in answer.stderr.splitlines() if "error:" in line), answer.stderr[:300])
        raise NotReadyError(
            f"javac refused a framework stub: {first}", "correct the entry's signature or its trigger_code"
        )
