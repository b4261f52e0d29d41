"""The mitmproxy addon that records: it converts and writes, and leaves all thought to the analysis."""

import functools
from collections.abc import Callable
from typing import Any, Protocol

from mitmproxy import dns, http, tcp, tls, udp
from mitmproxy.connection import Client
from mitmproxy.flow import Flow
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from pia_runtime.capture.gaps import GapLog
from pia_runtime.capture.serialising import encode_part, encode_state, flow_state
from pia_runtime.capture.upstream import UpstreamMap
from pia_runtime.errors import PiaError

QUIC_PORT = 443


class FlowSink(Protocol):
    """Where flows go; :class:`pia_runtime.storage.writer.CaptureWriter` is one."""

    def flow(self, serialised: bytes) -> None:
        """Append one whole flow."""

    def journal(self, name: str, serialised: bytes) -> None:
        """Append a part of a flow that is still open."""

    def end_journal(self, name: str) -> None:
        """Drop the parts of a flow that was written whole."""


def _recorded(hook: Callable[..., None]) -> Callable[..., None]:
    """A fault of ours in one hook is a recorded gap; it ends neither the run nor the app's connection."""

    @functools.wraps(hook)
    def guarded(self: "Recorder", subject: Any) -> None:  # noqa: ANN401 - each hook has its own
        try:
            hook(self, subject)
        except PiaError:
            pass  # the writer keeps it as its `failure`, which ends the run
        except Exception as fault:  # noqa: BLE001 - whatever one flow provokes must not end the recording of the others
            self.report_fault(subject, f"{hook.__name__}: {type(fault).__name__}: {fault}")

    return guarded


