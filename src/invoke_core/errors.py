"""Every way in which we say no.

InvokeError
├── Invalid                 a value is missing, mistyped or out of range
├── RuleViolation           a rule refuses
│   ├── LastAdministrator   nobody who can administer would be left
│   ├── WeakPassword        the password policy refuses, with what is missing
│   └── SetupDone           the first administrator exists already
├── Unauthenticated         nobody who counts is asking
│   ├── SecondFactorRequired
│   └── LinkLocked          the password of a link is missing
├── Forbidden               you may see it but not do this
│   ├── PasswordChangeRequired
│   ├── SecondFactorMissing
│   ├── AccountDisabled
│   └── FirstPasswordOver   set by somebody else, and never used while it was good
├── NotFound                it does not exist, or you may not know that it does
├── Conflict                taken, or the state moved on
│   └── LeaseLost           another worker holds the job by now
├── TooLarge                the body, its pixels or an upload is over its limit
├── Unsupported             not a kind of content that we take
├── TooMany                 over a rate or a quota
├── Unavailable             busy past its limit, stopping, or not set up for this
└── StorageFull             the disk is full; nothing half-written stays

The family says what the caller can do about it and settles the HTTP status and the exit code; a leaf
says what happened. The text of an error is one sentence for a person. A mistake in calling code stays
a ``TypeError``.
"""

from collections.abc import Sequence
from typing import ClassVar


class InvokeError(Exception):
    """A refusal that a person can read; ``str(error)`` is one sentence."""

    slug: ClassVar[str] = "error"  # ends the problem document's `type`


class Invalid(InvokeError):
    """A value is missing, mistyped or out of range.

    Attributes:
        field: the dotted path of the field, empty where it is about no single one.
    """

    slug = "invalid"

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class RuleViolation(InvokeError):
    """A rule refuses what was asked."""

    slug = "rule-violation"


class LastAdministrator(RuleViolation):
    """Nobody who can sign in and administer would be left."""

    slug = "last-administrator"

    def __init__(self) -> None:
        super().__init__(
            "This is the last active administrator: make another one before you change this account."
        )


class WeakPassword(RuleViolation):
    """The password policy refuses.

    Attributes:
        reasons: what is missing, one sentence each, in the order of the policy.
    """

    slug = "weak-password"

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = tuple(reasons)


class SetupDone(RuleViolation):
    """The first administrator exists already."""

    slug = "setup-done"

    def __init__(self) -> None:
        super().__init__("Administrator account already configured")


class Unauthenticated(InvokeError):
    """No credential, or one that does not count (any more)."""

    slug = "unauthenticated"


class SecondFactorRequired(Unauthenticated):
    """The password is right; the code of the second factor is missing, wrong, or was used already."""

    slug = "second-factor-required"


class LinkLocked(Unauthenticated):
    """The link is right, and has a password that was not given yet, or was wrong."""

    slug = "link-password-required"


class Forbidden(InvokeError):
    """The principal may see it, or knows of it, but may not do this."""

    slug = "forbidden"


class PasswordChangeRequired(Forbidden):
    """The account must choose a new password before anything else."""

    slug = "password-change-required"

    def __init__(self) -> None:
        super().__init__("Choose a new password first.")


class SecondFactorMissing(Forbidden):
    """The account must set up a second factor before anything else."""

    slug = "second-factor-setup-required"

    def __init__(self) -> None:
        super().__init__("Set up a second factor first.")


class AccountDisabled(Forbidden):
    """The right password of an account that an administrator has deactivated."""

    slug = "account-disabled"

    def __init__(self) -> None:
        super().__init__("This account is disabled: ask an administrator to reactivate it.")


class FirstPasswordOver(Forbidden):
    """The right password, which was for a first sign-in within seven days that never came."""

    slug = "first-password-over"

    def __init__(self) -> None:
        super().__init__(
            "This password was good for seven days: ask an administrator for a new one, or for a link."
        )


class NotFound(InvokeError):
    """It does not exist, or the principal may not know that it does; both read alike.

    Attributes:
        kind: the noun, as in "board".
        id: what was asked for.
    """

    slug = "not-found"

    def __init__(self, kind: str, id: str | int) -> None:
        super().__init__(f"There is no {kind} {str(id)[:100]!r}.")
        self.kind = kind
        self.id = id


class Conflict(InvokeError):
    """The name is taken, or the state moved on."""

    slug = "conflict"


class LeaseLost(Conflict):
    """The job is not this worker's any more: its late result must be thrown away."""

    slug = "lease-lost"


class TooLarge(InvokeError):
    """The body, its pixels or an upload is over its limit."""

    slug = "too-large"


class Unsupported(InvokeError):
    """Not a kind of content that we take."""

    slug = "unsupported"


class TooMany(InvokeError):
    """Over a rate or a quota.

    Attributes:
        retry_after: seconds after which another try can succeed; None where time does not help.
    """

    slug = "too-many"

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(InvokeError):
    """Busy past its limit, stopping, or not set up for this.

    Attributes:
        retry_after: seconds after which another try is sensible; None where time does not help.
    """

    slug = "unavailable"

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StorageFull(InvokeError):
    """The disk is full; nothing half-written stays."""

    slug = "storage-full"
