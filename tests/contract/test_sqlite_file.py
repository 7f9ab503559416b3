"""What only a SQLite file can do: be shared, locked, damaged, read-only, or repaired by hand."""

import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

from invoke_adapters.sql import open_database, open_progress_store, upgrade
from invoke_core.domain.estimates import RunTime
from invoke_core.domain.identifiers import ItemId
from invoke_core.domain.news import Audience, NewsKind
from invoke_core.domain.progress import Progress
from invoke_core.errors import Invalid, StorageFull, Unavailable
from invoke_core.testing.builders import NOON, a_job, a_session, a_user


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "databases" / "invoke.db"


@pytest.fixture
def url(file: Path) -> str:
    upgrade(f"sqlite:///{file}")
    return f"sqlite:///{file}"


def _spawn(target: Any, *arguments: Any, processes: int = 2) -> list[int | None]:
    """Run the target in processes of their own, released together; return their exit codes."""
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(processes)
    started = [context.Process(target=target, args=(start, *arguments)) for _ in range(processes)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    return [process.exitcode for process in started]


def _count_up(start: Any, url: str, times: int) -> None:
    with open_database(url) as database:
        start.wait()
        for _ in range(times):
            with database.writing() as work:
                known = work.queue.run_seconds().get("kind", RunTime(0.0, 0))
                work.queue.put_run_seconds("kind", RunTime(0.0, known.measured + 1))


def test_processes_never_lose_an_update(url: str) -> None:
    assert _spawn(_count_up, url, 100) == [0, 0]

    with open_database(url) as database, database.reading() as work:
        assert work.queue.run_seconds() == {"kind": RunTime(0.0, 200)}


def _open_and_write(start: Any, url: str) -> None:
    start.wait()
    with open_database(url) as database, database.writing() as work:
        work.queue.put_paused(True)


def test_processes_that_open_a_new_database_at_once_all_get_in(tmp_path: Path) -> None:
    for number in range(3):
        url = f"sqlite:///{tmp_path}/{number}/invoke.db"
        assert _spawn(_open_and_write, url, processes=4) == [0, 0, 0, 0]


def _tell(start: Any, url: str) -> None:
    with open_database(url) as database:
        start.wait()
        with database.writing() as work:
            work.news.tell(NewsKind.JOBS_CHANGED, Audience.everybody(), {}, NOON)


def test_a_bell_rings_for_news_of_another_process(url: str) -> None:
    with open_database(url) as database:
        bell = database.bell()
        while bell.wait(0.0):
            pass

        assert _spawn(_tell, url, processes=1) == [0]

        assert bell.wait(10.0)
        with database.reading() as work:
            assert len(work.news.since(0)) == 1
        bell.close()


def _report(start: Any, url: str, folder: Path) -> None:
    with open_progress_store(url, run_folder=folder) as store:
        start.wait()
        store.put(Progress(item_id=ItemId(1), step=1, steps=4))


def test_progress_is_shared_by_processes(url: str, tmp_path: Path) -> None:
    with open_progress_store(url, run_folder=tmp_path) as store:
        assert _spawn(_report, url, tmp_path, processes=1) == [0]

        assert store.get([ItemId(1)]) == {1: Progress(item_id=ItemId(1), step=1, steps=4)}


def test_a_spoilt_progress_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "progress.db").write_bytes(b"no database" * 1000)

    with open_progress_store(f"sqlite:///{tmp_path}/x.db", run_folder=tmp_path) as store:
        assert store.get([ItemId(1)]) == {}


def test_a_closed_database_is_one_whole_file(file: Path, url: str) -> None:
    with open_database(url) as database:
        with database.writing() as work:
            user = a_user(work)
        with database.reading() as work:
            work.users.get(user.user_id)

    assert [path.name for path in file.parent.iterdir() if path.name.startswith("invoke.db")] == [
        "invoke.db"
    ]
    shutil.copy(file, file.with_name("copy.db"))
    with open_database(f"sqlite:///{file.with_name('copy.db')}") as copy, copy.reading() as work:
        assert work.users.get(user.user_id) == user


def test_a_writer_syncs_every_commit_and_checks_references(url: str) -> None:
    with open_database(url) as database, database.writing() as work:
        values = {
            name: work.connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_the_recipes_of_the_guide_work_in_a_plain_shell(file: Path, url: str) -> None:
    with open_database(url) as database, database.writing() as work:
        user = a_user(work, email="admin@example.com", is_admin=True)
        a_user(work, is_active=False)

    with sqlite3.connect(file) as shell:  # without any function of ours, as the shell is
        shell.execute(
            "UPDATE users SET password_hash = '$2b$12$hash' WHERE email = 'admin@example.com'"
        )
        active = shell.execute("SELECT COUNT(*) FROM users WHERE is_active = 1").fetchone()
        rows = shell.execute("SELECT * FROM users WHERE email = 'admin@example.com'")
        columns = [column[0] for column in rows.description]
        found = dict(zip(columns, rows.fetchone(), strict=True))
        shell.execute("ANALYZE")
    shell.execute("VACUUM")
    shell.close()

    assert active == (1,)
    assert (found["is_admin"], found["is_active"]) == (1, 1)
    assert found["created_at"] == "2026-03-01 12:00:00.000000"
    with open_database(url) as database, database.reading() as work:
        changed = attrs.evolve(user, password_hash="$2b$12$hash")
        assert work.users.get(user.user_id) == changed


def test_the_exact_address_comes_first_where_two_were_made_alike_by_hand(
    file: Path, url: str
) -> None:
    with open_database(url) as database, database.writing() as work:
        a_user(work, user_id="a", email="ada@example.com")
        a_user(work, user_id="b", email="eve@example.com")
    with sqlite3.connect(file) as shell:
        shell.execute("UPDATE users SET email = 'ADA@example.com' WHERE user_id = 'b'")
    shell.close()

    with open_database(url) as database, database.reading() as work:
        found = work.users.find_by_email("ADA@example.com")
        assert found is not None
        assert found.user_id == "b"


def test_a_damaged_file_is_named_so(file: Path, url: str) -> None:
    file.write_bytes(b"this is no database" * 1000)

    with pytest.raises(Unavailable, match="restore a backup"), open_database(url):
        pass


def test_a_page_that_was_spoilt_is_named_so_when_it_is_read(file: Path, url: str) -> None:
    with open_database(url) as database, database.writing() as work:
        for _ in range(200):
            a_user(work)
    with sqlite3.connect(file) as shell:
        (page,) = shell.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'users'"
        ).fetchone()
        (size,) = shell.execute("PRAGMA page_size").fetchone()
    shell.close()
    content = bytearray(file.read_bytes())
    content[(page - 1) * size : page * size] = b"\xff" * size
    file.write_bytes(content)

    with (
        pytest.raises(Unavailable, match="restore a backup"),
        open_database(url) as database,
        database.reading() as work,
    ):
        work.users.list(limit=None)


