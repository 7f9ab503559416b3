"""What runs jobs: one class, in a child of the server, in `invoke-worker`, or in the caller's own thread."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Self

import attrs

from invoke_apps.application import Application
from invoke_apps.reporting import PassReport
from invoke_apps.runners import open_runner
from invoke_apps.watchdog import Watchdog
from invoke_core.domain.estimates import Drawn
from invoke_core.domain.identifiers import ItemId, WorkerId
from invoke_core.domain.news import NewsItem, NewsKind
from invoke_core.domain.queue import Job, JobStatus, WorkerRecord
from invoke_core.errors import InvokeError, LeaseLost, Unavailable
from invoke_core.ports.clock import Clock
from invoke_core.ports.imaging import ImageCodec
from invoke_core.ports.processes import Processes
from invoke_core.ports.progress import ProgressStore
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.runner import Finish, Report, Runner, RunRequest, RunResult, ShouldStop, Step
from invoke_core.services.dispatcher import Dispatcher
from invoke_core.services.leases import BEAT_SECONDS, LeaseService, Watch
from invoke_core.services.news import NewsTail
from invoke_core.services.requests import RequestService
from invoke_core.services.results import ResultService

TRY_AGAIN_SECONDS = 1.0  # after the database was busy past its limit
STORING_THREADS = 4  # PNG takes a third of a second of one core for a megapixel
PASSES_AT_ONCE = 4  # one is claimed and one drawn, while the pictures of others are stored

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


@attrs.define(eq=False)
class _Pass:
    """Jobs that are drawn together."""

    jobs: dict[ItemId, Job]  # as they were claimed, until each is done with
    requests: Sequence[RunRequest] = ()  # of those that can be drawn
    ended: set[ItemId] = attrs.field(factory=set)  # canceled, or somebody else's by now


class Worker:
    """Claims jobs for one device, draws them pass by pass, and stores what comes out.

    `run` and `run_until_idle` use the caller's thread for the runner, and threads of their own for the
    beat, for claiming the next pass, and for storing pictures. `stop` may be called from any other thread.
    """

    _telling: ThreadPoolExecutor
    _storing: ThreadPoolExecutor
    _finishing: ThreadPoolExecutor
    _claiming: ThreadPoolExecutor

    def __init__(
        self,
        parts: WorkerParts,
        runner: Runner,
        *,
        device: str | None = None,
        watchdog: Watchdog | None = None,
    ) -> None:
        """Return a worker that has not begun.

        Args:
            parts: what it works with.
            runner: what draws; the caller closes it.
            device: the name of the device as people see it; None: the runner's own.
            watchdog: what looks after the runner; None: nobody does.
        """
        self._parts = parts
        self._runner = runner
        self._watchdog = watchdog or Watchdog.asleep(parts.clock)
        self._device = device or runner.device
        self._worker_id = WorkerId("")
        # Those that are not done with; a job that was taken away and came back is in two of them.
        self._passes: list[_Pass] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._to_store = threading.BoundedSemaphore(PASSES_AT_ONCE)
        self._ahead: Future[_Pass | None] | None = None  # claimed while the last pass ends
        self._begun = 0  # jobs

    def run(self) -> None:
        """Run jobs as they come, until `stop`."""
        with self._at_work():
            while not self._stopping.is_set():
                self._wake.clear()  # before the look: what comes after it wakes
                if not self._run_next():
                    self._wake.wait()

    def run_until_idle(self) -> int:
        """Run jobs until none is waiting, or `stop`; return how many were begun."""
        before = self._begun
        with self._at_work():
            while not self._stopping.is_set() and self._run_next():
                pass
        return self._begun - before

    def stop(self) -> None:
        """End `run` soon: what is being drawn is given back, what is drawn is still stored."""
        self._stopping.set()
        self._wake.set()

    @contextmanager
    def _at_work(self) -> Iterator[None]:
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
            with (  # the last one ends first: each still hands work on to those before it
                ThreadPoolExecutor(1, "progress") as self._telling,
                ThreadPoolExecutor(STORING_THREADS, "store") as self._storing,
                ThreadPoolExecutor(PASSES_AT_ONCE, "finish") as self._finishing,
                ThreadPoolExecutor(1, "claim") as self._claiming,
            ):
                yield
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
            for each in self._passes:
                each.ended.update(each.jobs)
        self._register()

    def _hear(self, item: NewsItem) -> None:
        status = item.body.get("status")
        if item.kind is NewsKind.JOB_CHANGED and status == JobStatus.CANCELED:
            with self._lock:
                for each in self._passes:
                    each.ended.update({job for job in each.jobs if job == item.body["item_id"]})
        if item.kind in WAKING or status == JobStatus.PENDING:
            self._wake.set()

    def _run_next(self) -> bool:
        """Run the next pass; return False where there is nothing to do."""
        ahead, self._ahead = self._ahead, None
        # Where none was found before the last pass ended, there may be one by now.
        found = (ahead.result() if ahead else None) or self._claim()
        if found is None:
            return False
        if found.requests:
            self._draw(found)
        return True

    def _claim(self) -> "_Pass | None":
        """Claim what is drawn next, and look up what it needs; None where there is nothing to do."""
        if self._stopping.is_set():
            return None
        self._to_store.acquire()  # so that pictures wait in a line of limited length
        try:
            jobs = self._parts.dispatcher.claim(
                self._worker_id, self._device, self._runner.warm_models, self._runner.batch_size
            )
        except Unavailable as error:
            _log.warning("No job could be claimed: %s", error)
            self._to_store.release()
            self._stopping.wait(TRY_AGAIN_SECONDS)
            return _Pass({})
        if not jobs:
            self._to_store.release()
            return None
        found = _Pass({job.item_id: job for job in jobs})
        with self._lock:
            self._passes.append(found)
            self._begun += len(jobs)
        prepared = [(job, self._prepared(job)) for job in jobs]
        found.requests = [request for _, request in prepared if request is not None]
        for job, request in prepared:
            if request is None:
                self._forget(found, job)
        return found

    def _prepared(self, job: Job) -> RunRequest | None:
        """Return what the runner needs; None where the job has ended otherwise.

        Reads the job again, so that no cancellation is missed between the claim and the news.
        """
        began = self._parts.clock.monotonic()
        try:
            return self._parts.requests.prepare(job)
        except LeaseLost as error:
            _log.info("%s", error)
        except InvokeError as error:
            self._fail(job, error, began)
        except Exception as error:  # noqa: BLE001 - no job may stay in progress for ever
            _log.exception("Job %d could not be prepared.", job.item_id)
            self._fail(job, error, began)
        return None

    def _forget(self, drawn: "_Pass", job: Job) -> None:
        """Be done with a job of a pass; with the last of them its place in the line is free."""
        with self._lock:
            del drawn.jobs[job.item_id]
            is_last = not drawn.jobs
            if is_last:
                self._passes.remove(drawn)
        if is_last:
            self._to_store.release()

    def _draw(self, drawn: "_Pass") -> None:
        """Let the runner draw, and other threads see to what comes out."""
        began = self._parts.clock.monotonic()
        report = PassReport(
            drawn.requests,
            self._parts.progress,
            self._parts.codec,
            self._parts.clock,
            self._telling,
        )

        def hear(step: Step) -> None:
            report(step)
            # The device shall find its next pass at hand. Earlier than this, jobs would be charged and
            # held that somebody else may deserve more by the time they run.
            if step.step >= step.steps - 1 and self._ahead is None:
                self._ahead = self._claiming.submit(self._claim)

        try:
            finish = self._run(drawn, hear, report)
        except Exception as error:  # noqa: BLE001 - whatever a runner raises ends this pass alone
            report.wait()
            self._fail_all(drawn, error, began)
        else:
            self._finishing.submit(self._finish, drawn, finish, report, began)

    def _run(self, drawn: "_Pass", hear: Report, report: PassReport) -> Finish:
        """Run the pass; where that fails, each of its jobs alone: nobody's fails for somebody else's."""

        def should_stop(item_id: ItemId) -> bool:
            return self._stopping.is_set() or item_id in drawn.ended

        try:
            return self._run_watched(drawn.requests, hear, should_stop)
        except Exception:
            if len(drawn.requests) == 1:
                raise
            _log.warning("A pass of %d jobs failed; each is run alone.", len(drawn.requests))
        begun: list[Finish] = []
        for request in drawn.requests:
            job, began = drawn.jobs[request.item_id], self._parts.clock.monotonic()
            try:
                begun.append(self._run_watched([request], hear, should_stop))
            except Exception as error:  # noqa: BLE001 - as in `_draw`
                report.wait()
                self._fail_one(drawn, job, error, began)
        return lambda: [result for each in begun for result in each()]

    def _run_watched(
        self, requests: Sequence[RunRequest], report: Report, should_stop: ShouldStop
    ) -> Finish:
        """Let the runner draw, and finish, while the watchdog looks."""
        numbers = ", ".join(str(request.item_id) for request in requests)
        with self._watchdog.watching(f"job {numbers} on {self._device}") as watched:

            def hear(step: Step) -> None:
                watched.step(step)
                report(step)

            finish = self._runner.run(requests, hear, should_stop)

        def finish_watched() -> Sequence[RunResult]:
            watched.drawn()
            with self._watchdog.watching_on(watched):
                return finish()

        return finish_watched

    def _finish(self, drawn: "_Pass", finish: Finish, report: PassReport, began: float) -> None:
        """Wait for the pictures, and let each of them be stored."""
        try:
            report.wait()  # what is written after a job's end would stay for ever
            results = finish()
        except Exception as error:  # noqa: BLE001 - as in `_draw`
            self._fail_all(drawn, error, began)
            return
        jobs = dict(drawn.jobs)
        learned = self._learned(results, jobs)
        for result in results:
            self._storing.submit(self._end, drawn, jobs[result.item_id], result, learned)
            learned = None  # by the first of them

    def _learned(self, results: Sequence[RunResult], jobs: Mapping[ItemId, Job]) -> Drawn | None:
        """Return what a pass teaches; None where not all of it was drawn."""
        if not results or any(result.pixels is None for result in results):
            return None
        generation = jobs[results[0].item_id].generation
        return Drawn(
            jobs=len(results),
            seconds=sum(result.gpu_seconds for result in results),
            most=self._runner.batch_size(generation),
        )

    def _fail_all(self, drawn: "_Pass", error: Exception, began: float) -> None:
        for job in list(drawn.jobs.values()):
            self._fail_one(drawn, job, error, began)

    def _fail_one(self, drawn: "_Pass", job: Job, error: Exception, began: float) -> None:
        if not isinstance(error, InvokeError):
            _log.error("The runner failed on job %d.", job.item_id, exc_info=error)
        self._fail(job, error, began)
        self._forget(drawn, job)

    def _end(self, drawn: "_Pass", job: Job, result: RunResult, learned: Drawn | None) -> None:
        """Keep what became of a job."""
        began = self._parts.clock.monotonic() - result.gpu_seconds
        try:
            if result.error is not None:
                self._fail(job, result.error, began)
            elif result.pixels is None:
                self._persist(lambda: self._parts.results.stopped(job, result.gpu_seconds))
            else:
                pixels, took = result.pixels, result.gpu_seconds
                self._persist(lambda: self._parts.results.complete(job, pixels, took, learned))
        except InvokeError as error:
            self._fail(job, error, began)
        except Exception as error:  # noqa: BLE001 - no job may stay in progress for ever
            _log.exception("The picture of job %d could not be stored.", job.item_id)
            self._fail(job, error, began)
        finally:
            self._forget(drawn, job)

    def _fail(self, job: Job, error: Exception, began: float) -> None:
        took = self._parts.clock.monotonic() - began
        kind = type(error).__name__
        message = str(error) if isinstance(error, InvokeError) else _went_wrong(error)
        self._persist(lambda: self._parts.results.fail(job, kind, message, took))

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
