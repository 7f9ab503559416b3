"""What can be asked of a model, and within which limits."""

import math
from typing import TypeVar

import attrs

from invoke_core.domain.identifiers import BoardId, ImageName, ModelKey
from invoke_core.domain.models import BaseModel, DefaultSettings, SchedulerName
from invoke_core.errors import Invalid

T = TypeVar("T")

MAX_SEED = 2**32 - 1
MIN_DIMENSION = 16  # pixels
MOST_BESIDE = 20  # models of one kind beside the main one
DIMENSION_STEP = 8  # pixels; the autoencoders halve a side three times


@attrs.frozen(kw_only=True)
class GenerationLimits:
    """The administrator's limits on one generation."""

    max_prompt_characters: int = 10_000
    max_steps: int = 150
    max_dimension: int = 4096  # pixels


@attrs.frozen(kw_only=True)
class InitImage:
    """The picture that an image-to-image generation starts from."""

    image_name: ImageName
    strength: float  # 0 to 1: the share of the steps that is denoised anew


@attrs.frozen(kw_only=True)
class LoraWeight:
    """A LoRA and how strongly it counts; 0 equals the base model."""

    model: ModelKey
    weight: float


@attrs.frozen(kw_only=True)
class Guide:
    """A picture that leads a generation, by way of a ControlNet or an IP-Adapter; 0 equals none."""

    model: ModelKey
    image_name: ImageName
    weight: float


@attrs.frozen(kw_only=True)
class Generation:
    """One picture to make, with every value settled."""

    model: ModelKey
    prompt: str
    negative_prompt: str = ""
    width: int  # pixels
    height: int  # pixels
    steps: int
    cfg_scale: float
    scheduler: SchedulerName
    seed: int  # 0 to 2^32 - 1
    board_id: BoardId | None = None  # None: the owner's uncategorised images
    init_image: InitImage | None = None
    mask_image_name: ImageName | None = None  # white is drawn anew, black stays; with `init_image`
    loras: tuple[LoraWeight, ...] = ()
    controlnets: tuple[Guide, ...] = ()
    ip_adapters: tuple[Guide, ...] = ()
    embeddings: tuple[ModelKey, ...] = ()  # textual inversions; prompts name one as `<its name>`
    vae: ModelKey | None = None  # None: the model's own
    exact: bool = False  # never merged with other jobs

    @property
    def pictures(self) -> tuple[ImageName, ...]:
        """Return the names of the pictures that it is made from, each once."""
        return _pictures(self)


@attrs.frozen(kw_only=True)
class GenerationWish:
    """One picture to make, as it was asked for: absent values come from the model's defaults."""

    model: str  # key or name
    prompt: str
    negative_prompt: str = ""
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    scheduler: SchedulerName | None = None
    seed: int | None = None
    board_id: BoardId | None = None
    init_image: InitImage | None = None
    mask_image_name: ImageName | None = None
    loras: tuple[LoraWeight, ...] = ()  # `model` may be a name here and in the next two
    controlnets: tuple[Guide, ...] = ()
    ip_adapters: tuple[Guide, ...] = ()
    embeddings: tuple[str, ...] = ()  # keys or names
    vae: str | None = None  # key or name
    exact: bool = False

    @property
    def pictures(self) -> tuple[ImageName, ...]:
        """Return the names of the pictures that it is made from, each once."""
        return _pictures(self)


def _pictures(asked: Generation | GenerationWish) -> tuple[ImageName, ...]:
    init = [asked.init_image.image_name] if asked.init_image else []
    mask = [asked.mask_image_name] if asked.mask_image_name else []
    guides = [guide.image_name for guide in (*asked.controlnets, *asked.ip_adapters)]
    return tuple(dict.fromkeys([*init, *mask, *guides]))


_FALLBACKS: dict[BaseModel, tuple[int, float, SchedulerName, int]] = {
    # steps, guidance, scheduler, side in pixels: what each family was trained for
    BaseModel.SD_1: (30, 7.0, SchedulerName.EULER, 512),
    BaseModel.SD_2: (30, 7.0, SchedulerName.EULER, 768),
    BaseModel.SDXL: (30, 5.5, SchedulerName.EULER, 1024),
    BaseModel.FLUX: (4, 3.5, SchedulerName.EULER, 1024),
}


