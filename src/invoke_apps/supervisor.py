"""Starts the workers beside the server, and again when they die. The server itself never imports torch."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import attrs

from invoke_apps.application import Application
from invoke_apps.config import handed_over
from invoke_core.domain.news import NewsItem
from invoke_core.errors import InvokeError, Unavailable
from invoke_core.services.leases import BEAT_SECONDS, Watch

STOP_SECONDS = 15.0  # until a child that was asked to stop is killed
FIRST_PAUSE_SECONDS = 1.0  # before the first restart; doubled for each one after
LONGEST_PAUSE_SECONDS = 60.0
GOOD_RUN_SECONDS = 60.0  # a child that lived so long begins anew at the first pause

_log = logging.getLogger("invoke.supervisor")


@contextmanager
def supervised(application: Application) -> Iterator[None]:
    """Look after the workers while the block runs, where the settings want children of the server.

    Each device has a child of its own: one that hangs or dies takes no other with it.
    """
    if application.settings.workers != "child":
        yield
        return
    supervisors = [Supervisor(application, device) for device in application.settings.devices]
    for each in supervisors:
        each.start()
    try:
        yield
    finally:
        with ThreadPoolExecutor(len(supervisors) or 1) as pool:  # a child may take its time
            list(pool.map(Supervisor.stop, supervisors))


CHILD = (sys.executable, "-m", "invoke_apps.cli.worker", "--child")


class Supervisor:
    """Keeps one child alive from the first pending job on. `start` and `stop` once each."""

    def __init__(
        self,
        application: Application,
        device: str,
        command: Sequence[str] = CHILD,
        on_begin: Callable[[int], object] = lambda process_id: None,
        look_seconds: float = BEAT_SECONDS,
    ) -> None:
        """Return a supervisor that has started nothing.

        Args:
            application: of the server.
            device: the one on which the child runs jobs.
            command: what reads the settings from standard input and runs until that closes.
            on_begin: called with the process id of each child.
            look_seconds: between two looks at whether the child still shows that it is alive.
        """
        self._application = application
        self._handed_over = handed_over(attrs.evolve(application.settings, devices=(device,)))
        self._device = device
        self._command = command
        self._on_begin = on_begin
        self._look_seconds = look_seconds
        self._stopping = threading.Event()
        self._changed = threading.Event()
        self._thread = threading.Thread(target=self._look_after, name="supervisor", daemon=True)
        self._child: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin to look after the child."""
        self._application.news.start()
        self._application.news.subscribe(self._hear)
        self._thread.start()

    def stop(self) -> None:
        """End the child, which gives its job back; returns when it has ended."""
        self._application.news.unsubscribe(self._hear)
        self._stopping.set()
        self._changed.set()
        with self._lock:
            child = self._child
        if child is not None:
            _end(child)
        self._thread.join()

    def _hear(self, item: NewsItem) -> None:
        self._changed.set()

    def _look_after(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        is_wanted = self._application.settings.preload
        while not self._stopping.is_set():
            if not (is_wanted or self._has_work()):
                self._changed.wait()
                self._changed.clear()
                continue
            is_wanted = True  # a child that began stays, so that its models stay loaded
            began = time.monotonic()
            child = self._begin()
            if child is None:
                return
            code = self._ended(child)
            if self._stopping.is_set():
                return
            self._take_back()
            if time.monotonic() - began > GOOD_RUN_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            _log.error(
                "The worker on %s ended with code %d; it starts again in %.0f s.",
                self._device,
                code,
                pause,
            )
            self._stopping.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _ended(self, child: "subprocess.Popen[str]") -> int:
        """Wait until the child has ended, and kill it where it hangs; return its exit code."""
        watch = Watch()
        while True:
            try:
                code = child.wait(self._look_seconds)
            except subprocess.TimeoutExpired:
                if self._hangs(child.pid, watch):
                    _log.error(
                        "The worker on %s shows no sign of life and is killed; its job runs again.",
                        self._device,
                    )
                    child.kill()
            else:
                break
        if child.stdin is not None:
            with suppress(BrokenPipeError):  # what was never read
                child.stdin.close()
        return code

    def _take_back(self) -> None:
        """Let the jobs of a child that has ended wait again at once: another may run them meanwhile."""
        try:
            self._application.leases.take_over(Watch())
        except InvokeError as error:  # busy: whatever worker beats next finds out
            _log.warning("The jobs of the worker could not be taken back yet: %s", error)

    def _hangs(self, process_id: int, watch: Watch) -> bool:
        """Return whether a worker of the child has stopped to beat: it is stuck in native code, say."""
        leases = self._application.leases
        host = leases.processes.this().host
        try:
            with self._application.database.reading() as work:
                workers = work.workers.list()
        except Unavailable:  # busy: the next look finds out
            return False
        own = [w for w in workers if (w.host, w.process_id) == (host, process_id)]
        beats = {worker.worker_id: worker.beat for worker in own}
        return bool(watch.silent(beats, leases.clock.monotonic()))

    def _has_work(self) -> bool:
        try:
            with self._application.database.reading() as work:
                return bool(work.flows.list_active())
        except Unavailable as error:
            _log.warning("The supervisor could not look for jobs: %s", error)
            self._stopping.wait(FIRST_PAUSE_SECONDS)
            self._changed.set()
            return False

    def _begin(self) -> "subprocess.Popen[str] | None":
        """Start the child; None where the server stops by now."""
        with self._lock:
            if self._stopping.is_set():
                return None
            # The child ends when the pipe closes: also when this process is killed.
            # A group of its own keeps Ctrl-C for the server, which then ends the child in order.
            child = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, text=True, process_group=0
            )
            self._child = child
        _log.info("The worker on %s starts as process %d.", self._device, child.pid)
        self._on_begin(child.pid)
        with suppress(BrokenPipeError):  # it died at once: its exit code says more
            assert child.stdin is not None
            child.stdin.write(self._handed_over + "\n")
            child.stdin.flush()
        return child


def _end(child: "subprocess.Popen[str]") -> None:
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        _log.warning("The worker did not stop in time and was killed; its job runs again later.")
        child.kill()
        child.wait()
