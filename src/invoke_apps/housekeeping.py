"""What has to be done now and then while the server runs."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from invoke_apps.application import Application
from invoke_core.errors import InvokeError

EVERY_SECONDS = 60.0

_log = logging.getLogger("invoke.housekeeping")


@contextmanager
def housekeeping(application: Application) -> Iterator[None]:
    """Do the chores every minute in a thread of their own, and once more at the end."""
    stopping = threading.Event()
    chores = _chores(application)

    def work() -> None:
        while not stopping.wait(EVERY_SECONDS):
            _do(chores)

    thread = threading.Thread(target=work, name="housekeeping", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
        _do(chores[:1])


Chore = tuple[str, Callable[[], object]]


def _chores(application: Application) -> list[Chore]:
    return [
        ("writing down when sessions were last seen", application.sign_in.flush_seen),
        ("forgetting sessions that have ended", application.sign_in.remove_expired),
        ("forgetting wrong sign-ins of long ago", application.sign_in.forget_failures),
        ("forgetting old news", application.events.forget_old),
    ]


def _do(chores: list[Chore]) -> None:
    for name, chore in chores:
        try:
            chore()
        except InvokeError as error:  # the next minute tries again
            _log.warning("%s failed: %s", name, error)
