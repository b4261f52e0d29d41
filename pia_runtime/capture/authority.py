"""The proxy's own certificate authority, made before the proxy runs so that a device can be told to trust it."""

from pathlib import Path

from mitmproxy.certs import CertStore

from pia_runtime.errors import NotReadyError

KEY_BITS = 2048
"""As mitmproxy's own default (``key_size``)."""


def ensure_authority(confdir: Path) -> Path:
    """The authority's certificate (PEM), made in mitmproxy's own way where it is missing.

    Raises:
        NotReadyError: the folder cannot be written.
    """
    try:
        confdir.mkdir(mode=0o700, parents=True, exist_ok=True)
        CertStore.from_store(confdir, "mitmproxy", KEY_BITS)
    except (OSError, ValueError) as error:
        raise NotReadyError(
            f"{confdir}: no certificate authority can be made: {error}", "choose another --confdir"
        ) from error
    return confdir / "mitmproxy-ca-cert.pem"
