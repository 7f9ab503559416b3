"""Races for the first and the last administrator: `python -m benchmarks.account_races` (controls C7, C9).

Two server processes share one database, and the guide's commands run in a third process. In a round all
of them are let go at the same instant. Of many setups exactly one may win; however many demotions,
deactivations and deletions come at once, somebody who can administer must be left.
"""

import io
import multiprocessing
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, redirect_stdout
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import attrs
import click
import httpx

from invoke_apps import composition
from invoke_apps.application import Application
from invoke_apps.cli import user
from invoke_apps.composition import build
from invoke_apps.config import load_settings
from invoke_apps.settings import Settings
from invoke_core.domain.principals import host_principal
from invoke_core.domain.users import User
from invoke_core.services.users import UserChanges
from tests.e2e.running import PASSWORD, PATIENCE, RunningServer, multiuser_root, running
from tests.postgresql_process import binaries, running_postgresql

HOST = host_principal("benchmark")
SETUP_ROUNDS, SETUP_POSTS = 200, 50
ACTS = 500  # a round has so many of them:
ADMINISTRATORS, COMMANDS = 4, 2
BY_HTTP = 2 * ADMINISTRATORS  # each is acted on by both servers
EMAILS = tuple(f"admin{number}@example.com" for number in range(ADMINISTRATORS))


@attrs.frozen
class Place:
    """One database, two servers on it, and the services beside them."""

    servers: Sequence[RunningServer]
    app: Application
    root: Path

    def administrators(self) -> list[User]:
        """Return who can administer, past every server."""
        people = self.app.users.list(HOST, limit=None).items
        return [person for person in people if person.can_administer]

    def clear(self) -> None:
        """Remove every account, past every rule."""
        with self.app.database.writing() as work:
            for person in work.users.list(limit=None).items:
                work.users.remove(person.user_id)


@contextmanager
def opened(folder: Path, db_url: str | None = None) -> Iterator[Place]:
    """Yield two servers with roots of their own on one database: a SQLite file, or the address."""
    shared = folder / "shared"
    settings: dict[str, Any] = {
        "secrets_dir": str(shared / "secrets"),
        "outputs_dir": str(shared / "outputs"),
        "db_path": str(shared / "databases" / "invokeai.db"),
    }
    if db_url is not None:
        settings["db_url"] = db_url
    roots = [multiuser_root(folder / name, **settings) for name in ("one", "two")]
    with ExitStack() as stack:
        servers = [stack.enter_context(running(root)) for root in roots]
        app = stack.enter_context(build(load_settings(roots[0], environ={})))
        yield Place(servers, app, roots[0])


class Crowd:
    """Threads with clients of their own, let go together."""

    def __init__(self, place: Place, size: int, parties: int | None = None) -> None:
        """Make the threads; the barrier waits for `parties`, by default for them alone."""
        self.size = size
        self.pool = ThreadPoolExecutor(size)
        self.barrier: Any = threading.Barrier(parties or size)
        # No connection is kept: the server may close one at the moment in which a round begins.
        kept = httpx.Limits(max_keepalive_connections=0)
        self.clients = [
            httpx.Client(base_url=place.servers[number % 2].url, timeout=PATIENCE, limits=kept)
            for number in range(size)
        ]

    def together(self, act: Callable[[httpx.Client, int], httpx.Response]) -> list[httpx.Response]:
        """Return the answers to what each does, begun at one instant."""

        def one(number: int) -> httpx.Response:
            self.barrier.wait(PATIENCE)
            return act(self.clients[number], number)

        return list(self.pool.map(one, range(self.size)))

    def close(self) -> None:
        """Let the threads and connections go."""
        self.pool.shutdown()
        for client in self.clients:
            client.close()


def race_for_the_setup(place: Place, rounds: int, posts: int) -> Counter[int]:
    """Return how many rounds had so many winners; the setup is open again before each."""
    won: Counter[int] = Counter()
    crowd = Crowd(place, posts)
    try:
        for turn in range(rounds):
            place.clear()
            answers = crowd.together(
                lambda client, number, turn=turn: client.post(  # type: ignore[misc]
                    "/api/v1/auth/setup",
                    json={"email": f"admin-{turn}-{number}@example.com", "password": PASSWORD},
                )
            )
            statuses = Counter(answer.status_code for answer in answers)
            made = len(place.administrators())
            assert statuses.keys() <= {200, 400}, statuses
            assert statuses[200] == made, (statuses, made)
            won[made] += 1
    finally:
        crowd.close()
    return won


DEEDS: Sequence[tuple[str, dict[str, bool] | None]] = (
    ("PATCH", {"is_admin": False}),
    ("PATCH", {"is_active": False}),
    ("DELETE", None),
)
COMMAND_LINES = (
    (user.usermod, ["--no-admin"]),
    (user.usermod, ["--deactivate"]),
    (user.userdel, ["--force"]),
)


