"""Submissions that a client may send twice: the second time it is told what became of the first."""

import hashlib
from datetime import datetime, timedelta

import attrs

from invoke_core.domain.identifiers import UserId
from invoke_core.domain.queue import BatchWish, EnqueuedBatch
from invoke_core.errors import Conflict, Invalid

REMEMBERED = timedelta(hours=24)
MAX_KEY_CHARACTERS = 255


@attrs.frozen(kw_only=True)
class Submission:
    """What became of a submission that came with a key."""

    user_id: UserId
    key: str  # the client's own word for it
    wish_digest: str  # of what was asked for
    batch: EnqueuedBatch
    at: datetime  # aware, UTC


def checked_key(key: str) -> str:
    """Return the key; raise Invalid, naming the field, where it cannot be one."""
    if not key or len(key) > MAX_KEY_CHARACTERS or not key.isprintable():
        raise Invalid(
            f"A key has 1 to {MAX_KEY_CHARACTERS} printable characters.", field="Idempotency-Key"
        )
    return key


def wish_digest(wish: BatchWish) -> str:
    """Return what two submissions share that ask for the same."""
    return hashlib.sha256(repr(attrs.astuple(wish)).encode("utf-8", "surrogatepass")).hexdigest()


def remembered(found: Submission | None, digest: str, now: datetime) -> EnqueuedBatch | None:
    """Return what became of the submission, where it is one that came before; None: it is new.

    Raises:
        Conflict: the key came before with another wish.
    """
    if found is None or now - found.at >= REMEMBERED:
        return None
    if found.wish_digest != digest:
        raise Conflict("This Idempotency-Key was used for another submission: send a new one.")
    return found.batch
