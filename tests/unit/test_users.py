import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from invoke_core.domain.boards import Permission, Visibility
from invoke_core.domain.identifiers import SYSTEM, UserId
from invoke_core.domain.news import NewsKind
from invoke_core.domain.passwords import PasswordPolicy
from invoke_core.domain.queue import JobStatus
from invoke_core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    InvokeError,
    LastAdministrator,
    NotFound,
    PasswordChangeRequired,
    RuleViolation,
    Unauthenticated,
    WeakPassword,
)
from invoke_core.services.users import UserChanges
from invoke_core.testing.builders import (
    a_board,
    a_grant,
    a_job,
    a_principal,
    a_running_job,
    a_worker,
    an_image,
)
from tests.unit.accounts import HOST, PASSWORD, open_accounts


@pytest.fixture
def accounts():
    return open_accounts()


def change(accounts, user, **changes):
    return accounts.users.update(HOST, user.user_id, UserChanges(**changes)).user


# Making accounts


def test_an_account_is_made_as_asked(accounts):
    user = accounts.users.create(
        HOST,
        email=" Person@Example.com ",
        password=PASSWORD,
        display_name=" Per Son ",
        is_admin=True,
        must_change_password=True,
    ).user

    assert (user.email, user.display_name) == ("Person@Example.com", "Per Son")
    assert user.is_admin
    assert user.is_active
    assert user.must_change_password
    assert user.password_hash != PASSWORD
    assert accounts.users.get(HOST, user.user_id) == user
    assert accounts.users.get_by_email(HOST, "person@EXAMPLE.com") == user


def test_without_a_display_name_the_address_is_it(accounts):
    assert accounts.person("a@example.com").display_name == "a@example.com"
    assert accounts.person("b@example.com", display_name="").display_name == "b@example.com"
    assert len(accounts.person("c" * 60 + "@" + "d" * 60 + ".com").display_name) == 100


@pytest.mark.parametrize(
    "email", ["PERSON@example.com", "person@EXAMPLE.COM", "ｐerson@example.com"]
)
def test_an_address_that_only_looks_different_is_taken(accounts, email):
    accounts.person("person@example.com")

    with pytest.raises(Conflict):
        accounts.person(email)


def test_a_weak_password_makes_no_account(accounts):
    with pytest.raises(WeakPassword):
        accounts.users.create(HOST, email="a@example.com", password="weak")

    assert accounts.users.list(HOST).total == 0


def test_a_server_that_is_not_strict_warns():
    accounts = open_accounts(policy=PasswordPolicy(strict=False))

    saved = accounts.users.create(HOST, email="a@example.com", password="weak")

    assert len(saved.warnings) == 3
    assert accounts.login("a@example.com", "weak")


