"""The capture writer keeps whole lines, whole flows and private files, whatever happens around it."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pia_runtime.errors import InputError, NotReadyError
from pia_runtime.storage.jsonlines import encode_line
from pia_runtime.storage.writer import CaptureWriter

SESSION = {"id": "sample", "app": {"package": "com.example.loan"}, "started_ns": 1}


def lines(folder: Path) -> list[dict]:
    """Read every event line."""
    return [orjson.loads(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]


def session(folder: Path) -> dict:
    """Read session.json."""
    return orjson.loads((folder / "session.json").read_bytes())


def test_a_new_capture_is_private_and_complete(tmp_path):
    """The folder has mode 0700, each file 0600, and the key is 32 random bytes in hex."""
    folder = tmp_path / "capture"
    with CaptureWriter.create(
        folder, SESSION, [{"id": "gaid", "value": "cdda802e-fb9c-47ad-9866-0794d394c912"}]
    ) as writer:
        writer.blob(b"tree")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir() if file.is_file()}
    expected = {"session.json", "identifiers.json", "commitment.key", "events.jsonl", "flows.mitm", "chain.jsonl"}
    assert files == dict.fromkeys(expected, 0o600)
    assert len(bytes.fromhex((folder / "commitment.key").read_text())) == 32
    assert session(folder)["schema"] == "pia.session/1"


def test_two_captures_never_share_a_commitment_key(tmp_path):
    """A key is drawn for each capture."""
    keys = set()
    for name in ("a", "b"):
        CaptureWriter.create(tmp_path / name, {}).close()
        keys.add((tmp_path / name / "commitment.key").read_text())
    assert len(keys) == 2


def test_unknown_identifiers_leave_no_file_but_an_empty_list_does(tmp_path):
    """The two are told apart: not known, and none."""
    CaptureWriter.create(tmp_path / "unknown", {}).close()
    CaptureWriter.create(tmp_path / "none", {}, []).close()
    assert not (tmp_path / "unknown" / "identifiers.json").exists()
    assert orjson.loads((tmp_path / "none" / "identifiers.json").read_bytes())["identifiers"] == []


def test_a_stream_that_is_not_observed_has_no_file(tmp_path):
    """A recording without hooks has no empty events file that would say "nothing seen"."""
    CaptureWriter.create(tmp_path / "c", {}, streams=["flows.mitm"]).close()
    assert (tmp_path / "c" / "flows.mitm").exists()
    assert not (tmp_path / "c" / "events.jsonl").exists()


def test_a_folder_with_something_in_it_is_refused_with_the_fix(tmp_path):
    """An old capture is never written into."""
    (tmp_path / "old.txt").write_text("kept")
    with pytest.raises(InputError, match="not empty; name a new folder"):
        CaptureWriter.create(tmp_path, SESSION)
    assert [file.name for file in tmp_path.iterdir()] == ["old.txt"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    """The output path must be a folder."""
    (tmp_path / "f").write_text("x")
    with pytest.raises(InputError, match="is a file"):
        CaptureWriter.create(tmp_path / "f", SESSION)


@pytest.mark.skipif(os.getuid() != 0, reason="needs a file system that refuses root too")
def test_a_place_that_cannot_be_written_is_one_clear_error():
    """/proc refuses folders even to root."""
    with pytest.raises(NotReadyError, match="cannot be written"):
        CaptureWriter.create(Path("/proc/pia-capture"), SESSION)


def test_a_session_of_the_wrong_shape_names_the_field_and_writes_nothing(tmp_path):
    """Wrong types are found before the folder is made."""
    with pytest.raises(InputError, match=r"session\.json: started_ns"):
        CaptureWriter.create(tmp_path / "c", {"started_ns": "yesterday"})
    assert not (tmp_path / "c").exists()


def test_events_get_unique_numbers_and_whole_lines_from_many_threads(tmp_path):
    """Eight threads at once: every line parses, numbers are dense, the returned one is the written one."""
    returned: dict[tuple[int, int], int] = {}
    with CaptureWriter.create(tmp_path / "c", SESSION) as writer:

        def work(thread: int) -> None:
            for index in range(300):
                record = {"type": "note", "t_ns": index, "who": [thread, index], "text": "x" * (index % 97)}
                returned[thread, index] = writer.event(record)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert writer.events == 2400
    written = {tuple(line["who"]): line["seq"] for line in lines(tmp_path / "c")}
    assert written == returned
    assert sorted(written.values()) == list(range(2400))


def test_what_was_written_survives_kill_9(tmp_path):
    """A process that kills itself right after the calls leaves every event, flow and clock sample."""
    script = f"""
import os, signal
from pathlib import Path
from pia_runtime.storage.writer import CaptureWriter
w = CaptureWriter.create(Path({str(tmp_path / "c")!r}), {{}})
for i in range(50):
    w.event({{"type": "note", "t_ns": i}}); w.flow(b"2:{{}}," )
w.add_clock_samples([{{"host_ns": 1, "device_ns": 2, "rtt_ns": 3}}])
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    assert [line["t_ns"] for line in lines(tmp_path / "c")] == list(range(50))
    assert (tmp_path / "c" / "flows.mitm").stat().st_size == 50 * len(b"2:{},")
    assert session(tmp_path / "c")["clock_samples"] == [{"host_ns": 1, "device_ns": 2, "rtt_ns": 3}]


