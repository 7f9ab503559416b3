"""The guide's chapters on users, heading by heading: its commands as they stand there, beside a real server.

What asks questions at a terminal is in `test_user_commands`.
"""

import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.running import (
    BIN,
    PASSWORD,
    PATIENCE,
    RunningServer,
    environment,
    first_administrator,
    multiuser_root,
    running,
    start,
)
from tests.e2e.test_user_commands import PROJECT, Terminal

KEY = "a-secret-that-somebody-drew-from-urandom-4b1f"
OTHER_KEY = "another-secret-that-somebody-drew-from-urandom-9c"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that goes on through the chapter, with the administrator of its first dialog."""
    with running(multiuser_root(tmp_path_factory.mktemp("guide") / "root")) as running_server:
        yield running_server


@pytest.fixture(scope="module")
def administrator(server: RunningServer) -> httpx.Client:
    return first_administrator(server, "admin@localhost")


def shell(command: str, root: Path, *, code: int = 0) -> str:
    """Run a block of the guide with bash; return what it printed.

    Scripts are where the project lies, databases where the root does.
    """
    where = PROJECT if "scripts/" in command else root
    done = subprocess.run(
        ["bash", "-euc", command],
        cwd=where,
        env=environment(INVOKEAI_ROOT=str(root), PATH=f"{BIN}:/usr/local/bin:/usr/bin:/bin"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


def sqlite(command: str, root: Path) -> str:
    """Run a block with the sqlite3 shell; without one, its statement through Python's own."""
    try:
        return shell(command, root).strip()
    except AssertionError as error:
        if "sqlite3: command not found" not in str(error):
            raise
    statement = command.split('"')[1]
    connection = sqlite3.connect(root / "databases" / "invokeai.db", isolation_level=None)
    rows = connection.execute(statement).fetchall()
    connection.close()
    return "\n".join("|".join(map(str, row)) for row in rows)


def sign_in(server: RunningServer, email: str, password: str) -> httpx.Response:
    return httpx.post(
        f"{server.url}/api/v1/auth/login",
        json={"email": email, "password": password},
        timeout=PATIENCE,
    )


def token_of(server: RunningServer, email: str, password: str) -> str:
    answer = sign_in(server, email, password)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


