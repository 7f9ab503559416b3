"""How much of the disk a person's pictures may take."""

from invoke_core.domain.users import User
from invoke_core.errors import Invalid, TooMany

NO_QUOTA = -1  # in place of an account's quota: whatever the server's setting says, it has none
QUOTA_OF_SERVER = -2  # in a change of an account: as the setting says, from now on


def checked_quota(quota: int) -> int:
    """Return the quota; raise Invalid for a number that is none."""
    if not QUOTA_OF_SERVER <= quota < 2**63:
        raise Invalid("A quota is a number of bytes.", field="storage_quota_bytes")
    return quota


def quota_of(user: User, default: int | None) -> int | None:
    """Return how many bytes the account's pictures may take; None: as many as there is room for.

    Args:
        user: the account.
        default: for accounts that have no quota of their own.
    """
    if user.storage_quota_bytes is None:
        return default
    return None if user.storage_quota_bytes == NO_QUOTA else user.storage_quota_bytes


def require_room(used: int, added: int, quota: int | None) -> None:
    """Raise TooMany where so many bytes more would be over the quota.

    Args:
        used: bytes that the account's pictures take, thumbnails and bin included.
        added: bytes that would come to them; 0 asks whether any could.
        quota: None: there is none.
    """
    if quota is None:
        return
    if used + added > quota or (added == 0 and used >= quota):
        raise TooMany(
            f"Your pictures take {shown_size(used)} of the {shown_size(quota)} that you may have:"
            " delete some and empty the bin, or ask an administrator for more."
        )


def shown_size(size: int) -> str:
    """Return a number of bytes as a person reads it."""
    value, unit = float(size), "bytes"
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
