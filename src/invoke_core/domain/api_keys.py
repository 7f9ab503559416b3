"""Keys with which programs speak for a person: what each may do, how long it counts."""

import hashlib
import unicodedata
from datetime import datetime

import attrs

from invoke_core.domain.identifiers import ApiKeyId, UserId
from invoke_core.domain.principals import Principal, Scope, Via
from invoke_core.domain.users import User
from invoke_core.errors import Forbidden, Invalid

PREFIX = "ivk_"  # by which a key is known among other credentials, and found by scanners of leaks
MAX_NAME_CHARACTERS = 100
MAX_KEYS = 50  # of one account

_REACH = {Scope.READ: 1, Scope.GENERATE: 2, Scope.FULL: 3}  # each includes the ones before it


@attrs.frozen(kw_only=True)
class ApiKey:
    """A key as it is kept: never its text, of which it keeps a digest alone."""

    key_id: ApiKeyId
    user_id: UserId
    name: str  # the owner's word for it; characters: 1 to 100
    scope: Scope
    digest: str  # see `key_digest`
    created_at: datetime  # aware, UTC
    expires_at: datetime | None  # None: counts until it is removed


def key_text(secret: str) -> str:
    """Return the key that its owner is shown once.

    Args:
        secret: unpredictable text of 256 bits.
    """
    return PREFIX + secret


def is_key(text: str) -> bool:
    """Return whether a credential is meant to be an API key."""
    return text.startswith(PREFIX)


def key_digest(text: str) -> str:
    """Return how a key is kept. It has 256 random bits, so a quick digest keeps it as well as a slow one."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def checked_key_name(text: str) -> str:
    """Return the name, trimmed and NFC-normalised.

    Raises:
        Invalid: it is empty, longer than 100 characters, or holds a control character.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise Invalid("The name of an API key has 1 to 100 characters.", field="name")
    if any(unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"} for character in name):
        raise Invalid("The name of an API key has no control characters.", field="name")
    return name


def counts(key: ApiKey, user: User, now: datetime) -> bool:
    """Return whether the key speaks for the user now; it ends at the instant of its `expires_at`."""
    return (
        user.is_active
        and key.user_id == user.user_id
        and (key.expires_at is None or now < key.expires_at)
    )


def principal_of_key(
    key: ApiKey, user: User, address: str | None, *, must_enroll: bool = False
) -> Principal:
    """Return who a key speaks for: rights come from the account as it is now, within the key's scope.

    Args:
        key: the key.
        user: its account as it is now.
        address: of the client, as text.
        must_enroll: a second factor must be set up before anything else.
    """
    return Principal(
        user_id=user.user_id,
        is_admin=user.is_admin,
        via=Via.API_KEY,
        key_id=key.key_id,
        scope=key.scope,
        must_change_password=user.must_change_password,
        must_enroll=must_enroll,
        ends_at=key.expires_at,
        address=address,
    )


def within_scope(principal: Principal, needed: Scope | None) -> Principal:
    """Return the principal as it may do what needs this scope.

    Who has no key is returned as it is. A key of the scope `generate` works on what is its owner's own,
    so an administrator's has no administrator's rights where it changes something.

    Args:
        principal: who asks.
        needed: the least scope of a key for it; None: no key may do it.

    Raises:
        Forbidden: a key is asking, and its scope does not reach so far.
    """
    if principal.scope is None:
        return principal
    if needed is None:
        raise Forbidden("An API key cannot do this: sign in with your password.")
    if _REACH[principal.scope] < _REACH[needed]:
        raise Forbidden(
            f"This needs an API key of the scope '{needed}': this one is for '{principal.scope}'."
        )
    if needed is Scope.GENERATE and principal.scope is Scope.GENERATE:
        return attrs.evolve(principal, is_admin=False)
    return principal
