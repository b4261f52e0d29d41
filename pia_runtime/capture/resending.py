"""The recorded requests sent again, to a server of the tester's: evidence must never reach a real tracker by accident.

The sending is done by mitmproxy's own client playback. Each request keeps its method, target, headers and body, also the Host
header and the name in the TLS handshake; only the address that it goes to is another.
"""

import ipaddress
import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mitmproxy import http
from mitmproxy.addons.clientplayback import ClientPlayback

from pia_runtime.capture.interrupting import Interruption
from pia_runtime.capture.proxy import Proxy
from pia_runtime.capture.recorded_flows import Place, read_exchange, read_exchanges
from pia_runtime.capture.replaying import Pace
from pia_runtime.capture.run import tool_versions
from pia_runtime.errors import InputError, PiaError, UsageError
from pia_runtime.storage.capture_reader import open_capture
from pia_runtime.storage.writer import FLOWS, CaptureWriter

ANSWER_SECONDS = 60.0
"""How long one answer is waited for before the next request is sent."""

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go: the address is resolved once, so that the name cannot come to mean another machine on the way."""

    scheme: str
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class SendResult:
    """How sending went. ``skipped``: not HTTP/1 or 2 with a recorded body (WebSockets, bodies that were not kept)."""

    sent: int
    answered: int
    failed: int
    skipped: int
    interrupted: bool


def parse_target(url: str, *, allow_remote: bool) -> Target:
    """The server that a URL names.

    Raises:
        UsageError: it is no http or https origin, or not on this machine or in its private network and not allowed to be.
        InputError: the name cannot be resolved.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise UsageError(f"--client {url}: {error}", "for instance http://127.0.0.1:8000") from error
    if (
        parts.scheme not in _PORTS
        or not host
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
        or parts.username
    ):
        raise UsageError(f"--client {url}: expected scheme, host and port only", "for instance http://127.0.0.1:8000")
    port = port or _PORTS[parts.scheme]
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise InputError(f"--client {url}: {host} cannot be resolved ({error})", "give an address") from error
    outside = [address for address in found if not _is_local(address)]
    if outside and not allow_remote:
        raise UsageError(
            f"--client {url}: {host} is {outside[0]}, not this machine or its private network",
            "recorded requests hold personal data; --allow-remote sends them nevertheless",
        )
    return Target(parts.scheme, found[0], port)


def _is_local(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return bool(mapped.is_loopback or mapped.is_link_local or (mapped.is_private and not mapped.is_unspecified))


class _Sender:
    """Tells when what was sent has come to its end (mitmproxy addon)."""

    def __init__(self) -> None:
        self.answered = self.failed = 0

    @property
    def over(self) -> int:
        return self.answered + self.failed

    def response(self, _: http.HTTPFlow) -> None:
        self.answered += 1

    def error(self, _: http.HTTPFlow) -> None:
        self.failed += 1


def resend_capture(
    source: Path,
    out: Path,
    *,
    url: str,
    pace: Pace,
    allow_remote: bool,
    say: Callable[[str], None],
) -> SendResult:
    """Send the requests of a capture one after the other, in the order in which they had begun.

    Args:
        source: the capture.
        out: a folder for the recording of what is sent and answered; must not exist or be empty.
        url: the server: ``http://127.0.0.1:8000``. Certificates of a local server are not checked.
        pace: how much faster than recorded; a request never overtakes the one before it.
        allow_remote: lets the server be outside this machine and its private network.
        say: takes lines for people.

    Raises:
        UsageError: the URL is no origin or not local.
        InputError: the capture holds no request that can be sent, or ``out`` is not empty.
        NotReadyError: ``out`` cannot be written.
    """
    target, capture = parse_target(url, allow_remote=allow_remote), open_capture(source)
    places, skipped = _sendable(source)
    if not places:
        raise InputError(f"{source}: holds no request that could be sent again", "give a capture with HTTP requests")
    session = {"app": {"package": capture.session.app.package}, "started_ns": time.time_ns()}
    session["tools"] = {**tool_versions(), "sent_again_from": capture.session.id}
    playback, sender = ClientPlayback(), _Sender()  # type: ignore[no-untyped-call]
    with (
        tempfile.TemporaryDirectory(prefix="pia-resend-") as confdir,  # nobody connects to this proxy
        CaptureWriter.create(out, session, streams=(FLOWS,)) as writer,
    ):
        settings = {"ssl_insecure": not allow_remote, "connection_strategy": "lazy"}
        proxy = Proxy(writer, confdir=Path(confdir), extra=[playback, sender], settings=settings)
        try:
            proxy.start()
        except PiaError:
            writer.discard()
            raise
        say(f"sending {len(places)} recorded requests to {target.scheme}://{target.address}:{target.port}")
        with Interruption() as interruption:
            sent = _send(places, target, pace, proxy, playback, sender, interruption)
        proxy.stop()
        writer.update_session(ended_ns=time.time_ns())
    if writer.failure is not None:
        raise writer.failure
    return SendResult(sent, sender.answered, sender.failed, skipped, interruption.is_set())


def _sendable(source: Path) -> tuple[list[Place], int]:
    """Where the requests stand, in the order in which they had begun, and how many exchanges cannot be sent again."""
    places, skipped = [], 0
    for place, flow in read_exchanges(source):
        if flow.websocket is not None or flow.request.raw_content is None or flow.request.method == "CONNECT":
            skipped += 1
        else:
            places.append(place)
    return sorted(places, key=lambda place: place.begun_s), skipped


def _send(
    places: list[Place],
    target: Target,
    pace: Pace,
    proxy: Proxy,
    playback: Any,  # noqa: ANN401 - mitmproxy's addon is untyped
    sender: _Sender,
    interruption: Interruption,
) -> int:
    sent, before = 0, places[0].begun_s
    for place in places:
        silence = place.begun_s - before
        silence = silence if pace.idle_limit_s is None else min(silence, pace.idle_limit_s)
        before = place.begun_s
        if pace.speed is not None:
            _until(lambda: False, silence / pace.speed, interruption)
        if interruption.is_set() or not proxy.running:
            break
        flow = _directed(read_exchange(place), target)
        sent += 1
        proxy.call(lambda flow=flow: playback.start_replay([flow]))  # type: ignore[misc]
        _until(lambda wanted=sent: sender.over >= wanted, ANSWER_SECONDS, interruption)  # type: ignore[misc]
    return sent


def _directed(flow: http.HTTPFlow, target: Target) -> http.HTTPFlow:
    """The request, to be sent to the target. The setters of mitmproxy would change the Host header as well."""
    data = flow.request.data
    data.scheme, data.host, data.port = target.scheme.encode(), target.address, target.port
    flow.client_conn.alpn = None  # else HTTP/2 would be offered to the server because the app had spoken it
    return flow


def _until(holds: Callable[[], bool], seconds: float, interruption: Interruption) -> None:
    deadline = time.monotonic() + seconds
    while not holds() and not interruption.is_set() and time.monotonic() < deadline:
        time.sleep(min(0.01, max(0.0, deadline - time.monotonic())))
