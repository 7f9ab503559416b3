import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import alembic.config
import alembic.script
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from invoke_adapters.sql import HEAD, open_database, schema, upgrade
from invoke_core.domain.identifiers import SYSTEM
from invoke_core.domain.users import SYSTEM_USER
from invoke_core.errors import Unavailable
from invoke_core.testing.builders import a_user


def _revisions() -> list[str]:
    config = alembic.config.Config()
    config.set_main_option("script_location", "invoke_adapters.sql:migrations")
    script = alembic.script.ScriptDirectory.from_config(config)
    return [revision.revision for revision in script.walk_revisions()][::-1]


REVISIONS = _revisions()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database that does not exist yet, or is wholly empty."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/invoke.db"
        return
    server = sa.make_url(request.getfixturevalue("postgresql_server"))
    name = f"migrations_{tmp_path.name.lower().replace('-', '_')}"[:60]
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        yield server.set(database=name).render_as_string(hide_password=False)
        connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
    engine.dispose()


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    yield engine
    engine.dispose()


def _fill(engine: sa.Engine) -> None:
    """Put a row of made-up values into every table as it is now, parents first."""
    found = sa.MetaData()
    found.reflect(engine)
    keys: dict[str, object] = {}
    with engine.begin() as connection:
        for table in found.sorted_tables:
            if table.name in {"alembic_version", "user_storage"}:  # the other is kept by triggers
                continue
            row = {column.name: _value(column, keys) for column in table.columns}
            connection.execute(sa.insert(table), row)
            for column in table.primary_key.columns:
                keys[f"{table.name}.{column.name}"] = row[column.name]


def _value(column: sa.Column[object], keys: dict[str, object]) -> object:
    for key in column.foreign_keys:
        return keys[f"{key.column.table.name}.{key.column.name}"]
    match column.type:
        case sa.Boolean():
            return True
        case sa.LargeBinary():
            return b"7"
        case sa.Integer() | sa.Float():
            return 7
        case _ if column.name.endswith("_at") or column.name == "at":
            return "2026-03-01 12:00:00.000000"
        case _:
            return f"{column.name} of {column.table.name}"


def _counts(engine: sa.Engine) -> dict[str, int]:
    found = sa.MetaData()
    found.reflect(engine)
    with engine.connect() as connection:
        return {
            table.name: connection.execute(
                sa.select(sa.func.count()).select_from(table)
            ).scalar_one()
            for table in found.sorted_tables
        }


def _drift(engine: sa.Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        return list(compare_metadata(context, schema.metadata))


def test_the_newest_revision_is_the_one_that_the_program_asks_for() -> None:
    assert REVISIONS[-1] == HEAD


def test_a_new_database_has_exactly_the_declared_tables(url: str, engine: sa.Engine) -> None:
    upgrade(url)

    assert _drift(engine) == []


def test_a_new_database_has_the_internal_account(url: str) -> None:
    with open_database(url) as database, database.reading() as work:
        assert work.users.get(SYSTEM) == SYSTEM_USER


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_older_database_keeps_its_rows(url: str, engine: sa.Engine, revision: str) -> None:
    upgrade(url, to=revision)
    _fill(engine)
    before = _counts(engine)

    upgrade(url)

    after = _counts(engine)
    assert {name: after.get(name) for name in before} == before
    assert _drift(engine) == []
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(
    url: str, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alembic.op.bulk_insert", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        upgrade(url)

    assert _counts(engine) == {}


def test_a_database_of_a_newer_version_is_refused(url: str, engine: sa.Engine) -> None:
    upgrade(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(Unavailable, match="newer"), open_database(url):
        pass


def test_an_older_database_is_copied_before_its_upgrade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/invoke.db"
    with open_database(url) as database, database.writing() as work:
        user = a_user(work)
    with sqlite3.connect(tmp_path / "invoke.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.close()
    # Stands for a step from an older revision; what it does is the other tests' subject.
    monkeypatch.setattr("alembic.command.upgrade", lambda *_: None)
    monkeypatch.setattr(
        "alembic.script.ScriptDirectory.walk_revisions",
        lambda _: [type("Script", (), {"revision": name}) for name in ("0000", HEAD)],
    )

    upgrade(url)

    with sqlite3.connect(tmp_path / f"invoke.db.before-{HEAD}") as copy:
        found = copy.execute("SELECT email FROM users WHERE user_id = ?", [user.user_id])
        assert found.fetchall() == [(user.email,)]
    copy.close()


def test_a_present_database_opens_without_alembic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/invoke.db"
    upgrade(url)
    monkeypatch.setitem(sys.modules, "alembic", None)  # importing it fails from here on

    with open_database(url) as database, database.reading() as work:
        assert work.users.list().total == 0


def test_two_processes_may_create_one_database(tmp_path: Path) -> None:
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    start = context.Barrier(3)
    url = f"sqlite:///{tmp_path}/invoke.db"
    processes = [context.Process(target=_upgrade_together, args=(url, start)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0, 0, 0]


def _upgrade_together(url: str, start: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    upgrade(url)
