import json
from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from invoke_core.domain.boards import Permission, Visibility
from invoke_core.domain.images import METADATA_TEXT, WORKFLOW_TEXT
from invoke_core.domain.principals import Principal
from invoke_core.ports.storage import Rendition
from invoke_core.testing.imaging import a_bomb, hostile_files
from invoke_core.testing.pictures import a_png, read_png, text_chunk, webp_size
from invoke_core.testing.storage import an_image_name, hostile_names
from tests.unit.picture_world import PNG, World
from tests.unit.web_world import LIMIT, client_of

Client = TestClient[Litestar]

MARA, TOM, ANN = ({"X-Who": name} for name in ("mara", "tom", "ann"))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def people(world: World) -> dict[str, Principal]:
    return {
        "mara": world.person(display_name="Mara", email="mara@example.com"),
        "tom": world.person(display_name="Tom", email="tom@example.com"),
        "ann": world.administrator(),
    }


@pytest.fixture
def client(world: World, people: dict[str, Principal]) -> Iterator[Client]:
    with client_of(world, people) as client:
        yield client


def a_board(client: Client, who: dict[str, str] = MARA, name: str = "Circles") -> str:
    answer = client.post("/api/v1/boards/", params={"board_name": name}, headers=who)
    assert answer.status_code == 201
    return str(answer.json()["board_id"])


