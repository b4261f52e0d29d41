"""One process with the agent in it."""

import threading
import time
from collections.abc import Callable
from typing import Any

import frida

from pia_runtime.errors import NotReadyError
from pia_runtime.instrumentation.catalog import Catalog
from pia_runtime.instrumentation.consent import ConsentWatcher
from pia_runtime.instrumentation.frida_errors import LOST, telling
from pia_runtime.instrumentation.messages import ProcessFacts, convert_message
from pia_runtime.instrumentation.told_before import ToldBefore

OnEvent = Callable[[dict[str, Any]], None]

_ACKNOWLEDGE_EVERY = 16
_GOODBYE_S = 5.0


class InstrumentedProcess:
    """Attaches, loads the agent, sends the plan, turns what the agent says into events.

    Args:
        device: Frida device.
        pid: a process that is suspended or running.
        on_event: takes each event, on Frida's thread.
        on_detached: takes the pid and Frida's reason when the process can no longer be seen, on Frida's thread.

    Raises:
        NotReadyError: it cannot be attached to, or the agent does not load.
    """

    def __init__(
        self,
        device: Any,  # noqa: ANN401
        pid: int,
        source: str,
        catalog: Catalog,
        watcher: ConsentWatcher,
        on_event: OnEvent,
        on_detached: Callable[[int, str], None],
    ) -> None:
        self.pid = pid
        self.hooked = False
        self.dropped = 0
        self._facts = ProcessFacts(pid, "", "")
        self._catalog = catalog
        self._watcher = watcher
        self._told = ToldBefore(catalog)
        self._on_event = on_event
        self._seen = 0
        self._early: list[dict[str, Any]] | None = []
        self._lock = threading.Lock()
        with telling(f"attach to process {pid}"):
            self._session = device.attach(pid)
            self._session.on("detached", lambda reason, crash=None, *_: self._on_end(on_detached, str(reason), crash))
            self._script = self._session.create_script(source, name="pia")
            self._script.on("message", self._on_message)
            self._script.load()

    @property
    def facts(self) -> ProcessFacts:
        """What the agent said about its process."""
        return self._facts

    def install(self, plan: dict[str, Any]) -> None:
        """Put the hooks in: now, or before ``main`` where the JVM is not there yet.

        Raises:
            NotReadyError: the agent refused the plan or the process ended.
        """
        with telling(f"put the hooks into process {self.pid}"):
            seen = self._script.exports_sync.install(plan)
        self._facts = ProcessFacts(int(seen["pid"]), str(seen["process"]), str(seen["boot_id"]))
        self._release_early()

    def follow_children(self) -> None:
        """Hold every process that this one forks until it is instrumented too."""
        with telling(f"follow the children of process {self.pid}"):
            self._session.enable_child_gating()

    def clock(self) -> dict[str, str]:
        """Ask the agent for both clocks.

        Raises:
            NotReadyError: the process has gone.
        """
        try:
            return dict(self._script.exports_sync.clock())
        except LOST as error:
            raise NotReadyError(f"process {self.pid} does not answer: {error}", "start the run again") from error

    def drain(self) -> None:
        """Fetch what waits in the agent; a dead or frozen process is left alone after five seconds."""
        cancellable = frida.Cancellable()  # type: ignore[no-untyped-call]
        timer = threading.Timer(_GOODBYE_S, cancellable.cancel)
        timer.start()
        try:
            with cancellable:
                self._script.exports_sync.flush()
        except LOST:
            pass  # nothing is left to say goodbye to; whoever watches was told by `on_detached`
        finally:
            timer.cancel()

    # Frida's thread from here on.

    def _on_end(self, on_detached: Callable[[int, str], None], reason: str, crash: Any) -> None:  # noqa: ANN401
        if crash is not None:
            detail = f"{self._facts.process}: {str(getattr(crash, 'summary', crash))[:400]}"
            gap = {"type": "gap", **host_stamp(), "kind": "app_crashed", "host": "", "detail": detail}
            self._on_event({**gap, "pid": self.pid, "process": self._facts.process})
        on_detached(self.pid, reason)

    def _on_message(self, message: dict[str, Any], _data: bytes | None) -> None:
        if message["type"] == "error":
            self._take({"k": "error", "detail": str(message.get("description"))[:500]})
            return
        payload = message.get("payload")
        if not isinstance(payload, dict) or payload.get("type") != "pia:events":
            return
        events = [event for event in payload["events"] if event["k"] != "ask"]
        for event in events:
            self._take(event)
        self._count(payload, asked=len(events) < len(payload["events"]))

    def _count(self, payload: dict[str, Any], *, asked: bool) -> None:
        """Tell of what did not arrive. Batches are numbered: a missing number is at least one lost event.

        A process that is about to end asks for its acknowledgement and waits for it.
        """
        number = int(payload["n"])
        for lost in payload["lost"]:
            self._take({"k": "lost", **lost})
        if number > self._seen + 1:
            now = time.time_ns() // 1_000_000
            self._take({"k": "lost", "h": "", "count": number - self._seen - 1, "from": now, "until": now})
        self._seen = number
        if asked or number % _ACKNOWLEDGE_EVERY == 0:
            self._script.post({"type": "ack", "n": number})

    def _take(self, message: dict[str, Any]) -> None:
        with self._lock:
            if self._early is not None:
                self._early.append(message)  # the process's name is not known before `install` has returned
                return
        self._convert(message)

    def _release_early(self) -> None:
        with self._lock:
            early, self._early = self._early or [], None
            for message in early:
                self._convert(message)

    def _convert(self, message: dict[str, Any]) -> None:
        if message.get("k") == "error":
            self._on_event(script_error(self._facts, message["detail"]))
            return
        if message.get("k") == "lost":
            self.dropped += int(message["count"])
        if message.get("k") == "hook_status" and message.get("status") == "installed":
            # C functions are there before the VM is: an app in which only they were hooked was not seen.
            self.hooked |= message.get("h") in self._catalog.entries or not self._catalog.entries
        for event in convert_message(message, self._facts, self._catalog, self._watcher):
            self._on_event(self._told.settle(event))


def script_error(facts: ProcessFacts, detail: str) -> dict[str, Any]:
    """Describe an error of the agent that belongs to no hook."""
    gap = {"type": "gap", **host_stamp(), "kind": "script_error", "host": "", "detail": detail}
    return {**gap, "pid": facts.pid, "process": facts.process}


def host_stamp() -> dict[str, Any]:
    """Return the time fields of something that the host itself noticed."""
    return {"t_ns": time.time_ns(), "clock": "host"}
