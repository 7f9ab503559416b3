"""What every store of news and its bell do."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest

from invoke_core.domain.identifiers import BoardId, UserId
from invoke_core.domain.news import Audience, NewsItem, NewsKind
from invoke_core.ports.unit_of_work import Database, Work
from invoke_core.testing.builders import NOON, a_user

SECOND = timedelta(seconds=1)
PATIENCE = 10.0  # seconds; a bell that is right rings long before


def _tell(work: Work, place: int = 0) -> None:
    work.news.tell(
        NewsKind.JOB_CHANGED, Audience.everybody(), {"item_id": place}, NOON + place * SECOND
    )


class NewsContract:
    """A subclass provides the fixture `database`, empty."""

    @pytest.mark.parametrize(
        "audience",
        [
            Audience.everybody(),
            Audience.administrators(),
            Audience.of_user(UserId("u")),
            Audience.of_board(BoardId("b")),
            Audience.of_image(UserId("u"), BoardId("b")),
            Audience.of_image(UserId("u"), None),
        ],
        ids=lambda audience: audience.kind,
    )
    def test_news_come_back_whole(self, database: Database, audience: Audience) -> None:
        body: dict[str, str | int | float | bool | None] = {
            "text": "é",
            "number": 2**40,
            "float": 0.5,
            "flag": True,
            "nothing": None,
        }
        with database.writing() as work:
            work.news.tell(NewsKind.BOARD_CHANGED, audience, body, NOON)

        with database.reading() as work:
            (item,) = work.news.since(0)
            assert item == NewsItem(
                news_id=item.news_id,
                kind=NewsKind.BOARD_CHANGED,
                audience=audience,
                body=body,
                at=NOON,
            )

    def test_news_after_a_number_come_oldest_first(self, database: Database) -> None:
        with database.writing() as work:
            for place in range(4):
                _tell(work, place)
            ids = [item.news_id for item in work.news.since(0)]

            assert ids == sorted(set(ids))
            later = work.news.since(ids[1])
            assert [item.body["item_id"] for item in later] == [2, 3]
            assert list(work.news.since(ids[3])) == []

    def test_news_come_up_to_a_limit(self, database: Database) -> None:
        with database.writing() as work:
            for place in range(4):
                _tell(work, place)

            assert [item.body["item_id"] for item in work.news.since(0, limit=2)] == [0, 1]

    def test_without_news_the_newest_number_is_zero(self, database: Database) -> None:
        with database.reading() as work:
            assert work.news.last_id() == 0
            assert work.news.oldest_id() == 1
            assert list(work.news.since(0)) == []

    def test_the_newest_and_oldest_numbers_are_known(self, database: Database) -> None:
        with database.writing() as work:
            _tell(work)
            _tell(work)
            first, last = (item.news_id for item in work.news.since(0))

            assert (work.news.oldest_id(), work.news.last_id()) == (first, last)

    def test_old_news_are_forgotten(self, database: Database) -> None:
        with database.writing() as work:
            for place in range(3):
                _tell(work, place)
            ids = [item.news_id for item in work.news.since(0)]

            assert work.news.remove_before(NOON + 2 * SECOND) == 2
            assert [item.news_id for item in work.news.since(0)] == ids[2:]
            assert work.news.oldest_id() == ids[2]

    def test_the_newest_number_outlives_the_news(self, database: Database) -> None:
        with database.writing() as work:
            _tell(work)
            last = work.news.last_id()
            work.news.remove_before(NOON + SECOND)

        with database.writing() as work:
            assert (work.news.last_id(), work.news.oldest_id()) == (last, last + 1)
            _tell(work)
            assert work.news.last_id() > last

    def test_news_of_a_failed_unit_are_never_told(self, database: Database) -> None:
        with suppress(RuntimeError), database.writing() as work:
            _tell(work)
            raise RuntimeError

        with database.reading() as work:
            assert list(work.news.since(0)) == []
            assert work.news.last_id() == 0

    def test_a_bell_that_has_rung_answers_at_once(self, database: Database) -> None:
        bell = database.bell()
        with database.writing() as work:
            _tell(work)

        assert bell.wait(PATIENCE) is True
        bell.close()

    def test_a_bell_rings_for_the_one_who_waits(self, database: Database) -> None:
        bell = database.bell()
        heard: list[bool] = []
        waiting = threading.Thread(target=lambda: heard.append(bell.wait(PATIENCE)))
        waiting.start()
        with database.writing() as work:
            _tell(work)
        waiting.join()

        assert heard == [True]
        bell.close()

    def test_every_bell_rings(self, database: Database) -> None:
        bells = [database.bell(), database.bell()]
        with database.writing() as work:
            _tell(work)

        assert [bell.wait(PATIENCE) for bell in bells] == [True, True]
        for bell in bells:
            bell.close()

    def test_what_a_bell_rings_for_can_be_read(self, database: Database) -> None:
        bell = database.bell()
        seen = 0
        for place in range(5):
            with database.writing() as work:
                _tell(work, place)
            assert bell.wait(PATIENCE) is True
            with database.reading() as work:
                news = work.news.since(seen)
            if news:
                seen = news[-1].news_id
            assert [item.body["item_id"] for item in news[-1:]] in ([place], [])
        with database.reading() as work:
            assert seen == work.news.last_id()
        bell.close()

    def test_a_bell_falls_silent(self, database: Database) -> None:
        bell = database.bell()
        with database.writing() as work:
            a_user(work)
            _tell(work)

        rings = 0
        while bell.wait(0.0):  # it may ring for nothing, but not for ever
            rings += 1
            assert rings < 100
        bell.close()

    def test_a_closed_bell_lets_the_one_who_waits_go(self, database: Database) -> None:
        bell = database.bell()
        waiting = threading.Thread(target=lambda: bell.wait(PATIENCE), daemon=True)
        waiting.start()
        bell.close()
        waiting.join(PATIENCE / 4)

        assert not waiting.is_alive()
