from datetime import timedelta
from functools import partial

import attrs
import pytest

from invoke_core.domain.identifiers import SYSTEM
from invoke_core.domain.links import LinkPurpose, link_digest
from invoke_core.domain.mail import LONGEST_PAUSE
from invoke_core.domain.news import NewsKind
from invoke_core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    LastAdministrator,
    NotFound,
    RuleViolation,
    TooMany,
    Unauthenticated,
    Unavailable,
    WeakPassword,
)
from invoke_core.services.users import UserChanges
from invoke_core.testing.builders import a_principal
from tests.unit.accounts import HERE, HOST, PASSWORD, open_accounts

SITE = "https://invoke.example.com/studio/"
NEW = "Another-Pass-9"


@pytest.fixture
def accounts():
    return open_accounts()


@pytest.fixture
def by_mail():
    return open_accounts(by_mail=True)


def token_of(url):
    return url.rpartition("/")[2]


def invited(accounts, email="person@example.com", **changes):
    return accounts.links.invite(HOST, email=email, site=SITE, **changes)


def reset_token(accounts, user):
    return token_of(accounts.links.reset_link(HOST, user.user_id, site=SITE).url)


def refuses(accounts, token, word, method="reset_password"):
    with pytest.raises(RuleViolation, match=word):
        if method == "accept":
            accounts.links.accept(HERE, token, password=NEW)
        else:
            accounts.links.reset_password(HERE, token, new_password=NEW)


def test_an_invitation_makes_an_account_that_nobody_signs_in_to(accounts):
    issued = invited(accounts, display_name="Grace")

    assert issued.url.startswith("https://invoke.example.com/studio/invitation/")
    assert issued.expires_at == accounts.clock.now() + timedelta(days=7)
    assert accounts.users.get_by_email(HOST, "person@example.com") == issued.user
    assert (issued.user.display_name, issued.user.password_hash) == ("Grace", None)
    with pytest.raises(Unauthenticated):
        accounts.login(password="")


def test_an_accepted_invitation_signs_in(accounts):
    token = token_of(invited(accounts).url)

    saved = accounts.links.accept(HERE, token, password=NEW, display_name="Grace Hopper")

    assert saved.user.display_name == "Grace Hopper"
    assert accounts.login(password=NEW).user.must_change_password is False


@pytest.mark.parametrize(
    ("purpose", "method"),
    [(LinkPurpose.INVITATION, "accept"), (LinkPurpose.RESET, "reset_password")],
)
def test_a_link_works_once_until_it_expires(accounts, purpose, method):
    def fresh(email):
        issued = invited(accounts, email)
        if purpose is LinkPurpose.RESET:
            issued = accounts.links.reset_link(HOST, issued.user.user_id, site=SITE)
        return token_of(issued.url), issued.expires_at

    use = partial(getattr(accounts.links, method), HERE)
    key = "password" if method == "accept" else "new_password"
    token, _ = fresh("once@example.com")
    use(token, **{key: NEW})
    refuses(accounts, token, "used already", method)

    token, expires_at = fresh("late@example.com")
    accounts.clock.advance(expires_at - accounts.clock.now() - timedelta(microseconds=1))
    accounts.links.holder(token)
    accounts.clock.advance(timedelta(microseconds=1))
    refuses(accounts, token, "expired", method)
    refuses(accounts, token[:-1], "does not work", method)
    refuses(accounts, "", "does not work", method)
    refuses(accounts, "\ud800", "does not work", method)


def test_a_token_is_kept_as_its_digest_alone(accounts):
    token = token_of(invited(accounts).url)

    with accounts.database.reading() as work:
        link = work.links.find(link_digest(token))
    assert token not in repr(link)
    assert token not in repr(accounts.links.reset_link(HOST, link.user_id, site=SITE))


def test_a_link_of_one_purpose_is_no_link_of_the_other(accounts):
    user = accounts.person()
    refuses(accounts, reset_token(accounts, user), "does not work", "accept")
    refuses(accounts, token_of(invited(accounts, "new@example.com").url), "does not work")


def test_a_new_link_ends_the_older_one(accounts):
    user = accounts.person()
    first, second = reset_token(accounts, user), reset_token(accounts, user)

    refuses(accounts, first, "newer one")
    accounts.links.reset_password(HERE, second, new_password=NEW)


def test_of_two_at_once_one_wins(accounts):
    token = reset_token(accounts, accounts.person())
    hash_ = accounts.hasher.hash

    def slow_hash(password):
        if password == NEW:  # somebody else is faster while this one hashes
            accounts.hasher.hash = hash_
            accounts.links.reset_password(HERE, token, new_password="Faster-Pass-9")
        return hash_(password)

    accounts.hasher.hash = slow_hash
    refuses(accounts, token, "used already")
    assert accounts.login(password="Faster-Pass-9")


