"""Screenshots by key: a picture in ``blobs/``, an event with its moment, and one clear line where there is none."""

import io
import json
import time
from hashlib import sha256

import pytest
from PIL import Image

from pia_runtime.capture.screenshot import Screenshots, read_screen
from pia_runtime.capture.status import LiveLog
from pia_runtime.errors import NotReadyError
from pia_runtime.storage.analysis import analyse_capture
from pia_runtime.storage.exhibits import read_exhibits
from pia_runtime.storage.writer import CaptureWriter


@pytest.fixture
def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (108, 240), "white").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def adb(tmp_path, monkeypatch):
    """Another program of the name on PATH, that does what its file says."""

    def install(script: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "adb").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "adb").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    return install


def test_a_key_keeps_the_screen_with_its_moment_and_the_page_shows_it(tmp_path, png, adb):
    (tmp_path / "screen.png").write_bytes(png)
    adb(f'[ "$*" = "-s emu exec-out screencap -p" ] && cat {tmp_path / "screen.png"}')
    log = LiveLog()
    with CaptureWriter.create(tmp_path / "run", {"id": "run"}) as writer:
        taking = Screenshots(lambda: read_screen("emu"), writer, log)
        before = time.time_ns()
        taking.take()
        taking.end()
    assert log.said == "screenshot kept"
    (line,) = (json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines())
    assert line["type"] == "note"
    assert before <= line["t_ns"] <= time.time_ns()
    assert line["err_ns"] > 0
    assert (tmp_path / "run" / "blobs" / line["blob"]).read_bytes() == png
    assert line["blob"] == sha256(png).hexdigest()
    document = analyse_capture(tmp_path / "run")
    (picture,) = read_exhibits(tmp_path / "run", document).pictures
    assert (picture.t_ns, picture.width, picture.height) == (line["t_ns"], 108, 240)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo 'error: device offline' >&2; exit 1", "device offline"),
        ("echo nothing", "no screenshot: nothing"),
        ("true", "sent no picture"),
    ],
)
def test_a_device_that_gives_no_picture_is_one_clear_line(tmp_path, adb, script, told):
    adb(script)
    with pytest.raises(NotReadyError, match=told):
        read_screen("emu")
    log = LiveLog()
    with CaptureWriter.create(tmp_path / "run", {"id": "run"}) as writer:
        taking = Screenshots(lambda: read_screen("emu"), writer, log)
        taking.take()
        taking.end()
    assert told in log.said
    assert writer.events == 0


def test_a_run_without_a_screen_says_so(tmp_path):
    log = LiveLog()
    with CaptureWriter.create(tmp_path / "run", {"id": "run"}) as writer:
        Screenshots(None, writer, log).take()
    assert log.said == "no screen to take a picture of"
