"""An SQLite database that tells which statements are run in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from invoke_adapters.sql import SqlDatabase
from invoke_adapters.sql.work import SqlWork


class Watched:
    """Keeps the statements of readers and of the writer apart, without a unit's beginning and end."""

    def __init__(self, database: SqlDatabase) -> None:
        self.database = database
        self.read: list[str] = []
        self.written: list[str] = []

    @contextmanager
    def reading(self) -> Iterator[SqlWork]:
        with self.database.reading() as work, _listed(work, self.read):
            yield work

    @contextmanager
    def writing(self) -> Iterator[SqlWork]:
        with self.database.writing() as work, _listed(work, self.written):
            yield work


@contextmanager
def _listed(work: SqlWork, asked: list[str]) -> Iterator[None]:
    driver: Any = work.connection.connection.dbapi_connection
    # What an index asks of its own tables while it answers is marked as a comment.
    driver.set_trace_callback(lambda text: None if text.startswith("--") else asked.append(text))
    try:
        yield
    finally:
        driver.set_trace_callback(None)
