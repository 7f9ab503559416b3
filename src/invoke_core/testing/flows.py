"""What every store of people's and groups' places in the queue does."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import attrs
import pytest

from invoke_core.domain.fairness import Flow, Group, QueueMode, VirtualTime
from invoke_core.domain.identifiers import (
    ItemId,
    ModelKey,
    UserId,
)
from invoke_core.errors import NotFound
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import (
    NOON,
    a_contender,
    a_user,
)

DAY = timedelta(days=1)


class FlowRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_a_flow_comes_back_whole(self, database: Database) -> None:
        with database.writing() as work:
            flow = Flow(
                user_id=a_user(work).user_id,
                weight=2.5,
                round_robin=0.1 + 0.2,
                fair_share=1e9 + 1e-6,
                pending=3,
                in_flight=2,
                suspended=True,
                oldest_item_id=ItemId(7),
                head_item_id=ItemId(9),
                head_model=ModelKey("model"),
                head_kind="model|16x16|1",
                head_merge_key="key",
                head_since=NOON,
                group_name="é",
                max_pending=5,
                max_running=0,
                gpu_seconds_per_day=0.1 + 0.2,
                running_cap=2**31 - 1,
                seconds_cap=1e9 + 1e-6,
                used_on=NOON.date(),
                used_seconds=3.25,
                is_spent=True,
            )
            work.flows.put(flow)

        with database.reading() as work:
            assert work.flows.get(flow.user_id) == flow

    def test_a_flow_that_was_never_kept_is_all_zero(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)

            assert work.flows.get(user.user_id) == Flow(user_id=user.user_id)

    def test_a_flow_is_replaced(self, database: Database) -> None:
        with database.writing() as work:
            flow = Flow(user_id=a_user(work).user_id, pending=1, head_model=ModelKey("model"))
            work.flows.put(flow)
            changed = attrs.evolve(flow, pending=0, in_flight=1, head_model=None, fair_share=2.0)
            work.flows.put(changed)

            assert work.flows.get(flow.user_id) == changed
            assert list(work.queue.contest(QueueMode.FIFO).candidates) == []

    def test_a_flow_needs_its_user(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound):
            work.flows.put(Flow(user_id=UserId("nobody")))

    @pytest.mark.parametrize("mode", QueueMode)
    def test_contending_flows_come_in_the_policys_order(
        self, database: Database, mode: QueueMode
    ) -> None:
        counters = [(1.0, 3.0, 9), (2.0, 1.0, 8), (2.0, 1.0, 2), (0.5, 3.0, 9), (1.0, 3.0, 9)]
        with database.writing() as work:
            flows = [
                a_contender(
                    work,
                    round_robin=round_robin,
                    fair_share=fair_share,
                    oldest_item_id=ItemId(oldest),
                ).flow
                for round_robin, fair_share, oldest in counters
            ]
            for flow in reversed(flows):
                work.flows.put(flow)

            found = []
            while candidates := work.queue.contest(mode).candidates:
                found.append(candidates[0].flow)
                work.flows.put(attrs.evolve(candidates[0].flow, pending=0))

            expected = sorted(
                flows, key=lambda f: (f.counter(mode), f.oldest_item_id or 0, f.user_id)
            )
            assert found == expected

    def test_one_contending_flow_comes_where_no_model_is_warm(self, database: Database) -> None:
        with database.writing() as work:
            candidates = [a_contender(work) for _ in range(3)]

            found = work.queue.contest(QueueMode.ROUND_ROBIN).candidates
            assert list(found) == candidates[:1]

    def test_flows_without_jobs_or_suspended_do_not_contend(self, database: Database) -> None:
        with database.writing() as work:
            model = ModelKey("warm")
            states: Sequence[dict[str, Any]] = (
                {"pending": 0},
                {"pending": 1, "suspended": True},
                {"pending": 1, "is_spent": True},
                {"pending": 1, "running_cap": 1},
            )
            for state in states:
                flow = Flow(user_id=a_user(work).user_id, in_flight=1, head_model=model)
                work.flows.put(attrs.evolve(flow, **state))

            for mode in QueueMode:
                assert list(work.queue.contest(mode).candidates) == []
                contest = work.queue.contest(mode, warm=frozenset({model}))
                assert list(contest.candidates) == []

    def test_active_flows_have_pending_or_running_jobs(self, database: Database) -> None:
        with database.writing() as work:
            second = Flow(user_id=a_user(work, user_id="b").user_id, in_flight=1)
            first = Flow(user_id=a_user(work, user_id="a").user_id, pending=1, suspended=True)
            idle = Flow(user_id=a_user(work).user_id, fair_share=5.0)
            for flow in (second, first, idle):
                work.flows.put(flow)

            assert list(work.flows.list_active()) == [first, second]

    def test_flows_are_held_back_whose_jobs_wait_for_an_account_or_a_day(
        self, database: Database
    ) -> None:
        def flow(user_id: str, **changes: Any) -> Flow:
            return Flow(user_id=a_user(work, user_id=user_id).user_id, **changes)

        with database.writing() as work:
            for each in (
                flow("d", pending=1, suspended=True, is_spent=True),
                flow("c", pending=1, is_spent=True),
                flow("a", pending=1),
                flow("b", pending=1, suspended=True),
                flow("e", in_flight=1, suspended=True, is_spent=True),
            ):
                work.flows.put(each)

            assert [each.user_id for each in work.flows.held_back()] == ["b", "c", "d"]

    @pytest.mark.parametrize(
        ("mode", "limit", "expected"),
        [
            (QueueMode.FIFO, 2, "ae"),
            (QueueMode.ROUND_ROBIN, 1, "ae"),
            (QueueMode.ROUND_ROBIN, 2, "abe"),
            (QueueMode.FAIR_SHARE, 1, "be"),
            (QueueMode.FAIR_SHARE, 9, "abce"),
        ],
    )
    def test_the_first_contending_flows_of_each_group(
        self, database: Database, mode: QueueMode, limit: int, expected: str
    ) -> None:
        def flow(user_id: str, **changes: Any) -> Flow:
            waits = {"pending": 1, "oldest_item_id": ItemId(ord(user_id)), **changes}
            return Flow(user_id=a_user(work, user_id=user_id).user_id, **waits)

        with database.writing() as work:
            for each in (
                flow("c", round_robin=2.0, fair_share=9.0),
                flow("a", round_robin=1.0, fair_share=3.0),
                flow("b", round_robin=1.0, fair_share=2.0),
                flow("d", suspended=True),
                flow("e", group_name="staff", round_robin=7.0, oldest_item_id=ItemId(96)),
            ):
                work.flows.put(each)
            work.groups.put(Group(name="staff"))

            found = work.flows.contending(mode, limit=limit)
            assert [each.user_id for each in found] == list(expected)

    def test_pending_jobs_are_counted_over_all_flows(self, database: Database) -> None:
        with database.writing() as work:
            assert work.flows.pending() == 0
            for pending, is_suspended in ((3, False), (4, True), (0, False)):
                user_id = a_user(work).user_id
                work.flows.put(Flow(user_id=user_id, pending=pending, suspended=is_suspended))

            assert work.flows.pending() == 7
            assert work.flows.pending(is_suspended=True) == 4
            assert work.flows.pending(is_suspended=False) == 3

    def test_flows_are_found_by_the_day_that_they_were_used_last(self, database: Database) -> None:
        with database.writing() as work:
            today, yesterday = NOON.date(), (NOON - DAY).date()
            second = Flow(user_id=a_user(work, user_id="b").user_id, used_on=today)
            first = Flow(user_id=a_user(work, user_id="a").user_id, used_on=today)
            other = Flow(user_id=a_user(work).user_id, used_on=yesterday)
            for flow in (second, first, other, Flow(user_id=a_user(work).user_id)):
                work.flows.put(flow)

            assert list(work.flows.used_on(today)) == [first, second]
            assert list(work.flows.used_on(yesterday)) == [other]


class GroupRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_a_group_comes_back_whole(self, database: Database) -> None:
        with database.writing() as work:
            group = Group(
                name="é",
                weight=2.5,
                round_robin=0.1 + 0.2,
                fair_share=1e9 + 1e-6,
                members=VirtualTime(round_robin=1.5, fair_share=2.5),
            )
            work.groups.put(attrs.evolve(group, weight=1.0, fair_share=0.0))
            work.groups.put(group)

        with database.reading() as work:
            assert work.groups.get("é") == group

    def test_a_group_that_was_never_kept_is_all_zero(self, database: Database) -> None:
        with database.reading() as work:
            assert work.groups.get("a") == Group(name="a")
            assert list(work.groups.list()) == []

    def test_groups_come_ordered_by_name(self, database: Database) -> None:
        with database.writing() as work:
            groups = [Group(name=name) for name in ("b", "é", "B", "a")]
            for group in groups:
                work.groups.put(group)

            assert list(work.groups.list()) == sorted(groups, key=lambda group: group.name)

    def test_a_group_contends_while_a_member_does(self, database: Database) -> None:
        with database.writing() as work:
            flow = a_contender(work, group_name="a").flow
            a_contender(work)

            assert work.groups.contends("a") is True
            assert work.groups.contends("b") is False
            work.flows.put(attrs.evolve(flow, suspended=True))
            assert work.groups.contends("a") is False

    def test_its_members_time_follows_the_least_contending_counter(
        self, database: Database
    ) -> None:
        with database.writing() as work:
            first = a_contender(work, group_name="a", round_robin=3.0, fair_share=9.0).flow
            a_contender(work, group_name="a", round_robin=5.0, fair_share=7.0)
            a_contender(work, group_name="b", round_robin=1.0, fair_share=1.0)
            idle = Flow(user_id=a_user(work).user_id, group_name="a", round_robin=0.5)
            work.flows.put(idle)
            work.groups.put(Group(name="a", members=VirtualTime(fair_share=8.0)))
            expected = VirtualTime(round_robin=3.0, fair_share=8.0)
            assert work.groups.get("a").members == expected

            work.flows.put(attrs.evolve(first, pending=0))
            work.groups.put(work.groups.get("a"))
            expected = VirtualTime(round_robin=5.0, fair_share=8.0)
            assert work.groups.get("a").members == expected

    @pytest.mark.parametrize("mode", [QueueMode.ROUND_ROBIN, QueueMode.FAIR_SHARE])
    def test_groups_come_first_then_the_people_within(
        self, database: Database, mode: QueueMode
    ) -> None:
        with database.writing() as work:
            for name, counter in (("a", 2.0), ("b", 1.0), ("nobody", 0.0)):
                work.groups.put(Group(name=name, round_robin=counter, fair_share=counter))
            a_contender(work, round_robin=1.5, fair_share=1.5)
            for group_name, counter in (("a", 0.5), ("b", 7.0), ("b", 9.0), ("a", 0.1)):
                a_contender(work, group_name=group_name, round_robin=counter, fair_share=counter)

            served = []
            while candidates := work.queue.contest(mode).candidates:
                first = candidates[0]
                served.append((first.flow.group_name, first.flow.counter(mode), first.least))
                work.flows.put(attrs.evolve(first.flow, pending=0))

            in_groups = [("b", 7.0, 7.0), ("b", 9.0, 9.0), ("a", 0.1, 0.1), ("a", 0.5, 0.5)]
            assert served == [*in_groups[:2], ("", 1.5, None), *in_groups[2:]]

    def test_to_fifo_groups_are_nothing(self, database: Database) -> None:
        with database.writing() as work:
            group = Group(name="a", round_robin=9.0, fair_share=9.0)
            work.groups.put(group)
            grouped = attrs.evolve(a_contender(work, group_name="a"), group=group)
            a_contender(work)

            assert list(work.queue.contest(QueueMode.FIFO).candidates) == [grouped]

    def test_the_first_of_a_warm_model_comes_of_groups_and_of_those_in_none(
        self, database: Database
    ) -> None:
        warm = ModelKey("warm")
        with database.writing() as work:
            groups = [Group(name=name, round_robin=n) for n, name in enumerate("abc")]
            for group in groups:
                work.groups.put(group)
            first = a_contender(work, group_name="a", round_robin=1.0)
            a_contender(work, group_name="c", head_model=warm)
            grouped = a_contender(work, group_name="b", head_model=warm, round_robin=5.0)
            a_contender(work, group_name="b", round_robin=4.0)
            alone = a_contender(work, head_model=warm, round_robin=9.0)

            found = work.queue.contest(QueueMode.ROUND_ROBIN, warm=frozenset({warm})).candidates

            assert list(found) == [
                attrs.evolve(first, group=groups[0], least=1.0),
                attrs.evolve(grouped, group=groups[1], least=4.0),
                alone,
            ]

    def test_virtual_time_follows_groups_and_those_in_none(self, database: Database) -> None:
        mode = QueueMode.FAIR_SHARE
        with database.writing() as work:
            work.groups.put(Group(name="a", fair_share=5.0))
            work.groups.put(Group(name="b", fair_share=1.0))  # whose members have no jobs
            grouped = a_contender(work, group_name="a", fair_share=99.0).flow
            work.queue.advance([mode])
            assert work.queue.virtual_time() == VirtualTime(fair_share=5.0)

            alone = a_contender(work, fair_share=7.0).flow
            work.groups.put(Group(name="a", fair_share=8.0))
            work.queue.advance([mode])
            assert work.queue.virtual_time() == VirtualTime(fair_share=7.0)
            work.flows.put(attrs.evolve(alone, pending=0))
            work.queue.advance([mode])
            assert work.queue.virtual_time() == VirtualTime(fair_share=8.0)
            work.flows.put(attrs.evolve(grouped, pending=0))
            work.queue.advance([mode])
            assert work.queue.virtual_time() == VirtualTime(fair_share=8.0)
