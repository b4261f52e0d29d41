"""The practice app does what its truth log says: held against what the proxy saw, without any hook."""

import base64
import gzip
import json
import os
import subprocess
from hashlib import md5
from pathlib import Path

import pytest
from mitmproxy.http import HTTPFlow
from mitmproxy.io import FlowReader

from pia_runtime.capture.proxy import Proxy
from pia_runtime.practice.app import PracticeApp, Scenario
from pia_runtime.practice.identity import Identity
from pia_runtime.practice.servers import PracticeServers
from pia_runtime.storage.writer import CaptureWriter

pytestmark = pytest.mark.live


class Run:
    """What one run left: the app's own words and the proxy's."""

    def __init__(self, folder: Path, scenario: Scenario) -> None:
        with PracticeServers() as servers, CaptureWriter.create(folder / "capture", {}) as writer:
            proxy = Proxy(
                writer, confdir=folder / "proxy", upstream_map=servers.upstream_map, upstream_ca=servers.ca_pem
            )
            proxy.start()
            app = PracticeApp.prepare(scenario, folder).behind(("127.0.0.1", proxy.port), proxy.ca_pem)
            self.ended = subprocess.run(
                app.argv, env={**os.environ, **app.environment}, capture_output=True, text=True, timeout=60
            )
            proxy.stop()
        self.truth = [json.loads(line) for line in app.truth_path.read_text(encoding="utf-8").splitlines()]
        with (folder / "capture" / "flows.mitm").open("rb") as file:
            self.flows = [flow for flow in FlowReader(file).stream() if isinstance(flow, HTTPFlow)]

    def told(self, kind: str, **fields: str) -> list[dict[str, object]]:
        return [line for line in self.truth if line["kind"] == kind and fields.items() <= line.items()]

    def sent_to(self, host: str) -> list[str]:
        return [f"{f.request.path} {f.request.get_text()}" for f in self.flows if f.request.pretty_host == host]


@pytest.fixture(scope="module")
def withdrawn(tmp_path_factory) -> Run:
    return Run(tmp_path_factory.mktemp("withdrawn"), Scenario.WITHDRAW)


def test_the_app_ends_by_itself_and_every_request_is_answered(withdrawn):
    assert (withdrawn.ended.returncode, withdrawn.ended.stderr) == (0, "")
    answers = withdrawn.told("answered")
    assert len(answers) == len(withdrawn.flows) > 5
    assert {line["outcome"] for line in answers} == {"200"}


def test_each_planted_value_leaves_as_the_truth_log_says(withdrawn):
    identity = Identity()
    plain = {
        "gaid": identity.gaid,
        "android_id": identity.android_id,
        "oaid": identity.oaid,
        "phone_number": identity.phone_number,
        "contacts": identity.contacts[0][1],
        "installed_apps": identity.packages[-1],
        "location_precise": str(identity.latitude),
    }
    for line in withdrawn.told("transmission", encoding="plain"):
        assert any(plain[line["data"]] in sent for sent in withdrawn.sent_to(line["host"])), line
    assert {line["data"] for line in withdrawn.told("transmission")} == {*plain, "imei"}


def test_the_imei_leaves_as_md5_in_three_wrappings(withdrawn):
    body = json.loads(withdrawn.sent_to("risk.riskeye.example")[0].split(" ", 1)[1])
    device = json.loads(gzip.decompress(base64.b64decode(body["data"])))
    assert device["k1"] == md5(Identity().imei.encode()).hexdigest()
    assert device["k2"] != device["k1"]


def test_the_polite_sdk_speaks_between_consent_and_withdrawal_only(withdrawn):
    assert {line["phase"] for line in withdrawn.told("transmission", actor="com.politemetrics")} == {"after_grant"}
    assert len(withdrawn.sent_to("stat.politemetrics.example")) == 1


def test_the_sticky_sdk_goes_on_after_withdrawal(withdrawn):
    phases = [line["phase"] for line in withdrawn.told("access", actor="com.stickypush", data="android_id")]
    assert phases == ["after_grant", "after_withdrawal"]


def test_consent_is_asked_given_and_withdrawn_in_order(withdrawn):
    policy = withdrawn.told("consent", scope="policy")
    assert [line["signal"] for line in policy] == ["requested", "given", "withdrawn"]
    assert [line["t_ns"] for line in policy] == sorted(line["t_ns"] for line in policy)
