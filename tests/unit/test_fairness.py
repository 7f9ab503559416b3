"""Whose turn it is, on the real queue: services on the memory adapter, and a clock that is moved by hand."""

import random
from collections import Counter
from datetime import timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invoke_core.domain.estimates import ALL_KINDS, RunTime, kind_of
from invoke_core.domain.fairness import (
    Contender,
    Flow,
    GroupRule,
    QueueMode,
    VirtualTime,
    choose,
    cost_of,
    slack_of,
)
from invoke_core.domain.identifiers import ModelKey, UserId, WorkerId
from invoke_core.domain.merging import merge_key
from invoke_core.domain.principals import Principal
from invoke_core.domain.queue import Job
from invoke_core.domain.shares import levels
from invoke_core.errors import LeaseLost
from invoke_core.services import flows
from invoke_core.services.flows import may_run
from invoke_core.testing.builders import a_generation, a_model
from tests.queue_world import SMALL, World

COUNTED = st.sampled_from([QueueMode.ROUND_ROBIN, QueueMode.FAIR_SHARE])
LONGEST = 100.0  # GPU-seconds of the longest job


class Schedule:
    """People, runners and chance: does at each step one of the things that can happen."""

    def __init__(
        self, chance: random.Random, mode: QueueMode, slack: float, groups: int = 0
    ) -> None:
        self.chance = chance
        self.mode = mode
        self.world = World(mode, slack_seconds=slack)
        with self.world.database.writing() as work:
            self.models = [self.world.model.key, a_model(work).key, a_model(work).key]
        self.people = [
            self.world.person(
                weight=chance.choice([0.5, 1.0, 1.0, 2.0, 4.0]), email=f"p{number}@example.com"
            )
            for number in range(chance.randint(2, 6))
        ]
        self.weights = [chance.choice([0.5, 1.0, 3.0]) for _ in range(groups)]
        self.regroup()
        self.runners: dict[WorkerId, list[Job]] = {}
        self.warm: dict[WorkerId, list[ModelKey]] = {}
        for _ in range(chance.randint(1, 4)):
            self.add_runner()
        self.most_in_flight: Counter[str] = Counter()  # of a group or person, by level
        self.largest_batch = 0
        self.longest = cost_of(mode, LONGEST)  # the largest cost of a job, expected or real

    def add_runner(self) -> None:
        worker = self.world.worker()
        self.runners[worker] = []
        self.warm[worker] = []

    def step(self) -> None:
        happen = self.chance.choices(
            [
                self.enqueue,
                self.dispatch,
                self.end,
                self.cancel,
                self.lose,
                self.pause_account,
                self.regroup,
            ],
            weights=[30, 80, 70, 20, 10, 10, 3 if self.weights else 0],
        )[0]
        happen()
        self.check()

    def enqueue(self) -> None:
        person = self.chance.choice(self.people)
        with self.world.database.reading() as work:
            if not may_run(work.users.get(person.user_id)):
                return
        self.world.enqueue(
            person,
            runs=self.chance.randint(1, 5),
            model=self.chance.choice(self.models),
            steps=self.chance.randint(1, 3),
            priority=self.chance.randint(-1, 1),
        )

    def dispatch(self) -> None:
        idle = [worker for worker, jobs in self.runners.items() if not jobs]
        if not idle:
            return
        worker = self.chance.choice(idle)
        jobs = self.world.claim_batch(worker, self.chance.choice([1, 2, 8]), self.warm[worker])
        if not jobs:
            with self.world.database.reading() as work:
                assert not work.queue.contest(self.mode).candidates  # no runner is idle beside work
            return
        assert len({merge_key(job.generation) for job in jobs}) == 1
        self.largest_batch = max(self.largest_batch, len(jobs))
        self.runners[worker] = list(jobs)
        self.longest = max(self.longest, *(job.charged for job in jobs))
        self.warm[worker] = [jobs[0].generation.model]

    def end(self) -> None:
        busy = [jobs for jobs in self.runners.values() if jobs]
        if not busy:
            return
        job = self.chance.choice(busy).pop()
        seconds = LONGEST * self.chance.random() ** 3
        try:
            if self.chance.random() < 0.1:
                self.world.results.fail(job, "Invalid", "No.", seconds)
            else:
                self.complete(job, seconds)
        except LeaseLost:
            self.world.results.stopped(job, seconds)

    def complete(self, job: Job, seconds: float) -> None:
        """Complete the job as `ResultService` does, without the work of encoding."""
        self.world.results.complete(job, SMALL, seconds)

    def cancel(self) -> None:
        person = self.chance.choice(self.people)
        if self.chance.random() < 0.5:
            self.world.queue.cancel_all_except_current(person)
            return
        for job in (job for jobs in self.runners.values() for job in jobs):
            if job.owner_id == person.user_id:
                current = self.world.job(job.item_id)
                if not current.status.is_final:
                    self.world.queue.cancel(person, job.item_id)

    def lose(self) -> None:
        worker = self.chance.choice(list(self.runners))
        del self.runners[worker], self.warm[worker]
        if self.chance.random() < 0.5:
            self.world.leases.leave(worker)
        else:
            self.world.leases.bury([worker])
        self.add_runner()

    def pause_account(self) -> None:
        person = self.chance.choice(self.people)
        now = self.world.clock.now()
        with self.world.database.writing() as work:
            user = work.users.get(person.user_id)
            work.users.put(attrs.evolve(user, is_active=not user.is_active))
            if user.is_active:
                flows.suspend(work, person.user_id, now)
            else:
                flows.resume(work, person.user_id, now)

    def regroup(self) -> None:
        """Spread the people over the groups anew; some stand for themselves."""
        members: dict[int, list[str]] = {number: [] for number in range(-1, len(self.weights))}
        for number in range(len(self.people)):
            chosen = self.chance.randrange(-1, len(self.weights))
            members[chosen].append(f"p{number}@example.com")
        self.world.regroup(
            [
                GroupRule(name=f"g{number}", weight=weight, members=frozenset(members[number]))
                for number, weight in enumerate(self.weights)
            ]
        )

    def check(self) -> None:
        self.world.assert_flows_are_consistent()
        with self.world.database.reading() as work:
            active = work.flows.list_active()
            groups = work.groups.list()
            virtual = {"": work.queue.virtual_time()} | {g.name: g.members for g in groups}
            measured = work.queue.run_seconds()
            # A canceled job is in flight until its runner has stopped: only then is it settled.
            drawn: Counter[tuple[str, str]] = Counter()
            for job in (job for jobs in self.runners.values() for job in jobs):
                name = work.flows.get(job.owner_id).group_name
                drawn[name, job.owner_id] += 1
                drawn["", name or job.owner_id] += 1
        for (level, _), count in drawn.items():
            self.most_in_flight[level] = max(self.most_in_flight[level], count)
        known = measured.get(ALL_KINDS)
        rules = self.world.dispatcher.rules
        slack = slack_of(self.mode, rules.slack_seconds, known.mean if known else 0.0)
        for level, standings in levels(active, groups, self.mode).items():
            counters = [each.counter for each in standings if each.contends]
            if not counters:
                continue
            k = max(1, self.most_in_flight[level])
            factor = 1 + k if self.mode is QueueMode.ROUND_ROBIN else 2 * k  # see docs/explanation
            reach = factor * self.longest / min(each.weight for each in standings)
            assert max(counters) - min(counters) <= slack_bound(self.mode, slack) + reach + 1e-6
            seen = virtual[level].advanced(self.mode, min(counters))
            assert seen == virtual[level]  # it has seen every least


