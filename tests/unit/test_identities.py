"""Who comes in by a provider's word, and as whom: the rules, with plain calls."""

from typing import Any

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from invoke_core.domain.identifiers import IdentityId, UserId
from invoke_core.domain.identities import (
    Arrival,
    Identity,
    Person,
    ProviderRules,
    Vouched,
    arrival,
    asks_for_code,
    checked_next_path,
    handshake,
    is_admin_after,
    is_same_mailbox,
    person_of,
)
from invoke_core.domain.users import SYSTEM_USER, User, email_identity
from invoke_core.errors import Forbidden, Invalid
from invoke_core.testing.builders import NOON

ISSUER = "https://id.example.com"
RULES = ProviderRules(name="company", label="Company")
OPEN = attrs.evolve(RULES, create_accounts=True)
BEA = User(
    user_id=UserId("bea"),
    email="bea@example.com",
    display_name="Bea",
    password_hash="hash",
    is_admin=False,
    is_active=True,
    created_at=NOON,
    updated_at=NOON,
)


def a_person(**changes: Any) -> Person:
    person = Person(
        issuer=ISSUER,
        subject="7",
        email="bea@example.com",
        display_name="Bea",
        is_admin=None,
        second_factor=False,
    )
    return attrs.evolve(person, **changes)


def known(**changes: Any) -> Identity:
    identity = Identity(
        identity_id=IdentityId("i"),
        issuer=ISSUER,
        subject="7",
        user_id=BEA.user_id,
        created_at=NOON,
    )
    return attrs.evolve(identity, **changes)


def vouched(id_token: Any = None, userinfo: Any = None) -> Vouched:
    return Vouched(issuer=ISSUER, subject="7", id_token=id_token or {}, userinfo=userinfo or {})


def comes(
    rules: ProviderRules = RULES,
    person: Person | None = None,
    *,
    identity: Identity | None = None,
    same: User | None = None,
    of_account: Any = (),
) -> Arrival:
    person = person or a_person()
    return arrival(rules, person, identity=identity, same_address=same, of_account=of_account)


# What the provider says

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)
CLAIMS = st.dictionaries(
    st.sampled_from(["email", "email_verified", "name", "groups", "amr", "realm"]), JSON
) | st.fixed_dictionaries(
    {"email": st.sampled_from(["bea@example.com", "x", "a@b"]), "email_verified": JSON}
)


@given(CLAIMS, CLAIMS)
def test_an_address_counts_only_where_the_same_text_verifies_it(first: Any, second: Any) -> None:
    person = person_of(RULES, vouched(first, second))

    if person.email is not None:
        assert any(
            claims.get("email") == person.email and claims.get("email_verified") is True
            for claims in (first, second)
        )


@pytest.mark.parametrize("word", ["true", "True", 1, "1", None, False, [True], {"a": True}])
def test_nothing_but_true_vouches(word: Any) -> None:
    claims = {"email": "bea@example.com", "email_verified": word}

    assert person_of(RULES, vouched(claims)).email is None
    assert person_of(RULES, vouched({}, claims)).email is None


def test_the_word_of_one_text_does_not_verify_the_address_of_another() -> None:
    person = person_of(RULES, vouched({"email": "admin@example.com"}, {"email_verified": True}))

    assert person.email is None


@pytest.mark.parametrize("email", ["\u212aim@example.com", "e\u0301va@example.com", " a@b.c"])
def test_an_address_that_reads_as_another_is_none(email: str) -> None:
    assert person_of(RULES, vouched({"email": email, "email_verified": True})).email is None


def test_user_info_that_verifies_an_address_counts() -> None:
    claims = {"email": "bea@example.com", "email_verified": True, "name": " Bea "}
    person = person_of(RULES, vouched({"email": "bea@example.com"}, claims))

    assert (person.email, person.display_name) == ("bea@example.com", "Bea")


