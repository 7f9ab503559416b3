"""The databases that scenarios run on: a SQLite file, or a PostgreSQL server of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from tests.postgresql_process import binaries, running_postgresql

NAMES = ("sqlite", "postgresql")


@contextmanager
def empty_database(name: str, folder: Path) -> Iterator[str]:
    """Yield the address of an empty database."""
    if name == "sqlite":
        yield f"sqlite:///{folder}/invokeai.db"
        return
    programs = binaries()
    if programs is None:
        raise FileNotFoundError("PostgreSQL's server is missing: `apt-get install postgresql`.")
    with running_postgresql(programs) as address:
        yield address


def damage(url: str) -> str | None:
    """Return what the database finds wrong with its own tables and indexes, or None."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                verdict = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
                return None if verdict == "ok" else str(verdict)
            return _damage_on_postgresql(connection)
    finally:
        engine.dispose()


def _damage_on_postgresql(connection: sa.Connection) -> str | None:
    connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS amcheck")
    tables = connection.exec_driver_sql(
        "SELECT oid::regclass::text, c.msg FROM pg_class, verify_heapam(oid) AS c"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    if broken := [f"{table}: {message}" for table, message in tables]:
        return "; ".join(broken)
    try:
        connection.exec_driver_sql(
            "SELECT bt_index_check(c.oid, true) FROM pg_index AS i"
            " JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS a ON a.oid = c.relam"
            " WHERE a.amname = 'btree' AND c.relnamespace = 'public'::regnamespace"
        )
    except sa.exc.DBAPIError as error:
        return str(error.orig)
    return None
