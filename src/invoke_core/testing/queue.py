"""What every store of jobs, flows, workers and the queue's own facts does."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import attrs
import pytest

from invoke_core.domain.estimates import ALL_KINDS, PassTime, RunTime, kind_of
from invoke_core.domain.fairness import Flow, Group, QueueMode, VirtualTime
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
    DeviceMemory,
    Job,
    JobQuery,
    JobState,
    JobStatus,
    Lease,
    QueueCounts,
    Upcoming,
)
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.queue import Candidate, Contest, Front
from invoke_core.ports.unit_of_work import Database, Work
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


class FlowRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_a_flow_comes_back_whole(self, database: Database) -> None:
        with database.writing() as work:
            flow = Flow(
                user_id=a_user(work).user_id,
                weight=2.5,
                round_robin=0.1 + 0.2,
                fair_share=1e9 + 1e-6,
                pending=3,
                in_flight=2,
                suspended=True,
                oldest_item_id=ItemId(7),
                head_item_id=ItemId(9),
                head_model=ModelKey("model"),
                head_kind="model|16x16|1",
                head_merge_key="key",
                head_since=NOON,
                group_name="é",
                max_pending=5,
                max_running=0,
                gpu_seconds_per_day=0.1 + 0.2,
                running_cap=2**31 - 1,
                seconds_cap=1e9 + 1e-6,
                used_on=NOON.date(),
                used_seconds=3.25,
                is_spent=True,
            )
            work.flows.put(flow)

        with database.reading() as work:
            assert work.flows.get(flow.user_id) == flow

    def test_a_flow_that_was_never_kept_is_all_zero(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)

            assert work.flows.get(user.user_id) == Flow(user_id=user.user_id)

    def test_a_flow_is_replaced(self, database: Database) -> None:
        with database.writing() as work:
            flow = Flow(user_id=a_user(work).user_id, pending=1, head_model=ModelKey("model"))
            work.flows.put(flow)
            changed = attrs.evolve(flow, pending=0, in_flight=1, head_model=None, fair_share=2.0)
            work.flows.put(changed)

            assert work.flows.get(flow.user_id) == changed
            assert list(work.queue.contest(QueueMode.FIFO).candidates) == []

    def test_a_flow_needs_its_user(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound):
            work.flows.put(Flow(user_id=UserId("nobody")))

    @pytest.mark.parametrize("mode", QueueMode)
    def test_contending_flows_come_in_the_policys_order(
        self, database: Database, mode: QueueMode
    ) -> None:
        counters = [(1.0, 3.0, 9), (2.0, 1.0, 8), (2.0, 1.0, 2), (0.5, 3.0, 9), (1.0, 3.0, 9)]
        with database.writing() as work:
            flows = [
                a_contender(
                    work,
                    round_robin=round_robin,
                    fair_share=fair_share,
                    oldest_item_id=ItemId(oldest),
                ).flow
                for round_robin, fair_share, oldest in counters
            ]
            for flow in reversed(flows):
                work.flows.put(flow)

            found = []
            while candidates := work.queue.contest(mode).candidates:
                found.append(candidates[0].flow)
                work.flows.put(attrs.evolve(candidates[0].flow, pending=0))

            expected = sorted(
                flows, key=lambda f: (f.counter(mode), f.oldest_item_id or 0, f.user_id)
            )
            assert found == expected

    def test_one_contending_flow_comes_where_no_model_is_warm(self, database: Database) -> None:
        with database.writing() as work:
            candidates = [a_contender(work) for _ in range(3)]

            found = work.queue.contest(QueueMode.ROUND_ROBIN).candidates
            assert list(found) == candidates[:1]

    def test_flows_without_jobs_or_suspended_do_not_contend(self, database: Database) -> None:
        with database.writing() as work:
            model = ModelKey("warm")
            states: Sequence[dict[str, Any]] = (
                {"pending": 0},
                {"pending": 1, "suspended": True},
                {"pending": 1, "is_spent": True},
                {"pending": 1, "running_cap": 1},
            )
            for state in states:
                flow = Flow(user_id=a_user(work).user_id, in_flight=1, head_model=model)
                work.flows.put(attrs.evolve(flow, **state))

            for mode in QueueMode:
                assert list(work.queue.contest(mode).candidates) == []
                contest = work.queue.contest(mode, warm=frozenset({model}))
                assert list(contest.candidates) == []

    def test_active_flows_have_pending_or_running_jobs(self, database: Database) -> None:
        with database.writing() as work:
            second = Flow(user_id=a_user(work, user_id="b").user_id, in_flight=1)
            first = Flow(user_id=a_user(work, user_id="a").user_id, pending=1, suspended=True)
            idle = Flow(user_id=a_user(work).user_id, fair_share=5.0)
            for flow in (second, first, idle):
                work.flows.put(flow)

            assert list(work.flows.list_active()) == [first, second]

    def test_flows_are_held_back_whose_jobs_wait_for_an_account_or_a_day(
        self, database: Database
    ) -> None:
        def flow(user_id: str, **changes: Any) -> Flow:
            return Flow(user_id=a_user(work, user_id=user_id).user_id, **changes)

        with database.writing() as work:
            for each in (
                flow("d", pending=1, suspended=True, is_spent=True),
                flow("c", pending=1, is_spent=True),
                flow("a", pending=1),
                flow("b", pending=1, suspended=True),
                flow("e", in_flight=1, suspended=True, is_spent=True),
            ):
                work.flows.put(each)

            assert [each.user_id for each in work.flows.held_back()] == ["b", "c", "d"]

    @pytest.mark.parametrize(
        ("mode", "limit", "expected"),
        [
            (QueueMode.FIFO, 2, "ae"),
            (QueueMode.ROUND_ROBIN, 1, "ae"),
            (QueueMode.ROUND_ROBIN, 2, "abe"),
            (QueueMode.FAIR_SHARE, 1, "be"),
            (QueueMode.FAIR_SHARE, 9, "abce"),
        ],
    )
    def test_the_first_contending_flows_of_each_group(
        self, database: Database, mode: QueueMode, limit: int, expected: str
    ) -> None:
        def flow(user_id: str, **changes: Any) -> Flow:
            waits = {"pending": 1, "oldest_item_id": ItemId(ord(user_id)), **changes}
            return Flow(user_id=a_user(work, user_id=user_id).user_id, **waits)

        with database.writing() as work:
            for each in (
                flow("c", round_robin=2.0, fair_share=9.0),
                flow("a", round_robin=1.0, fair_share=3.0),
                flow("b", round_robin=1.0, fair_share=2.0),
                flow("d", suspended=True),
                flow("e", group_name="staff", round_robin=7.0, oldest_item_id=ItemId(96)),
            ):
                work.flows.put(each)
            work.groups.put(Group(name="staff"))

            found = work.flows.contending(mode, limit=limit)
            assert [each.user_id for each in found] == list(expected)

    def test_pending_jobs_are_counted_over_all_flows(self, database: Database) -> None:
        with database.writing() as work:
            assert work.flows.pending() == 0
            for pending, is_suspended in ((3, False), (4, True), (0, False)):
                user_id = a_user(work).user_id
                work.flows.put(Flow(user_id=user_id, pending=pending, suspended=is_suspended))

            assert work.flows.pending() == 7
            assert work.flows.pending(is_suspended=True) == 4
            assert work.flows.pending(is_suspended=False) == 3

    def test_flows_are_found_by_the_day_that_they_were_used_last(self, database: Database) -> None:
        with database.writing() as work:
            today, yesterday = NOON.date(), (NOON - DAY).date()
            second = Flow(user_id=a_user(work, user_id="b").user_id, used_on=today)
            first = Flow(user_id=a_user(work, user_id="a").user_id, used_on=today)
            other = Flow(user_id=a_user(work).user_id, used_on=yesterday)
            for flow in (second, first, other, Flow(user_id=a_user(work).user_id)):
                work.flows.put(flow)

            assert list(work.flows.used_on(today)) == [first, second]
            assert list(work.flows.used_on(yesterday)) == [other]


class GroupRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_a_group_comes_back_whole(self, database: Database) -> None:
        with database.writing() as work:
            group = Group(
                name="é",
                weight=2.5,
                round_robin=0.1 + 0.2,
                fair_share=1e9 + 1e-6,
                members=VirtualTime(round_robin=1.5, fair_share=2.5),
            )
            work.groups.put(attrs.evolve(group, weight=1.0, fair_share=0.0))
            work.groups.put(group)

        with database.reading() as work:
            assert work.groups.get("é") == group

    def test_a_group_that_was_never_kept_is_all_zero(self, database: Database) -> None:
        with database.reading() as work:
            assert work.groups.get("a") == Group(name="a")
            assert list(work.groups.list()) == []

    def test_groups_come_ordered_by_name(self, database: Database) -> None:
        with database.writing() as work:
            groups = [Group(name=name) for name in ("b", "é", "B", "a")]
            for group in groups:
                work.groups.put(group)

            assert list(work.groups.list()) == sorted(groups, key=lambda group: group.name)

    def test_a_group_contends_while_a_member_does(self, database: Database) -> None:
        with database.writing() as work:
            flow = a_contender(work, group_name="a").flow
            a_contender(work)

            assert work.groups.contends("a") is True
            assert work.groups.contends("b") is False
            work.flows.put(attrs.evolve(flow, suspended=True))
            assert work.groups.contends("a") is False

    def test_its_members_time_follows_the_least_contending_counter(
        self, database: Database
    ) -> None:
        with database.writing() as work:
            first = a_contender(work, group_name="a", round_robin=3.0, fair_share=9.0).flow
            a_contender(work, group_name="a", round_robin=5.0, fair_share=7.0)
            a_contender(work, group_name="b", round_robin=1.0, fair_share=1.0)
            idle = Flow(user_id=a_user(work).user_id, group_name="a", round_robin=0.5)
            work.flows.put(idle)
            work.groups.put(Group(name="a", members=VirtualTime(fair_share=8.0)))
            expected = VirtualTime(round_robin=3.0, fair_share=8.0)
            assert work.groups.get("a").members == expected

            work.flows.put(attrs.evolve(first, pending=0))
            work.groups.put(work.groups.get("a"))
            expected = VirtualTime(round_robin=5.0, fair_share=8.0)
            assert work.groups.get("a").members == expected

    @pytest.mark.parametrize("mode", [QueueMode.ROUND_ROBIN, QueueMode.FAIR_SHARE])
    def test_groups_come_first_then_the_people_within(
        self, database: Database, mode: QueueMode
    ) -> None:
        with database.writing() as work:
            for name, counter in (("a", 2.0), ("b", 1.0), ("nobody", 0.0)):
                work.groups.put(Group(name=name, round_robin=counter, fair_share=counter))
            a_contender(work, round_robin=1.5, fair_share=1.5)
            for group_name, counter in (("a", 0.5), ("b", 7.0), ("b", 9.0), ("a", 0.1)):
                a_contender(work, group_name=group_name, round_robin=counter, fair_share=counter)

            served = []
            while candidates := work.queue.contest(mode).candidates:
                first = candidates[0]
                served.append((first.flow.group_name, first.flow.counter(mode), first.least))
                work.flows.put(attrs.evolve(first.flow, pending=0))

            in_groups = [("b", 7.0, 7.0), ("b", 9.0, 9.0), ("a", 0.1, 0.1), ("a", 0.5, 0.5)]
            assert served == [*in_groups[:2], ("", 1.5, None), *in_groups[2:]]

    def test_to_fifo_groups_are_nothing(self, database: Database) -> None:
        with database.writing() as work:
            group = Group(name="a", round_robin=9.0, fair_share=9.0)
            work.groups.put(group)
            grouped = attrs.evolve(a_contender(work, group_name="a"), group=group)
            a_contender(work)

            assert list(work.queue.contest(QueueMode.FIFO).candidates) == [grouped]

    def test_the_first_of_a_warm_model_comes_of_groups_and_of_those_in_none(
        self, database: Database
    ) -> None:
        warm = ModelKey("warm")
        with database.writing() as work:
            groups = [Group(name=name, round_robin=n) for n, name in enumerate("abc")]
            for group in groups:
                work.groups.put(group)
            first = a_contender(work, group_name="a", round_robin=1.0)
            a_contender(work, group_name="c", head_model=warm)
            grouped = a_contender(work, group_name="b", head_model=warm, round_robin=5.0)
            a_contender(work, group_name="b", round_robin=4.0)
            alone = a_contender(work, head_model=warm, round_robin=9.0)

            found = work.queue.contest(QueueMode.ROUND_ROBIN, warm=frozenset({warm})).candidates

            assert list(found) == [
                attrs.evolve(first, group=groups[0], least=1.0),
                attrs.evolve(grouped, group=groups[1], least=4.0),
                alone,
            ]

    def test_virtual_time_follows_groups_and_those_in_none(self, database: Database) -> None:
        mode = QueueMode.FAIR_SHARE
        with database.writing() as work:
            work.groups.put(Group(name="a", fair_share=5.0))
            work.groups.put(Group(name="b", fair_share=1.0))  # whose members have no jobs
            grouped = a_contender(work, group_name="a", fair_share=99.0).flow
            work.queue.advance([mode])
            assert work.queue.virtual_time() == VirtualTime(fair_share=5.0)

            alone = a_contender(work, fair_share=7.0).flow
            work.groups.put(Group(name="a", fair_share=8.0))
            work.queue.advance([mode])
            assert work.queue.virtual_time() == VirtualTime(fair_share=7.0)
            work.flows.put(attrs.evolve(alone, pending=0))
            work.queue.advance([mode])
            assert work.queue.virtual_time() == VirtualTime(fair_share=8.0)
            work.flows.put(attrs.evolve(grouped, pending=0))
            work.queue.advance([mode])
            assert work.queue.virtual_time() == VirtualTime(fair_share=8.0)


def a_contender(work: Work, **changes: Any) -> Candidate:
    """Keep a user with one pending job whose flow contends; return what a decision sees of it."""
    user = a_user(work)
    job = a_job(work, user)
    flow = Flow(
        user_id=user.user_id, pending=1, oldest_item_id=job.item_id, head_item_id=job.item_id
    )
    flow = attrs.evolve(flow, **changes)
    work.flows.put(flow)
    return Candidate(flow=flow, head=job, rest=None, owner_is_active=True, expected=None)


class QueueStateRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_virtual_time_is_zero_at_first(self, database: Database) -> None:
        with database.reading() as work:
            assert work.queue.virtual_time() == VirtualTime()

    def test_virtual_time_follows_the_least_contending_counter(self, database: Database) -> None:
        with database.writing() as work:
            for round_robin, fair_share in ((0.5, 1e9 + 1e-6), (0.1, 2e9)):
                a_contender(work, round_robin=round_robin, fair_share=fair_share)
            work.flows.put(Flow(user_id=a_user(work).user_id, round_robin=0.01))
            work.queue.advance([QueueMode.ROUND_ROBIN])
            assert work.queue.virtual_time() == VirtualTime(round_robin=0.1)
            work.queue.advance([QueueMode.FIFO, QueueMode.FAIR_SHARE])

        with database.reading() as work:
            expected = VirtualTime(round_robin=0.1, fair_share=1e9 + 1e-6)
            assert work.queue.virtual_time() == expected

    def test_virtual_time_never_falls(self, database: Database) -> None:
        with database.writing() as work:
            flow = a_contender(work, round_robin=7.0).flow
            work.queue.advance([QueueMode.ROUND_ROBIN])
            work.flows.put(attrs.evolve(flow, round_robin=3.0))
            work.queue.advance([QueueMode.ROUND_ROBIN])
            assert work.queue.virtual_time() == VirtualTime(round_robin=7.0)
            work.flows.put(attrs.evolve(flow, pending=0))
            work.queue.advance([QueueMode.ROUND_ROBIN])

            assert work.queue.virtual_time() == VirtualTime(round_robin=7.0)

    def test_the_last_fencing_number_is_kept(self, database: Database) -> None:
        with database.writing() as work:
            assert work.queue.contest(QueueMode.FIFO).fence == 0
            work.queue.advance([QueueMode.FIFO], fence=2**40)
            work.queue.advance([QueueMode.ROUND_ROBIN])

        with database.reading() as work:
            assert work.queue.contest(QueueMode.FIFO).fence == 2**40

    def test_a_contest_of_nobody_tells_the_facts(self, database: Database) -> None:
        with database.writing() as work:
            found = work.queue.contest(QueueMode.FAIR_SHARE, warm=frozenset({ModelKey("warm")}))
            assert found == Contest(paused=False, fence=0, running=0, mean=None, candidates=[])
            work.queue.put_paused(True)
            work.queue.put_run_seconds(ALL_KINDS, RunTime(2.5, 7))
            a_running_job(work, a_worker(work))

        with database.reading() as work:
            found = work.queue.contest(QueueMode.FIFO)
            assert found == Contest(paused=True, fence=1, running=1, mean=2.5, candidates=[])

    def test_a_candidate_comes_with_its_job_its_owner_and_what_is_expected(
        self, database: Database
    ) -> None:
        with database.writing() as work:
            known = a_contender(work, head_kind="known")
            work.queue.put_run_seconds("known", RunTime(1.25, 3))

            (found,) = work.queue.contest(QueueMode.FIFO).candidates

            assert found == attrs.evolve(known, expected=1.25)
            owner = work.users.get(known.flow.user_id)
            work.users.put(attrs.evolve(owner, is_active=False))
            work.flows.put(attrs.evolve(known.flow, head_kind="unknown"))
            (found,) = work.queue.contest(QueueMode.FIFO).candidates
            assert (found.owner_is_active, found.expected) == (False, None)

    @pytest.mark.parametrize("mode", QueueMode)
    def test_a_candidate_comes_with_what_is_left_without_its_job(
        self, database: Database, mode: QueueMode
    ) -> None:
        with database.writing() as work:
            user = a_user(work)
            jobs = [a_job(work, user, priority=priority) for priority in (0, 5, 7, 1)]
            a_job(work, user, priority=9, status=JobStatus.COMPLETED)
            flow = Flow(
                user_id=user.user_id,
                pending=4,
                oldest_item_id=jobs[0].item_id,
                head_item_id=jobs[2].item_id,
            )
            work.flows.put(flow)

            (found,) = work.queue.contest(mode).candidates

            assert found.head == jobs[2]
            work.jobs.remove([jobs[2].item_id])
            assert found.rest == work.jobs.front(user.user_id)
            assert found.rest is not None

    @pytest.mark.parametrize("mode", QueueMode)
    def test_the_first_flow_of_each_warm_model_comes_too(
        self, database: Database, mode: QueueMode
    ) -> None:
        heads = ["cold", "cold", "warm", "warm", "hot", "hot"]
        with database.writing() as work:
            candidates = [
                a_contender(
                    work,
                    round_robin=float(place),
                    fair_share=float(place),
                    head_model=ModelKey(head),
                )
                for place, head in enumerate(heads)
            ]

            warm = frozenset({ModelKey("hot"), ModelKey("warm"), ModelKey("unknown")})
            found = work.queue.contest(mode, warm=warm).candidates

            assert list(found) == [candidates[0], candidates[2], candidates[4]]
            cold = work.queue.contest(mode, warm=frozenset({ModelKey("cold")})).candidates
            assert list(cold) == candidates[:1]

    @pytest.mark.parametrize("mode", [QueueMode.ROUND_ROBIN, QueueMode.FAIR_SHARE])
    def test_the_first_flow_that_may_ride_comes_too(
        self, database: Database, mode: QueueMode
    ) -> None:
        with database.writing() as work:
            candidates = [
                a_contender(
                    work,
                    round_robin=float(place),
                    fair_share=float(place),
                    head_merge_key=key,
                )
                for place, key in enumerate(["other", None, "key", "key"])
            ]

            assert list(work.queue.contest(mode, riding="key").candidates) == [
                candidates[0],
                candidates[2],
            ]
            assert list(work.queue.contest(mode, riding="other").candidates) == candidates[:1]
            assert list(work.queue.contest(mode, riding="none").candidates) == candidates[:1]

    def test_the_queue_is_not_paused_at_first(self, database: Database) -> None:
        with database.reading() as work:
            assert work.queue.paused() is False

    @pytest.mark.parametrize("paused", [True, False])
    def test_a_pause_is_kept(self, database: Database, paused: bool) -> None:
        with database.writing() as work:
            work.queue.put_paused(not paused)
            work.queue.put_paused(paused)

        with database.reading() as work:
            assert work.queue.paused() is paused

    def test_run_times_are_kept_for_each_kind_of_job(self, database: Database) -> None:
        passes = (PassTime(1, 3.5, 2, 0.1 + 0.2), PassTime(8, 9.5, 1))
        a, b = RunTime(3.5, 2, 0.1 + 0.2, 8, passes), RunTime(2.5, 4)
        with database.writing() as work:
            assert dict(work.queue.run_seconds()) == {}
            work.queue.put_run_seconds("a", RunTime(1.5, 1))
            work.queue.put_run_seconds("b", b)
            work.queue.put_run_seconds("a", a)

        with database.reading() as work:
            assert dict(work.queue.run_seconds()) == {"a": a, "b": b}
            assert dict(work.queue.run_seconds(["b", "none", "b"])) == {"b": b}


class WorkerRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_workers_come_back_whole_ordered_by_id(self, database: Database) -> None:
        with database.writing() as work:
            second = a_worker(
                work,
                worker_id="b",
                host="é",
                process_id=2**22,
                process_started=123456.789,
                devices=("cuda:0", "cpu"),
                beat=2**40,
            )
            first = a_worker(work, worker_id="a")

        with database.reading() as work:
            assert list(work.workers.list()) == [first, second]

    def test_an_id_is_taken_once(self, database: Database) -> None:
        with database.writing() as work:
            worker = a_worker(work)
            with pytest.raises(Conflict):
                work.workers.add(worker)

    def test_a_beat_grows_by_one(self, database: Database) -> None:
        with database.writing() as work:
            worker, other = a_worker(work), a_worker(work)

            assert work.workers.beat(worker.worker_id) is True
            assert list(work.workers.list()) == [attrs.evolve(worker, beat=1), other]

    def test_a_beat_says_what_memory_is_free(self, database: Database) -> None:
        free, full = (
            DeviceMemory(device="cuda:0", total_bytes=2**37, free_bytes=free) for free in (2**36, 0)
        )
        with database.writing() as work:
            worker = a_worker(work, memory=(free,))
            assert list(work.workers.list()) == [worker]

            work.workers.beat(worker.worker_id, [full])
            assert list(work.workers.list()) == [attrs.evolve(worker, beat=1, memory=(full,))]
            work.workers.beat(worker.worker_id)
            assert list(work.workers.list()) == [attrs.evolve(worker, beat=2, memory=())]

    def test_a_worker_that_was_given_up_hears_of_it(self, database: Database) -> None:
        with database.writing() as work:
            worker = a_worker(work)
            work.workers.remove(worker.worker_id)

            assert work.workers.beat(worker.worker_id) is False
            assert list(work.workers.list()) == []

    def test_removing_a_worker_that_is_gone_does_nothing(self, database: Database) -> None:
        with database.writing() as work:
            worker = a_worker(work)
            work.workers.remove(WorkerId("none"))

            assert list(work.workers.list()) == [worker]

    def test_leased_jobs_are_those_that_the_worker_holds(self, database: Database) -> None:
        with database.writing() as work:
            worker, other = a_worker(work), a_worker(work)
            a_job(work)
            first = a_running_job(work, worker)
            a_running_job(work, other)
            second = a_running_job(work, worker)
            work.jobs.put(a_running_job(work, worker).failed("error", "message", NOON))

            assert list(work.workers.leased_jobs(worker.worker_id)) == [first, second]

    def test_orphaned_jobs_are_those_whose_worker_is_gone(self, database: Database) -> None:
        with database.writing() as work:
            worker, gone = a_worker(work), a_worker(work)
            a_job(work)
            a_running_job(work, worker)
            first, second = a_running_job(work, gone), a_running_job(work, gone)
            work.jobs.put(a_running_job(work, gone).canceled(NOON))
            work.workers.remove(gone.worker_id)

            assert list(work.workers.orphaned_jobs()) == [first, second]