@pytest.mark.parametrize(
    ("claim", "values", "claims", "expected"),
    [
        ("groups", ("admins",), {"groups": ["staff", "admins"]}, True),
        ("groups", ("admins", "staff"), {"groups": "staff"}, True),
        ("groups", ("admins",), {"groups": ["Admins", 7, None]}, False),
        ("groups", ("admins",), {"groups": "not admins"}, False),
        ("groups", ("admins",), {}, False),
        ("realm.roles", ("admins",), {"realm": {"roles": ["admins"]}}, True),
        ("realm.roles", ("admins",), {"realm": "roles"}, False),
        ("https://example.com/roles", ("a",), {"https://example.com/roles": ["a"]}, True),
        ("is_admin", (), {"is_admin": True}, True),
        ("is_admin", (), {"is_admin": "true"}, False),
        ("is_admin", (), {"is_admin": 1}, False),
    ],
)
def test_the_admin_claim(claim: str, values: Any, claims: Any, expected: bool) -> None:
    rules = attrs.evolve(RULES, admin_claim=claim, admin_values=values)

    assert person_of(rules, vouched(claims)).is_admin is expected
    assert person_of(rules, vouched({}, claims)).is_admin is expected
    assert person_of(RULES, vouched(claims)).is_admin is None


def test_a_second_factor_is_vouched_for_by_the_signed_token_alone() -> None:
    rules = attrs.evolve(RULES, second_factor_claim="amr", second_factor_values=("otp", "mfa"))

    assert person_of(rules, vouched({"amr": ["pwd", "otp"]})).second_factor
    assert not person_of(rules, vouched({"amr": ["pwd"]})).second_factor
    assert not person_of(rules, vouched({}, {"amr": ["otp"]})).second_factor
    assert not person_of(RULES, vouched({"amr": ["otp"]})).second_factor


# How somebody comes in


def test_somebody_who_came_before_comes_to_the_same_account() -> None:
    assert comes(identity=known()) is Arrival.KNOWN
    assert comes(person=a_person(email=None), identity=known()) is Arrival.KNOWN
    other = attrs.evolve(BEA, user_id=UserId("other"))
    assert comes(identity=known(), same=other) is Arrival.KNOWN


def test_a_vouched_for_address_opens_its_account() -> None:
    assert comes(same=BEA) is Arrival.LINKED
    assert comes(identity=known(user_id=None), same=BEA) is Arrival.LINKED


@given(
    email=st.none() | st.sampled_from(["bea@example.com", "BEA@example.com", "eve@example.com"]),
    rules=st.builds(
        ProviderRules,
        name=st.just("company"),
        label=st.just("Company"),
        create_accounts=st.booleans(),
        link_accounts=st.booleans(),
        allowed_domains=st.sampled_from([(), ("example.com",), ("example.org",)]),
    ),
    identity=st.sampled_from([None, known(), known(user_id=None)]),
    same=st.sampled_from([None, BEA, attrs.evolve(BEA, email="ｂea@example.com"), SYSTEM_USER]),
    others=st.lists(
        st.sampled_from([known(subject="8"), known(issuer="https://other.example.com")])
    ),
)
def test_an_account_is_opened_to_strangers_only_on_every_condition(
    email: Any, rules: ProviderRules, identity: Any, same: Any, others: Any
) -> None:
    person = a_person(email=email)
    try:
        way = comes(rules, person, identity=identity, same=same, of_account=others)
    except Forbidden:
        return
    if rules.allowed_domains:
        assert email is not None
        assert rules.allowed_domains == ("example.com",)
    if way is Arrival.KNOWN:
        assert identity is not None
        assert identity.user_id == BEA.user_id
        return
    assert email is not None  # vouched for
    if way is Arrival.LINKED:
        assert rules.link_accounts
        assert same is not None
        assert same != SYSTEM_USER
        assert same.email.lower() == email.lower()
        assert same.email.isascii()
        assert all(other.issuer != ISSUER for other in others)
    else:
        assert way is Arrival.NEW
        assert rules.create_accounts
        assert same is None
        assert identity is None  # nobody comes back who was deleted


