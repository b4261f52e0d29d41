"""Finds a JDK 17 with javac. Exactly 17: Frida's Java bridge does not hook HotSpot 21 and later."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from pia_runtime.errors import NotReadyError
from pia_runtime.practice.project_cache import project_cache

FIX = "run scripts/jdk, or install openjdk-17-jdk-headless, or set PIA_JDK17 to its folder"
_VERSION = re.compile(r"javac 17(\.|\s|$)")


def find_jdk17(
    environment: Mapping[str, str] = os.environ, cache: Path | None = None, installed: Path = Path("/usr/lib/jvm")
) -> Path:
    """Home of a JDK 17.

    The order is ``$PIA_JDK17``, ``.cache/jdk-17`` (what ``scripts/jdk`` unpacks), the system's JVMs. Nothing is downloaded
    and PATH is not asked.

    Args:
        environment: where ``PIA_JDK17`` is looked up.
        cache: the project's cache folder; None for the usual one.
        installed: folder with one JVM in each subfolder.

    Raises:
        NotReadyError: there is none, or ``PIA_JDK17`` names something else.
    """
    chosen = environment.get("PIA_JDK17")
    if chosen:
        if not is_jdk17(Path(chosen)):
            raise NotReadyError(f"PIA_JDK17={chosen} is not the home of a JDK 17 with javac", FIX)
        return Path(chosen)
    for home in _candidates(cache or project_cache(), installed):
        if is_jdk17(home):
            return home
    raise NotReadyError("no JDK 17 with javac was found", FIX)


def is_jdk17(home: Path) -> bool:
    """Whether a folder holds a java and a javac of version 17 that runs on this machine."""
    javac = home / "bin" / "javac"
    if not javac.is_file() or not (home / "bin" / "java").is_file():
        return False
    try:
        answer = subprocess.run(
            [javac, "-J-XX:-UsePerfData", "-version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and _VERSION.match(answer.stdout + answer.stderr) is not None


def _candidates(cache: Path, installed: Path) -> Iterator[Path]:
    yield cache / "jdk-17"
    yield from sorted((cache / "jdk-17" / "usr" / "lib" / "jvm").glob("java-17-*"))
    yield from sorted(installed.glob("*"), key=lambda home: ("17" not in home.name, home.name))
