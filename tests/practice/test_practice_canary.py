"""A program cannot tell from its own calls whether they are hooked, and a hook that changed them would be noticed."""

import json
import re

import pytest

from pia_runtime.cli.main import run
from pia_runtime.instrumentation import host
from pia_runtime.practice.canary import Transparency, canary_catalog, check_transparency

pytestmark = pytest.mark.live

SABOTAGE = """
;Interceptor.attach(Process.getModuleByName("libc.so.6").getExportByName("write"), { onEnter(args) {
  if (args[0].toInt32() > 2 && args[1].readCString(5) === "float") { args[1].writeU8(0x46); }
} });
"""
"""Makes the program's output differ where it is written."""


@pytest.fixture(scope="module")
def result() -> Transparency:
    """What one run without and one with hooks showed."""
    return check_transparency()


def test_results_exceptions_identities_locks_and_initialisers_are_the_same_with_a_hook_on_every_method(result):
    assert result.differences == ()
    assert result.failed == ()
    assert result.probes > 90
    assert result.calls > 6000
    assert result.holds


def test_what_a_program_can_find_that_looks_for_hooks_is_said(result):
    seen = {what: (plain, hooked) for what, plain, hooked in result.visible}
    assert seen["/proc/self/maps names a foreign library"] == ("false", "true")
    assert seen["the class file's modifiers say native"] == ("false", "true")


def test_a_difference_is_shown_and_ends_the_selftest_with_exit_code_4(monkeypatch, capsysbinary):
    head, mark, code = host.read_agent().partition("✄\n")
    code += SABOTAGE
    head = re.sub(r"\d+", str(len(code.encode())), head, count=1)  # the bundle says how long its module is
    monkeypatch.setattr(host, "read_agent", lambda: head + mark + code)
    assert run(["selftest", "--format", "json", "--calls", "10"]) == 4
    document = json.loads(capsysbinary.readouterr().out)
    assert document["transparent"] is False
    assert "-float = 0 0" in document["differences"]
    assert "+Float = 0 0" in document["differences"]


def test_the_selftest_prints_costs_for_every_shape_and_what_it_could_not_check(capsysbinary):
    assert run(["selftest", "--format", "json", "--calls", "10"]) == 0
    document = json.loads(capsysbinary.readouterr().out)
    assert document["transparent"] is True
    assert {cost["hook"] for cost in document["costs"]} == {
        name for name in canary_catalog().entries if name.startswith("canary.cost_")
    }
    assert all(cost["full_ns"] > cost["plain_ns"] for cost in document["costs"])
    assert any("ART" in text for text in document["not_checked"])
