"""The guide's commands at a terminal, and its SQL, against real files; the rest is in `test_guide_users`."""

import os
import pty
import select
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import bcrypt
import pytest

from invoke_apps.composition import build
from invoke_apps.config import load_settings
from invoke_core.domain.principals import host_principal
from invoke_core.domain.sign_in import Client
from invoke_core.domain.users import User
from invoke_core.errors import Unauthenticated
from tests.e2e.running import PATIENCE, environment, multiuser_root

PROJECT = Path(__file__).parents[2]
SCRIPTS = PROJECT / "scripts"
HOST = host_principal("tester")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return multiuser_root(tmp_path / "root")


def script(name: str, root: Path, *arguments: str, typed: str | None = None, code: int = 0) -> str:
    """Run a script of the guide, without a terminal; return what it printed."""
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / f"{name}.py"), *arguments],
        env=environment(INVOKEAI_ROOT=str(root)),
        input=typed or "",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def people(root: Path) -> dict[str, User]:
    with build(load_settings(root, environ={})) as app:
        return {user.email: user for user in app.users.list(HOST, limit=None).items}


class Terminal:
    """A script at a terminal: every question is waited for, then answered."""

    def __init__(self, root: Path, *command: str) -> None:
        self.said = ""
        self.process, self.terminal = pty.fork()
        if self.process == 0:  # the child
            os.environ.update(environment(INVOKEAI_ROOT=str(root), TERM="dumb"))
            os.execv(sys.executable, [sys.executable, *command])

    def answer(self, question: str, text: str) -> None:
        begin = len(self.said)
        until = time.monotonic() + PATIENCE
        while question not in self.said[begin:]:
            assert select.select([self.terminal], [], [], until - time.monotonic())[0], self.said
            self.said += os.read(self.terminal, 4096).decode()
        os.write(self.terminal, f"{text}\n".encode())

    def end(self) -> int:
        while True:
            try:
                read = os.read(self.terminal, 4096)
            except OSError:  # Linux: the other end is closed
                break
            if not read:
                break
            self.said += read.decode()
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


def test_a_user_is_added_and_deleted_by_answering_questions(root: Path) -> None:
    adding = Terminal(root, str(SCRIPTS / "useradd.py"))
    adding.answer("E-mail address: ", "asked")
    adding.answer("E-mail address: ", "asked@example.com")
    adding.answer("Display name (empty: asked@example.com): ", "")
    adding.answer("Password: ", "TempPass123")
    adding.answer("Password again: ", "TempPass124")
    adding.answer("Password: ", "TempPass123")
    adding.answer("Password again: ", "TempPass123")
    assert adding.end() == 0, adding.said
    assert "TempPass12" not in adding.said
    assert people(root)["asked@example.com"].display_name == "asked@example.com"

    for typed, code in (("y", 3), ("", 3), ("yes", 0)):
        deleting = Terminal(root, str(SCRIPTS / "userdel.py"), "--email", "asked@example.com")
        deleting.answer("Type yes to go on: ", typed)
        assert deleting.end() == code, deleting.said
        assert ("asked@example.com" in people(root)) == (code == 3)


def sqlite_shell(root: Path, statement: str) -> str:
    """Run SQL as the guide does, in the plain shell; without one, in a connection of Python's own."""
    database = root / "databases" / "invokeai.db"
    try:
        done = subprocess.run(
            ["sqlite3", str(database), statement], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        connection = sqlite3.connect(database)
        with connection:
            rows = connection.execute(statement).fetchall()
        connection.close()
        return "\n".join("|".join(map(str, row)) for row in rows)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_recipes_of_the_guide_in_a_plain_sqlite_shell(root: Path) -> None:
    script("useradd", root, "--email", "admin@example.com", "--password", "AdminPass123", "--admin")
    script("useradd", root, "--email", "user@example.com", "--password", "TempPass123")
    here = Client(is_loopback=True)
    pasted = bcrypt.hashpw(b"NewPassword123", bcrypt.gensalt(4)).decode()

    assert "user@example.com" in sqlite_shell(
        root, "SELECT * FROM users WHERE email = 'user@example.com';"
    )
    assert sqlite_shell(root, "SELECT COUNT(*) FROM users WHERE is_active = 1;") == "2"
    with build(load_settings(root, environ={})) as app:
        before = app.sign_in.login(here, email="admin@example.com", password="AdminPass123")
        assert app.sign_in.authenticate(before.token, None)

        sqlite_shell(
            root,
            f"UPDATE users SET password_hash = '{pasted}' WHERE email = 'admin@example.com';",
        )

        with pytest.raises(Unauthenticated):
            app.sign_in.authenticate(before.token, None)
        with pytest.raises(Unauthenticated):
            app.sign_in.login(here, email="admin@example.com", password="AdminPass123")
        after = app.sign_in.login(here, email="admin@example.com", password="NewPassword123")
        assert app.sign_in.authenticate(after.token, None)[0].is_admin
        again = app.sign_in.login(here, email="admin@example.com", password="NewPassword123")
        assert app.sign_in.authenticate(again.token, None)

        sqlite_shell(root, "UPDATE users SET is_active = 0 WHERE email = 'admin@example.com';")

        with pytest.raises(Unauthenticated):
            app.sign_in.authenticate(after.token, None)
    sqlite_shell(root, "VACUUM;")
    sqlite_shell(root, "ANALYZE;")
    assert sqlite_shell(root, "SELECT COUNT(*) FROM users WHERE is_active = 1;") == "1"
