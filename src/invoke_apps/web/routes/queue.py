"""The queue: asking for pictures, watching jobs, ending them."""

from typing import Annotated, Any

import attrs
import msgspec
from litestar import Router, delete, get, patch, post, put
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from msgspec import UNSET, UnsetType

from invoke_apps.web._call import Call
from invoke_apps.web.routes._queue_views import (
    BatchStatusView,
    DestinationCountsView,
    EnqueuedView,
    ItemSummaryView,
    ItemView,
    OverviewView,
    PlaceView,
    ProcessorView,
    StatusView,
)
from invoke_apps.web.routes.boards import Direction, Limit
from invoke_core.domain.generation import (
    MOST_BESIDE,
    GenerationWish,
    Guide,
    InitImage,
    LoraWeight,
)
from invoke_core.domain.identifiers import BatchId, BoardId, ImageName, ItemId, ModelKey, UserId
from invoke_core.domain.models import SchedulerName
from invoke_core.domain.pages import DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET
from invoke_core.domain.queue import QUEUE_ID, BatchWish, JobQuery, JobStatus
from invoke_core.domain.shares import ShareChanges
from invoke_core.errors import NotFound

ItemIds = Annotated[list[ItemId], msgspec.Meta(max_length=MAX_LIMIT)]
BatchIds = Annotated[list[BatchId], msgspec.Meta(max_length=MAX_LIMIT)]
Loras = Annotated[list["LoraBody"], msgspec.Meta(max_length=MOST_BESIDE)]
Guides = Annotated[list["GuideBody"], msgspec.Meta(max_length=MOST_BESIDE)]
Embeddings = Annotated[list[str], msgspec.Meta(max_length=MOST_BESIDE)]


def require_queue(queue_id: str) -> None:
    """Raise NotFound for every queue but the only one."""
    if queue_id != QUEUE_ID:
        raise NotFound("queue", queue_id)


