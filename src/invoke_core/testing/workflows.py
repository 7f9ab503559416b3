"""What every store of workflows does."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoke_core.domain.identifiers import UserId, WorkflowId
from invoke_core.domain.shelves import Shelf, Whose, may_see
from invoke_core.domain.workflows import Marks, SeenWorkflow, WorkflowOrder, WorkflowQuery
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.unit_of_work import Database, Work
from invoke_core.testing.builders import (
    NOON,
    a_principal,
    a_user,
    a_workflow,
    an_administrator,
)
from invoke_core.testing.visibility import TakenBack, quietly

SECOND = timedelta(seconds=1)
NOBODY, NOTHING = UserId("nobody"), WorkflowId("nothing")
DOCUMENT = '{"name": "é", "big": 18446744073709551617, "one": 1.00, "same": 1, "same": 2}'
PICTURE = b"RIFF\x00\xff"


def _listed(work: Work, user: Any, **query: Any) -> list[WorkflowId]:
    page = work.workflows.list_visible(a_principal(user), WorkflowQuery(**query))
    return [seen.workflow.workflow_id for seen in page.items]


class WorkflowRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_a_workflow_comes_back_whole(self, database: Database) -> None:
        with database.writing() as work:
            workflow = a_workflow(
                work,
                description="d",
                tags="a, b",
                shelf=Shelf.DEFAULT,
                is_public=True,
                updated_at=NOON + SECOND,
            )

        with database.reading() as work:
            assert work.workflows.get(workflow.workflow_id) == workflow

    def test_a_document_comes_back_to_the_character(self, database: Database) -> None:
        with database.writing() as work:
            workflow = a_workflow(work, document=DOCUMENT)

        with database.reading() as work:
            assert work.workflows.document(workflow.workflow_id) == DOCUMENT

    def test_an_unknown_workflow_is_not_found(self, database: Database) -> None:
        with database.writing() as work:
            with pytest.raises(NotFound):
                work.workflows.get(NOTHING)
            with pytest.raises(NotFound):
                work.workflows.document(NOTHING)
            with pytest.raises(NotFound):
                work.workflows.remove(NOTHING)

    def test_an_id_is_given_once(self, database: Database) -> None:
        with database.writing() as work:
            workflow = a_workflow(work)

            with pytest.raises(Conflict):
                work.workflows.add(workflow, "{}")

    def test_an_owner_must_be_there(self, database: Database) -> None:
        with database.writing() as work:
            workflow = a_workflow(work)
            changed = attrs.evolve(workflow, owner_id=NOBODY)

            with pytest.raises(NotFound):
                work.workflows.put(changed)
            with pytest.raises(NotFound):
                work.workflows.add(attrs.evolve(changed, workflow_id=NOTHING), "{}")

    def test_a_change_replaces_the_one_and_leaves_its_document(self, database: Database) -> None:
        with database.writing() as work:
            workflow, other = a_workflow(work, document=DOCUMENT), a_workflow(work)
            changed = attrs.evolve(
                workflow, owner_id=other.owner_id, name="New", tags="x", is_public=True
            )
            work.workflows.put(changed)

            assert work.workflows.get(workflow.workflow_id) == changed
            assert work.workflows.document(workflow.workflow_id) == DOCUMENT
            assert work.workflows.get(other.workflow_id) == other

    def test_a_document_is_replaced(self, database: Database) -> None:
        with database.writing() as work:
            workflow, other = a_workflow(work, document="{}"), a_workflow(work, document="[]")
            work.workflows.put(workflow, document=DOCUMENT)

            assert work.workflows.document(workflow.workflow_id) == DOCUMENT
            assert work.workflows.document(other.workflow_id) == "[]"

    def test_what_is_unknown_is_not_changed(self, database: Database) -> None:
        with database.writing() as work:
            workflow = attrs.evolve(a_workflow(work), workflow_id=NOTHING)

            with pytest.raises(NotFound):
                work.workflows.put(workflow)

    def test_a_thumbnail_comes_back(self, database: Database) -> None:
        with database.writing() as work:
            workflow, other = a_workflow(work), a_workflow(work)
            work.workflows.put(attrs.evolve(workflow, thumbnail="digest"), thumbnail=PICTURE)

            assert work.workflows.thumbnail(workflow.workflow_id) == PICTURE
            assert work.workflows.thumbnail(other.workflow_id) is None
            assert work.workflows.thumbnail(NOTHING) is None

    def test_a_thumbnail_stays_until_it_is_taken_away(self, database: Database) -> None:
        with database.writing() as work:
            bare = a_workflow(work)
            workflow = attrs.evolve(bare, thumbnail="digest")
            work.workflows.put(workflow, thumbnail=PICTURE)

            work.workflows.put(workflow, document="{}")
            assert work.workflows.thumbnail(workflow.workflow_id) == PICTURE
            work.workflows.put(bare)
            assert work.workflows.thumbnail(workflow.workflow_id) is None

    def test_a_removed_workflow_is_gone_alone(self, database: Database) -> None:
        with database.writing() as work:
            workflow, other = a_workflow(work), a_workflow(work)

            work.workflows.remove(workflow.workflow_id)

            with pytest.raises(NotFound):
                work.workflows.get(workflow.workflow_id)
            assert work.workflows.get(other.workflow_id) == other

    def test_each_person_opens_for_themselves(self, database: Database) -> None:
        with database.writing() as work:
            user, other = a_user(work), a_user(work)
            workflow = a_workflow(work, user)
            for at in (NOON, NOON + SECOND):
                work.workflows.mark_opened(workflow.workflow_id, user.user_id, at)

            assert work.workflows.opened_at(workflow.workflow_id, user.user_id) == NOON + SECOND
            assert work.workflows.opened_at(workflow.workflow_id, other.user_id) is None

    def test_only_known_people_open_known_workflows(self, database: Database) -> None:
        with database.writing() as work:
            workflow = a_workflow(work)

            with pytest.raises(NotFound, match="user"):
                work.workflows.mark_opened(workflow.workflow_id, NOBODY, NOON)
            with pytest.raises(NotFound, match="workflow"):
                work.workflows.mark_opened(NOTHING, workflow.owner_id, NOON)

    def test_when_it_was_opened_goes_with_the_person(self, database: Database) -> None:
        with database.writing() as work:
            user, workflow = a_user(work), a_workflow(work)
            work.workflows.mark_opened(workflow.workflow_id, user.user_id, NOON)

            work.users.remove(user.user_id)

            assert work.workflows.opened_at(workflow.workflow_id, user.user_id) is None

    def test_an_account_with_a_workflow_stays(self, database: Database) -> None:
        with database.writing() as work:
            workflow = a_workflow(work)

            with pytest.raises(Conflict):
                work.users.remove(workflow.owner_id)

    def test_an_owners_workflows_come_by_id(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            own = [a_workflow(work, user) for _ in range(3)]
            a_workflow(work)

            assert list(work.workflows.owned_by(user.user_id)) == own

    def test_an_owners_workflows_are_counted(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            for _ in range(3):
                a_workflow(work, user)
            a_workflow(work)

            assert work.workflows.count_owned(user.user_id) == 3

    @quietly
    @given(
        workflows=st.lists(
            st.tuples(st.integers(0, 2), st.sampled_from(Shelf), st.booleans()), max_size=6
        ),
        who=st.integers(0, 2),
        whose=st.sampled_from(Whose),
    )
    def test_workflows_are_listed_as_the_rule_says(
        self, database: Database, workflows: list[Any], who: int, whose: Whose
    ) -> None:
        with suppress(TakenBack), database.writing() as work:
            users = [a_user(work), a_user(work), an_administrator(work)]
            made = [
                a_workflow(work, users[owner], shelf=shelf, is_public=is_public)
                for owner, shelf, is_public in workflows
            ]
            principal = a_principal(users[who])

            found = work.workflows.list_visible(principal, WorkflowQuery(whose=whose))

            assert {seen.workflow for seen in found.items} == {
                workflow
                for workflow in made
                if may_see(workflow, principal)
                if whose is Whose.VISIBLE
                or workflow.owner_id == principal.user_id
                or workflow.shelf is Shelf.DEFAULT
            }
            raise TakenBack

    @pytest.mark.parametrize(
        "order_by", [WorkflowOrder.CREATED_AT, WorkflowOrder.UPDATED_AT, WorkflowOrder.NAME]
    )
    def test_a_list_is_ordered_both_ways(self, database: Database, order_by: WorkflowOrder) -> None:
        with database.writing() as work:
            user = a_user(work)
            places = {"b": 1, "C": 2, "a": 0}
            made = {
                place: a_workflow(
                    work,
                    user,
                    name=name,
                    created_at=NOON + place * SECOND,
                    updated_at=NOON - place * SECOND,
                ).workflow_id
                for name, place in places.items()
            }
            expected = [made[place] for place in range(3)]
            if order_by is WorkflowOrder.UPDATED_AT:
                expected.reverse()

            assert _listed(work, user, order_by=order_by) == expected
            assert _listed(work, user, order_by=order_by, descending=True) == expected[::-1]

    def test_what_comes_alike_comes_by_id(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            made = [a_workflow(work, user, name="Same").workflow_id for _ in range(3)]

            assert _listed(work, user) == made
            assert _listed(work, user, descending=True) == made[::-1]

    def test_never_opened_counts_as_longest_ago(self, database: Database) -> None:
        with database.writing() as work:
            user, other = a_user(work), a_user(work)
            made = [a_workflow(work, user).workflow_id for _ in range(3)]
            work.workflows.mark_opened(made[0], user.user_id, NOON + SECOND)
            work.workflows.mark_opened(made[1], user.user_id, NOON)
            work.workflows.mark_opened(made[2], other.user_id, NOON + 2 * SECOND)

            opened_last = _listed(work, user, order_by=WorkflowOrder.OPENED_AT, descending=True)
            assert opened_last == [made[0], made[1], made[2]]
            assert _listed(work, user, order_by=WorkflowOrder.OPENED_AT) == opened_last[::-1]

    def test_a_list_says_when_one_opened_each(self, database: Database) -> None:
        with database.writing() as work:
            user, other = a_user(work), a_user(work)
            workflow = a_workflow(work, user)
            unopened = a_workflow(work, user)
            work.workflows.mark_opened(workflow.workflow_id, user.user_id, NOON)
            work.workflows.mark_opened(unopened.workflow_id, other.user_id, NOON)

            page = work.workflows.list_visible(a_principal(user), WorkflowQuery())

            assert list(page.items) == [
                SeenWorkflow(workflow=workflow, opened_at=NOON),
                SeenWorkflow(workflow=unopened, opened_at=None),
            ]

    def test_a_list_comes_in_pages(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            made = [a_workflow(work, user) for _ in range(5)]
            principal = a_principal(user)

            page = work.workflows.list_visible(principal, WorkflowQuery(offset=1, limit=2))

            assert [seen.workflow for seen in page.items] == made[1:3]
            assert (page.offset, page.limit, page.total) == (1, 2, 5)

    def test_shelves_are_chosen(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            own = a_workflow(work, user).workflow_id
            default = a_workflow(work, shelf=Shelf.DEFAULT).workflow_id

            assert _listed(work, user, shelves=[Shelf.USER]) == [own]
            assert _listed(work, user, shelves=[Shelf.DEFAULT]) == [default]
            assert set(_listed(work, user, shelves=list(Shelf))) == {own, default}
            assert _listed(work, user, shelves=[]) == []

    @pytest.mark.parametrize("part", ["SSE_%", "dESCR", "tag ö"])
    def test_a_part_of_the_texts_is_found(self, database: Database, part: str) -> None:
        with database.writing() as work:
            user = a_user(work)
            found = a_workflow(
                work, user, name="Straße_%", description="Description", tags="b, Tag Ö"
            )
            a_workflow(work, user, name="strassen", description="x", tags="tag")

            assert _listed(work, user, search=part) == [found.workflow_id]

    def test_those_with_one_of_the_tags_are_found(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            made = [
                a_workflow(work, user, tags=tags).workflow_id
                for tags in ("sdxl, Draft", "sd", "", "draft version")
            ]

            assert _listed(work, user, tags=["draft"]) == made[:1]
            assert _listed(work, user, tags=["SD ", "Draft"]) == made[:2]
            assert _listed(work, user, tags=["s"]) == []
            assert _listed(work, user, tags=[]) == []

    def test_public_ones_are_told_apart(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            private, public = (
                a_workflow(work, user, is_public=is_public).workflow_id
                for is_public in (False, True)
            )

            assert _listed(work, user, is_public=True) == [public]
            assert _listed(work, user, is_public=False) == [private]

    def test_opened_ones_are_told_apart(self, database: Database) -> None:
        with database.writing() as work:
            user, other = a_user(work), a_user(work)
            opened, unopened = (a_workflow(work, user).workflow_id for _ in range(2))
            work.workflows.mark_opened(opened, user.user_id, NOON)
            work.workflows.mark_opened(unopened, other.user_id, NOON)

            assert _listed(work, user, has_been_opened=True) == [opened]
            assert _listed(work, user, has_been_opened=False) == [unopened]

    def test_marks_are_those_of_the_whole_list(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            a_workflow(work, user, tags="a, b")
            a_workflow(work, user, tags="a")
            a_workflow(work, shelf=Shelf.DEFAULT, tags="c")
            a_workflow(work, tags="hidden")
            query = WorkflowQuery(limit=1)

            marks = work.workflows.marks(a_principal(user), query)

            assert sorted(marks, key=lambda mark: mark.tags) == [
                Marks(shelf=Shelf.USER, tags="a"),
                Marks(shelf=Shelf.USER, tags="a, b"),
                Marks(shelf=Shelf.DEFAULT, tags="c"),
            ]
