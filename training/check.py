"""Whether a picture shows what its caption says, judged by looking at the pixels alone.

The checker knows nothing of the model. It is itself checked on real drawings, which it must accept,
and on spoiled ones, which it must refuse: see `spoil.py`.
"""

from functools import cache
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training import draw

BORDER: Final = 3  # pixels, the frame that no object reaches
APART: Final = 40.0  # RGB distance from which a pixel is not the ground
SAME: Final = 40.0  # RGB distance up to which a colour has the name it is nearest to
GRID: Final = 24  # cells each way in which shapes are compared
ALIKE: Final = 0.8  # the least overlap (intersection over union) with a shape of that name
ASPECT: Final = 1.25  # the most an object may be stretched, one way against the other
SCALED: Final = 0.2  # the most an object may be larger or smaller than usual, natural logarithm
ALONE: Final = 0.95  # the least part of all that is not ground that is in the largest blob
EVEN: Final = 0.9  # the least part of the frame that has the ground's colour
SOFT: Final = 2.0  # the most pixels between object and ground for each one of the outline
LEAST: Final = 40  # pixels an object has at least

Pixels = NDArray[np.uint8]  # (height, width, 3), RGB
Mask = NDArray[np.bool_]  # (height, width)


@attrs.frozen(kw_only=True)
class Sight:
    """What the checker sees in a picture; None where it sees nothing that has a name."""

    ground: str | None = None
    colour: str | None = None
    shape: str | None = None
    size: str | None = None
    one: bool = False  # all that is not ground hangs together
    crisp: bool = False  # the object ends where it ends, without haze, blur or noise


@attrs.frozen(kw_only=True)
class Verdict:
    """What of a caption a picture got right."""

    ground: bool
    colour: bool
    shape: bool
    size: bool
    one: bool
    crisp: bool

    @property
    def right(self) -> bool:
        """Return whether colour, shape and ground are right together."""
        return self.colour and self.shape and self.ground

    @property
    def faultless(self) -> bool:
        """Return whether every criterion is met."""
        return self.right and self.size and self.one and self.crisp


def judge(pixels: Pixels, scene: draw.Scene) -> Verdict:
    """Compare what a 64 x 64 picture shows with what was asked for."""
    sight = look(pixels)
    return Verdict(
        ground=sight.ground == scene.ground,
        colour=sight.colour == scene.colour,
        shape=sight.shape == scene.shape,
        size=sight.size == scene.size,
        one=sight.one,
        crisp=sight.crisp,
    )


def look(pixels: Pixels) -> Sight:
    """Return what a 64 x 64 picture shows."""
    picture = pixels.astype(np.float32)
    ground = _frame_colour(picture)
    if ground is None:
        return Sight()
    ground_name = _name(ground, draw.GROUNDS)
    apart = np.linalg.norm(picture - ground, axis=2) > APART
    blob = _largest_blob(apart)
    if blob.sum() < LEAST:
        return Sight(ground=ground_name)
    inside = _inside(blob)
    colour = np.median(picture[inside if inside.any() else blob], axis=0)
    cover, off = _cover(picture, ground, colour)
    mask = _largest_blob(blob & (cover > 0.5))
    if mask.sum() < LEAST:
        return Sight(ground=ground_name)
    outline = mask & ~_inside(mask)
    between = ((cover > 0.15) & (cover < 0.85)) | (off > APART)
    return Sight(
        ground=ground_name,
        colour=_name(colour, draw.COLOURS),
        shape=_shape_name(mask),
        size=_size_name(mask),
        one=bool(blob.sum() >= ALONE * apart.sum()),
        crisp=bool(between.sum() <= SOFT * outline.sum()),
    )


