"""The second factor: codes of an app that count once each, and recovery codes for when the app is lost.

The app's codes are those of RFC 6238; section 5.2 asks that a code counts once, and that a step or two of
drift are forgiven.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import attrs

from invoke_core.domain.identifiers import UserId
from invoke_core.domain.sign_in import setup_code
from invoke_core.domain.users import User

STEP_SECONDS = 30
DRIFT_STEPS = 1  # either way
RECOVERY_CODES = 10  # of one account
_LETTERS = 16  # of a recovery code: 80 bits
_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


class SecondFactorPolicy(StrEnum):
    """Who must have a second factor."""

    NONE = "none"
    ADMINS = "admins"
    EVERYONE = "everyone"


@attrs.frozen(kw_only=True)
class SecondFactor:
    """The second factor of one account; it is asked for once its owner has proved to have it."""

    user_id: UserId
    sealed_secret: str = attrs.field(repr=False)  # see `OneTimeCodes`
    created_at: datetime  # aware, UTC
    confirmed_at: datetime | None = None  # None: offered, and not in force
    last_step: int = 0  # of the newest code that was used: it and those before it count no more
    recovery: tuple[str, ...] = attrs.field(default=(), repr=False)  # see `recovery_digest`


@attrs.frozen(kw_only=True)
class Proof:
    """What a typed code proves: a step of the app's codes, or an unused recovery code."""

    step: int | None = None
    recovery: str | None = attrs.field(default=None, repr=False)


def must_enroll(user: User, policy: SecondFactorPolicy) -> bool:
    """Return whether the account must set up a second factor before anything else."""
    if user.second_factor:
        return False
    return policy is SecondFactorPolicy.EVERYONE or (
        policy is SecondFactorPolicy.ADMINS and user.is_admin
    )


def step_of(now: datetime) -> int:
    """Return the number of the time step (RFC 6238, 4.2: T)."""
    return int(now.timestamp()) // STEP_SECONDS


def recovery_code(secret: str) -> str:
    """Return a code of 80 bits that a person can type, such as `ABCD-EFGH-IJKL-MNOP`.

    Args:
        secret: unpredictable text; the same text gives the same code.
    """
    return setup_code(secret)


def recovery_digest(typed: str) -> str | None:
    """Return how a recovery code is kept, however it is spaced; None where the text cannot be one.

    A code has 80 random bits, so a quick digest keeps it well enough.
    """
    letters = "".join(typed.upper().replace("-", "").split())
    if len(letters) != _LETTERS or not _ALPHABET.issuperset(letters):
        return None
    return hashlib.sha256(letters.encode()).hexdigest()


def confirmed(
    factor: SecondFactor, step: int, recovery: Sequence[str], now: datetime
) -> SecondFactor:
    """Return the factor in force, with the step that proved it used and new digests of recovery codes."""
    return attrs.evolve(factor, confirmed_at=now, last_step=step, recovery=tuple(recovery))


def spent(factor: SecondFactor, proof: Proof) -> SecondFactor | None:
    """Return the factor after its code was used; None where the code counts no more."""
    if proof.step is not None and proof.step > factor.last_step:
        return attrs.evolve(factor, last_step=proof.step)
    if proof.recovery is not None and proof.recovery in factor.recovery:
        left = tuple(digest for digest in factor.recovery if digest != proof.recovery)
        return attrs.evolve(factor, recovery=left)
    return None
