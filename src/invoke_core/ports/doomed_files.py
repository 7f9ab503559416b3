"""What has to be kept of files whose rows are gone already."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from invoke_core.domain.identifiers import ImageName


class DoomedFileRepository(Protocol):
    """Names of pictures whose files are still to be removed, inside one unit of work."""

    def add(self, image_names: Sequence[ImageName], at: datetime) -> None:
        """Keep names; one that is there already stays as it is."""

    def list(self, limit: int = 1000) -> Sequence[ImageName]:
        """Return names, the oldest first, then by name."""

    def remove(self, image_names: Sequence[ImageName]) -> None:
        """Forget names whose files are gone; unknown ones are passed over."""