def test_a_locked_database_is_busy_and_nothing_is_lost(file: Path, url: str) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    with open_database(url, busy_timeout=0.05) as database:
        with database.writing() as work:
            user = a_user(work)
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(Unavailable) as caught, database.writing() as work:
            a_user(work)
        with database.reading() as work:
            assert list(work.users.list().items) == [user]

        assert caught.value.retry_after is not None
        other.execute("ROLLBACK")
        with database.writing() as work:
            a_user(work)
    other.close()


def test_a_full_disk_keeps_nothing_of_the_unit_and_goes_on_when_there_is_room(
    url: str,
) -> None:
    with open_database(url) as database:
        with database.writing() as work:
            user = a_user(work)
            limit = work.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            work.connection.exec_driver_sql(f"PRAGMA max_page_count = {limit}")

        with pytest.raises(StorageFull), database.writing() as work:
            a_session(work, user)
            a_user(work, note="x" * 1_000_000)

        with database.reading() as work:
            assert list(work.users.list().items) == [user]
            assert list(work.sessions.of_user(user.user_id)) == []
        with database.writing() as work:
            work.connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
            a_user(work, note="x" * 1_000_000)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    code = (
        "import os\n"
        "from invoke_adapters.sql import open_database\n"
        "from invoke_core.errors import Unavailable\n"
        "if os.geteuid() == 0:\n"  # root may write everywhere
        "    os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try:\n"
        f"    with open_database('sqlite:///{tmp_path}/databases/invoke.db'): pass\n"
        "except Unavailable as error: print(error)\n"
    )
    tmp_path.chmod(0o555)
    for folder in (tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd="/",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    tmp_path.chmod(0o755)

    assert done.stdout == f"{tmp_path}/databases cannot be written: Permission denied.\n", done


def test_a_file_where_a_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "databases").write_text("a file")

    with (
        pytest.raises(Unavailable, match="databases"),
        open_database(f"sqlite:///{tmp_path}/databases/invoke.db"),
    ):
        pass


@pytest.mark.parametrize("address", ["sqlite://", "mysql://host/name", "no address", ""])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(Invalid), open_database(address):
        pass


def test_a_text_that_cannot_be_stored_is_refused(url: str) -> None:
    with open_database(url) as database, pytest.raises(Invalid), database.writing() as work:
        a_user(work, note="\ud800")


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        ("work.jobs.front('u')", "ix_jobs_head"),
        ("work.jobs.front('u')", "ix_jobs_oldest"),
        ("work.jobs.counts(owner_id='u')", "ix_jobs_oldest"),
        ("work.queue.contest(QueueMode.FIFO)", "ix_queue_flows_fifo"),
        ("work.queue.contest(QueueMode.ROUND_ROBIN)", "ix_queue_flows_round_robin"),
        ("work.queue.contest(QueueMode.FAIR_SHARE)", "ix_queue_flows_fair_share"),
        ("work.queue.contest(QueueMode.FIFO, warm={'m'})", "ix_queue_flows_model_fifo"),
        (
            "work.queue.contest(QueueMode.FAIR_SHARE, warm={'m'})",
            "ix_queue_flows_model_fair_share",
        ),
    ],
)
def test_the_queue_asks_by_seeks_without_sorting(url: str, ask: str, index: str) -> None:
    from invoke_core.domain.fairness import QueueMode

    asked: list[str] = []
    with open_database(url) as database:
        with database.writing() as work:
            a_job(work, a_user(work, user_id="u"))
        with database.reading() as work:
            driver: Any = work.connection.connection.dbapi_connection
            driver.set_trace_callback(asked.append)
            eval(ask, {"work": work, "QueueMode": QueueMode})
            driver.set_trace_callback(None)
            plans = [
                " ".join(row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}"))
                for statement in asked
                if statement.startswith("SELECT")
            ]

    assert any(index in plan for plan in plans), plans
    tables = ("jobs", "queue_flows", "users", "run_seconds")
    assert not [plan for plan in plans if any(f"SCAN {table}" in plan for table in tables)], plans
    assert all("ORDER BY" not in plan for plan in plans), plans
