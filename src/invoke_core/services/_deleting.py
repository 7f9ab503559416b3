"""What becomes of pictures that somebody deletes: into the bin, or gone at once."""

from collections.abc import Sequence
from datetime import datetime

from invoke_core.domain.bin import goes_to_bin
from invoke_core.domain.identifiers import ImageName, UserId
from invoke_core.domain.images import Image
from invoke_core.ports.unit_of_work import Work

AT_ONCE = 1000  # pictures that one writing unit deletes: a long one would hold up everybody else
STEP = (
    200  # where they change, or are told of, one by one: with their words about a tenth of a second
)


def delete_images(
    work: Work, images: Sequence[Image], deleted_by: UserId, now: datetime, *, keeps_bin: bool
) -> Sequence[ImageName]:
    """Delete images; return the names whose files must go after the commit.

    Args:
        work: a writing unit.
        images: which; everything else about the deletion is settled.
        deleted_by: who deletes them.
        now: when.
        keeps_bin: whether there is a bin; intermediate images never go there.
    """
    binned = [i.image_name for i in images if goes_to_bin(i, keeps_bin=keeps_bin)]
    gone = [i.image_name for i in images if not goes_to_bin(i, keeps_bin=keeps_bin)]
    if binned:
        work.bin.put_in(binned, deleted_at=now, deleted_by=deleted_by)
    if gone:
        work.images.remove(gone)
        work.doomed_files.add(gone, now)
    return gone
