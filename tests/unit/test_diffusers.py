import json
import logging
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch
from diffusers import StableDiffusionPipeline

from invoke_adapters.diffusers import bundled_models, following, open_runner
from invoke_adapters.diffusers.devices import device_memory
from invoke_adapters.diffusers.drawing import Drawn, LoadedModel
from invoke_adapters.diffusers.loras import MOST_LOADED
from invoke_adapters.diffusers.runner import DiffusersRunner
from invoke_adapters.diffusers.schedulers import SCHEDULERS
from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.models import BaseModel, DefaultSettings, ModelFormat, SchedulerName
from invoke_core.domain.pixels import Pixels
from invoke_core.domain.queue import DeviceMemory
from invoke_core.errors import Invalid, NotFound, Unavailable
from invoke_core.ports.runner import ModelFiles, ModelMemory, RunRequest, RunResult, Step
from invoke_core.testing.runner import _distance, a_request
from tests.tiny_models import (
    build_flux,
    build_lora,
    build_stable_diffusion,
    build_stable_diffusion_xl,
)

FAMILIES = {"sd": BaseModel.SD_1, "sdxl": BaseModel.SDXL, "flux": BaseModel.FLUX}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    build_stable_diffusion(folder / "sd")
    build_stable_diffusion_xl(folder / "sdxl")
    build_flux(folder / "flux")
    for number in range(MOST_LOADED + 1):
        build_lora(folder / f"lora-{number}.safetensors", seed=number)
    return folder


@pytest.fixture
def runner() -> Iterator[DiffusersRunner]:
    runner = open_runner("cpu", threads=1)
    assert isinstance(runner, DiffusersRunner)
    yield runner
    runner.close()


@pytest.fixture(autouse=True)
def often_previewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PREVIEW_SECONDS", 0.0)


@pytest.fixture
def files(models: Path) -> ModelFiles:
    return _files(models / "sd")


@pytest.fixture
def start(runner: DiffusersRunner, files: ModelFiles) -> Pixels:
    return _draw(runner, a_request(files, seed=11))


def _files(path: Path, format: ModelFormat = ModelFormat.DIFFUSERS) -> ModelFiles:
    base = FAMILIES.get(path.name, BaseModel.SD_1)
    return ModelFiles(key=ModelKey(path.name), base=base, format=format, path=str(path))


def _runner(**memory: Any) -> DiffusersRunner:
    runner = open_runner("cpu", memory=ModelMemory(**memory), threads=1)
    assert isinstance(runner, DiffusersRunner)
    return runner


def _loaded(runner: DiffusersRunner, files: ModelFiles) -> LoadedModel:
    held = runner.cache.find(files)
    assert isinstance(held, LoadedModel)
    return held


def _lora(models: Path, number: int = 0) -> ModelFiles:
    return _files(models / f"lora-{number}.safetensors", ModelFormat.CHECKPOINT)


def _run(runner: DiffusersRunner, request: RunRequest) -> tuple[RunResult, list[Step]]:
    steps: list[Step] = []
    result = runner.run([request], steps.append, lambda item_id: False)()[0]
    return result, steps


def _draw(runner: DiffusersRunner, request: RunRequest) -> Pixels:
    result = _run(runner, request)[0]
    if result.error is not None:
        raise result.error
    assert result.pixels is not None
    return result.pixels


# What comes out


def test_a_picture_is_bit_for_bit_what_the_bare_pipeline_makes(
    runner: DiffusersRunner, models: Path, files: ModelFiles
) -> None:
    request = a_request(files, scheduler=SchedulerName.DDIM, negative_prompt="blue")
    pipeline = StableDiffusionPipeline.from_pretrained(
        models / "sd", dtype=torch.float32, local_files_only=True, use_safetensors=True
    )
    pipeline.set_progress_bar_config(disable=True)
    bare = pipeline(
        request.prompt,
        negative_prompt=request.negative_prompt,
        num_inference_steps=request.steps,
        guidance_scale=request.cfg_scale,
        width=request.width,
        height=request.height,
        generator=torch.Generator("cpu").manual_seed(request.seed),
    ).images[0]

    assert _draw(runner, request).rgb == bare.convert("RGB").tobytes()


