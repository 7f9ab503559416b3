"""What the key file remembers of a configured key, and what opens when that key disappears.

While a key stands in the configuration, the file names it under `configured`. When a server starts without
it, the name moves to `lost`: recovery is open until the name is forgotten.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from invoke_adapters.pyjwt.keys import add_key, alone, load, store, stored_ring
from invoke_core.ports.clock import Clock
from invoke_core.ports.randomness import Randomness


class KeyFileRecovery:
    """`Recovery` in the key file. Thread-safe, also across processes."""

    def __init__(
        self, path: Path, clock: Clock, randomness: Randomness, *, configured: str | None
    ) -> None:
        """Use the file, which is made with a first key where there is none.

        Args:
            path: the key file.
            clock: says when a key was first seen in the configuration.
            randomness: makes keys.
            configured: the id of the key that stands in the configuration; None: none does.
        """
        self._path = path
        self._clock = clock
        self._randomness = randomness
        self._configured = configured

    def configured_since(self) -> datetime:
        """Return when the configured key was first seen by a server; now, where none saw it yet."""
        seen = self._document().get("configured")
        if seen is None or seen["key_id"] != self._configured:
            return self._clock.now()
        return datetime.fromisoformat(seen["since"])

    def settle(self) -> bool | None:
        """See `Recovery`.

        What the keys of the file signed before a key was configured counts no more, also when that key
        is gone one day and they sign again.
        """
        seen = self._document().get("configured")
        if (seen or {}).get("key_id") == self._configured:
            return None
        with alone(self._path.parent):
            document = load(self._path)
            was_open = "lost" in document
            if self._configured is None:
                document["lost"] = document.pop("configured")
            else:
                now = self._clock.now()
                document.pop("lost", None)
                document["configured"] = {"key_id": self._configured, "since": now.isoformat()}
                document["keys"].clear()
                add_key(document, now, self._randomness)
            store(self._path, document, replace=True)
        is_open = self._configured is None
        return None if is_open == was_open else is_open

    def is_open(self) -> bool:
        """Return whether a key that was configured is configured no more, and nobody passed since."""
        return self._configured is None and "lost" in self._document()

    def close(self) -> bool:
        """Close the door; return whether this call did."""
        with self.passing() as is_open:
            return is_open

    @contextmanager
    def passing(self) -> Iterator[bool]:
        """Hold the door, one at a time; yield whether it is open, and close it when the block ends well."""
        if not self.is_open():  # no lock is taken for what is nearly always so
            yield False
            return
        with alone(self._path.parent):
            is_open = self.is_open()
            yield is_open
            if is_open:
                document = load(self._path)
                del document["lost"]
                store(self._path, document, replace=True)

    def _document(self) -> dict[str, Any]:
        stored_ring(self._path, self._clock, self._randomness)
        return load(self._path)
