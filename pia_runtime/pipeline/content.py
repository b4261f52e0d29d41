"""What a capture holds and what is known, as the pipeline takes them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pia_runtime.knowledge.base import Knowledge
from pia_runtime.knowledge.sdks import SdkIndex
from pia_runtime.knowledge.thresholds import Threshold
from pia_runtime.model.declaration import Declaration
from pia_runtime.model.event import Events
from pia_runtime.model.session import Identifiers, Session
from pia_runtime.pipeline.transmissions import Scan, Transmissions


class TroubleLike(Protocol):
    """Something in a file that could not be used."""

    @property
    def kind(self) -> str:
        """Blind-spot kind."""

    @property
    def where(self) -> str:
        """File and line, or a host."""

    @property
    def detail(self) -> str:
        """What is wrong."""

    @property
    def count(self) -> int:
        """How often."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a capture holds.

    Attributes:
        transmissions: scans the flows in file order; the shell decides how they are read and by how many processes.
        troubles: what was wrong with the files; asked after the flows were read.
        flow_bytes: about how much traffic there is; decides how it is scanned, never what is found.
        commitment_key: the capture's key, or None.
        declaration: what the app says of itself, or None.
        thresholds: threshold id → number, where the capture or its tester overrides the knowledge.
        regimes: whose rules are asked about; None for those that the capture itself points to.
    """

    session: Session
    identifiers: Identifiers
    events: Events
    transmissions: Callable[[Scan], Transmissions]
    troubles: Callable[[], Sequence[TroubleLike]]
    flow_bytes: int = 0
    commitment_key: bytes | None = None
    declaration: Declaration | None = None
    thresholds: Mapping[str, Threshold] | None = None
    regimes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Toolbox:
    """Knowledge, ready to use.

    Attributes:
        scanner_for: makes the scan for one capture's identifiers, events, package and bytes of flows; also says which known
            values are too weak to search for, as (taxonomy id, reason).
    """

    knowledge: Knowledge
    sdks: SdkIndex
    scanner_for: Callable[[Identifiers, Events, str, int], tuple[Scan, Sequence[tuple[str, str]]]]
