"""When a runner counts as hung, and who finds out."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoke_apps.watchdog import Watchdog
from invoke_core.domain.hangs import TIMES, Signs
from invoke_core.domain.identifiers import ItemId
from invoke_core.ports.runner import Step
from invoke_core.testing.fakes import FixedClock

LIMIT = 60.0
PATIENCE = 30.0

pauses = st.lists(st.floats(0, LIMIT), min_size=1, max_size=20)


def after(steps: list[float], loading: float = 1.0) -> Signs:
    """Return the signs after these pauses between steps, and one before the first step."""
    now, signs = loading, Signs(at=0.0).stepped(loading, is_last=False)
    for pause in steps:
        now += pause
        signs = signs.stepped(now, is_last=False)
    return signs


@given(pauses)
def test_steps_that_come_within_the_limit_are_never_overdue(steps: list[float]) -> None:
    for count in range(len(steps)):
        signs = after(steps[:count])
        assert not signs.is_overdue(signs.at + steps[count], LIMIT)


@given(st.lists(st.floats(0, LIMIT / TIMES), max_size=20))
def test_a_pass_of_quick_steps_is_overdue_as_soon_as_the_limit_has_passed(
    steps: list[float],
) -> None:
    signs = after(steps)

    assert not signs.is_overdue(signs.at + LIMIT - 0.1, LIMIT)
    assert signs.is_overdue(signs.at + LIMIT + 0.1, LIMIT)


@given(st.floats(LIMIT, 10 * LIMIT))
def test_a_device_whose_steps_are_slow_is_given_the_time_of_many(slowest: float) -> None:
    signs = after([1.0, slowest])

    assert signs.patience(LIMIT) == pytest.approx(TIMES * slowest)


def test_a_model_may_be_loaded_for_many_times_as_long() -> None:
    signs = Signs(at=5.0)

    assert not signs.is_overdue(5.0 + TIMES * LIMIT, LIMIT)
    assert signs.is_overdue(5.1 + TIMES * LIMIT, LIMIT)


def test_loading_a_model_for_long_does_not_excuse_a_slow_step() -> None:
    assert after([1.0], loading=5 * LIMIT).patience(LIMIT) == LIMIT


def test_where_the_first_step_was_slow_the_second_may_be() -> None:
    signs = after([], loading=LIMIT)

    assert signs.patience(LIMIT) == TIMES * LIMIT
    assert not signs.stepped(3 * LIMIT, is_last=False).is_overdue(9 * LIMIT, LIMIT)


def test_a_picture_of_one_slow_step_is_decoded_for_longer() -> None:
    signs = Signs(at=0.0).stepped(30.0, is_last=True)

    assert signs.patience(LIMIT) == 30.0 * TIMES
    assert signs.drawn(40.0).patience(LIMIT) == 30.0 * TIMES
    assert not signs.drawn(40.0).is_overdue(340.0, LIMIT)


def test_the_next_picture_of_a_pass_has_the_rhythm_of_the_steps_again() -> None:
    ended = after([2.0], loading=30.0).stepped(40.0, is_last=True)

    assert ended.patience(LIMIT) == 30.0 * TIMES
    assert ended.stepped(55.0, is_last=False).patience(LIMIT) == 8.0 * TIMES


class Heard:
    """What a watchdog says."""

    def __init__(self) -> None:
        self.what: list[str] = []
        self.came = threading.Event()

    def __call__(self, what: str) -> None:
        self.what.append(what)
        self.came.set()


def test_a_watchdog_tells_of_what_shows_nothing_any_more() -> None:
    clock, heard = FixedClock(), Heard()
    with Watchdog(LIMIT, clock, heard, look_seconds=0.01) as watchdog:
        with watchdog.watching("job 1") as ended, watchdog.watching("job 2") as moving:
            ended.step(Step(item_id=ItemId(1), step=1, steps=9))
        with watchdog.watching("job 3") as hanging, watchdog.watching_on(moving):
            for each in (hanging, moving):
                each.step(Step(item_id=ItemId(1), step=1, steps=9))
            clock.advance(LIMIT - 1)
            moving.step(Step(item_id=ItemId(1), step=2, steps=9))
            clock.advance(2)
            assert heard.came.wait(PATIENCE)

    assert heard.what == ["job 3"]


def test_a_watchdog_without_a_limit_never_looks() -> None:
    clock = FixedClock()
    before = threading.active_count()
    with Watchdog.asleep(clock) as watchdog, watchdog.watching("job 1") as watched:
        clock.advance(1e9)
        watched.drawn()
        assert threading.active_count() == before
