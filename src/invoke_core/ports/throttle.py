"""What has to be kept of wrong sign-ins, and of the devices that signed in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from invoke_core.domain.identifiers import UserId
from invoke_core.domain.throttle import Tally


class ThrottleRepository(Protocol):
    """Tallies of failures and known devices, inside one unit of work."""

    def find(self, account: str, address: str) -> Tally | None:
        """Return the tally of exactly this account and address, or None."""

    def of_accounts(self, accounts: Sequence[str]) -> Sequence[Tally]:
        """Return the tallies of these accounts, by account, then address; none for an unknown one."""

    def put(self, tally: Tally) -> None:
        """Keep the tally, in place of the one of its account and address."""

    def remove(self, account: str, address: str) -> None:
        """Forget a tally; nothing happens where there is none."""

    def remove_account(self, account: str) -> None:
        """Forget every tally of an account, whatever the address."""

    def remove_before(self, at: datetime) -> int:
        """Forget tallies whose last failure was before; return how many went."""

    def add_device(self, user_id: UserId, digest: str, at: datetime) -> None:
        """Know a device of the account from now on; of more than 50 the newest are kept.

        Raises:
            NotFound: the account is unknown.
        """

    def knows_device(self, user_id: UserId, digest: str) -> bool:
        """Return whether the device signed in to the account before."""

    def remove_devices(self, user_id: UserId) -> None:
        """Forget the account's devices."""
