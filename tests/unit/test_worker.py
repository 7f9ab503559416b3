"""The worker on the memory adapter, with the fake runner held where a test wants it."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from invoke_apps.worker import Worker
from invoke_core.domain.estimates import PassTime, RunTime, kind_of
from invoke_core.domain.generation import InitImage
from invoke_core.domain.identifiers import ImageName, ItemId, ModelKey
from invoke_core.domain.progress import Progress
from invoke_core.domain.queue import Job, JobStatus
from invoke_core.errors import Invalid, StorageFull, Unavailable
from invoke_core.ports.runner import RunRequest
from invoke_core.ports.storage import Rendition
from invoke_core.testing.builders import an_image
from invoke_core.testing.pictures import a_png
from invoke_core.testing.runner import FakeRunner
from tests.queue_world import World

PATIENCE = 30.0  # seconds until a test gives up waiting for an event


class Gate:
    """Holds the runner before a step until it is opened."""

    def __init__(self, at_step: int = 2) -> None:
        self.at_step = at_step
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self, request: RunRequest, step: int) -> None:
        if step == self.at_step:
            self.reached.set()
            assert self.open.wait(PATIENCE)


class Observed(World):
    """A world that tells when a job has moved."""

    def __init__(self) -> None:
        super().__init__()
        self.moved = threading.Condition()
        self.news.subscribe(self.notify)
        self.news.start()

    def notify(self, item: object) -> None:
        with self.moved:
            self.moved.notify_all()

    def wait_for(self, item_id: ItemId, status: JobStatus) -> Job:
        with self.moved:
            assert self.moved.wait_for(lambda: self.job(item_id).status is status, PATIENCE)
        return self.job(item_id)


@pytest.fixture
def world() -> Iterator[Observed]:
    world = Observed()
    yield world
    world.news.stop()


@contextmanager
def working(world: Observed, runner: FakeRunner) -> Iterator[Worker]:
    """Run a worker in a thread of its own while the block runs."""
    worker = Worker(world.parts(), runner)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_it_runs_what_is_waiting_and_ends_when_idle(world: Observed) -> None:
    person = world.person()
    item_ids = world.enqueue(person, runs=3)

    begun = Worker(world.parts(), FakeRunner()).run_until_idle()

    assert begun == 3
    jobs = [world.job(item_id) for item_id in item_ids]
    assert {job.status for job in jobs} == {JobStatus.COMPLETED}
    assert sorted(job.image_names[0] for job in jobs) == sorted(world.storage.names())
    with world.database.reading() as work:
        assert work.workers.list() == []
    world.assert_flows_are_consistent()


def test_a_new_job_wakes_an_idle_worker(world: Observed) -> None:
    with working(world, FakeRunner()):
        for _ in range(3):
            (item_id,) = world.enqueue(world.person())
            world.wait_for(item_id, JobStatus.COMPLETED)


def test_resuming_wakes_an_idle_worker(world: Observed) -> None:
    world.queue.pause(world.administrator)
    (item_id,) = world.enqueue(world.person())
    with working(world, FakeRunner()):
        world.queue.resume(world.administrator)
        world.wait_for(item_id, JobStatus.COMPLETED)


def test_a_canceled_job_stops_before_the_next_step(world: Observed) -> None:
    gate = Gate(at_step=2)
    runner = FakeRunner(before_step=gate)
    person = world.person()
    (item_id,) = world.enqueue(person, steps=20)
    with working(world, runner):
        assert gate.reached.wait(PATIENCE)
        heard = threading.Event()
        world.news.subscribe(lambda item: heard.set())  # after the worker's own subscription
        world.queue.cancel(person, item_id)
        assert heard.wait(PATIENCE)
        gate.open.set()
        (later,) = world.enqueue(person, steps=1)
        world.wait_for(later, JobStatus.COMPLETED)

    assert runner.steps_done == 1 + 1
    assert world.job(item_id).image_names == ()
    assert len(list(world.storage.names())) == 1


def test_stopping_gives_the_running_job_back(world: Observed) -> None:
    gate = Gate(at_step=2)
    (item_id,) = world.enqueue(world.person(), steps=20)
    with working(world, FakeRunner(before_step=gate)) as worker:
        assert gate.reached.wait(PATIENCE)
        worker.stop()
        gate.open.set()

    job = world.job(item_id)
    assert (job.status, job.attempts) == (JobStatus.PENDING, 0)
    assert Worker(world.parts(), FakeRunner()).run_until_idle() == 1


def test_the_next_job_is_drawn_while_the_last_one_is_stored(world: Observed) -> None:
    gate = Gate(at_step=1)
    storing = threading.Event()
    first, second = world.enqueue(world.person(), runs=2)
    put = world.storage.put

    def slow_put(*arguments: object) -> None:
        storing.set()
        assert gate.reached.wait(PATIENCE)  # the second job is being drawn meanwhile
        put(*arguments)

    def only_the_second(request: RunRequest, step: int) -> None:
        if request.item_id == second:
            assert storing.wait(PATIENCE)
            gate.reached.set()

    object.__setattr__(world.results.files, "storage", Replaced(world.storage, put=slow_put))
    Worker(world.parts(), FakeRunner(before_step=only_the_second)).run_until_idle()

    assert world.job(first).status is JobStatus.COMPLETED
    assert world.job(second).status is JobStatus.COMPLETED


class Replaced:
    """An object with some of its methods replaced."""

    def __init__(self, original: object, **methods: Callable[..., object]) -> None:
        self._original = original
        self.__dict__.update(methods)

    def __getattr__(self, name: str) -> object:
        return getattr(self._original, name)


def test_a_model_that_is_gone_fails_the_job_with_a_sentence(world: Observed) -> None:
    (item_id,) = world.enqueue(world.person())
    with world.database.writing() as work:
        work.models.remove(world.model.key)

    Worker(world.parts(), FakeRunner()).run_until_idle()

    job = world.job(item_id)
    assert (job.status, job.error_type) == (JobStatus.FAILED, "NotFound")
    assert "model" in job.error_message


def test_files_of_a_model_that_are_gone_fail_the_job(world: Observed) -> None:
    (item_id,) = world.enqueue(world.person())
    runner = FakeRunner(missing=frozenset({ModelKey(world.model.key)}))

    Worker(world.parts(), runner).run_until_idle()

    assert world.job(item_id).error_type == "NotFound"


def test_a_start_picture_that_is_gone_fails_the_job(world: Observed) -> None:
    person = world.person()
    with world.database.writing() as work:
        image = an_image(work, work.users.get(person.user_id))
    start = InitImage(image_name=image.image_name, strength=0.5)
    (item_id,) = world.enqueue(person, init_image=start)
    with world.database.writing() as work:
        work.images.remove([image.image_name])

    Worker(world.parts(), FakeRunner()).run_until_idle()

    assert world.job(item_id).error_type == "NotFound"


def test_a_foreign_error_fails_one_job_and_tells_no_secrets(
    world: Observed, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = world.enqueue(world.person(), runs=2)

    def explode(request: RunRequest, step: int) -> None:
        if request.item_id == first:
            raise RuntimeError("/secret/path")

    Worker(world.parts(), FakeRunner(before_step=explode)).run_until_idle()

    job = world.job(first)
    assert (job.status, job.error_type) == (JobStatus.FAILED, "RuntimeError")
    assert "secret" not in job.error_message
    assert "/secret/path" in caplog.text
    assert world.job(second).status is JobStatus.COMPLETED


def test_a_full_disk_fails_the_job_and_leaves_nothing(world: Observed) -> None:
    (item_id,) = world.enqueue(world.person())

    def full(*arguments: object) -> None:
        raise StorageFull("The disk is full: free some space, then try again.")

    object.__setattr__(world.results.files, "storage", Replaced(world.storage, put=full))
    Worker(world.parts(), FakeRunner()).run_until_idle()

    job = world.job(item_id)
    assert (job.status, job.error_type) == (JobStatus.FAILED, "StorageFull")
    assert list(world.storage.names()) == []


def test_a_busy_database_is_tried_again(world: Observed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("invoke_apps.worker.TRY_AGAIN_SECONDS", 0.01)
    (item_id,) = world.enqueue(world.person())
    complete = world.results.complete
    refusals = iter([Unavailable("Busy."), Unavailable("Busy.")])

    def busy_at_first(*arguments: object) -> object:
        refusal = next(refusals, None)
        if refusal:
            raise refusal
        return complete(*arguments)

    parts = world.parts()
    object.__setattr__(parts, "results", Replaced(world.results, complete=busy_at_first))
    Worker(parts, FakeRunner()).run_until_idle()

    assert world.job(item_id).status is JobStatus.COMPLETED


def test_progress_comes_at_most_four_times_a_second(world: Observed) -> None:
    (item_id,) = world.enqueue(world.person(), steps=100)
    reported: list[Progress] = []
    put = world.progress.put

    def keep(progress: Progress) -> None:
        reported.append(progress)
        put(progress)

    def tick(request: RunRequest, step: int) -> None:
        world.clock.advance(0.05)

    parts = world.parts()
    object.__setattr__(parts, "progress", Replaced(world.progress, put=keep))
    Worker(parts, FakeRunner(before_step=tick)).run_until_idle()

    assert len(reported) <= 1 + 100 * 0.05 / 0.25 + 1
    assert reported[0].step == 0
    assert any(progress.preview for progress in reported)
    assert world.progress.get([item_id]) == {}


def test_a_worker_taken_for_dead_drops_its_job_and_goes_on(
    world: Observed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("invoke_apps.worker.BEAT_SECONDS", 0.01)
    gate = Gate(at_step=2)
    dropped = threading.Event()
    stopped = world.results.stopped
    (item_id,) = world.enqueue(world.person(), steps=5)
    parts = world.parts()

    def note(*arguments: object) -> None:
        dropped.set()
        stopped(*arguments)

    object.__setattr__(parts, "results", Replaced(world.results, stopped=note))
    worker = Worker(parts, FakeRunner(before_step=gate))
    thread = threading.Thread(target=worker.run)
    thread.start()
    assert gate.reached.wait(PATIENCE)
    with world.database.reading() as work:
        (record,) = work.workers.list()
    begun_anew = threading.Event()
    register = world.leases.register

    def notice(record: object) -> None:
        register(record)
        begun_anew.set()

    object.__setattr__(parts, "leases", Replaced(world.leases, register=notice))
    world.leases.bury([record.worker_id])
    assert begun_anew.wait(PATIENCE)
    gate.open.set()

    assert dropped.wait(PATIENCE)
    job = world.wait_for(item_id, JobStatus.COMPLETED)
    worker.stop()
    thread.join(PATIENCE)
    assert job.attempts == 2
    assert list(world.storage.names()) == list(job.image_names)


def test_a_picture_of_a_job_that_was_canceled_while_it_was_stored_is_thrown_away(
    world: Observed,
) -> None:
    person = world.person()
    (item_id,) = world.enqueue(person)
    put = world.storage.put

    def cancel_meanwhile(*arguments: object) -> None:
        put(*arguments)
        if world.job(item_id).status is JobStatus.IN_PROGRESS:
            world.queue.cancel(person, item_id)

    replaced = Replaced(world.storage, put=cancel_meanwhile)
    object.__setattr__(world.results.files, "storage", replaced)
    Worker(world.parts(), FakeRunner()).run_until_idle()

    assert world.job(item_id).status is JobStatus.CANCELED
    assert list(world.storage.names()) == []


def test_jobs_of_several_people_are_drawn_in_one_pass(world: Observed) -> None:
    people = world.people(3)
    item_ids = [world.enqueue(person, prompt=person.user_id)[0] for person in people]
    passes: list[list[ItemId]] = []

    class Counting(FakeRunner):
        def run(self, requests, report, should_stop):  # type: ignore[no-untyped-def]
            passes.append([request.item_id for request in requests])
            return super().run(requests, report, should_stop)

    begun = Worker(world.parts(), Counting(batch_size=8)).run_until_idle()

    assert begun == 3
    assert passes == [item_ids]
    with world.database.reading() as work:
        for person, item_id in zip(people, item_ids, strict=True):
            job = work.jobs.get(item_id)
            assert job.status is JobStatus.COMPLETED
            assert work.images.get(job.image_names[0]).owner_id == person.user_id
    world.assert_flows_are_consistent()


def test_a_pass_teaches_once_how_long_passes_of_its_size_take(world: Observed) -> None:
    (person,) = world.people(1)
    (item_id, *_) = world.enqueue(person, runs=3, steps=5)

    Worker(world.parts(), FakeRunner(batch_size=8, seconds_per_step=0.5)).run_until_idle()

    with world.database.reading() as work:
        known = work.queue.run_seconds()[kind_of(world.job(item_id).generation)]
    assert known == RunTime(2.5, 3, 0.0, 8, (PassTime(3, 7.5, 1),))


def test_a_job_that_is_canceled_leaves_the_others_of_its_pass(world: Observed) -> None:
    gate = Gate(at_step=2)
    people = world.people(3)
    item_ids = [world.enqueue(person, steps=4)[0] for person in people]
    with working(world, FakeRunner(before_step=gate, batch_size=8)):
        assert gate.reached.wait(PATIENCE)
        heard = threading.Event()
        world.news.subscribe(lambda item: heard.set())
        world.queue.cancel(people[0], item_ids[0])
        assert heard.wait(PATIENCE)
        gate.open.set()
        for item_id in item_ids[1:]:
            world.wait_for(item_id, JobStatus.COMPLETED)
    assert world.job(item_ids[0]).status is JobStatus.CANCELED
    world.assert_flows_are_consistent()


def test_a_start_picture_that_is_gone_leaves_the_others_of_its_pass(world: Observed) -> None:
    """Found out when the batch is claimed already."""
    people = world.people(2)
    with world.database.writing() as work:
        images = [
            an_image(
                work,
                work.users.get(person.user_id),
                image_name=ImageName(f"{uuid.UUID(int=place)}.png"),
            )
            for place, person in enumerate(people)
        ]
    lost, drawn = (
        world.enqueue(
            person, init_image=InitImage(image_name=image.image_name, strength=0.5), steps=4
        )[0]
        for person, image in zip(people, images, strict=True)
    )
    world.storage.put(images[1].image_name, Rendition.FULL, a_png(16, 16, bytes(768)))
    with world.database.writing() as work:
        work.images.remove([images[0].image_name])
    runner = FakeRunner(batch_size=8)

    assert Worker(world.parts(), runner).run_until_idle() == 2

    assert world.job(lost).error_type == "NotFound"
    assert world.job(drawn).status is JobStatus.COMPLETED
    world.assert_flows_are_consistent()


@pytest.mark.parametrize("error", [RuntimeError("It broke."), Invalid("No.")])
def test_a_job_at_fault_fails_alone(world: Observed, error: Exception) -> None:
    people = world.people(3)
    item_ids = [world.enqueue(person)[0] for person in people]

    def explode(request: RunRequest, step: int) -> None:
        if request.item_id == item_ids[1]:
            raise error

    Worker(world.parts(), FakeRunner(before_step=explode, batch_size=8)).run_until_idle()

    assert [world.job(item_id).status for item_id in item_ids] == [
        JobStatus.COMPLETED,
        JobStatus.FAILED,
        JobStatus.COMPLETED,
    ]
    assert world.job(item_ids[1]).error_type == type(error).__name__
    assert world.progress.get(item_ids) == {}
    world.assert_flows_are_consistent()
