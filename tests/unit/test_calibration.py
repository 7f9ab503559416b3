"""What is shown of waits follows from how the latest ones came true."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invoke_core.domain.calibration import (
    BELIEVED,
    COMPARED,
    KEPT,
    LEAST,
    Calibration,
    ShownWait,
    Situation,
)
from invoke_core.domain.estimates import NINE_IN_TEN, Expectation
from tests.queue_world import World
from tests.unit.test_forecast import taking

TEN = Expectation(10.0, 4.0)


def after(calibration: Calibration, waits: list[tuple[Expectation, float]]) -> Calibration:
    for forecast, real in waits:
        calibration = calibration.learned(forecast, calibration.shown(forecast), real)
    return calibration


def test_without_experience_the_forecast_is_believed() -> None:
    shown = Calibration().shown(Expectation(100.0, 900.0))

    assert shown.median == 100.0
    # 30 seconds of deviation, and ten that are added to whatever a logarithm is taken of.
    assert shown.p90 == pytest.approx(110.0 * (1 + 30 / 110) ** NINE_IN_TEN - 10)


def test_what_comes_at_once_is_shown_as_that() -> None:
    late = after(Calibration(), [(TEN, 30.0)] * 50)

    assert late.shown(Expectation(0.0)) == ShownWait(0.0, 0.0)


def test_one_surprise_changes_little_and_many_change_what_is_shown() -> None:
    once = after(Calibration(), [(TEN, 40.0)])
    often = after(Calibration(), [(TEN, 40.0)] * 2 * BELIEVED)

    assert abs(once.shown(TEN).median - 10.0) < 1.0
    assert often.shown(TEN).median == pytest.approx(40.0)
    assert often.shown(TEN).p90 == pytest.approx(40.0)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    stretch=st.floats(0.3, 3.0),
    spread=st.floats(0.01, 1.0),
    doubt=st.floats(0.01, 2.0),
)
def test_nine_in_ten_start_by_the_time_that_is_shown_however_wrong_the_forecasts_are(
    seed: int, stretch: float, spread: float, doubt: float
) -> None:
    chance, calibration = random.Random(seed), Calibration()
    inside = 0
    for number in range(1200):
        seconds = chance.uniform(20, 2000)
        forecast = Expectation(seconds, (doubt * seconds) ** 2)
        real = seconds * stretch * chance.lognormvariate(0, spread)
        shown = calibration.shown(forecast)
        inside += number >= 200 and real <= shown.p90
        calibration = calibration.learned(forecast, shown, real)

    assert 0.85 <= inside / 1000 <= 0.95


@given(
    short=st.lists(
        st.tuples(st.floats(0.001, 0.9), st.floats(0.0, 0.3), st.floats(0.0, 5.0)),
        min_size=1,
        max_size=10,
    ),
    seconds=st.floats(1.0, 600.0),
    doubt=st.floats(0.0, 1.0),
)
def test_very_short_waits_that_were_seconds_late_do_not_make_hours_of_the_next(
    short: list[tuple[float, float, float]], seconds: float, doubt: float
) -> None:
    waits = [(Expectation(each, (part * each) ** 2), real) for each, part, real in short]
    forecast = Expectation(seconds, (doubt * seconds) ** 2)

    shown = after(Calibration(), waits).shown(forecast)

    # Nobody was more than five seconds late, half of what is added to every wait: that is two deviations.
    deviation = max(LEAST, math.log1p(doubt * seconds / (seconds + 10)))
    assert shown.p90 <= (seconds + 10) * math.exp(2.1 * deviation) - 10


def test_what_was_late_by_less_than_a_kept_forecast_can_be_teaches_no_more_than_a_deviation() -> (
    None
):
    fresh = after(Calibration(), [(Expectation(0.02), 1.0)] * 5)

    assert fresh.shown(Expectation(20.0, 400.0)).p90 < 60.0


def test_a_start_teaches_what_is_shown_of_jobs_that_stand_alike_and_of_no_others() -> None:
    last, next_one, among_many = Situation(9, 3), Situation(1, 3), Situation(9, 4)
    calibration = Calibration()
    for _ in range(2 * BELIEVED):
        calibration = calibration.learned(TEN, ShownWait(10.0, 10.0), 40.0, last)

    assert calibration.shown(TEN, Situation(15, 2)).median == pytest.approx(40.0)
    assert calibration.shown(TEN, next_one).median == 10.0
    assert calibration.shown(TEN, among_many).median == 10.0


def test_the_accuracy_is_of_what_was_shown_before_the_start_taught_anything() -> None:
    calibration = after(Calibration(), [(TEN, 20.0)])

    accuracy = calibration.accuracy()

    assert accuracy is not None
    assert (accuracy.compared, accuracy.median_error, accuracy.within_p90) == (1, 0.5, 0.0)


def test_short_waits_are_not_compared_and_old_ones_forgotten() -> None:
    assert after(Calibration(), [(TEN, 9.9)]).accuracy() is None

    long = after(Calibration(), [(TEN, 20.0)] * (COMPARED + 5))

    assert [len(scores) for scores in long.scores.values()] == [KEPT]
    assert long.accuracy().compared == COMPARED


class Ear:
    """Hears the news of a world as the forecasts of a server do."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._heard = 0

    def catch_up(self) -> None:
        with self._world.database.reading() as work:
            items = work.news.since(self._heard, limit=1000)
        for item in items:
            self._world.queue.forecasts.hear(item, self._world.clock.monotonic())
            self._heard = item.news_id


def test_what_was_told_of_a_job_is_held_against_its_start() -> None:
    world = World()
    person = world.person()
    worker = world.worker()
    taking(world, 20.0)
    ear = Ear(world)
    item_ids = world.enqueue(person, runs=3)
    world.claim(worker)
    ear.catch_up()
    told = world.queue.items_by_ids(person, item_ids)[1].details
    assert told.expected_wait.total_seconds() == 20.0
    assert world.care.overview(world.administrator).wait_accuracy is None

    world.clock.advance(21.0)
    world.claim(worker)
    ear.catch_up()

    seen = world.care.overview(world.administrator).wait_accuracy
    assert (seen.compared, seen.within_p90) == (1, 1.0)
    assert seen.median_error == pytest.approx(1 / 21)


def test_a_job_that_is_canceled_teaches_nothing() -> None:
    world = World()
    person = world.person()
    worker = world.worker()
    taking(world, 20.0)
    ear = Ear(world)
    item_ids = world.enqueue(person, runs=2)
    world.claim(worker)
    ear.catch_up()
    world.queue.items_by_ids(person, item_ids)
    world.clock.advance(25.0)

    world.queue.cancel(person, item_ids[1])
    ear.catch_up()

    assert world.care.overview(world.administrator).wait_accuracy is None


def test_a_job_is_held_against_what_was_told_when_it_was_seen_first() -> None:
    world = World()
    person = world.person()
    worker = world.worker()
    taking(world, 20.0)
    ear = Ear(world)
    item_ids = world.enqueue(person, runs=4)
    compared = []

    for _ in item_ids:
        world.queue.items_by_ids(person, item_ids)
        world.claim(worker)
        ear.catch_up()
        seen = world.care.overview(world.administrator).wait_accuracy
        compared.append(seen.compared if seen else 0)
        world.clock.advance(20.0)

    assert compared == [0, 1, 1, 2]  # the third was seen first as the third, and counts for nothing
