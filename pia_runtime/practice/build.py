"""Compiles the practice app. The result is kept under a name made from the sources, so a second run finds it."""

import shutil
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path

from pia_runtime.errors import NotReadyError
from pia_runtime.practice.jdk import find_jdk17
from pia_runtime.practice.project_cache import project_cache

SOURCES = Path(__file__).parent / "java"
RELEASE = "17"


def compile_app(cache: Path | None = None, jdk: Path | None = None) -> Path:
    """Folder with the compiled classes.

    Args:
        cache: folder that keeps compiled versions; None for ``.cache/practice``.
        jdk: home of the JDK 17; None to look for one, only when something has to be compiled.

    Raises:
        NotReadyError: no JDK 17, the compiler refused the sources, or the cache cannot be written.
    """
    cache = cache or project_cache() / "practice"
    target = cache / source_digest()[:16]
    if target.is_dir():
        return target
    home = jdk or find_jdk17()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix="compiling-", dir=cache))
    except OSError as error:
        raise NotReadyError(f"{cache}: cannot be written: {error.strerror}", "free space or fix its rights") from error
    try:
        _compile(home, unfinished)
        _move(unfinished, target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target


def source_digest() -> str:
    """SHA-256 over names and contents of all sources and the release they are compiled for."""
    digest = sha256(RELEASE.encode())
    for path in _sources():
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(SOURCES).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _sources() -> list[Path]:
    return sorted(SOURCES.rglob("*.java"))


def _compile(home: Path, target: Path) -> None:
    options = ["-J-XX:-UsePerfData", "-encoding", "UTF-8", "--release", RELEASE, "-g", "-d", str(target)]
    command = [str(home / "bin" / "javac"), *options, *map(str, _sources())]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        first = next(iter((answer.stderr or answer.stdout).splitlines()), "no message")
        raise NotReadyError(f"javac refused the practice app: {first}", "check that the JDK is a whole JDK 17")


def _move(unfinished: Path, target: Path) -> None:
    """Give the finished folder its name; another process may have been faster."""
    try:
        unfinished.rename(target)
    except OSError:
        if not target.is_dir():
            raise
