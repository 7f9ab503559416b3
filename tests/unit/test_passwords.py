import unicodedata
from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from invoke_adapters.zxcvbn_list import CommonPasswords
from invoke_core.domain.passwords import (
    Owner,
    PasswordPolicy,
    checked_password,
    generated_password,
    shortcomings,
)
from invoke_core.errors import Invalid, WeakPassword
from invoke_core.testing.builders import NOON

POLICY = PasswordPolicy()


@pytest.mark.parametrize(
    ("password", "missing"),
    [
        ("TempPass123", []),
        ("Aa345678", []),
        ("Passwort ist gut 1", []),
        ("Ünïcöde1", []),
        ("Aa34567", ["at least 8 characters"]),
        ("aa345678", ["an uppercase letter"]),
        ("AA345678", ["a lowercase letter"]),
        ("AaBbCcDd", ["a digit"]),
        ("........", ["an uppercase letter", "a lowercase letter", "a digit"]),
        ("x", ["at least 8 characters", "an uppercase letter", "a digit"]),
    ],
)
def test_each_missing_thing_has_its_sentence(password, missing):
    said = shortcomings(password, POLICY)

    assert len(said) == len(missing)
    for sentence, part in zip(said, missing, strict=True):
        assert part in sentence


def test_a_weak_password_is_refused_with_all_that_it_lacks():
    with pytest.raises(WeakPassword) as caught:
        checked_password("x", POLICY)

    assert len(caught.value.reasons) == 3


def test_characters_are_counted_not_bytes_and_not_halves_of_pairs():
    assert shortcomings("Aa1" + "\N{GRINNING FACE}" * 4, POLICY)
    assert not shortcomings("Aa1" + "\N{GRINNING FACE}" * 5, POLICY)


def test_characters_are_counted_in_the_composed_form():
    decomposed = unicodedata.normalize("NFD", "Ää1ääää")  # 7 composed, 13 decomposed

    with pytest.raises(WeakPassword):
        checked_password(decomposed, POLICY)


def test_the_minimum_and_special_characters_are_settings():
    policy = PasswordPolicy(min_length=12, require_special=True)

    assert len(shortcomings("TempPass123", policy)) == 2
    assert not shortcomings("TempPass123!", policy)


def test_a_policy_that_is_not_strict_accepts_and_warns():
    accepted = checked_password("x", PasswordPolicy(strict=False))

    assert accepted.text == "x"
    assert len(accepted.warnings) == 3


@pytest.mark.parametrize("password", ["", "x" * 1025, "Right1234\ud800"])
def test_what_can_be_no_password_is_refused_by_every_policy(password):
    with pytest.raises(Invalid) as caught:
        checked_password(password, PasswordPolicy(strict=False), field="new_password")

    assert caught.value.field == "new_password"


def test_1024_characters_are_taken():
    assert checked_password("Aa1" + "x" * 1021, POLICY).warnings == ()


def test_spaces_and_case_are_kept():
    assert checked_password("  Right 1234  ", POLICY).text == "  Right 1234  "


def test_the_password_is_not_in_its_representation():
    assert "Right1234" not in repr(checked_password("Right1234", POLICY))


@given(
    st.text(min_size=1),
    st.integers(1, 200),
    st.booleans(),
)
def test_a_generated_password_meets_the_policy(secret, min_length, special):
    policy = PasswordPolicy(min_length=min_length, require_special=special)
    secret = secret.encode("utf-8", "replace").decode()

    password = generated_password(policy, secret)

    assert checked_password(password, policy).warnings == ()
    assert password == generated_password(policy, secret)


def test_generated_passwords_differ_and_use_every_character():
    made = {generated_password(POLICY, str(number)) for number in range(500)}

    assert len(made) == 500
    assert len(set("".join(made))) == 24 + 24 + 8


@given(st.text())
def test_a_password_is_accepted_or_refused_and_nothing_else(password):
    try:
        accepted = checked_password(password, POLICY)
    except (Invalid, WeakPassword):
        return

    assert unicodedata.is_normalized("NFC", accepted.text)
    assert checked_password(accepted.text, POLICY) == accepted


ADMIN = Owner(email="admin@example.com", display_name="Grace Hopper")
STRICT = PasswordPolicy(common=CommonPasswords())


@pytest.mark.parametrize(
    "password",
    [
        *("Password1", "Password123", "Admin123", "1!Admin!1", "Example99", "GRACE-2024"),
        *("Hopper#1", "InvokeAI1", "invoke2026", "Password!!9"),
    ],
)
def test_common_passwords_and_bare_names_are_refused_by_both_profiles(password):
    nist = attrs.evolve(STRICT, composition=False, min_length=1)

    assert any("common" in s or "name" in s for s in shortcomings(password, STRICT, ADMIN))
    assert shortcomings(password, nist, ADMIN)


