"""One piece of personal data seen once, and who took it to where (analysis document, ``detections``)."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from pia_runtime.model.flow import Location

Act = Literal["access", "attempt", "transmission"]
Basis = Literal["known", "observed", "derived", "adapter", "pattern"]
Phase = Literal["before_prompt", "before_choice", "after_grant", "after_refusal", "after_withdrawal", "unknown"]
Verdict = Literal["without_consent", "indeterminate", "with_consent"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Whose code did it. ``id`` is the SDK's knowledge id, the app's package, or None where unknown."""

    kind: Literal["app", "sdk", "system", "unknown"]
    id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where it went. ``third_party`` compares registrable domains and companies; None where it cannot be told."""

    host: str
    domain: str
    company: str | None = None
    third_party: bool | None = None


class Leaf(NamedTuple):
    """A value reached by decoding a flow. A tuple, because a capture has millions of them and tuples are made fastest.

    Attributes:
        location: where in the flow the outermost container stands.
        path: decode steps from outside in, as written strings: ``("gunzip", "json:$.device.id", "base64")``. A query or
            form field is ``form:name``, a header ``header:name`` (lower case), a cookie ``cookie:name``, a path segment
            ``segment:2`` (from 0), a WebSocket message ``message:3`` (index in the flow).
        key: the nearest field name around the value, or "" where there is none; context for weak values.
        data: the value itself, bytes; text is UTF-8.
    """

    location: Location
    path: tuple[str, ...]
    key: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Match:
    """An identifier found in a leaf, before anything is known of time, actor or consent.

    Attributes:
        data: taxonomy id.
        encoding: of the value itself inside the leaf: ``plain``, ``md5``, ``sha256(upper)``, ``hex``, …
        value: canonical full value of the identifier (never printed; masked and committed on the way out).
        path: the leaf's path; may be longer where the match itself took further steps.
        confidence: ``certain`` for values, ``likely`` or ``possible`` for patterns.
        source: id of the adapter or pattern that spoke, else "".
        learned_from: ``seq`` of the events that returned or transformed the value, empty for known values.
    """

    data: str
    basis: Basis
    encoding: str
    value: str
    location: Location
    path: tuple[str, ...]
    confidence: Literal["certain", "likely", "possible"] = "certain"
    source: str = ""
    learned_from: tuple[int, ...] = ()
    message: int | None = None
    """Index of the WebSocket message it stands in, whose time then counts; None for the request."""


@dataclass(frozen=True, slots=True)
class Opaque:
    """Part of a flow that could not be read: high entropy and no known form, or over the budget.

    Attributes:
        reason: ``high_entropy``, ``budget_exceeded``, ``too_deep``, ``undecodable``.
    """

    location: Location
    path: tuple[str, ...]
    reason: str
    size: int
