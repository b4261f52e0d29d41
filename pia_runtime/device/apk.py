"""What an APK says of itself: name, versions, permissions, components, signers, and the third-party code in it.

The manifest's binary form is read by apkInspector, which keeps to what Android's own parser accepts where an app was packed to
mislead readers. Signing blocks: AOSP documentation, APK Signature Scheme v2 and v3 (little-endian, length-prefixed); v1 is a JAR
signature in PKCS #7. Certificates are read, signatures are not verified: Android did that when it installed the app.
"""

import functools
import hashlib
import io
import logging
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from cryptography import x509
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates
from defusedxml import ElementTree

from pia_runtime.device.dex import class_names
from pia_runtime.errors import InputError
from pia_runtime.knowledge.sdks import Sdk, SdkIndex, longest_prefix

ANDROID = "{http://schemas.android.com/apk/res/android}"
MAX_MANIFEST = 16 << 20
MAX_DEX = 64 << 20
_V2, _V3, _V31 = 0x7109871A, 0xF05368C0, 0x1B93AD61
_MAGIC = b"APK Sig Block 42"
_BROKEN = (
    ElementTree.ParseError,
    NotImplementedError,
    RuntimeError,
    AttributeError,
    TypeError,
    OverflowError,
    zlib.error,
    EOFError,
    MemoryError,
)
"""What a manifest that was packed to mislead readers can do to a parser."""

_SCHEMES = ("v1", "v2", "v3", "v3.1")
"""Oldest first."""

_COMPONENTS = ("activity", "activity-alias", "service", "receiver", "provider")


@dataclass(frozen=True, slots=True)
class ApkFacts:
    """What stands in one APK.

    Attributes:
        label: its name for people, where the manifest itself has it; mostly it stands in the resources, which are not read.
        signers: scheme (``v1``, ``v2``, ``v3``, ``v3.1``) and SHA-256 of each certificate.
        permissions: asked for in the manifest.
        components: class names by kind.
        sdks: id of each third party whose code or components are in the APK, with what shows it. Present says nothing about
            what it does in a run.
        unreadable: parts that could not be read, each with its reason.
    """

    package: str
    version_name: str | None
    version_code: int | None
    min_sdk: int | None
    target_sdk: int | None
    sha256: str
    signers: tuple[tuple[str, str], ...]
    permissions: tuple[str, ...]
    components: dict[str, tuple[str, ...]]
    sdks: dict[str, tuple[str, ...]]
    unreadable: tuple[str, ...] = ()
    label: str | None = None

    @property
    def signature(self) -> str | None:
        """The certificates of the newest scheme, which is the one that Android goes by, as a line for people."""
        if not self.signers:
            return None
        newest = max((scheme for scheme, _ in self.signers), key=_SCHEMES.index)
        digests = [digest for scheme, digest in self.signers if scheme == newest]
        return f"SHA-256 {', '.join(digests)} ({newest})"

    def document(self) -> dict[str, Any]:
        """As ``session.json`` keeps it below ``app``: absent is absent, never null."""
        facts = {
            "package": self.package,
            "label": self.label,
            "version_name": self.version_name,
            "version_code": self.version_code,
            "min_sdk": self.min_sdk,
            "target_sdk": self.target_sdk,
            "apk_sha256": self.sha256,
            "signature": self.signature,
            "signers": [{"scheme": scheme, "sha256": digest} for scheme, digest in self.signers],
            "permissions": list(self.permissions),
            "sdks_present": {name: list(shown) for name, shown in self.sdks.items()},
            "apk_unreadable": list(self.unreadable),
        }
        return {name: value for name, value in facts.items() if value not in (None, [])}


def read_apk(path: Path, sdks: SdkIndex | None = None) -> ApkFacts:
    """Read one APK.

    Args:
        path: the file.
        sdks: the knowledge by which third-party code is recognised; None leaves it out.

    Raises:
        InputError: it is no APK, or its manifest cannot be read.
    """
    try:
        content = path.read_bytes()
        archive = zipfile.ZipFile(io.BytesIO(content))
        manifest = _manifest(archive)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, struct.error, IndexError, *_BROKEN) as error:
        raise InputError(f"{path}: not an APK that can be read: {error}", "name an .apk file") from error
    unreadable: list[str] = []
    signers = tuple(_guarded(lambda: _signers(content, archive), "signatures", unreadable))
    components = {kind: names for kind in _COMPONENTS if (names := _names(manifest, kind))}
    classes = _guarded(lambda: _classes(archive), "code", unreadable)
    present = _present(classes, components, sdks) if sdks is not None else {}
    uses = manifest.find("uses-sdk")
    return ApkFacts(
        package=manifest.get("package") or "",
        version_name=manifest.get(f"{ANDROID}versionName"),
        version_code=_number(manifest.get(f"{ANDROID}versionCode")),
        min_sdk=_number(uses.get(f"{ANDROID}minSdkVersion")) if uses is not None else None,
        target_sdk=_number(uses.get(f"{ANDROID}targetSdkVersion")) if uses is not None else None,
        sha256=hashlib.sha256(content).hexdigest(),
        signers=signers,
        permissions=tuple(
            sorted({name for kind in ("uses-permission", "uses-permission-sdk-23") for name in _names(manifest, kind)})
        ),
        components=components,
        sdks=present,
        unreadable=tuple(unreadable),
        label=_label(manifest),
    )


