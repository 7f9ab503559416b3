"""What has to be kept of style presets."""

from collections.abc import Sequence
from typing import Protocol

from invoke_core.domain.identifiers import StylePresetId, UserId
from invoke_core.domain.principals import Principal
from invoke_core.domain.style_presets import StylePreset


class StylePresetRepository(Protocol):
    """Style presets with their small pictures, inside one unit of work."""

    def get(self, preset_id: StylePresetId) -> StylePreset:
        """Return the preset; raise NotFound where no preset has this id."""

    def image(self, preset_id: StylePresetId) -> bytes | None:
        """Return the small picture, or None where there is none, also of an unknown preset."""

    def add(self, preset: StylePreset, image: bytes | None = None) -> None:
        """Keep a new preset.

        Raises:
            Conflict: there is one of this id.
            NotFound: the owner is unknown.
        """

    def put(self, preset: StylePreset, image: bytes | None = None) -> None:
        """Replace the preset of this id.

        The small picture stays where none is given, unless `preset.image` is None: then it goes.

        Raises:
            NotFound: there is none of this id, or the owner is unknown.
        """

    def remove(self, preset_id: StylePresetId) -> None:
        """Forget the preset with its picture; raise NotFound as `get` does."""

    def list_visible(self, principal: Principal) -> Sequence[StylePreset]:
        """Return the presets that `may_see` lets the principal see, by name (case ignored), then by id."""

    def owned_by(self, user_id: UserId) -> Sequence[StylePreset]:
        """Return the presets of an owner, ordered by id."""

    def count_owned(self, user_id: UserId) -> int:
        """Return how many presets an owner has."""