def repeat(write, record) -> None:
    """Write more than the tiny disk holds."""
    for _ in range(100):
        write(record)


@pytest.fixture
def tiny_disk(tmp_path):
    """A real file system of 64 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this machine allows no mount")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_is_one_clear_error_and_never_a_half_line(tiny_disk):
    """The line that does not fit is taken back, later ones are refused alike, and what stands can be read."""
    writer = CaptureWriter.create(tiny_disk / "c", SESSION)
    record = {"type": "note", "t_ns": 1, "text": "x" * 3000}
    with pytest.raises(NotReadyError, match=r"events\.jsonl: cannot be written: No space left.*free space") as first:
        repeat(writer.event, record)
    with pytest.raises(NotReadyError) as second:
        writer.event({"type": "note", "t_ns": 2})
    assert second.value is first.value is writer.failure
    written = lines(tiny_disk / "c")
    assert len(written) == writer.events > 3
    assert all(line["text"] == "x" * 3000 for line in written)
    assert session(tiny_disk / "c")["id"] == "sample"


def test_a_flow_that_does_not_fit_leaves_only_whole_flows(tiny_disk):
    """Flow files end with the last whole flow."""
    writer = CaptureWriter.create(tiny_disk / "c", SESSION)
    with pytest.raises(NotReadyError, match=r"flows\.mitm"):
        repeat(writer.flow, b"f" * 5000)
    assert (tiny_disk / "c" / "flows.mitm").stat().st_size == writer.flows * 5000


def test_a_session_update_merges_objects_and_replaces_the_rest(tmp_path):
    """Fields of app and device can be learned one by one."""
    with CaptureWriter.create(tmp_path / "c", SESSION) as writer:
        writer.update_session(app={"version_name": "1.8.50"}, ended_ns=9)
    assert session(tmp_path / "c")["app"] == {"package": "com.example.loan", "version_name": "1.8.50"}
    assert session(tmp_path / "c")["ended_ns"] == 9


def test_a_wrong_session_update_leaves_the_file_as_it_was(tmp_path):
    """A refused update changes nothing."""
    with CaptureWriter.create(tmp_path / "c", SESSION) as writer:
        before = (tmp_path / "c" / "session.json").read_bytes()
        with pytest.raises(InputError, match="ended_ns"):
            writer.update_session(ended_ns=1.5)
    assert (tmp_path / "c" / "session.json").read_bytes() == before


def test_clock_samples_add_up(tmp_path):
    """Each calibration is appended to those before."""
    samples = [{"host_ns": n, "device_ns": n + 180, "rtt_ns": 4, "device_mono_ns": n} for n in range(3)]
    with CaptureWriter.create(tmp_path / "c", SESSION) as writer:
        writer.add_clock_samples(samples[:1])
        writer.add_clock_samples([])
        writer.add_clock_samples(samples[1:])
    assert session(tmp_path / "c")["clock_samples"] == samples


def test_a_blob_is_named_by_its_content_and_kept_once(tmp_path):
    """The same screenshot twice is one file."""
    with CaptureWriter.create(tmp_path / "c", SESSION) as writer:
        assert writer.blob(b"abc") == writer.blob(b"abc")
    (file,) = (tmp_path / "c" / "blobs").iterdir()
    assert file.name == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file.read_bytes() == b"abc"


def test_an_event_after_the_end_is_counted_not_written(tmp_path):
    """A late message of the agent does not reopen a closed capture."""
    writer = CaptureWriter.create(tmp_path / "c", SESSION)
    writer.close()
    writer.close()
    assert writer.event({"type": "note", "t_ns": 1}) == -1
    assert writer.dropped == 1
    assert lines(tmp_path / "c") == []


def test_a_run_that_never_began_leaves_no_folder(tmp_path):
    """The same name can be used again; a recording is never removed."""
    CaptureWriter.create(tmp_path / "c", SESSION, []).discard()
    assert not (tmp_path / "c").exists()
    writer = CaptureWriter.create(tmp_path / "c", SESSION)
    writer.event({"type": "note", "t_ns": 1})
    with pytest.raises(InputError, match="holds a recording"):
        writer.discard()
    assert len(lines(tmp_path / "c")) == 1


def test_a_journal_stands_beside_the_flows_until_it_is_ended(tmp_path):
    """Parts of an open WebSocket survive a crash and disappear once the chain says that the whole flow is written."""
    with CaptureWriter.create(tmp_path / "c", SESSION) as writer:
        writer.journal("ws-1", b"part")
        assert (tmp_path / "c" / "flows-ws-1.mitm").read_bytes() == b"part"
        writer.end_journal("ws-1")
    assert not (tmp_path / "c" / "flows-ws-1.mitm").exists()


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
    max_leaves=12,
)


@given(json_like)
def test_whatever_an_app_returned_becomes_one_line_that_reads_back(value):
    """Lone surrogates, huge numbers, bytes: still exactly one line of valid JSON with all other fields intact."""
    line = encode_line({"seq": 7, "type": "api_call", "value": value})
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert orjson.loads(line)["seq"] == 7


def test_a_number_beyond_64_bits_keeps_all_its_digits():
    """It is written as a string rather than rounded by the reader."""
    assert orjson.loads(encode_line({"value": 2**70}))["value"] == str(2**70)


def test_nesting_without_end_is_cut_and_said():
    """A hostile value cannot break the recorder."""
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    assert b"nested too deep" in encode_line({"value": deep})
