"""People who sign in at another place: the use cases on memory, with a provider that says what it is told."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import attrs
import pytest

from invoke_core.domain.audit import AuditQuery
from invoke_core.domain.identities import LOGIN_LIFE, ProviderRules, Vouched
from invoke_core.domain.principals import Via
from invoke_core.domain.second_factor import SecondFactorPolicy
from invoke_core.domain.tokens import TokenAudience
from invoke_core.errors import (
    AccountDisabled,
    Conflict,
    Forbidden,
    InvokeError,
    NotFound,
    RuleViolation,
    SecondFactorMissing,
    SecondFactorRequired,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from invoke_core.services.audit import AuditService
from invoke_core.services.single_sign_on import CodeWanted, Provider
from invoke_core.services.users import UserChanges
from invoke_core.testing.builders import a_principal, an_identity
from invoke_core.testing.one_time_codes import code_at
from tests.unit.accounts import AWAY, HERE, HOST, PASSWORD, open_accounts

CALLBACK = "https://invoke.example.com/callback"
RULES = ProviderRules(
    name="company",
    label="Company",
    create_accounts=True,
    admin_claim="groups",
    admin_values=("admins",),
    second_factor_claim="amr",
    second_factor_values=("otp",),
)


class SaidSo:
    """A provider that vouches for whoever is in `claims`, or refuses with `error`."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.error: InvokeError | None = None
        self.asked: list[Any] = []
        self.on_vouch: Any = None

    def sign_in_address(self, callback: str, handshake: Any) -> str:
        if self.error is not None:
            raise self.error
        return f"https://id.example.com/?state={handshake.state}"

    def vouch(self, callback: str, handshake: Any, answer: Mapping[str, str], now: Any) -> Vouched:
        self.asked.append(handshake)
        if self.error is not None:
            raise self.error
        if self.on_vouch is not None:
            self.on_vouch()
        claims = {"sub": "7", "email": "person@example.com", "email_verified": True} | self.claims
        return Vouched(
            issuer="https://id.example.com",
            subject=claims["sub"],
            id_token=claims,
            userinfo={},
        )

    def sign_out_address(self, back: str) -> str | None:
        return None


class World:
    def __init__(self, **changes: Any) -> None:
        self.port = SaidSo()
        rules = changes.pop("rules", RULES)
        more = {"second": attrs.evolve(rules, name="second", label="Second")}
        providers = {"company": Provider(rules, self.port)} | {
            name: Provider(each, self.port) for name, each in more.items()
        }
        self.accounts = open_accounts(providers=providers, **changes)
        self.service = self.accounts.single_sign_on

    def depart(self, **changes: Any) -> tuple[str, str]:
        """Return the state and the browser's secret of a sign-in that has begun."""
        left = self.service.depart(HERE, "company", callback=CALLBACK, **changes)
        return left.url.rpartition("=")[2], left.browser

    def arrive(
        self, state: str, browser: str | None, provider: str = "company", **claims: Any
    ) -> Any:
        self.port.claims = claims
        answer = {"state": state, "code": "c"}
        return self.service.arrive(
            HERE, provider, callback=CALLBACK, answer=answer, browser=browser
        )

    def sign_in(self, **claims: Any) -> Any:
        """Return who is asking after the whole way."""
        arrived = self.arrive(*self.depart(), **claims)
        return self.who(arrived.signed_in.token)

    def who(self, token: str) -> Any:
        return self.accounts.who(token, audience=TokenAudience.COOKIE)

    def written(self) -> list[Any]:
        service = AuditService(self.accounts.database.reading, None, None)  # type: ignore[arg-type]
        return list(service.export(HOST, AuditQuery()))[::-1]

    def account(self, email: str = "person@example.com") -> Any:
        return self.accounts.users.get_by_email(HOST, email)


@pytest.fixture
def world() -> World:
    return World()


