"""Tallies of wrong sign-ins, and known devices, in dictionaries."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from invoke_adapters.memory.state import State
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.throttle import MAX_DEVICES, Tally
from invoke_core.errors import NotFound


@attrs.frozen
class MemoryThrottleRepository:
    """See `ThrottleRepository`."""

    state: State

    def find(self, account: str, address: str) -> Tally | None:
        """Return the tally of exactly this account and address, or None."""
        return self.state.tallies.get((account, address))

    def of_accounts(self, accounts: Sequence[str]) -> Sequence[Tally]:
        """Return the tallies of these accounts, by account, then address."""
        wanted = frozenset(accounts)
        return [self.state.tallies[key] for key in sorted(self.state.tallies) if key[0] in wanted]

    def put(self, tally: Tally) -> None:
        """Keep the tally, in place of the one of its account and address."""
        self.state.tallies[tally.account, tally.address] = tally

    def remove(self, account: str, address: str) -> None:
        """Forget a tally."""
        self.state.tallies.pop((account, address), None)

    def remove_account(self, account: str) -> None:
        """Forget every tally of an account."""
        for key in [key for key in self.state.tallies if key[0] == account]:
            del self.state.tallies[key]

    def remove_before(self, at: datetime) -> int:
        """Forget tallies whose last failure was before."""
        old = [key for key, tally in self.state.tallies.items() if tally.last_at < at]
        for key in old:
            del self.state.tallies[key]
        return len(old)

    def add_device(self, user_id: UserId, digest: str, at: datetime) -> None:
        """Know a device of the account from now on."""
        if user_id not in self.state.users:
            raise NotFound("user", user_id)
        self.state.devices[user_id, digest] = at
        own = [(added, key) for key, added in self.state.devices.items() if key[0] == user_id]
        for _, key in sorted(own, reverse=True)[MAX_DEVICES:]:
            del self.state.devices[key]

    def knows_device(self, user_id: UserId, digest: str) -> bool:
        """Return whether the device signed in to the account before."""
        return (user_id, digest) in self.state.devices

    def remove_devices(self, user_id: UserId) -> None:
        """Forget the account's devices."""
        for key in [key for key in self.state.devices if key[0] == user_id]:
            del self.state.devices[key]
