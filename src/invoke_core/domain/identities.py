"""Sign-ins at other places: what a provider says of somebody, and which account that makes them.

The words follow OpenID Connect Core 1.0: an issuer vouches for a subject, which is a person there.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import attrs

from invoke_core.domain.identifiers import SYSTEM, IdentityId, UserId
from invoke_core.domain.users import User, checked_display_name, checked_email
from invoke_core.errors import Forbidden, Invalid

LOGIN_LIFE = timedelta(minutes=10)  # from leaving for the provider to coming back
MAX_LOGINS = 100  # that one network may have under way; the newest count
MAX_NEXT_PATH = 2000  # characters
SECRET_CHARACTERS = 43  # of 256 random bits in base64


@attrs.frozen(kw_only=True)
class ProviderRules:
    """A provider, and what an administrator lets it decide."""

    name: str  # stands in paths
    label: str  # stands on buttons and in sentences
    create_accounts: bool = False  # strangers get an account
    link_accounts: bool = True  # the account of a vouched-for address becomes its owner's
    allowed_domains: tuple[str, ...] = ()  # only addresses of these come in; none: of every one
    admin_claim: str | None = None  # None: the provider says nothing of administrators
    admin_values: tuple[str, ...] = ()  # any of them; none: the claim is `true`
    second_factor_claim: str | None = None  # None: the provider vouches for no second factor
    second_factor_values: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Identity:
    """A person at an issuer, and whose account that is.

    It outlives the account: whoever was deleted must not come back as a stranger by signing in.
    """

    identity_id: IdentityId
    issuer: str
    subject: str  # at most 255 characters; never given to another person
    user_id: UserId | None  # None: the account was deleted
    claims_admin: bool = False  # what the provider last said, as far as it was followed
    created_at: datetime  # aware, UTC


@attrs.frozen(kw_only=True)
class Handshake:
    """The secrets of one sign-in; nonce and verifier follow from the others, and are kept nowhere."""

    state: str = attrs.field(repr=False)
    nonce: str = attrs.field(repr=False)
    verifier: str = attrs.field(repr=False)  # RFC 7636: PKCE


@attrs.frozen(kw_only=True)
class Vouched:
    """What a provider says of the person who signed in there, once it is proved to be its word."""

    issuer: str
    subject: str
    id_token: Mapping[str, Any]  # claims
    userinfo: Mapping[str, Any]  # claims of the same subject; empty where there are none


@attrs.frozen(kw_only=True)
class Person:
    """What the server makes of it."""

    issuer: str
    subject: str
    email: str | None  # None: none that the provider vouches for
    display_name: str | None
    is_admin: bool | None  # None: the provider is not asked
    second_factor: bool  # the provider vouches for one


@attrs.frozen(kw_only=True)
class ProviderLogin:
    """A sign-in that has left for a provider, or has come back and waits for a code of our second factor."""

    digest: str  # of its state, or of the ticket that the code comes with
    provider: str  # the name
    browser: str  # digest of the secret that the browser keeps
    next_path: str  # where it goes afterwards
    remember_me: bool
    network: str  # see `address_key`
    created_at: datetime  # aware, UTC
    expires_at: datetime
    person: Person | None = None  # who came back; None: nobody yet


class Arrival(StrEnum):
    """How somebody comes in."""

    KNOWN = "known"  # the identity has an account
    LINKED = "linked"  # the account of the address is theirs from now on
    NEW = "new"  # they get an account


def handshake(state: str, browser: str) -> Handshake:
    """Return the secrets of the sign-in with this state in the browser with this secret."""

    def derived(word: str) -> str:
        mac = hmac.new(browser.encode(), f"{word}:{state}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(mac.digest()).decode().rstrip("=")

    return Handshake(state=state, nonce=derived("nonce"), verifier=derived("verifier"))


def login_digest(secret: str) -> str:
    """Return how a state, or a browser's secret, of 256 random bits is kept."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def is_browser_secret(text: str | None) -> bool:
    """Return whether the text can be a secret that we gave a browser."""
    return text is not None and len(text) == SECRET_CHARACTERS and text.isascii()


def checked_next_path(text: str) -> str:
    """Return the path where a browser goes after its sign-in.

    Raises:
        Invalid: it could lead to another site, or is longer than 2,000 characters.
    """
    if (
        not text.startswith("/")
        or text.startswith("//")
        or "\\" in text  # browsers take it for a slash
        or len(text) > MAX_NEXT_PATH
        # Browsers drop tabs and line ends, which may part two slashes.
        or not all(character.isascii() and character.isprintable() for character in text)
        or " " in text
    ):
        raise Invalid(
            "The path after the sign-in begins with one slash and leads nowhere else.", field="next"
        )
    return text


