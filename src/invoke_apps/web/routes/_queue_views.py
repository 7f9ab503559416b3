"""Jobs and the queue as clients see them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Self

import attrs

from invoke_core.domain.calibration import Accuracy
from invoke_core.domain.fairness import Flow
from invoke_core.domain.generation import Generation, Guide, InitImage
from invoke_core.domain.identifiers import BatchId, ItemId, UserId
from invoke_core.domain.queue import (
    QUEUE_ID,
    EnqueuedBatch,
    Job,
    JobStatus,
    QueueCounts,
    QueueStatus,
    SeenJob,
)
from invoke_core.domain.shares import GroupShare, Overview, Share

REDACTED = "redacted"  # in place of what only a job's owner and administrators see


@attrs.frozen(kw_only=True)
class InitImageView:
    """The picture that a generation starts from."""

    image_name: str
    strength: float

    @classmethod
    def of(cls, init: InitImage) -> Self:
        """Return the start picture as it is shown."""
        return cls(image_name=init.image_name, strength=init.strength)


@attrs.frozen(kw_only=True)
class LoraView:
    """A LoRA and its weight."""

    model: str
    weight: float


@attrs.frozen(kw_only=True)
class GuideView:
    """A picture that leads by way of a ControlNet or an IP-Adapter, and its weight."""

    model: str
    image_name: str
    weight: float

    @classmethod
    def of(cls, guide: Guide) -> Self:
        """Return the guide as it is shown."""
        return cls(model=guide.model, image_name=guide.image_name, weight=guide.weight)


@attrs.frozen(kw_only=True)
class GenerationView:
    """What is drawn, with every value settled."""

    model: str
    prompt: str
    negative_prompt: str
    width: int
    height: int
    steps: int
    cfg_scale: float
    scheduler: str
    seed: int
    board_id: str | None
    init_image: InitImageView | None
    mask_image_name: str | None
    loras: list[LoraView]
    controlnets: list[GuideView]
    ip_adapters: list[GuideView]
    embeddings: list[str]
    vae: str | None
    exact: bool

    @classmethod
    def of(cls, generation: Generation) -> Self:
        """Return the generation as it is shown."""
        init = generation.init_image
        return cls(
            model=generation.model,
            prompt=generation.prompt,
            negative_prompt=generation.negative_prompt,
            width=generation.width,
            height=generation.height,
            steps=generation.steps,
            cfg_scale=generation.cfg_scale,
            scheduler=generation.scheduler.value,
            seed=generation.seed,
            board_id=generation.board_id,
            init_image=InitImageView.of(init) if init else None,
            mask_image_name=generation.mask_image_name,
            loras=[LoraView(model=lora.model, weight=lora.weight) for lora in generation.loras],
            controlnets=[GuideView.of(guide) for guide in generation.controlnets],
            ip_adapters=[GuideView.of(guide) for guide in generation.ip_adapters],
            embeddings=list(generation.embeddings),
            vae=generation.vae,
            exact=generation.exact,
        )


@attrs.frozen(kw_only=True)
class ProgressView:
    """How many denoising steps are done."""

    step: int
    steps: int


@attrs.frozen(kw_only=True)
class ItemSummaryView:
    """A job without what it draws; of other people's only state, device and times."""

    item_id: int
    queue_id: str = QUEUE_ID
    batch_id: str = REDACTED
    session_id: str = REDACTED
    status: JobStatus
    priority: int | None = None
    user_id: str = REDACTED
    user_display_name: str | None = None
    user_email: str | None = None
    origin: str | None = None
    destination: str | None = None
    attempts: int | None = None
    device: str | None
    error_type: str | None = None
    error_message: str | None = None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    completed_at: datetime | None

    @classmethod
    def of(cls, seen: SeenJob) -> Self:
        """Return the job as it is shown."""
        return cls(**_common(seen), **_own(seen))


