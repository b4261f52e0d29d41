"""A sealed capture verifies as it is, and whatever is done to it shows, with the place where it was done."""

import random
import re
from pathlib import Path

import orjson
import pytest
from sealed_captures import SIGNER, copy, open_writer, record, sample_events, seal

from pia_runtime.errors import InputError
from pia_runtime.evidence import verification
from pia_runtime.evidence.evidence_file import Evidence, signed_bytes, write_evidence
from pia_runtime.evidence.keys import fingerprint
from pia_runtime.evidence.sealing import seal_capture
from pia_runtime.evidence.signing import sign
from pia_runtime.evidence.verification import verify_capture
from pia_runtime.reports.verification import verification_document, verification_lines
from pia_runtime.storage.chain import canonical


def broken(folder: Path) -> list[str]:
    """What breaks the evidence, as lines."""
    result = verify_capture(folder)
    assert result.exit_code == 5, result
    return [str(problem) for problem in result.problems]


def edit(path: Path, old: bytes, new: bytes) -> None:
    """Replace a part that is there once at least."""
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def test_an_untouched_capture_is_whole_signed_and_gives_its_findings_again(sealed):
    result = verify_capture(sealed)
    assert result.exit_code == 0, result
    assert result.signatures == [fingerprint(SIGNER.public)]
    assert result.comparison.identical
    assert result.closed is True
    assert result.stored.state == "sealed"
    evidence = orjson.loads((sealed / "evidence.json").read_bytes())
    assert set(evidence["files"]) == {
        str(path.relative_to(sealed))
        for path in sealed.rglob("*")
        if path.is_file() and path.name not in ("evidence.json", "commitment.key", "analysis.json")
    }


def test_without_derived_files_and_key_and_with_other_modes_it_verifies_as_in_a_clone(sealed):
    (sealed / "derived" / "analysis.json").unlink()
    (sealed / "derived").rmdir()
    (sealed / "commitment.key").unlink()
    for path in sealed.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert verify_capture(sealed).exit_code == 0


def test_verifying_writes_nothing(sealed):
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in sealed.rglob("*")}
    verify_capture(sealed)
    assert before == {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in sealed.rglob("*")}


def test_a_changed_event_is_named_by_line_and_bytes(sealed):
    lines = (sealed / "events.jsonl").read_bytes().splitlines(keepends=True)
    start = sum(map(len, lines[:41]))
    lines[41] = lines[41].replace(b'"seq":41', b'"seq":14')
    (sealed / "events.jsonl").write_bytes(b"".join(lines))
    assert broken(sealed) == [
        f"events.jsonl, line 42, bytes {start} to {start + len(lines[41])}: line 42 is not what was recorded"
    ]


def test_a_changed_flow_is_named_by_its_bytes(sealed):
    content = bytearray((sealed / "flows.mitm").read_bytes())
    at = len(content) // 2
    content[at] ^= 1
    (sealed / "flows.mitm").write_bytes(content)
    (said,) = broken(sealed)
    start, stop = re.fullmatch(r"flows\.mitm, bytes (\d+) to (\d+): flow \d+ is not what was recorded", said).groups()
    assert int(start) <= at < int(stop)


def test_a_change_in_a_file_without_records_is_named_by_lines_and_block(sealed):
    content = bytearray((sealed / "identifiers.json").read_bytes())
    content[700] ^= 1
    (sealed / "identifiers.json").write_bytes(content)
    (said,) = broken(sealed)
    first, last, start, stop = re.match(
        r"identifiers\.json, lines (\d+) to (\d+), bytes (\d+) to (\d+):", said
    ).groups()
    assert (int(start), int(stop)) == (512, 768)
    assert int(first) <= content[:700].count(b"\n") + 1 <= int(last)


