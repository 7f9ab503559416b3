"""Cursors, filters and the search over HTTP."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from invoke_core.domain.boards import Visibility
from invoke_core.domain.principals import Principal
from tests.unit.picture_world import PNG, World
from tests.unit.web_world import client_of

Client = TestClient[Litestar]
IMAGES, NAMES = "/api/v1/images/", "/api/v1/images/names"
MARA, TOM, ANN = ({"X-Who": name} for name in ("mara", "tom", "ann"))
DAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def people(world: World) -> dict[str, Principal]:
    return {
        "mara": world.person(display_name="Mara"),
        "tom": world.person(display_name="Tom"),
        "ann": world.administrator(),
    }


@pytest.fixture
def client(world: World, people: dict[str, Principal]) -> Iterator[Client]:
    with client_of(world, people) as client:
        yield client


def got(client: Client, path: str = IMAGES, who: dict[str, str] = MARA, **params: object) -> dict:  # type: ignore[type-arg]
    answer = client.get(path, params=params, headers=who)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def names(page: dict) -> list[str]:  # type: ignore[type-arg]
    return [item["image_name"] for item in page["items"]]


def test_a_list_goes_on_from_its_cursor(
    client: Client, world: World, people: dict[str, Principal]
) -> None:
    for number in range(7):
        world.image(people["mara"], starred=number == 3, created_at=DAY + timedelta(days=number))
    every = names(got(client))

    found, cursor, rounds = [], {}, 0
    while True:
        page = got(client, limit=2, **cursor)
        found += names(page)
        rounds += 1
        assert (page["total"], page["total_is_lower_bound"], page["offset"]) == (7, False, 0)
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}

    assert (found, rounds) == (every, 4)


def test_boards_go_on_from_their_cursor(client: Client) -> None:
    for name in ("b", "a", "C"):
        client.post("/api/v1/boards/", params={"board_name": name}, headers=MARA)
    by_name = {"order_by": "board_name", "direction": "ASC", "limit": 2}

    first = got(client, "/api/v1/boards/", **by_name)
    second = got(client, "/api/v1/boards/", **by_name, cursor=first["next_cursor"])

    shown = [item["board_name"] for page in (first, second) for item in page["items"]]
    assert shown == ["a", "b", "C"]
    assert (second["next_cursor"], second["total"]) == (None, 3)


@pytest.mark.parametrize("path", [IMAGES, "/api/v1/boards/"])
@pytest.mark.parametrize(
    ("parameter", "value"), [("offset", "10001"), ("cursor", "nonsense"), ("cursor", "")]
)
def test_a_place_that_no_page_gives_is_a_422_that_says_what_to_do(
    client: Client, path: str, parameter: str, value: str
) -> None:
    answer = client.get(path, params={parameter: value}, headers=MARA)

    assert answer.status_code == 422
    assert "cursor" in answer.json()["detail"]
    assert answer.json()["errors"][0]["field"] == parameter


def test_offsets_lead_to_ten_thousand(client: Client) -> None:
    assert names(got(client, offset=10_000)) == []


def test_a_search_is_ranked_and_says_so(
    client: Client, world: World, people: dict[str, Principal]
) -> None:
    prompts = ("a circle that is red", "a red circle", "a blue circle")
    images = [
        world.image(people["mara"], metadata={"positive_prompt": prompt}, starred=number == 0)
        for number, prompt in enumerate(prompts)
    ]

    page = got(client, search_term="red circle")
    listed = got(client, NAMES, search_term="red circle")

    expected = [images[1].image_name, images[0].image_name]
    assert names(page) == listed["image_names"] == expected
    assert (page["total"], page["total_is_lower_bound"]) == (2, False)
    assert (listed["total_count"], listed["starred_count"]) == (2, 1)
    assert not listed["total_is_lower_bound"]
    starred = got(client, search_term="red circle", starred_first="true")
    assert names(starred) == expected[::-1]
    cursor = got(client, search_term="red circle", limit=1)["next_cursor"]
    assert names(got(client, search_term="red circle", limit=1, cursor=cursor)) == expected[1:]


def test_a_list_keeps_to_person_model_and_time(
    client: Client, world: World, people: dict[str, Principal]
) -> None:
    shared = world.board(people["tom"], Visibility.SHARED)
    meadow = {"model": {"key": "m-1", "name": "Meadow"}}
    own = world.image(people["mara"], metadata=meadow, created_at=DAY)
    toms = world.image(people["tom"], shared, metadata=meadow, created_at=DAY + timedelta(days=1))
    hidden = world.image(people["tom"], metadata=meadow, created_at=DAY)
    tom_id = people["tom"].user_id

    def found(who: dict[str, str] = MARA, **params: object) -> set[str]:
        page = got(client, who=who, **params)
        assert set(got(client, NAMES, who=who, **params)["image_names"]) == set(names(page))
        return set(names(page))

    assert found(user_id=tom_id) == {toms.image_name}
    assert found(user_id=tom_id, who=ANN) == {toms.image_name, hidden.image_name}
    assert found(user_id=tom_id, scope="own") == set()
    assert found(model="meadow") == {own.image_name}
    assert found(model="m-1", scope="visible") == {own.image_name, toms.image_name}
    assert found(model="other") == set()
    assert found(since="2026-03-02T00:00:00Z", scope="visible") == {toms.image_name}
    assert found(until="2026-03-02T00:00:00", scope="visible") == {own.image_name}
    assert found(search_term="tom", scope="visible") == {toms.image_name}
    assert found(search_term="2026-03-02", scope="visible") == {toms.image_name}


@pytest.mark.parametrize("name", ["since", "until"])
@pytest.mark.parametrize("value", ["yesterday", "2026-13-01"])
def test_a_time_that_is_none_is_a_422(client: Client, name: str, value: str) -> None:
    assert client.get(IMAGES, params={name: value}, headers=MARA).status_code == 422


@pytest.mark.parametrize(
    "search",
    ['"', "'", "a OR b", "NEAR(a b)", "words:a", "a\0b", "*", "^a", "-a", "a:*b", "\\", "😀"],
)
def test_signs_in_a_search_are_only_signs(client: Client, search: str) -> None:
    assert json.dumps(got(client, search_term=search))


def test_metadata_of_no_kind_we_know_is_kept_and_searched_without_harm(client: Client) -> None:
    for metadata in ('{"loras": 3, "model": [], "seed": true}', '{"positive_prompt": {"a": 1}}'):
        answer = client.post(
            "/api/v1/images/upload",
            params={"image_category": "general"},
            files={"file": ("picture.png", PNG)},
            data={"metadata": metadata},
            headers=MARA,
        )
        assert answer.status_code == 201
        kept = client.get(
            f"/api/v1/images/i/{answer.json()['image_name']}/metadata", headers=MARA
        ).json()
        assert kept == json.loads(metadata)