def test_a_stranger_gets_an_account_and_a_session(world: World) -> None:
    who = world.sign_in(name="Per Son")

    user = world.account()
    assert (who.user_id, who.via, who.is_admin) == (user.user_id, Via.COOKIE, False)
    assert (user.display_name, user.password_hash) == ("Per Son", None)
    assert user.last_login_at == world.accounts.clock.now()
    with pytest.raises(Unauthenticated):
        world.accounts.login(password="")


def test_a_stranger_without_a_name_goes_by_the_address(world: World) -> None:
    world.sign_in(name="\x00")

    assert world.account().display_name == "person@example.com"


def test_tokens_are_of_a_page_and_of_its_pictures(world: World) -> None:
    signed_in = world.arrive(*world.depart()).signed_in

    assert world.who(signed_in.token).via is Via.COOKIE
    media = world.accounts.who(signed_in.media_token, audience=TokenAudience.MEDIA)
    assert media.via is Via.MEDIA
    assert signed_in.device is None


def test_remember_me_and_the_path_come_along(world: World) -> None:
    arrived = world.arrive(*world.depart(next_path="/boards", remember_me=True))

    assert arrived.next_path == "/boards"
    assert arrived.signed_in.expires_in == 7 * 86400


def test_a_sign_in_counts_once_even_if_it_fails(world: World) -> None:
    state, browser = world.depart()
    world.port.error = Unavailable("away")
    with pytest.raises(Unavailable):
        world.arrive(state, browser)

    world.port.error = None
    with pytest.raises(Unauthenticated, match="begin it again"):
        world.arrive(state, browser)


@pytest.mark.parametrize("wrong", ["state", "no state", "browser", "no browser", "provider"])
def test_a_sign_in_belongs_to_its_browser_and_provider(world: World, wrong: str) -> None:
    state, browser = world.depart()
    other_state, other_browser = world.depart()
    cases: dict[str, tuple[str, str | None, str]] = {
        "state": ("x" * 43, browser, "company"),
        "no state": ("", browser, "company"),
        "browser": (state, other_browser, "company"),
        "no browser": (state, None, "company"),
        "provider": (state, browser, "second"),
    }
    with pytest.raises(Unauthenticated, match="begin it again"):
        world.arrive(*cases[wrong])

    assert world.port.asked == []
    assert world.arrive(other_state, other_browser)


def test_two_sign_ins_of_one_browser_go_side_by_side(world: World) -> None:
    first, browser = world.depart()
    second, same = world.depart(browser=browser)

    assert same == browser
    assert world.arrive(first, browser)
    assert world.arrive(second, browser)
    one, other = world.port.asked
    assert len({one.nonce, other.nonce, one.verifier, other.verifier}) == 4


@pytest.mark.parametrize("secret", ["", "short", "ü" * 43, "x" * 44])
def test_a_browser_with_a_strange_secret_gets_ours(world: World, secret: str) -> None:
    assert world.depart(browser=secret)[1] != secret


def test_a_sign_in_is_too_old_after_ten_minutes(world: World) -> None:
    state, browser = world.depart()
    world.accounts.clock.advance(LOGIN_LIFE)

    with pytest.raises(Unauthenticated):
        world.arrive(state, browser)


def test_sign_ins_that_nobody_came_back_from_are_forgotten(world: World) -> None:
    world.depart()
    world.accounts.clock.advance(LOGIN_LIFE)
    assert world.service.forget_expired() == 0
    world.accounts.clock.advance(1)
    assert world.service.forget_expired() == 1


def test_one_network_fills_no_database(world: World) -> None:
    first = world.depart()
    for _ in range(100):
        world.accounts.clock.advance(0.001)
        last = world.depart()

    with pytest.raises(Unauthenticated):
        world.arrive(*first)
    assert world.arrive(*last)


def test_nothing_is_kept_that_would_finish_a_sign_in(world: World) -> None:
    state, browser = world.depart()
    with world.accounts.database.writing() as work:
        kept = str(work.provider_logins.take(next(iter(work.state.provider_logins))))

    world.arrive(*world.depart())
    secrets = world.port.asked[0]
    assert not any(text in kept for text in (state, browser, secrets.verifier, secrets.nonce))


