"""mitmproxy's WireGuard mode: what the phone must import is told, and the port is given up at the end."""

import re
import socket

from pia_runtime.capture.proxy import Proxy
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


def test_a_proxy_that_has_ended_gives_its_port_up(tmp_path):
    """The next run in the same process wants it."""
    with CaptureWriter.create(tmp_path / "c", {"id": "c"}, None) as writer:
        proxy = Proxy(writer, confdir=tmp_path / "conf")
        proxy.start()
        proxy.stop()
    socket.create_server(("127.0.0.1", proxy.port)).close()