def test_the_schedules_merge() -> None:
    schedule = Schedule(random.Random(1), QueueMode.FAIR_SHARE, 30.0)
    for _ in range(400):
        schedule.step()
    assert schedule.largest_batch > 2


def slack_bound(mode: QueueMode, slack: float) -> float:
    """Return the largest slack that was ever in force: in turns it follows the mean, and is at most 1."""
    return 1.0 if mode is QueueMode.ROUND_ROBIN and slack else slack


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), COUNTED, st.sampled_from([0.0, 30.0]))
def test_contending_counters_stay_within_the_bound(
    seed: int, mode: QueueMode, slack: float
) -> None:
    schedule = Schedule(random.Random(seed), mode, slack)
    for _ in range(80):
        schedule.step()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), COUNTED, st.sampled_from([0.0, 30.0]), st.integers(1, 3))
def test_groups_stay_within_the_bound_and_so_do_their_members(
    seed: int, mode: QueueMode, slack: float, groups: int
) -> None:
    schedule = Schedule(random.Random(seed), mode, slack, groups)
    for _ in range(80):
        schedule.step()


def test_bad_estimates_on_both_sides_reach_the_bound_and_no_more() -> None:
    """Three jobs in flight a flow, of cost 100: one flow's are underestimated, the other's over."""
    world = World(QueueMode.FAIR_SHARE)
    under, over, third = world.people(3)
    sizes = {under: 16, over: 24, third: 32}
    worker = world.worker()
    expected = {under: 0.0, over: LONGEST, third: LONGEST}
    with world.database.writing() as work:
        for person, side in sizes.items():
            kind = kind_of(a_generation(model=world.model.key, width=side, height=16, steps=1))
            work.queue.put_run_seconds(kind, RunTime(expected[person], 1))
    world.enqueue(under, runs=3, width=16)
    cheap = [world.claim(worker) for _ in range(3)]
    world.enqueue(over, runs=9, width=24)
    world.enqueue(third, runs=9, width=32)
    dear = []
    while len(dear) < 3 or world.flow(third).fair_share < 3 * LONGEST:
        job = world.claim(worker)
        if job.owner_id == over.user_id:
            dear.append(job)
        else:
            world.results.complete(job, SMALL, LONGEST)
    for job in dear:
        world.results.complete(job, SMALL, 0.0)
    world.enqueue(under, runs=1, width=16)
    for job in cheap:
        world.results.complete(job, SMALL, LONGEST)

    spread = world.flow(under).fair_share - world.flow(over).fair_share

    assert spread == pytest.approx(2 * 3 * LONGEST)


