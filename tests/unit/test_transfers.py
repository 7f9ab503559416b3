"""Content goes from one account to another: planned, carried out in steps, resumed, undone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from invoke_adapters.memory import MemoryDatabase
from invoke_adapters.sql import open_database
from invoke_core.domain.audit import AuditAction, AuditQuery
from invoke_core.domain.boards import Permission
from invoke_core.domain.identifiers import SYSTEM, BoardId, TransferId, UserId
from invoke_core.domain.images import ImageQuery
from invoke_core.domain.news import NewsKind
from invoke_core.domain.principals import Principal, host_principal
from invoke_core.domain.transfers import Transfer, TransferPhase, TransferWish
from invoke_core.errors import Conflict, Forbidden, Invalid, NotFound, RuleViolation
from invoke_core.ports.unit_of_work import Database
from invoke_core.services import transfers as module
from invoke_core.services.transfers import TransferService
from invoke_core.testing.builders import a_style_preset, a_workflow
from invoke_core.testing.fakes import FakeRandomness
from tests.unit.accounts import open_accounts
from tests.unit.picture_world import World

HOST = host_principal("operator")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["memory", "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "memory":
        yield World(database=MemoryDatabase())
        return
    with open_database(f"sqlite:///{tmp_path}/invoke.db") as database:
        yield World(database=database)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEP", 2)


def service(world: World, writing: Any = None) -> TransferService:
    return TransferService(
        world.database.reading, writing or world.database.writing, world.clock, world.randomness
    )


def wish(giver: Principal, heir: Principal, **changes: Any) -> TransferWish:
    return TransferWish(from_id=giver.user_id, to_id=heir.user_id, **changes)


def owned(world: World, who: Principal) -> tuple[list[str], list[str]]:
    """Return the boards and images of an account, sorted."""
    with world.database.reading() as work:
        boards = [board.board_id for board in work.boards.owned_by(who.user_id)]
        images = [image.image_name for image in work.images.owned_by(who.user_id)]
    return sorted(boards), sorted(images)


def in_full(world: World) -> object:
    with world.database.reading() as work:
        users = [SYSTEM, *(user.user_id for user in work.users.list(limit=None).items)]
        boards = [board for user in users for board in work.boards.owned_by(user)]
        return (
            [attrs.evolve(board, updated_at=NOON) for board in boards],
            [list(work.boards.grants(board.board_id)) for board in boards],
            [image for user in users for image in work.images.owned_by(user)],
        )


def filled(world: World) -> tuple[Principal, Principal, Principal, Any, list[Any]]:
    giver, heir, guest = world.person(), world.person(), world.person()
    board = world.board(giver)
    world.grant(board, heir, Permission.WRITE)
    world.grant(board, guest, Permission.WRITE)
    images = [world.image(giver, board if n % 2 else None) for n in range(5)]
    world.image(guest, board)
    world.image(heir)
    return giver, heir, guest, board, images


def test_everything_goes_but_what_is_others(world: World) -> None:
    giver, heir, guest, board, images = filled(world)
    before = owned(world, heir)[1]

    done = service(world).transfer(HOST, wish(giver, heir))

    assert (done.phase, done.boards, done.images) == (TransferPhase.DONE, 1, 5)
    assert owned(world, giver) == ([], [])
    names = sorted([*before, *(image.image_name for image in images)])
    assert owned(world, heir) == ([board.board_id], names)
    assert len(owned(world, guest)[1]) == 1
    for image in images:
        after = world.stored(image)
        assert after == attrs.evolve(image, owner_id=heir.user_id)
    with world.database.reading() as work:
        assert [g.user_id for g in work.boards.grants(board.board_id)] == [guest.user_id]


def test_a_dry_run_tells_and_changes_nothing(world: World) -> None:
    giver, heir, _, board, images = filled(world)
    before = in_full(world)

    plan = service(world).plan(HOST, wish(giver, heir))

    assert [planned.board_id for planned in plan.boards] == [board.board_id]
    assert plan.usage.images == 5
    assert plan.usage.size_bytes == sum(image.size_bytes for image in images)
    assert in_full(world) == before
    assert world.news() == []


def test_only_named_boards_go_with_what_lies_on_them(world: World) -> None:
    giver, heir = world.person(), world.person()
    board, other = world.board(giver), world.board(giver)
    image = world.image(giver, board)
    kept = [world.image(giver, other), world.image(giver)]

    done = service(world).transfer(HOST, wish(giver, heir, board_ids=(board.board_id,)))

    assert (done.boards, done.images) == (1, 1)
    assert owned(world, heir) == ([board.board_id], [image.image_name])
    assert owned(world, giver) == ([other.board_id], sorted(i.image_name for i in kept))


def test_only_what_was_made_within_the_time_goes(world: World) -> None:
    giver, heir = world.person(), world.person()
    hour = timedelta(hours=1)
    for made in (NOON - hour, NOON, NOON + hour):
        world.board(giver, created_at=made)
        world.image(giver, created_at=made)

    done = service(world).transfer(HOST, wish(giver, heir, since=NOON, until=NOON + hour))

    assert (done.boards, done.images) == (1, 1)
    with world.database.reading() as work:
        assert {i.created_at for i in work.images.owned_by(heir.user_id)} == {NOON}
        assert {b.created_at for b in work.boards.owned_by(heir.user_id)} == {NOON}


def test_legacy_content_goes_from_system_to_a_person_and_back(world: World) -> None:
    person = world.person()
    system = attrs.evolve(person, user_id=SYSTEM)
    board = world.board(system)
    image = world.image(system, board)

    done = service(world).transfer(HOST, wish(system, person))
    assert owned(world, person) == ([board.board_id], [image.image_name])
    service(world).undo(HOST, done.transfer_id)

    assert owned(world, person) == ([], [])
    assert owned(world, system) == ([board.board_id], [image.image_name])


def test_workflows_and_presets_go_along_unless_boards_are_named(world: World) -> None:
    giver, heir = world.person(), world.person()
    board, user = world.board(giver), world.user(giver)
    hour = timedelta(hours=1)
    with world.database.writing() as work:
        old = a_workflow(work, user, created_at=NOON - hour)
        workflow, preset = a_workflow(work, user), a_style_preset(work, user)
        a_workflow(work, world.user(heir))

    by_board = service(world).transfer(HOST, wish(giver, heir, board_ids=(board.board_id,)))
    plan = service(world).plan(HOST, wish(giver, heir, since=NOON))
    done = service(world).transfer(HOST, wish(giver, heir, since=NOON))
    with world.database.reading() as work:
        moved = work.workflows.get(workflow.workflow_id), work.style_presets.get(preset.preset_id)
        kept = work.workflows.owned_by(giver.user_id)
    undone = service(world).undo(HOST, done.transfer_id)

    assert (by_board.workflows, by_board.style_presets) == (0, 0)
    assert (plan.workflows, plan.style_presets) == (done.workflows, done.style_presets) == (1, 1)
    assert moved == tuple(attrs.evolve(each, owner_id=heir.user_id) for each in (workflow, preset))
    assert list(kept) == [old]
    assert (undone.workflows, undone.style_presets) == (1, 1)
    with world.database.reading() as work:
        assert list(work.workflows.owned_by(giver.user_id)) == [old, workflow]
        assert list(work.style_presets.owned_by(giver.user_id)) == [preset]
        assert len(work.workflows.owned_by(heir.user_id)) == 1


def test_an_undone_transfer_leaves_everything_as_it_was(world: World) -> None:
    giver, heir, *_ = filled(world)
    before = in_full(world)
    done = service(world).transfer(HOST, wish(giver, heir))

    undone = service(world).undo(HOST, done.transfer_id)

    assert (undone.boards, undone.images, undone.undoes) == (1, 5, done.transfer_id)
    after = in_full(world)
    assert after[0] == before[0]  # type: ignore[index]
    assert after[2] == before[2]  # type: ignore[index]
    held = {g.user_id: g.permission for g in after[1][0]}  # type: ignore[index]
    assert held == {g.user_id: g.permission for g in before[1][0]}  # type: ignore[index]
    with pytest.raises(Conflict):
        service(world).undo(HOST, done.transfer_id)


def test_what_the_heir_gave_away_or_made_stays_where_it_is(world: World) -> None:
    giver, heir, third = world.person(), world.person(), world.person()
    board, given_on = world.board(giver), world.board(giver)
    image, deleted = world.image(giver), world.image(giver)
    done = service(world).transfer(HOST, wish(giver, heir))
    world.boards.transfer(heir, given_on.board_id, third.user_id)
    world.images.delete(heir, deleted.image_name)
    new = world.image(heir)

    undone = service(world).undo(HOST, done.transfer_id)

    assert (undone.boards, undone.images) == (1, 1)
    assert owned(world, giver) == ([board.board_id], [image.image_name])
    assert owned(world, third) == ([given_on.board_id], [])
    assert owned(world, heir) == ([], [new.image_name])


class Cut(Exception):
    """The process ends here."""


def cut_after(database: Database, units: int) -> Any:
    """Return a writing that lets so many units through, and then the process is gone."""
    left = [units]

    def writing() -> Any:
        if not left[0]:
            raise Cut
        left[0] -= 1
        return database.writing()

    return writing


@pytest.mark.parametrize("units", range(1, 8))
@pytest.mark.usefixtures("small_steps")
def test_a_transfer_that_is_cut_is_true_for_all_or_for_nobody_and_goes_on(
    world: World, units: int
) -> None:
    giver, heir, _, board, images = filled(world)
    before, hers = owned(world, giver), owned(world, heir)[1]
    whole = ([board.board_id], sorted([*hers, *(image.image_name for image in images)]))

    cut = service(world, cut_after(world.database, units))
    try:
        cut.transfer(HOST, wish(giver, heir))
        assert units >= 6
    except Cut:
        pass

    seen = owned(world, giver), owned(world, heir)
    assert seen in ((before, ([], hers)), (([], []), whole))
    names = set(world.images.names(heir, ImageQuery()).image_names)
    assert names == set(seen[1][1])
    later = world.image(giver)
    service(world).resume()
    assert owned(world, heir) == whole or later.image_name in owned(world, heir)[1]
    assert set(whole[1]) <= set(owned(world, heir)[1])
    with world.database.reading() as work:
        assert work.transfers.unfinished() is None
    assert service(world).resume() == 0


@pytest.mark.usefixtures("small_steps")
def test_readers_see_one_owner_at_every_moment(world: World) -> None:
    """Between any two steps each image is the giver's or the heir's, and all change at once."""
    giver, heir, _, _, images = filled(world)
    names = {image.image_name for image in images}
    seen: list[bool] = []

    def writing() -> Any:
        with world.database.reading() as work:
            mine = {i.image_name for i in work.images.owned_by(giver.user_id)}
            theirs = {i.image_name for i in work.images.owned_by(heir.user_id)} & names
            owners = {image.owner_id for image in work.images.find_many(sorted(names))}
        assert mine | theirs == names
        assert not mine or not theirs
        assert owners == {heir.user_id if theirs else giver.user_id}
        seen.append(bool(theirs))
        return world.database.writing()

    service(world, writing).transfer(HOST, wish(giver, heir))

    assert seen == sorted(seen)
    assert len(seen) >= 6


@pytest.mark.usefixtures("small_steps")
def test_an_account_can_be_deleted_while_its_content_is_still_being_rewritten(
    world: World,
) -> None:
    giver, heir, _, board, _ = filled(world)
    with pytest.raises(Cut):
        service(world, cut_after(world.database, 4)).transfer(HOST, wish(giver, heir))
    assert owned(world, heir)[0] == [board.board_id]

    open_accounts(world.database).users.delete(HOST, giver.user_id)

    assert owned(world, heir)[0] == [board.board_id]
    assert len(owned(world, heir)[1]) == 6


@pytest.mark.usefixtures("small_steps")
def test_a_transfer_to_an_account_that_is_gone_by_then_moves_nothing(world: World) -> None:
    giver, heir, _, board, _ = filled(world)
    with pytest.raises(Cut):
        service(world, cut_after(world.database, 1)).transfer(HOST, wish(giver, heir))
    with world.database.writing() as work:
        work.images.remove([i.image_name for i in work.images.owned_by(heir.user_id)])
        work.users.remove(heir.user_id)

    service(world).resume()

    assert owned(world, giver)[0] == [board.board_id]
    assert service(world).list(HOST).items[0].images == 0


def test_one_transfer_is_under_way_at_a_time(world: World) -> None:
    giver, heir, *_ = filled(world)
    other = TransferService(
        world.database.reading, world.database.writing, world.clock, FakeRandomness(8)
    )
    begun: list[Transfer] = []

    def writing() -> Any:
        if not begun:  # somebody else is faster, between the look and the first step
            begun.append(attrs.evolve(other_transfer, started_by=giver.user_id))
            with world.database.writing() as work:
                work.transfers.add(begun[0])
        return world.database.writing()

    other_transfer = Transfer(
        transfer_id=TransferId("other"),
        from_id=giver.user_id,
        to_id=heir.user_id,
        started_by=giver.user_id,
        created_at=NOON,
    )

    with pytest.raises(Conflict):
        service(world, writing).transfer(HOST, wish(giver, heir))

    assert other.resume() == 1


def test_wishes_that_make_no_sense_are_refused(world: World) -> None:
    giver, heir, *_ = filled(world)
    gone = world.person(is_active=False)
    theirs = world.board(heir)
    nobody = attrs.evolve(heir, user_id=UserId("nobody"))
    refusals = [
        (RuleViolation, wish(giver, giver)),
        (RuleViolation, wish(giver, gone)),
        (RuleViolation, wish(giver, heir, board_ids=(theirs.board_id,))),
        (NotFound, wish(giver, heir, board_ids=(BoardId("none"),))),
        (NotFound, wish(giver, nobody)),
        (NotFound, wish(nobody, heir)),
        (Invalid, wish(giver, heir, since=NOON, until=NOON)),
        (Invalid, wish(giver, heir, since=NOON.replace(tzinfo=None))),
    ]
    before = in_full(world)

    for error, refused in refusals:
        with pytest.raises(error):
            service(world).transfer(HOST, refused)
        with pytest.raises(error):
            service(world).plan(HOST, refused)

    assert in_full(world) == before
    with pytest.raises(NotFound):
        service(world).undo(HOST, TransferId("none"))


def test_only_administrators_transfer(world: World) -> None:
    giver, heir, *_ = filled(world)
    uses = [
        lambda: service(world).plan(giver, wish(giver, heir)),
        lambda: service(world).transfer(giver, wish(giver, heir)),
        lambda: service(world).list(giver),
        lambda: service(world).undo(giver, TransferId("none")),
    ]

    for use in uses:
        with pytest.raises(Forbidden):
            use()


def test_it_is_written_down_and_told(world: World) -> None:
    giver, heir, _, board, _ = filled(world)

    done = service(world).transfer(HOST, wish(giver, heir))
    told = {(item.kind, item.audience.id) for item in world.news()}
    service(world).undo(HOST, done.transfer_id)

    assert (NewsKind.BOARD_CHANGED, board.board_id) in told
    assert {(NewsKind.CONTENT_MOVED, who.user_id) for who in (giver, heir)} <= told
    with world.database.reading() as work:
        entries = work.audit.list(AuditQuery(action="assets"))
    assert [(entry.action, entry.target.id) for entry in entries] == [
        (AuditAction.ASSETS_UNDO, heir.user_id),
        (AuditAction.ASSETS_TRANSFER, giver.user_id),
    ]


def test_old_transfers_are_forgotten(world: World) -> None:
    giver, heir, *_ = filled(world)
    service(world).transfer(HOST, wish(giver, heir))
    world.clock.advance(timedelta(days=90))
    assert service(world).forget_old() == 0

    world.clock.advance(1)

    assert service(world).forget_old() == 6
    assert service(world).list(HOST).total == 0
    assert len(owned(world, heir)[1]) == 6
