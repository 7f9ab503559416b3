"""What people do with their second factor, and administrators with a lost one."""

from collections.abc import Sequence

import attrs

from invoke_core.domain.audit import AuditAction, Target
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.principals import (
    Principal,
    require_administrator,
    require_no_key,
    require_own_password,
)
from invoke_core.domain.second_factor import (
    RECOVERY_CODES,
    SecondFactor,
    confirmed,
    recovery_code,
    recovery_digest,
)
from invoke_core.domain.users import require_changeable
from invoke_core.errors import Conflict, RuleViolation
from invoke_core.ports.clock import Clock
from invoke_core.ports.hashing import PasswordHasher
from invoke_core.ports.one_time_codes import OneTimeCodes
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services._own_password import OwnPassword


@attrs.frozen(kw_only=True)
class Enrolment:
    """What an app needs to show codes."""

    secret: str = attrs.field(repr=False)  # base32, to be typed
    uri: str = attrs.field(repr=False)  # the same, to be read from a picture


@attrs.frozen(kw_only=True)
class SecondFactorService:
    """What people do with their second factor; an API key can do none of it."""

    reading: Reading
    writing: Writing
    hasher: PasswordHasher
    codes: OneTimeCodes
    clock: Clock
    randomness: Randomness

    def enroll(self, principal: Principal) -> Enrolment:
        """Offer a new secret; it is asked for at sign-in only after `confirm`.

        Raises:
            Forbidden: an API key is asking, or the password must be changed first.
            RuleViolation: the account is `system`.
            Conflict: a second factor is in force.
        """
        self._require_own(principal)
        sealed = self.codes.new_secret()
        with self.writing() as work:
            user = work.users.get(principal.user_id)
            _require_none_in_force(work, user.user_id)
            work.second_factors.put(
                SecondFactor(
                    user_id=user.user_id, sealed_secret=sealed, created_at=self.clock.now()
                )
            )
        return Enrolment(
            secret=self.codes.reveal(sealed), uri=self.codes.uri(sealed, account=user.email)
        )

    def confirm(self, principal: Principal, code: str) -> Sequence[str]:
        """Put the offered secret in force, by a code that follows from it.

        Returns:
            Ten recovery codes, each good for one sign-in without the app; they are never shown again.

        Raises:
            Forbidden: an API key is asking, or the password must be changed first.
            RuleViolation: no secret was offered, or the code is not right.
            Conflict: a second factor is in force, or another secret was offered meanwhile.
        """
        self._require_own(principal)
        with self.reading() as work:
            _require_none_in_force(work, principal.user_id)
            offered = work.second_factors.find(principal.user_id)
        if offered is None:
            raise RuleViolation("Ask for a secret first.")
        now = self.clock.now()
        step = self.codes.match(offered.sealed_secret, code, now)
        if step is None:
            raise RuleViolation("This code is not right: type the one that your app shows now.")
        recovery = [recovery_code(self.randomness.secret()) for _ in range(RECOVERY_CODES)]
        digests = [digest for digest in map(recovery_digest, recovery) if digest is not None]
        with self.writing() as work:
            if work.second_factors.find(principal.user_id) != offered:
                raise Conflict("The second factor was changed meanwhile: begin again.")
            work.second_factors.put(confirmed(offered, step, digests, now))
            self._mark(work, principal.user_id, in_force=True)
            self._record(work, principal, AuditAction.SECOND_FACTOR_CONFIRM, principal.user_id)
        return recovery

    def remove(self, principal: Principal, password: str) -> None:
        """Do without one's second factor, offered or in force, from now on.

        Raises:
            Forbidden: an API key is asking, or the password must be changed first.
            RuleViolation: the password is not right, or the account is `system`.
            TooMany: there were too many wrong tries.
        """
        self._require_own(principal)
        with self.reading() as work:
            user = work.users.get(principal.user_id)
        OwnPassword(self.writing, self.clock, self.hasher).require(principal, user, password)
        with self.writing() as work:
            work.second_factors.remove(principal.user_id)
            self._mark(work, principal.user_id, in_force=False)
            self._record(work, principal, AuditAction.SECOND_FACTOR_REMOVE, principal.user_id)

    def reset(self, principal: Principal, user_id: UserId) -> None:
        """Take the second factor off an account whose owner lost it.

        Raises:
            Forbidden: the principal is no administrator, or an API key.
            NotFound: the account is unknown.
        """
        require_administrator(principal)
        require_no_key(principal)
        with self.writing() as work:
            work.users.get(user_id)
            work.second_factors.remove(user_id)
            self._mark(work, user_id, in_force=False)
            self._record(work, principal, AuditAction.SECOND_FACTOR_RESET, user_id)

    def _record(
        self, work: Work, principal: Principal, action: AuditAction, user_id: UserId
    ) -> None:
        work.audit.record(principal, action, Target("user", user_id), at=self.clock.now())

    def _require_own(self, principal: Principal) -> None:
        """Let pass also who must set up a second factor before anything else."""
        require_own_password(principal)
        require_no_key(principal)
        require_changeable(principal.user_id)

    def _mark(self, work: Work, user_id: UserId, *, in_force: bool) -> None:
        user = work.users.get(user_id)
        if user.second_factor != in_force:
            now = self.clock.now()
            work.users.put(attrs.evolve(user, second_factor=in_force, updated_at=now))


def _require_none_in_force(work: Work, user_id: UserId) -> None:
    factor = work.second_factors.find(user_id)
    if factor is not None and factor.confirmed_at is not None:
        raise Conflict("A second factor is in force already: remove it first.")
