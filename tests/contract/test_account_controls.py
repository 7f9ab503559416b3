"""Controls on accounts that only show with a real database, a real hasher, or many at once."""

import random
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import attrs
import bcrypt
import pytest

from invoke_adapters.passlib_bcrypt import PasslibBcryptHasher
from invoke_adapters.sql import SqlDatabase, open_database
from invoke_core.domain.users import checked_email, email_identity
from invoke_core.errors import Conflict, Invalid, RuleViolation, Unauthenticated
from invoke_core.services.users import UserChanges
from invoke_core.testing.builders import an_administrator
from tests.unit.accounts import HERE, HOST, PASSWORD, Accounts, open_accounts

ROUNDS = 4  # the least that bcrypt takes
PAIRS = 1000


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqlDatabase]:
    with open_database(f"sqlite:///{tmp_path}/invoke.db") as database:
        yield database


@pytest.fixture
def accounts(database: SqlDatabase) -> Accounts:
    return open_accounts(database, hasher=PasslibBcryptHasher(rounds=ROUNDS))


# C2, C3


def test_passwords_that_share_72_bytes_do_not_pass_for_each_other() -> None:
    hasher = PasslibBcryptHasher(rounds=ROUNDS)
    chance = random.Random(72)
    letters = "abcXYZ019 !äß中🙂\0"
    for _ in range(PAIRS):
        shared = "".join(chance.choices(letters, k=80))
        first, second = (shared + "".join(chance.choices(letters, k=length)) for length in (3, 4))
        assert not hasher.verify(second, hasher.hash(first)).matches


def test_the_unicode_form_of_a_password_does_not_matter() -> None:
    hasher = PasslibBcryptHasher(rounds=ROUNDS)
    chance = random.Random(200)
    for _ in range(200):
        text = "".join(chance.choices("äéñçôİǻậ가각힣がポΆйа́z7", k=12)) + "é"
        composed, apart = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
        assert composed != apart
        assert hasher.verify(apart, hasher.hash(composed)).matches
        assert hasher.verify(composed, hasher.hash(apart)).matches
        assert not hasher.verify(composed.upper(), hasher.hash(composed)).matches


# C4


def test_imported_hashes_sign_in_and_are_upgraded(
    accounts: Accounts, database: SqlDatabase
) -> None:
    hasher = PasslibBcryptHasher(rounds=ROUNDS)
    passwords = {
        f"p{n}@example.com": f"Imported-{n}-" + ("ä🙂" * 20 if n % 10 == 0 else "")
        for n in range(100)
    }
    assert sum(len(password.encode()) > 72 for password in passwords.values()) == 10
    for place, (email, password) in enumerate(passwords.items()):
        user = accounts.users.create(HOST, email=email, password=PASSWORD).user
        cut = password.encode()[:72]  # as bcrypt did before its version 5
        old = bcrypt.hashpw(cut, bcrypt.gensalt(4 + place % 2)).decode()
        with database.writing() as work:
            work.users.put(attrs.evolve(user, password_hash=old))

    for email, password in passwords.items():
        user = accounts.login(email, password).user
        assert user.password_hash.startswith("$bcrypt-sha256$")
        assert not hasher.verify(password, user.password_hash).needs_upgrade


