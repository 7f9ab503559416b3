"""The root folder: where everything of one installation lies."""

import errno
import os
from pathlib import Path

from invoke_core.errors import StorageFull, Unavailable


def make_root(root: Path) -> None:
    """Create the root folder where it is missing, readable by its owner alone.

    Raises:
        Unavailable: it cannot be made or written.
        StorageFull: the disk is full.
    """
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        (root / "run").mkdir(mode=0o700, exist_ok=True)
        probe = root / "run" / f".probe-{os.getpid()}"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        raise root_trouble(root, error) from error


def root_trouble(root: Path, error: OSError) -> Unavailable | StorageFull:
    """Return what an error of the operating system means for whoever chose the root."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFull(
            f"The disk that holds {root} is full: free some space, then start again."
        )
    return Unavailable(
        f"The root folder {root} cannot be used ({error.strerror}): make it writable for this user, or"
        " choose another one with --root."
    )
