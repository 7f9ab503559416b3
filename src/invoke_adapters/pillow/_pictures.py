"""What the codec does, on Pillow."""

import io
import struct
import zlib
from collections.abc import Mapping
from contextlib import suppress

from PIL import Image, ImageCms, ImageFile, ImageOps
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile, PngInfo
from PIL.WebPImagePlugin import WebPImageFile

from invoke_core.domain.images import KEPT_TEXTS
from invoke_core.domain.pixels import Pixels
from invoke_core.errors import TooLarge, Unsupported
from invoke_core.ports.imaging import NormalisedImage

# Level 1 takes a third of the time of the default for files a tenth larger.
_COMPRESS_LEVEL = 1
_THUMBNAIL_SIDE = 256  # pixels
_STORED_MODES = frozenset({"L", "LA", "RGB", "RGBA", "I;16"})

# What Pillow's readers raise on damaged files.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    OverflowError,
    AttributeError,
    struct.error,
    zlib.error,
)


def normalise(content: bytes, texts: Mapping[str, str], max_pixels: int) -> NormalisedImage:
    """Return the upload as a PNG of ours; see `ImageCodec.normalise`."""
    image, kept = read(content, texts, max_pixels)
    return NormalisedImage(
        png=_png(image, kept), width=image.width, height=image.height, texts=kept
    )


def read(
    content: bytes, texts: Mapping[str, str], max_pixels: int
) -> tuple[Image.Image, Mapping[str, str]]:
    """Return an upload's pixels as they are to be stored, and its text chunks: all but the writing."""
    with _opened(content) as source:
        if source.width * source.height > max_pixels:
            raise _too_large(max_pixels)
        image = _stored_form(_in_srgb(_upright(_loaded(source))))
        return image, {**_texts(source), **texts}


def written(image: Image.Image, texts: Mapping[str, str]) -> bytes:
    """Return what `read` returned as a PNG."""
    return _png(image, texts)


def decode(png: bytes) -> Pixels:
    """Return the pixels of a PNG; see `ImageCodec.decode`."""
    with _opened(png) as source:
        image = _eight_bits(_loaded(source))
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    return Pixels(width=image.width, height=image.height, rgb=image.tobytes())


def encode(pixels: Pixels, texts: Mapping[str, str]) -> bytes:
    """Return the pixels as a PNG; see `ImageCodec.encode`."""
    return _png(_image(pixels), texts)


def thumbnail(png: bytes) -> bytes:
    """Return the PNG as a small WebP; see `ImageCodec.thumbnail`."""
    with _opened(png) as source:
        image = _eight_bits(_loaded(source))
    image.thumbnail((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE), reducing_gap=2.0)
    return _webp(image, quality=80, method=4)


def a_pixel() -> bytes:
    """Return the smallest picture, with a colour profile, to begin with."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    file = io.BytesIO()
    Image.new("RGB", (1, 1)).save(file, "PNG", icc_profile=profile)
    return file.getvalue()


def preview(pixels: Pixels) -> bytes:
    """Return the pixels as a small WebP; see `ImageCodec.preview`."""
    image = _image(pixels)
    image.thumbnail((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE), Image.Resampling.BILINEAR)
    return _webp(image, quality=70, method=0)


def _opened(content: bytes) -> ImageFile.ImageFile:
    """Return the picture with its header read and nothing decoded.

    The reader is chosen by the first bytes. `Image.open` would try names and all formats, and warns of
    sizes by a limit that is global to the process, host application included.
    """
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        reader: type[ImageFile.ImageFile] = PngImageFile
    elif content.startswith(b"\xff\xd8\xff"):
        reader = JpegImageFile
    elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        reader = WebPImageFile
    else:
        raise Unsupported("This is no PNG, JPEG or WebP picture.")
    try:
        return reader(io.BytesIO(content))
    except Image.DecompressionBombError as error:  # Pillow's own check of a WebP's size
        raise TooLarge("The picture has far too many pixels: make it smaller.") from error
    except _DAMAGE as error:
        raise _damaged() from error


def _loaded(source: ImageFile.ImageFile) -> Image.Image:
    try:
        source.load()
    except _DAMAGE as error:
        raise _damaged() from error
    return source


def _upright(image: Image.Image) -> Image.Image:
    with suppress(*_DAMAGE):  # a damaged EXIF block says nothing
        return ImageOps.exif_transpose(image)
    return image


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"L", "LA", "P", "RGB", "RGBA", "CMYK"}:
        return image
    if image.mode == "P":
        image = _stored_form(image)
    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    colours = {"LA": "L", "RGBA": "RGB"}.get(image.mode, image.mode)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return image
        converted = ImageCms.profileToProfile(
            image.convert(colours), source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError):  # a damaged profile, or one for other channels
        return image
    if converted is None:  # only where it converts in place
        return image
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def _stored_form(image: Image.Image) -> Image.Image:
    """Return the picture in a mode that a PNG has, with the values that it shows."""
    if image.mode == "I;16":
        return image
    if image.has_transparency_data:
        return image if image.mode in {"LA", "RGBA"} else image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in _STORED_MODES else image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return the picture as RGB, or RGBA where it has transparency."""
    if image.mode == "I;16":  # `convert` would clip the values rather than scale them
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _texts(source: ImageFile.ImageFile) -> dict[str, str]:
    if not isinstance(source, PngImageFile):
        return {}
    return {key: str(source.text[key]) for key in KEPT_TEXTS if key in source.text}


def _image(pixels: Pixels) -> Image.Image:
    return Image.frombytes("RGB", (pixels.width, pixels.height), pixels.rgb)


def _png(image: Image.Image, texts: Mapping[str, str]) -> bytes:
    chunks = PngInfo()
    for key, text in texts.items():
        chunks.add_itxt(key, text)  # UTF-8: a prompt may be in any script
    image.info = {}  # or the profile and the like of the source would be written again
    file = io.BytesIO()
    image.save(file, "PNG", pnginfo=chunks, compress_level=_COMPRESS_LEVEL)
    return file.getvalue()


def _webp(image: Image.Image, *, quality: int, method: int) -> bytes:
    image.info = {}
    file = io.BytesIO()
    image.save(file, "WEBP", quality=quality, method=method)
    return file.getvalue()


def _damaged() -> Unsupported:
    return Unsupported("The picture is damaged or incomplete: save it again and upload that.")


def _too_large(max_pixels: int) -> TooLarge:
    return TooLarge(
        f"The picture has more than {max_pixels:,} pixels, the most that this server takes:"
        " make it smaller."
    )