class Recorder:
    """Writes every flow when it is finished, WebSockets also message by message, and what could not be seen as gaps.

    Args:
        sink: where flows go.
        gaps: where blind spots go.
        upstream: knows the address an app asked for.
    """

    def __init__(self, sink: FlowSink, gaps: GapLog, upstream: UpstreamMap) -> None:
        self._sink = sink
        self._gaps = gaps
        self._upstream = upstream
        self._open: dict[str, Flow] = {}
        self._handshakes: dict[str, dict[str, Any]] = {}
        self._unused_tls: dict[str, str] = {}
        self._ended = False
        self.connections = 0

    @_recorded
    def client_connected(self, _client: Client) -> None:
        """Somebody reached the proxy, whatever comes of it."""
        self.connections += 1

    @property
    def open_flows(self) -> int:
        """Exchanges that have begun and are not yet written."""
        return len(self._open)

    # --- HTTP

    @_recorded
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """A request began. gRPC streams both ways: holding it back until it is whole would deadlock the app."""
        self._open[flow.id] = flow
        self._unused_tls.pop(flow.client_conn.id, None)
        if flow.request.headers.get("content-type", "").startswith("application/grpc"):
            flow.request.stream = True

    @_recorded
    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """An answer began. Endless answers are passed on as they come (and still stored)."""
        kind = flow.response.headers.get("content-type", "") if flow.response else ""
        if flow.response and kind.startswith(("application/grpc", "text/event-stream")):
            flow.response.stream = True

    @_recorded
    def response(self, flow: http.HTTPFlow) -> None:
        """An exchange is whole; a WebSocket has only begun."""
        if flow.websocket is None:
            self._write(flow)

    @_recorded
    def error(self, flow: http.HTTPFlow) -> None:
        """An exchange broke off; its request has left nevertheless."""
        self._write(flow)

    @_recorded
    def websocket_start(self, flow: http.HTTPFlow) -> None:
        """Keep the handshake at once: the socket may stay open for hours."""
        self._handshakes[flow.id] = flow_state(flow, self._upstream.meant(flow.server_conn))
        self._sink.journal(_journal(flow), encode_part(self._handshakes[flow.id], []))

    @_recorded
    def websocket_message(self, flow: http.HTTPFlow) -> None:
        """Keep the newest message at once."""
        if flow.websocket and flow.id in self._handshakes:
            part = encode_part(self._handshakes[flow.id], flow.websocket.messages[-1:])
            self._sink.journal(_journal(flow), part)

    @_recorded
    def websocket_end(self, flow: http.HTTPFlow) -> None:
        """The WebSocket is whole."""
        self._write(flow)

    # --- everything that is not HTTP

    @_recorded
    def tcp_start(self, flow: tcp.TCPFlow) -> None:
        """A stream that is not HTTP: kept; the analysis names it among what it cannot decode."""
        self._open[flow.id] = flow
        self._unused_tls.pop(flow.client_conn.id, None)

    @_recorded
    def tcp_end(self, flow: tcp.TCPFlow) -> None:
        """The stream is whole."""
        self._write(flow)

    tcp_error = tcp_end

    @_recorded
    def udp_start(self, flow: udp.UDPFlow) -> None:
        """Datagrams that are neither DNS nor readable QUIC."""
        self._open[flow.id] = flow
        address = flow.server_conn.address
        if address and address[1] == QUIC_PORT:
            self._gaps.report("quic_blocked", self._host(flow), "QUIC datagrams were kept but cannot be decoded")

    @_recorded
    def udp_end(self, flow: udp.UDPFlow) -> None:
        """The exchange of datagrams is over."""
        self._write(flow)

    udp_error = udp_end

    @_recorded
    def dns_response(self, flow: dns.DNSFlow) -> None:
        """A name was looked up through the proxy."""
        self._write(flow)

    dns_error = dns_response

    # --- what could not be seen

    @_recorded
    def tls_failed_client(self, data: tls.TlsData) -> None:
        """The app refused the proxy's certificate, or speaks something else."""
        quic = data.conn.transport_protocol == "udp"
        detail = ("QUIC: " if quic else "") + (data.conn.error or "the handshake with the app failed")
        self._gaps.report("quic_blocked" if quic else "tls_failed", self._tls_host(data), f"app side: {detail}")

    @_recorded
    def tls_failed_server(self, data: tls.TlsData) -> None:
        """The proxy refused the server's certificate, or the server the proxy."""
        detail = data.conn.error or "the handshake with the server failed"
        self._gaps.report("tls_failed", self._tls_host(data), f"server side: {detail}")

    @_recorded
    def tls_established_client(self, data: tls.TlsData) -> None:
        """Remember it: an app that pins certificates in its own code completes the handshake and then says nothing."""
        self._unused_tls[data.conn.id] = self._tls_host(data)

    @_recorded
    def client_disconnected(self, client: Client) -> None:
        """The app closed a connection."""
        host = self._unused_tls.pop(client.id, None)
        if host is not None and not self._ended:
            self._gaps.report(
                "closed_after_tls", host, "closed after the handshake without a request: pinning is likely"
            )

    @_recorded
    def server_connect_error(self, data: ServerConnectionHookData) -> None:
        """The server could not be reached, so that the app had nobody to send to."""
        meant = self._upstream.meant(data.server)
        kind = "quic_blocked" if data.server.transport_protocol == "udp" else "connect_failed"
        self._gaps.report(kind, meant[0] if meant else "", data.server.error or "no connection")

    # --- the end

    def done(self) -> None:
        """Write what is still open: requests without an answer, open WebSockets and streams (mitmproxy hook)."""
        for flow in list(self._open.values()):
            self._write_at_end(flow)
        self._ended = True

    @_recorded
    def _write_at_end(self, flow: Flow) -> None:
        self._write(flow)

    def _write(self, flow: Flow) -> None:
        if self._ended:
            return
        self._open.pop(flow.id, None)
        self._sink.flow(encode_state(flow_state(flow, self._upstream.meant(flow.server_conn))))
        if self._handshakes.pop(flow.id, None) is not None:
            self._sink.end_journal(_journal(flow))

    def report_fault(self, subject: object, detail: str) -> None:
        """Record that this program, not the app or the network, lost something."""
        host = self._host(subject) if isinstance(subject, Flow) else ""
        self._gaps.report("addon_fault", host, detail)

    def _host(self, flow: Flow) -> str:
        if isinstance(flow, http.HTTPFlow):
            return flow.client_conn.sni or flow.request.pretty_host
        meant = self._upstream.meant(flow.server_conn)
        return flow.client_conn.sni or (meant[0] if meant else "")

    def _tls_host(self, data: tls.TlsData) -> str:
        meant = self._upstream.meant(data.context.server)
        return data.context.client.sni or data.conn.sni or (meant[0] if meant else "")


def _journal(flow: Flow) -> str:
    return f"ws-{flow.id[:8]}"
