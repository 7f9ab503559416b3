"""The keys that seal the secrets of second factors: a file that only we may read, outside the database."""

import errno
import json
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from invoke_core.errors import StorageFull, Unavailable
from invoke_core.ports.randomness import Randomness

MIN_KEY_CHARACTERS = 32


class SealFile:
    """Keys by their tag; the file is made, with a first key, where there is none."""

    def __init__(self, path: Path, randomness: Randomness) -> None:
        """Use the file; nothing is read before the first call."""
        self._path = path
        self._randomness = randomness

    def __call__(self) -> Mapping[str, str]:
        """Return the keys. Of several processes that make the file at once, all get the same.

        Raises:
            Unavailable: the file is readable by others, damaged, or cannot be made.
            StorageFull: the disk is full.
        """
        try:
            if not self._path.exists():
                self._create()
            return self._load()
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise StorageFull(
                    f"The disk is full, so {self._path} could not be written: free some space, then"
                    " try again."
                ) from error
            raise Unavailable(f"The file {self._path} cannot be used: {error.strerror}.") from error

    def _create(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=self._path.parent, prefix=".seal-")  # 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"1": self._randomness.secret()}, file)
                file.flush()
                os.fsync(file.fileno())
            # A link fails where the name is taken: whoever comes second keeps the first one's key.
            self._path.hardlink_to(draft)
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except FileExistsError:
            return
        finally:
            Path(draft).unlink(missing_ok=True)

    def _load(self) -> Mapping[str, str]:
        with self._path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise Unavailable(
                    f"The file {self._path} is open to others on this machine (mode {mode:04o}):"
                    f" run `chmod 600 {self._path}`."
                )
            content = file.read()
        try:
            keys = {str(tag): str(key) for tag, key in json.loads(content).items()}
        except (ValueError, AttributeError) as error:
            raise self._damaged() from error
        if not keys or any(
            not tag.isdigit() or len(key) < MIN_KEY_CHARACTERS for tag, key in keys.items()
        ):
            raise self._damaged()
        return keys

    def _damaged(self) -> Unavailable:
        return Unavailable(
            f"The file {self._path} is damaged: restore it, or delete it and reset every second"
            " factor."
        )
