"""Times in the query of a request."""

from datetime import UTC, datetime

from invoke_core.errors import Invalid


def time_in_query(text: str | None, field: str) -> datetime | None:
    """Return the time that a parameter names, aware; without a zone it is UTC, without a time midnight.

    Args:
        text: ISO 8601, such as `2026-03-01` or `2026-03-01T12:00:00Z`; None: the parameter was left out.
        field: its name, for the error.

    Raises:
        Invalid: the text names no time.
    """
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid("Write a time as 2026-03-01T12:00:00Z, or a day.", field=field) from error
