"""Ids inside requests are checked as the thing itself would be, when they come and when they count (C21)."""

import re
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import attrs
import pytest

from invoke_core.domain.boards import Permission
from invoke_core.domain.generation import GenerationWish, InitImage
from invoke_core.domain.pixels import Pixels
from invoke_core.domain.queue import BatchWish
from invoke_core.errors import NotFound
from tests.unit.matrix.cells import run
from tests.unit.matrix.schemas import document
from tests.unit.matrix.table import Row

REFERENCE = re.compile(
    r"(_id|_ids|_name|_names|model|vae|transfer_to|actor|target|key|token)(\[\])?$"
)
QUEUE = "/api/v1/queue/{queue_id}"
IMAGES = "/api/v1/images"
DRAWN = {"model": "{model}", "prompt": "a blue square", "width": 64, "height": 64, "steps": 2}


def drawn(**changes: Any) -> dict[str, Any]:
    return {"batch": {"generation": {**DRAWN, **changes}}}


@attrs.frozen
class Reference:
    """A field that names a thing, filled with one that the person asking may not know of."""

    row: Row
    field: str
    status: int  # 404: as if there were none; 200 or 201: passed over; 422: no value for the field
    by: str = "other"


def of(route: str, field: str, status: int, by: str = "other", **sent: Any) -> Reference:
    return Reference(Row(route, "", "", "", **sent), field, status, by)


