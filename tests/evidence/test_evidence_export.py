"""A shared copy holds none of the planted values in any wrapping, verifies, and opens its commitments to who has the key."""

import base64
import gzip
import hashlib
import random
import shutil

import orjson
import pytest
from mitmproxy.http import Headers
from mitmproxy.http import Response as Response_
from mitmproxy.io import FlowReader, FlowWriter
from sealed_captures import SIGNER, copy, record, seal

from pia_runtime.bench.capture import to_mitmproxy
from pia_runtime.bench.layers import LAYERS
from pia_runtime.cli.main import run
from pia_runtime.errors import InputError
from pia_runtime.evidence.commitments import compare_original
from pia_runtime.evidence.exporting import export_capture
from pia_runtime.evidence.verification import verify_capture
from pia_runtime.model.flow import Flow, Response, WebSocketMessage
from pia_runtime.storage.analysis import analyse_capture
from pia_runtime.storage.flow_reader import read_flows

NOW = 1_763_884_800_000_000_000
PLANTED = {
    "imei": "356938035643809", "phone_number": "13800138000", "gaid": "cdda802e-fb9c-47ad-9866-0794d394c912",
    "android_id": "4f6e2a91c07d3b58", "email_address": "zhang.sample@example.org", "person_name": "欧阳知砚",
    "serial": "R5CT90ABCDE", "mac_wifi": "A4:5E:60:C1:22:33",
}  # fmt: skip
OBSERVED = "oaid-9f8e7d6c5b4a39281706"
PLACE = {"lat": 31.230416, "lon": 121.473701}
CONTACT = {"name": "林晓示", "phones": ["15912345678"], "emails": ["lin.xs@example.org"]}


def spelled(value):
    """One value in the spellings that a tracker might send."""
    raw = value.encode()
    yield raw
    yield hashlib.md5(raw).hexdigest().encode()
    yield hashlib.sha256(raw.upper()).hexdigest().encode()
    yield base64.b64encode(raw)
    if value.isascii():
        yield raw[::-1]
    yield raw.hex().encode()


def wrapped(content, rng):
    """The content in up to four random layers."""
    text = True
    for number in range(rng.randint(0, 4)):
        layer = LAYERS[rng.choice(sorted(LAYERS))]
        if text or not layer.text_in:
            content, text = layer.wrap(content, f"k{number}")[0], layer.text_out
    return content


def flow(number, **parts):
    base = {
        "id": f"flow-{number}", "t_ns": NOW + number * 10**9, "err_ns": 1_000, "method": "POST", "scheme": "https",
        "host": f"h{number % 7}.tracker.example", "port": 443, "target": b"/collect", "http_version": "HTTP/1.1",
        "headers": ((b"host", b"h%d.tracker.example" % (number % 7)), (b"user-agent", b"LoanApp")), "body": b'{"screen":"start"}',
    }  # fmt: skip
    return Flow(**{**base, **parts})


def flows_of(rng):
    """Every value in every kind of place, wrapped at random."""
    values = [*PLANTED.values(), OBSERVED, CONTACT["name"], CONTACT["phones"][0], "31.230416,121.473701"]
    spellings = [text for value in values for text in rng.sample(list(spelled(value)), 2)]
    for number, text in enumerate(spellings):
        content = wrapped(text, rng)
        encoded = base64.urlsafe_b64encode(content)
        yield flow(5 * number, body=content)
        yield flow(5 * number + 1, target=b"/v1/" + base64.b16encode(text) + b"/x?id=" + encoded)
        yield flow(
            5 * number + 2, headers=((b"host", b"a.example"), (b"x-device", encoded), (b"cookie", b"d=" + encoded))
        )
        answer = Response(
            200, ((b"content-encoding", b"gzip"), (b"set-cookie", b"u=" + encoded)), gzip.compress(content)
        )
        yield flow(5 * number + 3, response=answer)
        both = [WebSocketMessage(sent, NOW, False, content) for sent in (True, False)]
        yield flow(5 * number + 4, method="GET", body=b"", messages=tuple(both), response=Response(101, (), b""))


