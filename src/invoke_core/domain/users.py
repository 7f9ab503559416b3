"""What an account is, what identifies it, and what must never become of the last administrator."""

import re
import unicodedata
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import attrs

from invoke_core.domain.identifiers import SYSTEM, UserId
from invoke_core.domain.pages import from_cursor, from_microseconds, microseconds, to_cursor
from invoke_core.errors import Invalid, LastAdministrator, RuleViolation

MAX_EMAIL_CHARACTERS = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets
MAX_DISPLAY_NAME_CHARACTERS = 100
MAX_NOTE_CHARACTERS = 10_000
FIRST_PASSWORD_LIFE = timedelta(days=7)  # as long as an invitation

_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_EMAIL = re.compile(rf"[^\s@\"(),:;<>\[\\\]\x00-\x1f\x7f]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")


@attrs.frozen(kw_only=True)
class User:
    """A person's record."""

    user_id: UserId
    email: str  # as it was typed, NFC; see `email_identity`
    display_name: str  # characters: 1 to 100
    password_hash: str | None  # None: cannot sign in with a password
    is_admin: bool
    is_active: bool
    must_change_password: bool = False
    epoch: int = 0  # grows with every change that must end the account's sessions
    second_factor: bool = False  # one is in force, and asked for at sign-in
    note: str = ""  # administrators' own, never shown to the person
    storage_quota_bytes: int | None = None  # None: the server's; see `NO_QUOTA`
    created_at: datetime  # aware, UTC
    updated_at: datetime
    last_login_at: datetime | None = None
    password_changed_at: datetime | None = None  # None: never since the account was made

    @property
    def can_sign_in(self) -> bool:
        """Whether the account is active and somebody has its password, or signed in without one before.

        An invitation that nobody has accepted yet is neither.
        """
        known = self.password_hash is not None or self.last_login_at is not None
        return self.is_active and known and self.user_id != SYSTEM

    @property
    def can_administer(self) -> bool:
        """Whether this is an administrator who can sign in."""
        return self.is_admin and self.can_sign_in


@attrs.frozen(kw_only=True)
class UserPosition:
    """What decides where an account stands in a list: the oldest come first, then ids decide."""

    created_at: datetime  # aware, UTC
    user_id: UserId

    @classmethod
    def of(cls, user: User) -> "UserPosition":
        """Return where the account stands."""
        return cls(created_at=user.created_at, user_id=user.user_id)

    @classmethod
    def of_cursor(cls, text: str) -> "UserPosition":
        """Return the position that a cursor holds; raise Invalid for one that is none of ours."""
        at, user_id = from_cursor(text, int, str)
        return cls(created_at=from_microseconds(at), user_id=UserId(user_id))

    def cursor(self) -> str:
        """Return the position as clients pass it on."""
        return to_cursor(microseconds(self.created_at), self.user_id)


SYSTEM_USER = User(
    user_id=SYSTEM,
    email="system@invoke.invalid",  # RFC 2606: no person can have such an address
    display_name="System",
    password_hash=None,
    is_admin=False,
    is_active=False,  # so that a plain count of active accounts counts people
    created_at=datetime(1970, 1, 1, tzinfo=UTC),
    updated_at=datetime(1970, 1, 1, tzinfo=UTC),
)  # as every new database holds it


def search_text(user: User) -> str:
    """Return the case-folded text in which a case-folded search looks for a part."""
    return f"{user.email}\n{user.display_name}".casefold()


def checked_email(text: str) -> str:
    """Return the address, trimmed and NFC-normalised.

    One `@`, a local part without spaces, quotes or brackets, and a host name of any depth, so that
    `admin@localhost` passes.

    Raises:
        Invalid: it is not of that form, or longer than 254 characters.
    """
    email = unicodedata.normalize("NFC", text).strip()
    local = email.partition("@")[0]
    if (
        len(email) > MAX_EMAIL_CHARACTERS
        or not _EMAIL.fullmatch(email)
        or ".." in local
        or local[0] == "."
        or local[-1] == "."
        or any(unicodedata.category(character)[0] == "C" for character in local)  # unseen ones too
    ):
        raise Invalid("This is not an e-mail address, such as name@example.com.", field="email")
    return email


