"""Pictures of several people drawn as one batch: each is what it would have been alone."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
import torch

from invoke_adapters.diffusers import open_runner
from invoke_adapters.diffusers.bundled import bundled_models
from invoke_adapters.diffusers.drawing import LoadedModel
from invoke_adapters.diffusers.finishing import read_later
from invoke_adapters.diffusers.merging import ALONE, BUCKETS, groups, merge_key
from invoke_adapters.diffusers.runner import DiffusersRunner
from invoke_core.domain.identifiers import ItemId, ModelKey
from invoke_core.domain.models import BaseModel, ModelFormat, SchedulerName
from invoke_core.domain.pixels import Pixels
from invoke_core.ports.runner import ModelFiles, RunRequest, RunResult, Step
from invoke_core.testing.runner import a_request
from tests.never_learns import NeverLearns
from tests.tiny_models import build_flux, build_stable_diffusion, build_stable_diffusion_xl

# Of numbers from 0 to 1, in float32 on a CPU, between numbers of rows. Networks of random weights enlarge
# the last digits by more than trained ones.
TOLERANCE = {"bundled": 1e-5, "sd": 5e-5, "sdxl": 5e-5}
COLOURS = ("red", "blue", "green", "black", "white", "pink", "brown", "grey")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModelFiles]:
    folder = tmp_path_factory.mktemp("models")
    paths = {
        "sd": build_stable_diffusion(folder / "sd"),
        "sdxl": build_stable_diffusion_xl(folder / "sdxl"),
        "flux": build_flux(folder / "flux"),
        "bundled": Path(bundled_models()[0].path),
    }
    base = {"sdxl": BaseModel.SDXL, "flux": BaseModel.FLUX}
    return {
        name: ModelFiles(
            key=ModelKey(name),
            base=base.get(name, BaseModel.SD_1),
            format=ModelFormat.DIFFUSERS,
            path=str(path),
        )
        for name, path in paths.items()
    }


@pytest.fixture(scope="module")
def runner() -> Iterator[DiffusersRunner]:
    runner = open_runner("cpu", threads=1)
    assert isinstance(runner, DiffusersRunner)
    runner.costs = NeverLearns()
    yield runner
    runner.close()


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the requests of each batch that is drawn."""
    drawn: list[int] = []
    draw = LoadedModel.draw

    def counting(
        model: LoadedModel, requests: Sequence[RunRequest], *rest: Any, **more: Any
    ) -> Any:
        drawn.append(len(requests))
        return draw(model, requests, *rest, **more)

    monkeypatch.setattr(LoadedModel, "draw", counting)
    return drawn


@pytest.fixture
def exact_numbers(monkeypatch: pytest.MonkeyPatch) -> list[torch.Tensor]:
    """Keep the numbers of every batch before they are rounded to bytes."""
    seen: list[torch.Tensor] = []

    def reading(images: torch.Tensor) -> Any:
        seen.append(images.clone())
        return read_later(images)

    monkeypatch.setattr("invoke_adapters.diffusers.drawing.read_later", reading)
    return seen


def _different(model: ModelFiles, count: int, **common: Any) -> list[RunRequest]:
    """Return requests that differ in all that may differ within a batch."""
    plain = a_request(model, steps=3, **common)
    spread = 1.0 if model.key == "bundled" else 0.1
    return [
        attrs.evolve(
            plain,
            item_id=ItemId(number),
            prompt=f"a {colour} circle",
            negative_prompt="" if number % 2 else "a square",
            cfg_scale=1.5 + spread * number,
            seed=100 + number,
        )
        for number, colour in enumerate(COLOURS[:count])
    ]


def _run(runner: DiffusersRunner, requests: Sequence[RunRequest]) -> Sequence[RunResult]:
    return runner.run(requests, lambda step: None, lambda item_id: False)()


def _off(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).abs().max())


FACTS: list[dict[str, Any]] = [
    {},
    {"scheduler": SchedulerName.DDIM},
    {"scheduler": SchedulerName.EULER_A},
    {"scheduler": SchedulerName.DPMPP_2M_K},
]


@pytest.mark.parametrize("family", ["sd", "sdxl", "bundled"])
@pytest.mark.parametrize("facts", FACTS, ids=str)
def test_with_the_same_number_of_rows_the_bits_do_not_depend_on_the_others(
    runner: DiffusersRunner,
    models: dict[str, ModelFiles],
    exact_numbers: list[torch.Tensor],
    family: str,
    facts: dict[str, Any],
) -> None:
    own, *others = _different(models[family], 6, **facts)

    _run(runner, [own, *others[:3]])
    _run(runner, [others[4], own, others[0]])  # filled up to four rows

    first, second = exact_numbers
    assert torch.equal(first[0], second[1])
    assert _off(first[1], second[2]) == 0


@pytest.mark.parametrize("family", ["sd", "sdxl", "bundled"])
@pytest.mark.parametrize("facts", FACTS, ids=str)
@pytest.mark.parametrize("count", [2, 3, 8])
def test_with_another_number_of_rows_only_the_last_digits_differ(
    runner: DiffusersRunner,
    models: dict[str, ModelFiles],
    exact_numbers: list[torch.Tensor],
    family: str,
    facts: dict[str, Any],
    count: int,
) -> None:
    requests = _different(models[family], count, **facts)

    together = _run(runner, requests)
    for request in requests:
        _run(runner, [request])

    merged, *alone = exact_numbers
    assert [result.item_id for result in together] == [each.item_id for each in requests]
    assert len(alone) == count
    assert max(_off(merged[row], each[0]) for row, each in enumerate(alone)) <= TOLERANCE[family]