@attrs.frozen(kw_only=True)
class ItemView(ItemSummaryView):
    """A job; of other people's only state, device and times."""

    generation: GenerationView | None = None
    progress: ProgressView | None = None  # null until it runs
    position: int | None = None  # 1 = next; null unless pending and among the first 1,000
    expected_wait_seconds: float | None = None
    expected_wait_p90_seconds: float | None = None
    image_names: list[str] | None = None

    @classmethod
    def of(cls, seen: SeenJob) -> Self:
        """Return the job as it is shown."""
        own: dict[str, Any] = {}
        if seen.details is not None:
            progress, job = seen.details.progress, seen.details.job
            own = {
                "generation": GenerationView.of(job.generation),
                "progress": progress and ProgressView(step=progress.step, steps=progress.steps),
                "position": seen.details.position,
                "expected_wait_seconds": _seconds(seen.details.expected_wait),
                "expected_wait_p90_seconds": _seconds(seen.details.expected_wait_p90),
                "image_names": list(job.image_names),
            }
        return cls(**_common(seen), **_own(seen), **own)


@attrs.frozen(kw_only=True)
class BatchView:
    """A submission, with every value settled; the seed is that of the first run."""

    batch_id: str
    generation: GenerationView
    runs: int
    origin: str | None
    destination: str | None


@attrs.frozen(kw_only=True)
class EnqueuedView:
    """What became of a submission."""

    queue_id: str = QUEUE_ID
    enqueued: int
    requested: int
    batch: BatchView
    priority: int
    item_ids: Sequence[ItemId]

    @classmethod
    def of(cls, batch: EnqueuedBatch) -> Self:
        """Return the submission as it is shown."""
        return cls(
            enqueued=len(batch.item_ids),
            requested=batch.requested,
            batch=BatchView(
                batch_id=batch.batch_id,
                generation=GenerationView.of(batch.generation),
                runs=batch.requested,
                origin=batch.origin,
                destination=batch.destination,
            ),
            priority=batch.priority,
            item_ids=list(batch.item_ids),
        )


@attrs.frozen(kw_only=True)
class QueueView:
    """How many jobs stand in each state; the current job's ids to its owner and administrators."""

    queue_id: str = QUEUE_ID
    item_id: int | None
    batch_id: str | None
    session_id: str | None
    pending: int
    in_progress: int
    waiting: int
    completed: int
    failed: int
    canceled: int
    total: int
    user_pending: int
    user_in_progress: int


@attrs.frozen(kw_only=True)
class ProcessorView:
    """Whether jobs are dispatched, and whether one runs."""

    is_started: bool
    is_processing: bool

    @classmethod
    def of(cls, status: QueueStatus) -> Self:
        """Return the processor as it is shown."""
        return cls(is_started=not status.paused, is_processing=status.counts.in_progress > 0)


@attrs.frozen(kw_only=True)
class StatusView:
    """The queue at one moment."""

    queue: QueueView
    processor: ProcessorView

    @classmethod
    def of(cls, status: QueueStatus) -> Self:
        """Return the queue as it is shown."""
        current, counts = status.current, status.counts
        return cls(
            queue=QueueView(
                item_id=current.item_id if current else None,
                batch_id=current.batch_id if current else None,
                session_id=current.run_id if current else None,
                waiting=status.waiting,
                user_pending=status.own.pending,
                user_in_progress=status.own.in_progress,
                **_counted(counts),
            ),
            processor=ProcessorView.of(status),
        )


@attrs.frozen(kw_only=True)
class BatchStatusView:
    """How many jobs of a batch stand in each state."""

    queue_id: str = QUEUE_ID
    batch_id: str
    origin: str | None
    destination: str | None
    pending: int
    in_progress: int
    completed: int
    failed: int
    canceled: int
    total: int

    @classmethod
    def of(cls, batch_id: BatchId, job: Job, counts: QueueCounts) -> Self:
        """Return the batch, one job of which is given."""
        return cls(
            batch_id=batch_id,
            origin=job.origin,
            destination=job.destination,
            **_counted(counts),
        )


@attrs.frozen(kw_only=True)
class DestinationCountsView:
    """How many jobs for a destination stand in each state."""

    queue_id: str = QUEUE_ID
    destination: str
    pending: int
    in_progress: int
    completed: int
    failed: int
    canceled: int
    total: int

    @classmethod
    def of(cls, destination: str, counts: QueueCounts) -> Self:
        """Return the counts as they are shown."""
        return cls(destination=destination, **_counted(counts))