def serve(world: World, worker: WorkerId, turns: int, seconds: float = 1.0) -> list[UserId]:
    """Let one runner serve so many jobs, one after another; return whose."""
    served = []
    for _ in range(turns):
        job = world.claim(worker)
        if job is None:
            break
        world.results.complete(job, SMALL, seconds)
        served.append(job.owner_id)
    return served


def test_a_newcomers_first_job_goes_before_anybodys_second_after_it() -> None:
    for mode in (QueueMode.ROUND_ROBIN, QueueMode.FAIR_SHARE):
        world = World(mode)
        early = world.people(4)
        for person in early:
            world.enqueue(person, runs=20)
        worker = world.worker()
        serve(world, worker, 13)
        newcomer = world.person()
        world.enqueue(newcomer)

        served = serve(world, worker, 5)

        assert newcomer.user_id in served
        before = served[: served.index(newcomer.user_id)]
        assert all(count == 1 for count in Counter(before).values())


def test_who_was_away_gets_no_credit_for_it() -> None:
    for mode in (QueueMode.ROUND_ROBIN, QueueMode.FAIR_SHARE):
        world = World(mode)
        sleeper, worker_bee = world.people(2)
        world.enqueue(sleeper)
        world.enqueue(worker_bee, runs=60)
        worker = world.worker()
        serve(world, worker, 40)
        world.enqueue(sleeper, runs=20)

        served = Counter(serve(world, worker, 10))

        assert served[sleeper.user_id] in {5, 6}
        assert served[worker_bee.user_id] in {4, 5}


