"""Caps end a flow's contention, and never reorder; shares, submissions sent twice, the queue's history."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invoke_core.domain.audit import AuditQuery
from invoke_core.domain.fairness import Caps, Flow, QueueMode
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.principals import host_principal
from invoke_core.domain.queue import JobQuery, JobStatus
from invoke_core.domain.shares import ShareChanges, Spread, levels, spread
from invoke_core.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from tests.queue_world import SMALL, World

COUNTED = (QueueMode.ROUND_ROBIN, QueueMode.FAIR_SHARE)


def complete(world, job, seconds=1.0):
    return world.results.complete(job, SMALL, seconds)


# How many may wait


def test_no_more_jobs_wait_than_a_person_may_have():
    world = World(caps=Caps(max_pending=3))
    person, other = world.people(2)
    world.enqueue(person, runs=2)

    with pytest.raises(TooMany, match="3 jobs waiting and 2 are: 2 more do not fit"):
        world.enqueue(person, runs=2)

    assert world.flow(person).pending == 2
    world.enqueue(person)
    world.enqueue(other, runs=3)


def test_a_job_that_runs_waits_no_more():
    world = World(caps=Caps(max_pending=1))
    person = world.person()
    world.enqueue(person)
    world.claim(world.worker())

    world.enqueue(person)


def test_a_retry_needs_room_too():
    world = World(caps=Caps(max_pending=1))
    person = world.person()
    (item_id,) = world.enqueue(person)
    world.queue.cancel(person, item_id)
    world.enqueue(person)

    with pytest.raises(TooMany):
        world.queue.retry(person, [item_id])


# How many may run


@pytest.mark.parametrize("mode", list(QueueMode))
def test_no_more_jobs_of_a_person_run_at_once_than_may(mode):
    world = World(mode, caps=Caps(max_running=2))
    person, other = world.people(2)
    world.enqueue(person, runs=5)
    world.enqueue(other, runs=1)
    worker = world.worker()

    claimed = [world.claim(worker) for _ in range(5)]

    owners = [job.owner_id for job in claimed if job]
    assert sorted(owners) == sorted([person.user_id, person.user_id, other.user_id])
    complete(world, next(job for job in claimed if job and job.owner_id == person.user_id))
    assert world.claim(worker).owner_id == person.user_id
    assert world.claim(worker) is None


def test_all_together_run_no_more_than_the_server_may():
    world = World(max_running=2)
    for person in world.people(3):
        world.enqueue(person, runs=2)
    worker = world.worker()
    first = world.claim(worker)
    assert world.claim(worker) is not None

    assert world.claim(worker) is None
    complete(world, first)
    assert world.claim(worker) is not None
    assert world.claim(worker) is None


@pytest.mark.parametrize("mode", COUNTED)
def test_whoever_comes_back_below_a_cap_has_no_credit_for_the_time_away(mode):
    world = World(mode, caps=Caps(max_running=1))
    capped, other = world.people(2)
    worker = world.worker()
    world.enqueue(capped, runs=9)
    held = world.claim(worker)  # and never ended: `capped` is away
    world.enqueue(other, runs=20)
    for _ in range(10):
        complete(world, world.claim(worker), 5.0)
    complete(world, held, 5.0)

    turns = []
    for _ in range(6):
        job = world.claim(worker)
        complete(world, job, 5.0)
        turns.append(job.owner_id)

    assert abs(turns.count(capped.user_id) - turns.count(other.user_id)) <= 2


@settings(max_examples=30)
@given(
    st.lists(st.sampled_from(["enqueue", "claim", "end", "cap", "uncap"]), max_size=40),
    st.sampled_from(list(QueueMode)),
)
def test_caps_hold_whatever_happens(steps, mode):
    world = World(mode, caps=Caps(max_running=2, max_pending=6))
    people, worker, running = world.people(3), world.worker(), []
    for number, step in enumerate(steps):
        person = people[number % 3]
        if step == "enqueue":
            try:
                world.enqueue(person, runs=2)
            except TooMany:
                assert world.flow(person).pending > 4
        elif step == "claim":
            job = world.claim(worker)
            if job is not None:
                running.append(job)
            else:  # no runner is idle beside a job that may run
                assert not [each for each in people if world.flow(each).contends]
        elif step == "end" and running:
            complete(world, running.pop(0))
        elif step in {"cap", "uncap"}:
            cap = 1 if step == "cap" else None
            cleared = frozenset({"max_running"} if cap is None else set())
            changes = ShareChanges(max_running=cap, cleared=cleared)
            world.care.change_share(world.administrator, person.user_id, changes)
        for each in people:
            flow = world.flow(each)
            assert flow.pending <= 6
            assert flow.in_flight <= 2
            assert not (flow.contends and flow.in_flight >= (flow.running_cap or 99))
        world.assert_flows_are_consistent()


# GPU-seconds a day


def test_who_has_used_the_gpu_time_of_the_day_waits_for_the_next_one():
    world = World(caps=Caps(gpu_seconds_per_day=10.0))
    person = world.person()
    world.enqueue(person, runs=3)
    worker = world.worker()
    complete(world, world.claim(worker), 4.0)
    complete(world, world.claim(worker), 6.5)

    assert world.claim(worker) is None
    with pytest.raises(TooMany, match="GPU time of today") as refused:
        world.enqueue(person)
    assert refused.value.retry_after == 12 * 3600  # noon, until midnight UTC

    world.clock.advance(timedelta(hours=12))
    world.leases.bury([])
    assert world.claim(worker) is not None
    world.enqueue(person)


def test_the_watch_of_the_workers_notices_the_new_day():
    from invoke_core.services.leases import Watch

    world = World(caps=Caps(gpu_seconds_per_day=1.0))
    person = world.person()
    world.enqueue(person, runs=2)
    worker = world.worker()
    complete(world, world.claim(worker), 2.0)
    world.leases.take_over(Watch())
    assert world.claim(worker) is None

    world.clock.advance(timedelta(days=1))
    world.leases.take_over(Watch())

    assert world.claim(worker) is not None


def test_jobs_that_failed_or_were_canceled_count_for_the_day():
    world = World(caps=Caps(gpu_seconds_per_day=100.0))
    person = world.person()
    world.enqueue(person, runs=3)
    worker = world.worker()
    world.results.fail(world.claim(worker), "error", "It failed.", 7.0)
    canceled = world.claim(worker)
    world.queue.cancel(person, canceled.item_id)
    world.results.stopped(canceled, 2.0)

    assert world.flow(person).used_seconds == pytest.approx(9.0)
    world.clock.advance(timedelta(days=1))
    complete(world, world.claim(worker), 0.5)
    assert world.flow(person).used_seconds == pytest.approx(0.5)


# Shares


def test_a_weight_gives_its_share():
    world = World(QueueMode.FAIR_SHARE)
    heavy, light = world.people(2)
    world.care.change_share(world.administrator, heavy.user_id, ShareChanges(weight=3.0))
    for person in (heavy, light):
        world.enqueue(person, runs=300)
    worker = world.worker()

    owners = []
    for _ in range(200):
        job = world.claim(worker)
        complete(world, job, 2.0)
        owners.append(job.owner_id)

    assert owners.count(heavy.user_id) / 200 == pytest.approx(0.75, abs=0.01)


def test_an_own_cap_goes_before_the_servers_and_can_be_taken_off():
    world = World(caps=Caps(max_pending=1))
    person = world.person()
    changes = ShareChanges(max_pending=5)
    world.care.change_share(world.administrator, person.user_id, changes)
    world.enqueue(person, runs=5)

    changes = ShareChanges(cleared=frozenset({"max_pending"}))
    world.care.change_share(world.administrator, person.user_id, changes)

    with pytest.raises(TooMany):
        world.enqueue(person)


def test_a_new_cap_of_the_server_holds_when_it_starts():
    world = World()
    person = world.person()
    world.enqueue(person, runs=3)
    worker = world.worker()
    world.claim(worker)
    capped = attrs.evolve(world.care, caps=Caps(max_running=1))

    capped.settle()
    assert world.claim(worker) is None
    world.care.settle()
    assert world.claim(worker) is not None


@pytest.mark.parametrize(
    "changes",
    [
        ShareChanges(weight=0.0), ShareChanges(weight=-1.0), ShareChanges(weight=1001.0),
        ShareChanges(weight=float("nan")), ShareChanges(max_pending=-1),
        ShareChanges(max_running=10**7), ShareChanges(gpu_seconds_per_day=float("nan")),
    ],
)  # fmt: skip
def test_a_share_out_of_range_is_refused(changes):
    world = World()
    person = world.person()

    with pytest.raises(Invalid):
        world.care.change_share(world.administrator, person.user_id, changes)


def test_only_administrators_change_shares_and_see_them():
    world = World()
    person = world.person()

    with pytest.raises(Forbidden):
        world.care.change_share(person, person.user_id, ShareChanges(weight=9.0))
    with pytest.raises(Forbidden):
        world.care.overview(person)
    with pytest.raises(NotFound):
        world.care.change_share(world.administrator, UserId("nobody"), ShareChanges(weight=9.0))


def test_a_change_of_a_share_is_written_down():
    world = World()
    person = world.person()
    world.care.change_share(world.administrator, person.user_id, ShareChanges(weight=2.0))
    world.care.change_share(world.administrator, person.user_id, ShareChanges(weight=2.0))

    with world.database.reading() as work:
        (entry,) = work.audit.list(AuditQuery(action="queue.share"))
    assert (entry.target.id, entry.before, entry.after) == (
        person.user_id,
        {"weight": 1.0},
        {"weight": 2.0},
    )


def test_the_overview_shows_who_had_what():
    world = World(QueueMode.FAIR_SHARE)
    first, second, idle = world.people(3)
    worker = world.worker()
    world.enqueue(first, runs=3)
    complete(world, world.claim(worker), 6.0)
    world.enqueue(second, runs=2)
    complete(world, world.claim(worker), 2.0)
    world.claim(worker)

    seen = world.care.overview(world.administrator)

    shares = {share.user_id: share for share in seen.shares}
    assert set(shares) == {first.user_id, second.user_id}
    assert idle.user_id not in shares
    assert shares[first.user_id].share + shares[second.user_id].share == pytest.approx(1.0)
    assert sum(share.gpu_seconds for share in seen.shares) == pytest.approx(8.0)
    assert [share.fair_share for share in seen.shares] == [0.5, 0.5]
    assert sum(share.in_progress for share in seen.shares) == 1
    assert any(share.expected_wait is not None for share in seen.shares)
    assert 0.0 <= seen.fairness_gap <= seen.fairness_bound


def test_an_empty_queue_has_neither_gap_nor_shares():
    world = World()

    seen = world.care.overview(world.administrator)

    assert (list(seen.shares), seen.fairness_gap, seen.fairness_bound) == ([], 0.0, 0.0)


def test_the_bound_is_that_of_the_proof():
    flows = [
        Flow(user_id=UserId("a"), pending=1, in_flight=2, fair_share=5.0, round_robin=1.0),
        Flow(user_id=UserId("b"), pending=1, fair_share=2.0, round_robin=3.0, weight=0.5),
    ]

    fair, turns = QueueMode.FAIR_SHARE, QueueMode.ROUND_ROBIN
    of_fair, of_turns = levels(flows, [], fair)[""], levels(flows, [], turns)[""]
    expected = Spread(3.0, 7.0 + 2 * 2 * 10.0 / 0.5)
    assert spread(of_fair, fair, slack=7.0, longest=10.0) == expected
    expected = Spread(2.0, 1.0 + (1 + 2) * 1.0 / 0.5)
    assert spread(of_turns, turns, slack=1.0, longest=1.0) == expected
    assert spread(of_fair, QueueMode.FIFO, slack=0, longest=9) == Spread(0.0, 0.0)
    assert spread([], fair, slack=7.0, longest=10.0) == Spread(0.0, 0.0)


# Submissions that come twice


def test_a_submission_that_comes_again_enqueues_nothing_and_is_answered_alike():
    world = World()
    person = world.person()
    wish = world.wish(runs=3)

    first = world.queue.enqueue(person, wish, key="a key")
    again = world.queue.enqueue(person, wish, key="a key")

    assert again == first
    assert world.flow(person).pending == 3


def test_a_key_is_ones_own_and_good_for_a_day():
    world = World()
    person, other = world.people(2)
    first = world.queue.enqueue(person, world.wish(), key="k")

    assert world.queue.enqueue(other, world.wish(), key="k").item_ids != first.item_ids
    world.clock.advance(timedelta(hours=24) - timedelta(seconds=1))
    assert world.queue.enqueue(person, world.wish(), key="k") == first
    world.clock.advance(timedelta(seconds=1))
    assert world.queue.enqueue(person, world.wish(), key="k").item_ids != first.item_ids


def test_a_key_for_another_wish_is_refused():
    world = World()
    person = world.person()
    world.queue.enqueue(person, world.wish(), key="k")

    with pytest.raises(Conflict, match="Idempotency-Key"):
        world.queue.enqueue(person, world.wish(prompt="another"), key="k")
    assert world.flow(person).pending == 1


def test_a_submission_is_answered_after_its_jobs_were_forgotten():
    world = World()
    person = world.person()
    first = world.queue.enqueue(person, world.wish(), key="k")
    world.queue.clear(person)

    assert world.queue.enqueue(person, world.wish(), key="k") == first
    assert world.flow(person).pending == 0


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "\x00"])
def test_a_key_that_cannot_be_one_is_refused(key):
    world = World()

    with pytest.raises(Invalid):
        world.queue.enqueue(world.person(), world.wish(), key=key)


def test_a_refused_submission_is_not_remembered():
    world = World(caps=Caps(max_pending=1))
    person = world.person()
    wish = world.wish(runs=2)
    with pytest.raises(TooMany):
        world.queue.enqueue(person, wish, key="k")
    world.care.change_share(world.administrator, person.user_id, ShareChanges(max_pending=9))

    assert len(world.queue.enqueue(person, wish, key="k").item_ids) == 2


# History


def test_only_so_many_ended_jobs_are_remembered():
    world = World(history=2)
    person = world.person()
    done = world.enqueue(person, runs=4)
    world.queue.cancel_all_except_current(person)
    waiting = world.enqueue(person)

    assert world.care.trim() == 2

    with world.database.reading() as work:
        kept = list(work.jobs.item_ids(JobQuery()))
    assert kept == [*done[2:], *waiting]
    assert world.care.trim() == 0


def test_a_server_that_is_told_to_starts_with_an_empty_queue():
    world = World()
    person = world.person()
    world.enqueue(person, runs=3)
    running = world.claim(world.worker())

    assert world.care.clear_pending() == 2

    assert world.job(running.item_id).status is JobStatus.IN_PROGRESS
    assert world.flow(person).pending == 0
    with world.database.reading() as work:
        assert len(work.audit.list(AuditQuery(action="queue.clear"))) == 1
    assert world.care.overview(host_principal("operator")).shares[0].pending == 0
