"""What every store of sign-ins does."""

from datetime import timedelta

import attrs
import pytest

from invoke_core.domain.identifiers import SessionId, UserId
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import NOON, a_session, a_user

UNKNOWN = SessionId("none")
MINUTE = timedelta(minutes=1)


class SessionRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_a_session_comes_back_whole_with_its_account(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            session = a_session(
                work,
                user,
                remember_me=True,
                epoch=4,
                last_seen_at=NOON + MINUTE,
                address="2001:db8::1",
                user_agent="Browser",
            )

        with database.reading() as work:
            assert work.sessions.find_with_user(session.session_id) == (session, user)

    def test_the_account_comes_as_it_is_now(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            session = a_session(work, user)
            changed = attrs.evolve(user, is_active=False, epoch=1, password_hash="new")  # noqa: S106
            work.users.put(changed)

            assert work.sessions.find_with_user(session.session_id) == (session, changed)

    def test_an_unknown_session_is_none(self, database: Database) -> None:
        with database.reading() as work:
            assert work.sessions.find_with_user(UNKNOWN) is None

    def test_sessions_of_an_account_come_the_one_seen_last_first(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            a_session(work)
            c = a_session(work, user, session_id="c")
            b = a_session(work, user, session_id="b")
            last = a_session(work, user, session_id="d", last_seen_at=NOON + MINUTE)

            assert list(work.sessions.of_user(user.user_id)) == [last, b, c]

    def test_an_id_is_taken_once(self, database: Database) -> None:
        with database.writing() as work:
            session = a_session(work)
            with pytest.raises(Conflict):
                a_session(work, session_id=session.session_id)

    def test_a_session_needs_an_account(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound):
            a_session(work, user_id=UserId("nobody"))

    def test_a_session_is_replaced(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            session = a_session(work, user)
            renewed = attrs.evolve(session, expires_at=NOON + timedelta(days=9))
            work.sessions.put(renewed)

            assert work.sessions.find_with_user(session.session_id) == (renewed, user)

    def test_a_session_that_is_gone_cannot_be_replaced(self, database: Database) -> None:
        with database.writing() as work:
            session = a_session(work)
            work.sessions.remove(session.session_id)
            with pytest.raises(NotFound):
                work.sessions.put(session)

    def test_a_touch_moves_the_last_sight_forward(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            first, second = a_session(work, user), a_session(work, user)
            work.sessions.touch(
                {first.session_id: NOON + MINUTE, second.session_id: NOON + 2 * MINUTE}
            )

            seen = {s.session_id: s.last_seen_at for s in work.sessions.of_user(user.user_id)}
            assert seen == {
                first.session_id: NOON + MINUTE,
                second.session_id: NOON + 2 * MINUTE,
            }

    def test_a_touch_never_moves_the_last_sight_back(self, database: Database) -> None:
        with database.writing() as work:
            session = a_session(work)
            work.sessions.touch({session.session_id: NOON - MINUTE})

            assert list(work.sessions.of_user(session.user_id)) == [session]

    def test_a_touch_passes_over_sessions_that_are_gone(self, database: Database) -> None:
        with database.writing() as work:
            work.sessions.touch({UNKNOWN: NOON})

            assert work.sessions.find_with_user(UNKNOWN) is None

    def test_a_removed_session_is_gone(self, database: Database) -> None:
        with database.writing() as work:
            session = a_session(work)
            work.sessions.remove(session.session_id)

            assert work.sessions.find_with_user(session.session_id) is None

    def test_removing_a_session_that_is_gone_does_nothing(self, database: Database) -> None:
        with database.writing() as work:
            session = a_session(work)
            work.sessions.remove(UNKNOWN)

            assert list(work.sessions.of_user(session.user_id)) == [session]

    def test_all_sessions_of_an_account_go(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            a_session(work, user)
            a_session(work, user)
            other = a_session(work)

            assert work.sessions.remove_of_user(user.user_id) == 2
            assert list(work.sessions.of_user(user.user_id)) == []
            assert list(work.sessions.of_user(other.user_id)) == [other]

    def test_one_session_of_an_account_can_be_kept(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            kept = a_session(work, user)
            a_session(work, user)

            assert work.sessions.remove_of_user(user.user_id, keep=kept.session_id) == 1
            assert list(work.sessions.of_user(user.user_id)) == [kept]

    def test_those_are_counted_that_have_not_ended(self, database: Database) -> None:
        with database.writing() as work:
            user, other = a_user(work), a_user(work)
            for at in (NOON - MINUTE, NOON, NOON + timedelta(microseconds=1)):
                a_session(work, user, expires_at=at)
            a_session(work, other, expires_at=NOON + MINUTE)

            assert work.sessions.count(NOON) == 2

    def test_expired_sessions_go_at_the_instant_of_their_end(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            a_session(work, user, expires_at=NOON - MINUTE)
            a_session(work, user, expires_at=NOON)
            kept = a_session(work, user, expires_at=NOON + timedelta(microseconds=1))

            assert work.sessions.remove_expired(NOON) == 2
            assert list(work.sessions.of_user(user.user_id)) == [kept]
