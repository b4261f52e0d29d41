"""One authority, one mitmproxy authority and one server for a module: they are slow to make and hold no state."""

from pathlib import Path

import pytest
from capture_stage import HOST, Authority, Server

from pia_runtime.capture.proxy import Proxy
from pia_runtime.storage.writer import CaptureWriter


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Authority:
    """The authority that signed the test server."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def confdir(tmp_path_factory) -> Path:
    """Where mitmproxy keeps its authority during the tests."""
    return tmp_path_factory.mktemp("mitmproxy") / "conf"


@pytest.fixture(scope="module")
def server(authority):
    """A TLS server that plays :data:`HOST`."""
    server = Server(authority)
    yield server
    server.close()


@pytest.fixture
def writer(tmp_path):
    """A new capture."""
    with CaptureWriter.create(tmp_path / "capture", {"app": {"package": "com.example.loan"}}) as writer:
        yield writer


@pytest.fixture
def proxy(writer, server, authority, confdir):
    """A running proxy that sends :data:`HOST` to the test server."""
    proxy = Proxy(writer, confdir=confdir, upstream_map={HOST: server.address}, upstream_ca=authority.ca_pem)
    proxy.start()
    yield proxy
    proxy.stop()
