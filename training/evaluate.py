"""`python -m training.evaluate` checks the finished folder as its users will load it.

Prints what of 200 held-back captions comes out right, draws a sheet, and leaves the table beside
the weights.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import attrs
import numpy as np
import torch
from diffusers import (
    DDIMScheduler,
    DiffusionPipeline,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
)
from PIL import Image

from training import check, draw

HOME: Final = Path(__file__).parents[1] / "src/invoke_adapters/diffusers/demo_shapes"
CRITERIA: Final = ("ground", "colour", "shape", "right", "size", "one", "crisp", "faultless")
SCHEDULERS: Final = {
    "ddim": DDIMScheduler,
    "euler": EulerDiscreteScheduler,
    "euler_a": EulerAncestralDiscreteScheduler,
    "dpmpp_2m": DPMSolverMultistepScheduler,
}
PLAIN: Final = "a red circle", "a red circle on a white background"


@attrs.frozen
class Made:
    """One picture, what was asked for and what of it is right."""

    caption: str
    scene: draw.Scene
    pixels: np.ndarray  # (64, 64, 3), bytes
    verdict: check.Verdict


def load(folder: Path) -> Any:
    """Return the pipeline in the folder, loaded like any other Stable Diffusion model."""
    pipeline = DiffusionPipeline.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, torch_dtype=torch.float32
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def generate(
    pipeline: Any,
    asked: Sequence[tuple[draw.Scene, str]],
    *,
    steps: int,
    guidance: float,
    first_seed: int = 0,
    batch: int = 20,
) -> list[Made]:
    """Return a picture for each caption; the seeds count up from the first."""
    made: list[Made] = []
    for start in range(0, len(asked), batch):
        part = asked[start : start + batch]
        seeds = range(first_seed + start, first_seed + start + len(part))
        pictures = pipeline(
            [caption for _, caption in part],
            width=draw.SIDE,
            height=draw.SIDE,
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=[torch.Generator().manual_seed(seed) for seed in seeds],
        ).images
        for (scene, caption), picture in zip(part, pictures, strict=True):
            pixels = np.asarray(picture)
            made.append(Made(caption, scene, pixels, check.judge(pixels, scene)))
    return made


def percentages(made: Sequence[Made]) -> dict[str, float]:
    """Return, for each criterion, the percentage of pictures that meet it."""
    return {
        name: round(100 * float(np.mean([getattr(m.verdict, name) for m in made])), 1)
        for name in CRITERIA
    }


def table(made: Sequence[Made]) -> dict[str, Any]:
    """Return the figures over all pictures and over those of each shape, colour, ground, size."""
    rows: dict[str, Any] = {"all": {"pictures": len(made), **percentages(made)}}
    for kind in ("shape", "colour", "ground", "size"):
        for name in dict.fromkeys(getattr(m.scene, kind) for m in made):
            part = [m for m in made if getattr(m.scene, kind) == name]
            rows[f"{kind}: {name}"] = {"pictures": len(part), **percentages(part)}
    unnamed = [m for m in made if m.scene.ground == "white" and "white" not in m.caption]
    if unnamed:
        rows["ground left unnamed"] = {"pictures": len(unnamed), **percentages(unnamed)}
    return rows


def show(rows: dict[str, Any]) -> str:
    """Return the table as text."""
    lines = ["".join([f"{'':22}", *(f"{name:>10}" for name in ("pictures", *CRITERIA))])]
    for title, figures in rows.items():
        lines.append(f"{title:22}" + "".join(f"{value:>10}" for value in figures.values()))
    return "\n".join(lines)


def sheet(made: Sequence[Made], columns: int = 20) -> Image.Image:
    """Return the pictures in rows, those that are not faultless under a red bar."""
    rows = -(-len(made) // columns)
    page = Image.new("RGB", (columns * (draw.SIDE + 4), rows * (draw.SIDE + 8)), (128, 128, 128))
    for number, one in enumerate(made):
        x, y = number % columns * (draw.SIDE + 4) + 2, number // columns * (draw.SIDE + 8) + 6
        page.paste(Image.fromarray(one.pixels), (x, y))
        if not one.verdict.faultless:
            page.paste((255, 0, 0), (x, y - 4, x + draw.SIDE, y))
    return page


def seconds_a_picture(pipeline: Any, steps: int, guidance: float) -> float:
    """Return the mean time of lone pictures in one thread, after one to warm up."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    times = []
    for _ in range(6):
        started = time.perf_counter()
        pipeline(PLAIN[0], width=64, height=64, num_inference_steps=steps, guidance_scale=guidance)
        times.append(time.perf_counter() - started)
    torch.set_num_threads(threads)
    return round(float(np.mean(times[1:])), 2)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments or the command line, make the pictures, print and keep the table."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("--model", type=Path, default=HOME)
    parser.add_argument("--count", type=int, default=200, help="held-back captions")
    parser.add_argument("--seed", type=int, default=0, help="the first picture's")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--cfg-scale", type=float)
    parser.add_argument("--scheduler", choices=[*SCHEDULERS])
    parser.add_argument("--sheet", type=Path, help="draw the pictures into this PNG file")
    parser.add_argument("--keep", action="store_true", help="write check-table.json to the model")
    options = parser.parse_args(arguments)
    settings = json.loads((options.model / "settings.json").read_text())
    steps = options.steps or settings["steps"]
    guidance = options.cfg_scale or settings["cfg_scale"]
    scheduler = options.scheduler or settings["scheduler"]
    torch.set_num_threads(1)
    pipeline = load(options.model)
    pipeline.scheduler = SCHEDULERS[scheduler].from_config(pipeline.scheduler.config)
    run = {"steps": steps, "guidance": guidance}
    made = generate(
        pipeline, draw.held_back_captions(options.count), first_seed=options.seed, **run
    )
    rows = table(made)
    red = draw.Scene(shape="circle", colour="red", ground="white")
    plain = generate(pipeline, [(red, caption) for caption in PLAIN * 10], first_seed=1000, **run)
    rows["a red circle"] = {"pictures": len(plain), **percentages(plain)}
    print(show(rows))
    for one in made:
        if not one.verdict.right:
            print("wrong:", one.caption, check.look(one.pixels))
    pace = seconds_a_picture(pipeline, steps, guidance)
    print(f"{pace} s a picture, one thread, {steps} steps of {scheduler}")
    if options.sheet:
        sheet([*made, *plain]).save(options.sheet)
    if options.keep:
        kept = {"settings": {"scheduler": scheduler, **run}, "seconds_a_picture": pace}
        kept["percentages"] = rows
        (options.model / "check-table.json").write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()
