"""Packets of real TLS connections, with a key log, become the same flows that a proxy would have recorded."""

import gzip
import random
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import orjson
import pytest
import wsproto
from capture_stage import HOST, Authority, events, flows
from hypothesis import given
from hypothesis import strategies as st
from packet_stage import PacketFile, Tap, ip_packet, udp_packet
from wsproto.extensions import PerMessageDeflate

from pia_runtime.capture.importer import import_recording
from pia_runtime.capture.packet_exchange import Side
from pia_runtime.capture.packet_http1 import read_http1
from pia_runtime.capture.packet_http2 import PREFACE, read_http2
from pia_runtime.capture.packet_tshark import Chunk
from pia_runtime.cli.main import run
from pia_runtime.errors import InputError
from pia_runtime.storage.analysis import analyse_capture

needs_tshark = pytest.mark.skipif(
    shutil.which("tshark") is None, reason="tshark is not installed (apt-get install tshark)"
)
SECRET = gzip.compress(b'{"imei": "356938035643809", "pad": "%b"}' % random.Random(6).randbytes(9_000).hex().encode())


class Stage:
    """A TLS server played by a function, behind a tap that writes packets."""

    def __init__(self, folder: Path, authority: Authority, name: str = "run") -> None:
        self.pcap, self.keylog = folder / f"{name}.pcap", folder / f"{name}.keys"
        self._authority, self.file = authority, PacketFile(self.pcap)

    def talk(self, serve, ask, *, alpn="http/1.1", keys=True, tls=True, port=443):
        """One connection: ``serve`` has the server's socket, ``ask`` the client's."""
        listener = socket.create_server(("127.0.0.1", 0))
        tap = Tap(self.file, listener.getsockname(), ("203.0.113.7", port))
        done = threading.Thread(target=self._serve, args=(listener, serve, alpn, tls), daemon=True)
        done.start()
        sock = socket.create_connection(tap.address)
        if tls:
            context = ssl.create_default_context(cafile=self._authority.ca_pem)
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
            context.set_alpn_protocols([alpn])
            if keys:
                context.keylog_filename = str(self.keylog)
            sock = context.wrap_socket(sock, server_hostname=HOST)
        with sock:
            ask(sock)
        done.join(10)
        tap.close()
        time.sleep(0.05)

    def _serve(self, listener, serve, alpn, tls):
        sock, _ = listener.accept()
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._authority.server_pem)
            context.set_alpn_protocols([alpn])
            sock = context.wrap_socket(sock, server_side=True)
        with sock, listener:
            serve(sock)


@pytest.fixture
def stage(tmp_path, authority):
    return Stage(tmp_path, authority)


def imported(stage, keylog=True, **options):
    stage.file.close()
    out = stage.pcap.parent / f"capture-{time.monotonic_ns()}"
    import_recording([stage.pcap], out, keylog=stage.keylog if keylog else None, **options)
    return out


def spots(folder):
    found = {}
    for line in events(folder, "gap") if (folder / "events.jsonl").exists() else []:
        found.setdefault((line["kind"], line["host"]), []).append(line["detail"])
    found.pop(("no_event_file", ""), None)
    return found


def until(sock, mark):
    data = b""
    while mark not in data:
        data += sock.recv(65536)
    return data


def answering(*answers):
    def serve(sock):
        for expected, answer in answers:
            read = b""
            while len(read) < expected:
                read += sock.recv(65536)
            sock.sendall(answer)

    return serve


def ordinary(stage, **options):
    """Two exchanges on one connection; the second body is chunked and both are gzip."""
    first = b"POST /collect?a=1 HTTP/1.1\r\nHost: %s\r\nX-B: 1\r\nx-b: 2\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (
        HOST.encode(), len(SECRET), SECRET)  # fmt: skip
    second = (
        b"PUT /two HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\n!!!\r\n0\r\nX-T: z\r\n\r\n"
        % HOST.encode()
    )
    answer = (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Encoding: br\r\n\r\n\x00\xff\r\n"
    )
    told = []

    def ask(sock):
        told.append(time.time_ns())
        sock.sendall(first)
        until(sock, b"\xff\r\n")
        sock.sendall(second)
        until(sock, b"bye")

    stage.talk(answering((len(first), answer), (len(second), b"HTTP/1.1 201 Made\r\n\r\nbye")), ask, **options)
    return told[0]


