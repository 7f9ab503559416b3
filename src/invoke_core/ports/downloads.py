"""What has to be kept of archives that somebody asked for."""

from datetime import datetime
from typing import Protocol

from invoke_core.domain.downloads import Download, DownloadId


class DownloadRepository(Protocol):
    """Archives that somebody asked for, inside one unit of work. They go with their account."""

    def add(self, download: Download) -> None:
        """Keep it; raise NotFound where the user is unknown."""

    def get(self, download_id: DownloadId) -> Download:
        """Return it; raise NotFound where there is none."""

    def remove_made(self, before: datetime) -> int:
        """Forget those that were asked for before; return how many there were."""
