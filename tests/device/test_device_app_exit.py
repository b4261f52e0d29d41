"""Crash, order from outside, and an app that ends itself are three things."""

import pytest

from pia_runtime.device.app_exit import judge_exit
from pia_runtime.device.scenario import find_control, find_prompt, load_scenario
from pia_runtime.device.screen import parse_screen
from pia_runtime.errors import InputError, NotReadyError
from pia_runtime.knowledge.consent_words import load_consent_words

# The form of AOSP's ApplicationExitInfo.dump (frameworks/base, android.app.ApplicationExitInfo).
DUMP = """ACTIVITY MANAGER PROCESS EXIT INFO (dumpsys activity exit-info)
  package: com.example.loan
    Historical Process Exit for uid=10231
        ApplicationExitInfo #0:
          timestamp=2025-11-23 16:00:00.000 pid={pid} realUid=10231 packageUid=10231 definingUid=10231 user=0
          process=com.example.loan reason={reason} ({name}) subreason=0 (UNKNOWN) status=0
          importance=100 pss=0.00 rss=143MB description={description} state=empty trace=null
        ApplicationExitInfo #1:
          timestamp=2025-11-22 16:00:00.000 pid=17 realUid=10231 packageUid=10231 definingUid=10231 user=0
          process=com.example.loan reason=10 (USER REQUESTED) subreason=0 (UNKNOWN) status=0
          importance=100 pss=0.00 rss=143MB description=stop com.example.loan state=empty trace=null
"""


@pytest.mark.parametrize(
    ("reason", "ran_s", "kind"),
    [
        (1, 3, "app_exit_suspicious"),
        (2, 59, "app_exit_suspicious"),
        (1, 600, "app_exit"),
        (4, 3, "app_crashed"),
        (5, 3, "app_crashed"),
        (6, 90, "app_crashed"),
        (10, 3, "app_exit"),
        (3, 3, "app_exit"),
        (13, 3, "app_exit_unknown"),
    ],
)
def test_what_android_recorded_decides(reason, ran_s, kind):
    """And how long the app ran, where it ended itself."""
    dump = DUMP.format(pid=4711, reason=reason, name="X", description="null")
    assert judge_exit(dump, 4711, ran_s).kind == kind


def test_only_the_process_that_ran_is_looked_for():
    """An older entry says nothing about this run."""
    dump = DUMP.format(pid=4711, reason=4, name="CRASH", description="boom")
    assert judge_exit(dump, 17, 3).kind == "app_exit"
    assert judge_exit(dump, 99, 3).kind == "app_exit_unknown"
    assert "boom" in judge_exit(dump, 4711, 3).detail
    assert judge_exit("", None, 3).kind == "app_exit_unknown"


def _screen(*controls: tuple[str, bool]) -> list:
    nodes = "".join(
        f'<node text="{text}" clickable="{str(clickable).lower()}" package="a" bounds="[0,{100 * n}][200,{100 * n + 80}]"/>'
        for n, (text, clickable) in enumerate(controls)
    )
    return parse_screen(f"<hierarchy>{nodes}</hierarchy>".encode())


def test_a_scenario_taps_what_means_it_and_nothing_else():
    """A refusal contains the agreement's word; a way out is one only beside an agreement."""
    words = load_consent_words()
    prompt = _screen(("请阅读《隐私政策》", False), ("不同意", True), ("同意", True))
    assert find_prompt(prompt, words)
    assert find_control(prompt, "refused", words).text == "不同意"
    assert find_control(prompt, "given", words).text == "同意"
    later = _screen(("Privacy Policy", False), ("Not now", True), ("Accept", True))
    assert find_control(later, "refused", words).text == "Not now"
    assert find_control(_screen(("Not now", True)), "refused", words) is None
    assert find_control(_screen(("同意", False)), "given", words) is None
    assert not find_prompt(_screen(("首页", True), ("同意", True)), words)


def test_a_screen_s_tree_is_hostile_input():
    """Entities, cut files and nonsense are one line."""
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><hierarchy><node text="&a;"/></hierarchy>'
    for xml in (bomb, b"", b"<hierarchy>", b"\x00\xff"):
        with pytest.raises(NotReadyError, match="screen cannot be read"):
            parse_screen(xml)
    assert parse_screen(b'<hierarchy><node text="a" clickable="true" bounds="none"/></hierarchy>') == []


def test_scenarios_are_data_and_checked(tmp_path):
    """All that come with the program; a file of one's own; a wrong one names itself."""
    for name in ("first-launch-60s", "refuse", "accept", "accept-withdraw", "background-10min"):
        assert load_scenario(name).actions
    with pytest.raises(InputError, match="choose one of"):
        load_scenario("nothing")
    (tmp_path / "x.yaml").write_text("scenarios: {x: {en: X, actions: [{tap: given, wait_s: 1}]}}")
    with pytest.raises(InputError, match="not a scenario"):
        load_scenario(str(tmp_path / "x.yaml"))
