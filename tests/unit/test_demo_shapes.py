"""The bundled model, loaded the way any Stable Diffusion folder is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from training import check, draw

FOLDER = Path(__file__).parents[2] / "src/invoke_adapters/diffusers/demo_shapes"
RED_CIRCLE = draw.Scene(shape="circle", colour="red", ground="white")


@pytest.fixture(scope="module")
def pipeline() -> Iterator[Any]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    loaded = diffusers.DiffusionPipeline.from_pretrained(
        FOLDER, local_files_only=True, use_safetensors=True, dtype=torch.float32
    )
    loaded.set_progress_bar_config(disable=True)
    yield loaded
    torch.set_num_threads(before)


def pictures(pipeline: Any, prompts: list[str], steps: int = 20, **more: Any) -> list[np.ndarray]:
    generators = [torch.Generator().manual_seed(seed) for seed in range(len(prompts))]
    made = pipeline(
        prompts, num_inference_steps=steps, guidance_scale=3.0, generator=generators, **more
    )
    return [np.asarray(image) for image in made.images]


def test_the_folder_is_small_and_holds_only_safetensors_weights() -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file()]

    assert sum(path.stat().st_size for path in files) < 12_000_000
    assert not [p.name for p in files if p.suffix in {".bin", ".pt", ".pth", ".ckpt", ".pkl"}]
    parts = {p.parent.name for p in files if p.suffix == ".safetensors"}
    assert parts == {"unet", "vae", "text_encoder"}


def test_the_table_beside_the_weights_tells_of_nine_in_ten_right() -> None:
    table = json.loads((FOLDER / "check-table.json").read_text())["percentages"]

    assert table["all"]["pictures"] == 200
    assert table["all"]["right"] >= 90
    assert table["a red circle"]["right"] == 100


def test_a_picture_is_64_pixels_wide_unless_asked_otherwise(pipeline: Any) -> None:
    (native,) = pictures(pipeline, ["a red circle"], steps=2)
    (wide,) = pictures(pipeline, ["a red circle"], steps=2, width=96, height=64)

    assert native.shape == (64, 64, 3)
    assert wide.shape == (64, 96, 3)


@pytest.mark.parametrize("prompt", ["a red circle", "a red circle on a white background"])
def test_a_red_circle_is_a_red_circle(pipeline: Any, prompt: str) -> None:
    made = pictures(pipeline, [prompt] * 4)

    assert all(check.judge(pixels, RED_CIRCLE).right for pixels in made)


def test_most_held_back_captions_come_out_right(pipeline: Any) -> None:
    asked = draw.held_back_captions(24, seed=5)

    made = pictures(pipeline, [caption for _, caption in asked])

    rights = [check.judge(p, scene).right for p, (scene, _) in zip(made, asked, strict=True)]
    assert sum(rights) >= 22


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers' own
@pytest.mark.parametrize("name", ["EulerDiscreteScheduler", "DPMSolverMultistepScheduler"])
def test_other_schedulers_draw_it_too(pipeline: Any, name: str) -> None:
    parts = dict(pipeline.components)
    parts["scheduler"] = getattr(diffusers, name).from_config(pipeline.scheduler.config)
    other = type(pipeline)(**parts, requires_safety_checker=False)
    other.set_progress_bar_config(disable=True)

    made = pictures(other, ["a red circle"] * 4)

    assert sum(check.judge(pixels, RED_CIRCLE).right for pixels in made) >= 3


def test_image_to_image_keeps_the_place_and_changes_the_colour(pipeline: Any) -> None:
    rng = np.random.default_rng(0)
    start = draw.draw(draw.Scene(shape="square", colour="blue", ground="white"), rng).pixels
    to_image = diffusers.StableDiffusionImg2ImgPipeline(
        **pipeline.components, requires_safety_checker=False
    )
    to_image.set_progress_bar_config(disable=True)
    image = torch.from_numpy(start.copy()).permute(2, 0, 1)[None].float() / 255

    (made,) = pictures(to_image, ["a red square"], image=image, strength=0.9)

    assert check.look(made).colour == "red"


def test_a_start_picture_comes_through_the_autoencoder(pipeline: Any) -> None:
    rng = np.random.default_rng(1)
    start = draw.draw(draw.Scene(shape="heart", colour="red", ground="light blue"), rng).pixels
    image = torch.from_numpy(start.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1

    with torch.no_grad():
        latents = pipeline.vae.encode(image).latent_dist.sample(torch.Generator().manual_seed(0))
        back = pipeline.vae.decode(latents).sample

    assert float((back - image).abs().mean()) * 127.5 < 4


def test_a_weak_change_stays_closer_to_the_start_picture(pipeline: Any) -> None:
    rng = np.random.default_rng(0)
    start = draw.draw(draw.Scene(shape="square", colour="blue", ground="white"), rng).pixels
    to_image = diffusers.StableDiffusionImg2ImgPipeline(
        **pipeline.components, requires_safety_checker=False
    )
    to_image.set_progress_bar_config(disable=True)
    image = torch.from_numpy(start.copy()).permute(2, 0, 1)[None].float() / 255

    away = []
    for strength in (0.1, 0.9):
        prompt = "a large green heart on a black background"
        (made,) = pictures(to_image, [prompt], image=image, strength=strength)
        away.append(float(np.abs(made.astype(float) - start).mean()))

    assert away[1] > 3 * away[0]
