"""The rules of accounts and sign-ins, each at its borders: plain calls, no services."""

import itertools
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from invoke_core.domain.identifiers import SYSTEM, SessionId, UserId
from invoke_core.domain.principals import (
    INTERNAL,
    SINGLE_USER,
    Principal,
    Via,
    host_principal,
    require_administrator,
    require_host,
    require_no_key,
    require_own_password,
    require_person,
    require_usable,
)
from invoke_core.domain.sessions import (
    Session,
    SessionPolicy,
    acting_as,
    audience_of,
    counts,
    due_for_renewal,
    expiry,
    principal_of,
)
from invoke_core.domain.tokens import TokenAudience
from invoke_core.domain.users import (
    SYSTEM_USER,
    User,
    UserPosition,
    checked_display_name,
    checked_email,
    checked_note,
    email_identity,
    ends_links,
    ends_sessions,
    first_display_name,
    is_first_password_over,
    new_user,
    require_administrator_left,
    require_changeable,
    require_one_alphabet,
    search_text,
    with_password,
)
from invoke_core.errors import (
    Forbidden,
    Invalid,
    LastAdministrator,
    PasswordChangeRequired,
    RuleViolation,
    SecondFactorMissing,
    Unauthenticated,
)
from invoke_core.testing.builders import NOON

MOMENT = timedelta(microseconds=1)
BOTH = (False, True)


def a_user(**changes):
    plain = User(
        user_id=UserId("u"),
        email="Ada@example.com",
        display_name="Ada",
        password_hash="hash",
        is_admin=False,
        is_active=True,
        created_at=NOON,
        updated_at=NOON,
    )
    return attrs.evolve(plain, **changes)


# Who can sign in, and administer


@pytest.mark.parametrize(
    ("active", "has_password", "was_here", "system", "admin"), [*itertools.product(BOTH, repeat=5)]
)
def test_who_can_sign_in_and_administer(active, has_password, was_here, system, admin):
    user = a_user(
        user_id=SYSTEM if system else UserId("u"),
        is_active=active,
        password_hash="hash" if has_password else None,
        last_login_at=NOON if was_here else None,
        is_admin=admin,
    )

    can = active and (has_password or was_here) and not system
    assert user.can_sign_in == can
    assert user.can_administer == (can and admin)


def test_the_internal_account_is_no_person():
    assert not SYSTEM_USER.can_sign_in
    assert (SYSTEM_USER.is_active, SYSTEM_USER.is_admin) == (False, False)
    with pytest.raises(RuleViolation):
        require_changeable(SYSTEM)
    require_changeable(UserId("u"))


# How accounts begin


def test_an_account_begins_active_and_with_what_it_was_given():
    given = {
        "email": "Ada@example.com", "display_name": "Ada", "password_hash": "hash",
        "is_admin": True, "must_change_password": True,
    }  # fmt: skip
    user = new_user(UserId("u"), now=NOON, **given)

    assert {name: getattr(user, name) for name in given} == given
    assert (user.user_id, user.is_active, user.epoch) == ("u", True, 0)
    assert (user.created_at, user.updated_at, user.password_changed_at) == (NOON, NOON, NOON)
    assert user.last_login_at is None


def test_an_account_whose_owner_has_yet_to_choose_has_no_password_and_no_rights():
    user = new_user(UserId("u"), email="a@example.com", display_name="A", now=NOON)

    assert (user.password_hash, user.password_changed_at) == (None, None)
    assert (user.is_admin, user.must_change_password) == (False, False)


def test_an_account_is_called_by_its_address_unless_wished_otherwise():
    assert first_display_name("ada@example.com", None) == "ada@example.com"
    assert first_display_name("ada@example.com", "Ada") == "Ada"
    assert first_display_name("a" * 120, None) == "a" * 100


WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("changes", "later", "over"),
    [
        ({}, WEEK, True),
        ({}, WEEK - MOMENT, False),
        ({"must_change_password": False}, WEEK, False),
        ({"last_login_at": NOON}, WEEK, False),
        ({"last_login_at": NOON - MOMENT}, WEEK, True),
        ({"password_changed_at": NOON + MOMENT}, WEEK, False),
        ({"password_changed_at": NOON + MOMENT}, WEEK + MOMENT, True),
        ({"password_changed_at": NOON + MOMENT, "last_login_at": NOON}, WEEK + MOMENT, True),
    ],
)
def test_a_first_password_waits_for_a_week(changes, later, over):
    user = attrs.evolve(a_user(must_change_password=True), **changes)

    assert is_first_password_over(user, NOON + later) is over


