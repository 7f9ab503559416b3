"""What people do with workflows, on memory."""

import json

import attrs
import pytest

from invoke_core.domain.generation import GenerationWish
from invoke_core.domain.identifiers import SYSTEM, WorkflowId
from invoke_core.domain.principals import SINGLE_USER
from invoke_core.domain.shelves import Shelf, Whose
from invoke_core.domain.wishes import written_wish
from invoke_core.domain.workflows import (
    MAX_DOCUMENT_BYTES,
    MAX_WORKFLOWS,
    WorkflowQuery,
)
from invoke_core.errors import (
    Forbidden,
    Invalid,
    InvokeError,
    NotFound,
    PasswordChangeRequired,
    RuleViolation,
    TooLarge,
    TooMany,
    Unsupported,
)
from invoke_core.testing.builders import a_workflow
from invoke_core.testing.pictures import a_png, webp_size
from tests.unit.picture_world import PNG
from tests.unit.shelf_world import MAX_UPLOAD_BYTES, Shelves

GRAPH = '{"name": "Graph", "nodes": [{"seed": 18446744073709551617, "at": 1.00}], "x": {"y": null}}'
DEFAULT = '{"name": "Ours", "meta": {"category": "default"}}'


@pytest.fixture
def world():
    return Shelves()


@pytest.fixture
def mara(world):
    return world.person()


@pytest.fixture
def tom(world):
    return world.person()


@pytest.fixture
def ann(world):
    return world.administrator()


def names(world, who, **query):
    page = world.workflows.list(who, WorkflowQuery(**query))
    return [seen.workflow.name for seen in page.items]


def test_a_foreign_graph_is_kept_to_the_character_and_private(world, mara, tom):
    made = world.workflows.create(mara, GRAPH)

    found = world.workflows.get(mara, made.workflow.workflow_id)
    assert found.document == GRAPH
    assert (found.workflow.name, found.workflow.owner_id) == ("Graph", mara.user_id)
    assert (found.workflow.is_public, found.opened_at) == (False, None)
    with pytest.raises(NotFound):
        world.workflows.get(tom, made.workflow.workflow_id)
    assert names(world, tom, whose=Whose.VISIBLE) == []


@pytest.mark.parametrize(
    "document",
    ["", "[]", "null", '{"name": "A", "n": [-1e400]}',
     '{"name": NaN}', "{", '{"name": "A", "x": "\\ud800"}', '{"nodes": []}',
     '{"name": "A", "n": ' + "[" * 64 + "]" * 64 + "}", '{"name": "A", "n": 1' + "0" * 5000 + "}"],
)  # fmt: skip
def test_what_is_no_document_is_refused(world, mara, document):
    with pytest.raises(Invalid):
        world.workflows.create(mara, document)

    assert names(world, mara) == []


def test_a_document_has_a_limit_in_bytes(world, mara):
    room = MAX_DOCUMENT_BYTES - len('{"name": ""}')
    with pytest.raises(TooLarge):
        world.workflows.create(mara, f'{{"name": "A", "notes": "{"é" * (room // 2)}"}}')
    made = world.workflows.create(mara, f'{{"name": "", "n":"{"x" * (room - 8)}"}}')
    assert len(made.document) == MAX_DOCUMENT_BYTES


def test_so_many_of_one_person_are_kept(world, mara, tom):
    with world.database.writing() as work:
        for _ in range(MAX_WORKFLOWS):
            a_workflow(work, work.users.get(mara.user_id))

    with pytest.raises(TooMany):
        world.workflows.create(mara, GRAPH)
    assert world.workflows.create(tom, GRAPH)


def test_a_workflow_of_ours_fills_a_generation(world, mara):
    wish = GenerationWish(model="demo-shapes", prompt="a red circle", width=64, seed=7)
    document = json.dumps({"name": "Ours", "generation": written_wish(wish)})
    made = world.workflows.create(mara, document)

    assert world.workflows.generation(mara, made.workflow.workflow_id) == wish


