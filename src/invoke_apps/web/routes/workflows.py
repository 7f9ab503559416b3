"""The library of workflows, with InvokeAI's paths and bodies."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import attrs
import msgspec
from litestar import Request, Response, Router, delete, get, patch, post, put, route
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.params import FromPath, FromQuery, JSONBody, MultipartBody, QueryParameter, RawBody

from invoke_apps.web._call import Call
from invoke_apps.web.guard import MEDIA
from invoke_apps.web.media import media
from invoke_apps.web.routes.boards import Direction
from invoke_apps.web.uploads import FORM_ERRORS, UploadLimit
from invoke_core.domain.identifiers import WorkflowId
from invoke_core.domain.pages import MAX_OFFSET, Page
from invoke_core.domain.shelves import Shelf, Whose
from invoke_core.domain.wishes import written_wish
from invoke_core.domain.workflows import SeenWorkflow, Workflow, WorkflowOrder, WorkflowQuery
from invoke_core.services.workflows import OpenWorkflow

PageNumber = Annotated[int, QueryParameter(ge=0, le=MAX_OFFSET)]
PerPage = Annotated[int | None, QueryParameter(ge=1, le=1000)]
Search = Annotated[str | None, QueryParameter(name="query")]  # Litestar keeps these names to itself
Scope = Annotated[Whose, QueryParameter(name="scope")]


@attrs.frozen(kw_only=True)
class WorkflowItemView:
    """A workflow in a list."""

    workflow_id: str
    name: str
    description: str
    tags: str
    category: Shelf
    user_id: str
    is_public: bool
    created_at: datetime
    updated_at: datetime
    opened_at: datetime | None  # by whoever asks
    thumbnail_url: str | None

    @classmethod
    def of(cls, seen: SeenWorkflow) -> "WorkflowItemView":
        """Return the workflow as it is shown."""
        workflow = seen.workflow
        return cls(
            workflow_id=workflow.workflow_id,
            name=workflow.name,
            description=workflow.description,
            tags=workflow.tags,
            category=workflow.shelf,
            user_id=workflow.owner_id,
            is_public=workflow.is_public,
            created_at=workflow.created_at,
            updated_at=workflow.updated_at,
            opened_at=seen.opened_at,
            thumbnail_url=thumbnail_url(workflow),
        )


@attrs.frozen(kw_only=True)
class WorkflowView:
    """A workflow with its document."""

    workflow_id: str
    name: str
    user_id: str
    is_public: bool
    created_at: datetime
    updated_at: datetime
    opened_at: datetime | None
    thumbnail_url: str | None
    workflow: dict[str, Any]  # as it was given, but for its `id`, which is the workflow's

    @classmethod
    def of(cls, found: OpenWorkflow) -> "WorkflowView":
        """Return the workflow as it is shown."""
        workflow = found.workflow
        # Its members pass as they were written: a number keeps every digit.
        members = msgspec.json.decode(found.document, type=dict[str, msgspec.Raw])
        return cls(
            workflow_id=workflow.workflow_id,
            name=workflow.name,
            user_id=workflow.owner_id,
            is_public=workflow.is_public,
            created_at=workflow.created_at,
            updated_at=workflow.updated_at,
            opened_at=found.opened_at,
            thumbnail_url=thumbnail_url(workflow),
            workflow={**members, "id": workflow.workflow_id},
        )


@attrs.frozen(kw_only=True)
class WorkflowPage:
    """A page of workflows, with InvokeAI's envelope: pages are counted from 0."""

    page: int
    pages: int
    per_page: int
    total: int
    items: list[WorkflowItemView]

    @classmethod
    def of(cls, found: Page[SeenWorkflow], number: int, per_page: int | None) -> "WorkflowPage":
        """Return the page as it is shown; without a size it is the only one."""
        return cls(
            page=number,
            pages=1 if per_page is None else math.ceil(found.total / per_page),
            per_page=found.total if per_page is None else per_page,
            total=found.total,
            items=[WorkflowItemView.of(seen) for seen in found.items],
        )


class WorkflowBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A workflow: a JSON object with a `name`, of anybody's making."""

    workflow: dict[str, Any]


class _Written(msgspec.Struct):
    workflow: msgspec.Raw


class IsPublicBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Whether everybody sees it."""

    is_public: bool


class ThumbnailUpload(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A picture file."""

    image: UploadFile


