"""What people do with workflows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from invoke_core.domain.audit import AuditAction, Target, difference, facts
from invoke_core.domain.generation import GenerationWish
from invoke_core.domain.identifiers import WorkflowId
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import Principal, require_usable
from invoke_core.domain.shelves import (
    Shelf,
    Whose,
    moved,
    own_things,
    owner_on,
    require_change,
    require_sight,
)
from invoke_core.domain.workflows import (
    MAX_DOCUMENT_BYTES,
    MAX_WORKFLOWS,
    Marks,
    SeenWorkflow,
    Workflow,
    WorkflowQuery,
    all_tags,
    counts_by_shelf,
    counts_by_tag,
    facts_of,
    wish_in,
)
from invoke_core.errors import Invalid, NotFound, TooLarge, TooMany
from invoke_core.ports.clock import Clock
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services._image_files import ImageContent
from invoke_core.services._json import json_object
from invoke_core.services._looks import Deed, Hourly
from invoke_core.services._shelves import changes_as_administrator, list_looks, shelf_looks
from invoke_core.services._small_pictures import SmallPictures, opened

KIND = "workflow"
EVERYBODYS: Deed = (AuditAction.WORKFLOW_LOOK, Target("workflows"))
_AUDITED = ("name", "description", "tags", "shelf", "is_public", "thumbnail")


@attrs.frozen(kw_only=True)
class OpenWorkflow:
    """A workflow with its document."""

    workflow: Workflow
    document: str  # JSON, to the character as it was given
    opened_at: datetime | None  # by whoever asks; None: never


@attrs.frozen
class WorkflowService:
    """What people do with workflows."""

    reading: Reading
    writing: Writing
    clock: Clock
    randomness: Randomness
    pictures: SmallPictures
    looks: Hourly = attrs.field(factory=Hourly, repr=False)

    def create(self, principal: Principal, document: str) -> OpenWorkflow:
        """Keep a workflow of the principal's own, private; an administrator's default one is the server's.

        Raises:
            Forbidden: it is a default one, and the principal is no administrator.
            Invalid: it is no JSON object that can be kept, or what it says of itself is out of range.
            TooLarge: it is over 1 MiB.
            TooMany: the principal has as many as are kept for one.
        """
        said = facts_of(_parsed(document))
        now = self.clock.now()
        workflow = Workflow(
            workflow_id=WorkflowId(self.randomness.identifier()),
            owner_id=owner_on(said.shelf, principal),
            **attrs.asdict(said),
            created_at=now,
            updated_at=now,
        )
        with self.writing() as work:
            if work.workflows.count_owned(workflow.owner_id) >= MAX_WORKFLOWS:
                raise TooMany(f"The library keeps {MAX_WORKFLOWS:,} workflows of one person.")
            work.workflows.add(workflow, document)
            if said.shelf is Shelf.DEFAULT:
                work.audit.record(
                    principal,
                    AuditAction.WORKFLOW_CREATE,
                    _target(workflow),
                    at=now,
                    after=facts(workflow, _AUDITED),
                )
        return OpenWorkflow(workflow=workflow, document=document, opened_at=None)

    def get(self, principal: Principal, workflow_id: WorkflowId) -> OpenWorkflow:
        """Return a workflow; raise NotFound where it is unknown or hidden from the principal."""
        with self.reading() as work:
            workflow = _seen(work, principal, workflow_id)
            found = _opened(work, principal, workflow)
        self._look(principal, workflow)
        return found

    def generation(self, principal: Principal, workflow_id: WorkflowId) -> GenerationWish:
        """Return the generation that a workflow of ours fills, to be enqueued as it is or changed.

        What it names is looked up when it is enqueued, with the rights of whoever enqueues.

        Raises:
            NotFound: the workflow is unknown or hidden from the principal.
            RuleViolation: it is a graph of another program.
            Invalid: its generation cannot be read.
        """
        return wish_in(_parsed(self.get(principal, workflow_id).document))

    def list(self, principal: Principal, query: WorkflowQuery) -> Page[SeenWorkflow]:
        """Return workflows that the principal may see."""
        query = _allowed(principal, query)
        with self.reading() as work:
            page = work.workflows.list_visible(principal, query)
        self._look_around(principal, query)
        return page

    def tags(self, principal: Principal, query: WorkflowQuery) -> Sequence[str]:
        """Return every tag of the workflows of the query once, in the order of the alphabet."""
        return all_tags(self._marks(principal, query))

    def counts_by_tag(
        self, principal: Principal, query: WorkflowQuery, tags: Sequence[str]
    ) -> Mapping[str, int]:
        """Return how many workflows of the query bear each of the tags."""
        return counts_by_tag(self._marks(principal, query), tags)

    def counts_by_shelf(
        self, principal: Principal, query: WorkflowQuery, shelves: Sequence[Shelf]
    ) -> Mapping[Shelf, int]:
        """Return how many workflows of the query stand on each of the shelves."""
        return counts_by_shelf(self._marks(principal, query), shelves)

    def update(self, principal: Principal, workflow_id: WorkflowId, document: str) -> OpenWorkflow:
        """Replace the document of a workflow; who owns it and whether it is public stay.

        Raises:
            NotFound: the workflow is unknown or hidden from the principal.
            Forbidden: it is another's, or would become a default one, and the principal is no
                administrator.
            Invalid: the document is no JSON object that can be kept, is of another workflow, or what it
                says of itself is out of range.
            TooLarge: the document is over 1 MiB.
        """
        parsed = _parsed(document)
        said = facts_of(parsed)
        if parsed.get("id") not in {None, workflow_id}:
            raise Invalid("The document is that of another workflow.", field="workflow.id")
        with self.writing() as work:
            before = _changeable(work, principal, workflow_id)
            owner_id = moved(before, said.shelf, principal)
            after = attrs.evolve(before, owner_id=owner_id, **attrs.asdict(said))
            after = self._put(work, principal, before, after, document=document)
            return _opened(work, principal, after)

    def publish(
        self, principal: Principal, workflow_id: WorkflowId, *, is_public: bool
    ) -> OpenWorkflow:
        """Show a workflow to everybody, or to its owner alone.

        Raises:
            NotFound: the workflow is unknown or hidden from the principal.
            Forbidden: it is another's, and the principal is no administrator.
        """
        with self.writing() as work:
            before = _changeable(work, principal, workflow_id)
            after = attrs.evolve(before, is_public=is_public)
            return _opened(work, principal, self._put(work, principal, before, after))

    def mark_opened(self, principal: Principal, workflow_id: WorkflowId) -> None:
        """Remember that the principal opened a workflow just now; nobody else sees that.

        Raises:
            NotFound: the workflow is unknown or hidden from the principal.
        """
        with self.writing() as work:
            workflow = _seen(work, principal, workflow_id)
            work.workflows.mark_opened(workflow_id, principal.user_id, self.clock.now())
        self._look(principal, workflow)

    def delete(self, principal: Principal, workflow_id: WorkflowId) -> None:
        """Delete a workflow.

        Raises:
            NotFound: the workflow is unknown or hidden from the principal.
            Forbidden: it is another's, and the principal is no administrator.
        """
        with self.writing() as work:
            workflow = _changeable(work, principal, workflow_id)
            work.workflows.remove(workflow_id)
            if changes_as_administrator(principal, workflow):
                work.audit.record(
                    principal,
                    AuditAction.WORKFLOW_DELETE,
                    _target(workflow),
                    at=self.clock.now(),
                    before=facts(workflow, ("owner_id", *_AUDITED)),
                )

    def thumbnail(self, principal: Principal, workflow_id: WorkflowId) -> ImageContent:
        """Return the small picture of a workflow, a WebP of at most 256 pixels a side.

        Raises:
            NotFound: the workflow is unknown or hidden from the principal, or has none.
        """
        with self.reading() as work:
            workflow = _seen(work, principal, workflow_id)
            content = work.workflows.thumbnail(workflow_id)
        if content is None or workflow.thumbnail is None:
            raise NotFound("thumbnail of the workflow", workflow_id)
        self._look(principal, workflow)
        return opened(content, workflow.thumbnail)

    def set_thumbnail(
        self, principal: Principal, workflow_id: WorkflowId, content: bytes
    ) -> OpenWorkflow:
        """Give a workflow a small picture, made of a PNG, JPEG or WebP file.

        Raises:
            NotFound: the workflow is unknown or hidden from the principal.
            Forbidden: it is another's, and the principal is no administrator.
            TooLarge: the file has too many bytes or pixels.
            Unsupported: it is empty, damaged, or no PNG, JPEG or WebP.
        """
        with self.reading() as work:  # before the expensive part; and again below
            _changeable(work, principal, workflow_id)
        picture = self.pictures.of_upload(content)
        with self.writing() as work:
            before = _changeable(work, principal, workflow_id)
            after = attrs.evolve(before, thumbnail=picture.digest)
            after = self._put(work, principal, before, after, thumbnail=picture.webp)
            return _opened(work, principal, after)

    def remove_thumbnail(self, principal: Principal, workflow_id: WorkflowId) -> OpenWorkflow:
        """Take a workflow's small picture away; raises as `publish` does."""
        with self.writing() as work:
            before = _changeable(work, principal, workflow_id)
            after = attrs.evolve(before, thumbnail=None)
            return _opened(work, principal, self._put(work, principal, before, after))

    def _put(
        self, work: Work, principal: Principal, before: Workflow, after: Workflow, **parts: Any
    ) -> Workflow:
        now = self.clock.now()
        after = attrs.evolve(after, updated_at=now)
        work.workflows.put(after, **parts)
        if after.is_public is not before.is_public or changes_as_administrator(principal, before):
            was, became = difference(before, after, _AUDITED)
            if "document" in parts:
                became = {**became, "document": "replaced"}
            action = AuditAction.WORKFLOW_UPDATE
            work.audit.record(principal, action, _target(before), at=now, before=was, after=became)
        return after

    def _marks(self, principal: Principal, query: WorkflowQuery) -> Sequence[Marks]:
        query = _allowed(principal, query)
        with self.reading() as work:
            marks = work.workflows.marks(principal, query)
        self._look_around(principal, query)
        return marks

    def _look(self, principal: Principal, workflow: Workflow) -> None:
        deed = (AuditAction.WORKFLOW_LOOK, _target(workflow))
        looks = shelf_looks(principal, workflow, deed)
        self.looks.write_down(self.writing, principal, looks, self.clock.now())

    def _look_around(self, principal: Principal, query: WorkflowQuery) -> None:
        if query.is_public:  # everybody sees these
            return
        looks = list_looks(principal, query.whose, EVERYBODYS)
        self.looks.write_down(self.writing, principal, looks, self.clock.now())


