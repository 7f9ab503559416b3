"""Whose a request is before anybody looks it up, so that one too many costs next to nothing."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import MutableMapping
from typing import Any

from invoke_core.domain.identifiers import UserId
from invoke_core.services.rates import RequestRates

MOST = 10_000  # credentials that are remembered, those that came last
_COUNTED = "rate_counted"


class RateLimiter:
    """Counts each request once: by its credential where that is known, else once its owner is. Thread-safe.

    A credential says whose it is, and never another's; whether it still counts is looked up later.
    """

    def __init__(self, rates: RequestRates) -> None:
        """Begin with no credential known."""
        self._rates = rates
        self._lock = threading.Lock()
        self._owners: OrderedDict[bytes, UserId] = OrderedDict()

    def begin(self, state: MutableMapping[str, Any], token: str, *, picture: bool) -> None:
        """Count a request with this credential, where its owner is known from an earlier one.

        Raises:
            TooMany: its owner made too many.
        """
        key = _digest(token)
        with self._lock:
            owner = self._owners.get(key)
            if owner is not None:
                self._owners.move_to_end(key)
        if owner is not None:
            state[_COUNTED] = True
            self._rates.count(owner, picture=picture)

    def settle(
        self, state: MutableMapping[str, Any], token: str, owner: UserId, *, picture: bool
    ) -> None:
        """Count a request whose owner is known by now, unless it was counted already.

        Raises:
            TooMany: its owner made too many.
        """
        if state.get(_COUNTED):
            return
        state[_COUNTED] = True
        with self._lock:
            self._owners[_digest(token)] = owner
            if len(self._owners) > MOST:
                self._owners.popitem(last=False)
        self._rates.count(owner, picture=picture)


def _digest(token: str) -> bytes:
    """Return what stands for a credential; the credential itself is kept nowhere."""
    return hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=16).digest()