def _manifest(archive: zipfile.ZipFile) -> Element:
    info = archive.getinfo("AndroidManifest.xml")
    if info.file_size > MAX_MANIFEST:
        raise ValueError(f"its manifest has {info.file_size} bytes")
    raw = archive.read(info)
    if raw.lstrip().startswith(b"<"):
        return ElementTree.fromstring(raw)
    return ElementTree.fromstring(_axml().parse(io.BytesIO(raw)).get_manifest())


@functools.cache
def _axml() -> Any:  # noqa: ANN401 - a class of a library without types
    """The parser of apkInspector. Its import turns on the log of the whole process, down to DEBUG: that is put back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    from apkInspector.axml import ManifestStruct

    root.handlers[:] = handlers
    root.setLevel(level)
    return ManifestStruct


def _label(manifest: Element) -> str | None:
    application = manifest.find("application")
    label = "" if application is None else application.get(f"{ANDROID}label") or ""
    return label if label and not label.startswith("@") else None


def _names(manifest: Element, kind: str) -> tuple[str, ...]:
    package = manifest.get("package") or ""
    found = [node.get(f"{ANDROID}name") or "" for node in manifest.iter(kind)]
    return tuple(sorted({f"{package}{name}" if name.startswith(".") else name for name in found if name}))


def _number(text: str | None) -> int | None:
    try:
        return int(text, 0) if text else None
    except ValueError:
        return None


def _guarded(read: Any, what: str, unreadable: list[str]) -> list[Any]:  # noqa: ANN401 - a reader of one part
    try:
        return list(read())
    except (ValueError, struct.error, IndexError, KeyError, zipfile.BadZipFile, *_BROKEN) as error:
        unreadable.append(f"{what}: {error}")
        return []


def _signers(content: bytes, archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Every scheme's certificates: they may differ, and Android takes the newest scheme it knows."""
    for name in archive.namelist():
        if name.startswith("META-INF/") and name.upper().endswith((".RSA", ".DSA", ".EC")):
            for certificate in load_der_pkcs7_certificates(archive.read(name)):
                yield "v1", _digest(certificate)
    schemes = {_V2: "v2", _V3: "v3", _V31: "v3.1"}
    for identity, value in _signing_block(content):
        if scheme := schemes.get(identity):
            for signer in _pieces(_piece(value)[0]):
                signed = _piece(signer)[0]
                _, rest = _piece(signed)
                for der in _pieces(_piece(rest)[0]):
                    yield scheme, _digest(x509.load_der_x509_certificate(der))


def _digest(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives.hashes import SHA256

    return certificate.fingerprint(SHA256()).hex()


def _signing_block(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Id and value of each pair in the block before the ZIP's central directory."""
    end = content.rfind(b"PK\x05\x06")
    if end < 0:
        return
    directory = struct.unpack_from("<I", content, end + 16)[0]
    if content[directory - 16 : directory] != _MAGIC:
        return
    size = struct.unpack_from("<Q", content, directory - 24)[0]
    start = directory - size - 8
    if start < 0 or struct.unpack_from("<Q", content, start)[0] != size:
        raise ValueError("the signing block's two sizes differ")
    at = start + 8
    while at < directory - 24:
        length, identity = struct.unpack_from("<QI", content, at)
        if length < 4 or at + 8 + length > directory - 24:
            raise ValueError("a pair of the signing block is longer than the block")
        yield identity, content[at + 12 : at + 8 + length]
        at += 8 + length


def _piece(data: bytes) -> tuple[bytes, bytes]:
    length = struct.unpack_from("<I", data)[0]
    if 4 + length > len(data):
        raise ValueError("a part of the signing block is longer than its whole")
    return data[4 : 4 + length], data[4 + length :]


def _pieces(data: bytes) -> Iterator[bytes]:
    while data:
        piece, data = _piece(data)
        yield piece


def _classes(archive: zipfile.ZipFile) -> Iterator[str]:
    for info in archive.infolist():
        if info.filename.startswith("classes") and info.filename.endswith(".dex"):
            if info.file_size > MAX_DEX:
                raise ValueError(f"{info.filename} has {info.file_size} bytes")
            yield from class_names(archive.read(info))


def _present(classes: list[str], components: dict[str, tuple[str, ...]], sdks: SdkIndex) -> dict[str, tuple[str, ...]]:
    """Third parties by the packages of code and components: a package is enough, classes of one need not be counted."""
    shown: dict[str, set[str]] = {}
    packages = {name.rpartition(".")[0] for name in classes}
    for package in packages:
        if (sdk := _sdk_of(package, sdks)) is not None:
            shown.setdefault(sdk.id, set()).add(f"code {package}")
    for kind, names in components.items():
        for name in names:
            if (sdk := _sdk_of(name, sdks)) is not None:
                shown.setdefault(sdk.id, set()).add(f"{kind} {name}")
    return {name: tuple(sorted(found))[:5] for name, found in sorted(shown.items())}


def _sdk_of(name: str, sdks: SdkIndex) -> Sdk | None:
    found = longest_prefix(name, sdks.prefixes)
    return found[1] if found is not None and isinstance(found[1], Sdk) else None
