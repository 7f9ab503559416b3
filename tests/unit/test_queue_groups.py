"""Groups stand to each other as people do, and within a group so do its members."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invoke_core.domain.estimates import RunTime, kind_of
from invoke_core.domain.fairness import (
    Contender,
    Flow,
    Group,
    GroupRule,
    QueueMode,
    VirtualTime,
    choose,
    group_of,
)
from invoke_core.domain.identifiers import ModelKey, UserId
from invoke_core.domain.queue import JobQuery
from invoke_core.domain.shares import ShareChanges, Standing, fair_shares, levels
from invoke_core.testing.builders import a_generation, a_model
from tests.queue_world import SMALL, World

COUNTED = [QueueMode.ROUND_ROBIN, QueueMode.FAIR_SHARE]


def a_rule(name, *numbers, weight=1.0):
    members = frozenset(f"p{number}@example.com" for number in numbers)
    return GroupRule(name=name, weight=weight, members=members)


def a_world(mode=QueueMode.ROUND_ROBIN, groups=(), people=0, **changes):
    world = World(mode, groups=groups, **changes)
    return world, [world.person(email=f"P{number}@example.com") for number in range(people)]


def serve(world, turns, seconds=1.0):
    worker, served = world.worker(), []
    for _ in range(turns):
        job = world.claim(worker)
        world.results.complete(job, SMALL, seconds)
        served.append(job.owner_id)
    return Counter(served)


@pytest.mark.parametrize("mode", COUNTED)
def test_two_groups_get_the_same_however_many_they_are(mode):
    world, people = a_world(mode, [a_rule("few", 0), a_rule("many", 1, 2, 3)], people=4)
    for person in people:
        world.enqueue(person, runs=100)

    served = serve(world, 120, seconds=2.0)

    assert served[people[0].user_id] == pytest.approx(60, abs=1)
    for person in people[1:]:
        assert served[person.user_id] == pytest.approx(20, abs=1)


@pytest.mark.parametrize("mode", COUNTED)
def test_weights_count_on_both_levels(mode):
    groups = [a_rule("heavy", 0, 1, weight=3.0), a_rule("light", 2)]
    world, people = a_world(mode, groups, people=3)
    world.care.change_share(world.administrator, people[1].user_id, ShareChanges(weight=2.0))
    for person in people:
        world.enqueue(person, runs=200)

    served = serve(world, 120, seconds=2.0)

    assert served[people[2].user_id] == pytest.approx(30, abs=1)
    assert served[people[0].user_id] == pytest.approx(30, abs=1)
    assert served[people[1].user_id] == pytest.approx(60, abs=1)


def test_whoever_is_in_no_group_stands_beside_the_groups():
    world, people = a_world(groups=[a_rule("pair", 0, 1)], people=3)
    for person in people:
        world.enqueue(person, runs=100)

    served = serve(world, 60)

    assert served[people[2].user_id] == pytest.approx(30, abs=1)


def test_fifo_knows_no_groups():
    world, people = a_world(QueueMode.FIFO, [a_rule("pair", 0, 1)], people=3)
    expected = [item_id for person in people for item_id in world.enqueue(person, runs=3)]
    worker = world.worker()

    assert [world.claim(worker).item_id for _ in expected] == expected


def test_a_group_is_charged_what_its_members_are():
    world, people = a_world(QueueMode.FAIR_SHARE, [a_rule("pair", 0, 1, weight=2.0)], people=2)
    for person in people:
        world.enqueue(person, runs=2)
    worker = world.worker()
    first, second, third = (world.claim(worker) for _ in range(3))
    world.results.complete(first, SMALL, 7.0)
    world.queue.cancel(world.administrator, second.item_id)
    world.results.stopped(second, 3.0)
    world.leases.bury([worker])  # the third is refunded
    assert third is not None

    with world.database.reading() as work:
        group = work.groups.get("pair")
    assert group.fair_share == pytest.approx((7.0 + 3.0) / 2)


@pytest.mark.parametrize("mode", COUNTED)
def test_a_group_that_was_away_gets_no_credit_for_it(mode):
    world, people = a_world(mode, [a_rule("sleepy", 0), a_rule("busy", 1, 2)], people=3)
    world.enqueue(people[0])
    for person in people[1:]:
        world.enqueue(person, runs=60)
    serve(world, 41)
    world.enqueue(people[0], runs=30)

    served = serve(world, 20)

    assert served[people[0].user_id] == pytest.approx(10, abs=1)


@pytest.mark.parametrize("mode", COUNTED)
def test_who_changes_groups_takes_along_what_they_are_ahead_and_no_more(mode):
    world, people = a_world(mode, [a_rule("old", 0, 1)], people=4)
    for person in people:
        world.enqueue(person, runs=60)
    serve(world, 60)
    before = {person: world.flow(person) for person in people}
    with world.database.reading() as work:
        old = work.groups.get("old").members

    world.regroup([a_rule("old", 1), a_rule("new", 0, 2)])

    with world.database.reading() as work:
        new, virtual = work.groups.get("new"), work.queue.virtual_time()
    flows = {person: world.flow(person) for person in people}
    assert new.counter(mode) == getattr(virtual, mode.value)
    ahead = before[people[0]].counter(mode) - getattr(old, mode.value)
    assert flows[people[0]].counter(mode) == pytest.approx(max(0.0, ahead), abs=1e-9)
    assert [flows[person].group_name for person in people] == ["new", "old", "new", ""]
    world.assert_flows_are_consistent()


def test_a_group_that_is_dissolved_leaves_its_members_to_themselves():
    world, people = a_world(groups=[a_rule("pair", 0, 1)], people=3)
    for person in people:
        world.enqueue(person, runs=60)
    serve(world, 20)

    world.regroup([])

    served = serve(world, 60)
    for person in people:
        assert served[person.user_id] == pytest.approx(20, abs=2)


def test_membership_is_by_the_address_however_it_is_written():
    rules = [a_rule("a", 1), a_rule("b", 2)]

    assert group_of("P2@Example.com", rules) == rules[1]
    assert group_of("p3@example.com", rules) is None


# Warm models


def a_contender(name, counter, group=None, least=None, model=None):
    flow = Flow(
        user_id=UserId(name),
        group_name=group.name if group else "",
        pending=1,
        fair_share=counter,
        head_model=ModelKey(model) if model else None,
    )
    return Contender(flow=flow, group=group, least=least)


def test_warmth_needs_to_be_near_on_both_levels():
    mode, warm = QueueMode.FAIR_SHARE, frozenset({ModelKey("warm")})
    near, far = Group(name="near", fair_share=50.0), Group(name="far", fair_share=90.0)
    first = a_contender("first", 10.0)
    behind = a_contender("behind", 200.0, near, least=100.0, model="warm")
    in_turn = a_contender("in turn", 150.0, near, least=100.0, model="warm")
    too_far = a_contender("too far", 100.0, far, least=100.0, model="warm")

    def chosen(*candidates):
        return choose(candidates, mode, warm=warm, slack=60.0)

    assert chosen(first, behind) == first
    assert chosen(first, too_far) == first
    assert chosen(first, in_turn, too_far) == in_turn


def test_a_warm_model_of_another_group_goes_first_within_the_slack():
    world, people = a_world(
        QueueMode.FAIR_SHARE, [a_rule("a", 0), a_rule("b", 1)], people=2, slack_seconds=60.0
    )
    with world.database.writing() as work:
        model = a_model(work).key
    world.enqueue(people[0])
    world.enqueue(people[1], model=model)

    assert world.claim(world.worker(), [model]).owner_id == people[1].user_id


# What administrators see


def test_the_overview_shows_groups_beside_people():
    world, people = a_world(
        QueueMode.FAIR_SHARE, [a_rule("pair", 0, 1, weight=2.0), a_rule("idle", 9)], people=4
    )
    for person in people[:3]:
        world.enqueue(person, runs=3)
    serve(world, 4, seconds=5.0)
    running = world.claim(world.worker())

    seen = world.care.overview(world.administrator)

    (pair,) = seen.groups
    shares = {share.user_id: share for share in seen.shares}
    own = [shares[person.user_id] for person in people[:2]]
    assert (pair.name, pair.weight, pair.members) == ("pair", 2.0, 2)
    assert pair.fair_share == pytest.approx(2 / 3)
    assert [share.fair_share for share in own] == pytest.approx([1 / 3, 1 / 3])
    assert shares[people[2].user_id].fair_share == pytest.approx(1 / 3)
    assert pair.gpu_seconds == sum(share.gpu_seconds for share in own)
    assert pair.pending == sum(share.pending for share in own)
    assert pair.in_progress == sum(share.in_progress for share in own)
    assert [share.group_name for share in own] == ["pair", "pair"]
    assert shares[people[2].user_id].group_name == ""
    assert 0.0 <= seen.fairness_gap <= seen.fairness_bound
    assert 0.0 <= pair.fairness_gap <= pair.fairness_bound
    assert running is not None


def test_the_rule_compares_groups_with_those_in_none_and_members_with_members():
    flows = [
        Flow(user_id=UserId("a"), group_name="g", pending=1, round_robin=3.0, in_flight=1),
        Flow(user_id=UserId("b"), group_name="g", in_flight=2, round_robin=9.0, weight=2.0),
        Flow(user_id=UserId("c"), pending=1, round_robin=5.0),
    ]
    group = Group(name="g", weight=4.0, round_robin=6.0, members=VirtualTime(round_robin=1.0))

    found = levels(flows, [group, Group(name="nobody")], QueueMode.ROUND_ROBIN)

    alone = Standing(counter=5.0, contends=True, in_flight=0, weight=1.0)
    members = [Standing(3.0, True, 1, 1.0), Standing(9.0, False, 2, 2.0)]
    assert dict(found) == {"g": members, "": [alone, Standing(6.0, True, 3, 4.0)]}
    of_user, of_group = fair_shares(flows, [group])
    assert of_group == {"g": pytest.approx(0.8)}
    assert of_user == pytest.approx({"a": 0.8 / 3, "b": 1.6 / 3, "c": 0.2})


# The forecast


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 3)), min_size=1, max_size=8),
    st.sampled_from(list(QueueMode)),
    st.sampled_from([1.0, 0.5, 2.0]),
)
def test_what_is_forecast_comes_true_with_groups(batches, mode, weight):
    groups = [a_rule("a", 0, 1, weight=weight), a_rule("b", 2, 3)]
    world, people = a_world(mode, groups, people=5)
    worker = world.worker()
    kind = kind_of(a_generation(model=world.model.key, width=16, height=16, steps=1))
    with world.database.writing() as work:
        work.queue.put_run_seconds(kind, RunTime(10.0, 9))
    for person, runs in batches:
        world.enqueue(people[person], runs=runs)
    jobs = world.queue.list_all(world.administrator, JobQuery(limit=None)).items
    shown = {job.details.position: job.item_id for job in jobs}

    served = []
    for _ in shown:
        job = world.claim(worker)
        world.results.complete(job, SMALL, 10.0)
        served.append(job.item_id)

    assert [shown[place] for place in sorted(shown)] == served