def test_half_precision_on_the_disk_is_computed_in_full_on_a_cpu(
    runner: DiffusersRunner, files: ModelFiles
) -> None:
    _draw(runner, a_request(files))

    assert _loaded(runner, files).words.unet.dtype is torch.float32


def test_the_same_seed_gives_the_same_bits_in_another_runner(
    runner: DiffusersRunner, files: ModelFiles
) -> None:
    another = open_runner("cpu", threads=1)
    assert isinstance(another, DiffusersRunner)

    assert _draw(runner, a_request(files)) == _draw(another, a_request(files))


@pytest.mark.parametrize("family", ["sdxl", "flux"])
def test_every_family_draws_from_words_and_from_pictures(
    runner: DiffusersRunner, models: Path, start: Pixels, family: str
) -> None:
    request = a_request(_files(models / family))

    from_words, steps = _run(runner, request)
    from_picture, later = _run(runner, attrs.evolve(request, init_image=start, strength=0.5))

    assert from_words.pixels is not None
    assert from_picture.pixels is not None
    assert from_words.pixels != from_picture.pixels
    assert [step.step for step in steps] == [1, 2, 3, 4]
    assert [step.step for step in later] == [1, 2]
    assert [step.preview is not None for step in steps] == [False, True, False, False]


def test_previews_of_one_picture_are_a_while_apart(
    runner: DiffusersRunner, files: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "PREVIEW_SECONDS", 3600.0)

    assert all(step.preview is None for step in _run(runner, a_request(files))[1])


def test_a_preview_is_a_small_picture_of_one_pixel_a_latent(
    runner: DiffusersRunner, files: ModelFiles
) -> None:
    _, steps = _run(runner, a_request(files, width=64, height=32))

    preview = steps[1].preview
    assert preview is not None
    assert (preview.width, preview.height) == (16, 8)
    assert len(set(preview.rgb)) > 10


# From pictures


@pytest.mark.parametrize("strength", [0.0, 0.04])
def test_a_strength_of_less_than_a_step_gives_the_start_picture(
    runner: DiffusersRunner, files: ModelFiles, start: Pixels, strength: float
) -> None:
    request = a_request(files, steps=20, init_image=start, strength=strength)

    result, steps = _run(runner, request)

    assert result.pixels == start
    assert steps == []


@pytest.mark.parametrize(
    ("strength", "steps", "done"), [(0.29, 100, 29), (0.7, 10, 7), (1.0, 3, 3), (0.05, 20, 1)]
)
def test_strength_is_the_share_of_the_steps_that_is_done(
    runner: DiffusersRunner,
    files: ModelFiles,
    start: Pixels,
    strength: float,
    steps: int,
    done: int,
) -> None:
    request = a_request(files, steps=steps, init_image=start, strength=strength)

    assert [step.step for step in _run(runner, request)[1]] == list(range(1, done + 1))


def test_a_start_picture_of_another_size_is_scaled(
    runner: DiffusersRunner, files: ModelFiles, start: Pixels
) -> None:
    request = a_request(files, width=48, height=32, init_image=start, strength=0.5)

    pixels = _draw(runner, request)

    assert (pixels.width, pixels.height) == (48, 32)


def test_words_after_a_picture_give_what_they_give_alone(
    runner: DiffusersRunner, files: ModelFiles, start: Pixels
) -> None:
    before = _draw(runner, a_request(files))

    _draw(runner, a_request(files, init_image=start, strength=0.5))

    assert _draw(runner, a_request(files)) == before


# LoRAs


def test_a_lora_of_weight_0_equals_the_base_model_bit_for_bit(
    runner: DiffusersRunner, models: Path, files: ModelFiles
) -> None:
    base = _draw(runner, a_request(files))
    with_lora = _draw(runner, a_request(files, loras=((_lora(models), 1.0),)))
    at_zero = _draw(runner, a_request(files, loras=((_lora(models), 0.0),)))
    without = _draw(runner, a_request(files))

    assert with_lora != base
    assert at_zero == base
    assert without == base


