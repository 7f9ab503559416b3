"""Invitations and reset links by mail: a server, a command beside it, and a real mail server."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.running import (
    BIN,
    PATIENCE,
    add_person,
    environment,
    first_administrator,
    multiuser_root,
    running,
)
from tests.mail_server import MailServer, mail_server

NEW = "Another-Pass-9"


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


def mailing_root(folder: Path, mail: MailServer) -> Path:
    return multiuser_root(
        folder, smtp_host="127.0.0.1", smtp_port=mail.port, smtp_from="invoke@example.org"
    )


def admin(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        [str(BIN / "invoke-admin"), "user", *arguments, "--root", str(root)],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def link_to(mail: MailServer, address: str) -> str:
    letter = mail.letter()
    assert letter["To"] == address
    found = re.search(r"^https?://\S+$", letter.get_content().replace("\r\n", "\n"), re.MULTILINE)
    assert found
    return found[0]


def test_an_invitation_is_mailed_and_its_page_takes_a_password(
    tmp_path: Path, mail: MailServer
) -> None:
    with running(mailing_root(tmp_path / "root", mail)) as server:
        ada = first_administrator(server)
        made = ada.post("/api/v1/auth/users", json={"email": "new@example.com"})
        assert made.status_code == 201, made.text
        assert made.json()["invitation_url"] is None

        url = link_to(mail, "new@example.com")
        assert url.startswith(f"{server.url}/invitation/")
        assert "new@example.com" in httpx.get(url).text
        done = httpx.post(url, data={"password": NEW, "again": NEW}, timeout=PATIENCE)
        assert done.status_code == 200, done.text
        login = {"email": "new@example.com", "password": NEW}
        assert httpx.post(f"{server.url}/api/v1/auth/login", json=login).status_code == 200


def test_a_link_that_a_command_asks_for_is_mailed_by_the_running_server(
    tmp_path: Path, mail: MailServer
) -> None:
    root = mailing_root(tmp_path / "root", mail)
    with running(root) as server:
        bea = add_person(first_administrator(server), server, "bea@example.com")
        said = admin(root, "reset-link", "-e", "bea@example.com")
        assert "mails a link" in said

        token = link_to(mail, "bea@example.com").rpartition("/")[2]
        assert token not in said
        body = {"token": token, "new_password": NEW}
        done = httpx.post(f"{server.url}/api/v1/auth/password-reset", json=body, timeout=PATIENCE)
        assert done.status_code == 200, done.text
        assert bea.get("/api/v1/auth/me").status_code == 401


def test_a_letter_waits_for_a_server_that_sends_it(tmp_path: Path, mail: MailServer) -> None:
    root = mailing_root(tmp_path / "root", mail)
    admin(root, "invite", "-e", "new@example.com", "--admin")
    assert mail.nothing_came()

    with running(root) as server:
        token = link_to(mail, "new@example.com").rpartition("/")[2]
        assert server.stop() == 0
    log = (root / "logs" / "invokeai.log").read_text()
    assert token not in log
    assert token.encode() not in (root / "databases" / "invokeai.db").read_bytes()


def test_a_mail_server_that_is_away_keeps_nobody_waiting(tmp_path: Path, mail: MailServer) -> None:
    root = mailing_root(tmp_path / "root", mail)
    mail.process.terminate()
    mail.process.wait()
    with running(root) as server:
        ada = first_administrator(server)
        made = ada.post("/api/v1/auth/users", json={"email": "new@example.com"})
        assert made.status_code == 201
        server.output.wait_for(r"A letter to \S+ waits: The mail server does not answer")
        assert server.stop() == 0
