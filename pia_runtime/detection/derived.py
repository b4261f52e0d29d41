"""What recorded transforms made of known and observed values: salted hashes, HMACs, ciphertexts (basis ``derived``).

A digest of something that holds a value becomes a needle. What a cipher produced becomes a needle too, but one that stands for
its plaintext: found in a flow, the plaintext is decoded and searched in its place.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pia_runtime.decoding import Budget
from pia_runtime.detection.confirm import Needle
from pia_runtime.detection.needles import NeedleSet
from pia_runtime.detection.needles_forms import raw_needles
from pia_runtime.detection.scanner import Scanner
from pia_runtime.detection.scanner_incoming import as_flow
from pia_runtime.model.detection import Match
from pia_runtime.model.event import Transform

MAX_ROUNDS = 8
"""Links of a chain (a hash of a hash of a ciphertext …) that are followed."""
_MINIMAL_OUTPUT = 8
_MINIMAL_JOINED = 8
_MOST_SALT = 128
"""Bytes beside the value up to which a digest stands for the value; over more it may sign a whole request."""
_ONE_WAY = frozenset({"digest", "mac"})
_UNDOES = frozenset({"decrypt", "decompress", "decode"})
_UNDONE_BY = {"encrypt": "decrypt", "compress": "decompress", "encode": "decode"}


@dataclass(frozen=True, slots=True)
class _Link:
    """A transform as ``source`` → ``product``; for a decryption the product is what went in."""

    transform: Transform
    source: bytes
    product: bytes


def derive(transforms: Sequence[Transform], needles: NeedleSet, *, budget: Budget | None = None) -> tuple[Needle, ...]:
    """Needles for everything that transforms computed from values of ``needles``, chains followed to their end.

    A digest that needs no event (the md5 of the bare value) is a needle already and is not derived again.

    Args:
        transforms: as recorded, in any order.
        needles: known and observed values.
        budget: limits of decoding one transform's input.

    Returns:
        Needles for :meth:`NeedleSet.extended`, in a stable order.
    """
    links = _links(transforms)
    if not links:
        return ()
    existing = {needle.data.lower() if needle.caseless else needle.data for needle in needles.needles}
    found: list[Needle] = []
    done: set[tuple[int, str, str]] = set()
    fresh = needles
    for _ in range(MAX_ROUNDS):
        scanner = Scanner(fresh, budget=budget)
        added = [needle for link in links for needle in _grown(link, scanner, fresh, done)]
        added = [
            needle for needle in added if (needle.data.lower() if needle.caseless else needle.data) not in existing
        ]
        if not added:
            break
        found.extend(added)
        fresh = needles.extended(found)
    return tuple(found)


def _links(transforms: Iterable[Transform]) -> list[_Link]:
    """Distinct transforms by ``seq``, with outputs long enough to identify."""
    unique: dict[tuple[str, bytes, bytes], _Link] = {}
    for transform in sorted(transforms, key=lambda item: item.stamp.seq):
        swapped = transform.op in _UNDOES
        source = transform.output if swapped else transform.input
        product = transform.input if swapped else transform.output
        if source and len(product) >= _MINIMAL_OUTPUT and source != product:
            unique.setdefault((transform.op, source, product), _Link(transform, source, product))
    return list(unique.values())


def _grown(link: _Link, scanner: Scanner, fresh: NeedleSet, done: set[tuple[int, str, str]]) -> Iterator[Needle]:
    """New needles from one transform, if its source holds something searched for."""
    seq = link.transform.stamp.seq
    matches = scanner.scan(as_flow(link.source)).matches
    if link.transform.op in _ONE_WAY:
        matches += tuple(_joined(link.source, fresh, matches))
    new = [match for match in matches if (seq, match.data, match.value) not in done]
    done.update((seq, match.data, match.value) for match in new)
    if not new:
        return
    if link.transform.op in _ONE_WAY:
        exact = _exact(link.source, fresh)
        for match in {(match.data, match.value): match for match in reversed(new)}.values():
            yield from raw_needles(_digest(link, match, exact=exact), link.product)
    elif (seq, "", "") not in done and not scanner.scan(as_flow(link.product)).matches:
        # What the decoder can undo by itself needs no event to stand witness.
        done.add((seq, "", ""))
        yield from raw_needles(_substitute(link), link.product)


def _joined(source: bytes, fresh: NeedleSet, seen: Sequence[Match]) -> Iterator[Match]:
    """Values that a salt touches (``1763884800000356938035643809``): in front of a digest nothing needs to stand free.

    Only values that are proof by themselves, and only where the ordinary search saw nothing of them.
    """
    told = {(match.data, match.value) for match in seen}
    for pattern, start in sorted(fresh.matcher.finditer(source)):
        for needle in fresh.by_pattern[pattern]:
            found = source[start : start + len(needle.data)]
            same = found == needle.data or (needle.caseless and found.lower() == needle.data.lower())
            telling = needle.context == "none" and needle.wrap in ("plain", "hex") and len(found) >= _MINIMAL_JOINED
            whole = needle.plaintext is None and not needle.group
            if same and telling and whole and (needle.identifier, needle.value) not in told:
                told.add((needle.identifier, needle.value))
                yield Match(
                    data=needle.identifier,
                    basis=needle.basis,
                    encoding=needle.encoding,
                    value=needle.value,
                    location="request.body",
                    path=(),
                    learned_from=needle.learned_from,
                )


def _exact(source: bytes, fresh: NeedleSet) -> bool:
    """Whether the source is one of the needles itself, with nothing around it."""
    head = source[:16]
    return any(
        needle.data == source or (needle.caseless and needle.data.lower() == source.lower())
        for needle in fresh.needles
        if needle.data[:16] == head or needle.caseless
    )


def _digest(link: _Link, match: Match, *, exact: bool) -> Needle:
    algorithm = algorithm_name(link.transform.algorithm)
    inner = "" if match.encoding == "plain" else match.encoding
    if not exact and link.transform.op == "digest":
        inner = f"salted({inner})" if inner else "salted"
    return Needle(
        data=link.product,
        identifier=match.data,
        value=match.value,
        basis="derived",
        encoding=f"{algorithm}({inner})" if inner else algorithm,
        shape="hex",
        learned_from=_learned(link, match),
        confidence="certain" if len(link.source) <= len(match.value) + _MOST_SALT else "possible",
    )


def _substitute(link: _Link) -> Needle:
    verb = _UNDONE_BY.get(link.transform.op, link.transform.op)
    return Needle(
        data=link.product,
        identifier="",
        value=str(link.transform.stamp.seq),
        basis="derived",
        encoding=f"{verb}:{link.transform.stamp.seq}",
        shape="none",
        learned_from=(link.transform.stamp.seq,),
        plaintext=link.source,
    )


def _learned(link: _Link, match: Match) -> tuple[int, ...]:
    return tuple(sorted({link.transform.stamp.seq, *match.learned_from}))


def algorithm_name(algorithm: str) -> str:
    """Java's name of a digest or MAC as it is written here: ``SHA-256`` → ``sha256``, ``HmacSHA256`` → ``hmac-sha256``."""
    name = algorithm.strip().lower().replace("_", "-")
    if name.startswith("hmac"):
        return f"hmac-{algorithm_name(name.removeprefix('hmac').lstrip('-'))}"
    return re.sub(r"^sha-(?=\d)", "sha", name)
