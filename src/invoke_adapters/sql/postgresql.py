"""What is PostgreSQL's own: connections, the one writer, and hearing of other processes' commits."""

import os
import select
import threading
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

_WRITER = 0x1440_1E55  # the advisory lock of whoever writes; any number that is ours alone
_CHANNEL = "invoke_news"
_RETRY_SECONDS = 1.0

TAKE_WRITER = sa.text(f"SELECT pg_advisory_xact_lock({_WRITER})")
SIZE = sa.text("SELECT pg_database_size(current_database())")
NOTIFY = sa.text(f"NOTIFY {_CHANNEL}")  # sent when, and only when, the transaction commits


def engine(url: sa.URL, *, busy_timeout: float, writing: bool) -> sa.Engine:
    """Return an engine on the server.

    Args:
        url: `postgresql+psycopg://…`.
        busy_timeout: seconds that a statement waits for a lock.
        writing: False for transactions that see one snapshot and cannot write.
    """
    created = sa.create_engine(
        url,
        connect_args={"options": f"-c lock_timeout={int(busy_timeout * 1000)}"},
        isolation_level="READ COMMITTED" if writing else "REPEATABLE READ",
        pool_size=2 if writing else 8,
        max_overflow=0 if writing else 24,
        pool_timeout=busy_timeout,
        pool_pre_ping=True,  # a server that was restarted costs nobody a request
    )

    @sa.event.listens_for(created, "connect")
    def _set_up(connection: Any, record: Any) -> None:
        connection.read_only = not writing

    return created


class NotificationWatcher:
    """Listens for the notifications that every commit with news sends."""

    def __init__(self, url: sa.URL, ring: Callable[[], None]) -> None:
        """Begin to listen; `ring` is called in a thread of the watcher's own."""
        self._address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._ring = ring
        self._closed, self._close = os.pipe()
        listening = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(listening,), name="news-watcher", daemon=True
        )
        self._thread.start()
        listening.wait()

    def _run(self, listening: threading.Event) -> None:
        import psycopg  # an optional dependency: only who uses PostgreSQL has it

        stopping = False
        while not stopping:
            try:
                with psycopg.connect(self._address, autocommit=True) as connection:
                    connection.execute(f"LISTEN {_CHANNEL}")
                    listening.set()
                    self._ring()  # something may have been told while nobody listened
                    stopping = self._listen(connection)
            except psycopg.Error:  # the server is away: its return is worth a ring
                listening.set()
                stopping = bool(select.select([self._closed], [], [], _RETRY_SECONDS)[0])

    def _listen(self, connection: Any) -> bool:
        while True:
            ready, _, _ = select.select([connection.fileno(), self._closed], [], [])
            if self._closed in ready:
                return True
            if list(connection.notifies(timeout=0)):
                self._ring()

    def close(self) -> None:
        """Stop listening."""
        os.write(self._close, b"x")
        self._thread.join()
        os.close(self._close)
        os.close(self._closed)
