"""Second factors in a dictionary."""

import attrs

from invoke_adapters.memory.state import State
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.second_factor import SecondFactor
from invoke_core.errors import NotFound


@attrs.frozen
class MemorySecondFactorRepository:
    """See `SecondFactorRepository`."""

    state: State

    def find(self, user_id: UserId) -> SecondFactor | None:
        """Return the account's second factor; None where there is none."""
        return self.state.second_factors.get(user_id)

    def put(self, factor: SecondFactor) -> None:
        """Keep the factor, in place of the account's other one."""
        if factor.user_id not in self.state.users:
            raise NotFound("user", factor.user_id)
        self.state.second_factors[factor.user_id] = factor

    def remove(self, user_id: UserId) -> None:
        """Forget the account's second factor."""
        self.state.second_factors.pop(user_id, None)
