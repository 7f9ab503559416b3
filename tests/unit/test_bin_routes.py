"""The bin and archives over HTTP."""

import io
import zipfile
from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from invoke_apps.web.archives import zipped
from invoke_core.domain.boards import Permission
from invoke_core.domain.principals import Principal
from invoke_core.ports.storage import Rendition
from invoke_core.testing.builders import NOON
from invoke_core.testing.pictures import read_png
from invoke_core.testing.storage import hostile_names
from tests.unit.picture_world import PNG, World
from tests.unit.web_world import client_of

Client = TestClient[Litestar]
IMAGES = "/api/v1/images"
MARA, TOM, ANN = ({"X-Who": name} for name in ("mara", "tom", "ann"))


@pytest.fixture
def world() -> World:
    return World(keeps_bin=True)


@pytest.fixture
def people(world: World) -> dict[str, Principal]:
    return {"mara": world.person(), "tom": world.person(), "ann": world.administrator()}


@pytest.fixture
def client(world: World, people: dict[str, Principal]) -> Iterator[Client]:
    with client_of(world, people) as client:
        yield client


def upload(client: Client, who: dict[str, str] = MARA, **params: str) -> str:
    answer = client.post(
        f"{IMAGES}/upload",
        params={"image_category": "general", **params},
        files={"file": ("picture.png", PNG)},
        headers=who,
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["image_name"])


def a_board(client: Client, who: dict[str, str] = MARA, name: str = "Circles") -> str:
    answer = client.post("/api/v1/boards/", params={"board_name": name}, headers=who)
    return str(answer.json()["board_id"])


def ask(client: Client, who: dict[str, str] = MARA, **body: object) -> str:
    answer = client.post(f"{IMAGES}/download", json=body, headers=who)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["bulk_download_item_name"])


def test_a_deleted_picture_is_404_everywhere_and_in_the_bin(
    client: Client, people: dict[str, Principal]
) -> None:
    board = a_board(client)
    name = upload(client, board_id=board)
    etag = client.get(f"{IMAGES}/i/{name}/full", headers=MARA).headers["etag"]
    deleted = client.delete(f"{IMAGES}/i/{name}", headers=MARA)

    assert deleted.json() == {"deleted_images": [name], "affected_boards": [board]}
    for path in ("", "/metadata", "/workflow", "/urls", "/full", "/thumbnail"):
        for who in (MARA, ANN):
            answer = client.get(f"{IMAGES}/i/{name}{path}", headers=who | {"If-None-Match": etag})
            assert answer.status_code == 404, path
    assert client.patch(f"{IMAGES}/i/{name}", json={}, headers=MARA).status_code == 404
    page = client.get(f"{IMAGES}/bin", headers=MARA).json()
    assert {key: page[key] for key in ("offset", "limit", "total")} == {
        "offset": 0,
        "limit": 50,
        "total": 1,
    }
    (shown,) = page["items"]
    assert shown["image_name"] == name
    assert (shown["deleted_at"], shown["deleted_by"]) == (
        "2026-03-01T12:00:00Z",
        people["mara"].user_id,
    )
    assert (shown["board_id"], shown["image_url"]) == (board, None)
    thumbnail = client.get(f"/{shown['thumbnail_url']}", headers=MARA)
    assert thumbnail.headers["content-type"] == "image/webp"
    assert client.get(f"/{shown['thumbnail_url']}", headers=TOM).status_code == 404


