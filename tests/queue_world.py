"""A queue on the memory adapter, with people, a model, workers that are only names, and time that stands."""

from collections.abc import Sequence
from typing import Any

import attrs

from invoke_adapters.memory import MemoryDatabase, MemoryProgressStore
from invoke_adapters.memory.storage import MemoryImageStorage
from invoke_adapters.pillow import PillowImageCodec
from invoke_apps.worker import WorkerParts
from invoke_core.domain.fairness import Caps, Flow, GroupRule, QueueMode
from invoke_core.domain.generation import GenerationWish
from invoke_core.domain.identifiers import ItemId, WorkerId
from invoke_core.domain.pixels import Pixels
from invoke_core.domain.principals import Principal
from invoke_core.domain.queue import BatchWish, Job, JobQuery, JobStatus, Process, WorkerRecord
from invoke_core.ports.progress import ProgressStore
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.storage import ImageStorage
from invoke_core.ports.unit_of_work import Database
from invoke_core.services._image_files import ImageFiles
from invoke_core.services.dispatcher import Dispatcher, DispatchRules
from invoke_core.services.leases import LeaseService
from invoke_core.services.news import NewsTail
from invoke_core.services.queue import QueueRules, QueueService
from invoke_core.services.queue_care import QueueCareService
from invoke_core.services.requests import RequestService
from invoke_core.services.results import ResultService
from invoke_core.testing.builders import a_model, a_principal, a_user, an_administrator
from invoke_core.testing.fakes import FakeRandomness, FixedClock

SMALL = Pixels(width=8, height=8, rgb=bytes(192))


class FakeProcesses:
    """Processes that are there until a test says that they are gone."""

    def __init__(self) -> None:
        self.gone: set[int] = set()

    def this(self) -> Process:
        return Process(host="host", process_id=1, started=1.0)

    def is_gone(self, process: Process) -> bool:
        return process.process_id in self.gone


