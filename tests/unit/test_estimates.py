import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoke_core.domain.estimates import (
    ALL_KINDS,
    GUESS,
    MEMORY,
    estimate,
    kind_of,
    with_measurement,
)
from invoke_core.domain.generation import InitImage
from invoke_core.domain.identifiers import ImageName, ModelKey
from invoke_core.testing.builders import a_generation


def test_a_kind_that_ran_before_takes_what_it_took() -> None:
    generation = a_generation()
    assert estimate(generation, {kind_of(generation): (4.5, 3)}) == 4.5


def test_an_unknown_size_is_scaled_from_the_same_model_first() -> None:
    small, large = a_generation(), a_generation(width=128, height=128, steps=8)
    other = a_generation(model=ModelKey("other"))
    measured = {kind_of(small): (1.0, 1), kind_of(other): (100.0, 1)}

    assert estimate(large, measured) == pytest.approx(8.0)
    assert estimate(attrs.evolve(large, model=ModelKey("third")), measured) > 8.0


def test_nothing_measured_is_a_guess_by_pixels_and_steps() -> None:
    assert estimate(a_generation(), {}) == pytest.approx(64 * 64 * 4 * GUESS)


def test_a_picture_to_picture_run_counts_the_steps_that_it_does() -> None:
    init = InitImage(image_name=ImageName("i.png"), strength=0.5)
    assert kind_of(a_generation(steps=10, init_image=init)) == kind_of(a_generation(steps=5))


@given(st.lists(st.floats(0.01, 1000), min_size=1, max_size=MEMORY))
def test_the_mean_of_few_runs_is_exact(seconds: list[float]) -> None:
    kept = None
    for value in seconds:
        kept = with_measurement(kept, value)

    assert kept == (pytest.approx(sum(seconds) / len(seconds)), len(seconds))


def test_old_runs_fade() -> None:
    kept = (100.0, 10_000)
    for _ in range(5 * MEMORY):
        kept = with_measurement(kept, 1.0)

    assert kept[0] == pytest.approx(1.0, abs=1.0)


def test_what_stands_for_every_kind_is_no_kind() -> None:
    small = a_generation(width=8, height=8, steps=1)

    assert estimate(small, {ALL_KINDS: (500.0, 9)}) == estimate(small, {})
