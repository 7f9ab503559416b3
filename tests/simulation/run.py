"""One seed, played: actors take turns on one virtual clock, and chance decides what goes wrong."""

import hashlib
import heapq
import itertools
import random
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import attrs

from invoke_adapters.memory import MemoryDatabase, MemoryProgressStore
from invoke_adapters.memory.storage import MemoryImageStorage
from invoke_core.domain.fairness import Caps, Flow, QueueMode
from invoke_core.domain.generation import GenerationWish
from invoke_core.domain.identifiers import ItemId, UserId
from invoke_core.domain.principals import Principal
from invoke_core.domain.queue import BatchWish, JobStatus
from invoke_core.domain.shares import ShareChanges
from invoke_core.errors import Conflict, InvokeError, Unavailable
from invoke_core.services import flows
from invoke_core.services.dispatcher import DispatchRules
from invoke_core.services.leases import BEAT_SECONDS, DEAD_AFTER_SECONDS
from invoke_core.testing.builders import a_model, a_principal, a_user
from invoke_core.testing.fakes import FakeRandomness, FixedClock
from tests.simulation.machines import (
    Actor,
    Begin,
    Crash,
    Machine,
)
from tests.simulation.oracle import Broken, Oracle
from tests.simulation.processes import POISON, SimulatedServer, SimulatedWorker

STEPS = 500
SETTLING_SECONDS = 4 * 3600.0  # virtual ones, without faults, in which everything must end
SETTLING_STEPS = 20_000
NEST = 3  # processes that are held within one another's calls
LONGEST_HOLD = 120.0  # seconds
LOST: Any = object()  # what a client hears when a request or its answer is lost


@attrs.frozen(kw_only=True)
class Faults:
    """How often things go wrong: probabilities."""

    crash: float = 0.01  # that a call is the last of its process
    hold: float = 0.002  # that a process is stopped at a point outside its units of work
    busy: float = 0.02  # that the database is busy for too long
    lost_request: float = 0.1
    lost_answer: float = 0.1
    duplicate: float = 0.1  # that a request comes again, later


NONE = Faults(crash=0, hold=0, busy=0, lost_request=0, lost_answer=0, duplicate=0)


class SeedFailed(AssertionError):
    """What a seed found, and how it is played again."""


