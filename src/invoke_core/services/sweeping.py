"""Removes the files of pictures whose rows are gone, also after a crash in between."""

import attrs

from invoke_core.ports.storage import ImageStorage
from invoke_core.ports.unit_of_work import Reading, Writing

STRETCH = 1000  # files between two transactions


@attrs.frozen
class SweepService:
    """Finishes what deletions began.

    A deletion writes the names of its files down in the transaction that removes their rows. Whoever
    deletes removes the files at once; the names stay until they were looked at here, so that a crash at
    any moment leaves no file for ever.
    """

    reading: Reading
    writing: Writing
    storage: ImageStorage

    def remove_doomed_files(self) -> int:
        """Remove the files of every name that is written down; return how many names there were."""
        swept = 0
        while True:
            with self.reading() as work:
                image_names = work.doomed_files.list(STRETCH)
            if not image_names:
                return swept
            for image_name in image_names:
                self.storage.remove(image_name)
            with self.writing() as work:
                work.doomed_files.remove(image_names)
            swept += len(image_names)
