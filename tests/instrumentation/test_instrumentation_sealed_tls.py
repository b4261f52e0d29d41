"""A library that carries its own TLS without symbols: its check is found by what it must name, and what stays out of reach is said."""

import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from pia_runtime.instrumentation.agent_build import AGENT, build_agent
from pia_runtime.instrumentation.catalog import Catalog
from pia_runtime.instrumentation.host import FridaHost, JvmTarget
from pia_runtime.instrumentation.interventions import Interventions

pytestmark = pytest.mark.live

SOURCES = Path(__file__).parent / "data" / "native"
PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=["libflutter.so", "libgame.so"])
def program(request, tmp_path_factory) -> Path:
    """A program whose stripped library checks a chain; one library has a toolkit's name, the other any name."""
    if not AGENT.exists():
        build_agent(PROJECT)
    answer = subprocess.run([PROJECT / "scripts" / "cc"], capture_output=True, text=True, check=True)
    compiler = answer.stdout.split("\n")[:-1]
    folder = tmp_path_factory.mktemp("sealed")
    library = folder / request.param
    subprocess.run([*compiler, "-O2", "-shared", "-fPIC", "-s", "-o", library, SOURCES / "sealed.c"], check=True)
    main = folder / "app"
    subprocess.run([*compiler, "-o", main, SOURCES / "sealed_main.c", library, "-Wl,-rpath,$ORIGIN"], check=True)
    return main


def run(program: Path, out: Path, on: Interventions) -> tuple[str, list[dict[str, Any]]]:
    ended, events = threading.Event(), list[dict[str, Any]]()
    host = FridaHost(
        JvmTarget([str(program), str(out)], process="com.example.game"),
        Catalog({}),
        on_event=events.append,
        on_detached=lambda _: ended.set(),
        interventions=on,
    )
    host.start()
    assert ended.wait(60), "the program did not end"
    host.stop()
    return out.read_text(), events


def test_the_check_answers_yes_with_the_bypass_and_says_where(program, tmp_path):
    answers, events = run(program, tmp_path / "out", Interventions())
    assert answers == "1 1 1"
    notes = [event["text"] for event in events if event["type"] == "note"]
    assert sum("!0x" in note and "pinning_bypass: answered for" in note for note in notes) == 1
    (gap,) = [event for event in events if event["type"] == "gap" and event["kind"] == "tls_not_reachable"]
    assert gap["detail"].endswith("carries its own TLS without symbols: its keys are not logged")


def test_nothing_is_answered_without_the_bypass(program, tmp_path):
    answers, _ = run(program, tmp_path / "out", Interventions(pinning_bypass=False))
    assert answers == "1 0 0"
