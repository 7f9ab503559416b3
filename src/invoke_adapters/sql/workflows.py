"""Workflows in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.access import sees_shelved
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.mapping import KEY, Mapper, holds, page, upsert
from invoke_core.domain.identifiers import UserId, WorkflowId
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import Principal
from invoke_core.domain.shelves import Shelf, Whose
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

WORKFLOWS = Mapper(Workflow, schema.workflows, "workflow_id")
_workflows = schema.workflows.c
_contents = schema.workflow_contents.c
_openings = schema.workflow_openings.c

_ORDER: dict[WorkflowOrder, sa.ColumnElement[Any]] = {
    WorkflowOrder.CREATED_AT: _workflows.created_at,
    WorkflowOrder.UPDATED_AT: _workflows.updated_at,
    WorkflowOrder.OPENED_AT: sa.func.coalesce(sa.type_coerce(_openings.opened_at, sa.Text()), ""),
    WorkflowOrder.NAME: _workflows.folded_name,
}


@attrs.frozen
class SqlWorkflowRepository:
    """See `WorkflowRepository`."""

    connection: sa.Connection

    def get(self, workflow_id: WorkflowId) -> Workflow:
        """Return the workflow."""
        workflow = WORKFLOWS.find(self.connection, workflow_id)
        if workflow is None:
            raise NotFound("workflow", workflow_id)
        return workflow

    def document(self, workflow_id: WorkflowId) -> str:
        """Return the document, to the character as it was given."""
        found: str | None = self._content(workflow_id, _contents.document)
        if found is None:
            raise NotFound("workflow", workflow_id)
        return found

    def thumbnail(self, workflow_id: WorkflowId) -> bytes | None:
        """Return the small picture, or None."""
        found: bytes | None = self._content(workflow_id, _contents.thumbnail)
        return found

    def _content(self, workflow_id: WorkflowId, column: sa.Column[Any]) -> Any:
        query = sa.select(column).where(_contents.workflow_id == workflow_id)
        return self.connection.execute(query).scalar_one_or_none()

    def add(self, workflow: Workflow, document: str) -> None:
        """Keep a new workflow."""
        try:
            with attempt(self.connection):
                self.connection.execute(WORKFLOWS.insert, _row(workflow))
        except sa.exc.IntegrityError as error:
            if WORKFLOWS.is_known(self.connection, workflow.workflow_id):
                raise Conflict(f"There is a workflow {workflow.workflow_id!r} already.") from error
            raise NotFound("user", workflow.owner_id) from error
        content = {"workflow_id": workflow.workflow_id, "document": document, "thumbnail": None}
        self.connection.execute(sa.insert(schema.workflow_contents), content)

    def put(
        self, workflow: Workflow, *, document: str | None = None, thumbnail: bytes | None = None
    ) -> None:
        """Replace the workflow of this id."""
        try:
            with attempt(self.connection):
                changed = WORKFLOWS.put(self.connection, _row(workflow))
        except sa.exc.IntegrityError as error:
            raise NotFound("user", workflow.owner_id) from error
        if not changed:
            raise NotFound("workflow", workflow.workflow_id)
        content: dict[str, Any] = {} if document is None else {"document": document}
        if thumbnail is not None or workflow.thumbnail is None:
            content["thumbnail"] = thumbnail
        if content:
            own = _contents.workflow_id == workflow.workflow_id
            self.connection.execute(sa.update(schema.workflow_contents).where(own).values(content))

    def remove(self, workflow_id: WorkflowId) -> None:
        """Forget the workflow with all that belongs to it."""
        if not self.connection.execute(WORKFLOWS.delete, {KEY: workflow_id}).rowcount:
            raise NotFound("workflow", workflow_id)

    def mark_opened(self, workflow_id: WorkflowId, user_id: UserId, at: datetime) -> None:
        """Remember when a person last opened it."""
        row = {"workflow_id": workflow_id, "user_id": user_id, "opened_at": at}
        try:
            with attempt(self.connection):
                upsert(self.connection, schema.workflow_openings, row)
        except sa.exc.IntegrityError as error:
            if WORKFLOWS.is_known(self.connection, workflow_id):
                raise NotFound("user", user_id) from error
            raise NotFound("workflow", workflow_id) from error

    def opened_at(self, workflow_id: WorkflowId, user_id: UserId) -> datetime | None:
        """Return when the person last opened it, or None."""
        query = sa.select(_openings.opened_at).where(
            _openings.workflow_id == workflow_id, _openings.user_id == user_id
        )
        found: datetime | None = self.connection.execute(query).scalar_one_or_none()
        return found

    def list_visible(self, principal: Principal, query: WorkflowQuery) -> Page[SeenWorkflow]:
        """Return the workflows of the query that the principal may see."""
        columns = (_ORDER[query.order_by], _workflows.workflow_id)
        selected = self._asked_for(principal, query, *WORKFLOWS.columns, _openings.opened_at)
        selected = selected.order_by(*(c.desc() if query.descending else c.asc() for c in columns))
        return page(self.connection, selected, _seen, offset=query.offset, limit=query.limit)

    def marks(self, principal: Principal, query: WorkflowQuery) -> Sequence[Marks]:
        """Return the marks of all workflows that `list_visible` would page through."""
        selected = self._asked_for(principal, query, _workflows.shelf, _workflows.tags)
        return [Marks(shelf=shelf, tags=tags) for shelf, tags in self.connection.execute(selected)]

    def _asked_for(
        self, principal: Principal, query: WorkflowQuery, *columns: sa.Column[Any]
    ) -> sa.Select[Any]:
        opened = sa.and_(
            _openings.workflow_id == _workflows.workflow_id,
            _openings.user_id == principal.user_id,
        )
        selected = sa.select(*columns).select_from(
            schema.workflows.outerjoin(schema.workflow_openings, opened)
        )
        return selected.where(*self._conditions(principal, query))

    def _conditions(self, principal: Principal, query: WorkflowQuery) -> list[Any]:
        conditions: list[Any] = [sees_shelved(schema.workflows, principal)]
        if query.whose is Whose.OWN:
            own = _workflows.owner_id == principal.user_id
            conditions = [sa.or_(own, _workflows.shelf == Shelf.DEFAULT)]
        if query.shelves is not None:
            conditions.append(_workflows.shelf.in_(query.shelves))
        if query.search is not None:
            wanted = query.search.casefold()
            conditions.append(holds(self.connection, _workflows.search_text, wanted))
        if query.tags is not None:
            wanted_tags = [folded_tag(tag) for tag in query.tags]
            bears = [holds(self.connection, _workflows.folded_tags, tag) for tag in wanted_tags]
            conditions.append(sa.or_(sa.false(), *bears))
        if query.is_public is not None:
            conditions.append(_workflows.is_public.is_(query.is_public))
        if query.has_been_opened is not None:
            never = _openings.opened_at.is_(None)
            conditions.append(sa.not_(never) if query.has_been_opened else never)
        return conditions

    def owned_by(self, user_id: UserId) -> Sequence[Workflow]:
        """Return the workflows of an owner, ordered by id."""
        query = WORKFLOWS.select.where(_workflows.owner_id == user_id)
        return WORKFLOWS.all(self.connection, query.order_by(_workflows.workflow_id))

    def count_owned(self, user_id: UserId) -> int:
        """Return how many workflows an owner has."""
        query = sa.select(sa.func.count()).where(_workflows.owner_id == user_id)
        count: int = self.connection.execute(query).scalar_one()
        return count


def _row(workflow: Workflow) -> dict[str, Any]:
    return {
        **WORKFLOWS.row(workflow),
        "folded_name": workflow.name.casefold(),
        "folded_tags": folded_tags(workflow.tags),
        "search_text": search_text(workflow),
    }


def _seen(row: Sequence[Any]) -> SeenWorkflow:
    *columns, opened_at = row
    return SeenWorkflow(workflow=WORKFLOWS.value(columns), opened_at=opened_at)
