import json
import math
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.testing import TestClient

from invoke_adapters.memory import MemoryDatabase
from invoke_adapters.model_files import LocalModelFiles
from invoke_apps.cli.admin import main
from invoke_apps.settings import Settings
from invoke_apps.web._call import provide_call
from invoke_apps.web.errors import HANDLERS
from invoke_apps.web.guard import guard
from invoke_apps.web.routes import models as routes
from invoke_core.domain.generation import GenerationLimits
from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.model_settings import require_settings_within
from invoke_core.domain.models import (
    BaseModel,
    BundledModel,
    DefaultSettings,
    Model,
    ModelFormat,
    ModelType,
    SchedulerName,
)
from invoke_core.domain.news import NewsKind
from invoke_core.domain.principals import INTERNAL, Principal
from invoke_core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PasswordChangeRequired,
    Unsupported,
)
from invoke_core.services.models import ModelChanges, ModelService
from invoke_core.testing.builders import a_model, a_principal, a_user, an_administrator
from invoke_core.testing.fakes import FakeRandomness, FixedClock
from invoke_core.testing.model_files import a_diffusers_folder, a_safetensors_file
from tests.unit.accounts import open_accounts
from tests.unit.whole_app import UNLIMITED


@attrs.frozen
class Catalogue:
    """The service on memory and a folder, and two who ask."""

    database: MemoryDatabase
    clock: FixedClock
    folder: Path
    models: ModelService
    admin: Principal
    person: Principal

    def add(self, path: str | Path, **changes: Any) -> Model:
        named = {"type": ModelType.MAIN, "base": BaseModel.SD_1, "name": "Shapes", **changes}
        return self.models.add(self.admin, str(path), **named)

    def changed_models(self) -> list[Any]:
        with self.database.reading() as work:
            news = work.news.since(0)
        return [item.body["key"] for item in news if item.kind is NewsKind.MODEL_CHANGED]


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    database, clock, folder = MemoryDatabase(), FixedClock(), tmp_path / "models"
    folder.mkdir()
    with database.writing() as work:
        admin, person = a_principal(an_administrator(work)), a_principal(a_user(work))
    models = ModelService(
        database.reading,
        database.writing,
        clock,
        FakeRandomness(),
        LocalModelFiles(folder),
        GenerationLimits(),
    )
    return Catalogue(database, clock, folder, models, admin, person)


@pytest.fixture
def shapes(catalogue: Catalogue) -> Model:
    a_diffusers_folder(catalogue.folder / "shapes")
    return catalogue.add("shapes")


# Adding and removing