def upload(
    client: Client, who: dict[str, str] = MARA, content: bytes = PNG, **params: str
) -> dict[str, object]:
    answer = client.post(
        "/api/v1/images/upload",
        params={"image_category": "general", **params},
        files={"file": ("picture.png", content)},
        headers=who,
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


# Boards


def test_a_board_on_the_wire(client: Client, people: dict[str, Principal]) -> None:
    answer = client.post("/api/v1/boards/", params={"board_name": "Circles"}, headers=MARA)

    assert answer.status_code == 201
    board = answer.json()
    assert board.pop("board_id")
    assert board == {
        "board_name": "Circles",
        "description": "",
        "user_id": people["mara"].user_id,
        "owner_username": "Mara",
        "board_visibility": "private",
        "permission": "owner",
        "archived": False,
        "cover_image_name": None,
        "image_count": 0,
        "asset_count": 0,
        "created_at": "2026-03-01T12:00:00Z",
        "updated_at": "2026-03-01T12:00:00Z",
        "deleted_at": None,
    }


def test_lists_of_boards_are_pages_or_everything(client: Client) -> None:
    ids = {a_board(client, name=name) for name in "abc"}

    page = client.get(
        "/api/v1/boards/", params={"limit": 2, "order_by": "board_name"}, headers=MARA
    )
    everything = client.get("/api/v1/boards/", params={"all": "true"}, headers=MARA)

    assert [board["board_name"] for board in page.json()["items"]] == ["c", "b"]
    assert {key: page.json()[key] for key in ("offset", "limit", "total")} == {
        "offset": 0,
        "limit": 2,
        "total": 3,
    }
    assert {board["board_id"] for board in everything.json()} == ids


@pytest.mark.parametrize(
    "params",
    [
        {"limit": "0"}, {"limit": "1001"}, {"limit": "-1"}, {"limit": "a"}, {"offset": "-1"},
        {"offset": "10001"}, {"offset": "1e9"}, {"order_by": "owner"}, {"direction": "up"},
    ],
)  # fmt: skip
def test_a_page_out_of_range_is_a_422_that_names_the_field(
    client: Client, params: dict[str, str]
) -> None:
    answer = client.get("/api/v1/boards/", params=params, headers=MARA)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [entry["field"] for entry in answer.json()["errors"]] == list(params)


def test_an_administrator_has_admin_on_the_boards_of_others(client: Client) -> None:
    board = a_board(client)

    assert client.get(f"/api/v1/boards/{board}", headers=ANN).json()["permission"] == "admin"
    assert client.get(f"/api/v1/boards/{board}", headers=TOM).status_code == 404


def test_a_board_is_changed_and_its_cover_reset(client: Client) -> None:
    board = a_board(client)
    first, newest = upload(client, board_id=board), upload(client, board_id=board)
    path = f"/api/v1/boards/{board}"

    changed = client.patch(
        path,
        json={
            "board_name": "Squares",
            "description": "Four corners",
            "archived": True,
            "board_visibility": "shared",
            "cover_image_name": first["image_name"],
        },
        headers=MARA,
    )
    reset = client.patch(path, json={"cover_image_name": None}, headers=MARA)

    assert changed.status_code == 201
    shown = changed.json()
    assert (shown["board_name"], shown["description"]) == ("Squares", "Four corners")
    assert (shown["archived"], shown["board_visibility"]) == (True, "shared")
    assert shown["cover_image_name"] == first["image_name"]
    assert (shown["image_count"], shown["asset_count"]) == (2, 0)
    assert reset.json()["cover_image_name"] == newest["image_name"]


@pytest.mark.parametrize(
    "body",
    [
        {"owner_id": "tom"}, {"board_id": "x"}, {"permission": "owner"}, {"board_name": None},
        {"archived": "yes"}, {"board_visibility": "open"}, {"board_name": ""}, {"board_name": 7},
        {"created_at": "2020-01-01T00:00:00Z"}, [], "text", None,
    ],
)  # fmt: skip
def test_what_a_board_does_not_take_is_a_422_and_changes_nothing(
    client: Client, body: object
) -> None:
    path = f"/api/v1/boards/{a_board(client)}"
    before = client.get(path, headers=MARA).json()

    answer = client.patch(path, json=body, headers=MARA)

    assert answer.status_code == 422
    assert client.get(path, headers=MARA).json() == before


def test_a_deletion_says_what_became_of_the_images(client: Client) -> None:
    board = a_board(client)
    own = upload(client, board_id=board)

    answer = client.delete(f"/api/v1/boards/{board}", headers=MARA)

    assert answer.status_code == 200
    assert answer.json() == {
        "board_id": board,
        "deleted_board_images": [own["image_name"]],
        "deleted_images": [],
    }
    names = client.get("/api/v1/boards/none/image_names", headers=MARA)
    assert names.json() == [own["image_name"]]


def test_sharing_on_the_wire(client: Client, people: dict[str, Principal]) -> None:
    path, tom = f"/api/v1/boards/{a_board(client)}", people["tom"].user_id

    shared = client.post(
        f"{path}/share", json={"user_ids": [tom], "permission": "read"}, headers=MARA
    )

    assert (shared.status_code, shared.json()) == (200, {"success": True, "shared_with": [tom]})
    assert client.get(path, headers=TOM).json()["permission"] == "read"
    expected = {
        "user_id": tom,
        "email": "tom@example.com",
        "display_name": "Tom",
        "permission": "read",
        "granted_by": people["mara"].user_id,
        "created_at": "2026-03-01T12:00:00Z",
    }
    assert client.get(f"{path}/shares", headers=MARA).json() == {"shares": [expected]}
    seen = client.get(f"{path}/shares", headers=TOM).json()
    assert seen == {"shares": [{**expected, "email": None}]}
    by_address = {"emails": ["TOM@example.com"], "permission": "admin"}
    assert client.post(f"{path}/share", json=by_address, headers=MARA).json()["shared_with"] == [
        tom
    ]
    gone = client.delete(f"{path}/share/{tom}", headers=TOM)
    assert (gone.status_code, gone.content) == (204, b"")
    assert client.get(path, headers=TOM).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"user_ids": ["x"], "permission": "owner"}, 422),
        ({"user_ids": ["x"], "permission": 3}, 422),
        ({"user_ids": "x", "permission": "read"}, 422),
        ({"user_ids": [], "permission": "read"}, 422),
        ({"user_ids": ["x"]}, 422),
        ({"user_ids": ["x"], "permission": "read", "board_id": "y"}, 422),
        ({"user_ids": ["system"], "permission": "read"}, 400),
        ({"user_ids": ["nobody"], "permission": "read"}, 404),
        ({"emails": ["nobody@example.com"], "permission": "read"}, 404),
    ],
)
def test_shares_that_cannot_be(client: Client, body: object, status: int) -> None:
    path = f"/api/v1/boards/{a_board(client)}"

    assert client.post(f"{path}/share", json=body, headers=MARA).status_code == status
    assert client.get(f"{path}/shares", headers=MARA).json() == {"shares": []}


