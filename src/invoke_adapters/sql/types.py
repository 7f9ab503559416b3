"""How values of the domain stand in columns, so that a person with a plain shell can read them."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Any, Generic, NoReturn, TypeVar

import cattrs.preconf.json
import sqlalchemy as sa

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
I = TypeVar("I", bound=IntEnum)  # noqa: E741

Converter = Callable[[Any], Any]

_converter = cattrs.preconf.json.make_converter()

# Texts compare by code points everywhere, as Python's do: lists come in one order on every database.
Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# SQLite gives numbers out by itself for a column of exactly this type only.
Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


_WHOLE = len("2026-03-01 12:00:00.000000")


def _time(value: str | None) -> datetime | None:
    """Return the datetime, aware, UTC; also of a text that a person wrote with SQL."""
    if value is None:
        return None
    if len(value) == _WHOLE:  # as we write them: in one step
        return datetime.fromisoformat(value + "+00:00")
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


class _Members(dict[str | None, Any]):
    """The members of an enumeration by their words."""

    def __missing__(self, word: str | None) -> NoReturn:
        raise ValueError(f"{word!r} is none of the words of this column")


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware datetime as `2026-03-01 12:00:00.000000`, in UTC: it sorts, and SQLite's functions read it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:
        """Return the text; a naive datetime is a mistake of the caller."""
        return None if value is None else _text_of(value)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Converter:
        """Return what makes a text a datetime, as one plain function: a page has hundreds of times."""
        return _time


@lru_cache(maxsize=64)  # one unit of work keeps the same time in many rows
def _text_of(value: datetime) -> str:
    if value.tzinfo is None:
        raise TypeError("A datetime without a time zone cannot be kept.")
    return value.astimezone(UTC).isoformat(" ", "microseconds")[:26]


class Day(sa.TypeDecorator[date]):
    """A day as `2026-03-01`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: sa.Dialect) -> str | None:
        """Return the text."""
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> date | None:
        """Return the day."""
        return None if value is None else date.fromisoformat(value)


class Word(sa.TypeDecorator[E], Generic[E]):
    """One of an enumeration's words; any other is an error, going in as well as coming out."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[E]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: E | None, dialect: sa.Dialect) -> str | None:
        """Return the word as plain text."""
        return None if value is None else str(self.words(value).value)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Converter:
        """Return what makes a word a member, as one plain function that asks a table and no enumeration."""
        members = _Members({str(word.value): word for word in self.words})
        members[None] = None
        return members.__getitem__


class Level(sa.TypeDecorator[I], Generic[I]):
    """One of an enumeration's numbers."""

    impl = sa.Integer
    cache_ok = True

    def __init__(self, levels: type[I]) -> None:
        super().__init__()
        self.levels = levels

    def process_bind_param(self, value: I | None, dialect: sa.Dialect) -> int | None:
        """Return the plain number."""
        return None if value is None else int(self.levels(value))

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> I | None:
        """Return the member."""
        return None if value is None else self.levels(value)


class Json(sa.TypeDecorator[T], Generic[T]):
    """A value of the domain as JSON text in ASCII."""

    impl = Text
    cache_ok = True

    def __init__(self, type: Any) -> None:
        super().__init__()
        self.type = type

    def process_bind_param(self, value: T | None, dialect: sa.Dialect) -> str | None:
        """Return the text."""
        if value == ():  # most jobs have no pictures yet, and there may be thousands of them
            return "[]"
        return None if value is None else _converter.dumps(value, unstructure_as=self.type)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> T | None:
        """Return the value."""
        result: T | None = None if value is None else _converter.loads(value, self.type)
        return result
