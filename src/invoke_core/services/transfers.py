"""Content of one account goes to another: told before, done for every reader at once, and undone."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from invoke_core.domain.audit import AuditAction, Target
from invoke_core.domain.boards import Board, Grant, Permission
from invoke_core.domain.identifiers import SYSTEM, BoardId, TransferId
from invoke_core.domain.news import Audience, NewsKind
from invoke_core.domain.pages import Page
from invoke_core.domain.principals import Principal, require_administrator
from invoke_core.domain.statistics import ImageUsage
from invoke_core.domain.style_presets import StylePreset
from invoke_core.domain.transfers import (
    ItemKind,
    MovedItem,
    Transfer,
    TransferPhase,
    TransferWish,
    includes,
    includes_shelved,
    require_sensible,
)
from invoke_core.domain.workflows import Workflow
from invoke_core.errors import Conflict, NotFound, RuleViolation
from invoke_core.ports.clock import Clock
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services._image_news import tell_of_board, tell_people_of_board

STEP = 250  # images between two transactions: others wait for one
TOLD = 250  # boards that are named in news; of more, everybody reads everything again
KEPT = timedelta(days=90)  # how long a transfer can be undone


@attrs.frozen(kw_only=True)
class TransferPlan:
    """What a wish would move, were it carried out now."""

    wish: TransferWish
    boards: Sequence[Board]  # ordered by id
    usage: ImageUsage  # the images
    workflows: int
    style_presets: int


@attrs.frozen
class TransferService:
    """Gives boards, images, workflows and style presets of one account to another.

    Images are many, and their rows follow in steps. Of the rest there are few: they move in `_give`, the
    one transaction that makes a transfer true for every reader.
    """

    reading: Reading
    writing: Writing
    clock: Clock
    randomness: Randomness

    def plan(self, principal: Principal, wish: TransferWish) -> TransferPlan:
        """Return what a wish would move; nothing changes. Raises as `transfer` does."""
        require_administrator(principal)
        with self.reading() as work:
            _require_possible(work, wish)
            return TransferPlan(
                wish=wish,
                boards=[b for b in work.boards.owned_by(wish.from_id) if includes(wish, b)],
                usage=work.transfers.usage(wish),
                workflows=len(_wished_workflows(work, wish)),
                style_presets=len(_wished_presets(work, wish)),
            )

    def transfer(self, principal: Principal, wish: TransferWish) -> Transfer:
        """Carry a wish out; return the transfer when every row is rewritten.

        Pictures stay on the boards where they lie, and those of other people on the boards stay theirs.
        From the first transaction on it will happen whole: after a crash `resume` goes on.

        Raises:
            Forbidden: the principal is no administrator.
            NotFound: an account or a board is unknown.
            RuleViolation: both accounts are one, the heir is deactivated, or a board is not theirs.
            Invalid: a time has no zone, or nothing is between the times.
            Conflict: another transfer is still under way.
        """
        require_administrator(principal)
        with self.reading() as work:
            _require_possible(work, wish)
        started = Transfer(
            transfer_id=TransferId(self.randomness.identifier()),
            from_id=wish.from_id,
            to_id=wish.to_id,
            board_ids=wish.board_ids,
            since=wish.since,
            until=wish.until,
            started_by=principal.user_id,
            created_at=self.clock.now(),
        )
        return self._carry_out(principal, started, AuditAction.ASSETS_TRANSFER)

    def undo(self, principal: Principal, transfer_id: TransferId) -> Transfer:
        """Give back what a transfer moved and its heir still has; return the transfer that did.

        Raises:
            Forbidden: the principal is no administrator.
            NotFound: the transfer is unknown, or the account that would get it back is gone.
            Conflict: it was undone already, or another one is still under way.
        """
        require_administrator(principal)
        self.resume()
        with self.reading() as work:
            before = work.transfers.get(transfer_id)
            if work.transfers.undone_by(transfer_id) is not None:
                raise Conflict("This transfer was undone already.")
            work.users.get(before.from_id)
            work.users.get(before.to_id)
        started = Transfer(
            transfer_id=TransferId(self.randomness.identifier()),
            from_id=before.to_id,
            to_id=before.from_id,
            undoes=transfer_id,
            started_by=principal.user_id,
            created_at=self.clock.now(),
        )
        return self._carry_out(principal, started, AuditAction.ASSETS_UNDO)

    def list(
        self, principal: Principal, *, offset: int = 0, limit: int | None = 50
    ) -> Page[Transfer]:
        """Return transfers that can still be undone or undo another, the newest first.

        Raises:
            Forbidden: the principal is no administrator.
        """
        require_administrator(principal)
        with self.reading() as work:
            return work.transfers.list(offset=offset, limit=limit)

    def resume(self) -> int:
        """Finish a transfer that a crash interrupted, if there is one; return how many there were."""
        with self.reading() as work:
            unfinished = work.transfers.unfinished()
        if unfinished is None:
            return 0
        self._finish(unfinished)
        return 1

    def forget_old(self) -> int:
        """Forget transfers that nobody will undo any more; return how many rows went."""
        gone = 0
        while True:
            with self.writing() as work:
                step = work.transfers.forget(self.clock.now() - KEPT, limit=STEP)
            gone += step
            if not step:
                return gone

    def _carry_out(self, principal: Principal, started: Transfer, action: AuditAction) -> Transfer:
        self.resume()
        with self.writing() as work:
            if work.transfers.unfinished() is not None:
                raise Conflict("Another transfer is still under way: try again in a moment.")
            if started.undoes and work.transfers.undone_by(started.undoes) is not None:
                raise Conflict("This transfer was undone already.")
            work.transfers.add(started)
            told = {
                "transfer_id": started.transfer_id,
                "to_id": started.to_id,
                "board_ids": started.board_ids,
                "since": started.since,
                "until": started.until,
                "undoes": started.undoes,
            }
            work.audit.record(
                principal,
                action,
                Target("user", started.from_id),
                at=started.created_at,
                after={name: value for name, value in told.items() if value is not None},
            )
            # What fits into one step is done in this transaction; of more, the first step is.
            transfer = self._step(work, started)
            if transfer.phase is TransferPhase.MOVING:
                transfer = self._step(work, transfer)
        return self._finish(transfer)

    def _finish(self, transfer: Transfer) -> Transfer:
        """Take step after step, whoever else does too, until the transfer is done; return it then."""
        while transfer.phase is not TransferPhase.DONE:
            with self.writing() as work:
                transfer = self._step(work, work.transfers.get(transfer.transfer_id))
        return transfer

    def _step(self, work: Work, transfer: Transfer) -> Transfer:
        """Take the next step, in a unit of its own; return how far the transfer has come."""
        if transfer.phase is TransferPhase.COLLECTING:
            places = work.transfers.collect(transfer, limit=STEP)
            if places:
                transfer = transfer.collected_to(places[-1])
            if len(places) < STEP:
                transfer = self._give(work, transfer)
        elif transfer.phase is TransferPhase.MOVING:
            names = work.transfers.move(transfer, limit=STEP)
            if names:
                transfer = attrs.evolve(transfer, moved_name=names[-1])
            if len(names) < STEP:
                transfer = attrs.evolve(transfer, phase=TransferPhase.DONE)
        work.transfers.put(transfer)
        return transfer

    def _give(self, work: Work, transfer: Transfer) -> Transfer:
        """Make the transfer true for every reader; return it, now moving."""
        now = self.clock.now()
        for user_id in (transfer.from_id, transfer.to_id):
            try:
                work.users.get(user_id)
            except (
                NotFound
            ):  # deleted since it began: nothing is left to give, or nobody to take it
                return attrs.evolve(transfer, phase=TransferPhase.DONE)
        images = work.transfers.count(transfer.transfer_id)
        boards = (
            _undone_boards(work, transfer) if transfer.undoes else _wished_boards(work, transfer)
        )
        for board, back in boards:
            _give_board(work, transfer, board, back, now)
        workflows, presets = _workflows(work, transfer), _presets(work, transfer)
        for workflow in workflows:
            work.workflows.put(attrs.evolve(workflow, owner_id=transfer.to_id))
            _write_down(work, transfer, ItemKind.WORKFLOW, workflow.workflow_id)
        for preset in presets:
            work.style_presets.put(attrs.evolve(preset, owner_id=transfer.to_id))
            _write_down(work, transfer, ItemKind.STYLE_PRESET, preset.preset_id)
        _tell(work, transfer, now)
        return attrs.evolve(
            transfer,
            phase=TransferPhase.MOVING,
            boards=len(boards),
            images=images,
            workflows=len(workflows),
            style_presets=len(presets),
        )


def _require_possible(work: Work, wish: TransferWish) -> None:
    work.users.get(wish.from_id)
    require_sensible(wish, work.users.get(wish.to_id))
    for board_id in wish.board_ids or ():
        if work.boards.get(board_id).owner_id != wish.from_id:
            raise RuleViolation(f"The board {board_id} does not belong to this account.")


def _wished_boards(work: Work, transfer: Transfer) -> Sequence[tuple[Board, Grant | None]]:
    owned = work.boards.owned_by(transfer.from_id)
    return [(board, None) for board in owned if includes(transfer.wish, board)]


def _undone_boards(work: Work, transfer: Transfer) -> Sequence[tuple[Board, Grant | None]]:
    """Return the boards that the other transfer moved, with the grant that its heir gets back."""
    found: list[tuple[Board, Grant | None]] = []
    owned = {board.board_id: board for board in work.boards.owned_by(transfer.from_id)}
    for moved in _moved(work, transfer, ItemKind.BOARD):
        board = owned.get(BoardId(moved.item_id))
        if board is None:  # deleted, or given on
            continue
        grant = None
        if moved.heir_permission is not None:
            grant = Grant(
                board_id=board.board_id,
                user_id=transfer.from_id,
                permission=moved.heir_permission,
                granted_by=transfer.started_by,
                created_at=transfer.created_at,
            )
        found.append((board, grant))
    return found


def _moved(work: Work, transfer: Transfer, kind: ItemKind) -> Sequence[MovedItem]:
    """Return what the transfer that this one undoes gave away, of one kind."""
    every = work.transfers.items(transfer.undoes or TransferId(""))
    return [item for item in every if item.kind is kind]


def _wished_workflows(work: Work, wish: TransferWish) -> Sequence[Workflow]:
    owned = work.workflows.owned_by(wish.from_id)
    return [each for each in owned if includes_shelved(wish, each.created_at)]


def _wished_presets(work: Work, wish: TransferWish) -> Sequence[StylePreset]:
    owned = work.style_presets.owned_by(wish.from_id)
    return [each for each in owned if includes_shelved(wish, each.created_at)]


def _workflows(work: Work, transfer: Transfer) -> Sequence[Workflow]:
    wished = _wished_workflows(work, transfer.wish)
    if not transfer.undoes:
        return wished
    moved = {item.item_id for item in _moved(work, transfer, ItemKind.WORKFLOW)}
    return [workflow for workflow in wished if workflow.workflow_id in moved]


def _presets(work: Work, transfer: Transfer) -> Sequence[StylePreset]:
    wished = _wished_presets(work, transfer.wish)
    if not transfer.undoes:
        return wished
    moved = {item.item_id for item in _moved(work, transfer, ItemKind.STYLE_PRESET)}
    return [preset for preset in wished if preset.preset_id in moved]


def _write_down(
    work: Work,
    transfer: Transfer,
    kind: ItemKind,
    item_id: str,
    heir_permission: Permission | None = None,
) -> None:
    item = MovedItem(kind=kind, item_id=item_id, heir_permission=heir_permission)
    work.transfers.add_item(transfer.transfer_id, item)


def _tell(work: Work, transfer: Transfer, now: datetime) -> None:
    """Tell both accounts to read everything again, and whoever sees the images that they changed."""
    boards = work.transfers.touched_boards(transfer.transfer_id)
    if len(boards) > TOLD:
        work.news.tell(NewsKind.CONTENT_MOVED, Audience.everybody(), {}, now)
        return
    for board_id in boards:
        tell_of_board(work, board_id, now)
    for user_id in (transfer.from_id, transfer.to_id):
        work.news.tell(NewsKind.CONTENT_MOVED, Audience.of_user(user_id), {}, now)


def _give_board(
    work: Work, transfer: Transfer, board: Board, back: Grant | None, now: datetime
) -> None:
    """Give a board to the heir, whose grant on it goes: the owner may do everything."""
    grants = work.boards.grants(board.board_id)
    held = next((grant for grant in grants if grant.user_id == transfer.to_id), None)
    if held is not None:
        work.boards.remove_grant(board.board_id, transfer.to_id)
    permission = None if held is None else held.permission
    _write_down(work, transfer, ItemKind.BOARD, board.board_id, permission)
    work.boards.put(attrs.evolve(board, owner_id=transfer.to_id, updated_at=now))
    if back is not None:
        work.boards.put_grant(back)
    tell_of_board(work, board.board_id, now)
    if transfer.from_id != SYSTEM:
        tell_people_of_board(work, board.board_id, [transfer.from_id], now)
