"""The threads that requests run in: readers, writers, hashers and uploads never wait for each other's."""

import os
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, Literal, TypeVar

T = TypeVar("T")
Pool = Literal["reading", "writing", "slow", "uploading"]

THREADS: dict[Pool, int] = {
    "reading": 8,
    "writing": 8,
    "slow": 4,
    "uploading": max(4, os.cpu_count() or 1),  # they wait for the decoders, one for each core
}

_pool: ContextVar[Pool] = ContextVar("pool", default="reading")


def choose_pool(method: str, *, slow: bool = False, uploads: bool = False) -> None:
    """Settle where the present request runs: by its method, or among the slow ones, or the uploads."""
    if uploads:
        _pool.set("uploading")
    elif slow:
        _pool.set("slow")
    else:
        _pool.set("reading" if method in {"GET", "HEAD"} else "writing")


class SplitExecutor(ThreadPoolExecutor):
    """Several thread pools behind one executor; the caller's context chooses."""

    def __init__(self) -> None:
        super().__init__(max_workers=1, thread_name_prefix="web")
        self._pools: dict[Pool, Executor] = {
            name: ThreadPoolExecutor(count, thread_name_prefix=f"web-{name}")
            for name, count in THREADS.items()
        }

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Run the function in the pool that `choose_pool` settled for this context."""
        return self._pools[_pool.get()].submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End every pool."""
        for pool in self._pools.values():
            pool.shutdown(wait, cancel_futures=cancel_futures)
        super().shutdown(wait, cancel_futures=cancel_futures)
