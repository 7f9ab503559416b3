"""Content that goes from one account to another, for administrators."""

from datetime import datetime
from typing import Annotated

import attrs
import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from invoke_apps.web._call import Call
from invoke_apps.web.guard import SLOW
from invoke_core.domain.identifiers import BoardId, TransferId, UserId
from invoke_core.domain.pages import DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET
from invoke_core.domain.transfers import Transfer, TransferPhase, TransferWish
from invoke_core.services.transfers import TransferPlan


class TransferBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to go to whom; without boards and times everything."""

    from_user_id: UserId
    to_user_id: UserId
    board_ids: Annotated[list[BoardId], msgspec.Meta(max_length=MAX_LIMIT)] | None = None
    since: datetime | None = None
    until: datetime | None = None
    dry_run: bool = False

    def wish(self) -> TransferWish:
        """Return the wish."""
        return TransferWish(
            from_id=self.from_user_id,
            to_id=self.to_user_id,
            board_ids=None if self.board_ids is None else tuple(self.board_ids),
            since=self.since,
            until=self.until,
        )


@attrs.frozen(kw_only=True)
class PlannedBoardView:
    """A board that would move."""

    board_id: str
    board_name: str


@attrs.frozen(kw_only=True)
class PlanView:
    """What would move; nothing did."""

    from_user_id: str
    to_user_id: str
    boards: list[PlannedBoardView]
    images: int
    storage_bytes: int
    workflows: int
    style_presets: int
    dry_run: bool = True

    @classmethod
    def of(cls, plan: TransferPlan) -> "PlanView":
        """Return the plan as it is shown."""
        return cls(
            from_user_id=plan.wish.from_id,
            to_user_id=plan.wish.to_id,
            boards=[
                PlannedBoardView(board_id=board.board_id, board_name=board.name)
                for board in plan.boards
            ],
            images=plan.usage.images,
            storage_bytes=plan.usage.size_bytes,
            workflows=plan.workflows,
            style_presets=plan.style_presets,
        )


@attrs.frozen(kw_only=True)
class TransferView:
    """A transfer, and how many boards and images moved."""

    transfer_id: str
    from_user_id: str
    to_user_id: str
    board_ids: list[str] | None
    since: datetime | None
    until: datetime | None
    undoes: str | None
    status: TransferPhase
    boards: int
    images: int
    workflows: int
    style_presets: int
    started_by: str
    created_at: datetime
    dry_run: bool = False

    @classmethod
    def of(cls, transfer: Transfer) -> "TransferView":
        """Return the transfer as it is shown."""
        return cls(
            transfer_id=transfer.transfer_id,
            from_user_id=transfer.from_id,
            to_user_id=transfer.to_id,
            board_ids=None if transfer.board_ids is None else list(transfer.board_ids),
            since=transfer.since,
            until=transfer.until,
            undoes=transfer.undoes,
            status=transfer.phase,
            boards=transfer.boards,
            images=transfer.images,
            workflows=transfer.workflows,
            style_presets=transfer.style_presets,
            started_by=transfer.started_by,
            created_at=transfer.created_at,
        )


@attrs.frozen(kw_only=True)
class TransferPage:
    """A stretch of the transfers, the newest first."""

    items: list[TransferView]
    offset: int
    limit: int
    total: int


@post("/transfer", sync_to_thread=True, status_code=200, opt=SLOW)
def transfer_assets(
    data: JSONBody[TransferBody], call: NamedDependency[Call]
) -> PlanView | TransferView:
    """Give boards and pictures of one account to another; with `dry_run` only say what would move."""
    wish = data.wish()
    if data.dry_run:
        return PlanView.of(call(lambda app, principal: app.transfers.plan(principal, wish)))
    return TransferView.of(call(lambda app, principal: app.transfers.transfer(principal, wish)))


@get("/transfers", sync_to_thread=True)
def list_transfers(
    call: NamedDependency[Call],
    offset: Annotated[int, QueryParameter(ge=0, le=MAX_OFFSET)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> TransferPage:
    """Return the transfers of the last 90 days, the newest first."""
    page = call(
        lambda app, principal: app.transfers.list(principal, offset=offset, limit=limit)
    ).map(TransferView.of)
    return TransferPage(
        items=list(page.items), offset=page.offset, limit=page.limit, total=page.total
    )


@post("/transfers/{transfer_id:str}/undo", sync_to_thread=True, status_code=200, opt=SLOW)
def undo_transfer(transfer_id: FromPath[TransferId], call: NamedDependency[Call]) -> TransferView:
    """Give back what a transfer moved and its heir still has."""
    return TransferView.of(call(lambda app, principal: app.transfers.undo(principal, transfer_id)))


router = Router(
    path="/api/v1/system/assets",
    route_handlers=[transfer_assets, list_transfers, undo_transfer],
    tags=["administration"],
)
