"""Links, letters, former passwords and doomed files in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.mapping import KEY, Mapper, among, upsert
from invoke_core.domain.identifiers import ImageName, UserId
from invoke_core.domain.links import AccountLink
from invoke_core.domain.mail import Letter
from invoke_core.errors import NotFound

LINKS = Mapper(AccountLink, schema.account_links, "user_id")
LETTERS = Mapper(Letter, schema.outbox, "user_id")

_links = schema.account_links.c
_letters = schema.outbox.c
_former = schema.former_passwords.c
_doomed = schema.doomed_files.c


@attrs.frozen
class SqlLinkRepository:
    """See `LinkRepository`."""

    connection: sa.Connection

    def put(self, link: AccountLink) -> None:
        """Keep the link, in place of the one that the account had."""
        _keep(self.connection, schema.account_links, LINKS.row(link), link.user_id)

    def find(self, digest: str) -> AccountLink | None:
        """Return the link with exactly this digest, or None."""
        row = self.connection.execute(LINKS.select.where(_links.digest == digest)).first()
        return None if row is None else LINKS.value(row)

    def remove(self, user_id: UserId) -> None:
        """Forget the account's link."""
        self.connection.execute(LINKS.delete, {KEY: user_id})

    def remove_expired(self, before: datetime) -> int:
        """Forget links whose `expires_at` is before."""
        old = sa.delete(schema.account_links).where(_links.expires_at < before)
        return self.connection.execute(old).rowcount


@attrs.frozen
class SqlOutboxRepository:
    """See `OutboxRepository`."""

    connection: sa.Connection

    def put(self, letter: Letter) -> None:
        """Keep the letter, in place of the one that the account had."""
        _keep(self.connection, schema.outbox, LETTERS.row(letter), letter.user_id)

    def find(self, user_id: UserId) -> Letter | None:
        """Return the account's letter, or None."""
        return LETTERS.find(self.connection, user_id)

    def due(self, now: datetime, limit: int = 100) -> Sequence[Letter]:
        """Return letters whose `due_at` is not after now."""
        due = LETTERS.select.where(_letters.due_at <= now)
        return LETTERS.all(
            self.connection, due.order_by(_letters.due_at, _letters.user_id).limit(limit)
        )

    def remove(self, user_id: UserId) -> None:
        """Forget the account's letter."""
        self.connection.execute(LETTERS.delete, {KEY: user_id})


@attrs.frozen
class SqlFormerPasswordRepository:
    """See `FormerPasswordRepository`."""

    connection: sa.Connection

    def add(self, user_id: UserId, password_hash: str, at: datetime, *, keep: int) -> None:
        """Remember a hash that was replaced."""
        row = {"user_id": user_id, "password_hash": password_hash, "replaced_at": at}
        _keep(self.connection, schema.former_passwords, row, user_id)
        newest = _newest_first(user_id).limit(keep)
        older = sa.and_(_former.user_id == user_id, _former.password_hash.not_in(newest))
        self.connection.execute(sa.delete(schema.former_passwords).where(older))

    def recent(self, user_id: UserId, limit: int) -> Sequence[str]:
        """Return the account's last hashes, the newest first."""
        return list(self.connection.execute(_newest_first(user_id).limit(limit)).scalars())


@attrs.frozen
class SqlDoomedFileRepository:
    """See `DoomedFileRepository`."""

    connection: sa.Connection

    def add(self, image_names: Sequence[ImageName], at: datetime) -> None:
        """Keep names."""
        known = among(self.connection, _doomed.image_name, image_names)
        there = set(self.connection.execute(sa.select(_doomed.image_name).where(known)).scalars())
        rows = [
            {"image_name": name, "doomed_at": at}
            for name in dict.fromkeys(image_names)
            if name not in there
        ]
        if rows:
            self.connection.execute(sa.insert(schema.doomed_files), rows)

    def list(self, limit: int = 1000) -> Sequence[ImageName]:
        """Return names, the oldest first, then by name."""
        oldest = sa.select(_doomed.image_name).order_by(_doomed.doomed_at, _doomed.image_name)
        return list(self.connection.execute(oldest.limit(limit)).scalars())

    def remove(self, image_names: Sequence[ImageName]) -> None:
        """Forget names whose files are gone."""
        gone = among(self.connection, _doomed.image_name, image_names)
        self.connection.execute(sa.delete(schema.doomed_files).where(gone))


def _newest_first(user_id: UserId) -> sa.Select[Any]:
    own = sa.select(_former.password_hash).where(_former.user_id == user_id)
    return own.order_by(_former.replaced_at.desc(), _former.password_hash.desc())


def _keep(connection: sa.Connection, table: sa.Table, row: dict[str, Any], user_id: UserId) -> None:
    try:
        with attempt(connection):
            upsert(connection, table, row)
    except sa.exc.IntegrityError as error:  # digests are random; the one other key is the account
        raise NotFound("user", user_id) from error
