"""A ZIP archive as a stream: what is packed leaves at once, and nothing of it is kept."""

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

CHUNK = 256 * 1024  # bytes


class _Pipe(io.RawIOBase):
    """What the archive is written to; it cannot go back, so sizes follow their content."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, part: object, /) -> int:
        content = bytes(part)  # type: ignore[call-overload]
        self._parts.append(content)
        return len(content)

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


class ZipStream:
    """Packs entry after entry; whoever packs passes on what comes out, the last of it from `end`.

    Content is stored as it is: pictures are packed already. Archives and entries may be beyond 4 GiB.
    """

    def __init__(self) -> None:
        """Begin an archive without entries."""
        self._pipe = _Pipe()
        self._archive = zipfile.ZipFile(self._pipe, "w", zipfile.ZIP_STORED, allowZip64=True)

    def pack(self, name: str, content: BinaryIO, at: datetime) -> Iterator[bytes]:
        """Yield the bytes of one more entry, and close its content.

        Args:
            name: with slashes between folders.
            content: open for reading.
            at: when it was made.
        """
        made = max(at.timetuple()[:6], (1980, 1, 1, 0, 0, 0))  # the format knows no time before
        entry = zipfile.ZipInfo(name, made)
        entry.external_attr = 0o600 << 16
        with content, self._archive.open(entry, "w", force_zip64=True) as packed:
            while part := content.read(CHUNK):
                packed.write(part)
                yield self._pipe.taken()
        yield self._pipe.taken()

    def end(self) -> bytes:
        """Return the last bytes: the list of all entries."""
        self._archive.close()
        return self._pipe.taken()
