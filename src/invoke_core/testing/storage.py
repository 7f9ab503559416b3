"""The contract suite of image storages, and names that no storage may follow."""

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from invoke_core.domain.identifiers import ImageName
from invoke_core.errors import NotFound
from invoke_core.ports.storage import ImageStorage, Rendition


def an_image_name() -> ImageName:
    """Return a new name of the form that the server makes."""
    return ImageName(f"{uuid4()}.png")


def hostile_names() -> Sequence[str]:
    """Return some 300 names that try to leave a folder, or are no names at all."""
    good = str(an_image_name())
    dots = ("..", "%2e%2e", "%252e%252e", "．．", "..%00", "....", ". .", "..;", "․․")
    slashes = ("/", "\\", "%2f", "%5c", "%252f", "∕", "／", "//", "\\\\")
    ends = ("etc/passwd", good, "invoke.db")
    climbing = [dot + slash + end for dot in dots for slash in slashes for end in ends]
    rooted = [
        f"{root}{good}" for root in ("/", "//", "\\\\host\\share\\", "C:\\", "file:///", "~/")
    ]
    odd = [
        "", ".", "..", "/", "\0", ".png", "thumbnails", f"thumbnails/{good}", f"./{good}",
        f"{good}/", f"{good}/..", f"{good}\0", f"\0{good}", f"{good}\n", f" {good}", f"{good} ",
        f"{good}.", f"{good}::$DATA", f"{good}.png", good.upper(), good.removesuffix(".png"),
        good.replace(".png", ".webp"), good.replace("-", ""), good.replace(".png", ".png/x"),
        "a" * 300 + ".png", "a" * 5000, "\u202egnp.exe", "nul.png", "con", "-rf.png", "*.png", "$HOME.png",
        f".{good}.0123abcd",
    ]  # fmt: skip
    return [*climbing, *rooted, *odd]


class ImageStorageContract:
    """What every image storage does; a subclass provides `storage`, empty."""

    def test_what_was_put_is_opened(self, storage: ImageStorage) -> None:
        name, content = an_image_name(), bytes(range(256)) * 5000

        storage.put(name, Rendition.FULL, content)

        with storage.open(name, Rendition.FULL) as stream:
            assert stream.read() == content

    def test_content_can_be_read_from_anywhere(self, storage: ImageStorage) -> None:
        name = an_image_name()
        storage.put(name, Rendition.FULL, b"0123456789")

        with storage.open(name, Rendition.FULL) as stream:
            assert stream.seek(0, io.SEEK_END) == 10
            stream.seek(4)
            assert stream.read(3) == b"456"

    def test_a_second_put_replaces_the_first(self, storage: ImageStorage) -> None:
        name = an_image_name()

        storage.put(name, Rendition.FULL, b"a longer first content")
        storage.put(name, Rendition.FULL, b"second")

        with storage.open(name, Rendition.FULL) as stream:
            assert stream.read() == b"second"

    def test_renditions_lie_apart(self, storage: ImageStorage) -> None:
        name = an_image_name()

        storage.put(name, Rendition.THUMBNAIL, b"small")

        with pytest.raises(NotFound):
            storage.open(name, Rendition.FULL)
        with storage.open(name, Rendition.THUMBNAIL) as stream:
            assert stream.read() == b"small"

    def test_an_unknown_name_is_not_found(self, storage: ImageStorage) -> None:
        for rendition in Rendition:
            with pytest.raises(NotFound):
                storage.open(an_image_name(), rendition)

    def test_removing_forgets_every_rendition(self, storage: ImageStorage) -> None:
        name, other = an_image_name(), an_image_name()
        for kept in (name, other):
            for rendition in Rendition:
                storage.put(kept, rendition, b"content")

        storage.remove(name)

        for rendition in Rendition:
            with pytest.raises(NotFound):
                storage.open(name, rendition)
            storage.open(other, rendition).close()

    def test_removing_the_unknown_does_nothing(self, storage: ImageStorage) -> None:
        storage.remove(an_image_name())

    def test_names_are_those_with_a_full_picture(self, storage: ImageStorage) -> None:
        full, small = an_image_name(), an_image_name()
        storage.put(full, Rendition.FULL, b"content")
        storage.put(full, Rendition.THUMBNAIL, b"content")
        storage.put(small, Rendition.THUMBNAIL, b"content")

        assert list(storage.names()) == [full]
        assert sorted(storage.names(Rendition.THUMBNAIL)) == sorted([full, small])

    def test_sizes_are_of_what_is_there(self, storage: ImageStorage) -> None:
        name = an_image_name()
        assert storage.sizes(name) == {}

        storage.put(name, Rendition.FULL, b"content")
        assert storage.sizes(name) == {Rendition.FULL: 7}
        storage.put(name, Rendition.THUMBNAIL, b"small")
        assert storage.sizes(name) == {Rendition.FULL: 7, Rendition.THUMBNAIL: 5}

    def test_what_was_just_put_is_young(self, storage: ImageStorage) -> None:
        name = an_image_name()
        assert storage.age(name) is None

        storage.put(name, Rendition.THUMBNAIL, b"content")

        age = storage.age(name)
        assert age is not None
        assert 0 <= age < 60

    def test_no_more_is_free_than_there_is(self, storage: ImageStorage) -> None:
        space = storage.space()

        assert space is None or 0 <= space.free_bytes <= space.total_bytes

    def test_what_is_set_aside_is_there_no_more(self, storage: ImageStorage) -> None:
        name, other = an_image_name(), an_image_name()
        for kept in (name, other):
            for rendition in Rendition:
                storage.put(kept, rendition, b"content")

        assert storage.set_aside(name)

        assert list(storage.names()) == [other]
        assert storage.sizes(name) == {}
        storage.set_aside(an_image_name())  # nothing is there, and nothing happens

    def test_a_storage_that_nobody_disturbed_is_tidy(self, storage: ImageStorage) -> None:
        name = an_image_name()
        storage.put(name, Rendition.FULL, b"content")

        assert (storage.untidy(), storage.untidy(alone=True)) == (0, 0)
        assert (storage.tidy(), storage.tidy(alone=True)) == (0, 0)

        with storage.open(name, Rendition.FULL) as stream:
            assert stream.read() == b"content"

    def test_under_hostile_names_there_is_nothing(self, storage: ImageStorage) -> None:
        for name in hostile_names():
            for rendition in Rendition:
                with pytest.raises(NotFound):
                    storage.open(ImageName(name), rendition)
            storage.remove(ImageName(name))
            assert storage.sizes(ImageName(name)) == {}
            assert storage.age(ImageName(name)) is None
            with pytest.raises(NotFound):
                storage.set_aside(ImageName(name))

    def test_nothing_is_put_under_hostile_names(self, storage: ImageStorage) -> None:
        for name in hostile_names():
            with pytest.raises(ValueError, match="image name"):
                storage.put(ImageName(name), Rendition.FULL, b"content")

        assert list(storage.names()) == []

    def test_of_many_puts_at_once_one_is_kept_whole(self, storage: ImageStorage) -> None:
        name = an_image_name()
        contents = [bytes([number]) * 100_000 for number in range(16)]

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda content: storage.put(name, Rendition.FULL, content), contents))

        with storage.open(name, Rendition.FULL) as stream:
            assert stream.read() in contents
