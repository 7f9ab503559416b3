"""Which jobs may be drawn as one batch, whoever asked for them."""

import hashlib
from typing import Final

from invoke_core.domain.generation import Generation
from invoke_core.domain.models import SchedulerName

ALONE: Final = frozenset({SchedulerName.DPMPP_SDE})  # draws noise from one seed for a whole batch


def merge_key(generation: Generation) -> str | None:
    """Return what generations that may share a batch have in common; None: it is drawn alone.

    Each picture of a batch has its own prompt, seed, guidance scale and start picture. All else is the
    batch's: model, size, steps, scheduler, LoRAs, embeddings, VAE, the strength of the start picture, and
    whether there is guidance at all.
    """
    if (
        generation.exact
        or generation.scheduler in ALONE
        or generation.mask_image_name
        or generation.controlnets
        or generation.ip_adapters
    ):
        return None
    shared = (
        generation.model,
        generation.width,
        generation.height,
        generation.steps,
        generation.scheduler.value,
        tuple((lora.model, lora.weight) for lora in generation.loras),
        generation.embeddings,
        generation.vae,
        generation.cfg_scale > 1,
        generation.init_image.strength if generation.init_image else None,
    )
    return hashlib.blake2b(repr(shared).encode(), digest_size=16).hexdigest()
