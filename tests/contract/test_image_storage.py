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


class TestMemoryImageStorage(ImageStorageContract):
    @pytest.fixture
    def storage(self) -> ImageStorage:
        return MemoryImageStorage()


class TestFileImageStorage(ImageStorageContract):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> ImageStorage:
        return FileImageStorage(tmp_path / "outputs" / "images")

    def test_files_lie_where_invokeai_puts_them(self, tmp_path: Path) -> None:
        name = an_image_name()
        storage = FileImageStorage(tmp_path)

        storage.put(name, Rendition.FULL, b"full")
        storage.put(name, Rendition.THUMBNAIL, b"small")

        assert (tmp_path / name).read_bytes() == b"full"
        small = tmp_path / "thumbnails" / name.replace(".png", ".webp")
        assert small.read_bytes() == b"small"

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

        assert [path.name for path in tmp_path.iterdir()] == ["thumbnails"]

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

        storage.put(an_image_name(), Rendition.FULL, b"full")

        assert calls == ["fsync", "rename", "fsync"]  # the content, its name, the folder

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
    "CutsContent": {"test_what_was_put_is_opened", "test_of_many_puts_at_once_one_is_kept_whole"},
    "CannotSeek": {"test_content_can_be_read_from_anywhere"},
    "KeepsTheFirst": {"test_a_second_put_replaces_the_first"},
    "MixesRenditions": {
        "test_renditions_lie_apart",
        "test_names_are_those_with_a_full_picture",
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
    "ForgetsNames": {"test_names_are_those_with_a_full_picture"},
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
