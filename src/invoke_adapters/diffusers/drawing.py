"""One loaded model, and the pictures of one batch drawn with it."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import attrs
import PIL.Image
import torch

from invoke_adapters.diffusers.embeddings import Encoded, PromptCache
from invoke_adapters.diffusers.extras import EmbeddingShelf, IpAdapterShelf
from invoke_adapters.diffusers.families import Family
from invoke_adapters.diffusers.finishing import read_later
from invoke_adapters.diffusers.following import Follower, Later, Stopped
from invoke_adapters.diffusers.held import HeldPart
from invoke_adapters.diffusers.loras import LoraShelf
from invoke_adapters.diffusers.merging import RowGuidance, filled_up
from invoke_adapters.diffusers.previews import LinearPreview
from invoke_adapters.diffusers.schedulers import require_steps, scheduler_for
from invoke_core.domain.identifiers import ItemId
from invoke_core.domain.models import SchedulerName
from invoke_core.domain.pixels import Pixels
from invoke_core.errors import Invalid
from invoke_core.ports.runner import RunRequest, Step

FEWEST_T5_TOKENS = 256  # what FLUX models without guidance were distilled with


@attrs.frozen(eq=False)
class Beside:
    """The networks that a batch wants beside the model's own, on the same device."""

    controlnets: Sequence[Any] = ()
    vae: Any = None


@attrs.frozen(eq=False)
class Drawn:
    """What came of a batch."""

    stopped: frozenset[ItemId]
    pictures: Callable[[], Sequence[Pixels | None]]  # one a request; None: its numbers overflowed