def test_only_administrators_manage_accounts(accounts):
    accounts.administrator()
    person = accounts.person()
    principal = a_principal(person)

    for attempt in (
        lambda: accounts.users.list(principal),
        lambda: accounts.users.get(principal, person.user_id),
        lambda: accounts.users.get(principal, "unknown"),
        lambda: accounts.users.get_by_email(principal, person.email),
        lambda: accounts.users.create(principal, email="x@example.com", password=PASSWORD),
        lambda: accounts.users.update(principal, person.user_id, UserChanges(is_admin=True)),
        lambda: accounts.users.delete(principal, person.user_id),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert accounts.users.get(HOST, person.user_id) == person


def test_an_administrator_who_must_change_the_password_manages_nothing(accounts):
    principal = a_principal(accounts.administrator(), must_change_password=True)

    with pytest.raises(PasswordChangeRequired):
        accounts.users.list(principal)


def test_unknown_accounts_are_not_found(accounts):
    for attempt in (
        lambda: accounts.users.get(HOST, "unknown"),
        lambda: accounts.users.get_by_email(HOST, "unknown@example.com"),
        lambda: accounts.users.update(HOST, "unknown", UserChanges(note="x")),
        lambda: accounts.users.delete(HOST, "unknown"),
    ):
        with pytest.raises(NotFound):
            attempt()


# Changing accounts


def test_what_is_not_named_stays(accounts):
    user = accounts.person(display_name="Per Son")

    assert change(accounts, user) == user
    changed = change(accounts, user, note="owes a cake")
    assert changed == attrs.evolve(user, note="owes a cake", updated_at=changed.updated_at)


def test_every_value_can_be_changed(accounts):
    user = accounts.person()

    changed = change(
        accounts,
        user,
        email="new@example.com",
        display_name="New",
        password="Other1234",
        is_admin=True,
        must_change_password=True,
        note="n",
    )

    assert (changed.email, changed.display_name, changed.note) == ("new@example.com", "New", "n")
    assert changed.is_admin
    assert changed.must_change_password
    assert accounts.login("new@example.com", "Other1234")


def test_an_address_cannot_become_that_of_another(accounts):
    accounts.person("taken@example.com")
    user = accounts.person()

    with pytest.raises(Conflict):
        change(accounts, user, email="Taken@example.com")


def test_the_spelling_of_ones_own_address_can_change(accounts):
    user = accounts.person()

    assert change(accounts, user, email="PERSON@example.com").email == "PERSON@example.com"


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "nothing"}, {"display_name": ""}, {"display_name": "x" * 101},
        {"note": "x" * 10_001}, {"password": ""},
    ],
)  # fmt: skip
def test_values_out_of_range_are_refused(accounts, changes):
    user = accounts.person()

    with pytest.raises(Invalid) as caught:
        change(accounts, user, **changes)
    assert caught.value.field == next(iter(changes))


def test_the_internal_account_cannot_be_touched(accounts):
    accounts.administrator()

    assert accounts.users.get(HOST, SYSTEM).user_id == SYSTEM
    for attempt in (
        lambda: accounts.users.update(HOST, SYSTEM, UserChanges(is_active=True)),
        lambda: accounts.users.delete(HOST, SYSTEM),
    ):
        with pytest.raises(RuleViolation):
            attempt()


@pytest.mark.parametrize(
    "changes", [{"password": "Other1234"}, {"is_active": False}, {"is_admin": False}]
)
def test_what_matters_ends_sessions_at_once_and_tells_it(accounts, changes):
    accounts.administrator("other@example.com")
    user = accounts.administrator()
    token = accounts.login(user.email).token
    assert accounts.who(token).user_id == user.user_id

    changed = change(accounts, user, **changes)

    assert changed.epoch == user.epoch + 1
    with pytest.raises(Unauthenticated):
        accounts.who(token)
    ended = [item for item in accounts.news() if item.kind is NewsKind.SESSION_ENDED]
    assert [dict(item.body) for item in ended] == [{"user_id": user.user_id, "session_id": None}]


def test_what_does_not_matter_ends_nothing(accounts):
    user = accounts.person()
    token = accounts.login().token

    change(accounts, user, display_name="New", email="new@example.com", note="n", is_admin=True)

    assert accounts.who(token).is_admin


def test_sessions_from_before_a_deactivation_stay_dead_after_it(accounts):
    user = accounts.person()
    token = accounts.login().token

    change(accounts, user, is_active=False)
    change(accounts, user, is_active=True)

    with pytest.raises(Unauthenticated):
        accounts.who(token)
    assert accounts.login()


def test_a_deactivation_cancels_running_jobs_and_lets_others_wait(accounts):
    user = accounts.person()
    with accounts.database.writing() as work:
        running = a_running_job(work, a_worker(work), user)
        waiting = a_job(work, user)

    change(accounts, user, is_active=False)

    with accounts.database.reading() as work:
        assert work.jobs.get(running.item_id).status is JobStatus.CANCELED
        assert work.jobs.get(waiting.item_id).status is JobStatus.PENDING
        assert work.flows.get(user.user_id).suspended
    told = [dict(n.body) for n in accounts.news() if n.kind is NewsKind.JOB_CHANGED]
    assert {"item_id": running.item_id, "status": "canceled"} in told

    change(accounts, user, is_active=True)

    with accounts.database.reading() as work:
        assert not work.flows.get(user.user_id).suspended


# Deleting accounts


