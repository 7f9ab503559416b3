"""A runner without a GPU, and what every runner does."""

import hashlib
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import pytest

from invoke_core.domain.generation import Generation
from invoke_core.domain.identifiers import ItemId, ModelKey
from invoke_core.domain.models import BaseModel, ModelFormat, SchedulerName
from invoke_core.domain.pixels import Pixels
from invoke_core.domain.queue import DeviceMemory
from invoke_core.errors import NotFound
from invoke_core.ports.runner import (
    Finish,
    ModelFiles,
    Report,
    Runner,
    RunRequest,
    RunResult,
    ShouldStop,
    Step,
)

BeforeStep = Callable[[RunRequest, int], None]


def a_model_on_disk(key: str = "model") -> ModelFiles:
    """Return where a model would lie; the fake runner never looks."""
    return ModelFiles(
        key=ModelKey(key),
        base=BaseModel.SD_1,
        format=ModelFormat.DIFFUSERS,
        path=f"/models/{key}",
    )


def a_request(model: ModelFiles, item_id: int = 1, **changes: Any) -> RunRequest:
    """Return the request of a small picture in few steps."""
    request = RunRequest(
        item_id=ItemId(item_id),
        model=model,
        prompt="a red circle on a white background",
        negative_prompt="",
        width=64,
        height=64,
        steps=4,
        cfg_scale=3.0,
        scheduler=SchedulerName.EULER,
        seed=7,
    )
    return attrs.evolve(request, **changes)


def _nothing(request: RunRequest, step: int) -> None:
    """Let every step go on at once."""


class FakeRunner:
    """Keeps the runner's contract with pictures of noise that follow from the request alone."""

    def __init__(
        self,
        device: str = "cpu",
        *,
        before_step: BeforeStep = _nothing,
        missing: frozenset[ModelKey] = frozenset(),
        seconds_per_step: float = 0.01,
        batch_size: int = 1,
    ) -> None:
        """Return a runner on no device at all.

        Args:
            device: the name that it goes by.
            before_step: called with the request and the number of the step (from 1) before it is
                "denoised"; it may wait, so that a test holds the job there, or raise, so that it fails.
            missing: models whose files are gone.
            seconds_per_step: what a step is said to take on the GPU.
            batch_size: how many pictures it says that it draws best together.
        """
        self._device = device
        self._before_step = before_step
        self._missing = missing
        self._seconds_per_step = seconds_per_step
        self._batch_size = batch_size
        self._warm: set[ModelKey] = set()
        self.steps_done = 0
        self.runs: list[RunRequest] = []
        self.is_closed = False

    @property
    def device(self) -> str:
        """Return the device's name."""
        return self._device

    @property
    def memory(self) -> DeviceMemory | None:
        """Return nothing: there is no device."""
        return None

    @property
    def warm_models(self) -> frozenset[ModelKey]:
        """Return the models that were used before."""
        return frozenset(self._warm)

    def batch_size(self, generation: Generation) -> int:
        """Return what the caller of the constructor wanted."""
        return self._batch_size

    def run(
        self, requests: Sequence[RunRequest], report: Report, should_stop: ShouldStop
    ) -> Finish:
        """Make the pictures of one pass, all of them before it returns."""
        for request in requests:
            for model in [request.model, *(lora for lora, _ in request.loras)]:
                if model.key in self._missing:
                    raise NotFound("model folder", model.path)
            self._warm.add(request.model.key)
        results = [self.run_one(request, report, should_stop) for request in requests]
        return lambda: results

    def run_one(self, request: RunRequest, report: Report, should_stop: ShouldStop) -> RunResult:
        """Make one picture."""
        self.runs.append(request)
        for step in range(1, request.steps + 1):
            self._before_step(request, step)
            if should_stop(request.item_id):
                seconds = (step - 1) * self._seconds_per_step
                return RunResult(item_id=request.item_id, pixels=None, gpu_seconds=seconds)
            self.steps_done += 1
            preview = self.paint(request) if step % 2 == 0 else None
            report(Step(item_id=request.item_id, step=step, steps=request.steps, preview=preview))
        return RunResult(
            item_id=request.item_id,
            pixels=self.paint(request),
            gpu_seconds=request.steps * self._seconds_per_step,
        )

    def paint(self, request: RunRequest) -> Pixels:
        """Return the picture that the request gets, whatever ran before or beside it."""
        facts = (
            request.model.key,
            request.prompt,
            request.negative_prompt,
            request.steps,
            request.cfg_scale,
            request.scheduler.value,
            request.seed,
            [(lora.key, weight) for lora, weight in request.loras if weight],
        )
        digest = hashlib.sha256(repr(facts).encode()).digest()
        noise = random.Random(digest).randbytes(3 * request.width * request.height)
        rgb = noise
        if request.init_image is not None:
            share = 1.0 if request.strength is None else request.strength
            rgb = bytes(
                round(share * new + (1 - share) * old)
                for new, old in zip(noise, request.init_image.rgb, strict=True)
            )
        return Pixels(width=request.width, height=request.height, rgb=rgb)

    def close(self) -> None:
        """Forget the warm models."""
        self._warm.clear()
        self.is_closed = True


