"""Workflows in dictionaries."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from invoke_adapters.memory.state import State, StoredWorkflow, page
from invoke_core.domain.identifiers import UserId, WorkflowId
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import Principal
from invoke_core.domain.shelves import Shelf, Whose, may_see
from invoke_core.domain.workflows import (
    Marks,
    SeenWorkflow,
    Workflow,
    WorkflowOrder,
    WorkflowQuery,
    folded_tag,
    folded_tags,
    search_text,
)
from invoke_core.errors import Conflict, NotFound


@attrs.frozen
class MemoryWorkflowRepository:
    """See `WorkflowRepository`."""

    state: State

    def _stored(self, workflow_id: WorkflowId) -> StoredWorkflow:
        if workflow_id not in self.state.workflows:
            raise NotFound("workflow", workflow_id)
        return self.state.workflows[workflow_id]

    def get(self, workflow_id: WorkflowId) -> Workflow:
        """Return the workflow."""
        return self._stored(workflow_id).workflow

    def document(self, workflow_id: WorkflowId) -> str:
        """Return the document, to the character as it was given."""
        return self._stored(workflow_id).document

    def thumbnail(self, workflow_id: WorkflowId) -> bytes | None:
        """Return the small picture, or None."""
        stored = self.state.workflows.get(workflow_id)
        return None if stored is None else stored.thumbnail

    def add(self, workflow: Workflow, document: str) -> None:
        """Keep a new workflow."""
        if workflow.workflow_id in self.state.workflows:
            raise Conflict(f"There is a workflow {workflow.workflow_id!r} already.")
        self._keep(StoredWorkflow(workflow=workflow, document=document))

    def put(
        self, workflow: Workflow, *, document: str | None = None, thumbnail: bytes | None = None
    ) -> None:
        """Replace the workflow of this id."""
        stored = attrs.evolve(self._stored(workflow.workflow_id), workflow=workflow)
        if document is not None:
            stored = attrs.evolve(stored, document=document)
        if thumbnail is not None or workflow.thumbnail is None:
            stored = attrs.evolve(stored, thumbnail=thumbnail)
        self._keep(stored)

    def _keep(self, stored: StoredWorkflow) -> None:
        if stored.workflow.owner_id not in self.state.users:
            raise NotFound("user", stored.workflow.owner_id)
        self.state.workflows[stored.workflow.workflow_id] = stored

    def remove(self, workflow_id: WorkflowId) -> None:
        """Forget the workflow with all that belongs to it."""
        self._stored(workflow_id)
        for key in [key for key in self.state.openings if key[0] == workflow_id]:
            del self.state.openings[key]
        del self.state.workflows[workflow_id]

    def mark_opened(self, workflow_id: WorkflowId, user_id: UserId, at: datetime) -> None:
        """Remember when a person last opened it."""
        self._stored(workflow_id)
        if user_id not in self.state.users:
            raise NotFound("user", user_id)
        self.state.openings[workflow_id, user_id] = at

    def opened_at(self, workflow_id: WorkflowId, user_id: UserId) -> datetime | None:
        """Return when the person last opened it, or None."""
        return self.state.openings.get((workflow_id, user_id))

    def list_visible(self, principal: Principal, query: WorkflowQuery) -> Page[SeenWorkflow]:
        """Return the workflows of the query that the principal may see."""
        found = sorted(
            self._asked_for(principal, query),
            key=lambda seen: (_order(seen, query.order_by), seen.workflow.workflow_id),
            reverse=query.descending,
        )
        return page(found, query.offset, query.limit)

    def marks(self, principal: Principal, query: WorkflowQuery) -> Sequence[Marks]:
        """Return the marks of all workflows that `list_visible` would page through."""
        found = [seen.workflow for seen in self._asked_for(principal, query)]
        return [Marks(shelf=workflow.shelf, tags=workflow.tags) for workflow in found]

    def _asked_for(self, principal: Principal, query: WorkflowQuery) -> list[SeenWorkflow]:
        every = [
            SeenWorkflow(
                workflow=stored.workflow,
                opened_at=self.opened_at(stored.workflow.workflow_id, principal.user_id),
            )
            for stored in self.state.workflows.values()
        ]
        return [seen for seen in every if _matches(seen, principal, query)]

    def owned_by(self, user_id: UserId) -> Sequence[Workflow]:
        """Return the workflows of an owner, ordered by id."""
        every = [stored.workflow for stored in self.state.workflows.values()]
        found = [workflow for workflow in every if workflow.owner_id == user_id]
        return sorted(found, key=lambda workflow: workflow.workflow_id)

    def count_owned(self, user_id: UserId) -> int:
        """Return how many workflows an owner has."""
        return len(self.owned_by(user_id))


def _matches(seen: SeenWorkflow, principal: Principal, query: WorkflowQuery) -> bool:
    workflow = seen.workflow
    own = workflow.owner_id == principal.user_id or workflow.shelf is Shelf.DEFAULT
    return (
        (own if query.whose is Whose.OWN else may_see(workflow, principal))
        and (query.shelves is None or workflow.shelf in query.shelves)
        and (query.search is None or query.search.casefold() in search_text(workflow))
        and (
            query.tags is None
            or any(folded_tag(tag) in folded_tags(workflow.tags) for tag in query.tags)
        )
        and (query.is_public is None or workflow.is_public == query.is_public)
        and query.has_been_opened in {None, seen.opened_at is not None}
    )


def _order(seen: SeenWorkflow, order_by: WorkflowOrder) -> float | str:
    match order_by:
        case WorkflowOrder.CREATED_AT:
            return seen.workflow.created_at.timestamp()
        case WorkflowOrder.UPDATED_AT:
            return seen.workflow.updated_at.timestamp()
        case WorkflowOrder.OPENED_AT:
            return float("-inf") if seen.opened_at is None else seen.opened_at.timestamp()
        case WorkflowOrder.NAME:
            return seen.workflow.name.casefold()
