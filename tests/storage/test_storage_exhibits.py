"""The exhibits of a page come from the capture's own files, bounded, and fail into absence."""

import hashlib
import io
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from pia_runtime.storage import exhibits
from pia_runtime.storage.exhibits import analyse_for_page, read_exhibits

SAMPLE = Path(__file__).parents[2] / "captures" / "sample-loan"


@pytest.fixture(scope="module")
def capture(tmp_path_factory) -> Path:
    """The sample with a screenshot for every consent signal, one of them no picture at all."""
    folder = tmp_path_factory.mktemp("exhibits") / "loan"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("derived"))
    (folder / "blobs").mkdir()
    lines = [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    signals = [line for line in lines if line["type"] == "consent"]
    for number, line in enumerate(signals):
        out = io.BytesIO()
        Image.new("RGB", (1080, 2400), (number * 40, 90, 120)).save(out, "PNG")
        content = b"<hierarchy/>" if number == 0 else out.getvalue()
        line["blob"] = hashlib.sha256(content).hexdigest()
        (folder / "blobs" / line["blob"]).write_bytes(content)
    (folder / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder


def test_every_transmission_has_its_request_and_its_decode_steps(capture):
    document, found = analyse_for_page(capture)
    sent = [one for one in document["detections"] if one["flow"]]
    assert {one["flow"] for one in sent} == set(found.requests)
    assert {one["id"] for one in sent} == set(found.steps)
    gunzipped = next(steps for steps in found.steps.values() if "gunzip" in [name for name, _, _ in steps])
    base64, gunzip = (
        next(step for step in gunzipped if step[0] == "base64"),
        next(s for s in gunzipped if s[0] == "gunzip"),
    )
    assert base64[1] == ""
    assert base64[2] > 20
    assert gunzip[1].startswith('{"k1":')


def test_pictures_are_made_small_and_what_is_no_picture_is_left_out(capture):
    _, found = analyse_for_page(capture)
    signals = sum('"consent"' in line for line in (capture / "events.jsonl").read_text(encoding="utf-8").splitlines())
    assert len(found.pictures) == signals - 1
    assert {(one.width, one.height) for one in found.pictures} == {(360, 800)}
    assert Image.open(io.BytesIO(found.pictures[0].jpeg)).format == "JPEG"
    assert read_exhibits(capture, {}, pictures=False).pictures == ()


def test_the_same_capture_gives_the_same_exhibits(capture):
    assert analyse_for_page(capture)[1] == analyse_for_page(capture)[1]


def test_what_does_not_fit_is_counted(capture, monkeypatch):
    pictures = len(read_exhibits(capture, analyse_for_page(capture)[0]).pictures)
    monkeypatch.setattr(exhibits, "MOST_REQUESTS", 2)
    monkeypatch.setattr(exhibits, "MOST_PICTURES", 1)
    document, found = analyse_for_page(capture)
    flows = {one["flow"] for one in document["detections"] if one["flow"]}
    assert len(found.requests) == 2
    assert len(found.pictures) == 1
    assert found.left_out == len(flows) - 2 + pictures - 1
    gravest = {
        one for finding in document["findings"] if finding["severity"] == "critical" for one in finding["detections"]
    }
    assert {one["flow"] for one in document["detections"] if one["id"] in gravest} >= set(found.requests)


def test_a_document_of_another_capture_shows_no_bytes_of_this_one(capture):
    document = {"detections": [{"id": "a", "flow": "no-such-flow", "t_ns": 1, "location": "request.body", "path": []}]}
    assert read_exhibits(capture, document).requests == {}
