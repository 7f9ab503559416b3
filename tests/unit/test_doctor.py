"""Rows and files that do not agree: found, mended, and nothing lost on the way."""

from pathlib import Path

import attrs
import pytest
import sqlalchemy as sa

from invoke_adapters.files import FileImageStorage
from invoke_adapters.memory import MemoryDatabase
from invoke_adapters.sql import open_database
from invoke_adapters.system import HostProcesses
from invoke_core.domain.doctor import Report, Trouble
from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.images import Image
from invoke_core.domain.principals import Principal, host_principal
from invoke_core.errors import Forbidden, NotFound, RuleViolation
from invoke_core.ports.storage import Rendition
from invoke_core.services.doctor import DoctorService
from invoke_core.services.sweeping import SweepService
from invoke_core.testing.builders import a_worker
from invoke_core.testing.storage import an_image_name
from tests.unit.picture_world import PNG, World

HOST = host_principal("tester")


@attrs.frozen
class Sickroom:
    """A world on files, its doctor, and a person with pictures."""

    world: World
    person: Principal

    @property
    def storage(self) -> FileImageStorage:
        storage = self.world.storage
        assert isinstance(storage, FileImageStorage)
        return storage

    @property
    def doctor(self) -> DoctorService:
        world = self.world
        reading, writing = world.database.reading, world.database.writing
        sweep = SweepService(reading, writing, world.storage)
        return DoctorService(reading, writing, world.clock, world.files, sweep, HostProcesses())

    def picture(self) -> Image:
        return self.world.images.upload(self.person, PNG, category="general")

    def path(self, name: ImageName, rendition: Rendition = Rendition.FULL) -> Path:
        if rendition is Rendition.FULL:
            return self.storage.folder / name[:3] / name
        return self.storage.folder / "thumbnails" / name[:3] / name.replace(".png", ".webp")

    def look(self, **how: bool) -> Report:
        return self.doctor.examine(HOST, **{"alone": True, **how})

    def found(self, **how: bool) -> dict[Trouble, int]:
        return {finding.trouble: finding.count for finding in self.look(**how).findings}

    def usage(self) -> int:
        with self.world.database.reading() as work:
            return work.stock.usage(self.person.user_id)


@pytest.fixture
def room(tmp_path: Path) -> Sickroom:
    world = World(storage=FileImageStorage(tmp_path / "images"), keeps_bin=True)
    return Sickroom(world, world.person())


def test_where_all_is_well_nothing_is_found_or_done(room: Sickroom) -> None:
    room.picture()
    room.world.images.delete(room.person, room.picture().image_name)

    report = room.look(repair=True)

    assert (report.ok, report.pictures, list(report.findings)) == (True, 2, [])
    with room.world.database.reading() as work:
        assert work.audit.head().count == 0


def test_a_look_changes_nothing(room: Sickroom) -> None:
    lost, bare, orphan = room.picture(), room.picture(), an_image_name()
    room.path(lost.image_name).unlink()
    room.path(bare.image_name, Rendition.THUMBNAIL).unlink()
    room.storage.put(orphan, Rendition.FULL, b"content")

    first, second = room.look(), room.look()

    assert first == second
    assert not first.ok
    assert {f.trouble: list(f.names) for f in first.findings} == {
        Trouble.LOST: [lost.image_name],
        Trouble.NO_THUMBNAIL: [bare.image_name],
        Trouble.WITHOUT_ROW: [orphan],
    }


def test_a_row_whose_picture_is_gone_is_removed_with_its_thumbnail(room: Sickroom) -> None:
    lost, kept = room.picture(), room.picture()
    room.path(lost.image_name).unlink()

    report = room.look(repair=True)

    assert report.ok
    assert room.world.stored(lost) is None
    assert room.world.stored(kept) == kept
    assert not room.path(lost.image_name, Rendition.THUMBNAIL).exists()
    assert room.look().findings == []
    with room.world.database.reading() as work:
        assert work.audit.head().count == 1


def test_a_lost_picture_in_the_bin_is_found_too(room: Sickroom) -> None:
    lost = room.picture()
    room.world.images.delete(room.person, lost.image_name)
    room.path(lost.image_name).unlink()

    assert room.found(repair=True) == {Trouble.LOST: 1}
    assert room.world.bin.list(room.person).total == 0


def test_a_thumbnail_is_made_anew(room: Sickroom) -> None:
    image = room.picture()
    room.path(image.image_name, Rendition.THUMBNAIL).unlink()

    assert room.look(repair=True).ok

    with room.storage.open(image.image_name, Rendition.THUMBNAIL) as stream:
        assert stream.read(4) == b"RIFF"
    assert room.look().findings == []


def test_a_size_is_corrected_and_with_it_what_its_owner_uses(room: Sickroom) -> None:
    image = room.picture()
    with room.world.database.writing() as work:
        work.images.put(attrs.evolve(image, size_bytes=1))

    assert room.found(repair=True) == {Trouble.WRONG_SIZE: 1}

    assert room.world.stored(image) == image
    assert room.usage() == image.size_bytes


