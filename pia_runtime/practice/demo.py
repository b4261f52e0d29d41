"""The demonstration: the practice app under real hooks and a real proxy, into a capture folder."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pia_runtime.capture.instrument import OnDetached, OnEvent
from pia_runtime.capture.live import LiveStatus, run_live
from pia_runtime.capture.proxy import Proxy
from pia_runtime.capture.status import StatusLine
from pia_runtime.instrumentation.catalog import load_catalog
from pia_runtime.instrumentation.host import ClockSimulation, FridaHost, JvmTarget
from pia_runtime.practice.app import PracticeApp, Scenario
from pia_runtime.practice.identity import OWN_PACKAGE
from pia_runtime.practice.project_cache import project_cache
from pia_runtime.practice.servers import PracticeServers
from pia_runtime.storage.writer import CaptureWriter

MAX_SECONDS = 60.0
"""A scenario takes four to eight seconds; one that has not ended by now never will."""

CALIBRATE_EVERY_SECONDS = 1.0
"""The run is short, and each exchange narrows what the clocks' drift leaves open."""


def default_out(scenario: str) -> Path:
    """A capture folder below ``captures/`` named after the moment (UTC) and the scenario."""
    return Path("captures") / f"demo-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{scenario}"


def run_demo(
    out: Path,
    scenario: str,
    *,
    clock: ClockSimulation | None = None,
    status: Callable[[LiveStatus], None] | None = None,
    work: Path | None = None,
    dies: bool = False,
) -> Path:
    """Run the practice app, instrumented from before its first line, and return the capture folder.

    Args:
        out: capture folder to make.
        scenario: what the user does, a value of :class:`pia_runtime.practice.app.Scenario`.
        clock: makes the device's clock wrong on purpose, as the agent reads it.
        status: called about ten times a second; None for a status line on standard error.
        work: takes the device profile and the truth log; None for a folder that is removed afterwards.
        dies: the app's process dies at the moment the user would choose.

    Raises:
        NotReadyError: no JDK 17, no agent, a port or folder that cannot be used.
        InputError: ``out`` is not empty.
    """
    with _workplace(work) as folder, PracticeServers(work=folder) as servers:
        plan = _Plan(Scenario(scenario), folder, servers, dies)
        with _showing(status) as show:
            plan.run(out, clock, show)
    return out


class _Plan:
    """One run: who talks to whom."""

    def __init__(self, scenario: Scenario, folder: Path, servers: PracticeServers, dies: bool) -> None:
        self._scenario = scenario
        self._folder = folder
        self._servers = servers
        self._dies = dies

    def run(self, out: Path, clock: ClockSimulation | None, show: Callable[[LiveStatus], None]) -> None:
        template = self._app(("127.0.0.1", 0), Path())
        with CaptureWriter.create(out, _session(template), template.identifiers()) as writer:
            proxy = Proxy(
                writer,
                confdir=project_cache() / "mitmproxy",
                upstream_map=self._servers.upstream_map,
                upstream_ca=self._servers.ca_pem,
            )
            proxy.start()
            try:
                app = self._app(("127.0.0.1", proxy.port), proxy.ca_pem)
                self._watch(app, proxy, writer, clock, show)
            finally:
                proxy.stop()

    def _app(self, proxy: tuple[str, int], proxy_ca: Path) -> PracticeApp:
        return PracticeApp.prepare(self._scenario, self._folder, proxy, proxy_ca, dies=self._dies)

    def _watch(
        self,
        app: PracticeApp,
        proxy: Proxy,
        writer: CaptureWriter,
        clock: ClockSimulation | None,
        show: Callable[[LiveStatus], None],
    ) -> None:
        target = JvmTarget(app.argv, env=app.environment, process=OWN_PACKAGE)
        catalog = load_catalog()

        def connect(on_event: OnEvent, on_detached: OnDetached) -> FridaHost:
            return FridaHost(target, catalog, on_event=on_event, on_detached=on_detached, clock=clock)

        run_live(
            connect,
            proxy,
            writer,
            status=show,
            duration_s=MAX_SECONDS,
            calibrate_every_s=CALIBRATE_EVERY_SECONDS,
        )


def _session(app: PracticeApp) -> dict[str, Any]:
    tools = {name: version(name) for name in ("pia-runtime", "mitmproxy", "frida")}
    tools["pia_runtime"] = tools.pop("pia-runtime")
    return {"id": f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}-{OWN_PACKAGE}", **app.session(), "tools": tools}


@contextmanager
def _workplace(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        yield chosen
        return
    cache = project_cache()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="demo-", dir=cache) as folder:
        yield Path(folder)


@contextmanager
def _showing(status: Callable[[LiveStatus], None] | None) -> Iterator[Callable[[LiveStatus], None]]:
    if status is not None:
        yield status
        return
    with StatusLine() as line:
        yield line
