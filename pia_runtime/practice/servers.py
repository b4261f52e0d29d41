"""The other end: one TLS server on this machine that plays the app's backend and every SDK's endpoint."""

import json
import os
import socket
import ssl
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOSTS = (
    "api.loan.example",
    "log.adspark.example",
    "risk.riskeye.example",
    "stat.politemetrics.example",
    "push.stickypush.example",
)
"""Every host that the practice app talks to; RFC 2606 reserves ``.example``."""

MAX_BODY = 10_000_000
_PEM = serialization.Encoding.PEM
_IDLE_SECONDS = 30


class PracticeServers:
    """Serves all hosts on one loopback port for as long as the context is open.

    Args:
        hosts: the names to serve.
        work: folder below which keys and certificates stand while it runs; None for the system's temporary one.

    Attributes:
        hosts: the names it has a certificate for.
        port: where it listens.
        ca_pem: PEM file of the authority that signed its certificate.
    """

    def __init__(self, hosts: tuple[str, ...] = HOSTS, work: Path | None = None) -> None:
        self.hosts = hosts
        self._folder = tempfile.TemporaryDirectory(prefix="practice-servers-", dir=work)
        folder = Path(self._folder.name)
        self.ca_pem = folder / "authority.pem"
        try:
            self._server = _Server(_make_certificates(folder, hosts))
        except BaseException:
            self._folder.cleanup()
            raise
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="practice-servers", daemon=True)

    @property
    def upstream_map(self) -> dict[str, tuple[str, int]]:
        """Host name → address that plays it, as the proxy takes it."""
        return dict.fromkeys(self.hosts, ("127.0.0.1", self.port))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._folder.cleanup()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self._context = context

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        connection.settimeout(_IDLE_SECONDS)
        # The handshake waits for the connection's own thread, so that a silent peer holds up nobody else.
        return self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as the base class has it
        """A peer that hangs up is no news here: the proxy records what became of the exchange."""


class _Answers(BaseHTTPRequestHandler):
    """Answers every request alike: received, and nothing that identifies anybody."""

    protocol_version = "HTTP/1.1"
    server_version = "practice"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer({"code": 0, "interval": 60, "features": ["quick_loan"]})

    def do_POST(self) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), MAX_BODY)
        self.rfile.read(length)
        self._answer({"code": 0, "message": "ok"})

    def log_message(self, *_: object) -> None:
        """The proxy keeps the record; standard error stays the user's."""

    def _answer(self, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _make_certificates(folder: Path, hosts: tuple[str, ...]) -> ssl.SSLContext:
    """Write a fresh authority and a server certificate for all hosts; keys with mode 0600."""
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key)
    server = _server_certificate(server_key, authority, authority_key, hosts)
    (folder / "authority.pem").write_bytes(authority.public_bytes(_PEM))
    (folder / "server.pem").write_bytes(server.public_bytes(_PEM))
    _write_key(folder / "server.key", server_key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "practice authority")])
    public = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    builder = _builder(name, name, key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.add_extension(usage, critical=True).add_extension(public, critical=False).sign(key, hashes.SHA256())


def _server_certificate(
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    hosts: tuple[str, ...],
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    server_auth = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    builder = _builder(name, authority.subject, key).add_extension(names, critical=False)
    builder = builder.add_extension(server_auth, critical=False).add_extension(issuer, critical=False)
    return builder.sign(authority_key, hashes.SHA256())


def _builder(name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    plain = serialization.NoEncryption()
    content = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, plain)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - mode at creation
        file.write(content)
