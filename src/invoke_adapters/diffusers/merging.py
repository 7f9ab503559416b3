"""Which requests are denoised as one batch, and what differs between its rows."""

from collections.abc import Sequence
from typing import Any

import attrs
import torch

from invoke_core.domain.merging import ALONE
from invoke_core.ports.runner import RunRequest

BUCKETS = (1, 2, 4, 8)
"""Numbers of rows. A smaller batch is filled up, because kernels are chosen by the number of rows: with the
same number a row's bits do not depend on what the other rows hold."""


def merge_key(request: RunRequest) -> object | None:
    """Return what requests that share a batch have in common; None: it is drawn alone."""
    if (
        request.exact
        or request.scheduler in ALONE
        or request.mask
        or request.controlnets
        or request.ip_adapters
    ):
        return None
    return (
        request.model,
        request.width,
        request.height,
        request.steps,
        request.scheduler,
        request.loras,
        request.embeddings,
        request.vae,
        request.cfg_scale > 1,
        request.init_image is not None,
        request.strength,
    )


def groups(requests: Sequence[RunRequest], most: int) -> Sequence[Sequence[RunRequest]]:
    """Return the requests in order of arrival, those beside one another that share a batch."""
    found: list[list[RunRequest]] = []
    open_key: object | None = None
    for request in requests:
        key = merge_key(request)
        if key is not None and key == open_key and len(found[-1]) < most:
            found[-1].append(request)
        else:
            found.append([request])
        open_key = key
    return found


def filled_up(count: int) -> int:
    """Return the number of rows of the smallest bucket that so many requests fit into."""
    return next(bucket for bucket in BUCKETS if bucket >= count)


@attrs.frozen(eq=False)
class RowGuidance:
    """A guidance scale for each row, in place of the one number that the pipelines of diffusers take.

    They ask whether it is above 1, and multiply the difference of two predictions by it.
    """

    rows: torch.Tensor  # (rows, 1, 1, 1), float32

    @classmethod
    def of(cls, scales: Sequence[float], device: torch.device) -> "RowGuidance":
        """Return the scales, on the device."""
        return cls(torch.tensor(scales, dtype=torch.float32).view(-1, 1, 1, 1).to(device))

    def __gt__(self, other: Any) -> bool:
        return True  # requests without guidance share no batch with those that have it

    def __mul__(self, difference: torch.Tensor) -> torch.Tensor:
        # As a number times half precision: computed in float32, rounded once.
        return (self.rows * difference.float()).to(difference.dtype)
