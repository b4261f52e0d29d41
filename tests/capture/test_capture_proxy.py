"""The recording proxy: real mitmproxy, real TLS, a real client."""

import contextlib
import http.client
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from capture_stage import HOST, Server, client, events, flows, gaps, post, tunnel, until
from mitmproxy.test import tflow
from websocket_stage import EchoedWebSocket

from pia_runtime.capture.proxy import Proxy
from pia_runtime.errors import NotReadyError
from pia_runtime.storage.capture_reader import open_capture


def test_an_exchange_is_in_the_flow_file_as_the_app_meant_it(proxy, writer):
    """The reader of mitmproxy itself finds the request's host, SNI, body and answer, though another address served it."""
    before = time.time()
    assert post(client(proxy.port, proxy.ca_pem), b"imei=356938035643809") == b"imei=356938035643809"
    proxy.stop()
    (flow,) = flows(writer.path)
    assert (flow.request.host, flow.request.port, flow.request.scheme) == (HOST, 443, "https")
    assert flow.client_conn.sni == flow.server_conn.sni == HOST
    assert flow.server_conn.peername[0] == "127.0.0.1"
    assert flow.request.path == "/collect?from=test"
    assert flow.request.raw_content == flow.response.raw_content == b"imei=356938035643809"
    assert before <= flow.request.timestamp_start <= time.time()
    assert writer.flows == 1
    assert gaps(writer.path) == {}


def test_several_requests_on_one_connection_all_keep_their_host(proxy, writer):
    """The connection was sent elsewhere once; every request on it still names the host."""
    connection = client(proxy.port, proxy.ca_pem)
    for number in range(3):
        post(connection, b"%d" % number)
    proxy.stop()
    assert [flow.request.host for flow in flows(writer.path)] == [HOST] * 3


def test_the_authority_is_private_and_not_in_the_home_folder(proxy, confdir):
    """The private key of the proxy's authority can be read by its owner only."""
    assert stat.S_IMODE(confdir.stat().st_mode) == 0o700
    assert proxy.ca_pem == confdir / "mitmproxy-ca-cert.pem"
    assert b"BEGIN CERTIFICATE" in proxy.ca_pem.read_bytes()
    assert stat.S_IMODE((confdir / "mitmproxy-ca.pem").stat().st_mode) == 0o600


def test_a_taken_port_is_one_clear_error_with_the_fix(writer, confdir):
    """The line names the port; nothing keeps running."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        proxy = Proxy(writer, port=port, confdir=confdir)
        with pytest.raises(NotReadyError, match=f"port {port} is taken.*--port"):
            proxy.start()
    assert not proxy.running


def test_a_wrong_mode_is_one_clear_error(writer, confdir):
    """An option that mitmproxy refuses is not a traceback."""
    with pytest.raises(NotReadyError, match=r"refused its options: .*nonsense"):
        Proxy(writer, confdir=confdir, mode=["nonsense"]).start()


def test_a_stopped_proxy_can_be_followed_by_another(writer, confdir, server, authority):
    """Two runs in one process do not disturb each other."""
    for _ in range(2):
        proxy = Proxy(writer, confdir=confdir, upstream_map={HOST: server.address}, upstream_ca=authority.ca_pem)
        proxy.start()
        post(client(proxy.port, proxy.ca_pem), b"x")
        proxy.stop()
        proxy.stop()
    assert writer.flows == 2


def test_a_client_that_does_not_trust_the_proxy_is_a_counted_gap(proxy, writer):
    """Three refused handshakes: the gap names the host and counts three, in fewer lines."""
    for _ in range(3):
        with pytest.raises(ssl.SSLError):
            post(client(proxy.port, None), b"secret")
    until(lambda: proxy.recorder.open_flows == 0)
    proxy.stop()
    assert flows(writer.path) == []
    assert gaps(writer.path) == {("tls_failed", HOST): 3}
    first = events(writer.path, "gap")[0]
    assert (first["clock"], first["detail"]) == ("host", first["detail"])
    assert "app side" in first["detail"]


def test_a_client_that_closes_after_the_handshake_is_a_gap(proxy, writer):
    """Certificate pinning in an app's own code looks like this."""
    context = ssl.create_default_context(cafile=proxy.ca_pem)
    with tunnel(proxy.port) as sock, context.wrap_socket(sock, server_hostname=HOST) as pinned:
        assert pinned.getpeercert()
    until(lambda: gaps(writer.path))
    assert gaps(writer.path) == {("closed_after_tls", HOST): 1}


