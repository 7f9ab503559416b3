"""Style presets in SQL."""

from collections.abc import Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.access import sees_shelved
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.mapping import KEY, Mapper, upsert
from invoke_core.domain.identifiers import StylePresetId, UserId
from invoke_core.domain.principals import Principal
from invoke_core.domain.style_presets import StylePreset
from invoke_core.errors import Conflict, NotFound

PRESETS = Mapper(StylePreset, schema.style_presets, "preset_id")
_presets = schema.style_presets.c
_images = schema.style_preset_images.c


@attrs.frozen
class SqlStylePresetRepository:
    """See `StylePresetRepository`."""

    connection: sa.Connection

    def get(self, preset_id: StylePresetId) -> StylePreset:
        """Return the preset."""
        preset = PRESETS.find(self.connection, preset_id)
        if preset is None:
            raise NotFound("style preset", preset_id)
        return preset

    def image(self, preset_id: StylePresetId) -> bytes | None:
        """Return the small picture, or None."""
        query = sa.select(_images.content).where(_images.preset_id == preset_id)
        found: bytes | None = self.connection.execute(query).scalar_one_or_none()
        return found

    def add(self, preset: StylePreset, image: bytes | None = None) -> None:
        """Keep a new preset."""
        try:
            with attempt(self.connection):
                self.connection.execute(PRESETS.insert, _row(preset))
        except sa.exc.IntegrityError as error:
            if PRESETS.is_known(self.connection, preset.preset_id):
                raise Conflict(f"There is a style preset {preset.preset_id!r} already.") from error
            raise NotFound("user", preset.owner_id) from error
        self._put_image(preset, image)

    def put(self, preset: StylePreset, image: bytes | None = None) -> None:
        """Replace the preset of this id."""
        try:
            with attempt(self.connection):
                changed = PRESETS.put(self.connection, _row(preset))
        except sa.exc.IntegrityError as error:
            raise NotFound("user", preset.owner_id) from error
        if not changed:
            raise NotFound("style preset", preset.preset_id)
        self._put_image(preset, image)

    def _put_image(self, preset: StylePreset, image: bytes | None) -> None:
        if image is not None:
            row = {"preset_id": preset.preset_id, "content": image}
            upsert(self.connection, schema.style_preset_images, row)
        elif preset.image is None:
            own = _images.preset_id == preset.preset_id
            self.connection.execute(sa.delete(schema.style_preset_images).where(own))

    def remove(self, preset_id: StylePresetId) -> None:
        """Forget the preset with its picture."""
        if not self.connection.execute(PRESETS.delete, {KEY: preset_id}).rowcount:
            raise NotFound("style preset", preset_id)

    def list_visible(self, principal: Principal) -> Sequence[StylePreset]:
        """Return the presets that the principal may see, by name, then by id."""
        query = PRESETS.select.where(sees_shelved(schema.style_presets, principal))
        order = (_presets.folded_name, _presets.preset_id)
        return PRESETS.all(self.connection, query.order_by(*order))

    def owned_by(self, user_id: UserId) -> Sequence[StylePreset]:
        """Return the presets of an owner, ordered by id."""
        query = PRESETS.select.where(_presets.owner_id == user_id)
        return PRESETS.all(self.connection, query.order_by(_presets.preset_id))

    def count_owned(self, user_id: UserId) -> int:
        """Return how many presets an owner has."""
        query = sa.select(sa.func.count()).where(_presets.owner_id == user_id)
        count: int = self.connection.execute(query).scalar_one()
        return count


def _row(preset: StylePreset) -> dict[str, Any]:
    return {**PRESETS.row(preset), "folded_name": preset.name.casefold()}
