"""One message, one connection, over the standard library's SMTP client."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

import attrs

from invoke_core.domain.mail import Message
from invoke_core.errors import Invalid, Unavailable
from invoke_core.ports.clock import Clock

IMPLICIT_TLS_PORT = 465  # RFC 8314, 3.3
RELAY_PORT = 25  # where servers talk to servers, with encryption if the other side has it
TIMEOUT_SECONDS = 10.0  # of each step of the conversation
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@attrs.frozen(kw_only=True)
class SmtpMailer:
    """Hands messages to a mail server.

    Port 465 is encrypted from the start. On every other one STARTTLS must be offered, except on port 25 and
    on this machine itself; certificates are checked. A password never leaves unencrypted, except to this
    machine.
    """

    host: str
    port: int
    sender: str  # the address that letters come from
    clock: Clock
    username: str | None = None
    password: str | None = attrs.field(default=None, repr=False)
    context: ssl.SSLContext = attrs.field(factory=ssl.create_default_context, repr=False)
    timeout: float = TIMEOUT_SECONDS

    def send(self, message: Message) -> None:
        """See `Mailer`."""
        letter = self._letter(message)
        with _translated(), self._connected() as server:
            if self.username is not None:
                server.login(self.username, self.password or "")
            # The addresses are our own, not read back out of the headers.
            server.send_message(letter, from_addr=str(self.sender), to_addrs=[str(letter["To"])])

    def _letter(self, message: Message) -> EmailMessage:
        letter = EmailMessage(policy=SMTP)
        try:
            # Headers are given as parsed values: a line break in one is refused, never written.
            letter["To"] = _address(message.to)
            letter["From"] = _address(self.sender)
            letter["Subject"] = message.subject
            letter["Date"] = format_datetime(self.clock.now())
            letter["Message-ID"] = make_msgid(domain=_address(self.sender).domain)
            letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers, please
            letter.set_content(message.text, cte="quoted-printable")  # ASCII on every way
        except (ValueError, IndexError, MessageError) as error:
            raise Invalid("The letter has an address or subject that no mail can have.") from error
        return letter

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        if self.port == IMPLICIT_TLS_PORT:
            with smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.timeout, context=self.context
            ) as encrypted:
                yield encrypted
            return
        with smtplib.SMTP(self.host, self.port, timeout=self.timeout) as server:
            server.ehlo_or_helo_if_needed()
            if server.has_extn("starttls"):
                server.starttls(context=self.context)
                server.ehlo()
            elif self.host not in _LOOPBACK and (self.port != RELAY_PORT or self.username):
                raise Unavailable(
                    f"The mail server {self.host} offers no encryption on port {self.port}: use port 465"
                    " or 587 of one that does."
                )
            yield server


def _address(text: str) -> Address:
    """Return the address with its domain in ASCII (IDNA), as mail servers without SMTPUTF8 know it."""
    local, _, domain = text.rpartition("@")
    return Address(username=local, domain=domain.encode("idna").decode("ascii"))


@contextmanager
def _translated() -> Iterator[None]:
    """Let the client's errors pass as ours, without what the server was told: that may be a password."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        code = max((refusal[0] for refusal in error.recipients.values()), default=0)
        if code >= 500:  # RFC 5321, 4.2.1: it will say the same the next time
            raise Invalid(f"The mail server does not know the address (code {code}).") from error
        raise Unavailable(f"The mail server does not take the letter now (code {code}).") from error
    except smtplib.SMTPNotSupportedError as error:
        raise Invalid("The mail server cannot write to an address outside ASCII.") from error
    except smtplib.SMTPAuthenticationError:
        raise Unavailable(
            "The mail server refuses smtp_username and smtp_password: correct them."
        ) from None
    except smtplib.SMTPResponseException as error:
        raise Unavailable(f"The mail server refuses (code {error.smtp_code}).") from error
    except (smtplib.SMTPException, OSError) as error:
        raise Unavailable(f"The mail server does not answer: {error or 'time is up'}.") from error