def test_a_sign_in_that_upgrades_never_undoes_a_new_password(
    accounts: Accounts, database: SqlDatabase
) -> None:
    user = accounts.person()
    for turn in range(50):
        old, new = f"Old-Pass-{turn}", f"New-Pass-{turn}"
        imported = bcrypt.hashpw(old.encode(), bcrypt.gensalt(4)).decode()
        with database.writing() as work:
            work.users.put(attrs.evolve(work.users.get(user.user_id), password_hash=imported))
        start = threading.Barrier(2)

        def sign_in(start: threading.Barrier = start, old: str = old) -> None:
            start.wait()
            try:
                accounts.login(password=old)
            except Unauthenticated:
                return

        def change(start: threading.Barrier = start, new: str = new) -> None:
            start.wait()
            accounts.users.update(HOST, user.user_id, UserChanges(password=new))

        threads = [threading.Thread(target=sign_in), threading.Thread(target=change)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert accounts.login(password=new)
        accounts.clock.advance(3600)  # the tries that came too late are not held against anybody


# C8

SPELLINGS = [
    "office.ärger@müller.example",
    *("OFFICE.ÄRGER@MÜLLER.EXAMPLE", "Office.Ärger@Müller.Example", "oFFICE.äRGER@mÜLLER.eXAMPLE"),
    *("office.ärger@xn--mller-kva.example", "OFFICE.ÄRGER@XN--MLLER-KVA.EXAMPLE"),
    *("oﬃce.ärger@müller.example", "oﬀice.ärger@müller.example", "ofﬁce.ärger@müller.example"),
    *("ｏffice.ärger@müller.example", "𝐨ffice.ärger@müller.example", "ⓞffice.ärger@müller.example"),
    *("𝓞ffice.ärger@müller.example", "ºffice.ärger@müller.example", "ₒffice.ärger@müller.example"),
    *("offⅰce.ärger@müller.example", "offⅠce.ärger@müller.example", "offiⅽe.ärger@müller.example"),
    *("ofﬁⅽe.ärger@müller.example", "office.ärgeʳ@müller.example", "office.ärgᵉr@müller.example"),
    *(
        "office．ärger@müller.example",
        "office.ärger@ｍüller.example",
        "office.ärger@müⅼⅼer.example",
    ),
]


def _variants() -> list[str]:
    found = [form for text in SPELLINGS for form in (text, unicodedata.normalize("NFD", text))]
    found += [f"  {text}\t" for text in SPELLINGS[:4]]
    return list(dict.fromkeys(found))[:50]


def test_fifty_spellings_of_an_address_are_one_account(database: SqlDatabase) -> None:
    accounts = open_accounts(database)
    variants = _variants()
    assert len(variants) == 50
    made: list[str] = []
    refused: list[type[Exception]] = []
    turns = iter(variants * 20)
    lock = threading.Lock()

    def create() -> None:
        while True:
            with lock:
                email = next(turns, None)
            if email is None:
                return
            try:
                accounts.users.create(HOST, email=email, password=PASSWORD)
                made.append(email)
            except (Conflict, Invalid) as error:
                refused.append(type(error))

    threads = [threading.Thread(target=create) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 1
    assert len(refused) == 999
    assert accounts.users.list(HOST).total == 1
    taken = [v for v in variants if email_identity(v) == email_identity(SPELLINGS[0])]
    assert len(taken) == 50


@pytest.mark.parametrize("unseen", ["\u200b", "\u200d", "\u00ad", "\u202e", "\ufeff", "\u2060"])
def test_a_character_that_nobody_sees_is_in_no_address(unseen: str) -> None:
    with pytest.raises(Invalid):
        checked_email(f"ad{unseen}min@example.com")
    with pytest.raises(Invalid):
        checked_email(f"admin@exa{unseen}mple.com")


@pytest.mark.parametrize(
    "email", ["аdmin@example.com", "admіn@example.com", "αdmin@example.com", "admin·а@x.com"]
)
def test_an_administrators_address_mixes_no_alphabets(accounts: Accounts, email: str) -> None:
    person = accounts.person(email)  # as a person's it is taken
    for change in (
        lambda: accounts.users.update(HOST, person.user_id, UserChanges(is_admin=True)),
        lambda: accounts.users.create(HOST, email=f"x{email}", password=PASSWORD, is_admin=True),
        lambda: accounts.links.invite(HOST, email=f"x{email}", is_admin=True, site="https://x/"),
        lambda: accounts.sign_in.setup(HERE, email=f"x{email}", password=PASSWORD),
    ):
        with pytest.raises(RuleViolation, match="alphabets"):
            change()
    admin = accounts.administrator()
    with pytest.raises(RuleViolation, match="alphabets"):
        accounts.users.update(HOST, admin.user_id, UserChanges(email=f"x{email}"))


@pytest.mark.parametrize(
    "email",
    ["админ@example.com", "管理者かんり@example.com", "관리자金@example.com", "ａdmin.7@x.com"],
)
def test_an_alphabet_of_ones_own_is_no_mixture(accounts: Accounts, email: str) -> None:
    assert accounts.administrator(email).is_admin


def test_an_adopted_administrator_with_a_mixed_address_stays_one(
    accounts: Accounts, database: SqlDatabase
) -> None:
    with database.writing() as work:
        user = an_administrator(work, email="аdmin@example.com")

    accounts.users.update(HOST, user.user_id, UserChanges(display_name="A"))
