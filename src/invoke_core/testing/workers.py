"""What every store of workers does."""

import attrs
import pytest

from invoke_core.domain.identifiers import (
    WorkerId,
)
from invoke_core.domain.queue import (
    DeviceMemory,
)
from invoke_core.errors import Conflict
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import (
    NOON,
    a_job,
    a_running_job,
    a_worker,
)


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
