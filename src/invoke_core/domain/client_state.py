"""What a client remembers for a person between visits, as texts that only the client understands."""

from invoke_core.domain.shelves import storable
from invoke_core.errors import Invalid, TooLarge, TooMany

MAX_KEY_CHARACTERS = 200
MAX_VALUE_CHARACTERS = 1_000_000
MAX_KEYS = 1_000  # of one person
MAX_CHARACTERS = 10_000_000  # of one person's keys and values together


def checked_key(key: str) -> str:
    """Return the key; raise Invalid unless it has 1 to 200 characters that can be stored."""
    if not 1 <= len(key) <= MAX_KEY_CHARACTERS:
        raise Invalid("A key has 1 to 200 characters.", field="key")
    return storable(key, "key")


def checked_value(value: str) -> str:
    """Return the value.

    Raises:
        TooLarge: it is too long.
        Invalid: it holds a character that cannot be stored.
    """
    if len(value) > MAX_VALUE_CHARACTERS:
        raise TooLarge(f"A value has at most {MAX_VALUE_CHARACTERS:,} characters.")
    return storable(value, "value")


def require_room(keys: int, characters: int) -> None:
    """Raise TooMany where a person would have more than is kept for one."""
    if keys > MAX_KEYS:
        raise TooMany(f"A person's client keeps at most {MAX_KEYS:,} keys: delete some first.")
    if characters > MAX_CHARACTERS:
        raise TooMany(
            f"A person's client keeps at most {MAX_CHARACTERS:,} characters: delete something first."
        )
