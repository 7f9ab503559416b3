"""ZIP archives that are made while they are sent: nothing of their size is ever kept."""

import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import BinaryIO

_CHUNK = 256 * 1024  # bytes


class _Pipe:
    """What `zipfile` writes to: it cannot go back, and is emptied as it fills."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nothing behind it."""

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def zipped(files: Iterable[tuple[str, datetime, BinaryIO]]) -> Iterator[bytes]:
    """Yield an archive of files, piece by piece; each file is closed when it is in.

    They are stored as they are: pictures are compressed already.

    Args:
        files: name inside the archive, time of making, content.
    """
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]
        for name, made_at, stream in files:
            entry = zipfile.ZipInfo(name, made_at.timetuple()[:6])
            entry.external_attr = 0o600 << 16
            with stream, archive.open(entry, "w", force_zip64=True) as member:
                while piece := stream.read(_CHUNK):
                    member.write(piece)
                    yield pipe.taken()
            yield pipe.taken()
    yield pipe.taken()
