"""One run of the practice app: what to start, what the device knows, and where the app writes its ground truth."""

import os
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from pia_runtime.practice.build import compile_app
from pia_runtime.practice.identity import OWN_PACKAGE, READ_CONTACTS, Identity, known_values, profile_properties
from pia_runtime.practice.jdk import find_jdk17

VERSION_NAME = "1.8.50"
VERSION_CODE = 18500
LENDING = 12
"""Number of 网络借贷类 among the 39 app categories."""


class Scenario(StrEnum):
    """What the scripted user does with the consent dialog."""

    NEVER = "never"
    ACCEPT = "accept"
    REFUSE = "refuse"
    WITHDRAW = "accept-then-withdraw"


@dataclass(frozen=True, slots=True)
class PracticeApp:
    """The practice app, ready to be started.

    Attributes:
        scenario: what the user does. Asked for the address book, he allows it in ``accept`` and denies it otherwise.
        folder: takes the device profile and the truth log; must exist.
        jdk: home of the JDK 17.
        classes: the compiled app.
        proxy: host and port of the HTTP proxy.
        proxy_ca: PEM file of the authority that the app trusts, the proxy's.
        dies: the process dies at the moment the user would choose.
    """

    scenario: Scenario
    folder: Path
    jdk: Path
    classes: Path
    proxy: tuple[str, int] = ("127.0.0.1", 0)
    proxy_ca: Path = Path()
    identity: Identity = field(default_factory=Identity)
    dies: bool = False

    @classmethod
    def prepare(cls, scenario: Scenario, folder: Path, *, dies: bool = False) -> "PracticeApp":
        """Find the JDK, compile what has changed and write the device profile.

        Raises:
            NotReadyError: no JDK 17, or the app cannot be compiled.
        """
        jdk = find_jdk17()
        app = cls(scenario, folder, jdk, compile_app(jdk=jdk), dies=dies)
        app.write_profile()
        return app

    def behind(self, proxy: tuple[str, int], proxy_ca: Path) -> "PracticeApp":
        """The same app, sending through a proxy and trusting its authority."""
        return replace(self, proxy=proxy, proxy_ca=proxy_ca)

    @property
    def argv(self) -> list[str]:
        """The command line that starts the app."""
        virtual_machine = [
            str(self.jdk / "bin" / "java"),
            "-XX:-UsePerfData",  # it would write below /tmp
            f"-XX:ErrorFile={self.crash_report}",
            "-Dfile.encoding=UTF-8",
        ]
        options = {
            "profile": self.profile_path,
            "truth": self.truth_path,
            "scenario": self.scenario.value,
            "proxy": f"{self.proxy[0]}:{self.proxy[1]}",
            "ca": self.proxy_ca,
            "halt": str(self.dies).lower(),
        }
        arguments = [f"{name}={value}" for name, value in options.items()]
        return [*virtual_machine, "-cp", str(self.classes), "practice.Launch", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """Variables to add to this process's own; options meant for other Java programs are emptied."""
        foreign = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH")
        return {**{name: "" for name in foreign if name in os.environ}, "LC_ALL": "C.UTF-8"}

    @property
    def profile_path(self) -> Path:
        """The device profile that the framework classes answer from."""
        return self.folder / "profile.properties"

    @property
    def truth_path(self) -> Path:
        """What really happened, one JSON object a line, written by the app. Only tests read it."""
        return self.folder / "truth.jsonl"

    @property
    def crash_report(self) -> Path:
        """What HotSpot writes when it crashes; there only then."""
        return self.folder / "jvm-error.log"

    def write_profile(self) -> None:
        """Write the device profile for this scenario."""
        grants = (READ_CONTACTS,) if self.scenario is Scenario.ACCEPT else ()
        text = profile_properties(self.identity, version_name=VERSION_NAME, grants=grants)
        self.profile_path.write_text(text, encoding="utf-8")

    def identifiers(self) -> list[dict[str, Any]]:
        """What is known to be on the device, for ``identifiers.json``."""
        return known_values(self.identity)

    def session(self) -> dict[str, Any]:
        """The app and device fields of ``session.json``."""
        return {
            "app": {
                "package": OWN_PACKAGE,
                "label": "示例借款",
                "version_name": VERSION_NAME,
                "version_code": VERSION_CODE,
                "categories": [LENDING],
                "declared_data": ["phone_number", "person_name"],
            },
            "device": {
                "serial": "practice-jvm",
                "model": self.identity.device["model"],
                "android": self.identity.device["android"],
                "api_level": int(self.identity.device["api_level"]),
                "emulator": True,
            },
            "first_launch": True,
        }
