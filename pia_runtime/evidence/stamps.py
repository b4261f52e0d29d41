"""RFC 3161 time stamps: asked of an authority when a capture is sealed, checked later without the network."""

import base64
import binascii
import hashlib
import http.client
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from pia_runtime.errors import InputError, NotReadyError, unreadable

_LARGEST = 1 << 20
_SECONDS = 30
_GRANTED = 0


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time stamp that fits what was stamped.

    Attributes:
        time: when, by the authority's clock, ISO 8601 in UTC.
        checked: an authority's certificate was given, and the stamp is its.
    """

    time: str
    checked: bool


def request_stamp(content: bytes, url: str) -> dict[str, Any]:
    """Ask an authority for a stamp over ``content``; only a SHA-256 digest leaves this machine.

    Raises:
        InputError: the URL is none.
        NotReadyError: the authority does not answer, or not with a stamp over this.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise InputError(f"{url}: not an http or https URL", "give the address of a time-stamp authority")
    try:
        token = _asked(content, url, certificates=True)
    except ValueError:
        # Some authorities list their certificates in an order that DER forbids and our reader refuses: then without them.
        try:
            token = _asked(content, url, certificates=False)
        except ValueError as error:
            raise NotReadyError(f"{url}: the answer is no time stamp over this: {error}", "try another") from error
    return {"token": base64.b64encode(token).decode("ascii"), "url": url}


def _asked(content: bytes, url: str, *, certificates: bool) -> bytes:
    """The authority's answer, checked to be one to this question. Raises ValueError where it is not."""
    request = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True)
    asked = request.cert_request(cert_request=certificates).build()
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    post = urllib.request.Request(url, data=asked.as_bytes(), headers=headers, method="POST")  # noqa: S310 - http only
    try:
        with urllib.request.urlopen(post, timeout=_SECONDS) as answer:  # noqa: S310 - http only
            token: bytes = answer.read(_LARGEST)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise NotReadyError(f"{url}: no time stamp: {reason}", "try again, or another authority") from error
    response = decode_timestamp_response(token)
    _fits(response, content)
    if response.tst_info.nonce != asked.nonce:
        raise ValueError("it answers another question")
    return token


def check_stamp(content: bytes, stamp: Any, authority: list[x509.Certificate]) -> Stamp:  # noqa: ANN401
    """Check a stamp over ``content``.

    Args:
        content: what must have been stamped.
        stamp: ``token`` and ``url``, as a file holds them.
        authority: certificates of the authority; with none it is only checked that the stamp speaks of ``content``.

    Raises:
        ValueError: the stamp does not hold; the text says why.
    """
    if not isinstance(stamp, dict) or not isinstance(stamp.get("token"), str):
        raise ValueError("the time stamp is not in the form in which it was written")
    try:
        response = decode_timestamp_response(base64.b64decode(stamp["token"], validate=True))
    except binascii.Error as error:
        raise ValueError("the time stamp is not base64") from error
    except ValueError as error:
        raise ValueError(f"the time stamp cannot be read: {error}") from error
    _fits(response, content)
    time = response.tst_info.gen_time.isoformat()
    if authority:
        _check_authority(response, content, authority)
    return Stamp(time, bool(authority))


def _fits(response: TimeStampResponse, content: bytes) -> None:
    if response.status != _GRANTED:
        raise ValueError("the authority refused")
    if response.tst_info.message_imprint.message != hashlib.sha256(content).digest():
        raise ValueError("the time stamp is over something else")


def _check_authority(response: TimeStampResponse, content: bytes, authority: list[x509.Certificate]) -> None:
    builder = VerifierBuilder()
    for certificate in authority:
        builder = builder.add_root_certificate(certificate)
    signers = [certificate for certificate in authority if _dates(certificate)]
    if not response.signed_data.certificates and signers:
        builder = builder.tsa_certificate(signers[0])
    try:
        builder.build().verify(response, hashlib.sha256(content).digest())
    except (VerificationError, ValueError, x509.ExtensionNotFound) as error:
        raise ValueError(f"the time stamp is not from the authority given: {error}") from error


def _dates(certificate: x509.Certificate) -> bool:
    """Whether a certificate is one that signs time stamps, not only one above it."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return ExtendedKeyUsageOID.TIME_STAMPING in usage


def read_certificates(path: Path) -> list[x509.Certificate]:
    """The certificates of an authority from a PEM or DER file.

    Raises:
        InputError: the file cannot be read or holds none.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error, "give the authority's certificate") from error
    try:
        if b"-----BEGIN CERTIFICATE-----" in content:
            return x509.load_pem_x509_certificates(content)
        return [x509.load_der_x509_certificate(content)]
    except ValueError as error:
        raise InputError(f"{path}: not a certificate", "give a PEM or DER file") from error


def read_authority(path: Path) -> list[x509.Certificate]:
    """The certificates to check stamps against: a root has to be among them.

    Raises:
        InputError: the file cannot be read, or holds no certificate that stands for itself.
    """
    found = read_certificates(path)
    if not any(certificate.subject == certificate.issuer for certificate in found):
        raise InputError(f"{path}: holds no root certificate", "add the root that the authority's certificate leads to")
    return found
