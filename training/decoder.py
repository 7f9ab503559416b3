"""The last touch: the decoder alone, taught to draw sharply from latents that are a little off."""

from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn

from training import journal, text, unet, vae
from training.rates import rate
from training.team import Team

BATCH: Final = 6  # pictures a step, for each process
HALF: Final = BATCH // 2
NOISE: Final = 0.2  # the most noise on the latents, whose standard deviation is 1
TIMES: Final = (50, 300)  # noise levels that the denoiser's own guesses start from


def train(team: Team, folder: Path, steps: int) -> None:
    """Train the decoder on frozen latents and leave the autoencoder in `decoder.pt`.

    Half of the latents carry plain noise; half are what the denoiser makes of noisy ones, since its
    are the faults that the decoder will meet.
    """
    coder = unet.load_vae(folder)
    scale = unet.load_latents(folder).scale
    words, denoiser = unet.Words(folder), unet.new_unet()
    state = journal.load(folder / "unet.pt")
    assert state is not None, "the denoiser comes first"
    denoiser.load_state_dict(state["average"])
    kept = unet.new_scheduler().alphas_cumprod
    trained = [*coder.post_quant_conv.parameters(), *coder.decoder.parameters()]
    optimiser = torch.optim.AdamW(trained, lr=1e-3, betas=(0.9, 0.99))
    start = 0
    if state := journal.load(folder / "decoder.pt"):
        optimiser.load_state_dict(state["optimiser"])
        start = state["step"]
    losses: list[float] = []
    for step in range(start, steps):
        rng = np.random.default_rng(team.seed(5, step))
        torch.manual_seed(team.seed(5, step))
        drawn = vae.drawings(BATCH, rng)
        real = vae.pictures(drawn)
        with torch.no_grad():
            latents = coder.encode(real).latent_dist.mean * scale
            off = latents + NOISE * torch.rand(BATCH, 1, 1, 1) * torch.randn_like(latents)
            times = torch.randint(*TIMES, (BATCH - HALF,))
            noisy, _ = unet.noised(latents[HALF:], torch.randn_like(latents[HALF:]), times, kept)
            captions = [text.any_caption(d.scene, rng)[0] for d in drawn[HALF:]]
            velocity = denoiser(noisy, times, words(captions)).sample
            signal = kept[times].sqrt()[:, None, None, None]
            spread = (1 - kept[times]).sqrt()[:, None, None, None]
            off[HALF:] = signal * noisy - spread * velocity
        for group in optimiser.param_groups:
            group["lr"] = rate(step, steps, 1e-3, hold=0.3)
        loss = vae.sharp_loss(coder.decode(off / scale).sample, real, drawn)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        team.average_gradients(trained)
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        losses.append(loss.item())
        done = step + 1
        if team.leads and (done % 50 == 0 or done == steps):
            mean = round(float(np.mean(losses[-50:])), 4)
            journal.log(folder, "decoder", step=done, loss=mean)
            journal.save(
                folder / "decoder.pt",
                {"model": coder.state_dict(), "optimiser": optimiser.state_dict(), "step": done},
            )
