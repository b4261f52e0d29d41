"""The demonstration: the practice app under real hooks and a real proxy, into a capture folder."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pia_runtime.capture.following import Follower
from pia_runtime.capture.instrument import OnDetached, OnEvent
from pia_runtime.capture.live import LiveResult, run_live
from pia_runtime.capture.proxy import Proxy
from pia_runtime.capture.status import LiveLog, LiveStatus
from pia_runtime.capture.view import LiveView
from pia_runtime.errors import NotReadyError
from pia_runtime.instrumentation.agent_build import read_agent
from pia_runtime.instrumentation.catalog import load_catalog
from pia_runtime.instrumentation.host import ClockSimulation, FridaHost, JvmTarget
from pia_runtime.instrumentation.interventions import Interventions
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
    interventions: Interventions | None = None,
) -> Path:
    """Run the practice app, instrumented from before its first line, and return the capture folder.

    Args:
        out: capture folder to make.
        scenario: what the user does, a value of :class:`pia_runtime.practice.app.Scenario`.
        clock: makes the device's clock wrong on purpose, as the agent reads it.
        status: called about ten times a second; None for a status line on standard error.
        work: takes the device profile and the truth log; None for a folder that is removed afterwards.
        dies: the app's process dies at the moment the user would choose.
        interventions: what is done to the app's traffic; None for all that there is.

    Raises:
        NotReadyError: no JDK 17, no agent, a port or folder that cannot be used; or the app's JVM crashed or hung, in
            which case the capture holds what was seen until then.
        InputError: ``out`` is not empty.
        KeyboardInterrupt: Ctrl-C ended the run; the capture is whole.
    """
    read_agent()  # says what to do before anything is made
    with _workplace(work) as folder:
        app = PracticeApp.prepare(Scenario(scenario), folder, dies=dies)
        with CaptureWriter.create(out, _session(app), app.identifiers()) as writer, _showing(status) as show:
            result = _run(app, writer, clock, show, interventions)
        _check(app, result)
    return out


def _run(
    app: PracticeApp,
    writer: CaptureWriter,
    clock: ClockSimulation | None,
    show: Callable[[LiveStatus], None],
    interventions: Interventions | None,
) -> LiveResult:
    """Start servers, proxy and app, in this order, and watch the app to its end."""
    catalog = load_catalog()
    with PracticeServers(work=app.folder) as servers:
        proxy = Proxy(
            writer,
            confdir=project_cache() / "mitmproxy",
            upstream_map=servers.upstream_map,
            upstream_ca=servers.ca_pem,
        )
        proxy.start()
        behind = app.behind(("127.0.0.1", proxy.port), proxy.ca_pem)
        target = JvmTarget(behind.argv, env=behind.environment, process=OWN_PACKAGE)

        def connect(on_event: OnEvent, on_detached: OnDetached) -> FridaHost:
            return FridaHost(
                target, catalog, on_event=on_event, on_detached=on_detached, clock=clock, interventions=interventions
            )

        log = LiveLog()
        try:
            with Follower(writer.path, log.sent):
                return run_live(
                    connect,
                    proxy,
                    writer,
                    status=show,
                    duration_s=MAX_SECONDS,
                    calibrate_every_s=CALIBRATE_EVERY_SECONDS,
                    log=log,
                )
        finally:
            proxy.stop()


def _check(app: PracticeApp, result: LiveResult) -> None:
    """A demonstration that did not get to its end must not look like one that did."""
    if result.reason == "interrupted":
        raise KeyboardInterrupt
    if app.crash_report.exists():
        raise NotReadyError(
            "the practice app's Java VM crashed under the hooks", "run it again and report it if it recurs"
        )
    if result.reason != "target_exit":
        raise NotReadyError(
            f"the practice app had not ended after {MAX_SECONDS:.0f} s", "try again on a calmer machine"
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
    with LiveView(title="practice app") as line:
        yield line