def test_another_process_takes_a_sign_in_up(world: World) -> None:
    other = World(database=world.accounts.database)
    state, browser = world.depart()

    assert other.arrive(state, browser).signed_in.user.email == "person@example.com"
    with pytest.raises(Unauthenticated):
        world.arrive(state, browser)


def test_nobody_signs_in_where_there_is_one_user() -> None:
    world = World(multiuser=False)

    assert world.service.offered() == []
    with pytest.raises(Forbidden, match="single-user mode"):
        world.depart()


def test_an_unknown_provider_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.service.depart(HERE, "unknown", callback=CALLBACK)
    with pytest.raises(NotFound):
        world.service.sign_out_address("unknown", "/")
    assert [rules.name for rules in world.service.offered()] == ["company", "second"]


# Accounts that were there before


def test_the_account_of_the_address_is_theirs_from_then_on(world: World) -> None:
    person = world.accounts.person("Person@example.com")

    assert world.sign_in().user_id == person.user_id
    assert world.sign_in(email="new@example.com").user_id == person.user_id
    assert world.account("Person@example.com").email == "Person@example.com"
    assert world.accounts.login()
    (tied,) = world.service.identities(HOST, person.user_id)
    assert (tied.issuer, tied.subject) == ("https://id.example.com", "7")


@pytest.mark.parametrize("word", [False, None, "true", 1])
def test_no_account_is_opened_by_an_address_that_nobody_verified(world: World, word: Any) -> None:
    person = world.accounts.administrator()

    with pytest.raises(Forbidden, match="does not vouch"):
        world.sign_in(email="admin@example.com", email_verified=word)
    assert list(world.service.identities(HOST, person.user_id)) == []


def test_an_invitation_ends_where_its_account_is_opened_so(world: World) -> None:
    issued = world.accounts.links.invite(HOST, email="person@example.com", site="https://x")
    assert issued.url is not None

    world.sign_in()
    with pytest.raises(RuleViolation):
        world.accounts.links.holder(issued.url.rpartition("/")[2])


def test_a_temporary_password_is_nothing_to_who_came_without_it(world: World) -> None:
    world.accounts.person(must_change_password=True)

    who = world.sign_in()
    assert world.accounts.sign_in.list_sessions(who)
    assert world.accounts.who(world.accounts.login().token).must_change_password


def test_a_deactivation_ends_and_refuses_such_sign_ins(world: World) -> None:
    token = world.arrive(*world.depart()).signed_in.token
    world.accounts.users.update(HOST, world.account().user_id, UserChanges(is_active=False))

    with pytest.raises(Unauthenticated):
        world.who(token)
    with pytest.raises(AccountDisabled):
        world.sign_in()
    assert world.account().last_login_at == world.accounts.clock.now()


def test_a_disabled_account_is_not_even_tied(world: World) -> None:
    person = world.accounts.person()
    world.accounts.users.update(HOST, person.user_id, UserChanges(is_active=False))

    with pytest.raises(AccountDisabled):
        world.sign_in()
    assert list(world.service.identities(HOST, person.user_id)) == []


def test_who_was_deleted_waits_for_an_administrator(world: World) -> None:
    world.sign_in()
    world.accounts.users.delete(HOST, world.account().user_id)

    with pytest.raises(Forbidden, match="Your account was deleted"):
        world.sign_in()
    person = world.accounts.person()
    assert world.sign_in().user_id == person.user_id


def test_somebody_new_with_an_old_address_gets_nobodys_account(world: World) -> None:
    world.sign_in(sub="7")

    with pytest.raises(Forbidden, match="belongs to somebody else"):
        world.sign_in(sub="8")
    person = world.account()
    (old,) = world.service.identities(HOST, person.user_id)
    world.service.unlink(HOST, person.user_id, old.identity_id)
    assert world.sign_in(sub="8").user_id == person.user_id


