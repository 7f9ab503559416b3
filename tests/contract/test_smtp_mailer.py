"""The SMTP adapter against a real server in a process of its own."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

import invoke_adapters.smtp.mailer as adapter
from invoke_adapters.smtp import SmtpMailer
from invoke_core.domain.mail import Message
from invoke_core.errors import Invalid, Unavailable
from invoke_core.testing.fakes import FixedClock
from tests.mail_server import MailServer, mail_server

LETTER = Message(to="ada@example.com", subject="Hello", text="Über alles\n\nhttps://x.example/y\n")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        path
    )
    return path


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


def mailer(server: MailServer, **changes: Any) -> SmtpMailer:
    settings = {
        "host": "127.0.0.1",
        "port": server.port,
        "sender": "invoke@example.org",
        "clock": FixedClock(),
    }
    return SmtpMailer(**{**settings, **changes})


def test_a_letter_arrives_as_it_was_written(server: MailServer) -> None:
    mailer(server).send(LETTER)

    letter = server.letter()
    assert (letter["To"], letter["From"], letter["Subject"]) == (
        "ada@example.com",
        "invoke@example.org",
        "Hello",
    )
    assert letter["Date"] == "Sun, 01 Mar 2026 12:00:00 +0000"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content().replace("\r\n", "\n") == LETTER.text


@pytest.mark.parametrize(
    "hostile",
    [
        "x\nBcc: eve@example.com",
        "x\r\nBcc: eve@example.com\r\n\r\nbody",
        "x\rBcc: eve@example.com",
        "\n.\nMAIL FROM:<eve@example.com>\n",
        "x\u0085Bcc: eve@example.com",
        "x\u2028Bcc: eve@example.com",
    ],
)
def test_no_text_becomes_a_header_or_another_recipient(server: MailServer, hostile: str) -> None:
    for message in (
        Message(to=f"{hostile}@example.com", subject="s", text="t\n"),
        Message(to=f"ada@{hostile}", subject="s", text="t\n"),
        Message(to=hostile, subject="s", text="t\n"),
        Message(to="ada@example.com", subject=hostile, text="t\n"),
        Message(to="ada@example.com", subject="s", text=f"{hostile}\n"),
    ):
        try:
            mailer(server).send(message)
        except Invalid:
            continue
        event = server.take()
        while "refused" in event:
            event = server.take()
        assert len(event["rcpt_tos"]) == 1
        head = event["data"].replace("\r\n", "\n").partition("\n\n")[0]
        names = {line.partition(":")[0] for line in head.split("\n") if line[:1] not in {" ", "\t"}}
        assert names <= {
            "To", "From", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type",
            "Content-Transfer-Encoding", "MIME-Version", "X-Peer", "X-MailFrom", "X-RcptTo",
        }  # fmt: skip


@pytest.mark.parametrize(
    "address", ["ada@example.com, eve@example.com", "ada", "@", "", "ada@", "a b@example.com"]
)
def test_what_is_no_single_address_is_sent_nowhere(server: MailServer, address: str) -> None:
    try:
        mailer(server).send(Message(to=address, subject="s", text="t\n"))
    except Invalid:
        assert server.nothing_came()
        return
    assert len(server.take()["rcpt_tos"]) == 1


def test_a_domain_outside_ascii_is_written_in_its_ascii_form(server: MailServer) -> None:
    mailer(server).send(Message(to="ada@müller.example", subject="s", text="t\n"))

    assert server.take()["rcpt_tos"] == ["ada@xn--mller-kva.example"]


def test_a_refused_recipient_is_refused_for_good_or_for_now() -> None:
    with mail_server("--answers", "550 no such user;451 come back later") as server:
        with pytest.raises(Invalid, match="550"):
            mailer(server).send(LETTER)
        with pytest.raises(Unavailable, match="451"):
            mailer(server).send(LETTER)
        mailer(server).send(LETTER)
        assert server.letter()["To"] == "ada@example.com"


def test_a_server_that_is_not_there_is_unavailable(server: MailServer) -> None:
    server.process.terminate()
    server.process.wait()

    with pytest.raises(Unavailable, match="does not answer"):
        mailer(server).send(LETTER)


def test_a_password_goes_encrypted(certificate: Path, trusting: ssl.SSLContext) -> None:
    with mail_server("--certificate", str(certificate), "--account", "me:secret") as server:
        sending = mailer(server, username="me", password="secret", context=trusting)
        sending.send(LETTER)

        taken = server.take()
        assert taken["encrypted"]
        assert taken["user"] == "me"


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with mail_server("--certificate", str(certificate)) as server:
        with pytest.raises(Unavailable, match="does not answer"):
            mailer(server).send(LETTER)
        assert server.nothing_came()


def test_a_wrong_password_is_unavailable_and_is_not_told(
    certificate: Path, trusting: ssl.SSLContext
) -> None:
    with mail_server("--certificate", str(certificate), "--account", "me:secret") as server:
        sending = mailer(server, username="me", password="wrong-secret", context=trusting)
        with pytest.raises(Unavailable, match="smtp_password") as caught:
            sending.send(LETTER)

    assert "wrong-secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "wrong-secret" not in repr(sending)


def test_the_port_for_it_is_encrypted_from_the_start(
    certificate: Path, trusting: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_server("--certificate", str(certificate), "--implicit") as server:
        monkeypatch.setattr(adapter, "IMPLICIT_TLS_PORT", server.port)
        mailer(server, context=trusting).send(LETTER)

        assert server.take()["encrypted"]


def test_beyond_this_machine_nothing_goes_unencrypted(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "_LOOPBACK", set())

    with pytest.raises(Unavailable, match="no encryption"):
        mailer(server).send(LETTER)
    monkeypatch.setattr(adapter, "RELAY_PORT", server.port)
    with pytest.raises(Unavailable, match="no encryption"):
        mailer(server, username="me", password="secret").send(LETTER)
    mailer(server).send(LETTER)
    assert not server.take()["encrypted"]