def test_a_deleted_account_leaves_nothing_and_guests_keep_their_pictures(accounts):
    accounts.administrator()
    user, guest = accounts.person(), accounts.person("guest@example.com")
    token = accounts.login().token
    with accounts.database.writing() as work:
        board = a_board(work, user, visibility=Visibility.SHARED)
        a_grant(work, board, guest, Permission.WRITE)
        own = [an_image(work, user, board), an_image(work, user)]
        guests_board = a_board(work, guest)
        a_grant(work, guests_board, user, Permission.WRITE)
        own.append(an_image(work, user, guests_board))
        guests = an_image(work, guest, board)
        a_running_job(work, a_worker(work), user)
        a_job(work, user)

    accounts.users.delete(HOST, user.user_id)

    with accounts.database.reading() as work:
        assert work.users.find_by_email(user.email) is None
        assert work.boards.owned_by(user.user_id) == []
        assert work.images.owned_by(user.user_id) == []
        assert work.jobs.counts(owner_id=user.user_id).total == 0
        assert work.boards.grants(guests_board.board_id) == []
        assert work.images.get(guests.image_name).board_id is None
    assert sorted(accounts.files.removed) == sorted(image.image_name for image in own)
    with pytest.raises(Unauthenticated):
        accounts.who(token)
    with pytest.raises(Unauthenticated):
        accounts.login()
    kinds = {item.kind for item in accounts.news()}
    assert {NewsKind.SESSION_ENDED, NewsKind.BOARD_CHANGED, NewsKind.IMAGE_DELETED} <= kinds


def test_content_that_is_handed_over_is_whole(accounts):
    accounts.administrator()
    user, heir, guest = (accounts.person(f"{name}@example.com") for name in ("a", "heir", "guest"))
    with accounts.database.writing() as work:
        board, guests_board = a_board(work, user), a_board(work, guest)
        a_grant(work, board, heir, Permission.READ)
        a_grant(work, board, guest, Permission.WRITE)
        own = [an_image(work, user, place) for place in (board, guests_board, None)]
        guests = an_image(work, guest, board)
        a_job(work, user)

    accounts.users.delete(HOST, user.user_id, transfer_to=heir.user_id)

    with accounts.database.reading() as work:
        assert work.users.find_by_email(user.email) is None
        assert [kept.board_id for kept in work.boards.owned_by(heir.user_id)] == [board.board_id]
        assert {grant.user_id for grant in work.boards.grants(board.board_id)} == {guest.user_id}
        kept = {image.image_name: image.board_id for image in work.images.owned_by(heir.user_id)}
        assert kept == {image.image_name: image.board_id for image in own}
        assert work.images.get(guests.image_name).board_id == board.board_id
        assert work.jobs.counts(owner_id=user.user_id).total == 0
    assert accounts.files.removed == []


@pytest.mark.parametrize("heir", ["unknown", "itself"])
def test_content_that_cannot_be_handed_over_stays(accounts, heir):
    accounts.administrator()
    user = accounts.person()
    with accounts.database.writing() as work:
        board = a_board(work, user)

    with pytest.raises((NotFound, RuleViolation)):
        transfer_to = user.user_id if heir == "itself" else UserId("unknown")
        accounts.users.delete(HOST, user.user_id, transfer_to=transfer_to)

    with accounts.database.reading() as work:
        assert work.boards.get(board.board_id).owner_id == user.user_id


def test_system_may_get_the_content(accounts):
    accounts.administrator()
    user = accounts.person()
    with accounts.database.writing() as work:
        board = a_board(work, user)

    accounts.users.delete(HOST, user.user_id, transfer_to=SYSTEM)

    with accounts.database.reading() as work:
        assert work.boards.get(board.board_id).owner_id == SYSTEM


def test_files_stay_while_a_row_may_name_them(accounts):
    user = accounts.administrator()
    with accounts.database.writing() as work:
        an_image(work, user)

    with pytest.raises(LastAdministrator):
        accounts.users.delete(HOST, user.user_id)

    assert accounts.files.removed == []


# The last administrator


