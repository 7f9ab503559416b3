"""Finds what a crash, a full disk or a hand left between rows and files, and mends it."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

import attrs

from invoke_core.domain.audit import AuditAction, Target
from invoke_core.domain.doctor import Finding, Report, Trouble, require_storage_there
from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.news import NewsKind
from invoke_core.domain.principals import Principal, require_administrator
from invoke_core.errors import InvokeError, NotFound, Unsupported
from invoke_core.ports.clock import Clock
from invoke_core.ports.processes import Processes
from invoke_core.ports.stock import StockItem
from invoke_core.ports.storage import Rendition
from invoke_core.ports.unit_of_work import Reading, Writing
from invoke_core.services._image_files import ImageFiles
from invoke_core.services._image_news import tell_of_image
from invoke_core.services._places import Places
from invoke_core.services.sweeping import SweepService

STRETCH = 1000  # pictures between two transactions
SETTLED_SECONDS = 3600.0  # after which nobody is still about to write the row of a file
EVERY = 2**31 - 1  # names at once: those of a minute's deletions
MAX_NAMED = 1000  # pictures in one entry of the audit log

_WHOLE = {Rendition.FULL, Rendition.THUMBNAIL}


@attrs.frozen
class DoctorService:
    """Compares the rows of pictures with their files."""

    reading: Reading
    writing: Writing
    clock: Clock
    files: ImageFiles
    sweep: SweepService
    processes: Processes

    def examine(
        self,
        principal: Principal,
        *,
        repair: bool = False,
        force: bool = False,
        alone: bool = False,
    ) -> Report:
        """Look at every picture, and mend what is wrong if wished.

        A row whose picture is gone is removed; files without a row are set aside, never deleted, for after
        the restoration of a backup they may be all that is left. Everything else loses nothing.

        Args:
            principal: who asks.
            repair: mend what can be.
            force: also where so many pictures are lost that the storage is probably not there.
            alone: no server runs on this storage. Otherwise files younger than an hour are left alone,
                for their rows may be about to be written.

        Raises:
            Forbidden: the principal is no administrator.
            RuleViolation: too many pictures are lost to be true; nothing was changed.
        """
        require_administrator(principal)
        alone = alone and not self._has_workers()
        rows = self._look_at_rows()
        if repair and not force:
            require_storage_there(len(rows.lost), rows.pictures)
        findings = [self._not_removed(repair=repair)] if alone or repair else []
        without_row, too_young = self._without_row(alone=alone)
        findings += [self._lost(rows.lost, repair=repair), *self._mended(rows, repair=repair)]
        aside, moved = self._set_aside(without_row if repair else [])
        findings.append(_finding(Trouble.WITHOUT_ROW, without_row, moved))
        findings += [self._untidy(repair=repair, alone=alone), self._miscounted(repair=repair)]
        report = Report(
            pictures=rows.pictures,
            too_young=too_young,
            findings=[finding for finding in findings if finding.count],
            set_aside=aside,
        )
        if any(finding.mended for finding in report.findings):
            self._record(principal, report)
        return report

    def _has_workers(self) -> bool:
        with self.reading() as work:
            return any(not self.processes.is_gone(w.process) for w in work.workers.list())

    def _look_at_rows(self) -> "_Rows":
        rows = _Rows()
        for stretch in self._stretches():
            suspects = []
            for item in stretch:
                sizes = self.files.storage.sizes(item.image_name)
                if sizes.keys() != _WHOLE or sum(sizes.values()) != item.size_bytes:
                    suspects.append(item)
            rows.pictures += len(stretch)
            self._sort(suspects, rows)
        return rows

    def _stretches(self) -> Iterator[Sequence[StockItem]]:
        after: ImageName | None = None
        while True:
            with self.reading() as work:
                stretch = work.stock.list(after, STRETCH)
            if not stretch:
                return
            yield stretch
            after = stretch[-1].image_name

    def _sort(self, suspects: Sequence[StockItem], rows: "_Rows") -> None:
        with (
            self.reading() as work
        ):  # a picture that was deleted meanwhile has nothing wrong with it
            known = work.stock.known([item.image_name for item in suspects])
        for item in suspects:
            if item.image_name not in known:
                continue
            sizes = self.files.storage.sizes(item.image_name)
            if Rendition.FULL not in sizes:
                rows.lost.append(item.image_name)
            elif not self._is_readable(item.image_name):
                rows.damaged.append(item.image_name)
            elif Rendition.THUMBNAIL not in sizes:
                rows.without_thumbnail.append(item.image_name)
            else:
                rows.wrong_size.append(item.image_name)

    def _is_readable(self, image_name: ImageName) -> bool:
        try:
            with self.files.storage.open(image_name, Rendition.FULL) as stream:
                self.files.codec.decode(stream.read())
        except (Unsupported, NotFound):
            return False
        return True

    def _not_removed(self, *, repair: bool) -> Finding:
        with self.reading() as work:
            doomed = work.doomed_files.list(EVERY)
        there = [name for name in doomed if self.files.storage.sizes(name)]
        if repair:
            self.sweep.remove_doomed_files()
        return _finding(Trouble.NOT_REMOVED, there, len(there) if repair else 0)

    def _without_row(self, *, alone: bool) -> tuple[Sequence[ImageName], int]:
        """Return the names of files without a row, and how many more are too young to be sure."""
        found: dict[ImageName, None] = {}  # a set in order: both renditions of one may be there
        too_young: set[ImageName] = set()
        for stretch in self._stored_names():
            with self.reading() as work:
                known = work.stock.known(stretch)
                doomed = set(work.doomed_files.list(EVERY))
            for name in stretch:
                if name in known or name in doomed:
                    continue
                age = self.files.storage.age(name)
                if age is None:
                    continue  # removed meanwhile
                if alone or age > SETTLED_SECONDS:
                    found[name] = None
                else:
                    too_young.add(name)
        return list(found), len(too_young)

    def _stored_names(self) -> Iterator[Sequence[ImageName]]:
        for rendition in Rendition:
            stretch: list[ImageName] = []
            for name in self.files.storage.names(rendition):
                stretch.append(name)
                if len(stretch) == STRETCH:
                    yield stretch
                    stretch = []
            if stretch:
                yield stretch

    def _lost(self, lost: Sequence[ImageName], *, repair: bool) -> Finding:
        now = self.clock.now()
        for start in range(0, len(lost) if repair else 0, STRETCH):
            image_names = lost[start : start + STRETCH]
            with self.writing() as work:
                places = Places(work)
                for image in work.images.find_many(image_names):
                    tell_of_image(work, NewsKind.IMAGE_DELETED, image, places.of(image), now)
                work.images.remove(image_names)
                work.bin.remove(image_names)
                work.doomed_files.add(image_names, now)
            self.files.discard_all(image_names)  # a thumbnail may be left
        return _finding(Trouble.LOST, lost, len(lost) if repair else 0)

    def _mended(self, rows: "_Rows", *, repair: bool) -> Sequence[Finding]:
        made = sized = 0
        if repair:
            made = sum(self._make_thumbnail(name) for name in rows.without_thumbnail)
            sized = sum(self._correct_size(name) for name in rows.wrong_size)
        return [
            _finding(Trouble.DAMAGED, rows.damaged, 0),
            _finding(Trouble.NO_THUMBNAIL, rows.without_thumbnail, made),
            _finding(Trouble.WRONG_SIZE, rows.wrong_size, sized),
        ]

    def _make_thumbnail(self, image_name: ImageName) -> bool:
        storage = self.files.storage
        try:
            with storage.open(image_name, Rendition.FULL) as stream:
                thumbnail = self.files.codec.thumbnail(stream.read())
            storage.put(image_name, Rendition.THUMBNAIL, thumbnail)
        except InvokeError:  # it stays on the list, and the next look says why
            return False
        return self._correct_size(image_name)

    def _correct_size(self, image_name: ImageName) -> bool:
        size = sum(self.files.storage.sizes(image_name).values())
        with self.writing() as work:
            work.stock.put_size(image_name, size)
        return True

    def _set_aside(self, image_names: Sequence[ImageName]) -> tuple[str | None, int]:
        where: str | None = None
        moved = 0
        for name in image_names:
            with self.reading() as work:
                if work.stock.known([name]):
                    continue  # its row was written meanwhile
            with suppress(NotFound):
                where = self.files.storage.set_aside(name)
                moved += 1
        return where, moved

    def _untidy(self, *, repair: bool, alone: bool) -> Finding:
        storage = self.files.storage
        if repair:
            done = storage.tidy(alone=alone)
            return Finding(trouble=Trouble.UNTIDY, count=done, names=(), mended=done)
        return Finding(trouble=Trouble.UNTIDY, count=storage.untidy(alone=alone), names=())

    def _miscounted(self, *, repair: bool) -> Finding:
        if repair:
            with self.writing() as work:
                wrong = work.stock.recount()
            return _finding(Trouble.MISCOUNTED, wrong, len(wrong))
        with self.reading() as work:
            return _finding(Trouble.MISCOUNTED, work.stock.miscounted(), 0)

    def _record(self, principal: Principal, report: Report) -> None:
        mended = {finding.trouble.value: finding.mended for finding in report.findings}
        lost = [f.names for f in report.findings if f.trouble is Trouble.LOST and f.mended]
        after = {"mended": mended, "removed_rows": [n for names in lost for n in names[:MAX_NAMED]]}
        with self.writing() as work:
            target, now = Target("storage"), self.clock.now()
            work.audit.record(principal, AuditAction.STORAGE_REPAIR, target, at=now, after=after)


@attrs.define
class _Rows:
    """What is wrong with rows."""

    pictures: int = 0
    lost: list[ImageName] = attrs.field(factory=list)
    damaged: list[ImageName] = attrs.field(factory=list)
    without_thumbnail: list[ImageName] = attrs.field(factory=list)
    wrong_size: list[ImageName] = attrs.field(factory=list)


def _finding(trouble: Trouble, names: Sequence[str], mended: int) -> Finding:
    return Finding(trouble=trouble, count=len(names), names=names, mended=mended)
