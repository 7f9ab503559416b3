"""A server whose configured signing key disappears, and an administrator who has lost the password."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import attrs
import pytest

from invoke_adapters.memory import MemoryDatabase
from invoke_apps.application import Application
from invoke_apps.composition import in_memory
from invoke_apps.settings import Settings
from invoke_core.domain.audit import AuditQuery
from invoke_core.domain.principals import host_principal
from invoke_core.domain.sign_in import Client
from invoke_core.errors import (
    Conflict,
    Forbidden,
    InvokeError,
    NotFound,
    RuleViolation,
    SetupDone,
    Unauthenticated,
    WeakPassword,
)
from invoke_core.services.users import UserChanges

HOST = host_principal("operator")
HERE = Client(address="127.0.0.1", is_loopback=True)
AWAY = Client(address="203.0.113.9")
PASSWORD, OTHER = "Shapes4Everyone", "Colours5Everywhere"
KEY, NEXT = "q8Zr1-vT0x_uLwN5yD3bK7gH2mC9sE4aJ6fPqRtW", "Zt3-hB8nQ5_rXw1eV6yU0iO9pAsDfGkLjMcR2v7T"

Start = Callable[..., Application]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a server on one root and one database, with or without a configured key."""
    database = MemoryDatabase()
    with ExitStack() as opened:

        def start(key: str | None = None) -> Application:
            settings = Settings(root=tmp_path, multiuser=True, jwt_secret_key=key)
            app = opened.enter_context(in_memory(settings, database=database))
            app.sign_in.settle_recovery()
            return app

        yield start


def administrator(app: Application, email: str = "ada@example.com") -> Any:
    return app.users.create(HOST, email=email, password=PASSWORD, is_admin=True).user


def token(app: Application, email: str = "ada@example.com", password: str = PASSWORD) -> str:
    return app.sign_in.login(HERE, email=email, password=password).token


def set_up(app: Application, client: Client = HERE, **changes: Any) -> Any:
    wanted = {"email": "kim@example.com", "password": PASSWORD} | changes
    return app.sign_in.setup(client, **wanted).user


def status(app: Application, client: Client = HERE) -> tuple[bool, bool, bool]:
    found = app.sign_in.status(client)
    return found.setup_required, found.recovery, found.setup_code_required


def actions(app: Application) -> list[str]:
    return [entry.action for entry in app.audit.export(HOST, AuditQuery(action="recovery"))][::-1]


@pytest.fixture
def lost(start: Start) -> Application:
    """A server that starts without the key that it had, and Ada, who administers it."""
    administrator(start(KEY))
    return start()


def test_a_key_that_disappears_ends_the_sessions_and_opens_the_setup(start: Start) -> None:
    ring = start()
    administrator(ring)
    with_the_ring = token(ring)
    before = start(KEY)
    with_the_key = token(before)
    assert status(before) == (False, False, False)

    after = start()

    assert status(after) == (False, True, True)
    for old in (with_the_ring, with_the_key):
        with pytest.raises(Unauthenticated):
            after.sign_in.authenticate(old, None)
    assert actions(after) == ["recovery.open"]


@pytest.mark.parametrize("client", [HERE, AWAY])
def test_the_code_is_always_needed(lost: Application, client: Client) -> None:
    for code in (None, "", "ABCD-EFGH-IJKL-MNOP"):
        with pytest.raises(Forbidden, match="console"):
            set_up(lost, client, code=code)
    assert status(lost, client) == (False, True, True)

    user = set_up(lost, client, code=lost.sign_in.setup_code)

    assert user.can_administer
    assert status(lost, client) == (False, False, False)
    assert token(lost)  # Ada is as she was
    assert actions(lost) == ["recovery.open", "recovery.close"]


def test_the_code_works_once(lost: Application) -> None:
    code = lost.sign_in.setup_code
    set_up(lost, code=code)

    with pytest.raises(SetupDone):
        set_up(lost, email="second@example.com", code=code)


def test_a_setup_that_fails_leaves_it_open(lost: Application) -> None:
    code = lost.sign_in.setup_code
    with pytest.raises(WeakPassword):
        set_up(lost, code=code, password="weak")
    with pytest.raises(Conflict):
        set_up(lost, code=code, email="ada@example.com")

    assert status(lost) == (False, True, True)
    assert set_up(lost, code=code)


def test_an_administrator_who_signs_in_closes_it(start: Start, lost: Application) -> None:
    lost.users.create(HOST, email="lee@example.com", password=PASSWORD)
    token(lost, "lee@example.com")
    with pytest.raises(Unauthenticated):
        token(lost, password=OTHER)
    assert status(lost) == (False, True, True)

    token(lost)

    assert status(lost) == (False, False, False)
    assert status(start()) == (False, False, False)
    assert actions(lost) == ["recovery.open", "recovery.close"]
    with pytest.raises(SetupDone):
        set_up(lost, code=lost.sign_in.setup_code)