def test_a_reset_ends_sessions_and_the_wait_after_wrong_sign_ins(accounts):
    user = accounts.person(must_change_password=True)
    token = accounts.login().token
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            accounts.login(password="wrong")
    with pytest.raises(TooMany):
        accounts.login()

    accounts.links.reset_password(HERE, reset_token(accounts, user), new_password=NEW)

    with pytest.raises(Unauthenticated):
        accounts.who(token)
    assert accounts.login(password=NEW).user.must_change_password is False
    assert [n.kind for n in accounts.news()].count(NewsKind.SESSION_ENDED) == 1


def test_until_the_link_is_used_the_old_password_works(accounts):
    reset_token(accounts, accounts.person())

    assert accounts.login()


def test_the_policy_holds_for_links_too_and_a_refusal_does_not_use_them_up(accounts):
    token = reset_token(accounts, accounts.person())
    for password, error in (
        ("weak", WeakPassword),
        ("Person-1", WeakPassword),
        ("", Invalid),
        ("x" * 1025, Invalid),
        (PASSWORD, RuleViolation),
    ):
        with pytest.raises(error):
            accounts.links.reset_password(HERE, token, new_password=password)

    accounts.links.reset_password(HERE, token, new_password=NEW)


@pytest.mark.parametrize(
    "changes",
    [
        UserChanges(password=NEW),
        UserChanges(email="other@example.com"),
        UserChanges(is_active=False),
    ],
)
def test_what_makes_a_link_pointless_or_dangerous_ends_it(accounts, changes):
    user = accounts.person()
    token = reset_token(accounts, user)

    accounts.users.update(HOST, user.user_id, changes)

    refuses(accounts, token, "does not work")
    accounts.users.update(HOST, user.user_id, UserChanges(is_active=True))
    refuses(accounts, token, "does not work")  # what is dead stays dead


def test_what_does_not_matter_ends_no_link(accounts):
    user = accounts.person()
    token = reset_token(accounts, user)

    accounts.users.update(HOST, user.user_id, UserChanges(display_name="X", is_admin=True))

    accounts.links.reset_password(HERE, token, new_password=NEW)


def test_a_new_password_of_ones_own_ends_the_link(accounts):
    user = accounts.person()
    token = reset_token(accounts, user)
    who = accounts.who(accounts.login().token)

    accounts.sign_in.update_me(who, current_password=PASSWORD, new_password=NEW)

    refuses(accounts, token, "does not work")


def test_a_deactivation_by_sql_stops_links(accounts):
    user = accounts.person()
    token = reset_token(accounts, user)
    with accounts.database.writing() as work:
        work.users.put(attrs.evolve(user, is_active=False))

    refuses(accounts, token, "deactivated")


def test_a_deleted_account_has_no_link(accounts):
    user = accounts.person()
    token = reset_token(accounts, user)

    accounts.users.delete(HOST, user.user_id)

    refuses(accounts, token, "does not work")


def test_links_are_refused_where_they_make_no_sense(accounts):
    person = accounts.person()
    off = accounts.person("off@example.com")
    accounts.users.update(HOST, off.user_id, UserChanges(is_active=False))

    for user_id, error in (
        (off.user_id, RuleViolation),
        (SYSTEM, RuleViolation),
        ("nobody", NotFound),
    ):
        with pytest.raises(error):
            accounts.links.reset_link(HOST, user_id, site=SITE)
    with pytest.raises(Forbidden):
        accounts.links.reset_link(a_principal(person), person.user_id, site=SITE)
    with pytest.raises(Forbidden):
        accounts.links.invite(a_principal(person), email="x@example.com", site=SITE)
    with pytest.raises(Conflict):
        invited(accounts, "PERSON@example.com")
    with pytest.raises(Invalid):
        invited(accounts, "nothing")


def test_an_invited_administrator_is_not_one_who_could_be_the_last(accounts):
    admin = accounts.administrator()
    token = token_of(invited(accounts, is_admin=True).url)

    with pytest.raises(LastAdministrator):
        accounts.users.delete(HOST, admin.user_id)
    accounts.links.accept(HERE, token, password=NEW)
    accounts.users.delete(HOST, admin.user_id)


def test_expired_links_are_forgotten_when_nobody_asks_why_any_more(accounts):
    token = reset_token(accounts, accounts.person())
    accounts.clock.advance(timedelta(days=8))

    assert accounts.links.forget_expired() == 0
    refuses(accounts, token, "expired")
    accounts.clock.advance(1)
    assert accounts.links.forget_expired() == 1
    refuses(accounts, token, "used already")


# By mail


