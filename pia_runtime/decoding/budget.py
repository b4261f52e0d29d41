"""What decoding one flow may cost at most."""

from dataclasses import dataclass

from pia_runtime.model.detection import Leaf, Opaque


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits for one flow. What is beyond them is an :class:`~pia_runtime.model.detection.Opaque`, never an error.

    Attributes:
        max_depth: decode steps from the flow to a value.
        max_output: bytes that all steps together may produce.
        max_ratio: how many times larger than its input one decompression may be; outputs under 64 KiB are always fine.
        max_leaves: values kept.
        whole: texts that are kept where they stand although their parts say everything: values that are searched for and
            are a URL, JSON or a form themselves.
    """

    max_depth: int = 16
    max_output: int = 16 << 20
    max_ratio: int = 1000
    max_leaves: int = 200_000
    whole: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Decoded:
    """Everything reachable in a flow, in the order in which it stands there, and what could not be read."""

    leaves: tuple[Leaf, ...]
    opaque: tuple[Opaque, ...]
