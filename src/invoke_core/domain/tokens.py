"""What a signed token says; it proves who signed in, never what they may do."""

from datetime import datetime
from enum import StrEnum

import attrs

from invoke_core.domain.identifiers import SessionId, UserId


class TokenAudience(StrEnum):
    """What a token is good for; it counts nowhere else."""

    API = "invoke-api"  # the `Authorization` header
    COOKIE = "invoke-cookie"  # a browser's session cookie
    MEDIA = "media"  # a browser's cookie that fetches pictures


@attrs.frozen(kw_only=True)
class Claims:
    """What a token says. `email` and `is_admin` are for clients to read; the server trusts neither."""

    user_id: UserId
    session_id: SessionId
    email: str
    is_admin: bool
    epoch: int
    audience: TokenAudience = TokenAudience.API
    issued_at: datetime  # aware, UTC, whole seconds
    expires_at: datetime