@pytest.mark.parametrize("key", [KEY, NEXT])
def test_a_key_that_returns_closes_it(start: Start, lost: Application, key: str) -> None:
    back = start(key)

    assert status(back) == (False, False, False)
    assert actions(back) == ["recovery.open", "recovery.close"]
    with pytest.raises(SetupDone):
        set_up(back, code=back.sign_in.setup_code)


CLOSING: dict[str, Callable[[Application], Any]] = {
    "made": lambda app: administrator(app, "second@example.com"),
    "promoted": lambda app: app.users.update(
        HOST,
        app.users.create(HOST, email="lee@example.com", password=PASSWORD).user.user_id,
        UserChanges(is_admin=True),
    ),
    "recovered": lambda app: app.users.recover(
        HOST, app.users.get_by_email(HOST, "ada@example.com").user_id, OTHER
    ),
}


@pytest.mark.parametrize("how", CLOSING)
def test_an_administrator_who_is_made_closes_it(lost: Application, how: str) -> None:
    CLOSING[how](lost)

    assert status(lost) == (False, False, False)


def test_what_makes_no_administrator_leaves_it_open(lost: Application) -> None:
    user = lost.users.create(HOST, email="lee@example.com", password=PASSWORD).user
    lost.users.update(HOST, user.user_id, UserChanges(display_name="Lee"))

    assert status(lost) == (False, True, True)


def test_a_command_that_knows_no_key_opens_nothing(start: Start, tmp_path: Path) -> None:
    server = start(KEY)
    administrator(server)
    with in_memory(Settings(root=tmp_path, multiuser=True)) as command:  # settles nothing
        assert not command.sign_in.status(HERE).recovery
        administrator(command, "second@example.com")

    assert status(start(KEY)) == (False, False, False)
    assert actions(server) == []


def test_in_single_user_mode_nothing_is_recovered(start: Start, tmp_path: Path) -> None:
    start(KEY)
    with in_memory(Settings(root=tmp_path)) as app:
        app.sign_in.settle_recovery()

        assert status(app) == (False, False, False)


def test_of_many_setups_at_once_exactly_one_wins(lost: Application) -> None:
    barrier, outcomes = threading.Barrier(6), []
    hashing = lost.sign_in.hasher.hash

    class Together:
        def hash(self, password: str) -> str:
            barrier.wait()  # all of them have found it open
            return hashing(password)

    sign_in = attrs.evolve(lost.sign_in, hasher=Together())

    def attempt(number: int) -> None:
        try:
            sign_in.setup(
                AWAY, email=f"p{number}@example.com", password=PASSWORD, code=sign_in.setup_code
            )
            outcomes.append("made")
        except SetupDone:
            outcomes.append("refused")

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["made"] + ["refused"] * 5
    assert lost.users.list(HOST, is_admin=True).total == 2


# An administrator without a password


def test_a_recovered_administrator_is_as_good_as_new(start: Start) -> None:
    app = start()
    user = administrator(app)
    old = token(app)
    app.users.create(HOST, email="second@example.com", password=PASSWORD, is_admin=True)
    app.users.update(HOST, user.user_id, UserChanges(is_active=False, must_change_password=True))
    for _ in range(12):
        with pytest.raises(InvokeError):
            app.sign_in.login(AWAY, email="ada@example.com", password=OTHER)

    recovered = app.users.recover(HOST, user.user_id, OTHER).user

    assert recovered.can_administer
    assert not recovered.must_change_password
    signed_in = app.sign_in.login(AWAY, email="ada@example.com", password=OTHER)
    assert app.sign_in.authenticate(signed_in.token, None)[0].is_admin
    with pytest.raises(Unauthenticated):
        app.sign_in.authenticate(old, None)


def test_only_the_host_recovers_and_only_administrators(start: Start) -> None:
    app = start()
    user = administrator(app)
    person = app.users.create(HOST, email="lee@example.com", password=PASSWORD).user
    signed_in = app.sign_in.authenticate(token(app), None)[0]

    for who, user_id, error in (
        (signed_in, user.user_id, Forbidden),
        (HOST, person.user_id, RuleViolation),
        (HOST, "system", RuleViolation),
        (HOST, "unknown", NotFound),
    ):
        with pytest.raises(error):
            app.users.recover(who, user_id, OTHER)
    with pytest.raises(WeakPassword):
        app.users.recover(HOST, user.user_id, "weak")
    assert token(app)