class Simulation:
    """Everything that happens under one seed."""

    def __init__(self, seed: int, *, faults: Faults | None = None) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.faults = faults or Faults()
        self.clock = FixedClock()
        self.database = MemoryDatabase()
        self.storage = MemoryImageStorage()
        self.progress = MemoryProgressStore()
        self.steps = 0
        self.limit: int | None = None  # of steps
        self.told: list[str] = []  # what happened, for people
        self._events: list[tuple[float, float, int, Machine | None, Actor]] = []
        self._numbers = itertools.count(1)
        self.randomness = FakeRandomness(seed)
        self._nested = 0
        self.machines: dict[int, Machine] = {}
        self.workers: list[SimulatedWorker] = []
        self.orphanable: set[str] = set()  # files whose only owner crashed while it was late
        self._settle_rules()
        self.server = self._new_server()
        for number in range(self.chance.randint(1, 4)):
            self.later(self._keep_worker_alive(number), 0.0)
        for number, person in enumerate(self.people):
            self.later(self._client(number, person), self.chance.expovariate(0.2))
        self.later(self._administrate(), 60.0)

    def _settle_rules(self) -> None:
        chance = self.chance
        self.mode = chance.choice([*QueueMode, QueueMode.FAIR_SHARE])
        slack = chance.choice([0.0, 0.0, 10.0, 60.0])
        running_cap = chance.choice([None, None, 1, 2])
        total_cap = chance.choice([None, None, 2])
        self.rules = DispatchRules(mode=self.mode, slack_seconds=slack, max_running=total_cap)
        self.caps = Caps(max_running=running_cap)
        with self.database.writing() as work:
            admin = a_user(work, user_id=UserId("admin"), is_admin=True, password_hash="none")
            self.administrator = a_principal(admin)
            keys = ["model-1", "model-2", "model-3"][: chance.randint(1, 3)]
            self.models = [a_model(work, key=key).key for key in keys]
            self.people = []
            for number in range(chance.randint(1, 5)):
                user = a_user(work, user_id=UserId(f"person-{number}"))
                weight = chance.choice([0.5, 1.0, 1.0, 2.0, 4.0])
                work.flows.put(Flow(user_id=user.user_id, weight=weight))
                self.people.append(a_principal(user))
        self.oracle = Oracle(
            mode=self.mode,
            slack_seconds=slack,
            running_cap=running_cap,
            total_cap=total_cap,
            administrator=self.administrator,
        )

    # The world that machines see.

    def is_busy(self) -> bool:
        return self.chance.random() < self.faults.busy

    def committed(self) -> None:
        held = {
            item_id: job.owner_id for worker in self.workers for item_id, job in worker.held.items()
        }
        with self.database.reading() as work:
            self.oracle.check(work, held, self.storage)

    def hold(self, machine: Machine) -> None:
        if self._nested >= NEST or self.chance.random() >= self.faults.hold:
            return
        seconds = self.chance.choice([0.5, 10.0, 45.0, LONGEST_HOLD])
        self.tell(f"process {machine.number} is held for {seconds:g} s")
        machine.is_held, self._nested = True, self._nested + 1
        try:
            self.play_until(self.clock.monotonic() + seconds)
        finally:
            machine.is_held, self._nested = False, self._nested - 1
            machine.awake_since = self.clock.monotonic()

    def tell(self, what: str) -> None:
        """Write down what happened; the text is what two plays of a seed must agree on."""
        self.told.append(f"{self.clock.monotonic() - 1000:9.3f} {what}")

    # Events.

    def later(self, actor: Actor, seconds: float, machine: Machine | None = None) -> None:
        """Let an actor go on after so many seconds; of a machine that is dead by then it will not."""
        at = self.clock.monotonic() + seconds
        entry = (at, self.chance.random(), next(self._numbers), machine, actor)
        heapq.heappush(self._events, entry)

    def play_until(self, until: float) -> None:
        """Play what happens up to a moment of the monotonic clock, and let the clock stand there."""
        while self._events and self._events[0][0] <= until:
            if self.limit is not None and self.steps >= self.limit:
                return
            at, _, _, machine, actor = heapq.heappop(self._events)
            self.clock.advance(max(0.0, at - self.clock.monotonic()))
            if machine is not None and machine.is_held:
                # It goes on when it may again; not before the one who holds it has looked.
                self.later(actor, max(0.001, until - at + 0.001), machine)
                continue
            self._step(machine, actor)
        if self._events:  # somebody waits beyond that moment
            self.clock.advance(max(0.0, until - self.clock.monotonic()))

    def _step(self, machine: Machine | None, actor: Actor) -> None:
        self.steps += 1
        if machine is not None:
            if machine.is_dead:
                return
            self._arm(machine)
        try:
            seconds = next(actor)
        except StopIteration:
            return
        except Crash:
            self.tell(f"process {machine.number if machine else '?'} dies")
            return
        finally:
            if machine is not None and not machine.is_dead:
                machine.fuse = None
        self.later(actor, seconds, machine)

    def _arm(self, machine: Machine) -> None:
        if self.chance.random() < self.faults.crash:
            machine.fuse = self.chance.randint(0, 12)

    def new_machine(self, host: str) -> Machine:
        """Return a process that has just begun, with a clock that may be ten minutes wrong."""
        wrong = timedelta(minutes=self.chance.uniform(-10, 10))
        machine = Machine(self, len(self.machines) + 1, host, wrong)
        self.machines[machine.number] = machine
        return machine

    # The server and its clients.

    def _new_server(self) -> SimulatedServer:
        return SimulatedServer(self, self.new_machine("host-0"))

    def ask(self, call: Callable[[SimulatedServer], Any]) -> Any:
        """Return the server's answer over a network that loses; LOST where none came."""
        if self.chance.random() < self.faults.duplicate:
            self.later(self._deliver_again(call), self.chance.expovariate(0.05))
        if self.chance.random() < self.faults.lost_request:
            return LOST
        answer = self._deliver(call)
        return LOST if self.chance.random() < self.faults.lost_answer else answer

    def _deliver(self, call: Callable[[SimulatedServer], Any]) -> Any:
        if self.server.machine.is_held:
            return LOST
        server = self.server
        self._arm(server.machine)
        try:
            return call(server)
        except Crash:
            self.tell("the server dies")
            if self.server is server:
                self.server = self._new_server()
            return LOST
        except Unavailable:
            return LOST  # 503: a client tries again, as it does after silence
        finally:
            if not server.machine.is_dead:
                server.machine.fuse = None

    def _deliver_again(self, call: Callable[[SimulatedServer], Any]) -> Actor:
        try:
            self._deliver(call)
        except InvokeError as error:
            self.tell(f"a request that came twice is refused: {type(error).__name__}")
        yield from ()

    def _client(self, number: int, person: Principal) -> Actor:
        for turn in itertools.count():
            if self.chance.random() < 0.7:
                yield from self._enqueue(f"{number}/{turn}", person)
            else:
                yield from self._cancel(person)
            yield self.chance.expovariate(self.chance.choice([0.02, 0.1, 1.0]))

    def _enqueue(self, key: str, person: Principal) -> Actor:
        chance = self.chance
        generation = GenerationWish(
            model=chance.choice(self.models),
            prompt=POISON if chance.random() < 0.05 else "a red circle",
            width=16,
            height=16,
            steps=chance.randint(1, 4),
            seed=7,
        )
        wish = BatchWish(
            generation=generation,
            runs=chance.randint(1, 4),
            origin=key,
            prepend=chance.random() < 0.1,
            priority=chance.randint(-1, 1),
        )

        def enqueue(server: SimulatedServer) -> Any:
            batch = server.queue.enqueue(person, wish, key=key)
            self.tell(f"{key} is {list(batch.item_ids)}")
            return batch

        while True:
            answer = self.ask(enqueue)
            if answer is not LOST:
                self.oracle.acknowledge(key, answer)
                return
            yield self.chance.uniform(0.5, 20)

    def _cancel(self, person: Principal) -> Actor:
        if self.chance.random() < 0.2:
            self.ask(lambda server: server.queue.cancel_all_except_current(person))
            return
        own = [j for j in self.oracle.jobs.values() if j.owner_id == person.user_id]
        going_on = [job for job in own if not job.status.is_final]
        if not going_on:
            return
        item_id = self.chance.choice(going_on).item_id
        try:
            answer = self.ask(lambda server: server.queue.cancel(person, item_id))
        except Conflict:
            if not self.oracle.jobs[item_id].status.is_final:
                raise Broken(f"job {item_id} was called ended, and is not") from None
        else:
            if answer is not LOST and self.oracle.jobs[item_id].status is not JobStatus.CANCELED:
                raise Broken(f"job {item_id} was called canceled, and is not")
        yield from ()

    def _administrate(self) -> Actor:
        ways = [self._pause, self._weigh, self._suspend, self._set_clock, self._sweep]
        while True:
            happen = self.chance.choice(ways)
            try:
                yield from happen()
            except Conflict as error:
                self.tell(f"the administrator is refused: {error}")
            yield self.chance.expovariate(1 / 60)

    def _pause(self) -> Actor:
        self.ask(lambda server: server.queue.pause(self.administrator))
        yield self.chance.uniform(1, 40)
        while self.ask(lambda server: server.queue.resume(self.administrator)) is LOST:
            yield 1.0

    def _weigh(self) -> Actor:
        person = self.chance.choice(self.people).user_id
        changes = ShareChanges(weight=self.chance.choice([0.5, 1.0, 3.0]))
        self.ask(lambda server: server.care.change_share(self.administrator, person, changes))
        yield from ()

    def _suspend(self) -> Actor:
        person = self.chance.choice(self.people).user_id
        self.ask(partial(_set_active, person, is_active=False))
        yield self.chance.uniform(1, 60)
        while self.ask(partial(_set_active, person, is_active=True)) is LOST:
            yield 1.0

    def _set_clock(self) -> Actor:
        machine = self.chance.choice(list(self.machines.values()))
        machine.offset += timedelta(hours=self.chance.choice([-1, 1]))
        self.tell(f"the clock of process {machine.number} jumps to {machine.offset}")
        yield from ()

    def _sweep(self) -> Actor:
        self.ask(lambda server: server.sweep.remove_doomed_files())
        yield from ()

    # Workers.

    def _keep_worker_alive(self, number: int) -> Actor:
        """Start a worker, and another when it has ended: as a supervisor or an administrator does."""
        while True:
            machine = self.new_machine(f"host-{number % 3}")
            worker = SimulatedWorker(self, machine)
            self.workers.append(worker)
            self.begin(worker.run, machine)
            while not (machine.is_dead or worker.has_left):
                yield 1.0
                if self.chance.random() < 0.002:
                    worker.stop()
            if machine.is_dead:
                self.orphanable |= worker.late_files()
                worker.held.clear()
            self.workers.remove(worker)
            yield self.chance.choice([1.0, 5.0, 50.0])

    def begin(self, actor: Begin, machine: Machine, seconds: float = 0.0) -> None:
        """Let a thread of a process begin."""
        self.later(actor(), seconds, machine)

    # The play.

    def play(self, steps: int = STEPS) -> None:
        """Play so many steps with faults, then let everything settle; raise SeedFailed on a finding."""
        try:
            self.limit = steps
            self.play_until(float("inf"))
            self._settle()
        except (AssertionError, InvokeError) as error:
            raise SeedFailed(
                f"seed {self.seed}, step {self.steps}: {type(error).__name__}: {error}\n"
                f"play it again: python -m benchmarks.simulation --seed {self.seed} --steps {steps}\n"
                + "\n".join(self.told[-12:])
            ) from error

    def _settle(self) -> None:
        """Without faults and new work: soon nobody dead holds a job, and in the end every job has ended."""
        self.faults, self.limit = NONE, self.steps + SETTLING_STEPS
        for machine in self.machines.values():
            machine.fuse = None
        self.tell("nothing goes wrong from here on")
        self._events = [event for event in self._events if not self._is_client(event[4])]
        heapq.heapify(self._events)
        server = self.server
        if server.machine.is_dead:
            server = self.server = self._new_server()
        server.queue.resume(self.administrator)
        for person in self.people:
            _set_active(person.user_id, server, is_active=True)
        began = self.clock.monotonic()
        while self._unfinished() and self.clock.monotonic() - began < SETTLING_SECONDS:
            if self.steps >= self.limit:
                break
            self.play_until(self.clock.monotonic() + 10.0)
            self._check_leases(began)
        if stuck := self._unfinished():
            raise Broken(f"the jobs {stuck} never end")
        self.play_until(self.clock.monotonic() + 120.0)  # what was drawn for nothing is thrown away
        self.server.sweep.remove_doomed_files()
        self._check_end()

    def _is_client(self, actor: Actor) -> bool:
        name = getattr(actor, "__name__", "")
        return name in {"_client", "_administrate", "_deliver_again"}

    def _check_leases(self, began: float) -> None:
        """A dead worker's jobs are taken back in time by whoever has lived for long enough to know."""
        known = self.clock.monotonic() - DEAD_AFTER_SECONDS - 2 * BEAT_SECONDS
        alive = [worker.machine for worker in self.workers if not worker.machine.is_dead]
        if began + LONGEST_HOLD > known or not any(
            machine.awake_since < known for machine in alive
        ):
            return
        with self.database.reading() as work:
            kept = {worker.worker_id: worker.process_id for worker in work.workers.list()}
        for job in self.oracle.jobs.values():
            if job.status is JobStatus.IN_PROGRESS and job.lease is not None:
                process = kept.get(job.lease.worker_id)
                if process is not None and self.machines[process].died < known:
                    raise Broken(f"job {job.item_id} is still held by a worker that is gone")

    def _unfinished(self) -> list[ItemId]:
        return [job.item_id for job in self.oracle.jobs.values() if not job.status.is_final]

    def _check_end(self) -> None:
        """Every job that kills its worker has failed and says so; no file is left but those of rows."""
        rows = {name for job in self.oracle.jobs.values() for name in job.image_names}
        left = set(self.storage.names()) - rows - self.orphanable
        if left:
            raise Broken(f"the files {sorted(left)} belong to nothing")
        for job in self.oracle.jobs.values():
            if job.generation.prompt == POISON and job.status is JobStatus.COMPLETED:
                raise Broken(f"job {job.item_id} cannot have been drawn")

    def digest(self) -> str:
        """Return a digest of all that happened."""
        return hashlib.sha256("\n".join(self.told).encode()).hexdigest()


def _set_active(user_id: UserId, server: SimulatedServer, *, is_active: bool) -> None:
    """Deactivate or reactivate an account, as the service of accounts does."""
    now = server.machine.now()
    with server.machine.writing() as work:
        work.users.put(attrs.evolve(work.users.get(user_id), is_active=is_active))
        change = flows.resume if is_active else flows.suspend
        change(work, user_id, now)