def test_a_weight_counts(runner: DiffusersRunner, models: Path, files: ModelFiles) -> None:
    half, full, twice_half = (
        _draw(runner, a_request(files, loras=tuple((_lora(models), w) for w in weights)))
        for weights in ([0.5], [1.0], [0.5, 0.5])
    )

    assert half != full
    assert twice_half == full


def test_loras_count_together_and_leave_no_trace_in_one_another(
    runner: DiffusersRunner, models: Path, files: ModelFiles
) -> None:
    first, second = (_lora(models, 0), 1.0), (_lora(models, 1), 0.7)
    alone = _draw(runner, a_request(files, loras=(second,)))
    both = _draw(runner, a_request(files, loras=(first, second)))
    again = _draw(runner, a_request(files, loras=(second,)))

    assert both != alone
    assert again == alone


def test_more_loras_than_are_kept_still_give_the_same_pictures(
    runner: DiffusersRunner, models: Path, files: ModelFiles
) -> None:
    first = a_request(files, steps=2, loras=((_lora(models, 0), 1.0),))
    before = _draw(runner, first)
    for number in range(MOST_LOADED + 1):
        _draw(runner, attrs.evolve(first, loras=((_lora(models, number), 1.0),)))

    assert _draw(runner, first) == before


def test_loras_count_for_pictures_from_pictures(
    runner: DiffusersRunner, models: Path, files: ModelFiles, start: Pixels
) -> None:
    plain = a_request(files, init_image=start, strength=0.5)

    with_lora = _draw(runner, attrs.evolve(plain, loras=((_lora(models), 1.0),)))

    assert with_lora != _draw(runner, plain)


def test_a_lora_of_another_model_is_refused_and_leaves_no_trace(
    runner: DiffusersRunner, models: Path, files: ModelFiles
) -> None:
    before = _draw(runner, a_request(files))
    foreign = _files(models / "sd" / "unet" / "diffusion_pytorch_model.safetensors")

    with pytest.raises(Invalid, match="does not fit"):
        _draw(runner, a_request(files, loras=((foreign, 1.0),)))

    assert _draw(runner, a_request(files)) == before


def test_a_lora_whose_file_is_gone_is_not_found(
    runner: DiffusersRunner, models: Path, files: ModelFiles
) -> None:
    with pytest.raises(NotFound, match="gone"):
        _draw(runner, a_request(files, loras=((_files(models / "gone.safetensors"), 1.0),)))


# Schedulers


def test_every_scheduler_has_its_class() -> None:
    assert set(SCHEDULERS) == set(SchedulerName)


@pytest.mark.parametrize("scheduler", SchedulerName)
@pytest.mark.parametrize("steps", [1, 5])
def test_every_scheduler_draws_and_is_left_as_it_was(
    runner: DiffusersRunner,
    files: ModelFiles,
    start: Pixels,
    scheduler: SchedulerName,
    steps: int,
) -> None:
    request = a_request(files, scheduler=scheduler, steps=steps)

    first, reported = _run(runner, request)
    _draw(runner, attrs.evolve(request, steps=6, init_image=start, strength=0.5))

    assert first.pixels is not None
    assert len(set(first.pixels.rgb)) > 10
    assert [step.step for step in reported] == list(range(1, steps + 1))
    assert _draw(runner, request) == first.pixels


@pytest.mark.parametrize("scheduler", SchedulerName)
def test_another_seed_changes_the_picture_with_every_scheduler(
    runner: DiffusersRunner, files: ModelFiles, scheduler: SchedulerName
) -> None:
    request = a_request(files, scheduler=scheduler, steps=2)

    assert _draw(runner, request) != _draw(runner, attrs.evolve(request, seed=8))


def test_karras_noise_levels_are_others(runner: DiffusersRunner, files: ModelFiles) -> None:
    plain = _draw(runner, a_request(files, scheduler=SchedulerName.EULER))
    karras = _draw(runner, a_request(files, scheduler=SchedulerName.EULER_K))

    assert plain != karras


