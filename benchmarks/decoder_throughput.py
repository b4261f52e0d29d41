"""How fast the decoder takes ordinary traffic apart, by kind of body: ``python benchmarks/decoder_throughput.py``.

Synthetic bodies of the usual kinds with the usual headers around them, decoded in one process. MB/s count decompressed
body bytes over process CPU time, best of three. ``--profile`` lists where the time goes.
"""

import argparse
import cProfile
import gzip
import json
import pstats
import random
import string
import struct
import time
import urllib.parse
import uuid
from collections.abc import Callable

from pia_runtime.decoding import decode_flow
from pia_runtime.model.flow import Flow, Response

RND = random.Random(3)
WORDS = ["".join(RND.choices(string.ascii_lowercase, k=RND.randint(3, 10))) for _ in range(400)]
PER_KIND = 60
HEADERS = (
    (b"Host", b"api.example.com"),
    (b"User-Agent", b"Dalvik/2.1.0 (Linux; U; Android 14; Pixel 7 Build/UQ1A.240105.004)"),
    (b"Accept-Encoding", b"gzip"),
    (b"Content-Type", b"application/octet-stream"),
    (b"X-Request-Id", b"5f2b8c1e-0a43-4a9f-8a1d-6d41a31b2f10"),
)
RESPONSE_HEADERS = (
    (b"Server", b"nginx"),
    (b"Date", b"Sun, 23 Nov 2025 08:00:00 GMT"),
    (b"Cache-Control", b"no-cache, private"),
    (b"Set-Cookie", b"sid=00000000000000000000000000000005; Path=/; HttpOnly"),
)


def words(count: int) -> str:
    """Some words."""
    return " ".join(RND.choices(WORDS, k=count))


def some_uuid() -> str:
    """A random UUID."""
    return str(uuid.UUID(int=RND.getrandbits(128)))


def json_body() -> bytes:
    """An analytics batch."""
    events = [
        {
            "name": f"{RND.choice(WORDS)}_{RND.choice(WORDS)}",
            "ts": 1763884800000 + RND.randint(0, 10**7),
            "dur": RND.random() * 100,
            "props": {
                RND.choice(WORDS): words(RND.randint(1, 8)),
                "ok": RND.random() < 0.5,
                "url": f"https://cdn.example.com/{RND.choice(WORDS)}/{RND.choice(WORDS)}.png",
                "sess": f"{RND.getrandbits(128):032x}",
            },
        }
        for _ in range(RND.randint(5, 40))
    ]
    device = {"model": "Pixel 7", "os": "android", "sdk": 34, "locale": "zh_CN", "id": some_uuid(), "dpi": 2.625}
    return json.dumps({"app": {"pkg": "com.example." + RND.choice(WORDS)}, "device": device, "events": events}).encode()


def form_body() -> bytes:
    """Thirty fields."""
    values = (words(3), str(RND.randint(0, 10**12)), some_uuid(), f"https://e.example.com/{RND.choice(WORDS)}?x=1")
    return urllib.parse.urlencode({f"{RND.choice(WORDS)}{i}": RND.choice(values) for i in range(30)}).encode()


def html_body() -> bytes:
    """A page of some 27 KB."""
    rows = "".join(
        f'<div class="{RND.choice(WORDS)}-{RND.choice(WORDS)}"><a href="/{RND.choice(WORDS)}/{RND.choice(WORDS)}.html?id={i}">'
        f"{words(3)}</a><p>{words(30).capitalize()}</p></div>\n"
        for i in range(80)
    )
    return f"<!doctype html><html><body>{rows}</body></html>".encode()


def protobuf_body() -> bytes:
    """Thirty nested messages."""
    out = b""
    for _ in range(30):
        text = words(4).encode()
        message = b"\x0a" + bytes([len(text)]) + text + b"\x19" + struct.pack("<d", RND.random() * 180)
        out += b"\x12" + bytes([len(message)]) + message
    return out


KINDS: dict[str, Callable[[], bytes]] = {
    "json": json_body,
    "json in gzip": lambda: gzip.compress(json_body()),
    "form": form_body,
    "html": html_body,
    "protobuf": protobuf_body,
    "image": lambda: b"\x89PNG\r\n\x1a\n" + RND.randbytes(12_000),
}


def flow_with(body: bytes, answer: bytes) -> Flow:
    """A request with this body."""
    target = b"/v1/track/event?ts=1763884800000&v=3&sign=%032x" % RND.getrandbits(128)
    response = Response(200, RESPONSE_HEADERS, answer)
    return Flow("f", 0, 1000, "POST", "https", "api.example.com", 443, target, "HTTP/1.1", HEADERS, body, (), response)


def measure(name: str, flows: list[Flow], size: int) -> None:
    """Decode and print one line."""
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        leaves = sum(len(decode_flow(flow).leaves) for flow in flows)
        best = min(best, time.process_time() - began)
    each = best / len(flows) * 1e6
    print(f"{name:14} {size / best / 1e6:7.1f} MB/s {each:7.0f} us/flow {leaves / len(flows):6.0f} leaves/flow")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    mixed: list[Flow] = []
    total = 0
    for name, make in KINDS.items():
        flows, size = [], 0
        for _ in range(PER_KIND):
            body = make()
            answer = (
                html_body()
                if RND.random() < 0.3
                else b'{"code":0,"msg":"ok","data":{"t":"' + words(10).encode() + b'"}}'
            )
            flows.append(flow_with(body, answer))
            size += len(gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body) + len(answer)
        measure(name, flows, size)
        mixed, total = mixed + flows, total + size
    measure("mixed", mixed, total)
    if options.profile:
        with cProfile.Profile() as profile:
            for flow in mixed:
                decode_flow(flow)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
