"""Accounts in dictionaries."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from invoke_adapters.memory.state import State, page
from invoke_core.domain.identifiers import SYSTEM, UserId
from invoke_core.domain.pages import Page
from invoke_core.domain.users import User, UserPosition, email_identity, search_text
from invoke_core.errors import Conflict, NotFound


@attrs.frozen
class MemoryUserRepository:
    """See `UserRepository`."""

    state: State

    def get(self, user_id: UserId) -> User:
        """Return the account."""
        if user_id not in self.state.users:
            raise NotFound("user", user_id)
        return self.state.users[user_id]

    def find_by_email(self, email: str) -> User | None:
        """Return the account of an address, or None."""
        identity = email_identity(email)
        same = [u for u in self.state.users.values() if email_identity(u.email) == identity]
        exact = [user for user in same if user.email == email]
        return next(iter(exact + same), None)

    def get_many(self, user_ids: Sequence[UserId]) -> Sequence[User]:
        """Return the accounts in the order asked for."""
        return [self.get(user_id) for user_id in user_ids]

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
        found = [
            user
            for user in self.state.users.values()
            if user.user_id != SYSTEM
            and (search is None or search.casefold() in search_text(user))
            and (is_admin is None or user.is_admin == is_admin)
            and (is_active is None or user.is_active == is_active)
            and (unused_since is None or self._last_seen(user) < unused_since)
        ]
        found.sort(key=lambda user: (user.created_at, user.user_id))
        following = [
            user
            for user in found
            if after is None or (user.created_at, user.user_id) > (after.created_at, after.user_id)
        ]
        stretch = page(following, offset, limit)
        last = stretch.items[-1] if stretch.items else None
        more = last is not None and last != following[-1]
        return attrs.evolve(
            stretch,
            total=len(found),
            next_cursor=UserPosition.of(last).cursor() if last is not None and more else None,
        )

    def _last_seen(self, user: User) -> datetime:
        sessions = self.state.sessions.values()
        seen = [s.last_seen_at for s in sessions if s.user_id == user.user_id]
        return max([user.created_at, user.last_login_at or user.created_at, *seen])

    def count_administrators(self) -> int:
        """Return how many accounts can administer."""
        return sum(user.can_administer for user in self.state.users.values())

    def add(self, user: User) -> None:
        """Keep a new account."""
        if user.user_id in self.state.users:
            raise Conflict(f"There is a user {user.user_id!r} already.")
        self._keep(user)

    def put(self, user: User) -> None:
        """Replace the account of this id."""
        self.get(user.user_id)
        self._keep(user)

    def _keep(self, user: User) -> None:
        identity = email_identity(user.email)
        for other in self.state.users.values():
            if other.user_id != user.user_id and email_identity(other.email) == identity:
                raise Conflict(f"{user.email} belongs to another account.")
        self.state.users[user.user_id] = user

    def remove(self, user_id: UserId) -> None:
        """Remove the account with all that is its own."""
        self.get(user_id)
        if (
            user_id == SYSTEM
            or any(board.owner_id == user_id for board in self.state.boards.values())
            or any(stored.image.owner_id == user_id for stored in self.state.images.values())
            or any(s.workflow.owner_id == user_id for s in self.state.workflows.values())
            or any(s.preset.owner_id == user_id for s in self.state.style_presets.values())
            or any(row.stored.image.owner_id == user_id for row in self.state.bin.values())
            or any(job.owner_id == user_id for job in self.state.jobs.values())
        ):
            raise Conflict("The account still owns boards, images, workflows, presets or jobs.")
        for session_id, session in list(self.state.sessions.items()):
            if session.user_id == user_id:
                del self.state.sessions[session_id]
        self.state.links.pop(user_id, None)
        self.state.letters.pop(user_id, None)
        for former in [key for key in self.state.former_passwords if key[0] == user_id]:
            del self.state.former_passwords[former]
        for key_id, api_key in list(self.state.api_keys.items()):
            if api_key.user_id == user_id:
                del self.state.api_keys[key_id]
        self.state.second_factors.pop(user_id, None)
        for submission in [key for key in self.state.submissions if key[0] == user_id]:
            del self.state.submissions[submission]
        for identity_id, identity in list(self.state.identities.items()):
            if identity.user_id == user_id:
                self.state.identities[identity_id] = attrs.evolve(identity, user_id=None)
        for download_id, download in list(self.state.downloads.items()):
            if download.user_id == user_id:
                del self.state.downloads[download_id]
        for device in [key for key in self.state.devices if key[0] == user_id]:
            del self.state.devices[device]
        for key in [key for key in self.state.grants if key[1] == user_id]:
            del self.state.grants[key]
        for link in [lk for lk in self.state.board_links.values() if lk.created_by == user_id]:
            del self.state.board_links[link.link_id]
        for opening in [key for key in self.state.openings if key[1] == user_id]:
            del self.state.openings[opening]
        for kept in [key for key in self.state.client_state if key[0] == user_id]:
            del self.state.client_state[kept]
        self.state.flows.pop(user_id, None)
        self.state.deletions.pop(user_id, None)
        del self.state.users[user_id]
