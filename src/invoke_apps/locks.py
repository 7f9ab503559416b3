"""One holder at a time: locks of the operating system, which end with the process that holds them."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from invoke_core.errors import Unavailable

LOOK_EVERY_SECONDS = 0.1  # flock has no waiting with a time limit


@contextmanager
def held(
    path: Path,
    what: str,
    *,
    otherwise: str = "choose another root with --root",
    patience: float = 0.0,
) -> Iterator[None]:
    """Hold the lock file while the block runs.

    Args:
        path: the lock file; it stays, with the holder's process id in it.
        what: what the lock stands for, as in "a server of this root".
        otherwise: what a person can do but stop the holder.
        patience: seconds to wait for a holder that is about to end.

    Raises:
        Unavailable: another process holds it; the text says which.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            _take(descriptor, patience)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 100, 0).decode("ascii", "replace").strip()
            raise Unavailable(
                f"There is {what} already: process {holder or 'unknown'} holds {path}."
                f" Stop it first, or {otherwise}."
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, patience: float) -> None:
    """Take the lock; raise BlockingIOError where it is still held when patience is at an end."""
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(LOOK_EVERY_SECONDS)
        else:
            return
