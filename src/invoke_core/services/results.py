"""What becomes of a run: its picture is stored first, then the job is completed, once."""

import json
from collections.abc import Mapping
from typing import Any

import attrs

from invoke_core.domain.boards import Permission, permission_on
from invoke_core.domain.estimates import ALL_KINDS, Drawn, kind_of, with_measurement, with_pass
from invoke_core.domain.identifiers import BoardId, ImageName
from invoke_core.domain.images import Image, ImageOrigin
from invoke_core.domain.news import NewsKind
from invoke_core.domain.pixels import Pixels
from invoke_core.domain.principals import Principal, Via
from invoke_core.domain.queue import Job, JobStatus, require_lease, result_name
from invoke_core.domain.users import User
from invoke_core.errors import InvokeError, LeaseLost, NotFound
from invoke_core.ports.clock import Clock
from invoke_core.ports.progress import ProgressStore
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services import flows
from invoke_core.services._image_files import ImageFiles, StoredFiles
from invoke_core.services._image_news import tell_of_image
from invoke_core.services._metadata import generation_metadata
from invoke_core.services._places import Places
from invoke_core.services._quota import require_storage
from invoke_core.services.flows import Move


@attrs.frozen
class ResultService:
    """Ends the jobs that a worker has run. Thread-safe."""

    reading: Reading
    writing: Writing
    clock: Clock
    files: ImageFiles
    progress: ProgressStore
    storage_quota: int | None = None  # bytes, of accounts that have none of their own

    def complete(
        self, job: Job, pixels: Pixels, gpu_seconds: float, drawn: Drawn | None = None
    ) -> Image:
        """Store the picture and complete the job with it; return what was recorded.

        The picture lands on the job's board while its owner may still add to it, otherwise among the
        owner's uncategorised ones.

        Args:
            job: as it was claimed.
            pixels: what the runner made.
            gpu_seconds: what it took, which replaces the estimate that was charged.
            drawn: the pass that it was drawn in, with one of its jobs alone: it teaches how long passes take.

        Raises:
            LeaseLost: the job was canceled, forgotten or taken back meanwhile; nothing stays.
            TooMany: it would be over the owner's storage quota; nothing stays, and the job still runs.
            StorageFull: the disk is full; nothing stays, and the job still runs.
        """
        with self.reading() as work:
            metadata = generation_metadata(work, job.generation)
        texts = {"invokeai_metadata": json.dumps(metadata, ensure_ascii=False)}
        made = self.files.made_of_pixels(pixels, texts)
        with self.reading() as work:  # before anything is written; and again in `_record`
            _held(work, job)
            require_storage(work, job.owner_id, made.size_bytes, self.storage_quota)
        stored = self.files.store(made, result_name(job))
        try:
            image = self._record(job, stored, metadata, gpu_seconds, drawn)
        except BaseException:
            # A result that is handed in twice fails the second time, and its files are the first one's.
            if not self._is_recorded(stored.image_name):
                self.files.discard(stored.image_name)
            raise
        self.progress.remove(job.item_id)
        return image

    def fail(self, job: Job, error_type: str, message: str, gpu_seconds: float) -> None:
        """Let the job fail; the message is one sentence for its owner. What it took is charged.

        Raises:
            LeaseLost: the job was canceled, forgotten or taken back meanwhile.
        """
        now = self.clock.now()
        with self.writing() as work:
            held = _held(work, job)
            failed = held.failed(error_type, message, now).settled(gpu_seconds)
            flows.move(work, [Move(held, failed, gpu_seconds)], now)
        self.progress.remove(job.item_id)

    def stopped(self, job: Job, gpu_seconds: float) -> None:
        """Settle what a canceled job really took, once it has stopped; nothing for a forgotten one."""
        now = self.clock.now()
        with self.writing() as work:
            found = work.jobs.find_many([job.item_id])
            # A job that was taken back and begun anew before it was canceled is another's to settle.
            own = [
                each
                for each in found
                if each.status is JobStatus.CANCELED and each.attempts == job.attempts
            ]
            flows.move(
                work, [Move(each, each.settled(gpu_seconds), gpu_seconds) for each in own], now
            )
        self.progress.remove(job.item_id)

    def _is_recorded(self, image_name: ImageName) -> bool:
        """Return whether a row names the files; True where that cannot be found out."""
        try:
            with self.reading() as work:
                return bool(work.stock.known([image_name]))  # also where it was deleted since
        except InvokeError:
            return True

    def _record(
        self,
        job: Job,
        stored: StoredFiles,
        metadata: Mapping[str, Any],
        gpu_seconds: float,
        drawn: Drawn | None = None,
    ) -> Image:
        now = self.clock.now()
        with self.writing() as work:
            held = _held(work, job)
            require_storage(work, job.owner_id, stored.size_bytes, self.storage_quota)
            image = Image(
                image_name=stored.image_name,
                owner_id=job.owner_id,
                board_id=_board_left(work, held),
                origin=ImageOrigin.INTERNAL,
                width=stored.width,
                height=stored.height,
                size_bytes=stored.size_bytes,
                run_id=job.run_id,
                created_at=now,
                updated_at=now,
            )
            work.images.add(image, metadata=metadata)
            completed = held.completed((image.image_name,), now).settled(gpu_seconds)
            flows.move(work, [Move(held, completed, gpu_seconds)], now)
            learn(work, job, gpu_seconds, drawn)
            place = Places(work).of(image)
            tell_of_image(work, NewsKind.IMAGE_CREATED, image, place, now)
        return image


def learn(work: Work, job: Job, gpu_seconds: float, drawn: Drawn | None = None) -> None:
    """Remember how long a job took; see `ResultService.complete`."""
    kind = kind_of(job.generation)
    known = work.queue.run_seconds([kind, ALL_KINDS])
    for each in (kind, ALL_KINDS):
        measured = with_measurement(known.get(each), gpu_seconds)
        if drawn is not None and each == kind:
            measured = with_pass(measured, drawn)
        work.queue.put_run_seconds(each, measured)


def owner_principal(owner: User) -> Principal:
    """Return the owner of a job as who asks for what it needs: with the rights of now."""
    return Principal(user_id=owner.user_id, is_admin=owner.is_admin, via=Via.INTERNAL)


def _held(work: Work, job: Job) -> Job:
    """Return the job as it is now; raise LeaseLost unless it is held under the lease of the claim."""
    try:
        held = work.jobs.get(job.item_id)
    except NotFound as error:
        raise LeaseLost(f"Job {job.item_id} was forgotten.") from error
    require_lease(held, job.lease.fence if job.lease else 0)
    return held


def _board_left(work: Work, job: Job) -> BoardId | None:
    """Return the job's board if its owner may still add to it, else None."""
    board_id = job.generation.board_id
    if board_id is None:
        return None
    try:
        board = work.boards.get(board_id)
    except NotFound:
        return None
    owner = owner_principal(work.users.get(job.owner_id))
    held = permission_on(board, owner, work.boards.grants(board_id))
    return board_id if (held or 0) >= Permission.WRITE else None