def me(server: RunningServer, token: str) -> httpx.Response:
    return httpx.get(f"{server.url}/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})


def user_id(administrator: httpx.Client, email: str) -> str:
    found = administrator.get("/api/v1/auth/users", params={"search": email}).json()
    return str(next(user["user_id"] for user in found if user["email"] == email))


def added(server: RunningServer, email: str) -> None:
    shell(f"python scripts/useradd.py --email {email} --password TempPass123", server.root)


# Initial Setup


def test_first_administrator_account(tmp_path: Path) -> None:
    with running(multiuser_root(tmp_path / "root")) as fresh:
        body = {"email": "admin@example.com", "display_name": "System Administrator"}

        def dialog(password: str, **changes: str) -> httpx.Response:
            return httpx.post(
                f"{fresh.url}/api/v1/auth/setup", json={**body, "password": password, **changes}
            )

        for lacking in ("Short1A", "lowercase1", "UPPERCASE1", "NoNumbers"):
            assert dialog(lacking).status_code == 400, lacking
        assert dialog("Strong-Pass-1", email="no-address").status_code == 422
        assert httpx.get(f"{fresh.url}/api/v1/auth/status").json()["setup_required"] is True

        made = dialog("Strong-Pass-1").json()["user"]

        assert (made["email"], made["is_admin"]) == ("admin@example.com", True)
        assert made["display_name"] == "System Administrator"
        assert dialog("Strong-Pass-1").json()["detail"] == (
            "Administrator account already configured"
        )
        token = token_of(fresh, "admin@example.com", "Strong-Pass-1")
        renamed = httpx.patch(
            f"{fresh.url}/api/v1/auth/me",
            json={"display_name": "Ada"},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert renamed.json()["display_name"] == "Ada"


# User Management


@pytest.mark.usefixtures("administrator")
def test_creating_users(server: RunningServer) -> None:
    shell(
        """python scripts/useradd.py \\
  --email user@example.com \\
  --password TempPass123 \\
  --name "User Name"
""",
        server.root,
    )
    shell(
        """python scripts/useradd.py \\
  --email admin@example.com \\
  --password AdminPass123 \\
  --name "Admin Name" \\
  --admin
""",
        server.root,
    )

    user = me(server, token_of(server, "user@example.com", "TempPass123")).json()
    admin = me(server, token_of(server, "admin@example.com", "AdminPass123")).json()
    assert (user["display_name"], user["is_admin"]) == ("User Name", False)
    assert (admin["display_name"], admin["is_admin"]) == ("Admin Name", True)

    listed = shell("python scripts/userlist.py", server.root)
    detailed = shell("python scripts/userlist.py --verbose", server.root)
    for email in ("user@example.com", "admin@example.com", "admin@localhost"):
        assert email in listed
        assert email in detailed
    assert user["user_id"] in "".join(detailed.split())  # a narrow table breaks it
    for name in ("useradd", "userlist", "usermod", "userdel"):
        assert "Usage:" in shell(f"python scripts/{name}.py --help", server.root)


def test_editing_users(server: RunningServer, administrator: httpx.Client) -> None:
    added(server, "edited@example.com")
    token = token_of(server, "edited@example.com", "TempPass123")

    def usermod(options: str, code: int = 0) -> str:
        return shell(
            f"python scripts/usermod.py --email edited@example.com {options}",
            server.root,
            code=code,
        )

    usermod('--name "New Name"')
    assert me(server, token).json()["display_name"] == "New Name"
    usermod("--admin")
    assert me(server, token).json()["is_admin"] is True
    usermod("--no-admin")
    assert me(server, token).status_code == 401
    token = token_of(server, "edited@example.com", "TempPass123")
    assert me(server, token).json()["is_admin"] is False
    usermod("--password NewPassword123")
    assert me(server, token).status_code == 401
    assert sign_in(server, "edited@example.com", "TempPass123").status_code == 401
    token_of(server, "edited@example.com", "NewPassword123")


def test_the_last_administrator_keeps_the_privileges(tmp_path: Path) -> None:
    with running(multiuser_root(tmp_path / "root")) as fresh:
        administrator = first_administrator(fresh)

        said = shell(
            "python scripts/usermod.py --email admin@example.com --no-admin", fresh.root, code=1
        )
        assert "last active administrator" in said
        said = shell("python scripts/userdel.py --email admin@example.com -f", fresh.root, code=1)
        assert "last active administrator" in said
        own = f"/api/v1/auth/users/{administrator.get('/api/v1/auth/me').json()['user_id']}"
        for refused in (
            administrator.patch(own, json={"is_admin": False}),
            administrator.patch(own, json={"is_active": False}),
            administrator.delete(own),
        ):
            assert refused.status_code == 400
            assert refused.json()["type"].endswith("last-administrator")
        assert administrator.get("/api/v1/auth/me").json()["is_admin"] is True


@pytest.mark.usefixtures("administrator")
def test_resetting_user_passwords(server: RunningServer) -> None:
    added(server, "reset@example.com")
    before = token_of(server, "reset@example.com", "TempPass123")

    shell(
        "python scripts/usermod.py --email reset@example.com --password NewTempPassword123",
        server.root,
    )

    assert me(server, before).status_code == 401
    token_of(server, "reset@example.com", "NewTempPassword123")


def test_deactivating_users(server: RunningServer, administrator: httpx.Client) -> None:
    added(server, "leaver@example.com")
    before = token_of(server, "leaver@example.com", "TempPass123")
    board = httpx.post(
        f"{server.url}/api/v1/boards/",
        params={"board_name": "Kept"},
        headers={"Authorization": f"Bearer {before}"},
    ).json()

    shell("python scripts/usermod.py --email leaver@example.com --deactivate", server.root)

    assert me(server, before).status_code == 401
    assert sign_in(server, "leaver@example.com", "TempPass123").status_code == 403
    assert administrator.get(f"/api/v1/boards/{board['board_id']}").status_code == 200

    shell("python scripts/usermod.py --email leaver@example.com --activate", server.root)

    assert me(server, before).status_code == 401
    again = token_of(server, "leaver@example.com", "TempPass123")
    found = httpx.get(
        f"{server.url}/api/v1/boards/{board['board_id']}",
        headers={"Authorization": f"Bearer {again}"},
    )
    assert found.json()["board_name"] == "Kept"


def test_deleting_users(server: RunningServer, administrator: httpx.Client) -> None:
    for email, forced in (("asked@example.com", False), ("forced@example.com", True)):
        added(server, email)
        token = token_of(server, email, "TempPass123")
        board = httpx.post(
            f"{server.url}/api/v1/boards/",
            params={"board_name": "Gone"},
            headers={"Authorization": f"Bearer {token}"},
        ).json()
        script = "scripts/userdel.py"
        if forced:
            said = shell(f"python {script} --email {email}", server.root, code=3)
            assert "Not confirmed" in said
            assert me(server, token).status_code == 200
            shell(f"python {script} --email {email} --force", server.root)
        else:
            deleting = Terminal(server.root, str(PROJECT / script), "--email", email)
            deleting.answer("Type yes to go on: ", "yes")
            assert deleting.end() == 0, deleting.said

        assert me(server, token).status_code == 401
        assert sign_in(server, email, "TempPass123").status_code == 401
        assert administrator.get(f"/api/v1/boards/{board['board_id']}").status_code == 404
        assert email not in shell("python scripts/userlist.py", server.root)


def test_viewing_user_activity(server: RunningServer, administrator: httpx.Client) -> None:
    added(server, "busy@example.com")
    token = token_of(server, "busy@example.com", "TempPass123")
    theirs = {"Authorization": f"Bearer {token}"}
    httpx.post(
        f"{server.url}/api/v1/boards/", params={"board_name": "Circles"}, headers=theirs
    ).raise_for_status()
    queue = "/api/v1/queue/default"
    administrator.put(f"{queue}/processor/pause").raise_for_status()
    generation = {"model": "demo-shapes", "prompt": "a red circle", "steps": 2, "width": 64}
    asked = httpx.post(
        f"{server.url}{queue}/enqueue_batch",
        json={"batch": {"generation": {**generation, "height": 64}}},
        headers=theirs,
    )
    assert asked.status_code == 201, asked.text
    busy = user_id(administrator, "busy@example.com")

    listed = administrator.get(f"{queue}/list_all", params={"user_id": busy}).json()
    assert [(item["status"], item["user_email"]) for item in listed] == [
        ("pending", "busy@example.com")
    ]
    cancelled = administrator.put(f"{queue}/i/{listed[0]['item_id']}/cancel")
    assert cancelled.json()["status"] == "canceled"
    administrator.put(f"{queue}/processor/resume").raise_for_status()
    numbers = administrator.get(f"/api/v1/auth/users/{busy}/statistics").json()
    assert (numbers["boards"], numbers["images"], numbers["storage_bytes"]) == (1, 0, 0)
    assert numbers["last_login_at"] is not None


# System Monitoring


@pytest.mark.usefixtures("administrator")
def test_monitoring_commands_and_database_maintenance(server: RunningServer) -> None:
    assert "databases/invokeai.db" in shell("du -h databases/invokeai.db", server.root)
    shell("df -h", server.root)
    assert shell("tail -n 10 logs/invokeai.log", server.root)
    before = int(count_of_active(server.root))
    added(server, "counted@example.com")
    assert int(count_of_active(server.root)) == before + 1
    sqlite('sqlite3 databases/invokeai.db "VACUUM;"', server.root)
    sqlite('sqlite3 databases/invokeai.db "ANALYZE;"', server.root)
    token_of(server, "counted@example.com", "TempPass123")


def count_of_active(root: Path) -> str:
    return sqlite(
        'sqlite3 databases/invokeai.db "SELECT COUNT(*) FROM users WHERE is_active = 1;"', root
    )


# Troubleshooting


def test_user_cannot_login(server: RunningServer, administrator: httpx.Client) -> None:
    added(server, "locked@example.com")
    select = (
        "sqlite3 databases/invokeai.db \"SELECT * FROM users WHERE email = 'locked@example.com';\""
    )
    assert "locked@example.com" in sqlite(select, server.root)
    assert sqlite(select.replace("locked@", "unknown@"), server.root) == ""

    statuses = [
        sign_in(server, "locked@example.com", "Wrong-Pass-1").status_code for _ in range(11)
    ]
    assert statuses == [401] * 10 + [429]
    assert sign_in(server, "locked@example.com", "TempPass123").status_code == 429
    person = administrator.get(
        f"/api/v1/auth/users/{user_id(administrator, 'locked@example.com')}"
    ).json()
    assert person["locked_until"] is not None

    shell("invoke-admin user unlock --email locked@example.com", server.root)
    token_of(server, "locked@example.com", "TempPass123")
    deactivated = "UPDATE users SET is_active = 0 WHERE email = 'locked@example.com';"
    sqlite(f'sqlite3 databases/invokeai.db "{deactivated}"', server.root)
    assert sign_in(server, "locked@example.com", "TempPass123").status_code == 403
    shell("python scripts/usermod.py --email locked@example.com --activate", server.root)
    token_of(server, "locked@example.com", "TempPass123")


@pytest.mark.usefixtures("administrator")
def test_database_locked_errors(server: RunningServer) -> None:
    mode = sqlite('sqlite3 databases/invokeai.db "PRAGMA journal_mode=WAL;"', server.root)
    assert mode == "wal"
    token_of(server, "admin@localhost", PASSWORD)


def test_forgotten_admin_password(tmp_path: Path) -> None:
    root = multiuser_root(tmp_path / "root")
    with running(root) as forgotten:
        first_administrator(forgotten)
        before = token_of(forgotten, "admin@example.com", PASSWORD)
        assert forgotten.stop() == 0
    pasted = shell(
        """python -W ignore -c '
from passlib.context import CryptContext
pwd_context = CryptContext(schemes=["bcrypt"], deprecated="auto")
print(pwd_context.hash("NewPassword123"))'
""",
        root,
    ).strip()
    assert pasted.startswith("$2b$12$")
    connection = sqlite3.connect(root / "databases" / "invokeai.db")
    with connection:
        connection.execute(
            f"""UPDATE users
   SET password_hash = '{pasted}'
   WHERE email = 'admin@example.com';"""
        )
    connection.close()

    with running(root) as restarted:
        assert me(restarted, before).status_code == 401
        assert sign_in(restarted, "admin@example.com", PASSWORD).status_code == 401
        token = token_of(restarted, "admin@example.com", "NewPassword123")
        assert me(restarted, token).json()["is_admin"] is True
        token_of(restarted, "admin@example.com", "NewPassword123")  # of the upgraded hash too


def test_secret_key_management_and_its_removal(tmp_path: Path) -> None:
    root = multiuser_root(tmp_path / "root", jwt_secret_key=KEY)
    with running(root) as first:
        first_administrator(first)
        before = token_of(first, "admin@example.com", PASSWORD)
        said = shell("invoke-admin secret rotate", root, code=1)
        assert "jwt_secret_key" in said

    multiuser_root(root, jwt_secret_key=OTHER_KEY)
    with running(root) as rotated:
        assert me(rotated, before).status_code == 401
        token_of(rotated, "admin@example.com", PASSWORD)

    multiuser_root(root)
    with running(root) as removed:
        code = removed.output.wait_for(r"Setup code: (\S+)")[1]
        status = httpx.get(f"{removed.url}/api/v1/auth/status").json()
        assert (status["recovery"], status["setup_code_required"]) == (True, True)
        body = {"email": "second@example.com", "password": "NewPassword123"}
        setup = f"{removed.url}/api/v1/auth/setup"
        assert httpx.post(setup, json=body).status_code == 403
        assert httpx.post(setup, json={**body, "setup_code": code}).status_code == 200
        assert httpx.post(setup, json={**body, "setup_code": code}).status_code == 400
        token = token_of(removed, "second@example.com", "NewPassword123")
        assert me(removed, token).json()["is_admin"] is True
        assert httpx.get(f"{removed.url}/api/v1/auth/status").json()["recovery"] is False
        assert "setup_code" not in httpx.get(removed.url).text


@pytest.mark.parametrize(
    "command",
    ['python -c "import secrets; print(secrets.token_urlsafe(32))"', "openssl rand -base64 32"],
)
def test_generating_a_secure_key(command: str, tmp_path: Path) -> None:
    root = multiuser_root(tmp_path / "root")
    key = shell(command, root).strip()

    with running(multiuser_root(root, jwt_secret_key=key)) as server:
        assert httpx.get(f"{server.url}/healthz").status_code == 200


# Configuration Reference


def test_environment_variables(tmp_path: Path) -> None:
    process = start(tmp_path / "sample", INVOKEAI_JWT_SECRET_KEY="your-secret")
    with process:
        said = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 4
    assert "jwt_secret_key" in said

    chosen = {
        "INVOKEAI_AUTH_ENABLED": "true",
        "INVOKEAI_JWT_SECRET_KEY": KEY,
        "INVOKEAI_DB_PATH": "databases/other.db",
        "INVOKEAI_HOST": "0.0.0.0",
    }
    (tmp_path / "root").mkdir()
    with running(tmp_path / "root", **chosen) as server:
        port = server.url.rpartition(":")[2]
        status = httpx.get(f"http://127.0.0.1:{port}/api/v1/auth/status").json()
        assert (status["multiuser_enabled"], status["setup_code_required"]) == (True, True)
        assert (tmp_path / "root" / "databases" / "other.db").exists()
