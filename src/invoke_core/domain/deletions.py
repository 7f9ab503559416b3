"""Accounts that own so much that their deletion takes many transactions."""

from datetime import datetime

import attrs

from invoke_core.domain.identifiers import UserId


@attrs.frozen(kw_only=True)
class Deletion:
    """A deletion that has begun: the account is deactivated, and its pictures go step by step."""

    user_id: UserId
    heir_id: UserId | None = None  # who gets the content; None: it goes
    created_at: datetime  # aware, UTC
