from datetime import timedelta

import attrs
import pytest

from invoke_core.domain.identifiers import SYSTEM, ImageName
from invoke_core.domain.queue import JobStatus, QueueCounts
from invoke_core.errors import Forbidden, NotFound, PasswordChangeRequired, RuleViolation
from invoke_core.testing.builders import (
    NOON,
    a_board,
    a_job,
    a_principal,
    a_style_preset,
    a_user,
    a_workflow,
    an_image,
)
from tests.unit.accounts import HOST, open_accounts


@pytest.fixture
def accounts():
    return open_accounts()


@pytest.fixture
def busy(accounts):
    """A person with a board, a guest's picture on it, and a history."""
    user = accounts.person()
    with accounts.database.writing() as work:
        board = a_board(work, user)
        an_image(work, user, board, size_bytes=10)
        an_image(work, user, size_bytes=5)
        an_image(work, a_user(work), board, size_bytes=100)
        a_job(work, user)
        ended = NOON + timedelta(seconds=9)
        a_job(work, user, status=JobStatus.COMPLETED, started_at=NOON, completed_at=ended)
    accounts.login()
    return accounts.users.get(HOST, user.user_id)


def test_an_account_in_numbers(accounts, busy):
    found = accounts.statistics.of_user(a_principal(busy), busy.user_id)

    assert (found.boards, found.images, found.workflows, found.storage_bytes) == (1, 2, 0, 15)
    assert found.jobs == QueueCounts(pending=1, completed=1)
    assert found.gpu_seconds == pytest.approx(9)
    assert (found.last_login_at, found.active_sessions) == (busy.last_login_at, 1)
    accounts.clock.advance(timedelta(hours=24))
    assert accounts.statistics.of_user(HOST, busy.user_id).active_sessions == 0


def test_a_new_account_has_nothing(accounts):
    found = accounts.statistics.of_user(HOST, accounts.person().user_id)

    assert (found.boards, found.images, found.storage_bytes, found.gpu_seconds) == (0, 0, 0, 0)
    assert found.last_login_at is None


def test_numbers_are_ones_own_and_administrators(accounts, busy):
    other = a_principal(accounts.person("other@example.com"))

    with pytest.raises(Forbidden):
        accounts.statistics.of_user(other, busy.user_id)
    with pytest.raises(Forbidden):
        accounts.statistics.of_user(other, "nobody")  # who may not ask learns nothing
    with pytest.raises(NotFound):
        accounts.statistics.of_user(HOST, "nobody")
    with pytest.raises(PasswordChangeRequired):
        accounts.statistics.of_user(attrs.evolve(other, must_change_password=True), other.user_id)
    assert accounts.statistics.of_user(HOST, SYSTEM).boards == 0


def test_a_preview_says_what_a_deletion_touches_and_touches_nothing(accounts, busy):
    before = accounts.statistics.content(HOST, busy.user_id)
    after = accounts.statistics.content(HOST, busy.user_id)

    assert before == after
    (board,) = before.boards
    assert (board.images, board.guests_images) == (2, 1)
    assert (before.images, before.storage_bytes, before.unfinished_jobs) == (2, 15, 1)
    with pytest.raises(Forbidden):
        accounts.statistics.content(a_principal(busy), busy.user_id)
    with pytest.raises(NotFound):
        accounts.statistics.content(HOST, "nobody")


def test_what_a_preview_said_is_what_the_heir_gets(accounts, busy):
    heir = accounts.person("heir@example.com")
    preview = accounts.statistics.content(HOST, busy.user_id)

    accounts.users.delete(HOST, busy.user_id, transfer_to=heir.user_id)

    got = accounts.statistics.content(HOST, heir.user_id)
    assert [b.board.board_id for b in got.boards] == [b.board.board_id for b in preview.boards]
    assert (got.images, got.storage_bytes) == (preview.images, preview.storage_bytes)
    with accounts.database.reading() as work:
        assert not work.doomed_files.list()


@pytest.fixture
def library(accounts, busy):
    """What the busy person has on shelves, and in their client's memory."""
    with accounts.database.writing() as work:
        user = work.users.get(busy.user_id)
        workflow = a_workflow(work, user, is_public=True)
        preset = a_style_preset(work, user, content=b"picture")
        work.workflows.mark_opened(workflow.workflow_id, user.user_id, NOON)
        work.client_state.put(user.user_id, "theme", "dark", NOON)
    return workflow, preset


