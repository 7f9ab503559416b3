"""Ways to keep the audit log wrongly."""

from collections.abc import Mapping
from typing import Any

import attrs

from invoke_core.domain.audit import Head, Stranger
from invoke_core.errors import NotFound
from invoke_core.testing.broken.faults import Fault, after, backwards, evolved, returning


def _without_request(work: Any, real: Any, who: Any, *args: Any, **kwargs: Any) -> None:
    real(attrs.evolve(who, request_id=None), *args, **kwargs)


def _anonymously(work: Any, real: Any, who: Any, *args: Any, **kwargs: Any) -> None:
    real(attrs.evolve(who, operating_system_user=None), *args, **kwargs)


def _nobody_strange(work: Any, real: Any, who: Any, *args: Any, **kwargs: Any) -> None:
    real(attrs.evolve(who, email=None) if isinstance(who, Stranger) else who, *args, **kwargs)


def _gone_with_the_account(work: Any, real: Any, query: Any) -> Any:
    found = []
    for entry in real(query):
        try:
            work.users.get(entry.actor.user_id)
        except NotFound:
            continue
        found.append(entry)
    return found


def _skipping(entries: Any) -> Any:
    return [evolved(entry_id=entry.entry_id + entry.entry_id // 3)(entry) for entry in entries]


def _unsealed(rows: Any) -> Any:
    return [evolved(mac="0" * 64)(row) for row in rows]


class _Remembers:
    """Moves of an earlier unit are taken for the present one's."""

    def __init__(self) -> None:
        self.last: Head | None = None

    def __call__(self, work: Any, real: Any) -> Any:
        self.last = real() or self.last
        return self.last


def _by_query(**changes: Any) -> Any:
    """Forget a part of the query."""
    return lambda work, real, query, **kwargs: real(attrs.evolve(query, **changes), **kwargs)


def _exact_action(work: Any, real: Any, query: Any) -> Any:
    return [entry for entry in real(query) if query.action in {None, entry.action}]


def _exact_target(work: Any, real: Any, query: Any) -> Any:
    return [entry for entry in real(query) if query.target in {None, entry.target.id}]


def _with_the_end(work: Any, real: Any, query: Any) -> Any:
    return [e for e in real(attrs.evolve(query, until=None)) if e.at <= query.until]


def _from_it_on(work: Any, real: Any, query: Any) -> Any:
    before = None if query.before_id is None else query.before_id + 1
    return real(attrs.evolve(query, before_id=before))


AUDIT: Mapping[str, Fault] = {
    "test_what_a_person_did_comes_back_whole": Fault("audit.record", _without_request),
    "test_what_a_command_did_names_who_typed_it": Fault("audit.record", _anonymously),
    "test_a_stranger_goes_by_what_was_typed": Fault("audit.record", _nobody_strange),
    "test_entries_are_numbered_without_a_gap": Fault("audit.list", after(_skipping)),
    "test_entries_outlive_their_account": Fault("audit.list", _gone_with_the_account),
    "test_the_head_is_the_last_entry": Fault("audit.head", returning(Head(2, "0" * 64))),
    "test_a_unit_knows_how_far_it_moved_the_log": Fault("audit.recorded", _Remembers()),
    "test_rows_are_sealed_one_after_the_other": Fault("audit.rows", after(_unsealed)),
    "test_rows_after_a_number_come_oldest_first": Fault("audit.rows", after(backwards)),
    "test_entries_come_newest_first_up_to_a_limit": Fault("audit.list", after(backwards)),
    "test_entries_before_a_number_go_on_from_there": Fault("audit.list", _from_it_on),
    "test_entries_are_found_by_actor": Fault("audit.list", _by_query(actor=None)),
    "test_entries_are_found_by_action_and_its_kind": Fault("audit.list", _exact_action),
    "test_entries_are_found_by_target_and_its_kind": Fault("audit.list", _exact_target),
    "test_entries_are_found_by_time": Fault("audit.list", _with_the_end),
    "test_matches_are_counted_up_to_a_bound": Fault("audit.count", _by_query(action=None)),
}