def test_a_foreign_graph_fills_none_and_says_so(world, mara, tom):
    graph = world.workflows.create(mara, GRAPH).workflow
    broken = world.workflow(mara, '{"name": "B", "generation": {"model": "m", "prompt": 1}}')

    with pytest.raises(RuleViolation, match="another program"):
        world.workflows.generation(mara, graph.workflow_id)
    with pytest.raises(Invalid) as refused:
        world.workflows.generation(mara, broken.workflow_id)
    assert refused.value.field == "generation.prompt"
    with pytest.raises(NotFound):
        world.workflows.generation(tom, graph.workflow_id)


def test_a_public_one_is_seen_by_all_and_changed_by_its_owner_and_administrators(
    world, mara, tom, ann
):
    workflow_id = world.workflows.create(mara, GRAPH).workflow.workflow_id
    world.workflows.publish(mara, workflow_id, is_public=True)
    workflows = world.workflows

    assert workflows.get(tom, workflow_id).workflow.is_public
    assert names(world, tom) == []
    assert names(world, tom, whose=Whose.VISIBLE, is_public=True) == ["Graph"]
    for change in (
        lambda: workflows.update(tom, workflow_id, GRAPH),
        lambda: workflows.publish(tom, workflow_id, is_public=False),
        lambda: workflows.set_thumbnail(tom, workflow_id, PNG),
        lambda: workflows.remove_thumbnail(tom, workflow_id),
        lambda: workflows.delete(tom, workflow_id),
    ):
        with pytest.raises(Forbidden):
            change()
    changed = workflows.update(ann, workflow_id, '{"name": "By Ann"}').workflow
    assert (changed.owner_id, changed.is_public) == (mara.user_id, True)
    workflows.publish(ann, workflow_id, is_public=False)
    with pytest.raises(NotFound):
        workflows.get(tom, workflow_id)


def test_a_hidden_one_is_as_unknown_to_every_call(world, mara, tom):
    workflow_id = world.workflows.create(mara, GRAPH).workflow.workflow_id
    calls = [
        lambda w, i: w.get(tom, i),
        lambda w, i: w.generation(tom, i),
        lambda w, i: w.update(tom, i, GRAPH),
        lambda w, i: w.publish(tom, i, is_public=True),
        lambda w, i: w.mark_opened(tom, i),
        lambda w, i: w.delete(tom, i),
        lambda w, i: w.thumbnail(tom, i),
        lambda w, i: w.set_thumbnail(tom, i, PNG),
        lambda w, i: w.remove_thumbnail(tom, i),
    ]
    unknown = WorkflowId("x" * len(workflow_id))
    for call in calls:
        said = []
        for asked in (workflow_id, unknown):
            with pytest.raises(NotFound) as refused:
                call(world.workflows, asked)
            said.append(str(refused.value).replace(asked, "it"))
        assert said[0] == said[1]


def test_default_ones_are_the_servers(world, mara, ann):
    with pytest.raises(Forbidden):
        world.workflows.create(mara, DEFAULT)
    made = world.workflows.create(ann, DEFAULT).workflow

    assert (made.owner_id, made.shelf) == (SYSTEM, Shelf.DEFAULT)
    assert names(world, mara) == ["Ours"]
    assert names(world, mara, shelves=[Shelf.USER]) == []
    with pytest.raises(Forbidden):
        world.workflows.delete(mara, made.workflow_id)
    own = world.workflows.create(mara, GRAPH).workflow
    with pytest.raises(Forbidden):
        world.workflows.update(mara, own.workflow_id, DEFAULT)
    assert world.workflows.update(ann, own.workflow_id, DEFAULT).workflow.owner_id == SYSTEM


def test_a_document_of_another_workflow_replaces_none(world, mara):
    made = world.workflows.create(mara, GRAPH).workflow

    with pytest.raises(Invalid):
        world.workflows.update(mara, made.workflow_id, '{"name": "B", "id": "another"}')
    again = json.dumps({"name": "B", "id": made.workflow_id})
    assert world.workflows.update(mara, made.workflow_id, again).document == again


