"""A change of a row does not make the database look through all that refers to it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest
import sqlalchemy as sa

from invoke_adapters.sql import SqlDatabase, open_database, schema
from invoke_core.ports.unit_of_work import Work
from invoke_core.testing.builders import (
    a_board,
    a_session,
    a_style_preset,
    a_transfer,
    a_user,
    a_workflow,
    an_image,
)
from tests.watched import Watched


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqlDatabase]:
    with open_database(f"sqlite:///{tmp_path}/invoke.db") as opened:
        yield opened


PUTS: dict[str, Callable[[Work], object]] = {
    "users": lambda work: work.users.put(attrs.evolve(a_user(work), display_name="New")),
    "boards": lambda work: work.boards.put(attrs.evolve(a_board(work), name="New")),
    "images": lambda work: work.images.put(attrs.evolve(an_image(work), starred=True)),
    "sessions": lambda work: work.sessions.put(a_session(work, a_user(work))),
    "style_presets": lambda work: work.style_presets.put(a_style_preset(work, a_user(work))),
    "workflows": lambda work: work.workflows.put(a_workflow(work, a_user(work))),
    "transfers": lambda work: work.transfers.put(a_transfer(work, a_user(work), a_user(work))),
}


@pytest.mark.parametrize("table", PUTS)
def test_a_row_that_is_replaced_keeps_its_key_untouched(database: SqlDatabase, table: str) -> None:
    watched = Watched(database)

    with watched.writing() as work:
        PUTS[table](work)

    (key,) = schema.metadata.tables[table].primary_key.columns
    changed = [text for text in watched.written if text.startswith(f"UPDATE {table} SET")]
    assert changed
    assert not [text for text in changed if f"{key.name}=" in text.split("WHERE")[0]]


def test_what_refers_to_a_row_is_found_by_an_index(database: SqlDatabase) -> None:
    without = []
    with database.writing() as work:
        inspector = sa.inspect(work.connection)
        for table in inspector.get_table_names():
            indexed = {tuple(i["column_names"]) for i in inspector.get_indexes(table)}
            indexed.add(tuple(inspector.get_pk_constraint(table)["constrained_columns"]))
            indexed |= {tuple(u["column_names"]) for u in inspector.get_unique_constraints(table)}
            for reference in inspector.get_foreign_keys(table):
                columns = tuple(reference["constrained_columns"])
                if not any(index[: len(columns)] == columns for index in indexed):
                    without.append((table, columns))

    assert without == []
