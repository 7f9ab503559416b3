"""The books of the image storage in SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import image_counts, schema
from invoke_adapters.sql.images import IMAGES
from invoke_adapters.sql.mapping import among, upsert
from invoke_adapters.sql.owners import moving, still_to_move
from invoke_core.domain.identifiers import ImageName, UserId
from invoke_core.ports.stock import StockItem

_TABLES = (schema.images, schema.binned_images)
_kept = schema.user_storage.c


def _everything() -> sa.CompoundSelect[Any]:
    columns = ("image_name", "owner_id", "size_bytes")
    return sa.union_all(*(sa.select(*(table.c[name] for name in columns)) for table in _TABLES))


@attrs.frozen
class SqlStockRepository:
    """See `StockRepository`."""

    connection: sa.Connection

    def usage(self, owner_id: UserId) -> int:
        """Return how many bytes the files of an owner's pictures take; kept, not counted."""
        return self.usages([owner_id])[owner_id]

    def usages(self, owner_ids: Sequence[UserId]) -> Mapping[UserId, int]:
        """Return `usage` of each of many owners."""
        query = sa.select(_kept.user_id, _kept.size_bytes).where(
            among(self.connection, _kept.user_id, owner_ids)
        )
        rows = self.connection.execute(query)
        found = dict.fromkeys(owner_ids, 0) | {UserId(who): int(size) for who, size in rows}
        transfer = moving(self.connection)
        if transfer is not None and any(map(transfer.changes, owner_ids)):
            late = still_to_move(self.connection, transfer).size_bytes
            for who, more in ((transfer.from_id, -late), (transfer.to_id, late)):
                if who in found:
                    found[who] += more
        return found

    def list(self, after: ImageName | None, limit: int) -> Sequence[StockItem]:
        """Return pictures, binned ones among them, by name."""
        # The first ones of each table, then the first of these: the union alone would be sorted whole.
        found: list[StockItem] = []
        for table in _TABLES:
            query = sa.select(table.c.image_name, table.c.owner_id, table.c.size_bytes)
            if after is not None:
                query = query.where(table.c.image_name > after)
            rows = self.connection.execute(query.order_by(table.c.image_name).limit(limit))
            found += [StockItem(image_name=n, owner_id=o, size_bytes=s) for n, o, s in rows]
        return sorted(found, key=lambda item: item.image_name)[:limit]

    def known(self, image_names: Sequence[ImageName]) -> frozenset[ImageName]:
        """Return those of the names that are a picture's."""
        found: set[ImageName] = set()
        for table in _TABLES:
            query = sa.select(table.c.image_name)
            query = query.where(among(self.connection, table.c.image_name, image_names))
            found.update(self.connection.execute(query).scalars())
        return frozenset(found)

    def put_size(self, image_name: ImageName, size_bytes: int) -> None:
        """Correct what a picture's files take."""
        image = IMAGES.find(self.connection, image_name)
        if image is not None:
            after = attrs.evolve(image, size_bytes=size_bytes)
            image_counts.change(self.connection, [image], [after])
        for table in _TABLES:
            change = sa.update(table).where(table.c.image_name == image_name)
            self.connection.execute(change.values(size_bytes=size_bytes))

    def recount(self) -> Sequence[UserId]:
        """Correct what is kept; return whose was wrong, by id."""
        wrong = self._miscounted()
        for user_id, size_bytes in wrong.items():
            row = {"user_id": user_id, "size_bytes": size_bytes}
            upsert(self.connection, schema.user_storage, row)
        return list(wrong)

    def miscounted(self) -> Sequence[UserId]:
        """Return whose usage is not the sum of the sizes, by id."""
        return list(self._miscounted())

    def _miscounted(self) -> dict[UserId, int]:
        """Return what the wrong ones should be, by id in order."""
        every = _everything().subquery()
        sums = sa.select(every.c.owner_id, sa.func.sum(every.c.size_bytes)).group_by(
            every.c.owner_id
        )
        right = {owner_id: int(size) for owner_id, size in self.connection.execute(sums)}
        rows = self.connection.execute(sa.select(_kept.user_id, _kept.size_bytes))
        kept = {user_id: int(size) for user_id, size in rows}
        owners = sorted(right.keys() | kept.keys())
        return {o: right.get(o, 0) for o in owners if right.get(o, 0) != kept.get(o, 0)}
