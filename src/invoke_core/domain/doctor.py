"""What can be wrong between the rows of pictures and their files."""

from collections.abc import Sequence
from enum import StrEnum

import attrs

from invoke_core.errors import RuleViolation

FEW = 10  # lost pictures that are never taken for a storage that is not there


class Trouble(StrEnum):
    """What is wrong."""

    LOST = "lost"  # a row whose picture is not there
    DAMAGED = "damaged"  # a row whose picture cannot be read
    NO_THUMBNAIL = "no_thumbnail"
    WRONG_SIZE = "wrong_size"  # the row says another size than the files have
    WITHOUT_ROW = "without_row"  # files that no row names
    NOT_REMOVED = "not_removed"  # files of pictures that were deleted
    UNTIDY = "untidy"  # half-written files, and those that lie where older versions put them
    MISCOUNTED = "miscounted"  # accounts whose pictures take another sum than is kept


MENDED_BY: dict[Trouble, str] = {
    Trouble.LOST: "their rows are removed",
    Trouble.DAMAGED: "only a backup helps",
    Trouble.NO_THUMBNAIL: "made anew",
    Trouble.WRONG_SIZE: "corrected",
    Trouble.WITHOUT_ROW: "set aside",
    Trouble.NOT_REMOVED: "removed",
    Trouble.UNTIDY: "removed or moved",
    Trouble.MISCOUNTED: "counted anew",
}
"""What a repair does about each."""


@attrs.frozen(kw_only=True)
class Finding:
    """One kind of trouble."""

    trouble: Trouble
    count: int
    names: Sequence[str]  # of pictures or accounts, where they have names
    mended: int = 0  # how many of them are well now


@attrs.frozen(kw_only=True)
class Report:
    """What a look found."""

    pictures: int  # rows that were looked at, those in bins included
    too_young: int  # files without a row that may be being stored right now
    findings: Sequence[Finding]
    set_aside: str | None = None  # where files without rows lie now

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong, or nothing any more."""
        return all(finding.mended == finding.count for finding in self.findings)


def require_storage_there(lost: int, pictures: int) -> None:
    """Raise RuleViolation where so much is lost that the storage itself is probably not there."""
    if lost > FEW and lost * 10 > pictures:
        raise RuleViolation(
            f"{lost:,} of {pictures:,} pictures have no file: see first whether the folder of the pictures"
            " is the right one and its disk is there. --force removes their rows all the same."
        )
