"""Who may see and change what stands on a shelf, over every case."""

import itertools

import pytest

from invoke_core.domain.identifiers import SYSTEM, UserId, WorkflowId
from invoke_core.domain.principals import SINGLE_USER, Principal, Via
from invoke_core.domain.shelves import (
    Shelf,
    Whose,
    may_change,
    may_see,
    moved,
    own_things,
    owner_on,
    require_change,
    storable,
)
from invoke_core.domain.workflows import (
    Marks,
    Workflow,
    all_tags,
    counts_by_shelf,
    counts_by_tag,
    facts_of,
    split_tags,
)
from invoke_core.errors import Forbidden, Invalid, NotFound, PasswordChangeRequired
from invoke_core.testing.builders import NOON

OWNER, OTHER, ADMIN = (
    Principal(user_id=UserId(name), is_admin=name == "admin", via=Via.SESSION)
    for name in ("owner", "other", "admin")
)
#       shelf, public: who sees it, who changes it
RULE = {
    (Shelf.USER, False): ({OWNER, ADMIN}, {OWNER, ADMIN}),
    (Shelf.USER, True): ({OWNER, OTHER, ADMIN}, {OWNER, ADMIN}),
    (Shelf.DEFAULT, False): ({OWNER, OTHER, ADMIN}, {ADMIN}),
    (Shelf.DEFAULT, True): ({OWNER, OTHER, ADMIN}, {ADMIN}),
}


def workflow(shelf: Shelf = Shelf.USER, *, is_public: bool = False) -> Workflow:
    return Workflow(
        workflow_id=WorkflowId("w"),
        owner_id=OWNER.user_id,
        name="A",
        shelf=shelf,
        is_public=is_public,
        created_at=NOON,
        updated_at=NOON,
    )


@pytest.mark.parametrize(("case", "who"), list(itertools.product(RULE, (OWNER, OTHER, ADMIN))))
def test_the_rule(case: tuple[Shelf, bool], who: Principal) -> None:
    thing = workflow(case[0], is_public=case[1])
    seers, changers = RULE[case]

    assert may_see(thing, who) is (who in seers)
    assert may_change(thing, who) is (who in changers)
    if who in changers:
        require_change("workflow", "w", thing, who)
    else:
        with pytest.raises(Forbidden if who in seers else NotFound):
            require_change("workflow", "w", thing, who)


def test_default_things_are_the_servers_and_administrators_alone_put_them_there() -> None:
    assert owner_on(Shelf.DEFAULT, ADMIN) == SYSTEM
    assert owner_on(Shelf.USER, ADMIN) == ADMIN.user_id
    with pytest.raises(Forbidden):
        owner_on(Shelf.DEFAULT, OWNER)
    with pytest.raises(PasswordChangeRequired):
        owner_on(
            Shelf.USER,
            Principal(
                user_id=OWNER.user_id, is_admin=False, via=Via.SESSION, must_change_password=True
            ),
        )


def test_a_thing_that_stays_where_it_is_stays_its_owners() -> None:
    assert moved(workflow(), Shelf.USER, ADMIN) == OWNER.user_id
    assert moved(workflow(), Shelf.DEFAULT, ADMIN) == SYSTEM
    assert moved(workflow(Shelf.DEFAULT), Shelf.USER, ADMIN) == ADMIN.user_id


def test_where_nobody_signs_in_everything_is_ones_own() -> None:
    assert own_things(SINGLE_USER) is Whose.VISIBLE
    assert own_things(ADMIN) is Whose.OWN


@pytest.mark.parametrize("text", ["\0", "a\ud800", "\udfff"])
def test_what_no_database_keeps_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        storable(text, "name")


def test_a_document_says_what_it_is() -> None:
    said = facts_of(
        {"name": "", "description": "d", "tags": "a", "meta": {"category": "default"}, "x": 1}
    )

    assert (said.name, said.description, said.tags, said.shelf) == ("", "d", "a", Shelf.DEFAULT)
    assert facts_of({"name": "A", "meta": None}).shelf is Shelf.USER


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({}, "workflow.name"),
        ({"name": None}, "workflow.name"),
        ({"name": "x" * 301}, "workflow.name"),
        ({"name": "A", "description": 1}, "workflow.description"),
        ({"name": "A", "description": "x" * 10_001}, "workflow.description"),
        ({"name": "A", "tags": ["a"]}, "workflow.tags"),
        ({"name": "A", "tags": "x" * 1_001}, "workflow.tags"),
        ({"name": "A", "meta": {"category": "project"}}, "workflow.meta.category"),
        ({"name": "A", "meta": {"category": []}}, "workflow.meta.category"),
    ],
)
def test_what_a_document_must_not_say_is_named(document: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        facts_of(document)

    assert refused.value.field == field


def test_tags_are_split_and_counted_case_ignored() -> None:
    marks = [
        Marks(shelf=Shelf.USER, tags="sdxl, Draft,draft, ,"),
        Marks(shelf=Shelf.USER, tags="draft"),
        Marks(shelf=Shelf.DEFAULT, tags=""),
    ]

    assert split_tags(marks[0].tags) == ["sdxl", "Draft"]
    assert all_tags(marks) == ["Draft", "sdxl"]
    assert counts_by_tag(marks, ["draft ", "SDXL", "none"]) == {"draft ": 2, "SDXL": 1, "none": 0}
    assert counts_by_shelf(marks, list(Shelf)) == {Shelf.USER: 2, Shelf.DEFAULT: 1}
