"""Foreground, silent and background are three states, and each is said only where it is certain."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pia_runtime.correlation.states import ScreenHistory, states

SECOND = 1_000_000_000
HISTORY = ScreenHistory(((10, "foreground"), (100, "background"), (200, "foreground")), (12, 60), touches_watched=True)


def state(at, error=0, shown=-1, history=HISTORY, silence=30):
    found = states(np.array([at]), np.array([error]), np.array([shown], dtype=np.int8), history, silence)
    return found[0]


def test_the_last_change_before_an_instant_decides():
    assert [state(at) for at in (20, 150, 210)] == ["foreground", "background", "foreground"]


def test_before_anything_was_seen_nothing_is_said():
    assert state(5) == "unknown"


def test_within_the_error_of_a_change_nothing_is_said():
    assert [state(99, error) for error in (0, 2)] == ["silent", "unknown"]


def test_the_event_s_own_word_goes_before_the_history():
    assert state(150, shown=1, silence=1000) == "foreground"
    assert state(20, shown=0) == "background"


def test_silent_is_on_screen_and_untouched_for_longer_than_the_threshold():
    assert [state(at) for at in (30, 42, 43, 61, 91)] == ["foreground", "foreground", "silent", "foreground", "silent"]


def test_a_touch_that_may_have_come_just_before_keeps_an_instant_from_being_silent():
    assert [state(58), state(58, error=1), state(58, error=2)] == ["silent", "silent", "foreground"]


def test_where_touches_were_not_watched_nobody_is_called_silent():
    unwatched = ScreenHistory(HISTORY.changes, (), touches_watched=False)
    assert state(99, history=unwatched) == "foreground"


def test_what_cannot_be_compared_has_no_state():
    assert state(150, error=-1) == "unknown"


@given(st.integers(0, 300), st.integers(0, 50), st.integers(0, 50))
def test_more_error_never_makes_a_state_another_one(at, error, more):
    before, after = state(at, error), state(at, error + more)
    certain = {"silent": {"silent", "foreground", "unknown"}, "foreground": {"foreground", "unknown"}}
    assert after in certain.get(before, {before, "unknown"})
