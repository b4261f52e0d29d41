"""Writes the program that makes all calls: one class an entry, one method a call, so that a stack names the call."""

import json
from collections.abc import Iterator, Sequence

from pia_runtime.practice.framework_stubs_calls import PACKAGE, Call

MAIN = f"{PACKAGE}.Main"
_CHUNK = 100
"""Calls a Java method makes; the JVM bounds a method's size."""


def canary_sources(calls: Sequence[Call]) -> dict[str, str]:
    """Return the program's Java sources by path. Its one argument is a file that takes what went wrong, one line a call."""
    by_class: dict[str, list[Call]] = {}
    for call in calls:
        by_class.setdefault(call.frame.rpartition(".")[0], []).append(call)
    folder = PACKAGE.replace(".", "/")
    sources = {f"{name.replace('.', '/')}.java": _class(name, found) for name, found in by_class.items()}
    return {**sources, f"{folder}/Main.java": _main([call.frame for call in calls])}


def _class(name: str, calls: Sequence[Call]) -> str:
    package, _, simple = name.rpartition(".")
    body = [text for call in calls for text in call.classes]
    body += [
        f"  public static void {call.frame.rpartition('.')[2]}() throws Throwable {{ {call.code} }}" for call in calls
    ]
    return "\n".join([f"package {package};", '@SuppressWarnings({"all"})', f"public class {simple} {{", *body, "}", ""])


def _main(frames: Sequence[str]) -> str:
    chunks = [frames[start : start + _CHUNK] for start in range(0, len(frames), _CHUNK)]
    return "\n".join([f"package {PACKAGE};", "public class Main {", *_main_body(chunks), "}", ""])


def _main_body(chunks: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "  interface Work { void run() throws Throwable; }"
    yield "  static final StringBuilder failures = new StringBuilder();"
    yield "  static void make(String frame, Work work) {"
    yield '    try { work.run(); } catch (Throwable error) { failures.append(frame + " " + error + "\\n"); } }'
    for number, chunk in enumerate(chunks):
        made = " ".join(
            f"make({json.dumps(frame)}, {frame.rpartition('.')[0]}::{frame.rpartition('.')[2]});" for frame in chunk
        )
        yield f"  static void part{number}() {{ {made} }}"
    yield "  public static void main(String[] arguments) throws Exception {"
    yield "    " + " ".join(f"part{number}();" for number in range(len(chunks)))
    yield "    java.nio.file.Files.writeString(java.nio.file.Path.of(arguments[0]), failures);"
    yield "    System.exit(0); }"
