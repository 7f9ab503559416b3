"""One loaded model, and one picture drawn with it."""

import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import PIL.Image
import torch

from invoke_adapters.diffusers.loras import LoraShelf
from invoke_adapters.diffusers.previews import LinearPreview, to_pixels
from invoke_adapters.diffusers.schedulers import is_flow_matching, require_steps, scheduler_for
from invoke_core.domain.models import SchedulerName
from invoke_core.domain.pixels import Pixels
from invoke_core.errors import Invalid
from invoke_core.ports.runner import RunRequest, Step

PREVIEW_EVERY = 2  # steps
PREVIEW_SECONDS = 0.25  # at least, between two of one picture; nobody is shown more
FEWEST_T5_TOKENS = 256  # what FLUX models without guidance were distilled with


class Stopped(Exception):
    """The picture is not wanted any more."""


@attrs.define(eq=False)
class LoadedModel:
    """A model on the device, as two pipelines that share its weights; one picture at a time."""

    text_to_image: Any
    image_to_image: Any
    loras: LoraShelf
    own_scheduler: Any  # the one that the folder holds
    schedulers: dict[SchedulerName, Any] = attrs.field(factory=dict)
    linear: LinearPreview | None = None  # fitted when first needed

    @classmethod
    def of(cls, text_to_image: Any, image_to_image: Any) -> "LoadedModel":
        """Return the model of two pipelines that share their weights."""
        return cls(text_to_image, image_to_image, LoraShelf(text_to_image), text_to_image.scheduler)

    def draw(
        self,
        request: RunRequest,
        report: Callable[[Step], None],
        should_stop: Callable[[], bool],
    ) -> Pixels:
        """Return the picture.

        Raises:
            Stopped: `should_stop` said True before a step, or before the picture was decoded.
            Invalid: the model cannot do what is asked.
            NotFound: the file of a LoRA is gone.
        """
        self._require_size(request)
        scheduler = self._scheduler(request)
        if should_stop():
            raise Stopped
        steps = request.steps
        if request.init_image is not None:
            steps = _steps_from_picture(request)
            if steps == 0:  # the pipelines fail there
                return _resized(request.init_image, request.width, request.height)
        self.loras.use(request.loras)
        pipeline = self.text_to_image if request.init_image is None else self.image_to_image
        if pipeline.scheduler is not scheduler:
            pipeline.scheduler = scheduler
        follow = _Follower(self, request, steps, report, should_stop)
        try:
            with warnings.catch_warnings(action="ignore"):  # advice to callers of diffusers
                image = pipeline(
                    **self._arguments(request, steps),
                    generator=torch.Generator("cpu").manual_seed(request.seed),
                    callback_on_step_end=follow,
                    output_type="pt",
                    return_dict=False,
                )[0][0]
        except ValueError as error:  # what diffusers raises for arguments that do not go together
            raise Invalid(
                "The model cannot draw with these values; try another scheduler or number of steps."
                f" ({str(error)[:200]})"
            ) from error
        if not image.isfinite().all():
            raise Invalid(
                f"With these values the model's numbers left their range: try another scheduler than"
                f" {request.scheduler}, a smaller guidance scale, or precision float32."
            )
        return to_pixels(image)

    def _require_size(self, request: RunRequest) -> None:
        factor = self.text_to_image.vae_scale_factor
        multiple = max(8, 2 * factor if self._is_flux else factor)
        for field in ("width", "height"):
            if getattr(request, field) % multiple or getattr(request, field) < multiple:
                raise Invalid(
                    f"The {field} of this model's pictures is a multiple of {multiple} pixels.",
                    field=f"generation.{field}",
                )

    def _scheduler(self, request: RunRequest) -> Any:
        if request.scheduler not in self.schedulers:
            self.schedulers[request.scheduler] = scheduler_for(
                request.scheduler, self.own_scheduler
            )
        scheduler = self.schedulers[request.scheduler]
        require_steps(request.scheduler, scheduler, request.steps)
        if hasattr(scheduler, "noise_sampler_seed"):  # it draws noise without the generator
            scheduler.noise_sampler_seed = request.seed
        return scheduler

    def _arguments(self, request: RunRequest, steps: int) -> Mapping[str, Any]:
        arguments: dict[str, Any] = {
            "prompt": request.prompt,
            "num_inference_steps": request.steps,
            "guidance_scale": request.cfg_scale,
        }
        if self._is_flux:
            if not self.text_to_image.transformer.config.guidance_embeds:
                arguments["max_sequence_length"] = FEWEST_T5_TOKENS
        else:
            arguments["negative_prompt"] = request.negative_prompt
        if request.init_image is None or self._is_flux:
            arguments |= {"width": request.width, "height": request.height}
        if request.init_image is not None:
            start = _resized(request.init_image, request.width, request.height)
            size = (start.width, start.height)
            arguments["image"] = PIL.Image.frombytes("RGB", size, start.rgb)
            # The pipelines round down; half a step more lands on the number that was counted.
            arguments["strength"] = min(1.0, (steps + 0.5) / request.steps)
        return arguments

    @property
    def _is_flux(self) -> bool:
        return is_flow_matching(self.own_scheduler)

    def preview(self, latents: torch.Tensor, request: RunRequest) -> Pixels:
        """Return a small picture of unfinished latents, as the pipeline's callback gives them."""
        pipeline = self.text_to_image
        linear = self.linear or LinearPreview.fitted(pipeline.vae)
        self.linear = linear
        if self._is_flux:
            latents = pipeline._unpack_latents(
                latents, request.height, request.width, pipeline.vae_scale_factor
            )
        return linear.picture(latents[0])


@attrs.define(eq=False)
class _Follower:
    """What a pipeline calls after each evaluation of the model."""

    model: LoadedModel
    request: RunRequest
    steps: int
    report: Callable[[Step], None]
    should_stop: Callable[[], bool]
    done: int = 0
    looked: float = attrs.field(factory=time.monotonic)  # when the newest preview was made

    def __call__(
        self, pipeline: Any, index: int, _time: Any, tensors: dict[str, Any]
    ) -> dict[str, Any]:
        # Some schedulers evaluate the model twice a step, or once more at the start.
        done = (index + 1) * self.steps // pipeline.num_timesteps
        if done > self.done:
            self.done = done
            preview = self._preview(tensors["latents"]) if self._wants_preview() else None
            self.report(
                Step(item_id=self.request.item_id, step=done, steps=self.steps, preview=preview)
            )
        if self.should_stop():
            raise Stopped
        return {}

    def _wants_preview(self) -> bool:
        return (
            self.done % PREVIEW_EVERY == 0
            and self.done < self.steps
            and time.monotonic() - self.looked >= PREVIEW_SECONDS
        )

    def _preview(self, latents: torch.Tensor) -> Pixels:
        self.looked = time.monotonic()
        return self.model.preview(latents, self.request)


def _steps_from_picture(request: RunRequest) -> int:
    """Return how many steps are denoised anew: strength's share of them, rounded down."""
    strength = 1.0 if request.strength is None else request.strength
    return min(int(request.steps * strength + 1e-6), request.steps)  # 0.29 x 100 is 28.999…


def _resized(picture: Pixels, width: int, height: int) -> Pixels:
    if (picture.width, picture.height) == (width, height):
        return picture
    image = PIL.Image.frombytes("RGB", (picture.width, picture.height), picture.rgb)
    image = image.resize((width, height), PIL.Image.Resampling.LANCZOS)
    return Pixels(width=width, height=height, rgb=image.tobytes())
