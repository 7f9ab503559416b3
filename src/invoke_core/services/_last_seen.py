"""When sessions were last seen, in memory: a request costs no writing."""

import threading
from collections.abc import Mapping
from datetime import datetime

import attrs

from invoke_core.domain.identifiers import SessionId
from invoke_core.domain.sessions import Session


class LastSeen:
    """The newest time of each session that was not written down yet; thread-safe."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lock = threading.Lock()
        self._noted: dict[SessionId, datetime] = {}

    def note(self, session_id: SessionId, at: datetime) -> None:
        """Remember that the session was seen."""
        with self._lock:
            self._noted[session_id] = at

    def applied_to(self, session: Session) -> Session:
        """Return the session with what is remembered of it."""
        with self._lock:
            noted = self._noted.get(session.session_id, session.last_seen_at)
        return attrs.evolve(session, last_seen_at=max(noted, session.last_seen_at))

    def take(self) -> Mapping[SessionId, datetime]:
        """Return everything remembered, and forget it."""
        with self._lock:
            noted, self._noted = self._noted, {}
        return noted

    def give_back(self, noted: Mapping[SessionId, datetime]) -> None:
        """Remember again what was taken and could not be written, unless newer is known."""
        with self._lock:
            self._noted = {**noted, **self._noted}
