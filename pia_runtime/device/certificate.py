"""A certificate as Android's stores name it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pia_runtime.errors import InputError


@dataclass(frozen=True, slots=True)
class StoreCertificate:
    """A certificate ready for a store.

    Attributes:
        file_name: OpenSSL's old subject hash (MD5 of the subject's DER, first four bytes, little-endian) and ``.0``.
        pem: its text.
        sha256: of :attr:`pem`, in hex.
    """

    file_name: str
    pem: bytes

    @property
    def sha256(self) -> str:
        """Digest of the file's content."""
        return hashlib.sha256(self.pem).hexdigest()


def load_certificate(path: Path) -> StoreCertificate:
    """Read a PEM file, such as ``mitmproxy-ca-cert.pem``.

    Raises:
        InputError: it is not there or holds no certificate.
    """
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: no certificate can be read: {error}", "name a PEM file") from error
    subject = hashlib.md5(certificate.subject.public_bytes(), usedforsecurity=False).digest()
    name = f"{int.from_bytes(subject[:4], 'little'):08x}.0"
    return StoreCertificate(name, certificate.public_bytes(Encoding.PEM))