SPOILS = {
    "truncated events": lambda c: (c / "events.jsonl").write_bytes((c / "events.jsonl").read_bytes()[:-7]),
    "an event appended": lambda c: (c / "events.jsonl").open("ab").write(b'{"seq":999,"type":"note","t_ns":1}\n'),
    "truncated flows": lambda c: (c / "flows.mitm").write_bytes((c / "flows.mitm").read_bytes()[:-1]),
    "swapped files": lambda c: [
        (c / "session.json").rename(c / "x"),
        (c / "identifiers.json").rename(c / "session.json"),
        (c / "x").rename(c / "identifiers.json"),
    ],
    "a file added": lambda c: (c / "notes.txt").write_text("x"),
    "a hidden file added": lambda c: (c / ".hidden").write_text("x"),
    "a file added among blobs": lambda c: (c / "blobs" / "x").write_text("x"),
    "a flow file added": lambda c: (c / "flows-0001.mitm").write_bytes(b""),
    "the events removed": lambda c: (c / "events.jsonl").unlink(),
    "the chain removed": lambda c: (c / "chain.jsonl").unlink(),
    "the knowledge entries removed": lambda c: (c / "knowledge.json").unlink(),
    "a file replaced by a link to a copy": lambda c: [
        (c.parent / "copy").write_bytes((c / "session.json").read_bytes()),
        (c / "session.json").unlink(),
        (c / "session.json").symlink_to(c.parent / "copy"),
    ],
    "events emptied": lambda c: (c / "events.jsonl").write_bytes(b""),
    "the chain cut after its header": lambda c: (c / "chain.jsonl").write_bytes(
        (c / "chain.jsonl").read_bytes().splitlines(keepends=True)[0]
    ),
    "another commitment key": lambda c: (c / "commitment.key").write_text("ab" * 32),
    "evidence emptied": lambda c: (c / "evidence.json").write_bytes(b""),
    "evidence is a list": lambda c: (c / "evidence.json").write_bytes(b"[]\n"),
    "a space in evidence": lambda c: edit(c / "evidence.json", b'"closed":', b'"closed": '),
    "a newline after evidence": lambda c: (c / "evidence.json").open("ab").write(b"\n"),
    "a key twice in evidence": lambda c: edit(c / "evidence.json", b'"closed":true', b'"closed":true,"closed":true'),
}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS.keys())
def test_what_is_truncated_swapped_added_or_removed_is_found(sealed, spoil):
    spoil(sealed)
    assert broken(sealed)


def test_lines_in_another_order_are_found(sealed):
    lines = (sealed / "events.jsonl").read_bytes().splitlines(keepends=True)
    lines[3], lines[4] = lines[4], lines[3]
    (sealed / "events.jsonl").write_bytes(b"".join(lines))
    assert "events.jsonl, line 4" in broken(sealed)[0]


def test_a_removed_line_is_named_where_the_rest_begins_to_differ(sealed):
    lines = (sealed / "events.jsonl").read_bytes().splitlines(keepends=True)
    (sealed / "events.jsonl").write_bytes(b"".join(lines[:10] + lines[11:]))
    (said,) = broken(sealed)
    assert said.startswith("events.jsonl, line 11")
    assert f"{len(lines[10])} bytes shorter" in said


def test_one_hundred_random_bytes_changed_are_all_found_and_crash_nothing(sealed_once, tmp_path):
    """The script scripts/fuzz-evidence does the same 1,000 times, over derived/analysis.json as well."""
    draw = random.Random(6)
    files = sorted(path for path in sealed_once.rglob("*") if path.is_file() and path.parent.name != "derived")
    work = copy(sealed_once, tmp_path / "c")
    for _ in range(100):
        path = work / draw.choice(files).relative_to(sealed_once)
        content = path.read_bytes()
        at = draw.randrange(len(content))
        changed = bytearray(content)
        changed[at] = draw.choice([byte for byte in range(256) if byte != content[at]])
        path.write_bytes(changed)
        assert verify_capture(work).exit_code == 5, (path.name, at, changed[at])
        path.write_bytes(content)


