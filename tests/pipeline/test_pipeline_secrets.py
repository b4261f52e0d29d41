"""No identifying value stands anywhere in the document, wherever captured text put it."""

import io
import json
import zipfile

import pandas as pd
import pytest
from capture_folders import ANDROID_ID, IMEI, call, consent, event, write_capture
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow, tutils

from pia_runtime.cli.main import run
from pia_runtime.detection.masking import Secrets
from pia_runtime.pipeline import document_bytes
from pia_runtime.storage.analysis import analyse_capture

PHONE, NAME, MAC = "13800138000", "林晓示", "a4:5e:60:c1:7f:32"
IDENTIFIERS = [
    {"id": "imei", "value": IMEI},
    {"id": "android_id", "value": ANDROID_ID},
    {"id": "phone_number", "value": PHONE},
    {"id": "mac_wifi", "value": MAC},
    {"id": "contacts", "value": {"name": NAME, "phones": ["13900139001"], "emails": ["lin@mail.example"]}},
]


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    """Every identifier in a place where no one expects it."""
    session = {
        "schema": "pia.session/1",
        "id": f"run of {PHONE}",
        "app": {"package": "com.example.loan", "label": f"借款 {NAME}", "version_name": "1.8.50"},
        "device": {"serial": IMEI, "model": "EX-2041", "android": "14"},
        "owner": {"phone": int(PHONE), PHONE: True},
    }
    events = [
        consent(1, 1, "requested", text=f"{NAME}，请同意"),
        consent(2, 9, "given", text=MAC.upper()),
        call(3, 2, ["imei"], IMEI, process=f"com.example.loan:{IMEI}", threw=None),
        call(4, 3, ["android_id"], ANDROID_ID, stack=f"com.example.loan.{ANDROID_ID}.a(B.java:1)"),
        event(5, 4, "gap", kind="tls_failed", host=f"{ANDROID_ID}.pinned.example", detail=f"for {NAME} {PHONE}"),
        event(6, 5, "lifecycle", state="activity_resumed", activity=f"com.example.loan.User{PHONE}"),
    ]
    folder = write_capture(tmp_path_factory.mktemp("run") / "c", events, IDENTIFIERS, session)
    body = json.dumps({PHONE: {"imei": IMEI}, "mac": MAC.replace(":", "")}).encode()
    requests = [
        tutils.treq(host=f"{ANDROID_ID}.track.example", port=443, scheme=b"https", path=b"/a", content=body),
        tutils.treq(host="api.loan.example", path=f"/u/{IMEI}?{PHONE}={ANDROID_ID}".encode(), content=b""),
    ]
    with (folder / "flows.mitm").open("wb") as file:
        for request in requests:
            request.timestamp_start = 1_763_884_803.5
            FlowWriter(file).add(tflow.tflow(req=request))
    return folder


def test_the_document_holds_no_identifying_value(capture):
    text = document_bytes(analyse_capture(capture)).decode().lower()
    assert [value for value in (IMEI, ANDROID_ID, PHONE, NAME, MAC, MAC.replace(":", "")) if value in text] == []


def test_what_was_run_and_how_it_was_decoded_can_still_be_read(capture):
    document = analyse_capture(capture)
    assert document["session"]["app"]["package"] == "com.example.loan"
    assert document["session"]["device"]["model"] == "EX-2041"
    paths = [step for one in document["detections"] for step in one["path"]]
    assert any(step.startswith("json:$") and step.endswith(".imei") for step in paths)
    hosts = {one["recipient"]["host"] for one in document["detections"] if one["recipient"]}
    assert any(host.endswith(".track.example") and "*" in host for host in hosts)


def test_reveal_shows_every_place_in_full(capture):
    text = document_bytes(analyse_capture(capture, reveal=True)).decode()
    assert [value for value in (IMEI, ANDROID_ID, PHONE, NAME) if value not in text] == []


def test_masking_changes_no_id_and_no_verdict(capture):
    masked, full = analyse_capture(capture), analyse_capture(capture, reveal=True)
    for name in ("detections", "findings"):
        assert [one["id"] for one in masked[name]] == [one["id"] for one in full[name]]
        assert [one["verdict"] for one in masked[name]] == [one["verdict"] for one in full[name]]


@given(st.lists(st.text(min_size=6, max_size=12), max_size=4), st.text(max_size=30), st.text(max_size=30))
def test_no_secret_outlasts_masking_whatever_stands_around_it(values, before, after):
    secrets = Secrets(values)
    for value in values:
        core = value.strip()
        if len(core) >= 6:
            assert core not in secrets.mask_within(f"{before}|{core}|{after}") or "*" in core


def test_words_shorter_than_an_identifier_are_left_alone():
    assert Secrets(["wlan0", "同意书"]).mask_within("wlan0 up; 同意书") == "wlan0 up; ***"


VALUES = (IMEI, ANDROID_ID, PHONE, NAME, MAC, MAC.replace(":", ""), "13900139001", "lin@mail.example")


def readable(content: bytes) -> str:
    """What a file holds, unpacked where it is an archive or columns."""
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    if content[:4] == b"PAR1":
        return pd.read_parquet(io.BytesIO(content)).to_csv()
    return content.decode("utf-8")


def test_no_output_of_any_command_holds_an_identifying_value(capture, tmp_path, capsysbinary):
    finding = analyse_capture(capture)["findings"][0]["id"]
    commands = [["analyze", capture], ["timeline", capture], ["explain", capture, finding], ["diff", capture, capture]]
    commands += [["timeline", capture, "--html", "-"]]
    for name in ("html", "xlsx", "docx", "md", "json", "parquet", "sarif", "junit", "notice"):
        commands.append(["report", capture, "--format", name])
    commands += [["report", capture, "--format", "csv", "--table", table] for table in ("findings", "events")]
    for command in commands:
        assert run([*map(str, command), "--lang", "zh"]) == 0, command
        shown = readable(capsysbinary.readouterr().out).lower()
        assert shown.strip(), command
        assert [value for value in VALUES if value in shown] == [], command


def test_a_value_of_any_length_is_masked_as_one_and_costs_no_more_than_its_length():
    value = "".join(f"{number:x}z" for number in range(60_000))
    told = Secrets([value, "y" * 300_000]).mask_within(f"before {value} between {'y' * 300_000} after")
    assert told == f"before {value[:2]}************{value[-2:]} between yy************yy after"
