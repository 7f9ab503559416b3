"""How a picture was made, in InvokeAI's words, as it is stored beside the picture and inside it."""

from collections.abc import Mapping
from typing import Any

from invoke_core.domain.generation import Generation, Guide
from invoke_core.domain.identifiers import ModelKey
from invoke_core.errors import NotFound
from invoke_core.ports.unit_of_work import Work


def generation_metadata(work: Work, generation: Generation) -> Mapping[str, Any]:
    """Return the metadata of a generation; a model that has left the catalogue keeps only its key."""
    init = generation.init_image
    metadata: dict[str, Any] = {
        "generation_mode": _mode(generation),
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
    if generation.mask_image_name:
        metadata["mask_image"] = generation.mask_image_name
    for name, guides in (
        ("controlnets", generation.controlnets),
        ("ipAdapters", generation.ip_adapters),
    ):
        if guides:
            metadata[name] = [_guide(work, name, guide) for guide in guides]
    if generation.embeddings:
        metadata["embeddings"] = [_model(work, key) for key in generation.embeddings]
    if generation.vae:
        metadata["vae"] = _model(work, generation.vae)
    return metadata


def _mode(generation: Generation) -> str:
    if generation.init_image is None:
        return "txt2img"
    return "inpaint" if generation.mask_image_name else "img2img"


def _guide(work: Work, name: str, guide: Guide) -> Mapping[str, Any]:
    kind, weight = (
        ("control_model", "control_weight")
        if name == "controlnets"
        else ("ip_adapter_model", "weight")
    )
    return {
        kind: _model(work, guide.model),
        "image": {"image_name": guide.image_name},
        weight: guide.weight,
    }


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