def reseal(folder: Path, change) -> None:
    """Do what an attacker can who has no key: change evidence.json and bring its own digest in line."""
    from hashlib import sha256

    document = orjson.loads((folder / "evidence.json").read_bytes())
    change(document)
    del document["sha256"]
    (folder / "evidence.json").write_bytes(canonical({**document, "sha256": sha256(canonical(document)).hexdigest()}))


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(closed=False),
        lambda d: d["files"].pop("session.json"),
        lambda d: d["analysis"]["findings"].pop(),
        lambda d: d["signatures"][0].update(fingerprint="SHA256:" + "A" * 43),
        lambda d: d["signatures"][0].update(signature="A" * 88),
        lambda d: d["signatures"][0].update(key="ssh-ed25519 AAAA"),
        lambda d: d["signatures"][0].pop("algorithm"),
        lambda d: d.update(signatures=None),
        lambda d: d.update(files=3),
        lambda d: d.update(changed_since_the_run=[{}]),
        lambda d: d.update(chain=[]),
        lambda d: d["analysis"].update(findings=[3]),
        lambda d: d.update(stamps=[{"token": "AAAA", "url": "http://x", "signatures": 1}]),
        lambda d: d["files"]["session.json"].update(blocks={"bytes": 0, "tags": "x"}),
    ],
)
def test_a_seal_rewritten_without_the_key_is_broken(sealed, change):
    reseal(sealed, change)
    assert broken(sealed)


def test_a_stripped_signature_makes_it_unsigned(sealed):
    reseal(sealed, lambda document: document.update(signatures=[]))
    result = verify_capture(sealed)
    assert (result.exit_code, result.incomplete) == (6, ["not signed (pia seal --key)"])


@pytest.mark.parametrize(
    "change",
    [
        lambda finding: finding.update(clauses=3, actor="x", recipient=[]),
        lambda finding: finding.update(rule={}, data=[1], detections=4),
        lambda finding: finding.clear() or finding.update(id="x"),
    ],
)
def test_a_statement_that_no_analysis_made_is_a_difference_and_no_crash(sealed, change, monkeypatch):
    def spoil(document):
        document["signatures"] = []
        change(document["analysis"]["findings"][0])
        document["analysis"]["sha256"] = "0" * 64

    reseal(sealed, spoil)
    monkeypatch.setattr(verification, "changed_since", lambda content: ["rules/x.yaml#x"])
    result = verify_capture(sealed)
    assert result.exit_code == 7
    assert verification_document(result, {})["rederivation"]["findings"]
    assert list(verification_lines(result, {}, explain=True))


def test_signed_by_somebody_else_than_expected_is_whole_but_not_enough(sealed):
    assert verify_capture(sealed, expected_key="SHA256:" + "A" * 43).exit_code == 6


def test_signing_later_changes_nothing_that_is_sealed(tmp_path):
    folder = seal(record(tmp_path / "c"), signer=None)
    before = orjson.loads((folder / "evidence.json").read_bytes())
    files = {
        path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != "evidence.json"
    }
    seal_capture(folder, {}, SIGNER)
    after = orjson.loads((folder / "evidence.json").read_bytes())
    assert verify_capture(folder).exit_code == 0
    assert {**before, "signatures": 0, "sha256": 0} == {**after, "signatures": 0, "sha256": 0}
    assert files == {
        path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != "evidence.json"
    }


def test_what_was_changed_after_sealing_is_not_signed_again(sealed):
    edit(sealed / "events.jsonl", b'"seq":1}', b'"seq":2}')
    with pytest.raises(InputError, match=r"changed since it was sealed: events\.jsonl, line 2"):
        seal_capture(sealed, {}, SIGNER)


def test_a_recording_cut_off_is_sealed_as_not_closed_with_what_no_head_covers_said(tmp_path):
    writer = open_writer(tmp_path / "c")
    events = sample_events()
    for event in events[:30]:
        writer.event(event)
    writer._heads.put()
    writer._heads._ended.set()
    for event in events[30:33]:
        writer.event(event)
    with (tmp_path / "c" / "events.jsonl").open("ab") as file:
        file.write(b'{"seq":33,"ty')
    result = verify_capture(tmp_path / "c")
    assert (result.exit_code, result.closed, len(result.incomplete)) == (6, False, 2)
    assert (result.tails["events.jsonl"].records, result.tails["events.jsonl"].whole) == (
        3,
        result.tails["events.jsonl"].size - 13,
    )
    seal(tmp_path / "c")
    result = verify_capture(tmp_path / "c")
    assert (result.exit_code, result.incomplete) == (6, ["not closed: the recording was cut off"])
    edit(tmp_path / "c" / "events.jsonl", b'"seq":3}', b'"seq":4}')
    assert broken(tmp_path / "c")


