"""What becomes of a person's jobs, boards and pictures when the account pauses or goes."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from invoke_core.domain.boards import OPEN_TO_ALL, Board
from invoke_core.domain.identifiers import ImageName, UserId
from invoke_core.domain.news import Audience, NewsKind
from invoke_core.domain.queue import Job, JobQuery, JobStatus
from invoke_core.ports.unit_of_work import Work


def suspend_jobs(work: Work, user_id: UserId, now: datetime) -> None:
    """Cancel the user's running jobs, and let the pending ones wait for their return."""
    running = _running(work, user_id)
    for job in running:
        work.jobs.put(job.canceled(now))
        _tell_canceled(work, job, now)
    flow = work.flows.get(user_id)
    in_flight = max(0, flow.in_flight - len(running))
    work.flows.put(attrs.evolve(flow, suspended=True, in_flight=in_flight))
    work.news.tell(NewsKind.JOBS_CHANGED, Audience.everybody(), {}, now)


def resume_jobs(work: Work, user_id: UserId, now: datetime) -> None:
    """Let the user's pending jobs contend again, without credit for the time that they waited."""
    flow = attrs.evolve(work.flows.get(user_id), suspended=False)
    if flow.contends:
        flow = flow.lifted(work.queue.virtual_time())
    work.flows.put(flow)
    work.news.tell(NewsKind.JOBS_CHANGED, Audience.everybody(), {}, now)


def remove_content(work: Work, user_id: UserId, now: datetime) -> Sequence[ImageName]:
    """Remove everything that the user owns; return the names whose files must go after the commit."""
    _remove_jobs(work, user_id, now)
    boards = work.boards.owned_by(user_id)
    for board in boards:
        _return_guests_images(work, board, now)
    image_names = _remove_images(work, user_id, now)
    for board in boards:
        _remove_board(work, board, now)
    return image_names


def _running(work: Work, user_id: UserId) -> Sequence[Job]:
    query = JobQuery(owner_id=user_id, status=JobStatus.IN_PROGRESS, limit=None)
    return work.jobs.list(query).items


def _tell_canceled(work: Work, job: Job, now: datetime) -> None:
    work.news.tell(
        NewsKind.JOB_CHANGED,
        Audience.everybody(),
        {"item_id": job.item_id, "status": JobStatus.CANCELED.value},
        now,
    )


def _remove_jobs(work: Work, user_id: UserId, now: datetime) -> None:
    for job in _running(work, user_id):
        _tell_canceled(work, job, now)  # whoever runs it stops
    work.jobs.remove(work.jobs.item_ids(JobQuery(owner_id=user_id, limit=None)))
    work.news.tell(NewsKind.JOBS_CHANGED, Audience.everybody(), {}, now)


def _return_guests_images(work: Work, board: Board, now: datetime) -> None:
    for image in work.images.on_board(board.board_id):
        if image.owner_id != board.owner_id:
            work.images.put(attrs.evolve(image, board_id=None, updated_at=now))
            work.news.tell(
                NewsKind.IMAGE_CHANGED,
                Audience.of_user(image.owner_id),
                {"image_name": image.image_name, "board_id": None},
                now,
            )


def _remove_images(work: Work, user_id: UserId, now: datetime) -> Sequence[ImageName]:
    images = work.images.owned_by(user_id)
    for image in images:
        audience = Audience.of_user(user_id)
        if image.board_id is not None:
            audience = Audience.of_board(image.board_id)
        work.news.tell(
            NewsKind.IMAGE_DELETED,
            audience,
            {"image_name": image.image_name, "board_id": image.board_id},
            now,
        )
    image_names = [image.image_name for image in images]
    work.images.remove(image_names)
    return image_names


def _remove_board(work: Work, board: Board, now: datetime) -> None:
    # Nobody is in the audience of a board that is gone, so its people are named one by one.
    audiences = [
        Audience.of_user(user_id)
        for user_id in [board.owner_id, *(g.user_id for g in work.boards.grants(board.board_id))]
    ]
    if board.visibility in OPEN_TO_ALL:
        audiences = [Audience.everybody()]
    work.boards.remove(board.board_id)
    for audience in audiences:
        work.news.tell(NewsKind.BOARD_CHANGED, audience, {"board_id": board.board_id}, now)
