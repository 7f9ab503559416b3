"""Drawings that are wrong on purpose, which the checker must refuse."""

from collections.abc import Callable
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from training import draw

Pixels = NDArray[np.uint8]  # (64, 64, 3), RGB
Spoiler = Callable[[draw.Scene, np.random.Generator], Pixels]


def _other(names: tuple[str, ...] | dict[str, object], name: str, rng: np.random.Generator) -> str:
    return str(rng.choice([n for n in names if n != name]))


def wrong_colour(scene: draw.Scene, rng: np.random.Generator) -> Pixels:
    """Draw the scene in another colour."""
    colour = _other(tuple(draw.COLOURS), scene.colour, rng)
    return draw.draw(attrs.evolve(scene, colour=colour), rng).pixels


def wrong_shape(scene: draw.Scene, rng: np.random.Generator) -> Pixels:
    """Draw another shape."""
    shape = _other(draw.SHAPES, scene.shape, rng)
    return draw.draw(attrs.evolve(scene, shape=shape), rng).pixels


def wrong_ground(scene: draw.Scene, rng: np.random.Generator) -> Pixels:
    """Draw on another ground."""
    ground = _other(tuple(draw.GROUNDS), scene.ground, rng)
    return draw.draw(attrs.evolve(scene, ground=ground), rng).pixels


def wrong_size(scene: draw.Scene, rng: np.random.Generator) -> Pixels:
    """Draw another size."""
    size = _other(tuple(draw.RADII), scene.size, rng)
    return draw.draw(attrs.evolve(scene, size=size), rng).pixels


def two_objects(scene: draw.Scene, rng: np.random.Generator) -> Pixels:
    """Draw the object twice, side by side and apart, the second sometimes in another colour."""
    radius = min(draw.RADII[scene.size], 14.0)
    colour = draw.COLOURS[scene.colour]
    second = draw.COLOURS[str(rng.choice([*draw.COLOURS]))] if rng.random() < 0.5 else colour
    covers = [draw.coverage(scene.shape, x, 32, radius) for x in (16.5, 47.5)]
    layers = list(zip(covers, (colour, second), strict=True))
    return draw.paint(draw.GROUNDS[scene.ground], layers)


def blurred(scene: draw.Scene, rng: np.random.Generator) -> Pixels:
    """Draw the scene, then blur it until its outline is a haze."""
    image = Image.fromarray(draw.draw(scene, rng).pixels)
    strength = {"small": 3.5, "medium": 4.0, "large": 5.0}[scene.size]  # pixels
    return np.asarray(image.filter(ImageFilter.GaussianBlur(strength)))


def noisy(scene: draw.Scene, rng: np.random.Generator) -> Pixels:
    """Draw the scene under heavy noise."""
    pixels = draw.draw(scene, rng).pixels + rng.normal(0, 60, (draw.SIDE, draw.SIDE, 3))
    return pixels.clip(0, 255).astype(np.uint8)


def only_noise(_scene: draw.Scene, rng: np.random.Generator) -> Pixels:
    """Draw nothing but noise."""
    return rng.integers(0, 256, (draw.SIDE, draw.SIDE, 3), dtype=np.uint8)


def empty(scene: draw.Scene, _rng: np.random.Generator) -> Pixels:
    """Draw the ground alone."""
    return np.full((draw.SIDE, draw.SIDE, 3), draw.GROUNDS[scene.ground], np.uint8)


def torn(scene: draw.Scene, rng: np.random.Generator) -> Pixels:
    """Draw the scene with a half of the object missing."""
    pixels = draw.draw(scene, rng).pixels.copy()
    half = (slice(None, 32), slice(32, None))[int(rng.integers(2))]
    if rng.random() < 0.5:
        pixels[half] = draw.GROUNDS[scene.ground]
    else:
        pixels[:, half] = draw.GROUNDS[scene.ground]
    return pixels


def blob(scene: draw.Scene, rng: np.random.Generator) -> Pixels:
    """Draw a lopsided blob of the right colour, on the right ground, where the object should be."""
    turn = np.arctan2(*np.mgrid[-31.5:32, -31.5:32])
    reach = np.hypot(*np.mgrid[-31.5:32, -31.5:32])
    phases = rng.uniform(0, 2 * np.pi, 2)
    edge = 1 + 0.22 * np.sin(2 * turn + phases[0]) + 0.22 * np.sin(3 * turn + phases[1])
    cover = np.clip(draw.RADII[scene.size] * 0.85 * edge - reach + 0.5, 0, 1).astype(np.float32)
    return draw.paint(draw.GROUNDS[scene.ground], [(cover, draw.COLOURS[scene.colour])])


SPOILERS: Final[tuple[Spoiler, ...]] = (
    wrong_colour,
    wrong_shape,
    wrong_ground,
    wrong_size,
    two_objects,
    blurred,
    noisy,
    only_noise,
    empty,
    torn,
    blob,
)
