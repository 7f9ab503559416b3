"""What is put on a loaded model for a pass and taken off for the next: textual inversions, IP-Adapters."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import PIL.Image
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from invoke_adapters.diffusers.devices import is_out_of_memory
from invoke_adapters.diffusers.loading import WEIGHTS, loaded
from invoke_core.domain.pixels import Pixels
from invoke_core.errors import Invalid, InvokeError, NotFound
from invoke_core.ports.runner import EmbeddingFiles, GuidePixels, ModelFiles

_FOREIGN = (ValueError, RuntimeError, KeyError, OSError, SafetensorError)


@attrs.define(eq=False)
class EmbeddingShelf:
    """The textual inversions that a model's text encoders know at present."""

    pipeline: Any
    text_encoders: int
    used: tuple[EmbeddingFiles, ...] = ()

    def use(self, embeddings: Sequence[EmbeddingFiles]) -> None:
        """Let exactly these be known.

        Raises:
            NotFound: a file is gone.
            Invalid: a file is none for this model.
        """
        wanted = tuple(dict.fromkeys(embeddings))
        if wanted == self.used:
            return
        self.clear()
        for each in wanted:
            try:
                self._load(each)
            except (*_FOREIGN, InvokeError) as error:
                self.used = wanted  # half of them may be known by now
                self.clear()
                if is_out_of_memory(error) or isinstance(error, InvokeError):
                    raise
                raise Invalid(_refusal(each), field="generation.embeddings") from error
        self.used = wanted

    def clear(self) -> None:
        """Let the text encoders know none, as they were when they were loaded."""
        if not self.used:
            return
        for tokenizer, text_encoder in self._encoders():
            known = tokenizer.get_added_vocab()
            tokens = [each.token for each in self.used if each.token in known]
            if tokens:
                self.pipeline.unload_textual_inversion(
                    tokens, tokenizer=tokenizer, text_encoder=text_encoder
                )
        self.used = ()

    def _encoders(self) -> Sequence[tuple[Any, Any]]:
        names = [("tokenizer", "text_encoder"), ("tokenizer_2", "text_encoder_2")]
        return [
            (getattr(self.pipeline, words), getattr(self.pipeline, encoder))
            for words, encoder in names[: self.text_encoders]
        ]

    def _load(self, embedding: EmbeddingFiles) -> None:
        tensors = load_file(_weights_file(Path(embedding.model.path), "embedding"))
        encoders = self._encoders()
        parts = [tensors.get("clip_l"), tensors.get("clip_g")][: len(encoders)]
        if len(encoders) == 1 and parts[0] is None:  # one tensor, under whatever name
            parts = [next(iter(tensors.values()))] if len(tensors) == 1 else []
        if len(parts) != len(encoders) or any(part is None for part in parts):
            raise Invalid(_refusal(embedding), field="generation.embeddings")
        for part, (tokenizer, text_encoder) in zip(parts, encoders, strict=True):
            self.pipeline.load_textual_inversion(
                part, token=embedding.token, tokenizer=tokenizer, text_encoder=text_encoder
            )


@attrs.define(eq=False)
class IpAdapterShelf:
    """The IP-Adapters that a model's denoiser holds at present."""

    pipeline: Any
    used: tuple[ModelFiles, ...] = ()

    def use(self, adapters: Sequence[GuidePixels]) -> None:
        """Let exactly these count, with their weights.

        Raises:
            NotFound: a file is gone, or the image encoder beside it.
            Invalid: a file is no IP-Adapter for this model.
        """
        counting = [each for each in adapters if each.weight != 0]
        wanted = tuple(each.model for each in counting)
        if wanted != self.used:
            self.clear()
            if wanted:
                self._load(wanted)
        if wanted:
            self.pipeline.set_ip_adapter_scale([each.weight for each in counting])

    def clear(self) -> None:
        """Leave the denoiser as it was when it was loaded."""
        if self.used:
            self.pipeline.unload_ip_adapter()
            self.pipeline.feature_extractor = None
            self.used = ()

    def embeds(
        self, adapters: Sequence[GuidePixels], *, with_guidance: bool
    ) -> Sequence[torch.Tensor] | None:
        """Return what the pictures become, one tensor an adapter, (2 or 1, pictures, …, width)."""
        counting = [each for each in adapters if each.weight != 0]
        if not counting:
            return None
        pictures = [_image(each.image) for each in counting]
        embeds: Sequence[torch.Tensor] = self.pipeline.prepare_ip_adapter_image_embeds(
            pictures, None, self.pipeline._execution_device, 1, with_guidance
        )
        return embeds

    def _load(self, wanted: tuple[ModelFiles, ...]) -> None:
        files = [_weights_file(Path(each.path), "IP-Adapter") for each in wanted]
        encoder_folder = files[0].parent / "image_encoder"
        if not encoder_folder.is_dir():
            raise NotFound("image encoder of an IP-Adapter", str(encoder_folder))
        # Here, because at the top it would come before `families` has silenced its warnings.
        from transformers import CLIPImageProcessor, CLIPVisionModelWithProjection

        unet = self.pipeline.unet
        encoder = loaded(
            encoder_folder,
            lambda: CLIPVisionModelWithProjection.from_pretrained(
                encoder_folder, dtype=unet.dtype, local_files_only=True, use_safetensors=True
            ),
        ).to(unet.device)
        side = encoder.config.image_size
        extractor = CLIPImageProcessor(size=side, crop_size=side)
        try:
            self.pipeline.image_encoder = encoder
            self.pipeline.feature_extractor = extractor
            self.pipeline.load_ip_adapter(
                [str(file.parent) for file in files],
                subfolder=[""] * len(files),
                weight_name=[file.name for file in files],
                image_encoder_folder=None,
                local_files_only=True,
            )
        except (*_FOREIGN, IndexError, TypeError) as error:
            self.used = wanted  # half of them may be in the denoiser by now
            self.clear()
            if is_out_of_memory(error):
                raise
            raise Invalid(
                f"The IP-Adapter {wanted[0].key} does not fit this model: choose one that was made"
                " for it.",
                field="generation.ip_adapters",
            ) from error
        self.used = wanted


def _image(pixels: Pixels) -> PIL.Image.Image:
    return PIL.Image.frombytes("RGB", (pixels.width, pixels.height), pixels.rgb)


def _weights_file(path: Path, word: str) -> Path:
    """Return the file itself, or the only one of its folder."""
    found = sorted(path.glob(WEIGHTS)) if path.is_dir() else [path]
    if len(found) != 1 or not found[0].is_file():
        raise NotFound(f"{word} file", str(path))
    return found[0]


def _refusal(embedding: EmbeddingFiles) -> str:
    return (
        f"The embedding {embedding.model.key} does not fit this model: choose one that was made for"
        " it."
    )
