"""Progress of running jobs in a dictionary."""

import threading
from collections.abc import Mapping, Sequence

from invoke_core.domain.identifiers import ItemId
from invoke_core.domain.progress import Progress, StampedProgress


class MemoryProgressStore:
    """See `ProgressStore`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version = 0
        self._kept: dict[ItemId, StampedProgress] = {}

    def put(self, progress: Progress) -> None:
        """Keep the newest word of a job in place of the one before."""
        with self._lock:
            self._version += 1
            self._kept.pop(progress.item_id, None)  # the dictionary stays in order of version
            stamped = StampedProgress(progress=progress, version=self._version)
            self._kept[progress.item_id] = stamped

    def get(self, item_ids: Sequence[ItemId]) -> Mapping[ItemId, Progress]:
        """Return what is known of these jobs."""
        with self._lock:
            known = [item_id for item_id in item_ids if item_id in self._kept]
            return {item_id: self._kept[item_id].progress for item_id in known}

    def since(self, version: int) -> Sequence[StampedProgress]:
        """Return what was reported after this version, in ascending order of version."""
        with self._lock:
            return [stamped for stamped in self._kept.values() if stamped.version > version]

    def remove(self, item_id: ItemId) -> None:
        """Forget a job; nothing happens where it is unknown."""
        with self._lock:
            self._kept.pop(item_id, None)

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
