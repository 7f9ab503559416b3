"""A database with one method replaced, and the usual ways to get a method wrong."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import attrs

from invoke_core.ports.unit_of_work import Database

Replacement = Callable[..., Any]  # (work, real method, *arguments) -> what the broken one returns


@attrs.frozen
class Fault:
    """A way in which a store can be wrong."""

    target: str  # such as `users.get`, or `reading`, `writing` or `bell` of the database itself
    replacement: Replacement


@attrs.frozen
class _BrokenRepository:
    work: Any
    real: Any
    method: str
    replacement: Replacement

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.real, name)
        if name != self.method:
            return found
        return lambda *args, **kwargs: self.replacement(self.work, found, *args, **kwargs)


@attrs.frozen
class _BrokenWork:
    real: Any
    port: str
    method: str
    replacement: Replacement

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.real, name)
        if name != self.port:
            return found
        return _BrokenRepository(self.real, found, self.method, self.replacement)


class BrokenDatabase:
    """A right database with one fault."""

    def __init__(self, database: Database, fault: Fault) -> None:
        self._database = database
        self._fault = fault

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._database, name)
        if name != self._fault.target:
            return found
        return lambda: self._fault.replacement(self._database, found)

    def reading(self) -> AbstractContextManager[Any]:
        """Open a reading unit."""
        return self._unit("reading")

    def writing(self) -> AbstractContextManager[Any]:
        """Open a writing unit."""
        return self._unit("writing")

    @contextmanager
    def _unit(self, kind: str) -> Iterator[Any]:
        port, _, method = self._fault.target.partition(".")
        opened = getattr(self._database, kind)
        if port == kind:
            with self._fault.replacement(self._database, opened) as work:
                yield work
        else:
            with opened() as work:
                yield _BrokenWork(work, port, method, self._fault.replacement)


def returning(value: Any) -> Replacement:
    """Return the same whatever is asked."""
    return lambda work, real, *args, **kwargs: value


def raising(error: BaseException) -> Replacement:
    """Refuse whatever is asked."""

    def replacement(work: Any, real: Any, *args: Any, **kwargs: Any) -> Any:
        raise error

    return replacement


def forgiving(*errors: type[BaseException], result: Any = None) -> Replacement:
    """Return a result where an error belongs."""

    def replacement(work: Any, real: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return real(*args, **kwargs)
        except errors:
            return result

    return replacement


def after(change: Callable[[Any], Any]) -> Replacement:
    """Change what comes back."""
    return lambda work, real, *args, **kwargs: change(real(*args, **kwargs))


def ignoring(*names: str) -> Replacement:
    """Take no notice of some arguments by name."""
    return lambda work, real, *args, **kwargs: real(
        *args, **{key: value for key, value in kwargs.items() if key not in names}
    )


def with_first(change: Callable[[Any], Any]) -> Replacement:
    """Change the first argument."""
    return lambda work, real, first, *args, **kwargs: real(change(first), *args, **kwargs)


def with_query(**changes: Any) -> Replacement:
    """Change the query, which is the last positional argument."""

    def replacement(work: Any, real: Any, *args: Any, **kwargs: Any) -> Any:
        return real(*args[:-1], attrs.evolve(args[-1], **changes), **kwargs)

    return replacement


def evolved(**changes: Any) -> Callable[[Any], Any]:
    """Return a function that changes fields of a value."""
    return lambda value: attrs.evolve(value, **changes)


def backwards(found: Any) -> Any:
    """Return a list, or the items of a page, in the opposite order."""
    if isinstance(found, list | tuple):
        return list(found)[::-1]
    return attrs.evolve(found, items=list(found.items)[::-1])


def total_of_the_page(page: Any) -> Any:
    """Return a page that counts its own items alone."""
    return attrs.evolve(page, total=len(page.items))
