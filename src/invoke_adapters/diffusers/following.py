"""What watches a pipeline while it denoises: tells of steps, makes previews, and stops it."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import torch

from invoke_core.domain.identifiers import ItemId
from invoke_core.domain.pixels import Pixels
from invoke_core.ports.runner import RunRequest, Step

PREVIEW_EVERY = 2  # steps
PREVIEW_SECONDS = 0.25  # at least, between two of one picture; nobody is shown more

Later = Callable[[], Pixels]


class Stopped(Exception):
    """None of the pictures is wanted any more."""


@attrs.define(eq=False)
class Follower:
    """What a pipeline calls after each evaluation of the model."""

    requests: Sequence[RunRequest]  # one a row; the batch may have more rows
    steps: int
    report: Callable[[Step], None]
    should_stop: Callable[[ItemId], bool]
    preview: Callable[[torch.Tensor], Later]  # of the latents of one row
    stopped: set[ItemId] = attrs.field(factory=set)
    done: int = 0
    looked: float = attrs.field(factory=time.monotonic)  # when the newest previews were begun
    last_step: Any = None  # the CUDA event after the step before
    looks: dict[ItemId, Later] = attrs.field(factory=dict)  # previews that were begun

    def __call__(
        self, pipeline: Any, index: int, _time: Any, tensors: dict[str, Any]
    ) -> dict[str, Any]:
        """Follow one evaluation."""
        latents: torch.Tensor = tensors["latents"]
        # Some schedulers evaluate the model twice a step, or once more at the start.
        done = (index + 1) * self.steps // pipeline.num_timesteps
        self._keep_pace(latents.device)
        if done > self.done:
            self.done = done
            self._tell(latents)
        for request in self.requests:
            if self.should_stop(request.item_id):
                self.stopped.add(request.item_id)
        if len(self.stopped) == len(self.requests):
            raise Stopped
        return {}

    def _keep_pace(self, device: torch.device) -> None:
        """Wait until the GPU has done the step before this one.

        Python may hand it one step more, so that it never waits for work; with more of them it would go
        on for a long while after somebody said stop, and what is reported would not have happened yet.
        """
        if device.type != "cuda":
            return
        before, self.last_step = self.last_step, torch.cuda.Event()
        self.last_step.record()
        if before is not None:
            before.synchronize()

    def _tell(self, latents: torch.Tensor) -> None:
        shown, self.looks = self.looks, {}
        if self._wants_preview():
            self.looked = time.monotonic()
            self.looks = {
                request.item_id: self.preview(latents[row])
                for row, request in enumerate(self.requests)
                if request.item_id not in self.stopped
            }
            if latents.device.type != "cuda":  # a GPU's are there when its next step runs
                shown, self.looks = self.looks, {}
        for request in self.requests:
            if request.item_id not in self.stopped:
                look = shown.get(request.item_id)
                self.report(
                    Step(
                        item_id=request.item_id,
                        step=self.done,
                        steps=self.steps,
                        preview=look() if look else None,
                    )
                )

    def _wants_preview(self) -> bool:
        return (
            self.done % PREVIEW_EVERY == 0
            and self.done < self.steps
            and time.monotonic() - self.looked >= PREVIEW_SECONDS
        )
