"""Pictures in masks, led by ControlNets, IP-Adapters and textual inversions, decoded by other VAEs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from invoke_adapters.diffusers import open_runner
from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.models import BaseModel, ModelFormat
from invoke_core.domain.pixels import Pixels
from invoke_core.errors import Invalid, NotFound
from invoke_core.ports.runner import EmbeddingFiles, GuidePixels, ModelFiles, Runner, RunRequest
from invoke_core.testing.runner import a_request
from tests.tiny_models import (
    build_controlnet,
    build_embedding,
    build_flux,
    build_ip_adapter,
    build_stable_diffusion,
    build_stable_diffusion_xl,
    build_vae,
)

FAMILIES = {"sd": BaseModel.SD_1, "sdxl": BaseModel.SDXL, "flux": BaseModel.FLUX}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    build_stable_diffusion(folder / "sd")
    build_stable_diffusion_xl(folder / "sdxl")
    build_flux(folder / "flux")
    build_controlnet(folder / "control-sd")
    build_controlnet(folder / "control-sdxl", xl=True)
    build_ip_adapter(folder / "ip-sd", folder / "sd" / "unet")
    build_ip_adapter(folder / "ip-sdxl", folder / "sdxl" / "unet")
    build_embedding(folder / "words-sd.safetensors")
    build_embedding(folder / "words-sdxl.safetensors", encoders=2)
    build_vae(folder / "green")
    return folder


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    runner = open_runner("cpu", threads=1)
    yield runner
    runner.close()


def _files(path: Path) -> ModelFiles:
    form = ModelFormat.CHECKPOINT if path.suffix else ModelFormat.DIFFUSERS
    base = FAMILIES.get(path.name, BaseModel.SD_1)
    return ModelFiles(key=ModelKey(path.name), base=base, format=form, path=str(path))


def _draw(runner: Runner, request: RunRequest) -> Pixels:
    (result,) = runner.run([request], lambda step: None, lambda item_id: False)()
    assert result.pixels is not None
    return result.pixels


def _flat(red: int, green: int, blue: int, side: int = 64) -> Pixels:
    return Pixels(width=side, height=side, rgb=bytes([red, green, blue]) * side * side)


def _half(side: int = 64) -> Pixels:
    """Return a mask that is white on its right half."""
    row = bytes(3 * side // 2) + b"\xff" * (3 * side // 2)
    return Pixels(width=side, height=side, rgb=row * side)


def _halves(pixels: Pixels) -> tuple[list[bytes], list[bytes]]:
    width = 3 * pixels.width
    rows = [pixels.rgb[start : start + width] for start in range(0, len(pixels.rgb), width)]
    return [row[: width // 2] for row in rows], [row[width // 2 :] for row in rows]


def _same(one: Pixels, other: Pixels) -> bool:
    return one == other  # here, because pytest explains differences of many bytes for minutes


# Masks


@pytest.mark.parametrize("family", FAMILIES)
def test_only_the_white_part_of_a_mask_is_drawn_anew(
    runner: Runner, folder: Path, family: str
) -> None:
    start = _flat(200, 60, 30)
    request = a_request(
        _files(folder / family), init_image=start, strength=1.0, mask=_half(), steps=3
    )

    kept, drawn = _halves(_draw(runner, request))

    assert kept == _halves(start)[0]
    assert drawn != _halves(start)[1]


def test_a_mask_of_another_size_is_scaled_as_the_start_picture_is(
    runner: Runner, folder: Path
) -> None:
    start = _flat(200, 60, 30, side=128)
    request = a_request(
        _files(folder / "sd"), init_image=start, strength=0.5, mask=_half(side=32), steps=4
    )

    made = _draw(runner, request)

    assert (made.width, made.height) == (64, 64)
    assert _halves(made)[0][0][:60] == _halves(start)[0][0][:60]


def test_a_black_mask_leaves_everything(runner: Runner, folder: Path) -> None:
    start = _flat(200, 60, 30)
    request = a_request(
        _files(folder / "sd"), init_image=start, strength=1.0, mask=_flat(0, 0, 0), steps=2
    )

    assert _same(_draw(runner, request), start)


# ControlNets and IP-Adapters


def _guide(folder: Path, name: str, image: Pixels, weight: float = 1.0) -> GuidePixels:
    return GuidePixels(model=_files(folder / name), image=image, weight=weight)


@pytest.mark.parametrize("family", ["sd", "sdxl"])
@pytest.mark.parametrize("kind", ["control", "ip"])
def test_a_guide_leads_by_its_picture_and_weight_and_leaves_no_trace(
    runner: Runner, folder: Path, family: str, kind: str
) -> None:
    field = {"control": "controlnets", "ip": "ip_adapters"}[kind]
    plain = a_request(_files(folder / family), steps=2)
    before = _draw(runner, plain)

    def led(image: Pixels, weight: float = 1.0) -> Pixels:
        guides = (_guide(folder, f"{kind}-{family}", image, weight),)
        return _draw(runner, attrs.evolve(plain, **{field: guides}))

    first, other = led(_flat(255, 0, 0)), led(_half())
    weaker, none = led(_half(), 0.3), led(_half(), 0.0)

    assert not _same(first, before)
    assert not _same(first, other)
    assert not _same(weaker, other)
    assert _same(none, before)
    assert _same(_draw(runner, plain), before)


@pytest.mark.parametrize("family", ["sd", "sdxl"])
def test_everything_goes_together(runner: Runner, folder: Path, family: str) -> None:
    plain = a_request(_files(folder / family), steps=2)
    before = _draw(runner, plain)
    image = _half()
    both: dict[str, Any] = {
        "controlnets": (
            _guide(folder, f"control-{family}", image),
            _guide(folder, f"control-{family}", _flat(9, 9, 9), 0.5),
        ),
        "ip_adapters": (_guide(folder, f"ip-{family}", image),),
        "vae": _files(folder / "green"),
    }
    in_picture = {"init_image": _flat(200, 60, 30), "strength": 1.0}

    made = [
        _draw(runner, attrs.evolve(plain, **both, **more))
        for more in ({}, in_picture, {**in_picture, "mask": _half()})
    ]

    assert len({each.rgb for each in [before, *made]}) == 4
    assert _same(_draw(runner, plain), before)


def test_a_guide_of_another_family_is_refused_and_leaves_no_trace(
    runner: Runner, folder: Path
) -> None:
    plain = a_request(_files(folder / "sd"), steps=2)
    before = _draw(runner, plain)

    with pytest.raises(Invalid, match="does not fit"):
        _draw(runner, attrs.evolve(plain, ip_adapters=(_guide(folder, "ip-sdxl", _half()),)))
    with pytest.raises(Invalid):
        _draw(runner, attrs.evolve(plain, controlnets=(_guide(folder, "control-sdxl", _half()),)))

    assert _same(_draw(runner, plain), before)


@pytest.mark.parametrize("field", ["controlnets", "ip_adapters"])
def test_a_guide_whose_files_are_gone_is_not_found(
    runner: Runner, folder: Path, field: str
) -> None:
    guides = {field: (_guide(folder, "gone", _half()),)}

    with pytest.raises(NotFound, match="gone"):
        _draw(runner, a_request(_files(folder / "sd"), **guides))


def test_flux_says_that_it_takes_no_ip_adapters(runner: Runner, folder: Path) -> None:
    guides = (_guide(folder, "ip-sd", _half()),)

    with pytest.raises(Invalid, match="no IP-Adapters"):
        _draw(runner, a_request(_files(folder / "flux"), ip_adapters=guides))


# Textual inversions


@pytest.mark.parametrize("family", ["sd", "sdxl"])
def test_a_textual_inversion_counts_where_the_prompt_names_it(
    runner: Runner, folder: Path, family: str
) -> None:
    words = EmbeddingFiles(token="<cat>", model=_files(folder / f"words-{family}.safetensors"))
    plain = a_request(_files(folder / family), prompt="a <cat> in a hat", steps=2)
    before = _draw(runner, plain)

    known = _draw(runner, attrs.evolve(plain, embeddings=(words,)))
    unnamed = attrs.evolve(plain, prompt="a cat in a hat")
    not_named = _draw(runner, attrs.evolve(unnamed, embeddings=(words,)))

    assert not _same(known, before)
    assert _same(not_named, _draw(runner, unnamed))
    assert _same(_draw(runner, plain), before)


@pytest.mark.parametrize(
    ("family", "name"),
    [
        ("sdxl", "words-sd.safetensors"),
        ("sd", "ip-sd/ip_adapter.safetensors"),
        ("flux", "words-sdxl.safetensors"),
    ],
)
def test_what_is_no_textual_inversion_for_the_model_is_refused(
    runner: Runner, folder: Path, family: str, name: str
) -> None:
    words = EmbeddingFiles(token="<cat>", model=_files(folder / name))
    plain = a_request(_files(folder / family), prompt="a <cat>", steps=1)
    before = _draw(runner, plain)

    with pytest.raises(Invalid, match=r"fit|take no"):
        _draw(runner, attrs.evolve(plain, embeddings=(words,)))

    assert _same(_draw(runner, plain), before)


# Autoencoders


@pytest.mark.parametrize("form", ["folder", "file"])
def test_another_vae_decodes_and_leaves_no_trace(runner: Runner, folder: Path, form: str) -> None:
    plain = a_request(_files(folder / "sd"), steps=2)
    before = _draw(runner, plain)
    name = {"folder": "green", "file": "green/diffusion_pytorch_model.safetensors"}[form]

    made = _draw(runner, attrs.evolve(plain, vae=_files(folder / name)))

    green = [sum(each.rgb[1::3]) / len(each.rgb[1::3]) for each in (before, made)]
    assert green[1] > green[0] + 10
    assert _same(_draw(runner, plain), before)


def test_a_vae_that_is_gone_is_not_found(runner: Runner, folder: Path) -> None:
    with pytest.raises(NotFound, match="gone"):
        _draw(runner, a_request(_files(folder / "sd"), vae=_files(folder / "gone")))
