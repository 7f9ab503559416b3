"""Ways to keep progress wrongly."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from invoke_core.ports.progress import ProgressStore
from invoke_core.testing.broken.faults import Replacement, after, backwards, returning


@attrs.frozen
class _BrokenStore:
    real: Any
    method: str
    replacement: Replacement

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.real, name)
        if name != self.method:
            return found
        return lambda *args: self.replacement(self.real, found, *args)


def _broken(method: str, replacement: Replacement) -> Callable[[ProgressStore], Any]:
    return lambda store: _BrokenStore(store, method, replacement)


def _without_preview(store: Any, real: Any, item_ids: Any) -> Any:
    return {id_: attrs.evolve(p, preview=None) for id_, p in real(item_ids).items()}


def _keeps_the_first(store: Any, real: Any, progress: Any) -> None:
    if progress.item_id not in store.get([progress.item_id]):
        real(progress)


def _every_job(store: Any, real: Any, item_ids: Any) -> Any:
    return {stamped.progress.item_id: stamped.progress for stamped in store.since(0)}


def _up_to_and_with(store: Any, real: Any, version: int) -> Any:
    return real(version - 1)


def _versions_of_what_is_kept(store: Any, real: Any, version: int) -> Any:
    numbered = [attrs.evolve(s, version=place) for place, s in enumerate(real(0), start=1)]
    return [stamped for stamped in numbered if stamped.version > version]


def _requires_known(store: Any, real: Any, item_id: Any) -> None:
    del dict(store.get([item_id]))[item_id]
    real(item_id)


PROGRESS: Mapping[str, Callable[[ProgressStore], Any]] = {
    "test_progress_comes_back_whole": _broken("get", _without_preview),
    "test_the_newest_word_takes_the_place_of_the_one_before": _broken("put", _keeps_the_first),
    "test_only_known_jobs_come": _broken("get", _every_job),
    "test_versions_grow_with_every_report": _broken("since", after(backwards)),
    "test_only_later_reports_come": _broken("since", _up_to_and_with),
    "test_versions_grow_after_a_removal": _broken("since", _versions_of_what_is_kept),
    "test_a_removed_job_is_forgotten": _broken("remove", returning(None)),
    "test_removing_an_unknown_job_does_nothing": _broken("remove", _requires_known),
}
