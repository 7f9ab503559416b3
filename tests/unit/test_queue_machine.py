"""Anything that can happen to jobs, in any order, held against an oracle that only knows states."""

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from invoke_core.domain.fairness import QueueMode
from invoke_core.domain.identifiers import ItemId, WorkerId
from invoke_core.domain.images import ImageQuery, ImageScope
from invoke_core.domain.queue import Job, JobQuery, JobStatus
from invoke_core.errors import Conflict, LeaseLost
from tests.queue_world import SMALL, World

PENDING, RUNNING = JobStatus.PENDING, JobStatus.IN_PROGRESS
ENDED = {status for status in JobStatus if status.is_final}


class QueueMachine(RuleBasedStateMachine):
    """The oracle: how each job that was ever enqueued must stand, and how often it was lost."""

    claims = Bundle("claims")  # each job as it was claimed; the claim may be lost by now

    @initialize(mode=st.sampled_from(QueueMode))
    def begin(self, mode: QueueMode) -> None:
        self.world = World(mode)
        self.people = self.world.people(3)
        self.worker = self.world.worker()
        self.expected: dict[ItemId, JobStatus] = {}
        self.held: dict[ItemId, int] = {}  # the fence of the claim that counts
        self.lost: dict[ItemId, int] = {}
        self.pictures = 0

    @rule(person=st.integers(0, 2), runs=st.integers(1, 3), prepend=st.booleans())
    def enqueue(self, person: int, runs: int, prepend: bool) -> None:
        wish = attrs.evolve(self.world.wish(runs=runs), prepend=prepend)
        batch = self.world.queue.enqueue(self.people[person], wish)
        self.expected.update(dict.fromkeys(batch.item_ids, PENDING))

    @rule(target=claims)
    def claim(self) -> object:
        job = self.world.claim(self.worker)
        if job is None:
            assert PENDING not in self.expected.values()
            return multiple()
        assert self.expected[job.item_id] is PENDING
        self.expected[job.item_id] = RUNNING
        self.held[job.item_id] = job.lease.fence
        return job

    def counts(self, job: Job) -> bool:
        return (
            self.expected.get(job.item_id) is RUNNING and self.held[job.item_id] == job.lease.fence
        )

    @rule(job=claims)
    def complete(self, job: Job) -> None:
        counts = self.counts(job)
        try:
            self.world.results.complete(job, SMALL, 1.0)
        except LeaseLost:
            assert not counts
        else:
            assert counts
            self.expected[job.item_id] = JobStatus.COMPLETED
            self.pictures += 1

    @rule(job=claims)
    def fail(self, job: Job) -> None:
        counts = self.counts(job)
        try:
            self.world.results.fail(job, "Invalid", "No.", 1.0)
        except LeaseLost:
            assert not counts
        else:
            assert counts
            self.expected[job.item_id] = JobStatus.FAILED

    @rule(job=consumes(claims))
    def stop_drawing(self, job: Job) -> None:
        self.world.results.stopped(job, 0.5)

    @rule(gracefully=st.booleans())
    def end_the_worker(self, gracefully: bool) -> None:
        running = [item_id for item_id, status in self.expected.items() if status is RUNNING]
        if gracefully:
            self.world.leases.leave(self.worker)
        else:
            self.world.leases.bury([self.worker])
        for item_id in running:
            self.lost[item_id] = self.lost.get(item_id, 0) + (not gracefully)
            is_over = self.lost[item_id] >= (2 if len(running) == 1 else 3)
            self.expected[item_id] = JobStatus.FAILED if is_over else PENDING
        self.worker: WorkerId = self.world.worker()

    @rule(number=st.integers(1, 40))
    def cancel(self, number: int) -> None:
        item_id = ItemId(number)
        if item_id not in self.expected:
            return
        try:
            self.world.queue.cancel(self.world.administrator, item_id)
        except Conflict:
            assert self.expected[item_id] in ENDED
        else:
            assert self.expected[item_id] not in ENDED
            self.expected[item_id] = JobStatus.CANCELED

    @rule(number=st.integers(1, 40))
    def retry(self, number: int) -> None:
        item_id = ItemId(number)
        may = self.expected.get(item_id) in {JobStatus.FAILED, JobStatus.CANCELED}
        before = max(self.expected, default=0)

        retried = self.world.queue.retry(self.world.administrator, [item_id])

        assert list(retried) == ([item_id] if may else [])
        if may:
            with self.world.database.reading() as work:
                newest = max(work.jobs.item_ids(JobQuery()))
            assert newest > before
            self.expected[newest] = PENDING

    @rule(person=st.integers(0, 2))
    def prune(self, person: int) -> None:
        self.forget(self.world.queue.prune, person, ENDED)

    @rule(person=st.integers(0, 2))
    def clear(self, person: int) -> None:
        self.forget(self.world.queue.clear, person, set(JobStatus))

    def forget(self, forget: object, person: int, statuses: set[JobStatus]) -> None:
        principal = self.people[person]
        with self.world.database.reading() as work:
            own = work.jobs.item_ids(JobQuery(owner_id=principal.user_id))
        gone = [item_id for item_id in own if self.expected[item_id] in statuses]

        assert forget(principal) == len(gone)

        for item_id in gone:
            del self.expected[item_id]

    @invariant()
    def no_job_is_lost_and_none_has_two_pictures(self) -> None:
        if not hasattr(self, "world"):
            return
        with self.world.database.reading() as work:
            jobs = work.jobs.list(JobQuery(limit=None)).items
            query = ImageQuery(scope=ImageScope.VISIBLE, limit=1000)
            images = work.images.list_visible(self.world.administrator, query)
        assert {job.item_id: job.status for job in jobs} == self.expected
        for job in jobs:
            assert len(job.image_names) == (job.status is JobStatus.COMPLETED)
        assert images.total == self.pictures
        assert {image.image_name for image in images.items} == set(self.world.storage.names())
        self.world.assert_flows_are_consistent()


QueueMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
TestQueueMachine = QueueMachine.TestCase


def test_a_result_that_is_handed_in_twice_keeps_its_picture() -> None:
    machine = QueueMachine()
    machine.begin(mode=QueueMode.FIFO)
    machine.enqueue(person=0, prepend=False, runs=1)
    job = machine.claim()
    machine.complete(job)
    machine.complete(job)
    machine.no_job_is_lost_and_none_has_two_pictures()
    machine.teardown()
