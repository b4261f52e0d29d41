"""Make a capture of synthetic app traffic to measure on: ``python benchmarks/corpus.py OUT --flows 20000``.

Writes the capture folder OUT (flows through mitmproxy's own FlowWriter, session, 30 known identifiers) and beside it
``OUT.truth.jsonl``, one line per identifier that was put into a flow. Same arguments, same bytes.
"""

import argparse
import datetime
import json
import random
import uuid
from pathlib import Path

from corpus_content import Body, Content, Planted, identities
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID
from mitmproxy import certs, connection, http
from mitmproxy.io import FlowWriter

START = 1_763_884_800.0  # 2025-11-23 08:00 UTC
HOSTS = 24
CHAIN = 3
ALT_NAMES = 26  # brings a certificate to the size that ordinary RSA certificates have
ORDINARY_EVERY = 200
"""On ordinary traffic one flow in so many carries an identifier openly."""
CIPHERS = [f"TLS_CIPHER_{i:02d}" for i in range(18)]


def certificate(rng: random.Random, name: str) -> certs.Cert:
    """A certificate for a made-up host; Ed25519, because its signatures are the same every time."""
    key = Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(f"alt-{i}.{name}") for i in range(ALT_NAMES)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(rng.getrandbits(120) + 1).not_valid_before(start)
    builder = builder.not_valid_after(start + datetime.timedelta(days=3650)).add_extension(names, critical=False)
    return certs.Cert(builder.sign(key, None))


def make_uuid(rng: random.Random) -> str:
    """A version 4 UUID from the corpus' own generator."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def connections(rng: random.Random, index: int) -> tuple[connection.Client, connection.Server]:
    """A pair of connections to one made-up host, as TLS leaves them."""
    host = f"api{index}.vendor{index % 9}.example"
    address = (f"198.51.100.{index + 1}", 443)
    client = connection.Client(
        peername=("10.0.0.1", 40_000 + index), sockname=("10.0.0.2", 8080), timestamp_start=START
    )
    server = connection.Server(address=(host, 443), peername=address, sockname=("10.0.0.2", 50_000 + index))
    for conn in (client, server):
        conn.id = make_uuid(rng)
        conn.tls, conn.tls_version, conn.sni, conn.cipher = True, "TLSv1.3", host, "TLS_AES_128_GCM_SHA256"
        conn.cipher_list, conn.alpn, conn.alpn_offers = CIPHERS, b"http/1.1", [b"h2", b"http/1.1"]
        conn.timestamp_tls_setup = START + 0.1 + index / 1000
    client.mitmcert = certificate(rng, host)
    server.certificate_list = [
        certificate(rng, f"{host if level == 0 else f'ca{level}.example'}") for level in range(CHAIN)
    ]
    server.timestamp_start, server.timestamp_tcp_setup = START, START + 0.05
    return client, server


def make_flow(
    rng: random.Random,
    pair: tuple[connection.Client, connection.Server],
    at: float,
    request: Body,
    response: Body,
) -> http.HTTPFlow:
    """One exchange."""
    client, server = pair
    host = server.address[0] if server.address else ""
    flow = http.HTTPFlow(client, server)
    flow.id, flow.timestamp_created = make_uuid(rng), at
    target = f"/v1/{rng.choice(('log', 'sync', 'feed'))}?v={rng.randrange(100)}&r={rng.getrandbits(48):x}".encode()
    headers = [
        (b"Host", host.encode()),
        (b"User-Agent", b"okhttp/4.12.0"),
        (b"Accept", b"*/*"),
        (b"Accept-Encoding", b"gzip"),
        (b"Connection", b"Keep-Alive"),
        (b"X-Request-Id", f"{rng.getrandbits(64):016x}".encode()),
        *body_headers(request),
    ]
    flow.request = http.Request(
        host, 443, b"POST" if request.content else b"GET", b"https", b"", target,
        b"HTTP/1.1", http.Headers(headers), request.content, None, at, at + 0.001,
    )  # fmt: skip
    answer = [
        (b"Server", b"nginx"),
        (b"Date", b"Sun, 23 Nov 2025 08:00:00 GMT"),
        (b"Cache-Control", b"no-store"),
        (b"X-Trace", f"{rng.getrandbits(64):016x}".encode()),
        (b"Strict-Transport-Security", b"max-age=31536000"),
        *body_headers(response),
    ]
    flow.response = http.Response(
        b"HTTP/1.1", 200, b"OK", http.Headers(answer), response.content, None, at + 0.02, at + 0.03
    )
    return flow


def body_headers(body: Body) -> list[tuple[bytes, bytes]]:
    """The headers that describe a body."""
    headers = [(b"Content-Length", str(len(body.content)).encode())]
    if body.media:
        headers.append((b"Content-Type", body.media.encode()))
    if body.gzipped:
        headers.append((b"Content-Encoding", b"gzip"))
    return headers


def make_corpus(out: Path, flows: int, hidden_every: int, seed: int) -> int:
    """Write the capture and its truth file; returns the size of the flow file in bytes."""
    rng = random.Random(seed)
    known = identities(rng)
    content = Content(rng)
    pairs = [connections(rng, index) for index in range(HOSTS)]
    out.mkdir(parents=True)
    write_json(out / "identifiers.json", {
        "schema": "pia.identifiers/1", "identifiers": [{"id": i, "value": v, "planted": True} for i, v in known],
    })  # fmt: skip
    write_json(out / "session.json", {
        "schema": "pia.session/1", "id": f"corpus-{seed}", "app": {"package": "com.example.corpus"},
        "started_ns": int(START) * 10**9,
    })  # fmt: skip
    truth_file = out.parent / f"{out.name}.truth.jsonl"
    with (out / "flows.mitm").open("wb") as file, truth_file.open("w") as truth:
        writer = FlowWriter(file)
        for number in range(flows):
            body, planted = request_body(rng, content, known, number, hidden_every)
            at = round(START + 1 + number * 0.005 + rng.random() / 1000, 6)
            flow = make_flow(rng, pairs[rng.randrange(HOSTS)], at, body, content.response())
            writer.add(flow)
            if planted:
                line = {"flow": flow.id, "data": planted.data, "value": planted.value, "location": planted.where}
                truth.write(json.dumps(line | {"path": planted.path}) + "\n")
        return file.tell()


def request_body(
    rng: random.Random, content: Content, known: list[tuple[str, str]], number: int, hidden_every: int
) -> tuple[Body, Planted | None]:
    """The body of flow ``number``: mostly ordinary, now and then with an identifier in it."""
    if hidden_every and number % hidden_every == 0:
        return content.hidden(*rng.choice(known))
    if number % ORDINARY_EVERY == 1:
        return content.plain(*rng.choice(known))
    return content.request(), None


def write_json(path: Path, document: dict[str, object]) -> None:
    """Write one JSON file of the capture."""
    path.write_text(json.dumps(document, indent=2) + "\n")


def main() -> None:
    """Parse the command line and make the corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="capture folder to make; must not exist")
    parser.add_argument("--flows", type=int, default=20_000)
    parser.add_argument("--hidden-every", type=int, default=0, metavar="N", help="hide an identifier in one flow of N")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    size = make_corpus(asked.out, asked.flows, asked.hidden_every, asked.seed)
    print(f"{asked.out}: {asked.flows} flows, {size / 1e6:.1f} MB, {size / asked.flows / 1000:.1f} KB per flow")


if __name__ == "__main__":
    main()
