"""Models of the real sizes with random weights, for devices on which only size decides how long they take.

Shapes are those of the published configurations of Stable Diffusion 1.5 and SDXL base. They draw noise. The
weights are of diffusers' own initialisation: constant ones would need less power, and give faster clocks than
a real model has.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from tests.tiny_models import tokenizer

BETAS: Final[Mapping[str, Any]] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "steps_offset": 1,
}
VOCABULARY = 49_408
TOKENS = 77

SD_UNET: Final[Mapping[str, Any]] = {
    "sample_size": 64,
    "block_out_channels": (320, 640, 1280, 1280),
    "layers_per_block": 2,
    "down_block_types": (*("CrossAttnDownBlock2D",) * 3, "DownBlock2D"),
    "up_block_types": ("UpBlock2D", *("CrossAttnUpBlock2D",) * 3),
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
}
SDXL_UNET: Final[Mapping[str, Any]] = {
    "sample_size": 128,
    "block_out_channels": (320, 640, 1280),
    "layers_per_block": 2,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": [1, 2, 10],
    "attention_head_dim": [5, 10, 20],
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}


def _autoencoder(side: int, scaling: float, *, upcast: bool) -> AutoencoderKL:
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(128, 256, 512, 512),
        layers_per_block=2,
        latent_channels=4,
        norm_num_groups=32,
        sample_size=side,
        scaling_factor=scaling,
        force_upcast=upcast,
    )


def _clip_l() -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=VOCABULARY,
        hidden_size=768,
        intermediate_size=3072,
        num_hidden_layers=12,
        num_attention_heads=12,
        max_position_embeddings=TOKENS,
        hidden_act="quick_gelu",
        projection_dim=768,
    )


def _clip_g() -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=VOCABULARY,
        hidden_size=1280,
        intermediate_size=5120,
        num_hidden_layers=32,
        num_attention_heads=20,
        max_position_embeddings=TOKENS,
        hidden_act="gelu",
        projection_dim=1280,
    )


def _words() -> CLIPTokenizer:
    words = tokenizer()
    words.model_max_length = TOKENS
    return words


def stable_diffusion() -> StableDiffusionPipeline:
    """Return Stable Diffusion 1.5: 859,520,964 parameters in the UNet."""
    return StableDiffusionPipeline(
        vae=_autoencoder(512, 0.18215, upcast=False),
        text_encoder=CLIPTextModel(_clip_l()),
        tokenizer=_words(),
        unet=UNet2DConditionModel(**SD_UNET),
        scheduler=PNDMScheduler(skip_prk_steps=True, set_alpha_to_one=False, **BETAS),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def stable_diffusion_xl() -> StableDiffusionXLPipeline:
    """Return SDXL base: 2,567,463,684 parameters in the UNet."""
    return StableDiffusionXLPipeline(
        vae=_autoencoder(1024, 0.13025, upcast=True),
        text_encoder=CLIPTextModel(_clip_l()),
        text_encoder_2=CLIPTextModelWithProjection(_clip_g()),
        tokenizer=_words(),
        tokenizer_2=_words(),
        unet=UNet2DConditionModel(**SDXL_UNET),
        scheduler=EulerDiscreteScheduler(timestep_spacing="leading", **BETAS),
        force_zeros_for_empty_prompt=True,
    )


def write(build: Callable[[], Any], folder: Path, device: torch.device) -> Path:
    """Write a model in bfloat16 into a folder, and return that; its weights are drawn on the device."""
    before = torch.get_default_dtype()
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    try:
        with device:
            pipeline = build()
    finally:
        torch.set_default_dtype(before)
    pipeline.to("cpu")
    pipeline.save_pretrained(folder)
    return folder
