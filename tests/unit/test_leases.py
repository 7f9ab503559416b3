import attrs
import pytest

from invoke_core.domain.fairness import QueueMode
from invoke_core.domain.identifiers import ItemId, WorkerId
from invoke_core.domain.progress import Progress
from invoke_core.domain.queue import Job, JobStatus, result_name
from invoke_core.errors import LeaseLost, Unavailable
from invoke_core.ports.storage import Rendition
from invoke_core.services.leases import DEAD_AFTER_SECONDS, Watch
from invoke_core.services.sweeping import SweepService
from tests.queue_world import SMALL, World


def test_a_worker_is_dead_when_its_beat_has_not_moved_for_thirty_seconds() -> None:
    world = World()
    person = world.person()
    (item_id,) = world.enqueue(person)
    world.claim(world.worker())
    watch = Watch()

    world.leases.take_over(watch)
    world.clock.advance(DEAD_AFTER_SECONDS)
    assert world.leases.take_over(watch) == []
    world.clock.advance(1)

    assert [job.item_id for job in world.leases.take_over(watch)] == [item_id]
    assert world.job(item_id).status is JobStatus.PENDING
    world.assert_flows_are_consistent()


def test_a_beat_keeps_a_worker_alive_whatever_the_time_of_day_says() -> None:
    world = World()
    worker = world.worker()
    watch = Watch()
    for _ in range(10):
        world.leases.take_over(watch)
        world.clock.advance(20)
        assert world.leases.beat(worker)

    assert world.leases.take_over(watch) == []
    assert world.leases.beat(worker)


def test_a_worker_whose_process_is_gone_is_dead_at_once() -> None:
    world = World()
    (item_id,) = world.enqueue(world.person())
    worker = world.worker()
    world.claim(worker)
    world.processes.gone.add(101)

    assert [job.item_id for job in world.leases.take_over(Watch())] == [item_id]
    assert not world.leases.beat(worker)


def test_a_job_that_lost_three_workers_fails_and_says_so() -> None:
    world = World()
    person = world.person()
    (item_id,) = world.enqueue(person)
    for _ in range(3):
        worker = world.worker()
        world.claim(worker)
        world.leases.bury([worker])

    job = world.job(item_id)
    assert (job.status, job.attempts, job.error_type) == (JobStatus.FAILED, 3, "WorkerLost")
    assert "3 times" in job.error_message
    assert world.claim(world.worker()) is None
    world.assert_flows_are_consistent()


def test_a_graceful_stop_gives_the_job_back_and_counts_no_attempt() -> None:
    for mode in QueueMode:
        world = World(mode)
        person = world.person()
        (item_id,) = world.enqueue(person)
        before = world.flow(person).counter(mode)
        worker = world.worker()
        world.claim(worker)

        world.leases.leave(worker)

        job = world.job(item_id)
        assert (job.status, job.attempts, job.charged) == (JobStatus.PENDING, 0, 0.0)
        assert world.flow(person).counter(mode) == before
        world.assert_flows_are_consistent()


def test_a_worker_that_comes_back_from_the_dead_completes_nothing() -> None:
    world = World()
    (item_id,) = world.enqueue(world.person())
    dead = world.worker()
    late = world.claim(dead)
    world.leases.bury([dead])
    again = world.claim(world.worker())
    image = world.results.complete(again, SMALL, 1.0)

    with pytest.raises(LeaseLost):
        world.results.complete(late, SMALL, 1.0)

    assert world.job(item_id).image_names == (image.image_name,)
    assert list(world.storage.names()) == [image.image_name]


def test_the_files_that_a_dead_worker_left_are_removed() -> None:
    world = World()
    world.enqueue(world.person())
    worker = world.worker()
    job = world.claim(worker)
    for rendition in Rendition:
        world.storage.put(result_name(job), rendition, b"content")

    world.leases.bury([worker])

    assert list(world.storage.names()) == []


def test_two_holders_of_one_job_store_under_two_names() -> None:
    world = World()
    world.enqueue(world.person())
    worker = world.worker()
    first = world.claim(worker)
    world.leases.bury([worker])
    second = world.claim(world.worker())

    assert second.run_id == first.run_id
    assert result_name(second) != result_name(first)


def test_what_a_canceled_job_really_took_is_charged_once_it_has_stopped() -> None:
    world = World(QueueMode.FAIR_SHARE)
    person = world.person()
    (item_id,) = world.enqueue(person)
    job = world.claim(world.worker())
    world.queue.cancel(person, item_id)
    assert world.flow(person).fair_share == pytest.approx(job.charged)

    world.results.stopped(job, 2.5)

    assert world.flow(person).fair_share == pytest.approx(2.5)