def _parsed(document: str) -> Mapping[str, Any]:
    if len(document.encode("utf-8", "surrogatepass")) > MAX_DOCUMENT_BYTES:
        raise TooLarge(f"A workflow has at most {MAX_DOCUMENT_BYTES:,} bytes.")
    parsed = json_object(document)
    if parsed is None:
        raise Invalid("A workflow is a JSON object, nested at most 64 deep.", field="workflow")
    return parsed


def _target(workflow: Workflow) -> Target:
    return Target(KIND, workflow.workflow_id)


def _allowed(principal: Principal, query: WorkflowQuery) -> WorkflowQuery:
    require_usable(principal)
    if query.whose is Whose.OWN:
        return attrs.evolve(query, whose=own_things(principal))
    return query


def _opened(work: Work, principal: Principal, workflow: Workflow) -> OpenWorkflow:
    workflow_id = workflow.workflow_id
    return OpenWorkflow(
        workflow=workflow,
        document=work.workflows.document(workflow_id),
        opened_at=work.workflows.opened_at(workflow_id, principal.user_id),
    )


def _seen(work: Work, principal: Principal, workflow_id: WorkflowId) -> Workflow:
    require_usable(principal)  # before anything is told of the workflow, even that it is unknown
    workflow = work.workflows.get(workflow_id)
    require_sight(KIND, workflow_id, workflow, principal)
    return workflow


def _changeable(work: Work, principal: Principal, workflow_id: WorkflowId) -> Workflow:
    require_usable(principal)
    workflow = work.workflows.get(workflow_id)
    require_change(KIND, workflow_id, workflow, principal)
    return workflow
