import io
import struct

import pytest
from PIL import Image, ImageCms

from invoke_adapters.pillow import PillowImageCodec
from invoke_core.domain.pixels import Pixels
from invoke_core.errors import TooLarge, Unsupported
from invoke_core.ports.imaging import ImageCodec
from invoke_core.testing.broken_imaging import BROKEN, Codec
from invoke_core.testing.imaging import ImageCodecContract, some_pixels
from invoke_core.testing.pictures import read_png
from invoke_core.testing.suites import failing_tests, test_names


def a_file(image: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def an_image(width: int = 40, height: int = 20, mode: str = "RGB") -> Image.Image:
    pixels = some_pixels(width, height)
    return Image.frombytes("RGB", (width, height), pixels.rgb).convert(mode)


def with_gps() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010E] = "secret place"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return exif


class TestPillowImageCodec(ImageCodecContract):
    @pytest.fixture
    def codec(self) -> ImageCodec:
        return PillowImageCodec()

    @pytest.mark.parametrize("format", ["JPEG", "WEBP"])
    def test_the_decoded_values_of_other_formats_are_stored(
        self, codec: ImageCodec, format: str
    ) -> None:
        sent = a_file(an_image(), format)

        stored = codec.normalise(sent, {})

        decoded = Image.open(io.BytesIO(sent)).convert("RGB").tobytes()
        assert read_png(stored.png).values == decoded

    def test_a_lossless_webp_keeps_its_transparency(self, codec: ImageCodec) -> None:
        image = an_image(mode="RGBA")
        image.putalpha(77)

        stored = codec.normalise(a_file(image, "WEBP", lossless=True, exact=True), {})

        assert read_png(stored.png).values == image.tobytes()

    @pytest.mark.parametrize("format", ["JPEG", "WEBP", "PNG"])
    def test_exif_turns_the_picture_and_is_gone(self, codec: ImageCodec, format: str) -> None:
        stored = codec.normalise(a_file(an_image(40, 20), format, exif=with_gps()), {})

        assert (stored.width, stored.height) == (20, 40)
        assert b"secret" not in stored.png
        assert dict(Image.open(io.BytesIO(stored.png)).getexif()) == {}

    def test_a_palette_becomes_its_colours(self, codec: ImageCodec) -> None:
        image = an_image().quantize(16)

        stored = codec.normalise(a_file(image, "PNG"), {})

        assert read_png(stored.png).values == image.convert("RGB").tobytes()

    def test_black_and_white_becomes_grey(self, codec: ImageCodec) -> None:
        image = an_image(mode="1")

        stored = codec.normalise(a_file(image, "PNG"), {})

        assert read_png(stored.png).values == image.convert("L").tobytes()

    def test_printers_colours_become_those_of_a_screen(self, codec: ImageCodec) -> None:
        red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))

        stored = codec.normalise(a_file(red, "JPEG"), {})

        assert codec.decode(stored.png).rgb[:3] == bytes([255, 0, 0])

    @pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
    def test_another_profile_is_converted(self, codec: ImageCodec, mode: str) -> None:
        profile = a_linear_profile(grey=mode == "L")
        grey = Image.new(mode, (4, 4), (64, 64, 64, 255)[: len(mode)] if mode != "L" else 64)

        stored = codec.normalise(a_file(grey, "PNG", icc_profile=profile), {})

        # 64 / 255 of the light is 137 / 255 on the curve of sRGB (IEC 61966-2-1).
        assert all(abs(value - 137) <= 1 for value in codec.decode(stored.png).rgb)
        assert b"iCCP" not in stored.png

    def test_a_profile_that_says_srgb_changes_no_value(self, codec: ImageCodec) -> None:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        image = an_image()

        stored = codec.normalise(a_file(image, "PNG", icc_profile=profile), {})

        assert read_png(stored.png).values == image.tobytes()

    @pytest.mark.parametrize("profile", [b"no profile at all", bytes(200)])
    def test_a_damaged_profile_is_left_out(self, codec: ImageCodec, profile: bytes) -> None:
        image = an_image()

        stored = codec.normalise(a_file(image, "PNG", icc_profile=profile), {})

        assert read_png(stored.png).values == image.tobytes()

    @pytest.mark.parametrize("format", ["JPEG", "WEBP"])
    def test_cut_files_are_unsupported(self, codec: ImageCodec, format: str) -> None:
        whole = a_file(an_image(64, 64), format)

        for length in range(0, len(whole) - 40, 97):
            with pytest.raises(Unsupported):
                codec.normalise(whole[:length], {})

    def test_a_jpeg_or_webp_of_too_many_pixels_is_too_large(self) -> None:
        codec = PillowImageCodec(max_pixels=40 * 20 - 1)

        for kind in ("JPEG", "WEBP", "PNG"):
            with pytest.raises(TooLarge, match="799 pixels"):
                codec.normalise(a_file(an_image(40, 20), kind), {})

    def test_a_limit_is_the_last_size_that_passes(self) -> None:
        codec = PillowImageCodec(max_pixels=40 * 20)

        assert codec.normalise(a_file(an_image(40, 20), "PNG"), {}).width == 40

    def test_a_webp_header_that_promises_much_is_refused(self, codec: ImageCodec) -> None:
        sent = bytearray(a_file(an_image(mode="RGBA"), "WEBP", exif=with_gps()))
        assert sent[12:16] == b"VP8X"
        sent[24:30] = b"\xff\x3f\x00" * 2  # 16384 x 16384

        with pytest.raises((TooLarge, Unsupported)):
            codec.normalise(bytes(sent), {})

    def test_of_an_animation_the_first_picture_is_kept(self, codec: ImageCodec) -> None:
        first, second = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
        for kind in ("PNG", "WEBP"):
            options = {"save_all": True, "append_images": [second]}
            if kind == "WEBP":
                options["lossless"] = True

            stored = codec.normalise(a_file(first, kind, **options), {})

            assert codec.decode(stored.png).rgb[:3] == bytes([255, 0, 0])
            assert b"acTL" not in stored.png

    def test_deep_grey_is_shown_by_its_high_byte(self, codec: ImageCodec) -> None:
        image = Image.frombytes("I;16", (2, 1), bytes([0x34, 0x80, 0xFF, 0xFF]))
        stored = codec.normalise(a_file(image, "PNG"), {})

        pixels = codec.decode(stored.png)

        assert pixels == Pixels(width=2, height=1, rgb=bytes([0x80] * 3 + [0xFF] * 3))


