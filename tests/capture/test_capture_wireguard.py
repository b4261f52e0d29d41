"""mitmproxy's WireGuard mode: what the phone must import is told, and the port is given up at the end."""

import io
import re
import socket

import orjson
import segno

from pia_runtime.capture.proxy import Proxy
from pia_runtime.capture.tunnel import configuration_picture
from pia_runtime.storage.writer import CaptureWriter


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def test_the_tunnel_s_configuration_names_an_address_the_phone_can_reach(tmp_path):
    """Not the one that means every address."""
    port = _free_port()
    with CaptureWriter.create(tmp_path / "c", {"id": "c"}, None) as writer:
        proxy = Proxy(writer, port=port, listen_host="", confdir=tmp_path / "conf", mode=("wireguard",))
        proxy.start()
        try:
            (configuration,) = proxy.client_configurations
        finally:
            proxy.stop()
    assert re.search(rf"^Endpoint = (?!0\.0\.0\.0:)\S+:{port}$", configuration, re.MULTILINE)
    assert "PrivateKey = " in configuration
    gaps = [orjson.loads(line) for line in (tmp_path / "c/events.jsonl").read_bytes().splitlines()]
    assert [gap["kind"] for gap in gaps] == ["wireguard_silent"]
    picture = configuration_picture(configuration)
    plain = io.StringIO()
    segno.make(configuration, error="l", micro=False).terminal(out=plain, border=2, compact=True)
    assert _stripped(picture) == plain.getvalue().splitlines()
    assert max(map(len, _stripped(picture))) <= 80  # or a usual terminal breaks its lines


def _stripped(picture: str) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in picture.splitlines()]


def test_a_proxy_that_has_ended_gives_its_port_up(tmp_path):
    """The next run in the same process wants it."""
    with CaptureWriter.create(tmp_path / "c", {"id": "c"}, None) as writer:
        proxy = Proxy(writer, confdir=tmp_path / "conf")
        proxy.start()
        proxy.stop()
    socket.create_server(("127.0.0.1", proxy.port)).close()