def test_a_place_in_a_list_is_read_back_from_its_cursor():
    at = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
    place = UserPosition.of(a_user(created_at=at))

    assert place == UserPosition(created_at=at, user_id=UserId("u"))
    assert UserPosition.of_cursor(place.cursor()) == place
    with pytest.raises(Invalid):
        UserPosition.of_cursor("x")


ADMIN = a_user(is_admin=True)


@pytest.mark.parametrize(
    ("before", "after", "administrators", "refused"),
    [
        (ADMIN, None, 1, True),
        (ADMIN, None, 2, False),
        (ADMIN, a_user(), 1, True),
        (ADMIN, a_user(), 2, False),
        (ADMIN, attrs.evolve(ADMIN, is_active=False), 1, True),
        (ADMIN, attrs.evolve(ADMIN, display_name="B"), 1, False),
        (a_user(), None, 1, False),
        (a_user(), None, 0, False),
        (attrs.evolve(ADMIN, is_active=False), None, 1, False),
        (ADMIN, None, 0, True),
    ],
)
def test_the_last_who_can_administer_stays(before, after, administrators, refused):
    if refused:
        with pytest.raises(LastAdministrator):
            require_administrator_left(before, after, administrators)
    else:
        require_administrator_left(before, after, administrators)


@pytest.mark.parametrize(
    ("before", "after", "sessions", "links"),
    [
        ({}, {}, False, False),
        ({}, {"password_hash": "other"}, True, True),
        ({}, {"email": "b@example.com"}, False, True),
        ({}, {"is_active": False}, True, True),
        ({"is_active": False}, {"is_active": True}, False, False),
        ({"is_active": False}, {"is_active": False}, False, False),
        ({"is_admin": True}, {"is_admin": False}, True, False),
        ({}, {"is_admin": True}, False, False),
        ({"is_admin": True}, {"is_admin": True}, False, False),
        ({}, {"display_name": "B", "note": "n", "must_change_password": True}, False, False),
    ],
)
def test_which_changes_end_sessions_and_links(before, after, sessions, links):
    was, became = a_user(**before), a_user(**after)

    assert ends_sessions(was, became) is sessions
    assert ends_links(was, became) is links


def test_a_new_password_changes_what_it_must_and_nothing_else():
    user = a_user(must_change_password=True, epoch=4)
    later = NOON + timedelta(days=1)

    assert with_password(user, "new", later) == attrs.evolve(
        user,
        password_hash="new",
        password_changed_at=later,
        must_change_password=False,
        epoch=5,
        updated_at=later,
    )


# Addresses and names


@pytest.mark.parametrize(
    ("typed", "email"),
    [
        ("  Ada@Example.com\t", "Ada@Example.com"),
        ("admin@localhost", "admin@localhost"),
        ("a.b+c-d_e'f@sub.example.org", "a.b+c-d_e'f@sub.example.org"),
        ("a\u0308rger@example.com", "ärger@example.com"),
        ("x@münchen.example", "x@münchen.example"),
        ("l" * 64 + "@example.com", "l" * 64 + "@example.com"),
        ("a@" + "d" * 63 + ".com", "a@" + "d" * 63 + ".com"),
    ],
)
def test_addresses(typed, email):
    assert checked_email(typed) == email


LONGEST = "l" * 64 + "@" + ".".join(["d" * 62] * 3)


def test_an_address_has_254_characters_at_most():
    longest = LONGEST + "d"
    assert len(longest) == 254
    assert checked_email(longest) == longest
    with pytest.raises(Invalid):
        checked_email(longest + "d")
    with pytest.raises(Invalid):
        checked_email(LONGEST + ".de")


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "@", "@example.com", "a@", "a@@example.com", "a@b@example.com"),
        *("a b@example.com", "a@exam ple.com", ".a@example.com", "a.@example.com"),
        *("a..b@example.com", "a@example..com", "a@.example.com", "a@example.com."),
        *("a@-example.com", "a@example-.com", '"a"@example.com', "<a@example.com>"),
        *("a\u200b@example.com", "a\u00ad@example.com", "a\x7f@example.com", "a\ue000@example.com"),
        *("l" * 65 + "@example.com", "a@" + "d" * 64 + ".com"),
    ],
)
def test_what_is_no_address(text):
    with pytest.raises(Invalid) as refused:
        checked_email(text)
    assert refused.value.field == "email"


