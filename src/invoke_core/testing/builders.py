"""Things to test with: each builder keeps a sensible thing, varied by keyword, and returns it.

Builders that need an owner, a board or the like make one where none is given. Every name and address is
new within the process.
"""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from invoke_core.domain.api_keys import ApiKey, key_digest
from invoke_core.domain.bin import BinnedImage
from invoke_core.domain.board_links import LINK_LIFE, BoardLink
from invoke_core.domain.boards import Board, Grant, Permission
from invoke_core.domain.downloads import Download, DownloadId
from invoke_core.domain.fairness import Flow, QueueMode
from invoke_core.domain.generation import Generation
from invoke_core.domain.identifiers import (
    ApiKeyId,
    BatchId,
    BoardId,
    BoardLinkId,
    IdentityId,
    ImageName,
    ItemId,
    ModelKey,
    RunId,
    SessionId,
    StylePresetId,
    TransferId,
    UserId,
    WorkerId,
    WorkflowId,
)
from invoke_core.domain.identities import Identity
from invoke_core.domain.images import Image, ImageOrigin
from invoke_core.domain.links import link_digest
from invoke_core.domain.models import BaseModel, Model, ModelFormat, ModelType, SchedulerName
from invoke_core.domain.principals import Principal, Scope, Via
from invoke_core.domain.queue import Job, Lease, WorkerRecord
from invoke_core.domain.second_factor import SecondFactor
from invoke_core.domain.sessions import Session
from invoke_core.domain.style_presets import StylePreset
from invoke_core.domain.transfers import Transfer
from invoke_core.domain.users import User
from invoke_core.domain.workflows import Workflow
from invoke_core.ports.queue import Candidate, NewJob
from invoke_core.ports.unit_of_work import Work

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)  # when everything here is made

_numbers = itertools.count(1)


def a_user(work: Work, **changes: Any) -> User:
    """Keep an active person who is no administrator and has no password."""
    number = next(_numbers)
    user = User(
        user_id=UserId(f"user-{number:06}"),
        email=f"person{number}@example.com",
        display_name=f"Person {number}",
        password_hash=None,
        is_admin=False,
        is_active=True,
        created_at=NOON,
        updated_at=NOON,
    )
    user = attrs.evolve(user, **changes)
    work.users.add(user)
    return user


def an_administrator(work: Work, **changes: Any) -> User:
    """Keep an active administrator with a password that nobody knows."""
    return a_user(work, **{"is_admin": True, "password_hash": "none", **changes})


def a_principal(user: User, **changes: Any) -> Principal:
    """Return the account as who is asking, signed in."""
    principal = Principal(
        user_id=user.user_id,
        is_admin=user.is_admin,
        via=Via.SESSION,
        session_id=SessionId(f"session-of-{user.user_id}"),
        must_change_password=user.must_change_password,
    )
    return attrs.evolve(principal, **changes)


def a_session(work: Work, user: User | None = None, **changes: Any) -> Session:
    """Keep a session of the user that lasts a day from noon."""
    user = user or a_user(work)
    session = Session(
        session_id=SessionId(f"session-{next(_numbers):06}"),
        user_id=user.user_id,
        remember_me=False,
        epoch=user.epoch,
        password_fingerprint="fingerprint",  # noqa: S106 - of no password at all
        created_at=NOON,
        last_seen_at=NOON,
        expires_at=NOON + timedelta(days=1),
    )
    session = attrs.evolve(session, **changes)
    work.sessions.add(session)
    return session


def an_api_key(work: Work, user: User | None = None, **changes: Any) -> ApiKey:
    """Keep a key of the user of the scope `full` that never expires; its text is `ivk_` and its id."""
    user_id = (user or a_user(work)).user_id
    key_id = ApiKeyId(f"key-{next(_numbers):06}")
    key = ApiKey(
        key_id=key_id,
        user_id=user_id,
        name=f"Key {key_id}",
        scope=Scope.FULL,
        digest=key_digest(f"ivk_{key_id}"),
        created_at=NOON,
        expires_at=None,
    )
    key = attrs.evolve(key, **changes)
    work.api_keys.add(key)
    return key


def a_second_factor(work: Work, user: User | None = None, **changes: Any) -> SecondFactor:
    """Keep a second factor of the user that is offered and not in force."""
    user_id = (user or a_user(work)).user_id
    factor = SecondFactor(user_id=user_id, sealed_secret="sealed", created_at=NOON)  # noqa: S106
    factor = attrs.evolve(factor, **changes)
    work.second_factors.put(factor)
    return factor


