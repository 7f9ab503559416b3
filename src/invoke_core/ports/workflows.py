"""What has to be kept of the library of workflows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from invoke_core.domain.identifiers import UserId, WorkflowId
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import Principal
from invoke_core.domain.workflows import Marks, SeenWorkflow, Workflow, WorkflowQuery


class WorkflowRepository(Protocol):
    """Workflows with their documents and small pictures, inside one unit of work."""

    def get(self, workflow_id: WorkflowId) -> Workflow:
        """Return the workflow; raise NotFound where no workflow has this id."""

    def document(self, workflow_id: WorkflowId) -> str:
        """Return the document, to the character as it was given; raise NotFound as `get` does."""

    def thumbnail(self, workflow_id: WorkflowId) -> bytes | None:
        """Return the small picture, or None where there is none, also of an unknown workflow."""

    def add(self, workflow: Workflow, document: str) -> None:
        """Keep a new workflow.

        Raises:
            Conflict: there is one of this id.
            NotFound: the owner is unknown.
        """

    def put(
        self, workflow: Workflow, *, document: str | None = None, thumbnail: bytes | None = None
    ) -> None:
        """Replace the workflow of this id; without a document, that stays.

        The small picture stays too where none is given, unless `workflow.thumbnail` is None: then it goes.

        Raises:
            NotFound: there is none of this id, or the owner is unknown.
        """

    def remove(self, workflow_id: WorkflowId) -> None:
        """Forget the workflow with all that belongs to it; raise NotFound as `get` does."""

    def mark_opened(self, workflow_id: WorkflowId, user_id: UserId, at: datetime) -> None:
        """Remember when a person last opened it; raise NotFound where either is unknown."""

    def opened_at(self, workflow_id: WorkflowId, user_id: UserId) -> datetime | None:
        """Return when the person last opened it, or None."""

    def list_visible(self, principal: Principal, query: WorkflowQuery) -> Page[SeenWorkflow]:
        """Return the workflows of the query that `may_see` lets the principal see."""

    def marks(self, principal: Principal, query: WorkflowQuery) -> Sequence[Marks]:
        """Return the marks of all workflows that `list_visible` would page through, in any order."""

    def owned_by(self, user_id: UserId) -> Sequence[Workflow]:
        """Return the workflows of an owner, ordered by id."""

    def count_owned(self, user_id: UserId) -> int:
        """Return how many workflows an owner has."""