def test_a_job_canceled_while_it_ran_elsewhere_is_not_settled_by_the_late_one() -> None:
    world = World(QueueMode.FAIR_SHARE)
    person = world.person()
    (item_id,) = world.enqueue(person)
    dead = world.worker()
    late = world.claim(dead)
    world.leases.bury([dead])
    again = world.claim(world.worker())
    world.queue.cancel(person, item_id)

    world.results.stopped(late, 100.0)

    assert world.flow(person).fair_share == pytest.approx(again.charged)


def test_an_estimate_is_settled_at_the_end_and_teaches_the_next_one() -> None:
    world = World(QueueMode.FAIR_SHARE)
    person = world.person()
    world.enqueue(person, runs=2)
    worker = world.worker()

    world.results.complete(world.claim(worker), SMALL, 3.0)
    assert world.flow(person).fair_share == pytest.approx(3.0)

    assert world.claim(worker).charged == pytest.approx(3.0)


def test_a_failed_job_is_charged_what_it_took() -> None:
    world = World(QueueMode.FAIR_SHARE)
    person = world.person()
    world.enqueue(person)

    world.results.fail(world.claim(world.worker()), "Invalid", "No.", 1.5)

    assert world.flow(person).fair_share == pytest.approx(1.5)


def test_orphans_of_unknown_workers_are_taken_back() -> None:
    world = World()
    (item_id,) = world.enqueue(world.person())
    job = world.claim(world.worker())
    with world.database.writing() as work:
        lease = attrs.evolve(job.lease, worker_id=WorkerId("nobody"))
        work.jobs.put(attrs.evolve(job, lease=lease))

    assert [lost.item_id for lost in world.leases.take_over(Watch())] == [item_id]


def test_the_file_of_a_dead_worker_is_removed_also_where_the_job_was_canceled_meanwhile() -> None:
    world = World()
    person = world.person()
    (item_id,) = world.enqueue(person)
    job = world.claim(world.worker())
    made = world.results.files.made_of_pixels(SMALL, {})
    world.results.files.store(made, result_name(job))  # and here it dies

    world.queue.cancel(person, item_id)
    world.leases.bury(["worker-1"])
    SweepService(
        world.database.reading, world.database.writing, world.storage
    ).remove_doomed_files()

    assert list(world.storage.names()) == []


def drawing(world: World, job: Job, step: int) -> None:
    world.progress.put(Progress(item_id=job.item_id, step=step, steps=4))


def test_a_job_that_kills_its_workers_takes_no_other_with_it() -> None:
    world = World()
    killer, other = world.people(2)
    (bad,) = world.enqueue(killer, steps=4)
    good = world.enqueue(other, runs=2, steps=4)
    for _ in range(3):
        worker = world.worker()
        claimed = {job.item_id: job for job in (world.claim(worker) for _ in range(3))}
        drawn, stored = claimed[bad], claimed[good[0]]  # and the third is not begun yet
        drawing(world, stored, 4)
        drawing(world, drawn, 2)
        world.leases.bury([worker])

    assert world.job(bad).status is JobStatus.FAILED
    assert [(world.job(i).status, world.job(i).attempts) for i in good] == [
        (JobStatus.PENDING, 0),
        (JobStatus.PENDING, 0),
    ]


def test_where_nothing_was_told_every_job_of_a_dead_worker_loses_an_attempt() -> None:
    world = World()
    item_ids = world.enqueue(world.person(), runs=2)
    worker = world.worker()
    for _ in item_ids:
        world.claim(worker)

    world.leases.bury([worker])

    assert [world.job(item_id).attempts for item_id in item_ids] == [1, 1]


def test_what_a_dead_worker_told_of_a_job_is_not_held_against_its_next_run() -> None:
    world = World()
    world.enqueue(world.person(), steps=4)
    worker = world.worker()
    drawing(world, world.claim(worker), 2)

    world.leases.bury([worker])

    assert world.progress.get([1]) == {}


def test_jobs_are_taken_back_whole_where_the_store_of_progress_is_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    (item_id,) = world.enqueue(world.person())
    worker = world.worker()
    job = world.claim(worker)
    world.storage.put(result_name(job), Rendition.FULL, b"content")

    def busy(item_id: ItemId) -> None:
        raise Unavailable("Busy.")

    monkeypatch.setattr(world.progress, "remove", busy)

    assert [each.item_id for each in world.leases.bury([worker])] == [item_id]
    assert list(world.storage.names()) == []