def test_a_server_that_the_proxy_does_not_trust_is_a_gap(writer, server, confdir):
    """Without the test authority the proxy refuses the server, and says so."""
    proxy = Proxy(writer, confdir=confdir, upstream_map={HOST: server.address})
    proxy.start()
    with contextlib.suppress(OSError):
        post(client(proxy.port, proxy.ca_pem), b"x")
    proxy.stop()
    assert gaps(writer.path)["tls_failed", HOST] == 1
    assert "server side: Certificate verify failed" in events(writer.path, "gap")[0]["detail"]


def test_a_host_that_cannot_be_reached_is_a_gap(writer, confdir):
    """The app wanted to send and had nobody to send to."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        proxy = Proxy(writer, confdir=confdir, upstream_map={HOST: closed.getsockname()})
        proxy.start()
        with contextlib.suppress(OSError):
            post(client(proxy.port, proxy.ca_pem), b"x")
        proxy.stop()
    assert ("connect_failed", HOST) in gaps(writer.path)


def test_a_request_whose_answer_breaks_off_is_recorded_with_its_error(proxy, writer):
    """The data left, whether or not anybody answered."""
    with contextlib.suppress(OSError):
        post(client(proxy.port, proxy.ca_pem), b"gone", "/broken")
    proxy.stop()
    assert [(flow.request.raw_content, flow.response is None) for flow in flows(writer.path)] in (
        [(b"gone", True)],
        [(b"gone", False)],  # mitmproxy answered 502 in the server's place
    )
    assert flows(writer.path)[0].error is not None


def test_a_request_without_an_answer_is_written_when_the_run_ends(proxy, writer):
    """A server that never answers does not hide what was sent to it."""
    connection = client(proxy.port, proxy.ca_pem)
    connection.request("POST", "/never", b"still sent")
    until(lambda: proxy.recorder.open_flows == 1)
    until(lambda: next(iter(proxy.recorder._open.values())).request.raw_content == b"still sent")
    proxy.stop()
    (flow,) = flows(writer.path)
    assert flow.request.raw_content == b"still sent"
    assert flow.response is None
    connection.close()


def test_an_endless_answer_reaches_the_app_as_it_comes_and_is_recorded_whole(writer, authority, confdir):
    """The recording does not change what the app sees; the body is kept nevertheless."""
    server = Server(authority)
    proxy = Proxy(writer, confdir=confdir, upstream_map={HOST: server.address}, upstream_ca=authority.ca_pem)
    proxy.start()
    connection = client(proxy.port, proxy.ca_pem)
    connection.request("POST", "/stream", b"")
    answer = connection.getresponse()
    assert answer.readline() == b"data: first\n"
    server.release()
    assert answer.read() == b"\ndata: last\n\n"
    proxy.stop()
    server.close()
    assert flows(writer.path)[0].response.raw_content == b"data: first\n\ndata: last\n\n"


@pytest.fixture
def websocket(writer, authority, confdir):
    """An open WebSocket to an echo server, through a proxy."""
    echoed = EchoedWebSocket(authority)
    proxy = Proxy(writer, confdir=confdir, upstream_map={HOST: echoed.address}, upstream_ca=authority.ca_pem)
    proxy.start()
    echoed.open(proxy.port, proxy.ca_pem)
    yield echoed, proxy
    echoed.close()
    proxy.stop()
    echoed.stop()


def test_a_websocket_that_ended_is_one_whole_flow(websocket, writer):
    """All messages stand in one flow of the flow file, and no part of it remains."""
    connection, proxy = websocket
    for text in ("one", "two"):
        connection.echo(text)
    connection.close()
    until(lambda: writer.flows == 1)
    proxy.stop()
    (flow,) = flows(writer.path)
    assert [(m.from_client, m.content) for m in flow.websocket.messages] == [
        (True, b"one"),
        (False, b"one"),
        (True, b"two"),
        (False, b"two"),
    ]
    until(lambda: [file.name for file in writer.path.glob("*.mitm")] == ["flows.mitm"])  # once the chain says so


def test_an_open_websocket_is_on_disk_message_by_message(websocket, writer):
    """Before it ends, a stranger who reads the folder finds every message already, in one flow."""
    connection, _ = websocket
    for text in ("one", "two"):
        connection.echo(text)
    assert flows(writer.path) == []
    (journal,) = writer.path.glob("flows-ws-*.mitm")
    parts = flows(writer.path, journal.name)
    assert [[m.content for m in part.websocket.messages] for part in parts] == [
        [],
        [b"one"],
        [b"one"],
        [b"two"],
        [b"two"],
    ]
    assert {part.request.host for part in parts} == {HOST}
    (flow,) = open_capture(writer.path).flows()
    assert [message.content for message in flow.messages] == [b"one", b"one", b"two", b"two"]


def test_a_websocket_that_is_open_when_the_run_ends_is_written_whole(websocket, writer):
    """Ending the run ends the parts."""
    connection, proxy = websocket
    connection.echo("last words")
    proxy.stop()
    (flow,) = flows(writer.path)
    assert [m.content for m in flow.websocket.messages] == [b"last words"] * 2
    until(lambda: not list(writer.path.glob("flows-ws-*.mitm")))


def test_a_fault_of_the_addon_is_a_gap_and_the_next_flow_is_recorded(proxy, writer):
    """A flow that cannot be serialised costs one gap, not the run."""
    broken = tflow.tflow(resp=True)
    broken.metadata["unserialisable"] = object()
    proxy.recorder.response(broken)
    post(client(proxy.port, proxy.ca_pem), b"fine")
    proxy.stop()
    assert [flow.request.raw_content for flow in flows(writer.path)] == [b"fine"]
    assert gaps(writer.path) == {("addon_fault", "address"): 1}


CHILD = """
    import sys, time
    from pathlib import Path
    from pia_runtime.capture.proxy import Proxy
    from pia_runtime.storage.writer import CaptureWriter
    writer = CaptureWriter.create(Path(sys.argv[1]), {})
    proxy = Proxy(writer, confdir=Path(sys.argv[2]), upstream_map={sys.argv[3]: ("127.0.0.1", int(sys.argv[4]))},
                  upstream_ca=Path(sys.argv[5]))
    proxy.start()
    print(proxy.port, flush=True)
    time.sleep(60)
