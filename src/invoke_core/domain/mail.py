"""What the server writes to people, and when it tries again."""

from datetime import datetime, timedelta

import attrs

from invoke_core.domain.identifiers import UserId
from invoke_core.domain.links import LinkPurpose
from invoke_core.domain.users import User

FIRST_PAUSE = timedelta(minutes=1)  # doubled with every further try
LONGEST_PAUSE = timedelta(hours=1)


@attrs.frozen(kw_only=True)
class Letter:
    """A link that is to be mailed; an account has at most one on its way, the newest.

    It holds no secret: the token is made when the letter is sent, and again when it is sent again.
    """

    user_id: UserId
    purpose: LinkPurpose
    site: str  # the address of the server, for the link
    created_at: datetime  # aware, UTC
    expires_at: datetime  # of the link; after it the letter is not sent any more
    attempts: int = 0  # tries that were begun
    due_at: datetime  # of the next try


@attrs.frozen(kw_only=True)
class Message:
    """A plain text for one person."""

    to: str  # an address
    subject: str
    text: str = attrs.field(repr=False)  # lines end in \n


def tried(letter: Letter, now: datetime) -> Letter:
    """Return the letter as it is kept while it is being sent: the next try is due after a pause."""
    pause: timedelta = FIRST_PAUSE * 2 ** min(letter.attempts, 10)
    return attrs.evolve(
        letter, attempts=letter.attempts + 1, due_at=now + min(pause, LONGEST_PAUSE)
    )


def message(letter: Letter, user: User, url: str) -> Message:
    """Return what stands in the letter. Nothing that a person chose stands in its subject."""
    until = f"{letter.expires_at:%Y-%m-%d %H:%M} UTC"
    match letter.purpose:
        case LinkPurpose.INVITATION:
            subject = "Your account on the image server"
            said = "an account was made for you. Open this address to choose your password:"
            otherwise = "If you expected no invitation, ignore this letter."
        case LinkPurpose.RESET:
            subject = "A new password for your account on the image server"
            said = "an administrator lets you choose a new password. Open this address:"
            otherwise = (
                "If you did not ask for it, tell your administrator; nothing has changed yet."
            )
    text = (
        f"Hello {user.display_name},\n\n{said}\n\n{url}\n\n"
        f"It works once, until {until}. {otherwise}\n"
    )
    return Message(to=user.email, subject=subject, text=text)