def write(folder, seed=1):
    rng = random.Random(seed)
    folder.mkdir()
    states = [to_mitmproxy(one).get_state() for one in flows_of(rng)]
    from mitmproxy.io import tnetstring

    (folder / "flows.mitm").write_bytes(b"".join(map(tnetstring.dumps, states)))
    listed = [{"id": name, "value": value, "planted": True} for name, value in PLANTED.items()]
    listed += [{"id": "location_precise", "value": PLACE}, {"id": "contacts", "value": CONTACT}]
    (folder / "identifiers.json").write_bytes(orjson.dumps({"schema": "pia.identifiers/1", "identifiers": listed}))
    session = {"schema": "pia.session/1", "id": f"run-{PLANTED['serial']}", "started_ns": NOW,
               "app": {"package": "com.example.loan", "label": "示例借款"},
               "device": {"serial": PLANTED["serial"], "model": "EX-1", "android": "14"},
               "operator": f"tested by {PLANTED['email_address']}"}  # fmt: skip
    (folder / "session.json").write_bytes(orjson.dumps(session))
    (folder / "commitment.key").write_text("11" * 32)
    call = {
        "type": "api_call",
        "hook": "h",
        "api": "a.B.get",
        "stack": ["com.example.loan.A.b(A.java:1)"],
        "process": "com.example.loan",
    }
    events = [
        {**call, "data": ["oaid"], "value": OBSERVED},
        {**call, "data": ["imei"], "value": PLANTED["imei"], "args": [PLANTED["android_id"], 7]},
        {**call, "data": ["contacts"], "value": [CONTACT], "stack": [f"com.x.C{PLANTED['imei']}.d(D.java)"]},
        {"type": "transform", "op": "encode", "algorithm": "x", "input_b64": base64.b64encode(PLANTED["gaid"].encode()).decode(), "output_b64": "AAAA"},
        {"type": "note", "text": f"the phone is {PLANTED['phone_number']}"},
        {"type": "ui", "action": "tap", "text": "同意", "blob": "aa", PLANTED["imei"]: "as a name"},
        {"type": "ui", "action": "dialog_shown", "text": f"你好，{PLANTED['person_name']}"},
        {"type": "gap", "kind": "tls_failed", "host": "pinned.example", "detail": f"for {PLANTED['email_address']}"},
        {"type": "consent", "signal": "requested", "scope": "policy", "source": "tap"},
    ]  # fmt: skip
    lines = [{"seq": n, "t_ns": NOW + n, "clock": "host", **event} for n, event in enumerate(events)]
    (folder / "events.jsonl").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines) + b"torn 13800138000")
    (folder / "blobs").mkdir()
    (folder / "blobs" / "aa").write_bytes(f"<node text='{PLANTED['phone_number']}'/>".encode())
    (folder / "tls-keys.log").write_text("CLIENT_RANDOM 00 11\n")
    (folder / "declaration.json").write_bytes(
        orjson.dumps({"schema": "pia.declaration/1", "data": [], "contact": PLANTED["email_address"]})
    )
    return folder


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    return write(tmp_path_factory.mktemp("planted") / "capture")


@pytest.fixture(scope="module")
def copies(planted, tmp_path_factory):
    place = tmp_path_factory.mktemp("copies")
    found = {}
    for name, pseudonyms in (("masked", False), ("named", True)):
        export_capture(planted, place / name, pseudonyms=pseudonyms, signer=SIGNER)
        found[name] = place / name
    return found


def everything(folder):
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("name", ["masked", "named"])
def test_no_planted_value_stands_in_the_copy_in_clear_or_hashed(copies, name):
    content = everything(copies[name])
    for value in (*PLANTED.values(), OBSERVED, *CONTACT["phones"], *CONTACT["emails"], CONTACT["name"], "31.230416"):
        for text in spelled(value):
            assert text not in content, text


def test_the_detector_with_all_that_it_knew_finds_nothing_in_the_copy_s_flows(planted, copies, tmp_path):
    again = copy(copies["masked"], tmp_path / "again")
    for name in ("identifiers.json", "events.jsonl"):
        shutil.copy(planted / name, again / name)
    before = [one for one in analyse_capture(planted)["detections"] if one["act"] == "transmission"]
    after = [one for one in analyse_capture(again)["detections"] if one["act"] == "transmission"]
    assert len(before) > 50
    assert after == []