@pytest.mark.parametrize(
    ("email", "identity"),
    [
        (" Ada@Example.COM ", "ada@example.com"),
        ("STRASSE@example.com", "strasse@example.com"),
        ("straße@example.com", "strasse@example.com"),
        ("ﬁ@example.com", "fi@example.com"),
        ("a\u0308@example.com", "ä@example.com"),
        ("a@München.example", "a@xn--mnchen-3ya.example"),
        ("a@xn--mnchen-3ya.example", "a@xn--mnchen-3ya.example"),
        ("x@y@example.com", "x@y@example.com"),
        ("a@not..a.host", "a@not..a.host"),
        ("nobody", "@nobody"),
    ],
)
def test_spellings_of_one_address_share_a_text(email, identity):
    assert email_identity(email) == identity
    assert email_identity(identity) == identity or "@" not in email


@pytest.mark.parametrize(
    ("local", "mixes"),
    [
        ("admin", False), ("admin-7.x_y", False), ("администратор", False), ("διαχειριστής", False),
        ("ユーザー漢字ひらがな", False), ("관리자漢字", False), ("ㄅㄆ漢字", False), ("ａｄｍｉｎ", False),
        ("oʼneil", False), ("аdmin", True), ("αdmin", True), ("漢字admin", True), ("adminа", True),
        ("admin＠а", True),
        ("\U00017000\U00017001", False), ("\U00017000a", True),  # Tangut: letters without names
    ],
)  # fmt: skip
def test_an_administrators_address_keeps_to_one_alphabet(local, mixes):
    for email in (f"{local}@example.com", f"{local}@пример.example"):
        if mixes:
            with pytest.raises(RuleViolation):
                require_one_alphabet(email)
        else:
            require_one_alphabet(email)


@pytest.mark.parametrize(
    ("typed", "name"),
    [(" Ada \n", "Ada"), ("a", "a"), ("x" * 100, "x" * 100), ("e\u0301", "é"), ("👩\u200d🔬",) * 2],
)
def test_display_names(typed, name):
    assert checked_display_name(typed) == name


@pytest.mark.parametrize(
    "text", ["", "  ", "x" * 101, "a\x00b", "a\nb", "a\ud800b", "a\ue000b", "a\U000e0080b"]
)
def test_what_is_no_display_name(text):
    with pytest.raises(Invalid) as refused:
        checked_display_name(text)
    assert refused.value.field == "display_name"


def test_notes():
    assert checked_note("n" * 10_000) == "n" * 10_000
    with pytest.raises(Invalid) as refused:
        checked_note("n" * 10_001)
    assert refused.value.field == "note"


def test_a_search_finds_folded_text():
    assert search_text(a_user(display_name="STRAẞE")) == "ada@example.com\nstrasse"


# Sessions

POLICY = SessionPolicy(
    lifetime=timedelta(hours=10), remembered=timedelta(days=5), absolute=timedelta(days=20)
)
SESSION = Session(
    session_id=SessionId("s"),
    user_id=UserId("u"),
    remember_me=False,
    epoch=3,
    password_fingerprint="print",
    created_at=NOON,
    last_seen_at=NOON,
    expires_at=NOON + timedelta(hours=10),
)


def test_the_defaults_are_those_of_the_guide():
    assert SessionPolicy() == SessionPolicy(
        lifetime=timedelta(hours=24), remembered=timedelta(days=7), absolute=timedelta(days=30)
    )


@pytest.mark.parametrize(
    ("remember_me", "age", "end"),
    [
        (False, timedelta(0), timedelta(hours=10)),
        (True, timedelta(0), timedelta(days=5)),
        (False, timedelta(days=19, hours=14), timedelta(days=20)),
        (False, timedelta(days=19, hours=15), timedelta(days=20)),
        (True, timedelta(days=15), timedelta(days=20)),
        (True, timedelta(days=3), timedelta(days=8)),
    ],
)
def test_when_a_session_ends(remember_me, age, end):
    ends = expiry(POLICY, remember_me=remember_me, created_at=NOON, now=NOON + age)

    assert ends == NOON + end


@pytest.mark.parametrize(
    ("session", "user", "fingerprint", "after", "counting"),
    [
        ({}, {}, "print", timedelta(0), True),
        ({}, {}, "print", timedelta(hours=10) - MOMENT, True),
        ({}, {}, "print", timedelta(hours=10), False),
        ({}, {"is_active": False}, "print", timedelta(0), False),
        ({"user_id": UserId("other")}, {}, "print", timedelta(0), False),
        ({"epoch": 2}, {}, "print", timedelta(0), False),
        ({"epoch": 4}, {}, "print", timedelta(0), False),
        ({}, {}, "another", timedelta(0), False),
    ],
)
def test_which_sessions_count(session, user, fingerprint, after, counting):
    session, user = attrs.evolve(SESSION, **session), a_user(**{"epoch": 3, **user})

    assert counts(session, user, fingerprint, NOON + after) is counting


