"""Which default settings a model may have: those that a generation could ask for itself."""

import math

from invoke_core.domain.generation import DIMENSION_STEP, MIN_DIMENSION, GenerationLimits
from invoke_core.domain.models import DefaultSettings
from invoke_core.errors import Invalid

MAX_DESCRIPTION_CHARACTERS = 10_000
MAX_TRIGGER_PHRASES = 100
MAX_TRIGGER_CHARACTERS = 200


def require_settings_within(limits: GenerationLimits, settings: DefaultSettings) -> None:
    """Raise Invalid, naming the field, where a value is set and out of range."""
    for side in ("width", "height"):
        pixels = getattr(settings, side)
        if pixels is not None and (
            not MIN_DIMENSION <= pixels <= limits.max_dimension or pixels % DIMENSION_STEP
        ):
            raise Invalid(
                f"The {side} is a multiple of {DIMENSION_STEP} from {MIN_DIMENSION} to"
                f" {limits.max_dimension} pixels.",
                field=f"default_settings.{side}",
            )
    if settings.steps is not None and not 1 <= settings.steps <= limits.max_steps:
        raise Invalid(f"Steps go from 1 to {limits.max_steps}.", field="default_settings.steps")
    guidance = settings.cfg_scale
    if guidance is not None and not (math.isfinite(guidance) and 1 <= guidance <= 100):
        raise Invalid("The guidance scale goes from 1 to 100.", field="default_settings.cfg_scale")


def checked_model_description(text: str) -> str:
    """Return the description; raise Invalid over 10,000 characters."""
    if len(text) > MAX_DESCRIPTION_CHARACTERS:
        raise Invalid("A description has at most 10,000 characters.", field="description")
    return text


def checked_trigger_phrases(phrases: tuple[str, ...]) -> tuple[str, ...]:
    """Return the phrases, trimmed, each once, in their order; empty ones are left out.

    Raises:
        Invalid: there are more than 100, or one has more than 200 characters.
    """
    trimmed = tuple(dict.fromkeys(stripped for p in phrases if (stripped := p.strip())))
    if len(trimmed) > MAX_TRIGGER_PHRASES:
        raise Invalid("A model has at most 100 trigger phrases.", field="trigger_phrases")
    if any(len(phrase) > MAX_TRIGGER_CHARACTERS for phrase in trimmed):
        raise Invalid("A trigger phrase has at most 200 characters.", field="trigger_phrases")
    return trimmed
