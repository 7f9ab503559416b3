"""What a workflow in the library is: a JSON document of anybody's making, and what lists say of it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from invoke_core.domain.generation import GenerationWish
from invoke_core.domain.identifiers import UserId, WorkflowId
from invoke_core.domain.shelves import Shelf, Whose, storable
from invoke_core.domain.wishes import read_wish
from invoke_core.errors import Invalid, RuleViolation

MAX_DOCUMENT_BYTES = 1_048_576
MAX_NAME_CHARACTERS = 300
MAX_DESCRIPTION_CHARACTERS = 10_000
MAX_TAGS_CHARACTERS = 1_000  # of all tags together
MAX_WORKFLOWS = 1_000  # of one person

GENERATION = "generation"  # the member of a document of ours that fills a generation


@attrs.frozen(kw_only=True)
class WorkflowFacts:
    """What a document says of itself."""

    name: str
    description: str = ""
    tags: str = ""  # with commas between them
    shelf: Shelf = Shelf.USER


@attrs.frozen(kw_only=True)
class Workflow:
    """A workflow in the library. Its document is kept beside it, unread but for these facts."""

    workflow_id: WorkflowId
    owner_id: UserId
    name: str
    description: str = ""
    tags: str = ""
    shelf: Shelf = Shelf.USER
    is_public: bool = False
    thumbnail: str | None = None  # a digest of the small picture; None: it has none
    created_at: datetime  # aware, UTC
    updated_at: datetime


@attrs.frozen(kw_only=True)
class SeenWorkflow:
    """A workflow as one person sees it in a list."""

    workflow: Workflow
    opened_at: datetime | None  # by whoever asks; None: never


class WorkflowOrder(StrEnum):
    """What a list of workflows can be ordered by."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    OPENED_AT = "opened_at"  # never opened counts as longest ago
    NAME = "name"  # case ignored


@attrs.frozen(kw_only=True)
class WorkflowQuery:
    """Which of the workflows that one may see, and in what order; then by id, in the same direction."""

    whose: Whose = Whose.OWN
    shelves: Sequence[Shelf] | None = None  # None: both
    search: str | None = None  # a part of the name, description or tags, case ignored
    tags: Sequence[str] | None = None  # that bear one of these, case ignored
    is_public: bool | None = None
    has_been_opened: bool | None = None  # by whoever asks
    order_by: WorkflowOrder = WorkflowOrder.NAME
    descending: bool = False
    offset: int = 0
    limit: int | None = None  # None: all of them


@attrs.frozen(kw_only=True)
class Marks:
    """What workflows are counted by."""

    shelf: Shelf
    tags: str


def facts_of(document: Mapping[str, Any]) -> WorkflowFacts:
    """Return what a document says of itself.

    Raises:
        Invalid: it has no name, or one of these texts is none or too long.
    """
    if "name" not in document:
        raise Invalid("A workflow needs a name.", field="workflow.name")
    meta = document.get("meta")
    shelf = meta.get("category", Shelf.USER) if isinstance(meta, dict) else Shelf.USER
    if shelf not in list(Shelf):
        raise Invalid("The category is 'user' or 'default'.", field="workflow.meta.category")
    return WorkflowFacts(
        name=_text(document, "name", MAX_NAME_CHARACTERS),
        description=_text(document, "description", MAX_DESCRIPTION_CHARACTERS),
        tags=_text(document, "tags", MAX_TAGS_CHARACTERS),
        shelf=Shelf(shelf),
    )


def _text(document: Mapping[str, Any], name: str, most: int) -> str:
    field = f"workflow.{name}"
    text = document.get(name, "")
    if not isinstance(text, str) or len(text) > most:
        raise Invalid(f"The {name} is a text of at most {most:,} characters.", field=field)
    return storable(text, field)


def wish_in(document: Mapping[str, Any]) -> GenerationWish:
    """Return the generation that a workflow of ours fills.

    Raises:
        RuleViolation: it is a graph of another program.
        Invalid: its generation cannot be read; the error names the field.
    """
    if GENERATION not in document:
        raise RuleViolation("This workflow is a graph of another program: it fills no generation.")
    return read_wish(document[GENERATION], GENERATION)


def search_text(workflow: Workflow) -> str:
    """Return the case-folded text in which a case-folded search looks for a part."""
    return f"{workflow.name}\n{workflow.description}\n{workflow.tags}".casefold()


def split_tags(text: str) -> Sequence[str]:
    """Return the tags between the commas, trimmed, as they are written; the first of two alike."""
    tags = [tag.strip() for tag in text.split(",")]
    return list({tag.casefold(): tag for tag in reversed(tags) if tag}.values())[::-1]


def folded_tags(text: str) -> str:
    """Return the tags case-folded, each with a comma on both sides; see `folded_tag`."""
    return "".join(map(folded_tag, split_tags(text)))


def folded_tag(tag: str) -> str:
    """Return what `folded_tags` of a text holds if, and only if, one of its tags is this one."""
    return f",{tag.strip().casefold()},"


def all_tags(marks: Iterable[Marks]) -> Sequence[str]:
    """Return every tag once, in the order of the alphabet, case ignored."""
    found: dict[str, str] = {}
    for mark in marks:
        for tag in split_tags(mark.tags):
            found[tag.casefold()] = min(tag, found.get(tag.casefold(), tag))
    return [found[folded] for folded in sorted(found)]


def counts_by_tag(marks: Iterable[Marks], tags: Sequence[str]) -> Mapping[str, int]:
    """Return how many workflows bear each of the tags, case ignored."""
    counted = Counter(tag.casefold() for mark in marks for tag in split_tags(mark.tags))
    return {tag: counted[tag.strip().casefold()] for tag in tags}


def counts_by_shelf(marks: Iterable[Marks], shelves: Sequence[Shelf]) -> Mapping[Shelf, int]:
    """Return how many workflows stand on each of the shelves."""
    counted = Counter(mark.shelf for mark in marks)
    return {shelf: counted[shelf] for shelf in shelves}
