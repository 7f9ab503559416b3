"""What the audit log says, and the chain by which a change of it shows.

Each entry carries a message authentication code (HMAC-SHA-256, RFC 2104) over its number, its content and
the code of the entry before it. Whoever edits, swaps or removes entries without the key breaks the chain;
a cut at the end shows by the head, which is also kept outside the database.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum, StrEnum
from typing import Any

import attrs

from invoke_core.domain.identifiers import UserId
from invoke_core.domain.principals import Principal, Via
from invoke_core.domain.sign_in import Client
from invoke_core.domain.users import MAX_EMAIL_CHARACTERS, email_identity

Facts = Mapping[str, Any]
"""What something was or became: texts, numbers, times, words, and lists and mappings of them."""


class AuditAction(StrEnum):
    """What was done; a word before a dot names the kind of thing that it was done to."""

    SETUP = "setup"  # the first administrator, or another one in recovery
    SETUP_FAILED = "setup.failed"
    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in.failed"
    SIGN_OUT = "sign_out"
    SESSION_END = "session.end"
    USER_CREATE = "user.create"
    USER_UPDATE = "user.update"
    USER_DELETE = "user.delete"
    USER_UNLOCK = "user.unlock"
    USER_RECOVER = "user.recover"
    USER_INVITE = "user.invite"
    USER_ACCEPT = "user.accept"  # the holder of an invitation chose a password
    USER_RESET_LINK = "user.reset_link"
    USER_RESET = "user.reset"  # the holder of a reset link chose a password
    IDENTITY_LINK = "identity.link"  # somebody at a provider is the owner of an account from now on
    IDENTITY_REMOVE = "identity.remove"  # by an administrator
    API_KEY_CREATE = "api_key.create"
    API_KEY_REMOVE = "api_key.remove"
    SECOND_FACTOR_CONFIRM = "second_factor.confirm"
    SECOND_FACTOR_REMOVE = "second_factor.remove"
    SECOND_FACTOR_RESET = "second_factor.reset"  # by an administrator
    BOARD_UPDATE = "board.update"
    BOARD_DELETE = "board.delete"
    BOARD_SHARE = "board.share"
    BOARD_UNSHARE = "board.unshare"
    BOARD_TRANSFER = "board.transfer"  # another owner
    BOARD_LINK_CREATE = "board.link_create"  # for people without an account
    BOARD_LINK_REMOVE = "board.link_remove"
    BOARD_LINK_UNLOCK_FAILED = "board.link_unlock_failed"  # a wrong password of a link
    BOARD_LOOK = "board.look"  # an administrator, into a board that is hidden from them as a person
    IMAGE_UPDATE = (
        "image.update"  # this and the next four: an administrator, other people's pictures
    )
    IMAGE_DELETE = "image.delete"
    IMAGE_RESTORE = "image.restore"
    IMAGE_MOVE = "image.move"
    IMAGE_LOOK = "image.look"
    JOB_CANCEL = "job.cancel"  # this and the next three: an administrator, other people's jobs
    JOB_DELETE = "job.delete"
    JOB_RETRY = "job.retry"
    JOB_LOOK = "job.look"
    STORAGE_REPAIR = "storage.repair"  # files and rows were brought together again
    QUEUE_PAUSE = "queue.pause"
    QUEUE_RESUME = "queue.resume"
    QUEUE_SHARE = "queue.share"  # a person's weight or caps
    QUEUE_CLEAR = "queue.clear"  # at the start of a server that is told to
    MODEL_ADD = "model.add"
    MODEL_UPDATE = "model.update"
    MODEL_REMOVE = "model.remove"
    WORKFLOW_CREATE = "workflow.create"  # a default one; and the next two: another's, or published
    WORKFLOW_UPDATE = "workflow.update"
    WORKFLOW_DELETE = "workflow.delete"
    WORKFLOW_LOOK = "workflow.look"
    STYLE_PRESET_CREATE = "style_preset.create"  # as for workflows
    STYLE_PRESET_UPDATE = "style_preset.update"
    STYLE_PRESET_DELETE = "style_preset.delete"
    STYLE_PRESET_LOOK = "style_preset.look"
    STYLE_PRESET_EXPORT = "style_preset.export"
    STYLE_PRESET_IMPORT = "style_preset.import"
    SIGNING_KEY_ROTATE = "signing_key.rotate"
    SIGNING_KEY_REVOKE = "signing_key.revoke"
    RECOVERY_OPEN = "recovery.open"
    RECOVERY_CLOSE = "recovery.close"
    ACCESS_REVIEW = "access.review"  # an administrator looked who has access to what
    ASSETS_TRANSFER = "assets.transfer"  # boards and images were given to another account
    ASSETS_UNDO = "assets.undo"
    ASSETS_EXPORT = "assets.export"  # everything of an account was packed


ANONYMOUS = "anonymous"  # `via` of somebody who has not signed in
UNREADABLE = "unreadable"  # the action of an entry whose content is damaged


@attrs.frozen(kw_only=True)
class Stranger:
    """Somebody who has not signed in."""

    email: str | None = None  # as it was typed
    address: str | None = None  # of the client, as text
    request_id: str | None = None

    @classmethod
    def of(cls, client: Client, email: str | None) -> "Stranger":
        """Return whoever asks from there and says to be of this address."""
        return cls(email=email, address=client.address, request_id=client.request_id)


@attrs.frozen(kw_only=True)
class Actor:
    """Who did it."""

    user_id: UserId | None  # None: nobody who had signed in
    email: str | None  # of the account then, or as it was typed
    address: str | None
    via: str  # see `Via`; `anonymous` where nobody had signed in
    operating_system_user: str | None = None  # of a command on the host


@attrs.frozen
class Target:
    """What it was done to."""

    kind: str  # such as `user`, `board`, `queue`
    id: str | None = None  # None: there is one of the kind, or it was done to many


@attrs.frozen(kw_only=True)
class AuditEntry:
    """One thing that was done."""

    entry_id: int  # 1, 2, 3 … without a gap
    at: datetime  # aware, UTC
    actor: Actor
    action: str  # an `AuditAction`
    target: Target
    before: Facts | None = None
    after: Facts | None = None
    request_id: str | None = None


@attrs.frozen(kw_only=True)
class AuditRow:
    """An entry as it is kept: its content, its code, and the words by which it is found again."""

    entry_id: int
    content: str  # canonical JSON, ASCII
    mac: str  # 64 hexadecimal digits
    at: str
    actor_id: str | None
    actor_identity: str | None  # the `email_identity` of the actor's address
    action: str
    target_kind: str
    target_id: str | None


@attrs.frozen
class Head:
    """How far the log has come."""

    count: int = 0  # of entries, and so the number of the last one
    mac: str = ""  # of the last one


@attrs.frozen
class Chain:
    """The key of the codes. Without one the chain finds accidents, not forgers."""

    key: bytes = attrs.field(default=b"", repr=False)

    def sealed(self, head: Head, entry: AuditEntry) -> AuditRow:
        """Return the entry as it is kept after the head; its number becomes the next one."""
        entry = attrs.evolve(entry, entry_id=head.count + 1)
        content = _canonical(entry)
        return _row(entry, content, self.mac(head.mac, entry.entry_id, content))

    def mac(self, before: str, entry_id: int, content: str) -> str:
        """Return the code of an entry that follows the one with the code `before`."""
        text = f"{before}\n{entry_id}\n{content}".encode("utf-8", "surrogatepass")
        return hmac.new(self.key, text, hashlib.sha256).hexdigest()

    def extended(self, head: Head, rows: Iterable[AuditRow]) -> tuple[Head, int | None]:
        """Follow the chain from the head over rows in ascending order.

        Returns:
            The head that was reached, and the number of the first entry that is not as it was written:
            changed, or missing where another one stands. None: every one is right.
        """
        for row in rows:
            expected = head.count + 1
            if row.entry_id != expected or not self._is_right(head, row):
                return head, expected
            head = Head(expected, row.mac)
        return head, None

    def _is_right(self, head: Head, row: AuditRow) -> bool:
        try:
            mac = self.mac(head.mac, row.entry_id, row.content)
            if not hmac.compare_digest(mac, row.mac):
                return False
            return _row(_entry(row), row.content, mac) == row
        except (
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
        ):  # of another type than was written
            return False


@attrs.frozen(kw_only=True)
class AuditQuery:
    """Which entries, the newest first."""

    actor: str | None = None  # a user id, or an e-mail address in any spelling
    action: str | None = None  # an action, or the word before its dot
    target: str | None = None  # an id, or a kind
    since: datetime | None = None  # from then on
    until: datetime | None = None  # before
    before_id: int | None = None  # only entries with a lower number
    limit: int = 50


def new_entry(
    who: Principal | Stranger,
    email: str | None,
    action: AuditAction,
    target: Target,
    *,
    at: datetime,
    before: Facts | None,
    after: Facts | None,
) -> AuditEntry:
    """Return an entry that has no number yet (0).

    Args:
        who: who did it.
        email: the address of a principal's account.
        action: what was done.
        target: what it was done to.
        at: when.
        before: what it was, as far as it changed; never a secret.
        after: what it became.
    """
    if isinstance(who, Stranger):
        typed = None if who.email is None else _storable(who.email)[:MAX_EMAIL_CHARACTERS]
        actor = Actor(user_id=None, email=typed, address=who.address, via=ANONYMOUS)
    else:
        actor = Actor(
            user_id=who.user_id,
            email=email,
            address=who.address,
            via=who.via.value,
            operating_system_user=who.operating_system_user,
        )
    return AuditEntry(
        entry_id=0,
        at=at,
        actor=actor,
        action=action.value,
        target=target,
        before=before,
        after=after,
        request_id=who.request_id,
    )


def read_entry(row: AuditRow) -> AuditEntry:
    """Return what a row says; one whose content is damaged is an entry with the action `unreadable`."""
    try:
        return _entry(row)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return AuditEntry(
            entry_id=row.entry_id,
            at=datetime.fromtimestamp(0, UTC),
            actor=Actor(user_id=None, email=None, address=None, via=UNREADABLE),
            action=UNREADABLE,
            target=Target(UNREADABLE),
        )


def difference(before: Any, after: Any, names: Sequence[str]) -> tuple[Facts, Facts]:
    """Return what the named fields of two values were and became, as far as they differ."""
    changed = [name for name in names if getattr(before, name) != getattr(after, name)]
    return facts(before, changed), facts(after, changed)


def facts(value: Any, names: Sequence[str]) -> Facts:
    """Return the named fields of a value."""
    return {name: getattr(value, name) for name in names}


def is_private_look(principal: Principal) -> bool:
    """Return whether it counts as a look when this principal sees what is hidden from others.

    Where nobody signs in everything is one's own, and the server itself looks at nothing.
    """
    return principal.is_admin and principal.via not in {Via.SINGLE_USER, Via.INTERNAL}


def as_person(principal: Principal) -> Principal:
    """Return the principal without an administrator's rights."""
    return attrs.evolve(principal, is_admin=False)


