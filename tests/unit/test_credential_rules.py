"""The rules of keys, codes, links and the brake on guessing, each at its borders: plain calls."""

import hashlib
from datetime import timedelta

import attrs
import pytest

from invoke_core.domain.api_keys import (
    ApiKey,
    checked_key_name,
    counts,
    is_key,
    key_digest,
    key_text,
    principal_of_key,
    within_scope,
)
from invoke_core.domain.identifiers import ApiKeyId, UserId
from invoke_core.domain.links import LINK_LIVES, LinkPurpose, link_digest, link_url
from invoke_core.domain.principals import Principal, Scope, Via
from invoke_core.domain.second_factor import (
    Proof,
    SecondFactor,
    SecondFactorPolicy,
    confirmed,
    must_enroll,
    recovery_code,
    recovery_digest,
    spent,
    step_of,
)
from invoke_core.domain.sign_in import Client, is_setup_code, setup_code, setup_code_required
from invoke_core.domain.throttle import (
    Tally,
    account_key,
    address_key,
    counted,
    device_digest,
    is_forgotten,
    locked_until,
    opens_at,
    taken_back,
)
from invoke_core.errors import Forbidden, Invalid
from invoke_core.testing.builders import NOON
from tests.unit.test_account_rules import MOMENT, a_user

SURROGATE = "\ud800"  # arrives in JSON, and has no UTF-8 form
SURROGATE_BYTES = b"\xed\xa0\x80"


# API keys

KEY = ApiKey(
    key_id=ApiKeyId("k"),
    user_id=UserId("u"),
    name="Script",
    scope=Scope.GENERATE,
    digest="digest",
    created_at=NOON,
    expires_at=NOON + timedelta(days=1),
)


def test_a_key_is_known_by_its_beginning():
    assert key_text("secret") == "ivk_secret"
    assert is_key("ivk_")
    assert not any(map(is_key, ["", "ivk", "IVK_secret", "x-ivk_", "eyJhbGciOiJIUzI1NiJ9"]))


@pytest.mark.parametrize("digest", [key_digest, link_digest, device_digest])
def test_secrets_are_kept_as_digests_of_whatever_text_comes(digest):
    assert digest("ivk_secret") == hashlib.sha256(b"ivk_secret").hexdigest()
    assert digest("é") == hashlib.sha256(b"\xc3\xa9").hexdigest()
    assert digest(SURROGATE) == hashlib.sha256(SURROGATE_BYTES).hexdigest()


@pytest.mark.parametrize(
    ("typed", "name"), [(" Script\t", "Script"), ("k" * 100, "k" * 100), ("e\u0301", "é")]
)
def test_names_of_keys(typed, name):
    assert checked_key_name(typed) == name


@pytest.mark.parametrize(
    "text", ["", " ", "k" * 101, "a\x00", "a\x1fb", "a\ud800b", "a\ue000b", "a\U000e0080b"]
)
def test_what_is_no_name_of_a_key(text):
    with pytest.raises(Invalid) as refused:
        checked_key_name(text)
    assert refused.value.field == "name"


@pytest.mark.parametrize(
    ("key", "user", "after", "counting"),
    [
        ({}, {}, timedelta(days=1) - MOMENT, True),
        ({}, {}, timedelta(days=1), False),
        ({"expires_at": None}, {}, timedelta(days=9999), True),
        ({}, {"is_active": False}, timedelta(0), False),
        ({"user_id": UserId("other")}, {}, timedelta(0), False),
    ],
)
def test_which_keys_count(key, user, after, counting):
    assert counts(attrs.evolve(KEY, **key), a_user(**user), NOON + after) is counting


@pytest.mark.parametrize("admin", [False, True])
@pytest.mark.parametrize("scope", list(Scope))
def test_a_key_speaks_for_its_account_as_it_is_now(scope, admin):
    user = a_user(is_admin=admin, must_change_password=not admin)

    principal = principal_of_key(attrs.evolve(KEY, scope=scope), user, "::1", must_enroll=admin)

    assert principal == Principal(
        user_id=UserId("u"),
        is_admin=admin,
        via=Via.API_KEY,
        key_id=ApiKeyId("k"),
        scope=scope,
        must_change_password=not admin,
        must_enroll=admin,
        ends_at=KEY.expires_at,
        address="::1",
    )
    assert principal_of_key(KEY, user, None).must_enroll is False