def test_a_flow_is_lifted_also_while_one_of_its_jobs_still_runs() -> None:
    world = World()
    returning, busy = world.people(2)
    world.enqueue(returning)
    assert world.claim(world.worker()).owner_id == returning.user_id  # and runs on and on
    world.enqueue(busy, runs=60)
    worker = world.worker()
    serve(world, worker, 40)

    world.enqueue(returning, runs=20)

    assert world.flow(returning).round_robin == world.flow(busy).round_robin == 40.0


def test_a_job_is_charged_when_it_is_dispatched() -> None:
    world = World()
    person = world.person(weight=2.0)
    world.enqueue(person)

    world.claim(world.worker())

    assert world.flow(person).round_robin == 0.5


def test_who_drains_and_refills_gains_nothing() -> None:
    world = World()
    honest, sly = world.people(2)
    world.enqueue(honest, runs=60)
    worker = world.worker()
    served: Counter[UserId] = Counter()
    for _ in range(20):
        world.enqueue(sly, runs=1)
        served.update(serve(world, worker, 2))
        world.queue.cancel_all_except_current(sly)

    assert served[sly.user_id] <= served[honest.user_id] + 1


def test_who_cancels_late_pays_for_what_ran() -> None:
    world = World(QueueMode.FAIR_SHARE)
    honest, sly = world.people(2)
    world.enqueue(honest, runs=100)
    worker = world.worker()
    serve(world, worker, 1, seconds=10.0)
    seconds: Counter[UserId] = Counter()
    for _ in range(30):
        (item_id,) = world.enqueue(sly)
        job = world.claim(worker)
        if job.owner_id == sly.user_id:
            world.queue.cancel(sly, item_id)
            world.results.stopped(job, 9.0)
            seconds[sly.user_id] += 9
        else:
            world.queue.cancel(sly, item_id)
            world.results.complete(job, SMALL, 10.0)
            seconds[honest.user_id] += 10

    assert seconds[sly.user_id] <= seconds[honest.user_id] + 10


def test_many_batches_are_no_more_turns_than_one() -> None:
    world = World()
    splitter, single = world.people(2)
    for _ in range(20):
        world.enqueue(splitter)
    world.enqueue(single, runs=20)

    served = Counter(serve(world, world.worker(), 20))

    assert served == {splitter.user_id: 10, single.user_id: 10}


def test_shares_follow_the_weights() -> None:
    world = World()
    heavy, light = world.person(weight=3.0), world.person(weight=1.0)
    world.enqueue(heavy, runs=100)
    world.enqueue(light, runs=100)

    served = Counter(serve(world, world.worker(), 100))

    assert served[heavy.user_id] == pytest.approx(75, abs=1)


def test_long_jobs_and_short_jobs_get_the_same_time_under_fair_share() -> None:
    world = World(QueueMode.FAIR_SHARE)
    slow, quick = world.people(2)
    world.enqueue(slow, runs=100, steps=90)
    world.enqueue(quick, runs=300, steps=4)
    worker = world.worker()
    seconds: Counter[UserId] = Counter()
    for _ in range(200):
        job = world.claim(worker)
        took = float(job.generation.steps)
        world.results.complete(job, SMALL, took)
        seconds[job.owner_id] += took

    assert seconds[slow.user_id] == pytest.approx(seconds[quick.user_id], abs=2 * 90)


def test_fifo_serves_in_the_order_of_arrival() -> None:
    world = World(QueueMode.FIFO)
    first, second = world.people(2)
    expected = [
        item_id for person in (first, second, first) for item_id in world.enqueue(person, runs=2)
    ]
    worker = world.worker()

    assert [world.claim(worker).item_id for _ in expected] == expected


def with_another_model(world: World, waiting: Principal, warm: Principal) -> ModelKey:
    """Let one person wait first for a cold model, and another for a warm one."""
    with world.database.writing() as work:
        model = a_model(work)
    world.enqueue(waiting, runs=3)
    world.enqueue(warm, runs=3, model=model.key)
    return model.key


