"""A few processes of one thread each that train one network together.

On a machine whose cores are shared, one thread that is held up stops every other thread of its
process at each operation. Two processes only wait for one another once a step.
"""

import multiprocessing
import os
import tempfile
import threading
from collections.abc import Callable, Iterable
from typing import Any

import attrs
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn


@attrs.frozen
class Team:
    """One process's place among those that train together."""

    rank: int
    size: int

    @property
    def leads(self) -> bool:
        """Return whether this is the process that logs and saves."""
        return self.rank == 0

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Give every process the mean of all processes' gradients."""
        if self.size == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(flat)
        flat /= self.size
        at = 0
        for gradient in gradients:
            gradient.copy_(flat[at : at + gradient.numel()].view_as(gradient))
            at += gradient.numel()

    def seed(self, stage: int, step: int) -> int:
        """Return a seed of its own for each stage, step and process.

        Randomness that depends on nothing else needs no state in a checkpoint.
        """
        return (stage * 1_000_000 + step) * 64 + self.rank


def train_together(work: Callable[..., None], size: int, *arguments: Any) -> None:
    """Run `work(team, *arguments)` in `size` processes and wait for them all.

    `work` is a function of a module, since the other processes import it.
    """
    if size == 1:
        torch.set_num_threads(1)
        work(Team(0, 1), *arguments)
        return
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(  # type: ignore[attr-defined, no-untyped-call]
            _join, args=(size, f"file://{folder}/meeting", work, arguments), nprocs=size
        )


def _join(
    rank: int, size: int, meeting: str, work: Callable[..., None], arguments: tuple[Any, ...]
) -> None:
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=size)
    try:
        work(Team(rank, size), *arguments)
    finally:
        dist.destroy_process_group()


def _end_with_parent() -> None:
    """End this process when the one that started it has ended, however that came about."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
