"""What every store of accounts does."""

from datetime import timedelta

import attrs
import pytest

from invoke_core.domain.fairness import Flow
from invoke_core.domain.identifiers import SYSTEM, UserId
from invoke_core.domain.users import SYSTEM_USER, User, UserPosition
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import (
    NOON,
    a_board,
    a_grant,
    a_job,
    a_session,
    a_user,
    an_administrator,
    an_image,
)

UNKNOWN = UserId("nobody")


class UserRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_an_account_comes_back_whole(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(
                work,
                email="Ärger@Example.com",
                display_name="Ä Ö 中文 🙂",
                password_hash="$2b$12$hash",  # noqa: S106
                is_admin=True,
                must_change_password=True,
                second_factor=True,
                epoch=3,
                note="a note",
                created_at=NOON + timedelta(microseconds=1),
                updated_at=NOON + timedelta(days=1),
                last_login_at=NOON + timedelta(hours=1, microseconds=999_999),
                password_changed_at=NOON + timedelta(hours=2),
            )

        with database.reading() as work:
            assert work.users.get(user.user_id) == user

    def test_an_inactive_account_without_a_sign_in_comes_back_whole(
        self, database: Database
    ) -> None:
        with database.writing() as work:
            user = a_user(work, is_active=False)

        with database.reading() as work:
            assert work.users.get(user.user_id) == user

    def test_an_unknown_account_is_not_found(self, database: Database) -> None:
        with database.reading() as work, pytest.raises(NotFound):
            work.users.get(UNKNOWN)

    def test_the_internal_account_is_always_there(self, database: Database) -> None:
        with database.reading() as work:
            assert work.users.get(SYSTEM) == SYSTEM_USER

    def test_the_internal_account_stays(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(Conflict):
            work.users.remove(SYSTEM)

        with database.reading() as work:
            work.users.get(SYSTEM)

    def test_an_account_is_found_by_its_address(self, database: Database) -> None:
        with database.writing() as work:
            a_user(work)
            user = a_user(work, email="Ada@Example.com")

            assert work.users.find_by_email("Ada@Example.com") == user

    @pytest.mark.parametrize("spelling", ["ada@example.com", "ADA@EXAMPLE.COM", "ａda@example.com"])
    def test_an_account_is_found_by_another_spelling_of_its_address(
        self, database: Database, spelling: str
    ) -> None:
        with database.writing() as work:
            user = a_user(work, email="Ada@Example.com")

            assert work.users.find_by_email(spelling) == user

    def test_nobody_is_found_by_an_unknown_address(self, database: Database) -> None:
        with database.writing() as work:
            a_user(work, email="ada@example.com")

            assert work.users.find_by_email("ad@example.com") is None

    def test_many_accounts_come_in_the_order_asked_for(self, database: Database) -> None:
        with database.writing() as work:
            users = [a_user(work) for _ in range(3)]
            asked = [users[2], users[0], users[1]]

            assert list(work.users.get_many([user.user_id for user in asked])) == asked

    def test_the_first_unknown_among_many_is_named(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)

            with pytest.raises(NotFound) as caught:
                work.users.get_many([user.user_id, UserId("zz"), UserId("aa")])

            assert caught.value.id == "zz"

    def test_people_are_listed_oldest_first_then_by_id(self, database: Database) -> None:
        with database.writing() as work:
            late = a_user(work, user_id="a", created_at=NOON + timedelta(seconds=1))
            second = a_user(work, user_id="c")
            first = a_user(work, user_id="b")

            assert list(work.users.list().items) == [first, second, late]

    def test_the_internal_account_is_not_listed(self, database: Database) -> None:
        with database.reading() as work:
            assert work.users.list(limit=None).total == 0

    @pytest.mark.parametrize("search", ["LOVE", "élise", "ÉLISE", "a@exam"])
    def test_people_are_found_by_a_part_of_address_or_name(
        self, database: Database, search: str
    ) -> None:
        with database.writing() as work:
            a_user(work, email="b@example.com")
            ada = a_user(work, email="ada@example.com", display_name="Élise Lovelace")

            assert list(work.users.list(search=search).items) == [ada]

    @pytest.mark.parametrize("search", ["%", "_", "\\"])
    def test_a_search_takes_every_character_as_itself(
        self, database: Database, search: str
    ) -> None:
        with database.writing() as work:
            a_user(work)
            odd = a_user(work, display_name=f"odd {search} name")

            assert list(work.users.list(search=search).items) == [odd]

    def test_administrators_are_told_apart(self, database: Database) -> None:
        with database.writing() as work:
            person, administrator = a_user(work), an_administrator(work)

            assert list(work.users.list(is_admin=True).items) == [administrator]
            assert list(work.users.list(is_admin=False).items) == [person]

    def test_inactive_accounts_are_told_apart(self, database: Database) -> None:
        with database.writing() as work:
            active, inactive = a_user(work), a_user(work, is_active=False)

            assert list(work.users.list(is_active=True).items) == [active]
            assert list(work.users.list(is_active=False).items) == [inactive]

    def test_unused_accounts_are_told_apart(self, database: Database) -> None:
        since = NOON + timedelta(days=1)
        with database.writing() as work:
            never = a_user(work)
            once = a_user(work, last_login_at=since - timedelta(microseconds=1))
            away = a_user(work)
            a_session(work, away, last_seen_at=since - timedelta(microseconds=1))
            a_user(work, last_login_at=since)
            a_user(work, created_at=since)
            a_session(work, a_user(work), last_seen_at=since)

            found = work.users.list(unused_since=since)

            assert (list(found.items), found.total) == ([never, once, away], 3)

    def test_a_page_of_people_knows_their_total(self, database: Database) -> None:
        with database.writing() as work:
            users = [a_user(work) for _ in range(5)]

            page = work.users.list(offset=1, limit=2)

            assert list(page.items) == users[1:3]
            assert (page.offset, page.limit, page.total) == (1, 2, 5)

    def test_a_cursor_goes_on_where_a_page_of_people_ended(self, database: Database) -> None:
        with database.writing() as work:
            users = [a_user(work, created_at=NOON + timedelta(days=n // 2)) for n in range(5)]

            found: list[User] = []
            after: UserPosition | None = None
            for _ in users:
                page = work.users.list(after=after, limit=2)
                found += page.items
                assert page.total == 5
                if page.next_cursor is None:
                    break
                after = UserPosition.of_cursor(page.next_cursor)
            assert found == users

    def test_all_people_come_without_a_limit(self, database: Database) -> None:
        with database.writing() as work:
            users = [a_user(work) for _ in range(51)]

            assert list(work.users.list(limit=None).items) == users

    def test_only_those_who_can_administer_are_counted(self, database: Database) -> None:
        with database.writing() as work:
            a_user(work)
            an_administrator(work, is_active=False)
            an_administrator(work)
            an_administrator(work)

            assert work.users.count_administrators() == 2

    def test_an_administrator_who_never_had_a_way_in_does_not_count(
        self, database: Database
    ) -> None:
        with database.writing() as work:
            an_administrator(work, password_hash=None)
            an_administrator(work, password_hash=None, last_login_at=NOON)

            assert work.users.count_administrators() == 1

    def test_an_id_is_taken_once(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            with pytest.raises(Conflict):
                a_user(work, user_id=user.user_id)

    def test_an_address_belongs_to_one_account_in_every_spelling(self, database: Database) -> None:
        with database.writing() as work:
            a_user(work, email="ada@example.com")
            with pytest.raises(Conflict):
                a_user(work, email="ADA@example.com")

    def test_a_unit_goes_on_after_a_conflict(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            with pytest.raises(Conflict):
                a_user(work, email=user.email)
            later = a_user(work)

        with database.reading() as work:
            assert list(work.users.list().items) == [user, later]

    def test_an_account_is_replaced(self, database: Database) -> None:
        with database.writing() as work:
            other, user = a_user(work), a_user(work)
            changed = attrs.evolve(
                user, email=user.email.upper(), display_name="New", is_admin=True, epoch=1
            )
            work.users.put(changed)

        with database.reading() as work:
            assert work.users.get(user.user_id) == changed
            assert work.users.find_by_email(user.email) == changed
            assert list(work.users.list(search="new").items) == [changed]
            assert work.users.get(other.user_id) == other

    def test_an_unknown_account_cannot_be_replaced(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound):
            work.users.put(attrs.evolve(SYSTEM_USER, user_id=UNKNOWN, email="x@example.com"))

    def test_an_account_cannot_take_the_address_of_another(self, database: Database) -> None:
        with database.writing() as work:
            ada, user = a_user(work), a_user(work)
            with pytest.raises(Conflict):
                work.users.put(attrs.evolve(user, email=ada.email.upper()))

    def test_a_removed_account_is_gone(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            work.users.remove(user.user_id)

            with pytest.raises(NotFound):
                work.users.get(user.user_id)

    def test_an_unknown_account_cannot_be_removed(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound):
            work.users.remove(UNKNOWN)

    def test_sessions_go_with_their_account(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            gone, kept = a_session(work, user), a_session(work)
            work.users.remove(user.user_id)

            assert work.sessions.find_with_user(gone.session_id) is None
            assert work.sessions.find_with_user(kept.session_id) is not None

    def test_the_flow_goes_with_its_account(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            work.flows.put(Flow(user_id=user.user_id, pending=1, round_robin=9.0))
            work.users.remove(user.user_id)

            assert work.flows.get(user.user_id) == Flow(user_id=user.user_id)

    def test_grants_go_with_their_account(self, database: Database) -> None:
        with database.writing() as work:
            board, user = a_board(work), a_user(work)
            a_grant(work, board, user)
            kept = a_grant(work, board)
            work.users.remove(user.user_id)

            assert list(work.boards.grants(board.board_id)) == [kept]

    def test_a_grant_stays_when_the_account_that_gave_it_goes(self, database: Database) -> None:
        with database.writing() as work:
            giver = a_user(work)
            board = a_board(work)
            grant = a_grant(work, board, granted_by=giver.user_id)
            work.users.remove(giver.user_id)

            assert list(work.boards.grants(board.board_id)) == [grant]

    @pytest.mark.parametrize("thing", [a_board, an_image, a_job])
    def test_an_account_that_owns_something_cannot_be_removed(
        self, database: Database, thing: object
    ) -> None:
        with database.writing() as work:
            user = a_user(work)
            assert callable(thing)
            thing(work, user)

            with pytest.raises(Conflict):
                work.users.remove(user.user_id)
