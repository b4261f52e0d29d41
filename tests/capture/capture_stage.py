"""A real TLS server of its own authority, and real clients that go to it through a real proxy."""

import datetime
import http.client
import http.server
import io
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from mitmproxy.io import FlowReader

HOST = "api.example.test"


class Authority:
    """A certificate authority for one test, with one server certificate for :data:`HOST`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.ca_pem, self.server_pem = folder / "ca.pem", folder / "server.pem"
        ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        ca = _certificate(name, name, ca_key, ca_key, x509.BasicConstraints(ca=True, path_length=None))
        leaf = _certificate(x509.Name([]), name, key, ca_key, x509.SubjectAlternativeName([x509.DNSName(HOST)]))
        self.ca_pem.write_bytes(ca)
        plain = serialization.NoEncryption()
        self.server_pem.write_bytes(
            leaf + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        )


def _certificate(subject, issuer, key, signer, extension) -> bytes:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(extension, critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/never":
            self.server.released.wait(30)
        if self.path == "/broken":
            self.close_connection = True
            return
        if self.path == "/stream":
            self.close_connection = True
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: first\n\n")
            self.server.released.wait(30)
            self.wfile.write(b"data: last\n\n")
            return
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that breaks off is part of the tests."""


class Server:
    """Echoes POST bodies over TLS; ``/never`` and the end of ``/stream`` wait for release, ``/broken`` hangs up."""

    def __init__(self, authority: Authority) -> None:
        self._server = _Quiet(("127.0.0.1", 0), _Handler)
        self._server.released = threading.Event()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.server_pem)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.address = ("127.0.0.1", self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def release(self) -> None:
        """Let go of every request that is held."""
        self._server.released.set()

    def close(self) -> None:
        """Let go of every request and stop."""
        self.release()
        self._server.shutdown()
        self._server.server_close()


def client(port: int, ca_pem: Path | None, timeout: float = 10) -> http.client.HTTPSConnection:
    """A connection to :data:`HOST` through the proxy that trusts exactly ``ca_pem`` (None: the public authorities)."""
    context = ssl.create_default_context(cafile=ca_pem)
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=timeout)
    connection.set_tunnel(HOST, 443)
    return connection


def post(connection: http.client.HTTPSConnection, body: bytes, path: str = "/collect?from=test") -> bytes:
    """Send one body and return the answer's."""
    connection.request("POST", path, body)
    return connection.getresponse().read()


def tunnel(port: int) -> socket.socket:
    """A socket through the proxy to :data:`HOST`, still without TLS."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=10)
    sock.sendall(f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n".encode())
    assert b" 200 " in sock.recv(4096)
    return sock


def flows(folder: Path, name: str = "flows.mitm") -> list:
    """Read a flow file with mitmproxy's own reader."""
    return list(FlowReader(io.BytesIO((folder / name).read_bytes())).stream())


def events(folder: Path, kind: str | None = None) -> list[dict]:
    """Read the event lines of one type, or all."""
    lines = [orjson.loads(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    return [line for line in lines if kind in (None, line["type"])]


def gaps(folder: Path) -> dict[tuple[str, str], int]:
    """How often each kind of gap was counted for each host."""
    counts: dict[tuple[str, str], int] = {}
    for line in events(folder, "gap"):
        counts[line["kind"], line["host"]] = counts.get((line["kind"], line["host"]), 0) + line["count"]
    return counts


def until(holds: Callable[[], object], seconds: float = 10) -> None:
    """Wait until something holds that another thread or process brings about."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