def test_a_folder_is_added_where_it_lies(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = a_diffusers_folder(tmp_path / "elsewhere")

    model = catalogue.add(folder, name="  Shapes ", description="Draws shapes.")

    assert (model.name, model.description) == ("Shapes", "Draws shapes.")
    assert model.format is ModelFormat.DIFFUSERS
    assert model.path == model.source == str(folder)
    assert catalogue.models.get(catalogue.person, model.key) == model
    assert catalogue.changed_models() == [model.key]


def test_a_file_is_added(catalogue: Catalogue) -> None:
    a_safetensors_file(catalogue.folder / "detail.safetensors")

    model = catalogue.add("detail.safetensors", type=ModelType.LORA)

    assert (model.format, model.path) == (ModelFormat.CHECKPOINT, "detail.safetensors")


def test_a_pickle_is_refused(catalogue: Catalogue) -> None:
    (catalogue.folder / "model.ckpt").write_bytes(b"\x80\x04.")

    with pytest.raises(Unsupported, match="can run any code"):
        catalogue.add("model.ckpt")
    assert catalogue.models.list(catalogue.admin) == []


def test_the_same_files_are_in_the_catalogue_once(catalogue: Catalogue, shapes: Model) -> None:
    with pytest.raises(Conflict, match="already, as 'Shapes'"):
        catalogue.add(catalogue.folder / "shapes", name="Again")


def test_a_name_is_taken_in_any_case(catalogue: Catalogue, shapes: Model) -> None:
    a_diffusers_folder(catalogue.folder / "more")

    with pytest.raises(Conflict):
        catalogue.add("more", name="SHAPES")
    assert catalogue.add("more", name="SHAPES", base=BaseModel.SDXL).base is BaseModel.SDXL


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_a_name_is_checked_before_anything_is_read(catalogue: Catalogue, name: str) -> None:
    with pytest.raises(Invalid, match="1 to 200 characters"):
        catalogue.add("nowhere", name=name)


@pytest.mark.parametrize("words", ["SHAPES", "shapes ", None])
def test_a_model_is_removed_by_key_or_name_and_its_files_stay(
    catalogue: Catalogue, shapes: Model, words: str | None
) -> None:
    removed = catalogue.models.remove(catalogue.admin, words or shapes.key)

    assert removed == shapes
    assert catalogue.models.list(catalogue.admin) == []
    assert (catalogue.folder / "shapes" / "model_index.json").exists()
    assert catalogue.changed_models() == [shapes.key, shapes.key]


def test_an_unknown_model_cannot_be_removed(catalogue: Catalogue) -> None:
    with pytest.raises(NotFound):
        catalogue.models.remove(catalogue.admin, "shapes")


def test_a_name_that_several_have_asks_for_the_key(catalogue: Catalogue) -> None:
    with catalogue.database.writing() as work:
        a_model(work, name="Twins", base=BaseModel.SD_1)
        a_model(work, name="Twins", base=BaseModel.SDXL)

    with pytest.raises(Conflict, match="2 models are called"):
        catalogue.models.remove(catalogue.admin, "twins")


@pytest.mark.parametrize("word", ["add", "update", "remove", "ensure_bundled"])
def test_only_administrators_change_the_catalogue(
    catalogue: Catalogue, shapes: Model, word: str
) -> None:
    models, person = catalogue.models, catalogue.person
    named: Any = {"type": ModelType.MAIN, "base": BaseModel.SD_1, "name": "Mine"}
    calls = {
        "add": lambda: models.add(person, "shapes", **named),
        "update": lambda: models.update(person, shapes.key, ModelChanges(name="Mine")),
        "remove": lambda: models.remove(person, shapes.key),
        "ensure_bundled": lambda: models.ensure_bundled(person, []),
    }

    with pytest.raises(Forbidden):
        calls[word]()
    assert models.list(person) == [shapes]


def test_whoever_must_change_the_password_sees_no_model(
    catalogue: Catalogue, shapes: Model
) -> None:
    waiting = attrs.evolve(catalogue.person, must_change_password=True)

    with pytest.raises(PasswordChangeRequired):
        catalogue.models.list(waiting)
    with pytest.raises(PasswordChangeRequired):
        catalogue.models.get(waiting, shapes.key)


# Changing


def test_what_is_not_named_stays(catalogue: Catalogue, shapes: Model) -> None:
    changes = ModelChanges(default_settings={"steps": 20, "scheduler": SchedulerName.DDIM})
    first = catalogue.models.update(catalogue.admin, shapes.key, changes)
    catalogue.clock.advance(60)

    second = catalogue.models.update(
        catalogue.admin, shapes.key, ModelChanges(default_settings={"steps": None, "width": 64})
    )

    assert first.default_settings == DefaultSettings(steps=20, scheduler=SchedulerName.DDIM)
    assert second.default_settings == DefaultSettings(width=64, scheduler=SchedulerName.DDIM)
    assert second.updated_at == catalogue.clock.now() > second.created_at
    assert (second.name, second.description) == (shapes.name, shapes.description)


def test_words_are_tidied(catalogue: Catalogue, shapes: Model) -> None:
    changes = ModelChanges(name=" Forms ", trigger_phrases=(" a ", "b", "", "a"))

    model = catalogue.models.update(catalogue.admin, shapes.key, changes)

    assert (model.name, model.trigger_phrases) == ("Forms", ("a", "b"))


def test_a_change_that_changes_nothing_is_no_news(catalogue: Catalogue, shapes: Model) -> None:
    catalogue.clock.advance(60)

    assert catalogue.models.update(catalogue.admin, shapes.key, ModelChanges()) == shapes
    assert catalogue.changed_models() == [shapes.key]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (ModelChanges(name=" "), "name"),
        (ModelChanges(description="x" * 10_001), "description"),
        (ModelChanges(trigger_phrases=tuple(map(str, range(101)))), "trigger_phrases"),
        (ModelChanges(trigger_phrases=("x" * 201,)), "trigger_phrases"),
        (ModelChanges(default_settings={"steps": 0}), "default_settings.steps"),
        (ModelChanges(default_settings={"steps": 151}), "default_settings.steps"),
        (ModelChanges(default_settings={"cfg_scale": 0.9}), "default_settings.cfg_scale"),
        (ModelChanges(default_settings={"cfg_scale": math.nan}), "default_settings.cfg_scale"),
        (ModelChanges(default_settings={"width": 63}), "default_settings.width"),
        (ModelChanges(default_settings={"height": 8}), "default_settings.height"),
        (ModelChanges(default_settings={"vae": "unknown"}), "default_settings.vae"),
    ],
)
def test_values_out_of_range_are_refused_by_name(
    catalogue: Catalogue, shapes: Model, changes: ModelChanges, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        catalogue.models.update(catalogue.admin, shapes.key, changes)

    assert refusal.value.field == field
    assert catalogue.models.get(catalogue.admin, shapes.key) == shapes


def test_a_default_vae_is_one_of_the_models_own_family(catalogue: Catalogue, shapes: Model) -> None:
    with catalogue.database.writing() as work:
        right = a_model(work, type=ModelType.VAE, base=BaseModel.SD_1).key
        wrong = a_model(work, type=ModelType.VAE, base=BaseModel.SDXL).key

    with pytest.raises(Invalid, match="no VAE of the family sd-1"):
        catalogue.models.update(
            catalogue.admin, shapes.key, ModelChanges(default_settings={"vae": wrong})
        )
    changed = catalogue.models.update(
        catalogue.admin, shapes.key, ModelChanges(default_settings={"vae": right})
    )
    assert changed.default_settings.vae == right


@given(
    steps=st.none() | st.integers(1, 150),
    guidance=st.none() | st.floats(1, 100),
    side=st.none() | st.integers(2, 512).map(lambda eighth: 8 * eighth),
)
def test_settings_within_the_limits_pass(
    steps: int | None, guidance: float | None, side: int | None
) -> None:
    settings = DefaultSettings(steps=steps, cfg_scale=guidance, width=side, height=side)

    require_settings_within(GenerationLimits(), settings)


# The bundled model


def _bundled(folder: Path) -> BundledModel:
    return BundledModel(
        key=ModelKey("demo-shapes"),
        name="Demo shapes",
        type=ModelType.MAIN,
        base=BaseModel.SD_1,
        path=str(folder),
        default_settings=DefaultSettings(steps=20),
    )


def test_an_empty_catalogue_begins_with_the_bundled_model(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    bundled = _bundled(a_diffusers_folder(tmp_path / "package"))

    catalogue.models.ensure_bundled(INTERNAL, [bundled])
    catalogue.models.ensure_bundled(INTERNAL, [bundled])

    [model] = catalogue.models.list(catalogue.person)
    assert (model.key, model.path) == ("demo-shapes", bundled.path)
    assert model.default_settings.steps == 20
    assert catalogue.changed_models() == ["demo-shapes"]


def test_a_bundled_model_that_moved_is_followed_and_keeps_what_people_set(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    before = _bundled(a_diffusers_folder(tmp_path / "before"))
    catalogue.models.ensure_bundled(INTERNAL, [before])
    catalogue.models.update(catalogue.admin, before.key, ModelChanges(name="Forms"))
    (tmp_path / "before").rename(tmp_path / "after")
    a_safetensors_file(tmp_path / "after" / "unet" / "model.safetensors", b"\0\0\0\0" * 9)

    catalogue.models.ensure_bundled(INTERNAL, [_bundled(tmp_path / "after")])

    [model] = catalogue.models.list(catalogue.person)
    assert (model.name, model.path) == ("Forms", str(tmp_path / "after"))
    found = LocalModelFiles(catalogue.folder).inspect(model.path, ModelType.MAIN)
    assert (model.hash, model.file_size) == (found.hash, found.file_size)


def test_a_bundled_model_that_was_removed_does_not_come_back_beside_others(
    catalogue: Catalogue, shapes: Model, tmp_path: Path
) -> None:
    bundled = _bundled(a_diffusers_folder(tmp_path / "package"))

    catalogue.models.ensure_bundled(INTERNAL, [bundled])

    assert catalogue.models.list(catalogue.person) == [shapes]


# Over HTTP


@pytest.fixture
def remote(catalogue: Catalogue) -> Iterator[TestClient[Any]]:
    accounts = open_accounts(catalogue.database)
    accounts.administrator()
    accounts.person()
    application = SimpleNamespace(
        sign_in=accounts.sign_in,
        models=catalogue.models,
        settings=Settings(root=catalogue.folder, multiuser=True),
    )
    app = Litestar(
        [routes.router],
        dependencies={"call": Provide(provide_call, sync_to_thread=False)},
        exception_handlers=HANDLERS,
        middleware=[guard],
        state=State({"application": application, "limiter": UNLIMITED}),
    )
    with TestClient(app, base_url="http://127.0.0.1") as client:
        for name in ("admin", "person"):
            token = accounts.login(f"{name}@example.com").token
            client.headers[name] = f"Bearer {token}"
        yield client


def _call(
    remote: TestClient[Any], who: str, method: str, path: str, status: int = 200, **rest: Any
) -> Any:
    headers = {"Authorization": remote.headers[who]}
    answer = remote.request(method, f"/api/v2/models{path}", headers=headers, **rest)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_people_see_models_but_not_where_they_lie(remote: TestClient[Any], shapes: Model) -> None:
    [seen] = _call(remote, "person", "GET", "/")["models"]
    managed = _call(remote, "admin", "GET", f"/i/{shapes.key}")

    assert seen == _call(remote, "person", "GET", f"/i/{shapes.key}")
    assert (seen["path"], seen["source"]) == (None, None)
    assert (managed["path"], managed["source"]) == ("shapes", "shapes")
    assert seen == {**managed, "path": None, "source": None}
    assert (seen["type"], seen["base"], seen["format"]) == ("main", "sd-1", "diffusers")
    assert (seen["access"], seen["cover_image"], seen["usage"]) == ("everyone", None, None)
    assert seen["default_settings"] == dict.fromkeys(
        ["steps", "cfg_scale", "scheduler", "vae", "width", "height"]
    )


def test_lists_are_filtered_by_family_and_type(
    remote: TestClient[Any], catalogue: Catalogue
) -> None:
    with catalogue.database.writing() as work:
        for base in (BaseModel.SD_1, BaseModel.SDXL, BaseModel.FLUX):
            a_model(work, name=base.value, base=base)
        a_model(work, name="detail", type=ModelType.LORA)

    def names(query: str) -> list[str]:
        return [m["name"] for m in _call(remote, "person", "GET", f"/{query}")["models"]]

    assert names("") == ["detail", "flux", "sd-1", "sdxl"]
    assert names("?model_type=lora") == ["detail"]
    assert names("?base_models=sdxl") == ["sdxl"]
    assert names("?base_models=sd-1&base_models=flux&model_type=main") == ["flux", "sd-1"]
    _call(remote, "person", "GET", "/?model_type=nothing", 422)


def test_an_administrator_changes_a_model_by_its_key(
    remote: TestClient[Any], shapes: Model
) -> None:
    body = {
        "name": "Forms",
        "description": "Draws forms.",
        "trigger_phrases": ["form"],
        "default_settings": {"steps": 20, "cfg_scale": 3, "scheduler": "ddim", "width": 64},
    }

    changed = _call(remote, "admin", "PATCH", f"/i/{shapes.key}", json=body)
    cleared = _call(
        remote,
        "admin",
        "PATCH",
        f"/i/{shapes.key}",
        json={"default_settings": None, "description": None, "trigger_phrases": None},
    )

    assert {key: changed[key] for key in ("name", "description", "trigger_phrases")} == {
        key: body[key] for key in ("name", "description", "trigger_phrases")
    }
    assert changed["default_settings"]["scheduler"] == "ddim"
    assert (cleared["name"], cleared["description"]) == ("Forms", "")
    assert cleared["trigger_phrases"] == []
    assert set(cleared["default_settings"].values()) == {None}


@pytest.mark.parametrize(
    "body",
    [
        {"key": "mine"},
        {"default_settings": {"sampler": "ddim"}},
        {"default_settings": {"scheduler": "magic"}},
        {"default_settings": {"steps": 0}},
        {"name": None},
    ],
)
def test_a_body_that_does_not_fit_is_refused(
    remote: TestClient[Any], shapes: Model, body: dict[str, Any]
) -> None:
    problem = _call(remote, "admin", "PATCH", f"/i/{shapes.key}", 422, json=body)

    assert problem["detail"]


def test_who_may_not_is_told_so(remote: TestClient[Any], shapes: Model) -> None:
    _call(remote, "person", "PATCH", f"/i/{shapes.key}", 403, json={"name": "Mine"})
    _call(remote, "person", "GET", "/i/unknown", 404)
    assert remote.get("/api/v2/models/").status_code == 401


# At the command line


def _command(root: Path, *words: str) -> Result:
    command, *rest = words
    return CliRunner().invoke(main, ["model", command, "--root", str(root), *rest])


def test_a_model_is_added_listed_and_removed(tmp_path: Path) -> None:
    folder, root = a_diffusers_folder(tmp_path / "shapes"), tmp_path / "root"
    named = ["--type", "main", "--base", "sd-1", "--name", "Shapes"]

    added = _command(root, "add", str(folder), *named)
    listed = _command(root, "list", "--json")
    table = _command(root, "list")
    removed = _command(root, "remove", "shapes")
    again = _command(root, "remove", "shapes")

    assert added.exit_code == 0, added.output
    [model] = [m for m in json.loads(listed.stdout) if m["name"] == "Shapes"]
    assert model["path"] == str(folder)
    assert model["key"] in added.stdout
    assert "Shapes" in table.stdout
    assert (removed.exit_code, folder.exists()) == (0, True)
    assert (again.exit_code, again.stderr) == (1, "There is no model 'shapes'.\n")


def test_a_path_is_looked_for_in_the_roots_models_too(tmp_path: Path) -> None:
    a_safetensors_file(tmp_path / "root" / "models" / "detail.safetensors")
    named = ["--type", "lora", "--base", "sd-1", "--name", "Detail"]

    assert _command(tmp_path / "root", "add", "detail.safetensors", *named).exit_code == 0


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("gone.safetensors", None, 1, "There is no model file or folder"),
        ("model.ckpt", b"\x80\x04.", 1, "can run any code"),
        ("model.safetensors", b"\x80\x04.", 1, "is no safetensors file"),
    ],
)
def test_what_cannot_be_added_is_one_sentence(
    tmp_path: Path, name: str, content: bytes | None, code: int, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    named = ["--type", "main", "--base", "sd-1", "--name", "Shapes"]

    refused = _command(tmp_path / "root", "add", str(tmp_path / name), *named)

    assert refused.exit_code == code
    assert words in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert refused.stdout == ""


def test_a_main_model_in_one_file_comes_with_a_warning(tmp_path: Path) -> None:
    file = a_safetensors_file(tmp_path / "model.safetensors")
    named = ["--type", "main", "--base", "sd-1", "--name", "One file"]

    added = _command(tmp_path / "root", "add", str(file), *named)

    assert added.exit_code == 0
    assert "convert it to a diffusers folder" in added.stderr


def test_an_unknown_family_is_wrong_usage(tmp_path: Path) -> None:
    named = ["--type", "main", "--base", "sd-9", "--name", "Shapes"]

    assert _command(tmp_path / "root", "add", "shapes", *named).exit_code == 2