@needs_tshark
def test_http_1_over_tls_keeps_bodies_headers_and_the_packets_time(stage):
    begun = ordinary(stage)
    folder = imported(stage)
    one, two = flows(folder)
    assert spots(folder) == {}
    assert (one.id, two.id) == ("0", "1")
    assert one.request.raw_content == SECRET
    assert one.request.headers.fields[1:3] == ((b"X-B", b"1"), (b"x-b", b"2"))
    assert one.request.url == f"https://{HOST}/collect?a=1"
    assert one.response.raw_content == b"\x00\xff\r\n"
    assert two.request.raw_content == b"hello!!!"
    assert two.request.trailers["x-t"] == "z"
    assert (two.response.status_code, two.response.raw_content) == (201, b"bye")
    assert one.client_conn.sni == HOST
    assert one.server_conn.peername == ("203.0.113.7", 443)
    err = one.metadata["pia_err_ns"]
    assert begun - 2_000 <= one.request.timestamp_start * 1e9 <= begun + 200_000_000
    assert 1_000 <= err < 50_000_000
    assert two.request.timestamp_start > one.response.timestamp_start


@needs_tshark
def test_what_was_sent_is_detected_and_what_stayed_closed_is_a_blind_spot_with_its_host(stage):
    ordinary(stage)
    ordinary(stage, keys=False)
    folder = imported(stage, package="com.example.loan")
    (folder / "identifiers.json").write_bytes(
        orjson.dumps({"identifiers": [{"id": "imei", "value": "356938035643809"}]})
    )
    document = analyse_capture(folder)
    (found,) = [one for one in document["detections"] if one["act"] == "transmission"]
    assert (found["data"], found["flow"], found["recipient"]["host"]) == ("imei", "0", HOST)
    (spot,) = [one for one in document["blind_spots"] if one["kind"] == "tls_failed"]
    assert (spot["host"], spot["count"]) == (HOST, 1)


@needs_tshark
def test_without_any_key_every_connection_is_counted(stage):
    ordinary(stage, keys=False)
    ordinary(stage, keys=False)
    folder = imported(stage, keylog=False)
    assert flows(folder) == []
    (line,) = [line for line in events(folder, "gap") if line["kind"] == "tls_failed"]
    assert (line["host"], line["count"]) == (HOST, 2)
    assert "frame 1" in line["detail"]


@needs_tshark
def test_keys_inside_a_pcapng_are_enough_also_when_gzipped(stage, tmp_path):
    ordinary(stage)
    stage.file.close()
    inside = tmp_path / "inside.pcapng"
    subprocess.run(["editcap", "--inject-secrets", f"tls,{stage.keylog}", stage.pcap, inside], check=True)
    packed = tmp_path / "inside.pcapng.gz"
    packed.write_bytes(gzip.compress(inside.read_bytes()))
    for number, source in enumerate((inside, packed)):
        import_recording([source], tmp_path / f"out{number}")
        assert [flow.request.raw_content for flow in flows(tmp_path / f"out{number}")] == [SECRET, b"hello!!!"]


class _H2:
    def __init__(self, sock, client):
        self.sock = sock
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=client, header_encoding=None))
        self.h2.initiate_connection()
        self.flush()

    def flush(self):
        self.sock.sendall(self.h2.data_to_send())

    def events(self, ends):
        while ends:
            for event in self.h2.receive_data(self.sock.recv(65536)):
                if isinstance(event, h2.events.DataReceived):
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                ends -= isinstance(event, h2.events.StreamEnded)
                yield event
            self.flush()


@needs_tshark
def test_http_2_streams_are_told_apart_and_their_bodies_stay_as_sent(stage):
    def serve(sock):
        side = _H2(sock, client=False)
        for event in side.events(2):
            if isinstance(event, h2.events.StreamEnded):
                side.h2.send_headers(event.stream_id, [(":status", "200"), ("content-encoding", "gzip")])
                side.h2.send_data(event.stream_id, b"answer %d" % event.stream_id)
                side.h2.send_headers(event.stream_id, [("grpc-status", "0")], end_stream=True)
                side.flush()
        sock.recv(1)

    def ask(sock):
        side = _H2(sock, client=True)
        for stream, path in ((1, "/one"), (3, "/two?x=%E5%80%9F")):
            names = [
                (":method", "POST"),
                (":scheme", "https"),
                (":authority", "grpc.example.test"),
                (":path", path),
                ("cookie", "a=b"),
            ]
            side.h2.send_headers(stream, [*names, ("x-long", "v" * 3000)])
        side.h2.send_data(3, b"second", end_stream=False, pad_length=7)
        side.h2.send_data(1, SECRET[:900], end_stream=False)
        side.h2.send_data(3, b" half", end_stream=True)
        side.h2.send_data(1, SECRET[900:], end_stream=False)
        side.h2.send_headers(1, [("x-trailer", "t")], end_stream=True)
        side.flush()
        list(side.events(2))

    stage.talk(serve, ask, alpn="h2")
    one, two = flows(imported(stage))
    assert (one.request.path, two.request.path) == ("/one", "/two?x=%E5%80%9F")
    assert one.request.raw_content == SECRET
    assert two.request.raw_content == b"second half"
    assert one.request.trailers["x-trailer"] == "t"
    assert two.request.headers["x-long"] == "v" * 3000
    assert [flow.response.raw_content for flow in (one, two)] == [b"answer 1", b"answer 3"]
    assert one.response.trailers["grpc-status"] == "0"
    assert (one.request.http_version, one.request.pretty_host, one.request.scheme) == (
        "HTTP/2.0",
        "grpc.example.test",
        "https",
    )


