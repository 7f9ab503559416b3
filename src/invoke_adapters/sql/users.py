"""Accounts in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.mapping import KEY, Mapper, holds, page
from invoke_core.domain.identifiers import SYSTEM, UserId
from invoke_core.domain.pages import Page
from invoke_core.domain.users import User, UserPosition, email_identity, search_text
from invoke_core.errors import Conflict, NotFound

USERS = Mapper(User, schema.users, "user_id", kept=True)

_BY_EMAIL = (
    USERS.select.where(
        sa.or_(
            schema.users.c.email == sa.bindparam("email"),
            schema.users.c.email_identity == sa.bindparam("identity"),
        )
    )
    .order_by(sa.desc(schema.users.c.email == sa.bindparam("email")))
    .limit(1)
)
_ADMINISTRATORS = sa.select(sa.func.count()).where(
    schema.users.c.is_admin,
    schema.users.c.is_active,
    schema.users.c.user_id != SYSTEM,
    sa.or_(schema.users.c.password_hash.is_not(None), schema.users.c.last_login_at.is_not(None)),
)


@attrs.frozen
class SqlUserRepository:
    """See `UserRepository`."""

    connection: sa.Connection

    def get(self, user_id: UserId) -> User:
        """Return the account."""
        user = USERS.find(self.connection, user_id)
        if user is None:
            raise NotFound("user", user_id)
        return user

    def find_by_email(self, email: str) -> User | None:
        """Return the account of an address, or None."""
        wanted = {"email": email, "identity": email_identity(email)}
        row = self.connection.execute(_BY_EMAIL, wanted).first()
        return None if row is None else USERS.value(row)

    def get_many(self, user_ids: Sequence[UserId]) -> Sequence[User]:
        """Return the accounts in the order asked for."""
        found = {user.user_id: user for user in USERS.find_all(self.connection, user_ids)}
        for user_id in user_ids:
            if user_id not in found:
                raise NotFound("user", user_id)
        return [found[user_id] for user_id in user_ids]

    def list(
        self,
        *,
        search: str | None = None,
        is_admin: bool | None = None,
        is_active: bool | None = None,
        unused_since: datetime | None = None,
        after: UserPosition | None = None,
        offset: int = 0,
        limit: int | None = 50,
    ) -> Page[User]:
        """Return people, oldest account first, then by id."""
        users = schema.users.c
        query = USERS.select.where(users.user_id != SYSTEM)
        if search is not None:
            query = query.where(holds(self.connection, users.search_text, search.casefold()))
        if is_admin is not None:
            query = query.where(users.is_admin == is_admin)
        if is_active is not None:
            query = query.where(users.is_active == is_active)
        if unused_since is not None:
            seen = sa.exists().where(
                schema.sessions.c.user_id == users.user_id,
                schema.sessions.c.last_seen_at >= unused_since,
            )
            signed_in = sa.func.coalesce(users.last_login_at, users.created_at)
            query = query.where(
                signed_in < unused_since, users.created_at < unused_since, sa.not_(seen)
            )
        ordered = query.order_by(users.created_at, users.user_id)
        if after is not None:
            there = (
                sa.literal(after.created_at, users.created_at.type),
                sa.literal(after.user_id, sa.Text()),
            )
            ordered = ordered.where(sa.tuple_(users.created_at, users.user_id) > sa.tuple_(*there))
        one_more = None if limit is None else limit + 1
        found = page(self.connection, ordered, USERS.value, offset=offset, limit=one_more)
        items = found.items if limit is None else found.items[:limit]
        more = len(found.items) > len(items)
        total = found.total
        if after is not None:
            counted = sa.select(sa.func.count()).select_from(query.subquery())
            total = self.connection.execute(counted).scalar_one()
        return Page(
            items=items,
            offset=offset,
            limit=total if limit is None else limit,
            total=total,
            next_cursor=UserPosition.of(items[-1]).cursor() if more else None,
        )

    def count_administrators(self) -> int:
        """Return how many accounts can administer."""
        count: int = self.connection.execute(_ADMINISTRATORS).scalar_one()
        return count

    def add(self, user: User) -> None:
        """Keep a new account."""
        try:
            with attempt(self.connection):
                self.connection.execute(USERS.insert, _row(user))
        except sa.exc.IntegrityError as error:
            if USERS.is_known(self.connection, user.user_id):
                raise Conflict(f"There is a user {user.user_id!r} already.") from error
            raise Conflict(f"{user.email} belongs to another account.") from error

    def put(self, user: User) -> None:
        """Replace the account of this id."""
        try:
            with attempt(self.connection):
                changed = USERS.put(self.connection, _row(user))
        except sa.exc.IntegrityError as error:  # the one other key is the e-mail identity
            raise Conflict(f"{user.email} belongs to another account.") from error
        if not changed:
            raise NotFound("user", user.user_id)

    def remove(self, user_id: UserId) -> None:
        """Remove the account with all that is its own."""
        owns = "The account still owns boards, images, workflows, presets or jobs."
        if user_id == SYSTEM:
            raise Conflict(owns)
        try:
            with attempt(self.connection):
                gone = self.connection.execute(USERS.delete, {KEY: user_id}).rowcount
        except sa.exc.IntegrityError as error:
            raise Conflict(owns) from error
        if not gone:
            raise NotFound("user", user_id)


def _row(user: User) -> dict[str, Any]:
    return {
        **USERS.row(user),
        "email_identity": email_identity(user.email),
        "search_text": search_text(user),
    }
