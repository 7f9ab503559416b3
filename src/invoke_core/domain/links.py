"""Links that let whoever holds them choose the password of one account, once."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import attrs

from invoke_core.domain.identifiers import UserId


class LinkPurpose(StrEnum):
    """What a link is good for. The word also stands in its path."""

    INVITATION = "invitation"
    RESET = "password-reset"


LINK_LIVES: Mapping[LinkPurpose, timedelta] = {
    LinkPurpose.INVITATION: timedelta(days=7),
    LinkPurpose.RESET: timedelta(hours=24),
}


@attrs.frozen(kw_only=True)
class AccountLink:
    """A link that was handed out; an account has at most one, the newest."""

    user_id: UserId
    purpose: LinkPurpose
    digest: str  # of the token, which is kept nowhere
    created_at: datetime  # aware, UTC
    expires_at: datetime


def link_digest(token: str) -> str:
    """Return how a token of 256 random bits is kept: a plain digest, for nobody can guess the text."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def link_url(site: str, purpose: LinkPurpose, token: str) -> str:
    """Return the address that a person opens; its last path segment is the token.

    Args:
        site: the address of the server, such as `https://invoke.example.com/`.
        purpose: what the link is good for.
        token: the secret of the link.
    """
    return f"{site.rstrip('/')}/{purpose}/{token}"