def test_flows_events_ids_and_order_stay_and_mitmproxy_opens_them(planted, copies):
    def ids(folder):
        return [one.id for one in read_flows(folder / "flows.mitm", lambda _: None)]

    assert ids(copies["masked"]) == ids(planted)
    with (copies["masked"] / "flows.mitm").open("rb") as file:
        opened = list(FlowReader(file).stream())
    assert len(opened) == len(ids(planted))
    assert all(one.client_conn.peername[0] == "0.0.0.0" for one in opened)
    assert opened[2].request.headers["cookie"] == "[redacted]"
    lines = [orjson.loads(line) for line in (copies["masked"] / "events.jsonl").read_bytes().splitlines()]
    assert [line["seq"] for line in lines] == list(range(9))
    assert lines[5]["text"] == "同意"
    assert lines[1]["args"] == ["[redacted]", "[redacted]"]


def test_the_analysis_goes_with_it_with_its_ids_and_pseudonyms_are_the_same_everywhere(planted, copies):
    original = analyse_capture(planted)
    for folder in copies.values():
        document = orjson.loads((folder / "analysis.json").read_bytes())
        assert [one["id"] for one in document["findings"]] == [one["id"] for one in original["findings"]]
        assert [one["id"] for one in document["detections"]] == [one["id"] for one in original["detections"]]
        assert [one["commitment"] for one in document["detections"]] == [
            one["commitment"] for one in original["detections"]
        ]
    named = orjson.loads((copies["named"] / "analysis.json").read_bytes())
    shown = {one["masked"] for one in named["detections"] if one["data"] == "imei"}
    listed = orjson.loads((copies["named"] / "identifiers.json").read_bytes())["identifiers"]
    assert shown == {"imei-1"} == {one["value"] for one in listed if one["id"] == "imei"}


def test_keys_pictures_and_torn_lines_are_left_out_and_listed(copies):
    about = orjson.loads((copies["masked"] / "export.json").read_bytes())
    entries = [orjson.loads(line) for line in (copies["masked"] / "redactions.jsonl").read_bytes().splitlines()]
    assert {"tls-keys.log", "blobs/0"} <= set(about["left_out"])
    assert about["redactions"] == len(entries)
    assert {"file tls-keys.log", "events.jsonl: line 10", "event 3 input_b64"} <= {one["where"] for one in entries}
    names = {path.name for path in copies["masked"].rglob("*")}
    assert not names & {"commitment.key", "chain.jsonl", "tls-keys.log", "blobs", "derived"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in copies["masked"].rglob("*"))


def test_a_copy_verifies_and_says_that_nothing_is_derived_again(copies):
    result = verify_capture(copies["masked"])
    assert (result.exit_code, result.problems) == (0, [])
    assert "nothing can be derived from them again" in result.why_not


