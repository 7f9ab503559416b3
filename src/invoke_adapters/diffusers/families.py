"""The families of models, and which pipelines of diffusers draw with each."""

from collections.abc import Mapping
from typing import Any, Final

import attrs
from transformers.utils import logging as transformers_logging

# First of all: diffusers imports parts of transformers that warn of a missing torchvision.
transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()

import diffusers  # noqa: E402
from diffusers.models.controlnets.controlnet_flux import FluxMultiControlNetModel  # noqa: E402
from diffusers.models.controlnets.multicontrolnet import MultiControlNetModel  # noqa: E402
from diffusers.utils import logging as diffusers_logging  # noqa: E402

diffusers_logging.set_verbosity_error()
diffusers_logging.disable_progress_bar()


@attrs.frozen
class Family:
    """What draws with the models of one family; each pair without ControlNets and with."""

    from_words: tuple[Any, Any]
    from_picture: tuple[Any, Any]
    in_mask: tuple[Any, Any]
    controlnet: Any
    controlnets: Any  # what holds several
    denoiser: str  # the name of the part that is run at every step
    text_encoders: int

    @property
    def is_flow_matching(self) -> bool:
        """Whether it is FLUX, which takes fewer kinds of things."""
        return self.denoiser == "transformer"


FAMILIES: Final[Mapping[str, Family]] = {  # by the pipeline that a folder's model_index.json names
    "StableDiffusionPipeline": Family(
        from_words=(diffusers.StableDiffusionPipeline, diffusers.StableDiffusionControlNetPipeline),
        from_picture=(
            diffusers.StableDiffusionImg2ImgPipeline,
            diffusers.StableDiffusionControlNetImg2ImgPipeline,
        ),
        in_mask=(
            diffusers.StableDiffusionInpaintPipeline,
            diffusers.StableDiffusionControlNetInpaintPipeline,
        ),
        controlnet=diffusers.ControlNetModel,
        controlnets=MultiControlNetModel,
        denoiser="unet",
        text_encoders=1,
    ),
    "StableDiffusionXLPipeline": Family(
        from_words=(
            diffusers.StableDiffusionXLPipeline,
            diffusers.StableDiffusionXLControlNetPipeline,
        ),
        from_picture=(
            diffusers.StableDiffusionXLImg2ImgPipeline,
            diffusers.StableDiffusionXLControlNetImg2ImgPipeline,
        ),
        in_mask=(
            diffusers.StableDiffusionXLInpaintPipeline,
            diffusers.StableDiffusionXLControlNetInpaintPipeline,
        ),
        controlnet=diffusers.ControlNetModel,
        controlnets=MultiControlNetModel,
        denoiser="unet",
        text_encoders=2,
    ),
    "FluxPipeline": Family(
        from_words=(diffusers.FluxPipeline, diffusers.FluxControlNetPipeline),
        from_picture=(diffusers.FluxImg2ImgPipeline, diffusers.FluxControlNetImg2ImgPipeline),
        in_mask=(diffusers.FluxInpaintPipeline, diffusers.FluxControlNetInpaintPipeline),
        controlnet=diffusers.FluxControlNetModel,
        controlnets=FluxMultiControlNetModel,
        denoiser="transformer",
        text_encoders=2,
    ),
}
