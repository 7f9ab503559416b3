"""Model folders in the layout of diffusers, loaded from the disk alone."""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from transformers.utils import logging as transformers_logging

# First of all: diffusers imports parts of transformers that warn of a missing torchvision.
transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()

from diffusers import (  # noqa: E402
    FluxImg2ImgPipeline,
    FluxPipeline,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
)
from diffusers.utils import logging as diffusers_logging  # noqa: E402
from safetensors import SafetensorError  # noqa: E402

from invoke_adapters.diffusers.devices import is_out_of_memory  # noqa: E402
from invoke_core.domain.models import ModelFormat  # noqa: E402
from invoke_core.errors import Invalid, NotFound, Unavailable  # noqa: E402
from invoke_core.ports.runner import ModelFiles  # noqa: E402

diffusers_logging.set_verbosity_error()
diffusers_logging.disable_progress_bar()

# What a folder's model_index.json names -> what makes a picture from words, and from a picture.
PIPELINES: Final[Mapping[str, tuple[type[Any], type[Any]]]] = {
    "StableDiffusionPipeline": (StableDiffusionPipeline, StableDiffusionImg2ImgPipeline),
    "StableDiffusionXLPipeline": (StableDiffusionXLPipeline, StableDiffusionXLImg2ImgPipeline),
    "FluxPipeline": (FluxPipeline, FluxImg2ImgPipeline),
}


def load_pipelines(files: ModelFiles, device: torch.device, dtype: torch.dtype) -> tuple[Any, Any]:
    """Return two pipelines that share one model: words to picture, and picture to picture.

    Safety checkers are left out: what may be drawn is for the server's administrator to say.

    Raises:
        NotFound: the folder is gone.
        Invalid: it cannot be loaded.
        Unavailable: it is one file, which cannot be run yet.
    """
    folder = Path(files.path)
    if files.format is ModelFormat.CHECKPOINT:
        raise Unavailable(
            f"{folder.name} is a single file, which this server cannot run yet: convert it to a"
            " diffusers folder and add that."
        )
    index = _index(folder)
    if index.get("_class_name") not in PIPELINES:
        raise Invalid(
            f"The model in {folder} is a {index.get('_class_name')}; this server runs"
            f" {', '.join(PIPELINES)}."
        )
    words, picture = PIPELINES[index["_class_name"]]
    unwanted: dict[str, Any] = {
        name: None for name in ("safety_checker", "feature_extractor") if name in index
    }
    if "safety_checker" in index:
        unwanted["requires_safety_checker"] = False
    try:
        with warnings.catch_warnings(action="ignore"):  # advice to the folder's author
            text_to_image = words.from_pretrained(
                folder,
                dtype=dtype,
                variant=_variant(folder),
                local_files_only=True,
                use_safetensors=True,
                **unwanted,
            ).to(device)
            image_to_image = picture.from_pipe(text_to_image, dtype=dtype)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, SafetensorError) as error:
        if is_out_of_memory(error) or isinstance(error, torch.AcceleratorError):
            raise
        raise Invalid(
            f"The model in {folder} cannot be loaded; download or copy it again. ({_first(error)})"
        ) from error
    for pipeline in (text_to_image, image_to_image):
        pipeline.set_progress_bar_config(disable=True)
    if device.type == "cuda" and hasattr(text_to_image, "unet"):
        text_to_image.unet.to(memory_format=torch.channels_last)  # what its convolutions prefer
        text_to_image.vae.to(memory_format=torch.channels_last)
    return text_to_image, image_to_image


def _index(folder: Path) -> Mapping[str, Any]:
    if not folder.is_dir():
        raise NotFound("model folder", str(folder))
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFound("model index", str(folder / "model_index.json")) from error
    except (OSError, ValueError) as error:
        raise Invalid(f"{folder / 'model_index.json'} cannot be read; copy it again.") from error
    if not isinstance(index, dict):
        raise Invalid(f"{folder / 'model_index.json'} is not an object; copy it again.")
    return index


def _variant(folder: Path) -> str | None:
    """Return "fp16" where the weights lie there under such names alone."""
    names = [file.name for file in folder.glob("*/*.safetensors")]
    return "fp16" if names and all(".fp16" in name for name in names) else None


def _first(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
