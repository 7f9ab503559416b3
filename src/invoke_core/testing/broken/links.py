"""Ways to keep links, letters, former passwords and doomed files wrongly."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from invoke_core.errors import NotFound
from invoke_core.testing.broken.faults import (
    Fault,
    Replacement,
    after,
    backwards,
    evolved,
    forgiving,
    ignoring,
    with_first,
)
from invoke_core.testing.links import a_letter, a_link

_TICK = timedelta(microseconds=1)


def _anyones(work: Any, real: Any, digest: str) -> Any:
    users = work.users.list(limit=None).items
    return real(digest) or real(f"digest of {users[0].user_id}")


def _keeps_the_first(find: str) -> Replacement:
    def replacement(work: Any, real: Any, kept: Any) -> None:
        port, _, method = find.partition(".")
        if getattr(getattr(work, port), method)(kept.user_id) is None:
            real(kept)

    return replacement


def _first_of_a_user(work: Any, real: Any, link: Any) -> None:
    if work.links.find("first") is None:
        real(link)


def _removes_everything(port: str) -> Replacement:
    def replacement(work: Any, real: Any, user_id: Any) -> None:
        for user in work.users.list(limit=None).items:
            getattr(work, port).remove(user.user_id)

    return replacement


def _requires_the_account(work: Any, real: Any, user_id: Any) -> None:
    work.users.get(user_id)
    real(user_id)


def _of_nobody(value: Any) -> Replacement:
    """Return a value for an account that is gone."""

    def replacement(work: Any, real: Any, key: Any, *args: Any, **kwargs: Any) -> Any:
        found = real(key, *args, **kwargs)
        return found or value

    return replacement


LINKS: Mapping[str, Fault] = {
    "test_a_link_comes_back_whole": Fault(
        "links.find", after(lambda found: found and evolved(expires_at=found.created_at)(found))
    ),
    "test_an_unknown_digest_finds_nothing": Fault("links.find", _anyones),
    "test_a_new_link_ends_the_older_one": Fault("links.put", _first_of_a_user),
    "test_a_link_needs_an_account": Fault("links.put", forgiving(NotFound)),
    "test_a_removed_link_is_gone_alone": Fault("links.remove", _removes_everything("links")),
    "test_removing_a_link_that_is_gone_does_nothing": Fault("links.remove", _requires_the_account),
    "test_links_that_expired_before_go": Fault(
        "links.remove_expired", with_first(lambda before: before + _TICK)
    ),
    "test_a_link_goes_with_its_account": Fault("links.find", _of_nobody(a_link)),
}

OUTBOX: Mapping[str, Fault] = {
    "test_a_letter_comes_back_whole": Fault(
        "outbox.find", after(lambda found: found and evolved(attempts=0)(found))
    ),
    "test_who_gets_no_letter_has_none": Fault("outbox.find", _of_nobody(a_letter)),
    "test_a_letter_replaces_the_one_before": Fault("outbox.put", _keeps_the_first("outbox.find")),
    "test_a_letter_needs_an_account": Fault("outbox.put", forgiving(NotFound)),
    "test_letters_are_due_from_their_instant_on": Fault(
        "outbox.due", with_first(lambda now: now - _TICK)
    ),
    "test_the_letter_due_first_comes_first_then_by_account": Fault("outbox.due", after(backwards)),
    "test_no_more_letters_come_than_asked_for": Fault("outbox.due", ignoring("limit")),
    "test_a_removed_letter_is_gone_alone": Fault("outbox.remove", _removes_everything("outbox")),
    "test_removing_a_letter_that_is_gone_does_nothing": Fault(
        "outbox.remove", _requires_the_account
    ),
    "test_a_letter_goes_with_its_account": Fault("outbox.find", _of_nobody(a_letter)),
}


def _everybodys(work: Any, real: Any, user_id: Any, limit: int) -> Any:
    users = work.users.list(limit=None).items
    return [kept for user in users for kept in real(user.user_id, limit)]


def _all_of_them(work: Any, real: Any, user_id: Any, limit: int) -> Any:
    return real(user_id, 1000)


def _keeps_all(work: Any, real: Any, *args: Any, keep: int) -> None:
    real(*args, keep=1000)


FORMER_PASSWORDS: Mapping[str, Fault] = {
    "test_former_passwords_come_the_newest_first": Fault(
        "former_passwords.recent", after(backwards)
    ),
    "test_no_more_come_than_asked_for": Fault("former_passwords.recent", _all_of_them),
    "test_the_newest_are_kept": Fault("former_passwords.add", _keeps_all),
    "test_they_are_their_accounts_own": Fault("former_passwords.recent", _everybodys),
    "test_a_former_password_needs_an_account": Fault("former_passwords.add", forgiving(NotFound)),
    "test_they_go_with_their_account": Fault("former_passwords.recent", _of_nobody(["hash"])),
}


def _dooms_anew(work: Any, real: Any, image_names: Any, at: Any) -> None:
    work.doomed_files.remove(image_names)
    real(image_names, at)


def _requires_some(work: Any, real: Any, image_names: Any, at: Any) -> None:
    real([image_names[0], *image_names[1:]], at)


def _forgets_all(work: Any, real: Any, image_names: Any) -> None:
    real(work.doomed_files.list())


def _stops_at_unknown(work: Any, real: Any, image_names: Any) -> None:
    there = set(work.doomed_files.list())
    for image_name in image_names:
        if image_name not in there:
            raise NotFound("file", image_name)
        real([image_name])


DOOMED_FILES: Mapping[str, Fault] = {
    "test_doomed_files_come_the_oldest_first_then_by_name": Fault(
        "doomed_files.list", after(sorted)
    ),
    "test_no_more_come_than_asked_for": Fault(
        "doomed_files.list", lambda work, real, limit=1000: real(1000)
    ),
    "test_a_file_is_doomed_once": Fault("doomed_files.add", _dooms_anew),
    "test_none_at_all_may_be_doomed": Fault("doomed_files.add", _requires_some),
    "test_those_that_are_gone_are_forgotten_alone": Fault("doomed_files.remove", _forgets_all),
    "test_unknown_ones_are_passed_over": Fault("doomed_files.remove", _stops_at_unknown),
}
