"""A decoded picture, in plain bytes."""

import attrs


@attrs.frozen(kw_only=True)
class Pixels:
    """RGB values, row by row from the top, three bytes a pixel, 0 to 255, sRGB."""

    width: int
    height: int
    rgb: bytes = attrs.field(repr=False)

    def __attrs_post_init__(self) -> None:
        if len(self.rgb) != 3 * self.width * self.height:
            raise ValueError(f"{len(self.rgb)} bytes for {self.width}x{self.height} RGB pixels")
