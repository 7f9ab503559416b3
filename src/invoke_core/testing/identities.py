"""What every store of identities, and of sign-ins under way at providers, does."""

from datetime import timedelta
from typing import Any

import attrs
import pytest

from invoke_core.domain.identifiers import IdentityId, UserId
from invoke_core.domain.identities import Person, ProviderLogin
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import NOON, a_user, an_identity

SECOND = timedelta(seconds=1)
NOBODY = UserId("nobody")
NORA = Person(
    issuer="https://id.example.com",
    subject="7",
    email="nora@example.com",
    display_name=None,
    is_admin=False,
    second_factor=True,
)


def a_login(digest: str = "digest", **changes: Any) -> ProviderLogin:
    login = ProviderLogin(
        digest=digest,
        provider="company",
        browser="digest of the browser's secret",
        next_path="/boards",
        remember_me=True,
        network="203.0.113.9/32",
        created_at=NOON,
        expires_at=NOON + timedelta(minutes=10),
    )
    return attrs.evolve(login, **changes)


class IdentityRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    @pytest.mark.parametrize("claims_admin", [True, False])
    def test_an_identity_comes_back_whole(self, database: Database, claims_admin: bool) -> None:
        with database.writing() as work:
            an_identity(work)
            identity = an_identity(work, claims_admin=claims_admin)

        with database.reading() as work:
            assert work.identities.find(identity.issuer, identity.subject) == identity

    def test_issuer_and_subject_both_count(self, database: Database) -> None:
        with database.writing() as work:
            one = an_identity(work, subject="1")
            other = an_identity(work, subject="1", issuer="https://elsewhere.example.com")

            assert work.identities.find(one.issuer, "1") == one
            assert work.identities.find(other.issuer, "1") == other

    def test_an_identity_that_nobody_has_is_none(self, database: Database) -> None:
        with database.writing() as work:
            identity = an_identity(work, subject="Subject")

            assert work.identities.find(identity.issuer, "subject") is None
            assert work.identities.find(identity.issuer + "/", "Subject") is None

    def test_an_accounts_identities_come_oldest_first(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            newest = an_identity(work, user, created_at=NOON + SECOND)
            second = an_identity(work, user, identity_id=IdentityId("b"))
            first = an_identity(work, user, identity_id=IdentityId("a"))
            an_identity(work)

            assert list(work.identities.of_user(user.user_id)) == [first, second, newest]

    def test_two_identities_do_not_share_an_id(self, database: Database) -> None:
        with database.writing() as work:
            identity = an_identity(work)
            with pytest.raises(Conflict):
                work.identities.add(attrs.evolve(identity, subject="other"))

            assert work.identities.find(identity.issuer, "other") is None

    def test_two_accounts_do_not_share_an_identity(self, database: Database) -> None:
        with database.writing() as work:
            identity = an_identity(work)
            with pytest.raises(Conflict):
                an_identity(work, subject=identity.subject)

            assert work.identities.find(identity.issuer, identity.subject) == identity

    def test_an_identity_needs_an_account_that_exists(self, database: Database) -> None:
        with database.writing() as work:
            identity = an_identity(work)
            with pytest.raises(NotFound):
                an_identity(work, user_id=NOBODY)
            with pytest.raises(NotFound):
                work.identities.put(attrs.evolve(identity, user_id=NOBODY))

            assert work.identities.find(identity.issuer, identity.subject) == identity

    def test_an_identity_is_replaced(self, database: Database) -> None:
        with database.writing() as work:
            identity, other = an_identity(work), an_identity(work)
            later = attrs.evolve(identity, user_id=a_user(work).user_id, claims_admin=True)
            work.identities.put(later)

            assert work.identities.find(identity.issuer, identity.subject) == later
            assert work.identities.find(other.issuer, other.subject) == other

    def test_only_a_known_identity_is_replaced(self, database: Database) -> None:
        with database.writing() as work:
            identity = an_identity(work)
            unknown = attrs.evolve(identity, identity_id=IdentityId("unknown"), subject="other")
            with pytest.raises(NotFound):
                work.identities.put(unknown)

    def test_an_identity_does_not_become_anothers(self, database: Database) -> None:
        with database.writing() as work:
            identity, other = an_identity(work), an_identity(work)
            with pytest.raises(Conflict):
                work.identities.put(attrs.evolve(identity, subject=other.subject))

            assert work.identities.find(other.issuer, other.subject) == other

    def test_a_removed_identity_is_gone_alone(self, database: Database) -> None:
        with database.writing() as work:
            identity, other = an_identity(work), an_identity(work)

            work.identities.remove(identity.identity_id)

            assert work.identities.find(identity.issuer, identity.subject) is None
            assert work.identities.find(other.issuer, other.subject) == other

    def test_removing_an_identity_that_is_gone_does_nothing(self, database: Database) -> None:
        with database.writing() as work:
            work.identities.remove(IdentityId("unknown"))

    def test_an_identity_outlives_its_account(self, database: Database) -> None:
        with database.writing() as work:
            identity, other = an_identity(work), an_identity(work)
            assert identity.user_id is not None

            work.users.remove(identity.user_id)

            orphaned = attrs.evolve(identity, user_id=None)
            assert work.identities.find(identity.issuer, identity.subject) == orphaned
            assert work.identities.find(other.issuer, other.subject) == other


class ProviderLoginRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    @pytest.mark.parametrize("person", [None, NORA])
    def test_a_sign_in_comes_back_whole(self, database: Database, person: Person | None) -> None:
        login = a_login(remember_me=person is None, person=person)
        with database.writing() as work:
            work.provider_logins.add(a_login("other"), keep=9)
            work.provider_logins.add(login, keep=9)

        with database.writing() as work:
            assert work.provider_logins.take("digest") == login

    def test_a_sign_in_is_taken_once(self, database: Database) -> None:
        with database.writing() as work:
            work.provider_logins.add(a_login(), keep=9)
            work.provider_logins.add(a_login("other"), keep=9)

        with database.writing() as work:
            work.provider_logins.take("digest")
        with database.writing() as work:
            assert work.provider_logins.take("digest") is None
            assert work.provider_logins.take("other") == a_login("other")

    def test_a_sign_in_that_is_looked_at_goes_on_counting(self, database: Database) -> None:
        with database.writing() as work:
            work.provider_logins.add(a_login(person=NORA), keep=9)

        with database.reading() as work:
            assert work.provider_logins.find("digest") == a_login(person=NORA)
            assert work.provider_logins.find("Digest") is None
        with database.writing() as work:
            assert work.provider_logins.take("digest") == a_login(person=NORA)

    def test_an_unknown_digest_takes_nothing(self, database: Database) -> None:
        with database.writing() as work:
            work.provider_logins.add(a_login(), keep=9)

            assert work.provider_logins.take("Digest") is None

    def test_a_digest_is_given_once(self, database: Database) -> None:
        with database.writing() as work:
            work.provider_logins.add(a_login(), keep=9)
            with pytest.raises(Conflict):
                work.provider_logins.add(a_login(provider="elsewhere"), keep=9)

            assert work.provider_logins.take("digest") == a_login()

    def test_the_newest_of_a_network_stay(self, database: Database) -> None:
        elsewhere = a_login("elsewhere", network="198.51.100.7/32", created_at=NOON - SECOND)
        with database.writing() as work:
            work.provider_logins.add(elsewhere, keep=2)
            for number in (2, 1, 3):
                login = a_login(f"login {number}", created_at=NOON + number * SECOND)
                work.provider_logins.add(login, keep=2)

            assert work.provider_logins.take("login 1") is None
            assert work.provider_logins.take("login 2") is not None
            assert work.provider_logins.take("login 3") is not None
            assert work.provider_logins.take("elsewhere") == elsewhere

    def test_sign_ins_that_expired_before_go(self, database: Database) -> None:
        old = a_login("old", expires_at=NOON)
        new = a_login("new", expires_at=NOON + SECOND)
        with database.writing() as work:
            work.provider_logins.add(old, keep=9)
            work.provider_logins.add(new, keep=9)

            assert work.provider_logins.remove_expired(NOON + SECOND) == 1
            assert work.provider_logins.take("old") is None
            assert work.provider_logins.take("new") == new