def _document(body: bytes) -> str:
    """Return the workflow of a body to the character; that it is an object has been checked."""
    return bytes(msgspec.json.decode(body, type=_Written).workflow).decode("utf-8")


def thumbnail_url(workflow: Workflow) -> str | None:
    """Return where the small picture is, relative to the server's root; None: there is none."""
    if workflow.thumbnail is None:
        return None
    # The digest is there for browsers: another picture has another address.
    return f"api/v1/workflows/i/{workflow.workflow_id}/thumbnail?v={workflow.thumbnail[:8]}"


def _query(
    whose: Whose,
    shelves: list[Shelf] | None,
    is_public: bool | None,
    has_been_opened: bool | None = None,
    **more: Any,
) -> WorkflowQuery:
    return WorkflowQuery(
        # As in InvokeAI: who asks for public ones gets everybody's.
        whose=Whose.VISIBLE if is_public else whose,
        shelves=shelves,
        is_public=is_public,
        has_been_opened=has_been_opened,
        **more,
    )


@post("/", sync_to_thread=True, status_code=200)
def create_workflow(
    data: JSONBody[WorkflowBody], body: RawBody, call: NamedDependency[Call]
) -> WorkflowView:
    """Keep a workflow of one's own, private; a graph of another program is kept as it is."""
    document = _document(body)
    return WorkflowView.of(call(lambda app, principal: app.workflows.create(principal, document)))


@get("/", sync_to_thread=True)
def list_workflows(
    call: NamedDependency[Call],
    whose: Scope = Whose.OWN,
    categories: FromQuery[list[Shelf] | None] = None,
    search: Search = None,
    tags: FromQuery[list[str] | None] = None,
    is_public: FromQuery[bool | None] = None,
    has_been_opened: FromQuery[bool | None] = None,
    order_by: FromQuery[WorkflowOrder] = WorkflowOrder.NAME,
    direction: FromQuery[Direction] = Direction.ASC,
    page: PageNumber = 0,
    per_page: PerPage = None,
) -> WorkflowPage:
    """Return one's own workflows and the default ones; with `is_public=true` everybody's public ones."""
    asked = _query(
        whose,
        categories,
        is_public,
        has_been_opened,
        search=(search or "").strip() or None,
        tags=tags,
        order_by=order_by,
        descending=direction is Direction.DESC,
        offset=page * (per_page or 0),
        limit=per_page,
    )
    found = call(lambda app, principal: app.workflows.list(principal, asked))
    return WorkflowPage.of(found, page, per_page)


@get("/tags", sync_to_thread=True)
def list_tags(
    call: NamedDependency[Call],
    whose: Scope = Whose.OWN,
    categories: FromQuery[list[Shelf] | None] = None,
    is_public: FromQuery[bool | None] = None,
) -> list[str]:
    """Return every tag of the workflows that the list would have, once."""
    asked = _query(whose, categories, is_public)
    return list(call(lambda app, principal: app.workflows.tags(principal, asked)))


@get("/counts_by_tag", sync_to_thread=True)
def counts_by_tag(
    call: NamedDependency[Call],
    tags: FromQuery[list[str]],
    whose: Scope = Whose.OWN,
    categories: FromQuery[list[Shelf] | None] = None,
    is_public: FromQuery[bool | None] = None,
    has_been_opened: FromQuery[bool | None] = None,
) -> dict[str, int]:
    """Count the workflows that bear each of the tags."""
    asked = _query(whose, categories, is_public, has_been_opened)
    return dict(call(lambda app, principal: app.workflows.counts_by_tag(principal, asked, tags)))


@get("/counts_by_category", sync_to_thread=True)
def counts_by_category(
    call: NamedDependency[Call],
    categories: FromQuery[list[Shelf] | None] = None,
    whose: Scope = Whose.OWN,
    is_public: FromQuery[bool | None] = None,
    has_been_opened: FromQuery[bool | None] = None,
) -> dict[str, int]:
    """Count the workflows of each category."""
    shelves = list(Shelf) if categories is None else categories
    asked = _query(whose, shelves, is_public, has_been_opened)
    found: Mapping[Shelf, int] = call(
        lambda app, principal: app.workflows.counts_by_shelf(principal, asked, shelves)
    )
    return {shelf.value: count for shelf, count in found.items()}