def test_the_last_administrator_stays_one(accounts):
    admin = accounts.administrator()
    accounts.person()

    for attempt in (
        lambda: change(accounts, admin, is_admin=False),
        lambda: change(accounts, admin, is_active=False),
        lambda: accounts.users.delete(HOST, admin.user_id),
    ):
        with pytest.raises(LastAdministrator):
            attempt()
    assert accounts.users.get(HOST, admin.user_id) == admin


def test_a_deactivated_administrator_does_not_count_as_another(accounts):
    admin, other = accounts.administrator(), accounts.administrator("other@example.com")
    change(accounts, other, is_active=False)

    with pytest.raises(LastAdministrator):
        change(accounts, admin, is_admin=False)
    change(accounts, other, is_admin=False)


class AccountMachine(RuleBasedStateMachine):
    """Whatever is done to accounts, in any order: somebody who can administer is left."""

    @initialize()
    def begin(self):
        self.accounts = open_accounts()
        self.ids = [self.accounts.administrator("0@example.com").user_id]

    def attempt(self, action):
        try:
            return action()
        except InvokeError:
            return None

    @rule(number=st.integers(0, 4), is_admin=st.booleans())
    def make(self, number, is_admin):
        made = self.attempt(
            lambda: self.accounts.person(f"{number}@example.com", is_admin=is_admin)
        )
        if made:
            self.ids.append(made.user_id)

    @rule(
        data=st.data(),
        is_admin=st.none() | st.booleans(),
        is_active=st.none() | st.booleans(),
        password=st.none() | st.just("Other1234"),
    )
    def modify(self, data, is_admin, is_active, password):
        user_id = data.draw(st.sampled_from([*self.ids, SYSTEM]))
        changes = UserChanges(is_admin=is_admin, is_active=is_active, password=password)
        self.attempt(lambda: self.accounts.users.update(HOST, user_id, changes))

    @rule(data=st.data())
    def delete(self, data):
        user_id = data.draw(st.sampled_from([*self.ids, SYSTEM]))
        self.attempt(lambda: self.accounts.users.delete(HOST, user_id))

    @invariant()
    def somebody_can_administer(self):
        if not hasattr(self, "accounts"):
            return
        people = self.accounts.users.list(HOST, limit=None).items
        assert any(user.can_administer for user in people)

    @invariant()
    def addresses_are_unique_and_system_is_as_it_was(self):
        if not hasattr(self, "accounts"):
            return
        people = self.accounts.users.list(HOST, limit=None).items
        assert len({user.email for user in people}) == len(people)
        assert not self.accounts.users.get(HOST, SYSTEM).is_active


TestAccountMachine = AccountMachine.TestCase
TestAccountMachine.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


# Looking people up


def test_the_directory_finds_active_people_by_name_or_whole_address(accounts):
    one = accounts.person("one@example.com", display_name="Ada Example")
    two = accounts.person("two@example.com", display_name="Bob")
    gone = accounts.person("gone@example.com", display_name="Ada Gone")
    change(accounts, gone, is_active=False)
    principal = a_principal(two)

    def found(search):
        return [user.user_id for user in accounts.users.directory(principal, search)]

    assert found("ada") == [one.user_id]
    assert found("one@EXAMPLE.com") == [one.user_id]
    assert found("one@") == []
    assert found("bo") == [two.user_id]
    assert found("system") == []
    with pytest.raises(Invalid):
        found(" a ")


def test_the_directory_shows_at_most_twenty(accounts):
    for number in range(25):
        accounts.person(f"p{number}@example.com", display_name="Twin")

    assert len(accounts.users.directory(HOST, "twin")) == 20


def test_a_closed_directory_is_for_administrators():
    accounts = open_accounts(directory_open=False)
    person = accounts.person()

    with pytest.raises(NotFound):
        accounts.users.directory(a_principal(person), "person")
    assert len(accounts.users.directory(HOST, "person")) == 1


def test_a_generated_password_is_good_for_an_account(accounts):
    password = accounts.users.generate_password(a_principal(accounts.person()))

    assert accounts.users.create(HOST, email="x@example.com", password=password).warnings == ()
