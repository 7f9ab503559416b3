"""Archives that somebody asked for, in a dictionary."""

from datetime import datetime

import attrs

from invoke_adapters.memory.state import State
from invoke_core.domain.downloads import Download, DownloadId
from invoke_core.errors import NotFound


@attrs.frozen
class MemoryDownloadRepository:
    """See `DownloadRepository`."""

    state: State

    def add(self, download: Download) -> None:
        """Keep it."""
        if download.user_id not in self.state.users:
            raise NotFound("user", download.user_id)
        self.state.downloads[download.download_id] = download

    def get(self, download_id: DownloadId) -> Download:
        """Return it."""
        if download_id not in self.state.downloads:
            raise NotFound("download", download_id)
        return self.state.downloads[download_id]

    def remove_made(self, before: datetime) -> int:
        """Forget those that were asked for before."""
        old = [d.download_id for d in self.state.downloads.values() if d.created_at < before]
        for download_id in old:
            del self.state.downloads[download_id]
        return len(old)