@pytest.mark.parametrize(
    "name", ["flows.mitm", "events.jsonl", "analysis.json", "redactions.jsonl", "export.json", "identifiers.json"]
)
def test_one_changed_byte_of_a_copy_is_found(copies, tmp_path, name):
    spoiled = copy(copies["masked"], tmp_path / "spoiled")
    content = bytearray((spoiled / name).read_bytes())
    content[len(content) // 2] ^= 1
    (spoiled / name).write_bytes(content)
    result = verify_capture(spoiled)
    assert result.exit_code == 5
    assert result.problems[0].file == name


def test_a_copy_of_a_sealed_recording_keeps_the_digest_of_its_seal(tmp_path):
    original = seal(record(tmp_path / "c"))
    export_capture(original, tmp_path / "copy", signer=SIGNER)
    about = orjson.loads((tmp_path / "copy" / "export.json").read_bytes())
    sealed = orjson.loads((original / "evidence.json").read_bytes())
    assert about["original"]["evidence_sha256"]
    assert about["original"]["signatures"] == sealed["signatures"]
    assert run(["verify", str(tmp_path / "copy")]) == 0
    assert run(["commitment", "original", str(tmp_path / "copy"), str(original)]) == 0
    digests = [entry["sha256"].encode() for name, entry in sealed["files"].items() if name != "knowledge.json"]
    assert not any(digest in everything(tmp_path / "copy") for digest in digests)  # a short value could be tried out
    (original / "events.jsonl").write_bytes((original / "events.jsonl").read_bytes() + b"\n")
    with pytest.raises(InputError, match="changed since it was sealed"):
        export_capture(original, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_who_has_the_key_can_check_a_value_and_nobody_else(planted, copies, tmp_path, capsys, monkeypatch):
    key, target = ["--key", str(planted / "commitment.key")], str(copies["masked"])
    assert run(["commitment", "check", target, PLANTED["imei"], *key]) == 0
    said = capsys.readouterr()
    assert "imei" in said.out
    assert "event 1 value" in said.out
    assert PLANTED["imei"] not in said.out + said.err
    assert run(["commitment", "check", target, "356938035643808", *key]) == 7
    assert run(["commitment", "check", target, PLANTED["imei"]]) == 3
    (tmp_path / "other.key").write_text("22" * 32)
    assert run(["commitment", "check", target, PLANTED["imei"], "--key", str(tmp_path / "other.key")]) == 3
    assert run(["commitment", "check", str(planted), PLANTED["imei"], "--data", "gaid"]) == 7
    assert run(["commitment", "original", target, str(planted)]) == 0


def test_all_content_leaves_no_body_and_no_query(planted, tmp_path):
    export_capture(planted, tmp_path / "bare", everything=True)
    for one in read_flows(tmp_path / "bare" / "flows.mitm", lambda _: None):
        assert not one.body or one.body.startswith(b'{"redacted"')
        assert all(pair.endswith(b"=redacted") for pair in one.target.partition(b"?")[2].split(b"&") if pair)


def test_wrong_use_is_said_and_nothing_is_left(planted, tmp_path, capsys):
    assert run(["export", str(planted), "-o", str(tmp_path / "x"), "--mask", "--pseudonymise"]) == 2
    assert run(["export", str(tmp_path / "none"), "-o", str(tmp_path / "x")]) == 3
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("x")
    assert run(["export", str(planted), "-o", str(tmp_path / "full"), "--no-sign"]) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
    assert (tmp_path / "full" / "mine").read_text() == "x"


def test_values_in_names_and_in_fields_of_protocols_are_taken_out_and_do_not_stop_the_copy(tmp_path):
    """Where recordings of other tools carry them: the reason phrase, hook ids, kinds of events, names of files."""
    phone, call = PLANTED["phone_number"], {"type": "api_call", "args": [], "value": None, "threw": None, "stack": []}
    raw = to_mitmproxy(flow(1))
    raw.response = Response_(b"HTTP/1.1", 200, f"Hello {phone}".encode(), Headers(), b"", None, 0.0, 0.0)
    raw.request.method = f"GET{phone}"
    raw.request.content = orjson.dumps({phone: {"of": phone}})
    events = [
        {**call, "hook": f"h.{phone}", "api": f"a.{phone}.b", "data": ["imei"]},
        {**call, "hook": "h.x", "api": "a.b", "data": ["phone_number"], "value": phone},
        {"type": "gap", "kind": f"kind {phone}", "host": "x.example", "detail": "d"},
        {"type": "consent", "signal": "given", "scope": "policy", "source": f"tap {phone}"},
        {"type": "lifecycle", "state": f"state{phone}", "extra": {f"of {phone}": 1}, f"field{phone}": 1},
    ]
    source = tmp_path / "c"
    source.mkdir()
    lines = [{"seq": seq, "t_ns": NOW, "clock": "host", **event} for seq, event in enumerate(events)]
    (source / "events.jsonl").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    known = [{"id": "phone_number", "value": phone}]
    (source / "identifiers.json").write_bytes(orjson.dumps({"schema": "pia.identifiers/1", "identifiers": known}))
    (source / "commitment.key").write_bytes(b"7" * 64)
    (source / f"notes of {phone}.txt").write_text("x")
    with (source / "flows.mitm").open("wb") as file:
        FlowWriter(file).add(raw)
    out = export_capture(source, tmp_path / "out", signer=SIGNER).path
    assert not [path for path in out.rglob("*") if path.is_file() and phone.encode() in path.read_bytes()]
    assert verify_capture(out).exit_code == 0
    (out / "identifiers.json").write_bytes((source / "identifiers.json").read_bytes())
    sent = [one for one in analyse_capture(out)["detections"] if one["act"] == "transmission"]
    assert sent == []  # not even masks, which the copy's own events would make known
    assert compare_original(out, source) == []
    (source / f"notes of {phone}.txt").write_text("y")
    assert len(compare_original(out, source)) == 1


def test_a_copy_is_not_copied_again(tmp_path):
    copied = tmp_path / "copy"
    export_capture(seal(record(tmp_path / "run")), copied)
    with pytest.raises(InputError, match="is a copy made by pia export"):
        export_capture(copied, tmp_path / "again")
    assert not (tmp_path / "again").exists()