def test_a_warm_model_may_go_first_within_the_slack() -> None:
    world = World(QueueMode.FAIR_SHARE, slack_seconds=60.0)
    waiting, warm = world.people(2)
    model = with_another_model(world, waiting, warm)

    assert world.claim(world.worker(), [model]).owner_id == warm.user_id


def test_without_slack_warmth_counts_for_nothing() -> None:
    world = World(QueueMode.FAIR_SHARE)
    waiting, warm = world.people(2)
    model = with_another_model(world, waiting, warm)

    assert world.claim(world.worker(), [model]).owner_id == waiting.user_id


def test_warmth_never_goes_before_a_job_that_is_past_its_deadline() -> None:
    world = World(QueueMode.FAIR_SHARE, slack_seconds=60.0)
    waiting, warm = world.people(2)
    model = with_another_model(world, waiting, warm)
    world.clock.advance(timedelta(minutes=10, seconds=1))

    assert world.claim(world.worker(), [model]).owner_id == waiting.user_id


def test_a_deadline_counts_from_when_the_job_became_its_owners_next() -> None:
    world = World(QueueMode.FAIR_SHARE, slack_seconds=60.0)
    waiting, warm = world.people(2)
    model = with_another_model(world, waiting, warm)
    worker = world.worker()
    world.clock.advance(timedelta(minutes=11))
    first = world.claim(worker, [model])
    assert first.owner_id == waiting.user_id
    world.results.complete(first, SMALL, 0.0)  # its counter stands where it stood

    world.clock.advance(timedelta(minutes=9))
    assert world.claim(worker, [model]).owner_id == warm.user_id
    world.clock.advance(timedelta(minutes=2))
    assert world.claim(worker, [model]).owner_id == waiting.user_id


def test_a_job_that_could_not_run_was_not_passed_over() -> None:
    world = World(QueueMode.FAIR_SHARE, slack_seconds=60.0)
    waiting, warm = world.people(2)
    model = with_another_model(world, waiting, warm)
    with world.database.writing() as work:
        flows.suspend(work, waiting.user_id, world.clock.now())
    world.clock.advance(timedelta(hours=1))
    with world.database.writing() as work:
        flows.resume(work, waiting.user_id, world.clock.now())

    assert world.claim(world.worker(), [model]).owner_id == warm.user_id


def test_slack_in_turns_is_at_most_one() -> None:
    assert slack_of(QueueMode.ROUND_ROBIN, 60.0, 4.0) == 1.0
    assert slack_of(QueueMode.ROUND_ROBIN, 2.0, 4.0) == 0.5
    assert slack_of(QueueMode.ROUND_ROBIN, 60.0, 0.0) == 0.0
    assert slack_of(QueueMode.FIFO, 60.0, 4.0) == 0.0


def test_warmth_beyond_the_slack_waits_for_its_turn() -> None:
    ahead = Contender(flow=Flow(user_id=UserId("a"), pending=1, fair_share=10.0))
    warm = Contender(
        flow=Flow(user_id=UserId("b"), pending=1, fair_share=71.0, head_model=ModelKey("m"))
    )

    chosen = choose(
        [warm, ahead], QueueMode.FAIR_SHARE, warm=frozenset({ModelKey("m")}), slack=60.0
    )

    assert chosen == ahead


def test_the_virtual_time_never_goes_back() -> None:
    virtual = VirtualTime(round_robin=5.0)

    assert virtual.advanced(QueueMode.ROUND_ROBIN, 3.0) == virtual
    assert virtual.advanced(QueueMode.ROUND_ROBIN, None) == virtual
    assert virtual.advanced(QueueMode.FIFO, 9.0) == virtual
    assert virtual.advanced(QueueMode.ROUND_ROBIN, 7.0).round_robin == 7.0
