"""The process around workers: its devices and their locks, its signals, and its end."""

import faulthandler
import logging
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing

from invoke_apps.application import Application
from invoke_apps.locks import held
from invoke_apps.runners import RefusingRunner, open_runner
from invoke_apps.settings import Settings
from invoke_apps.watchdog import STANDARD_ERROR, Watchdog
from invoke_apps.worker import Worker, WorkerParts
from invoke_core.errors import Unavailable
from invoke_core.ports.runner import Runner

CHILD_PATIENCE_SECONDS = 30.0  # for the child of a killed server, which is about to end
HUNG = 1  # the exit code, as of `faulthandler`
SIBLINGS_SECONDS = 10.0  # for the other workers of the process, which give back what they hold
ENDINGS = (signal.SIGTERM, signal.SIGINT)

_log = logging.getLogger("invoke.worker")


def serve(application: Application, *, is_child: bool) -> None:
    """Run one worker for each device of the settings, until SIGTERM or SIGINT comes.

    Args:
        application: everything else.
        is_child: the server started this process: it ends when standard input closes, waits for the
            locks of a child that is about to end, and lets jobs fail with the reason where the runner
            cannot be opened.

    Raises:
        Unavailable: another worker of this host holds a device, or the runner cannot be opened.
    """
    # Before any thread begins, so that all inherit it and only `sigwait` below takes the signals.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    settings = application.settings

    def watchdog(hung: Callable[[str], object]) -> Watchdog:
        return Watchdog(settings.hung_after_seconds, application.leases.clock, hung)

    with ExitStack() as opened:
        workers: list[Worker] = []
        devices = []
        threads: list[threading.Thread] = []
        for place, name in enumerate(settings.devices):
            with watchdog(_die) as looking, looking.watching(f"what opens the device {name}"):
                runner, device = _runner_on(settings, name, opened, is_child=is_child)
            devices.append(device)

            def hung(what: str, place: int = place) -> None:
                siblings = [n for n in range(len(workers)) if n != place]
                _die(what, [workers[n] for n in siblings], [threads[n] for n in siblings])

            looking = opened.enter_context(watchdog(hung))
            parts = WorkerParts.of(application)
            workers.append(Worker(parts, runner, device=device, watchdog=looking))
        threads += [threading.Thread(target=_run, args=(worker,)) for worker in workers]
        for thread in threads:
            thread.start()
        if is_child:
            threading.Thread(target=_end_with_standard_input, daemon=True).start()
        _log.info("A worker runs on %s.", ", ".join(devices))
        signal.sigwait(ENDINGS)
        for worker in workers:
            worker.stop()
        for thread in threads:
            thread.join()
    _log.info("The worker has stopped.")


def _die(
    what: str, siblings: Sequence[Worker] = (), threads: Sequence[threading.Thread] = ()
) -> None:
    """End the process, for nothing else ends what hangs in native code; its jobs are run by others.

    Args:
        what: that hangs.
        siblings: workers of this process that do not; what they are drawing is given back.
        threads: that they run in.
    """
    _log.critical(
        "This worker ends, because %s has shown no progress for too long (see hung_after_seconds); what it"
        " was doing is written to standard error.",
        what,
    )
    faulthandler.dump_traceback(STANDARD_ERROR)
    for sibling in siblings:
        sibling.stop()
    deadline = time.monotonic() + SIBLINGS_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    logging.shutdown()
    os._exit(HUNG)


def _run(worker: Worker) -> None:
    """Run the worker; its unexpected end is the end of the process, which a supervisor restarts."""
    try:
        worker.run()
    except BaseException:
        _log.exception("The worker failed.")
        os.kill(os.getpid(), signal.SIGTERM)
        raise


def _end_with_standard_input() -> None:
    """End the process when the server that holds the other end of the pipe is gone."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _runner_on(
    settings: Settings, name: str, opened: ExitStack, *, is_child: bool
) -> tuple[Runner, str]:
    """Return the runner on a device, whose lock is held from now on, and the device's own name."""
    patience = CHILD_PATIENCE_SECONDS if is_child else 0.0
    if name != "auto":  # the slow import of the runner comes after what can refuse at once
        _lock(settings, name, opened, patience)
    try:
        runner = open_runner(settings, name)
    except Unavailable as error:
        if not is_child:
            raise
        _log.error("%s", error)
        return RefusingRunner(name, str(error)), name
    opened.enter_context(closing(runner))
    if name == "auto":
        _lock(settings, runner.device, opened, patience)
    return runner, runner.device if name == "auto" else name


def _lock(settings: Settings, device: str, opened: ExitStack, patience: float) -> None:
    file_name = re.sub(r"[^A-Za-z0-9.-]", "-", device)
    opened.enter_context(
        held(
            settings.root / "run" / f"device-{file_name}.lock",
            f"a worker on {device}",
            otherwise="choose another device with --devices (cpu:1, say)",
            patience=patience,
        )
    )