def _command_line(root: Path, barrier: Barrier, orders: Any, codes: Any) -> None:
    """Run the guide's commands; each waits with its database open until the others are there too."""

    def held(settings: Settings) -> Application:
        app = build(settings)
        barrier.wait(PATIENCE)
        return app

    composition.build = held  # type: ignore[assignment]  # which every command calls, wherever it opens
    while (order := orders.get()) is not None:
        number, email = order
        command, options = COMMAND_LINES[number]
        try:
            with redirect_stdout(io.StringIO()):
                command.main(
                    ["--root", str(root), "--email", email, *options], standalone_mode=False
                )
            codes.put(0)
        except click.ClickException as refusal:
            codes.put(refusal.exit_code)


@contextmanager
def _command_lines(place: Place, barrier: Barrier) -> Iterator[tuple[Any, Any]]:
    context = multiprocessing.get_context("spawn")
    orders, codes = context.Queue(), context.Queue()
    processes = [
        context.Process(target=_command_line, args=(place.root, barrier, orders, codes))
        for _ in range(COMMANDS)
    ]
    for process in processes:
        process.start()
    try:
        yield orders, codes
    finally:
        for _ in processes:
            orders.put(None)
        for process in processes:
            process.join(PATIENCE)


def race_for_the_last(place: Place, rounds: int) -> Counter[str]:
    """Demote, deactivate and delete all administrators at once, again and again.

    Returns:
        How many acts were done and refused, by HTTP and by command; and in how many rounds so many
        administrators were left.
    """
    found: Counter[str] = Counter()
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(BY_HTTP + COMMANDS)
    crowd = Crowd(place, BY_HTTP)
    crowd.barrier = barrier
    place.clear()
    try:
        with _command_lines(place, barrier) as (orders, codes):
            for turn in range(rounds):
                ids = _restored(place)
                tokens = [_token(place, email) for email in EMAILS]

                def act(client: httpx.Client, number: int, turn: int = turn) -> httpx.Response:
                    whom, whose = number % ADMINISTRATORS, number // 2 % ADMINISTRATORS
                    method, body = DEEDS[(turn + number) % len(DEEDS)]
                    return client.request(
                        method,
                        f"/api/v1/auth/users/{ids[whom]}",  # noqa: B023 - called in this turn
                        json=body,
                        headers={"Authorization": f"Bearer {tokens[whose]}"},  # noqa: B023
                    )

                for number in range(COMMANDS):
                    orders.put(((turn + number) % len(COMMAND_LINES), EMAILS[turn % 4 - number]))
                answers = crowd.together(act)
                exits = [codes.get(timeout=PATIENCE) for _ in range(COMMANDS)]
                assert all(answer.status_code < 500 for answer in answers), answers
                assert set(exits) <= {0, 1}, exits
                for answer in answers:
                    found[f"HTTP: {_word(answer)}"] += 1
                for code in exits:
                    found["command: refused" if code else "command: done"] += 1
                found[f"rounds with {len(place.administrators())} left"] += 1
    finally:
        crowd.close()
    return found


def _word(answer: httpx.Response) -> str:
    if answer.is_success:
        return "done"
    if answer.json()["type"].endswith("last-administrator"):
        return "refused as the last"
    return "refused otherwise"  # whoever asked, or whom it was to hit, was hit before


def _restored(place: Place) -> list[str]:
    """Return the ids of the administrators, who are all there and active again."""
    people = {person.email: person for person in place.app.users.list(HOST, limit=None).items}
    ids = []
    for email in EMAILS:
        person = people.get(email)
        if person is None:
            person = place.app.users.create(
                HOST, email=email, password=PASSWORD, is_admin=True
            ).user
        else:
            back = UserChanges(is_admin=True, is_active=True)
            place.app.users.update(HOST, person.user_id, back)
        ids.append(person.user_id)
    return ids


def _token(place: Place, email: str) -> str:
    answer = httpx.post(
        f"{place.servers[0].url}/api/v1/auth/login",
        json={"email": email, "password": PASSWORD},
        timeout=PATIENCE,
    )
    return str(answer.raise_for_status().json()["token"])


@contextmanager
def _places() -> Iterator[Iterator[tuple[str, Place]]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))

        def each() -> Iterator[tuple[str, Place]]:
            with opened(folder / "sqlite") as place:
                yield "SQLite", place
            programs = binaries()
            if programs is None:
                print("PostgreSQL is not installed: not measured.", file=sys.stderr)
                return
            with running_postgresql(programs) as address, opened(folder / "pg", address) as place:
                yield "PostgreSQL", place

        yield each()


def main() -> int:
    rounds = -(-ACTS // (BY_HTTP + COMMANDS))
    print("| database | race | outcome |\n|---|---|---|")
    right = True
    with _places() as places:
        for name, place in places:
            won = race_for_the_setup(place, SETUP_ROUNDS, SETUP_POSTS)
            told = ", ".join(f"{winners} in {times} rounds" for winners, times in won.items())
            print(f"| {name} | {SETUP_POSTS} setups at once: winners | {told} |", flush=True)
            found = race_for_the_last(place, rounds)
            told = ", ".join(f"{what}: {times}" for what, times in sorted(found.items()))
            print(f"| {name} | {ACTS} acts on the last administrators | {told} |", flush=True)
            right = right and set(won) == {1} and "rounds with 0 left" not in found
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
