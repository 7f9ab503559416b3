"""A full device, at every stage of a picture: tried once more, sparingly; then refused with advice."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel

from invoke_adapters.diffusers import open_runner
from invoke_adapters.diffusers.drawing import LoadedModel
from invoke_adapters.diffusers.runner import DiffusersRunner
from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.models import BaseModel, ModelFormat
from invoke_core.domain.pixels import Pixels
from invoke_core.errors import Unavailable
from invoke_core.ports.runner import ModelFiles, RunRequest
from invoke_core.testing.runner import _distance, a_request
from tests.tiny_models import build_stable_diffusion

JOBS = 20  # after each stage: a hundred in all
STAGES: dict[str, tuple[object, str]] = {
    "loading the model": ("invoke_adapters.diffusers.runner", "load_pipeline"),
    "encoding the prompt": (LoadedModel, "_encode"),
    "encoding the start picture": (AutoencoderKL, "encode"),
    "denoising": (UNet2DConditionModel, "forward"),
    "decoding": (AutoencoderKL, "decode"),
}


class Full:
    """Lets a stage fail so often as if the device were full, then go on as it does."""

    def __init__(self, action: Callable[..., Any], times: int) -> None:
        self.action = action
        self.left = times
        self.failed = 0

    def replacement(self) -> Callable[..., Any]:
        def acting(*arguments: Any, **named: Any) -> Any:
            if self.left:
                self.left -= 1
                self.failed += 1
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            return self.action(*arguments, **named)

        return acting


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    path: Path = build_stable_diffusion(tmp_path_factory.mktemp("models") / "sd")
    return ModelFiles(
        key=ModelKey("sd"), base=BaseModel.SD_1, format=ModelFormat.DIFFUSERS, path=str(path)
    )


@pytest.fixture
def runner() -> Iterator[DiffusersRunner]:
    runner = open_runner("cpu", threads=1)
    assert isinstance(runner, DiffusersRunner)
    yield runner
    runner.close()


def _full(monkeypatch: pytest.MonkeyPatch, stage: str, times: int) -> Full:
    place, name = STAGES[stage]
    if isinstance(place, str):
        import importlib

        place = importlib.import_module(place)
    full = Full(getattr(place, name), times)
    monkeypatch.setattr(place, name, full.replacement())
    return full


def _request(files: ModelFiles, **changes: Any) -> RunRequest:
    start = Pixels(width=64, height=64, rgb=bytes([200, 60, 30]) * 64 * 64)
    return a_request(files, steps=2, init_image=start, strength=1.0, **changes)


def _draw(runner: DiffusersRunner, request: RunRequest) -> Pixels:
    (result,) = runner.run([request], lambda step: None, lambda item_id: False)()
    assert result.pixels is not None
    return result.pixels


@pytest.mark.parametrize("stage", STAGES)
def test_it_is_tried_once_more_sparingly(
    runner: DiffusersRunner, files: ModelFiles, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    whole = _draw(runner, _request(files))
    runner.close()
    full = _full(monkeypatch, stage, 1)

    again = _draw(runner, _request(files))

    assert full.failed == 1
    assert _distance(again, whole) < 1


@pytest.mark.parametrize("stage", STAGES)
def test_what_fails_twice_is_refused_with_advice_and_every_next_job_succeeds(
    runner: DiffusersRunner, files: ModelFiles, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    whole = _draw(runner, _request(files))

    for number in range(JOBS):
        runner.close()  # so that the model is loaded, and the prompt encoded
        with monkeypatch.context() as patching:
            full = _full(patching, stage, 2)
            with pytest.raises(Unavailable, match="no memory left: ask for a smaller picture"):
                _draw(runner, _request(files))
            assert full.failed == 2
        if number % 5 == 0:  # bit for bit as before: nothing of the sparing mode stays
            assert _distance(_draw(runner, _request(files)), whole) == 0
        else:
            assert _draw(runner, _request(files, seed=number)).width == 64


def test_a_batch_that_does_not_fit_is_drawn_one_by_one(
    runner: DiffusersRunner, files: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [a_request(files, number, seed=number, steps=2) for number in (1, 2, 3)]
    alone = [_draw(runner, request) for request in requests]
    forward = UNet2DConditionModel.forward

    def small_only(net: UNet2DConditionModel, sample: torch.Tensor, *rest: Any, **more: Any) -> Any:
        if len(sample) > 2:  # two are one picture with guidance
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(net, sample, *rest, **more)

    monkeypatch.setattr(UNet2DConditionModel, "forward", small_only)

    results = runner.run(requests, lambda step: None, lambda item_id: False)()

    assert [result.pixels for result in results] == alone
