"""The ring of keys in a file: listed, rotated, revoked; and a codec that follows its changes."""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from invoke_adapters.pyjwt.codec import PyJwtCodec
from invoke_adapters.pyjwt.keys import add_key, alone, load, store, stored_ring
from invoke_core.domain.signing_keys import SigningKey
from invoke_core.domain.tokens import Claims
from invoke_core.errors import NotFound, RuleViolation
from invoke_core.ports.clock import Clock
from invoke_core.ports.randomness import Randomness

T = TypeVar("T")


class KeyFile:
    """`SigningKeys` in a file that only we may read; several processes may change it in turn."""

    def __init__(self, path: Path, clock: Clock, randomness: Randomness) -> None:
        """Use the file, which is made with a first key where there is none."""
        self._path = path
        self._clock = clock
        self._randomness = randomness

    def list(self) -> Sequence[SigningKey]:
        """Return the keys, the active one first, then those retired last."""
        stored_ring(self._path, self._clock, self._randomness)
        document = load(self._path)
        keys = [_described(kid, entry) for kid, entry in document["keys"].items()]
        active = [key for key in keys if key.is_active]
        retired = [(key.retired_at, key.key_id, key) for key in keys if key.retired_at is not None]
        return [*active, *(key for _, _, key in sorted(retired, reverse=True))]

    def rotate(self, keep_for: timedelta) -> SigningKey:
        """Sign with a new key from now on, and return it."""
        now = self._clock.now()

        def change(document: dict[str, Any]) -> SigningKey:
            keys = document["keys"]
            for kid, entry in list(keys.items()):
                retired = entry.setdefault("retired_at", now.isoformat())
                if datetime.fromisoformat(retired) + keep_for < now:
                    del keys[kid]
            kid = add_key(document, now, self._randomness)
            return _described(kid, keys[kid])

        return self._changed(change)

    def revoke(self, key_ids: Sequence[str] | None) -> Sequence[SigningKey]:
        """Forget keys, and return them."""
        now = self._clock.now()

        def change(document: dict[str, Any]) -> Sequence[SigningKey]:
            keys = document["keys"]
            for kid in key_ids or ():
                if kid not in keys:
                    raise NotFound("signing key", kid)
            gone = [_described(kid, keys.pop(kid)) for kid in (key_ids or list(keys))]
            if document["active"] not in keys:
                add_key(document, now, self._randomness)
            return gone

        return self._changed(change)

    def _changed(self, change: Callable[[dict[str, Any]], T]) -> T:
        stored_ring(self._path, self._clock, self._randomness)
        with alone(self._path.parent):
            document = load(self._path)
            result = change(document)
            store(self._path, document, replace=True)
        return result


class ConfiguredKey:
    """`SigningKeys` where the one key stands in the configuration: it is changed there."""

    def __init__(self, key_id: str, since: datetime) -> None:
        """Stand for the key of this id, which was first seen then."""
        self._key = SigningKey(key_id=key_id, created_at=since, is_configured=True)

    def list(self) -> Sequence[SigningKey]:
        """Return the one key."""
        return [self._key]

    def rotate(self, keep_for: timedelta) -> SigningKey:
        """Raise RuleViolation."""
        raise _configured()

    def revoke(self, key_ids: Sequence[str] | None) -> Sequence[SigningKey]:
        """Raise RuleViolation."""
        raise _configured()


class KeyFileCodec:
    """`TokenCodec` on the keys of a file, which is read again when it has changed. Thread-safe."""

    def __init__(self, path: Path, clock: Clock, randomness: Randomness) -> None:
        """Make a codec that follows the file."""
        self._path = path
        self._clock = clock
        self._randomness = randomness
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._codec: PyJwtCodec | None = None
        self._present()

    def issue(self, claims: Claims) -> str:
        """Return the signed token."""
        return self._present().issue(claims)

    def read(self, token: str) -> Claims:
        """Return what a token of ours says; see `TokenCodec`."""
        return self._present().read(token)

    def _present(self) -> PyJwtCodec:
        """Return a codec of the keys as they are now: one look at the file's stamp, a microsecond."""
        codec = self._codec
        if codec is not None and self._look() == self._stamp:
            return codec
        with self._lock:
            # The stamp comes first: of a file that changes in between it is one that never comes back.
            stamp = self._look()
            ring = stored_ring(self._path, self._clock, self._randomness)
            self._codec = codec = PyJwtCodec(ring, self._clock, self._randomness)
            self._stamp = stamp
        return codec

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def _described(kid: str, entry: Mapping[str, Any]) -> SigningKey:
    retired = entry.get("retired_at")
    return SigningKey(
        key_id=kid,
        created_at=datetime.fromisoformat(entry["created_at"]),
        retired_at=None if retired is None else datetime.fromisoformat(retired),
    )


def _configured() -> RuleViolation:
    return RuleViolation(
        "The signing key stands in the configuration (jwt_secret_key): change it there and restart;"
        " everybody then signs in again."
    )
