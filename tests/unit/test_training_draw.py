import numpy as np
import pytest

from training import draw

SCENE = draw.Scene(shape="star", colour="red", ground="light blue", size="large")


def test_one_ground_of_each_of_32_pairs_is_held_back() -> None:
    triples = draw.held_back()

    assert len(triples) == 32
    assert len({(shape, colour) for shape, colour, _ in triples}) == 32


def test_training_never_draws_what_is_held_back() -> None:
    drawn = {(s.shape, s.colour, s.ground) for s in draw.training_scenes()}
    asked = {(s.shape, s.colour, s.ground) for s in draw.held_back_scenes()}

    assert asked == draw.held_back()
    assert not drawn & asked
    assert len(drawn | asked) == 6 * 8 * 4


def test_every_word_of_a_held_back_caption_is_met_in_training() -> None:
    rng = np.random.default_rng(0)
    met = {word for s in draw.training_scenes() for _ in range(30) for word in words(s, rng)}

    asked = {word for _, text in draw.held_back_captions(200) for word in split(text)}

    assert asked <= met


def test_the_same_captions_are_asked_every_time() -> None:
    assert draw.held_back_captions(200) == draw.held_back_captions(200)


def test_every_held_back_scene_is_asked_before_any_comes_twice() -> None:
    scenes = [scene for scene, _ in draw.held_back_captions(96)]

    assert set(scenes) == set(draw.held_back_scenes())


def test_a_caption_names_all_but_a_medium_size_and_sometimes_white() -> None:
    rng = np.random.default_rng(0)
    white = draw.Scene(shape="heart", colour="orange", ground="white")

    captions = [draw.caption(SCENE, rng) for _ in range(100)]
    plain = [draw.caption(white, rng) for _ in range(400)]

    assert all(all(word in c for word in ("large", "red", "star", "light blue")) for c in captions)
    assert 0.4 < np.mean(["white" in c for c in plain]) < 0.6
    assert any("an orange" in c for c in plain)
    assert not any("a orange" in c or "medium" in c for c in plain)


def test_a_drawing_is_the_ground_at_the_frame_and_the_colour_in_the_middle() -> None:
    drawing = draw.draw(SCENE, np.random.default_rng(0))

    assert drawing.pixels.shape == (64, 64, 3)
    assert tuple(drawing.pixels[0, 0]) == draw.GROUNDS["light blue"]
    assert tuple(drawing.pixels[32, 32]) == draw.COLOURS["red"]


@pytest.mark.parametrize("shape", draw.SHAPES)
@pytest.mark.parametrize("size", draw.RADII)
def test_no_object_leaves_the_picture(shape: str, size: str) -> None:
    radius = draw.RADII[size] * (1 + draw.RADIUS_JITTER)
    far = 32 + draw.JITTER

    cover = draw.coverage(shape, far, far, radius)

    assert cover.max() == 1
    assert cover[:, -3:].max() == cover[-3:].max() == 0


def test_the_same_seed_draws_the_same_picture() -> None:
    one, two = (draw.draw(SCENE, np.random.default_rng(7)) for _ in range(2))

    assert np.array_equal(one.pixels, two.pixels)


def words(scene: draw.Scene, rng: np.random.Generator) -> list[str]:
    return split(draw.caption(scene, rng))


def split(text: str) -> list[str]:
    return text.replace(",", "").split()
