"""The limits of the model cache, on models that only say how large they are."""

import attrs
from hypothesis import given
from hypothesis import strategies as st

from invoke_adapters.diffusers.cache import ModelCache
from invoke_core.ports.runner import ModelFiles
from invoke_core.testing.runner import a_model_on_disk


@attrs.define(eq=False)
class Weight:
    """A model of some bytes."""

    size: int
    has_copy: bool
    is_on_device: bool = True

    @property
    def device_bytes(self) -> int:
        return self.size if self.is_on_device else 0

    @property
    def shelf_bytes(self) -> int:
        return self.size if self.has_copy else 0

    def fetch(self) -> None:
        assert self.has_copy
        self.is_on_device = True

    def put_away(self) -> bool:
        self.is_on_device = False
        return self.has_copy


def _use(cache: ModelCache, number: int, size: int) -> Weight:
    files = a_model_on_disk(str(number))
    return cache.use(files, size, lambda shelf: Weight(size, shelf))


passes = st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=3), max_size=20)
sizes = st.lists(st.integers(1, 10), min_size=6, max_size=6)


@given(passes, sizes, st.integers(0, 30), st.integers(0, 30), st.booleans())
def test_the_limits_hold_but_for_what_one_pass_needs(
    wanted: list[list[int]], sizes: list[int], device: int, shelf: int, caching: bool
) -> None:
    cache = ModelCache(device, shelf, caching)

    for models in wanted:
        with cache.one_pass():
            used = [_use(cache, number, sizes[number]) for number in models]
            assert all(each.is_on_device for each in used)
        held = cache.held()
        needed = sum(sizes[number] for number in set(models))
        assert sum(each.device_bytes for each in held.values()) <= max(device, needed)
        assert sum(each.shelf_bytes for each in held.values()) <= shelf
        assert cache.warm == {files.key for files, each in held.items() if each.device_bytes}
        assert all(each.device_bytes or each.shelf_bytes for each in held.values())
        if not caching:
            assert {int(files.key) for files in held} == set(models)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.integers(1, 6))
def test_the_one_used_longest_ago_leaves_first(order: list[int], room: int) -> None:
    cache = ModelCache(room, 0)

    for number in order:
        with cache.one_pass():
            _use(cache, number, 1)

    newest = list(dict.fromkeys(reversed(order)))[:room]
    assert [int(files.key) for files in cache.held()] == newest[::-1]


def test_what_left_the_device_comes_back_from_the_shelf_without_loading() -> None:
    cache = ModelCache(1, 2)
    with cache.one_pass():
        first = _use(cache, 1, 1)
    with cache.one_pass():
        second = _use(cache, 2, 1)
    assert not first.is_on_device

    with cache.one_pass():
        assert _use(cache, 1, 1) is first

    assert first.is_on_device
    assert not second.is_on_device


def test_models_that_no_pass_needs_can_be_dropped() -> None:
    cache = ModelCache(10, 10)
    with cache.one_pass():
        _use(cache, 1, 1)
    with cache.one_pass():
        _use(cache, 2, 1)
        assert cache.drop_others()
        assert not cache.drop_others()

    assert {files.key for files in cache.held()} == {"2"}


def test_a_load_that_fails_leaves_nothing() -> None:
    cache = ModelCache(10, 10)

    def fail(shelf: bool) -> Weight:
        raise RuntimeError

    files: ModelFiles = a_model_on_disk("1")
    try:
        with cache.one_pass():
            cache.use(files, 1, fail)
    except RuntimeError:
        pass

    assert cache.held() == {}
    assert cache.warm == frozenset()
