"""Captures that labs must lock away and delete: encrypted to recipients, purged by age with a record, private modes throughout."""

import io
import tarfile
import time

import orjson
import pyrage
import pytest

from pia_runtime.capture.ending import Ending
from pia_runtime.errors import InputError, UsageError
from pia_runtime.evidence.encrypting import decrypt_capture, encrypt_capture, read_identities, read_recipients
from pia_runtime.evidence.purging import find_old, parse_age, purge
from pia_runtime.evidence.verification import verify_capture

DAY = 24 * 3600 * 10**9


@pytest.fixture
def identity(tmp_path):
    made = pyrage.x25519.Identity.generate()
    (tmp_path / "identity.txt").write_text(f"# created: today\n{made}\n")
    return made


def contents(folder):
    """Every file by name."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_encrypted_capture_comes_back_whole_private_and_as_evidence(sealed, identity, tmp_path):
    before = contents(sealed)
    kept = encrypt_capture(sealed, read_recipients([str(identity.to_public())]))
    assert not sealed.exists()
    assert kept.name == "c.tar.age"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert b"13800138000" not in kept.read_bytes()
    decrypt_capture(kept, read_identities(tmp_path / "identity.txt"), tmp_path / "again")
    assert contents(tmp_path / "again") == before
    modes = {
        path.stat().st_mode & 0o777 for path in [tmp_path / "again", *(tmp_path / "again").rglob("*")] if path.is_dir()
    }
    assert modes == {0o700}
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "again").rglob("*") if path.is_file()} == {0o600}
    assert verify_capture(tmp_path / "again").exit_code == 0


def test_who_is_no_recipient_gets_one_clear_error_and_no_folder(sealed, identity, tmp_path):
    kept = encrypt_capture(sealed, read_recipients([str(identity.to_public())]))
    with pytest.raises(InputError, match="cannot be decrypted"):
        decrypt_capture(kept, [pyrage.x25519.Identity.generate()], tmp_path / "again")
    content = bytearray(kept.read_bytes())
    content[-20] ^= 1
    kept.write_bytes(content)
    with pytest.raises(InputError, match="cannot be decrypted"):
        decrypt_capture(kept, [identity], tmp_path / "again")
    assert not [path for path in tmp_path.iterdir() if "again" in path.name]


@pytest.mark.parametrize("name", ["../outside", "link"])
def test_a_hostile_archive_writes_nothing_elsewhere(identity, tmp_path, name):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        member = tarfile.TarInfo(name)
        if name == "link":
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(member, io.BytesIO())
    (tmp_path / "x.tar.age").write_bytes(pyrage.encrypt(packed.getvalue(), [identity.to_public()]))
    with pytest.raises(InputError, match="holds no capture"):
        decrypt_capture(tmp_path / "x.tar.age", [identity], tmp_path / "out" / "again")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["identity.txt", "out", "x.tar.age"]
    assert not list((tmp_path / "out").iterdir())


def test_recipients_come_from_lines_files_and_ssh_keys_and_anything_else_is_refused(identity, tmp_path):
    (tmp_path / "recipients.txt").write_text(f"# the lab\n{identity.to_public()}\n")
    assert len(read_recipients([str(tmp_path / "recipients.txt"), str(identity.to_public())])) == 2
    for wrong in ("age1nonsense", "ssh-rsa nonsense", str(tmp_path / "none")):
        with pytest.raises(InputError):
            read_recipients([wrong])


def test_the_end_of_a_run_seals_and_then_leaves_only_the_encrypted_file(sealed, identity, tmp_path):
    (sealed / "evidence.json").unlink()
    said = []
    kept = Ending(encrypt=(str(identity.to_public()),)).finish(sealed, said.append)
    assert not sealed.exists()
    decrypt_capture(kept, [identity], tmp_path / "again")
    assert verify_capture(tmp_path / "again").incomplete == ["not signed (pia seal --key)"]
    with pytest.raises(InputError):
        Ending(encrypt=("age1nonsense",))


def aged(folder, ended_ns):
    """A small capture whose run ended then."""
    folder.mkdir()
    (folder / "events.jsonl").write_bytes(b"")
    session = {"schema": "pia.session/1", "id": f"run-{folder.name}", "ended_ns": ended_ns}
    (folder / "session.json").write_bytes(orjson.dumps(session))


def test_only_captures_older_than_asked_are_deleted_and_a_record_is_kept(tmp_path):
    now = time.time_ns()
    aged(tmp_path / "old", now - 91 * DAY)
    aged(tmp_path / "young", now - 89 * DAY)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "kept.txt").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "old")
    old, kept = find_old(tmp_path, parse_age("90d"), now)
    assert ([one.path.name for one in old], kept) == (["old"], 1)
    record = purge(old[0], "90d")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "notes", "purged.jsonl", "young"]
    lines = [orjson.loads(line) for line in record.read_bytes().splitlines()]
    assert [line["state"] for line in lines] == ["deleting", "deleted"]
    assert (lines[1]["session"], lines[1]["dated_by"], lines[1]["files"]) == ("run-old", "ended_ns", 2)
    assert record.stat().st_mode & 0o777 == 0o600


def test_a_capture_without_times_counts_from_its_newest_file(tmp_path):
    aged(tmp_path / "c", None)
    (tmp_path / "c" / "session.json").write_text("{")
    assert find_old(tmp_path, parse_age("1h"), time.time_ns()) == ([], 1)
    old, _ = find_old(tmp_path / "c", parse_age("1h"), time.time_ns() + DAY)
    assert [one.dated_by for one in old] == ["newest file"]


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "1.5d", "90 d", "9999999d"])
def test_an_age_that_is_none_is_wrong_usage(text):
    with pytest.raises(UsageError):
        parse_age(text)
