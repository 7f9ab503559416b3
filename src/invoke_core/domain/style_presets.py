"""What a style preset is: two prompts under a name, with which others are framed."""

from datetime import datetime

import attrs

from invoke_core.domain.identifiers import StylePresetId, UserId
from invoke_core.domain.shelves import Shelf, storable
from invoke_core.errors import Invalid

MAX_NAME_CHARACTERS = 300
MAX_PROMPT_CHARACTERS = 10_000
MAX_PRESETS = 5_000  # of one person


@attrs.frozen(kw_only=True)
class PresetText:
    """What a preset says."""

    name: str
    positive_prompt: str = ""
    negative_prompt: str = ""


@attrs.frozen(kw_only=True)
class StylePreset:
    """Two prompts under a name."""

    preset_id: StylePresetId
    owner_id: UserId
    name: str  # characters: 1 to 300
    positive_prompt: str
    negative_prompt: str
    shelf: Shelf = Shelf.USER
    is_public: bool = False
    image: str | None = None  # a digest of the small picture; None: it has none
    created_at: datetime  # aware, UTC
    updated_at: datetime


def checked(text: PresetText) -> PresetText:
    """Return what a preset says, its name trimmed; raise Invalid where something is out of range."""
    name = storable(text.name.strip(), "name")
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise Invalid("The name of a preset has 1 to 300 characters.", field="name")
    for field in ("positive_prompt", "negative_prompt"):
        if len(storable(getattr(text, field), field)) > MAX_PROMPT_CHARACTERS:
            raise Invalid("A prompt has at most 10,000 characters.", field=field)
    return attrs.evolve(text, name=name)
