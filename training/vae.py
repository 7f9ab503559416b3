"""The autoencoder: 64 x 64 pixels to 16 x 16 latents of 4 channels, and back."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch.nn import functional

from training import draw, journal
from training.rates import rate
from training.team import Team

FACTOR: Final = 4  # pixels a latent, each way
SCENES: Final = draw.training_scenes()


def new_vae() -> AutoencoderKL:
    """Return an untrained autoencoder of 0.8 million weights."""
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(24, 48, 64),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=1,
        sample_size=draw.SIDE,
        mid_block_add_attention=False,
    )


def to_tensor(pixels: np.ndarray) -> torch.Tensor:
    """Return (n, 64, 64, 3) bytes as (n, 3, 64, 64) float32 from -1 to 1."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1


def drawings(count: int, rng: np.random.Generator) -> list[draw.Drawing]:
    """Return fresh drawings of training scenes."""
    return [draw.draw(SCENES[i], rng) for i in rng.integers(len(SCENES), size=count)]


def pictures(drawn: Sequence[draw.Drawing]) -> torch.Tensor:
    """Return the drawings' pixels, (n, 3, 64, 64), float32, -1 to 1."""
    return to_tensor(np.stack([d.pixels for d in drawn]))


def crops(images: torch.Tensor, side: int, rng: np.random.Generator) -> torch.Tensor:
    """Return a square of each picture, `side` pixels wide, from anywhere in it."""
    corners = rng.integers(0, draw.SIDE - side + 1, (len(images), 2))
    parts = [i[:, y : y + side, x : x + side] for i, (x, y) in zip(images, corners, strict=True)]
    return torch.stack(parts)


def edges(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the differences between neighbouring pixels, across and down."""
    return images.diff(dim=3), images.diff(dim=2)


def picture_loss(made: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """Return how far the made pictures are from the real ones, their edges counting extra."""
    loss = functional.l1_loss(made, real) + 0.5 * functional.mse_loss(made, real)
    for a, b in zip(edges(made), edges(real), strict=True):
        loss = loss + 0.3 * functional.l1_loss(a, b)
    return loss


def attention(drawn: Sequence[draw.Drawing]) -> torch.Tensor:
    """Return how much each pixel counts when outlines are to become sharp.

    Pixels at the outline count five times, since shapes are told apart there; and a pink object on
    gray, which differs little from its ground, counts more than a blue one on white.

    Returns:
        (n, 1, 64, 64), float32.
    """
    cover = torch.from_numpy(np.stack([d.coverage for d in drawn]))[:, None]
    mixed = ((cover > 0) & (cover < 1)).float()
    near = functional.max_pool2d(mixed, 3, stride=1, padding=1)
    contrasts = []
    for d in drawn:
        colour, ground = draw.COLOURS[d.scene.colour], draw.GROUNDS[d.scene.ground]
        contrasts.append(float(np.linalg.norm(np.subtract(colour, ground))))
    lift = (200 / torch.tensor(contrasts, dtype=torch.float32)).clamp(0.7, 2.5)
    return lift[:, None, None, None] * (1 + 4 * near)


def sharp_loss(
    made: torch.Tensor, real: torch.Tensor, drawn: Sequence[draw.Drawing]
) -> torch.Tensor:
    """Return how far the made pictures are from the real ones, outlines counting most."""
    counts = attention(drawn)
    off = (made - real).abs()
    loss = (counts * (off + 0.5 * off.square())).mean()
    for weight, a, b in zip(
        (counts[..., 1:], counts[:, :, 1:]), edges(made), edges(real), strict=True
    ):
        loss = loss + 0.3 * (weight * (a - b).abs()).mean()
    return loss


def train(team: Team, folder: Path, steps: int, sharpening: int) -> None:
    """Train the autoencoder and leave it in the folder's `vae.pt`, going on where it stopped.

    Args:
        team: the processes that train together.
        folder: where checkpoints lie.
        steps: first on all pixels alike.
        sharpening: then this many steps with an eye on the outlines.
    """
    torch.manual_seed(1)
    vae = new_vae()
    optimiser = torch.optim.AdamW(vae.parameters(), lr=1e-3, betas=(0.9, 0.99))
    start = 0
    if state := journal.load(folder / "vae.pt"):
        vae.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        start = state["step"]
    vae.train()
    total = steps + sharpening
    for step in range(start, total):
        rng = np.random.default_rng(team.seed(1, step))
        torch.manual_seed(team.seed(1, step))
        cropped, sharp = step < 0.6 * steps, step >= steps
        # Crops are cheap and full of edges; whole pictures have the statistics of real use.
        drawn = drawings(16 if cropped else 6, rng)
        real = crops(pictures(drawn), 32, rng) if cropped else pictures(drawn)
        for group in optimiser.param_groups:
            group["lr"] = (
                rate(step - steps, sharpening, 1e-3, warm=20, hold=0.3)
                if sharp
                else rate(step, steps, 2e-3, hold=0.3)
            )
        latents = vae.encode(real).latent_dist.mean
        made = vae.decode(latents + 0.1 * torch.randn_like(latents)).sample
        # Latents that are colours first are quick to learn, and easy on the model that makes them.
        pull = max(0.05, 0.5 * (1 - 2 * step / steps))
        loss = sharp_loss(made, real, drawn) if sharp else picture_loss(made, real)
        loss = loss + 1e-3 * latents.square().mean()
        loss = loss + pull * functional.l1_loss(
            latents[:, :3], 1.5 * functional.avg_pool2d(real, FACTOR)
        )
        optimiser.zero_grad()
        loss.backward()
        team.average_gradients(vae.parameters())
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimiser.step()
        done = step + 1
        if team.leads and (done % 50 == 0 or done == total):
            journal.log(
                folder, "vae", step=done, l1=round(functional.l1_loss(made, real).item(), 4)
            )
        if team.leads and (done % 100 == 0 or done == total):
            journal.save(
                folder / "vae.pt",
                {"model": vae.state_dict(), "optimiser": optimiser.state_dict(), "step": done},
            )
