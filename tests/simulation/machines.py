"""Processes that can die at any step, be held at any step, and whose clocks are wrong."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol

from invoke_adapters.memory import MemoryDatabase
from invoke_adapters.memory.storage import MemoryImageStorage
from invoke_core.domain.pixels import Pixels
from invoke_core.domain.queue import Process
from invoke_core.errors import Unavailable
from invoke_core.ports.storage import Rendition
from invoke_core.testing.fakes import FixedClock


class Crash(BaseException):
    """The process is gone, as after `kill -9`: nothing that stands behind it runs."""


class Surroundings(Protocol):
    """What a machine needs of the simulation."""

    clock: FixedClock
    database: MemoryDatabase
    storage: MemoryImageStorage

    def is_busy(self) -> bool:
        """Return whether somebody else holds the writer for too long, this time."""

    def committed(self) -> None:
        """Hear that a writing unit was committed."""

    def hold(self, machine: "Machine") -> None:
        """Let others go on for a while, where this process is to be stopped just now (SIGSTOP)."""


class Machine:
    """One process: its own clocks, its own ports to what is kept, and its end."""

    def __init__(self, around: Surroundings, number: int, host: str, offset: timedelta) -> None:
        self.number = number
        self.host = host
        self.awake_since = around.clock.monotonic()
        self.died = float("inf")
        self.is_held = False
        self.offset = offset  # of its time of day; may jump
        self.fuse: int | None = None  # touches of a port until it dies; None: it lives
        self._around = around
        self._started = 50.0 * number  # each monotonic clock begins somewhere else

    @property
    def is_dead(self) -> bool:
        return self.died < float("inf")

    def die(self) -> None:
        """End at once."""
        self.died = min(self.died, self._around.clock.monotonic())

    def now(self) -> datetime:
        """Return the time of day, as wrong as it is here."""
        return self._around.clock.now() + self.offset

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return self._around.clock.monotonic() + self._started

    def touch(self) -> None:
        """Come to a point at which the process may die, or be held."""
        if self.is_dead:
            raise Crash
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                self.die()
                raise Crash

    def touch_outside(self) -> None:
        """The same, outside a unit of work: the process may also be held for long."""
        self.touch()
        self._around.hold(self)
        self.touch()

    @contextmanager
    def reading(self) -> Iterator[Any]:
        self.touch_outside()
        with self._around.database.reading() as work:
            yield work

    @contextmanager
    def writing(self) -> Iterator[Any]:
        self.touch_outside()
        if self._around.is_busy():
            raise Unavailable("The database is busy: try again in a moment.", retry_after=1)
        with self._around.database.writing() as work:
            yield work
            self.touch()  # everything is written, nothing committed
        self._around.committed()
        self.touch_outside()  # committed, and nobody was told

    def process(self) -> Process:
        return Process(host=self.host, process_id=self.number, started=1.0)


class MachineStorage:
    """The storage of pictures, as one process reaches it."""

    def __init__(self, machine: Machine, storage: MemoryImageStorage) -> None:
        self._machine = machine
        self._storage = storage

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def put(self, image_name: Any, rendition: Rendition, content: bytes) -> None:
        self._machine.touch_outside()
        self._storage.put(image_name, rendition, content)
        self._machine.touch_outside()

    def remove(self, image_name: Any) -> None:
        self._machine.touch_outside()
        self._storage.remove(image_name)
        self._machine.touch_outside()


class MachineProcesses:
    """The processes, as one of them sees the others: only those of its own host."""

    def __init__(self, machine: Machine, machines: Mapping[int, Machine]) -> None:
        self._machine = machine
        self._machines = machines

    def this(self) -> Process:
        return self._machine.process()

    def is_gone(self, process: Process) -> bool:
        is_here = process.host == self._machine.host
        return is_here and self._machines[process.process_id].is_dead


class PlainCodec:
    """A codec that keeps a picture as it is: what files hold is not what is simulated."""

    def encode(self, pixels: Pixels, texts: Mapping[str, str]) -> bytes:
        return pixels.rgb

    def thumbnail(self, png: bytes) -> bytes:
        return png[:8]


Actor = Iterator[float]  # yields how many seconds it does nothing
Begin = Callable[[], Actor]
History = Sequence[str]
