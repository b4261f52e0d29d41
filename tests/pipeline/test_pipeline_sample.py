"""The committed sample reads on a machine with neither Frida nor Java, and says what its app was built to do."""

from pathlib import Path

from pia_runtime.pipeline import document_bytes
from pia_runtime.storage.analysis import analyse_capture

SAMPLE = Path(__file__).parents[2] / "captures" / "sample-loan"


def test_the_sample_shows_the_planted_violations_by_actor():
    document = analyse_capture(SAMPLE)
    found = {
        (f["actor"]["id"], f["data"], f["rule"]) for f in document["findings"] if f["rule"].startswith("transmission_")
    }
    assert {
        ("adspark", "gaid", "transmission_before_consent"),
        ("adspark", "android_id", "transmission_before_consent"),
        ("riskeye", "imei", "transmission_before_consent"),
        ("com.example.loan", "contacts", "transmission_before_consent"),
        ("com.example.loan", "installed_apps", "transmission_before_consent"),
        ("com.example.loan", "location_precise", "transmission_before_consent"),
        ("stickypush", "android_id", "transmission_after_withdrawal"),
        ("stickypush", "location_precise", "transmission_after_withdrawal"),
    } == found
    assert document["coverage"]["indeterminate"] == 0


def test_the_sample_says_what_a_lending_app_does_not_need_and_what_it_did_not_declare():
    document = analyse_capture(SAMPLE)
    found = {(f["actor"]["id"], f["data"]) for f in document["findings"] if f["rule"] == "beyond_necessity"}
    assert found == {
        ("com.example.loan", "contacts"),
        ("com.example.loan", "installed_apps"),
        ("com.example.loan", "location_precise"),
        ("stickypush", "location_precise"),
    }
    rows = {(row["by"], row["data"], row["result"]) for row in document["declaration"]["rows"]}
    assert ("app", "phone_number", "declared_and_seen") in rows
    assert ("any", "person_name", "declared_not_seen") in rows
    assert ("sdk:politemetrics", "oaid", "seen_not_declared") in rows


def test_the_sample_gives_the_same_bytes_twice_and_no_planted_value_in_them():
    once, again = (document_bytes(analyse_capture(SAMPLE)) for _ in range(2))
    assert once == again
    revealed = analyse_capture(SAMPLE, reveal=True)
    values = {d["value"] for d in revealed["detections"] if isinstance(d["value"], str) and len(d["value"]) > 7}
    assert values
    assert not [value for value in values if value.encode() in once]