NAMES = {"image_names": ["{loose}"]}
UNKNOWN_USER = {"user_ids": ["nobody"], "permission": "read"}
OTHERS = {"board_id": "other_board"}
REFERENCES = [
    of("PATCH /api/v1/boards/{board_id}", "cover_image_name", 422, names=OTHERS,
       json={"cover_image_name": "{image}"}),
    of("POST /api/v1/boards/{board_id}/share", "user_ids[]", 404, names=OTHERS, json=UNKNOWN_USER),
    of(f"POST {IMAGES}/upload", "board_id", 404, files={"file": "picture"},
       params={"image_category": "user", "board_id": "{board}"}),
    of(f"GET {IMAGES}", "board_id", 404, params={"board_id": "{board}"}),
    of(f"GET {IMAGES}/names", "board_id", 404, params={"board_id": "{board}"}),
    of(f"POST {IMAGES}/images_by_names", "image_names[]", 200, json=NAMES),
    of(f"POST {IMAGES}/delete", "image_names[]", 200, json=NAMES),
    of(f"POST {IMAGES}/star", "image_names[]", 200, json=NAMES),
    of(f"POST {IMAGES}/unstar", "image_names[]", 200, json={"image_names": ["{starred}"]}),
    of(f"GET {IMAGES}", "user_id", 200, params={"user_id": "{user:owner}"}),
    of(f"GET {IMAGES}/names", "user_id", 200, params={"user_id": "{user:owner}"}),
    of(f"GET {IMAGES}", "model", 200, params={"model": "{model}"}),
    of(f"GET {IMAGES}/names", "model", 200, params={"model": "{model}"}),
    of(f"GET {IMAGES}/bin", "board_id", 404, params={"board_id": "{board}"}),
    of(f"POST {IMAGES}/bin/restore", "image_names[]", 200, json={"image_names": ["{binned}"]}),
    of(f"POST {IMAGES}/bin/delete", "image_names[]", 200, json={"image_names": ["{binned}"]}),
    of(f"POST {IMAGES}/download", "board_id", 404, json={"board_id": "{board}"}),
    of("POST /api/v1/board_images", "board_id", 404,
       json={"board_id": "{board}", "image_name": "{other_image}"}),
    of("POST /api/v1/board_images", "image_name", 404,
       json={"board_id": "{other_board}", "image_name": "{loose}"}),
    of("DELETE /api/v1/board_images", "image_name", 404, json={"image_name": "{image}"}),
    of("POST /api/v1/board_images/batch", "board_id", 404,
       json={"board_id": "{board}", "image_names": ["{other_image}"]}),
    of("POST /api/v1/board_images/batch", "image_names[]", 201,
       json={"board_id": "{other_board}", "image_names": ["{image}", "{loose}"]}),
    of("POST /api/v1/board_images/batch/delete", "image_names[]", 201, json={"image_names": ["{image}"]}),
    of("PATCH /api/v2/models/i/{key}", "default_settings.vae", 422, "admin",
       json={"default_settings": {"vae": "{model}"}}),
    of(f"POST {QUEUE}/enqueue_batch", "batch.generation.model", 404, json=drawn(model="unknown")),
    of(f"POST {QUEUE}/enqueue_batch", "batch.generation.board_id", 404, json=drawn(board_id="{board}")),
    of(f"POST {QUEUE}/enqueue_batch", "batch.generation.init_image.image_name", 404,
       json=drawn(init_image={"image_name": "{loose}"})),
    of(f"POST {QUEUE}/enqueue_batch", "batch.generation.loras[].model", 404,
       json=drawn(loras=[{"model": "{model}"}])),
    of(f"POST {QUEUE}/enqueue_batch", "batch.generation.mask_image_name", 404,
       json=drawn(init_image={"image_name": "{other_image}"}, mask_image_name="{loose}")),
    of(f"POST {QUEUE}/enqueue_batch", "batch.generation.controlnets[].model", 404,
       json=drawn(controlnets=[{"model": "{model}", "image_name": "{other_image}"}])),
    of(f"POST {QUEUE}/enqueue_batch", "batch.generation.controlnets[].image_name", 404,
       json=drawn(controlnets=[{"model": "{controlnet}", "image_name": "{loose}"}])),
    of(f"POST {QUEUE}/enqueue_batch", "batch.generation.ip_adapters[].model", 404,
       json=drawn(ip_adapters=[{"model": "{model}", "image_name": "{other_image}"}])),
    of(f"POST {QUEUE}/enqueue_batch", "batch.generation.ip_adapters[].image_name", 404,
       json=drawn(ip_adapters=[{"model": "{ip_adapter}", "image_name": "{loose}"}])),
    of(f"POST {QUEUE}/enqueue_batch", "batch.generation.vae", 404, json=drawn(vae="{model}")),
    of(f"GET {QUEUE}/list_all", "user_id", 403, params={"user_id": "{user:owner}"}),
    of(f"GET {QUEUE}/item_ids", "user_id", 403, params={"user_id": "{user:owner}"}),
    of(f"GET {QUEUE}/overview", "user_id", 200, "admin", params={"user_id": "nobody"}),
    of(f"POST {QUEUE}/items_by_ids", "item_ids[]", 200, json={"item_ids": ["{job}"]}),
    of(f"POST {QUEUE}/item_summaries_by_ids", "item_ids[]", 200, json={"item_ids": ["{job}"]}),
    of(f"PUT {QUEUE}/cancel_all_except_current", "user_id", 403, params={"user_id": "{user:owner}"}),
    of(f"PUT {QUEUE}/clear", "user_id", 403, params={"user_id": "{user:owner}"}),
    of(f"PUT {QUEUE}/prune", "user_id", 403, params={"user_id": "{user:owner}"}),
    of(f"PUT {QUEUE}/cancel_by_batch_ids", "batch_ids[]", 200, json={"batch_ids": ["{batch:job}"]}),
    of(f"PUT {QUEUE}/retry_items_by_id", "[]", 200, json=["{failed}"]),
    of("POST /api/v1/boards/{board_id}/transfer", "user_id", 404, names=OTHERS, json={"user_id": "nobody"}),
    of("POST /api/v1/system/assets/transfer", "from_user_id", 404, "admin",
       json={"from_user_id": "nobody", "to_user_id": "{user:other}"}),
    of("POST /api/v1/system/assets/transfer", "to_user_id", 404, "admin",
       json={"from_user_id": "{user:owner}", "to_user_id": "nobody"}),
    of("POST /api/v1/system/assets/transfer", "board_ids[]", 400, "admin",
       json={"from_user_id": "{user:owner}", "to_user_id": "{user:other}", "board_ids": ["{other_board}"]}),
    of("DELETE /api/v1/auth/users/{user_id}", "transfer_to", 404, "admin",
       params={"transfer_to": "nobody"}),
    of("POST /api/v1/auth/invitations/accept", "token", 400, "anonymous",
       json={"token": "{reset_token}", "password": "{new_password}"}),
    of("POST /api/v1/auth/password-reset", "token", 400, "anonymous",
       json={"token": "{invitation_token}", "new_password": "{new_password}"}),
    of("POST /api/v1/auth/password-strength", "token", 400, "anonymous",
       json={"token": "unknown", "password": "{new_password}"}),
]  # fmt: skip