def a_linear_profile(*, grey: bool) -> bytes:
    """Return an ICC profile whose values are proportional to light, with the primaries of sRGB."""

    def s15(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(x: float, y: float, z: float) -> bytes:
        return b"XYZ \0\0\0\0" + s15(x) + s15(y) + s15(z)

    line = b"curv\0\0\0\0\0\0\0\0"  # no points: the identity (ICC.1:2022, 10.6)
    description = b"desc\0\0\0\0" + struct.pack(">I", 7) + b"Linear\0" + bytes(78)
    white = xyz(0.9642, 1.0, 0.8249)
    tags = {b"desc": description, b"wtpt": white, b"cprt": b"text\0\0\0\0none\0"}
    if grey:
        tags[b"kTRC"] = line
    else:
        tags |= {
            b"rXYZ": xyz(0.4361, 0.2225, 0.0139),
            b"gXYZ": xyz(0.3851, 0.7169, 0.0971),
            b"bXYZ": xyz(0.1431, 0.0606, 0.7141),
            b"rTRC": line,
            b"gTRC": line,
            b"bTRC": line,
        }
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for key, value in tags.items():
        padded = value + bytes(-len(value) % 4)
        table += key + struct.pack(">II", at + len(body), len(value))
        body += padded
    space = b"GRAY" if grey else b"RGB "
    head = struct.pack(">I4sI4s4s4s", at + len(body), bytes(4), 0x02400000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += s15(0.9642) + s15(1.0) + s15(0.8249) + bytes(48)
    return head + table + body


FAULTS = {
    "RoundsPixels": {"test_every_picture_survives_being_written"},
    "WritesLatinOnly": {"test_texts_are_written_whatever_their_script"},
    "StoresColoursOnly": {"test_an_upload_keeps_its_pixel_values"},
    "StoresEightBits": {"test_an_upload_keeps_sixteen_bits_of_grey"},
    "IgnoresOrientation": {"test_an_upload_is_turned_upright"},
    "DropsTexts": {
        "test_an_upload_keeps_invokes_texts",
        "test_texts_that_are_given_stand_in_for_the_uploads_own",
    },
    "KeepsForeignTexts": {"test_an_upload_loses_everything_else_that_it_says"},
    "PrefersTheFilesTexts": {"test_texts_that_are_given_stand_in_for_the_uploads_own"},
    "TakesGifs": {"test_a_file_that_is_no_picture_is_unsupported"},
    "FillsUpCutFiles": {"test_a_picture_whose_pixels_break_off_is_unsupported"},
    "DecodesFirst": {"test_too_many_pixels_are_refused_before_any_is_decoded"},
    "ForgetsTransparency": {"test_transparency_is_laid_on_white"},
    "DecodesNothing": {"test_what_is_no_png_is_not_decoded"},
    "SquareThumbnails": {"test_a_thumbnail_is_a_webp_of_at_most_256_pixels"},
    "ThumbnailsOfColoursOnly": {"test_every_stored_form_has_a_thumbnail"},
    "FullSizePreviews": {"test_a_preview_is_a_webp_of_at_most_256_pixels"},
}


@pytest.mark.parametrize("broken", BROKEN)
def test_the_suite_finds_the_fault_of(broken: type[Codec]) -> None:
    failing = failing_tests(ImageCodecContract, lambda: {"codec": broken(PillowImageCodec())})

    assert failing == FAULTS[broken.__name__]


def test_every_claim_has_an_adapter_that_breaks_it() -> None:
    assert set().union(*FAULTS.values()) == test_names(ImageCodecContract)
    assert failing_tests(ImageCodecContract, lambda: {"codec": PillowImageCodec()}) == set()