def test_restoring_and_emptying_name_what_was_done(client: Client) -> None:
    first, second, third = upload(client), upload(client), upload(client)
    client.post(f"{IMAGES}/delete", json={"image_names": [first, second, third]}, headers=MARA)

    taken = client.post(f"{IMAGES}/bin/delete", json={"image_names": [third]}, headers=TOM)
    removed = client.post(
        f"{IMAGES}/bin/delete", json={"image_names": ["x.png", third]}, headers=MARA
    )
    foreign = client.post(f"{IMAGES}/bin/restore", json={"image_names": [first]}, headers=TOM)
    restored = client.post(
        f"{IMAGES}/bin/restore", json={"image_names": ["x.png", first]}, headers=MARA
    )
    emptied = client.post(f"{IMAGES}/bin/empty", headers=MARA)

    assert (taken.status_code, taken.json()) == (200, {"deleted_images": []})
    assert (removed.status_code, removed.json()) == (200, {"deleted_images": [third]})
    assert (foreign.status_code, foreign.json()) == (200, {"restored_images": []})
    assert (restored.status_code, restored.json()) == (200, {"restored_images": [first]})
    assert (emptied.status_code, emptied.json()) == (200, {"deleted_images": [second]})
    assert client.get(f"{IMAGES}/i/{first}/full", headers=MARA).status_code == 200
    assert client.get(f"{IMAGES}/bin", headers=MARA).json()["total"] == 0


def test_what_left_a_board_is_for_its_administrators(client: Client) -> None:
    board = a_board(client)
    name = upload(client, board_id=board)
    client.delete(f"{IMAGES}/i/{name}", headers=MARA)

    def left(who: dict[str, str]) -> object:
        return client.get(f"{IMAGES}/bin", params={"board_id": board}, headers=who)

    assert [i["image_name"] for i in left(MARA).json()["items"]] == [name]  # type: ignore[attr-defined]
    assert [i["image_name"] for i in left(ANN).json()["items"]] == [name]  # type: ignore[attr-defined]
    assert left(TOM).status_code == 404  # type: ignore[attr-defined]


# Archives


def test_named_pictures_come_as_one_archive(client: Client, world: World) -> None:
    names = [upload(client), upload(client)]
    hidden = upload(client, TOM)

    item = ask(client, image_names=[names[1], hidden, names[0], "x.png", names[1]])
    answer = client.get(f"{IMAGES}/download/{item}", headers=MARA)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="images.zip"'
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert "content-length" not in answer.headers
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [names[1], names[0]]
        for name in names:
            with world.storage.open(name, Rendition.FULL) as stream:  # type: ignore[arg-type]
                assert archive.read(name) == stream.read()
            assert read_png(archive.read(name)).values == bytes(36)


def test_a_board_comes_under_its_name(client: Client) -> None:
    board = a_board(client, name='Круги / "rings"\r\nX: y')
    name = upload(client, board_id=board)
    upload(client, board_id=board, is_intermediate="true")

    answer = client.get(f"{IMAGES}/download/{ask(client, board_id=board)}", headers=MARA)

    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="_____ _ _rings___X_ y.zip"; ')
    assert "filename*=UTF-8''%D0%9A%D1%80%D1%83%D0%B3%D0%B8" in disposition
    assert "x" not in {header.lower() for header in answer.headers}
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == [name]


def test_an_archive_is_its_requesters_for_a_day(client: Client, world: World) -> None:
    item = ask(client, image_names=[upload(client)])
    path = f"{IMAGES}/download/{item}"

    assert client.get(path, headers=TOM).status_code == 404
    assert client.get(path, headers=ANN).status_code == 404
    assert client.get(path, headers=MARA).status_code == 200
    world.clock.advance(24 * 3600)
    assert client.get(path, headers=MARA).status_code == 404
    assert world.downloads.forget_old() == 0
    world.clock.advance(1)
    assert world.downloads.forget_old() == 1


