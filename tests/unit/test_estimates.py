import statistics

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoke_core.domain.estimates import (
    ALL_KINDS,
    DOUBT,
    GUESS,
    MEMORY,
    Expectation,
    RunTime,
    estimate,
    expectation,
    kind_of,
    with_measurement,
)
from invoke_core.domain.generation import InitImage
from invoke_core.domain.identifiers import ImageName, ModelKey
from invoke_core.testing.builders import a_generation


def test_a_kind_that_ran_before_takes_what_it_took() -> None:
    generation = a_generation()
    assert estimate(generation, {kind_of(generation): RunTime(4.5, 3)}) == 4.5


def test_an_unknown_size_is_scaled_from_the_same_model_first() -> None:
    small, large = a_generation(), a_generation(width=128, height=128, steps=8)
    other = a_generation(model=ModelKey("other"))
    measured = {kind_of(small): RunTime(1.0, 1), kind_of(other): RunTime(100.0, 1)}

    assert estimate(large, measured) == pytest.approx(8.0)
    assert estimate(attrs.evolve(large, model=ModelKey("third")), measured) > 8.0


def test_nothing_measured_is_a_guess_by_pixels_and_steps() -> None:
    assert estimate(a_generation(), {}) == pytest.approx(64 * 64 * 4 * GUESS)


def test_a_picture_to_picture_run_counts_the_steps_that_it_does() -> None:
    init = InitImage(image_name=ImageName("i.png"), strength=0.5)
    assert kind_of(a_generation(steps=10, init_image=init)) == kind_of(a_generation(steps=5))


@given(st.lists(st.floats(0.01, 1000), min_size=1, max_size=MEMORY))
def test_mean_and_variance_of_few_runs_are_exact(seconds: list[float]) -> None:
    kept = None
    for value in seconds:
        kept = with_measurement(kept, value)

    assert kept is not None
    assert kept.mean == pytest.approx(sum(seconds) / len(seconds))
    assert kept.measured == len(seconds)
    assert kept.variance == pytest.approx(statistics.pvariance(seconds), rel=1e-6, abs=1e-6)


def test_old_runs_fade() -> None:
    kept = RunTime(100.0, 10_000)
    for _ in range(5 * MEMORY):
        kept = with_measurement(kept, 1.0)

    assert kept.mean == pytest.approx(1.0, abs=1.0)


def test_what_stands_for_every_kind_is_no_kind() -> None:
    small = a_generation(width=8, height=8, steps=1)

    assert estimate(small, {ALL_KINDS: RunTime(500.0, 9)}) == estimate(small, {})


def test_what_was_never_measured_is_in_doubt() -> None:
    guessed = expectation(a_generation(), {})
    known = expectation(a_generation(), {kind_of(a_generation()): RunTime(2.0, 9, 0.25)})

    assert guessed.variance == pytest.approx((DOUBT * guessed.seconds) ** 2)
    assert (known.seconds, known.variance) == (2.0, 0.25)
    assert known.p90 == pytest.approx(2.0 + 1.2816 * 0.5)
    assert known.then(known) == Expectation(4.0, 0.5)
