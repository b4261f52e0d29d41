"""Java stack traces as text → frames, innermost first, without the hook itself."""

import re
from collections.abc import Collection

MAX_FRAMES = 64

_LOADER = re.compile(r"^(?:[\w.$@-]*/){1,2}(?=[\w$])")
_HIDDEN_CLASS = re.compile(r"/0x[0-9a-f]+")
_REFLECTION = (
    "java.lang.reflect.Method.invoke",
    "java.lang.reflect.Constructor.newInstance",
    "jdk.internal.reflect.",
    "sun.reflect.",
)


def parse_stack(text: str, hooked: Collection[str], *, own_frame: bool = False) -> list[str]:
    """Parse ``Log.getStackTraceString`` or ``printStackTrace`` output.

    Args:
        text: the trace; causes after the first are not part of the call and are left out.
        hooked: ``class.method`` of the hook, whose own frames (and those of the overloads it goes through) are dropped from
            the head, with the reflection below them.
        own_frame: the first frame is the hook's own, whatever class it stands in.

    Returns:
        At most :data:`MAX_FRAMES` frames ``class.method(File.java:12)``, module and loader prefixes removed; addresses of
        hidden classes too, because they change with every run.
    """
    frames: list[str] = []
    for line in text.splitlines()[1:]:
        if not line.startswith("\tat "):
            if frames:
                break
            continue
        frames.append(_normalise(line[4:].strip()))
    return _without_head(frames[1:] if own_frame else frames, hooked)[:MAX_FRAMES]


def without_address(name: str) -> str:
    """Return a class name without the address of a hidden class, which changes with every run."""
    return _HIDDEN_CLASS.sub("", name)


def _normalise(frame: str) -> str:
    call, bracket, place = frame.partition("(")
    return _LOADER.sub("", without_address(call)) + bracket + place


def _without_head(frames: list[str], hooked: Collection[str]) -> list[str]:
    start = 0
    while start < len(frames) and frames[start].partition("(")[0] in hooked:
        start += 1
    while start < len(frames) and frames[start].startswith(_REFLECTION):
        start += 1
    return frames[start:]
