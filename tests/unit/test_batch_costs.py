"""How many pictures are drawn together: as many as pay, as far as it was measured."""

from collections.abc import Mapping

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoke_adapters.diffusers.costs import GAIN, KEPT_SHAPES, MEASURED_ALONE, BatchCosts, Shape
from invoke_adapters.diffusers.merging import BUCKETS, filled_up
from invoke_adapters.diffusers.merging import merge_key as key_of_request
from invoke_core.domain.generation import InitImage, LoraWeight
from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.merging import merge_key
from invoke_core.domain.models import SchedulerName
from invoke_core.domain.pixels import Pixels
from invoke_core.testing.builders import a_generation
from invoke_core.testing.runner import a_model_on_disk, a_request

SHAPE = Shape.of(a_generation(model=ModelKey("model")))


def measured(seconds: Mapping[int, float]) -> BatchCosts:
    costs = BatchCosts()
    for rows, each in seconds.items():
        for _ in range(MEASURED_ALONE):
            costs.note(SHAPE, rows, each)
    return costs


def test_a_shape_begins_with_pictures_alone() -> None:
    costs = BatchCosts()
    assert costs.best(SHAPE) == 1
    costs.note(SHAPE, 1, 1.0)
    assert costs.best(SHAPE) == 1
    costs.note(SHAPE, 1, 1.0)
    assert costs.best(SHAPE) == 2


@pytest.mark.parametrize(
    ("seconds", "best"),
    [
        ({1: 1.0, 2: 1.2}, 4),
        ({1: 1.0, 2: 1.2, 4: 1.6}, 8),
        ({1: 1.0, 2: 1.2, 4: 1.6, 8: 2.4}, 8),
        ({1: 1.0, 2: 1.2, 4: 2.4}, 2),  # as good as two, and later
        ({1: 1.0, 2: 2.0}, 1),
        ({1: 1.0, 2: 1.94}, 1),
        ({1: 1.0, 2: 2.5, 4: 0.1}, 1),
    ],
)
def test_larger_batches_are_tried_for_as_long_as_they_pay(
    seconds: Mapping[int, float], best: int
) -> None:
    assert measured(seconds).best(SHAPE) == best


def test_the_least_of_the_newest_measurements_counts() -> None:
    costs = measured({1: 1.0, 2: 5.0})
    assert costs.best(SHAPE) == 1
    costs.note(SHAPE, 2, 1.1)
    assert costs.best(SHAPE) == 4


def test_requests_that_nothing_is_known_of_stay_together() -> None:
    assert BatchCosts().split(SHAPE, 5) == [5]


@pytest.mark.parametrize(
    ("seconds", "count", "parts"),
    [
        ({1: 1.0, 2: 1.9, 4: 3.5}, 3, [2, 1]),  # 2.9, and four rows would take 3.5
        ({1: 1.0, 2: 1.2, 4: 1.6}, 3, [3]),
        ({1: 1.0, 2: 2.5}, 3, [1, 1, 1]),
        ({1: 1.0, 2: 1.2, 4: 1.6, 8: 2.4}, 7, [7]),
        ({1: 1.0, 2: 1.8, 4: 3.3, 8: 6.5}, 5, [4, 1]),
    ],
)
def test_a_pass_is_divided_as_it_costs_least(
    seconds: Mapping[int, float], count: int, parts: list[int]
) -> None:
    assert measured(seconds).split(SHAPE, count) == parts


@given(
    st.dictionaries(st.sampled_from(BUCKETS[1:]), st.floats(0.1, 10.0)),
    st.integers(1, BUCKETS[-1]),
)
def test_nobody_pays_more_in_a_batch_than_alone(seconds: dict[int, float], count: int) -> None:
    costs = measured({1: 1.0} | seconds)
    parts = costs.split(SHAPE, count)
    assert sum(parts) == count
    known = {1: 1.0} | seconds
    taken = sum(known.get(filled_up(part), GAIN * filled_up(part)) for part in parts)
    assert taken <= count + 1e-9


def test_shapes_are_apart_and_the_oldest_are_forgotten() -> None:
    costs = measured({1: 1.0})
    other = attrs.evolve(SHAPE, steps=SHAPE.steps + 1)
    assert (costs.best(SHAPE), costs.best(other)) == (2, 1)
    for place in range(KEPT_SHAPES):
        costs.note(attrs.evolve(SHAPE, width=1000 + place), 1, 1.0)
    assert costs.best(SHAPE) == 1


CHOICES = {
    "width": [16, 24],
    "height": [16, 24],
    "steps": [1, 2],
    "cfg_scale": [1.0, 2.0, 3.0],
    "scheduler": [SchedulerName.EULER, SchedulerName.DPMPP_SDE],
    "exact": [False, True],
    "loras": [(), (LoraWeight(model=ModelKey("lora"), weight=0.5),)],
    "init_image": [None, InitImage(image_name="a.png", strength=0.5)],
}
ASKED = st.fixed_dictionaries({name: st.sampled_from(kinds) for name, kinds in CHOICES.items()})


@given(ASKED, ASKED)
def test_jobs_that_are_claimed_together_are_drawn_together(one: dict, other: dict) -> None:
    """The queue's key and the runner's say the same."""
    in_queue = [merge_key(a_generation(model=ModelKey("model"), **each)) for each in (one, other)]
    drawn = []
    for each in (one, other):
        start = each["init_image"]
        loras = tuple((a_model_on_disk(lora.model), lora.weight) for lora in each["loras"])
        picture = {
            "init_image": Pixels(width=1, height=1, rgb=bytes(3)) if start else None,
            "strength": start.strength if start else None,
            "loras": loras,
        }
        drawn.append(key_of_request(a_request(a_model_on_disk(), **(each | picture))))
    assert [key is None for key in in_queue] == [key is None for key in drawn]
    assert (in_queue[0] == in_queue[1]) == (drawn[0] == drawn[1])