def test_identifiers_completed_after_the_run_are_sealed_and_said(tmp_path):
    folder = record(tmp_path / "c")
    edit(folder / "identifiers.json", b'"pia.identifiers/1"', b'"pia.identifiers/1" ')
    assert verify_capture(folder).exit_code == 5
    seal(folder)
    result = verify_capture(folder)
    assert (result.exit_code, result.notes) == (0, ["identifiers.json was changed between the run and the sealing"])


def test_a_forged_analysis_in_derived_is_a_difference(sealed):
    edit(sealed / "derived" / "analysis.json", b'"without_consent"', b'"with_consent"')
    result = verify_capture(sealed)
    assert (result.exit_code, result.stored.state) == (7, "other")
    assert "is not what the files give" in result.stored.detail


def test_without_a_seal_a_stored_analysis_must_be_what_the_files_give_unless_other_knowledge_made_it(sealed):
    (sealed / "evidence.json").unlink()
    edit(sealed / "derived" / "analysis.json", b'"without_consent"', b'"with_consent"')
    assert verify_capture(sealed).exit_code == 7
    edit(sealed / "derived" / "analysis.json", b'"knowledge_sha256": "', b'"knowledge_sha256": "0')
    assert verify_capture(sealed).exit_code == 6


def test_a_stored_analysis_is_what_the_files_give_for_who_has_not_the_key_as_well(sealed):
    (sealed / "evidence.json").unlink()
    (sealed / "commitment.key").unlink()
    assert verify_capture(sealed).stored.state == "present"
    edit(sealed / "derived" / "analysis.json", b'"without_consent"', b'"with_consent"')
    assert verify_capture(sealed).exit_code == 7


def test_a_capture_made_elsewhere_without_a_chain_is_sealed_and_says_so(tmp_path, sealed):
    for name in ("evidence.json", "chain.jsonl"):
        (sealed / name).unlink()
    seal(sealed)
    result = verify_capture(sealed)
    assert (result.exit_code, result.closed) == (0, None)
    edit(sealed / "events.jsonl", b'"seq":3}', b'"seq":4}')
    assert broken(sealed)[0].startswith("events.jsonl, lines")


@pytest.mark.parametrize("begun", [b"", b'{"nonce":"00'])
def test_a_recording_killed_before_its_chain_had_a_header_is_not_closed_and_not_broken(tmp_path, begun):
    with open_writer(tmp_path / "c") as writer:
        writer.event(sample_events()[0])
    (tmp_path / "c" / "chain.jsonl").write_bytes(begun)
    result = verify_capture(tmp_path / "c")
    assert (result.exit_code, result.closed) == (6, False), result
    assert any("before its first head" in line for line in verification_lines(result, {}, explain=False))
    seal(tmp_path / "c")
    again = verify_capture(tmp_path / "c")
    assert (again.exit_code, again.closed) == (6, False), again


@pytest.mark.parametrize("forged", [[], [{"id": "0" * 16, "rule": "transmission_before_consent"}]])
def test_other_findings_signed_beside_the_digest_of_the_right_analysis_are_a_difference(tmp_path, sealed, forged):
    (sealed / "evidence.json").unlink()
    evidence = seal_capture(sealed, verification.analyse_capture(sealed), None)
    evidence.sealed["analysis"]["findings"] = forged
    signed = Evidence(evidence.sealed, (sign(signed_bytes(evidence.sealed), SIGNER),))
    write_evidence(sealed, signed)
    result = verify_capture(sealed)
    assert result.exit_code == 7
    assert result.comparison.findings
