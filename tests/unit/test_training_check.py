import numpy as np
import pytest

from training import check, draw, spoil

SCENES = [*draw.training_scenes(), *draw.held_back_scenes()]
COUNT = 50  # of each kind; benchmarks/checker.py asks about a thousand


def scenes(seed: int, count: int = COUNT) -> list[tuple[draw.Scene, np.random.Generator]]:
    rng = np.random.default_rng(seed)
    return [(SCENES[i], rng) for i in rng.integers(len(SCENES), size=count)]


def test_real_drawings_are_accepted() -> None:
    verdicts = [check.judge(draw.draw(scene, rng).pixels, scene) for scene, rng in scenes(1, 150)]

    assert np.mean([v.faultless for v in verdicts]) >= 0.99


@pytest.mark.parametrize("spoiler", spoil.SPOILERS, ids=lambda f: f.__name__)
def test_spoiled_drawings_are_refused(spoiler: spoil.Spoiler) -> None:
    verdicts = [check.judge(spoiler(scene, rng), scene) for scene, rng in scenes(2)]

    assert sum(v.faultless for v in verdicts) <= 1


@pytest.mark.parametrize("criterion", ["colour", "shape", "ground", "size"])
def test_what_is_wrong_is_named_and_nothing_else(criterion: str) -> None:
    spoiler = getattr(spoil, f"wrong_{criterion}")

    for scene, rng in scenes(3, 20):
        verdict = check.judge(spoiler(scene, rng), scene)
        missed = {n for n in ("colour", "shape", "ground", "size") if not getattr(verdict, n)}
        assert missed == {criterion}


def test_two_objects_are_not_one() -> None:
    assert not any(check.look(spoil.two_objects(s, rng)).one for s, rng in scenes(4, 20))


def test_an_empty_ground_is_named_and_shows_nothing() -> None:
    scene = draw.Scene(shape="heart", colour="pink", ground="gray")

    sight = check.look(spoil.empty(scene, np.random.default_rng(0)))

    assert sight == check.Sight(ground="gray")


def test_faint_noise_is_forgiven() -> None:
    scene = draw.Scene(shape="cross", colour="blue", ground="white")
    pixels = draw.draw(scene, np.random.default_rng(0)).pixels
    noise = np.random.default_rng(1).normal(0, 4, (64, 64, 3))

    faint = (pixels + noise).clip(0, 255).astype(np.uint8)

    assert check.judge(faint, scene).faultless
