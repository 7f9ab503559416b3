"""No list is longer than it may be, and whoever walks one meets each thing once (control C23)."""

from typing import Any

from invoke_core.domain.images import ImageCategory
from tests.unit.matrix.cells import request_of
from tests.unit.matrix.schemas import document
from tests.unit.matrix.table import TABLE
from tests.unit.matrix.walks import walk_by_cursor, walk_by_offset
from tests.unit.matrix.world import PICTURE

NO_NUMBERS = {
    "limit": ("-1", "0", "1001", "1000000000", "a", "1.5", "", "9" * 40),
    "offset": ("-1", "10001", "1000000000", "a", "1.5", "9" * 40),
    "cursor": ("a", "-1", "9" * 40, "9" * 4000, "1.5", "' OR 1=1 --",
               "\N{ARABIC-INDIC DIGIT ONE}"),
    "unused_days": ("-1", "1000000000", "a"),
}  # fmt: skip
COUNT = 130  # of each thing that is walked; the benchmark has 100,000


def row_of(route):
    return next(row for row in TABLE if row.route == route)


def test_a_number_out_of_range_is_422(world):
    wrong, tried = [], 0
    for field in document(world).fields():
        for value in NO_NUMBERS.get(field.path[-1], ()) if field.place == "query" else ():
            world.restore()
            path, sent = request_of(row_of(field.route), world.things)
            params = {**(sent.pop("params", None) or {}), field.path[-1]: value}
            answer = world.ask("admin", "GET", path, params=params, **sent)
            tried += 1
            if answer.status_code != 422 or world.memory.differences(world.now()):
                wrong.append(f"{field.route} {field.name}={value[:20]}: {answer.status_code}")

    assert wrong == []
    assert tried > 60


def test_more_than_a_thousand_ids_in_one_request_are_422(world):
    wrong, tried = [], 0
    for field in document(world).fields():
        if field.place != "body" or field.schema.get("type") != "array":
            continue
        row = next(r for r in TABLE if r.route == field.route and r.json is not None)
        path, sent = request_of(row, world.things)
        body = with_list(sent["json"], field.path, world.things)
        world.restore()
        answer = world.ask("admin", row.method, path, json=body)
        tried += 1
        if answer.status_code != 422 or world.memory.differences(world.now()):
            wrong.append(f"{field.route} {field.name}: {answer.status_code} {answer.text[:100]}")

    assert wrong == []
    assert tried >= 12


def test_a_bare_list_of_more_than_a_thousand_ids_is_422(world):
    row = next(row for row in TABLE if isinstance(row.json, list))
    path, _ = request_of(row, world.things)
    world.restore()

    answer = world.ask("admin", row.method, path, json=list(range(1001)))

    assert answer.status_code == 422
    assert world.memory.differences(world.now()) == []


def with_list(body: Any, path: tuple[str, ...], things: dict[str, Any]) -> Any:
    """Return the body with 1,001 things in the list at the path, each another one."""
    if not path:
        if body and isinstance(body[0], int):
            return list(range(1001))
        return [f"text {number}" for number in range(1001)]
    name, *rest = path
    if name == "loras":
        return {**body, name: [{"model": things["model"]}] * 1001}
    if name == "[]":
        return [with_list(body[0], tuple(rest), things)]
    return {**body, name: with_list(body.get(name, []), tuple(rest), things)}


def test_walks_meet_each_thing_once(world):
    world.restore()
    app, owner = world.app, world.who("owner")
    for number in range(COUNT):
        app.boards.create(owner, f"Board {number}")
        app.images.upload(
            owner, PICTURE, category=ImageCategory.USER, is_intermediate=False, board_id=None
        )

    def ask(path, params):
        answer = world.ask("admin", "GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    with world.database.reading() as work:
        state = work.state
        boards, images = set(state.boards), set(state.images)
        users, jobs, entries = set(state.users) - {"system"}, set(state.jobs), len(state.audit)
    for path, params, key, expected in (
        ("/api/v1/boards", {}, "board_id", boards),
        ("/api/v1/images", {"scope": "visible"}, "image_name", images),
        ("/api/v1/auth/users", {}, "user_id", users),
        ("/api/v1/queue/default/list_all", {}, "item_id", jobs),
    ):
        for limit in (1, 7, 50, 1000) if len(expected) < 50 else (7, 50, 1000):
            met = walk_by_offset(ask, path, params, key, limit)
            assert len(met) == len(set(met)), path
            assert set(met) == expected, path
    met = walk_by_cursor(ask, "/api/v1/audit", "entry_id", 7)
    assert met[-entries:] == list(range(entries, 0, -1))  # the walk itself may have added looks
