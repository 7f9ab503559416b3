"""Ways to keep jobs, flows and workers wrongly."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import attrs

from invoke_core.domain.estimates import kind_of
from invoke_core.domain.fairness import QueueMode, VirtualTime
from invoke_core.domain.merging import merge_key
from invoke_core.domain.queue import JobQuery, JobStatus
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.queue import Candidate, Front
from invoke_core.testing.broken.faults import (
    Fault,
    after,
    backwards,
    evolved,
    forgiving,
    ignoring,
    returning,
    total_of_the_page,
    with_first,
    with_query,
)


def _numbers_again(work: Any, real: Any, jobs: Any) -> Any:
    item_ids = real(jobs)
    if work.jobs.counts().total == len(item_ids):
        return list(range(1, len(item_ids) + 1))
    return item_ids


def _adds_the_unknown(work: Any, real: Any, job: Any) -> None:
    try:
        real(job)
    except NotFound:
        work.jobs.add_all([])


def _one_page(work: Any, real: Any, query: Any) -> Any:
    return real(query)[query.offset : query.offset + query.limit]


def _front_of(job: Any) -> Front:
    asked = job.generation
    return Front(
        job.item_id, job.priority, asked.model, kind_of(asked), merge_key(asked), job.item_id
    )


def _any_status(work: Any, real: Any, owner_id: Any) -> Any:
    jobs = work.jobs.list(JobQuery(owner_id=owner_id, limit=None)).items
    if not jobs:
        return None
    return _front_of(max(jobs, key=lambda job: job.priority))


def _oldest_first(work: Any, real: Any, owner_id: Any) -> Any:
    pending = JobQuery(owner_id=owner_id, status=JobStatus.PENDING)
    oldest = next(iter(work.jobs.list(pending).items), None)
    return None if oldest is None else _front_of(oldest)


def _head_number(front: Any) -> Any:
    return front and attrs.evolve(front, oldest_item_id=front.item_id)


def _cancels_running(work: Any, real: Any, item_ids: Any, now: Any) -> None:
    real(item_ids, now)
    running = work.jobs.list(JobQuery(status=JobStatus.IN_PROGRESS)).items
    work.jobs.put_all([job.canceled(now) for job in running])


def _canceled_count_too(counts: Any) -> Any:
    return attrs.evolve(counts, failed=counts.failed + counts.canceled, canceled=0)


JOBS: Mapping[str, Fault] = {
    "test_a_new_job_comes_back_whole_and_pending": Fault("jobs.get", after(evolved(origin=None))),
    "test_numbers_ascend_in_the_order_of_adding": Fault("jobs.add_all", after(backwards)),
    "test_no_jobs_have_no_numbers": Fault(
        "jobs.add_all", lambda work, real, jobs: real(jobs) or None
    ),
    "test_a_number_is_never_given_twice": Fault("jobs.add_all", _numbers_again),
    "test_a_job_needs_an_owner": Fault("jobs.add_all", forgiving(NotFound, result=[1])),
    "test_an_unknown_job_is_not_found": Fault("jobs.get", forgiving(NotFound)),
    "test_known_jobs_come_once_in_the_order_asked_for": Fault("jobs.find_many", with_first(sorted)),
    "test_a_job_is_replaced": Fault("jobs.put", with_first(evolved(charged_policy=None))),
    "test_states_come_by_number": Fault("jobs.states", after(backwards)),
    "test_only_pending_jobs_are_canceled": Fault("jobs.cancel_pending", _cancels_running),
    "test_many_jobs_are_replaced_in_one_go": Fault(
        "jobs.put_all", with_first(lambda jobs: jobs[:1])
    ),
    "test_an_unknown_job_cannot_be_replaced": Fault("jobs.put", _adds_the_unknown),
    "test_removed_jobs_are_gone": Fault("jobs.remove", returning(None)),
    "test_jobs_come_in_the_order_of_their_numbers": Fault(
        "jobs.list", with_query(descending=False)
    ),
    "test_a_page_of_jobs_knows_their_total": Fault("jobs.list", after(total_of_the_page)),
    "test_all_jobs_come_without_a_limit": Fault("jobs.list", with_query(limit=50)),
    "test_numbers_of_jobs_ignore_offset_and_limit": Fault("jobs.item_ids", _one_page),
    "test_jobs_are_found_by_each_of_their_marks": Fault("jobs.list", with_query(origin=None)),
    "test_the_seconds_of_ended_jobs_are_added": Fault(
        "jobs.gpu_seconds", lambda work, real, owner_id: round(real(owner_id))
    ),
    "test_jobs_are_counted_by_state": Fault("jobs.counts", after(_canceled_count_too)),
    "test_only_the_jobs_asked_for_are_counted": Fault("jobs.counts", ignoring("owner_id")),
    "test_the_head_has_the_highest_priority_then_the_lowest_number": Fault(
        "jobs.front", _oldest_first
    ),
    "test_a_head_that_was_begun_before_has_no_merge_key": Fault(
        "jobs.front", after(evolved(merge_key="key"))
    ),
    "test_an_owner_without_pending_jobs_has_no_front": Fault("jobs.front", _any_status),
    "test_the_oldest_pending_job_has_the_lowest_number": Fault("jobs.front", after(_head_number)),
    "test_the_oldest_ended_jobs_come_but_for_the_newest": Fault(
        "jobs.oldest_ended", lambda work, real, *, keep, limit: real(keep=0, limit=limit)
    ),
    "test_an_upcoming_job_that_was_begun_before_has_no_merge_key": Fault(
        "jobs.upcoming", after(lambda jobs: [attrs.evolve(job, merge_key="key") for job in jobs])
    ),
    "test_upcoming_jobs_are_the_owners_by_priority_then_age": Fault(
        "jobs.upcoming", after(lambda jobs: sorted(jobs, key=lambda job: job.item_id))
    ),
}


def _unknown_is_missing(work: Any, real: Any, user_id: Any) -> Any:
    if all(flow.user_id != user_id for flow in work.flows.list_active()):
        raise NotFound("flow", user_id)
    return real(user_id)


def _always_by_turns(work: Any, real: Any, mode: Any, **kwargs: Any) -> Any:
    return real(QueueMode.ROUND_ROBIN, **kwargs)


def _with_candidates(work: Any, contest: Any, flows: Any) -> Any:
    no_job: Any = None
    more = [
        Candidate(
            flow=flow,
            head=work.jobs.get(flow.head_item_id) if flow.head_item_id else no_job,
            rest=None,
            owner_is_active=True,
            expected=None,
        )
        for flow in flows
    ]
    return attrs.evolve(contest, candidates=[*contest.candidates, *more])


def _suspended_contend(work: Any, real: Any, mode: Any, **kwargs: Any) -> Any:
    suspended = [flow for flow in work.flows.list_active() if flow.suspended]
    return _with_candidates(work, real(mode, **kwargs), suspended)


def _all_who_contend(work: Any, real: Any, mode: Any, **kwargs: Any) -> Any:
    contest = real(mode, **kwargs)
    known = {each.flow.user_id for each in contest.candidates}
    others = [
        flow for flow in work.flows.list_active() if flow.contends and flow.user_id not in known
    ]
    return _with_candidates(work, contest, others)


def _pending_alone(flows: Any) -> Any:
    return [flow for flow in flows if flow.pending]


def _spent_alone(flows: Any) -> Any:
    return [flow for flow in flows if flow.is_spent]


FLOWS: Mapping[str, Fault] = {
    "test_a_flow_comes_back_whole": Fault("flows.get", after(evolved(weight=1.0))),
    "test_a_flow_that_was_never_kept_is_all_zero": Fault("flows.get", _unknown_is_missing),
    "test_a_flow_is_replaced": Fault("flows.put", with_first(evolved(head_model="model"))),
    "test_a_flow_needs_its_user": Fault("flows.put", forgiving(NotFound)),
    "test_contending_flows_come_in_the_policys_order": Fault("queue.contest", _always_by_turns),
    "test_one_contending_flow_comes_where_no_model_is_warm": Fault(
        "queue.contest", _all_who_contend
    ),
    "test_flows_without_jobs_or_suspended_do_not_contend": Fault(
        "queue.contest", _suspended_contend
    ),
    "test_flows_are_found_by_the_day_that_they_were_used_last": Fault(
        "flows.used_on", lambda work, real, day: [*real(day), *real(day - timedelta(days=1))]
    ),
    "test_active_flows_have_pending_or_running_jobs": Fault(
        "flows.list_active", after(_pending_alone)
    ),
    "test_flows_are_held_back_whose_jobs_wait_for_an_account_or_a_day": Fault(
        "flows.held_back", after(_spent_alone)
    ),
    "test_the_first_contending_flows_of_each_group": Fault(
        "flows.contending", lambda work, real, mode, limit: real(mode, limit=limit + 1)
    ),
    "test_pending_jobs_are_counted_over_all_flows": Fault(
        "flows.pending", lambda work, real, is_suspended=None: real()
    ),
}


def _never_less(work: Any, real: Any, group: Any) -> None:
    known = work.groups.get(group.name).members
    real(attrs.evolve(group, members=known))


def _by_arrival(work: Any, real: Any, mode: Any, **kwargs: Any) -> Any:
    return real(QueueMode.FIFO, **kwargs)


def _one_warm_alone(contest: Any) -> Any:
    return attrs.evolve(contest, candidates=contest.candidates[:2])


def _by_turns_for_fifo(work: Any, real: Any, mode: Any, **kwargs: Any) -> Any:
    return real(QueueMode.ROUND_ROBIN if mode is QueueMode.FIFO else mode, **kwargs)


def _whoever_is_in_it(work: Any, real: Any, name: Any) -> bool:
    return any(flow.group_name == name for flow in work.flows.list_active())


def _of_those_in_none(work: Any, real: Any, modes: Any, **kwargs: Any) -> None:
    if any(not flow.group_name for flow in work.flows.list_active()):
        real(modes, **kwargs)


GROUPS: Mapping[str, Fault] = {
    "test_a_group_comes_back_whole": Fault("groups.get", after(evolved(weight=1.0))),
    "test_a_group_that_was_never_kept_is_all_zero": Fault(
        "groups.get", after(evolved(round_robin=1.0))
    ),
    "test_groups_come_ordered_by_name": Fault("groups.list", after(backwards)),
    "test_a_group_contends_while_a_member_does": Fault("groups.contends", _whoever_is_in_it),
    "test_its_members_time_follows_the_least_contending_counter": Fault("groups.put", _never_less),
    "test_groups_come_first_then_the_people_within": Fault("queue.contest", _by_arrival),
    "test_to_fifo_groups_are_nothing": Fault("queue.contest", _by_turns_for_fifo),
    "test_the_first_of_a_warm_model_comes_of_groups_and_of_those_in_none": Fault(
        "queue.contest", after(_one_warm_alone)
    ),
    "test_virtual_time_follows_groups_and_those_in_none": Fault("queue.advance", _of_those_in_none),
}


def _least_now(work: Any, real: Any) -> VirtualTime:
    first = work.queue.contest(QueueMode.ROUND_ROBIN).candidates
    return VirtualTime(round_robin=first[0].flow.round_robin if first else 0.0)


def _head_is_left(contest: Any) -> Any:
    candidates = [attrs.evolve(each, rest=_front_of(each.head)) for each in contest.candidates]
    return attrs.evolve(contest, candidates=candidates)


def _everybody_is_active(contest: Any) -> Any:
    candidates = [attrs.evolve(each, owner_is_active=True) for each in contest.candidates]
    return attrs.evolve(contest, candidates=candidates)


QUEUE_STATE: Mapping[str, Fault] = {
    "test_virtual_time_is_zero_at_first": Fault(
        "queue.virtual_time", returning(VirtualTime(round_robin=1.0))
    ),
    "test_virtual_time_follows_the_least_contending_counter": Fault(
        "queue.advance", lambda work, real, modes, **kwargs: real(modes[:1], **kwargs)
    ),
    "test_virtual_time_never_falls": Fault("queue.virtual_time", _least_now),
    "test_the_last_fencing_number_is_kept": Fault("queue.advance", ignoring("fence")),
    "test_a_contest_of_nobody_tells_the_facts": Fault(
        "queue.contest", after(evolved(paused=False))
    ),
    "test_a_candidate_comes_with_its_job_its_owner_and_what_is_expected": Fault(
        "queue.contest", after(_everybody_is_active)
    ),
    "test_a_candidate_comes_with_what_is_left_without_its_job": Fault(
        "queue.contest", after(_head_is_left)
    ),
    "test_the_first_flow_of_each_warm_model_comes_too": Fault("queue.contest", ignoring("warm")),
    "test_the_first_flow_that_may_ride_comes_too": Fault("queue.contest", ignoring("riding")),
    "test_the_queue_is_not_paused_at_first": Fault("queue.paused", returning(True)),
    "test_a_pause_is_kept": Fault(
        "queue.put_paused", lambda work, real, paused: real(True) if paused else None
    ),
    "test_run_times_are_kept_for_each_kind_of_job": Fault(
        "queue.put_run_seconds", lambda work, real, kind, *values: real("a", *values)
    ),
}


def _adds_the_given_up(work: Any, real: Any, worker_id: Any) -> bool:
    real(worker_id)
    return True


def _requires_known(work: Any, real: Any, worker_id: Any) -> None:
    if all(worker.worker_id != worker_id for worker in work.workers.list()):
        raise NotFound("worker", worker_id)
    real(worker_id)


def _every_lease(work: Any, real: Any, *_: Any) -> Any:
    return work.jobs.list(JobQuery(status=JobStatus.IN_PROGRESS)).items


WORKERS: Mapping[str, Fault] = {
    "test_workers_come_back_whole_ordered_by_id": Fault("workers.list", after(backwards)),
    "test_an_id_is_taken_once": Fault("workers.add", forgiving(Conflict)),
    "test_a_beat_grows_by_one": Fault("workers.beat", returning(True)),
    "test_a_beat_says_what_memory_is_free": Fault(
        "workers.beat", lambda work, real, worker_id, memory=(): real(worker_id)
    ),
    "test_a_worker_that_was_given_up_hears_of_it": Fault("workers.beat", _adds_the_given_up),
    "test_removing_a_worker_that_is_gone_does_nothing": Fault("workers.remove", _requires_known),
    "test_leased_jobs_are_those_that_the_worker_holds": Fault("workers.leased_jobs", _every_lease),
    "test_orphaned_jobs_are_those_whose_worker_is_gone": Fault(
        "workers.orphaned_jobs", _every_lease
    ),
}
