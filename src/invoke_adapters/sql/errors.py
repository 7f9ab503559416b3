"""Drivers' errors become ours."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import sqlalchemy as sa

from invoke_core.errors import Invalid, StorageFull, Unavailable

INTEGRITY = (sa.exc.IntegrityError, sqlite3.IntegrityError)
"""A key that is taken, or points to nothing: also where a statement goes to the driver itself."""

BUSY = "The database is busy: try again in a moment."
_FULL = "The disk is full or failing: free some space; nothing half-written was kept."
_DAMAGED = (
    "The database file is damaged or no database: stop the server and restore a backup of it."
)
_CLOSED = "The database file cannot be opened or written: check the folder's owner and permissions."
_AWAY = "The database server does not answer: check that it runs and that the address is right."
_UNSTORABLE = "A text holds a character that cannot be stored."


@contextmanager
def translated(*, writing: bool) -> Iterator[None]:
    """Let a driver's errors pass as ours: the first that knows what they mean is a whole unit of work.

    Args:
        writing: whether the unit may write; in another one a refused write is the caller's mistake.
    """
    try:
        yield
    except Exception as error:
        ours = as_ours(error, writing=writing)
        if ours is error:
            raise
        raise ours from error


def as_ours(error: Exception, *, writing: bool) -> Exception:
    """Return what a driver's error means; any other error is returned as it is."""
    if isinstance(error, sa.exc.TimeoutError):
        return Unavailable(BUSY, retry_after=1)
    if isinstance(error, UnicodeEncodeError):
        return Invalid(_UNSTORABLE)
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error, writing=writing)
    if isinstance(error, sa.exc.DBAPIError):
        if isinstance(error.orig, sqlite3.Error):
            return _of_sqlite(error.orig, writing=writing)
        return _of_postgresql(error, writing=writing)
    return error


def _of_sqlite(error: sqlite3.Error, *, writing: bool) -> Exception:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code of extended ones
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return Unavailable(BUSY, retry_after=1)
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return StorageFull(_FULL)
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return Unavailable(_DAMAGED)
    if code == sqlite3.SQLITE_READONLY and not writing:
        return TypeError("Only an open writing unit of work can write.")
    if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}:
        return Unavailable(_CLOSED)
    return error


def _of_postgresql(error: sa.exc.DBAPIError, *, writing: bool) -> Exception:
    state = getattr(error.orig, "sqlstate", None) or ""
    if state == "25006" and not writing:  # read_only_sql_transaction
        return TypeError("Only an open writing unit of work can write.")
    if state == "55P03":  # lock_not_available
        return Unavailable(BUSY, retry_after=1)
    if state == "53100":  # disk_full
        return StorageFull(_FULL)
    if isinstance(error, sa.exc.DataError):
        return Invalid(_UNSTORABLE)
    if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
        return Unavailable(_AWAY, retry_after=5)
    return error


def attempt(connection: sa.Connection) -> AbstractContextManager[object]:
    """Return a block whose statement may fail without ending the unit of work.

    SQLite undoes the one statement by itself; PostgreSQL would refuse all that follow.
    """
    return nullcontext() if connection.dialect.name == "sqlite" else connection.begin_nested()
