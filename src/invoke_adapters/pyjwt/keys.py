"""The keys that sign tokens: the one in the settings, else a ring in a file that only we may read."""

import errno
import fcntl
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from invoke_core.errors import StorageFull, Unavailable
from invoke_core.ports.clock import Clock
from invoke_core.ports.randomness import Randomness

MIN_KEY_BYTES = 32  # RFC 7518, 3.2: as long as the hash
_FORMAT = 1
_HOW = 'make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"'
_SAMPLE_WORDS = frozenset(
    """
    a am at be been changed changeme change come default dev development do example generated
    here i in insert invoke invokeai is it jwt key long me must my not of password placeholder
    please production put random replace sample secret secure should some something string
    super test that the this to token unique use value very with your
    """.split()  # noqa: SIM905 - words read better as words
)


@attrs.frozen(kw_only=True)
class KeyRing:
    """Keys by their id; every one of them verifies, the active one signs."""

    active: str
    keys: Mapping[str, bytes] = attrs.field(repr=False)

    def __attrs_post_init__(self) -> None:
        if self.active not in self.keys:
            raise ValueError("the active key is not in the ring")


def configured_ring(secret_key: str) -> KeyRing:
    """Return the ring of the one key that an administrator chose (`jwt_secret_key`).

    Raises:
        Unavailable: it is shorter than 32 bytes, a sample, or too plain; the text never shows it.
    """
    key = secret_key.encode("utf-8", "surrogatepass")
    if _is_sample(secret_key):
        raise _refused("is a sample, which everybody knows")
    if len(key) < MIN_KEY_BYTES:
        raise _refused(f"is shorter than {MIN_KEY_BYTES} bytes")
    if _is_plain(key):
        raise _refused("repeats itself")
    if secret_key.lstrip().startswith(("-----BEGIN", "ssh-", "{")):
        raise _refused("looks like a public key or a document, which is no secret")
    kid = hashlib.sha256(b"kid:" + key).hexdigest()[:16]
    return KeyRing(active=kid, keys={kid: key})


def stored_ring(path: Path, clock: Clock, randomness: Randomness) -> KeyRing:
    """Return the ring of the key file; the file is made, with a first key, where there is none.

    Of several processes that make it at once, all get the same ring.

    Raises:
        Unavailable: the file is readable by others, damaged, or cannot be made.
        StorageFull: the disk is full.
    """
    try:
        if not path.exists():
            _create(path, clock, randomness)
        return _ring(load(path))
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFull(
                f"The disk is full, so {path} could not be written: free some space, then try again."
            ) from error
        raise Unavailable(f"The key file {path} cannot be used: {error.strerror}.") from error


def _refused(why: str) -> Unavailable:
    return Unavailable(f"jwt_secret_key {why}: {_HOW}")


def _is_sample(secret_key: str) -> bool:
    """Return whether the key is nothing but the words of the samples in guides and templates."""
    letters = "".join(c if c.isalpha() else " " for c in secret_key.lower())
    return all(word in _SAMPLE_WORDS for word in letters.split()) and bool(letters.strip())


def _is_plain(key: bytes) -> bool:
    """Return whether the key has few different bytes, or is one short text again and again."""
    repeats = any(key[period:] == key[:-period] for period in range(1, len(key) // 2 + 1))
    return len(set(key)) < 8 or repeats


def add_key(document: dict[str, Any], now: datetime, randomness: Randomness) -> str:
    """Put a new key into what a key file holds, as the active one; return its id."""
    kid = randomness.identifier()
    document["keys"][kid] = {"secret": randomness.secret(), "created_at": now.isoformat()}
    document["active"] = kid
    return kid


def _create(path: Path, clock: Clock, randomness: Randomness) -> None:
    document: dict[str, Any] = {"format": _FORMAT, "keys": {}}
    add_key(document, clock.now(), randomness)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    store(path, document, replace=False)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, so that two changes follow each other."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def store(path: Path, document: Mapping[str, Any], *, replace: bool) -> None:
    """Write the key file, whole or not at all, readable by us alone.

    Args:
        path: the file.
        document: its content.
        replace: whether a file that is there already gives way; else it stays and nothing happens.
    """
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".keys-")  # 0600 from the start
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            Path(draft).replace(path)
        else:
            # A link fails where the name is taken: whoever comes second keeps the first one's keys.
            path.hardlink_to(draft)
        _sync_folder(path.parent)
    except FileExistsError:
        return
    finally:
        Path(draft).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def load(path: Path) -> dict[str, Any]:
    """Return what the key file holds; raise Unavailable where others may read it, or it is damaged."""
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise Unavailable(
                f"The key file {path} is open to others on this machine (mode {mode:04o}):"
                f" run `chmod 600 {path}`, and think of the keys as known."
            )
        content = file.read()
    try:
        document: dict[str, Any] = json.loads(content)
        _ring(document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unavailable(
            f"The key file {path} is damaged: restore it, or delete it and everybody signs in again."
        ) from error
    return document


def _ring(document: Mapping[str, Any]) -> KeyRing:
    if document["format"] != _FORMAT:
        raise ValueError("a format of another version")
    keys = {kid: str(entry["secret"]).encode() for kid, entry in document["keys"].items()}
    if any(len(key) < MIN_KEY_BYTES for key in keys.values()):
        raise ValueError("a key is too short")
    return KeyRing(active=document["active"], keys=keys)
