"""The threads that requests run in: none waits for those of another kind."""

import os
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, Literal, TypeVar

T = TypeVar("T")
Pool = Literal["reading", "writing", "slow", "outside", "uploading"]

# A hash takes a core for a third of a second. However many sign in at once, one core is left to the others.
HASHERS = max(1, min(4, len(os.sched_getaffinity(0)) - 1))
THREADS: dict[Pool, int] = {
    "reading": 8,
    "writing": 8,
    "slow": HASHERS,
    "outside": 4,
    "uploading": max(4, os.cpu_count() or 1),  # they wait for the decoders, one for each core
}

_pool: ContextVar[Pool] = ContextVar("pool", default="reading")


def choose_pool(
    method: str, *, slow: bool = False, outside: bool = False, uploads: bool = False
) -> None:
    """Settle where the present request runs: by its method, or among those of its kind.

    Args:
        method: of HTTP.
        slow: it hashes passwords.
        outside: it asks another server.
        uploads: it takes pictures.
    """
    if outside:
        _pool.set("outside")
    elif uploads:
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
