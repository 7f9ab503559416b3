"""What makes pictures."""

from collections.abc import Callable, Sequence
from typing import Protocol

import attrs

from invoke_core.domain.generation import Generation
from invoke_core.domain.identifiers import ItemId, ModelKey
from invoke_core.domain.models import BaseModel, ModelFormat, SchedulerName
from invoke_core.domain.pixels import Pixels
from invoke_core.domain.queue import DeviceMemory
from invoke_core.errors import InvokeError


@attrs.frozen(kw_only=True)
class ModelFiles:
    """Where a model's weights lie on this host."""

    key: ModelKey
    base: BaseModel
    format: ModelFormat
    path: str  # absolute


@attrs.frozen(kw_only=True)
class GuidePixels:
    """A picture that leads a generation, by way of a ControlNet or an IP-Adapter."""

    model: ModelFiles
    image: Pixels
    weight: float  # 0: it does not count


@attrs.frozen(kw_only=True)
class EmbeddingFiles:
    """A textual inversion, and how prompts write it."""

    token: str  # such as `<cat-toy>`
    model: ModelFiles


@attrs.frozen(kw_only=True)
class RunRequest:
    """One picture to make, with everything at hand."""

    item_id: ItemId
    model: ModelFiles
    prompt: str
    negative_prompt: str
    width: int  # pixels
    height: int  # pixels
    steps: int
    cfg_scale: float
    scheduler: SchedulerName
    seed: int
    init_image: Pixels | None = None
    strength: float | None = None  # 0 to 1, with `init_image` only
    mask: Pixels | None = None  # with `init_image` only: white is drawn anew, black stays as it is
    loras: tuple[tuple[ModelFiles, float], ...] = ()
    controlnets: tuple[GuidePixels, ...] = ()
    ip_adapters: tuple[GuidePixels, ...] = ()
    embeddings: tuple[EmbeddingFiles, ...] = ()
    vae: ModelFiles | None = None  # None: the model's own
    exact: bool = False  # drawn alone, also in a pass of several


@attrs.frozen(kw_only=True)
class ModelMemory:
    """How much memory the models of one runner may take."""

    ram: int | None = None  # bytes of the computer's; None: half of it
    vram: int | None = None  # bytes of the GPU's; None: all but what drawing needs
    caching: bool = True  # False: no model stays loaded for the next pass


@attrs.frozen(kw_only=True)
class Step:
    """A denoising step that has just been done."""

    item_id: ItemId
    step: int  # 1 to `steps`
    steps: int
    preview: Pixels | None = None  # small; not at every step


@attrs.frozen(kw_only=True)
class RunResult:
    """What became of one request."""

    item_id: ItemId
    pixels: Pixels | None  # None: it was stopped, or failed
    gpu_seconds: float  # its share of the pass
    error: InvokeError | None = None  # why it failed, while the others of its pass did not


Finish = Callable[[], Sequence[RunResult]]
Report = Callable[[Step], None]
ShouldStop = Callable[[ItemId], bool]


class Runner(Protocol):
    """Runs generations on one device; one call at a time."""

    @property
    def device(self) -> str:
        """Return the device's name, such as `cpu` or `cuda:0`."""

    @property
    def memory(self) -> DeviceMemory | None:
        """Return the device's own memory; None where it has none, as a CPU."""

    @property
    def warm_models(self) -> frozenset[ModelKey]:
        """Return the models that are loaded."""

    def batch_size(self, generation: Generation) -> int:
        """Return how many pictures like this one are best given to one pass, at least 1. Thread-safe.

        So many that drawing them together costs less for each than drawing it alone.
        """

    def run(
        self, requests: Sequence[RunRequest], report: Report, should_stop: ShouldStop
    ) -> Finish:
        """Draw the pictures of one pass; return as soon as the device can take the next one.

        Each picture is what it would have been alone, to rounding. `report` is called after every step and
        `should_stop` before every step; a request for which it says True ends without a picture.

        Returns:
            What waits for the pictures, and returns one result a request, in order. It is called once, by
            any thread, also while the next pass runs and before `close`; it raises what `run` does.

        Raises:
            Invalid: the values do not fit the model (a scheduler or size that it cannot do).
            NotFound: a model's files are gone.
            Unavailable: the device has no memory left, or has failed.
        """

    def close(self) -> None:
        """Free the device."""
