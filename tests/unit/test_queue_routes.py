"""The queue over HTTP, with a sign-in that takes the user's id for a token."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.testing import TestClient

from invoke_apps.web._call import provide_call
from invoke_apps.web.errors import HANDLERS
from invoke_apps.web.guard import guard
from invoke_apps.web.routes import queue
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.principals import Principal
from invoke_core.errors import Unauthenticated
from invoke_core.testing.builders import a_principal
from tests.queue_world import SMALL, World
from tests.unit.whole_app import UNLIMITED

Ask = Callable[..., httpx.Response]


@pytest.fixture
def world() -> World:
    return World(max_queue_size=5)


@pytest.fixture
def client(world: World) -> Iterator[TestClient[Any]]:
    def authenticate(token: str | None, address: object, **_: object) -> Any:
        if not token:
            raise Unauthenticated("Sign in first.")
        with world.database.reading() as work:
            return a_principal(work.users.get(UserId(token))), None

    settings = SimpleNamespace(multiuser=True, session_absolute_days=30)
    app = SimpleNamespace(
        queue=world.queue,
        queue_care=world.care,
        sign_in=SimpleNamespace(authenticate=authenticate),
        settings=settings,
    )
    litestar = Litestar(
        [queue.router],
        dependencies={"call": Provide(provide_call, sync_to_thread=False)},
        exception_handlers=HANDLERS,
        middleware=[guard],
        state=State({"application": app, "limiter": UNLIMITED}),
    )
    with TestClient(litestar, base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
def ask(client: TestClient[Any]) -> Ask:
    def ask(principal: Principal, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {principal.user_id}"}
        headers |= more.pop("headers", {})
        return client.request(method, f"/api/v1/queue/default/{path}", headers=headers, **more)

    return ask


def a_batch(world: World, **changes: Any) -> dict[str, Any]:
    generation = {"model": world.model.name, "prompt": "a red circle", "width": 64, "height": 64}
    return {"batch": {"generation": {**generation, "seed": 7, **changes}, "runs": 2}}


def test_enqueueing_answers_201_with_the_settled_batch(world: World, ask: Ask) -> None:
    answer = ask(world.person(), "POST", "enqueue_batch", json=a_batch(world))

    assert answer.status_code == 201
    body = answer.json()
    assert (body["queue_id"], body["enqueued"], body["requested"]) == ("default", 2, 2)
    assert body["item_ids"] == sorted(body["item_ids"])
    assert body["batch"]["generation"]["model"] == world.model.key
    assert body["batch"]["generation"]["steps"] == 30


@pytest.mark.parametrize("changes", [{"width": 63}, {"steps": 0}, {"colour": "red"}])
def test_a_wrong_or_unknown_field_is_422(world: World, ask: Ask, changes: dict[str, Any]) -> None:
    answer = ask(world.person(), "POST", "enqueue_batch", json=a_batch(world, **changes))

    assert answer.status_code == 422
    assert world.queue.status(world.administrator).counts.total == 0


def test_an_unknown_model_is_404_and_a_full_queue_429(world: World, ask: Ask) -> None:
    person = world.person()
    unknown = ask(person, "POST", "enqueue_batch", json=a_batch(world, model="nothing"))
    too_many = {**a_batch(world)}
    too_many["batch"]["runs"] = 6

    assert unknown.status_code == 404
    assert ask(person, "POST", "enqueue_batch", json=too_many).status_code == 429


def test_another_queue_is_404(world: World, client: TestClient[Any]) -> None:
    headers = {"Authorization": f"Bearer {world.person().user_id}"}

    assert client.get("/api/v1/queue/other/status", headers=headers).status_code == 404
    assert client.get("/api/v1/queue/default/status").status_code == 401


def test_the_status_counts_and_names_the_current_job_to_its_owner(world: World, ask: Ask) -> None:
    person = world.person()
    first, _ = world.enqueue(person, runs=2)
    world.claim(world.worker())

    own = ask(person, "GET", "status").json()
    others = ask(world.person(), "GET", "status").json()

    assert own["queue"]["item_id"] == first
    assert (own["queue"]["pending"], own["queue"]["user_in_progress"]) == (1, 1)
    assert own["processor"] == {"is_started": True, "is_processing": True}
    assert others["queue"]["item_id"] is None
    assert others["queue"]["pending"] == 1


def test_other_peoples_jobs_are_redacted(world: World, ask: Ask) -> None:
    person = world.person()
    (item_id,) = world.enqueue(person, destination="canvas")

    (item,) = ask(world.person(), "GET", "list_all").json()
    own = ask(person, "GET", f"i/{item_id}").json()

    assert item["user_id"] == item["batch_id"] == item["session_id"] == "redacted"
    assert item["generation"] is None
    assert item["destination"] is None
    assert own["generation"]["prompt"] == "a red circle"
    assert own["position"] == 1
    assert own["image_names"] == []


def test_lists_of_others_are_for_administrators(world: World, ask: Ask) -> None:
    person = world.person()
    world.enqueue(person)
    path = f"list_all?user_id={person.user_id}"

    assert ask(world.person(), "GET", path).status_code == 403
    assert len(ask(world.administrator, "GET", path).json()) == 1


def test_numbers_and_jobs_by_number(world: World, ask: Ask) -> None:
    person = world.person()
    item_ids = list(world.enqueue(person, runs=2))

    numbers = ask(person, "GET", "item_ids").json()
    items = ask(person, "POST", "items_by_ids", json={"item_ids": [item_ids[1], 999]})
    short = ask(person, "POST", "item_summaries_by_ids", json={"item_ids": item_ids})

    assert numbers == {"item_ids": item_ids[::-1], "total_count": 2}
    assert items.status_code == 200
    assert [item["item_id"] for item in items.json()] == [item_ids[1]]
    assert "generation" not in short.json()[0]


def test_current_and_next_are_null_where_there_is_none(world: World, ask: Ask) -> None:
    person = world.person()

    assert ask(person, "GET", "current").json() is None
    assert ask(person, "GET", "next").json() is None
    first, second = world.enqueue(person, runs=2)
    world.claim(world.worker())
    assert ask(person, "GET", "current").json()["item_id"] == first
    assert ask(person, "GET", "next").json()["item_id"] == second


def test_canceling(world: World, ask: Ask) -> None:
    person = world.person()
    (item_id,) = world.enqueue(person)

    assert ask(world.person(), "PUT", f"i/{item_id}/cancel").status_code == 403
    assert ask(person, "PUT", f"i/{item_id}/cancel").json()["status"] == "canceled"
    assert ask(person, "PUT", f"i/{item_id}/cancel").status_code == 409
    assert ask(person, "PUT", "i/999/cancel").status_code == 404


def test_canceling_many(world: World, ask: Ask) -> None:
    person = world.person()
    batch = world.queue.enqueue(person, world.wish(runs=2))
    world.enqueue(person, destination="d")
    world.enqueue(person)

    by_batch = ask(person, "PUT", "cancel_by_batch_ids", json={"batch_ids": [batch.batch_id]})
    by_destination = ask(person, "PUT", "cancel_by_destination?destination=d")

    assert by_batch.json() == {"canceled": 2}
    assert by_destination.json() == {"canceled": 1}
    assert ask(person, "PUT", "cancel_all_except_current").json() == {"canceled": 1}
    counts = ask(person, "GET", f"b/{batch.batch_id}/status").json()
    assert (counts["canceled"], counts["total"]) == (2, 2)
    assert ask(person, "GET", "counts_by_destination?destination=d").json()["canceled"] == 1


def test_forgetting_and_retrying(world: World, ask: Ask) -> None:
    person = world.person()
    first, second = world.enqueue(person, runs=2)
    job = world.claim(world.worker())
    world.results.complete(job, SMALL, 1.0)
    world.queue.cancel(person, second)

    retried = ask(person, "PUT", "retry_items_by_id", json=[first, second])
    assert retried.json() == {"queue_id": "default", "retried_item_ids": [second]}
    assert ask(person, "PUT", "prune").json() == {"deleted": 2}
    (left,) = ask(person, "GET", "item_ids").json()["item_ids"]
    assert ask(person, "DELETE", f"i/{left}").status_code == 204
    assert ask(person, "PUT", "clear").json() == {"deleted": 0}


def test_pausing_is_for_administrators(world: World, ask: Ask) -> None:
    assert ask(world.person(), "PUT", "processor/pause").status_code == 403
    paused = ask(world.administrator, "PUT", "processor/pause").json()
    assert paused == {"is_started": False, "is_processing": False}
    assert ask(world.administrator, "PUT", "processor/resume").json()["is_started"]


def test_a_submission_sent_again_with_its_key_is_answered_alike(world: World, ask: Ask) -> None:
    person, headers = world.person(), {"Idempotency-Key": "abc"}

    def send(**changes: Any) -> httpx.Response:
        batch = a_batch(world, **changes)
        return ask(person, "POST", "enqueue_batch", json=batch, headers=headers)

    first, again = send(), send()

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert world.flow(person).pending == 2
    assert send(prompt="another").status_code == 409


def test_an_administrator_sees_and_changes_shares(world: World, ask: Ask) -> None:
    person, admin = world.person(), world.administrator
    world.enqueue(person, runs=2)

    changed = ask(admin, "PATCH", f"users/{person.user_id}", json={"weight": 2, "max_running": 1})
    seen = ask(admin, "GET", "overview")

    assert changed.status_code == 200
    assert (changed.json()["weight"], changed.json()["max_running"]) == (2.0, 1)
    (row,) = seen.json()["items"]
    assert set(row) >= {
        "user_id", "display_name", "pending", "in_progress", "gpu_seconds", "share", "fair_share",
        "expected_wait_seconds",
    }  # fmt: skip
    assert (row["user_id"], row["pending"], row["fair_share"]) == (person.user_id, 2, 1.0)
    assert seen.json()["fairness_gap"] <= seen.json()["fairness_bound"]
    assert (row["group"], seen.json()["groups"]) == (None, [])
    of_another = ask(admin, "GET", f"overview?user_id={admin.user_id}").json()
    assert of_another["items"] == []
    assert ask(admin, "GET", f"overview?user_id={person.user_id}").json()["items"] == [row]
    assert seen.json()["wait_accuracy"] is None  # nothing that was shown has started yet
    cleared = ask(admin, "PATCH", f"users/{person.user_id}", json={"max_running": None})
    assert cleared.json()["max_running"] is None
    assert ask(admin, "PATCH", "users/nobody", json={}).status_code == 404
    assert ask(admin, "PATCH", f"users/{person.user_id}", json={"weight": 0}).status_code == 422
    assert ask(person, "GET", "overview").status_code == 403
    assert ask(person, "PATCH", f"users/{person.user_id}", json={}).status_code == 403
