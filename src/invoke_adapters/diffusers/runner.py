"""The runner: keeps the models used last on one device, and draws with them."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs
import torch

from invoke_adapters.diffusers.cache import ModelCache
from invoke_adapters.diffusers.costs import BatchCosts, Shape
from invoke_adapters.diffusers.devices import (
    device_memory,
    free_unused_memory,
    is_out_of_memory,
    number_format,
    opened_device,
    raise_device_trouble,
)
from invoke_adapters.diffusers.drawing import Beside, Drawn, LoadedModel
from invoke_adapters.diffusers.finishing import Stopwatch
from invoke_adapters.diffusers.held import HeldPart
from invoke_adapters.diffusers.loading import (
    bytes_on_disk,
    load_controlnet,
    load_pipeline,
    load_vae,
)
from invoke_adapters.diffusers.merging import BUCKETS, filled_up, groups
from invoke_core.domain.generation import Generation
from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.pixels import Pixels
from invoke_core.domain.queue import DeviceMemory
from invoke_core.errors import Invalid
from invoke_core.ports.runner import (
    Finish,
    ModelFiles,
    ModelMemory,
    Report,
    RunRequest,
    RunResult,
    ShouldStop,
)

T = TypeVar("T")

WORKING_BYTES: Final = 4 * 2**30  # of a GPU, for drawing itself, where nobody says how much


def open_diffusers_runner(
    device: str, *, precision: str, memory: ModelMemory, threads: int | None
) -> "DiffusersRunner":
    """Return the runner; see `invoke_adapters.diffusers.open_runner`."""
    if threads is not None:
        torch.set_num_threads(threads)
    place = opened_device(device)
    ram = half_of_memory() if memory.ram is None else memory.ram
    vram = memory.vram
    if place.type == "cpu":  # its memory is the computer's, and it needs no shelf
        cache = ModelCache(ram, 0, memory.caching)
    else:
        if vram is None:
            total = torch.cuda.get_device_properties(place).total_memory
            vram = max(total - WORKING_BYTES, total // 2)
        cache = ModelCache(vram, ram, memory.caching)
    return DiffusersRunner(place, number_format(precision, place), cache)


def half_of_memory() -> int:
    """Return half of the bytes that this computer, or this container, has."""
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        limit = "max"
    return min(whole, int(limit)) // 2 if limit.isdigit() else whole // 2


@attrs.define(eq=False)
class DiffusersRunner:
    """Draws the requests of a pass in batches: those beside one another that go together."""

    place: torch.device
    dtype: torch.dtype
    cache: ModelCache
    costs: BatchCosts = attrs.field(factory=BatchCosts)

    @property
    def device(self) -> str:
        """Return `cpu`, or `cuda:` and a number."""
        return str(self.place)

    @property
    def memory(self) -> DeviceMemory | None:
        """Return the memory of a GPU, whoever uses it; None for a CPU."""
        return device_memory(self.place)

    @property
    def warm_models(self) -> frozenset[ModelKey]:
        """Return the models that are on the device."""
        return self.cache.warm

    def batch_size(self, generation: Generation) -> int:
        """Return how many pictures are best drawn together; see `invoke_core.ports.runner.Runner`.

        It is learnt from the batches before: a shape begins with pictures alone.
        """
        return self.costs.best(Shape.of(generation))

    def run(
        self, requests: Sequence[RunRequest], report: Report, should_stop: ShouldStop
    ) -> Finish:
        """Draw the pictures; see `invoke_core.ports.runner.Runner`.

        The seconds charged are those of drawing: whoever finds the model cold does not pay for it.
        """
        begun = [
            self._draw(batch, report, should_stop)
            for group in groups(requests, BUCKETS[-1])
            for batch in self._batches(group)
        ]

        def finish() -> Sequence[RunResult]:
            return [result for each in begun for result in each()]

        return finish

    def close(self) -> None:
        """Drop every model."""
        self.cache.clear()
        free_unused_memory(self.place)

    def _batches(self, group: Sequence[RunRequest]) -> Iterator[Sequence[RunRequest]]:
        """Return requests that may share a batch in batches that pay."""
        begin = 0
        for count in self.costs.split(Shape.of(group[0]), len(group)):
            yield group[begin : begin + count]
            begin += count

    def _draw(self, batch: Sequence[RunRequest], report: Report, should_stop: ShouldStop) -> Finish:
        if all(should_stop(each.item_id) for each in batch):
            return lambda: [_stopped(each, 0.0) for each in batch]
        with self.cache.one_pass():
            model = self._with_room(lambda economy: self._model(batch[0]))
            if len(batch) > 1 and not model.merges:
                return self._one_by_one(batch, report, should_stop)
            beside = self._with_room(lambda economy: self._beside(batch[0], model))
            watch = Stopwatch(self.place)
            try:
                drawn = self._with_room(
                    lambda economy: model.draw(batch, beside, report, should_stop, economy=economy),
                    may_retry=len(batch) == 1,
                )
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                drawn = None
            if (
                drawn is None
            ):  # here, no longer inside `except`, nothing holds what it had allocated
                return self._one_by_one(batch, report, should_stop)
            watch.stop()
        return lambda: self._results(batch, drawn, watch, learns=model.merges)

    def _one_by_one(
        self, batch: Sequence[RunRequest], report: Report, should_stop: ShouldStop
    ) -> Finish:
        free_unused_memory(self.place)
        begun = [self._draw([each], report, should_stop) for each in batch]
        return lambda: [result for each in begun for result in each()]

    def _results(
        self, batch: Sequence[RunRequest], drawn: Drawn, watch: Stopwatch, *, learns: bool
    ) -> Sequence[RunResult]:
        """Wait for the pictures of a batch; each request bears its part of the time."""
        try:
            seconds = watch.seconds()
            share = seconds / len(batch)
            pictures = drawn.pictures()
        except (RuntimeError, MemoryError) as error:
            raise_device_trouble(error, self.place)
        if learns and not drawn.stopped:
            self.costs.note(Shape.of(batch[0]), filled_up(len(batch)), seconds)
        found = []
        for place, request in enumerate(batch):
            if request.item_id in drawn.stopped:
                found.append(_stopped(request, share))
            else:
                found.append(_result(request, pictures[place], share))
        return found

    def _model(self, request: RunRequest) -> LoadedModel:
        files = request.model

        def load(shelf: bool) -> LoadedModel:
            pipeline, family = load_pipeline(files, self.dtype)
            return LoadedModel.of(HeldPart.on(pipeline, self.place, shelf=shelf), family)

        return self.cache.use(files, bytes_on_disk(files), load)

    def _beside(self, request: RunRequest, model: LoadedModel) -> Beside:
        def part(files: ModelFiles, load: Callable[[], Any]) -> Any:
            return self.cache.use(
                files,
                bytes_on_disk(files),
                lambda shelf: HeldPart.on(load(), self.place, shelf=shelf),
            ).part

        vae = request.vae
        return Beside(
            controlnets=[
                part(
                    guide.model,
                    partial(load_controlnet, guide.model, model.family, self.dtype),
                )
                for guide in request.controlnets
            ],
            vae=part(vae, lambda: load_vae(vae, model.own_vae, request.model, self.dtype))
            if vae
            else None,
        )

    def _with_room(self, action: Callable[[bool], T], *, may_retry: bool = True) -> T:
        """Do it; where the memory is full, drop every other model and try once more, sparingly."""
        try:
            return action(False)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise_device_trouble(error, self.place)
            if not may_retry:
                raise
        # Here, no longer inside `except`, nothing holds what the failed try had allocated.
        self.cache.drop_others()
        free_unused_memory(self.place)
        try:
            return action(True)
        except (RuntimeError, MemoryError) as error:
            free_unused_memory(self.place)
            raise_device_trouble(error, self.place)


def _stopped(request: RunRequest, seconds: float) -> RunResult:
    return RunResult(item_id=request.item_id, pixels=None, gpu_seconds=seconds)


def _result(request: RunRequest, pixels: Pixels | None, seconds: float) -> RunResult:
    error = None
    if pixels is None:
        error = Invalid(
            f"With these values the model's numbers left their range: try another scheduler than"
            f" {request.scheduler}, a smaller guidance scale, or precision float32."
        )
    return RunResult(item_id=request.item_id, pixels=pixels, gpu_seconds=seconds, error=error)