@attrs.frozen(kw_only=True)
class PlaceView:
    """A person's place in the queue."""

    user_id: UserId
    weight: float
    max_pending: int | None  # null, as in the next two: the server's limit
    max_running: int | None
    gpu_seconds_per_day: float | None
    pending: int
    in_progress: int

    @classmethod
    def of(cls, flow: Flow) -> Self:
        """Return the place as it is shown."""
        return cls(
            user_id=flow.user_id,
            weight=flow.weight,
            max_pending=flow.max_pending,
            max_running=flow.max_running,
            gpu_seconds_per_day=flow.gpu_seconds_per_day,
            pending=flow.pending,
            in_progress=flow.in_flight,
        )


@attrs.frozen(kw_only=True)
class ShareView:
    """A person's place in the queue, beside the others'."""

    user_id: UserId
    display_name: str
    group: str | None  # null: they stand for themselves
    weight: float
    max_pending: int | None
    max_running: int | None
    gpu_seconds_per_day: float | None
    pending: int
    in_progress: int
    gpu_seconds: float  # today (UTC)
    share: float  # of everybody's today, 0 to 1
    fair_share: float  # as the weights of all who are in the queue have it, 0 to 1
    expected_wait_seconds: float | None  # null: nothing of theirs waits

    @classmethod
    def of(cls, share: Share) -> Self:
        """Return the place as it is shown."""
        shown = attrs.asdict(share)
        return cls(
            expected_wait_seconds=shown.pop("expected_wait"),
            group=shown.pop("group_name") or None,
            **shown,
        )


@attrs.frozen(kw_only=True)
class GroupShareView:
    """A group's place in the queue, beside the others'."""

    name: str
    weight: float
    members: int  # who are in the queue, or had GPU time today
    pending: int
    in_progress: int
    gpu_seconds: float  # today (UTC)
    share: float  # of everybody's today, 0 to 1
    fair_share: float  # as the weights of all who are in the queue have it, 0 to 1
    fairness_gap: float  # between its members
    fairness_bound: float

    @classmethod
    def of(cls, share: GroupShare) -> Self:
        """Return the place as it is shown."""
        return cls(**attrs.asdict(share))


@attrs.frozen(kw_only=True)
class AccuracyView:
    """How the waits that were shown came true, of the latest starts after ten seconds and more."""

    compared: int  # starts
    median_error: float  # of the shown wait, in parts of the real one
    p90_error: float  # nine in ten errors are at most so large
    within_p90: float  # part of the starts that came by the later time that was shown

    @classmethod
    def of(cls, accuracy: Accuracy) -> Self:
        """Return the accuracy as it is shown."""
        return cls(**attrs.asdict(accuracy))


@attrs.frozen(kw_only=True)
class OverviewView:
    """How the people stand to each other in the queue."""

    items: Sequence[ShareView]
    groups: Sequence[GroupShareView]
    # Between the contending counters of groups and of people in none, in GPU-seconds or turns:
    fairness_gap: float
    fairness_bound: float  # what the gap never exceeds
    wait_accuracy: AccuracyView | None  # null: nothing was compared since the server started

    @classmethod
    def of(cls, overview: Overview) -> Self:
        """Return the overview as it is shown."""
        return cls(
            items=[ShareView.of(share) for share in overview.shares],
            groups=[GroupShareView.of(share) for share in overview.groups],
            fairness_gap=overview.fairness_gap,
            fairness_bound=overview.fairness_bound,
            wait_accuracy=AccuracyView.of(overview.wait_accuracy)
            if overview.wait_accuracy
            else None,
        )


def _common(seen: SeenJob) -> dict[str, Any]:
    names = ("item_id", "status", "device", "created_at", "updated_at", "started_at")
    return {name: getattr(seen, name) for name in (*names, "completed_at")}


def _own(seen: SeenJob) -> dict[str, Any]:
    if seen.details is None:
        return {}
    job = seen.details.job
    return {
        "batch_id": job.batch_id,
        "session_id": job.run_id,
        "priority": job.priority,
        "user_id": job.owner_id,
        "user_display_name": seen.details.owner_name,
        "user_email": seen.details.owner_email,
        "origin": job.origin,
        "destination": job.destination,
        "attempts": job.attempts,
        "error_type": job.error_type,
        "error_message": job.error_message,
    }


def _counted(counts: QueueCounts) -> dict[str, Any]:
    return {**attrs.asdict(counts), "total": counts.total}


def _seconds(interval: timedelta | None) -> float | None:
    return None if interval is None else round(interval.total_seconds(), 1)