NAMES_NOTHING = {
    "display_name", "board_name", "name",  # words of one's own
    "session_id",  # of an image: a run's number, InvokeAI's label, which leads nowhere
    "key",  # under which a client of one's own remembers something
    "actor", "target",  # of the audit log, administrators' alone: a search
}  # fmt: skip
"""Fields that are called like ids and are none."""

ASKED_LATER = {(f"POST {IMAGES}/download", "image_names[]")}
"""When the archive is packed: below."""


def test_every_field_that_names_something_is_tried(world):
    tried = ASKED_LATER | {(reference.row.route, reference.field) for reference in REFERENCES}

    forgotten = sorted(
        f"{field.route} {field.name}"
        for field in document(world).fields()
        if REFERENCE.search(field.name)
        and field.schema.get("type") not in {"array", "object"}
        and field.name not in NAMES_NOTHING
        and (field.route, field.name) not in tried
    )

    assert forgotten == [], "add them to REFERENCES, or with the reason to NAMES_NOTHING"


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda each: f"{each.row.route} {each.field}")
def test_what_one_may_not_know_of_is_not_there_and_nothing_happens(world, reference):
    cell = run(world, reference.row, reference.by)

    assert cell.answer.status_code == reference.status, cell.answer.text
    assert cell.changed == []
    if reference.status == 200:
        assert "canary" not in cell.answer.text


def test_an_archive_holds_nothing_that_one_may_not_see(world):
    world.restore()
    names = [world.things[name] for name in ("loose", "image", "other_image")]

    asked = world.ask("other", "POST", f"{IMAGES}/download", json={"image_names": names})

    path = f"{IMAGES}/download/{asked.json()['bulk_download_item_name']}"
    with ZipFile(BytesIO(world.ask("other", "GET", path).content)) as packed:
        assert packed.namelist() == [world.things["other_image"]]


def test_a_grant_that_ends_before_the_job_runs_takes_board_and_picture_away(world):
    world.restore()
    app, things = world.app, world.things
    writer = world.who("writer")
    init = InitImage(image_name=things["image"], strength=0.5)
    wish = GenerationWish(
        model=things["model"], prompt="p", width=64, height=64, steps=2, board_id=things["board"]
    )
    (with_picture,) = app.queue.enqueue(
        writer, BatchWish(generation=attrs.evolve(wish, init_image=init))
    ).item_ids
    (onto_board,) = app.queue.enqueue(writer, BatchWish(generation=wish)).item_ids
    app.boards.unshare(world.who("owner"), things["board"], world.user_ids["writer"])
    app.queue.cancel_all_except_current(world.who("owner"))  # so that the writer's turn comes

    claimed = [*app.dispatcher.claim("worker", "cpu"), *app.dispatcher.claim("worker", "cpu")]

    assert [job.item_id for job in claimed] == [with_picture, onto_board]
    with pytest.raises(NotFound):
        app.requests.prepare(claimed[0])
    image = app.results.complete(claimed[1], Pixels(width=8, height=8, rgb=bytes(192)), 1.0)
    assert image.board_id is None
    assert image.owner_id == world.user_ids["writer"]


def test_a_lesser_grant_is_no_leave_to_add_either(world):
    world.restore()
    app, things = world.app, world.things
    wish = GenerationWish(
        model=things["model"], prompt="p", width=64, height=64, steps=2, board_id=things["board"]
    )
    app.queue.enqueue(world.who("writer"), BatchWish(generation=wish))
    owner, writer_id = world.who("owner"), world.user_ids["writer"]
    app.boards.share(owner, things["board"], user_ids=[writer_id], permission=Permission.READ)
    app.queue.cancel_all_except_current(owner)

    (claimed,) = app.dispatcher.claim("worker", "cpu")

    image = app.results.complete(claimed, Pixels(width=8, height=8, rgb=bytes(192)), 1.0)
    assert image.board_id is None
