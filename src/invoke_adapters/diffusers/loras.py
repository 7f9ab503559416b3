"""LoRAs on a loaded model: put on for a picture, taken off for the next, never fused.

Fused weights cannot be taken out again bit for bit; adapters can.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
from safetensors import SafetensorError

from invoke_adapters.diffusers.devices import is_out_of_memory
from invoke_core.domain.identifiers import ModelKey
from invoke_core.errors import Invalid, InvokeError, NotFound
from invoke_core.ports.runner import ModelFiles

Identity = tuple[ModelKey, str]  # the LoRA's key, and where it lies

MOST_LOADED = 8  # more are dropped before new ones come


@attrs.define(eq=False)
class LoraShelf:
    """The LoRAs that one pipeline holds, in use or not."""

    pipeline: Any
    names: dict[Identity, str] = attrs.field(factory=dict)  # -> the adapter's

    def use(self, loras: Sequence[tuple[ModelFiles, float]]) -> None:
        """Let exactly these count, with their weights; one of weight 0 is not even loaded.

        Raises:
            NotFound: a file is gone.
            Invalid: a file is no LoRA for this model.
        """
        weights: dict[Identity, float] = {}
        for files, weight in loras:
            identity = (files.key, files.path)
            weights[identity] = weights.get(identity, 0.0) + weight
        wanted = {identity: weight for identity, weight in weights.items() if weight != 0}
        if not wanted:
            if self.names:
                self.pipeline.disable_lora()
            return
        missing = [identity for identity in wanted if identity not in self.names]
        if len(self.names) + len(missing) > MOST_LOADED:
            self.clear()
            missing = list(wanted)
        for identity in missing:
            self._load(identity)
        self.pipeline.enable_lora()
        self.pipeline.set_adapters([self.names[i] for i in wanted], list(wanted.values()))

    def clear(self) -> None:
        """Take every LoRA out of the model."""
        self.pipeline.unload_lora_weights()
        self.names.clear()

    def _load(self, identity: Identity) -> None:
        key, path = identity
        file = _weights_file(Path(path))
        name = f"lora_{len(self.names)}"
        try:
            with warnings.catch_warnings(action="ignore"):  # peft doubts that several are meant
                self.pipeline.load_lora_weights(
                    str(file.parent),
                    weight_name=file.name,
                    adapter_name=name,
                    local_files_only=True,
                    use_safetensors=True,
                )
            if not any(name in held for held in self.pipeline.get_list_adapters().values()):
                raise Invalid(_refusal(key), field="generation.loras")
        except (ValueError, RuntimeError, KeyError, OSError, SafetensorError, InvokeError) as error:
            self.clear()  # half of it may be in the model by now
            if is_out_of_memory(error) or isinstance(error, InvokeError):
                raise
            raise Invalid(_refusal(key), field="generation.loras") from error
        self.names[identity] = name


def _weights_file(path: Path) -> Path:
    file = path / "pytorch_lora_weights.safetensors" if path.is_dir() else path
    if not file.is_file():
        raise NotFound("LoRA file", str(file))
    return file


def _refusal(key: str) -> str:
    return f"The LoRA {key} does not fit this model: choose one that was made for it."
