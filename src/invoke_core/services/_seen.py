"""Jobs as a principal sees them, with what their rows do not say: owner, progress, place in the queue."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from invoke_core.domain.identifiers import ItemId
from invoke_core.domain.principals import Principal
from invoke_core.domain.queue import Job, JobDetails, JobStatus, SeenJob, may_manage, seen
from invoke_core.ports.progress import ProgressStore
from invoke_core.ports.unit_of_work import Work
from invoke_core.services._forecast import Place


def seen_jobs(
    work: Work,
    principal: Principal,
    jobs: Sequence[Job],
    progress: ProgressStore,
    places: Mapping[ItemId, Place],
) -> Sequence[SeenJob]:
    """Return the jobs, in order, as the principal may see them.

    Args:
        work: a unit of work.
        principal: who looks.
        jobs: the jobs.
        progress: of those that run.
        places: of those that wait, see `Forecasts`.
    """
    own = [job for job in jobs if may_manage(job, principal)]
    owner_ids = list({job.owner_id for job in own})
    owners = {user.user_id: user for user in work.users.get_many(owner_ids)}
    reported = progress.get([job.item_id for job in own if job.status is JobStatus.IN_PROGRESS])
    result = []
    for job in jobs:
        owner = owners.get(job.owner_id)
        place = places.get(job.item_id) if job.status is JobStatus.PENDING else None
        details = JobDetails(
            job=job,
            owner_name=owner.display_name if owner else "",
            owner_email=owner.email if owner else "",
            progress=reported.get(job.item_id),
            position=place.position if place else None,
            expected_wait=timedelta(seconds=place.wait.median) if place else None,
            expected_wait_p90=timedelta(seconds=place.wait.p90) if place else None,
        )
        result.append(seen(details, principal))
    return result
