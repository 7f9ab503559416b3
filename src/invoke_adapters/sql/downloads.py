"""Archives that somebody asked for, in SQL."""

from datetime import datetime

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.mapping import Mapper
from invoke_core.domain.downloads import Download, DownloadId
from invoke_core.errors import NotFound

_DOWNLOADS = Mapper(Download, schema.downloads, "download_id")


@attrs.frozen
class SqlDownloadRepository:
    """See `DownloadRepository`."""

    connection: sa.Connection

    def add(self, download: Download) -> None:
        """Keep it."""
        try:
            with attempt(self.connection):
                self.connection.execute(_DOWNLOADS.insert, _DOWNLOADS.row(download))
        except sa.exc.IntegrityError as error:  # ids are random; the one other key is the account
            raise NotFound("user", download.user_id) from error

    def get(self, download_id: DownloadId) -> Download:
        """Return it."""
        download = _DOWNLOADS.find(self.connection, download_id)
        if download is None:
            raise NotFound("download", download_id)
        return download

    def remove_made(self, before: datetime) -> int:
        """Forget those that were asked for before."""
        old = sa.delete(schema.downloads).where(schema.downloads.c.created_at < before)
        return self.connection.execute(old).rowcount