@needs_tshark
def test_websocket_messages_of_both_sides_are_read_also_compressed(stage):
    def serve(sock):
        request = until(sock, b"\r\n\r\n")
        side = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
        side.receive_data(request)
        next(iter(side.events()))
        sock.sendall(side.send(wsproto.events.AcceptConnection(extensions=[PerMessageDeflate()])))
        side.receive_data(sock.recv(65536))
        list(side.events())
        sock.sendall(side.send(wsproto.events.Message(data=b"\x00binary" * 50)))
        sock.recv(1)

    def ask(sock):
        side = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        sock.sendall(side.send(wsproto.events.Request(host=HOST, target="/ws", extensions=[PerMessageDeflate()])))
        side.receive_data(until(sock, b"\r\n\r\n"))
        list(side.events())
        parts = [
            wsproto.events.Message(data="text 示例 " * 40, message_finished=False),
            wsproto.events.Message(data="end"),
        ]
        sock.sendall(b"".join(map(side.send, parts)))
        side.receive_data(sock.recv(65536))

    stage.talk(serve, ask)
    (flow,) = flows(imported(stage))
    assert [(one.from_client, one.is_text, one.content) for one in flow.websocket.messages] == [
        (True, True, ("text 示例 " * 40 + "end").encode()),
        (False, False, b"\x00binary" * 50),
    ]
    assert flow.websocket.messages[0].timestamp > flow.request.timestamp_start


@needs_tshark
def test_quic_is_a_blind_spot_with_the_name_in_its_handshake(stage):
    from aioquic.quic.configuration import QuicConfiguration
    from aioquic.quic.connection import QuicConnection

    quic = QuicConnection(configuration=QuicConfiguration(server_name="quic.example.test", alpn_protocols=["h3"]))
    quic.connect(("203.0.113.9", 443), now=0.0)
    for datagram, _ in quic.datagrams_to_send(now=0.0):
        stage.file.packet(udp_packet(("192.0.2.10", 40000), ("203.0.113.9", 443), datagram))
    assert set(spots(imported(stage, keylog=False))) == {("quic_blocked", "quic.example.test")}


@needs_tshark
def test_plain_http_is_read_on_any_port_and_other_protocols_are_named(stage):
    ask = b"GET http://plain.example.test:8123/x?y=z HTTP/1.0\r\nHost: plain.example.test:8123\r\n\r\n"
    stage.talk(
        answering((len(ask), b"HTTP/1.0 204 No\r\n\r\n")), lambda s: (s.sendall(ask), s.recv(99)), tls=False, port=8123
    )
    stage.talk(answering((4, b"\x01\x02")), lambda s: (s.sendall(b"\x10\x00\x01\x02"), s.recv(9)), tls=False, port=1883)
    folder = imported(stage, keylog=False)
    (flow,) = flows(folder)
    assert flow.request.url == "http://plain.example.test:8123/x?y=z"
    assert flow.response.status_code == 204
    assert set(spots(folder)) == {("non_http_flow", "203.0.113.7")}


def packets_of(pcap):
    content, at, found = pcap.read_bytes(), 24, []
    while at < len(content):
        size = struct.unpack_from("<I", content, at + 8)[0]
        found.append(content[at : at + 16 + size])
        at += 16 + size
    return content[:24], found


@needs_tshark
def test_segments_out_of_order_and_sent_twice_change_nothing(stage):
    ordinary(stage)
    stage.file.close()
    head, packets = packets_of(stage.pcap)
    big = [n for n, one in enumerate(packets) if len(one) > 1400]
    packets[big[1]], packets[big[2]] = packets[big[2]], packets[big[1]]
    packets.insert(big[-1], packets[big[0]])
    stage.pcap.write_bytes(head + b"".join(packets))
    assert [flow.request.raw_content for flow in flows(imported(stage))] == [SECRET, b"hello!!!"]