async def known_queue(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuse a request for another queue than the only one."""
    require_queue(str(connection.path_params["queue_id"]))


class InitImageBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The picture to start from, and how much of it is drawn anew: 0 to 1."""

    image_name: ImageName
    strength: float = 0.75

    def wish(self) -> InitImage:
        """Return the start picture."""
        return InitImage(image_name=self.image_name, strength=self.strength)


class LoraBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A LoRA, by key or name, and its weight."""

    model: str
    weight: float = 1.0


class GuideBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A picture that leads by way of a ControlNet or an IP-Adapter (by key or name), and its weight."""

    model: str
    image_name: ImageName
    weight: float = 1.0

    def wish(self) -> Guide:
        """Return the guide."""
        return Guide(model=ModelKey(self.model), image_name=self.image_name, weight=self.weight)


class GenerationBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A picture to make; absent values come from the model's default settings."""

    model: str  # key or name
    prompt: str
    negative_prompt: str = ""
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    scheduler: SchedulerName | None = None
    seed: int | None = None
    board_id: BoardId | None = None
    init_image: InitImageBody | None = None
    mask_image_name: ImageName | None = None  # white is drawn anew, black stays as it is
    loras: Loras = []
    controlnets: Guides = []
    ip_adapters: Guides = []
    embeddings: Embeddings = []  # keys or names; prompts name one as `<its name>`
    vae: str | None = None  # key or name
    exact: bool = False

    def wish(self) -> GenerationWish:
        """Return the wish."""
        init = self.init_image
        return GenerationWish(
            model=self.model,
            prompt=self.prompt,
            negative_prompt=self.negative_prompt,
            width=self.width,
            height=self.height,
            steps=self.steps,
            cfg_scale=self.cfg_scale,
            scheduler=self.scheduler,
            seed=self.seed,
            board_id=self.board_id,
            init_image=init.wish() if init else None,
            mask_image_name=self.mask_image_name,
            loras=tuple(
                LoraWeight(model=ModelKey(lora.model), weight=lora.weight) for lora in self.loras
            ),
            controlnets=tuple(guide.wish() for guide in self.controlnets),
            ip_adapters=tuple(guide.wish() for guide in self.ip_adapters),
            embeddings=tuple(self.embeddings),
            vae=self.vae,
            exact=self.exact,
        )


class BatchBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A generation, and how many times with other seeds."""

    generation: GenerationBody
    runs: int = 1
    origin: str | None = None
    destination: str | None = None


class EnqueueBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A submission; `prepend` and `priority` order one's own jobs only."""

    batch: BatchBody
    prepend: bool = False
    priority: int = 0

    def wish(self) -> BatchWish:
        """Return the wish."""
        return BatchWish(
            generation=self.batch.generation.wish(),
            runs=self.batch.runs,
            origin=self.batch.origin,
            destination=self.batch.destination,
            prepend=self.prepend,
            priority=self.priority,
        )


class ShareBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to change of a person's place in the queue; a limit of null is the server's own."""

    weight: float | UnsetType = UNSET
    max_pending: int | UnsetType | None = UNSET
    max_running: int | UnsetType | None = UNSET
    gpu_seconds_per_day: float | UnsetType | None = UNSET

    def changes(self) -> ShareChanges:
        """Return the changes."""
        given = {name: getattr(self, name) for name in self.__struct_fields__}
        return ShareChanges(
            **{name: value for name, value in given.items() if value not in (None, UNSET)},
            cleared=frozenset(name for name, value in given.items() if value is None),
        )


class ItemIdsBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which jobs."""

    item_ids: ItemIds


class BatchIdsBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which batches."""

    batch_ids: BatchIds


@attrs.frozen(kw_only=True)
class ItemIdsView:
    """The numbers of all jobs that match."""

    item_ids: list[ItemId]
    total_count: int


@attrs.frozen(kw_only=True)
class CanceledView:
    """How many jobs were canceled."""

    canceled: int


@attrs.frozen(kw_only=True)
class DeletedView:
    """How many jobs are forgotten."""

    deleted: int


@attrs.frozen(kw_only=True)
class RetriedView:
    """Which jobs were enqueued again, each as a new one."""

    queue_id: str = QUEUE_ID
    retried_item_ids: list[ItemId]


@post("/enqueue_batch", sync_to_thread=True)
def enqueue_batch(
    queue_id: FromPath[str],
    data: JSONBody[EnqueueBody],
    call: NamedDependency[Call],
    idempotency_key: Annotated[str | None, HeaderParameter(name="Idempotency-Key")] = None,
) -> EnqueuedView:
    """Ask for pictures; nothing is enqueued where the queue has no room for all of them.

    Sent again within a day with the same `Idempotency-Key`, nothing more is enqueued, and the answer is that
    of the first time.
    """
    batch = call(
        lambda app, principal: app.queue.enqueue(principal, data.wish(), key=idempotency_key)
    )
    return EnqueuedView.of(batch)


@get("/status", sync_to_thread=True)
def queue_status(queue_id: FromPath[str], call: NamedDependency[Call]) -> StatusView:
    """Count the jobs in each state."""
    return StatusView.of(call(lambda app, principal: app.queue.status(principal)))


@get("/list_all", sync_to_thread=True)
def list_all(
    queue_id: FromPath[str],
    call: NamedDependency[Call],
    status: FromQuery[JobStatus | None] = None,
    user_id: FromQuery[str | None] = None,
    destination: FromQuery[str | None] = None,
    order_dir: FromQuery[Direction] = Direction.ASC,
    offset: Annotated[int, QueryParameter(ge=0, le=MAX_OFFSET)] = 0,
    limit: Limit = DEFAULT_LIMIT,
) -> list[ItemView]:
    """List jobs, oldest first unless asked otherwise; of other people's only state, device and times."""
    query = JobQuery(
        status=status,
        owner_id=_user(user_id),
        destination=destination,
        descending=order_dir is Direction.DESC,
        offset=offset,
        limit=limit,
    )
    page = call(lambda app, principal: app.queue.list_all(principal, query))
    return [ItemView.of(seen) for seen in page.items]


@get("/item_ids", sync_to_thread=True)
def list_item_ids(
    queue_id: FromPath[str],
    call: NamedDependency[Call],
    status: FromQuery[JobStatus | None] = None,
    user_id: FromQuery[str | None] = None,
    destination: FromQuery[str | None] = None,
    order_dir: FromQuery[Direction] = Direction.DESC,
) -> ItemIdsView:
    """List the numbers of all jobs that match."""
    query = JobQuery(
        status=status,
        owner_id=_user(user_id),
        destination=destination,
        descending=order_dir is Direction.DESC,
    )
    item_ids = call(lambda app, principal: app.queue.item_ids(principal, query))
    return ItemIdsView(item_ids=list(item_ids), total_count=len(item_ids))


@post("/items_by_ids", status_code=200, sync_to_thread=True)
def items_by_ids(
    queue_id: FromPath[str], data: JSONBody[ItemIdsBody], call: NamedDependency[Call]
) -> list[ItemView]:
    """Return the known ones of these jobs, in the order asked for."""
    seen = call(lambda app, principal: app.queue.items_by_ids(principal, data.item_ids))
    return [ItemView.of(each) for each in seen]


@post("/item_summaries_by_ids", status_code=200, sync_to_thread=True)
def item_summaries_by_ids(
    queue_id: FromPath[str], data: JSONBody[ItemIdsBody], call: NamedDependency[Call]
) -> list[ItemSummaryView]:
    """Return the known ones of these jobs, in the order asked for, without what they draw."""
    seen = call(lambda app, principal: app.queue.items_by_ids(principal, data.item_ids))
    return [ItemSummaryView.of(each) for each in seen]


@get("/i/{item_id:int}", sync_to_thread=True)
def get_item(
    queue_id: FromPath[str], item_id: FromPath[int], call: NamedDependency[Call]
) -> ItemView:
    """Return one job."""
    return ItemView.of(call(lambda app, principal: app.queue.item(principal, ItemId(item_id))))


@get("/current", sync_to_thread=True)
def current_item(queue_id: FromPath[str], call: NamedDependency[Call]) -> ItemView | None:
    """Return the job that has been running longest, or null."""
    seen = call(lambda app, principal: app.queue.current(principal))
    return ItemView.of(seen) if seen else None


@get("/next", sync_to_thread=True)
def next_item(queue_id: FromPath[str], call: NamedDependency[Call]) -> ItemView | None:
    """Return the job that is served next, or null."""
    seen = call(lambda app, principal: app.queue.next(principal))
    return ItemView.of(seen) if seen else None


@get("/b/{batch_id:str}/status", sync_to_thread=True)
def batch_status(
    queue_id: FromPath[str], batch_id: FromPath[str], call: NamedDependency[Call]
) -> BatchStatusView:
    """Count the jobs of a batch in each state."""
    wanted = BatchId(batch_id)
    job, counts = call(lambda app, principal: app.queue.batch_counts(principal, wanted))
    return BatchStatusView.of(wanted, job, counts)


@get("/counts_by_destination", sync_to_thread=True)
def counts_by_destination(
    queue_id: FromPath[str], destination: FromQuery[str], call: NamedDependency[Call]
) -> DestinationCountsView:
    """Count one's own jobs for a destination in each state; administrators: everybody's."""
    counts = call(lambda app, principal: app.queue.counts_by_destination(principal, destination))
    return DestinationCountsView.of(destination, counts)


@put("/i/{item_id:int}/cancel", sync_to_thread=True)
def cancel_item(
    queue_id: FromPath[str], item_id: FromPath[int], call: NamedDependency[Call]
) -> ItemView:
    """Cancel a job; a running one stops within one denoising step."""
    return ItemView.of(call(lambda app, principal: app.queue.cancel(principal, ItemId(item_id))))


@delete("/i/{item_id:int}", sync_to_thread=True)
def delete_item(
    queue_id: FromPath[str], item_id: FromPath[int], call: NamedDependency[Call]
) -> None:
    """Forget a job, canceling it first; its pictures stay."""
    call(lambda app, principal: app.queue.delete(principal, ItemId(item_id)))


@put("/cancel_by_batch_ids", sync_to_thread=True)
def cancel_by_batch_ids(
    queue_id: FromPath[str], data: JSONBody[BatchIdsBody], call: NamedDependency[Call]
) -> CanceledView:
    """Cancel what is left of one's own batches; administrators: of anybody's."""
    canceled = call(lambda app, principal: app.queue.cancel_batches(principal, data.batch_ids))
    return CanceledView(canceled=canceled)


@put("/cancel_by_destination", sync_to_thread=True)
def cancel_by_destination(
    queue_id: FromPath[str], destination: FromQuery[str], call: NamedDependency[Call]
) -> CanceledView:
    """Cancel one's own unfinished jobs for a destination; administrators: everybody's."""
    canceled = call(lambda app, principal: app.queue.cancel_destination(principal, destination))
    return CanceledView(canceled=canceled)


@put("/cancel_all_except_current", sync_to_thread=True)
def cancel_all_except_current(
    queue_id: FromPath[str],
    call: NamedDependency[Call],
    user_id: FromQuery[str | None] = None,
) -> CanceledView:
    """Cancel one's own pending jobs; administrators: everybody's, or one person's."""
    owner_id = _user(user_id)
    canceled = call(
        lambda app, principal: app.queue.cancel_all_except_current(principal, owner_id=owner_id)
    )
    return CanceledView(canceled=canceled)


@put("/clear", sync_to_thread=True)
def clear(
    queue_id: FromPath[str],
    call: NamedDependency[Call],
    user_id: FromQuery[str | None] = None,
) -> DeletedView:
    """Cancel and forget one's own jobs; administrators: everybody's, or one person's."""
    owner_id = _user(user_id)
    deleted = call(lambda app, principal: app.queue.clear(principal, owner_id=owner_id))
    return DeletedView(deleted=deleted)


@put("/prune", sync_to_thread=True)
def prune(
    queue_id: FromPath[str],
    call: NamedDependency[Call],
    user_id: FromQuery[str | None] = None,
) -> DeletedView:
    """Forget one's own jobs that have ended; administrators: everybody's, or one person's."""
    owner_id = _user(user_id)
    deleted = call(lambda app, principal: app.queue.prune(principal, owner_id=owner_id))
    return DeletedView(deleted=deleted)


@put("/retry_items_by_id", sync_to_thread=True)
def retry_items_by_id(
    queue_id: FromPath[str], data: JSONBody[ItemIds], call: NamedDependency[Call]
) -> RetriedView:
    """Enqueue failed and canceled jobs again, as new ones with the same seed."""
    retried = call(lambda app, principal: app.queue.retry(principal, data))
    return RetriedView(retried_item_ids=list(retried))


@put("/processor/pause", sync_to_thread=True)
def pause(queue_id: FromPath[str], call: NamedDependency[Call]) -> ProcessorView:
    """Dispatch no more jobs, also after a restart; running ones finish."""
    return ProcessorView.of(call(lambda app, principal: app.queue.pause(principal)))


@put("/processor/resume", sync_to_thread=True)
def resume(queue_id: FromPath[str], call: NamedDependency[Call]) -> ProcessorView:
    """Dispatch jobs again."""
    return ProcessorView.of(call(lambda app, principal: app.queue.resume(principal)))


@get("/overview", sync_to_thread=True)
def overview(
    queue_id: FromPath[str],
    call: NamedDependency[Call],
    user_id: FromQuery[str | None] = None,
) -> OverviewView:
    """Show how the people stand to each other in the queue; of `user_id` alone where it is given."""
    wanted = _user(user_id)
    return OverviewView.of(
        call(lambda app, principal: app.queue_care.overview(principal, user_id=wanted))
    )


@patch("/users/{user_id:str}", sync_to_thread=True)
def change_share(
    queue_id: FromPath[str],
    user_id: FromPath[str],
    data: JSONBody[ShareBody],
    call: NamedDependency[Call],
) -> PlaceView:
    """Change a person's weight or limits; null is the server's own limit."""
    flow = call(
        lambda app, principal: app.queue_care.change_share(
            principal, UserId(user_id), data.changes()
        )
    )
    return PlaceView.of(flow)


def _user(user_id: str | None) -> UserId | None:
    return None if user_id is None else UserId(user_id)


router = Router(
    path="/api/v1/queue/{queue_id:str}",
    route_handlers=[
        enqueue_batch,
        queue_status,
        list_all,
        list_item_ids,
        items_by_ids,
        item_summaries_by_ids,
        get_item,
        current_item,
        next_item,
        batch_status,
        counts_by_destination,
        cancel_item,
        delete_item,
        cancel_by_batch_ids,
        cancel_by_destination,
        cancel_all_except_current,
        clear,
        prune,
        retry_items_by_id,
        pause,
        resume,
        overview,
        change_share,
    ],
    guards=[known_queue],
    tags=["queue"],
)
