"""Every form of one textual value as a needle: its spellings, and each transform of the knowledge on top of them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from pia_runtime.detection.confirm import Needle, Wrap
from pia_runtime.detection.needles_strength import context_needed
from pia_runtime.detection.transforms import apply_steps, base64_core
from pia_runtime.detection.variants import COUNTRY_CODES, Variant, variants
from pia_runtime.detection.variants_shapes import Shape, shape
from pia_runtime.knowledge.encodings import Encoding

Basis = Literal["known", "observed", "derived"]

_MINIMAL_BYTES = 5
_MINIMAL_TEXT = 6
_MIRRORS: dict[str, Wrap] = {
    "reversed": "reversed",
    "rot13": "rot13",
    "rot47": "rot47",
    "utf_16le": "utf-16le",
    "utf_16be": "utf-16be",
    "hex": "hex",
}
"""Single steps through which the neighbours of a hit can be read."""
_SHORTENED: frozenset[Shape] = frozenset({"uuid", "hex"})
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,}").fullmatch


@dataclass(frozen=True, slots=True)
class Secret:
    """One textual value to look for.

    Attributes:
        identifier: taxonomy id that is reported.
        text: canonical value.
        canonical: the value that is reported, where it is not ``text`` itself.
        spelled_as: taxonomy id that decides spelling and boundaries (a contact's phone is spelled as a phone number).
        learned_from: ``seq`` of the events that returned it; empty for known values.
    """

    identifier: str
    text: str
    spelled_as: str
    basis: Basis = "known"
    learned_from: tuple[int, ...] = ()
    canonical: str = ""


def forms(secret: Secret, encodings: tuple[Encoding, ...]) -> Iterable[Needle]:
    """All needles of one value, the simplest form of equal bytes first and alone."""
    made = _forms(replace(secret, learned_from=()), encodings)
    return [needle._replace(learned_from=secret.learned_from) for needle in made] if secret.learned_from else made


@lru_cache(maxsize=64)
def _forms(secret: Secret, encodings: tuple[Encoding, ...]) -> tuple[Needle, ...]:
    """Kept for the next capture: those of one campaign were mostly made with the same device, which has the same values."""
    unique: dict[tuple[bytes, int], Needle] = {}
    spelled = variants(secret.spelled_as, secret.text)
    for needle in (*_plain(secret, spelled), *_transformed(secret, spelled, encodings)):
        unique.setdefault((needle.data, needle.offset), needle)
    return tuple(unique.values())


def _plain(secret: Secret, spelled: list[Variant]) -> Iterator[Needle]:
    for variant in spelled:
        if variant.name not in COUNTRY_CODES:
            template = _template(secret, variant)
            yield template._replace(shortens=template.shape in _SHORTENED or _is_token(variant.text))


def _is_token(text: str) -> bool:
    """Whether a text is random-looking from end to end, so that a long prefix of it identifies as well."""
    return _TOKEN(text) is not None and any(map(str.isdigit, text)) and any(map(str.isalpha, text))


def _template(secret: Secret, variant: Variant) -> Needle:
    """The plain needle of a spelling; every other form is a copy of it with other bytes."""
    form = shape(secret.spelled_as, variant.text)
    return Needle(
        data=variant.text.encode("utf-8", "surrogatepass"),
        identifier=secret.identifier,
        value=secret.canonical or secret.text,
        basis=secret.basis,
        encoding=variant.name,
        shape=form,
        context=context_needed(secret.spelled_as, secret.text),
        learned_from=secret.learned_from,
    )


def _transformed(secret: Secret, spelled: list[Variant], encodings: tuple[Encoding, ...]) -> Iterator[Needle]:
    for variant in spelled:
        template = _template(secret, variant)
        for encoding in encodings:
            if not encoding.applies_to(variant.name):
                continue
            # The number itself stands inside +86…, so that only one-way forms of that spelling are new.
            if variant.name in COUNTRY_CODES and not _one_way(encoding):
                continue
            named = template._replace(encoding=encoding_name(encoding.name, variant.name))
            yield from _encoded(named, encoding, template.data)


def _one_way(encoding: Encoding) -> bool:
    return encoding.form in ("digest", "checksum") or (encoding.form == "hex_text" and encoding.steps[-1] != "hex")


def encoding_name(transform: str, spelling: str) -> str:
    """``md5`` of the plain value, ``md5(upper)`` of another spelling, ``md5(sha1(upper))`` of a chain."""
    if spelling == "plain":
        return transform
    if transform.endswith(")"):
        closing = len(transform) - len(transform.rstrip(")"))
        return f"{transform[:-closing]}({spelling}){')' * closing}"
    return f"{transform}({spelling})"


def _encoded(named: Needle, encoding: Encoding, plain: bytes) -> Iterator[Needle]:
    if encoding.steps[-1] == "base64":
        inner = apply_steps(encoding.steps[:-1], plain)
        if len(inner) >= _MINIMAL_BYTES:
            yield from _base64(named._replace(shape=named.shape if inner == plain else "none"), inner, (0, 1, 2))
        return
    result = apply_steps(encoding.steps, plain)
    if len(result) < 4:
        return
    if encoding.form == "digest":
        yield from digest_needles(named, result)
    elif encoding.form == "checksum":
        yield from _checksum(named, result)
    elif encoding.form == "hex_text" and encoding.steps[-1] != "hex":
        yield named._replace(data=result, shape="hex", caseless=True, context="none")
    elif len(result) >= _MINIMAL_BYTES:
        wrap = _MIRRORS.get(encoding.steps[0], "opaque") if len(encoding.steps) == 1 else _outer(encoding)
        caseless = encoding.form == "hex_text" or encoding.steps[-1] == "base32"  # host names come in lower case
        yield named._replace(data=result, inner=plain, wrap=wrap, caseless=caseless, shape=_seen(named, wrap))


def _outer(encoding: Encoding) -> Wrap:
    return "hex" if encoding.steps[-1] == "hex" else "opaque"


def _seen(named: Needle, wrap: Wrap) -> Shape | Literal["none"]:
    return "none" if wrap == "opaque" else named.shape


def digest_needles(named: Needle, digest: bytes) -> Iterator[Needle]:
    """A digest as hex in either case, as raw bytes and as base64."""
    text = digest.hex().encode()
    yield named._replace(data=text, shape="hex", caseless=True, context="none", shortens=True)
    yield named._replace(data=digest, shape="none", wrap="opaque", context="none")
    wrapped = named._replace(encoding=f"base64({named.encoding})", shape="none", context="none")
    yield from _base64(wrapped, digest, (0,))


def _base64(named: Needle, inner: bytes, offsets: tuple[int, ...]) -> Iterator[Needle]:
    for offset in offsets:
        core = base64_core(inner, offset)
        if len(core) < _MINIMAL_TEXT:
            continue
        yield named._replace(data=core, inner=inner, offset=offset, wrap="base64")
        url_safe = core.replace(b"+", b"-").replace(b"/", b"_")
        if url_safe != core:
            yield named._replace(data=url_safe, inner=inner, offset=offset, wrap="base64")


def _checksum(named: Needle, result: bytes) -> Iterator[Needle]:
    """32 bits are far too few to be found by chance only once: the whole leaf must be the checksum."""
    number = int.from_bytes(result)
    whole = named._replace(wrap="whole", context="none", shape="none")
    yield whole._replace(data=result.hex().encode(), caseless=True)
    yield whole._replace(data=str(number).encode())
    if number >> 31:
        yield whole._replace(data=str(number - (1 << 32)).encode())


def raw_needles(named: Needle, output: bytes) -> Iterator[Needle]:
    """Bytes that a recorded transform produced, as they are, as hex and as base64 (an IV may stand before them)."""
    bare = named._replace(shape="none", context="none")
    printed = bare._replace(data=output.hex().encode(), caseless=True)
    yield printed if named.plaintext else printed._replace(shape="hex", shortens=True)
    yield bare._replace(data=output, wrap="opaque")
    wrapped = bare if named.plaintext else bare._replace(encoding=f"base64({named.encoding})")
    yield from _base64(wrapped, output, (0, 1, 2))
