"""What the runner adds to a bare diffusers loop: `python -m benchmarks.runner`.

Both draw the same pictures with the same model in one process on one thread, turn and turn about, so that
what else the machine does meets both. CPU seconds are compared, which waiting for others does not
lengthen.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from invoke_adapters.diffusers import bundled_models, open_runner
from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.models import BaseModel, ModelFormat, SchedulerName
from invoke_core.ports.runner import ModelFiles, RunRequest
from invoke_core.testing.runner import a_request


@attrs.frozen(kw_only=True)
class Overhead:
    """CPU seconds a picture, medians, and what share the runner adds to the bare loop's."""

    bare: float
    runner: float
    added: float  # of the bare loop's time; the median over pairs drawn side by side


def measure(folder: Path, *, pictures: int, steps: int, side: int = 64) -> Overhead:
    """Draw with both, and return what the runner adds.

    Args:
        folder: a Stable Diffusion model.
        pictures: how many pairs.
        steps: of each picture.
        side: of each picture, in pixels.
    """
    bare, ours = _bare_loop(folder), _our_runner(folder)
    request = a_request(
        ModelFiles(
            key=ModelKey("model"),
            base=BaseModel.SD_1,
            format=ModelFormat.DIFFUSERS,
            path=str(folder),
        ),
        steps=steps,
        width=side,
        height=side,
        scheduler=SchedulerName.DDIM,
    )
    assert bare(request) == ours(request), "both draw the same picture, bit for bit"
    pairs = []
    for seed in range(pictures):
        asked = attrs.evolve(request, seed=seed)
        first, second = (bare, ours) if seed % 2 else (ours, bare)
        spent = {first: _cpu_seconds(first, asked), second: _cpu_seconds(second, asked)}
        pairs.append((spent[bare], spent[ours]))
    return Overhead(
        bare=statistics.median(pair[0] for pair in pairs),
        runner=statistics.median(pair[1] for pair in pairs),
        added=statistics.median(pair[1] / pair[0] for pair in pairs) - 1,
    )


def _cpu_seconds(draw: Callable[[RunRequest], bytes], request: RunRequest) -> float:
    began = time.process_time()
    draw(request)
    return time.process_time() - began


def _bare_loop(folder: Path) -> Callable[[RunRequest], bytes]:
    import torch
    from diffusers import DDIMScheduler, StableDiffusionPipeline

    pipeline: Any = StableDiffusionPipeline.from_pretrained(
        folder, dtype=torch.float32, local_files_only=True, use_safetensors=True
    )
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)

    def draw(request: RunRequest) -> bytes:
        image = pipeline(
            request.prompt,
            negative_prompt=request.negative_prompt,
            width=request.width,
            height=request.height,
            num_inference_steps=request.steps,
            guidance_scale=request.cfg_scale,
            generator=torch.Generator("cpu").manual_seed(request.seed),
        ).images[0]
        return bytes(image.tobytes())

    return draw


def _our_runner(folder: Path) -> Callable[[RunRequest], bytes]:
    runner = open_runner("cpu", threads=1)

    def draw(request: RunRequest) -> bytes:
        pixels = runner.run([request], lambda step: None, lambda item_id: False)()[0].pixels
        assert pixels is not None
        return pixels.rgb

    return draw


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--side", type=int, default=64, help="pixels")
    parser.add_argument(
        "--model", type=Path, help="a Stable Diffusion folder; else the bundled one"
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = asked.model or next((Path(m.path) for m in bundled_models()), None)
        if model is None:
            from tests.tiny_models import build_stable_diffusion

            model = build_stable_diffusion(Path(folder) / "tiny")
        found = measure(model, pictures=asked.pictures, steps=asked.steps, side=asked.side)
    print(f"| a picture of {asked.side} x {asked.side} pixels, {asked.steps} steps | CPU seconds |")
    print("|---|---|")
    print(f"| bare diffusers loop | {found.bare:.4f} |")
    print(f"| runner | {found.runner:.4f} |")
    print(f"\nThe runner adds {100 * found.added:+.1f} % (aim: at most 2 %).")


if __name__ == "__main__":
    main()