def test_with_mail_nobody_is_shown_the_link_and_none_lies_in_the_database(by_mail):
    issued = invited(by_mail)

    assert issued.url is None
    with by_mail.database.reading() as work:
        letter = work.outbox.find(issued.user.user_id)
    assert letter.expires_at == issued.expires_at
    assert by_mail.news()[-1].kind is NewsKind.MAIL_WAITING
    assert by_mail.mail.deliver() == 1
    (message,) = by_mail.post.sent
    assert message.to == "person@example.com"
    token = next(line for line in message.text.splitlines() if line.startswith(SITE))
    by_mail.links.accept(HERE, token_of(token), password=NEW)
    assert by_mail.mail.deliver() == 0


def test_a_letter_is_kept_in_the_transaction_that_makes_the_account(by_mail):
    by_mail.person()
    with pytest.raises(Conflict):
        invited(by_mail)

    assert by_mail.mail.deliver() == 0


def links_in(post):
    return [
        token_of(line) for m in post.sent for line in m.text.splitlines() if line.startswith(SITE)
    ]


def test_what_could_not_be_sent_is_tried_again_with_growing_pauses(by_mail):
    user = by_mail.person()
    by_mail.links.reset_link(HOST, user.user_id, site=SITE)
    by_mail.post.refusals = [Unavailable("no answer")] * 9
    pauses = []
    while not by_mail.post.sent:
        assert by_mail.mail.deliver() in {0, 1}
        with by_mail.database.reading() as work:
            letter = work.outbox.find(user.user_id)
        if letter is None:
            break
        pauses.append(letter.due_at - by_mail.clock.now())
        assert by_mail.mail.deliver() == 0  # not before its time
        by_mail.clock.advance(pauses[-1])

    assert [p / timedelta(minutes=1) for p in pauses] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert max(pauses) == LONGEST_PAUSE
    (token,) = links_in(by_mail.post)
    by_mail.links.reset_password(HERE, token, new_password=NEW)


def test_a_letter_that_is_sent_again_brings_the_link_that_works(by_mail):
    user = by_mail.person()
    by_mail.links.reset_link(HOST, user.user_id, site=SITE)
    end = type(by_mail.mail)._end

    def crash(self, begun):
        raise Unavailable("the power failed")

    type(by_mail.mail)._end = crash
    try:
        with pytest.raises(Unavailable):
            by_mail.mail.deliver()
    finally:
        type(by_mail.mail)._end = end
    by_mail.clock.advance(timedelta(minutes=1))
    assert by_mail.mail.deliver() == 1

    first, second = links_in(by_mail.post)
    refuses(by_mail, first, "newer one")
    by_mail.links.reset_password(HERE, second, new_password=NEW)


def test_an_address_that_no_mail_reaches_is_given_up(by_mail):
    invited(by_mail)
    by_mail.post.refusals = [Invalid("unknown")]

    assert by_mail.mail.deliver() == 0
    by_mail.clock.advance(timedelta(hours=2))
    assert by_mail.mail.deliver() == 0
    assert by_mail.post.sent == []


@pytest.mark.parametrize("end", ["expiry", "deactivation by SQL"])
def test_a_letter_that_makes_no_sense_any_more_is_not_sent(by_mail, end):
    user = by_mail.person()
    by_mail.links.reset_link(HOST, user.user_id, site=SITE)
    if end == "expiry":
        by_mail.clock.advance(timedelta(days=1))
    else:
        with by_mail.database.writing() as work:
            work.users.put(attrs.evolve(user, is_active=False))

    assert by_mail.mail.deliver() == 0
    with by_mail.database.reading() as work:
        assert work.outbox.find(user.user_id) is None


def test_a_mail_server_that_is_down_is_asked_once_a_round(by_mail):
    for number in range(3):
        invited(by_mail, f"p{number}@example.com")
    by_mail.post.refusals = [Unavailable("no answer")]

    assert by_mail.mail.deliver() == 0
    assert by_mail.mail.deliver() == 2  # the others


def test_without_a_mailer_letters_wait(by_mail):
    invited(by_mail)

    assert attrs.evolve(by_mail.mail, mailer=None).deliver() == 0
    assert by_mail.mail.deliver() == 1


def test_two_servers_send_a_letter_once(by_mail):
    invited(by_mail)
    begun = by_mail.mail._begin(by_mail.users.get_by_email(HOST, "person@example.com").user_id)

    assert by_mail.mail.deliver() == 0
    assert begun is not None


def test_nothing_that_a_person_chose_stands_in_a_subject(by_mail):
    invited(by_mail, display_name="Win a prize: https://evil.example")
    by_mail.mail.deliver()

    assert "prize" not in by_mail.post.sent[0].subject
