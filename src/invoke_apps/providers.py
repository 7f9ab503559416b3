"""Providers of sign-ins that are opened when somebody first asks for them."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from invoke_core.domain.identities import Handshake, Vouched
from invoke_core.ports.identity_providers import IdentityProvider


class ClosingProvider(IdentityProvider, Protocol):
    """A provider that holds connections."""

    def close(self) -> None:
        """Close them."""


class LazyProvider:
    """Opens a provider at the first question: commands and workers never ask one. Thread-safe.

    What speaks OpenID Connect takes longer to load than a server takes to start.
    """

    def __init__(self, open_: Callable[[], ClosingProvider]) -> None:
        """Remember how it is opened."""
        self._open = open_
        self._lock = threading.Lock()
        self._opened: ClosingProvider | None = None

    def sign_in_address(self, callback: str, handshake: Handshake) -> str:
        """See `IdentityProvider`."""
        return self._provider().sign_in_address(callback, handshake)

    def vouch(
        self, callback: str, handshake: Handshake, answer: Mapping[str, str], now: datetime
    ) -> Vouched:
        """See `IdentityProvider`."""
        return self._provider().vouch(callback, handshake, answer, now)

    def sign_out_address(self, back: str) -> str | None:
        """See `IdentityProvider`."""
        return self._provider().sign_out_address(back)

    def close(self) -> None:
        """Close the provider, where it was opened."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _provider(self) -> ClosingProvider:
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened
