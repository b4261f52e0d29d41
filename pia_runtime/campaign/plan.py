"""A plan of unattended device runs: which apps, in which scenarios, how often, on which devices. A YAML file."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pia_runtime.errors import InputError, unreadable
from pia_runtime.knowledge.data_file import parse_yaml

_LARGEST = 1 << 20
_SAID_BY_THE_PLAN = frozenset(
    {"--device", "-s", "--out", "-o", "--scenario", "--category", "--install", "--port", "--runs"}
)
_SCENARIO_FILE = (".yaml", ".yml")
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
ScenarioName = Annotated[str, Field(pattern=rf"^({_NAME}|(?:.*/)?{_NAME}\.ya?ml)$", max_length=1000)]
Package = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)+$", max_length=200)]
Category = Annotated[int, Field(ge=1, le=39)]


class PlannedApp(BaseModel):
    """One app of the plan; what it leaves out is as the plan's ``defaults`` say.

    Attributes:
        package: its package name.
        install: APK, split APKs, xapk or apks to install first, relative to the plan's file; empty where it is there.
        categories: numbers of the 39 kinds of app.
        scenarios: as ``pia capture --scenario`` names them; a scenario's file is relative to the plan's.
        repetitions: how often each scenario is run.
        timeout_s: a run that takes longer is ended; its capture stays as what it is, not closed.
        retries: how often a run that failed is tried again.
        options: further words for ``pia capture``, for instance ``[--frida-server, downloads, --clear-data]``; words that the
            plan itself says (which device, where to, which scenario) are refused.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    package: Package
    install: tuple[str, ...] = ()
    categories: tuple[Category, ...] = ()
    scenarios: tuple[ScenarioName, ...] = Field(default=("first-launch-60s",), min_length=1)
    repetitions: int = Field(default=1, ge=1, le=100)
    timeout_s: float = Field(default=900, gt=0, le=86_400)
    retries: int = Field(default=1, ge=0, le=10)
    options: tuple[str, ...] = ()

    @field_validator("options")
    @classmethod
    def _not_said_twice(cls, options: tuple[str, ...]) -> tuple[str, ...]:
        said = sorted(word.partition("=")[0] for word in options if word.partition("=")[0] in _SAID_BY_THE_PLAN)
        if said:
            raise ValueError(f"{said[0]} is said by the plan itself")
        return options


class Plan(BaseModel):
    """The whole file.

    Attributes:
        devices: serials as ``adb devices`` prints them; each does one run at a time.
        apps: in the order in which they are run.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    devices: tuple[str, ...] = Field(min_length=1)
    apps: tuple[PlannedApp, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One run of one app.

    Attributes:
        name: ``package/scenario-number``; also where its capture stands below the folder of captures.
    """

    app: PlannedApp
    scenario: str
    number: int

    @property
    def name(self) -> str:
        """Of the run inside the plan."""
        scenario = Path(self.scenario).stem if self.scenario.endswith(_SCENARIO_FILE) else self.scenario
        return f"{self.app.package}/{scenario}-{self.number}"


def read_plan(path: Path) -> Plan:
    """The plan in a file.

    Raises:
        InputError: it cannot be read or is not as described; file and field are named.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{path}: larger than {_LARGEST} bytes", "a plan is a short YAML file")
        content = parse_yaml(path.read_bytes())
    except OSError as error:
        raise unreadable(path, error, "give a plan's YAML file") from error
    except ValueError as error:
        raise InputError(f"{path}: not valid YAML ({error})", "see docs/campaigns.md") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected a mapping with devices and apps", "see docs/campaigns.md")
    defaults = content.pop("defaults", None) or {}
    apps = content.get("apps")
    if isinstance(defaults, dict) and isinstance(apps, list):
        content["apps"] = [{**defaults, **app} if isinstance(app, dict) else app for app in apps]
    try:
        plan = Plan.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path}: {where}: {first['msg']}", "see docs/campaigns.md") from error
    apps = tuple(_beside(path.parent, app) for app in plan.apps)
    plan = plan.model_copy(update={"apps": apps})
    names = [run.name for run in planned_runs(plan)]
    if twice := next((name for name, times in Counter(names).items() if times > 1), None):
        raise InputError(f"{path}: apps: two runs are called {twice}", "name an app's scenario once, with repetitions")
    return plan


def _beside(folder: Path, app: PlannedApp) -> PlannedApp:
    """The app with the files that it names where they stand, seen from the plan's folder."""
    scenarios = (str(folder / name) if name.endswith(_SCENARIO_FILE) else name for name in app.scenarios)
    return app.model_copy(
        update={"install": tuple(str(folder / file) for file in app.install), "scenarios": tuple(scenarios)}
    )


def planned_runs(plan: Plan) -> Iterator[PlannedRun]:
    """Every run, an app's together, so that a device changes apps as seldom as it can."""
    for app in plan.apps:
        for scenario in app.scenarios:
            for number in range(1, app.repetitions + 1):
                yield PlannedRun(app, scenario, number)