def test_forbidden_and_hidden_differ(
    client: Client, world: World, people: dict[str, Principal]
) -> None:
    hidden = world.board(people["mara"])
    seen = world.board(people["mara"], Visibility.SHARED)
    body = {"board_name": "Mine"}

    refused = client.patch(f"/api/v1/boards/{seen.board_id}", json=body, headers=TOM)
    unknown = client.patch("/api/v1/boards/board-9", json=body, headers=TOM)
    invisible = client.patch(f"/api/v1/boards/{hidden.board_id}", json=body, headers=TOM)

    assert refused.status_code == 403
    assert (unknown.status_code, invisible.status_code) == (404, 404)
    assert invisible.text.replace(hidden.board_id, "board-9") == unknown.text


# Images


def test_an_image_on_the_wire(client: Client, people: dict[str, Principal]) -> None:
    board = a_board(client)

    image = upload(client, board_id=board, is_intermediate="true", image_category="mask")

    name = image["image_name"]
    assert image == {
        "image_name": name,
        "image_origin": "external",
        "image_category": "mask",
        "width": 4,
        "height": 3,
        "is_intermediate": True,
        "starred": False,
        "has_workflow": False,
        "board_id": board,
        "user_id": people["mara"].user_id,
        "size_bytes": image["size_bytes"],
        "session_id": None,
        "node_id": None,
        "created_at": "2026-03-01T12:00:00Z",
        "updated_at": "2026-03-01T12:00:00Z",
        "deleted_at": None,
        "image_url": f"api/v1/images/i/{name}/full",
        "thumbnail_url": f"api/v1/images/i/{name}/thumbnail",
    }
    assert client.get(f"/api/v1/images/i/{name}", headers=MARA).json() == image
    urls = client.get(f"/api/v1/images/i/{name}/urls", headers=MARA).json()
    assert urls == {key: image[key] for key in ("image_name", "image_url", "thumbnail_url")}


def test_metadata_and_workflow_on_the_wire(client: Client) -> None:
    texts = [text_chunk(METADATA_TEXT, '{"seed": 7}'), text_chunk(WORKFLOW_TEXT, '{"name": "w"}')]
    told = upload(client, content=a_png(1, 1, b"abc", more=texts))["image_name"]
    silent = upload(client)["image_name"]

    def get(name: object, what: str) -> object:
        return client.get(f"/api/v1/images/i/{name}/{what}", headers=MARA).json()

    assert get(told, "metadata") == {"seed": 7}
    workflow = get(told, "workflow")
    assert json.loads(workflow["workflow"]) == {"name": "w"}
    assert get(silent, "metadata") is None
    assert get(silent, "workflow") == {"workflow": None, "graph": None}


def test_metadata_comes_in_the_form(client: Client) -> None:
    answer = client.post(
        "/api/v1/images/upload?image_category=general",
        files={"file": ("a.png", PNG)},
        data={"metadata": '{"seed": 8}'},
        headers=MARA,
    )

    name = answer.json()["image_name"]
    assert client.get(f"/api/v1/images/i/{name}/metadata", headers=MARA).json() == {"seed": 8}


def test_content_is_sent_with_headers_that_keep_it_harmless(client: Client) -> None:
    name = upload(client, content=a_png(4, 3, bytes(range(36))))["image_name"]

    full = client.get(f"/api/v1/images/i/{name}/full", headers=MARA)
    small = client.get(f"/api/v1/images/i/{name}/thumbnail", headers=MARA)

    assert read_png(full.content).values == bytes(range(36))
    assert webp_size(small.content) == (4, 3)
    for answer, media_type in ((full, "image/png"), (small, "image/webp")):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == media_type
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["content-length"] == str(len(answer.content))
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["content-disposition"].startswith('inline; filename="')
    assert full.headers["etag"] != small.headers["etag"]


def test_head_says_what_get_would_send(client: Client) -> None:
    name = upload(client)["image_name"]
    for what in ("full", "thumbnail"):
        path = f"/api/v1/images/i/{name}/{what}"

        got, head = client.get(path, headers=MARA), client.head(path, headers=MARA)

        assert head.status_code == 200
        assert head.content == b""
        assert dict(head.headers) == dict(got.headers)
    assert client.head("/api/v1/images/i/x.png/full", headers=MARA).status_code == 404


