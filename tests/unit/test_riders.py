"""Which jobs ride in a batch that somebody else's turn began."""

from datetime import timedelta

import pytest

from invoke_core.domain.fairness import Caps, QueueMode
from invoke_core.domain.queue import JobStatus
from invoke_core.testing.builders import a_model
from tests.queue_world import SMALL, World

COUNTED = [QueueMode.ROUND_ROBIN, QueueMode.FAIR_SHARE]


@pytest.mark.parametrize("mode", QueueMode)
def test_jobs_of_several_people_ride_in_the_order_of_their_turns(mode: QueueMode) -> None:
    world = World(mode)
    people = world.people(3)
    first = [world.enqueue(person)[0] for person in people]
    second = [world.enqueue(person)[0] for person in people]

    batch = world.claim_batch(world.worker(), 4)

    assert [job.item_id for job in batch] == [*first, second[0]]
    assert len({job.lease.fence for job in batch if job.lease}) == 4
    world.assert_flows_are_consistent()


@pytest.mark.parametrize(
    "unlike",
    [
        {"width": 24},
        {"height": 24},
        {"steps": 2},
        {"cfg_scale": 1.0},
        {"exact": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("mode", COUNTED)
def test_a_job_that_cannot_share_the_batch_waits(
    mode: QueueMode, unlike: dict[str, object]
) -> None:
    world = World(mode)
    one, other = world.people(2)
    (first,) = world.enqueue(one, cfg_scale=3.0)
    (waits,) = world.enqueue(other, **({"cfg_scale": 3.0} | unlike))

    batch = world.claim_batch(world.worker(), 8)

    assert [job.item_id for job in batch] == [first]
    assert world.job(waits).status is JobStatus.PENDING


def test_each_row_has_its_own_prompt_seed_and_guidance() -> None:
    world = World()
    one, other = world.people(2)
    world.enqueue(one, prompt="a red circle", seed=1, cfg_scale=2.0)
    world.enqueue(other, prompt="a blue square", seed=2, cfg_scale=9.0)

    assert len(world.claim_batch(world.worker(), 8)) == 2


def test_an_exact_job_begins_no_batch() -> None:
    world = World()
    one, other = world.people(2)
    world.enqueue(one, exact=True)
    world.enqueue(other, exact=True)

    assert len(world.claim_batch(world.worker(), 8)) == 1


@pytest.mark.parametrize("mode", COUNTED)
def test_a_rider_goes_before_others_within_the_slack_and_no_further(mode: QueueMode) -> None:
    """Every job costs 10: one may be one turn ahead by turns, and three by a slack of 30 seconds."""
    world = World(mode, slack_seconds=30.0)
    rides, waits = world.people(2)
    worker = world.worker()
    for person in (rides, waits):  # what is measured makes the estimates and the slack certain
        world.enqueue(person)
        world.results.complete(world.claim(worker), SMALL, 10.0)
    world.enqueue(rides, runs=8)
    (other,) = world.enqueue(waits, width=24)  # its kind is estimated by its pixels

    batch = world.claim_batch(worker, 8)

    assert {job.owner_id for job in batch} == {rides.user_id}
    assert len(batch) == (2 if mode is QueueMode.ROUND_ROBIN else 4)
    assert world.claim(worker).item_id == other


def test_without_slack_only_the_next_in_order_rides() -> None:
    world = World(QueueMode.FIFO)
    one, other = world.people(2)
    (first,) = world.enqueue(one)
    (second,) = world.enqueue(other)
    (large,) = world.enqueue(other, width=24)
    (behind,) = world.enqueue(one)

    assert [job.item_id for job in world.claim_batch(world.worker(), 8)] == [first, second]
    assert world.claim(world.worker()).item_id == large
    assert world.claim(world.worker()).item_id == behind


def test_nobody_rides_past_a_head_that_waits_too_long() -> None:
    world = World(QueueMode.FAIR_SHARE, slack_seconds=60.0)
    rides, waits = world.people(2)
    world.enqueue(waits, width=24)
    world.clock.advance(world.dispatcher.rules.deadline + timedelta(seconds=1))
    world.enqueue(rides, runs=3)
    worker = world.worker()

    assert [job.owner_id for job in world.claim_batch(worker, 8)] == [waits.user_id]
    assert len(world.claim_batch(worker, 8)) == 3


def test_caps_hold_for_riders() -> None:
    world = World(QueueMode.FAIR_SHARE, slack_seconds=60.0, caps=Caps(max_running=2))
    world.enqueue(world.person(), runs=5)

    assert len(world.claim_batch(world.worker(), 8)) == 2


def test_the_cap_of_all_jobs_together_holds_for_riders() -> None:
    world = World(QueueMode.FAIR_SHARE, max_running=3)
    world.enqueue(world.person(), runs=5)

    assert len(world.claim_batch(world.worker(), 8)) == 3


def test_how_many_are_drawn_together_is_asked_of_the_first_one() -> None:
    world = World()
    with world.database.writing() as work:
        large = a_model(work)
    person = world.person()
    world.enqueue(person, runs=3)
    world.enqueue(person, runs=3, model=large.key)
    worker = world.worker()

    def size(generation: object) -> int:
        return 3 if getattr(generation, "model", "") == large.key else 1

    claimed = [len(world.dispatcher.claim(worker, "cpu", frozenset(), size)) for _ in range(4)]

    assert claimed == [1, 1, 1, 3]


def test_what_was_begun_before_is_drawn_alone() -> None:
    """It may be what killed the worker."""
    world = World()
    people = world.people(3)
    for person in people:
        world.enqueue(person)
    dead = world.worker()
    assert len(world.claim_batch(dead, 8)) == 3
    world.leases.bury([dead])
    world.enqueue(world.person(), runs=2)

    sizes = []
    while batch := world.claim_batch(world.worker(), 8):
        sizes.append([job.attempts for job in batch])

    assert sorted(sizes) == [[1, 1], [2], [2], [2]]