@pytest.mark.parametrize(
    "password",
    ["AdminPass123", "TempPass123", "NewPassword123", "NewTempPassword123", "Shapes4Everyone"],
)
def test_the_guides_own_passwords_pass(password):
    assert shortcomings(password, STRICT, ADMIN) == ()


def test_every_common_password_is_refused_whatever_its_case():
    anything = attrs.evolve(STRICT, composition=False, min_length=1)
    for password in FREQUENCY_LISTS["passwords"]:
        assert shortcomings(password.upper(), anything)


def test_the_nist_profile_asks_for_length_alone():
    nist = PasswordPolicy(min_length=15, composition=False, common=CommonPasswords())

    assert shortcomings("correct horse battery staple", nist) == ()
    assert len(shortcomings("Short-1", nist)) == 1


def test_a_name_without_letters_forbids_nothing():
    assert shortcomings("Aa345678x", PasswordPolicy(), Owner(email="123@456.com")) == ()


def test_a_generated_password_is_the_one_of_its_secret():
    """Also that of an older version: who kept the secret, kept the password."""
    special = PasswordPolicy(min_length=24, require_special=True)

    assert generated_password(POLICY, "secret") == "egCQixz8mNPQzLYvesvS"
    assert generated_password(special, "secret") == "hRUh%qkYxtHjL+ik225hAnUN"


def test_no_place_of_a_generated_password_has_its_kind():
    made = [generated_password(POLICY, str(number)) for number in range(2000)]

    for place in range(20):
        digits = sum(password[place].isdecimal() for password in made)
        assert 0.1 < digits / len(made) < 0.25  # 1 of 20 for sure, 8 of 56 of the others: 0.186


@pytest.mark.parametrize("owner", [Owner(), Owner(email="a@b"), Owner(display_name="Ada King")])
@pytest.mark.parametrize("word", ["invoke", "invokeai", "password"])
def test_product_words_are_everybodys_guess(owner, word):
    anything = PasswordPolicy(min_length=1, composition=False)

    assert len(shortcomings(f"12{word.upper()}_3!", anything, owner)) == 1
    assert shortcomings(f"{word}x", anything, owner) == ()


@pytest.mark.parametrize(
    ("password", "guessed"),
    [
        ("king99", True), ("!ADA!", True), ("ada-lovelace", True), ("Firm2024", True),
        ("example", False), ("com", False), ("ada1king", False), ("lovelace", False), ("...", False),
    ],
)  # fmt: skip
def test_words_of_the_owner_are_everybodys_guess(password, guessed):
    anything = PasswordPolicy(min_length=1, composition=False)
    owner = Owner(email="ada-lovelace@firm.example.com", display_name="Ada King")

    assert bool(shortcomings(password, anything, owner)) is guessed


def test_of_a_common_password_that_is_a_name_one_thing_is_said():
    policy = PasswordPolicy(min_length=1, composition=False, common={"ada"})

    said = shortcomings("ADA", policy, Owner(display_name="Ada"))

    assert [("common" in sentence) for sentence in said] == [True]


@pytest.mark.parametrize(("history", "former"), [(0, 0), (1, 0), (2, 1), (5, 4)])
def test_the_present_password_is_one_of_the_history(history, former):
    assert PasswordPolicy(history=history).former == former


def test_a_password_is_too_old_from_the_end_of_its_age_on():
    policy, moment = PasswordPolicy(max_age=timedelta(days=90)), timedelta(microseconds=1)

    assert policy.is_too_old(NOON, NOON + timedelta(days=90))
    assert not policy.is_too_old(NOON, NOON + timedelta(days=90) - moment)
    assert not PasswordPolicy().is_too_old(NOON, NOON + timedelta(days=9999))


@pytest.mark.parametrize("half", [chr(0xD800), chr(0xDC00), chr(0xDFFF)])
def test_halves_of_pairs_are_no_text(half):
    for password in (f"{half}Aa1xxxxx", f"Aa1xxxxx{half}"):
        with pytest.raises(Invalid) as refused:
            checked_password(password, POLICY)
        assert refused.value.field == "password"
    neighbours = "\ud7ff\ue000Aa1xxxxx"
    assert checked_password(neighbours, POLICY).text == neighbours


def test_special_characters_are_neither_letters_nor_spaces():
    policy = PasswordPolicy(min_length=1, composition=False, require_special=True)

    assert [bool(shortcomings(text, policy)) for text in ("aB3 é\t", "a!", "#", "a_b")] == [
        True, False, False, False,
    ]  # fmt: skip


def test_the_check_knows_whose_password_it_is_to_be():
    with pytest.raises(WeakPassword):
        checked_password("Hopper-2024", POLICY, owner=ADMIN)
    assert checked_password("Hopper-2024", POLICY).warnings == ()
