"""Ways to keep workflows and style presets wrongly."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from invoke_core.domain.shelves import Shelf, Whose
from invoke_core.errors import Conflict, NotFound
from invoke_core.testing.broken.faults import (
    Fault,
    Replacement,
    after,
    backwards,
    evolved,
    forgiving,
    returning,
    total_of_the_page,
    with_query,
)


def _loses(name: str, value: Any) -> Replacement:
    return after(evolved(**{name: value}))


def _adds_the_unknown(port: str, *more: Any) -> Replacement:
    def replacement(work: Any, real: Any, thing: Any, *parts: Any, **named: Any) -> None:
        try:
            real(thing, *parts, **named)
        except NotFound:
            getattr(work, port).add(thing, *more)

    return replacement


def _replaces_on_add(port: str) -> Replacement:
    def replacement(work: Any, real: Any, thing: Any, *parts: Any) -> None:
        try:
            real(thing, *parts)
        except Conflict:
            getattr(work, port).put(thing)

    return replacement


def _keeps_the_owner(port: str, key: str) -> Replacement:
    def replacement(work: Any, real: Any, thing: Any, *parts: Any, **named: Any) -> None:
        before = getattr(work, port).get(getattr(thing, key))
        real(attrs.evolve(thing, owner_id=before.owner_id), *parts, **named)

    return replacement


def _removes_all_of_it(port: str) -> Replacement:
    def replacement(work: Any, real: Any, thing_id: Any) -> None:
        real(thing_id)
        for user in work.users.list(limit=None).items:
            for thing in getattr(work, port).owned_by(user.user_id):
                real(getattr(thing, "workflow_id", None) or thing.preset_id)

    return replacement


def _without(port: str, key: str) -> Replacement:
    """Remove an account together with what it still owns."""

    def replacement(work: Any, real: Any, user_id: Any) -> None:
        for thing in getattr(work, port).owned_by(user_id):
            getattr(work, port).remove(getattr(thing, key))
        real(user_id)

    return replacement


def _everybodys(work: Any, real: Any, user_id: Any) -> Any:
    users = work.users.list(limit=None).items
    return [thing for user in users for thing in real(user.user_id)]


def _all_counted(work: Any, real: Any, user_id: Any) -> int:
    return sum(real(user.user_id) for user in work.users.list(limit=None).items)


def _as_person(work: Any, real: Any, principal: Any, *query: Any) -> Any:
    return real(attrs.evolve(principal, is_admin=False), *query)


def _reparsed(text: str) -> str:
    return text.replace("1.00", "1.0")


def _drops_the_document(work: Any, real: Any, workflow: Any, **parts: Any) -> None:
    real(workflow, **{"document": "{}", **parts})


def _never_the_document(work: Any, real: Any, workflow: Any, **parts: Any) -> None:
    real(workflow, **{**parts, "document": None})


def _keeps_the_picture(work: Any, real: Any, workflow: Any, **parts: Any) -> None:
    kept = parts.get("thumbnail") or work.workflows.thumbnail(workflow.workflow_id)
    real(workflow, **{**parts, "thumbnail": kept})


def _first_picture_stays(work: Any, real: Any, preset: Any, image: Any = None) -> None:
    real(preset, work.style_presets.image(preset.preset_id) or image)


def _opens_for_the_owner(work: Any, real: Any, workflow_id: Any, user_id: Any) -> Any:
    return real(workflow_id, work.workflows.get(workflow_id).owner_id)


def _still_opened(work: Any, real: Any, workflow_id: Any, user_id: Any) -> Any:
    try:
        work.users.get(user_id)
    except NotFound:
        return work.workflows.get(workflow_id).created_at
    return real(workflow_id, user_id)


def _of_items(change: Callable[[list[Any]], list[Any]]) -> Replacement:
    def changed(page: Any) -> Any:
        return attrs.evolve(page, items=change(list(page.items)))

    return after(changed)


def _ids_ascending_among_equals(work: Any, real: Any, principal: Any, query: Any) -> Any:
    page = real(principal, query)
    names = [seen.workflow.name for seen in page.items]
    if len(set(names)) != 1:
        return page
    items = sorted(page.items, key=lambda seen: seen.workflow.workflow_id)
    return attrs.evolve(page, items=items)


def _opened_by_anybody(work: Any, real: Any, principal: Any, query: Any) -> Any:
    page = real(principal, query)
    users = [user.user_id for user in work.users.list(limit=None).items]

    def opened(workflow_id: Any) -> Any:
        found = [work.workflows.opened_at(workflow_id, user_id) for user_id in users]
        return max(filter(None, found), default=None)

    items = [attrs.evolve(seen, opened_at=opened(seen.workflow.workflow_id)) for seen in page.items]
    return attrs.evolve(page, items=items)


def _never_opened_first(items: list[Any]) -> list[Any]:
    return sorted(items, key=lambda seen: seen.opened_at is not None)


def _exact_search(work: Any, real: Any, principal: Any, query: Any) -> Any:
    if query.search is None:
        return real(principal, query)
    page = real(principal, attrs.evolve(query, search=None))
    items = [seen for seen in page.items if query.search in seen.workflow.name]
    return attrs.evolve(page, items=items, total=len(items))


def _part_of_a_tag(work: Any, real: Any, principal: Any, query: Any) -> Any:
    if not query.tags:
        return real(principal, query)
    page = real(principal, attrs.evolve(query, tags=None))
    items = [
        seen
        for seen in page.items
        if any(tag.strip().casefold() in seen.workflow.tags.casefold() for tag in query.tags)
    ]
    return attrs.evolve(page, items=items, total=len(items))


def _of_the_page(work: Any, real: Any, principal: Any, query: Any) -> Any:
    return list(real(principal, query))[: query.limit]


WORKFLOWS: Mapping[str, Fault] = {
    "test_a_workflow_comes_back_whole": Fault("workflows.get", _loses("shelf", Shelf.USER)),
    "test_a_document_comes_back_to_the_character": Fault("workflows.document", after(_reparsed)),
    "test_an_unknown_workflow_is_not_found": Fault("workflows.remove", forgiving(NotFound)),
    "test_an_id_is_given_once": Fault("workflows.add", _replaces_on_add("workflows")),
    "test_an_owner_must_be_there": Fault("workflows.put", forgiving(NotFound)),
    "test_a_change_replaces_the_one_and_leaves_its_document": Fault(
        "workflows.put", _drops_the_document
    ),
    "test_a_document_is_replaced": Fault("workflows.put", _never_the_document),
    "test_what_is_unknown_is_not_changed": Fault(
        "workflows.put", _adds_the_unknown("workflows", "{}")
    ),
    "test_a_thumbnail_comes_back": Fault("workflows.thumbnail", returning(None)),
    "test_a_thumbnail_stays_until_it_is_taken_away": Fault("workflows.put", _keeps_the_picture),
    "test_a_removed_workflow_is_gone_alone": Fault(
        "workflows.remove", _removes_all_of_it("workflows")
    ),
    "test_each_person_opens_for_themselves": Fault("workflows.opened_at", _opens_for_the_owner),
    "test_only_known_people_open_known_workflows": Fault(
        "workflows.mark_opened", forgiving(NotFound)
    ),
    "test_when_it_was_opened_goes_with_the_person": Fault("workflows.opened_at", _still_opened),
    "test_an_account_with_a_workflow_stays": Fault(
        "users.remove", _without("workflows", "workflow_id")
    ),
    "test_an_owners_workflows_come_by_id": Fault("workflows.owned_by", after(backwards)),
    "test_an_owners_workflows_are_counted": Fault("workflows.count_owned", _all_counted),
    "test_workflows_are_listed_as_the_rule_says": Fault(
        "workflows.list_visible", with_query(whose=Whose.VISIBLE)
    ),
    "test_a_list_is_ordered_both_ways": Fault(
        "workflows.list_visible", with_query(descending=False)
    ),
    "test_what_comes_alike_comes_by_id": Fault(
        "workflows.list_visible", _ids_ascending_among_equals
    ),
    "test_never_opened_counts_as_longest_ago": Fault(
        "workflows.list_visible", _of_items(_never_opened_first)
    ),
    "test_a_list_says_when_one_opened_each": Fault("workflows.list_visible", _opened_by_anybody),
    "test_a_list_comes_in_pages": Fault("workflows.list_visible", after(total_of_the_page)),
    "test_shelves_are_chosen": Fault("workflows.list_visible", with_query(shelves=None)),
    "test_a_part_of_the_texts_is_found": Fault("workflows.list_visible", _exact_search),
    "test_those_with_one_of_the_tags_are_found": Fault("workflows.list_visible", _part_of_a_tag),
    "test_public_ones_are_told_apart": Fault("workflows.list_visible", with_query(is_public=None)),
    "test_opened_ones_are_told_apart": Fault(
        "workflows.list_visible", with_query(has_been_opened=None)
    ),
    "test_marks_are_those_of_the_whole_list": Fault("workflows.marks", _of_the_page),
}

STYLE_PRESETS: Mapping[str, Fault] = {
    "test_a_preset_comes_back_whole": Fault("style_presets.get", _loses("is_public", False)),
    "test_an_unknown_preset_is_not_found": Fault("style_presets.remove", forgiving(NotFound)),
    "test_an_id_is_given_once": Fault("style_presets.add", _replaces_on_add("style_presets")),
    "test_an_owner_must_be_there": Fault("style_presets.put", forgiving(NotFound)),
    "test_a_change_replaces_the_one": Fault(
        "style_presets.put", _keeps_the_owner("style_presets", "preset_id")
    ),
    "test_what_is_unknown_is_not_changed": Fault(
        "style_presets.put", _adds_the_unknown("style_presets")
    ),
    "test_a_picture_comes_back": Fault("style_presets.image", returning(None)),
    "test_a_picture_stays_until_it_is_replaced_or_taken_away": Fault(
        "style_presets.put", _first_picture_stays
    ),
    "test_a_removed_preset_is_gone_alone": Fault(
        "style_presets.remove", _removes_all_of_it("style_presets")
    ),
    "test_an_account_with_a_preset_stays": Fault(
        "users.remove", _without("style_presets", "preset_id")
    ),
    "test_an_owners_presets_come_by_id": Fault("style_presets.owned_by", _everybodys),
    "test_an_owners_presets_are_counted": Fault("style_presets.count_owned", _all_counted),
    "test_a_list_comes_by_name_then_by_id": Fault("style_presets.list_visible", after(backwards)),
    "test_presets_are_listed_as_the_rule_says": Fault("style_presets.list_visible", _as_person),
}
