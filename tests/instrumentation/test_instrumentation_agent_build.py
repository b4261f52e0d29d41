"""The agent is built from pip packages alone, and its types are checked."""

import shutil
from pathlib import Path

import pytest

from pia_runtime.errors import NotReadyError
from pia_runtime.instrumentation.agent_build import agent_sha256, bridge_source, build_agent, read_agent

ROOT = Path(__file__).parents[2]


def checkout(folder: Path) -> Path:
    shutil.copytree(ROOT / "hooks" / "agent", folder / "hooks" / "agent")
    return folder


def test_the_frida_tools_wheel_carries_the_java_bridge():
    assert bridge_source().startswith("var bridge=")


def test_the_agent_builds_twice_to_the_same_bytes(tmp_path):
    first = build_agent(checkout(tmp_path), tmp_path / "one.js")
    assert build_agent(tmp_path, tmp_path / "two.js") == first == agent_sha256(tmp_path / "two.js")


def test_a_type_error_stops_the_build_and_is_named_with_file_and_line(tmp_path):
    source = checkout(tmp_path) / "hooks" / "agent" / "clock.ts"
    source.write_text("export const wrong: number = 'text';\n" + source.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(NotReadyError, match=r"clock\.ts:1: Type 'string' is not assignable"):
        build_agent(tmp_path, tmp_path / "agent.js")
    assert not (tmp_path / "agent.js").exists()


def test_an_agent_that_was_not_built_says_how_to_build_it(tmp_path):
    with pytest.raises(NotReadyError, match="scripts/build-agent"):
        read_agent(tmp_path / "agent.js")
    with pytest.raises(NotReadyError, match="checkout"):
        build_agent(tmp_path, tmp_path / "agent.js")
