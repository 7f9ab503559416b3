"""Everything of one account as one archive, for its owner to take along or an administrator to keep."""

import io
import json
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, BinaryIO, cast

import attrs

from invoke_core.domain.audit import AuditAction, Target
from invoke_core.domain.boards import Board, Grant
from invoke_core.domain.identifiers import ImageName, UserId
from invoke_core.domain.images import Image, ImageQuery, ImageScope
from invoke_core.domain.principals import Principal, Via, require_administrator, require_usable
from invoke_core.domain.users import User
from invoke_core.domain.workflows import Workflow
from invoke_core.errors import NotFound
from invoke_core.ports.clock import Clock
from invoke_core.ports.storage import ImageStorage, Rendition
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services._zip_stream import ZipStream

FORMAT = 1  # of the manifest; grows where an older reader would misread it
STRETCH = 200  # images between two looks into the database
_IN_MEMORY = 4 * 1024 * 1024  # bytes of the list of images; more lies in a temporary file
_ACCOUNT = ("user_id", "email", "display_name", "is_admin", "created_at", "last_login_at")


@attrs.frozen
class ExportService:
    """Packs what an account owns: boards with their grants, images, workflows and style presets.

    The archive holds `manifest.json` (the account, its boards, workflows and presets, how many images),
    `workflows/ID.json` for every document as it was given, `images/NAME` for every picture, and
    `images.jsonl`: one line for each picture with its board, its metadata and its workflow.
    """

    reading: Reading
    writing: Writing
    storage: ImageStorage
    clock: Clock

    def export(self, principal: Principal, user_id: UserId) -> Iterator[bytes]:
        """Return the archive, part by part, as the account is while it is packed.

        Pictures and workflows that go meanwhile are left out.

        Raises:
            Forbidden: it is another's, and the principal is no administrator.
            NotFound: the account is unknown.
        """
        require_usable(principal)
        if principal.user_id != user_id:
            require_administrator(principal)
        now = self.clock.now()
        person = Principal(user_id=user_id, is_admin=False, via=Via.INTERNAL)
        everything = ImageQuery(scope=ImageScope.OWN, descending=False)
        with self.reading() as work:
            user = work.users.get(user_id)
            boards = work.boards.owned_by(user_id)
            grants = {board.board_id: work.boards.grants(board.board_id) for board in boards}
            workflows = work.workflows.owned_by(user_id)
            presets = work.style_presets.owned_by(user_id)
            image_names = work.images.names_visible(person, everything).image_names
        with self.writing() as work:
            work.audit.record(
                principal,
                AuditAction.ASSETS_EXPORT,
                Target("user", user_id),
                at=now,
                after={"boards": len(boards), "images": len(image_names)},
            )
        manifest = {
            "format": FORMAT,
            "exported_at": now,
            "account": {name: getattr(user, name) for name in _ACCOUNT},
            "boards": [_board(board, grants[board.board_id]) for board in boards],
            "workflows": [attrs.asdict(workflow) for workflow in workflows],
            "style_presets": [attrs.asdict(preset) for preset in presets],
            "images": len(image_names),
        }
        return self._packed(user, manifest, workflows, image_names, now)

    def _packed(
        self,
        user: User,
        manifest: dict[str, Any],
        workflows: Sequence[Workflow],
        names: Sequence[ImageName],
        now: datetime,
    ) -> Iterator[bytes]:
        archive = ZipStream()
        yield from archive.pack("manifest.json", io.BytesIO(_json(manifest, indent=2)), now)
        for workflow in workflows:
            try:
                with self.reading() as work:
                    document = work.workflows.document(workflow.workflow_id).encode()
            except NotFound:
                continue
            path = f"workflows/{workflow.workflow_id}.json"
            yield from archive.pack(path, io.BytesIO(document), workflow.created_at)
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as lines:
            for place in range(0, len(names), STRETCH):
                with self.reading() as work:
                    found = _described(work, user, names[place : place + STRETCH])
                for image, line in found:
                    try:
                        content = self.storage.open(image.image_name, Rendition.FULL)
                    except NotFound:
                        continue
                    lines.write(line + b"\n")
                    path = f"images/{image.image_name}"
                    yield from archive.pack(path, content, image.created_at)
            lines.seek(0)
            yield from archive.pack("images.jsonl", cast("BinaryIO", lines), now)
        yield archive.end()


def _described(work: Work, user: User, names: Sequence[ImageName]) -> Sequence[tuple[Image, bytes]]:
    """Return those of the images that are still the account's, with what is written about each."""
    found = []
    for image in work.images.find_many(names):
        if image.owner_id == user.user_id:
            said = {
                **attrs.asdict(image),
                "metadata": work.images.metadata(image.image_name),
                "workflow": work.images.workflow(image.image_name),
            }
            found.append((image, _json(said)))
    return found


def _board(board: Board, grants: Sequence[Grant]) -> dict[str, Any]:
    shares = [
        attrs.asdict(grant) | {"permission": grant.permission.name.lower()} for grant in grants
    ]
    return {**attrs.asdict(board), "shares": shares}


def _json(value: Any, *, indent: int | None = None) -> bytes:
    return json.dumps(value, default=_plain, indent=indent, ensure_ascii=False).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Enum):
        return value.value
    raise TypeError(type(value).__name__)
