import io
import json
import zipfile

import pytest

from invoke_core.domain.audit import AuditAction, AuditQuery
from invoke_core.domain.boards import Permission
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.principals import Principal
from invoke_core.errors import Forbidden, NotFound
from invoke_core.services import exports as module
from invoke_core.services.exports import ExportService
from invoke_core.testing.builders import a_style_preset, a_workflow
from tests.unit.picture_world import PNG, World


@pytest.fixture
def world() -> World:
    return World()


def service(world: World) -> ExportService:
    return ExportService(world.database.reading, world.database.writing, world.storage, world.clock)


def archive(world: World, who: Principal, of: Principal) -> zipfile.ZipFile:
    parts = service(world).export(who, of.user_id)
    return zipfile.ZipFile(io.BytesIO(b"".join(parts)))


def test_everything_of_an_account_is_in_the_archive(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STRETCH", 2)
    person, guest = world.person(display_name="Ada"), world.person()
    board = world.board(person, name="Shapes", archived=True)
    world.grant(board, guest, Permission.READ)
    sent = [
        world.images.upload(
            person,
            PNG,
            category="general",
            board_id=board.board_id if n else None,
            metadata=json.dumps({"seed": n}),
        )
        for n in range(3)
    ]
    world.image(guest, board)
    with world.database.writing() as work:
        user = work.users.get(person.user_id)
        workflow = a_workflow(work, user, document='{"name":  "As it was"}')
        preset = a_style_preset(work, user)

    with archive(world, person, person) as packed:
        assert packed.testzip() is None
        manifest = json.loads(packed.read("manifest.json"))
        lines = [json.loads(line) for line in packed.read("images.jsonl").splitlines()]
        names = set(packed.namelist())
        document = packed.read(f"workflows/{workflow.workflow_id}.json")
        first = packed.read(f"images/{sent[0].image_name}")

    assert (manifest["format"], manifest["images"]) == (1, 3)
    assert manifest["account"]["display_name"] == "Ada"
    assert [(b["name"], b["archived"]) for b in manifest["boards"]] == [("Shapes", True)]
    assert manifest["boards"][0]["shares"][0]["permission"] == "read"
    assert {line["image_name"]: line["metadata"]["seed"] for line in lines} == {
        image.image_name: n for n, image in enumerate(sent)
    }
    assert document == b'{"name":  "As it was"}'
    assert [w["name"] for w in manifest["workflows"]] == [workflow.name]
    assert [p["name"] for p in manifest["style_presets"]] == [preset.name]
    assert names == {
        "manifest.json",
        f"workflows/{workflow.workflow_id}.json",
        "images.jsonl",
        *(f"images/{image.image_name}" for image in sent),
    }
    assert first.startswith(b"\x89PNG")


def test_it_leaves_in_parts_and_passes_over_what_goes_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STRETCH", 1)
    person = world.person()
    first, second = world.image(person), world.image(person)

    parts = service(world).export(person, person.user_id)
    begun = next(parts)
    world.images.delete(person, second.image_name)
    whole = begun + b"".join(parts)

    with zipfile.ZipFile(io.BytesIO(whole)) as packed:
        assert f"images/{first.image_name}" in packed.namelist()
        assert f"images/{second.image_name}" not in packed.namelist()


def test_no_secret_is_in_the_archive(world: World) -> None:
    person = world.person(password_hash="a secret hash")

    with archive(world, person, person) as packed:
        assert b"secret" not in packed.read("manifest.json")


def test_administrators_export_anybody_and_people_themselves(world: World) -> None:
    person, other, administrator = world.person(), world.person(), world.administrator()

    archive(world, administrator, person).close()
    archive(world, person, person).close()

    with pytest.raises(Forbidden):
        service(world).export(other, person.user_id)
    with pytest.raises(NotFound):
        service(world).export(administrator, UserId("nobody"))
    with world.database.reading() as work:
        entries = work.audit.list(AuditQuery(action=AuditAction.ASSETS_EXPORT))
    assert [entry.actor.user_id for entry in entries] == [person.user_id, administrator.user_id]
