"""A cheap look at unfinished pictures."""

from collections.abc import Callable
from typing import Any

import attrs
import torch

from invoke_adapters.diffusers.finishing import copied, to_bytes
from invoke_core.domain.pixels import Pixels

SIDE = 24  # latents, of the picture that the colours are learnt from
PATCH = 4  # latents of one colour


@attrs.frozen(eq=False)
class LinearPreview:
    """One matrix from latents to colours, fitted to the model's own decoder.

    A decoder's colours are nearly linear in its latents, so this serves every family of models
    without a table of known autoencoders.
    """

    matrix: torch.Tensor  # (channels + 1, 3), float32, on the device; the last row is the constant

    @classmethod
    def fitted(cls, vae: Any) -> "LinearPreview":
        """Return the matrix that comes closest on patches of random colours.

        Args:
            vae: the AutoencoderKL; decoded once, on its own device, at 24 x 24 latents.
        """
        channels = vae.config.latent_channels
        random = torch.Generator().manual_seed(0)
        patches = torch.randn((1, channels, SIDE // PATCH, SIDE // PATCH), generator=random)
        latents = torch.nn.functional.interpolate(patches, scale_factor=PATCH)
        shift = getattr(vae.config, "shift_factor", None) or 0.0
        with torch.no_grad():
            decoded = _decode(vae, latents / vae.config.scaling_factor + shift)
        colours = torch.nn.functional.adaptive_avg_pool2d(decoded.float().cpu() / 2 + 0.5, SIDE)
        known = torch.cat([latents, torch.ones((1, 1, SIDE, SIDE))], dim=1)
        solution = torch.linalg.lstsq(
            known[0].flatten(1).T.double(), colours[0].flatten(1).T.double(), driver="gelsd"
        ).solution
        return cls(solution.float().to(vae.device))

    def picture(self, latents: torch.Tensor) -> Callable[[], Pixels]:
        """Begin a picture of one pixel a latent; return what waits for it.

        Args:
            latents: (channels, height, width), as the denoiser sees them; of any scale, because
                some schedulers keep noise of many times the picture's own size in them.
        """
        values = latents.float()
        values = values / values.std().clamp(min=1.0)
        rgb = self.matrix[:-1].T @ values.flatten(1) + self.matrix[-1, :, None]
        rgb = rgb.nan_to_num(nan=0.0).unflatten(1, values.shape[1:])
        wait = copied(to_bytes(rgb[None]))

        def pixels() -> Pixels:
            _, height, width, _ = wait()[0].shape
            return Pixels(width=width, height=height, rgb=wait()[0].numpy().tobytes())

        return pixels


def _decode(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    upcast = vae.dtype == torch.float16 and vae.config.force_upcast
    if upcast:
        vae.to(torch.float32)
    decoded: torch.Tensor = vae.decode(latents.to(vae.device, vae.dtype), return_dict=False)[0]
    if upcast:
        vae.to(torch.float16)
    return decoded