def person_of(rules: ProviderRules, vouched: Vouched) -> Person:
    """Return what the server makes of what the provider says; an address counts only if verified."""
    claims = {**vouched.userinfo, **vouched.id_token}
    return Person(
        issuer=vouched.issuer,
        subject=vouched.subject,
        email=_verified_email(vouched),
        display_name=_display_name(claims),
        is_admin=None
        if rules.admin_claim is None
        else _holds(claims, rules.admin_claim, rules.admin_values),
        second_factor=rules.second_factor_claim is not None
        and _holds(vouched.id_token, rules.second_factor_claim, rules.second_factor_values),
    )


def arrival(
    rules: ProviderRules,
    person: Person,
    *,
    identity: Identity | None,
    same_address: User | None,
    of_account: Sequence[Identity],
) -> Arrival:
    """Return how the person comes in.

    Args:
        rules: of the provider.
        person: who came back from it.
        identity: the one of its issuer and subject; None where nobody came so before.
        same_address: the account of the person's address.
        of_account: the identities of that account.

    Raises:
        Forbidden: they do not; the sentence says what to do.
    """
    if rules.allowed_domains and not _is_of(person.email, rules.allowed_domains):
        domains = " or ".join(rules.allowed_domains)
        raise Forbidden(
            f"{rules.label} must vouch for an address of yours at {domains}: sign in there as"
            " somebody who has one."
        )
    if identity is not None and identity.user_id is not None:
        return Arrival.KNOWN
    if person.email is None:
        raise Forbidden(
            f"{rules.label} does not vouch for your e-mail address: verify it there, then sign in"
            " again, or sign in with a password."
        )
    if same_address is not None:
        _require_linkable(rules, person, same_address, of_account)
        return Arrival.LINKED
    if identity is not None:
        raise Forbidden(
            "Your account was deleted: ask an administrator of this server for a new one."
        )
    if not rules.create_accounts:
        raise Forbidden(
            "You have no account here: ask an administrator of this server for one with the"
            f" address {person.email}."
        )
    return Arrival.NEW


def is_admin_after(user: User, person: Person, *, claimed_before: bool) -> bool:
    """Return whether the account administers once its owner has come in.

    A claim that came or went decides. One that stays as it was leaves the account as administrators made
    it, so that a demotion of theirs is not undone by the next sign-in.

    Args:
        user: the account as it is.
        person: who came back from the provider.
        claimed_before: what the provider said the last time.
    """
    if person.is_admin is None or person.is_admin == claimed_before:
        return user.is_admin
    return person.is_admin


def asks_for_code(person: Person, user: User) -> bool:
    """Return whether a code of our own second factor is asked for besides the provider's word."""
    return user.second_factor and not person.second_factor


def is_same_mailbox(one: str, other: str) -> bool:
    """Return whether two spellings reach one mailbox, as far as every mail server agrees.

    Stricter than `email_identity`: letters that merely look alike may be two people's.
    """
    return _ascii_folded(one) == _ascii_folded(other)


def _require_linkable(
    rules: ProviderRules, person: Person, user: User, identities: Sequence[Identity]
) -> None:
    taken = any(i.issuer == person.issuer and i.subject != person.subject for i in identities)
    if user.user_id == SYSTEM or not is_same_mailbox(user.email, person.email or ""):
        raise Forbidden("Your address looks like another account's: ask an administrator.")
    if not rules.link_accounts:
        raise Forbidden(
            f"There is an account of your address, and {rules.label} may not open it: sign in with"
            " your password."
        )
    if taken:  # an address that was given to somebody new
        raise Forbidden(
            f"The account of your address belongs to somebody else at {rules.label}: ask an"
            " administrator to untie it."
        )


def _verified_email(vouched: Vouched) -> str | None:
    """Return the address that the provider vouches for; address and its word come from one text."""
    for claims in (vouched.id_token, vouched.userinfo):
        email = claims.get("email")
        if claims.get("email_verified") is True and isinstance(email, str):
            try:
                checked = checked_email(email)
            except Invalid:
                return None
            # What was verified is the very text: a sign of another mailbox may compose to this one's.
            return email if checked == email else None
    return None


def _display_name(claims: Mapping[str, Any]) -> str | None:
    name = claims.get("name")
    try:
        return checked_display_name(name) if isinstance(name, str) else None
    except Invalid:
        return None


def _holds(claims: Mapping[str, Any], path: str, values: Sequence[str]) -> bool:
    """Return whether a claim has one of the values, in a list or alone; without values: is `true`."""
    found = _at(claims, path)
    if not values:
        return found is True
    several = found if isinstance(found, list) else [found]
    return any(isinstance(one, str) and one in values for one in several)


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """Return the claim of this name, else the one that the dots lead to, else None."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for word in path.split("."):
        found = found.get(word) if isinstance(found, Mapping) else None
    return found


def _is_of(email: str | None, domains: Sequence[str]) -> bool:
    domain = _ascii_folded((email or "").rpartition("@")[2])
    return bool(domain) and domain in {_ascii_folded(each) for each in domains}


def _ascii_folded(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)