def test_two_first_sign_ins_at_once_make_one_account(world: World) -> None:
    def another_comes_first() -> None:
        world.port.on_vouch = None
        world.arrive(*world.depart())

    state = world.depart()
    world.port.on_vouch = another_comes_first
    world.arrive(*state)

    assert world.accounts.users.list(HOST).total == 1
    assert len(world.service.identities(HOST, world.account().user_id)) == 1


# Administrators


def test_a_claim_makes_an_administrator_and_takes_the_rights_away(world: World) -> None:
    world.accounts.administrator()
    token = world.arrive(*world.depart(), groups=["admins"]).signed_in.token
    assert world.who(token).is_admin

    assert not world.sign_in(groups=[]).is_admin
    with pytest.raises(Unauthenticated):
        world.who(token)  # with the rights goes what began with them
    assert world.sign_in(groups=["admins"]).is_admin


def test_what_an_administrator_decides_holds_until_the_claim_changes(world: World) -> None:
    world.accounts.administrator()
    who = world.sign_in(groups=["admins"])
    world.accounts.users.update(HOST, who.user_id, UserChanges(is_admin=False))
    assert not world.sign_in(groups=["admins"]).is_admin

    world.sign_in(groups=[])
    world.accounts.users.update(HOST, who.user_id, UserChanges(is_admin=True))
    assert world.sign_in(groups=[]).is_admin


def test_the_last_administrator_stays_one_and_is_asked_again(world: World) -> None:
    who = world.sign_in(groups=["admins"])

    kept = world.sign_in(groups=[])
    assert kept.is_admin
    assert world.written()[-1].after["kept"].startswith("the last administrator")
    world.accounts.administrator()
    assert not world.sign_in(groups=[]).is_admin
    assert who.user_id == kept.user_id


def test_an_address_of_several_alphabets_does_not_come_to_administer(world: World) -> None:
    with pytest.raises(RuleViolation, match="mix alphabets"):
        world.sign_in(email="\u0430dmin@example.com", groups=["admins"])
    assert world.accounts.users.list(HOST).total == 0


def test_a_provider_that_is_not_asked_changes_no_role() -> None:
    world = World(rules=attrs.evolve(RULES, admin_claim=None, admin_values=()))
    world.accounts.administrator()
    world.accounts.administrator("other@example.com")

    assert world.sign_in(email="admin@example.com", groups=[]).is_admin


# Second factors


def enroll(world: World, email: str = "person@example.com") -> Any:
    """Put a second factor in force; return ten recovery codes."""
    who = world.accounts.who(world.accounts.login(email).token)
    secret = world.accounts.second_factor.enroll(who).secret
    return world.accounts.second_factor.confirm(who, code_at(secret, world.accounts.clock.now()))


def prove(world: World, ticket: str, code: str, browser: str | None) -> Any:
    return world.service.prove(HERE, "company", ticket=ticket, code=code, browser=browser)


def test_a_second_factor_is_not_passed_by(world: World) -> None:
    world.accounts.person()
    codes = enroll(world)
    state, browser = world.depart(next_path="/boards")

    wanted = world.arrive(state, browser)
    assert isinstance(wanted, CodeWanted)
    assert list(world.service.identities(HOST, world.account().user_id)) == []
    with pytest.raises(SecondFactorRequired):
        prove(world, wanted.ticket, "123456", browser)
    arrived = prove(world, wanted.ticket, codes[0], browser)
    assert arrived.next_path == "/boards"
    assert world.who(arrived.signed_in.token).via is Via.COOKIE
    with pytest.raises(Unauthenticated, match="begin it again"):
        prove(world, wanted.ticket, codes[1], browser)


def test_a_provider_that_vouches_for_a_second_factor_is_enough(world: World) -> None:
    world.accounts.person()
    enroll(world)

    assert world.sign_in(amr=["pwd", "otp"])