def settled(
    wish: GenerationWish,
    *,
    model: ModelKey,
    base: BaseModel,
    defaults: DefaultSettings,
    loras: tuple[LoraWeight, ...],
    controlnets: tuple[Guide, ...] = (),
    ip_adapters: tuple[Guide, ...] = (),
    embeddings: tuple[ModelKey, ...] = (),
    vae: ModelKey | None = None,
    seed: int,
) -> Generation:
    """Return the wish with every absent value taken from the model, or else from its family.

    Args:
        wish: what was asked for.
        model: the key that `wish.model` names.
        base: the model's family.
        defaults: the model's default settings.
        loras: the wish's, with keys in place of names; so are the next three.
        controlnets: pictures that lead by way of ControlNets.
        ip_adapters: pictures that lead by way of IP-Adapters.
        embeddings: textual inversions.
        vae: the wish's, or the one of the model's defaults that is still there.
        seed: the one drawn for a wish without one.
    """
    steps, guidance, scheduler, side = _FALLBACKS[base]
    return Generation(
        model=model,
        prompt=wish.prompt,
        negative_prompt=wish.negative_prompt,
        width=_first(wish.width, defaults.width, side),
        height=_first(wish.height, defaults.height, side),
        steps=_first(wish.steps, defaults.steps, steps),
        cfg_scale=_first(wish.cfg_scale, defaults.cfg_scale, guidance),
        scheduler=wish.scheduler or defaults.scheduler or scheduler,
        seed=seed if wish.seed is None else wish.seed,
        board_id=wish.board_id,
        init_image=wish.init_image,
        mask_image_name=wish.mask_image_name,
        loras=loras,
        controlnets=controlnets,
        ip_adapters=ip_adapters,
        embeddings=embeddings,
        vae=vae,
        exact=wish.exact,
    )


def _first(wished: T | None, default: T | None, fallback: T) -> T:
    if wished is not None:
        return wished
    return fallback if default is None else default


def require_within(limits: GenerationLimits, generation: Generation) -> None:
    """Raise Invalid, naming the field, where a value is out of range."""
    for field in ("prompt", "negative_prompt"):
        if len(getattr(generation, field)) > limits.max_prompt_characters:
            raise Invalid(
                f"A prompt has at most {limits.max_prompt_characters:,} characters.",
                field=f"generation.{field}",
            )
    for field in ("width", "height"):
        pixels = getattr(generation, field)
        if not MIN_DIMENSION <= pixels <= limits.max_dimension or pixels % DIMENSION_STEP:
            raise Invalid(
                f"The {field} is a multiple of {DIMENSION_STEP} from {MIN_DIMENSION} to"
                f" {limits.max_dimension} pixels.",
                field=f"generation.{field}",
            )
    if not 1 <= generation.steps <= limits.max_steps:
        raise Invalid(f"Steps go from 1 to {limits.max_steps}.", field="generation.steps")
    if not (math.isfinite(generation.cfg_scale) and 1 <= generation.cfg_scale <= 100):
        raise Invalid("The guidance scale goes from 1 to 100.", field="generation.cfg_scale")
    if not 0 <= generation.seed <= MAX_SEED:
        raise Invalid(f"A seed goes from 0 to {MAX_SEED}.", field="generation.seed")
    if generation.init_image and not 0 <= generation.init_image.strength <= 1:
        raise Invalid("The strength goes from 0 to 1.", field="generation.init_image.strength")
    if generation.mask_image_name and not generation.init_image:
        raise Invalid(
            "A mask says which part of a start picture is drawn anew: name one in init_image.",
            field="generation.mask_image_name",
        )
    for field in ("controlnets", "ip_adapters"):
        for guide in getattr(generation, field):
            if not (math.isfinite(guide.weight) and -1 <= guide.weight <= 2):
                raise Invalid("The weight goes from -1 to 2.", field=f"generation.{field}")
    for field in ("loras", "controlnets", "ip_adapters", "embeddings"):
        if len(getattr(generation, field)) > MOST_BESIDE:
            raise Invalid(
                f"A generation takes at most {MOST_BESIDE} of them.", field=f"generation.{field}"
            )
    if any(
        not (math.isfinite(lora.weight) and abs(lora.weight) <= 10) for lora in generation.loras
    ):
        raise Invalid("A LoRA's weight goes from -10 to 10.", field="generation.loras")