def _frame_colour(picture: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Return the frame's middle colour, or None where the frame is not of one colour."""
    frame = np.ones(picture.shape[:2], bool)
    frame[BORDER:-BORDER, BORDER:-BORDER] = False
    colours = picture[frame]
    middle: NDArray[np.float32] = np.median(colours, axis=0).astype(np.float32)
    even = np.linalg.norm(colours - middle, axis=1) < APART
    return middle if even.mean() >= EVEN else None


def _name(colour: NDArray[np.float32], names: dict[str, tuple[int, int, int]]) -> str | None:
    """Return the name of the nearest colour, or None where none is near."""
    distances = {n: float(np.linalg.norm(colour - np.array(rgb))) for n, rgb in names.items()}
    nearest = min(distances, key=distances.__getitem__)
    return nearest if distances[nearest] <= SAME else None


def _grown(mask: Mask) -> Mask:
    """Return the mask and its neighbours above, below, left and right."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    grown[:, 1:] |= mask[:, :-1]
    grown[:, :-1] |= mask[:, 1:]
    return grown


def _inside(mask: Mask) -> Mask:
    """Return the pixels of the mask whose four neighbours are in it too."""
    inside: Mask = ~_grown(~mask)
    return inside


def _largest_blob(mask: Mask) -> Mask:
    """Return the largest part of the mask that hangs together, empty for an empty mask."""
    left, best = mask.copy(), np.zeros_like(mask)
    while left.sum() > best.sum():
        blob = np.zeros_like(mask)
        blob[np.unravel_index(left.argmax(), mask.shape)] = True
        size = 0
        while blob.sum() > size:
            size = int(blob.sum())
            blob = _grown(blob) & left
        left &= ~blob
        if size > best.sum():
            best = blob
    return best


def _cover(
    picture: NDArray[np.float32], ground: NDArray[np.float32], colour: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return how much of each pixel is object, and how far its colour is from any such mixture.

    Returns:
        (height, width), 0 to 1; and (height, width), an RGB distance.
    """
    way = colour - ground
    cover = np.clip((picture - ground) @ way / max(float(way @ way), 1.0), 0, 1)
    off = np.linalg.norm(picture - ground - cover[..., None] * way, axis=2)
    return cover.astype(np.float32), off.astype(np.float32)


def _box(mask: Mask) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the mask, the latter two just outside."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _on_grid(mask: Mask) -> Mask:
    """Return the mask's bounding box, stretched to 24 x 24 cells."""
    image = Image.fromarray(mask.astype(np.uint8) * 255).crop(_box(mask))
    return np.asarray(image.resize((GRID, GRID), Image.Resampling.BILINEAR)) > 127


def _aspect(mask: Mask) -> float:
    """Return width by height of the mask's bounding box."""
    left, top, right, bottom = _box(mask)
    return (right - left) / (bottom - top)


@cache
def _models() -> list[tuple[str, Mask, float]]:
    """Return every shape's name, cells and aspect, as drawn in each size."""
    models = []
    for shape in draw.SHAPES:
        for radius in draw.RADII.values():
            mask = draw.coverage(shape, draw.SIDE / 2, draw.SIDE / 2, radius) > 0.5
            models.append((shape, _on_grid(mask), _aspect(mask)))
    return models


def _shape_name(mask: Mask) -> str | None:
    """Return the shape that the mask overlaps most, or None where it overlaps none well."""
    cells, aspect = _on_grid(mask), _aspect(mask)
    best, name = ALIKE, None
    for shape, model, model_aspect in _models():
        overlap = float((cells & model).sum() / (cells | model).sum())
        stretch = max(aspect / model_aspect, model_aspect / aspect)
        if overlap > best and stretch <= ASPECT:
            best, name = overlap, shape
    return name


def _size_name(mask: Mask) -> str | None:
    """Return the size nearest, by ratio, to half the mask's longer side, or None if none is near."""
    left, top, right, bottom = _box(mask)
    radius = max(right - left, bottom - top) / 2
    off = {name: abs(float(np.log(radius / usual))) for name, usual in draw.RADII.items()}
    nearest = min(off, key=off.__getitem__)
    return nearest if off[nearest] <= SCALED else None
