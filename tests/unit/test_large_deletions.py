"""Accounts that own much are deleted in steps, between which others go on; a crash loses nothing."""

from contextlib import contextmanager

import attrs
import pytest

from invoke_core.domain.audit import AuditAction, AuditQuery
from invoke_core.domain.boards import Permission
from invoke_core.domain.images import ImageCategory
from invoke_core.errors import AccountDisabled, Conflict, NotFound, Unauthenticated
from invoke_core.services import _deleting, users
from invoke_core.services.users import UserChanges
from invoke_core.testing.builders import (
    NOON,
    a_board,
    a_grant,
    a_job,
    a_user,
    an_image,
)
from tests.unit.accounts import HOST, PASSWORD, open_accounts

STEP = 3


class Crash(BaseException):
    """The process is gone."""


@pytest.fixture
def accounts(monkeypatch):
    monkeypatch.setattr(_deleting, "STEP", STEP)
    opened = open_accounts()
    opened.administrator()
    return opened


def filled(accounts, *, pictures=10, binned=0):
    """Return an account with pictures, a board where a guest has one too, and a job; and the names."""
    owner, guest = accounts.person("owner@example.com"), accounts.person("guest@example.com")
    with accounts.database.writing() as work:
        board = a_board(work, owner)
        a_grant(work, board, guest, Permission.WRITE)
        names = [
            an_image(work, owner, board if number % 2 else None, size_bytes=10).image_name
            for number in range(pictures + binned)
        ]
        an_image(work, guest, board, size_bytes=7)
        if binned:
            work.bin.put_in(names[pictures:], deleted_at=NOON, deleted_by=owner.user_id)
        a_job(work, owner)
    return owner, guest, names


def mortal(accounts, unit, when):
    """Return the service in a process that dies in its writing unit of this number."""
    count = 0

    @contextmanager
    def writing():
        nonlocal count
        count += 1
        with accounts.users.writing() as work:
            yield work
            if count == unit and when == "before":
                raise Crash
        if count == unit and when == "after":
            raise Crash

    return attrs.evolve(accounts.users, writing=writing)


def require_gone(accounts, owner, guest, names):
    with accounts.database.reading() as work:
        with pytest.raises(NotFound):
            work.users.get(owner.user_id)
        assert list(work.deletions.list()) == []
        assert work.images.usage().images == 1
        assert work.images.miscounted() == 0
        assert work.images.usage(owner_id=guest.user_id).size_bytes == 7
        (left,) = work.images.owned_by(guest.user_id)
        assert left.board_id is None
        assert work.stock.usages([guest.user_id])[guest.user_id] == 7
        assert set(names) <= set(work.doomed_files.list(100))
        told = work.audit.list(AuditQuery(action=AuditAction.USER_DELETE))
        assert len(told) == 1


def test_pictures_go_step_by_step_and_the_account_at_last(accounts):
    owner, guest, names = filled(accounts)
    left = []

    @contextmanager
    def writing():
        with accounts.users.writing() as work:
            yield work
        with accounts.database.reading() as work:
            left.append(work.images.usage(owner_id=owner.user_id).images)

    attrs.evolve(accounts.users, writing=writing).delete(HOST, owner.user_id)

    assert left == [10, 7, 4, 1, 0]
    require_gone(accounts, owner, guest, names)
    assert sorted(accounts.users.storage.removed) == sorted(names)


def test_few_pictures_go_with_the_account_at_once(accounts):
    owner, guest, names = filled(accounts, pictures=STEP)

    mortal(accounts, 2, "before").delete(HOST, owner.user_id)

    require_gone(accounts, owner, guest, names)


def test_pictures_in_the_bin_are_many_too(accounts):
    owner, guest, names = filled(accounts, pictures=2, binned=7)

    accounts.users.delete(HOST, owner.user_id)

    require_gone(accounts, owner, guest, names)
    assert sorted(accounts.users.storage.removed) == sorted(names)


def test_many_pictures_of_guests_go_back_step_by_step(accounts):
    owner, guest, names = filled(accounts, pictures=4)
    with accounts.database.writing() as work:
        (board,) = work.boards.owned_by(owner.user_id)
        theirs = [an_image(work, guest, board, size_bytes=0).image_name for _ in range(7)]
    left = []

    @contextmanager
    def writing():
        with accounts.users.writing() as work:
            yield work
        with accounts.database.reading() as work:
            left.append((work.images.usage().images, len(work.images.on_board(board.board_id))))

    attrs.evolve(accounts.users, writing=writing).delete(HOST, owner.user_id)

    # Of the owner's four two lay on the board, beside eight of the guest's.
    assert [count for count, _ in left] == [12, 9, 8, 8, 8, 8]
    assert [lie for _, lie in left][-4:] == [8, 5, 2, 0]
    with accounts.database.reading() as work:
        assert {i.board_id for i in work.images.owned_by(guest.user_id)} == {None}
        assert len(work.images.owned_by(guest.user_id)) == len(theirs) + 1
    assert sorted(accounts.users.storage.removed) == sorted(names)


