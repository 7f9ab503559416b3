"""How far running jobs are: kept for seconds, worth nothing after a crash, never in the way of news."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from invoke_core.domain.identifiers import ItemId
from invoke_core.domain.progress import Progress, StampedProgress


class ProgressStore(Protocol):
    """The newest progress of each running job, shared by all processes of one root. Thread-safe."""

    def put(self, progress: Progress) -> None:
        """Keep the newest word of a job in place of the one before."""

    def get(self, item_ids: Sequence[ItemId]) -> Mapping[ItemId, Progress]:
        """Return what is known of these jobs."""

    def since(self, version: int) -> Sequence[StampedProgress]:
        """Return what was reported after this version, in ascending order of version."""

    def remove(self, item_id: ItemId) -> None:
        """Forget a job; nothing happens where it is unknown."""

    def close(self) -> None:
        """Give up whatever the store holds."""
