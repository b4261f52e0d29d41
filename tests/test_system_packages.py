"""``scripts/system-packages``: installs only as root on Debian, says in one line what is skipped, and never fails."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "system-packages"
NEEDED = ("bash", "env", "mktemp", "tail", "rm", "cat")
ALL = ["chromium", "adb", "toybox", "mksh", "tshark", "poppler-utils", "openssl", "fonts-noto-cjk"]


@pytest.fixture
def system(tmp_path):
    """A system of our own: only these programs are on PATH, the user is who we say."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in NEEDED:
        (programs / name).symlink_to(str(shutil.which(name)))

    def run(*, user: int, apt: str | None = None, has: tuple[str, ...] = (), **environment: str):
        for name in has:
            (programs / name).write_text("#!/bin/sh\n")
            (programs / name).chmod(0o755)
        (programs / "id").write_text(f"#!/bin/sh\necho {user}\n")
        (programs / "id").chmod(0o755)
        if apt is not None:
            (programs / "apt-get").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path / "asked"}\n{apt}\n')
            (programs / "apt-get").chmod(0o755)
        env = {
            "PATH": str(programs),
            "PIA_FONTS": str(tmp_path / "fonts"),
            "HOME": os.environ.get("HOME", "/"),
            **environment,
        }
        done = subprocess.run([str(SCRIPT)], env=env, capture_output=True, text=True, check=False)
        asked = tmp_path / "asked"
        return done.returncode, done.stderr, asked.read_text().splitlines() if asked.exists() else []

    return run


def test_root_on_debian_gets_what_is_missing_and_nothing_else(system):
    code, told, asked = system(user=0, apt="exit 0", has=("adb", "openssl"))
    assert code == 0
    wanted = [name for name in ALL if name not in ("adb", "openssl")]
    assert asked == ["update", f"install -y --no-install-recommends {' '.join(wanted)}"]
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("user", "apt", "environment"),
    [(1000, "exit 0", {}), (0, None, {}), (0, "exit 0", {"PIA_SYSTEM_PACKAGES": "no"})],
)
def test_who_may_not_install_is_told_in_one_line_what_is_skipped(system, user, apt, environment):
    code, told, asked = system(user=user, apt=apt, **environment)
    assert code == 0
    assert asked == []
    assert told.count("\n") == 1
    assert "the page in a browser" in told
    assert f"apt-get install {' '.join(ALL)}" in told


def test_an_apt_that_fails_stops_nothing(system):
    code, told, _ = system(user=0, apt="echo E: no network >&2; exit 100")
    assert code == 0
    assert "apt-get failed: E: no network" in told
    assert "are skipped" in told


def test_a_system_that_has_everything_hears_nothing(system, tmp_path):
    (tmp_path / "fonts" / "opentype" / "noto").mkdir(parents=True)
    (tmp_path / "fonts" / "opentype" / "noto" / "NotoSansCJK-Regular.ttc").touch()
    has = ("chromium-browser", "adb", "toybox", "mksh", "tshark", "pdftotext", "openssl")
    assert system(user=0, apt="exit 0", has=has) == (0, "", [])
