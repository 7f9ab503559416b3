"""What every store of progress does."""

from invoke_core.domain.identifiers import ItemId
from invoke_core.domain.progress import Progress
from invoke_core.ports.progress import ProgressStore


def _progress(item_id: int, step: int = 1, preview: bytes | None = None) -> Progress:
    return Progress(item_id=ItemId(item_id), step=step, steps=4, preview=preview)


class ProgressStoreContract:
    """A subclass provides the fixture `store`, empty."""

    def test_progress_comes_back_whole(self, store: ProgressStore) -> None:
        progress = _progress(1, preview=bytes(range(256)))
        store.put(progress)

        assert store.get([ItemId(1)]) == {1: progress}

    def test_the_newest_word_takes_the_place_of_the_one_before(self, store: ProgressStore) -> None:
        store.put(_progress(1, preview=b"old"))
        store.put(_progress(1, step=2))

        assert store.get([ItemId(1)]) == {1: _progress(1, step=2)}
        assert [stamped.progress for stamped in store.since(0)] == [_progress(1, step=2)]

    def test_only_known_jobs_come(self, store: ProgressStore) -> None:
        store.put(_progress(1))
        store.put(_progress(2))

        assert store.get([ItemId(2), ItemId(3)]) == {2: _progress(2)}
        assert store.get([]) == {}

    def test_versions_grow_with_every_report(self, store: ProgressStore) -> None:
        for item_id in (1, 2, 1):
            store.put(_progress(item_id))

        stamped = store.since(0)
        assert [s.progress.item_id for s in stamped] == [2, 1]
        assert 0 < stamped[0].version < stamped[1].version

    def test_only_later_reports_come(self, store: ProgressStore) -> None:
        store.put(_progress(1))
        version = store.since(0)[-1].version
        store.put(_progress(2))

        assert [s.progress.item_id for s in store.since(version)] == [2]
        assert list(store.since(store.since(0)[-1].version)) == []

    def test_versions_grow_after_a_removal(self, store: ProgressStore) -> None:
        store.put(_progress(1))
        version = store.since(0)[-1].version
        store.remove(ItemId(1))
        store.put(_progress(2))

        assert [s.progress.item_id for s in store.since(version)] == [2]

    def test_a_removed_job_is_forgotten(self, store: ProgressStore) -> None:
        store.put(_progress(1))
        store.put(_progress(2))
        store.remove(ItemId(1))

        assert store.get([ItemId(1), ItemId(2)]) == {2: _progress(2)}

    def test_removing_an_unknown_job_does_nothing(self, store: ProgressStore) -> None:
        store.put(_progress(1))
        store.remove(ItemId(9))

        assert store.get([ItemId(1)]) == {1: _progress(1)}
