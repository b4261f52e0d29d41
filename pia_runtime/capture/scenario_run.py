"""A scenario at work: a thread that looks at the screen, taps, and says in the capture what it did and when."""

import threading
import time
from collections.abc import Callable
from typing import Any

from pia_runtime.device.connection import Connection
from pia_runtime.device.scenario import KEYS, Action, Scenario, find_control, find_prompt
from pia_runtime.device.screen import Control, parse_screen, read_tree
from pia_runtime.errors import PiaError
from pia_runtime.knowledge.consent_words import load_consent_words

LOOK_EVERY_S = 0.5
AGENT_S = 2.0
"""How long the injected agent is given to report a tap that the scenario made; it knows the moment better."""

OnEvent = Callable[[dict[str, Any]], Any]


class ScenarioRun:
    """Runs one scenario beside the recording.

    Args:
        device: the device.
        scenario: what to do.
        on_event: takes what was done, as events.
        say: takes lines for the tester.
    """

    def __init__(self, device: Connection, scenario: Scenario, on_event: OnEvent, say: Callable[[str], None]) -> None:
        self._device, self._scenario, self._on_event, self._say = device, scenario, on_event, say
        self._words = load_consent_words()
        self._stopped = threading.Event()
        self._signals: list[tuple[str, float]] = []
        self._thread = threading.Thread(target=self._run, name="scenario", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def is_over(self) -> bool:
        """Whether every action was taken."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Take no further action; returns when none is under way."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join(30)

    def observe(self, record: dict[str, Any]) -> None:
        """Learn what the agent itself saw."""
        if record.get("type") == "consent" and record.get("scope") == "policy":
            self._signals.append((str(record.get("signal")), time.monotonic()))

    def _run(self) -> None:
        try:
            for action in self._scenario.actions:
                if self._stopped.is_set():
                    return
                self._act(action)
        except PiaError as error:
            self._gap(f"the scenario ended: {error.message}")

    def _act(self, action: Action) -> None:
        if action.wait_s is not None:
            self._stopped.wait(action.wait_s)
        elif action.say is not None:
            self._say(action.say)
        elif action.press is not None:
            self._device.shell("input", "keyevent", KEYS[action.press])
            self._note(f"pressed {action.press}")
        elif action.tap is not None:
            self._tap(action.tap, action.within_s)
        elif not self._await(lambda screen: find_prompt(screen, self._words) or None, action.within_s):
            self._gap(f"no question about a policy came up within {action.within_s:.0f} s")

    def _await(self, look: Callable[[list[Control]], Any], within_s: float) -> Any:  # noqa: ANN401 - what `look` finds
        """Look at the screen until something is found."""
        deadline = time.monotonic() + within_s
        while not self._stopped.is_set():
            try:
                if (found := look(parse_screen(read_tree(self._device)))) is not None:
                    return found
            except PiaError:
                pass  # the screen moves or is not there yet: looked at again
            if time.monotonic() >= deadline:
                return None
            self._stopped.wait(LOOK_EVERY_S)
        return None

    def _tap(self, meaning: str, within_s: float) -> None:
        control = self._await(lambda screen: find_control(screen, meaning, self._words), within_s)
        if control is None:
            self._gap(f"no control that means {meaning!r} came up within {within_s:.0f} s")
            return
        began, known = time.time_ns(), len(self._signals)
        self._device.shell("input", "tap", str(control.center[0]), str(control.center[1]))
        ended = time.time_ns()
        self._note(f"tapped {control.text[:80]!r} at {control.center[0]},{control.center[1]}")
        self._stopped.wait(AGENT_S)
        if not any(signal == meaning for signal, _ in self._signals[known:]):
            self._signal(meaning, control.text, began, ended)

    def _signal(self, meaning: str, text: str, began: int, ended: int) -> None:
        """The agent did not see the tap (content drawn without views): the tap itself is the evidence, within its length."""
        moment = {"t_ns": (began + ended) // 2, "clock": "host", "err_ns": (ended - began + 1) // 2}
        said = {
            "type": "consent",
            "signal": meaning,
            "scope": "policy",
            "source": "tester",
            "text": f"scenario: {text[:200]}",
        }
        self._on_event({**said, **moment})

    def _note(self, text: str) -> None:
        self._on_event({"type": "note", "t_ns": time.time_ns(), "clock": "host", "text": f"scenario: {text}"})

    def _gap(self, detail: str) -> None:
        gap = {"type": "gap", "t_ns": time.time_ns(), "clock": "host", "kind": "scenario_incomplete", "host": ""}
        self._on_event({**gap, "detail": detail[:500]})
