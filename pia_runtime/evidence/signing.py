"""Signatures over a seal and over annotations: Ed25519 over the canonical bytes of what is said."""

import base64
import binascii
from typing import Any

from cryptography.exceptions import InvalidSignature

from pia_runtime.errors import InputError
from pia_runtime.evidence.keys import Signer, fingerprint, parse_public, public_line

ALGORITHM = "ed25519"


def sign(content: bytes, signer: Signer) -> dict[str, str]:
    """A signature over ``content``, with the key that checks it."""
    public = signer.public
    return {
        "algorithm": ALGORITHM,
        "fingerprint": fingerprint(public),
        "key": public,
        "signature": base64.b64encode(signer.private.sign(content)).decode("ascii"),
    }


def check_signature(content: bytes, signature: Any) -> str:  # noqa: ANN401 - whatever a file holds
    """The fingerprint of the key that signed ``content``.

    Raises:
        ValueError: the signature does not hold; the text says why.
    """
    fields = {"algorithm", "fingerprint", "key", "signature"}
    if not isinstance(signature, dict) or set(signature) != fields or signature["algorithm"] != ALGORITHM:
        raise ValueError("the signature is not in the form in which it was written")
    if not all(isinstance(signature[name], str) for name in fields):
        raise ValueError("the signature is not in the form in which it was written")
    try:
        key = parse_public(signature["key"])
    except InputError as error:
        raise ValueError("the key of the signature is no key") from error
    if public_line(key) != signature["key"] or fingerprint(signature["key"]) != signature["fingerprint"]:
        raise ValueError("the fingerprint of the signature is not that of its key")
    try:
        raw = base64.b64decode(signature["signature"], validate=True)
        key.verify(raw, content)
    except (InvalidSignature, binascii.Error) as error:
        raise ValueError("the signature does not fit what is signed") from error
    if base64.b64encode(raw).decode() != signature["signature"]:
        raise ValueError("the signature is not in the form in which it was written")
    return str(signature["fingerprint"])
