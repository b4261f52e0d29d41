"""The JDK is exactly 17, wherever it is found."""

import subprocess
from pathlib import Path

import pytest

from pia_runtime.errors import NotReadyError
from pia_runtime.practice.jdk import find_jdk17, is_jdk17

SCRIPT = Path(__file__).parents[2] / "scripts" / "jdk"


def make_jdk(home: Path, version: str, status: int = 0) -> Path:
    (home / "bin").mkdir(parents=True)
    for name in ("java", "javac"):
        program = home / "bin" / name
        program.write_text(f"#!/bin/sh\necho {name} {version}\nexit {status}\n")
        program.chmod(0o755)
    return home


def test_newer_jdks_beside_it_are_ignored(tmp_path):
    for version in ("11.0.2", "21.0.8", "25.0.2"):
        make_jdk(tmp_path / "jvm" / f"a-{version}", version)
    wanted = make_jdk(tmp_path / "jvm" / "z-seventeen", "17.0.15")
    assert find_jdk17({}, tmp_path / "cache", tmp_path / "jvm") == wanted


def test_the_projects_own_comes_before_the_systems(tmp_path):
    make_jdk(tmp_path / "jvm" / "java-17", "17.0.15")
    own = make_jdk(tmp_path / "cache" / "jdk-17" / "usr" / "lib" / "jvm" / "java-17-openjdk-amd64", "17.0.21.1")
    assert find_jdk17({}, tmp_path / "cache", tmp_path / "jvm") == own


def test_a_chosen_folder_comes_first_and_is_never_replaced_by_another(tmp_path):
    make_jdk(tmp_path / "jvm" / "java-17", "17.0.15")
    chosen = make_jdk(tmp_path / "mine", "17")
    assert find_jdk17({"PIA_JDK17": str(chosen)}, tmp_path, tmp_path / "jvm") == chosen
    wrong = make_jdk(tmp_path / "other", "21.0.1")
    with pytest.raises(NotReadyError, match=r"PIA_JDK17=.*other"):
        find_jdk17({"PIA_JDK17": str(wrong)}, tmp_path, tmp_path / "jvm")


def test_without_any_the_error_names_the_script(tmp_path):
    with pytest.raises(NotReadyError, match="run scripts/jdk") as caught:
        find_jdk17({}, tmp_path, tmp_path)
    assert caught.value.exit_code == 4


def test_a_runtime_without_compiler_and_a_compiler_that_cannot_run_do_not_count(tmp_path):
    runtime = make_jdk(tmp_path / "runtime", "17.0.1")
    (runtime / "bin" / "javac").unlink()
    assert not is_jdk17(runtime)
    assert not is_jdk17(make_jdk(tmp_path / "broken", "17.0.1", status=127))


def test_the_script_prints_the_chosen_home_and_nothing_else(tmp_path):
    chosen = make_jdk(tmp_path / "mine", "17.0.3")
    answer = run_script(PIA_JDK17=str(chosen))
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, f"{chosen}\n", "")


def test_the_script_refuses_a_wrong_version_with_one_line_and_exit_4(tmp_path):
    answer = run_script(PIA_JDK17=str(make_jdk(tmp_path / "mine", "21.0.3")))
    assert answer.returncode == 4
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 1
    assert "apt-get install openjdk-17-jdk-headless" in answer.stderr


def run_script(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", SCRIPT], capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", **environment}
    )