@pytest.mark.parametrize(
    ("after", "due"),
    [
        (timedelta(0), False),
        (timedelta(hours=5) - MOMENT, False),
        (timedelta(hours=5), True),
        (timedelta(hours=10), True),
    ],
)
def test_a_session_is_renewed_when_half_its_life_is_gone(after, due):
    assert due_for_renewal(SESSION, POLICY, NOON + after) is due


def test_a_session_at_its_absolute_end_is_not_renewed():
    last = attrs.evolve(SESSION, expires_at=NOON + POLICY.absolute)

    assert not due_for_renewal(last, POLICY, last.expires_at - timedelta(hours=1))
    remembered = attrs.evolve(SESSION, remember_me=True, expires_at=NOON + timedelta(days=5))
    assert not due_for_renewal(remembered, POLICY, NOON + timedelta(days=2.5) - MOMENT)
    assert due_for_renewal(remembered, POLICY, NOON + timedelta(days=2.5))


VIA = {
    TokenAudience.API: Via.SESSION,
    TokenAudience.COOKIE: Via.COOKIE,
    TokenAudience.MEDIA: Via.MEDIA,
}


@pytest.mark.parametrize("admin", BOTH)
@pytest.mark.parametrize("audience", list(TokenAudience))
def test_a_session_speaks_for_its_account_as_it_is_now(audience, admin):
    user = a_user(is_admin=admin, must_change_password=admin)

    principal = principal_of(SESSION, user, "192.0.2.1", audience, must_enroll=not admin)

    assert principal == Principal(
        user_id=UserId("u"),
        is_admin=admin,
        via=VIA[audience],
        session_id=SessionId("s"),
        must_change_password=admin,
        must_enroll=not admin,
        ends_at=SESSION.expires_at,
        address="192.0.2.1",
    )
    assert audience_of(principal) is audience


def test_whoever_asks_by_a_token_asks_until_its_end():
    user, sooner = a_user(), SESSION.expires_at - timedelta(seconds=1)

    assert principal_of(SESSION, user, None, ends_at=sooner).ends_at == sooner
    later = SESSION.expires_at + timedelta(seconds=1)
    assert principal_of(SESSION, user, None, ends_at=later).ends_at == SESSION.expires_at


def test_without_more_words_a_session_is_a_programs():
    principal = principal_of(SESSION, a_user(), None)

    assert (principal.via, principal.must_enroll) == (Via.SESSION, False)
    assert audience_of(host_principal("root")) is TokenAudience.API


@pytest.mark.parametrize("admin", BOTH)
def test_a_program_with_its_own_sign_in_vouches(admin):
    assert acting_as(a_user(is_admin=admin)) == Principal(
        user_id=UserId("u"), is_admin=admin, via=Via.EMBEDDED
    )


# Who is asking


def someone(via, **changes):
    return attrs.evolve(Principal(user_id=UserId("u"), is_admin=False, via=via), **changes)


def test_the_server_and_its_host():
    assert host_principal("root") == Principal(
        user_id=SYSTEM, is_admin=True, via=Via.CLI, operating_system_user="root"
    )
    assert Principal(user_id=SYSTEM, is_admin=True, via=Via.SINGLE_USER) == SINGLE_USER
    assert Principal(user_id=SYSTEM, is_admin=True, via=Via.INTERNAL) == INTERNAL


@pytest.mark.parametrize("via", list(Via))
def test_each_way_in_may_do_what_it_is_for(via):
    def refusal(check):
        try:
            check(someone(via))
        except (Forbidden, Unauthenticated) as error:
            return type(error)
        return None

    person = via in {Via.SESSION, Via.COOKIE}
    assert refusal(require_host) is (None if via is Via.CLI else Forbidden)
    assert refusal(require_no_key) is (Forbidden if via in {Via.API_KEY, Via.MEDIA} else None)
    assert refusal(require_person) is (None if person else Unauthenticated)
    assert refusal(require_usable) is (Forbidden if via is Via.LINK else None)
    assert refusal(require_administrator) is Forbidden


@pytest.mark.parametrize("admin", BOTH)
def test_what_must_be_done_first_comes_before_rights(admin):
    plain = someone(Via.SESSION, is_admin=admin)
    if admin:
        require_administrator(plain)
    changing = attrs.evolve(plain, must_change_password=True)
    enrolling = attrs.evolve(plain, must_enroll=True)
    for check in (require_usable, require_administrator):
        with pytest.raises(PasswordChangeRequired):
            check(attrs.evolve(changing, must_enroll=True))
        with pytest.raises(SecondFactorMissing):
            check(enrolling)
    with pytest.raises(PasswordChangeRequired):
        require_own_password(changing)
    require_own_password(enrolling)
