"""The key of the audit log, and its head, in files that only we may read."""

import errno
import fcntl
import json
import logging
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from invoke_core.domain.audit import Chain, Head
from invoke_core.errors import StorageFull, Unavailable

KEY_FILE = "audit-key"
HEAD_FILE = "audit-head.json"
MIN_KEY_BYTES = 32  # RFC 2104, 3: as long as the hash
_FULL_DISK = {errno.ENOSPC, errno.EDQUOT}

_log = logging.getLogger("invoke.audit")


def stored_chain(folder: Path) -> Chain:
    """Return the chain of the folder's key; key and head are made together where there is no key.

    Of several processes that make them at once, all get the same key.

    Raises:
        Unavailable: the key is readable by others, damaged, or cannot be made.
        StorageFull: the disk is full.
    """
    path = folder / KEY_FILE
    try:
        with _alone(folder):
            if not path.exists():
                FileAuditHeads(folder).put(Head())  # first: a key without a head looks like a cut
                _write(path, secrets.token_urlsafe(32))
        return Chain(_load_key(path))
    except OSError as error:
        if error.errno in _FULL_DISK:
            raise StorageFull(
                f"The disk is full, so {path} could not be written: free some space, then try again."
            ) from error
        raise Unavailable(f"The audit key {path} cannot be used: {error.strerror}.") from error


@attrs.frozen
class FileAuditHeads:
    """`AuditHeads` in `audit-head.json`. Thread-safe, also across processes."""

    folder: Path

    def load(self) -> Head | None:
        """Return the head; None where its file is gone, or damaged."""
        try:
            document = json.loads((self.folder / HEAD_FILE).read_bytes())
            return Head(int(document["count"]), str(document["mac"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            return None

    def advance(self, head: Head, holds: Callable[[Head], bool]) -> None:
        """Keep the head in place of the one before it, unless that is the evidence of a cut.

        A head that cannot be written lags, until the next one is; the log says so.
        """
        try:
            with _alone(self.folder):
                kept = self.load()
                if kept is not None and kept.count < head.count and holds(kept):
                    self.put(head)
        except OSError as error:
            _log.warning("%s could not be written: %s", self.folder / HEAD_FILE, error.strerror)

    def put(self, head: Head) -> None:
        """Keep the head, whatever is there."""
        _write(self.folder / HEAD_FILE, json.dumps(attrs.asdict(head)))


def _load_key(path: Path) -> bytes:
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        key = file.read().strip()
    if mode & 0o077:
        raise Unavailable(
            f"The audit key {path} is open to others on this machine (mode {mode:04o}):"
            f" run `chmod 600 {path}`, and think of the log as one that they could have changed."
        )
    if len(key) < MIN_KEY_BYTES:
        raise Unavailable(f"The audit key {path} is damaged: restore it.")
    return key


def _write(path: Path, text: str) -> None:
    """Write the file whole or not at all, readable by us alone."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)  # or the new name could be lost with the power
        finally:
            os.close(handle)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock of the audit files, so that processes change them in turn."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / f".{KEY_FILE}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
