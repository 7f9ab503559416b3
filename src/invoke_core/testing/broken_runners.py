"""Runners that are broken on purpose, one fault each: their contract must notice every one."""

from collections.abc import Mapping, Sequence

import attrs

from invoke_core.domain.pixels import Pixels
from invoke_core.ports.runner import Finish, Report, RunRequest, RunResult, ShouldStop, Step
from invoke_core.testing.runner import FakeRunner


class MixesUpResults(FakeRunner):
    """Returns the results in another order."""

    def run(
        self, requests: Sequence[RunRequest], report: Report, should_stop: ShouldStop
    ) -> Finish:
        results = list(super().run(requests, report, should_stop)())
        return lambda: results[::-1]


class SwapsSides(FakeRunner):
    """Takes width for height."""

    def paint(self, request: RunRequest) -> Pixels:
        pixels = super().paint(request)
        return Pixels(width=pixels.height, height=pixels.width, rgb=pixels.rgb)


class DependsOnThePast(FakeRunner):
    """Lets earlier runs change the picture."""

    def paint(self, request: RunRequest) -> Pixels:
        return super().paint(attrs.evolve(request, prompt=f"{request.prompt} {len(self.runs)}"))


class IgnoresTheSeed(FakeRunner):
    """Draws the same noise for every seed."""

    def paint(self, request: RunRequest) -> Pixels:
        return super().paint(attrs.evolve(request, seed=0))


class IgnoresThePrompt(FakeRunner):
    """Paints what nobody asked for."""

    def paint(self, request: RunRequest) -> Pixels:
        return super().paint(attrs.evolve(request, prompt=""))


class SharesOneGenerator(FakeRunner):
    """Lets a request's place in the pass change its picture."""

    def run(
        self, requests: Sequence[RunRequest], report: Report, should_stop: ShouldStop
    ) -> Finish:
        shifted = [attrs.evolve(each, seed=each.seed + i) for i, each in enumerate(requests)]
        return super().run(shifted, report, should_stop)


class SwallowsTheLastStep(FakeRunner):
    """Never reports the last step."""

    def run_one(self, request: RunRequest, report: Report, should_stop: ShouldStop) -> RunResult:
        def all_but_the_last(step: Step) -> None:
            if step.step < step.steps:
                report(step)

        return super().run_one(request, all_but_the_last, should_stop)


class NeverStops(FakeRunner):
    """Goes on whatever it is told."""

    def run_one(self, request: RunRequest, report: Report, should_stop: ShouldStop) -> RunResult:
        return super().run_one(request, report, lambda item_id: False)


class StopsEverybody(FakeRunner):
    """Stops the whole pass when one request should stop."""

    def run(
        self, requests: Sequence[RunRequest], report: Report, should_stop: ShouldStop
    ) -> Finish:
        ids = [request.item_id for request in requests]
        return super().run(requests, report, lambda _: any(map(should_stop, ids)))


class CountsNoTime(FakeRunner):
    """Says that the GPU was never busy."""

    def run_one(self, request: RunRequest, report: Report, should_stop: ShouldStop) -> RunResult:
        result = super().run_one(request, report, should_stop)
        return attrs.evolve(result, gpu_seconds=0.0)


class LosesWhatIsUnfinished(FakeRunner):
    """Gives a pass that is finished late the pictures of the newest one."""

    def run(
        self, requests: Sequence[RunRequest], report: Report, should_stop: ShouldStop
    ) -> Finish:
        self.newest = super().run(requests, report, should_stop)
        return lambda: self.newest()  # noqa: PLW0108 - the newest by then


class ForgetsItsModels(FakeRunner):
    """Holds no model after a run."""

    def run(
        self, requests: Sequence[RunRequest], report: Report, should_stop: ShouldStop
    ) -> Finish:
        finish = super().run(requests, report, should_stop)
        self._warm.clear()
        return finish


class PaintsWithoutAModel(FakeRunner):
    """Does not notice that files are gone."""

    def run(
        self, requests: Sequence[RunRequest], report: Report, should_stop: ShouldStop
    ) -> Finish:
        results = [self.run_one(request, report, should_stop) for request in requests]
        return lambda: results


class IgnoresTheStrength(FakeRunner):
    """Changes a start picture as much as it likes."""

    def paint(self, request: RunRequest) -> Pixels:
        return super().paint(attrs.evolve(request, strength=1.0))


class HasNoName(FakeRunner):
    """Names no device."""

    @property
    def device(self) -> str:
        return ""


BROKEN_RUNNERS: Mapping[type[FakeRunner], str] = {
    MixesUpResults: "test_every_request_gets_its_own_result_in_order",
    SwapsSides: "test_a_picture_has_the_size_that_was_asked_for",
    DependsOnThePast: "test_the_same_request_gives_the_same_picture",
    IgnoresTheSeed: "test_another_seed_gives_another_picture",
    IgnoresThePrompt: "test_another_prompt_gives_another_picture",
    SharesOneGenerator: "test_a_picture_in_a_pass_is_what_it_would_have_been_alone",
    SwallowsTheLastStep: "test_every_step_is_reported_once_in_order",
    NeverStops: "test_a_request_that_should_stop_ends_without_a_picture",
    StopsEverybody: "test_stopping_one_request_leaves_the_other_alone",
    CountsNoTime: "test_it_says_how_long_the_gpu_was_busy",
    LosesWhatIsUnfinished: "test_a_pass_can_be_finished_by_another_thread_after_the_next_one_ran",
    ForgetsItsModels: "test_a_model_is_warm_after_a_run",
    PaintsWithoutAModel: "test_a_model_whose_files_are_gone_is_not_found",
    IgnoresTheStrength: "test_a_weak_change_stays_closer_to_the_start_picture",
    HasNoName: "test_it_names_its_device",
}
"""Each with the test that must fail on it."""
