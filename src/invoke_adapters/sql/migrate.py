"""Brings a database to the present schema."""

import fcntl
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from invoke_adapters.sql.errors import translated
from invoke_core.errors import Invalid, StorageFull, Unavailable

HEAD = "0019"  # the newest revision; a test compares it with the folder `migrations`

_LOCK_POLL_SECONDS = 0.05
_KEY = 0x1440_1E56  # PostgreSQL: the advisory lock of whoever upgrades


def file_of(url: sa.URL) -> Path | None:
    """Return the file of a SQLite address, None for PostgreSQL; raise Invalid for any other."""
    if url.get_backend_name() == "postgresql":
        return None
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        raise Invalid(
            "The database address is sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME.",
            field="db_url",
        )
    return Path(url.database).absolute()


def upgrade(
    url: str,
    *,
    busy_timeout: float = 10.0,
    run_folder: Path | None = None,
    to: str = HEAD,
) -> None:
    """Create the database or bring it to a revision; do nothing, quickly, where it is there already.

    An older SQLite database is copied first, beside itself, as `NAME.before-REVISION`; PostgreSQL is
    for its administrator to back up. Everything happens in one transaction.

    Args:
        url: `sqlite:///path` or `postgresql+psycopg://…`.
        busy_timeout: seconds to wait for another process that is upgrading or writing.
        run_folder: where the lock file lies; None: beside a SQLite file.
        to: the revision, for tests; the newest otherwise.

    Raises:
        Invalid: the address is of no database that we know.
        Unavailable: it cannot be opened, is damaged, or belongs to a newer version.
        StorageFull: the disk is full.
    """
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise Invalid("The database address cannot be read.", field="db_url") from error
    path = file_of(address)
    with _named(path), translated(writing=True), _folders(path, run_folder):
        engine = sa.create_engine(address) if path is None else _sqlite_engine(path, busy_timeout)
        try:
            if _revision(engine) == to:
                return
            lock = run_folder or (path and path.parent)
            with _locked(lock / "migrate.lock" if lock else None, busy_timeout):
                _upgrade(engine, path, to)
        finally:
            engine.dispose()


@contextmanager
def _named(path: Path | None) -> Iterator[None]:
    """Let refusals name the file: whoever opens it may know where it lies; who uses it need not."""
    try:
        yield
    except Unavailable as error:
        if path is None or str(path.parent) in str(error):
            raise
        raise Unavailable(f"{path}: {error}", retry_after=error.retry_after) from error


@contextmanager
def _folders(path: Path | None, run_folder: Path | None) -> Iterator[None]:
    try:
        for folder in (path and path.parent, run_folder):
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        place = error.filename or path or run_folder
        raise Unavailable(f"{place} cannot be written: {error.strerror}.") from error


def _sqlite_engine(path: Path, busy_timeout: float) -> sa.Engine:
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        connect_args={"timeout": busy_timeout, "isolation_level": None},
        poolclass=sa.pool.NullPool,
    )

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, record: Any) -> None:
        # Rebuilding a table drops the old one, and with foreign keys on that deletes the rows that
        # point to it. Only outside a transaction can they be switched off.
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA synchronous = FULL")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        driver.execute("BEGIN IMMEDIATE")

    return engine


def _revision(engine: sa.Engine) -> str | None:
    """Return the revision that the database is at; None: it is new. One query, without Alembic."""
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            driver: Any = connection.connection.dbapi_connection
            has_table = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
            if driver.execute(has_table).fetchone() is None:
                return None
            row = driver.execute("SELECT version_num FROM alembic_version").fetchone()
            return None if row is None else str(row[0])
        if connection.execute(sa.text("SELECT to_regclass('alembic_version')")).scalar() is None:
            return None
        version: str | None = connection.execute(
            sa.text("SELECT version_num FROM alembic_version")
        ).scalar()
        return version


@contextmanager
def _locked(path: Path | None, timeout: float) -> Iterator[None]:
    """Hold the lock file; PostgreSQL without a folder has a lock of its own in `_upgrade`."""
    if path is None:
        yield
        return
    with path.open("w") as file:
        ends = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > ends:
                    raise Unavailable(
                        "Another process is upgrading the database: try again in a moment.",
                        retry_after=10,
                    ) from error
                time.sleep(_LOCK_POLL_SECONDS)
        yield


def _upgrade(engine: sa.Engine, path: Path | None, to: str) -> None:
    import alembic.command
    import alembic.config
    import alembic.script
    import alembic.util

    config = alembic.config.Config()
    config.set_main_option("script_location", "invoke_adapters.sql:migrations")
    known = [
        script.revision
        for script in alembic.script.ScriptDirectory.from_config(config).walk_revisions()
    ]
    revision = _revision(engine)  # again: another process may have been faster
    if revision == to:
        return
    if revision is not None and revision not in known:
        raise Unavailable(
            f"The database is at revision {revision}, newer than this program: install the version"
            " that it was last used with, or restore a backup."
        )
    if path is not None and revision is not None:
        _copy(path, path.with_name(f"{path.name}.before-{to}"))
    with engine.connect() as connection, connection.begin():
        if path is None:
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_KEY})"))
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, to)
        if path is not None:
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise Unavailable(
                    f"The upgrade to {to} was undone: rows of {broken[0][0]!r} point to nothing."
                    " Restore a backup, or ask for help with this message."
                )


def _copy(path: Path, copy: Path) -> None:
    """Copy a database, with what its log still holds; an earlier copy of the same step is replaced."""
    beside = copy.with_name(copy.name + ".part")
    beside.unlink(missing_ok=True)
    if shutil.disk_usage(path.parent).free < path.stat().st_size:
        raise StorageFull(
            "There is no room to copy the database before its upgrade: free some space first."
        )
    with sqlite3.connect(path) as source, sqlite3.connect(beside) as target:
        source.backup(target)
    source.close()
    target.close()
    beside.replace(copy)