@pytest.mark.parametrize("wrong", ["ticket", "state", "browser", "no browser", "provider", "old"])
def test_a_code_needs_its_ticket(world: World, wrong: str) -> None:
    world.accounts.person()
    codes = enroll(world)
    state, browser = world.depart()
    unfinished, _ = world.depart(browser=browser)
    wanted = world.arrive(state, browser)
    if wrong == "old":
        world.accounts.clock.advance(LOGIN_LIFE)

    with pytest.raises(Unauthenticated, match="begin it again"):
        world.service.prove(
            HERE,
            "second" if wrong == "provider" else "company",
            ticket={"ticket": "x" * 43, "state": unfinished}.get(wrong, wanted.ticket),
            code=codes[0],
            browser={"browser": "y" * 43, "no browser": None}.get(wrong, browser),
        )


def test_a_ticket_is_no_state(world: World) -> None:
    world.accounts.person()
    enroll(world)
    state, browser = world.depart()
    wanted = world.arrive(state, browser)

    with pytest.raises(Unauthenticated, match="begin it again"):
        world.arrive(wanted.ticket, browser, amr=["otp"])


def test_wrong_codes_are_wrong_sign_ins(world: World) -> None:
    world.accounts.person()
    codes = enroll(world)
    state, browser = world.depart()
    wanted = world.arrive(state, browser)
    for _ in range(10):
        with pytest.raises(SecondFactorRequired):
            prove(world, wanted.ticket, "123456", browser)

    with pytest.raises(TooMany):
        prove(world, wanted.ticket, codes[0], browser)
    reasons = [e.after["reason"] for e in world.written() if e.action == "sign_in.failed"]
    assert len(reasons) == 11
    assert reasons[-1] == "too many tries"
    assert codes[0] not in str(reasons)


def test_what_happens_while_the_code_is_typed_counts(world: World) -> None:
    person = world.accounts.person()
    codes = enroll(world)
    state, browser = world.depart()
    wanted = world.arrive(state, browser)
    world.accounts.users.update(HOST, person.user_id, UserChanges(is_active=False))

    with pytest.raises(AccountDisabled):
        prove(world, wanted.ticket, codes[0], browser)
    world.accounts.users.delete(HOST, person.user_id)
    with pytest.raises(Unauthenticated):
        prove(world, wanted.ticket, codes[0], browser)


def test_a_code_of_one_account_opens_no_other(world: World) -> None:
    world.accounts.person()
    other = world.accounts.person("other@example.com")
    enroll(world, "other@example.com")
    codes = enroll(world)
    state, browser = world.depart()
    wanted = world.arrive(state, browser)

    def given_to_the_other(*_: Any) -> Any:
        with world.accounts.database.writing() as work:
            an_identity(work, other, issuer="https://id.example.com", subject="7")
        return original()

    original = world.accounts.database.writing
    calls = iter([original, given_to_the_other])  # the count of tries, then the session

    def writing() -> Any:
        return next(calls, original)()

    late = attrs.evolve(world.service, writing=writing)
    with pytest.raises(Unauthenticated, match="begin it again"):
        late.prove(HERE, "company", ticket=wanted.ticket, code=codes[0], browser=browser)


def test_who_must_have_a_second_factor_sets_one_up_first() -> None:
    world = World()
    required = attrs.evolve(world.accounts.sign_in, second_factor=SecondFactorPolicy.EVERYONE)

    def who(**claims: Any) -> Any:
        token = world.arrive(*world.depart(), **claims).signed_in.token
        return required.authenticate(token, None, audience=TokenAudience.COOKIE)[0]

    with pytest.raises(SecondFactorMissing):
        required.list_sessions(who())
    assert required.list_sessions(who(amr=["otp"]))


# What is written, and untied


def test_a_new_person_is_written_down(world: World) -> None:
    world.sign_in(groups=["admins"])

    made, changed, came = world.written()
    assert (made.action, changed.action, came.action) == ("user.create", "user.update", "sign_in")
    assert made.actor.email == "person@example.com"
    assert (made.after["provider"], made.after["subject"]) == ("company", "7")
    assert (changed.before, changed.after) == (
        {"is_admin": False},
        {"is_admin": True, "provider": "company"},
    )
    assert came.after["provider"] == "company"
    assert came.actor.user_id == world.account().user_id