def test_the_models_own_spacing_is_kept(runner: DiffusersRunner, files: ModelFiles) -> None:
    _draw(runner, a_request(files, scheduler=SchedulerName.EULER))

    scheduler = _loaded(runner, files).schedulers[SchedulerName.EULER]
    assert scheduler.config.timestep_spacing == "trailing"


@pytest.mark.parametrize("scheduler", sorted(set(SchedulerName) - {SchedulerName.EULER}))
def test_flux_knows_euler_only(
    runner: DiffusersRunner, models: Path, scheduler: SchedulerName
) -> None:
    with pytest.raises(Invalid, match="euler only"):
        _draw(runner, a_request(_files(models / "flux"), scheduler=scheduler))


@pytest.mark.parametrize("scheduler", [SchedulerName.LCM, SchedulerName.TCD])
def test_too_many_steps_for_a_scheduler_are_refused(
    runner: DiffusersRunner, files: ModelFiles, scheduler: SchedulerName
) -> None:
    with pytest.raises(Invalid, match="at most 50 steps"):
        _draw(runner, a_request(files, scheduler=scheduler, steps=51))


def test_a_scheduler_whose_library_is_missing_is_refused(
    runner: DiffusersRunner, files: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StandIn:
        @classmethod
        def from_config(cls, config: Any) -> None:
            raise ImportError("LMSDiscreteScheduler requires the scipy library")

    monkeypatch.setattr("diffusers.LMSDiscreteScheduler", StandIn)

    with pytest.raises(Invalid, match="lms needs a library"):
        _draw(runner, a_request(files, scheduler=SchedulerName.LMS))


# Stopping


@pytest.mark.parametrize("family", FAMILIES)
def test_a_picture_stops_within_a_step_and_the_next_one_is_whole(
    runner: DiffusersRunner, models: Path, family: str
) -> None:
    request = a_request(_files(models / family))
    whole = _draw(runner, request)
    steps: list[Step] = []

    stopped = runner.run([request], steps.append, lambda item_id: len(steps) >= 2)()[0]

    assert stopped.pixels is None
    assert stopped.gpu_seconds > 0
    assert len(steps) == 2
    assert _draw(runner, request) == whole


def test_what_should_not_begin_does_not_even_load_its_model(
    runner: DiffusersRunner, files: ModelFiles
) -> None:
    result = runner.run([a_request(files)], lambda step: None, lambda item_id: True)()[0]

    assert result.pixels is None
    assert result.gpu_seconds == 0
    assert runner.warm_models == frozenset()


def test_what_goes_wrong_in_a_report_comes_through_and_the_next_picture_is_whole(
    runner: DiffusersRunner, files: ModelFiles
) -> None:
    def report(step: Step) -> None:
        raise ConnectionError("nobody listens")

    with pytest.raises(ConnectionError):
        runner.run([a_request(files)], report, lambda item_id: False)

    assert _draw(runner, a_request(files)).width == 64


# Refusals


@pytest.mark.parametrize("size", [(63, 64), (64, 60), (0, 64)])
def test_a_side_that_the_model_cannot_draw_is_refused(
    runner: DiffusersRunner, files: ModelFiles, size: tuple[int, int]
) -> None:
    with pytest.raises(Invalid, match="multiple of 8 pixels"):
        _draw(runner, a_request(files, width=size[0], height=size[1]))


def test_a_missing_folder_is_named(runner: DiffusersRunner, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        _draw(runner, a_request(_files(Path("/nowhere"))))


@pytest.mark.parametrize(
    ("spoil", "family", "words"),
    [
        ("model_index.json", NotFound, "no model index"),
        ("unet/diffusion_pytorch_model.safetensors", Invalid, "cannot be loaded"),
        ("vae/config.json", Invalid, "cannot be loaded"),
    ],
)
def test_a_folder_with_a_part_missing_says_so(
    runner: DiffusersRunner,
    models: Path,
    tmp_path: Path,
    spoil: str,
    family: type[Exception],
    words: str,
) -> None:
    shutil.copytree(models / "sd", tmp_path / "sd")
    (tmp_path / "sd" / spoil).unlink()

    with pytest.raises(family, match=words):
        _draw(runner, a_request(_files(tmp_path / "sd")))
    assert runner.warm_models == frozenset()


def test_weights_that_are_cut_short_are_refused(
    runner: DiffusersRunner, models: Path, tmp_path: Path
) -> None:
    shutil.copytree(models / "sd", tmp_path / "sd")
    weights = tmp_path / "sd" / "vae" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])

    with pytest.raises(Invalid, match="cannot be loaded"):
        _draw(runner, a_request(_files(tmp_path / "sd")))


