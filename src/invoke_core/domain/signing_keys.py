"""The keys that sign tokens, as an administrator sees them: never the keys themselves."""

from datetime import datetime

import attrs


@attrs.frozen(kw_only=True)
class SigningKey:
    """One key of the ring."""

    key_id: str
    created_at: datetime  # aware, UTC
    retired_at: datetime | None = None  # since when it signs no more; None: the active one
    is_configured: bool = (
        False  # it stands in the configuration; `created_at`: when it was first seen
    )

    @property
    def is_active(self) -> bool:
        """Whether new tokens are signed with it."""
        return self.retired_at is None
