"""Sends the letters that are waiting, and tries again what could not be sent."""

import logging

import attrs

from invoke_core.domain.identifiers import UserId
from invoke_core.domain.links import AccountLink, link_digest, link_url
from invoke_core.domain.mail import Letter, Message, message, tried
from invoke_core.errors import Invalid, Unavailable
from invoke_core.ports.clock import Clock
from invoke_core.ports.mail import Mailer
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.unit_of_work import Reading, Writing

_log = logging.getLogger("invoke.mail")


@attrs.frozen(kw_only=True)
class MailService:
    """Sends letters, each at least once: a crash between sending and writing it down sends it again.

    Every letter that goes out carries a link of its own, and the newest one works.
    """

    reading: Reading
    writing: Writing
    clock: Clock
    randomness: Randomness
    mailer: Mailer | None  # None: nothing is sent

    def deliver(self) -> int:
        """Send the letters that are due; return how many went.

        The first one that the mail server does not take ends the round: the others would wait as long.
        """
        if self.mailer is None:
            return 0
        with self.reading() as work:
            due = work.outbox.due(self.clock.now())
        sent = 0
        for letter in due:
            begun = self._begin(letter.user_id)
            if begun is None:
                continue
            try:
                self.mailer.send(begun[1])
            except Unavailable as error:
                _log.warning("A letter to %s waits: %s", letter.user_id, error)
                break
            except Invalid as error:
                _log.warning("A letter to %s cannot be sent: %s", letter.user_id, error)
            else:
                sent += 1
            self._end(begun[0])
        return sent

    def _begin(self, user_id: UserId) -> tuple[Letter, Message] | None:
        """Make a link for the letter and put its next try off; None where it is not to be sent."""
        now = self.clock.now()
        with self.writing() as work:
            letter = work.outbox.find(user_id)
            if letter is None or letter.due_at > now:
                return None  # another process sends it
            user = work.users.get(user_id)
            if now >= letter.expires_at or not user.is_active:
                work.outbox.remove(user_id)
                _log.warning("A letter to %s was given up after %d tries", user_id, letter.attempts)
                return None
            token = self.randomness.secret()
            link = AccountLink(
                user_id=user_id,
                purpose=letter.purpose,
                digest=link_digest(token),
                created_at=now,
                expires_at=letter.expires_at,
            )
            work.links.put(link)
            begun = tried(letter, now)
            work.outbox.put(begun)
        return begun, message(begun, user, link_url(letter.site, letter.purpose, token))

    def _end(self, begun: Letter) -> None:
        with self.writing() as work:
            if work.outbox.find(begun.user_id) == begun:  # not one that was asked for meanwhile
                work.outbox.remove(begun.user_id)
