"""What runs in the machines: the server, and workers whose threads are actors."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from invoke_core.domain.identifiers import ItemId, WorkerId
from invoke_core.domain.pixels import Pixels
from invoke_core.domain.progress import Progress
from invoke_core.domain.queue import Job, JobStatus, WorkerRecord, result_name
from invoke_core.errors import LeaseLost, NotFound, Unavailable
from invoke_core.services._image_files import ImageFiles
from invoke_core.services.dispatcher import Dispatcher
from invoke_core.services.leases import BEAT_SECONDS, LeaseService, Watch
from invoke_core.services.queue import QueueRules, QueueService
from invoke_core.services.queue_care import QueueCareService
from invoke_core.services.requests import RequestService
from invoke_core.services.results import ResultService
from invoke_core.services.sweeping import SweepService
from tests.simulation.machines import (
    Actor,
    Crash,
    Machine,
    MachineProcesses,
    MachineStorage,
    PlainCodec,
)

if TYPE_CHECKING:
    from tests.simulation.run import Simulation

PIXELS = Pixels(width=8, height=8, rgb=bytes(192))
POISON = "poison"  # a job with this prompt kills its worker


class SimulatedServer:
    """One server process: what is not kept is gone with it."""

    def __init__(self, simulation: "Simulation", machine: Machine) -> None:
        self.machine = machine
        reading, writing = machine.reading, machine.writing
        rules = simulation.rules
        self.queue = QueueService(
            reading,
            writing,
            machine,
            simulation.randomness,
            simulation.progress,
            QueueRules(mode=rules.mode, caps=simulation.caps),
        )
        storage: Any = MachineStorage(machine, simulation.storage)
        self.sweep = SweepService(reading, writing, storage)
        self.care = QueueCareService(
            reading=reading,
            writing=writing,
            clock=machine,
            mode=rules.mode,
            slack_seconds=rules.slack_seconds,
            caps=simulation.caps,
        )


class SimulatedWorker:
    """What `invoke_apps.worker.Worker` does, without threads: each of them is an actor."""

    def __init__(self, simulation: "Simulation", machine: Machine) -> None:
        self._simulation = simulation
        self._chance = simulation.chance
        self.machine = machine
        reading, writing = machine.reading, machine.writing
        storage: Any = MachineStorage(machine, simulation.storage)
        codec: Any = PlainCodec()
        processes = MachineProcesses(machine, simulation.machines)
        self._dispatcher = Dispatcher(writing, machine, simulation.rules)
        self._leases = LeaseService(
            reading, writing, machine, storage, processes, simulation.progress
        )
        self._requests = RequestService(reading, storage, codec, "/models")
        files = ImageFiles(storage, codec, simulation.randomness)
        self._results = ResultService(reading, writing, machine, files, simulation.progress)
        self._watch = Watch()
        self._worker_id = WorkerId("")
        self._warm: list[Any] = []
        self._ended: set[ItemId] = set()
        self._is_stopping = False
        self._storing = 0
        self.has_left = False
        self.held: dict[ItemId, Job] = {}  # being drawn or stored

    def stop(self) -> None:
        """Ask the process to end as it should (SIGTERM)."""
        self._simulation.tell(f"process {self.machine.number} is asked to stop")
        self._is_stopping = True

    def late_files(self) -> set[str]:
        """Return the files that nobody removes: the process died when its jobs were others' already."""
        known = self._simulation.oracle.jobs
        return {
            result_name(job) for job in self.held.values() if known[job.item_id].lease != job.lease
        }

    def run(self) -> Actor:
        yield from self._register()
        self._simulation.begin(self._beat, self.machine, BEAT_SECONDS)
        yield from self._try(self._take_over)
        while not self._is_stopping:
            job = yield from self._claim()
            if job is None:
                yield self._chance.uniform(0.2, 3.0)
                continue
            self._simulation.tell(f"process {self.machine.number} claims {job.item_id}")
            self.held[job.item_id] = job
            yield from self._draw(job)
        while self._storing:
            yield 0.1
        yield from self._try(lambda: self._leases.leave(self._worker_id))
        assert not self.held, "what is drawn or stored is over before the worker leaves"
        self._simulation.tell(f"process {self.machine.number} has left")
        self.has_left = True
        self.machine.die()

    def _register(self) -> Actor:
        process = self.machine.process()
        self._worker_id = WorkerId(self._simulation.randomness.identifier())
        record = WorkerRecord(
            worker_id=self._worker_id,
            host=process.host,
            process_id=process.process_id,
            process_started=process.started,
            devices=("cpu",),
        )
        yield from self._try(lambda: self._leases.register(record))

    def _take_over(self) -> None:
        for job in self._leases.take_over(self._watch):
            self._simulation.tell(f"process {self.machine.number} takes {job.item_id} back")

    def _try(self, change: Callable[[], Any]) -> Actor:
        """Make the change, again and again while the database is busy."""
        while True:
            try:
                change()
            except Unavailable:
                yield 1.0
            except LeaseLost as error:
                self._simulation.tell(str(error))
                return
            else:
                return

    def _beat(self) -> Actor:
        while not self.has_left:
            try:
                if self._leases.beat(self._worker_id):
                    self._take_over()
                else:
                    self._simulation.tell(f"process {self.machine.number} was taken for dead")
                    self._ended.update(self.held)
                    yield from self._register()
            except Unavailable:
                pass  # the next beat tries again
            yield BEAT_SECONDS

    def _claim(self) -> Any:
        claimed: list[Job] = []
        warm = frozenset(self._warm)
        yield from self._try(
            lambda: claimed.extend(self._dispatcher.claim(self._worker_id, "cpu", warm))
        )
        return claimed[0] if claimed else None

    def _draw(self, job: Job) -> Actor:
        seconds = self._chance.choice([1.0, 4.0, 20.0]) * self._chance.random()
        steps, took = job.generation.steps, 0.0
        request: list[Any] = []
        lost = yield from self._prepared(job, request)
        if lost:
            self._forget(job)
            return
        self._warm = [job.generation.model]
        self._tell(job, 0)
        for _ in range(steps):
            yield seconds / steps
            took += seconds / steps
            if job.generation.prompt == POISON and self._chance.random() < 0.7:
                self._die()
            if self._is_stopping or self._has_ended(job):
                self._simulation.oracle.really_took(took)
                yield from self._try(partial(self._results.stopped, job, took))
                self._forget(job)
                return
        self._simulation.oracle.really_took(took)
        if job.generation.prompt == POISON:
            self._die()
        if self._chance.random() < 0.05:
            yield from self._try(lambda: self._results.fail(job, "Invalid", "No.", took))
            self._forget(job)
            return
        self._tell(job, steps)
        self._storing += 1
        self._simulation.begin(partial(self._store, job, took), self.machine)
        while self._storing > 1:
            yield 0.1

    def _tell(self, job: Job, step: int) -> None:
        progress = Progress(item_id=job.item_id, step=step, steps=job.generation.steps)
        self._simulation.progress.put(progress)

    def _die(self) -> None:
        self.machine.die()
        raise Crash

    def _prepared(self, job: Job, request: list[Any]) -> Any:
        try:
            request.append(self._requests.prepare(job))
        except (LeaseLost, NotFound) as error:
            self._simulation.tell(str(error))
            return True
        yield from ()
        return False

    def _has_ended(self, job: Job) -> bool:
        """Return whether the worker has heard of the job's end by now; news may be late."""
        if job.item_id in self._ended:
            return True
        known = self._simulation.oracle.jobs[job.item_id]
        return known.status is JobStatus.CANCELED and self._chance.random() < 0.8

    def _store(self, job: Job, seconds: float) -> Actor:
        try:
            yield from self._try(lambda: self._complete(job, seconds))
        finally:
            self._storing -= 1
            if not self.machine.is_dead:
                self._forget(job)

    def _complete(self, job: Job, seconds: float) -> None:
        self._results.complete(job, PIXELS, seconds)
        self._simulation.tell(f"process {self.machine.number} completes {job.item_id}")

    def _forget(self, job: Job) -> None:
        self.held.pop(job.item_id, None)
        self._ended.discard(job.item_id)