@needs_tshark
@pytest.mark.parametrize("tls", [True, False])
def test_a_lost_packet_is_said_with_its_frame_and_what_came_before_is_kept(stage, tls):
    early = b"GET /early HTTP/1.1\r\nHost: %s\r\n\r\n" % HOST.encode()
    late = b"POST /late HTTP/1.1\r\nHost: %s\r\nContent-Length: 9000\r\n\r\n" % HOST.encode() + b"z" * 9000
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    def ask(sock):
        sock.sendall(early)
        until(sock, b"ok")
        sock.sendall(late)
        until(sock, b"ok")

    stage.talk(answering((len(early), ok), (len(late), ok)), ask, tls=tls, port=443 if tls else 80)
    stage.file.close()
    head, packets = packets_of(stage.pcap)
    big = [n for n, one in enumerate(packets) if len(one) > 1400]
    del packets[big[2]]
    stage.pcap.write_bytes(head + b"".join(packets))
    folder = imported(stage, keylog=tls)
    assert flows(folder)[0].request.path == "/early"
    assert not any(flow.request.raw_content == b"z" * 9000 for flow in flows(folder))
    details = [text for found in spots(folder).values() for text in found]
    assert any("frame " in text for text in details)


@needs_tshark
def test_a_file_cut_off_and_packets_cut_short_are_stated(stage):
    ordinary(stage)
    stage.file.close()
    whole = stage.pcap.read_bytes()
    stage.pcap.write_bytes(whole[:-30])
    assert any(kind == "torn_flow" for kind, _ in spots(imported(stage)))
    head, packets = packets_of(stage.pcap)
    short = [one[:8] + struct.pack("<I", min(len(one) - 16, 200)) + one[12 : 16 + 200] for one in packets[:-1]]
    stage.pcap.write_bytes(head + b"".join(short))
    assert any("snapshot" in text for found in spots(imported(stage)).values() for text in found)


@needs_tshark
def test_the_same_packets_give_the_same_bytes(stage):
    ordinary(stage)
    one, other = imported(stage), imported(stage)
    assert (one / "flows.mitm").read_bytes() == (other / "flows.mitm").read_bytes()


def test_a_machine_without_tshark_gets_one_clear_line_and_exit_4(tmp_path, monkeypatch, capsys):
    with_packets = tmp_path / "a.pcap"
    PacketFile(with_packets).packet(ip_packet(6, "192.0.2.1", "192.0.2.2", b"\0" * 20))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(["import", str(with_packets), "-o", str(tmp_path / "out")]) == 4
    assert "tshark is not installed" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@needs_tshark
def test_what_is_no_recording_and_a_key_log_that_is_none_are_refused(stage, tmp_path):
    (tmp_path / "bad.pcap").write_bytes(b"\xd4\xc3\xb2\xa1" + b"\xff" * 40)
    with pytest.raises(InputError, match="tshark cannot read it"):
        import_recording([tmp_path / "bad.pcap"], tmp_path / "out")
    stage.file.close()
    stage.keylog.write_text("nothing\n")
    with pytest.raises(InputError, match="no TLS secret"):
        import_recording([stage.pcap], tmp_path / "out", keylog=stage.keylog)
    assert not (tmp_path / "out").exists()


# --- whatever bytes come


def side(data, frame=1):
    middle = len(data) // 2
    parts = [part for part in (data[:middle], data[middle:]) if part]
    return Side([Chunk(frame + n, 10**18 + n, 10**18 + n, part, True) for n, part in enumerate(parts)])


@given(client=st.binary(max_size=300), server=st.binary(max_size=300), headed=st.booleans())
def test_no_bytes_make_the_http_1_reader_fail(client, server, headed):
    start = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" if headed else b""
    answer = b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n" if headed and server[:1] > b"a" else b""
    reading = read_http1(side(start + client), side(answer + server))
    assert all(text.startswith("frame ") for text in reading.troubles)


@given(client=st.binary(max_size=300), server=st.binary(max_size=300))
def test_no_bytes_make_the_http_2_reader_fail(client, server):
    reading = read_http2(side(PREFACE + client), side(server))
    assert all(text.startswith("frame ") for text in reading.troubles)


@given(cut=st.integers(0, 400), flip=st.integers(0, 399))
def test_a_damaged_http_2_connection_gives_what_stands_before_the_damage(cut, flip):
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    connection.initiate_connection()
    for stream in (1, 3, 5):
        names = [
            (":method", "GET"),
            (":scheme", "https"),
            (":authority", "a"),
            (":path", f"/{stream}"),
            ("x", "y" * 40),
        ]
        connection.send_headers(stream, names, end_stream=True)
    data = bytearray(connection.data_to_send())
    if flip < len(data) - len(PREFACE):
        data[len(PREFACE) + flip] ^= 0x55
    reading = read_http2(side(bytes(data[: max(len(PREFACE), len(data) - cut)])), side(b""))
    whole = flip >= len(data) - len(PREFACE) and not cut
    assert (len(reading.exchanges) == 3) if whole else (len(reading.exchanges) <= 4)
