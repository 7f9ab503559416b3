"""What is SQLite's own: connections, transactions, and hearing of other processes' commits."""

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from invoke_adapters.sql.errors import translated
from invoke_adapters.sql.mapping import Kept

_POLL_SECONDS = 0.2

# Of a connection, at most. SQLite's own 2 MB do not hold what one page of a large gallery looks at.
_CACHE_KIB = 16_384

# After so many pages of its log SQLite moves them into the file, and whoever commits just then waits for it.
# Four times as rarely as it would by itself: then it is fewer than one in a hundred who wait.
_LOG_PAGES = 4000


def engine(path: Path, *, busy_timeout: float, writing: bool) -> sa.Engine:
    """Return an engine on the file.

    Args:
        path: the database file.
        busy_timeout: seconds that a statement waits for another process's lock.
        writing: whether its transactions take the writer's lock at once. One that read first and then
            asked for the lock would be refused where another had written in between.
    """
    created = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        connect_args={
            "timeout": busy_timeout,
            "isolation_level": None,  # the driver begins nothing behind our back
            "check_same_thread": False,
            "cached_statements": 512,
        },
        poolclass=sa.pool.QueuePool,
        pool_size=1 if writing else 8,
        max_overflow=0 if writing else 56,
        pool_timeout=busy_timeout,
        pool_reset_on_return=None,  # every unit of work ends its transaction itself
    )
    begin = "BEGIN IMMEDIATE" if writing else "BEGIN"

    @sa.event.listens_for(created, "connect")
    def _set_up(connection: sqlite3.Connection, record: Any) -> None:
        _use_write_ahead_log(connection, busy_timeout)
        for pragma in (
            "synchronous = FULL",
            "foreign_keys = ON",
            f"cache_size = -{_CACHE_KIB}",
            f"wal_autocheckpoint = {_LOG_PAGES}",
            f"query_only = {'OFF' if writing else 'ON'}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        if not writing:
            record.info[Kept] = Kept()

    @sa.event.listens_for(created, "begin")
    def _begin(connection: sa.Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        if not driver.in_transaction:  # else a `HotQuery` of the same reading unit began it
            driver.execute(begin)

    return created


def _use_write_ahead_log(connection: sqlite3.Connection, patience: float) -> None:
    """Switch the file to its write-ahead log, where it is not switched yet.

    SQLite needs the file for itself for that, and does not wait for it as it waits for writers: two
    processes that open a new database at once would be refused. So we wait.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
            if mode != "wal":
                connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def leave_one_file(writer: sa.Engine) -> None:
    """Move everything from the write-ahead log into the database file."""
    with translated(writing=True), writer.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class CommitWatcher:
    """Asks five times a second whether another connection committed, and then whether it told news."""

    def __init__(self, path: Path, ring: Callable[[], None]) -> None:
        """Begin to watch; `ring` is called in a thread of the watcher's own."""
        self._ring = ring
        self._stopping = threading.Event()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA query_only = ON")
        self._seen = self._look()
        self._thread = threading.Thread(target=self._watch, name="news-watcher", daemon=True)
        self._thread.start()

    def _look(self) -> tuple[int, int | None]:
        # The version comes first: what is committed in between shows at the next look.
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        (newest,) = self._connection.execute("SELECT max(event_id) FROM events").fetchone()
        return version, newest

    def _watch(self) -> None:
        while not self._stopping.wait(_POLL_SECONDS):
            try:
                (version,) = self._connection.execute("PRAGMA data_version").fetchone()
                if version == self._seen[0]:
                    continue
                before, self._seen = self._seen, self._look()
            except sqlite3.OperationalError:  # busy: whoever listens reads now, and we look again
                self._ring()
                continue
            if self._seen[1] != before[1]:
                self._ring()

    def close(self) -> None:
        """Stop watching."""
        self._stopping.set()
        self._thread.join()
        self._connection.close()


_FILE = sa.text("SELECT file FROM pragma_database_list WHERE name = 'main'")


def size_bytes(connection: sa.Connection) -> int:
    """Return how many bytes the database's file takes, and the log and index beside it."""
    (path,) = connection.execute(_FILE).scalars()
    if not path:
        return 0  # in memory
    beside = (Path(path + ending) for ending in ("", "-wal", "-shm"))
    return sum(file.stat().st_size for file in beside if file.exists())