def test_workflows_and_presets_are_counted(accounts, busy, library):
    assert accounts.statistics.of_user(HOST, busy.user_id).workflows == 1
    content = accounts.statistics.content(HOST, busy.user_id)
    assert (content.workflows, content.style_presets) == (1, 1)


def test_workflows_and_presets_go_with_the_account(accounts, busy, library):
    workflow, preset = library

    accounts.users.delete(HOST, busy.user_id)

    with accounts.database.reading() as work:
        with pytest.raises(NotFound):
            work.workflows.get(workflow.workflow_id)
        with pytest.raises(NotFound):
            work.style_presets.get(preset.preset_id)
        assert work.client_state.find(busy.user_id, "theme") is None


@pytest.mark.parametrize("to_system", [False, True])
def test_the_heir_gets_workflows_and_presets_as_they_are(accounts, busy, library, to_system):
    workflow, preset = library
    heir_id = SYSTEM if to_system else accounts.person("heir@example.com").user_id

    accounts.users.delete(HOST, busy.user_id, transfer_to=heir_id)

    now = accounts.clock.now()
    with accounts.database.reading() as work:
        got = work.workflows.get(workflow.workflow_id)
        assert got == attrs.evolve(workflow, owner_id=heir_id, updated_at=now)
        assert work.workflows.document(workflow.workflow_id) == '{"name": "A"}'
        kept = work.style_presets.get(preset.preset_id)
        assert kept == attrs.evolve(preset, owner_id=heir_id, updated_at=now)
        assert work.style_presets.image(preset.preset_id) == b"picture"


def test_a_deletion_writes_its_files_down_until_they_were_looked_at(accounts, busy):
    accounts.users.delete(HOST, busy.user_id)

    removed = list(accounts.files.removed)
    with accounts.database.reading() as work:
        doomed = list(work.doomed_files.list())
    assert sorted(removed) == doomed
    assert len(doomed) == 2
    assert accounts.sweep.remove_doomed_files() == 2
    assert accounts.sweep.remove_doomed_files() == 0
    assert accounts.files.removed == [*removed, *doomed]


def test_a_crash_before_the_files_go_leaves_none_for_ever(accounts, busy):
    def crash(image_name):
        raise OSError("the power failed")

    remove, accounts.files.remove = accounts.files.remove, crash
    with pytest.raises(OSError):
        accounts.users.delete(HOST, busy.user_id)
    with pytest.raises(OSError):
        accounts.sweep.remove_doomed_files()
    accounts.files.remove = remove

    assert accounts.sweep.remove_doomed_files() == 2
    assert len(accounts.files.removed) == 2


def test_more_files_than_one_stretch_are_swept(accounts):
    names = [ImageName(f"{number:05}.png") for number in range(2500)]
    with accounts.database.writing() as work:
        work.doomed_files.add(names, NOON)

    assert accounts.sweep.remove_doomed_files() == 2500
    assert accounts.files.removed == names


def test_an_administrator_ends_the_sign_ins_of_others(accounts):
    user = accounts.person()
    token = accounts.login().token

    accounts.users.end_sessions(HOST, user.user_id)

    assert accounts.statistics.of_user(HOST, user.user_id).active_sessions == 0
    with pytest.raises(Exception, match="sign in again"):
        accounts.who(token)
    assert accounts.login()
    with pytest.raises(Forbidden):
        accounts.users.end_sessions(a_principal(user), user.user_id)
    with pytest.raises(NotFound):
        accounts.users.end_sessions(HOST, "nobody")
    with pytest.raises(RuleViolation):
        accounts.users.end_sessions(HOST, SYSTEM)


def test_unused_accounts_are_listed(accounts):
    accounts.person("never@example.com")
    accounts.person("once@example.com")
    accounts.clock.advance(timedelta(days=10))
    accounts.login("once@example.com")
    accounts.person("new@example.com")
    accounts.clock.advance(timedelta(days=5))

    def unused(days):
        return [user.email for user in accounts.users.list(HOST, unused_days=days).items]

    assert unused(15) == []
    assert unused(14) == ["never@example.com"]
    assert len(unused(4)) == 3
