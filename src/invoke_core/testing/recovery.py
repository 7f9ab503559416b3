"""What every recovery does, and recoveries that are broken on purpose."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import attrs
import pytest

from invoke_core.ports.recovery import Recovery

Open = Callable[[str | None], Recovery]
"""Opens the recovery as a server finds it in whose configuration the key of this id stands, or none."""


class RecoveryContract:
    """A subclass provides the fixture `opened`, an `Open` whose recoveries share one memory, new."""

    def test_without_a_key_there_is_nothing_to_recover(self, opened: Open) -> None:
        server = opened(None)

        assert server.settle() is None
        assert not server.is_open()

    def test_a_configured_key_opens_nothing(self, opened: Open) -> None:
        assert opened("key").settle() is None
        assert not opened("key").is_open()

    def test_a_key_that_disappears_opens_it_once(self, opened: Open) -> None:
        opened("key").settle()

        assert opened(None).settle() is True
        assert opened(None).settle() is None
        assert opened(None).is_open()

    def test_before_a_server_has_settled_nothing_opens(self, opened: Open) -> None:
        opened("key").settle()

        assert not opened(None).is_open()

    @pytest.mark.parametrize("key", ["key", "another"])
    def test_a_key_that_returns_closes_it(self, opened: Open, key: str) -> None:
        opened("key").settle()
        opened(None).settle()

        assert not opened(key).is_open()
        assert opened(key).settle() is False
        assert opened(key).settle() is None

    def test_another_key_opens_nothing(self, opened: Open) -> None:
        opened("key").settle()

        assert opened("another").settle() is None
        assert not opened("another").is_open()
        assert opened(None).settle() is True

    def test_it_is_closed_once_for_all(self, opened: Open) -> None:
        opened("key").settle()
        opened(None).settle()
        server = opened(None)

        assert opened(None).close()
        assert not server.close()
        assert not server.is_open()
        assert opened(None).settle() is None

    def test_whoever_passes_closes_it(self, opened: Open) -> None:
        opened("key").settle()
        opened(None).settle()

        with opened(None).passing() as is_open:
            assert is_open

        with opened(None).passing() as is_open:
            assert not is_open

    def test_whoever_stumbles_leaves_it_open(self, opened: Open) -> None:
        opened("key").settle()
        opened(None).settle()

        with pytest.raises(ZeroDivisionError), opened(None).passing():
            raise ZeroDivisionError

        assert opened(None).is_open()

    def test_of_many_exactly_one_passes(self, opened: Open) -> None:
        opened("key").settle()
        opened(None).settle()
        barrier = threading.Barrier(8)
        passed: list[bool] = []

        def go() -> None:
            server = opened(None)
            barrier.wait()
            with server.passing() as is_open:
                passed.append(is_open)

        threads = [threading.Thread(target=go) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(passed) == [False] * 7 + [True]


@attrs.define
class _Memory:
    seen: str | None = None
    lost: bool = False
    lock: threading.RLock = attrs.field(factory=threading.RLock)


@attrs.define
class _Sound:
    """A recovery in memory that keeps the contract, for the broken ones to break a claim each."""

    memory: _Memory
    configured: str | None

    def settle(self) -> bool | None:
        memory, was = self.memory, self.memory.lost
        if memory.seen == self.configured:
            return None
        memory.seen, memory.lost = self.configured, self.configured is None
        return None if memory.lost == was else memory.lost

    def is_open(self) -> bool:
        return self.configured is None and self.memory.lost

    def close(self) -> bool:
        with self.passing() as is_open:
            return is_open

    @contextmanager
    def passing(self) -> Iterator[bool]:
        with self.memory.lock:
            is_open = self.is_open()
            yield is_open
            if is_open:
                self.memory.lost = False


class _AlwaysOpen(_Sound):
    def is_open(self) -> bool:
        return self.configured is None


class _OpenWithAKey(_Sound):
    def is_open(self) -> bool:
        return self.configured is not None


class _OpensAgain(_Sound):
    def settle(self) -> bool | None:
        changed = super().settle()
        return True if self.is_open() else changed


class _OpensByItself(_Sound):
    def is_open(self) -> bool:
        return super().is_open() or (self.configured is None and self.memory.seen is not None)


class _NeverCloses(_Sound):
    def settle(self) -> bool | None:
        return super().settle() or None


class _AnyOtherKeyOpens(_Sound):
    def settle(self) -> bool | None:
        other = self.memory.seen not in {None, self.configured}
        return super().settle() or (True if other else None)


class _ClosesForNow(_Sound):
    def close(self) -> bool:
        return self.is_open()


class _StaysOpen(_Sound):
    @contextmanager
    def passing(self) -> Iterator[bool]:
        yield self.is_open()


class _ClosesBehindEverybody(_Sound):
    @contextmanager
    def passing(self) -> Iterator[bool]:
        is_open = self.is_open()
        try:
            yield is_open
        finally:
            self.memory.lost = False


class _LetsManyPass(_Sound):
    @contextmanager
    def passing(self) -> Iterator[bool]:
        yield self.is_open()
        self.memory.seen = "closed by nobody"


BROKEN_RECOVERIES: Mapping[str, type[_Sound]] = {
    "test_without_a_key_there_is_nothing_to_recover": _AlwaysOpen,
    "test_a_configured_key_opens_nothing": _OpenWithAKey,
    "test_a_key_that_disappears_opens_it_once": _OpensAgain,
    "test_before_a_server_has_settled_nothing_opens": _OpensByItself,
    "test_a_key_that_returns_closes_it": _NeverCloses,
    "test_another_key_opens_nothing": _AnyOtherKeyOpens,
    "test_it_is_closed_once_for_all": _ClosesForNow,
    "test_whoever_passes_closes_it": _StaysOpen,
    "test_whoever_stumbles_leaves_it_open": _ClosesBehindEverybody,
    "test_of_many_exactly_one_passes": _LetsManyPass,
}
"""For each claim of the suite a recovery that breaks it."""


def opened_in_memory(kind: type[_Sound] = _Sound) -> Open:
    """Return what opens recoveries in memory, of a kind."""
    memory = _Memory()
    return lambda configured: kind(memory, configured)
