"""What clients remember, on memory."""

import pytest

from invoke_core.domain import client_state
from invoke_core.errors import Invalid, TooLarge, TooMany
from tests.unit.shelf_world import Shelves


@pytest.fixture
def world():
    return Shelves()


def test_everybody_has_a_memory_of_their_own(world):
    mara, ann = world.person(), world.administrator()
    world.client_state.set(mara, "theme", "dark")

    assert world.client_state.get(mara, "theme") == "dark"
    assert world.client_state.get(ann, "theme") is None
    assert world.client_state.keys(ann, "") == []
    world.client_state.delete_all(ann)
    world.client_state.delete(ann, "theme")
    assert world.client_state.get(mara, "theme") == "dark"


def test_what_is_deleted_is_forgotten(world):
    mara = world.person()
    for key in ("canvas:1", "canvas:2", "theme"):
        world.client_state.set(mara, key, "")

    world.client_state.delete(mara, "canvas:1")
    assert world.client_state.keys(mara, "canvas:") == ["canvas:2"]
    world.client_state.delete_all(mara)
    assert world.client_state.keys(mara, "") == []


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [
        ("", "", Invalid),
        ("x" * 201, "", Invalid),
        ("\0", "", Invalid),
        ("key", "\ud800", Invalid),
        ("key", "x" * (client_state.MAX_VALUE_CHARACTERS + 1), TooLarge),
    ],
)
def test_what_cannot_be_kept_is_refused(world, key, value, error):
    mara = world.person()

    with pytest.raises(error):
        world.client_state.set(mara, key, value)

    assert world.client_state.keys(mara, "") == []


def test_one_persons_memory_has_a_limit_of_keys(world, monkeypatch):
    monkeypatch.setattr(client_state, "MAX_KEYS", 2)
    mara, tom = world.person(), world.person()
    world.client_state.set(mara, "a", "")
    world.client_state.set(mara, "b", "")

    with pytest.raises(TooMany):
        world.client_state.set(mara, "c", "")
    world.client_state.set(mara, "b", "new")
    world.client_state.set(tom, "c", "")
    assert world.client_state.keys(mara, "") == ["a", "b"]


def test_one_persons_memory_has_a_limit_of_characters(world, monkeypatch):
    monkeypatch.setattr(client_state, "MAX_CHARACTERS", 10)
    mara = world.person()
    world.client_state.set(mara, "a", "x" * 9)

    with pytest.raises(TooMany):
        world.client_state.set(mara, "b", "")
    with pytest.raises(TooMany):
        world.client_state.set(mara, "a", "x" * 10)
    assert world.client_state.get(mara, "a") == "x" * 9