def test_a_damaged_picture_is_named_and_kept(room: Sickroom) -> None:
    image = room.picture()
    path = room.path(image.image_name)
    path.write_bytes(path.read_bytes()[:40])

    report = room.look(repair=True)

    assert not report.ok
    assert [(f.trouble, f.mended) for f in report.findings] == [(Trouble.DAMAGED, 0)]
    assert room.world.stored(image) == image
    assert path.exists()


def test_files_without_a_row_are_set_aside_whole(room: Sickroom) -> None:
    full, small = an_image_name(), an_image_name()
    for rendition in Rendition:
        room.storage.put(full, rendition, b"content")
    room.storage.put(small, Rendition.THUMBNAIL, b"content")

    report = room.look(repair=True)

    assert report.ok
    assert {f.trouble: f.count for f in report.findings} == {Trouble.WITHOUT_ROW: 2}
    assert report.set_aside is not None
    aside = Path(report.set_aside)
    assert {path.name for path in aside.iterdir()} == {
        full,
        full.replace(".png", ".webp"),
        small.replace(".png", ".webp"),
    }
    assert room.look().findings == []


def test_beside_a_server_young_files_are_left_alone(room: Sickroom) -> None:
    orphan = an_image_name()
    room.storage.put(orphan, Rendition.FULL, b"content")

    report = room.look(repair=True, alone=False)

    assert (report.ok, report.too_young, list(report.findings)) == (True, 1, [])
    assert list(room.storage.names()) == [orphan]


def test_a_living_worker_is_company_too(room: Sickroom) -> None:
    room.storage.put(an_image_name(), Rendition.FULL, b"content")
    process = HostProcesses().this()
    with room.world.database.writing() as work:
        a_worker(
            work,
            host=process.host,
            process_id=process.process_id,
            process_started=process.started,
        )

    assert room.look().too_young == 1


def test_files_of_deleted_pictures_are_swept(room: Sickroom) -> None:
    name = an_image_name()
    room.storage.put(name, Rendition.FULL, b"content")
    with room.world.database.writing() as work:
        work.doomed_files.add([name], room.world.clock.now())

    assert room.found() == {Trouble.NOT_REMOVED: 1}
    assert room.look(repair=True).ok
    assert list(room.storage.names()) == []
    assert room.look().findings == []


def test_what_lies_where_older_versions_put_it_is_moved(room: Sickroom) -> None:
    image = room.picture()
    name = image.image_name
    room.path(name).rename(room.storage.folder / name)

    assert room.found() == {Trouble.UNTIDY: 1}
    assert room.look(repair=True).ok
    assert room.path(name).exists()


def test_a_storage_that_is_not_there_costs_no_row(room: Sickroom) -> None:
    images = [room.picture() for _ in range(12)]
    for image in images:
        room.path(image.image_name).unlink()

    with pytest.raises(RuleViolation, match="--force"):
        room.look(repair=True)
    assert all(room.world.stored(image) for image in images)

    assert room.look(repair=True, force=True).ok
    assert not any(room.world.stored(image) for image in images)


def test_only_administrators_are_served(room: Sickroom) -> None:
    with pytest.raises(Forbidden):
        room.doctor.examine(room.person)


def test_a_deletion_during_the_look_is_no_trouble(room: Sickroom) -> None:
    image = room.picture()

    class Deleting(FileImageStorage):
        def sizes(self, image_name: ImageName) -> dict[Rendition, int]:
            if room.world.stored(image):
                room.world.images.delete(room.person, image.image_name)
                room.world.bin.empty(room.person)
            return super().sizes(image_name)

    storage = Deleting(room.storage.folder)
    files = attrs.evolve(room.world.files, storage=storage)

    report = attrs.evolve(room.doctor, files=files).examine(HOST, repair=True)

    assert (report.ok, list(report.findings)) == (True, [])


def test_what_triggers_keep_is_counted_anew_where_somebody_broke_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/invoke.db"
    with open_database(url) as database:
        world = World(
            database=database, storage=FileImageStorage(tmp_path / "images"), keeps_bin=True
        )
        room = Sickroom(world, world.person())
        image = room.picture()
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE user_storage SET size_bytes = 1")
        engine.dispose()

        assert room.found() == {Trouble.MISCOUNTED: 1}
        assert room.look(repair=True).ok
        assert room.usage() == image.size_bytes
        assert room.look().findings == []


def test_memory_is_examined_like_any_other(room: Sickroom) -> None:
    world = World(database=MemoryDatabase())
    doctor = attrs.evolve(
        room.doctor,
        reading=world.database.reading,
        writing=world.database.writing,
        files=world.files,
    )
    image = world.images.upload(world.person(), PNG, category="general")
    world.storage.set_aside(image.image_name)

    assert [f.trouble for f in doctor.examine(HOST).findings] == [Trouble.LOST]
    with pytest.raises(NotFound):
        world.storage.open(image.image_name, Rendition.FULL)