@pytest.mark.parametrize("scheduler", sorted(set(SchedulerName) - ALONE))
def test_every_scheduler_keeps_the_noise_of_each_row_to_itself(
    runner: DiffusersRunner,
    models: dict[str, ModelFiles],
    exact_numbers: list[torch.Tensor],
    scheduler: SchedulerName,
) -> None:
    requests = _different(models["sd"], 2, scheduler=scheduler)

    _run(runner, requests)
    for request in requests:
        _run(runner, [request])

    merged, *alone = exact_numbers
    assert max(_off(merged[row], each[0]) for row, each in enumerate(alone)) <= TOLERANCE["sd"]


def test_start_pictures_are_merged_too(
    runner: DiffusersRunner, models: dict[str, ModelFiles], exact_numbers: list[torch.Tensor]
) -> None:
    requests = [
        attrs.evolve(each, init_image=_gradient(number), strength=0.7)
        for number, each in enumerate(_different(models["sd"], 3))
    ]

    _run(runner, requests)
    for request in requests:
        _run(runner, [request])

    merged, *alone = exact_numbers
    assert max(_off(merged[row], each[0]) for row, each in enumerate(alone)) <= TOLERANCE["sd"]


def _gradient(number: int) -> Pixels:
    values = np.arange(3 * 64 * 64, dtype=np.uint32) * (number + 1) // 50 % 256
    return Pixels(width=64, height=64, rgb=values.astype(np.uint8).tobytes())


def test_what_does_not_go_together_is_drawn_one_after_another(
    runner: DiffusersRunner, models: dict[str, ModelFiles], batches: list[int]
) -> None:
    first, second, third, fourth, fifth = _different(models["sd"], 5)
    requests = [
        first,
        second,
        attrs.evolve(third, width=48),
        attrs.evolve(fourth, exact=True),
        attrs.evolve(fifth, cfg_scale=1.0),
    ]

    results = _run(runner, requests)

    assert batches == [2, 1, 1, 1]
    assert all(result.pixels for result in results)


def test_more_than_fit_make_a_second_batch(models: dict[str, ModelFiles]) -> None:
    requests = _different(models["sd"], 8) + _different(models["sd"], 3)

    assert [len(batch) for batch in groups(requests, BUCKETS[-1])] == [8, 3]


@pytest.mark.parametrize(
    "changes",
    [
        {"exact": True},
        {"scheduler": SchedulerName.DPMPP_SDE},
        {"mask": Pixels(width=1, height=1, rgb=bytes(3))},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_some_are_never_merged(models: dict[str, ModelFiles], changes: dict[str, Any]) -> None:
    assert merge_key(attrs.evolve(a_request(models["sd"]), **changes)) is None


def test_flux_draws_the_requests_of_a_batch_one_after_another(
    runner: DiffusersRunner, models: dict[str, ModelFiles], batches: list[int]
) -> None:
    requests = _different(models["flux"], 2)

    together = [result.pixels for result in _run(runner, requests)]

    assert batches == [1, 1]
    assert all(
        _run(runner, [request])[0].pixels == pixels
        for request, pixels in zip(requests, together, strict=True)
    )


def test_each_hears_of_its_own_steps_until_it_is_stopped(
    runner: DiffusersRunner, models: dict[str, ModelFiles], batches: list[int]
) -> None:
    requests = _different(models["sd"], 3)
    steps: list[Step] = []

    def should_stop(item_id: ItemId) -> bool:
        return item_id == 1 and any(step.step >= 2 for step in steps)

    results = runner.run(requests, steps.append, should_stop)()

    assert batches == [3]
    assert [[s.step for s in steps if s.item_id == number] for number in range(3)] == [
        [1, 2, 3],
        [1, 2],
        [1, 2, 3],
    ]
    assert [result.pixels is None for result in results] == [False, True, False]


def test_a_batch_ends_when_all_are_stopped(
    runner: DiffusersRunner, models: dict[str, ModelFiles]
) -> None:
    steps: list[Step] = []

    results = runner.run(
        _different(models["sd"], 2), steps.append, lambda item_id: len(steps) >= 2
    )()

    assert [result.pixels for result in results] == [None, None]
    assert len(steps) == 2


def test_the_seconds_of_a_batch_are_shared(
    runner: DiffusersRunner, models: dict[str, ModelFiles]
) -> None:
    results = _run(runner, _different(models["sd"], 4))

    assert len({result.gpu_seconds for result in results}) == 1
    assert results[0].gpu_seconds > 0


def test_a_row_whose_numbers_overflow_fails_alone(
    runner: DiffusersRunner, models: dict[str, ModelFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoiled(images: torch.Tensor) -> Any:
        images = images.clone()
        images[1, 0, 0, 0] = float("nan")
        return read_later(images)

    monkeypatch.setattr("invoke_adapters.diffusers.drawing.read_later", spoiled)

    results = _run(runner, _different(models["sd"], 3))

    assert [result.pixels is None for result in results] == [False, True, False]
    assert "left their range" in str(results[1].error)


# Prompts are encoded once


def test_the_same_words_are_encoded_once_and_give_the_same_bits(
    models: dict[str, ModelFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = open_runner("cpu", threads=1)
    assert isinstance(runner, DiffusersRunner)
    encoded: list[str] = []
    encode = LoadedModel._encode

    def counting(model: LoadedModel, prompt: str) -> Any:
        encoded.append(prompt)
        return encode(model, prompt)

    monkeypatch.setattr(LoadedModel, "_encode", counting)
    request = a_request(models["sd"], prompt="one", negative_prompt="two", steps=1)

    first, second = (_run(runner, [request])[0].pixels for _ in range(2))
    _run(runner, [attrs.evolve(request, prompt="two", negative_prompt="one")])

    assert first == second
    assert encoded == ["one", "two"]
