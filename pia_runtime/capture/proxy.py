"""mitmproxy in this process: its own thread and event loop, writing into the capture."""

import asyncio
import errno
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from mitmproxy import addons, exceptions, options
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.master import Master

from pia_runtime.capture.addon import Recorder
from pia_runtime.capture.gaps import GapLog
from pia_runtime.capture.upstream import UpstreamMap
from pia_runtime.errors import NotReadyError, PiaError
from pia_runtime.storage.writer import CaptureWriter

START_SECONDS = 30
"""How long the proxy may take to listen; a new certificate authority alone can take a second."""

CLOSE_SECONDS = 1.0
"""How long a port's connections may take to end when the port is given up."""

DRAIN_SECONDS = 1.0
"""How long :meth:`Proxy.stop` waits for exchanges under way; what is open after that is written without its answer."""


class Proxy:
    """A recording proxy. mitmproxy keeps its context in globals, so one runs per process at a time.

    Args:
        writer: the capture that flows and gaps go to.
        port: 0 for a free one.
        listen_host: the address to listen on.
        confdir: where mitmproxy keeps its certificate authority; made with mode 0700 where it is missing.
        upstream_map: host name to the address that plays it, for practice servers on this machine.
        upstream_ca: PEM file of the authority that signed those servers, instead of the public ones.
        mode: mitmproxy's proxy modes.
        extra: addons that come before the recorder; one that mitmproxy has under the same class is left out for it.
        settings: further options of mitmproxy.

    Attributes:
        port: the port it listens on, known after :meth:`start`.
        ca_pem: the certificate that an app must trust.
        client_configurations: in WireGuard mode, what the device's WireGuard app must import: it holds the tunnel's private key.
    """

    def __init__(
        self,
        writer: CaptureWriter,
        *,
        port: int = 0,
        listen_host: str = "127.0.0.1",
        confdir: Path,
        upstream_map: dict[str, tuple[str, int]] | None = None,
        upstream_ca: Path | None = None,
        mode: Sequence[str] = ("regular",),
        extra: Sequence[object] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.port = port
        self.listen_host = listen_host
        self.ca_pem = confdir / "mitmproxy-ca-cert.pem"
        self._confdir = confdir
        self._upstream_ca = upstream_ca
        self._mode = list(mode)
        self._extra = list(extra)
        self._settings = dict(settings or {})
        self._gaps = GapLog(writer.event)
        self._upstream = UpstreamMap(upstream_map or {})
        self.recorder = Recorder(writer, self._gaps, self._upstream)
        self._listening = threading.Event()
        self._failure: BaseException | None = None
        self.client_configurations: list[str] = []
        self._servers: list[Any] = []
        self._master: Master | None = None
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    @property
    def running(self) -> bool:
        """Whether the proxy still serves."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Return when the proxy listens.

        Raises:
            NotReadyError: the port is taken, the address is not this machine's, or an option is wrong.
        """
        self._confdir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._thread.start()
        if not self._listening.wait(START_SECONDS):
            raise NotReadyError(f"the proxy did not listen within {START_SECONDS} s", "try again on a calmer machine")
        if self._failure is not None:
            self._thread.join()
            raise self._explain(self._failure) from self._failure

    def call(self, action: Callable[[], object]) -> None:
        """Run something in the proxy's own thread, as its addons ask; returns at once."""
        if self._master is not None and self._thread.is_alive():
            self._master.event_loop.call_soon_threadsafe(action)

    def stop(self) -> None:
        """Write everything that is open and end; may be called twice.

        Raises:
            PiaError: the capture could not take the last flows.
        """
        if self._master is not None and self._thread.is_alive():
            deadline = time.monotonic() + DRAIN_SECONDS
            while self.recorder.open_flows and time.monotonic() < deadline:
                time.sleep(0.02)
            self._master.shutdown()  # type: ignore[no-untyped-call]
            self._thread.join()
            if self.client_configurations and not self.recorder.connections:
                self._gaps.report(
                    "wireguard_silent", "", "nothing came through the tunnel; was it imported and switched on?"
                )
            self._gaps.flush()

    # mitmproxy calls this one when its servers have been set up, whether or not they listen.
    def _on_running(self) -> None:
        assert self._master is not None  # noqa: S101 - set before the master runs
        proxyserver = self._master.addons.get("proxyserver")  # type: ignore[no-untyped-call]
        servers = cast(Proxyserver, proxyserver).servers
        self._servers = list(servers)
        failed = next((server.last_exception for server in servers if server.last_exception), None)
        if failed is not None:
            self._failure = failed
            self._master.should_exit.set()
        else:
            self.port = next((address[1] for server in servers for address in server.listen_addrs), self.port)
            told = (server.to_json().get("wireguard_conf") for server in servers)
            self.client_configurations = [str(one) for one in told if one]
        self._listening.set()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:  # noqa: BLE001 - carried to the thread that called start
            self._failure = self._failure or failure
        finally:
            self._listening.set()

    async def _serve(self) -> None:
        master = Master(options.Options(), event_loop=asyncio.get_running_loop())
        usual = [one for one in addons.default_addons() if not any(isinstance(own, type(one)) for own in self._extra)]  # type: ignore[no-untyped-call]
        parts = [*usual, *self._extra, self._upstream, self.recorder, _Readiness(self)]
        master.addons.add(*parts)  # type: ignore[no-untyped-call]
        self._master = master
        master.options.update(  # type: ignore[no-untyped-call]
            listen_host=self.listen_host,
            listen_port=self.port,
            confdir=str(self._confdir),
            mode=self._mode,
            store_streamed_bodies=True,
            ssl_verify_upstream_trusted_ca=str(self._upstream_ca) if self._upstream_ca else None,
            **self._settings,
        )
        asyncio.get_running_loop().set_exception_handler(_tell_unless_cancelled)
        await master.run()
        for server in self._servers:  # mitmproxy leaves its ports to the end of the process; the next run wants them
            with suppress(Exception):
                await asyncio.wait_for(server.stop(), CLOSE_SECONDS)

    def _explain(self, failure: BaseException) -> PiaError:
        where = f"{self.listen_host}:{self.port}"
        if isinstance(failure, PiaError):
            return failure
        if isinstance(failure, OSError) and failure.errno == errno.EADDRINUSE:
            return NotReadyError(
                f"port {self.port} is taken: the proxy cannot listen on {where}", "choose another --port"
            )
        if isinstance(failure, exceptions.OptionsError):
            return NotReadyError(
                f"the proxy refused its options: {failure}", "correct the proxy mode or certificate file"
            )
        return NotReadyError(f"the proxy cannot listen on {where}: {failure}", "choose another address or --port")


def _tell_unless_cancelled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """After mitmproxy's own handler is gone, connections that end with the run are no news; anything else is."""
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


class _Readiness:
    """Tells the proxy when mitmproxy has set up its servers."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    def running(self) -> None:
        self._proxy._on_running()
