"""What runs jobs: one class, in a child of the server, in `invoke-worker`, or in the caller's own thread."""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Self

import attrs

from invoke_apps.application import Application
from invoke_apps.runners import open_runner
from invoke_core.domain.identifiers import ItemId, WorkerId
from invoke_core.domain.news import NewsItem, NewsKind
from invoke_core.domain.pixels import Pixels
from invoke_core.domain.progress import Progress
from invoke_core.domain.queue import Job, JobStatus, WorkerRecord
from invoke_core.errors import InvokeError, LeaseLost, Unavailable
from invoke_core.ports.clock import Clock
from invoke_core.ports.imaging import ImageCodec
from invoke_core.ports.processes import Processes
from invoke_core.ports.progress import ProgressStore
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.runner import Runner, RunRequest, Step
from invoke_core.services.dispatcher import Dispatcher
from invoke_core.services.leases import BEAT_SECONDS, LeaseService, Watch
from invoke_core.services.news import NewsTail
from invoke_core.services.requests import RequestService
from invoke_core.services.results import ResultService

PROGRESS_SECONDS = 0.25  # between two reports of one job: at most four a second
TRY_AGAIN_SECONDS = 1.0  # after the database was busy past its limit
STORED_BESIDE = 2  # pictures that are stored while the next one is drawn

WAKING = {NewsKind.BATCH_ENQUEUED, NewsKind.JOBS_CHANGED, NewsKind.QUEUE_PAUSED}

_log = logging.getLogger("invoke.worker")


@attrs.frozen(kw_only=True)
class WorkerParts:
    """What a worker works with."""

    dispatcher: Dispatcher
    leases: LeaseService
    requests: RequestService
    results: ResultService
    news: NewsTail
    progress: ProgressStore
    codec: ImageCodec
    clock: Clock
    randomness: Randomness
    processes: Processes

    @classmethod
    def of(cls, application: Application) -> Self:
        """Return the parts that the application is made of."""
        return cls(
            dispatcher=application.dispatcher,
            leases=application.leases,
            requests=application.requests,
            results=application.results,
            news=application.news,
            progress=application.progress,
            codec=application.results.files.codec,
            clock=application.results.clock,
            randomness=application.queue.randomness,
            processes=application.leases.processes,
        )


