"""What has to be kept of accounts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from invoke_core.domain.identifiers import UserId
from invoke_core.domain.pages import Page
from invoke_core.domain.users import User, UserPosition


class UserRepository(Protocol):
    """Accounts, inside one unit of work. The internal account `system` is always there."""

    def get(self, user_id: UserId) -> User:
        """Return the account; raise NotFound where no account has this id."""

    def find_by_email(self, email: str) -> User | None:
        """Return the account of an address, or None.

        The account with exactly this address first, else the one whose `email_identity` it shares.
        """

    def get_many(self, user_ids: Sequence[UserId]) -> Sequence[User]:
        """Return the accounts in the order asked for; raise NotFound, naming the first unknown one."""

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
        """Return people, oldest account first, then by id; `system` is none of them.

        Args:
            search: a part of the address or display name, case ignored.
            is_admin: only (or no) administrators.
            is_active: only (or no) active accounts.
            unused_since: only accounts that were made before, and have neither signed in nor been seen
                in a session since.
            after: only those that stand after it; `total` counts all the same.
            offset: how many to pass over.
            limit: how many at most; None: all of them.
        """

    def count_administrators(self) -> int:
        """Return how many accounts can administer (`User.can_administer`)."""

    def add(self, user: User) -> None:
        """Keep a new account; raise Conflict where its id or e-mail identity is another's."""

    def put(self, user: User) -> None:
        """Replace the account of this id.

        Raises:
            NotFound: no account has this id.
            Conflict: the e-mail identity is another account's.
        """

    def remove(self, user_id: UserId) -> None:
        """Remove the account with all that is its own.

        That is: sessions, API keys, second factor, flow, grants, links, letters, former passwords,
        what clients remember. Its identities stay, without an account.

        Raises:
            NotFound: the account is unknown.
            Conflict: boards, images, workflows, presets or jobs still point to it: they must be gone or
                handed over before.
        """
