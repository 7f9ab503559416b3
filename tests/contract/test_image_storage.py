import errno
import os
import sys
from pathlib import Path

import pytest

from invoke_adapters.files import FileImageStorage
from invoke_adapters.memory.storage import MemoryImageStorage
from invoke_core.domain.identifiers import ImageName
from invoke_core.errors import NotFound, StorageFull
from invoke_core.ports.storage import ImageStorage, Rendition
from invoke_core.testing.broken_storage import BROKEN, Storage
from invoke_core.testing.storage import ImageStorageContract, an_image_name, hostile_names
from invoke_core.testing.suites import failing_tests, test_names


def as_invokeai(folder: Path, name: ImageName) -> None:
    """Put a picture where InvokeAI, and older versions, do."""
    (folder / name).write_bytes(b"old")
    (folder / "thumbnails" / name.replace(".png", ".webp")).write_bytes(b"small")


def read(storage: ImageStorage, name: ImageName, rendition: Rendition) -> bytes:
    with storage.open(name, rendition) as stream:
        return stream.read()


class TestMemoryImageStorage(ImageStorageContract):
    @pytest.fixture
    def storage(self) -> ImageStorage:
        return MemoryImageStorage()


class TestFileImageStorage(ImageStorageContract):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> ImageStorage:
        return FileImageStorage(tmp_path / "outputs" / "images")

    def test_files_lie_in_folders_by_the_first_digits_of_their_names(self, tmp_path: Path) -> None:
        name = an_image_name()
        storage = FileImageStorage(tmp_path)

        storage.put(name, Rendition.FULL, b"full")
        storage.put(name, Rendition.THUMBNAIL, b"small")

        assert (tmp_path / name[:3] / name).read_bytes() == b"full"
        small = tmp_path / "thumbnails" / name[:3] / name.replace(".png", ".webp")
        assert small.read_bytes() == b"small"

    def test_files_are_found_where_invokeai_puts_them(self, tmp_path: Path) -> None:
        storage, names = FileImageStorage(tmp_path), [an_image_name() for _ in range(3)]
        for name in names:
            as_invokeai(tmp_path, name)

        assert sorted(storage.names()) == sorted(names)
        assert sorted(storage.names(Rendition.THUMBNAIL)) == sorted(names)
        assert read(storage, names[0], Rendition.FULL) == b"old"
        assert storage.sizes(names[0]) == {Rendition.FULL: 3, Rendition.THUMBNAIL: 5}
        storage.remove(names[0])
        assert not list(tmp_path.rglob(f"{names[0][:-4]}.*"))

    def test_what_is_put_anew_takes_the_place_of_the_old_file(self, tmp_path: Path) -> None:
        storage, name = FileImageStorage(tmp_path), an_image_name()
        as_invokeai(tmp_path, name)

        storage.put(name, Rendition.FULL, b"new")

        assert read(storage, name, Rendition.FULL) == b"new"
        assert list(storage.names()) == [name]
        assert not (tmp_path / name).exists()

    def test_a_crash_between_two_places_shows_the_name_once(self, tmp_path: Path) -> None:
        storage, name = FileImageStorage(tmp_path), an_image_name()
        storage.put(name, Rendition.FULL, b"new")
        as_invokeai(tmp_path, name)

        assert list(storage.names()) == [name]
        assert read(storage, name, Rendition.FULL) == b"new"

    def test_old_files_are_moved_into_their_folders(self, tmp_path: Path) -> None:
        storage, name = FileImageStorage(tmp_path), an_image_name()
        as_invokeai(tmp_path, name)
        (tmp_path / "notes.txt").write_text("of a person")

        assert storage.untidy() == 2
        assert storage.tidy() == 2

        assert storage.untidy() == 0
        assert (tmp_path / name[:3] / name).read_bytes() == b"old"
        assert read(storage, name, Rendition.THUMBNAIL) == b"small"
        assert (tmp_path / "notes.txt").exists()

    def test_a_file_is_found_while_it_is_moved(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        storage, name = FileImageStorage(tmp_path), an_image_name()
        as_invokeai(tmp_path, name)
        real, tried = os.open, []

        def open_(path: object, *given: object, **more: object) -> int:
            if path == name:
                tried.append(path)
                if len(tried) == 1:  # it is looked for where it lies, and is gone from there
                    (tmp_path / name[:3]).mkdir()
                    (tmp_path / name).rename(tmp_path / name[:3] / name)
            return real(path, *given, **more)

        monkeypatch.setattr(os, "open", open_)

        assert read(storage, name, Rendition.FULL) == b"old"

    def test_half_written_files_go_when_nobody_writes_them_any_more(self, tmp_path: Path) -> None:
        storage, name = FileImageStorage(tmp_path), an_image_name()
        storage.put(name, Rendition.FULL, b"full")
        young, old = (tmp_path / name[:3] / f".{name}.{n}" for n in ("0123abcd", "4567abcd"))
        for path in (young, old):
            path.write_bytes(b"ful")
        os.utime(old, (0, 0))

        assert (storage.untidy(), storage.tidy()) == (1, 1)

        assert young.exists()
        assert not old.exists()
        (tmp_path / name[:3] / ".hidden").write_text("of a person")
        assert (storage.untidy(alone=True), storage.tidy(alone=True)) == (1, 1)
        assert not young.exists()
        assert (tmp_path / name[:3] / ".hidden").exists()
        assert list(storage.names()) == [name]

    def test_what_is_set_aside_lies_beside_the_storage(self, tmp_path: Path) -> None:
        storage, name = FileImageStorage(tmp_path / "images"), an_image_name()
        storage.put(name, Rendition.FULL, b"full")
        storage.put(name, Rendition.THUMBNAIL, b"small")

        where = Path(storage.set_aside(name))

        assert where == tmp_path / "images-set-aside"
        assert (where / name).read_bytes() == b"full"
        assert (where / name.replace(".png", ".webp")).read_bytes() == b"small"

    def test_a_folder_that_is_a_link_is_not_followed(self, tmp_path: Path) -> None:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        storage, name = FileImageStorage(tmp_path / "images"), an_image_name()
        (elsewhere / name).write_bytes(b"secret")
        (tmp_path / "images" / name[:3]).symlink_to(elsewhere)

        with pytest.raises(NotFound):
            storage.open(name, Rendition.FULL)
        with pytest.raises(OSError, match=r"[Nn]ot a directory|symbolic links"):
            storage.put(name, Rendition.FULL, b"full")
        assert list(storage.names()) == []
        assert (elsewhere / name).read_bytes() == b"secret"

    def test_nobody_else_on_the_machine_can_read_them(self, tmp_path: Path) -> None:
        storage = FileImageStorage(tmp_path / "images")

        storage.put(an_image_name(), Rendition.FULL, b"full")

        modes = {path.stat().st_mode & 0o077 for path in tmp_path.rglob("*")}
        assert modes == {0}

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
    @pytest.mark.parametrize("call", ["fsync", "rename"])
    def test_a_full_disk_leaves_nothing_behind(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
    ) -> None:
        storage = FileImageStorage(tmp_path)

        def fail(*_: object, **__: object) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, call, fail)
        with pytest.raises(StorageFull):
            storage.put(an_image_name(), Rendition.FULL, b"full")
        monkeypatch.undo()

        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def test_a_full_disk_keeps_what_was_there(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        storage, name = FileImageStorage(tmp_path), an_image_name()
        storage.put(name, Rendition.FULL, b"first")

        def fail(*_: object) -> None:
            raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(StorageFull):
            storage.put(name, Rendition.FULL, b"second")
        monkeypatch.undo()

        with storage.open(name, Rendition.FULL) as stream:
            assert stream.read() == b"first"

    def test_content_is_on_the_disk_before_it_has_its_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        storage, calls = FileImageStorage(tmp_path), []
        for call in ("fsync", "rename"):
            real = getattr(os, call)

            def note(*given: object, call: str = call, real: object = real, **more: object) -> None:
                calls.append(call)
                real(*given, **more)

            monkeypatch.setattr(os, call, note)
        name = an_image_name()

        storage.put(name, Rendition.FULL, b"full")

        # The new folder, the content, its name, the folder again.
        assert calls == ["fsync", "fsync", "rename", "fsync"]
        calls.clear()
        storage.put(name, Rendition.FULL, b"full")
        assert calls == ["fsync", "rename", "fsync"]

    def test_links_are_not_followed(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_bytes(b"secret")
        storage, name = FileImageStorage(tmp_path / "images"), an_image_name()
        (tmp_path / "images" / name).symlink_to(secret)

        with pytest.raises(NotFound):
            storage.open(name, Rendition.FULL)
        assert list(storage.names()) == []

        storage.put(name, Rendition.FULL, b"full")
        storage.remove(name)
        assert secret.read_bytes() == b"secret"

    def test_hostile_names_open_nothing_at_all(self, tmp_path: Path) -> None:
        storage = FileImageStorage(tmp_path)
        watched: list[str] = []
        watching = True

        def watch(event: str, arguments: tuple[object, ...]) -> None:
            if watching and event in {"open", "os.remove", "os.rename"}:
                watched.append(f"{event} {arguments[0]!r}")

        sys.addaudithook(watch)  # cannot be taken off again, so it is told to sleep
        names = hostile_names()
        for name in names:
            with pytest.raises(NotFound):
                storage.open(ImageName(name), Rendition.FULL)
            storage.remove(ImageName(name))
        watching = False

        assert len(names) >= 270
        assert watched == []


FAULTS = {
    "MeasuresPicturesAlone": {"test_sizes_are_of_what_is_there"},
    "IsAlwaysOld": {"test_what_was_just_put_is_young"},
    "KeepsWhatIsSetAside": {"test_what_is_set_aside_is_there_no_more"},
    "TidiesEverything": {"test_a_storage_that_nobody_disturbed_is_tidy"},
    "SwapsWhatIsFree": {"test_no_more_is_free_than_there_is"},
    "CutsContent": {"test_what_was_put_is_opened", "test_of_many_puts_at_once_one_is_kept_whole"},
    "CannotSeek": {"test_content_can_be_read_from_anywhere"},
    "KeepsTheFirst": {"test_a_second_put_replaces_the_first"},
    "MixesRenditions": {
        "test_renditions_lie_apart",
        "test_names_are_those_with_a_full_picture",
        "test_sizes_are_of_what_is_there",
    },
    "OpensTheUnknown": {
        "test_an_unknown_name_is_not_found",
        "test_removing_forgets_every_rendition",
        "test_renditions_lie_apart",
        "test_under_hostile_names_there_is_nothing",
    },
    "LeavesThumbnails": {"test_removing_forgets_every_rendition"},
    "RefusesToRemoveTwice": {
        "test_removing_the_unknown_does_nothing",
        "test_under_hostile_names_there_is_nothing",
    },
    "ForgetsNames": {
        "test_names_are_those_with_a_full_picture",
        "test_what_is_set_aside_is_there_no_more",
    },
    "TrustsNames": {"test_nothing_is_put_under_hostile_names"},
    "FollowsNames": {"test_under_hostile_names_there_is_nothing"},
    "WritesInPieces": {"test_of_many_puts_at_once_one_is_kept_whole"},
}


@pytest.mark.parametrize("broken", BROKEN)
def test_the_suite_finds_the_fault_of(broken: type[Storage]) -> None:
    failing = failing_tests(ImageStorageContract, lambda: {"storage": broken(MemoryImageStorage())})

    assert failing == FAULTS[broken.__name__]


def test_every_claim_has_an_adapter_that_breaks_it() -> None:
    assert set().union(*FAULTS.values()) == test_names(ImageStorageContract)
    assert failing_tests(ImageStorageContract, lambda: {"storage": MemoryImageStorage()}) == set()
