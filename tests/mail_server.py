"""A real SMTP server in a process of its own; what it takes it prints, one JSON object a line.

Run as a script it is that process; imported it is what starts it and waits for letters.
"""

import argparse
import asyncio
import json
import queue
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from typing import Any

PATIENCE = 60.0  # seconds until a test gives up waiting


class MailServer:
    """The server process, as a test sees it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self.process = process
        self.port = int(process.stdout.readline())
        self._taken: queue.Queue[dict[str, Any]] = queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._taken.put(json.loads(line))

    def take(self) -> dict[str, Any]:
        """Return the next event: a refused recipient or a letter."""
        return self._taken.get(timeout=PATIENCE)

    def letter(self) -> EmailMessage:
        """Return the next letter."""
        while "data" not in (event := self.take()):
            pass
        letter = message_from_bytes(event["data"].encode(), policy=POLICY)
        assert isinstance(letter, EmailMessage)
        return letter

    def nothing_came(self) -> bool:
        return self._taken.empty()


@contextmanager
def mail_server(*arguments: str) -> Iterator[MailServer]:
    """Run the server on a free port of loopback until the block ends."""
    process = subprocess.Popen(
        [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        server = MailServer(process)
        yield server
    finally:
        process.terminate()
        process.wait(PATIENCE)
        if "server" in locals():
            server._thread.join(PATIENCE)
        assert process.stdout is not None
        process.stdout.close()


def _tell(**event: Any) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


class _Handler:
    def __init__(self, answers: list[str]) -> None:
        self.answers = answers

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if not answer.startswith("250"):
            _tell(refused=address, answer=answer)
            return answer
        envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        _tell(
            mail_from=envelope.mail_from,
            rcpt_tos=envelope.rcpt_tos,
            encrypted=session.ssl is not None
            or server.transport.get_extra_info("cipher") is not None,
            user=session.auth_data.decode() if session.authenticated else None,
            data=envelope.content.decode("utf-8"),
        )
        return "250 OK"


async def _serve(options: argparse.Namespace) -> None:
    from aiosmtpd.smtp import SMTP, AuthResult

    context = None
    if options.certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.certificate)

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        right = f"{data.login.decode()}:{data.password.decode()}" == options.account
        return AuthResult(success=right, auth_data=data.login, handled=False)

    def protocol() -> SMTP:
        return SMTP(
            _Handler(options.answers),
            hostname="mail.test",
            tls_context=None if options.implicit else context,
            auth_required=options.account is not None,
            auth_require_tls=not options.implicit and context is not None,
            authenticator=authenticate,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        protocol, "127.0.0.1", options.port, ssl=context if options.implicit else None
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate", help="PEM with key: STARTTLS is offered")
    parser.add_argument("--implicit", action="store_true", help="encrypted from the start")
    parser.add_argument("--account", help="NAME:PASSWORD")
    parser.add_argument("--answers", type=lambda t: t.split(";"), default=[], help="to RCPT")
    asyncio.run(_serve(parser.parse_args()))
