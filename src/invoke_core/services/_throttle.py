"""The brake on wrong sign-ins: a try is counted as a failure before it is known to be one."""

import math
from collections.abc import Sequence

import attrs

from invoke_core.domain.sign_in import Client
from invoke_core.domain.throttle import (
    Tally,
    account_key,
    address_key,
    counted,
    device_digest,
    opens_at,
    taken_back,
)
from invoke_core.domain.users import User
from invoke_core.errors import TooMany
from invoke_core.ports.clock import Clock
from invoke_core.ports.unit_of_work import Work, Writing


@attrs.frozen
class Brake:
    """Counts tries. Counting first, in a unit of its own, holds the limits also for tries side by side."""

    writing: Writing
    clock: Clock

    def reserve(self, email: str, client: Client, user: User | None) -> Sequence[tuple[str, str]]:
        """Count a try as a failure; return what was counted, for `succeeded`.

        A device that signed in to the account before is counted on its own alone, so that nobody else can
        lock its owner out.

        Args:
            email: the address that was typed.
            client: where the try comes from.
            user: the account of the address; None where there is none.

        Raises:
            TooMany: there were too many; alike for an account that does not exist.
        """
        account, address = account_key(email), address_key(client.address)
        now = self.clock.now()
        with self.writing() as work:
            keys = [(account, address or "unknown"), (account, "")]
            if address:  # all who come without one would share a limit
                keys.append(("", address))
            if client.device is not None and user is not None:
                digest = device_digest(client.device)
                if work.throttle.knows_device(user.user_id, digest):
                    keys = [(account, f"device:{digest}")]
            fresh = [
                work.throttle.find(*key)
                or Tally(account=key[0], address=key[1], first_at=now, last_at=now)
                for key in keys
            ]
            opens = max(map(opens_at, fresh), default=now)
            if opens > now:
                seconds = math.ceil((opens - now).total_seconds())
                raise TooMany(
                    f"Too many wrong sign-ins: try again in {_words(seconds)}.", retry_after=seconds
                )
            for tally in fresh:
                work.throttle.put(counted(tally, now))
        return [(tally.account, tally.address) for tally in fresh]

    def undo(self, work: Work, reserved: Sequence[tuple[str, str]]) -> None:
        """Take a try back that was no failure, and forgive none of those before it."""
        for account, address in reserved:
            tally = work.throttle.find(account, address)
            if tally is not None:
                work.throttle.put(taken_back(tally))

    def succeeded(self, work: Work, reserved: Sequence[tuple[str, str]]) -> None:
        """Take a try back that was right; those before it from the same place are forgiven too."""
        for account, address in reserved:
            tally = work.throttle.find(account, address)
            if tally is None:
                continue
            if account and address:
                work.throttle.remove(account, address)
            else:
                work.throttle.put(taken_back(tally))


def _words(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} seconds"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{math.ceil(minutes / 60)} hours"
