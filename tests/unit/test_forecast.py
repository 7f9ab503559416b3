"""When pending jobs will start: the policy played forward on as many devices as there are."""

import itertools
import math
from datetime import timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invoke_adapters.memory.queue import MemoryJobRepository
from invoke_core.domain.calibration import LEAST
from invoke_core.domain.estimates import (
    ALL_KINDS,
    CPU_GUESS,
    GUESS,
    Drawn,
    Expectation,
    PassTime,
    RunTime,
    expectation_of,
    kind_of,
    pass_expectation,
    with_measurement,
    with_pass,
)
from invoke_core.domain.fairness import GroupRule, QueueMode
from invoke_core.domain.forecast import HORIZON, left
from invoke_core.domain.queue import JobQuery
from invoke_core.services._forecast import KEPT_SECONDS
from invoke_core.testing.builders import a_generation
from tests.queue_world import SMALL, World

TEN = a_generation(width=16, height=16, steps=1)


def taking(world, seconds, spread=0.0, most=1):
    """Let every job of the world be known to take so long, also where several are drawn together."""
    kind = kind_of(attrs.evolve(TEN, model=world.model.key))
    with world.database.writing() as work:
        work.queue.put_run_seconds(kind, RunTime(seconds, 9, spread**2, most))
        work.queue.put_run_seconds(ALL_KINDS, RunTime(seconds, 9))


def waits(world, person, item_ids):
    details = [world.queue.item(person, item_id).details for item_id in item_ids]
    return [each.expected_wait.total_seconds() for each in details]


def test_jobs_start_one_after_the_other_on_one_device():
    world = World()
    person = world.person()
    world.worker()
    taking(world, 10.0)

    assert waits(world, person, world.enqueue(person, runs=3)) == [0.0, 10.0, 20.0]


def test_two_devices_start_two_at_once():
    world = World()
    person = world.person()
    world.worker()
    world.worker()
    taking(world, 10.0)

    assert waits(world, person, world.enqueue(person, runs=5)) == [0.0, 0.0, 10.0, 10.0, 20.0]


@pytest.mark.parametrize(
    ("devices", "guess"),
    [("", CPU_GUESS), ("cpu", CPU_GUESS), ("cuda:0", GUESS), ("cpu cuda:0", GUESS)],
)
def test_before_anything_ran_a_processor_is_taken_to_be_slower_than_a_card(devices, guess):
    world = World()
    person = world.person()
    for device in devices.split():
        world.worker(device)
    item_ids = world.enqueue(person, runs=5, width=512, height=512, steps=20)

    last = waits(world, person, item_ids)[-1]

    turns = 2 if len(devices.split()) == 2 else 4
    assert last == pytest.approx(turns * 512 * 512 * 20 * guess)


def test_jobs_that_are_drawn_together_start_together():
    world = World()
    person = world.person()
    world.worker()
    taking(world, 10.0, most=4)

    assert waits(world, person, world.enqueue(person, runs=6)) == [0.0] * 4 + [40.0] * 2


def test_a_pass_is_expected_to_take_as_long_as_those_of_its_size_did():
    kind = kind_of(TEN)
    passes = (PassTime(1, 10.0, 3, 1.0), PassTime(4, 16.0, 3, 4.0), PassTime(8, 30.0, 1))
    known = {kind: RunTime(5.0, 9, 2.0, 8, passes)}

    def seconds(jobs):
        return pass_expectation(kind, jobs, known).seconds

    assert [seconds(jobs) for jobs in (1, 2, 4, 6, 8, 16)] == [10.0, 12.0, 16.0, 23.0, 30.0, 60.0]
    assert pass_expectation(kind, 4, known).variance == 4.0
    never = kind_of(attrs.evolve(TEN, steps=2))
    assert pass_expectation(never, 3, known).seconds == 3 * expectation_of(never, known).seconds


def test_passes_teach_how_long_passes_of_their_size_take():
    known = with_measurement(None, 5.0)
    for drawn in (Drawn(4, 16.0, 8), Drawn(1, 10.0, 8), Drawn(4, 20.0, 4)):
        known = with_pass(known, drawn)

    assert (known.mean, known.most) == (5.0, 4)
    assert known.passes == (PassTime(1, 10.0, 1), PassTime(4, 18.0, 2, 4.0))


def test_a_pass_of_several_jobs_keeps_one_device_busy():
    world = World()
    person = world.person()
    worker = world.worker()
    taking(world, 10.0, most=4)
    item_ids = world.enqueue(person, runs=6)
    world.claim_batch(worker, 4)
    world.clock.advance(15.0)

    assert waits(world, person, item_ids[4:]) == [25.0, 25.0]
    world.claim_batch(worker, 4)  # while the first pass ends
    [last] = world.enqueue(person)
    world.clock.advance(KEPT_SECONDS)
    assert waits(world, person, [last]) == [19.0]


def test_what_is_claimed_together_starts_at_the_same_time():
    world = World()
    person = world.person()
    world.enqueue(person, runs=3)
    now = world.clock.now
    world.clock.now = lambda: now() + timedelta(microseconds=next(ticks))  # as real ones go on
    ticks = itertools.count()

    jobs = world.claim_batch(world.worker(), 3)

    assert len({job.started_at for job in jobs}) == 1


