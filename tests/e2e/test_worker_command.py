"""`invoke-worker` and the server's child, with a runner that another package brings."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from invoke_apps.application import Application
from invoke_apps.composition import build
from invoke_apps.config import handed_over
from invoke_apps.settings import Settings
from invoke_apps.supervisor import Supervisor
from invoke_core.domain.generation import GenerationWish
from invoke_core.domain.identifiers import ItemId, WorkerId
from invoke_core.domain.principals import SINGLE_USER
from invoke_core.domain.queue import BatchWish, JobStatus, WorkerRecord
from invoke_core.services.leases import DEAD_AFTER_SECONDS, Watch
from invoke_core.testing.builders import a_model
from invoke_core.testing.fakes import FixedClock

HERE = Path(__file__).parents[2]
PATIENCE = 120.0

PLUGIN = """
import ctypes
import time
from invoke_core.testing.runner import FakeRunner

def before_step(request, step):
    if request.prompt == "hang" and step == 2:
        ctypes.CDLL(None).sleep(100_000)
    time.sleep(0.02)

def open_runner(device, *, precision="auto", memory=None):
    return FakeRunner(device, before_step=before_step)
"""


class Root:
    """A root folder with a model, seen by this process, and workers in others."""

    def __init__(self, folder: Path, application: Application, environment: dict[str, str]) -> None:
        self.folder = folder
        self.application = application
        self.environment = environment
        self._moved = threading.Condition()
        application.news.subscribe(self._notify)
        application.news.start()

    def _notify(self, item: object) -> None:
        with self._moved:
            self._moved.notify_all()

    def enqueue(self, *, steps: int = 1, prompt: str = "a") -> ItemId:
        generation = GenerationWish(model="Fake", prompt=prompt, width=16, height=16, steps=steps)
        queue = self.application.queue
        return queue.enqueue(SINGLE_USER, BatchWish(generation=generation)).item_ids[0]

    def wait_for(self, item_id: ItemId, status: JobStatus) -> Any:
        def job() -> Any:
            return self.application.queue.item(SINGLE_USER, item_id).details.job

        with self._moved:
            assert self._moved.wait_for(lambda: job().status is status, PATIENCE), job()
        return job()

    def worker(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "invoke_apps.cli.worker", *arguments],
            env=self.environment,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def working(self, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
        process = self.worker("--root", str(self.folder), *arguments)
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


@pytest.fixture
def open_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Root]]:
    plugin = tmp_path / "plugin"
    information = plugin / "fake_runner-1.dist-info"
    information.mkdir(parents=True)
    (plugin / "fake_runner.py").write_text(PLUGIN)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-runner\nVersion: 1\n")
    (information / "entry_points.txt").write_text(
        "[invoke.runners]\nfake = fake_runner:open_runner\n"
    )
    path = os.pathsep.join([str(plugin), str(HERE / "src")])
    monkeypatch.setenv("PYTHONPATH", path)  # the supervisor's child inherits it
    root = tmp_path / "root"
    root.mkdir()
    applications = []

    def open_root(runner: str = "fake", *more: str) -> Root:
        lines = [f"runner: {runner}", "devices: [cpu]", *more]
        (root / "invokeai.yaml").write_text("\n".join(lines))
        settings = Settings(root=root, runner=runner, devices=("cpu",))
        application = build(settings)
        applications.append(application)
        with application.database.writing() as work:
            a_model(work, name="Fake")
        return Root(root, application, {**os.environ, "PYTHONPATH": path})

    yield open_root
    for application in applications:
        application.close()


def test_a_worker_that_is_told_to_stop_gives_its_job_back_and_exits_0(
    open_root: Callable[..., Root],
) -> None:
    root = open_root()
    with root.working() as process:
        root.wait_for(root.enqueue(), JobStatus.COMPLETED)
        long = root.enqueue(steps=150)
        root.wait_for(long, JobStatus.IN_PROGRESS)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0

    job = root.wait_for(long, JobStatus.PENDING)
    assert job.attempts == 0


def test_where_one_device_hangs_the_others_of_the_process_give_back_what_they_draw(
    open_root: Callable[..., Root],
) -> None:
    root = open_root("fake", "hung_after_seconds: 2")
    bad, *others = [root.enqueue(prompt="hang", steps=9), *(root.enqueue(steps=150) for _ in "123")]
    with root.working("--devices", "cpu,cpu:1") as process:
        assert process.wait(PATIENCE) == 1

    with root.application.database.reading() as work:
        hung, *rest = work.jobs.find_many([bad, *others])
    assert hung.status is JobStatus.IN_PROGRESS
    assert {(job.status, job.attempts) for job in rest} <= {
        (JobStatus.COMPLETED, 1),
        (JobStatus.PENDING, 0),
    }
    root.application.leases.take_over(Watch())
    root.wait_for(bad, JobStatus.PENDING)


def test_a_device_has_one_worker_and_another_name_is_another_device(
    open_root: Callable[..., Root],
) -> None:
    root = open_root()
    with root.working() as first:
        root.wait_for(root.enqueue(), JobStatus.COMPLETED)
        second = root.worker("--root", str(root.folder))
        _, said = second.communicate(timeout=PATIENCE)
        assert second.returncode == 4
        assert f"process {first.pid} holds" in said
        with root.working("--devices", "cpu:1"):
            jobs = [root.enqueue(steps=30) for _ in range(6)]
            devices = {root.wait_for(job, JobStatus.COMPLETED).device for job in jobs}

    assert devices <= {"cpu", "cpu:1"}


def test_an_unknown_runner_is_refused_with_a_sentence(open_root: Callable[..., Root]) -> None:
    root = open_root("nothing")
    process = root.worker("--root", str(root.folder))
    _, said = process.communicate(timeout=PATIENCE)

    assert process.returncode == 4
    assert "There is no runner 'nothing'" in said


def test_a_child_ends_when_the_pipe_of_its_server_closes(open_root: Callable[..., Root]) -> None:
    root = open_root()
    child = root.worker("--child")
    child.stdin.write(handed_over(root.application.settings) + "\n")
    child.stdin.flush()
    root.wait_for(root.enqueue(), JobStatus.COMPLETED)

    child.communicate(timeout=PATIENCE)

    assert child.returncode == 0


def test_settings_are_handed_over_whole(tmp_path: Path) -> None:
    from invoke_apps.config import taken_over

    settings = Settings(root=tmp_path, multiuser=True, max_queue_size=None, devices=("a", "b"))

    assert taken_over(handed_over(settings)) == settings


def test_the_supervisor_begins_at_the_first_job_and_again_after_a_crash(
    open_root: Callable[..., Root],
) -> None:
    root = open_root()
    begun: list[int] = []
    supervisor = Supervisor(root.application, "cpu", on_begin=begun.append)
    supervisor.start()
    assert begun == []
    root.wait_for(root.enqueue(), JobStatus.COMPLETED)
    long = root.enqueue(steps=150)
    root.wait_for(long, JobStatus.IN_PROGRESS)

    os.kill(begun[0], signal.SIGKILL)
    job = root.wait_for(long, JobStatus.COMPLETED)
    supervisor.stop()

    assert job.attempts == 2
    assert len(begun) == 2
    with root.application.database.reading() as work:
        assert work.workers.list() == []


def test_the_supervisor_kills_a_child_that_shows_no_sign_of_life(
    open_root: Callable[..., Root],
) -> None:
    root = open_root()
    clock = FixedClock()
    leases = attrs.evolve(root.application.leases, clock=clock)
    begun: list[int] = []

    def begin(process_id: int) -> None:
        here = leases.processes.this()
        leases.register(
            WorkerRecord(
                worker_id=WorkerId(f"worker-{process_id}"),
                host=here.host,
                process_id=process_id,
                process_started=0.0,
                devices=("cpu",),
            )
        )
        begun.append(process_id)

    supervisor = Supervisor(
        attrs.evolve(root.application, leases=leases),
        "cpu",
        command=[sys.executable, "-c", "import sys; sys.stdin.read()"],
        on_begin=begin,
        look_seconds=0.02,
    )
    root.enqueue()
    supervisor.start()
    looked = threading.Event()
    for _ in range(int(PATIENCE / 0.1)):
        if len(begun) >= 2:
            break
        clock.advance(DEAD_AFTER_SECONDS + 1)
        looked.wait(0.1)  # never set: time for the supervisor to look
    supervisor.stop()

    assert len(begun) >= 2


def test_jobs_fail_with_the_reason_where_the_servers_runner_cannot_be_opened(
    open_root: Callable[..., Root],
) -> None:
    root = open_root()
    settings = attrs.evolve(root.application.settings, runner="nothing")
    supervisor = Supervisor(attrs.evolve(root.application, settings=settings), "cpu")
    supervisor.start()
    job = root.wait_for(root.enqueue(), JobStatus.FAILED)
    supervisor.stop()

    assert job.error_type == "Unavailable"
    assert "There is no runner 'nothing'" in job.error_message
