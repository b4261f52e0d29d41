"""Silence is not a pass: what could not be assessed, and what could not be seen, stands in every document."""

from capture_folders import IMEI, call, consent, event, write_capture

from pia_runtime.storage.analysis import analyse_capture


def analysed(tmp_path, *events, **files):
    return analyse_capture(write_capture(tmp_path / "run", events, **files))


def results(document):
    return {entry["clause"]: (entry["result"], entry["because"]) for entry in document["assessment"]}


def test_all_thirty_one_behaviours_have_a_result_in_every_document(tmp_path):
    document = analysed(tmp_path, consent(1, 1, "requested"))
    assert len(document["assessment"]) == len(results(document)) == 31
    assert results(document)["191号 5.2"] == ("never", ["server"])
    assert results(document)["191号 6.5"] == ("never", ["follow_up"])


def test_what_needs_an_input_is_not_assessed_without_it(tmp_path):
    found = results(analysed(tmp_path, consent(1, 1, "given")))
    assert found["191号 2.1"] == ("not_assessed", ["no_declaration"])
    assert found["191号 4.1"] == ("not_assessed", ["no_category"])
    assert found["191号 3.2"] == ("not_assessed", ["no_refusal"])


def test_what_was_found_and_what_was_looked_for_in_vain_are_told_apart(tmp_path):
    events = [consent(1, 1, "requested"), call(2, 2, ["imei"], IMEI), consent(3, 3, "refused")]
    found = results(analysed(tmp_path, *events))
    assert found["191号 3.1"] == ("found", [])
    assert found["191号 1.2"] == ("not_seen", [])


def test_a_blind_spot_turns_not_seen_into_not_seen_because(tmp_path):
    events = [consent(1, 1, "requested"), consent(2, 2, "given"), event(3, 3, "gap", kind="process_not_hooked")]
    found = results(analysed(tmp_path, *events))
    assert found["191号 3.1"] == ("not_seen_because", ["no_flow_file", "no_identifiers_file", "process_not_hooked"])


def test_a_phase_with_trouble_gives_no_clean_result_and_the_others_keep_theirs(tmp_path):
    events = [
        consent(1, 1, "requested"),
        call(2, 1.5, ["imei"], IMEI),
        consent(3, 3, "given"),
        event(4, 2, "gap", kind="tls_failed", host="a.example"),
        call(5, 4, ["imei"], IMEI),
    ]
    folder = write_capture(tmp_path / "run", events, identifiers=[])
    (folder / "flows.mitm").write_bytes(b"")
    phases = analyse_capture(folder)["coverage"]["phases"]
    assert phases["before_choice"]["result"] == "without_consent_seen"
    assert "tls_failed" in phases["before_choice"]["because"]
    assert "tls_failed" not in phases["after_grant"]["because"]


def test_a_hook_that_failed_spoils_every_phase(tmp_path):
    events = [
        event(1, 0, "hook_status", hook="a", status="failed", reason="x"),
        consent(2, 1, "given"),
        call(3, 2, ["imei"], IMEI),
    ]
    phases = analysed(tmp_path, *events)["coverage"]["phases"]
    assert phases["after_grant"]["result"] == "none_seen_because"
    assert "hook_failed" in phases["after_grant"]["because"]


def test_no_signal_is_unknown_with_its_own_finding_and_a_caveat_on_a_later_launch(tmp_path):
    for first, rule in ((True, "no_prompt_seen"), (False, "no_prompt_on_later_launch")):
        session = {"schema": "pia.session/1", "first_launch": first, "app": {"package": "com.example.loan"}}
        folder = write_capture(tmp_path / rule, [call(1, 1, ["imei"], IMEI)], session=session)
        document = analyse_capture(folder)
        finding = next(one for one in document["findings"] if one["rule"].startswith("no_prompt"))
        assert (finding["rule"], finding["clauses"][0]) == (rule, "191号 1.2")
        assert finding["needs_human"] == "consent_elsewhere"
        assert {one["verdict"] for one in document["detections"]} == {"indeterminate"}


def test_independent_signals_that_contradict_are_both_kept_and_named(tmp_path):
    events = [
        consent(1, 5, "refused"),
        consent(2, 5.4, "given", source="preference"),
        consent(3, 5.2, "refused", source="tester"),
    ]
    intervals = analysed(tmp_path, *events)["consent"]
    by_state = {one["state"]: one for one in intervals if one["signals"] != [3]}
    assert by_state["refused"]["agreement"]["contradicting"] == [
        {"state": "given", "sources": ["preference"], "signals": [2]}
    ]
    assert {seq for one in intervals for seq in one["signals"]} == {1, 2, 3}


def test_signals_that_agree_are_one_moment_with_all_its_sources(tmp_path):
    events = [consent(1, 5, "given"), consent(2, 5.4, "given", source="preference")]
    (interval,) = analysed(tmp_path, *events)["consent"]
    assert interval["agreement"] == {"agreeing_sources": ["preference", "tap"], "contradicting": []}


def test_a_threshold_is_printed_with_the_finding_as_practice_with_its_source(tmp_path):
    events = [consent(1, 1, "given"), *(call(seq, seq, ["imei"], IMEI) for seq in range(2, 7))]
    folder = write_capture(tmp_path / "run", events)
    (finding,) = [one for one in analyse_capture(folder)["findings"] if one["rule"] == "identifier_read_too_often"]
    (used,) = finding["thresholds"]
    assert (used["id"], used["value"], used["practice"], used["overridden"]) == (
        "identifier_reads_per_run",
        3,
        True,
        False,
    )
    assert "应用宝" in used["source"]
    (folder / "thresholds.yaml").write_text("thresholds: {identifier_reads_per_run: 9}\n")
    document = analyse_capture(folder)
    assert "identifier_read_too_often" not in {one["rule"] for one in document["findings"]}
    assert document["thresholds"]["identifier_reads_per_run"]["overridden"] is True