def an_identity(work: Work, user: User | None = None, **changes: Any) -> Identity:
    """Keep an identity of the user at an issuer where nobody administers."""
    user_id = (user or a_user(work)).user_id
    number = next(_numbers)
    identity = Identity(
        identity_id=IdentityId(f"identity-{number:06}"),
        issuer="https://id.example.com",
        subject=f"subject-{number}",
        user_id=user_id,
        created_at=NOON,
    )
    identity = attrs.evolve(identity, **changes)
    work.identities.add(identity)
    return identity


def a_board(work: Work, owner: User | None = None, **changes: Any) -> Board:
    """Keep a private board of the owner."""
    owner_id = (owner or a_user(work)).user_id
    number = next(_numbers)
    board = Board(
        board_id=BoardId(f"board-{number:06}"),
        owner_id=owner_id,
        name=f"Board {number}",
        created_at=NOON,
        updated_at=NOON,
    )
    board = attrs.evolve(board, **changes)
    work.boards.add(board)
    return board


def a_grant(
    work: Work,
    board: Board,
    user: User | None = None,
    permission: Permission = Permission.READ,
    **changes: Any,
) -> Grant:
    """Keep a grant on the board, given by its owner."""
    grant = Grant(
        board_id=board.board_id,
        user_id=(user or a_user(work)).user_id,
        permission=permission,
        granted_by=board.owner_id,
        created_at=NOON,
    )
    grant = attrs.evolve(grant, **changes)
    work.boards.put_grant(grant)
    return grant


def a_board_link(
    work: Work, board: Board | None = None, creator: User | None = None, **changes: Any
) -> BoardLink:
    """Keep a link to the board that works for 30 days, made by the board's owner."""
    number = next(_numbers)
    board = board or a_board(work)
    link = BoardLink(
        link_id=BoardLinkId(f"link-{number:06}"),
        board_id=board.board_id,
        digest=link_digest(f"token-{number}"),
        created_by=creator.user_id if creator else board.owner_id,
        created_at=NOON,
        expires_at=NOON + LINK_LIFE,
    )
    link = attrs.evolve(link, **changes)
    work.board_links.add(link)
    return link


def an_image(
    work: Work,
    owner: User | None = None,
    board: Board | None = None,
    *,
    metadata: dict[str, Any] | None = None,
    workflow: dict[str, Any] | None = None,
    **changes: Any,
) -> Image:
    """Keep a generated picture of the owner, on the board or uncategorised."""
    owner_id = (owner or a_user(work)).user_id if owner or not board else board.owner_id
    image = Image(
        image_name=ImageName(f"image-{next(_numbers):06}.png"),
        owner_id=owner_id,
        board_id=board.board_id if board else None,
        origin=ImageOrigin.INTERNAL,
        width=64,
        height=64,
        has_workflow=workflow is not None,
        size_bytes=1000,
        created_at=NOON,
        updated_at=NOON,
    )
    image = attrs.evolve(image, **changes)
    work.images.add(image, metadata=metadata, workflow=workflow)
    return image


def a_transfer(work: Work, owner: User, heir: User, **changes: Any) -> Transfer:
    """Keep a transfer of everything that the owner has, which has collected nothing yet."""
    transfer = Transfer(
        transfer_id=TransferId(f"transfer-{next(_numbers):06}"),
        from_id=owner.user_id,
        to_id=heir.user_id,
        started_by=heir.user_id,
        created_at=NOON,
    )
    transfer = attrs.evolve(transfer, **changes)
    work.transfers.add(transfer)
    return transfer


def a_workflow(
    work: Work, owner: User | None = None, *, document: str = '{"name": "A"}', **changes: Any
) -> Workflow:
    """Keep a private workflow of the owner."""
    owner_id = (owner or a_user(work)).user_id
    number = next(_numbers)
    workflow = Workflow(
        workflow_id=WorkflowId(f"workflow-{number:06}"),
        owner_id=owner_id,
        name=f"Workflow {number}",
        created_at=NOON,
        updated_at=NOON,
    )
    workflow = attrs.evolve(workflow, **changes)
    work.workflows.add(workflow, document)
    return workflow


def a_style_preset(
    work: Work, owner: User | None = None, *, content: bytes | None = None, **changes: Any
) -> StylePreset:
    """Keep a private style preset of the owner; with content, that is its picture."""
    owner_id = (owner or a_user(work)).user_id
    number = next(_numbers)
    preset = StylePreset(
        preset_id=StylePresetId(f"preset-{number:06}"),
        owner_id=owner_id,
        name=f"Preset {number}",
        positive_prompt="{prompt}, in oils",
        negative_prompt="photo",
        image=None if content is None else f"digest-{number}",
        created_at=NOON,
        updated_at=NOON,
    )
    preset = attrs.evolve(preset, **changes)
    work.style_presets.add(preset, content)
    return preset


