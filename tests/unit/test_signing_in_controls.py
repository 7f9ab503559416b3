"""Controls C5, C6 and C18b over the whole application; the full counts: `benchmarks.signing_in`."""

import pytest

from benchmarks.signing_in import besiege, compare_answers, guess_codes, open_door, spoof
from tests.unit.accounts import HOST, PASSWORD, QuickHasher


def test_three_kinds_of_wrong_sign_ins_get_one_answer():
    assert compare_answers(10, rounds=4).answers == 1


def test_each_kind_costs_one_comparison_with_a_hash_of_the_present_cost():
    hasher = QuickHasher()
    with open_door(hasher) as door:
        door.app.users.create(HOST, email="person@example.com", password=PASSWORD)
        for number, email in enumerate(("person@example.com", "nobody@example.com")):
            assert door.knock(email, "wrong", address=f"192.0.2.{number}").status_code == 401
            assert len(hasher.compared) == number + 1


def test_of_many_tries_from_everywhere_few_are_looked_at_and_the_owner_gets_in():
    siege = besiege(300)

    assert siege.verified <= 100
    assert siege.owner_got_in == 10


@pytest.mark.parametrize("by_proxy", [False, True])
def test_a_made_up_forwarding_header_changes_nothing(by_proxy):
    assert spoof(60, by_proxy=by_proxy) == [401] * 10 + [429] * 50


def test_guesses_of_a_second_factor_are_few():
    guesses = guess_codes(1000)

    assert guesses.compared <= 100
    assert guesses.got_in == 0
