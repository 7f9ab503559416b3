"""The denoiser: what makes latents of a caption out of noise."""

from pathlib import Path
from typing import Final

import attrs
import numpy as np
import torch
import torch.distributed as dist
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from torch import nn
from torch.nn import functional

from training import check, draw, journal, text, vae
from training.rates import rate
from training.team import Team

BATCH: Final = 32  # pictures a step, over the whole team
REHEARSAL: Final = 400  # steps from one look at held-back captions to the next
GUIDANCE: Final = 3.0  # the default cfg_scale
STEPS: Final = 20  # the default number of denoising steps
TIMES: Final = 1000  # noise levels


def new_unet() -> UNet2DConditionModel:
    """Return an untrained denoiser.

    The caption comes in twice: by cross attention in the lowest level, as everywhere, and pooled
    into the time embedding (as in DeepFloyd IF, whose setting `addition_embed_type="text"` is),
    which reaches every layer and is learned much sooner.
    """
    return UNet2DConditionModel(
        sample_size=draw.SIDE // vae.FACTOR,
        block_out_channels=(48, 64, 96),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        cross_attention_dim=text.WIDTH,
        attention_head_dim=4,  # the number of heads, by a slip in the library's naming
        norm_num_groups=8,
        use_linear_projection=True,
        resnet_time_scale_shift="scale_shift",
        time_embedding_dim=192,
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
    )


def new_scheduler() -> DDIMScheduler:
    """Return the noise schedule; at its end hardly a trace of the picture's mean is left."""
    return DDIMScheduler(
        num_train_timesteps=TIMES,
        beta_schedule="linear",
        beta_start=1e-4,
        beta_end=0.02,
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,  # unused by trailing spacing; pipelines warn at 0
    )


@attrs.frozen(eq=False)
class Latents:
    """The training pictures as the autoencoder sees them, each with some captions."""

    latents: torch.Tensor  # (pictures, 4, 16, 16), float32, of standard deviation 1
    cover: torch.Tensor  # (pictures, 16, 16), the part of each latent under the object, 0 to 1
    scene: torch.Tensor  # (pictures,), int64, index into draw.training_scenes()
    scale: float  # what the latents were multiplied by, the folder's scaling_factor


@torch.no_grad()
def cache_latents(folder: Path, copies: int) -> None:
    """Draw every training scene `copies` times and leave the latents in the folder's `latents.pt`."""
    if (folder / "latents.pt").exists():
        return
    coder = load_vae(folder)
    rng = np.random.default_rng(3)
    latents, covers, numbers = [], [], []
    scenes = draw.training_scenes()
    for _ in range(copies):
        for start in range(0, len(scenes), 40):
            drawn = [draw.draw(scene, rng) for scene in scenes[start : start + 40]]
            pixels = vae.to_tensor(np.stack([d.pixels for d in drawn]))
            latents.append(coder.encode(pixels).latent_dist.mean)
            cover = torch.from_numpy(np.stack([d.coverage for d in drawn]))
            covers.append(functional.avg_pool2d(cover[:, None], vae.FACTOR)[:, 0])
            numbers.append(torch.arange(start, start + len(drawn)))
    together = torch.cat(latents)
    scale = 1 / together.std().item()
    journal.save(
        folder / "latents.pt",
        {
            "latents": together * scale,
            "cover": torch.cat(covers),
            "scene": torch.cat(numbers),
            "scale": scale,
        },
    )
    journal.log(folder, "latents", pictures=len(together), scale=round(scale, 4))


def load_vae(folder: Path) -> AutoencoderKL:
    """Return the trained autoencoder, for use."""
    coder = vae.new_vae()
    state = journal.load(folder / "decoder.pt") or journal.load(folder / "vae.pt")
    assert state is not None, "the autoencoder comes first"
    coder.load_state_dict(state["model"])
    return coder.eval()


def load_latents(folder: Path) -> Latents:
    """Return the latents that were cached."""
    state = journal.load(folder / "latents.pt")
    assert state is not None, "the latents come first"
    return Latents(**state)


class Words:
    """The frozen text encoder, from captions to what the denoiser reads."""

    def __init__(self, folder: Path) -> None:
        """Load the tokenizer and the encoder from a training folder."""
        self.tokenizer = text.tokenizer_in(folder / "tokenizer")
        self.encoder = text.new_encoder(self.tokenizer)
        state = journal.load(folder / "text.pt")
        assert state is not None, "the text encoder comes first"
        self.encoder.load_state_dict(state["model"])
        self.encoder.eval()

    @torch.no_grad()
    def __call__(self, captions: list[str]) -> torch.Tensor:
        """Return (captions, 32, 64), float32."""
        states: torch.Tensor = self.encoder(text.tokens(self.tokenizer, captions)).last_hidden_state
        return states


def weights(cover: torch.Tensor) -> torch.Tensor:
    """Return how much each latent counts: object and ground half each, whatever the object's size.

    The best answer is the same with any weights, but a small object would else hardly be heard.

    Args:
        cover: (n, 16, 16), 0 to 1.

    Returns:
        (n, 1, 16, 16), at most 6.
    """
    inside = (cover > 0).float()
    part = inside.mean(dim=(1, 2), keepdim=True).clamp(0.02, 0.98)
    return (inside / (2 * part) + (1 - inside) / (2 * (1 - part))).clamp(max=6)[:, None]


