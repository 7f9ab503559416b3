"""Jobs as a principal sees them, with what their rows do not say: owner, progress, place in the queue."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from invoke_core.domain.estimates import estimate
from invoke_core.domain.fairness import QueueMode
from invoke_core.domain.forecast import HORIZON, Turn, turns
from invoke_core.domain.identifiers import ItemId, UserId
from invoke_core.domain.principals import Principal
from invoke_core.domain.queue import (
    Job,
    JobDetails,
    JobQuery,
    JobStatus,
    SeenJob,
    may_manage,
    seen,
)
from invoke_core.ports.progress import ProgressStore
from invoke_core.ports.unit_of_work import Work

STRETCH = 50  # jobs of one flow that a forecast reads at once


def seen_jobs(
    work: Work,
    principal: Principal,
    jobs: Sequence[Job],
    progress: ProgressStore,
    mode: QueueMode,
    now: datetime,
) -> Sequence[SeenJob]:
    """Return the jobs, in order, as the principal may see them."""
    own = [job for job in jobs if may_manage(job, principal)]
    owner_ids = list({job.owner_id for job in own})
    owners = {user.user_id: user for user in work.users.get_many(owner_ids)}
    reported = progress.get([job.item_id for job in own if job.status is JobStatus.IN_PROGRESS])
    places = _places(work, own, mode, now)
    result = []
    for job in jobs:
        owner = owners.get(job.owner_id)
        position, wait = places.get(job.item_id, (None, None))
        details = JobDetails(
            job=job,
            owner_name=owner.display_name if owner else "",
            owner_email=owner.email if owner else "",
            progress=reported.get(job.item_id),
            position=position,
            expected_wait=wait,
        )
        result.append(seen(details, principal))
    return result


def forecast(work: Work, mode: QueueMode, now: datetime) -> Iterator[Turn]:
    """Yield the next turns of the queue; `before` counts what the running jobs will still take."""
    measured = work.queue.run_seconds()
    running = work.jobs.list(JobQuery(status=JobStatus.IN_PROGRESS, limit=None)).items
    left = sum(
        max(0.0, estimate(job.generation, measured) - (now - job.started_at).total_seconds())
        for job in running
        if job.started_at is not None
    )
    for turn in turns(
        work.flows.list_active(),
        mode,
        lambda user_id: _upcoming(work, user_id),
        lambda job: estimate(job.generation, measured),
    ):
        yield Turn(turn.job, left + turn.before)


def _upcoming(work: Work, user_id: UserId) -> Iterator[Job]:
    for offset in range(0, HORIZON, STRETCH):
        jobs = work.jobs.upcoming(user_id, offset=offset, limit=STRETCH)
        yield from jobs
        if len(jobs) < STRETCH:
            return


def _places(
    work: Work, jobs: Sequence[Job], mode: QueueMode, now: datetime
) -> dict[ItemId, tuple[int, timedelta]]:
    """Return the position (1 = next) and expected wait of the pending ones among the jobs."""
    wanted = {job.item_id for job in jobs if job.status is JobStatus.PENDING}
    places: dict[ItemId, tuple[int, timedelta]] = {}
    if not wanted:
        return places
    devices = sum(len(worker.devices) for worker in work.workers.list()) or 1
    for position, turn in enumerate(forecast(work, mode, now), start=1):
        if turn.job.item_id in wanted:
            wait = timedelta(seconds=turn.before / devices)
            places[turn.job.item_id] = (position, wait)
            if len(places) == len(wanted):
                break
    return places
