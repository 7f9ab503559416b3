"""What a listener costs who comes back after much has happened."""

from pathlib import Path

import pytest

from invoke_apps.composition import in_memory
from invoke_apps.settings import Settings
from invoke_apps.web.events import _listen, _Place
from invoke_core.domain.generation import GenerationWish
from invoke_core.domain.principals import SINGLE_USER
from invoke_core.domain.queue import BatchWish
from invoke_core.services.queue import QueueService
from invoke_core.testing.builders import a_model


def test_all_jobs_that_changed_are_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    items_by_ids = QueueService.items_by_ids

    def noted(self: QueueService, principal: object, item_ids: list[int]) -> object:
        read.append(len(item_ids))
        return items_by_ids(self, principal, item_ids)  # type: ignore[arg-type]

    with in_memory(Settings(root=tmp_path)) as app:
        with app.database.writing() as work:
            model = a_model(work).key
        wish = BatchWish(generation=GenerationWish(model=model, prompt="a"), runs=30)
        item_ids = app.queue.enqueue(SINGLE_USER, wish).item_ids
        for item_id in item_ids:
            app.queue.cancel(SINGLE_USER, item_id)
        app.queue.delete(SINGLE_USER, item_ids[0])
        monkeypatch.setattr(QueueService, "items_by_ids", noted)

        heard = _listen(_Place(0))(app, SINGLE_USER)

    told = [m.event for m in heard.messages if m.event == "queue_item_status_changed"]
    assert len(told) == 29  # of the one that is forgotten nothing can be told any more
    assert read == [30]
