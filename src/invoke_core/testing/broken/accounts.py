"""Ways to keep accounts and sign-ins wrongly."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import attrs

from invoke_core.domain.boards import BoardQuery
from invoke_core.domain.identifiers import SYSTEM
from invoke_core.domain.principals import INTERNAL
from invoke_core.errors import Conflict, NotFound
from invoke_core.testing.broken.faults import (
    Fault,
    after,
    backwards,
    evolved,
    forgiving,
    ignoring,
    raising,
    returning,
    total_of_the_page,
    with_first,
)


def _exactly(work: Any, real: Any, email: str) -> Any:
    found = real(email)
    return found if found is not None and found.email == email else None


def _names_the_last(work: Any, real: Any, user_ids: Any) -> Any:
    try:
        return real(user_ids)
    except NotFound as error:
        raise NotFound("user", user_ids[-1]) from error


def _with_system(work: Any, real: Any, **kwargs: Any) -> Any:
    page = real(**kwargs)
    return attrs.evolve(page, items=[*page.items, work.users.get(SYSTEM)], total=page.total + 1)


def _like(work: Any, real: Any, *, search: Any = None, **kwargs: Any) -> Any:
    return real(search=None if search in {"%", "_", "\\"} else search, **kwargs)


def _looks_at_sign_ins_alone(work: Any, real: Any, *, unused_since: Any, **kwargs: Any) -> Any:
    page = real(**kwargs)
    unused = [u for u in page.items if not u.last_login_at or u.last_login_at < unused_since]
    return attrs.evolve(page, items=unused, total=len(unused))


def _counts_the_inactive(work: Any, real: Any) -> Any:
    return work.users.list(is_admin=True).total


def _unknown_is_added(work: Any, real: Any, user: Any) -> None:
    try:
        real(user)
    except NotFound:
        work.users.add(user)


def _keeps(what: str) -> Any:
    """Remove an account and put back what should have gone with it."""

    def replacement(work: Any, real: Any, user_id: Any) -> None:
        user = work.users.get(user_id)
        sessions = work.sessions.of_user(user_id)
        flow = work.flows.get(user_id)
        boards = [s.board.board_id for s in work.boards.list_visible(INTERNAL, _EVERY).items]
        grants = [g for b in boards for g in work.boards.grants(b) if g.user_id == user_id]
        real(user_id)
        work.users.add(user)
        if what == "sessions":
            for session in sessions:
                work.sessions.add(session)
        if what == "flow":
            work.flows.put(flow)
        if what == "grants":
            for grant in grants:
                work.boards.put_grant(grant)

    return replacement


def _takes_given_grants(work: Any, real: Any, user_id: Any) -> None:
    for summary in work.boards.list_visible(INTERNAL, _EVERY).items:
        for grant in work.boards.grants(summary.board.board_id):
            if grant.granted_by == user_id:
                work.boards.remove_grant(grant.board_id, grant.user_id)
    real(user_id)


def _takes_everything(work: Any, real: Any, user_id: Any) -> None:
    try:
        real(user_id)
    except Conflict:
        for board in work.boards.owned_by(user_id):
            work.boards.remove(board.board_id)
        work.images.remove([image.image_name for image in work.images.owned_by(user_id)])


def _not_the_system(work: Any, real: Any, user_id: Any) -> Any:
    if user_id == SYSTEM:
        raise NotFound("user", user_id)
    return real(user_id)


def _unique_by_exact_email(work: Any, real: Any, user: Any) -> None:
    try:
        real(user)
    except Conflict:
        found = work.users.find_by_email(user.email)
        if found is None or found.email == user.email:
            raise


class _Spoilt:
    """Adds that refuse everything once they have refused something."""

    def __init__(self) -> None:
        self.refused: set[int] = set()

    def __call__(self, work: Any, real: Any, user: Any) -> None:
        if id(work) in self.refused:
            raise RuntimeError("current transaction is aborted")
        try:
            real(user)
        except Conflict:
            self.refused.add(id(work))
            raise


_EVERY = BoardQuery(include_archived=True, limit=None)

USERS: Mapping[str, Fault] = {
    "test_an_account_comes_back_whole": Fault("users.get", after(evolved(note=""))),
    "test_an_inactive_account_without_a_sign_in_comes_back_whole": Fault(
        "users.get", after(evolved(is_active=True))
    ),
    "test_an_unknown_account_is_not_found": Fault("users.get", forgiving(NotFound)),
    "test_the_internal_account_is_always_there": Fault("users.get", _not_the_system),
    "test_the_internal_account_stays": Fault("users.remove", forgiving(Conflict)),
    "test_an_account_is_found_by_its_address": Fault("users.find_by_email", returning(None)),
    "test_an_account_is_found_by_another_spelling_of_its_address": Fault(
        "users.find_by_email", _exactly
    ),
    "test_nobody_is_found_by_an_unknown_address": Fault(
        "users.find_by_email", lambda work, real, email: work.users.list().items[0]
    ),
    "test_many_accounts_come_in_the_order_asked_for": Fault("users.get_many", with_first(sorted)),
    "test_the_first_unknown_among_many_is_named": Fault("users.get_many", _names_the_last),
    "test_people_are_listed_oldest_first_then_by_id": Fault("users.list", after(backwards)),
    "test_the_internal_account_is_not_listed": Fault("users.list", _with_system),
    "test_people_are_found_by_a_part_of_address_or_name": Fault("users.list", ignoring("search")),
    "test_a_search_takes_every_character_as_itself": Fault("users.list", _like),
    "test_administrators_are_told_apart": Fault("users.list", ignoring("is_admin")),
    "test_inactive_accounts_are_told_apart": Fault("users.list", ignoring("is_active")),
    "test_unused_accounts_are_told_apart": Fault("users.list", _looks_at_sign_ins_alone),
    "test_a_page_of_people_knows_their_total": Fault("users.list", after(total_of_the_page)),
    "test_a_cursor_goes_on_where_a_page_of_people_ended": Fault(
        "users.list", after(evolved(next_cursor=None))
    ),
    "test_all_people_come_without_a_limit": Fault("users.list", ignoring("limit")),
    "test_only_those_who_can_administer_are_counted": Fault(
        "users.count_administrators", _counts_the_inactive
    ),
    "test_an_administrator_who_never_had_a_way_in_does_not_count": Fault(
        "users.count_administrators", _counts_the_inactive
    ),
    "test_an_id_is_taken_once": Fault("users.add", forgiving(Conflict)),
    "test_an_address_belongs_to_one_account_in_every_spelling": Fault(
        "users.add", _unique_by_exact_email
    ),
    "test_a_unit_goes_on_after_a_conflict": Fault("users.add", _Spoilt()),
    "test_an_account_is_replaced": Fault("users.put", returning(None)),
    "test_an_unknown_account_cannot_be_replaced": Fault("users.put", _unknown_is_added),
    "test_an_account_cannot_take_the_address_of_another": Fault("users.put", forgiving(Conflict)),
    "test_a_removed_account_is_gone": Fault("users.remove", returning(None)),
    "test_an_unknown_account_cannot_be_removed": Fault("users.remove", forgiving(NotFound)),
    "test_sessions_go_with_their_account": Fault("users.remove", _keeps("sessions")),
    "test_the_flow_goes_with_its_account": Fault("users.remove", _keeps("flow")),
    "test_grants_go_with_their_account": Fault("users.remove", _keeps("grants")),
    "test_a_grant_stays_when_the_account_that_gave_it_goes": Fault(
        "users.remove", _takes_given_grants
    ),
    "test_an_account_that_owns_something_cannot_be_removed": Fault(
        "users.remove", _takes_everything
    ),
}


def _account_as_at_sign_in(work: Any, real: Any, session_id: Any) -> Any:
    session, user = real(session_id)
    return session, attrs.evolve(user, is_active=True, epoch=session.epoch)


def _touches_back(work: Any, real: Any, seen: Any) -> None:
    for session_id, at in seen.items():
        found = work.sessions.find_with_user(session_id)
        if found is not None:
            work.sessions.put(attrs.evolve(found[0], last_seen_at=at))


def _touches_the_first(work: Any, real: Any, seen: Any) -> None:
    real(dict(list(seen.items())[:1]))


def _requires_touched(work: Any, real: Any, seen: Any) -> None:
    for session_id in seen:
        if work.sessions.find_with_user(session_id) is None:
            raise NotFound("session", session_id)
    real(seen)


def _requires_removed(work: Any, real: Any, session_id: Any) -> None:
    if work.sessions.find_with_user(session_id) is None:
        raise NotFound("session", session_id)
    real(session_id)


def _removes_the_newest(work: Any, real: Any, user_id: Any, *, keep: Any = None) -> int:
    sessions = [s for s in work.sessions.of_user(user_id) if s.session_id != keep][:1]
    for session in sessions:
        work.sessions.remove(session.session_id)
    return len(sessions)


SESSIONS: Mapping[str, Fault] = {
    "test_a_session_comes_back_whole_with_its_account": Fault(
        "sessions.find_with_user",
        after(lambda found: (evolved(user_agent=None)(found[0]), found[1])),
    ),
    "test_the_account_comes_as_it_is_now": Fault("sessions.find_with_user", _account_as_at_sign_in),
    "test_an_unknown_session_is_none": Fault(
        "sessions.find_with_user", raising(NotFound("session", "none"))
    ),
    "test_sessions_of_an_account_come_the_one_seen_last_first": Fault(
        "sessions.of_user", after(backwards)
    ),
    "test_an_id_is_taken_once": Fault("sessions.add", forgiving(Conflict)),
    "test_a_session_needs_an_account": Fault("sessions.add", forgiving(NotFound)),
    "test_a_session_is_replaced": Fault("sessions.put", returning(None)),
    "test_a_session_that_is_gone_cannot_be_replaced": Fault("sessions.put", forgiving(NotFound)),
    "test_a_touch_moves_the_last_sight_forward": Fault("sessions.touch", _touches_the_first),
    "test_a_touch_never_moves_the_last_sight_back": Fault("sessions.touch", _touches_back),
    "test_a_touch_passes_over_sessions_that_are_gone": Fault("sessions.touch", _requires_touched),
    "test_a_removed_session_is_gone": Fault("sessions.remove", returning(None)),
    "test_removing_a_session_that_is_gone_does_nothing": Fault(
        "sessions.remove", _requires_removed
    ),
    "test_all_sessions_of_an_account_go": Fault("sessions.remove_of_user", _removes_the_newest),
    "test_one_session_of_an_account_can_be_kept": Fault(
        "sessions.remove_of_user", ignoring("keep")
    ),
    "test_those_are_counted_that_have_not_ended": Fault(
        "sessions.count", with_first(lambda now: now - timedelta(microseconds=1))
    ),
    "test_expired_sessions_go_at_the_instant_of_their_end": Fault(
        "sessions.remove_expired", with_first(lambda now: now - timedelta(microseconds=1))
    ),
}