@attrs.define(eq=False)
class LoadedModel:
    """A main model on the device; one batch at a time."""

    held: HeldPart
    family: Family
    loras: LoraShelf
    embeddings: EmbeddingShelf
    ip_adapters: IpAdapterShelf
    own_scheduler: Any  # the one that the folder holds
    own_vae: Any
    prompts: PromptCache = attrs.field(factory=PromptCache)
    schedulers: dict[SchedulerName, Any] = attrs.field(factory=dict)
    pipelines: dict[Any, Any] = attrs.field(factory=dict)  # by class; they share all weights
    linear: dict[int, LinearPreview] = attrs.field(factory=dict)  # by autoencoder, fitted once

    @classmethod
    def of(cls, held: HeldPart, family: Family) -> "LoadedModel":
        """Return the model of a pipeline that draws from words."""
        words = held.part
        return cls(
            held=held,
            family=family,
            loras=LoraShelf(words),
            embeddings=EmbeddingShelf(words, family.text_encoders),
            ip_adapters=IpAdapterShelf(words),
            own_scheduler=words.scheduler,
            own_vae=words.vae,
            pipelines={family.from_words[0]: words},
        )

    @property
    def words(self) -> Any:
        """Return the pipeline that draws from words."""
        return self.held.part

    @property
    def device_bytes(self) -> int:
        """See `Held`."""
        return self.held.device_bytes

    @property
    def shelf_bytes(self) -> int:
        """See `Held`."""
        return self.held.shelf_bytes

    def fetch(self) -> None:
        """See `Held`."""
        self.held.fetch()

    def put_away(self) -> bool:
        """See `Held`."""
        self.loras.clear()
        self.embeddings.clear()
        self.ip_adapters.clear()
        self.prompts.clear()
        self.linear.clear()
        return self.held.put_away()

    @property
    def merges(self) -> bool:
        """Whether a batch may hold different guidance scales."""
        denoiser = getattr(self.words, self.family.denoiser)
        has_embedded_scale = denoiser.config.get("time_cond_proj_dim") is not None
        return not (self.family.is_flow_matching or has_embedded_scale)

    def draw(
        self,
        requests: Sequence[RunRequest],
        beside: Beside,
        report: Callable[[Step], None],
        should_stop: Callable[[ItemId], bool],
        *,
        economy: bool = False,
    ) -> Drawn:
        """Denoise a batch and begin to decode it.

        Args:
            requests: that `merging.groups` put together.
            beside: what they want beside the model.
            report: called after every step.
            should_stop: asked before every step.
            economy: take little memory, and more time.

        Raises:
            Invalid: the model cannot do what is asked.
            NotFound: a file is gone.
        """
        first = requests[0]
        self._require_size(first)
        self._require_kinds(first)
        for net in beside.controlnets:
            self._require_fit(net)
        scheduler = self._scheduler(first)
        stopped = frozenset(each.item_id for each in requests if should_stop(each.item_id))
        if len(stopped) == len(requests):
            return Drawn(stopped, list)
        steps = first.steps
        if first.init_image is not None:
            steps = _steps_from_picture(first)
            if steps == 0:  # the pipelines fail there
                same = [_resized(each.init_image, each) for each in requests if each.init_image]
                return Drawn(stopped, lambda: same)
        self.loras.use(first.loras)
        self.embeddings.use(first.embeddings)
        self.ip_adapters.use(first.ip_adapters)
        with self._pipeline(first, beside, scheduler) as pipeline, _economical(pipeline, economy):
            follow = Follower(
                requests,
                steps,
                report,
                should_stop,
                lambda latents: self._preview(pipeline, latents, first),
                stopped=set(stopped),
            )
            images = self._run(pipeline, requests, steps, follow)
        if images is None:
            return Drawn(frozenset(follow.stopped), list)
        return Drawn(frozenset(follow.stopped), _kept_outside_masks(requests, read_later(images)))

    def _run(
        self, pipeline: Any, requests: Sequence[RunRequest], steps: int, follow: Follower
    ) -> torch.Tensor | None:
        """Return the pictures of (requests, 3, height, width), 0 to 1; None: all were stopped."""
        rows = [*requests, *([requests[0]] * (filled_up(len(requests)) - len(requests)))]
        generators = [torch.Generator("cpu").manual_seed(each.seed) for each in rows]
        try:
            with warnings.catch_warnings(action="ignore"):  # advice to callers of diffusers
                images: torch.Tensor = pipeline(
                    **self._arguments(rows, steps),
                    generator=generators if len(rows) > 1 else generators[0],
                    callback_on_step_end=follow,
                    output_type="pt",
                    return_dict=False,
                )[0]
        except Stopped:
            return None
        except ValueError as error:  # what diffusers raises for arguments that do not go together
            raise Invalid(
                "The model cannot draw with these values; try another scheduler or number of steps."
                f" ({str(error)[:200]})"
            ) from error
        return images[: len(requests)]

    def _require_size(self, request: RunRequest) -> None:
        factor = self.words.vae_scale_factor
        multiple = max(8, 2 * factor if self.family.is_flow_matching else factor)
        for field in ("width", "height"):
            if getattr(request, field) % multiple or getattr(request, field) < multiple:
                raise Invalid(
                    f"The {field} of this model's pictures is a multiple of {multiple} pixels.",
                    field=f"generation.{field}",
                )

    def _require_kinds(self, request: RunRequest) -> None:
        for field, word in (("ip_adapters", "IP-Adapters"), ("embeddings", "textual inversions")):
            if self.family.is_flow_matching and getattr(request, field):
                raise Invalid(f"Models of this family take no {word}.", field=f"generation.{field}")

    def _require_fit(self, net: Any) -> None:
        own = getattr(self.words, self.family.denoiser).config
        for name in ("cross_attention_dim", "addition_embed_type", "joint_attention_dim"):
            if own.get(name) != net.config.get(name):
                raise Invalid(
                    "A ControlNet does not fit this model: choose one that was made for it.",
                    field="generation.controlnets",
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

    @contextmanager
    def _pipeline(self, request: RunRequest, beside: Beside, scheduler: Any) -> Iterator[Any]:
        """Yield the pipeline that draws a request, with all that it wants in its place."""
        if request.init_image is None:
            kinds = self.family.from_words
        else:
            kinds = self.family.in_mask if request.mask else self.family.from_picture
        kind = kinds[bool(beside.controlnets)]
        parts: dict[str, Any] = {}
        if beside.controlnets:
            parts["controlnet"] = self.family.controlnets(list(beside.controlnets))
        if kind not in self.pipelines:
            self.pipelines[kind] = self._another(kind, parts)
        pipeline = self.pipelines[kind]
        parts["vae"] = beside.vae or self.own_vae
        parts["scheduler"] = scheduler
        before = {name: getattr(pipeline, name) for name in parts}
        for name, part in parts.items():
            if getattr(pipeline, name) is not part:
                setattr(pipeline, name, part)
        try:
            yield pipeline
        finally:
            pipeline.vae = before["vae"]
            if beside.controlnets:
                pipeline.controlnet = None  # the model cache alone holds it

    def _another(self, kind: Any, parts: Mapping[str, Any]) -> Any:
        """Return a pipeline on the same weights."""
        with warnings.catch_warnings(action="ignore"):
            pipeline = kind.from_pipe(self.words, dtype=self.own_vae.dtype, **parts)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def _arguments(self, rows: Sequence[RunRequest], steps: int) -> Mapping[str, Any]:
        first = rows[0]
        arguments: dict[str, Any] = {
            "num_inference_steps": first.steps,
            "guidance_scale": first.cfg_scale,
            **self._prompts(rows),
        }
        if len({each.cfg_scale for each in rows}) > 1 and first.cfg_scale > 1:
            scales = [each.cfg_scale for each in rows]
            arguments["guidance_scale"] = RowGuidance.of(scales, self.held.device)
        controls = [_picture(guide.image, first) for guide in first.controlnets]
        if first.init_image is None or first.mask or self.family.is_flow_matching:
            arguments |= {"width": first.width, "height": first.height}
        if first.init_image is not None:
            pictures = [_picture(each.init_image, each) for each in rows if each.init_image]
            arguments["image"] = pictures if len(rows) > 1 else pictures[0]
            # The pipelines round down; half a step more lands on the number that was counted.
            arguments["strength"] = min(1.0, (steps + 0.5) / first.steps)
        if first.mask:
            arguments["mask_image"] = _picture(first.mask, first).convert("L")
        if controls:
            arguments["control_image" if first.init_image else "image"] = controls
            if self.family.is_flow_matching and first.init_image is None:
                arguments["control_image"] = arguments.pop("image")
            weights = [guide.weight for guide in first.controlnets]
            arguments["controlnet_conditioning_scale"] = weights
        led = self.ip_adapters.embeds(first.ip_adapters, with_guidance=first.cfg_scale > 1)
        if led is not None:
            arguments["ip_adapter_image_embeds"] = led
        return arguments

    def _prompts(self, rows: Sequence[RunRequest]) -> Mapping[str, Any]:
        """Return the embeddings of all rows, under the names of the pipelines' arguments."""
        names = ["prompt_embeds", "pooled_prompt_embeds"][: self.family.text_encoders]
        wanted = self._encoded([each.prompt for each in rows], rows[0])
        arguments: dict[str, Any] = dict(zip(names, wanted, strict=True))
        if self.family.is_flow_matching:
            if self._t5_tokens is not None:
                arguments["max_sequence_length"] = self._t5_tokens
        elif rows[0].cfg_scale > 1:
            unwanted = self._encoded([each.negative_prompt for each in rows], rows[0])
            arguments |= {
                f"negative_{name}": value for name, value in zip(names, unwanted, strict=True)
            }
        return arguments

    @property
    def _t5_tokens(self) -> int | None:
        has_guidance = self.words.transformer.config.guidance_embeds
        return None if has_guidance else FEWEST_T5_TOKENS

    def _encoded(self, prompts: Sequence[str], request: RunRequest) -> Encoded:
        # One prompt at a time, so that its bits do not depend on whose prompts are beside it.
        each = [
            self.prompts.get(
                prompt,
                (request.loras, request.embeddings),
                partial(self._encode, prompt),
            )
            for prompt in prompts
        ]
        return tuple(
            torch.cat(parts) if len(parts) > 1 else parts[0] for parts in zip(*each, strict=True)
        )

    def _encode(self, prompt: str) -> Encoded:
        with torch.no_grad():
            return self._encode_anew(prompt)

    def _encode_anew(self, prompt: str) -> Encoded:
        device = self.words._execution_device
        if self.family.is_flow_matching:
            more = {} if self._t5_tokens is None else {"max_sequence_length": self._t5_tokens}
            found = self.words.encode_prompt(prompt, None, device=device, **more)
            return tuple(found[:2])  # the third is made anew from their shape
        found = self.words.encode_prompt(
            prompt,
            device=device,
            num_images_per_prompt=1,
            do_classifier_free_guidance=False,
        )
        return (found[0],) if self.family.text_encoders == 1 else (found[0], found[2])

    def _preview(self, pipeline: Any, latents: torch.Tensor, request: RunRequest) -> Later:
        """Begin a small picture of unfinished latents, as the pipeline's callback gives them."""
        vae = pipeline.vae
        linear = self.linear.get(id(vae)) or LinearPreview.fitted(vae)
        self.linear[id(vae)] = linear
        if self.family.is_flow_matching:
            latents = pipeline._unpack_latents(
                latents[None], request.height, request.width, pipeline.vae_scale_factor
            )[0]
        return linear.picture(latents)


@contextmanager
def _economical(pipeline: Any, wanted: bool) -> Iterator[None]:
    """Let the block take little memory: pictures decoded in tiles, attention a slice at a time."""
    if not wanted:
        yield
        return
    denoiser: Any = getattr(pipeline, "unet", None)
    # IP-Adapters sit in the attention processors that slicing would replace.
    slices = denoiser is not None and denoiser.config.get("encoder_hid_dim_type") is None
    pipeline.vae.enable_tiling()
    pipeline.vae.enable_slicing()
    before = denoiser.attn_processors if slices else {}
    if slices:
        denoiser.set_attention_slice("auto")
    try:
        yield
    finally:
        pipeline.vae.disable_tiling()
        pipeline.vae.disable_slicing()
        if slices:
            denoiser.set_attn_processor(dict(before))


def _steps_from_picture(request: RunRequest) -> int:
    """Return how many steps are denoised anew: strength's share of them, rounded down."""
    strength = 1.0 if request.strength is None else request.strength
    return min(int(request.steps * strength + 1e-6), request.steps)  # 0.29 x 100 is 28.999…


def _resized(picture: Pixels, request: RunRequest) -> Pixels:
    if (picture.width, picture.height) == (request.width, request.height):
        return picture
    image = _picture(picture, request)
    return Pixels(width=request.width, height=request.height, rgb=image.tobytes())


def _picture(picture: Pixels, request: RunRequest) -> PIL.Image.Image:
    """Return a picture of the size that is drawn."""
    image = PIL.Image.frombytes("RGB", (picture.width, picture.height), picture.rgb)
    size = (request.width, request.height)
    return image if image.size == size else image.resize(size, PIL.Image.Resampling.LANCZOS)


def _kept_outside_masks(
    requests: Sequence[RunRequest], wait: Callable[[], Sequence[Pixels | None]]
) -> Callable[[], Sequence[Pixels | None]]:
    """Return the pictures with the start pictures' own pixels where their masks are black.

    The autoencoder would change them a little. A grey part of a mask mixes both.
    """
    if all(each.mask is None for each in requests):
        return wait

    def pictures() -> Sequence[Pixels | None]:
        return [
            _kept_outside(each, made) if made else None
            for each, made in zip(requests, wait(), strict=True)
        ]

    return pictures


def _kept_outside(request: RunRequest, made: Pixels) -> Pixels:
    if request.mask is None or request.init_image is None:
        return made
    drawn = _picture(made, request)
    drawn = PIL.Image.composite(
        drawn, _picture(request.init_image, request), _picture(request.mask, request).convert("L")
    )
    return Pixels(width=made.width, height=made.height, rgb=drawn.tobytes())
