"""ZIP archives that are made while they are sent: nothing of their size is ever kept."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import BinaryIO

from invoke_core.services._zip_stream import ZipStream


def zipped(files: Iterable[tuple[str, datetime, BinaryIO]]) -> Iterator[bytes]:
    """Yield an archive of files, piece by piece; each file is closed when it is in.

    Args:
        files: name inside the archive, time of making, content.
    """
    archive = ZipStream()
    for name, made_at, stream in files:
        yield from archive.pack(name, stream, made_at)
    yield archive.end()
