"""The runner: keeps the models used last on one device, and draws with them."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TypeVar

import attrs
import torch

from invoke_adapters.diffusers.devices import (
    device_memory,
    free_unused_memory,
    is_out_of_memory,
    number_format,
    opened_device,
    raise_device_trouble,
)
from invoke_adapters.diffusers.drawing import LoadedModel, Stopped
from invoke_adapters.diffusers.loading import load_pipelines
from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.queue import DeviceMemory
from invoke_core.ports.runner import ModelFiles, Report, RunRequest, RunResult, ShouldStop

T = TypeVar("T")


def open_diffusers_runner(
    device: str, *, precision: str, keep: int, threads: int | None
) -> "DiffusersRunner":
    """Return the runner; see `invoke_adapters.diffusers.open_runner`."""
    if threads is not None:
        torch.set_num_threads(threads)
    place = opened_device(device)
    return DiffusersRunner(place, number_format(precision, place), keep=keep)


@attrs.define(eq=False)
class DiffusersRunner:
    """Draws the requests of a pass one after another, so that each is what it is alone."""

    place: torch.device
    dtype: torch.dtype
    keep: int = attrs.field(kw_only=True, validator=attrs.validators.ge(1))
    models: OrderedDict[ModelFiles, LoadedModel] = attrs.field(factory=OrderedDict, init=False)

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
        """Return the models that are loaded."""
        return frozenset(files.key for files in self.models)

    def run(
        self, requests: Sequence[RunRequest], report: Report, should_stop: ShouldStop
    ) -> Sequence[RunResult]:
        """Make the pictures; see `invoke_core.ports.runner.Runner`.

        The seconds charged are those of drawing: whoever finds the model cold does not pay for it.
        """
        return [self._run(request, report, should_stop) for request in requests]

    def close(self) -> None:
        """Drop every model."""
        self.models.clear()
        free_unused_memory(self.place)

    def _run(self, request: RunRequest, report: Report, should_stop: ShouldStop) -> RunResult:
        if should_stop(request.item_id):
            return RunResult(item_id=request.item_id, pixels=None, gpu_seconds=0.0)
        model = self._with_room(request.model, lambda: self._loaded(request.model))
        started = time.perf_counter()
        try:
            pixels = self._with_room(
                request.model,
                lambda: model.draw(request, report, lambda: should_stop(request.item_id)),
            )
        except Stopped:
            pixels = None
        # Reading the picture has waited for the device: this is its time, too.
        seconds = time.perf_counter() - started
        return RunResult(item_id=request.item_id, pixels=pixels, gpu_seconds=seconds)

    def _loaded(self, files: ModelFiles) -> LoadedModel:
        if files not in self.models:
            while len(self.models) >= self.keep:
                self.models.popitem(last=False)
            free_unused_memory(self.place)
            self.models[files] = LoadedModel.of(*load_pipelines(files, self.place, self.dtype))
        self.models.move_to_end(files)
        return self.models[files]

    def _with_room(self, files: ModelFiles, action: Callable[[], T]) -> T:
        """Do it; where the memory is full, drop every other model and try once more."""
        try:
            return action()
        except (RuntimeError, MemoryError) as error:
            others = [other for other in self.models if other != files]
            if not (is_out_of_memory(error) and others):
                raise_device_trouble(error, self.place)
        # Here, no longer inside `except`, nothing holds what the failed try had allocated.
        for other in others:
            del self.models[other]
        free_unused_memory(self.place)
        try:
            return action()
        except (RuntimeError, MemoryError) as error:
            raise_device_trouble(error, self.place)