def test_a_list_is_ones_own_for_administrators_too(world, mara, ann):
    world.workflow(mara, name="Mara's")
    world.workflow(ann, name="Ann's")

    assert names(world, ann) == ["Ann's"]
    assert names(world, ann, whose=Whose.VISIBLE) == ["Ann's", "Mara's"]


def test_where_nobody_signs_in_everything_is_ones_own(world, mara):
    world.workflow(mara, name="Mara's", tags="a")

    assert names(world, SINGLE_USER) == ["Mara's"]
    assert world.workflows.tags(SINGLE_USER, WorkflowQuery()) == ["a"]


def test_counts_are_those_of_the_list(world, mara, tom):
    world.workflow(mara, tags="a, b")
    world.workflow(mara, tags="A")
    world.workflow(tom, tags="a, hidden")
    query = WorkflowQuery()

    assert world.workflows.tags(mara, query) == ["A", "b"]
    assert world.workflows.counts_by_tag(mara, query, ["a", "hidden"]) == {"a": 2, "hidden": 0}
    assert world.workflows.counts_by_shelf(mara, query, list(Shelf)) == {
        Shelf.USER: 2,
        Shelf.DEFAULT: 0,
    }


def test_who_opened_it_when_is_for_themselves_alone(world, mara, tom):
    workflow_id = world.workflow(mara, is_public=True).workflow_id

    world.workflows.mark_opened(tom, workflow_id)

    assert world.workflows.get(tom, workflow_id).opened_at == world.clock.now()
    assert world.workflows.get(mara, workflow_id).opened_at is None


def test_a_thumbnail_is_drawn_anew_and_small(world, mara):
    workflow_id = world.workflow(mara).workflow_id
    wide = a_png(600, 300, bytes(600 * 300 * 3))

    found = world.workflows.set_thumbnail(mara, workflow_id, wide)

    content = world.workflows.thumbnail(mara, workflow_id)
    with content.stream as stream:
        webp = stream.read()
    assert webp_size(webp) == (256, 128)
    assert (content.size, content.etag) == (len(webp), f'"{found.workflow.thumbnail}"')
    world.workflows.remove_thumbnail(mara, workflow_id)
    with pytest.raises(NotFound):
        world.workflows.thumbnail(mara, workflow_id)


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", Unsupported), (b"<svg/>", Unsupported), (bytes(MAX_UPLOAD_BYTES + 1), TooLarge)],
)
def test_what_is_no_picture_leaves_the_one_before(world, mara, content, error):
    workflow_id = world.workflow(mara).workflow_id
    before = world.workflows.set_thumbnail(mara, workflow_id, PNG)

    with pytest.raises(error):
        world.workflows.set_thumbnail(mara, workflow_id, content)

    assert world.workflows.get(mara, workflow_id) == before


def test_a_deleted_one_is_gone(world, mara):
    workflow_id = world.workflow(mara).workflow_id

    world.workflows.delete(mara, workflow_id)

    with pytest.raises(NotFound):
        world.workflows.get(mara, workflow_id)


def test_who_must_change_the_password_does_nothing(world, mara):
    made = world.workflow(mara)
    bound = attrs.evolve(mara, must_change_password=True)
    workflows, query = world.workflows, WorkflowQuery()
    for call in (
        lambda: workflows.create(bound, GRAPH),
        lambda: workflows.get(bound, made.workflow_id),
        lambda: workflows.list(bound, query),
        lambda: workflows.tags(bound, query),
        lambda: workflows.update(bound, made.workflow_id, GRAPH),
        lambda: workflows.mark_opened(bound, made.workflow_id),
        lambda: workflows.delete(bound, WorkflowId("unknown")),
    ):
        with pytest.raises(PasswordChangeRequired):
            call()


def test_no_refusal_changes_anything(world, mara, tom, ann):
    made = world.workflow(mara, GRAPH)
    for document in ("[]", DEFAULT, '{"name": 1}'):
        with pytest.raises(InvokeError):
            world.workflows.update(mara, made.workflow_id, document)

    assert world.workflows.get(mara, made.workflow_id).workflow == made
    assert world.workflows.get(mara, made.workflow_id).document == GRAPH