def test_pickles_are_never_read(runner: DiffusersRunner, models: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "sd", tmp_path / "sd")
    weights = tmp_path / "sd" / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save({}, weights.with_suffix(".bin"))
    weights.unlink()

    with pytest.raises(Invalid, match="cannot be loaded"):
        _draw(runner, a_request(_files(tmp_path / "sd")))


def test_a_pipeline_that_is_not_known_is_refused(runner: DiffusersRunner, tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "AudioLDMPipeline"}')

    with pytest.raises(Invalid, match="AudioLDMPipeline"):
        _draw(runner, a_request(_files(tmp_path)))


def test_a_single_file_is_refused_with_what_to_do(runner: DiffusersRunner, tmp_path: Path) -> None:
    file = _files(tmp_path / "model.safetensors", ModelFormat.CHECKPOINT)

    with pytest.raises(Unavailable, match="convert it to a diffusers folder"):
        _draw(runner, a_request(file))


def test_weights_that_overflow_are_refused_rather_than_drawn(
    runner: DiffusersRunner, files: ModelFiles
) -> None:
    _draw(runner, a_request(files))
    with torch.no_grad():
        _loaded(runner, files).words.unet.conv_out.bias.fill_(float("nan"))

    with pytest.raises(Invalid, match="left their range"):
        _draw(runner, a_request(files))


# The device


def test_the_models_used_last_stay_as_far_as_the_memory_goes(
    runner: DiffusersRunner, models: Path
) -> None:
    sizes = {}
    for family in FAMILIES:
        _draw(runner, a_request(_files(models / family), steps=1))
        sizes[family] = _loaded(runner, _files(models / family)).device_bytes
    narrow = _runner(ram=sizes["sd"] + sizes["sdxl"])
    for family in ("sd", "sdxl", "sd", "flux"):
        _draw(narrow, a_request(_files(models / family), steps=1))

    assert runner.warm_models == set(FAMILIES)
    assert narrow.warm_models == {"sd", "flux"}


def test_a_model_larger_than_the_memory_still_draws_alone(models: Path) -> None:
    narrow = _runner(ram=1)

    for family in FAMILIES:
        _draw(narrow, a_request(_files(models / family), steps=1))
        assert narrow.warm_models == {family}


def test_without_caching_only_the_model_of_the_last_pass_stays(models: Path) -> None:
    runner = _runner(caching=False)

    for family in ("sd", "flux"):
        _draw(runner, a_request(_files(models / family), steps=1))

    assert runner.warm_models == {"flux"}


