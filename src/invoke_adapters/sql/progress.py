"""Progress of running jobs, apart from everything that must last."""

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from invoke_adapters.sql.errors import translated
from invoke_adapters.sql.migrate import file_of
from invoke_core.domain.identifiers import ItemId
from invoke_core.domain.progress import Progress, StampedProgress
from invoke_core.errors import Unavailable
from invoke_core.ports.progress import ProgressStore

_FILE = "progress.db"
_MANY = 500  # jobs in one question

_SQLITE_TABLES = """
CREATE TABLE IF NOT EXISTS progress_version (version INTEGER NOT NULL);
INSERT INTO progress_version SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM progress_version);
CREATE TABLE IF NOT EXISTS progress (
    item_id INTEGER PRIMARY KEY, step INTEGER NOT NULL, steps INTEGER NOT NULL, preview BLOB,
    version INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_progress_version ON progress (version);
"""
_COLUMNS = "item_id, step, steps, preview, version"


def _stamped(row: Sequence[Any]) -> StampedProgress:
    item_id, step, steps, preview, version = row
    return StampedProgress(
        progress=Progress(
            item_id=item_id,
            step=step,
            steps=steps,
            preview=None if preview is None else bytes(preview),
        ),
        version=version,
    )


class SqliteProgressStore:
    """See `ProgressStore`: a file of its own that is never synced to the disk."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make a new one in place of one that a crash has spoilt."""
        self._lock = threading.Lock()
        try:
            self._connection = _opened(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            for spoilt in path.parent.glob(path.name + "*"):
                spoilt.unlink(missing_ok=True)
            self._connection = _opened(path)

    def put(self, progress: Progress) -> None:
        """Keep the newest word of a job in place of the one before."""
        with self._transaction() as connection:
            (version,) = connection.execute(
                "UPDATE progress_version SET version = version + 1 RETURNING version"
            ).fetchone()
            connection.execute(
                f"INSERT OR REPLACE INTO progress ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)",  # noqa: S608
                (progress.item_id, progress.step, progress.steps, progress.preview, version),
            )

    def get(self, item_ids: Sequence[ItemId]) -> Mapping[ItemId, Progress]:
        """Return what is known of these jobs."""
        found: dict[ItemId, Progress] = {}
        for start in range(0, len(item_ids), _MANY):
            some = item_ids[start : start + _MANY]
            marks = ", ".join("?" * len(some))
            query = f"SELECT {_COLUMNS} FROM progress WHERE item_id IN ({marks})"  # noqa: S608
            for stamped in self._rows(query, tuple(some)):
                found[stamped.progress.item_id] = stamped.progress
        return found

    def since(self, version: int) -> Sequence[StampedProgress]:
        """Return what was reported after this version, in ascending order of version."""
        query = f"SELECT {_COLUMNS} FROM progress WHERE version > ? ORDER BY version"  # noqa: S608
        return self._rows(query, (version,))

    def remove(self, item_id: ItemId) -> None:
        """Forget a job; nothing happens where it is unknown."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM progress WHERE item_id = ?", (item_id,))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _rows(self, query: str, values: tuple[int, ...]) -> list[StampedProgress]:
        with translated(writing=True), self._lock:
            return [_stamped(row) for row in self._connection.execute(query, values)]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with translated(writing=True), self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:
                yield self._connection


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(_SQLITE_TABLES)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class PostgresqlProgressStore:
    """See `ProgressStore`: an unlogged table, which a crash of the server empties."""

    def __init__(self, url: sa.URL) -> None:
        """Connect, and make the table where it is missing."""
        self._engine = sa.create_engine(url, pool_size=2, pool_pre_ping=True)
        with self._engine.begin() as connection:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(339746391)"))
            connection.execute(
                sa.text(
                    "CREATE UNLOGGED TABLE IF NOT EXISTS progress (item_id bigint PRIMARY KEY,"
                    " step integer NOT NULL, steps integer NOT NULL, preview bytea,"
                    " version bigserial)"
                )
            )

    def put(self, progress: Progress) -> None:
        """Keep the newest word of a job in place of the one before."""
        statement = (
            "INSERT INTO progress (item_id, step, steps, preview)"
            " VALUES (:item_id, :step, :steps, :preview) ON CONFLICT (item_id) DO UPDATE SET"
            " step = excluded.step, steps = excluded.steps, preview = excluded.preview,"
            " version = excluded.version"
        )
        self._execute(
            statement,
            item_id=progress.item_id,
            step=progress.step,
            steps=progress.steps,
            preview=progress.preview,
        )

    def get(self, item_ids: Sequence[ItemId]) -> Mapping[ItemId, Progress]:
        """Return what is known of these jobs."""
        rows = self._execute(
            f"SELECT {_COLUMNS} FROM progress WHERE item_id = ANY(:item_ids)",  # noqa: S608
            item_ids=list(item_ids),
        )
        return {stamped.progress.item_id: stamped.progress for stamped in map(_stamped, rows)}

    def since(self, version: int) -> Sequence[StampedProgress]:
        """Return what was reported after this version, in ascending order of version."""
        query = f"SELECT {_COLUMNS} FROM progress WHERE version > :version ORDER BY version"  # noqa: S608
        return [_stamped(row) for row in self._execute(query, version=version)]

    def remove(self, item_id: ItemId) -> None:
        """Forget a job; nothing happens where it is unknown."""
        self._execute("DELETE FROM progress WHERE item_id = :item_id", item_id=item_id)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _execute(self, statement: str, **values: Any) -> Sequence[Any]:
        with translated(writing=True), self._engine.begin() as connection:
            result = connection.execute(sa.text(statement), values)
            return result.all() if result.returns_rows else []


@contextmanager
def open_progress_store(url: str, *, run_folder: Path) -> Iterator[ProgressStore]:
    """Yield the store that belongs to a database, shared by all processes of one root.

    Args:
        url: the database's address.
        run_folder: where the file for a SQLite database lies.

    Raises:
        Unavailable: the folder or the server cannot be used.
    """
    address = sa.make_url(url)
    with translated(writing=True):
        if file_of(address) is None:
            store: SqliteProgressStore | PostgresqlProgressStore = PostgresqlProgressStore(address)
        else:
            try:
                run_folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise Unavailable(f"{run_folder} cannot be written: {error.strerror}.") from error
            store = SqliteProgressStore(run_folder / _FILE)
    try:
        yield store
    finally:
        store.close()
