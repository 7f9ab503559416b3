"""Ways to keep identities, and sign-ins under way at providers, wrongly."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import attrs

from invoke_core.domain.identities import Identity
from invoke_core.errors import Conflict, NotFound
from invoke_core.testing.broken.faults import (
    Fault,
    after,
    backwards,
    evolved,
    forgiving,
    raising,
    returning,
    with_first,
)

_TICK = timedelta(microseconds=1)


def _all(work: Any) -> Sequence[Identity]:
    users = work.users.list(limit=None).items
    return [each for user in users for each in work.identities.of_user(user.user_id)]


def _first_of_the_subject(work: Any, real: Any, issuer: str, subject: str) -> Any:
    return next((each for each in _all(work) if each.subject == subject), real(issuer, subject))


def _any_spelling(work: Any, real: Any, issuer: str, subject: str) -> Any:
    return real(issuer, subject) or real(issuer, subject.capitalize())


def _keeps_both_under_new_ids(work: Any, real: Any, identity: Any) -> None:
    try:
        real(identity)
    except Conflict:
        real(attrs.evolve(identity, identity_id=identity.identity_id + "'"))


def _takes_over(work: Any, real: Any, identity: Any) -> None:
    other = work.identities.find(identity.issuer, identity.subject)
    if other is not None:
        work.identities.remove(other.identity_id)
    real(identity)


def _adds(work: Any, real: Any, identity: Any) -> None:
    try:
        real(identity)
    except NotFound:
        work.identities.add(identity)


def _removes_all(work: Any, real: Any, identity_id: Any) -> None:
    for identity in _all(work):
        real(identity.identity_id)


def _removes_with_the_account(work: Any, real: Any, user_id: Any) -> None:
    for identity in work.identities.of_user(user_id):
        work.identities.remove(identity.identity_id)
    real(user_id)


def _stays(work: Any, real: Any, digest: str) -> Any:
    found = real(digest)
    if found is not None:
        work.provider_logins.add(found, keep=9)
    return found


def _forgets_who(work: Any, real: Any, digest: str) -> Any:
    return evolved(person=None)(real(digest)) if real(digest) else None


def _any_case(work: Any, real: Any, digest: str) -> Any:
    return real(digest) or real(digest.lower())


def _takes_its_place(work: Any, real: Any, login: Any, *, keep: int) -> None:
    work.provider_logins.take(login.digest)
    real(login, keep=keep)
    raise Conflict("taken")


def _keeps_everything(work: Any, real: Any, login: Any, *, keep: int) -> None:
    real(login, keep=99)


IDENTITIES: Mapping[str, Fault] = {
    "test_an_identity_comes_back_whole": Fault(
        "identities.find", after(lambda found: found and evolved(claims_admin=False)(found))
    ),
    "test_issuer_and_subject_both_count": Fault("identities.find", _first_of_the_subject),
    "test_an_identity_that_nobody_has_is_none": Fault("identities.find", _any_spelling),
    "test_an_accounts_identities_come_oldest_first": Fault("identities.of_user", after(backwards)),
    "test_two_identities_do_not_share_an_id": Fault("identities.add", _keeps_both_under_new_ids),
    "test_two_accounts_do_not_share_an_identity": Fault("identities.add", _takes_over),
    "test_an_identity_needs_an_account_that_exists": Fault("identities.put", forgiving(NotFound)),
    "test_an_identity_is_replaced": Fault("identities.put", returning(None)),
    "test_only_a_known_identity_is_replaced": Fault("identities.put", _adds),
    "test_an_identity_does_not_become_anothers": Fault("identities.put", _takes_over),
    "test_a_removed_identity_is_gone_alone": Fault("identities.remove", _removes_all),
    "test_removing_an_identity_that_is_gone_does_nothing": Fault(
        "identities.remove", raising(NotFound("identity", "unknown"))
    ),
    "test_an_identity_outlives_its_account": Fault("users.remove", _removes_with_the_account),
}

PROVIDER_LOGINS: Mapping[str, Fault] = {
    "test_a_sign_in_comes_back_whole": Fault(
        "provider_logins.take", after(lambda found: found and evolved(remember_me=False)(found))
    ),
    "test_a_sign_in_is_taken_once": Fault("provider_logins.take", _stays),
    "test_a_sign_in_that_is_looked_at_goes_on_counting": Fault(
        "provider_logins.find", _forgets_who
    ),
    "test_an_unknown_digest_takes_nothing": Fault("provider_logins.take", _any_case),
    "test_a_digest_is_given_once": Fault("provider_logins.add", _takes_its_place),
    "test_the_newest_of_a_network_stay": Fault("provider_logins.add", _keeps_everything),
    "test_sign_ins_that_expired_before_go": Fault(
        "provider_logins.remove_expired", with_first(lambda before: before + _TICK)
    ),
}
