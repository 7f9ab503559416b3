"""Ways to keep and announce news wrongly."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import attrs

from invoke_core.domain.news import Audience
from invoke_core.testing.broken.faults import (
    Fault,
    after,
    backwards,
    ignoring,
    returning,
    with_first,
)


def _to_everybody(items: Any) -> Any:
    return [attrs.evolve(item, audience=Audience.everybody()) for item in items]


def _newest_number_kept(work: Any, real: Any) -> int:
    return max((item.news_id for item in work.news.since(0)), default=0)


@attrs.frozen
class _Bell:
    """A bell with one method replaced."""

    real: Any
    waiting: Callable[[Any, float], bool] = lambda bell, timeout: bool(bell.wait(timeout))
    closing: Callable[[Any], None] = lambda bell: bell.close()

    def wait(self, timeout: float) -> bool:
        return self.waiting(self.real, timeout)

    def close(self) -> None:
        self.closing(self.real)


def _bell(**broken: Any) -> Any:
    return lambda database, real: _Bell(real(), **broken)


def _deaf(bell: Any, timeout: float) -> bool:
    return False


class _FirstAlone:
    """Gives every listener the first bell, which one of them alone hears."""

    def __init__(self) -> None:
        self.bells: dict[int, Any] = {}

    def __call__(self, database: Any, real: Any) -> Any:
        if id(database) not in self.bells:
            self.bells[id(database)] = real()
            return self.bells[id(database)]
        return _Bell(real(), waiting=_deaf)


class _RingsOnce:
    """Rings for the first news and never again."""

    def __call__(self, database: Any, real: Any) -> Any:
        rung = [False]

        def waiting(bell: Any, timeout: float) -> bool:
            if rung[0]:
                return False
            rung[0] = bool(bell.wait(timeout))
            return rung[0]

        return _Bell(real(), waiting=waiting)


NEWS: Mapping[str, Fault] = {
    "test_news_come_back_whole": Fault("news.since", after(_to_everybody)),
    "test_news_after_a_number_come_oldest_first": Fault("news.since", after(backwards)),
    "test_news_come_up_to_a_limit": Fault("news.since", ignoring("limit")),
    "test_without_news_the_newest_number_is_zero": Fault("news.oldest_id", returning(0)),
    "test_the_newest_and_oldest_numbers_are_known": Fault(
        "news.oldest_id", lambda work, real: work.news.last_id()
    ),
    "test_old_news_are_forgotten": Fault(
        "news.remove_before", with_first(lambda at: at + timedelta(microseconds=1))
    ),
    "test_the_newest_number_outlives_the_news": Fault("news.last_id", _newest_number_kept),
    "test_news_of_a_failed_unit_are_never_told": Fault(
        "news.last_id", after(lambda last: last + 1)
    ),
    "test_a_bell_that_has_rung_answers_at_once": Fault("bell", _bell(waiting=_deaf)),
    "test_a_bell_rings_for_the_one_who_waits": Fault("bell", _bell(waiting=_deaf)),
    "test_every_bell_rings": Fault("bell", _FirstAlone()),
    "test_what_a_bell_rings_for_can_be_read": Fault("bell", _RingsOnce()),
    "test_a_bell_falls_silent": Fault("bell", _bell(waiting=lambda bell, timeout: True)),
    "test_a_closed_bell_lets_the_one_who_waits_go": Fault("bell", _bell(closing=lambda bell: None)),
}
