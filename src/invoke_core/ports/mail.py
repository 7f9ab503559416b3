"""How letters leave, and what has to be kept of those that are on their way."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from invoke_core.domain.identifiers import UserId
from invoke_core.domain.mail import Letter, Message


class OutboxRepository(Protocol):
    """Letters that are to be sent, at most one an account, inside one unit of work."""

    def put(self, letter: Letter) -> None:
        """Keep the letter, in place of the one that the account had.

        Raises:
            NotFound: the account is unknown.
        """

    def find(self, user_id: UserId) -> Letter | None:
        """Return the account's letter, or None."""

    def due(self, now: datetime, limit: int = 100) -> Sequence[Letter]:
        """Return letters whose `due_at` is not after now, the one due first first, then by account."""

    def remove(self, user_id: UserId) -> None:
        """Forget the account's letter; nothing happens where it has none."""


class Mailer(Protocol):
    """Hands messages to a mail server. Slow: never inside a unit of work."""

    def send(self, message: Message) -> None:
        """Return when the mail server has taken the message.

        Whatever stands in it, it reaches the one address in `to`, with the headers that we chose.

        Raises:
            Unavailable: the mail server does not answer, or does not take it now.
            Invalid: the address is none that could be mailed to.
        """