def test_a_running_job_is_waited_for_as_far_as_it_has_not_run():
    world = World()
    person = world.person()
    taking(world, 10.0)
    first, second = world.enqueue(person, runs=2)
    world.claim(world.worker())
    world.clock.advance(4.0)

    assert waits(world, person, [second]) == [6.0]
    world.clock.advance(20.0)
    assert waits(world, person, [second]) == [1.0]  # it has outlived its ten seconds
    assert world.queue.item(person, first).details.expected_wait is None


def test_nine_in_ten_start_by_the_later_time():
    world = World()
    person = world.person()
    world.worker()
    taking(world, 10.0, spread=2.0)
    item_ids = world.enqueue(person, runs=5)

    first, *_, last = [world.queue.item(person, item_id).details for item_id in item_ids]

    assert first.expected_wait_p90 == first.expected_wait
    assert last.expected_wait.total_seconds() == 40.0
    # What four jobs vary by, four seconds, is less than is believed of any wait.
    late = 50.0 * math.exp(1.2816 * LEAST) - 10.0
    assert last.expected_wait_p90.total_seconds() == pytest.approx(late)


def test_a_forecast_is_kept_for_a_second():
    world = World()
    person, other = world.people(2)
    world.worker()
    taking(world, 10.0)
    mine = world.enqueue(person, runs=2)
    assert waits(world, person, mine) == [0.0, 10.0]
    world.enqueue(other, runs=1)

    assert waits(world, person, mine) == [0.0, 10.0]  # the one that was made
    world.clock.advance(KEPT_SECONDS)
    assert waits(world, person, mine) == [0.0, 20.0]  # the other one is served between


def test_a_job_that_came_after_the_forecast_is_told_its_place_at_once():
    world = World()
    person = world.person()
    world.worker()
    taking(world, 10.0)
    waits(world, person, world.enqueue(person))

    assert waits(world, person, world.enqueue(person)) == [10.0]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.integers(1, 5), st.sampled_from([1.0, 6.0]), st.integers(0, 2)
        ),
        min_size=1,
        max_size=8,
    ),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from(list(QueueMode)),
    st.sampled_from([0.0, 20.0]),
)
def test_what_is_forecast_comes_true_where_nothing_changes(batches, devices, most, mode, slack):
    groups = [GroupRule(name="group", members=frozenset({"one@example.com", "two@example.com"}))]
    world = World(mode, slack_seconds=slack, groups=groups)
    named = [world.person(email=f"{name}@example.com") for name in ("one", "two")]
    people = [*named, *world.people(2)]
    world.care.settle()
    workers = [world.worker() for _ in range(devices)]
    taking(world, 10.0, most=most)
    shown = {}
    for person, runs, cfg_scale, priority in batches:  # without guidance they ride with others
        # Which of one's jobs is the oldest settles but ties elsewhere: no forecast reads that far.
        counts = priority if mode is QueueMode.FIFO else 0
        world.enqueue(people[person], runs=runs, cfg_scale=cfg_scale, priority=counts)
    for person in people:
        for seen in world.queue.list_all(
            person, JobQuery(owner_id=person.user_id, limit=None)
        ).items:
            shown[seen.item_id] = (seen.details.position, seen.details.expected_wait)

    began, started, running = world.clock.now(), [], []  # running: worker, its jobs, when they end
    while len(started) < len(shown):
        idle = [worker for worker in workers if worker not in {each for each, *_ in running}]
        for worker in idle:
            jobs = world.claim_batch(worker, most)
            started += [(job.item_id, world.clock.now() - began) for job in jobs]
            if jobs:
                running.append(
                    (worker, jobs, world.clock.now() + timedelta(seconds=10 * len(jobs)))
                )
        next_end = min(end for *_, end in running)
        world.clock.advance((next_end - world.clock.now()).total_seconds())
        for _, jobs, end in running:
            for job in jobs if end == next_end else []:
                world.results.complete(job, SMALL, 10.0)
        running = [each for each in running if each[2] != next_end]

    assert [shown[item_id] for item_id, _ in started] == [
        (place, wait) for place, (_, wait) in enumerate(started, start=1)
    ]


def test_a_forecast_reads_no_more_of_a_flow_than_its_turns_need(monkeypatch):
    world = World()
    world.worker()
    taking(world, 10.0)
    people = world.people(5)
    for person in people:
        world.enqueue(person, runs=1)
    item_ids = world.enqueue(people[0], runs=3)
    read = []
    upcoming = MemoryJobRepository.upcoming

    def noted(self, owner_id, **limits):
        read.append(owner_id)
        return upcoming(self, owner_id, **limits)

    monkeypatch.setattr(MemoryJobRepository, "upcoming", noted)

    assert waits(world, people[0], item_ids) == [50.0, 60.0, 70.0]
    assert set(read) == {people[0].user_id}  # of all others their flow says enough


def test_what_has_outlived_its_expectation_ends_soon():
    assert left(Expectation(10.0, 4.0), 3.0) == Expectation(7.0, 4.0)
    assert left(Expectation(10.0, 4.0), 300.0) == Expectation(1.0, 4.0)


def test_a_thousand_starts_are_forecast_and_no_more():
    world = World()
    person = world.person()
    world.worker()
    item_ids = world.enqueue(person, runs=HORIZON + 5)

    assert world.queue.item(person, item_ids[HORIZON - 1]).details.position == HORIZON
    assert world.queue.item(person, item_ids[HORIZON]).details.position is None
