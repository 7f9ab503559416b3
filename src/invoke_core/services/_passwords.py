"""What becomes of a password that is replaced: it is remembered, and not taken again."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from invoke_core.domain.identifiers import UserId
from invoke_core.domain.passwords import AcceptedPassword, PasswordPolicy
from invoke_core.domain.users import User
from invoke_core.errors import RuleViolation
from invoke_core.ports.hashing import PasswordHasher
from invoke_core.ports.unit_of_work import Work


@attrs.frozen
class PasswordMemory:
    """The last passwords of accounts, as long as the policy asks for them."""

    hasher: PasswordHasher
    policy: PasswordPolicy

    def former(self, work: Work, user_id: UserId) -> Sequence[str]:
        """Return the hashes before the present one that cannot be chosen again."""
        if not self.policy.former:
            return ()
        return work.former_passwords.recent(user_id, self.policy.former)

    def require_new(self, accepted: AcceptedPassword, user: User, former: Sequence[str]) -> None:
        """Refuse a password that the account has or had; slow, so never inside a unit of work.

        Raises:
            RuleViolation: it is the present one, or one of the former ones.
        """
        if user.password_hash and self.hasher.verify(accepted.text, user.password_hash).matches:
            raise RuleViolation("The new password is the current one: choose another.")
        if any(self.hasher.verify(accepted.text, old).matches for old in former):
            raise RuleViolation("This account had that password before: choose another.")

    def replaced(self, work: Work, before: User, now: datetime) -> None:
        """Remember the password that an account had until now."""
        if self.policy.former and before.password_hash is not None:
            work.former_passwords.add(
                before.user_id, before.password_hash, now, keep=self.policy.former
            )
