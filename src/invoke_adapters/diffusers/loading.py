"""Model folders in the layout of diffusers, loaded from the disk alone, into the computer's memory."""

import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError

from invoke_adapters.diffusers.devices import is_out_of_memory
from invoke_adapters.diffusers.families import FAMILIES, Family
from invoke_core.domain.models import ModelFormat
from invoke_core.errors import Invalid, InvokeError, NotFound, Unavailable
from invoke_core.ports.runner import ModelFiles

T = TypeVar("T")

WEIGHTS = "*.safetensors"


def load_pipeline(files: ModelFiles, dtype: torch.dtype) -> tuple[Any, Family]:
    """Return the pipeline of a main model that draws from words, and its family.

    Safety checkers are left out: what may be drawn is for the server's administrator to say.

    Raises:
        NotFound: the folder is gone.
        Invalid: it cannot be loaded.
        Unavailable: it is one file, which cannot be run yet.
    """
    folder = _folder(files)
    index = _index(folder)
    family = FAMILIES.get(str(index.get("_class_name")))
    if family is None:
        raise Invalid(
            f"The model in {folder} is a {index.get('_class_name')}; this server runs"
            f" {', '.join(FAMILIES)}."
        )
    unwanted: dict[str, Any] = {
        name: None for name in ("safety_checker", "feature_extractor") if name in index
    }
    if "safety_checker" in index:
        unwanted["requires_safety_checker"] = False
    pipeline = loaded(
        folder,
        lambda: family.from_words[0].from_pretrained(
            folder,
            dtype=dtype,
            variant=_variant(folder),
            local_files_only=True,
            use_safetensors=True,
            **unwanted,
        ),
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline, family


def load_controlnet(files: ModelFiles, family: Family, dtype: torch.dtype) -> Any:
    """Return a ControlNet for a family; raise NotFound, Invalid, Unavailable as `load_pipeline`."""
    return _load_part(family.controlnet, files, dtype)


def load_vae(files: ModelFiles, own: Any, main: ModelFiles, dtype: torch.dtype) -> Any:
    """Return an autoencoder, from a folder or from one file.

    Args:
        files: where it lies.
        own: the main model's, whose form it has where one file does not tell.
        main: the main model.
        dtype: of its numbers.

    Raises:
        NotFound, Invalid: as `load_pipeline`.
    """
    if files.format is ModelFormat.DIFFUSERS:
        return _load_part(type(own), files, dtype)
    file = Path(files.path)
    if not file.is_file():
        raise NotFound("VAE file", str(file))
    return loaded(
        file,
        lambda: type(own).from_single_file(
            str(file), config=str(Path(main.path) / "vae"), dtype=dtype, local_files_only=True
        ),
    )


def _load_part(kind: Any, files: ModelFiles, dtype: torch.dtype) -> Any:
    folder = _folder(files)
    if not (folder / "config.json").is_file():
        raise NotFound("model configuration", str(folder / "config.json"))
    return loaded(
        folder,
        lambda: kind.from_pretrained(
            folder,
            dtype=dtype,
            variant=_variant(folder),
            local_files_only=True,
            use_safetensors=True,
        ),
    )


def loaded(place: Path, load: Callable[[], T]) -> T:
    """Return what is loaded; raise Invalid where that fails for a fault of the files."""
    try:
        with warnings.catch_warnings(action="ignore"):  # advice to the files' author
            return load()
    except InvokeError:
        raise
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, SafetensorError) as error:
        if is_out_of_memory(error) or isinstance(error, torch.AcceleratorError):
            raise
        raise Invalid(
            f"The model in {place} cannot be loaded; download or copy it again. ({_first(error)})"
        ) from error


def bytes_on_disk(files: ModelFiles) -> int:
    """Return the size of a model's weights; 0 where they are gone."""
    place = Path(files.path)
    found = [place] if place.is_file() else place.rglob(WEIGHTS)
    return sum(file.stat().st_size for file in found)


def _folder(files: ModelFiles) -> Path:
    folder = Path(files.path)
    if files.format is ModelFormat.CHECKPOINT:
        raise Unavailable(
            f"{folder.name} is a single file, which this server cannot run yet: convert it to a"
            " diffusers folder and add that."
        )
    if not folder.is_dir():
        raise NotFound("model folder", str(folder))
    return folder


def _index(folder: Path) -> Mapping[str, Any]:
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
    names = [file.name for file in (*folder.glob(WEIGHTS), *folder.glob(f"*/{WEIGHTS}"))]
    return "fp16" if names and all(".fp16" in name for name in names) else None


def _first(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