class Worker:
    """Claims jobs for one device, runs them one after another, and stores what comes out.

    `run` and `run_until_idle` use the caller's thread for the runner, and threads of their own for the
    beat and for storing pictures. `stop` may be called from any other thread.
    """

    def __init__(self, parts: WorkerParts, runner: Runner, *, device: str | None = None) -> None:
        """Return a worker that has not begun.

        Args:
            parts: what it works with.
            runner: what draws; the caller closes it.
            device: the name of the device as people see it; None: the runner's own.
        """
        self._parts = parts
        self._runner = runner
        self._device = device or runner.device
        self._worker_id = WorkerId("")
        self._running: dict[ItemId, Job] = {}
        self._ended: set[ItemId] = set()  # of the running ones: canceled, or somebody else's by now
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._to_store = threading.BoundedSemaphore(STORED_BESIDE)

    def run(self) -> None:
        """Run jobs as they come, until `stop`."""
        with self._at_work() as pool:
            while not self._stopping.is_set():
                self._wake.clear()  # before the look: what comes after it wakes
                if not self._run_next(pool):
                    self._wake.wait()

    def run_until_idle(self) -> int:
        """Run jobs until none is waiting, or `stop`; return how many were begun."""
        begun = 0
        with self._at_work() as pool:
            while not self._stopping.is_set() and self._run_next(pool):
                begun += 1
        return begun

    def stop(self) -> None:
        """End `run` soon: what is being drawn is given back, what is drawn is still stored."""
        self._stopping.set()
        self._wake.set()

    @contextmanager
    def _at_work(self) -> Iterator[ThreadPoolExecutor]:
        """Be known as a living worker while the block runs, and give back what is left at its end."""
        resting = threading.Event()
        watch = Watch()
        beat = threading.Thread(target=self._beat, args=(watch, resting), name="beat", daemon=True)
        self._register()
        self._take_over(watch)  # what a crash left behind on this host runs at once
        self._parts.news.start()
        self._parts.news.subscribe(self._hear)
        beat.start()
        try:
            with ThreadPoolExecutor(STORED_BESIDE, thread_name_prefix="store") as pool:
                yield pool
        finally:
            resting.set()
            beat.join()
            self._parts.news.unsubscribe(self._hear)
            self._parts.leases.leave(self._worker_id)

    def _register(self) -> None:
        process = self._parts.processes.this()
        worker_id = WorkerId(self._parts.randomness.identifier())
        self._parts.leases.register(
            WorkerRecord(
                worker_id=worker_id,
                host=process.host,
                process_id=process.process_id,
                process_started=process.started,
                devices=(self._device,),
            )
        )
        self._worker_id = worker_id

    def _beat(self, watch: Watch, resting: threading.Event) -> None:
        """Show that the worker is alive, and look after the others, until it rests."""
        while not resting.wait(BEAT_SECONDS):
            try:
                memory = self._runner.memory
                held = [] if memory is None else [memory]
                if self._parts.leases.beat(self._worker_id, held):
                    self._take_over(watch)
                else:
                    self._begin_anew()
            except InvokeError as error:  # busy, or full: the next beat tries again
                _log.warning("The worker could not show that it is alive: %s", error)

    def _take_over(self, watch: Watch) -> None:
        lost = self._parts.leases.take_over(watch)
        if lost:
            _log.warning("Took %d jobs back from workers that are gone.", len(lost))

    def _begin_anew(self) -> None:
        """Go on under a new name: others took this worker for dead and its jobs away."""
        _log.warning("This worker was taken for dead; it drops what it was doing.")
        with self._lock:
            self._ended.update(self._running)
        self._register()

    def _hear(self, item: NewsItem) -> None:
        status = item.body.get("status")
        if item.kind is NewsKind.JOB_CHANGED and status == JobStatus.CANCELED:
            with self._lock:
                self._ended.update({job for job in self._running if job == item.body["item_id"]})
        if item.kind in WAKING or status == JobStatus.PENDING:
            self._wake.set()

    def _should_stop(self, item_id: ItemId) -> bool:
        return self._stopping.is_set() or item_id in self._ended

    def _run_next(self, pool: ThreadPoolExecutor) -> bool:
        """Claim a job and run it; return False where there is nothing to do."""
        self._to_store.acquire()  # so that pictures wait in a line of limited length
        job = None
        try:
            job = self._parts.dispatcher.claim(
                self._worker_id, self._device, self._runner.warm_models
            )
        except Unavailable as error:
            _log.warning("No job could be claimed: %s", error)
            self._to_store.release()
            self._stopping.wait(TRY_AGAIN_SECONDS)
            return True
        if job is None:
            self._to_store.release()
            return False
        with self._lock:
            self._running[job.item_id] = job
        pixels, gpu_seconds = self._draw(job)
        if pixels is None:
            self._forget(job)
        else:
            pool.submit(self._store, job, pixels, gpu_seconds)
        return True

    def _forget(self, job: Job) -> None:
        with self._lock:
            self._running.pop(job.item_id, None)
            self._ended.discard(job.item_id)
        self._to_store.release()

    def _draw(self, job: Job) -> tuple[Pixels | None, float]:
        """Return the picture, and how long it took; None where the job has ended otherwise."""
        began = self._parts.clock.monotonic()
        try:
            # Reads the job again, so that no cancellation is missed between the claim and the news.
            request = self._parts.requests.prepare(job)
            result = self._runner.run([request], self._reporter(request), self._should_stop)[0]
        except LeaseLost as error:
            _log.info("%s", error)
            return None, 0.0
        except InvokeError as error:
            self._fail(job, type(error).__name__, str(error), began)
            return None, 0.0
        except Exception as error:  # noqa: BLE001 - whatever a runner raises ends this job alone
            _log.exception("The runner failed on job %d.", job.item_id)
            self._fail(job, type(error).__name__, _went_wrong(error), began)
            return None, 0.0
        if result.pixels is None:
            self._persist(lambda: self._parts.results.stopped(job, result.gpu_seconds))
        return result.pixels, result.gpu_seconds

    def _reporter(self, request: RunRequest) -> Callable[[Step], None]:
        last = float("-inf")

        def report(step: Step) -> None:
            nonlocal last
            now = self._parts.clock.monotonic()
            # The last step is always told: whoever finds this worker dead sees what it was drawing.
            if now - last < PROGRESS_SECONDS and step.step < step.steps:
                return
            last = now
            preview = self._parts.codec.preview(step.preview) if step.preview else None
            self._parts.progress.put(
                Progress(item_id=step.item_id, step=step.step, steps=step.steps, preview=preview)
            )

        self._parts.progress.put(Progress(item_id=request.item_id, step=0, steps=request.steps))
        return report

    def _store(self, job: Job, pixels: Pixels, gpu_seconds: float) -> None:
        began = self._parts.clock.monotonic() - gpu_seconds
        try:
            self._persist(lambda: self._parts.results.complete(job, pixels, gpu_seconds))
        except InvokeError as error:
            self._fail(job, type(error).__name__, str(error), began)
        except Exception as error:  # noqa: BLE001 - no job may stay in progress for ever
            _log.exception("The picture of job %d could not be stored.", job.item_id)
            self._fail(job, type(error).__name__, _went_wrong(error), began)
        finally:
            self._forget(job)

    def _fail(self, job: Job, error_type: str, message: str, began: float) -> None:
        took = self._parts.clock.monotonic() - began
        self._persist(lambda: self._parts.results.fail(job, error_type, message, took))

    def _persist(self, change: Callable[[], object]) -> None:
        """Make the change, again and again while the database is busy.

        When the worker stops before it succeeds, the job is given back with the lease. A lease that is
        lost already is logged, and that is all.
        """
        while True:
            try:
                change()
            except LeaseLost as error:
                _log.info("%s", error)
            except Unavailable as error:
                _log.warning("The end of a job could not be kept: %s", error)
                if not self._stopping.wait(TRY_AGAIN_SECONDS):
                    continue
            return


def _went_wrong(error: Exception) -> str:
    """Return what the job's owner may read; the text of a foreign error may name paths and keys."""
    return f"The worker ran into an error ({type(error).__name__}); its log says more."


def run_until_idle(application: Application, runner: Runner | None = None) -> int:
    """Run the application's jobs in this thread until none is waiting; return how many were begun.

    Args:
        application: whose queue.
        runner: what draws, which stays the caller's to close; None: the one that the settings name, on
            their first device.

    Raises:
        Unavailable: the runner cannot be opened.
    """
    parts = WorkerParts.of(application)
    if runner is not None:
        return Worker(parts, runner).run_until_idle()
    settings = application.settings
    with closing(open_runner(settings, settings.devices[0])) as opened:
        return Worker(parts, opened).run_until_idle()
