"""The journal on the host knows what is on a device, whatever happened to the program that wrote it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pia_runtime.device.journal import Journal, journals
from pia_runtime.errors import NotReadyError


def test_steps_are_open_from_doing_to_undone_last_first(tmp_path):
    """A step that was begun counts, finished or not."""
    journal = Journal("emulator-5554", tmp_path)
    first = journal.doing("a", {"x": 1})
    journal.done(first)
    second = journal.doing("b", {})
    assert [step.step for step in journal.open_steps()] == ["b", "a"]
    journal.remains(second, "half")
    assert journal.open_steps()[0].remains == "half"
    journal.undone(second)
    journal.undone(first)
    assert journal.open_steps() == []
    assert not journal.path.exists()


@given(cut=st.integers(1, 400))
def test_a_torn_line_costs_nothing_that_was_acted_upon(tmp_path_factory, cut):
    """A cut at any byte leaves every whole line, and the next line is not swallowed."""
    folder = tmp_path_factory.mktemp("journal")
    journal = Journal("127.0.0.1:5555", folder)
    for name in ("a", "b", "c"):
        journal.doing(name, {"name": name})
    content = journal.path.read_bytes()
    journal.path.write_bytes(content[:-cut] if cut < len(content) else b"{")
    whole = journal.path.read_bytes().count(b"\n")
    known = journal.open_steps()
    assert len(known) in (whole, whole + 1)
    journal.doing("d", {})
    assert journal.open_steps()[0].step == "d"
    assert len(journal.open_steps()) == len(known) + 1


def test_any_serial_has_a_journal_of_its_own(tmp_path):
    """Addresses and names with slashes stay inside the folder."""
    for serial in ("127.0.0.1:5555", "../x", "adb-1._adb-tls-connect._tcp", "a b"):
        Journal(serial, tmp_path).doing("a", {})
    assert {journal.serial for journal in journals(tmp_path)} == {
        "127.0.0.1:5555",
        "../x",
        "adb-1._adb-tls-connect._tcp",
        "a b",
    }
    assert all(path.parent == tmp_path for path in tmp_path.rglob("*.jsonl"))


def test_two_runs_on_one_device_are_one_too_many(tmp_path):
    """The second is told, and the first goes on."""
    with (
        Journal("s", tmp_path).locked(),
        pytest.raises(NotReadyError, match="in use by another run"),
        Journal("s", tmp_path).locked(),
    ):
        pass


def test_nothing_is_done_where_the_journal_cannot_be_written(tmp_path):
    """The fix names the variable."""
    (tmp_path / "file").write_text("")
    with pytest.raises(NotReadyError, match="PIA_STATE_DIR"):
        Journal("s", tmp_path / "file").doing("a", {})


def test_journals_are_their_owners_alone(tmp_path):
    """A journal names apps and settings of a device."""
    journal = Journal("s", tmp_path / "new")
    journal.doing("a", {})
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
