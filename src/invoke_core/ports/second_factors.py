"""What has to be kept of second factors."""

from typing import Protocol

from invoke_core.domain.identifiers import UserId
from invoke_core.domain.second_factor import SecondFactor


class SecondFactorRepository(Protocol):
    """Second factors, at most one of an account, inside one unit of work; they go with their account."""

    def find(self, user_id: UserId) -> SecondFactor | None:
        """Return the account's second factor, in force or not; None where there is none."""

    def put(self, factor: SecondFactor) -> None:
        """Keep the factor, in place of the account's other one; raise NotFound for an unknown account."""

    def remove(self, user_id: UserId) -> None:
        """Forget the account's second factor; nothing happens where there is none."""
