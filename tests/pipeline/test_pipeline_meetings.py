"""A connection seen by a hook and by the proxy bounds the device's clock from one side, and from one side only."""

import pytest
from capture_folders import BASE, SECOND, call, consent, write_capture
from mitmproxy import connection, http
from mitmproxy.io import FlowWriter

from pia_runtime.storage.analysis import analyse_capture

GAID = "cdda802e-fb9c-47ad-9866-0794d394c912"
AHEAD = 3600
"""By how much the device's clock is ahead of the host's, s."""


def on_device(line, seconds):
    return {**line, "clock": "device", "t_ns": BASE + int((seconds + AHEAD) * SECOND)}


def connect(seq, seconds, port=40_001, address="10.0.2.15"):
    value = {"local_address": address, "local_port": port}
    return on_device(call(seq, 0, [], value, hook="traffic.socket_connect"), seconds)


def flow(name, seconds, port=40_001, arrived=1_000_000):
    """A request; unless said otherwise the time at which its connection arrived is one that cannot be."""
    client = connection.Client(peername=("10.0.2.15", port), sockname=("", 0), timestamp_start=BASE / 1e9 + arrived)
    made = http.HTTPFlow(client, connection.Server(address=("api.example", 80)))
    made.request = http.Request.make("GET", f"http://api.example/c?v={GAID}")
    made.id, made.request.timestamp_start = name, BASE / 1e9 + seconds
    return made


def analysed(folder, events, flows, samples=()):
    session = {"schema": "pia.session/1", "id": "r", "app": {"package": "com.example.loan"}, "clock_samples": samples}
    write_capture(folder, events, identifiers=[{"id": "gaid", "value": GAID}], session=session)
    with (folder / "flows.mitm").open("wb") as file:
        for one in flows:
            FlowWriter(file).add(one)
    document = analyse_capture(folder)
    return document, {item["flow"]: item["verdict"] for item in document["detections"]}


def agreed(seconds):
    return on_device(consent(1, 0, "given"), seconds)


# The app connects 10 s after the start, the proxy sees it 10.1 s after; agreed to 20 s after the start, so no later than 20.105.
LATER = flow("later", 20.2, port=50_000)
EARLIER = flow("earlier", 20.05, port=50_001)


def test_what_left_after_the_latest_possible_agreement_is_decided_without_any_sample(tmp_path):
    flows = [flow("opener", 10.2, arrived=10.1), LATER, EARLIER]
    document, found = analysed(tmp_path, [connect(9, 10), agreed(20)], flows)
    assert (found["later"], found["earlier"], found["opener"]) == ("with_consent", "indeterminate", "indeterminate")
    assert document["coverage"]["clock"]["connections"] == {"used": 1, "disputed": 0}


def test_without_the_arrival_the_first_request_is_the_bound(tmp_path):
    _, found = analysed(tmp_path, [connect(9, 10), agreed(20)], [flow("opener", 10.25), LATER, EARLIER])
    assert found["later"] == "indeterminate"
    _, found = analysed(tmp_path / "b", [connect(9, 10), agreed(20)], [flow("opener", 10.15), LATER, EARLIER])
    assert found["later"] == "with_consent"


OPENER = flow("opener", 10.2, arrived=10.1)


@pytest.mark.parametrize(
    ("events", "flows"),
    [
        ([connect(9, 10), connect(8, 5)], [OPENER]),  # a port opened twice
        ([connect(9, 10)], [OPENER, flow("again", 90, arrived=89)]),  # a port that arrived twice
        ([connect(9, 10, address="127.0.0.1")], [OPENER]),  # behind a tunnel the port is another's
        ([connect(9, 10)], [flow("opener", 10.2, port=40_002, arrived=10.1)]),  # another port
        ([{**connect(9, 10), "clock": "host"}], [OPENER]),  # says nothing of the device
    ],
)
def test_what_may_be_another_connection_bounds_nothing(tmp_path, events, flows):
    document, found = analysed(tmp_path, [*events, agreed(20)], [*flows, flow("much later", 9_000, port=50_000)])
    assert document["coverage"]["clock"]["connections"]["used"] == 0
    assert set(found.values()) == {"indeterminate"}


def test_a_pair_far_tighter_than_every_other_is_not_believed(tmp_path):
    """Its port may have served a connection that no hook saw, a minute before the one that was seen."""
    events, flows = [connect(9, 10), connect(8, 80, port=7), agreed(20)], [OPENER, flow("x", 10.2, 7, arrived=10.1)]
    document, found = analysed(tmp_path, events, [*flows, LATER, EARLIER])
    assert document["coverage"]["clock"]["connections"] == {"used": 1, "disputed": 0}
    assert (found["later"], found["earlier"]) == ("with_consent", "indeterminate")


def test_a_connection_narrows_what_a_slow_sample_leaves_open(tmp_path):
    slow = [{"host_ns": BASE, "device_ns": BASE + AHEAD * SECOND, "rtt_ns": 4 * SECOND}]
    flows = [flow("opener", 10.2, arrived=10.1), LATER]
    assert analysed(tmp_path / "a", [agreed(20)], flows, slow)[1]["later"] == "indeterminate"
    assert analysed(tmp_path / "b", [connect(9, 10), agreed(20)], flows, slow)[1]["later"] == "with_consent"


def test_a_connection_that_contradicts_the_samples_widens_them_and_is_told(tmp_path):
    exact = [{"host_ns": BASE, "device_ns": BASE + AHEAD * SECOND, "rtt_ns": 2_000_000}]
    flows = [flow("opener", 8, arrived=7), flow("later", 22, port=50_000), flow("much later", 24, port=50_001)]
    assert analysed(tmp_path / "a", [agreed(20)], flows, exact)[1]["later"] == "with_consent"
    document, found = analysed(tmp_path / "b", [connect(9, 10), agreed(20)], flows, exact)
    assert (found["later"], found["much later"]) == ("indeterminate", "with_consent")  # 3 s off
    assert document["coverage"]["clock"]["connections"] == {"used": 0, "disputed": 1}
    assert "clock_disputed" in {spot["kind"] for spot in document["blind_spots"]}