def test_where_nothing_is_left_to_pack_there_is_no_archive(client: Client, world: World) -> None:
    name, hidden = upload(client), upload(client, TOM)
    item, foreign = ask(client, image_names=[name]), ask(client, image_names=[hidden])
    client.delete(f"{IMAGES}/i/{name}", headers=MARA)

    for each in (item, foreign, "unknown.zip", "unknown"):
        answer = client.get(f"{IMAGES}/download/{each}", headers=MARA)
        assert answer.status_code == 404, each
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_board_that_was_lost_meanwhile_is_not_packed(
    client: Client, world: World, people: dict[str, Principal]
) -> None:
    board = a_board(client)
    upload(client, board_id=board)
    share = {"user_ids": [people["tom"].user_id], "permission": "read"}
    client.post(f"/api/v1/boards/{board}/share", json=share, headers=MARA)
    item = ask(client, TOM, board_id=board)
    assert client.get(f"{IMAGES}/download/{item}", headers=TOM).status_code == 200

    client.delete(f"/api/v1/boards/{board}/share/{people['tom'].user_id}", headers=MARA)

    assert client.get(f"{IMAGES}/download/{item}", headers=TOM).status_code == 404
    again = client.post(f"{IMAGES}/download", json={"board_id": board}, headers=TOM)
    assert again.status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"image_names": []},
        {"image_names": ["a.png"], "board_id": "b"},
        {"image_names": ["a.png"] * 1001},
        {"other": 1},
    ],
)
def test_an_archive_is_of_pictures_or_of_a_board(client: Client, body: object) -> None:
    assert client.post(f"{IMAGES}/download", json=body, headers=MARA).status_code == 422


def test_files_that_go_while_it_is_packed_are_left_out(
    client: Client, world: World, people: dict[str, Principal]
) -> None:
    names = [upload(client) for _ in range(3)]
    download = world.downloads.ask(people["mara"], image_names=names)  # type: ignore[arg-type]
    packed = world.downloads.pack(people["mara"], download.download_id)

    image, stream = next(packed)
    stream.close()
    world.storage.remove(names[1])  # type: ignore[arg-type]

    left = [image.image_name]
    for image, stream in packed:
        stream.close()
        left.append(image.image_name)
    assert left == [names[0], names[2]]


def test_who_loses_sight_while_it_is_packed_gets_no_more(
    world: World, people: dict[str, Principal]
) -> None:
    owner, guest = people["mara"], people["tom"]
    board = world.board(owner)
    world.grant(board, guest, Permission.READ)
    images = [world.image(owner, board) for _ in range(150)]
    download = world.downloads.ask(guest, board_id=board.board_id)
    packed = world.downloads.pack(guest, download.download_id)
    next(packed)[1].close()

    world.revoke(board, guest)

    left = 0
    for _, stream in packed:
        stream.close()
        left += 1
    assert left == 99  # of the hundred that were looked at before
    assert len(images) == 150


def test_an_archive_is_made_while_it_is_sent() -> None:
    opened = []

    def files() -> Iterator[tuple[str, object, io.BytesIO]]:
        for number in range(20):
            opened.append(number)
            yield f"{number}.png", NOON, io.BytesIO(bytes([number]) * 1_000_000)

    pieces, most = [], 0
    for piece in zipped(files()):  # type: ignore[arg-type]
        pieces.append(piece)
        most = max(most, len(piece))
        if len(pieces) == 3:
            assert opened == [0]

    assert most < 400_000
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 20


def test_an_archive_that_nobody_wants_any_more_closes_its_file() -> None:
    content = io.BytesIO(bytes(1_000_000))
    making = zipped([("a.png", NOON, content)])
    next(making)

    making.close()  # type: ignore[attr-defined]

    assert content.closed


def test_hostile_names_are_no_pictures_and_no_archives(client: Client) -> None:
    for name in hostile_names():
        if any(ord(sign) < 32 for sign in name) or not name.strip("/."):
            continue
        for template in ("/bin/i/{}/thumbnail", "/download/{}", "/i/{}/full", "/i/{}/thumbnail"):
            path = IMAGES + template.format(name.replace("?", "%3f").replace("#", "%23"))
            answer = client.get(path, headers=MARA)
            assert answer.status_code in {400, 404, 405}, path
        body = {"image_names": [name]}
        assert client.post(f"{IMAGES}/bin/restore", json=body, headers=MARA).json() == {
            "restored_images": []
        }
