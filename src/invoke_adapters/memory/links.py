"""Links, letters, former passwords and doomed files in dictionaries."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from invoke_adapters.memory.state import State
from invoke_core.domain.identifiers import ImageName, UserId
from invoke_core.domain.links import AccountLink
from invoke_core.domain.mail import Letter
from invoke_core.errors import NotFound


@attrs.frozen
class MemoryLinkRepository:
    """See `LinkRepository`."""

    state: State

    def put(self, link: AccountLink) -> None:
        """Keep the link, in place of the one that the account had."""
        _require_user(self.state, link.user_id)
        self.state.links[link.user_id] = link

    def find(self, digest: str) -> AccountLink | None:
        """Return the link with exactly this digest, or None."""
        return next((link for link in self.state.links.values() if link.digest == digest), None)

    def remove(self, user_id: UserId) -> None:
        """Forget the account's link."""
        self.state.links.pop(user_id, None)

    def remove_expired(self, before: datetime) -> int:
        """Forget links whose `expires_at` is before."""
        old = [user_id for user_id, link in self.state.links.items() if link.expires_at < before]
        for user_id in old:
            del self.state.links[user_id]
        return len(old)


@attrs.frozen
class MemoryOutboxRepository:
    """See `OutboxRepository`."""

    state: State

    def put(self, letter: Letter) -> None:
        """Keep the letter, in place of the one that the account had."""
        _require_user(self.state, letter.user_id)
        self.state.letters[letter.user_id] = letter

    def find(self, user_id: UserId) -> Letter | None:
        """Return the account's letter, or None."""
        return self.state.letters.get(user_id)

    def due(self, now: datetime, limit: int = 100) -> Sequence[Letter]:
        """Return letters whose `due_at` is not after now."""
        found = [letter for letter in self.state.letters.values() if letter.due_at <= now]
        return sorted(found, key=lambda letter: (letter.due_at, letter.user_id))[:limit]

    def remove(self, user_id: UserId) -> None:
        """Forget the account's letter."""
        self.state.letters.pop(user_id, None)


@attrs.frozen
class MemoryFormerPasswordRepository:
    """See `FormerPasswordRepository`."""

    state: State

    def add(self, user_id: UserId, password_hash: str, at: datetime, *, keep: int) -> None:
        """Remember a hash that was replaced."""
        _require_user(self.state, user_id)
        self.state.former_passwords[user_id, password_hash] = at
        for former in self._newest_first(user_id)[keep:]:
            del self.state.former_passwords[user_id, former]

    def recent(self, user_id: UserId, limit: int) -> Sequence[str]:
        """Return the account's last hashes, the newest first."""
        return self._newest_first(user_id)[:limit]

    def _newest_first(self, user_id: UserId) -> Sequence[str]:
        own = [(at, key[1]) for key, at in self.state.former_passwords.items() if key[0] == user_id]
        return [former for _, former in sorted(own, reverse=True)]


@attrs.frozen
class MemoryDoomedFileRepository:
    """See `DoomedFileRepository`."""

    state: State

    def add(self, image_names: Sequence[ImageName], at: datetime) -> None:
        """Keep names."""
        for image_name in image_names:
            self.state.doomed_files.setdefault(image_name, at)

    def list(self, limit: int = 1000) -> Sequence[ImageName]:
        """Return names, the oldest first, then by name."""
        doomed = self.state.doomed_files
        return sorted(doomed, key=lambda name: (doomed[name], name))[:limit]

    def remove(self, image_names: Sequence[ImageName]) -> None:
        """Forget names whose files are gone."""
        for image_name in image_names:
            self.state.doomed_files.pop(image_name, None)


def _require_user(state: State, user_id: UserId) -> None:
    if user_id not in state.users:
        raise NotFound("user", user_id)
