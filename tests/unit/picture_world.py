"""A small server's boards and pictures, in memory, and people who use it."""

from datetime import timedelta
from typing import Any

import attrs

from invoke_adapters.memory import MemoryDatabase, MemoryProgressStore
from invoke_adapters.memory.storage import MemoryImageStorage
from invoke_adapters.pillow import PillowImageCodec
from invoke_core.domain.boards import Board, Grant, Permission, Visibility
from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.images import Image
from invoke_core.domain.news import NewsItem
from invoke_core.domain.principals import Principal
from invoke_core.domain.users import User
from invoke_core.ports.hashing import PasswordHasher
from invoke_core.ports.storage import ImageStorage, Rendition
from invoke_core.ports.unit_of_work import Database
from invoke_core.services._image_files import ImageFiles
from invoke_core.services.access import AccessService
from invoke_core.services.bin import BinService
from invoke_core.services.board_links import BoardLinkService
from invoke_core.services.boards import BoardService
from invoke_core.services.downloads import DownloadService
from invoke_core.services.images import ImageService
from invoke_core.services.queue import QueueRules, QueueService
from invoke_core.services.transfers import TransferService
from invoke_core.testing import builders
from invoke_core.testing.fakes import FakeRandomness, FixedClock
from invoke_core.testing.pictures import a_png
from tests.unit.accounts import QuickHasher

PNG = a_png(4, 3, bytes(36))


@attrs.frozen
class World:
    """Everything that boards and pictures need, and shortcuts to arrange them."""

    database: Database = attrs.field(factory=MemoryDatabase)
    storage: ImageStorage = attrs.field(factory=MemoryImageStorage)
    clock: FixedClock = attrs.field(factory=FixedClock)
    randomness: FakeRandomness = attrs.field(factory=FakeRandomness)
    hasher: PasswordHasher = attrs.field(factory=QuickHasher)
    keeps_bin: bool = False
    quota: int | None = None
    directory_open: bool = True

    @property
    def files(self) -> ImageFiles:
        return ImageFiles(self.storage, PillowImageCodec(), self.randomness)

    @property
    def boards(self) -> BoardService:
        return BoardService(
            self.database.reading,
            self.database.writing,
            self.clock,
            self.randomness,
            self.files,
            keeps_bin=self.keeps_bin,
            directory_open=self.directory_open,
        )

    @property
    def images(self) -> ImageService:
        return ImageService(
            self.database.reading,
            self.database.writing,
            self.clock,
            self.files,
            storage_quota=self.quota,
            keeps_bin=self.keeps_bin,
        )

    @property
    def bin(self) -> BinService:
        return BinService(
            self.database.reading,
            self.database.writing,
            self.clock,
            self.files,
            timedelta(days=30),
        )

    @property
    def downloads(self) -> DownloadService:
        return DownloadService(
            self.database.reading,
            self.database.writing,
            self.clock,
            self.randomness,
            self.storage,
        )

    @property
    def board_links(self) -> BoardLinkService:
        return BoardLinkService(
            reading=self.database.reading,
            writing=self.database.writing,
            clock=self.clock,
            randomness=self.randomness,
            hasher=self.hasher,
            storage=self.storage,
        )

    @property
    def transfers(self) -> TransferService:
        return TransferService(
            self.database.reading, self.database.writing, self.clock, self.randomness
        )

    @property
    def queue(self) -> QueueService:
        return QueueService(
            self.database.reading,
            self.database.writing,
            self.clock,
            self.randomness,
            MemoryProgressStore(),
            QueueRules(),
        )

    @property
    def access(self) -> AccessService:
        return AccessService(self.database.reading, self.database.writing, self.clock)

    def linked(self, principal: Principal, board: Board, **changes: Any) -> str:
        """Make a link to the board; return its token."""
        made = self.board_links.create(
            principal, board.board_id, site="http://127.0.0.1/", **changes
        )
        return made.url.rpartition("/")[2]

    def person(self, **changes: object) -> Principal:
        with self.database.writing() as work:
            return builders.a_principal(builders.a_user(work, **changes))

    def administrator(self) -> Principal:
        return self.person(is_admin=True)

    def user(self, principal: Principal) -> User:
        with self.database.reading() as work:
            return work.users.get(principal.user_id)

    def board(
        self, owner: Principal, visibility: Visibility = Visibility.PRIVATE, **changes: object
    ) -> Board:
        user = self.user(owner)
        with self.database.writing() as work:
            return builders.a_board(work, user, visibility=visibility, **changes)

    def grant(self, board: Board, person: Principal, permission: Permission) -> Grant:
        user = self.user(person)
        with self.database.writing() as work:
            return builders.a_grant(work, board, user, permission)

    def revoke(self, board: Board, person: Principal) -> None:
        with self.database.writing() as work:
            work.boards.remove_grant(board.board_id, person.user_id)

    def image(self, owner: Principal, board: Board | None = None, **changes: object) -> Image:
        """Keep a picture with its files, however its owner came to put it there."""
        user, name = self.user(owner), ImageName(f"{self.randomness.identifier()}.png")
        for rendition in Rendition:
            self.storage.put(name, rendition, b"content")
        with self.database.writing() as work:
            return builders.an_image(work, user, board, image_name=name, **changes)

    def stored(self, image: Image) -> Image | None:
        """Return the row as it is now, or None."""
        with self.database.reading() as work:
            return next(iter(work.images.find_many([image.image_name])), None)

    def news(self) -> list[NewsItem]:
        with self.database.reading() as work:
            return list(work.news.since(0))
