"""What has to be done now and then while the server runs."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from invoke_apps.application import Application
from invoke_core.domain.news import NewsItem, NewsKind
from invoke_core.errors import InvokeError

EVERY_SECONDS = 60.0
STOP_SECONDS = (
    12.0  # for a letter that is being sent; if it was, and nobody wrote it down, it goes again
)

_log = logging.getLogger("invoke.housekeeping")

Chore = tuple[str, Callable[[], object]]


@contextmanager
def housekeeping(application: Application) -> Iterator[None]:
    """Do the chores at once and every minute in a thread of their own, and some once more at the end."""
    stopping = threading.Event()
    chores = _chores(application)

    def work() -> None:
        _do(chores)
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


@contextmanager
def postman(application: Application) -> Iterator[None]:
    """Send letters as soon as they are asked for, by whichever process, and again every minute.

    In a thread of its own, for a mail server that does not answer must not keep the chores waiting.
    """
    waiting = threading.Event()
    stopping = threading.Event()
    chores: list[Chore] = [("sending letters", application.mail.deliver)]

    def hear(item: NewsItem) -> None:
        if item.kind is NewsKind.MAIL_WAITING:
            waiting.set()

    def work() -> None:
        while True:
            waiting.clear()  # first: what is asked for from now on gets a round of its own
            if stopping.is_set():
                return
            _do(chores)
            waiting.wait(EVERY_SECONDS)

    if application.mail.mailer is None:
        yield
        return
    application.news.subscribe(hear)
    thread = threading.Thread(target=work, name="postman", daemon=True)
    thread.start()
    try:
        yield
    finally:
        application.news.unsubscribe(hear)
        stopping.set()
        waiting.set()
        thread.join(STOP_SECONDS)


def _chores(application: Application) -> list[Chore]:
    return [
        ("writing down when sessions were last seen", application.sign_in.flush_seen),
        ("removing files of deleted pictures", application.sweep.remove_doomed_files),
        ("emptying bins of what was deleted long ago", application.bin.remove_old),
        ("forgetting archives that were asked for", application.downloads.forget_old),
        ("forgetting sessions that have ended", application.sign_in.remove_expired),
        ("forgetting wrong sign-ins of long ago", application.sign_in.forget_failures),
        ("forgetting links that have expired", application.links.forget_expired),
        ("forgetting links to boards that have expired", application.board_links.forget_expired),
        ("finishing transfers of content", application.transfers.resume),
        ("finishing deletions of accounts", application.users.resume_deletions),
        ("forgetting transfers that nobody will undo", application.transfers.forget_old),
        ("forgetting sign-ins that left for a provider", application.single_sign_on.forget_expired),
        ("forgetting old news", application.events.forget_old),
        ("trimming the queue's history", application.queue_care.trim),
    ]


def _do(chores: list[Chore]) -> None:
    for name, chore in chores:
        try:
            chore()
        except (InvokeError, OSError) as error:  # the next minute tries again
            _log.warning("%s failed: %s", name, error)
