"""Credentials have generations: a new one is issued, the old ones last for a grace period, and a failed one never."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.clock import ManualClock
from janus_platform.egress.callers import MAX_OLD, Callers
from janus_platform.errors import PlatformError

GRACE = 300.0


def made() -> tuple[Callers, ManualClock]:
    clock = ManualClock()
    return Callers(now=lambda _: clock.now(), grace_seconds=GRACE), clock


def authorization(caller: str, token: str) -> str:
    return f"Basic {base64.b64encode(f'{caller}:{token}'.encode()).decode()}"


def test_an_old_key_and_token_last_for_the_grace_period_and_no_longer() -> None:
    callers, clock = made()
    key, token = callers.key("a"), callers.token("a")
    callers.issue("a")
    callers.retire("a")
    assert callers.key("a") != key and callers.token("a") != token
    for seconds, valid in ((0.0, True), (GRACE - 0.1, True), (0.1, False)):
        clock.advance(seconds)
        assert callers.accepts_key(key) is valid
        assert (callers.identify(authorization("a", token)) == "a") is valid
    assert callers.accepts_key(callers.key("a"))
    assert callers.identify(authorization("a", callers.token("a"))) == "a"


def test_the_grace_period_begins_when_the_old_ones_are_retired() -> None:
    callers, clock = made()
    key = callers.key("a")
    callers.issue("a")
    clock.advance(10 * GRACE)
    assert callers.accepts_key(key)
    callers.retire("a")
    clock.advance(GRACE)
    assert not callers.accepts_key(key)


def test_a_withdrawn_key_is_never_valid_and_the_old_one_stays() -> None:
    callers, _ = made()
    key = callers.key("a")
    callers.issue("a")
    withdrawn = callers.key("a")
    callers.withdraw("a")
    assert callers.key("a") == key and not callers.accepts_key(withdrawn)
    callers.issue("a")
    assert callers.key("a") not in (key, withdrawn)
    callers.retire("a")
    assert callers.accepts_key(key) and not callers.accepts_key(withdrawn)


def test_rotation_of_one_caller_leaves_the_others_alone() -> None:
    callers, clock = made()
    others = callers.key("b")
    callers.issue("a")
    callers.retire("a")
    clock.advance(2 * GRACE)
    assert callers.key("b") == others and callers.accepts_key(others)
    assert not callers.accepts_key(callers.key("a").replace("_a_", "_b_"))


def test_old_keys_are_kept_in_bounds() -> None:
    callers, clock = made()
    for _ in range(MAX_OLD):
        callers.issue("a")
        callers.retire("a")
    with pytest.raises(PlatformError, match="rotated 8 times within 300 seconds"):
        callers.issue("a")
    clock.advance(GRACE)
    callers.issue("a")


@given(st.lists(st.sampled_from(["issue", "retire", "withdraw", "wait"]), max_size=30))
def test_whatever_happens_the_current_key_is_valid_and_no_key_comes_twice(steps: list[str]) -> None:
    callers, clock = made()
    issued = {callers.key("a")}
    for step in steps:
        if step == "wait":
            clock.advance(GRACE)
        elif step == "issue":
            try:
                callers.issue("a")
            except PlatformError:
                continue
            assert callers.key("a") not in issued
            issued.add(callers.key("a"))
        else:
            getattr(callers, step)("a")
        assert callers.accepts_key(callers.key("a"))
    callers.retire("a")
    clock.advance(GRACE)
    assert [callers.accepts_key(key) for key in issued].count(True) == 1
