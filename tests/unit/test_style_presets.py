"""What people do with style presets, on memory."""

import attrs
import pytest

from invoke_core.domain import style_presets
from invoke_core.domain.identifiers import SYSTEM, StylePresetId
from invoke_core.domain.preset_files import PresetFormat
from invoke_core.domain.principals import SINGLE_USER
from invoke_core.domain.shelves import Shelf, Whose
from invoke_core.domain.style_presets import PresetText
from invoke_core.errors import (
    Forbidden,
    Invalid,
    NotFound,
    PasswordChangeRequired,
    RuleViolation,
    TooMany,
    Unsupported,
)
from invoke_core.services.style_presets import PresetWish
from invoke_core.testing.pictures import webp_size
from tests.unit.picture_world import PNG
from tests.unit.shelf_world import Shelves

OILS = PresetWish(text=PresetText(name=" Oils ", positive_prompt="{prompt}, in oils"))


@pytest.fixture
def world():
    return Shelves()


@pytest.fixture
def mara(world):
    return world.person()


@pytest.fixture
def tom(world):
    return world.person()


@pytest.fixture
def ann(world):
    return world.administrator()


def names(world, who, *whose):
    return [preset.name for preset in world.presets.list(who, *whose)]


def wish(**changes):
    return attrs.evolve(OILS, **changes)


def test_a_preset_is_private(world, mara, tom, ann):
    made = world.presets.create(mara, OILS)

    assert (made.name, made.positive_prompt, made.negative_prompt) == (
        "Oils",
        "{prompt}, in oils",
        "",
    )
    assert (made.owner_id, made.is_public, made.image) == (mara.user_id, False, None)
    assert world.presets.get(mara, made.preset_id) == made
    with pytest.raises(NotFound):
        world.presets.get(tom, made.preset_id)
    assert (names(world, mara), names(world, tom), names(world, ann)) == (["Oils"], [], [])


def test_public_and_default_ones_are_there_for_all(world, mara, tom, ann):
    public = world.presets.create(mara, wish(is_public=True))
    default = world.presets.create(ann, wish(text=PresetText(name="Ours"), shelf=Shelf.DEFAULT))

    assert names(world, tom) == ["Oils", "Ours"]
    assert default.owner_id == SYSTEM
    for preset in (public, default):
        with pytest.raises(Forbidden):
            world.presets.update(tom, preset.preset_id, OILS)
        with pytest.raises(Forbidden):
            world.presets.delete(tom, preset.preset_id)
    world.presets.delete(ann, public.preset_id)
    assert names(world, tom) == ["Ours"]


def test_only_administrators_make_default_ones(world, mara):
    with pytest.raises(Forbidden):
        world.presets.create(mara, wish(shelf=Shelf.DEFAULT, picture=b"never looked at"))
    made = world.presets.create(mara, OILS)
    with pytest.raises(Forbidden):
        world.presets.update(mara, made.preset_id, wish(shelf=Shelf.DEFAULT))
    assert world.presets.get(mara, made.preset_id) == made


def test_an_administrator_sees_everybodys_where_they_ask_for_it(world, mara, ann):
    world.presets.create(mara, OILS)

    assert names(world, ann) == []
    assert names(world, ann, Whose.VISIBLE) == ["Oils"]
    assert names(world, SINGLE_USER) == ["Oils"]


def test_a_picture_comes_and_goes(world, mara, tom):
    made = world.presets.create(mara, wish(picture=PNG))
    with world.presets.image(mara, made.preset_id).stream as stream:
        assert webp_size(stream.read()) == (4, 3)
    with pytest.raises(NotFound):
        world.presets.image(tom, made.preset_id)

    changed = world.presets.update(mara, made.preset_id, OILS)

    assert changed.image is None
    with pytest.raises(NotFound):
        world.presets.image(mara, made.preset_id)


def test_what_is_no_picture_changes_nothing(world, mara):
    made = world.presets.create(mara, wish(picture=PNG))

    with pytest.raises(Unsupported):
        world.presets.update(mara, made.preset_id, wish(picture=b"<svg/>"))

    assert world.presets.get(mara, made.preset_id) == made


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (PresetText(name="  "), "name"),
        (PresetText(name="x" * 301), "name"),
        (PresetText(name="\0"), "name"),
        (PresetText(name="A", positive_prompt="x" * 10_001), "positive_prompt"),
        (PresetText(name="A", negative_prompt="\ud800"), "negative_prompt"),
    ],
)
def test_what_is_out_of_range_is_named(world, mara, text, field):
    with pytest.raises(Invalid) as refused:
        world.presets.create(mara, wish(text=text))

    assert refused.value.field == field
    assert names(world, mara) == []


def test_so_many_of_one_person_are_kept(world, mara, ann, monkeypatch):
    monkeypatch.setattr("invoke_core.services.style_presets.MAX_PRESETS", 2)
    for _ in range(2):
        world.presets.create(mara, OILS)

    with pytest.raises(TooMany):
        world.presets.create(mara, OILS)
    with pytest.raises(TooMany):
        world.presets.import_file(
            ann, b'[{"name": "a"}, {"name": "b"}, {"name": "c"}]', PresetFormat.JSON
        )
    assert names(world, ann, Whose.VISIBLE) == ["Oils", "Oils"]
    assert style_presets.MAX_PRESETS > 2


def test_what_was_exported_is_imported(world, mara, ann):
    world.presets.create(mara, wish(text=PresetText(name="=A", positive_prompt="-p")))
    world.presets.create(ann, wish(shelf=Shelf.DEFAULT))

    exported = world.presets.export(ann)
    (made,) = world.presets.import_file(ann, exported.encode(), PresetFormat.CSV)

    assert (made.name, made.positive_prompt, made.owner_id) == ("=A", "-p", ann.user_id)
    assert not made.is_public


def test_only_administrators_export_and_import(world, mara):
    with pytest.raises(Forbidden):
        world.presets.export(mara)
    with pytest.raises(Forbidden):
        world.presets.import_file(mara, b"[]", PresetFormat.JSON)


def test_a_file_comes_in_whole_or_not_at_all(world, ann):
    with pytest.raises(RuleViolation):
        world.presets.import_file(ann, b'[{"name": "a"}, {"name": ""}]', PresetFormat.JSON)

    assert names(world, ann) == []
    assert world.presets.import_file(ann, b"[]", PresetFormat.JSON) == []


def test_who_must_change_the_password_does_nothing(world, mara):
    bound = attrs.evolve(mara, must_change_password=True)
    for call in (
        lambda: world.presets.create(bound, OILS),
        lambda: world.presets.list(bound),
        lambda: world.presets.get(bound, StylePresetId("unknown")),
        lambda: world.presets.delete(bound, StylePresetId("unknown")),
        lambda: world.client_state.get(bound, "key"),
        lambda: world.client_state.set(bound, "key", ""),
        lambda: world.client_state.keys(bound, ""),
        lambda: world.client_state.delete(bound, "key"),
        lambda: world.client_state.delete_all(bound),
    ):
        with pytest.raises(PasswordChangeRequired):
            call()