REACHES = {
    Scope.READ: {Scope.READ},
    Scope.GENERATE: {Scope.READ, Scope.GENERATE},
    Scope.FULL: {Scope.READ, Scope.GENERATE, Scope.FULL},
}


@pytest.mark.parametrize("admin", [False, True])
@pytest.mark.parametrize("needed", [*Scope, None])
@pytest.mark.parametrize("scope", [*Scope, None])
def test_how_far_a_key_reaches(scope, needed, admin):
    principal = Principal(user_id=UserId("u"), is_admin=admin, via=Via.API_KEY, scope=scope)
    if scope is None:
        assert within_scope(principal, needed) == principal
    elif needed is None:
        with pytest.raises(Forbidden, match="sign in with your password"):
            within_scope(principal, needed)
    elif needed not in REACHES[scope]:
        with pytest.raises(Forbidden, match=f"'{needed}': this one is for '{scope}'"):
            within_scope(principal, needed)
    else:
        own_only = scope is Scope.GENERATE and needed is Scope.GENERATE
        wanted = attrs.evolve(principal, is_admin=admin and not own_only)
        assert within_scope(principal, needed) == wanted


# The second factor

FACTOR = SecondFactor(user_id=UserId("u"), sealed_secret="s", created_at=NOON)


def test_a_confirmed_factor_is_in_force_with_its_first_code_used():
    later = NOON + timedelta(minutes=1)

    assert confirmed(FACTOR, 7, ["a", "b"], later) == attrs.evolve(
        FACTOR, confirmed_at=later, last_step=7, recovery=("a", "b")
    )


IN_FORCE = confirmed(FACTOR, 7, ["a", "b", "a2"], NOON)


@pytest.mark.parametrize(
    ("proof", "after"),
    [
        (Proof(), None),
        (Proof(step=6), None),
        (Proof(step=7), None),
        (Proof(step=8), {"last_step": 8}),
        (Proof(recovery="c"), None),
        (Proof(recovery="a"), {"recovery": ("b", "a2")}),
        (Proof(recovery="a2"), {"recovery": ("a", "b")}),
        (Proof(step=7, recovery="b"), {"recovery": ("a", "a2")}),
    ],
)
def test_what_a_proof_uses_up(proof, after):
    assert spent(IN_FORCE, proof) == (after and attrs.evolve(IN_FORCE, **after))


def test_recovery_codes_are_typed_in_any_form():
    code = recovery_code("secret")
    letters = code.replace("-", "")

    assert code == setup_code("secret")
    assert len(letters) == 16
    digest = hashlib.sha256(letters.encode()).hexdigest()
    for typed in (code, code.lower(), f" {letters} ", letters[:8] + "\t- " + letters[8:]):
        assert recovery_digest(typed) == digest
    for typed in ("", letters[:-1], letters + "A", letters[:-1] + "1", letters[:-1] + "é"):
        assert recovery_digest(typed) is None


@pytest.mark.parametrize("has_one", [False, True])
@pytest.mark.parametrize("admin", [False, True])
@pytest.mark.parametrize(
    ("policy", "who"),
    [
        (SecondFactorPolicy.NONE, set()),
        (SecondFactorPolicy.ADMINS, {True}),
        (SecondFactorPolicy.EVERYONE, {True, False}),
    ],
)
def test_who_must_set_one_up(policy, who, admin, has_one):
    user = a_user(is_admin=admin, second_factor=has_one)

    assert must_enroll(user, policy) is (admin in who and not has_one)


def test_steps_begin_every_half_minute():
    start = step_of(NOON)
    assert start == int(NOON.timestamp()) // 30
    assert step_of(NOON + timedelta(seconds=30) - MOMENT) == start
    assert step_of(NOON + timedelta(seconds=30)) == start + 1


# Links


