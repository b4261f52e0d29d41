"""Does every transform of the knowledge prove itself? Its vectors must come out, and its steps must be functions."""

from collections.abc import Iterable, Iterator

from pia_runtime.detection.transforms import FUNCTIONS, apply_steps
from pia_runtime.knowledge.encodings import Encoding

_AS_HEX = ("digest", "checksum", "bytes")


def lint_encodings(encodings: Iterable[Encoding]) -> list[str]:
    """Problems, one line each, empty where there are none."""
    return [f"encodings: {encoding.id}: {problem}" for encoding in encodings for problem in _problems(encoding)]


def _problems(encoding: Encoding) -> Iterator[str]:
    unknown = [step for step in encoding.steps if step not in FUNCTIONS]
    if unknown:
        yield f"step {unknown[0]!r} is no function"
        return
    for vector in encoding.vectors:
        result = apply_steps(encoding.steps, vector.input.encode())
        shown = result.hex() if encoding.form in _AS_HEX else result.decode("utf-8", "replace")
        if shown != vector.output:
            yield f"{vector.input!r} gives {shown}, not {vector.output}"
