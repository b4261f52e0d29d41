"""An app that ends is given time to start again, and is then watched as before. Frida is played: Linux holds no new processes."""

import time
from types import SimpleNamespace

import pytest

from pia_runtime.instrumentation.catalog import Catalog
from pia_runtime.instrumentation.host import DeviceTarget, FridaHost

APP = "com.example.loan"


@pytest.fixture
def host(monkeypatch):
    """A host whose app runs as process 1, what it tells, and why it said the app ended."""
    events, ends = [], []
    host = FridaHost(DeviceTarget(APP), Catalog({}), on_event=events.append, on_detached=ends.append, restart_s=0.3)
    host._device = SimpleNamespace(resume=lambda pid: None, kill=lambda pid: None, disable_spawn_gating=lambda: None)

    def instrument(pid, name):
        process = SimpleNamespace(
            pid=pid, hooked=True, dropped=0, facts=SimpleNamespace(process=name), drain=lambda: None
        )
        host._processes[pid] = process
        return process

    monkeypatch.setattr(host, "_instrument", instrument)
    host._main = instrument(1, APP)
    yield host, events, ends
    host.stop()


def test_an_app_that_starts_again_is_the_main_process_again(host):
    """The run goes on; the exit and the new start are both told."""
    host, events, ends = host
    host._process_gone(1, "process-terminated")
    host._adopt(2, APP)
    time.sleep(0.5)
    assert ends == []
    assert host.pid == 2
    assert [(event["state"], event["pid"]) for event in events] == [("process_exit", 1), ("process_start", 2)]


def test_an_app_that_stays_away_has_ended(host):
    """After the time it was given; another process of it is no restart."""
    host, _, ends = host
    host._process_gone(1, "process-terminated")
    host._adopt(2, f"{APP}:push")
    assert ends == []
    time.sleep(0.6)
    assert ends == ["process-terminated"]
    assert host.pid == 1


def test_a_lost_device_is_not_waited_for(host):
    """Nobody could tell of a restart."""
    host, _, ends = host
    host._process_gone(1, "connection-terminated")
    assert ends == ["connection-terminated"]