@pytest.mark.parametrize(
    ("rules", "person", "more", "words"),
    [
        (OPEN, a_person(email=None), {}, "does not vouch for your e-mail address"),
        (OPEN, a_person(email=None), {"same": BEA}, "does not vouch for your e-mail address"),
        (RULES, a_person(), {}, "You have no account here"),
        (OPEN, a_person(), {"identity": known(user_id=None)}, "Your account was deleted"),
        (attrs.evolve(OPEN, link_accounts=False), a_person(), {"same": BEA}, "may not open it"),
        (OPEN, a_person(), {"same": BEA, "of_account": [known(subject="8")]}, "somebody else"),
        (OPEN, a_person(email="system@invoke.invalid"), {"same": SYSTEM_USER}, "looks like"),
        (OPEN, a_person(email="ｂea@example.com"), {"same": BEA}, "looks like another"),
        (attrs.evolve(OPEN, allowed_domains=("example.org",)), a_person(), {}, "example.org"),
        (
            attrs.evolve(OPEN, allowed_domains=("example.com",)),
            a_person(email="bea@evil.example.com"),
            {"identity": known()},
            "vouch for an address of yours at example.com",
        ),
    ],
)
def test_a_refusal_says_what_to_do(
    rules: ProviderRules, person: Person, more: Any, words: str
) -> None:
    with pytest.raises(Forbidden, match=words):
        comes(rules, person, **more)


@given(st.emails(), st.emails())
def test_one_mailbox_is_one_identity(one: str, other: str) -> None:
    if is_same_mailbox(one, other):
        assert email_identity(one) == email_identity(other)


def test_letters_that_look_alike_are_no_mailbox() -> None:
    assert is_same_mailbox("Bea@Example.com", "bea@example.COM")
    assert not is_same_mailbox("e\u0301va@example.com", "\u00e9va@example.com")
    assert not is_same_mailbox("ﬁn@example.com", "fin@example.com")
    assert not is_same_mailbox("straße@example.com", "strasse@example.com")
    assert not is_same_mailbox("\u212aim@example.com", "kim@example.com")  # the kelvin sign


# Roles and factors


@given(st.booleans(), st.sampled_from([None, True, False]), st.booleans())
def test_only_a_claim_that_changed_changes_the_role(
    is_admin: bool, claim: bool | None, before: bool
) -> None:
    user = attrs.evolve(BEA, is_admin=is_admin)
    after = is_admin_after(user, a_person(is_admin=claim), claimed_before=before)

    if claim is None or claim == before:
        assert after == is_admin
    else:
        assert after == claim


@pytest.mark.parametrize(
    ("has", "vouches", "asked"),
    [(True, False, True), (True, True, False), (False, False, False), (False, True, False)],
)
def test_a_code_is_asked_for_where_nobody_vouches(has: bool, vouches: bool, asked: bool) -> None:
    user = attrs.evolve(BEA, second_factor=has)

    assert asks_for_code(a_person(second_factor=vouches), user) is asked


# Secrets and paths


@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
def test_the_secrets_of_two_sign_ins_differ(state: str, browser: str, other: str) -> None:
    assume(browser != other)
    assume(not any("\ud800" <= c <= "\udfff" for c in state + browser + other))
    one = handshake(state, browser)

    assert one == handshake(state, browser)
    assert len({one.nonce, one.verifier, handshake(state, other).verifier}) == 3
    assert len(one.verifier) == 43
    assert handshake(state + "x", browser).nonce != one.nonce


@pytest.mark.parametrize("path", ["/", "/boards/7?sort=name#top", "/a//b", "/https://x"])
def test_a_path_of_this_server_is_taken(path: str) -> None:
    assert checked_next_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "boards",
        "//evil",
        "/\\evil",
        "/\t/evil",
        "/\n/evil",
        "https://evil",
        "/a b",
        "/ü",
        "/\x7f",
        "javascript:alert(1)",
        "\\\\evil",
        "/" + "x" * 2000,
        "/\u2028",
        " /",
    ],
)
def test_a_path_that_could_lead_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_next_path(path)

    assert refused.value.field == "next"