def noised(
    latents: torch.Tensor, noise: torch.Tensor, times: torch.Tensor, kept: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the noisy latents and the velocity to predict (Salimans and Ho 2022, section 4).

    Args:
        latents: (n, 4, 16, 16).
        noise: the same shape.
        times: (n,), int64, 0 to 999.
        kept: (1000,), the part of the variance that is still picture at each time.
    """
    signal = kept[times].sqrt()[:, None, None, None]
    spread = (1 - kept[times]).sqrt()[:, None, None, None]
    return signal * latents + spread * noise, signal * noise - spread * latents


def train(team: Team, folder: Path, steps: int) -> None:
    """Train the denoiser and leave it in the folder's `unet.pt`, going on where it stopped."""
    torch.manual_seed(4)
    unet = new_unet()
    average = {name: value.clone() for name, value in unet.state_dict().items()}
    optimiser = torch.optim.AdamW(unet.parameters(), lr=1e-3, betas=(0.9, 0.99))
    start = 0
    if state := journal.load(folder / "unet.pt"):
        unet.load_state_dict(state["model"])
        average = state["average"]
        optimiser.load_state_dict(state["optimiser"])
        start = state["step"]
    data, words, coder = load_latents(folder), Words(folder), load_vae(folder)
    kept = new_scheduler().alphas_cumprod
    scenes = draw.training_scenes()
    share = BATCH // team.size
    losses: list[float] = []
    unet.train()
    for step in range(start, steps):
        rng = np.random.default_rng(team.seed(4, step))
        torch.manual_seed(team.seed(4, step))
        chosen = torch.from_numpy(rng.integers(len(data.latents), size=share))
        captions = [
            "" if rng.random() < 0.1 else text.any_caption(scenes[i], rng)[0]
            for i in data.scene[chosen].tolist()
        ]
        # Evenly spread times make the loss steadier; the power leans towards the noisy end, where
        # the caption decides.
        even = (torch.randperm(share) + torch.rand(share)) / share
        times = (TIMES * even**0.75).long().clamp(max=TIMES - 1)
        latents = data.latents[chosen]
        noisy, velocity = noised(latents, torch.randn_like(latents), times, kept)
        for group in optimiser.param_groups:
            group["lr"] = rate(step, steps, 1.3e-3, hold=0.45)
        predicted = unet(noisy, times, words(captions)).sample
        loss = (weights(data.cover[chosen]) * (predicted - velocity).square()).mean()
        optimiser.zero_grad()
        loss.backward()
        team.average_gradients(unet.parameters())
        nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimiser.step()
        slowness = min(0.998, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, value in unet.state_dict().items():
                average[name].lerp_(value, 1 - slowness)
        losses.append(loss.item())
        done = step + 1
        if team.leads and (done % 100 == 0 or done == steps):
            mean = round(float(np.mean(losses[-100:])), 4)
            journal.log(folder, "unet", step=done, samples=done * BATCH, loss=mean)
        if team.leads and (done % 100 == 0 or done == steps):
            journal.save(
                folder / "unet.pt",
                {
                    "model": unet.state_dict(),
                    "average": average,
                    "optimiser": optimiser.state_dict(),
                    "step": done,
                },
            )
        if done % REHEARSAL == 0:
            figures = _rehearse(team, average, words, coder, data.scale)
            if team.leads:
                journal.log(folder, "check", step=done, samples=done * BATCH, **figures)


def _rehearse(
    team: Team,
    average: dict[str, torch.Tensor],
    words: Words,
    coder: AutoencoderKL,
    scale: float,
    count: int = 64,
) -> dict[str, float]:
    """Return the part of some held-back captions that comes out right, shared over the team."""
    unet = new_unet()
    unet.load_state_dict(average)
    asked = draw.held_back_captions(count)[team.rank :: team.size]
    generator = torch.Generator().manual_seed(team.rank)
    latents = sample(unet.eval(), words([caption for _, caption in asked]), words([""]), generator)
    with torch.no_grad():
        made = coder.decode(latents / scale).sample
    pixels = to_pixels(made)
    verdicts = [check.judge(p, scene) for p, (scene, _) in zip(pixels, asked, strict=True)]
    names = ("ground", "colour", "shape", "size", "one", "crisp", "right", "faultless")
    sums = torch.tensor([float(sum(getattr(v, n) for v in verdicts)) for n in names])
    if team.size > 1:
        dist.all_reduce(sums)
    return {n: round(s / count, 3) for n, s in zip(names, sums.tolist(), strict=True)}


def to_pixels(images: torch.Tensor) -> np.ndarray:
    """Return (n, 3, h, w) from -1 to 1 as (n, h, w, 3) bytes, rounded as the pipeline does."""
    scaled = (images / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1) * 255
    return scaled.round().to(torch.uint8).numpy()


@torch.no_grad()
def sample(
    unet: UNet2DConditionModel,
    wanted: torch.Tensor,
    unwanted: torch.Tensor,
    generator: torch.Generator,
    steps: int = STEPS,
    guidance: float = GUIDANCE,
) -> torch.Tensor:
    """Return latents of the captions, made as the pipeline makes them.

    Args:
        unet: the denoiser.
        wanted: (n, 32, 64), the captions' states.
        unwanted: (1, 32, 64), the empty caption's.
        generator: the source of the first noise.
        steps: how many denoising steps.
        guidance: how far to go from the empty caption towards the wanted one; 1 is just there.

    Returns:
        (n, 4, 16, 16).
    """
    scheduler = new_scheduler()
    scheduler.set_timesteps(steps)
    side = unet.config.sample_size
    latents = torch.randn((len(wanted), 4, side, side), generator=generator)
    context = torch.cat([unwanted.expand_as(wanted), wanted])
    for time in scheduler.timesteps:
        without, within = unet(torch.cat([latents] * 2), time, context).sample.chunk(2)
        velocity = without + guidance * (within - without)
        latents = scheduler.step(velocity, time, latents).prev_sample
    return latents
