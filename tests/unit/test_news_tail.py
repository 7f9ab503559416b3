import queue
from collections.abc import Iterator

import pytest

from invoke_adapters.memory import MemoryDatabase
from invoke_core.domain.news import Audience, NewsItem, NewsKind
from invoke_core.services.news import NewsTail
from invoke_core.testing.builders import NOON


@pytest.fixture
def database() -> MemoryDatabase:
    return MemoryDatabase()


@pytest.fixture
def tail(database: MemoryDatabase) -> Iterator[NewsTail]:
    tail = NewsTail(database.reading, database.bell())
    yield tail
    tail.stop()


def tell(database: MemoryDatabase, count: int) -> None:
    with database.writing() as work:
        for number in range(count):
            body = {"number": number}
            work.news.tell(NewsKind.JOBS_CHANGED, Audience.everybody(), body, NOON)


def numbers(heard: "queue.Queue[NewsItem]", count: int) -> list[object]:
    return [heard.get(timeout=10).body["number"] for _ in range(count)]


def test_it_hands_on_what_is_told_after_its_start_in_order(
    database: MemoryDatabase, tail: NewsTail
) -> None:
    heard: queue.Queue[NewsItem] = queue.Queue()
    tell(database, 3)
    tail.subscribe(heard.put)
    tail.start()

    tell(database, 2500)  # more than it reads at once

    assert numbers(heard, 2500) == list(range(2500))


def test_a_subscriber_that_fails_silences_nobody(
    database: MemoryDatabase, tail: NewsTail, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(item: NewsItem) -> None:
        raise RuntimeError

    heard: queue.Queue[NewsItem] = queue.Queue()
    tail.subscribe(fail)
    tail.subscribe(heard.put)
    tail.start()
    tell(database, 2)

    assert numbers(heard, 2) == [0, 1]
    assert "A subscriber failed" in caplog.text


def test_one_who_has_left_hears_nothing_more(database: MemoryDatabase, tail: NewsTail) -> None:
    left: queue.Queue[NewsItem] = queue.Queue()
    stayed: queue.Queue[NewsItem] = queue.Queue()
    tail.subscribe(left.put)
    tail.subscribe(stayed.put)
    tail.unsubscribe(left.put)
    tail.unsubscribe(left.put)
    tail.start()
    tell(database, 1)

    assert numbers(stayed, 1) == [0]
    assert left.empty()


def test_stopping_ends_the_thread_and_starting_twice_is_one_thread(
    database: MemoryDatabase,
) -> None:
    tail = NewsTail(database.reading, database.bell())
    tail.start()
    tail.start()
    tail.stop()

    assert tail.last_id == 0