def at_text(at: datetime) -> str:
    """Return a time as it is kept: texts sort as the times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _canonical(entry: AuditEntry) -> str:
    content = {
        "at": at_text(entry.at),
        "actor": attrs.asdict(entry.actor),
        "action": entry.action,
        "target": attrs.asdict(entry.target),
        "before": _plain(entry.before),
        "after": _plain(entry.after),
        "request_id": entry.request_id,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.name.lower() if isinstance(value.value, int) else value.value
        case None | bool() | int() | float():
            return value
        case str():
            return _storable(value)
        case datetime():
            return at_text(value)
        case Mapping():
            return {_storable(str(key)): _plain(inner) for key, inner in value.items()}
        case _ if attrs.has(type(value)):
            return _plain(attrs.asdict(value, recurse=False))
        case list() | tuple() | set() | frozenset():
            ordered = sorted(value) if isinstance(value, set | frozenset) else value
            return [_plain(inner) for inner in ordered]
    raise TypeError(f"{type(value).__name__} cannot stand in the audit log")


def _storable(text: str) -> str:
    """Return the text without lone surrogates, which no JSON document of ours could be sent with."""
    return text.encode("utf-8", "replace").decode()


def _row(entry: AuditEntry, content: str, mac: str) -> AuditRow:
    email = entry.actor.email
    return AuditRow(
        entry_id=entry.entry_id,
        content=content,
        mac=mac,
        at=at_text(entry.at),
        actor_id=entry.actor.user_id,
        actor_identity=None if email is None else searched_identity(email),
        action=entry.action,
        target_kind=entry.target.kind,
        target_id=entry.target.id,
    )


def searched_identity(email: str) -> str:
    """Return what spellings of an address share in the log; typed ones need not be addresses."""
    return email_identity(email).replace("\0", "")


def _entry(row: AuditRow) -> AuditEntry:
    content = json.loads(row.content)
    return AuditEntry(
        entry_id=row.entry_id,
        at=datetime.fromisoformat(content["at"]),
        actor=Actor(**content["actor"]),
        action=content["action"],
        target=Target(**content["target"]),
        before=content["before"],
        after=content["after"],
        request_id=content["request_id"],
    )


SERVER = Target("server")
QUEUE = Target("queue", "default")
