"""A request is the act of the code that opened its connection only where nothing else is possible."""

import pandas as pd
import pytest

from pia_runtime.knowledge.sdks import load_sdks
from pia_runtime.model.detection import Match
from pia_runtime.model.event import API_CALL_COLUMNS, Events
from pia_runtime.model.session import Session
from pia_runtime.pipeline.senders import Senders
from pia_runtime.pipeline.transmissions import Sent, Transmissions

APP_HOST, LAN = "api.loan.example", "192.168.1.20"
RISKEYE = "com.riskeye.fraud.Probe.send(Probe.java:9)\ncom.example.loan.Main.run(Main.java:3)"
MATCH = Match(data="imei", basis="known", location="request.body", path=(), encoding="plain", value="x")


def connect(seq, address=LAN, port=40001, stack=RISKEYE, **value):
    row = dict.fromkeys(API_CALL_COLUMNS)
    value = {"local_address": address, "local_port": port, **value}
    return {**row, "seq": seq, "hook": "traffic.socket_connect", "value": value, "stack": stack}


def senders(*calls, ports_shared=False, flows=((LAN, 40001, 100, "f"),)):
    frame = pd.DataFrame(list(calls), columns=list(API_CALL_COLUMNS))
    found = Transmissions()
    for address, port, t_ns, flow in flows:
        found.open((address, port), (t_ns, flow))
    session = Session.model_validate({"app": {"package": "com.example.loan"}, "tools": {"ports_shared": ports_shared}})
    return Senders.of(Events(frame), session, found, load_sdks())


def said(which, flow="f", client=(LAN, 40001)):
    actor, evidence = which.sender(Sent(flow, APP_HOST, 100, 1000, MATCH, client))
    return actor.kind, actor.id, evidence.basis, evidence.event


BY_HOST = ("app", "com.example.loan", "host", None)


def test_the_sdk_that_opened_the_connection_sent_the_first_request_on_it():
    assert said(senders(connect(7))) == ("sdk", "riskeye", "connection", 7)


def test_a_later_request_on_a_kept_connection_may_be_anybodys():
    both = ((LAN, 40001, 100, "f"), (LAN, 40001, 200, "g"))
    assert said(senders(connect(7), flows=both), flow="g") == BY_HOST
    assert said(senders(connect(7), flows=both[::-1])) == ("sdk", "riskeye", "connection", 7)


def test_a_port_that_was_used_twice_tells_nothing():
    assert said(senders(connect(7), connect(8))) == BY_HOST


def test_loopback_ports_count_only_where_app_and_proxy_share_one_machine():
    local = ("127.0.0.1", 40001)
    flows = ((*local, 100, "f"),)
    calls = (connect(7, address="127.0.0.1"),)
    assert said(senders(*calls, flows=flows), client=local) == BY_HOST
    assert said(senders(*calls, flows=flows, ports_shared=True), client=local)[2:] == ("connection", 7)


def test_an_address_in_ipv6_clothes_is_the_same_address():
    assert said(senders(connect(7, address=f"::ffff:{LAN}")))[2] == "connection"


@pytest.mark.parametrize("stack", ["", "java.net.Socket.connect(Socket.java:1)", "a.b.c(Unknown Source)"])
def test_a_stack_that_shows_nobody_leaves_it_to_the_host(stack):
    assert said(senders(connect(7, stack=stack))) == BY_HOST


@pytest.mark.parametrize("value", [None, "x", {"local_port": 1}, {"local_address": "nonsense", "local_port": 40001}])
def test_a_value_of_another_shape_is_passed_over(value):
    call = {**connect(7), "value": value}
    assert said(senders(call)) == BY_HOST


def test_parts_that_were_scanned_apart_keep_the_earliest_request():
    one, two = Transmissions(), Transmissions()
    one.open((LAN, 1), (200, "late"))
    two.open((LAN, 1), (100, "early"))
    one.add(two)
    assert one.openers == {(LAN, 1): (100, "early")}