def test_a_link_is_written_down(world: World) -> None:
    person = world.accounts.person()
    world.sign_in()

    link = world.written()[-2]
    assert (link.action, link.target.id) == ("identity.link", person.user_id)
    assert link.after["issuer"] == "https://id.example.com"


def test_refusals_are_written_down_and_change_nothing_else(world: World) -> None:
    state = world.depart()
    world.port.error = Unauthenticated("Not finished.")
    with pytest.raises(Unauthenticated):
        world.arrive(*state)
    world.port.error = None
    with pytest.raises(Forbidden):
        world.sign_in(email_verified=False)

    first, second = world.written()
    assert first.action == second.action == "sign_in.failed"
    assert first.after == {"reason": "Not finished.", "provider": "company"}
    assert second.after["subject"] == "7"


def test_a_flood_of_strange_answers_is_one_entry(world: World) -> None:
    for number in range(50):
        with pytest.raises(Unauthenticated):
            world.arrive(f"{number}" * 43, "x" * 43)

    assert len(world.written()) == 1


def test_untying_ends_what_began_at_a_provider_alone(world: World) -> None:
    world.accounts.person()
    at_company = world.arrive(*world.depart()).signed_in.token
    here = world.accounts.login().token
    user = world.account()
    (identity,) = world.service.identities(HOST, user.user_id)

    world.service.unlink(HOST, user.user_id, identity.identity_id)
    with pytest.raises(Unauthenticated):
        world.who(at_company)
    assert world.accounts.who(here)
    assert world.written()[-1].action == "identity.remove"
    with pytest.raises(NotFound):
        world.service.unlink(HOST, user.user_id, identity.identity_id)


def test_only_administrators_see_and_untie(world: World) -> None:
    who = world.sign_in()
    (identity,) = world.service.identities(HOST, who.user_id)

    with pytest.raises(Forbidden):
        world.service.identities(who, who.user_id)
    with pytest.raises(Forbidden):
        world.service.unlink(who, who.user_id, identity.identity_id)
    admin = a_principal(world.accounts.administrator())
    with pytest.raises(Forbidden, match="API key"):
        by_key = attrs.evolve(admin, via=Via.API_KEY)
        world.service.unlink(by_key, who.user_id, identity.identity_id)
    assert world.service.identities(admin, who.user_id)


def test_signing_out_names_the_provider(world: World) -> None:
    who = world.sign_in()
    assert world.accounts.sign_in.logout(who) == "company"

    world.accounts.person("other@example.com")
    plain = world.accounts.who(world.accounts.login("other@example.com").token)
    assert world.accounts.sign_in.logout(plain) is None


def test_a_provider_that_is_away_makes_no_account(world: World) -> None:
    world.port.error = Unavailable("Company does not answer.")

    with pytest.raises(Unavailable):
        world.depart()
    assert world.accounts.users.list(HOST).total == 0
    assert world.accounts.person()
    assert world.accounts.login()


def test_a_stranger_of_a_taken_address_gets_none(world: World) -> None:
    world.accounts.person("ｐerson@example.com")

    with pytest.raises(Forbidden, match="looks like another account's"):
        world.sign_in()
    with pytest.raises(Conflict):
        world.accounts.person()


def test_a_sign_in_may_be_finished_from_another_address(world: World) -> None:
    state, browser = world.depart()
    answer = {"state": state, "code": "c"}

    arrived = world.service.arrive(
        AWAY, "company", callback=CALLBACK, answer=answer, browser=browser
    )
    assert arrived.signed_in.user.email == "person@example.com"
    assert timedelta(seconds=arrived.signed_in.expires_in) == timedelta(hours=24)
    assert PASSWORD not in str(world.written())