def test_what_the_client_has_is_not_sent_again(client: Client) -> None:
    path = f"/api/v1/images/i/{upload(client)['image_name']}/full"
    tag = client.get(path, headers=MARA).headers["etag"]

    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = client.get(path, headers={**MARA, "If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag
    assert client.get(path, headers={**MARA, "If-None-Match": '"other"'}).status_code == 200
    hidden = client.get(path, headers={**TOM, "If-None-Match": tag})
    assert hidden.status_code == 404  # having had it once is no right to it


def test_ranges(client: Client) -> None:
    path = f"/api/v1/images/i/{upload(client)['image_name']}/full"
    whole = client.get(path, headers=MARA)
    content, size = whole.content, len(whole.content)
    served = {
        "bytes=0-9": (0, 9), "bytes=10-": (10, size - 1), "bytes=-5": (size - 5, size - 1),
        f"bytes=3-{size + 100}": (3, size - 1), "bytes=7-7": (7, 7),
    }  # fmt: skip

    for asked, (first, last) in served.items():
        part = client.get(path, headers={**MARA, "Range": asked})
        assert part.status_code == 206
        assert part.content == content[first : last + 1]
        assert part.headers["content-range"] == f"bytes {first}-{last}/{size}"
        assert part.headers["content-length"] == str(last - first + 1)
    for odd in ("bytes=9-3", "bytes=", "bytes=a-b", "items=0-9", "bytes=0-1,3-4", "bytes=-"):
        assert client.get(path, headers={**MARA, "Range": odd}).content == content
    for beyond in (f"bytes={size}-", "bytes=999999999-", "bytes=-0"):
        answer = client.get(path, headers={**MARA, "Range": beyond})
        assert answer.status_code == 416
        assert answer.headers["content-range"] == f"bytes */{size}"
    changed = {**MARA, "Range": "bytes=0-9", "If-Range": '"other"'}
    assert client.get(path, headers=changed).content == content
    fresh = {**MARA, "Range": "bytes=0-9", "If-Range": whole.headers["etag"]}
    assert client.get(path, headers=fresh).status_code == 206


@pytest.mark.parametrize(("what", "content"), hostile_files().items())
def test_hostile_uploads_are_415(client: Client, world: World, what: str, content: bytes) -> None:
    answer = client.post(
        "/api/v1/images/upload?image_category=general",
        files={"file": ("picture.png", content, "image/png")},
        headers=MARA,
    )

    assert answer.status_code == 415
    assert answer.json()["detail"].endswith(".")
    assert list(world.storage.names()) == []


def test_uploads_that_are_too_large_are_413(client: Client, world: World) -> None:
    path = "/api/v1/images/upload?image_category=general"

    bomb = client.post(path, files={"file": ("a.png", a_bomb(30_000))}, headers=MARA)
    stated = client.post(path, files={"file": ("a.png", bytes(LIMIT * 4))}, headers=MARA)

    assert (bomb.status_code, stated.status_code) == (413, 413)
    assert "pixels" in bomb.json()["detail"]
    assert "1,000,000 bytes" in stated.json()["detail"]
    assert list(world.storage.names()) == []


def test_a_body_of_unknown_length_is_cut_off_at_the_limit(client: Client) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        while sent < 64 * LIMIT:
            sent += 65_536
            yield bytes(65_536)
        yield b"\r\n--b--\r\n"

    answer = client.post(
        "/api/v1/images/upload?image_category=general",
        content=endless(),
        headers={**MARA, "Content-Type": "multipart/form-data; boundary=b"},
    )

    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("params", "form", "status"),
    [
        ({}, {"files": {"file": ("a.png", PNG)}}, 422),
        ({"image_category": "selfie"}, {"files": {"file": ("a.png", PNG)}}, 422),
        ({"image_category": "general"}, {}, 422),
        ({"image_category": "general"}, {"files": {"picture": ("a.png", PNG)}}, 422),
        ({"image_category": "general"}, {"data": {"file": "text"}}, 400),
        ({"image_category": "general"}, {"json": {"file": "text"}}, 400),
        (
            {"image_category": "general"},
            {"files": {"file": ("a.png", PNG)}, "data": {"metadata": "[]"}},
            422,
        ),
        (
            {"image_category": "general", "board_id": "nowhere"},
            {"files": {"file": ("a.png", PNG)}},
            404,
        ),
    ],
)
def test_uploads_that_lack_something(
    client: Client, world: World, params: dict[str, str], form: dict[str, object], status: int
) -> None:
    answer = client.post("/api/v1/images/upload", params=params, headers=MARA, **form)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert list(world.storage.names()) == []


def test_lists_of_images_on_the_wire(client: Client) -> None:
    board = a_board(client)
    on_board = upload(client, board_id=board)["image_name"]
    loose = upload(client, image_category="mask")["image_name"]

    def names(**params: object) -> set[str]:
        answer = client.get("/api/v1/images/", params=params, headers=MARA)
        assert answer.status_code == 200, answer.text
        whole = client.get("/api/v1/images/names", params=params, headers=MARA).json()
        listed = [image["image_name"] for image in answer.json()["items"]]
        assert whole["image_names"] == listed
        assert whole["total_count"] == answer.json()["total"] == len(listed)
        return set(listed)

    assert names() == {on_board, loose}
    assert names(board_id=board) == {on_board}
    assert names(board_id="none") == {loose}
    assert names(categories=["mask", "user"]) == {loose}
    assert names(categories="general") == {on_board}
    assert names(is_intermediate=True) == set()
    assert names(search_term=str(loose)[:36]) == {loose}
    assert names(scope="visible", order_dir="ASC", starred_first=False) == {on_board, loose}
    assert client.get("/api/v1/images/?board_id=nowhere", headers=MARA).status_code == 404
    assert client.get("/api/v1/images/?scope=all", headers=MARA).status_code == 422


def test_calls_on_many_images_name_what_they_did(client: Client) -> None:
    board = a_board(client)
    own, on_board = upload(client), upload(client, board_id=board)
    foreign = upload(client, TOM)
    names = [image["image_name"] for image in (own, on_board, foreign)]
    body, done = {"image_names": names}, names[:2]

    def post(path: str) -> object:
        answer = client.post(f"/api/v1/images/{path}", json=body, headers=MARA)
        assert answer.status_code == 200
        return answer.json()

    by_names = post("images_by_names")
    assert [image["image_name"] for image in by_names] == done
    affected = ["none", board]
    assert post("star") == {"starred_images": done, "affected_boards": affected}
    assert client.get("/api/v1/images/names", headers=MARA).json()["starred_count"] == 2
    assert post("unstar") == {"unstarred_images": done, "affected_boards": affected}
    assert post("delete") == {"deleted_images": done, "affected_boards": affected}
    assert post("delete") == {"deleted_images": [], "affected_boards": []}


def test_more_than_1000_names_are_a_422(client: Client) -> None:
    body = {"image_names": ["x.png"] * 1001}

    for path in ("images/delete", "images/star", "images/images_by_names"):
        assert client.post(f"/api/v1/{path}", json=body, headers=MARA).status_code == 422


def test_one_image_is_changed_and_deleted(client: Client) -> None:
    path = f"/api/v1/images/i/{upload(client)['image_name']}"

    changed = client.patch(
        path,
        json={
            "starred": True,
            "is_intermediate": True,
            "image_category": "user",
            "session_id": "r",
        },
        headers=MARA,
    )

    assert changed.status_code == 200
    shown = changed.json()
    assert (shown["starred"], shown["is_intermediate"]) == (True, True)
    assert (shown["image_category"], shown["session_id"]) == ("user", "r")
    for body in ({"user_id": "tom"}, {"starred": None}, {"width": 1}, {"board_id": "x"}):
        assert client.patch(path, json=body, headers=MARA).status_code == 422
    assert client.delete(path, headers=TOM).status_code == 404
    gone = client.delete(path, headers=MARA)
    assert gone.status_code == 200
    assert gone.json()["affected_boards"] == ["none"]
    assert client.get(path, headers=MARA).status_code == 404


def test_loose_and_intermediate_images_are_cleared(client: Client) -> None:
    loose = upload(client)["image_name"]
    kept = upload(client, board_id=a_board(client), is_intermediate="true")["image_name"]

    cleared = client.delete("/api/v1/images/uncategorized", headers=MARA)
    assert cleared.json() == {"deleted_images": [loose], "affected_boards": ["none"]}
    assert client.get("/api/v1/images/intermediates", headers=MARA).json() == 1
    assert client.delete("/api/v1/images/intermediates", headers=MARA).status_code == 403
    assert client.get(f"/api/v1/images/i/{kept}", headers=MARA).status_code == 200
    assert client.delete("/api/v1/images/intermediates", headers=ANN).json() == 1


def test_board_images_on_the_wire(client: Client) -> None:
    board, path = a_board(client), "/api/v1/board_images/"
    first, second = upload(client)["image_name"], upload(client)["image_name"]
    foreign = upload(client, TOM)["image_name"]

    one = client.post(path, json={"board_id": board, "image_name": first}, headers=MARA)
    many = client.post(
        f"{path}batch", json={"board_id": board, "image_names": [second, foreign]}, headers=MARA
    )
    off = client.request("DELETE", path, json={"image_name": first}, headers=MARA)
    all_off = client.post(f"{path}batch/delete", json={"image_names": [second]}, headers=MARA)

    affected = ["none", board]
    assert [answer.status_code for answer in (one, many, off, all_off)] == [201] * 4
    assert one.json() == {"added_images": [first], "affected_boards": affected}
    assert many.json() == {"added_images": [second], "affected_boards": affected}
    assert off.json() == {"removed_images": [first], "affected_boards": affected}
    assert all_off.json() == {"removed_images": [second], "affected_boards": affected}
    hidden = client.post(path, json={"board_id": board, "image_name": foreign}, headers=MARA)
    assert hidden.status_code == 404


@pytest.mark.parametrize(
    "route",
    [
        ("GET", "/api/v1/images/i/{}/full"), ("DELETE", "/api/v1/images/i/{}"),
        ("GET", "/api/v1/boards/{}"),
    ],
)  # fmt: skip
def test_hostile_names_in_paths_find_nothing(client: Client, route: tuple[str, str]) -> None:
    method, path = route
    for name in hostile_names():
        quoted = "".join(f"%{byte:02x}" for byte in name.encode())
        answer = client.request(method, path.format(quoted), headers=MARA)
        assert answer.status_code in {404, 405} or _is_another_address(name), name


def _is_another_address(name: str) -> bool:
    """Return whether the name, empty say, makes the path of another route."""
    return name in {"", ".", "..", "/"}


@pytest.mark.parametrize("path", ["images/delete", "images/star", "board_images/batch/delete"])
def test_hostile_names_in_bodies_do_nothing(client: Client, world: World, path: str) -> None:
    kept = upload(client)["image_name"]

    answer = client.post(
        f"/api/v1/{path}", json={"image_names": list(hostile_names())}, headers=MARA
    )

    assert answer.status_code in {200, 201}
    assert next(iter(answer.json().values())) == []
    assert list(world.storage.names()) == [kept]


def test_a_file_that_is_lost_reads_as_an_unknown_image(
    client: Client, world: World, people: dict[str, Principal]
) -> None:
    name = an_image_name()
    image = world.image(people["mara"])
    world.storage.remove(image.image_name)

    answer = client.get(f"/api/v1/images/i/{image.image_name}/full", headers=MARA)
    unknown = client.get(f"/api/v1/images/i/{name}/full", headers=MARA)

    assert answer.status_code == unknown.status_code == 404


def test_a_large_picture_is_sent_in_pieces(client: Client, world: World) -> None:
    image, content = world.image(world.person()), bytes(range(256)) * 4096
    world.storage.put(image.image_name, Rendition.FULL, content)

    answer = client.get(f"/api/v1/images/i/{image.image_name}/full", headers=ANN)

    assert answer.content == content


@pytest.mark.parametrize("kind", ["text/plain", "text/plain; charset=nothing"])
def test_form_texts_in_no_known_encoding_are_a_422(client: Client, kind: str) -> None:
    head = f'--b\r\nContent-Disposition: form-data; name="metadata"\r\nContent-Type: {kind}'

    answer = client.post(
        "/api/v1/images/upload?image_category=general",
        content=head.encode() + b"\r\n\r\n\xff\xfe\r\n--b--\r\n",
        headers={**MARA, "Content-Type": "multipart/form-data; boundary=b"},
    )

    assert answer.status_code == 422
    assert "UTF-8" in answer.json()["detail"]


def test_a_share_lets_a_person_add_and_a_lost_one_does_not(
    client: Client, world: World, people: dict[str, Principal]
) -> None:
    board = world.board(people["mara"])
    world.grant(board, people["tom"], Permission.WRITE)
    image = upload(client, TOM, board_id=board.board_id)
    path = f"/api/v1/images/i/{image['image_name']}"

    world.revoke(board, people["tom"])

    assert client.get(path, headers=TOM).status_code == 200
    assert client.delete(path, headers=TOM).status_code == 403
    assert client.get(path, headers=MARA).status_code == 200
