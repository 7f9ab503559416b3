"""How a picture was made, in InvokeAI's words, as it is stored beside the picture and inside it."""

from collections.abc import Mapping
from typing import Any

from invoke_core.domain.generation import Generation
from invoke_core.domain.identifiers import ModelKey
from invoke_core.errors import NotFound
from invoke_core.ports.unit_of_work import Work


def generation_metadata(work: Work, generation: Generation) -> Mapping[str, Any]:
    """Return the metadata of a generation; a model that has left the catalogue keeps only its key."""
    init = generation.init_image
    metadata: dict[str, Any] = {
        "generation_mode": "img2img" if init else "txt2img",
        "positive_prompt": generation.prompt,
        "negative_prompt": generation.negative_prompt,
        "width": generation.width,
        "height": generation.height,
        "seed": generation.seed,
        "rand_device": "cpu",  # the noise is drawn there, so that every device makes one picture
        "cfg_scale": generation.cfg_scale,
        "steps": generation.steps,
        "scheduler": generation.scheduler.value,
        "model": _model(work, generation.model),
        "loras": [
            {"model": _model(work, lora.model), "weight": lora.weight} for lora in generation.loras
        ],
    }
    if init:
        metadata |= {"init_image": init.image_name, "strength": init.strength}
    return metadata


def _model(work: Work, key: ModelKey) -> Mapping[str, Any]:
    try:
        model = work.models.get(key)
    except NotFound:
        return {"key": key}
    return {
        "key": model.key,
        "hash": model.hash,
        "name": model.name,
        "base": model.base.value,
        "type": model.type.value,
    }
