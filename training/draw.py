"""What the bundled model learns from: drawings of one object, their captions, and the split.

Every picture is ours, made of a shape, a colour, a ground and a size, so a caption is right or
wrong beyond dispute. One ground of each of 32 shape and colour pairs is held back: training never
draws those, and only those are asked for when the finished model is checked.
"""

from collections.abc import Sequence
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SIDE: Final = 64  # pixels, the model's native width and height
OVERSAMPLING: Final = 4  # drawn this much larger and averaged down, which smooths the edges
JITTER: Final = 2.5  # pixels, the most an object's centre is off the middle, each way
RADIUS_JITTER: Final = 0.04  # a fraction of the radius, each way

COLOURS: Final[dict[str, tuple[int, int, int]]] = {
    "red": (220, 30, 35),
    "orange": (250, 135, 20),
    "yellow": (250, 220, 40),
    "green": (40, 165, 60),
    "blue": (35, 65, 220),
    "purple": (135, 45, 175),
    "pink": (250, 130, 190),
    "brown": (120, 70, 35),
}
GROUNDS: Final[dict[str, tuple[int, int, int]]] = {
    "white": (250, 250, 250),
    "black": (15, 15, 15),
    "gray": (195, 195, 195),
    "light blue": (165, 215, 250),
}
RADII: Final[dict[str, float]] = {"small": 10.0, "medium": 15.0, "large": 22.0}  # pixels
SHAPES: Final = ("circle", "square", "triangle", "star", "heart", "cross")

Points = list[tuple[float, float]]


@attrs.frozen(kw_only=True)
class Scene:
    """What a caption says: one object of one colour on one ground."""

    shape: str
    colour: str
    ground: str
    size: str = "medium"  # a medium object's size goes unnamed


@attrs.frozen(kw_only=True)
class Drawing:
    """A scene as pixels."""

    scene: Scene
    pixels: NDArray[np.uint8]  # (64, 64, 3), RGB
    coverage: NDArray[np.float32]  # (64, 64), the part of each pixel under the object, 0 to 1


def _circle() -> Points:
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    return [(float(np.cos(a)), float(np.sin(a))) for a in turn]


def _star() -> Points:
    turn = -np.pi / 2 + np.arange(10) * np.pi / 5
    reach = np.where(np.arange(10) % 2 == 0, 1.0, 0.42)
    return [(float(r * np.cos(a)), float(r * np.sin(a))) for a, r in zip(turn, reach, strict=True)]


def _heart() -> Points:
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    x = 16 * np.sin(turn) ** 3
    y = -(13 * np.cos(turn) - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn) - np.cos(4 * turn))
    return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]


def _cross(arm: float = 0.34) -> Points:
    quarter = [(arm, -1.0), (arm, -arm), (1.0, -arm)]
    points: Points = []
    for _ in range(4):
        points += quarter
        quarter = [(-y, x) for x, y in quarter]
    return points


def _fitted(points: Points) -> NDArray[np.float64]:
    """Return the outline moved and scaled so that its longer side just spans -1 to 1."""
    outline = np.array(points)
    low, high = outline.min(axis=0), outline.max(axis=0)
    fitted: NDArray[np.float64] = (outline - (low + high) / 2) / ((high - low).max() / 2)
    return fitted


