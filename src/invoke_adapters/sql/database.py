"""The database: opened, read, written and closed."""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import sqlalchemy as sa

from invoke_adapters.sql import postgresql, sqlite
from invoke_adapters.sql.bells import Belfry, Bell, Watcher
from invoke_adapters.sql.errors import BUSY, as_ours, translated
from invoke_adapters.sql.migrate import file_of, upgrade
from invoke_adapters.sql.work import SqlWork
from invoke_core.domain.audit import Chain
from invoke_core.errors import Unavailable


class SqlDatabase:
    """Everything that is kept. Thread-safe."""

    def __init__(
        self,
        reader: sa.Engine,
        writer: sa.Engine,
        *,
        busy_timeout: float,
        watch: Callable[[Callable[[], None]], Watcher],
        chain: Chain,
    ) -> None:
        """Stand on two engines of the same database, whose schema is the present one.

        Args:
            reader: its transactions see one snapshot and cannot write.
            writer: its transactions may write.
            busy_timeout: seconds that a writing unit waits for the others of this process.
            watch: begins to watch for other processes' news; see `Belfry`.
            chain: seals the audit log.
        """
        self._chain = chain
        self._reader = reader
        self._writer = writer
        self._busy_timeout = busy_timeout
        # The databases' own queues of writers are unfair; within a process threads wait here instead.
        self._turn = threading.Lock()
        self._belfry = Belfry(watch)
        # Readers that wait for the next unit: taking one costs a third of a checkout from the pool.
        self._idle: deque[sa.Connection] = deque()

    def reading(self) -> AbstractContextManager[SqlWork]:
        """Return a unit of work that sees one snapshot; writing in it raises TypeError."""
        return _ReadingUnit(self._idle, self._reader, self._chain)

    @contextmanager
    def writing(self) -> Iterator[SqlWork]:
        """Yield the only writing unit of work."""
        if not self._turn.acquire(timeout=self._busy_timeout):
            raise Unavailable(BUSY, retry_after=1)
        try:
            with translated(writing=True), self._writer.connect() as connection, connection.begin():
                is_postgresql = connection.dialect.name == "postgresql"
                if is_postgresql:
                    connection.execute(postgresql.TAKE_WRITER)
                work = SqlWork(connection, self._chain)
                yield work
                if is_postgresql and work.told.anything:
                    connection.execute(postgresql.NOTIFY)
        finally:
            self._turn.release()
        if work.told.anything:
            self._belfry.ring()

    def size_bytes(self) -> int:
        """Return how many bytes the database takes, indexes and side files included."""
        with translated(writing=False), self._reader.connect() as connection:
            if connection.dialect.name == "postgresql":
                return int(connection.execute(postgresql.SIZE).scalar_one())
            return sqlite.size_bytes(connection)

    def bell(self) -> Bell:
        """Return a new bell that rings after commits that told news, also those of other processes."""
        return self._belfry.bell()

    def close(self) -> None:
        """Close every connection; a SQLite database is one whole file afterwards."""
        self._belfry.close()
        while self._idle:
            self._idle.pop().close()
        self._reader.dispose()
        if self._writer.dialect.name == "sqlite":
            with suppress(Unavailable):  # another process is using it, and will do this in its turn
                sqlite.leave_one_file(self._writer)
        self._writer.dispose()


class _ReadingUnit:
    """One snapshot, from the first question on; a class, for half of what nested generators cost."""

    __slots__ = ("_chain", "_connection", "_engine", "_idle")

    _connection: sa.Connection

    def __init__(self, idle: deque[sa.Connection], engine: sa.Engine, chain: Chain) -> None:
        self._chain = chain
        self._idle = idle
        self._engine = engine

    def __enter__(self) -> SqlWork:
        try:
            self._connection = self._idle.pop()
        except IndexError:
            with translated(writing=False):
                self._connection = self._engine.connect()
        return SqlWork(self._connection, self._chain)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        connection = self._connection
        if error is None:
            with translated(writing=False):
                _forget_snapshot(connection)
            self._idle.append(connection)
            return
        # Whatever it was, the next unit begins with another connection.
        with closing(connection), suppress(sa.exc.SQLAlchemyError, sqlite3.Error):
            _forget_snapshot(connection)
        if isinstance(error, Exception):
            ours = as_ours(error, writing=False)
            if ours is not error:
                raise ours from error


def _forget_snapshot(connection: sa.Connection) -> None:
    if connection.in_transaction():
        connection.rollback()
    elif connection.dialect.name == "sqlite":
        driver: Any = connection.connection.dbapi_connection
        driver.rollback()  # what only a `HotQuery` began, SQLAlchemy knows nothing of


@contextmanager
def open_database(
    url: str,
    *,
    busy_timeout: float = 10.0,
    run_folder: Path | None = None,
    chain: Chain | None = None,
) -> Iterator[SqlDatabase]:
    """Yield the database, created or brought to the present schema where that is needed.

    Args:
        url: `sqlite:///path` or `postgresql+psycopg://…`.
        busy_timeout: seconds that a reader or writer waits for another.
        run_folder: where the lock of upgrades lies; None: beside a SQLite file.
        chain: seals the audit log; None: one without a key.

    Raises:
        Invalid: the address is of no database that we know.
        Unavailable: it cannot be opened, is damaged, or belongs to a newer version.
        StorageFull: the disk is full.
    """
    upgrade(url, busy_timeout=busy_timeout, run_folder=run_folder)
    address = sa.make_url(url)
    path = file_of(address)
    if path is None:
        reader = postgresql.engine(address, busy_timeout=busy_timeout, writing=False)
        writer = postgresql.engine(address, busy_timeout=busy_timeout, writing=True)
    else:
        reader = sqlite.engine(path, busy_timeout=busy_timeout, writing=False)
        writer = sqlite.engine(path, busy_timeout=busy_timeout, writing=True)

    def watch(ring: Callable[[], None]) -> Watcher:
        if path is None:
            return postgresql.NotificationWatcher(address, ring)
        return sqlite.CommitWatcher(path, ring)

    database = SqlDatabase(
        reader, writer, busy_timeout=busy_timeout, watch=watch, chain=chain or Chain()
    )
    try:
        yield database
    finally:
        database.close()