class World:
    """Everything that a test of the queue needs."""

    def __init__(
        self,
        mode: QueueMode = QueueMode.ROUND_ROBIN,
        *,
        slack_seconds: float = 0.0,
        max_queue_size: int | None = 10_000,
        caps: Caps | None = None,
        max_running: int | None = None,
        history: int | None = None,
        groups: Sequence[GroupRule] = (),
        database: Database | None = None,
        storage: ImageStorage | None = None,
        processes: Any = None,
        randomness: Randomness | None = None,
        progress: ProgressStore | None = None,
    ) -> None:
        self.database = database or MemoryDatabase()
        self.clock = FixedClock()
        self.randomness = randomness or FakeRandomness()
        self.progress = progress or MemoryProgressStore()
        self.storage = storage or MemoryImageStorage()
        self.processes = processes or FakeProcesses()
        codec = PillowImageCodec(2**20)
        reading, writing = self.database.reading, self.database.writing
        self.queue = QueueService(
            reading,
            writing,
            self.clock,
            self.randomness,
            self.progress,
            QueueRules(
                mode=mode,
                slack_seconds=slack_seconds,
                max_queue_size=max_queue_size,
                caps=caps or Caps(),
                groups=groups,
            ),
        )
        rules = DispatchRules(mode=mode, slack_seconds=slack_seconds, max_running=max_running)
        self.care = QueueCareService(
            reading=reading,
            writing=writing,
            clock=self.clock,
            mode=mode,
            slack_seconds=slack_seconds,
            caps=caps or Caps(),
            groups=groups,
            history=history,
            forecasts=self.queue.forecasts,
        )
        self.dispatcher = Dispatcher(writing, self.clock, rules)
        self.leases = LeaseService(
            reading, writing, self.clock, self.storage, self.processes, self.progress
        )
        files = ImageFiles(self.storage, codec, self.randomness)
        self.results = ResultService(reading, writing, self.clock, files, self.progress)
        self.requests = RequestService(reading, self.storage, codec, "/models")
        with writing() as work:  # another process may have made them already
            self.model = next(iter(work.models.list()), None) or a_model(work)
            known = work.users.list(is_admin=True).items
            self.administrator = a_principal(known[0] if known else an_administrator(work))
        self.news = NewsTail(reading, self.database.bell())
        self._workers = 0

    def parts(self) -> WorkerParts:
        """Return what a worker of this world works with; `news` has not started."""
        return WorkerParts(
            dispatcher=self.dispatcher,
            leases=self.leases,
            requests=self.requests,
            results=self.results,
            news=self.news,
            progress=self.progress,
            codec=self.results.files.codec,
            clock=self.clock,
            randomness=self.randomness,
            processes=self.processes,
        )

    def regroup(self, groups: Sequence[GroupRule]) -> None:
        """Let other groups hold, as for a server that starts with them."""
        self.queue = attrs.evolve(self.queue, rules=attrs.evolve(self.queue.rules, groups=groups))
        self.care = attrs.evolve(self.care, groups=groups)
        self.care.settle()

    def person(self, *, weight: float = 1.0, **changes: object) -> Principal:
        with self.database.writing() as work:
            user = a_user(work, **changes)
            work.flows.put(Flow(user_id=user.user_id, weight=weight))
        return a_principal(user)

    def people(self, count: int) -> Sequence[Principal]:
        return [self.person() for _ in range(count)]

    def worker(self, device: str = "cpu") -> WorkerId:
        self._workers += 1
        worker_id = WorkerId(f"worker-{self._workers}")
        self.leases.register(
            WorkerRecord(
                worker_id=worker_id,
                host="host",
                process_id=100 + self._workers,
                process_started=1.0,
                devices=(device,),
            )
        )
        return worker_id

    def wish(self, **changes: object) -> BatchWish:
        generation = GenerationWish(
            model=self.model.key, prompt="a red circle", width=16, height=16, steps=1, seed=7
        )
        own = {name: changes.pop(name) for name in list(changes) if hasattr(BatchWish, name)}
        return BatchWish(generation=attrs.evolve(generation, **changes), **own)

    def enqueue(self, principal: Principal, runs: int = 1, **changes: object) -> Sequence[ItemId]:
        return self.queue.enqueue(principal, self.wish(runs=runs, **changes)).item_ids

    def claim(self, worker_id: WorkerId, warm: Sequence[str] = ()) -> Job | None:
        found = self.dispatcher.claim(worker_id, "cpu", frozenset(warm))
        return found[0] if found else None

    def claim_batch(
        self, worker_id: WorkerId, most: int, warm: Sequence[str] = ()
    ) -> Sequence[Job]:
        return self.dispatcher.claim(worker_id, "cpu", frozenset(warm), lambda generation: most)

    def job(self, item_id: ItemId) -> Job:
        with self.database.reading() as work:
            return work.jobs.get(item_id)

    def flow(self, principal: Principal) -> Flow:
        with self.database.reading() as work:
            return work.flows.get(principal.user_id)

    def assert_flows_are_consistent(self) -> None:
        """Recount every flow from the jobs."""
        with self.database.reading() as work:
            jobs = work.jobs.list(JobQuery(limit=None)).items
            for user in work.users.list(limit=None).items:
                flow = work.flows.get(user.user_id)
                own = [job for job in jobs if job.owner_id == user.user_id]
                pending = [job for job in own if job.status is JobStatus.PENDING]
                running = [job for job in own if job.status is JobStatus.IN_PROGRESS]
                assert flow.pending == len(pending)
                assert flow.in_flight == len(running)
                head = min(pending, key=lambda job: (-job.priority, job.item_id), default=None)
                assert flow.head_item_id == (head.item_id if head else None)
                oldest = min((job.item_id for job in pending), default=None)
                assert flow.oldest_item_id == oldest
                assert all((job.lease is not None) == (job in running) for job in own)