"""


def test_kill_9_loses_no_exchange_that_was_finished(tmp_path, server, authority, confdir):
    """A child process with the proxy is killed in the middle of traffic; all answered requests are in the file."""
    folder = tmp_path / "capture"
    arguments = [folder, confdir, HOST, server.address[1], authority.ca_pem]
    command = [sys.executable, "-c", textwrap.dedent(CHILD), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        port = int(child.stdout.readline())
        answered: list[bytes] = []

        def talk(thread: int) -> None:
            connection = client(port, confdir / "mitmproxy-ca-cert.pem", timeout=5)
            with contextlib.suppress(OSError, http.client.HTTPException):
                answered.extend(post(connection, b"%d-%d" % (thread, number)) for number in range(10_000))

        threads = [threading.Thread(target=talk, args=(thread,)) for thread in range(2)]
        for thread in threads:
            thread.start()
        until(lambda: len(answered) >= 40)
        os.kill(child.pid, signal.SIGKILL)
        for thread in threads:
            thread.join()
    recorded = [flow.request.raw_content for flow in flows(folder)]
    assert set(answered) <= set(recorded)
    assert len(recorded) == len(set(recorded))


def test_a_capture_that_cannot_take_flows_says_so(proxy, writer, tmp_path):
    """The writer's failure is kept where the live run looks for it."""
    writer.failure = NotReadyError("disk full", "free space")
    post(client(proxy.port, proxy.ca_pem), b"lost")
    until(lambda: proxy.recorder.open_flows == 0)
    assert writer.flows == 0
    assert writer.failure.exit_code == 4
