"""Whoever is signed in proves to know the password too."""

import attrs

from invoke_core.domain.audit import AuditAction, Target
from invoke_core.domain.principals import Principal
from invoke_core.domain.sign_in import Client
from invoke_core.domain.users import User
from invoke_core.errors import RuleViolation
from invoke_core.ports.clock import Clock
from invoke_core.ports.hashing import PasswordHasher
from invoke_core.ports.unit_of_work import Writing
from invoke_core.services._throttle import Brake


@attrs.frozen
class OwnPassword:
    """Compares one's own password, with the limits of a sign-in."""

    writing: Writing
    clock: Clock
    hasher: PasswordHasher

    def require(self, principal: Principal, user: User, typed: str) -> None:
        """Return where the typed password is the account's.

        Raises:
            RuleViolation: it is not.
            TooMany: there were too many wrong tries.
        """
        brake = Brake(self.writing, self.clock)
        reserved = brake.reserve(user.email, Client(address=principal.address), user)
        if not self.hasher.verify(typed, user.password_hash).matches:
            with self.writing() as work:
                work.audit.record(
                    principal,
                    AuditAction.SIGN_IN_FAILED,
                    Target("user", user.user_id),
                    at=self.clock.now(),
                    after={"reason": "wrong current password"},
                )
            raise RuleViolation("The current password is not right.")
        with self.writing() as work:
            brake.succeeded(work, reserved)