def test_pictures_of_guests_stay_where_an_heir_gets_the_board(accounts):
    owner, guest, _ = filled(accounts, pictures=1)
    with accounts.database.writing() as work:
        (board,) = work.boards.owned_by(owner.user_id)
        for _ in range(7):
            an_image(work, guest, board)
        heir = a_user(work)

    mortal(accounts, 2, "before").delete(HOST, owner.user_id, transfer_to=heir.user_id)

    with accounts.database.reading() as work:
        assert len(work.images.on_board(board.board_id)) == 8


def test_counts_that_say_too_much_keep_no_account(accounts, monkeypatch):
    owner, guest, names = filled(accounts, pictures=2)
    monkeypatch.setattr(users, "_is_large", lambda *_: True)

    accounts.users.delete(HOST, owner.user_id)

    require_gone(accounts, owner, guest, names)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("unit", [1, 2, 3, 4, 5])
def test_a_deletion_that_crashed_goes_on(accounts, unit, when):
    owner, guest, names = filled(accounts)

    with pytest.raises(Crash):
        mortal(accounts, unit, when).delete(HOST, owner.user_id)

    if unit == 1 and when == "before":
        assert accounts.users.resume_deletions() == 0
        with accounts.database.reading() as work:
            assert work.users.get(owner.user_id) == owner
            assert work.images.usage(owner_id=owner.user_id).images == 10
        return
    accounts.users.resume_deletions()
    require_gone(accounts, owner, guest, names)


def test_the_same_call_finishes_a_deletion_too_and_is_told_once(accounts):
    owner, guest, names = filled(accounts)
    with pytest.raises(Crash):
        mortal(accounts, 2, "after").delete(HOST, owner.user_id)

    accounts.users.delete(HOST, owner.user_id)

    require_gone(accounts, owner, guest, names)


@pytest.mark.parametrize("unit", [1, 2, 5])
def test_content_that_is_handed_over_arrives_whole_after_a_crash(accounts, unit):
    owner, guest, names = filled(accounts, pictures=10, binned=5)
    heir = accounts.person("heir@example.com")

    with pytest.raises(Crash):
        mortal(accounts, unit, "after").delete(HOST, owner.user_id, transfer_to=heir.user_id)
    accounts.users.resume_deletions()

    with accounts.database.reading() as work:
        with pytest.raises(NotFound):
            work.users.get(owner.user_id)
        have = [image.image_name for image in work.images.owned_by(heir.user_id)]
        assert sorted(have) == sorted(names[:10])
        assert sorted(work.bin.oldest(100, owner_id=heir.user_id)) == sorted(names[10:])
        (board,) = work.boards.owned_by(heir.user_id)
        assert {i.owner_id for i in work.images.on_board(board.board_id)} == {
            heir.user_id,
            guest.user_id,
        }
        assert work.images.miscounted() == 0
        assert list(work.doomed_files.list(100)) == []


def test_nobody_gets_into_an_account_that_is_being_deleted(accounts):
    owner, _, _ = filled(accounts)
    token = accounts.login("owner@example.com").token
    with pytest.raises(Crash):
        mortal(accounts, 1, "after").delete(HOST, owner.user_id)

    with pytest.raises(Unauthenticated):
        accounts.who(token)
    with pytest.raises(AccountDisabled):
        accounts.login("owner@example.com")
    with pytest.raises(Conflict):
        accounts.users.update(HOST, owner.user_id, UserChanges(is_active=True))


def test_an_administrator_who_is_being_deleted_is_not_recovered(accounts):
    second = accounts.person("second@example.com", is_admin=True)
    with accounts.database.writing() as work:
        for _ in range(STEP + 1):
            an_image(work, second, category=ImageCategory.GENERAL)
    with pytest.raises(Crash):
        mortal(accounts, 1, "after").delete(HOST, second.user_id)

    with pytest.raises(Conflict):
        accounts.users.recover(HOST, second.user_id, PASSWORD + "-New-7")


def test_a_deletion_under_way_keeps_its_heir(accounts):
    owner, guest, _ = filled(accounts)
    heir = accounts.person("heir@example.com")
    with pytest.raises(Crash):
        mortal(accounts, 1, "after").delete(HOST, owner.user_id, transfer_to=heir.user_id)

    for user_id, transfer_to in (
        (owner.user_id, None),  # its content is promised
        (heir.user_id, None),  # to somebody who must stay
        (guest.user_id, owner.user_id),  # whose content would have nowhere to go
    ):
        with pytest.raises(Conflict):
            accounts.users.delete(HOST, user_id, transfer_to=transfer_to)
