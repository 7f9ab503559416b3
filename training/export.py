"""The finished folder, in the layout of any Stable Diffusion model."""

import json
import shutil
from pathlib import Path
from typing import Final

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline

from training import draw, journal, text, unet

SETTINGS: Final = {
    "width": draw.SIDE,
    "height": draw.SIDE,
    "steps": unet.STEPS,
    "cfg_scale": unet.GUIDANCE,
    "scheduler": "ddim",
}


LOG_VARIANCE: Final = -20.0  # of a latent: a standard deviation of 0.00005


def settle_variance(coder: AutoencoderKL) -> None:
    """Let the autoencoder give one latent, the one it was trained on, and no spread around it.

    Nothing ever trains the half of the encoder's last layer that stands for the variance, and
    image-to-image draws from it: left as it began, its noise drowns the start picture.
    """
    latents = coder.config["latent_channels"]
    with torch.no_grad():
        coder.quant_conv.weight[latents:] = 0.0
        coder.quant_conv.bias[latents:] = LOG_VARIANCE


def export(folder: Path, target: Path) -> None:
    """Write the trained parts as half precision safetensors, with their log and settings.

    Args:
        folder: where training left its checkpoints.
        target: the model's folder; what it holds of the same names is replaced.
    """
    words, coder, denoiser = unet.Words(folder), unet.load_vae(folder), unet.new_unet()
    state = journal.load(folder / "unet.pt")
    assert state is not None, "the denoiser comes first"
    denoiser.load_state_dict(state["average"])
    settle_variance(coder)
    coder.register_to_config(scaling_factor=unet.load_latents(folder).scale, force_upcast=False)
    pipeline = StableDiffusionPipeline(
        vae=coder.half(),
        text_encoder=words.encoder.half(),
        tokenizer=words.tokenizer,
        unet=denoiser.half(),
        scheduler=unet.new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(target, safe_serialization=True)
    text.write_tokenizer(target / "tokenizer")
    (target / "settings.json").write_text(json.dumps(SETTINGS, indent=2) + "\n")
    shutil.copy(folder / "training-log.jsonl", target / "training-log.jsonl")