def a_binned_image(
    work: Work,
    owner: User | None = None,
    board: Board | None = None,
    *,
    deleted_at: datetime = NOON,
    deleted_by: UserId | None = None,
    **changes: Any,
) -> BinnedImage:
    """Keep a picture that was deleted, by its owner unless somebody else is named."""
    image = an_image(work, owner, board, **changes)
    deleted_by = deleted_by or image.owner_id
    work.bin.put_in([image.image_name], deleted_at=deleted_at, deleted_by=deleted_by)
    return BinnedImage(image=image, deleted_at=deleted_at, deleted_by=deleted_by)


def a_download(work: Work, user: User | None = None, **changes: Any) -> Download:
    """Keep an archive of two pictures that the user asked for."""
    download = Download(
        download_id=DownloadId(f"download-{next(_numbers):06}"),
        user_id=(user or a_user(work)).user_id,
        image_names=(ImageName("a.png"), ImageName("b.png")),
        board_id=None,
        created_at=NOON,
    )
    download = attrs.evolve(download, **changes)
    work.downloads.add(download)
    return download


def a_model(work: Work, **changes: Any) -> Model:
    """Keep a main model in diffusers format of the family `sd-1`."""
    number = next(_numbers)
    model = Model(
        key=ModelKey(f"model-{number:06}"),
        name=f"Model {number}",
        type=ModelType.MAIN,
        base=BaseModel.SD_1,
        format=ModelFormat.DIFFUSERS,
        source=f"/somewhere/model-{number}",
        path=f"model-{number}",
        hash=f"sha256:{number:064x}",
        file_size=1_000_000,
        created_at=NOON,
        updated_at=NOON,
    )
    model = attrs.evolve(model, **changes)
    work.models.add(model)
    return model


def a_generation(**changes: Any) -> Generation:
    """Return a small text-to-image generation on an unknown model."""
    generation = Generation(
        model=ModelKey("model"),
        prompt="a red circle on a white background",
        width=64,
        height=64,
        steps=4,
        cfg_scale=7.0,
        scheduler=SchedulerName.EULER,
        seed=7,
    )
    return attrs.evolve(generation, **changes)


def a_new_job(owner: User, **changes: Any) -> NewJob:
    """Return a job of the owner before it has a number."""
    number = next(_numbers)
    new = NewJob(
        batch_id=BatchId(f"batch-{number:06}"),
        run_id=RunId(f"run-{number:06}"),
        owner_id=owner.user_id,
        priority=0,
        origin=None,
        destination=None,
        generation=a_generation(),
        created_at=NOON,
    )
    return attrs.evolve(new, **changes)


def a_job(work: Work, owner: User | None = None, **changes: Any) -> Job:
    """Keep a pending job of the owner; the job alone, without a place in the owner's flow."""
    new_fields = {field.name for field in attrs.fields(NewJob)}
    first = {name: value for name, value in changes.items() if name in new_fields}
    later = {name: value for name, value in changes.items() if name not in new_fields}
    item_id: ItemId = work.jobs.add_all([a_new_job(owner or a_user(work), **first)])[0]
    job = work.jobs.get(item_id)
    if later:
        job = attrs.evolve(job, **later)
        work.jobs.put(job)
    return job


def a_running_job(
    work: Work, worker: WorkerRecord, owner: User | None = None, **changes: Any
) -> Job:
    """Keep a job in progress that the worker holds."""
    waiting = a_job(work, owner, **changes)
    fence = work.queue.contest(QueueMode.FIFO).fence + 1
    work.queue.advance([], fence=fence)
    lease = Lease(worker_id=worker.worker_id, fence=fence)
    job = waiting.claimed(lease, "cpu", NOON, policy=QueueMode.ROUND_ROBIN, cost=1.0)
    work.jobs.put(job)
    return job


def a_worker(work: Work, **changes: Any) -> WorkerRecord:
    """Keep a worker with one device."""
    worker = WorkerRecord(
        worker_id=WorkerId(f"worker-{next(_numbers):06}"),
        host="host",
        process_id=1,
        process_started=0.0,
        devices=("cpu",),
    )
    worker = attrs.evolve(worker, **changes)
    work.workers.add(worker)
    return worker


def a_contender(work: Work, **changes: Any) -> Candidate:
    """Keep a user with one pending job whose flow contends; return what a decision sees of it."""
    user = a_user(work)
    job = a_job(work, user)
    flow = Flow(
        user_id=user.user_id, pending=1, oldest_item_id=job.item_id, head_item_id=job.item_id
    )
    flow = attrs.evolve(flow, **changes)
    work.flows.put(flow)
    return Candidate(flow=flow, head=job, rest=None, owner_is_active=True, expected=None)
