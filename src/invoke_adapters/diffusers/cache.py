"""The models that stay loaded, within limits in bytes; the one that was used longest ago goes first."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

import attrs

from invoke_core.domain.identifiers import ModelKey
from invoke_core.ports.runner import ModelFiles


class Held(Protocol):
    """A model that was loaded, on the device or on the shelf in the computer's memory."""

    @property
    def device_bytes(self) -> int:
        """Return how much of the device's memory it takes; 0 on the shelf."""

    @property
    def shelf_bytes(self) -> int:
        """Return how much of the computer's memory its copy takes; 0 where it has none."""

    def fetch(self) -> None:
        """Bring it from the shelf to the device."""

    def put_away(self) -> bool:
        """Free the device of it; return False where no copy is left, so that it must be dropped."""


H = TypeVar("H", bound=Held)


@attrs.define(eq=False)
class ModelCache:
    """Models on one device, and on its shelf."""

    device_limit: int  # bytes
    shelf_limit: int  # bytes
    caching: bool = True  # False: nothing stays when the next pass needs the room
    _held: OrderedDict[ModelFiles, Held] = attrs.field(factory=OrderedDict, init=False)
    _in_use: set[ModelFiles] = attrs.field(factory=set, init=False)
    _warm: frozenset[ModelKey] = attrs.field(default=frozenset(), init=False)

    @property
    def warm(self) -> frozenset[ModelKey]:
        """Return the models on the device. Thread-safe."""
        return self._warm

    def find(self, files: ModelFiles) -> Held | None:
        """Return the model where it is held, on the device or on the shelf."""
        return self._held.get(files)

    def held(self) -> dict[ModelFiles, Held]:
        """Return the models that are held, the one used longest ago first."""
        return dict(self._held)

    @contextmanager
    def one_pass(self) -> Iterator[None]:
        """Let nothing that is used in the block leave the device before its end."""
        self._in_use.clear()
        try:
            yield
        finally:
            self._in_use.clear()

    def use(self, files: ModelFiles, size: int, load: Callable[[bool], H]) -> H:
        """Return the model on the device, loaded where it is not held.

        Args:
            files: which.
            size: bytes that it is expected to take, where it is not held.
            load: returns it on the device; told whether the shelf has room for a copy.
        """
        self._in_use.add(files)
        if not self.caching:
            self._make_room(self.device_limit)
        held = self._held.get(files)
        if held is None:
            self._make_room(size)
            has_room = self.caching and self._make_shelf_room(size)
            self._held[files] = held = load(has_room)
        elif held.device_bytes == 0:
            self._make_room(held.shelf_bytes)
            held.fetch()
        self._held.move_to_end(files)
        self._make_room(0)  # it may be larger than was expected
        self._note()
        return held  # type: ignore[return-value]  # under these files `load` put it

    def drop_others(self) -> bool:
        """Drop all that is not in use; return whether there was anything."""
        others = [files for files in self._held if files not in self._in_use]
        for files in others:
            del self._held[files]
        self._note()
        return bool(others)

    def clear(self) -> None:
        """Drop everything."""
        self._held.clear()
        self._note()

    def _make_room(self, size: int) -> None:
        """Let models leave the device until so many bytes more fit, as far as that is possible."""
        taken = sum(each.device_bytes for each in self._held.values())
        for files, each in list(self._held.items()):
            if taken + size <= self.device_limit:
                break
            if files not in self._in_use and each.device_bytes:
                taken -= each.device_bytes
                if not (self.caching and each.put_away()):
                    del self._held[files]
        self._note()

    def _make_shelf_room(self, size: int) -> bool:
        """Drop models that are on the shelf alone until a copy of so many bytes fits there."""
        taken = sum(each.shelf_bytes for each in self._held.values())
        for files, each in list(self._held.items()):
            if taken + size <= self.shelf_limit:
                break
            if files not in self._in_use and not each.device_bytes:
                taken -= each.shelf_bytes
                del self._held[files]
        return taken + size <= self.shelf_limit

    def _note(self) -> None:
        self._warm = frozenset(f.key for f, each in self._held.items() if each.device_bytes)
