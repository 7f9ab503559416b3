from pathlib import Path

import numpy as np
import pytest
import torch

from training import draw, journal, text, unet, vae
from training.rates import rate
from training.team import Team


@pytest.fixture(scope="module")
def words_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("words")
    text.write_tokenizer(folder)
    return folder


def test_each_word_of_a_caption_is_one_token(words_folder: Path) -> None:
    tokenizer = text.tokenizer_in(words_folder)
    for scene, caption in draw.held_back_captions(96):
        pieces = tokenizer.tokenize(caption)
        assert len(pieces) == len(caption.replace(",", " ,").split()), scene


def test_any_text_is_spelled_out_without_unknowns(words_folder: Path) -> None:
    tokenizer = text.tokenizer_in(words_folder)

    ids = tokenizer("A Zeppelin, naïve: 東京!").input_ids

    assert ids[0] == tokenizer.bos_token_id
    assert ids.count(tokenizer.eos_token_id) == 1


def test_a_long_prompt_is_cut_to_the_length_of_the_encoder(words_folder: Path) -> None:
    ids = text.tokens(text.tokenizer_in(words_folder), ["red " * 100, ""])

    assert ids.shape == (2, text.LENGTH)


def test_the_tokenizer_is_shipped_in_both_forms(words_folder: Path) -> None:
    names = {path.name for path in words_folder.iterdir()}

    assert {"tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json"} <= names


def test_a_free_caption_never_names_another_colour_or_shape() -> None:
    scene = draw.Scene(shape="star", colour="red", ground="black")
    rng = np.random.default_rng(0)

    for _ in range(200):
        caption, (colour, shape, _ground, _size) = text.any_caption(scene, rng)
        assert text.COLOUR_NAMES[colour] in ("red", "")
        assert text.SHAPE_NAMES[shape] in ("star", text.UNNAMED, "")
        assert ("red" in caption) == (text.COLOUR_NAMES[colour] == "red")
        assert ("star" in caption) == (text.SHAPE_NAMES[shape] == "star")


def test_the_rate_rises_stays_and_falls() -> None:
    rates = [rate(step, 1000, 1.0) for step in range(1000)]

    assert rates[0] == pytest.approx(0.02)
    assert rates[100] == rates[499] == 1.0
    assert rates[999] == pytest.approx(0.02, abs=0.001)
    assert sorted(rates[500:], reverse=True) == rates[500:]


def test_object_and_ground_count_the_same_whatever_the_objects_size() -> None:
    cover = torch.zeros(2, 16, 16)
    cover[0, 4:8, 4:8] = 1
    cover[1, 2:14, 2:14] = 0.5

    counts = unet.weights(cover)[:, 0]

    inside = cover > 0
    assert counts.max() <= 6
    assert counts[1][inside[1]].sum() == pytest.approx(counts[1][~inside[1]].sum().item())
    assert counts[0][inside[0]].sum() <= counts[0][~inside[0]].sum()


def test_the_velocity_gives_the_picture_back() -> None:
    kept = unet.new_scheduler().alphas_cumprod
    latents, noise = torch.randn(2, 3, 4, 16, 16)
    times = torch.tensor([0, 500, 999])

    noisy, velocity = unet.noised(latents, noise, times, kept)

    signal = kept[times].sqrt()[:, None, None, None]
    spread = (1 - kept[times]).sqrt()[:, None, None, None]
    assert torch.allclose(signal * noisy - spread * velocity, latents, atol=1e-4)


def test_outlines_and_faint_objects_count_most() -> None:
    rng = np.random.default_rng(0)
    pink = draw.draw(draw.Scene(shape="square", colour="pink", ground="gray"), rng)
    blue = draw.draw(draw.Scene(shape="square", colour="blue", ground="white"), rng)

    faint, plain = vae.attention([pink, blue])

    assert faint.max() > plain.max()
    assert plain.max() == pytest.approx(5 * plain.min().item())


def test_every_step_stage_and_process_has_a_seed_of_its_own() -> None:
    seeds = {Team(r, 2).seed(stage, step) for r in (0, 1) for stage in (1, 4) for step in (0, 9)}

    assert len(seeds) == 8


def test_a_checkpoint_comes_back_and_none_is_none(tmp_path: Path) -> None:
    journal.save(tmp_path / "a.pt", {"step": 3, "model": {"w": torch.ones(2)}})

    state = journal.load(tmp_path / "a.pt")

    assert journal.load(tmp_path / "b.pt") is None
    assert state is not None
    assert state["step"] == 3
    assert list(tmp_path.iterdir()) == [tmp_path / "a.pt"]
