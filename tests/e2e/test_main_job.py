"""The main job, over HTTP only: from a fresh root to a real picture, seen by those who may see it."""

import io

import httpx
import numpy as np
from PIL import Image

from tests.e2e.running import (
    PASSWORD,
    RunningServer,
    add_person,
    first_administrator,
    until_finished,
)
from tests.e2e.server_events import server_sent_events
from training.check import look

PROMPT = "a red circle on a white background"


def enqueue(client: httpx.Client, board_id: str | None, seed: int, **more: object) -> int:
    generation = {"model": "demo-shapes", "prompt": PROMPT, "seed": seed, "board_id": board_id}
    answer = client.post(
        "/api/v1/queue/default/enqueue_batch", json={"batch": {"generation": generation | more}}
    )
    assert answer.status_code == 201, answer.text
    (item_id,) = answer.json()["item_ids"]
    return int(item_id)


def picture(client: httpx.Client, image_name: str) -> Image.Image:
    answer = client.get(f"/api/v1/images/i/{image_name}/full")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    return Image.open(io.BytesIO(answer.content)).convert("RGB")


def test_from_a_fresh_root_to_a_red_circle_that_is_shared_and_taken_back(
    server: RunningServer,
) -> None:
    status = httpx.get(f"{server.url}/api/v1/auth/status").json()
    assert status["setup_required"]
    assert status["multiuser_enabled"]

    ada = first_administrator(server)
    assert not httpx.get(f"{server.url}/api/v1/auth/status").json()["setup_required"]
    kim = add_person(ada, server, "kim@example.com")
    lee = add_person(ada, server, "lee@example.com")

    board = kim.post("/api/v1/boards/", params={"board_name": "Shapes"})
    assert board.status_code == 201
    board_id = board.json()["board_id"]

    first = until_finished(kim, enqueue(kim, board_id, seed=7))
    assert first["status"] == "completed", first
    (image_name,) = first["image_names"]
    image = kim.get(f"/api/v1/images/i/{image_name}").json()
    assert image["board_id"] == board_id

    drawn = picture(kim, image_name)
    seen = look(np.asarray(drawn))
    assert (seen.colour, seen.shape, seen.ground) == ("red", "circle", "white")

    second = until_finished(kim, enqueue(kim, board_id, seed=7))
    assert picture(kim, second["image_names"][0]).tobytes() == drawn.tobytes()
    third = until_finished(kim, enqueue(kim, board_id, seed=8))
    assert picture(kim, third["image_names"][0]).tobytes() != drawn.tobytes()

    path = f"/api/v1/images/i/{image_name}"
    assert lee.get(path).status_code == 404
    assert lee.get(f"{path}/full").status_code == 404
    assert lee.get(f"/api/v1/boards/{board_id}").status_code == 404

    lees_id = lee.get("/api/v1/auth/me").json()["user_id"]
    share = {"user_ids": [lees_id], "permission": "read"}
    assert kim.post(f"/api/v1/boards/{board_id}/share", json=share).status_code == 200
    assert lee.get(path).status_code == 200
    assert picture(lee, image_name).tobytes() == drawn.tobytes()
    assert lee.delete(path).status_code == 403

    assert kim.delete(f"/api/v1/boards/{board_id}/share/{lees_id}").status_code == 204
    assert lee.get(path).status_code == 404
    assert lee.get(f"{path}/full").status_code == 404
    assert kim.get(path).status_code == 200


def test_a_weak_change_of_a_picture_stays_closer_to_it_than_a_strong_one(
    server: RunningServer,
) -> None:
    ada = first_administrator(server)
    start = until_finished(ada, enqueue(ada, None, seed=7))["image_names"][0]

    away = []
    for strength in (0.1, 0.9):
        init = {"image_name": start, "strength": strength}
        prompt = "a large green heart on a black background"
        item_id = enqueue(ada, None, seed=8, prompt=prompt, init_image=init)
        made = picture(ada, until_finished(ada, item_id)["image_names"][0])
        difference = np.asarray(made, float) - np.asarray(picture(ada, start), float)
        away.append(np.abs(difference).mean())

    assert away[1] > 3 * away[0]


def test_progress_and_previews_arrive_while_a_picture_is_made(server: RunningServer) -> None:
    ada = first_administrator(server)

    with ada.stream("GET", "/api/v1/queue/default/events") as stream:
        events = server_sent_events(stream.iter_lines())
        item_id = enqueue(ada, None, seed=1, steps=60)
        steps = []
        for event in events:
            name, body = event.name, event.body
            if name == "invocation_progress" and body["item_id"] == item_id:
                steps.append(body["step"])
                assert body["steps"] == 60
                if body["preview"]:
                    assert body["preview"].startswith("data:image/webp;base64,")
            if name == "queue_item_status_changed" and body["status"] == "completed":
                break

    assert steps == sorted(steps)
    assert steps


def test_a_canceled_job_stops_and_leaves_no_picture(server: RunningServer) -> None:
    ada = first_administrator(server)

    with ada.stream("GET", "/api/v1/queue/default/events") as stream:
        events = server_sent_events(stream.iter_lines())
        item_id = enqueue(ada, None, seed=1, steps=150)
        for event in events:
            name, body = event.name, event.body
            if name == "invocation_progress" and body["item_id"] == item_id:
                break
        answer = ada.put(f"/api/v1/queue/default/i/{item_id}/cancel")
        assert answer.status_code == 200
        assert answer.json()["status"] == "canceled"

    assert ada.put(f"/api/v1/queue/default/i/{item_id}/cancel").status_code == 409
    assert ada.get("/api/v1/images/").json()["total"] == 0


def test_the_password_of_the_first_administrator_signs_in_and_a_wrong_one_does_not(
    server: RunningServer,
) -> None:
    first_administrator(server)
    url = f"{server.url}/api/v1/auth/login"

    right = httpx.post(url, json={"email": "ADMIN@example.com", "password": PASSWORD})
    wrong = httpx.post(url, json={"email": "admin@example.com", "password": PASSWORD + "x"})
    unknown = httpx.post(url, json={"email": "nobody@example.com", "password": PASSWORD})

    assert right.status_code == 200
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


def test_a_server_that_is_told_to_stop_exits_with_0_and_leaves_one_database_file(
    server: RunningServer,
) -> None:
    first_administrator(server)

    assert server.stop() == 0

    assert [file.name for file in (server.root / "databases").iterdir()] == ["invokeai.db"]
