"""The recorded answers served again: an app can be run against the same server behaviour with no server and no network.

The answers are given by mitmproxy's own server playback. Added here is which recorded request a new one is taken for: an app
that is run again sends other times, nonces and identifiers.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mitmproxy import http
from mitmproxy.addons.serverplayback import ServerPlayback

from pia_runtime.capture.interrupting import Interruption
from pia_runtime.capture.proxy import Proxy
from pia_runtime.capture.recorded_flows import read_exchanges
from pia_runtime.capture.run import tool_versions
from pia_runtime.errors import InputError, PiaError
from pia_runtime.storage.capture_reader import open_capture
from pia_runtime.storage.writer import FLOWS, CaptureWriter

_SWITCHING = 101


@dataclass(frozen=True, slots=True)
class ServeResult:
    """How serving went: requests answered from the capture, requests that had no recorded answer, and whether Ctrl-C ended it."""

    answered: int
    unknown: int
    interrupted: bool


class Answers(ServerPlayback):
    """mitmproxy's server playback, with answers that follow each other as they were recorded; the last one stays.

    Args:
        exact: only the same method, URL and body count as the same request. Otherwise such a request is preferred, and one of
            the same method, host and path is taken where there is none.

    Attributes:
        answered: requests that were given a recorded answer.
        unknown: requests for which there was none.
        unusable: recorded exchanges that cannot be served: no answer was recorded, or not its body, or it is a WebSocket.
    """

    def __init__(self, *, exact: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.answered = self.unknown = self.unusable = 0
        self._exact = exact
        self._near: dict[Hashable, list[http.HTTPFlow]] = defaultdict(list)
        self._waiting: list[http.HTTPFlow] = []

    def take(self, flow: http.HTTPFlow) -> None:
        """Keep one recorded exchange, in the order of recording, before the proxy runs."""
        response = flow.response
        if response is None or response.raw_content is None or response.status_code == _SWITCHING or flow.websocket:
            self.unusable += 1
        else:
            self._waiting.append(flow)

    @property
    def served(self) -> int:
        """How many answers there are to give."""
        return len(self._waiting)

    def running(self) -> None:
        """Index what was taken (mitmproxy hook; its options exist from now on)."""
        self.load_flows(self._waiting)
        for flow in self._waiting:
            self._near[_near(flow)].append(flow)

    def next_flow(self, flow: http.HTTPFlow) -> http.HTTPFlow | None:
        """The answer to a new request: the next of those recorded for it, the last one again where they are used up."""
        queue: list[http.HTTPFlow] | None = self.flowmap.get(self._hash(flow))
        if not queue and not self._exact:
            queue = self._near.get(_near(flow))
        if not queue:
            self.unknown += 1
            return None
        self.answered += 1
        return queue.pop(0) if len(queue) > 1 else queue[0]


def _near(flow: http.HTTPFlow) -> Hashable:
    request = flow.request
    return request.scheme, request.method, request.pretty_host, request.port, request.path.partition("?")[0]


def serve_capture(
    source: Path,
    out: Path,
    *,
    port: int,
    listen_host: str,
    exact: bool,
    extra: str,
    confdir: Path,
    duration_s: float | None,
    say: Callable[[str], None],
    on_ready: Callable[[Proxy], None] | None = None,
) -> ServeResult:
    """Serve until Ctrl-C or the end of ``duration_s``; what is asked and answered is recorded into ``out``.

    No server is connected to unless ``extra`` is ``forward``.

    Args:
        source: the capture whose answers are served.
        out: a folder for the recording of this run; must not exist or be empty.
        port: 0 for a free one.
        listen_host: the address to listen on.
        exact: see :class:`Answers`.
        extra: what a request without a recorded answer gets: ``kill``, a status such as ``404``, or ``forward``.
        confdir: where the proxy's authority is kept, the one that the app trusts.
        duration_s: seconds after which it ends, or None.
        say: takes lines for people.
        on_ready: called with the proxy once it listens.

    Raises:
        InputError: the capture has no answer to serve, or ``out`` is not empty.
        NotReadyError: the port is taken, or ``out`` cannot be written.
    """
    capture, answers = open_capture(source), Answers(exact=exact)
    for _, flow in read_exchanges(source):
        answers.take(flow)
    if not answers.served:
        raise InputError(f"{source}: no answer was recorded that could be served", "give a capture with responses")
    session = {
        "app": {"package": capture.session.app.package},
        "started_ns": time.time_ns(),
        "tools": _tools(capture.session.id),
    }
    with CaptureWriter.create(out, session, streams=(FLOWS,)) as writer:
        proxy = Proxy(
            writer, port=port, listen_host=listen_host, confdir=confdir, extra=[answers], settings=_settings(extra)
        )
        try:
            proxy.start()
        except PiaError:
            writer.discard()
            raise
        say(
            f"serving {answers.served} recorded answers on {listen_host}:{proxy.port}; the app must trust {proxy.ca_pem}"
        )
        if answers.unusable:
            say(
                f"{answers.unusable} exchanges cannot be served: no answer or body was recorded, or they are WebSockets"
            )
        if on_ready:
            on_ready(proxy)
        interrupted = _wait(proxy, writer, duration_s)
        proxy.stop()
        writer.update_session(ended_ns=time.time_ns())
    if writer.failure is not None:
        raise writer.failure
    return ServeResult(answers.answered, answers.unknown, interrupted)


def _settings(extra: str) -> dict[str, Any]:
    """Answers need no server: without these two, mitmproxy would connect first, to see the server's certificate."""
    return {"server_replay_extra": extra, "connection_strategy": "lazy", "upstream_cert": False}


def _tools(source_id: str) -> dict[str, Any]:
    return {**tool_versions(), "served_from": source_id}


def _wait(proxy: Proxy, writer: CaptureWriter, duration_s: float | None) -> bool:
    deadline = None if duration_s is None else time.monotonic() + duration_s
    with Interruption() as interruption:
        while proxy.running and writer.failure is None and not interruption.is_set():
            if deadline is not None and time.monotonic() >= deadline:
                break
            time.sleep(0.05)
        return interruption.is_set()