@get("/i/{workflow_id:str}", sync_to_thread=True)
def get_workflow(workflow_id: FromPath[WorkflowId], call: NamedDependency[Call]) -> WorkflowView:
    """Return a workflow with its document."""
    return WorkflowView.of(call(lambda app, principal: app.workflows.get(principal, workflow_id)))


@get("/i/{workflow_id:str}/generation", sync_to_thread=True)
def get_generation(
    workflow_id: FromPath[WorkflowId], call: NamedDependency[Call]
) -> dict[str, Any]:
    """Return the generation that a workflow of ours fills, as `enqueue_batch` takes it."""
    wish = call(lambda app, principal: app.workflows.generation(principal, workflow_id))
    return dict(written_wish(wish))


@patch("/i/{workflow_id:str}", sync_to_thread=True)
def update_workflow(
    workflow_id: FromPath[WorkflowId],
    data: JSONBody[WorkflowBody],
    body: RawBody,
    call: NamedDependency[Call],
) -> WorkflowView:
    """Replace the document of a workflow."""
    document = _document(body)
    return WorkflowView.of(
        call(lambda app, principal: app.workflows.update(principal, workflow_id, document))
    )


@delete("/i/{workflow_id:str}", sync_to_thread=True, status_code=200)
def delete_workflow(workflow_id: FromPath[WorkflowId], call: NamedDependency[Call]) -> None:
    """Delete a workflow."""
    call(lambda app, principal: app.workflows.delete(principal, workflow_id))


@patch("/i/{workflow_id:str}/is_public", sync_to_thread=True)
def publish_workflow(
    workflow_id: FromPath[WorkflowId], data: JSONBody[IsPublicBody], call: NamedDependency[Call]
) -> WorkflowView:
    """Show a workflow to everybody, or to its owner alone."""
    return WorkflowView.of(
        call(
            lambda app, principal: app.workflows.publish(
                principal, workflow_id, is_public=data.is_public
            )
        )
    )


@put("/i/{workflow_id:str}/opened_at", sync_to_thread=True)
def mark_opened(workflow_id: FromPath[WorkflowId], call: NamedDependency[Call]) -> None:
    """Remember that one opened a workflow just now."""
    call(lambda app, principal: app.workflows.mark_opened(principal, workflow_id))


@route(
    "/i/{workflow_id:str}/thumbnail",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    opt=MEDIA,
    sync_to_thread=True,
    media_type="image/webp",
)
def get_thumbnail(
    request: Request[Any, Any, Any],
    workflow_id: FromPath[WorkflowId],
    call: NamedDependency[Call],
) -> Response[Any]:
    """Send a workflow's small picture, as WebP of at most 256 pixels a side."""
    content = call(lambda app, principal: app.workflows.thumbnail(principal, workflow_id))
    return media(request, content, "image/webp", "workflow.webp")


@put(
    "/i/{workflow_id:str}/thumbnail",
    sync_to_thread=True,
    exception_handlers=FORM_ERRORS,
    middleware=[UploadLimit()],
    request_max_body_size=None,
)
def set_thumbnail(
    workflow_id: FromPath[WorkflowId],
    data: MultipartBody[ThumbnailUpload],
    call: NamedDependency[Call],
) -> WorkflowView:
    """Give a workflow a small picture, made of a PNG, JPEG or WebP file."""
    with data.image.file as file:
        content = file.read()
    return WorkflowView.of(
        call(lambda app, principal: app.workflows.set_thumbnail(principal, workflow_id, content))
    )


@delete("/i/{workflow_id:str}/thumbnail", sync_to_thread=True, status_code=200)
def remove_thumbnail(
    workflow_id: FromPath[WorkflowId], call: NamedDependency[Call]
) -> WorkflowView:
    """Take a workflow's small picture away."""
    return WorkflowView.of(
        call(lambda app, principal: app.workflows.remove_thumbnail(principal, workflow_id))
    )


router = Router(
    path="/api/v1/workflows",
    route_handlers=[
        create_workflow,
        list_workflows,
        list_tags,
        counts_by_tag,
        counts_by_category,
        get_workflow,
        get_generation,
        update_workflow,
        delete_workflow,
        publish_workflow,
        mark_opened,
        get_thumbnail,
        set_thumbnail,
        remove_thumbnail,
    ],
    tags=["workflows"],
)