OUTLINES: Final = {
    "circle": _fitted(_circle()),
    "square": _fitted([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * 0.9,
    "triangle": _fitted([(0, -1), (1, 0.75), (-1, 0.75)]),
    "star": _fitted(_star()) * 1.05,
    "heart": _fitted(_heart()),
    "cross": _fitted(_cross()),
}


def coverage(
    shape: str, x: float, y: float, radius: float, side: int = SIDE
) -> NDArray[np.float32]:
    """Return the part of each pixel under the object, 0 to 1.

    Args:
        shape: one of SHAPES.
        x: the centre, pixels from the left edge.
        y: the centre, pixels from the upper edge.
        radius: half the object's longer side, pixels.
        side: width and height of the picture, pixels.

    Returns:
        (side, side), float32.
    """
    canvas = Image.new("L", (side * OVERSAMPLING, side * OVERSAMPLING))
    outline = (OUTLINES[shape] * radius + (x, y)) * OVERSAMPLING
    ImageDraw.Draw(canvas).polygon([(float(a), float(b)) for a, b in outline], fill=255)
    return np.asarray(canvas.reduce(OVERSAMPLING), dtype=np.float32) / np.float32(255)


def paint(
    ground: tuple[int, int, int], layers: Sequence[tuple[NDArray[np.float32], tuple[int, int, int]]]
) -> NDArray[np.uint8]:
    """Return the picture of coloured coverages laid over a ground, the last one on top."""
    picture = np.broadcast_to(np.array(ground, np.float32), (*layers[0][0].shape, 3))
    for cover, colour in layers:
        picture = picture + cover[..., None] * (np.array(colour, np.float32) - picture)
    return picture.round().astype(np.uint8)


def draw(scene: Scene, rng: np.random.Generator) -> Drawing:
    """Draw the scene near the middle, a little moved and resized at random."""
    x, y = SIDE / 2 + rng.uniform(-JITTER, JITTER, 2)
    radius = RADII[scene.size] * (1 + rng.uniform(-RADIUS_JITTER, RADIUS_JITTER))
    cover = coverage(scene.shape, float(x), float(y), float(radius))
    pixels = paint(GROUNDS[scene.ground], [(cover, COLOURS[scene.colour])])
    return Drawing(scene=scene, pixels=pixels, coverage=cover)


def caption(scene: Scene, rng: np.random.Generator) -> str:
    """Say the scene in one of the ways that the model is taught.

    A white ground is left unnamed half the time; that is what makes white the ground of a caption
    which names none.
    """
    size = "" if scene.size == "medium" else scene.size + " "
    thing = f"{size}{scene.colour} {scene.shape}"
    if rng.random() < 0.8:
        thing = f"{'an' if thing[0] == 'o' else 'a'} {thing}"
    if rng.random() < 0.25:
        thing = f"a {rng.choice(['photo', 'picture', 'drawing'])} of {thing}"
    if scene.ground == "white" and rng.random() < 0.5:
        return thing
    ground = scene.ground
    if ground == "gray" and rng.random() < 0.5:
        ground = "grey"
    form = rng.choice(
        ["{0} on a {1} background", "{0}, {1} background", "{0} on {1}"], p=[0.6, 0.2, 0.2]
    )
    return str(form.format(thing, ground))


def held_back() -> frozenset[tuple[str, str, str]]:
    """Return the 32 (shape, colour, ground) triples that training never draws, 8 of each ground."""
    rng = np.random.default_rng(20)
    pairs = [(shape, colour) for shape in SHAPES for colour in COLOURS]
    chosen = rng.permutation(len(pairs))[:32]
    grounds = [*GROUNDS] * 8
    return frozenset((*pairs[i], ground) for i, ground in zip(chosen, grounds, strict=True))


def _scenes() -> list[Scene]:
    return [
        Scene(shape=shape, colour=colour, ground=ground, size=size)
        for shape in SHAPES
        for colour in COLOURS
        for ground in GROUNDS
        for size in RADII
    ]


def is_held_back(scene: Scene) -> bool:
    """Return whether training never draws the scene."""
    return (scene.shape, scene.colour, scene.ground) in held_back()


def training_scenes() -> list[Scene]:
    """Return the 480 scenes that training draws, in a fixed order."""
    kept = held_back()
    return [s for s in _scenes() if (s.shape, s.colour, s.ground) not in kept]


def held_back_scenes() -> list[Scene]:
    """Return the 96 scenes that only the check asks for, in a fixed order."""
    kept = held_back()
    return [s for s in _scenes() if (s.shape, s.colour, s.ground) in kept]


def held_back_captions(count: int, seed: int = 1) -> list[tuple[Scene, str]]:
    """Return held-back scenes with a caption each, every scene before any comes twice."""
    rng = np.random.default_rng(seed)
    scenes = held_back_scenes()
    order: list[Scene] = []
    while len(order) < count:
        order += [scenes[i] for i in rng.permutation(len(scenes))]
    return [(scene, caption(scene, rng)) for scene in order[:count]]
