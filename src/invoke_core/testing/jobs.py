"""What every store of jobs does."""

from datetime import timedelta

import attrs
import pytest

from invoke_core.domain.estimates import kind_of
from invoke_core.domain.fairness import QueueMode
from invoke_core.domain.generation import InitImage, LoraWeight
from invoke_core.domain.identifiers import (
    BatchId,
    BoardId,
    ImageName,
    ItemId,
    ModelKey,
    UserId,
    WorkerId,
)
from invoke_core.domain.merging import merge_key
from invoke_core.domain.queue import (
    Job,
    JobQuery,
    JobState,
    JobStatus,
    Lease,
    QueueCounts,
    Upcoming,
)
from invoke_core.errors import NotFound
from invoke_core.ports.queue import Front
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import (
    NOON,
    a_generation,
    a_job,
    a_new_job,
    a_running_job,
    a_user,
    a_worker,
)

UNKNOWN = ItemId(2**40)
ASCENDING = JobQuery()
DAY = timedelta(days=1)


class JobRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_a_new_job_comes_back_whole_and_pending(self, database: Database) -> None:
        with database.writing() as work:
            generation = a_generation(
                negative_prompt="é",
                board_id=BoardId("board"),
                init_image=InitImage(image_name=ImageName("i.png"), strength=0.1),
                loras=(LoraWeight(model=ModelKey("lora"), weight=-0.5),),
                exact=True,
                seed=2**32 - 1,
            )
            new = a_new_job(
                a_user(work), priority=-3, origin="é", destination="d", generation=generation
            )
            (item_id,) = work.jobs.add_all([new])

        with database.reading() as work:
            expected = Job(item_id=item_id, updated_at=NOON, **attrs.asdict(new, recurse=False))
            assert work.jobs.get(item_id) == expected

    def test_numbers_ascend_in_the_order_of_adding(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            news = [a_new_job(user, priority=number % 7) for number in range(2500)]
            item_ids = list(work.jobs.add_all(news))

            assert item_ids == sorted(set(item_ids))
            jobs = work.jobs.find_many(item_ids)
            assert [job.run_id for job in jobs] == [new.run_id for new in news]

    def test_no_jobs_have_no_numbers(self, database: Database) -> None:
        with database.writing() as work:
            assert list(work.jobs.add_all([])) == []

    def test_a_number_is_never_given_twice(self, database: Database) -> None:
        with database.writing() as work:
            first = a_job(work)
            work.jobs.remove([first.item_id])

        with database.writing() as work:
            assert a_job(work).item_id > first.item_id

    def test_a_job_needs_an_owner(self, database: Database) -> None:
        with database.writing() as work:
            new = attrs.evolve(a_new_job(a_user(work)), owner_id=UserId("nobody"))
            with pytest.raises(NotFound):
                work.jobs.add_all([new])

    def test_an_unknown_job_is_not_found(self, database: Database) -> None:
        with database.reading() as work, pytest.raises(NotFound):
            work.jobs.get(UNKNOWN)

    def test_known_jobs_come_once_in_the_order_asked_for(self, database: Database) -> None:
        with database.writing() as work:
            first, second = a_job(work), a_job(work)
            asked = [second.item_id, UNKNOWN, first.item_id, second.item_id]

            assert list(work.jobs.find_many(asked)) == [second, first]

    def test_a_job_is_replaced(self, database: Database) -> None:
        with database.writing() as work:
            job = a_job(work)
            lease = Lease(worker_id=WorkerId("worker"), fence=2**40)
            later = NOON + timedelta(seconds=1)
            mode = QueueMode.FAIR_SHARE
            running = job.claimed(lease, "cuda:0", later, policy=mode, cost=1.25)
            work.jobs.put(running)
        with database.writing() as work:
            assert work.jobs.get(job.item_id) == running
            done = running.completed((ImageName("a.png"), ImageName("b.png")), NOON)
            work.jobs.put(done)
        with database.writing() as work:
            assert work.jobs.get(job.item_id) == done
            failed = running.failed("OutOfMemory", "Too large.", NOON)
            work.jobs.put(failed)

        with database.reading() as work:
            assert work.jobs.get(job.item_id) == failed

    def test_states_come_by_number(self, database: Database) -> None:
        with database.writing() as work:
            first, second = a_job(work), a_job(work, status=JobStatus.FAILED)

            found = work.jobs.states([second.item_id, UNKNOWN, first.item_id, second.item_id])

            assert list(found) == [
                JobState(job.item_id, job.owner_id, job.status) for job in (first, second)
            ]

    def test_only_pending_jobs_are_canceled(self, database: Database) -> None:
        later = NOON + timedelta(seconds=1)
        with database.writing() as work:
            waiting, kept = a_job(work, attempts=2), a_job(work)
            running = a_running_job(work, a_worker(work))
            done = a_job(work, status=JobStatus.COMPLETED)
            named = [job.item_id for job in (done, waiting, running)]

            work.jobs.cancel_pending([*named, UNKNOWN], later)

            expected = [waiting.canceled(later), kept, running, done]
            assert list(work.jobs.list(ASCENDING).items) == expected

    def test_many_jobs_are_replaced_in_one_go(self, database: Database) -> None:
        with database.writing() as work:
            first, second, kept = a_job(work), a_job(work), a_job(work)
            later = NOON + timedelta(seconds=1)
            changed = [second.canceled(later), first.canceled(NOON)]
            work.jobs.put_all(changed)
            work.jobs.put_all([])

            assert list(work.jobs.list(ASCENDING).items) == [*changed[::-1], kept]
            unknown = attrs.evolve(kept, item_id=UNKNOWN)
            with pytest.raises(NotFound):
                work.jobs.put_all([kept, unknown])

    def test_an_unknown_job_cannot_be_replaced(self, database: Database) -> None:
        with database.writing() as work:
            job = a_job(work)
            with pytest.raises(NotFound):
                work.jobs.put(attrs.evolve(job, item_id=UNKNOWN))

    def test_removed_jobs_are_gone(self, database: Database) -> None:
        with database.writing() as work:
            gone, kept = a_job(work), a_job(work)
            work.jobs.remove([gone.item_id, UNKNOWN])

            assert list(work.jobs.list(ASCENDING).items) == [kept]

    def test_jobs_come_in_the_order_of_their_numbers(self, database: Database) -> None:
        with database.writing() as work:
            jobs = [a_job(work, priority=number) for number in range(3)]

            descending = attrs.evolve(ASCENDING, descending=True)
            assert list(work.jobs.list(ASCENDING).items) == jobs
            assert list(work.jobs.list(descending).items) == jobs[::-1]
            numbers = [job.item_id for job in jobs]
            assert list(work.jobs.item_ids(ASCENDING)) == numbers
            assert list(work.jobs.item_ids(descending)) == numbers[::-1]

    def test_a_page_of_jobs_knows_their_total(self, database: Database) -> None:
        with database.writing() as work:
            jobs = [a_job(work) for _ in range(5)]

            page = work.jobs.list(JobQuery(offset=1, limit=2))

            assert list(page.items) == jobs[1:3]
            assert (page.offset, page.limit, page.total) == (1, 2, 5)

    def test_all_jobs_come_without_a_limit(self, database: Database) -> None:
        with database.writing() as work:
            jobs = [a_job(work) for _ in range(51)]

            assert list(work.jobs.list(JobQuery(limit=None)).items) == jobs

    def test_numbers_of_jobs_ignore_offset_and_limit(self, database: Database) -> None:
        with database.writing() as work:
            jobs = [a_job(work) for _ in range(3)]

            found = work.jobs.item_ids(JobQuery(offset=1, limit=1))
            assert list(found) == [job.item_id for job in jobs]

    def test_jobs_are_found_by_each_of_their_marks(self, database: Database) -> None:
        with database.writing() as work:
            a_job(work)
            job = a_job(
                work, batch_id=BatchId("b"), origin="o", destination="d", status=JobStatus.FAILED
            )

            for query in (
                JobQuery(status=JobStatus.FAILED),
                JobQuery(owner_id=job.owner_id),
                JobQuery(batch_id=BatchId("b")),
                JobQuery(origin="o"),
                JobQuery(destination="d"),
            ):
                page = work.jobs.list(query)
                assert (list(page.items), page.total) == ([job], 1)
                assert list(work.jobs.item_ids(query)) == [job.item_id]
            neither = JobQuery(status=JobStatus.PENDING, origin="o")
            assert work.jobs.list(neither).total == 0

    def test_the_seconds_of_ended_jobs_are_added(self, database: Database) -> None:
        with database.writing() as work:
            owner = a_user(work)
            began = NOON + timedelta(microseconds=999_999)
            for seconds, status in ((1.5, JobStatus.COMPLETED), (100_000.25, JobStatus.CANCELED)):
                ended = began + timedelta(seconds=seconds)
                a_job(work, owner, status=status, started_at=began, completed_at=ended)
            a_job(work, owner, status=JobStatus.IN_PROGRESS, started_at=began)
            a_job(work, owner, status=JobStatus.CANCELED, completed_at=began)
            a_job(work, status=JobStatus.FAILED, started_at=began, completed_at=began + DAY)

            assert work.jobs.gpu_seconds(owner.user_id) == pytest.approx(100_001.75, abs=0.01)
            assert work.jobs.gpu_seconds(a_user(work).user_id) == 0.0

    def test_jobs_are_counted_by_state(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            for place, status in enumerate(JobStatus, start=1):
                for _ in range(place):
                    a_job(work, user, batch_id=BatchId("b"), destination="d", status=status)
            for counts in (
                work.jobs.counts(),
                work.jobs.counts(owner_id=user.user_id),
                work.jobs.counts(batch_id=BatchId("b")),
                work.jobs.counts(owner_id=user.user_id, batch_id=BatchId("b")),
                work.jobs.counts(destination="d"),
            ):
                assert counts == QueueCounts(
                    pending=1, in_progress=2, completed=3, failed=4, canceled=5
                )

    def test_only_the_jobs_asked_for_are_counted(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            a_job(work, batch_id=BatchId("b"), destination="d")
            a_job(work, user, batch_id=BatchId("c"), destination="e")
            none, one = QueueCounts(), QueueCounts(pending=1)

            assert work.jobs.counts(owner_id=user.user_id) == one
            assert work.jobs.counts(batch_id=BatchId("b")) == one
            assert work.jobs.counts(owner_id=user.user_id, batch_id=BatchId("b")) == none
            assert work.jobs.counts(destination="d") == one
            assert work.jobs.counts(destination="none") == none

    def test_the_head_has_the_highest_priority_then_the_lowest_number(
        self, database: Database
    ) -> None:
        with database.writing() as work:
            user = a_user(work)
            a_job(work, priority=9)
            a_job(work, user, priority=9, status=JobStatus.CANCELED)
            oldest = a_job(work, user)
            head = a_job(work, user, priority=5)
            a_job(work, user, priority=5)

            front = work.jobs.front(user.user_id)
            assert front is not None
            expected = Front(
                item_id=head.item_id,
                priority=5,
                model=head.generation.model,
                kind=kind_of(head.generation),
                merge_key=merge_key(head.generation),
                oldest_item_id=oldest.item_id,
            )
            assert front == expected

    def test_a_head_that_was_begun_before_has_no_merge_key(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            job = a_job(work, user)
            work.jobs.put(attrs.evolve(job, attempts=1))

            front = work.jobs.front(user.user_id)
            assert front is not None
            assert front.merge_key is None

    def test_an_owner_without_pending_jobs_has_no_front(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            a_job(work, user, status=JobStatus.COMPLETED)

            assert work.jobs.front(user.user_id) is None

    def test_the_oldest_pending_job_has_the_lowest_number(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            a_job(work)
            a_job(work, user, status=JobStatus.COMPLETED)
            oldest = a_job(work, user)
            a_job(work, user, priority=5)

            front = work.jobs.front(user.user_id)
            assert front is not None
            assert front.oldest_item_id == oldest.item_id

    def test_the_oldest_ended_jobs_come_but_for_the_newest(self, database: Database) -> None:
        with database.writing() as work:
            a_job(work)
            ended = [
                a_job(work, status=status)
                for status in (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELED)
            ]
            a_running_job(work, a_worker(work))

            assert list(work.jobs.oldest_ended(keep=0, limit=9)) == ended
            assert list(work.jobs.oldest_ended(keep=1, limit=9)) == ended[:2]
            assert list(work.jobs.oldest_ended(keep=0, limit=1)) == ended[:1]
            assert list(work.jobs.oldest_ended(keep=3, limit=9)) == []
            assert list(work.jobs.oldest_ended(keep=9, limit=9)) == []

    def test_upcoming_jobs_are_the_owners_by_priority_then_age(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            a_job(work, priority=9)
            a_job(work, user, priority=9, status=JobStatus.CANCELED)
            third = a_job(work, user)
            fourth = a_job(work, user)
            first = a_job(work, user, priority=2)
            second = a_job(work, user, priority=2)

            every = [
                Upcoming(job.item_id, kind_of(job.generation), merge_key(job.generation))
                for job in (first, second, third, fourth)
            ]
            assert list(work.jobs.upcoming(user.user_id)) == every
            assert list(work.jobs.upcoming(user.user_id, offset=1, limit=2)) == every[1:3]

    def test_an_upcoming_job_that_was_begun_before_has_no_merge_key(
        self, database: Database
    ) -> None:
        with database.writing() as work:
            user = a_user(work)
            begun = a_job(work, user)
            work.jobs.put(attrs.evolve(begun, attempts=1))
            fresh = a_job(work, user)

            upcoming = work.jobs.upcoming(user.user_id)

            assert [job.merge_key for job in upcoming] == [None, merge_key(fresh.generation)]