def test_links_and_their_lives():
    assert dict(LINK_LIVES) == {
        LinkPurpose.INVITATION: timedelta(days=7),
        LinkPurpose.RESET: timedelta(hours=24),
    }
    for site in ("https://invoke.example.com/X", "https://invoke.example.com/X/"):
        url = link_url(site, LinkPurpose.RESET, "token")
        assert url == "https://invoke.example.com/X/password-reset/token"


# The code of the setup


@pytest.mark.parametrize("forwarded", [False, True])
@pytest.mark.parametrize("loopback_only", [False, True])
def test_the_setup_asks_for_a_code_unless_all_is_loopback(loopback_only, forwarded):
    client = Client(is_loopback=not forwarded)

    required = setup_code_required(loopback_only=loopback_only, client=client)

    assert required is not (loopback_only and not forwarded)


def test_the_setup_code():
    code = setup_code("secret")

    assert code == "FO4A-2U33-DWR6-HC6T"
    assert setup_code("another") != code
    for typed in (code, code.lower(), code.replace("-", ""), f" {code} ", code.replace("-", " ")):
        assert is_setup_code(typed, code)
        assert is_setup_code(typed, code.replace("-", ""))
    for typed in (None, "", code[:-1], code + "A", "é" * 16, SURROGATE, code.replace("-", "X")):
        assert not is_setup_code(typed, code)


# The brake


def a_tally(failures, *, account="a", address="192.0.2.1/32", first=NOON, last=NOON):
    return Tally(account=account, address=address, failures=failures, first_at=first, last_at=last)


def test_an_account_is_counted_by_its_address_in_any_spelling():
    assert account_key("Ada@Example.com") == hashlib.sha256(b"ada@example.com").hexdigest()[:32]
    assert (
        account_key(f"{SURROGATE}@example.com")
        == (hashlib.sha256(SURROGATE_BYTES + b"@example.com").hexdigest()[:32])
    )


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("", ""),
        (None, ""),
        ("unix:", ""),
        ("192.0.2.7:80", ""),
    ],
)
def test_the_network_of_an_address(address, key):
    assert address_key(address) == key


@pytest.mark.parametrize(
    ("tally", "wait"),
    [
        (a_tally(9), 0),
        (a_tally(10), 15),
        (a_tally(11), 30),
        (a_tally(15), 480),
        (a_tally(16), 900),
        (a_tally(10_000), 900),
        (a_tally(19, account=""), 0),
        (a_tally(20, account=""), 15),
        (a_tally(10, address="device:d"), 15),
        (a_tally(99, address=""), 0),
        (a_tally(100, address=""), 86_400),
        (a_tally(101, address=""), 86_400),
    ],
)
def test_how_long_one_waits(tally, wait):
    later = NOON + timedelta(seconds=40)
    tally = attrs.evolve(tally, last_at=later)
    since = later if tally.address else NOON

    assert opens_at(tally) == since + timedelta(seconds=wait)


def test_an_account_waits_for_the_longest_of_its_waits():
    short, long, none = a_tally(10), a_tally(12), a_tally(3)

    assert locked_until([short, long, none], NOON) == NOON + timedelta(seconds=60)
    assert locked_until([short, none], NOON + timedelta(seconds=15)) is None
    assert locked_until([short], NOON + timedelta(seconds=15) - MOMENT) is not None
    assert locked_until([], NOON) is None


@pytest.mark.parametrize(
    ("tally", "after"),
    [
        (a_tally(1), timedelta(minutes=15)),
        (a_tally(16), timedelta(minutes=15)),
        (a_tally(1, address=""), timedelta(days=1)),
        (a_tally(100, address="", last=NOON + timedelta(hours=9)), timedelta(days=1)),
    ],
)
def test_when_failures_are_forgotten(tally, after):
    assert not is_forgotten(tally, NOON + after - MOMENT)
    assert is_forgotten(tally, NOON + after)


def test_failures_add_up_until_they_are_forgotten():
    soon, late = NOON + timedelta(minutes=1), NOON + timedelta(minutes=15)

    assert counted(a_tally(3), soon) == a_tally(4, last=soon)
    assert counted(a_tally(3), late) == a_tally(1, first=late, last=late)
    assert taken_back(a_tally(3)) == a_tally(2)
    assert taken_back(a_tally(1)) == taken_back(a_tally(0)) == a_tally(0)
