"""What every store of links, letters, former passwords and doomed files does."""

from datetime import timedelta
from typing import Any

import attrs
import pytest

from invoke_core.domain.identifiers import ImageName, UserId
from invoke_core.domain.links import AccountLink, LinkPurpose
from invoke_core.domain.mail import Letter
from invoke_core.errors import NotFound
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import NOON, a_user

SECOND = timedelta(seconds=1)
NOBODY = UserId("nobody")


def a_link(user_id: UserId, **changes: Any) -> AccountLink:
    link = AccountLink(
        user_id=user_id,
        purpose=LinkPurpose.INVITATION,
        digest=f"digest of {user_id}",
        created_at=NOON,
        expires_at=NOON + timedelta(days=7),
    )
    return attrs.evolve(link, **changes)


def a_letter(user_id: UserId, **changes: Any) -> Letter:
    letter = Letter(
        user_id=user_id,
        purpose=LinkPurpose.RESET,
        site="https://invoke.example.com/",
        created_at=NOON,
        expires_at=NOON + timedelta(days=1),
        attempts=3,
        due_at=NOON + SECOND,
    )
    return attrs.evolve(letter, **changes)


class LinkRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_a_link_comes_back_whole(self, database: Database) -> None:
        with database.writing() as work:
            link = a_link(a_user(work).user_id)
            work.links.put(link)

        with database.reading() as work:
            assert work.links.find(link.digest) == link

    def test_an_unknown_digest_finds_nothing(self, database: Database) -> None:
        with database.writing() as work:
            work.links.put(a_link(a_user(work).user_id))

            assert work.links.find("digest") is None

    def test_a_new_link_ends_the_older_one(self, database: Database) -> None:
        with database.writing() as work:
            first = a_link(a_user(work).user_id, digest="first")
            second = attrs.evolve(first, digest="second", purpose=LinkPurpose.RESET)
            work.links.put(first)
            work.links.put(second)

            assert work.links.find("first") is None
            assert work.links.find("second") == second

    def test_a_link_needs_an_account(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound):
            work.links.put(a_link(NOBODY))

    def test_a_removed_link_is_gone_alone(self, database: Database) -> None:
        with database.writing() as work:
            link, other = a_link(a_user(work).user_id), a_link(a_user(work).user_id)
            work.links.put(link)
            work.links.put(other)

            work.links.remove(link.user_id)

            assert work.links.find(link.digest) is None
            assert work.links.find(other.digest) == other

    def test_removing_a_link_that_is_gone_does_nothing(self, database: Database) -> None:
        with database.writing() as work:
            work.links.remove(NOBODY)

    def test_links_that_expired_before_go(self, database: Database) -> None:
        with database.writing() as work:
            old = a_link(a_user(work).user_id, expires_at=NOON)
            new = a_link(a_user(work).user_id, expires_at=NOON + SECOND)
            work.links.put(old)
            work.links.put(new)

            assert work.links.remove_expired(NOON + SECOND) == 1
            assert work.links.find(old.digest) is None
            assert work.links.find(new.digest) == new

    def test_a_link_goes_with_its_account(self, database: Database) -> None:
        with database.writing() as work:
            link = a_link(a_user(work).user_id)
            work.links.put(link)

            work.users.remove(link.user_id)

            assert work.links.find(link.digest) is None


class OutboxRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_a_letter_comes_back_whole(self, database: Database) -> None:
        with database.writing() as work:
            letter = a_letter(a_user(work).user_id)
            work.outbox.put(letter)

        with database.reading() as work:
            assert work.outbox.find(letter.user_id) == letter
            assert list(work.outbox.due(letter.due_at)) == [letter]

    def test_who_gets_no_letter_has_none(self, database: Database) -> None:
        with database.writing() as work:
            work.outbox.put(a_letter(a_user(work).user_id))

            assert work.outbox.find(a_user(work).user_id) is None

    def test_a_letter_replaces_the_one_before(self, database: Database) -> None:
        with database.writing() as work:
            first = a_letter(a_user(work).user_id)
            second = attrs.evolve(first, attempts=4, due_at=NOON + 2 * SECOND)
            work.outbox.put(first)
            work.outbox.put(second)

            assert list(work.outbox.due(NOON + timedelta(days=1))) == [second]

    def test_a_letter_needs_an_account(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound):
            work.outbox.put(a_letter(NOBODY))

    def test_letters_are_due_from_their_instant_on(self, database: Database) -> None:
        with database.writing() as work:
            letter = a_letter(a_user(work).user_id, due_at=NOON)
            work.outbox.put(letter)
            work.outbox.put(a_letter(a_user(work).user_id, due_at=NOON + SECOND))

            assert list(work.outbox.due(NOON)) == [letter]

    def test_the_letter_due_first_comes_first_then_by_account(self, database: Database) -> None:
        with database.writing() as work:
            users = [a_user(work).user_id for _ in range(3)]
            last = a_letter(users[0], due_at=NOON)
            second = a_letter(users[2], due_at=NOON - SECOND)
            first = a_letter(users[1], due_at=NOON - SECOND)
            for letter in (last, second, first):
                work.outbox.put(letter)

            assert list(work.outbox.due(NOON)) == [first, second, last]

    def test_no_more_letters_come_than_asked_for(self, database: Database) -> None:
        with database.writing() as work:
            for _ in range(3):
                work.outbox.put(a_letter(a_user(work).user_id, due_at=NOON))

            assert len(work.outbox.due(NOON, limit=2)) == 2

    def test_a_removed_letter_is_gone_alone(self, database: Database) -> None:
        with database.writing() as work:
            letter, other = a_letter(a_user(work).user_id), a_letter(a_user(work).user_id)
            work.outbox.put(letter)
            work.outbox.put(other)

            work.outbox.remove(letter.user_id)

            assert work.outbox.find(letter.user_id) is None
            assert work.outbox.find(other.user_id) == other

    def test_removing_a_letter_that_is_gone_does_nothing(self, database: Database) -> None:
        with database.writing() as work:
            work.outbox.remove(NOBODY)

    def test_a_letter_goes_with_its_account(self, database: Database) -> None:
        with database.writing() as work:
            letter = a_letter(a_user(work).user_id)
            work.outbox.put(letter)

            work.users.remove(letter.user_id)

            assert work.outbox.find(letter.user_id) is None


class FormerPasswordRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_former_passwords_come_the_newest_first(self, database: Database) -> None:
        with database.writing() as work:
            user_id = a_user(work).user_id
            for number in (2, 0, 1):
                at = NOON + number * SECOND
                work.former_passwords.add(user_id, f"hash {number}", at, keep=9)

        with database.reading() as work:
            recent = work.former_passwords.recent(user_id, 9)
            assert list(recent) == ["hash 2", "hash 1", "hash 0"]

    def test_no_more_come_than_asked_for(self, database: Database) -> None:
        with database.writing() as work:
            user_id = a_user(work).user_id
            for number in range(3):
                at = NOON + number * SECOND
                work.former_passwords.add(user_id, f"hash {number}", at, keep=9)

            assert list(work.former_passwords.recent(user_id, 2)) == ["hash 2", "hash 1"]

    def test_the_newest_are_kept(self, database: Database) -> None:
        with database.writing() as work:
            user_id, other = a_user(work).user_id, a_user(work).user_id
            work.former_passwords.add(other, "other", NOON - SECOND, keep=1)
            for number in range(3):
                at = NOON + number * SECOND
                work.former_passwords.add(user_id, f"hash {number}", at, keep=2)

            assert list(work.former_passwords.recent(user_id, 9)) == ["hash 2", "hash 1"]
            assert list(work.former_passwords.recent(other, 9)) == ["other"]

    def test_they_are_their_accounts_own(self, database: Database) -> None:
        with database.writing() as work:
            user_id = a_user(work).user_id
            work.former_passwords.add(user_id, "hash", NOON, keep=9)

            assert not work.former_passwords.recent(a_user(work).user_id, 9)

    def test_a_former_password_needs_an_account(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound):
            work.former_passwords.add(NOBODY, "hash", NOON, keep=9)

    def test_they_go_with_their_account(self, database: Database) -> None:
        with database.writing() as work:
            user_id = a_user(work).user_id
            work.former_passwords.add(user_id, "hash", NOON, keep=9)

            work.users.remove(user_id)

            assert not work.former_passwords.recent(user_id, 9)


class DoomedFileRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_doomed_files_come_the_oldest_first_then_by_name(self, database: Database) -> None:
        with database.writing() as work:
            work.doomed_files.add([ImageName("a.png")], NOON + SECOND)
            work.doomed_files.add([ImageName("c.png"), ImageName("b.png")], NOON)

        with database.reading() as work:
            assert list(work.doomed_files.list()) == ["b.png", "c.png", "a.png"]

    def test_no_more_come_than_asked_for(self, database: Database) -> None:
        with database.writing() as work:
            work.doomed_files.add([ImageName(f"{number}.png") for number in range(3)], NOON)

            assert list(work.doomed_files.list(2)) == ["0.png", "1.png"]

    def test_a_file_is_doomed_once(self, database: Database) -> None:
        with database.writing() as work:
            work.doomed_files.add([ImageName("a.png")], NOON)
            work.doomed_files.add([ImageName("b.png")], NOON + SECOND)
            work.doomed_files.add([ImageName("a.png"), ImageName("a.png")], NOON + 2 * SECOND)

            assert list(work.doomed_files.list()) == ["a.png", "b.png"]

    def test_none_at_all_may_be_doomed(self, database: Database) -> None:
        with database.writing() as work:
            work.doomed_files.add([], NOON)

            assert not work.doomed_files.list()

    def test_those_that_are_gone_are_forgotten_alone(self, database: Database) -> None:
        with database.writing() as work:
            work.doomed_files.add([ImageName(f"{number}.png") for number in range(3)], NOON)

            work.doomed_files.remove([ImageName("0.png"), ImageName("2.png")])

            assert list(work.doomed_files.list()) == ["1.png"]

    def test_unknown_ones_are_passed_over(self, database: Database) -> None:
        with database.writing() as work:
            work.doomed_files.add([ImageName("a.png")], NOON)

            work.doomed_files.remove([ImageName("b.png"), ImageName("a.png")])

            assert not work.doomed_files.list()
