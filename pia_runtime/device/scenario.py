"""Scenarios: what a run does to the app while it records, as data."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pia_runtime.device.screen import Control
from pia_runtime.errors import InputError
from pia_runtime.knowledge.consent_words import ConsentWords

KEYS = {"home": "3", "back": "4"}
"""Android's key codes (``KeyEvent``)."""


class Action(BaseModel):
    """One line of a scenario: exactly one thing to do."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    await_: Literal["prompt"] | None = Field(None, alias="await")
    tap: Literal["given", "refused", "withdrawn"] | None = None
    press: Literal["home", "back"] | None = None
    wait_s: float | None = Field(None, ge=0)
    say: str | None = None
    within_s: float = Field(30, gt=0)

    @model_validator(mode="after")
    def _one_thing(self) -> "Action":
        things = (self.await_, self.tap, self.press, self.wait_s, self.say)
        if sum(thing is not None for thing in things) != 1:
            raise ValueError("an action does exactly one of await, tap, press, wait_s, say")
        return self


class Scenario(BaseModel):
    """A named list of actions."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    en: str
    actions: tuple[Action, ...]


def load_scenario(name: str) -> Scenario:
    """One of the scenarios that come with the program, or one of a file of the same form (``FILE.yaml``).

    Raises:
        InputError: there is none of that name, or the file is not of that form.
    """
    if name.endswith((".yaml", ".yml")):
        known = _read(Path(name).read_text(encoding="utf-8") if Path(name).is_file() else "", name)
        if len(known) != 1:
            raise InputError(f"{name}: {len(known)} scenarios in it", "write exactly one below 'scenarios:'")
        return next(iter(known.values()))
    known = _read(resources.files(__package__).joinpath("scenarios.yaml").read_text(encoding="utf-8"), "scenarios.yaml")
    if name not in known:
        raise InputError(f"no scenario {name!r}", f"choose one of {', '.join(known)}, or name a .yaml file")
    return known[name]


def _read(text: str, where: str) -> dict[str, Scenario]:
    try:
        content = yaml.safe_load(text)
        entries: dict[str, Any] = content["scenarios"]
        return {name: Scenario.model_validate(entry) for name, entry in entries.items()}
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValidationError) as error:
        first = str(error).splitlines()
        raise InputError(
            f"{where}: not a scenario: {' '.join(first[:3])}", "see docs/devices.md for the form"
        ) from error


def find_prompt(screen: Sequence[Control], words: ConsentWords) -> bool:
    """Whether the screen names a policy and has a control that answers about it."""
    named = any(words.is_policy_text(control.text) for control in screen)
    return named and any(
        control.clickable and words.judge_tap(control.text) in ("given", "refused") for control in screen
    )


def find_control(screen: Sequence[Control], meaning: str, words: ConsentWords) -> Control | None:
    """The control whose words mean that; of several the last drawn, which lies on top.

    A way out (暂不, Cancel) counts as refusing only beside a control that agrees, as in the judging of taps.
    """
    taps = [control for control in screen if control.clickable]
    fitting = [
        control for control in taps if words.judge_tap(control.text) == meaning and not words.is_dismissal(control.text)
    ]
    if not fitting and meaning == "refused" and any(words.judge_tap(control.text) == "given" for control in taps):
        fitting = [control for control in taps if words.is_dismissal(control.text)]
    return fitting[-1] if fitting else None
