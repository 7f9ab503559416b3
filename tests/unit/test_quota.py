"""What a person's pictures may take: asked before anything is written, and true when many come at once."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

from invoke_adapters.sql import open_database
from invoke_apps.cli.admin import main as admin
from invoke_apps.worker import Worker
from invoke_core.domain.principals import Principal
from invoke_core.domain.queue import JobStatus
from invoke_core.domain.storage import NO_QUOTA, quota_of, require_room, shown_size
from invoke_core.errors import TooMany
from invoke_core.testing.builders import a_principal, a_user
from invoke_core.testing.runner import FakeRunner
from tests.queue_world import World as QueueWorld
from tests.unit.picture_world import PNG, World
from tests.unit.whole_app import open_site


def size_of_one() -> int:
    world = World()
    return world.images.upload(world.person(), PNG, category="general").size_bytes


ONE = size_of_one()


@pytest.fixture(params=["memory", "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "memory":
        yield World(quota=3 * ONE, keeps_bin=True)
        return
    with open_database(f"sqlite:///{tmp_path}/invoke.db") as database:
        yield World(database=database, quota=3 * ONE, keeps_bin=True)


def upload(world: World, who: Principal) -> str:
    return world.images.upload(who, PNG, category="general").image_name


def used(world: World, who: Principal) -> int:
    with world.database.reading() as work:
        return work.stock.usage(who.user_id)


@pytest.mark.parametrize(
    ("spent", "added", "quota", "fits"),
    [
        (0, 10, None, True),
        (0, 10, 10, True),
        (0, 11, 10, False),
        (10, 0, 10, False),
        (9, 0, 10, True),
        (0, 0, 0, False),
    ],
)
def test_what_fits(spent: int, added: int, quota: int | None, fits: bool) -> None:
    if fits:
        require_room(spent, added, quota)
    else:
        with pytest.raises(TooMany, match="empty the bin"):
            require_room(spent, added, quota)


def test_an_accounts_own_quota_stands_before_the_servers() -> None:
    with World().database.writing() as work:
        user = a_user(work)
    assert quota_of(user, None) is None
    assert quota_of(user, 7) == 7
    assert quota_of(attrs.evolve(user, storage_quota_bytes=9), 7) == 9
    assert quota_of(attrs.evolve(user, storage_quota_bytes=NO_QUOTA), 7) is None


def test_sizes_are_shown_as_people_read_them() -> None:
    assert [shown_size(n) for n in (0, 999, 1500, 2 * 10**9, 10**16)] == [
        "0 bytes",
        "999 bytes",
        "1.5 kB",
        "2.0 GB",
        "10000.0 TB",
    ]


def test_a_picture_too_many_is_refused_and_leaves_nothing(world: World) -> None:
    person = world.person()
    names = [upload(world, person) for _ in range(3)]

    with pytest.raises(TooMany):
        upload(world, person)

    assert sorted(world.storage.names()) == sorted(names)
    assert used(world, person) == 3 * ONE
    upload(world, world.person())  # it is each person's own


def test_deleting_makes_no_room_before_the_bin_is_empty(world: World) -> None:
    person = world.person()
    names = [upload(world, person) for _ in range(3)]
    world.images.delete(person, names[0])

    with pytest.raises(TooMany):
        upload(world, person)
    world.bin.empty(person)
    upload(world, person)


def test_restoring_needs_no_room(world: World) -> None:
    person = world.person()
    names = [upload(world, person) for _ in range(3)]
    world.images.delete(person, names[0])

    assert world.bin.restore(person, [names[0]]) == [names[0]]


def test_of_many_at_once_no_more_than_fit_are_kept(world: World) -> None:
    person = world.person()

    def try_one(_: int) -> bool:
        try:
            upload(world, person)
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        kept = sum(pool.map(try_one, range(12)))

    assert kept == 3
    assert used(world, person) == 3 * ONE
    assert len(list(world.storage.names())) == 3


def test_an_account_with_a_quota_of_its_own(world: World) -> None:
    free, none = world.person(storage_quota_bytes=NO_QUOTA), world.person(storage_quota_bytes=0)

    for _ in range(5):
        upload(world, free)
    with pytest.raises(TooMany):
        upload(world, none)


# Jobs


def test_who_has_no_room_enqueues_nothing() -> None:
    queue = QueueWorld()
    with queue.database.writing() as work:
        person = a_principal(a_user(work, storage_quota_bytes=0))

    with pytest.raises(TooMany, match="empty the bin"):
        queue.enqueue(person)

    with queue.database.reading() as work:
        assert work.jobs.counts().pending == 0


def with_quota(queue: QueueWorld, person: Principal, quota: int) -> None:
    with queue.database.writing() as work:
        user = work.users.get(person.user_id)
        work.users.put(attrs.evolve(user, storage_quota_bytes=quota))


def test_a_result_that_does_not_fit_fails_its_job_and_leaves_nothing() -> None:
    queue = QueueWorld()
    person = queue.person()
    with_quota(queue, person, 10)
    (item_id,) = queue.enqueue(person)

    Worker(queue.parts(), FakeRunner()).run_until_idle()

    job = queue.job(item_id)
    assert (job.status, job.error_type) == (JobStatus.FAILED, "TooMany")
    assert job.error_message is not None
    assert "empty the bin" in job.error_message
    assert list(queue.storage.names()) == []


def test_a_job_is_not_drawn_for_somebody_who_has_no_room_by_now() -> None:
    queue = QueueWorld()
    person = queue.person()
    (item_id,) = queue.enqueue(person)
    with_quota(queue, person, 0)
    drawn: list[object] = []

    Worker(queue.parts(), FakeRunner(before_step=drawn.append)).run_until_idle()

    assert queue.job(item_id).error_type == "TooMany"
    assert drawn == []


# Over HTTP and at the command line


def test_a_quota_is_set_shown_and_taken_off_over_http(tmp_path: Path) -> None:
    with open_site(tmp_path, storage_quota_bytes=10 * ONE) as site:
        token = site.login("admin@example.com").json()["token"]
        (person,) = site.ask("GET", "/api/v1/auth/users?search=person", token=token).json()
        path = f"/api/v1/auth/users/{person['user_id']}"
        assert person["storage_quota_bytes"] == 10 * ONE

        def change(value: object) -> object:
            body = {"storage_quota_bytes": value}
            answer = site.ask("PATCH", path, token=token, json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()["storage_quota_bytes"]

        assert change(5) == 5
        assert change(None) is None
        assert change("default") == 10 * ONE
        for wrong in (-1, 1.5, "much", True, 2**70):
            body = {"storage_quota_bytes": wrong}
            assert site.ask("PATCH", path, token=token, json=body).status_code == 422, wrong
        assert change(ONE) == ONE

        own = site.login().json()["token"]
        sent = {"file": ("picture.png", PNG)}
        upload_path = "/api/v1/images/upload?image_category=general"
        assert site.ask("POST", upload_path, token=own, files=sent).status_code == 201
        refused = site.ask("POST", upload_path, token=own, files=sent)
        assert refused.status_code == 429
        assert "empty the bin" in refused.json()["detail"]
        assert "retry-after" not in refused.headers  # time does not help
        statistics = site.ask("GET", f"{path}/statistics", token=token).json()
        assert statistics["storage_bytes"] == ONE


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("20GB", 20 * 10**9), ("1500", 1500), ("none", None), ("7 kb", 7000), ("default", 99)],
)
def test_a_quota_is_set_at_the_command_line(tmp_path: Path, typed: str, shown: int | None) -> None:
    (tmp_path / "invokeai.yaml").write_text("storage_quota_bytes: 99\nbcrypt_rounds: 4\n")
    root = ["--root", str(tmp_path)]

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(admin, ["user", *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.stderr
        return done.stdout

    run("add", *root, "-e", "lee@example.com", "-p", "TempPass123", "-n", "Lee")
    run("modify", *root, "-e", "lee@example.com", "--storage-quota", typed)

    (lee,) = json.loads(run("list", *root, "--json"))
    assert lee["storage_quota_bytes"] == shown


def test_a_quota_that_is_none_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        admin,
        ["user", "modify", "--root", str(tmp_path), "-e", "a@b.c", "--storage-quota", "much"],
    )
    assert done.exit_code == 2