class RunnerContract:
    """What every runner does; a subclass provides three fixtures.

    `runner`: open, with no model loaded. `model`: where a model that it can run lies; 64 x 64 pixels
    in 4 steps with `euler` must be possible. `missing_model`: one whose files are gone.
    """

    def test_every_request_gets_its_own_result_in_order(
        self, runner: Runner, model: ModelFiles
    ) -> None:
        requests = [a_request(model, item_id, seed=item_id) for item_id in (3, 1, 2)]

        results = runner.run(requests, _ignore, _never)()

        assert [result.item_id for result in results] == [3, 1, 2]

    def test_a_picture_has_the_size_that_was_asked_for(
        self, runner: Runner, model: ModelFiles
    ) -> None:
        pixels = _picture(runner, a_request(model, width=64, height=48))

        assert (pixels.width, pixels.height) == (64, 48)

    def test_the_same_request_gives_the_same_picture(
        self, runner: Runner, model: ModelFiles
    ) -> None:
        first, second = (_picture(runner, a_request(model)) for _ in range(2))

        assert _distance(first, second) == 0  # whose explanation is short where it fails

    def test_another_seed_gives_another_picture(self, runner: Runner, model: ModelFiles) -> None:
        first = _picture(runner, a_request(model, seed=1))
        second = _picture(runner, a_request(model, seed=2))

        assert _distance(first, second) > 1

    def test_another_prompt_gives_another_picture(self, runner: Runner, model: ModelFiles) -> None:
        first = _picture(runner, a_request(model, prompt="a red circle on a white background"))
        second = _picture(runner, a_request(model, prompt="a blue square on a black background"))

        assert _distance(first, second) > 0

    def test_a_picture_in_a_pass_is_what_it_would_have_been_alone(
        self, runner: Runner, model: ModelFiles
    ) -> None:
        requests = [a_request(model, item_id, seed=item_id) for item_id in (1, 2, 3)]
        alone = _picture(runner, requests[1])

        together = runner.run(requests, _ignore, _never)()[1].pixels

        assert together is not None
        assert _distance(alone, together) < 1  # to rounding

    def test_every_step_is_reported_once_in_order(self, runner: Runner, model: ModelFiles) -> None:
        steps: list[Step] = []

        runner.run([a_request(model, 5)], steps.append, _never)()

        assert [(step.item_id, step.step, step.steps) for step in steps] == [
            (5, number, 4) for number in (1, 2, 3, 4)
        ]

    def test_a_request_that_should_stop_ends_without_a_picture(
        self, runner: Runner, model: ModelFiles
    ) -> None:
        steps: list[Step] = []

        result = runner.run([a_request(model)], steps.append, lambda item_id: len(steps) >= 2)()[0]

        assert result.pixels is None
        assert len(steps) == 2

    def test_stopping_one_request_leaves_the_other_alone(
        self, runner: Runner, model: ModelFiles
    ) -> None:
        requests = [a_request(model, 1, seed=1), a_request(model, 2, seed=2)]
        alone = _picture(runner, requests[1])

        stopped, finished = runner.run(requests, _ignore, lambda item_id: item_id == 1)()

        assert stopped.pixels is None
        assert finished.pixels is not None
        assert _distance(alone, finished.pixels) < 1

    def test_it_says_how_long_the_gpu_was_busy(self, runner: Runner, model: ModelFiles) -> None:
        result = runner.run([a_request(model)], _ignore, _never)()[0]

        assert result.gpu_seconds > 0

    def test_a_pass_can_be_finished_by_another_thread_after_the_next_one_ran(
        self, runner: Runner, model: ModelFiles
    ) -> None:
        alone = [_picture(runner, a_request(model, seed=seed)) for seed in (1, 2)]

        first = runner.run([a_request(model, 1, seed=1)], _ignore, _never)
        second = runner.run([a_request(model, 2, seed=2)], _ignore, _never)
        with ThreadPoolExecutor(1) as pool:
            pictures = [pool.submit(finish).result()[0].pixels for finish in (second, first)]

        assert pictures[0] is not None
        assert pictures[1] is not None
        assert _distance(pictures[0], alone[1]) == 0
        assert _distance(pictures[1], alone[0]) == 0

    def test_a_model_is_warm_after_a_run(self, runner: Runner, model: ModelFiles) -> None:
        before = runner.warm_models

        runner.run([a_request(model)], _ignore, _never)()

        assert before == frozenset()
        assert model.key in runner.warm_models

    def test_a_model_whose_files_are_gone_is_not_found(
        self, runner: Runner, missing_model: ModelFiles
    ) -> None:
        with pytest.raises(NotFound):
            runner.run([a_request(missing_model)], _ignore, _never)()

    def test_a_weak_change_stays_closer_to_the_start_picture(
        self, runner: Runner, model: ModelFiles
    ) -> None:
        start = _picture(runner, a_request(model, seed=11))
        changed = [
            _picture(
                runner, a_request(model, seed=12, steps=20, init_image=start, strength=strength)
            )
            for strength in (0.1, 0.9)
        ]

        assert _distance(start, changed[0]) < _distance(start, changed[1])

    def test_it_names_its_device(self, runner: Runner) -> None:
        assert runner.device


def _ignore(step: Step) -> None:
    """Hear of a step and do nothing."""


def _never(item_id: ItemId) -> bool:
    return False


def _picture(runner: Runner, request: RunRequest) -> Pixels:
    pixels = runner.run([request], _ignore, _never)()[0].pixels
    assert pixels is not None
    return pixels


def _distance(first: Pixels, second: Pixels) -> float:
    """Return the mean difference of two pictures of one size, 0 to 255."""
    assert (first.width, first.height) == (second.width, second.height)
    pairs = zip(first.rgb, second.rgb, strict=True)
    return sum(abs(one - other) for one, other in pairs) / len(first.rgb)
