"""What batches cost, as far as they were measured: merging has to pay, for everybody in the batch."""

import threading
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Final, Self

import attrs

from invoke_adapters.diffusers.merging import BUCKETS, filled_up
from invoke_core.domain.generation import Generation
from invoke_core.domain.identifiers import ModelKey
from invoke_core.ports.runner import RunRequest

MEASURED_ALONE: Final = 2  # pictures, before any are merged: the first one warms the device up
KEPT: Final = 8  # newest measurements; the least of them counts, because all else is disturbance
KEPT_SHAPES: Final = 256
GAIN: Final = 0.95  # a larger batch is worth it where a picture costs at most this part


@attrs.frozen
class Shape:
    """What decides how long a picture takes."""

    model: ModelKey
    width: int
    height: int
    steps: int
    has_guidance: bool
    has_picture: bool
    loras: int

    @classmethod
    def of(cls, asked: Generation | RunRequest) -> Self:
        """Return the shape of what is asked for."""
        return cls(
            model=asked.model if isinstance(asked, Generation) else asked.model.key,
            width=asked.width,
            height=asked.height,
            steps=asked.steps,
            has_guidance=asked.cfg_scale > 1,
            has_picture=asked.init_image is not None,
            loras=len(asked.loras),
        )


@attrs.define(eq=False)
class BatchCosts:
    """Seconds of batches by shape and number of rows. Thread-safe."""

    _seconds: OrderedDict[Shape, dict[int, deque[float]]] = attrs.field(
        factory=OrderedDict, init=False
    )
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    def note(self, shape: Shape, rows: int, seconds: float) -> None:
        """Keep how long a batch of so many rows took, those included that fill it up."""
        with self._lock:
            kept = self._seconds.setdefault(shape, {})
            self._seconds.move_to_end(shape)
            kept.setdefault(rows, deque(maxlen=KEPT)).append(seconds)
            if len(self._seconds) > KEPT_SHAPES:
                self._seconds.popitem(last=False)

    def best(self, shape: Shape) -> int:
        """Return how many pictures are best drawn together, as far as it is known.

        One number of rows after the other is tried, for as long as the last one was worth it.
        """
        known = self._known(shape)
        if not known:
            return 1
        found = 1
        for rows in BUCKETS[1:]:
            if rows not in known:
                return rows
            if known[rows] / rows > GAIN * known[found] / found:
                return found
            found = rows
        return found

    def split(self, shape: Shape, count: int) -> Sequence[int]:
        """Return into batches of how many pictures so many are best divided.

        Rows that only fill a batch up cost as much as others: three pictures may be cheaper as two and one.
        Where nothing is known they stay together.
        """
        known = self._known(shape)
        if not known:
            return [count]
        most = max(self.best(shape), 1)
        costs = {rows: known.get(rows, GAIN * rows * known[1]) for rows in BUCKETS if rows <= most}
        cheapest: list[tuple[float, Sequence[int]]] = [(0.0, [])]  # by number of pictures
        for left in range(1, count + 1):
            ways = []
            for rows, seconds in costs.items():
                taken = min(rows, left)
                if filled_up(taken) == rows:
                    before, parts = cheapest[left - taken]
                    ways.append((before + seconds, [taken, *parts]))
            cheapest.append(min(ways, key=lambda way: (way[0], len(way[1]))))
        return sorted(cheapest[count][1], reverse=True)

    def _known(self, shape: Shape) -> dict[int, float]:
        """Return the least seconds by number of rows; nothing before a picture alone was measured."""
        with self._lock:
            kept = self._seconds.get(shape, {})
            if len(kept.get(1, ())) < MEASURED_ALONE:
                return {}
            return {rows: min(seconds) for rows, seconds in kept.items()}