def test_where_memory_is_short_other_models_go_and_it_is_tried_again(
    runner: DiffusersRunner, models: Path, files: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _draw(runner, a_request(files))
    _draw(runner, a_request(_files(models / "sdxl")))
    draw = LoadedModel.draw

    def short_of_memory(model: LoadedModel, *rest: Any, **more: Any) -> Drawn:
        if len(runner.cache.held()) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return draw(model, *rest, **more)

    monkeypatch.setattr(LoadedModel, "draw", short_of_memory)

    assert _distance(_draw(runner, a_request(files)), whole) < 1  # tried again sparingly
    assert runner.warm_models == {"sd"}


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
)
def test_a_full_device_says_what_to_do(
    runner: DiffusersRunner,
    files: ModelFiles,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    def full(*anything: Any, **more: Any) -> Drawn:
        raise error

    monkeypatch.setattr(LoadedModel, "draw", full)

    with pytest.raises(Unavailable, match="no memory left: ask for a smaller picture"):
        _draw(runner, a_request(files))


@pytest.mark.parametrize("device", ["cuda:99", "gpu", "meta"])
def test_a_device_that_is_not_here_is_refused(device: str) -> None:
    with pytest.raises(Unavailable, match="no device"):
        open_runner(device)


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(Invalid, match="float32"):
        open_runner("cpu", precision="int4")


def test_a_precision_can_be_chosen(files: ModelFiles) -> None:
    runner = open_runner("cpu", precision="bfloat16", threads=1)
    assert isinstance(runner, DiffusersRunner)

    assert len(set(_draw(runner, a_request(files)).rgb)) > 10


def test_closing_drops_the_models(runner: DiffusersRunner, files: ModelFiles) -> None:
    _draw(runner, a_request(files))

    runner.close()

    assert runner.warm_models == frozenset()


def test_nothing_is_said_while_pictures_are_drawn(
    runner: DiffusersRunner,
    models: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level(logging.INFO):
        for family in FAMILIES:
            long = "a red circle " * 1000  # far more than the text encoder takes
            _draw(runner, a_request(_files(models / family), prompt=long, steps=1))

    assert capfd.readouterr() == ("", "")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


# What is not imported, and what is bundled


@pytest.mark.parametrize("module", ["invoke_adapters.diffusers", "invoke_apps.cli.web"])
def test_torch_is_not_imported_before_a_runner_opens(module: str) -> None:
    check = f"import sys, {module}; sys.exit('torch' in sys.modules or 'diffusers' in sys.modules)"
    path = [str(Path(folder).resolve()) for folder in sys.path if folder]

    subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}; {check}"], check=True
    )


def test_drawing_in_a_fresh_process_writes_nothing_to_standard_error(models: Path) -> None:
    path = [str(Path(folder).resolve()) for folder in sys.path if folder]
    script = f"""
import sys; sys.path[:0] = {path!r}
from invoke_adapters.diffusers import open_runner
from invoke_core.domain.models import BaseModel, ModelFormat
from invoke_core.ports.runner import ModelFiles
from invoke_core.testing.runner import _distance, a_request
model = ModelFiles(key="sd", base=BaseModel.SD_1, format=ModelFormat.DIFFUSERS,
                   path={str(models / "sd")!r})
runner = open_runner("cpu", threads=1)
result = runner.run([a_request(model, steps=1)], lambda step: None, lambda item_id: False)()[0]
print(result.pixels.width)
"""

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert (done.stdout, done.stderr, done.returncode) == ("64\n", "", 0)


def test_a_package_without_weights_bundles_nothing(tmp_path: Path) -> None:
    assert bundled_models(tmp_path) == ()


def test_the_bundled_model_brings_its_settings(models: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "sd", tmp_path / "demo_shapes")
    settings = {"width": 64, "height": 64, "steps": 20, "cfg_scale": 3.0, "scheduler": "ddim"}
    (tmp_path / "demo_shapes" / "settings.json").write_text(json.dumps(settings))

    [model] = bundled_models(tmp_path)

    assert model.key == "demo-shapes"
    assert model.path == str(tmp_path / "demo_shapes")
    assert model.default_settings == DefaultSettings(
        width=64, height=64, steps=20, cfg_scale=3.0, scheduler=SchedulerName.DDIM
    )


def test_the_seconds_charged_are_those_of_drawing(
    runner: DiffusersRunner, files: ModelFiles
) -> None:
    _draw(runner, a_request(files))

    began = time.perf_counter()
    result, _ = _run(runner, a_request(files))

    assert 0 < result.gpu_seconds <= time.perf_counter() - began


def test_a_device_says_what_memory_it_has(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (3, 8))

    assert device_memory(torch.device("cpu")) is None
    assert device_memory(torch.device("cuda", 1)) == DeviceMemory(
        device="cuda:1", total_bytes=8, free_bytes=3
    )


def test_a_device_that_has_failed_says_nothing_of_its_memory(monkeypatch):
    def failed(device):
        raise RuntimeError("CUDA error: unspecified launch failure")

    monkeypatch.setattr(torch.cuda, "mem_get_info", failed)

    assert device_memory(torch.device("cuda", 0)) is None
