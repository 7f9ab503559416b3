"""News in SQL."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.mapping import Change
from invoke_core.domain.news import Audience, NewsItem, NewsKind

_events = schema.events.c
_INSERT = Change(
    sa.insert(schema.events).values(
        {c.name: sa.bindparam(c.name, type_=c.type) for c in _events if c.name != "event_id"}
    )
)
_SINCE = (
    sa.select(schema.events)
    .where(_events.event_id > sa.bindparam("after"))
    .order_by(_events.event_id)
    .limit(sa.bindparam("limit"))
)
_NEWEST = sa.select(
    sa.select(sa.func.max(_events.event_id)).scalar_subquery(),
    schema.queue_state.c.forgotten_event_id,
)
_OLDEST = sa.select(sa.func.min(_events.event_id))


@attrs.define
class Told:
    """Whether a unit of work told anything, so that bells ring after it."""

    anything: bool = False


@attrs.frozen
class SqlNewsRepository:
    """See `NewsRepository`."""

    connection: sa.Connection
    told: Told

    def tell(
        self,
        kind: NewsKind,
        audience: Audience,
        body: Mapping[str, str | int | float | bool | None],
        at: datetime,
    ) -> None:
        """Tell one change."""
        _INSERT.run(
            self.connection,
            {
                "kind": kind,
                "audience_kind": audience.kind,
                "audience_id": audience.id,
                "audience_owner_id": audience.owner_id,
                "body": json.dumps(dict(body)),
                "at": at,
            },
        )
        self.told.anything = True

    def since(self, news_id: int, *, limit: int = 1000) -> Sequence[NewsItem]:
        """Return what was told after this number, oldest first."""
        rows = self.connection.execute(_SINCE, {"after": news_id, "limit": limit})
        return [_item(row) for row in rows]

    def last_id(self) -> int:
        """Return the number of the newest item ever told."""
        newest: int | None
        forgotten: int
        newest, forgotten = self.connection.execute(_NEWEST).one()
        return max(newest or 0, forgotten)

    def oldest_id(self) -> int:
        """Return the number of the oldest item kept."""
        oldest: int | None = self.connection.execute(_OLDEST).scalar_one()
        return self.last_id() + 1 if oldest is None else oldest

    def remove_before(self, at: datetime) -> int:
        """Forget what was told before; return how many items went."""
        self.connection.execute(
            sa.update(schema.queue_state), {"forgotten_event_id": self.last_id()}
        )
        return self.connection.execute(sa.delete(schema.events).where(_events.at < at)).rowcount


def _item(row: Sequence[Any]) -> NewsItem:
    event_id, kind, audience_kind, audience_id, owner_id, body, at = row
    return NewsItem(
        news_id=event_id,
        kind=kind,
        audience=Audience(audience_kind, audience_id, owner_id),
        body=json.loads(body),
        at=at,
    )
