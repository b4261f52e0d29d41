"""The tester's Ed25519 keys: private ones in PEM (PKCS #8, mode 0600, passphrase optional), public ones as OpenSSH has them."""

import base64
import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pia_runtime.errors import InputError, NotReadyError, UsageError, unreadable

DEFAULT = "default"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_LARGEST = 1 << 16

type AskPassphrase = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key, ready to sign, and what its signatures say of it."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """The public key as one line, ``ssh-ed25519 AAAA…``."""
        return public_line(self.private.public_key())


def key_folder() -> Path:
    """Where keys are kept: ``pia_runtime/keys`` in the user's configuration (``$XDG_CONFIG_HOME``, else ``~/.config``)."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "pia_runtime" / "keys"


def public_line(public: Ed25519PublicKey) -> str:
    """A public key as OpenSSH writes it, without a comment."""
    encoded = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return encoded.decode("ascii")


def parse_public(line: str) -> Ed25519PublicKey:
    """A public key from its OpenSSH line.

    Raises:
        InputError: it is none, or of another algorithm.
    """
    try:
        key = serialization.load_ssh_public_key(" ".join(line.split()[:2]).encode("utf-8", "replace"))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError("not a public key in OpenSSH form", "give a line that begins with ssh-ed25519") from error
    if not isinstance(key, Ed25519PublicKey):
        raise InputError("not an Ed25519 key", "make one with `pia key new`")
    return key


def fingerprint(line: str) -> str:
    """The fingerprint of a public key's line as ``ssh-keygen -lf`` prints it, ``SHA256:…``."""
    blob = base64.b64decode(line.split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def new_key(target: Path, passphrase: str) -> str:
    """Make a key pair: the private key in ``target`` (0600), the public one beside it with ``.pub``.

    Args:
        target: a file that does not exist.
        passphrase: encrypts the private key; "" for none.

    Returns:
        The public key's line.

    Raises:
        UsageError: one of the files exists.
        NotReadyError: they cannot be written.
    """
    beside = target.with_name(f"{target.name}.pub") if target.suffix != ".pem" else target.with_suffix(".pub")
    for file in (target, beside):
        if file.exists():
            raise UsageError(f"{file}: exists", "choose another name; a key that signed something is never overwritten")
    signer = Signer(Ed25519PrivateKey.generate())
    lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        lock = serialization.BestAvailableEncryption(passphrase.encode())
    content = signer.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file, text, mode in ((target, content, 0o600), (beside, f"{signer.public}\n".encode(), 0o644)):
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as opened:
                opened.write(text)
    except OSError as error:
        raise NotReadyError(f"{target}: cannot be written: {error.strerror}", "choose another --out") from error
    return signer.public


def named_key(name: str) -> Path:
    """The file of a key kept under a name.

    Raises:
        UsageError: it is no name.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a key", "use letters, digits, dots and dashes")
    return key_folder() / f"{name}.pem"


def default_key() -> Path | None:
    """The key that is used where none is named, or None where there is none yet."""
    path = named_key(DEFAULT)
    return path if path.is_file() else None


def load_signer(given: str, ask: AskPassphrase) -> Signer:
    """A private key by file (PEM or OpenSSH) or by name.

    Args:
        given: a file, or the name of a key made with ``pia key new``.
        ask: called with the file's name where the key has a passphrase.

    Raises:
        InputError: there is no such key, it is of another kind, or the passphrase is wrong.
    """
    path = Path(given)
    if not path.is_file() and _NAME.fullmatch(given):
        path = named_key(given)
    content = _read(path, "make one with `pia key new`")
    try:
        key = _private(content, None)
    except TypeError:  # the library's way of saying that a passphrase is needed
        try:
            key = _private(content, ask(str(path)).encode())
        except (ValueError, TypeError) as error:
            raise InputError(f"{path}: the passphrase does not open it", "try again") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(f"{path}: not a private key", "give a PEM or OpenSSH file") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(f"{path}: not an Ed25519 key", "make one with `pia key new`")
    return Signer(key)


def _private(content: bytes, passphrase: bytes | None) -> object:
    if b"BEGIN OPENSSH PRIVATE KEY" in content:
        return serialization.load_ssh_private_key(content, passphrase)
    return serialization.load_pem_private_key(content, passphrase)


def wanted_fingerprint(given: str) -> str:
    """The fingerprint of the key that somebody expects: given as that, as a public key's line, or as a file of either key.

    Raises:
        InputError: it is none of these.
    """
    if _FINGERPRINT.fullmatch(given):
        return given
    if given.startswith("ssh-ed25519 "):
        return fingerprint(public_line(parse_public(given)))
    path = Path(given)
    if not path.is_file() and _NAME.fullmatch(given):
        path = named_key(given).with_suffix(".pub")
    content = _read(path, "give a public key, its file, or its fingerprint SHA256:…")
    if b"PRIVATE KEY" in content:
        beside = path.with_suffix(".pub")
        content = _read(beside, "give the public key instead")
    try:
        return fingerprint(public_line(parse_public(content.decode("utf-8", "replace"))))
    except InputError as error:
        raise InputError(f"{path}: {error.message}", error.fix) from error


def kept_keys() -> dict[str, str]:
    """Fingerprint → name of the keys kept in the user's folder: one's own, and other testers' ``.pub`` files put there."""
    found: dict[str, str] = {}
    folder = key_folder()
    for path in sorted(folder.glob("*.pub")) if folder.is_dir() else ():
        try:
            found[fingerprint(public_line(parse_public(path.read_text("utf-8", "replace"))))] = path.stem
        except (InputError, OSError):
            continue
    return found


def _read(path: Path, fix: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError as error:
        raise unreadable(path, error, fix) from error
