"""From the device's numbers to bytes, without making the device wait."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import torch

from invoke_core.domain.pixels import Pixels


def to_bytes(images: torch.Tensor) -> torch.Tensor:
    """Return pictures of (rows, 3, height, width), 0 to 1, as (rows, height, width, 3), rounded."""
    return (images * 255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def read_later(images: torch.Tensor) -> Callable[[], Sequence[Pixels | None]]:
    """Begin to copy pictures from their device; return what waits for them.

    Args:
        images: (rows, 3, height, width), 0 to 1.

    Returns:
        What gives one picture a row; None where its numbers are not finite.
    """
    finite = images.isfinite().flatten(1).all(dim=1)
    wait = copied(to_bytes(images), finite)

    def pixels() -> Sequence[Pixels | None]:
        values, usable = wait()
        _, height, width, _ = values.shape
        return [
            Pixels(width=width, height=height, rgb=row.numpy().tobytes()) if is_usable else None
            for row, is_usable in zip(values, usable.tolist(), strict=True)
        ]

    return pixels


def copied(*tensors: torch.Tensor) -> Callable[[], Sequence[torch.Tensor]]:
    """Begin to copy tensors to the computer's memory; return what waits for the copies."""
    if tensors[0].device.type != "cuda":
        return lambda: tensors
    copies = [torch.empty_like(each, device="cpu", pin_memory=True) for each in tensors]
    for copy, each in zip(copies, tensors, strict=True):
        copy.copy_(each, non_blocking=True)
    arrived = torch.cuda.Event()
    arrived.record()

    def wait() -> Sequence[torch.Tensor]:
        arrived.synchronize()
        return copies

    return wait


@attrs.define(eq=False)
class Stopwatch:
    """Measures how long the device is at work, from now on, without waiting for it."""

    device: torch.device
    began: Any = None
    ended: Any = None

    def __attrs_post_init__(self) -> None:
        self.began = self._now()

    def stop(self) -> None:
        """Take the time when the device will have done all that it was given so far."""
        self.ended = self._now()

    def seconds(self) -> float:
        """Return the time between the two; waits until the device has done it all."""
        if self.device.type != "cuda":
            return float(self.ended - self.began)
        self.ended.synchronize()
        return float(self.began.elapsed_time(self.ended)) / 1000  # milliseconds

    def _now(self) -> Any:
        if self.device.type != "cuda":
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event
