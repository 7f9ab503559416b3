"""Style presets in dictionaries."""

from collections.abc import Sequence

import attrs

from invoke_adapters.memory.state import State, StoredPreset
from invoke_core.domain.identifiers import StylePresetId, UserId
from invoke_core.domain.principals import Principal
from invoke_core.domain.shelves import may_see
from invoke_core.domain.style_presets import StylePreset
from invoke_core.errors import Conflict, NotFound


@attrs.frozen
class MemoryStylePresetRepository:
    """See `StylePresetRepository`."""

    state: State

    def _stored(self, preset_id: StylePresetId) -> StoredPreset:
        if preset_id not in self.state.style_presets:
            raise NotFound("style preset", preset_id)
        return self.state.style_presets[preset_id]

    def get(self, preset_id: StylePresetId) -> StylePreset:
        """Return the preset."""
        return self._stored(preset_id).preset

    def image(self, preset_id: StylePresetId) -> bytes | None:
        """Return the small picture, or None."""
        stored = self.state.style_presets.get(preset_id)
        return None if stored is None else stored.image

    def add(self, preset: StylePreset, image: bytes | None = None) -> None:
        """Keep a new preset."""
        if preset.preset_id in self.state.style_presets:
            raise Conflict(f"There is a style preset {preset.preset_id!r} already.")
        self._keep(StoredPreset(preset=preset, image=image))

    def put(self, preset: StylePreset, image: bytes | None = None) -> None:
        """Replace the preset of this id."""
        stored = attrs.evolve(self._stored(preset.preset_id), preset=preset)
        if image is not None or preset.image is None:
            stored = attrs.evolve(stored, image=image)
        self._keep(stored)

    def _keep(self, stored: StoredPreset) -> None:
        if stored.preset.owner_id not in self.state.users:
            raise NotFound("user", stored.preset.owner_id)
        self.state.style_presets[stored.preset.preset_id] = stored

    def remove(self, preset_id: StylePresetId) -> None:
        """Forget the preset with its picture."""
        self._stored(preset_id)
        del self.state.style_presets[preset_id]

    def list_visible(self, principal: Principal) -> Sequence[StylePreset]:
        """Return the presets that the principal may see, by name, then by id."""
        found = [preset for preset in self._all() if may_see(preset, principal)]
        return sorted(found, key=lambda preset: (preset.name.casefold(), preset.preset_id))

    def owned_by(self, user_id: UserId) -> Sequence[StylePreset]:
        """Return the presets of an owner, ordered by id."""
        found = [preset for preset in self._all() if preset.owner_id == user_id]
        return sorted(found, key=lambda preset: preset.preset_id)

    def count_owned(self, user_id: UserId) -> int:
        """Return how many presets an owner has."""
        return len(self.owned_by(user_id))

    def _all(self) -> list[StylePreset]:
        return [stored.preset for stored in self.state.style_presets.values()]