def email_identity(email: str) -> str:
    """Return the text that two spellings of one address share.

    NFKC and case folding over the whole address, and the domain in its IDNA form where it has one
    (RFC 5891), so that neither case nor Unicode form makes a second account.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email.strip()).casefold())
    local, _, domain = folded.rpartition("@")
    with suppress(UnicodeError):  # no such host name: the folded text still identifies it
        domain = domain.encode("idna").decode("ascii")
    return f"{local}@{domain}"


def require_one_alphabet(email: str) -> None:
    """Refuse an address for an administrator that could pass for another's.

    Raises:
        RuleViolation: the letters before the `@` come from several alphabets, such as a Cyrillic "а" in
            "admin". East Asian scripts, which are written together, count as one.
    """
    local = unicodedata.normalize("NFKC", email).rpartition("@")[0]
    if len({_alphabet(letter) for letter in local if letter.isalpha()} - {"MODIFIER"}) > 1:
        raise RuleViolation(
            "An administrator's address must not mix alphabets before the @: it could pass for"
            " another's."
        )


_ONE_ALPHABET = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "BOPOMOFO": "CJK", "HANGUL": "CJK"}


def _alphabet(letter: str) -> str:
    """Return the first word of the letter's name, which is its script's."""
    script = unicodedata.name(letter, "UNKNOWN").partition(" ")[0].partition("-")[0]
    return _ONE_ALPHABET.get(script, script)


def checked_display_name(text: str) -> str:
    """Return the name, trimmed and NFC-normalised.

    Raises:
        Invalid: it is empty, longer than 100 characters, or holds a control character.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(name) <= MAX_DISPLAY_NAME_CHARACTERS:
        raise Invalid("A display name has 1 to 100 characters.", field="display_name")
    if any(unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"} for character in name):
        raise Invalid("A display name has no control characters.", field="display_name")
    return name


def first_display_name(email: str, wished: str | None) -> str:
    """Return how a new account is called: by its address, as far as there is room, unless wished otherwise.

    Raises:
        Invalid: see `checked_display_name`.
    """
    return checked_display_name(wished or email[:MAX_DISPLAY_NAME_CHARACTERS])


def checked_note(text: str) -> str:
    """Return the note; raise Invalid over 10,000 characters."""
    if len(text) > MAX_NOTE_CHARACTERS:
        raise Invalid("A note has at most 10,000 characters.", field="note")
    return text


def new_user(
    user_id: UserId,
    *,
    email: str,
    display_name: str,
    now: datetime,
    password_hash: str | None = None,
    is_admin: bool = False,
    must_change_password: bool = False,
) -> User:
    """Return an account as it begins, active; without a password where its owner has yet to choose one."""
    return User(
        user_id=user_id,
        email=email,
        display_name=display_name,
        password_hash=password_hash,
        is_admin=is_admin,
        is_active=True,
        must_change_password=must_change_password,
        created_at=now,
        updated_at=now,
        password_changed_at=None if password_hash is None else now,
    )


def with_password(user: User, password_hash: str, now: datetime) -> User:
    """Return the account with a new password that its owner chose; its sessions end."""
    return attrs.evolve(
        user,
        password_hash=password_hash,
        password_changed_at=now,
        must_change_password=False,
        epoch=user.epoch + 1,
        updated_at=now,
    )


def is_first_password_over(user: User, now: datetime) -> bool:
    """Return whether a password that somebody else chose waited too long for its first sign-in.

    Only one that must be changed then: who hands a password on for good has said so.
    """
    set_at = user.password_changed_at or user.created_at
    is_unused = user.last_login_at is None or user.last_login_at < set_at
    return user.must_change_password and is_unused and now >= set_at + FIRST_PASSWORD_LIFE


def ends_links(before: User, after: User) -> bool:
    """Return whether a change of the account ends its invitation or reset link.

    What the link is good for may be done already, or its letter may lie in somebody else's mailbox.
    """
    return (
        before.password_hash != after.password_hash
        or before.email != after.email
        or (before.is_active and not after.is_active)
    )


def ends_sessions(before: User, after: User) -> bool:
    """Return whether a change of the account ends its sessions.

    A new password, a deactivation and a loss of administrator rights do.
    """
    return (
        before.password_hash != after.password_hash
        or (before.is_active and not after.is_active)
        or (before.is_admin and not after.is_admin)
    )


def require_changeable(user_id: UserId) -> None:
    """Raise RuleViolation for the internal `system` account, which nobody may change."""
    if user_id == SYSTEM:
        raise RuleViolation("The internal account 'system' cannot be changed or deleted.")


def require_administrator_left(before: User, after: User | None, administrators: int) -> None:
    """Refuse the change that would leave nobody who can administer.

    Args:
        before: the account as it is.
        after: as it would be; None where it would be deleted.
        administrators: how many accounts can administer now, `before` included if it can.

    Raises:
        LastAdministrator: `before` is the last one who can, and `after` cannot.
    """
    keeps = after is not None and after.can_administer
    if before.can_administer and not keeps and administrators <= 1:
        raise LastAdministrator
