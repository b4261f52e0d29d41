"""The Frida host: starts the target with hooks in place before its first line, and hands on what the agent says."""

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pia_runtime.errors import NotReadyError
from pia_runtime.instrumentation.agent_build import agent_sha256, read_agent
from pia_runtime.instrumentation.bursts import BurstLimits
from pia_runtime.instrumentation.catalog import Catalog
from pia_runtime.instrumentation.catalog_entry import HookEntry
from pia_runtime.instrumentation.clock import ClockSimulation, read_samples
from pia_runtime.instrumentation.consent import ConsentWatcher
from pia_runtime.instrumentation.frida_errors import LOST, telling
from pia_runtime.instrumentation.interventions import Interventions
from pia_runtime.instrumentation.messages import intervention_note
from pia_runtime.instrumentation.process import InstrumentedProcess, host_stamp
from pia_runtime.instrumentation.target import DeviceTarget, JvmTarget, Target

__all__ = ["BurstLimits", "ClockSimulation", "DeviceTarget", "FridaHost", "JvmTarget"]


_OUTPUT_KEPT = 4096
"""Bytes of the target's own output kept, to say why a JVM ended before any hook was in."""


class FridaHost:
    """Runs one app under instrumentation.

    Args:
        target: what to start.
        catalog: the hooks.
        on_event: takes every event in the shape of ``events.jsonl`` without ``seq``, from Frida's threads.
        on_detached: takes the reason, once, when the app's main process can no longer be seen.
        clock: makes the device's clock wrong on purpose (tests).
        bursts: how many calls of a kind are told in full before they are counted.
        interventions: what is done to the app's traffic; the run's session names it.
        restart_s: seconds that an app which ended is given to start again; it is then watched again from its first line.
    """

    def __init__(
        self,
        target: Target,
        catalog: Catalog,
        *,
        on_event: Callable[[dict[str, Any]], Any],
        on_detached: Callable[[str], Any],
        clock: ClockSimulation | None = None,
        bursts: BurstLimits | None = None,
        interventions: Interventions | None = None,
        restart_s: float = 0.0,
    ) -> None:
        self._restart_s = restart_s
        self._awaiting: threading.Timer | None = None
        self._interventions = interventions or Interventions()
        self._target = target
        self._catalog = catalog
        self._on_event = on_event
        self._on_detached = on_detached
        self._clock = clock
        self._bursts = bursts or BurstLimits()
        self._watcher = ConsentWatcher()
        self._source = read_agent()
        self._device: Any = None
        self._main: InstrumentedProcess | None = None
        self._processes: dict[int, InstrumentedProcess] = {}
        self._gone: set[int] = set()
        self._stopping = False
        self._output = b""
        # The device may announce the app's own process before `spawn` has returned: adopting waits for the start to end.
        self._starting = threading.Lock()
        # Frida must not be called from its own callbacks: further processes are taken up by this one thread.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pia-children")

    @property
    def tools(self) -> dict[str, Any]:
        """What ``session.json`` must say of this instrument: the agent, and a clock that was wrong on purpose."""
        shared = {"ports_shared": True} if self._target.shares_ports else {}
        simulated = {"clock_simulation": self._clock.plan()} if self._clock else {}
        return {"agent_sha256": agent_sha256(), "interventions": self._interventions.document(), **shared, **simulated}

    @property
    def dropped(self) -> int:
        """Events that the agent had to drop, or that were lost on the way."""
        return sum(process.dropped for process in list(self._processes.values()))

    @property
    def pid(self) -> int | None:
        """Process id of the app's main process, None before it was started."""
        return self._main.pid if self._main else None

    def start(self) -> None:
        """Start the target, attach, put the hooks in, then let it run.

        Raises:
            NotReadyError: no device, no frida-server, no such app or program; nothing of it runs on.
        """
        with self._starting:
            self._device = self._target.open_device()
            self._device.on("output", self._keep_output)
            if self._target.follows_children:
                self._watch_device()
            pid = self._target.spawn(self._device)
            try:
                self._main = self._instrument(pid, self._target.process)
                with telling(f"let process {pid} run"):
                    self._device.resume(pid)
            except NotReadyError:
                self._kill(pid)
                raise

    def calibrate(self, rounds: int = 10) -> list[dict[str, Any]]:
        """Exchange ``rounds`` messages with the agent and return the quickest as clock samples of ``session.json``.

        Raises:
            NotReadyError: the app has gone.
        """
        if self._main is None:
            raise NotReadyError("the app has not been started", "start it before its clock is read")
        return read_samples(self._main.clock, self._main.facts.boot_id, rounds)

    def stop(self) -> None:
        """Fetch what waits in the agents, end the app; safe after it died, and twice."""
        if self._stopping:
            return
        self._stopping = True
        if self._awaiting is not None:
            self._awaiting.cancel()
        for pid, process in list(self._processes.items()):
            if pid not in self._gone:
                process.drain()
                self._kill(pid)
            self._report_unhooked(process)
        for gap in self._watcher.unconfirmed():
            self._on_event({**host_stamp(), **gap})
        if self._device is not None and self._target.follows_children:
            self._quietly(self._device.disable_spawn_gating)
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _instrument(self, pid: int, name: str | None) -> InstrumentedProcess:
        process = InstrumentedProcess(
            self._device, pid, self._source, self._catalog, self._watcher, self._on_event, self._process_gone
        )
        self._processes[pid] = process
        if self._target.follows_children:
            process.follow_children()
        process.install(
            {
                "entries": [entry.plan() for entry in self._catalog.entries.values() if self._allows(entry)],
                "traffic": self._interventions.plan(),
                "native": self._catalog.native_plan(),
                "preference_keys": self._watcher.preference_keys,
                "bursts": self._bursts.plan(),
                "clock": self._clock.plan() if self._clock else None,
                "process": name,
            }
        )
        self._tell_interventions(process)
        return process

    def _allows(self, entry: HookEntry) -> bool:
        return self._interventions.allows(entry)

    def _tell_interventions(self, process: InstrumentedProcess) -> None:
        """Say what is on, and of every entry that is switched off that it is: silence never means "not called"."""
        stamp = {**host_stamp(), "pid": process.pid, "process": process.facts.process}
        for name, on in self._interventions.document().items():
            self._on_event(intervention_note(name, "on" if on else "off", stamp))
        for entry in self._catalog.entries.values():
            if not self._allows(entry):
                off = {"type": "hook_status", **stamp, "hook": entry.id, "status": "absent"}
                self._on_event({**off, "reason": "switched off for this run"})

    def _watch_device(self) -> None:
        """Hold every new process on the device: zygote forks an app's further processes, not the app itself."""
        self._device.on("spawn-added", lambda spawn: self._worker.submit(self._adopt, spawn.pid, spawn.identifier))
        self._device.on("child-added", lambda child: self._worker.submit(self._adopt, child.pid, None))
        with telling("hold new processes on the device"):
            self._device.enable_spawn_gating()

    def _adopt(self, pid: int, identifier: str | None) -> None:
        """Instrument a held process of the app (``identifier`` None: its own child); let any other go."""
        with self._starting:
            main = self._main.pid if self._main else None
        if pid == main:
            return
        try:
            if pid not in self._processes and (identifier is None or self._target.owns(identifier)):
                process = self._instrument(pid, identifier)
                if identifier is not None and identifier == self._target.process and main in self._gone:
                    self._take_over(process)
        except NotReadyError as error:
            self._gap("process_not_hooked", f"{identifier or 'child'} ({pid}): {error.message}")
        finally:
            self._quietly(lambda: self._device.resume(pid))

    def _process_gone(self, pid: int, reason: str) -> None:
        if self._stopping:
            return
        self._gone.add(pid)
        process = self._processes.get(pid)
        if process is not None:
            self._report_unhooked(process)
        if self._main is not None and pid == self._main.pid:
            self._lose_main(reason)
        elif process is not None:
            self._tell_exit(process, reason)

    def _tell_exit(self, process: InstrumentedProcess, reason: str) -> None:
        exit_ = {"type": "lifecycle", "state": "process_exit", "reason": reason}
        self._on_event({**exit_, **host_stamp(), "pid": process.pid, "process": process.facts.process})

    def _lose_main(self, reason: str) -> None:
        """The app ended: over, unless it is given time to start again (zygote's children are held anyway)."""
        if not self._restart_s or not self._target.follows_children or reason == "connection-terminated":
            self._on_detached(reason)
            return
        self._awaiting = threading.Timer(self._restart_s, self._on_detached, (reason,))
        self._awaiting.daemon = True
        self._awaiting.start()

    def _take_over(self, process: InstrumentedProcess) -> None:
        """The app has started again: its new process is the main one."""
        if self._awaiting is not None:
            self._awaiting.cancel()
        old, self._main = self._main, process
        if old is not None:
            self._tell_exit(old, "process-terminated")
        start = {"type": "lifecycle", "state": "process_start", "reason": "started again, hooks before its first line"}
        self._on_event({**start, **host_stamp(), "pid": process.pid, "process": process.facts.process})

    def _report_unhooked(self, process: InstrumentedProcess) -> None:
        if not process.hooked:
            process.hooked = True  # said once
            last = self._output.decode(errors="replace").strip().splitlines()[-1:]
            said = f"; its last words: {last[0][:300]}" if last else ""
            name = f"{process.facts.process} ({process.pid})"
            self._gap("process_not_hooked", f"{name}: no hook was installed before it ended{said}")

    def _keep_output(self, pid: int, _fd: int, data: bytes) -> None:
        if self._main is None or pid == self._main.pid:
            self._output = (self._output + data)[-_OUTPUT_KEPT:]

    def _gap(self, kind: str, detail: str) -> None:
        self._on_event({"type": "gap", **host_stamp(), "kind": kind, "host": "", "detail": detail})

    def _kill(self, pid: int) -> None:
        self._quietly(lambda: self._device.kill(pid))

    def _quietly(self, step: Callable[[], Any]) -> None:
        """Do one step of ending things; what is gone already needs no ending."""
        with contextlib.suppress(*LOST):
            step()
