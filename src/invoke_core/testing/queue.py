"""What every store of the queue's own facts does."""

import attrs
import pytest

from invoke_core.domain.estimates import ALL_KINDS, PassTime, RunTime
from invoke_core.domain.fairness import Flow, QueueMode, VirtualTime
from invoke_core.domain.identifiers import (
    ModelKey,
)
from invoke_core.domain.queue import (
    JobStatus,
)
from invoke_core.ports.queue import Contest
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import (
    a_contender,
    a_job,
    a_running_job,
    a_user,
    a_worker,
)


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
