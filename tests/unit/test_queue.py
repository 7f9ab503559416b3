import attrs
import pytest

from invoke_core.domain.boards import Permission, Visibility
from invoke_core.domain.fairness import QueueMode
from invoke_core.domain.generation import MAX_SEED, InitImage, LoraWeight
from invoke_core.domain.identifiers import BatchId, BoardId, ImageName, ItemId
from invoke_core.domain.models import BaseModel, DefaultSettings, ModelType
from invoke_core.domain.news import NewsKind
from invoke_core.domain.progress import Progress
from invoke_core.domain.queue import JobQuery, JobStatus
from invoke_core.errors import Conflict, Forbidden, Invalid, LeaseLost, NotFound, TooMany
from invoke_core.services import flows
from invoke_core.testing.builders import a_board, a_grant, a_model, an_image
from tests.queue_world import SMALL, World


def test_runs_count_the_seed_up_and_around() -> None:
    world = World()
    item_ids = world.enqueue(world.person(), runs=3, seed=MAX_SEED - 1)

    seeds = [world.job(item_id).generation.seed for item_id in item_ids]

    assert seeds == [MAX_SEED - 1, MAX_SEED, 0]


def test_a_wish_without_a_seed_is_told_the_one_that_was_drawn() -> None:
    world = World()
    batch = world.queue.enqueue(world.person(), world.wish(seed=None))

    assert world.job(batch.item_ids[0]).generation.seed == batch.generation.seed


def test_absent_values_come_from_the_models_default_settings() -> None:
    world = World()
    with world.database.writing() as work:
        model = a_model(work, name="Shapes", default_settings=DefaultSettings(steps=9, width=72))
    wish = world.wish(model="shapes", steps=None, width=None)

    generation = world.queue.enqueue(world.person(), wish).generation

    assert (generation.model, generation.steps, generation.width) == (model.key, 9, 72)


def test_an_unknown_model_is_not_found() -> None:
    world = World()
    with pytest.raises(NotFound, match="model"):
        world.enqueue(world.person(), model="nothing")


def test_a_lora_of_another_family_is_refused() -> None:
    world = World()
    with world.database.writing() as work:
        a_model(work, name="line", type=ModelType.LORA, base=BaseModel.SDXL)

    with pytest.raises(Invalid, match="made for sdxl"):
        world.enqueue(world.person(), loras=(LoraWeight(model="line", weight=1.0),))


def test_a_board_needs_write_permission() -> None:
    world = World()
    person = world.person()
    with world.database.writing() as work:
        board = a_board(work)
    with pytest.raises(NotFound):
        world.enqueue(person, board_id=board.board_id)
    with world.database.writing() as work:
        work.boards.put(attrs.evolve(board, visibility=Visibility.SHARED))

    with pytest.raises(Forbidden):
        world.enqueue(person, board_id=board.board_id)


def test_a_start_picture_must_be_visible() -> None:
    world = World()
    with world.database.writing() as work:
        hidden = an_image(work)
    for name in (hidden.image_name, ImageName("nothing.png")):
        with pytest.raises(NotFound):
            world.enqueue(world.person(), init_image=InitImage(image_name=name, strength=0.5))


@pytest.mark.parametrize(
    "changes", [{"width": 63}, {"steps": 0}, {"runs": 0}, {"prompt": "x" * 10_001}]
)
def test_values_out_of_range_are_refused(changes: dict[str, object]) -> None:
    world = World()
    with pytest.raises(Invalid):
        world.enqueue(world.person(), **changes)


def test_a_full_queue_takes_nothing_of_a_submission() -> None:
    world = World(max_queue_size=3)
    world.enqueue(world.person(), runs=2)

    with pytest.raises(TooMany):
        world.enqueue(world.person(), runs=2)

    assert world.queue.status(world.administrator).counts.pending == 2


def test_prepending_goes_before_ones_own_jobs_only() -> None:
    world = World(QueueMode.FIFO)
    first, second = world.people(2)
    one = world.enqueue(first)
    two = world.enqueue(second)
    three = world.enqueue(first, prepend=True)
    worker = world.worker()

    served = [world.claim(worker).item_id for _ in range(3)]

    assert served == [*three, *one, *two]
    assert world.job(three[0]).priority == 1


def test_others_see_that_a_job_exists_and_nothing_else() -> None:
    world = World()
    owner, other = world.people(2)
    (item_id,) = world.enqueue(owner)

    assert world.queue.item(other, item_id).details is None
    assert world.queue.item(owner, item_id).details.job.generation.prompt == "a red circle"
    assert world.queue.item(world.administrator, item_id).details is not None


def test_others_jobs_cannot_be_found_by_what_one_may_not_see() -> None:
    world = World()
    owner, other = world.people(2)
    world.enqueue(owner, destination="canvas")

    assert world.queue.list_all(other, JobQuery(destination="canvas")).total == 0
    assert world.queue.counts_by_destination(other, "canvas").total == 0
    assert world.queue.counts_by_destination(owner, "canvas").pending == 1
    with pytest.raises(Forbidden):
        world.queue.list_all(other, JobQuery(owner_id=owner.user_id))


def test_a_batch_of_somebody_else_is_not_found() -> None:
    world = World()
    owner, other = world.people(2)
    batch_id = world.queue.enqueue(owner, world.wish(runs=2)).batch_id

    assert world.queue.batch_counts(owner, batch_id)[1].pending == 2
    for principal, wanted in ((other, batch_id), (owner, BatchId("nothing"))):
        with pytest.raises(NotFound):
            world.queue.batch_counts(principal, wanted)


def test_positions_are_those_in_which_jobs_are_served() -> None:
    for mode in QueueMode:
        world = World(mode)
        people = world.people(3)
        item_ids = [
            item_id
            for runs, person in zip((5, 1, 3), people, strict=True)
            for item_id in world.enqueue(person, runs=runs)
        ]
        item_ids += world.enqueue(people[0], runs=2, prepend=True)
        seen = world.queue.items_by_ids(world.administrator, item_ids)
        expected = {job.details.position: job.item_id for job in seen}
        worker = world.worker()
        upcoming = world.queue.next(world.administrator)

        served = [world.claim(worker).item_id for _ in item_ids]

        assert [expected[place] for place in range(1, len(item_ids) + 1)] == served
        assert upcoming.item_id == served[0]


def test_a_job_beyond_the_first_thousand_has_no_position() -> None:
    world = World()
    person = world.person()
    item_ids = world.enqueue(person, runs=1001)

    assert world.queue.item(person, item_ids[999]).details.position == 1000
    assert world.queue.item(person, item_ids[1000]).details.position is None


def test_a_running_job_shows_its_progress() -> None:
    world = World()
    person = world.person()
    (item_id,) = world.enqueue(person)
    world.claim(world.worker())
    world.progress.put(Progress(item_id=item_id, step=1, steps=4))

    assert world.queue.current(person).details.progress.step == 1
    assert world.queue.status(person).current.item_id == item_id
    assert world.queue.status(world.person()).current is None


def test_a_canceled_job_is_not_served() -> None:
    world = World()
    person = world.person()
    first, second = world.enqueue(person, runs=2)

    world.queue.cancel(person, first)

    assert world.claim(world.worker()).item_id == second
    with pytest.raises(Conflict):
        world.queue.cancel(person, first)


def test_a_running_job_that_is_canceled_can_not_be_completed() -> None:
    world = World()
    person = world.person()
    (item_id,) = world.enqueue(person)
    job = world.claim(world.worker())
    world.queue.cancel(person, item_id)

    with pytest.raises(LeaseLost):
        world.results.complete(job, SMALL, 1.0)

    assert list(world.storage.names()) == []
    world.assert_flows_are_consistent()


def test_somebody_elses_job_cannot_be_ended() -> None:
    world = World()
    owner, other = world.people(2)
    batch = world.queue.enqueue(owner, world.wish(destination="d"))
    item_id = batch.item_ids[0]

    for ending in (world.queue.cancel, world.queue.delete):
        with pytest.raises(Forbidden):
            ending(other, item_id)
    assert world.queue.cancel_batches(other, [batch.batch_id]) == 0
    assert world.queue.cancel_destination(other, "d") == 0
    assert world.queue.cancel_all_except_current(other) == 0
    assert world.queue.clear(other) == 0
    assert world.queue.prune(other) == 0
    assert world.queue.retry(other, [item_id]) == []
    assert world.job(item_id).status is JobStatus.PENDING


def test_cancels_of_many_leave_what_they_do_not_name() -> None:
    world = World()
    person = world.person()
    kept = world.enqueue(person, destination="kept")
    gone = world.queue.enqueue(person, world.wish(runs=3, destination="gone"))
    running = world.claim(world.worker())

    assert world.queue.cancel_destination(person, "gone") == 3
    assert world.queue.cancel_batches(person, [gone.batch_id]) == 0
    assert world.queue.cancel_all_except_current(person) == 0
    assert world.job(kept[0]).status is JobStatus.IN_PROGRESS
    assert running.item_id == kept[0]
    world.assert_flows_are_consistent()


def test_many_jobs_are_canceled_in_several_short_units_of_work() -> None:
    world = World()
    person = world.person()
    world.enqueue(person, runs=1200)

    assert world.queue.cancel_all_except_current(person) == 1200
    world.assert_flows_are_consistent()


def test_prune_forgets_what_has_ended_and_clear_everything() -> None:
    world = World()
    person, other = world.people(2)
    first, second = world.enqueue(person, runs=2)
    (others,) = world.enqueue(other)
    world.queue.cancel(person, first)
    world.claim(world.worker())

    assert world.queue.prune(person) == 1
    assert world.queue.clear(person) == 1
    with pytest.raises(NotFound):
        world.job(second)
    assert world.job(others)
    assert world.queue.clear(world.administrator) == 1
    world.assert_flows_are_consistent()


def test_an_administrator_ends_and_forgets_one_persons_jobs() -> None:
    world = World()
    one, other = world.people(2)
    for person in (one, other):
        world.enqueue(person, runs=2)
    administrator = world.administrator

    assert world.queue.cancel_all_except_current(administrator, owner_id=one.user_id) == 2
    assert world.queue.prune(administrator, owner_id=other.user_id) == 0
    assert world.queue.prune(administrator, owner_id=one.user_id) == 2
    assert world.queue.clear(administrator, owner_id=other.user_id) == 2
    for end in (
        world.queue.cancel_all_except_current,
        world.queue.clear,
        world.queue.prune,
    ):
        with pytest.raises(Forbidden):
            end(one, owner_id=other.user_id)


def test_deleting_a_running_job_tells_its_worker() -> None:
    world = World()
    person = world.person()
    (item_id,) = world.enqueue(person)
    world.claim(world.worker())

    world.queue.delete(person, item_id)

    with world.database.reading() as work:
        told = [item.body for item in work.news.since(0) if item.kind is NewsKind.JOB_CHANGED]
    assert {"item_id": item_id, "status": "canceled"} in told
    world.assert_flows_are_consistent()


def test_a_failed_job_is_tried_again_as_a_new_one() -> None:
    world = World()
    person = world.person()
    (item_id,) = world.enqueue(person)
    job = world.claim(world.worker())
    world.results.fail(job, "Invalid", "This size does not fit.", 0.5)

    assert world.queue.retry(person, [item_id, ItemId(99)]) == [item_id]

    again = world.claim(world.worker())
    assert again.item_id > item_id
    assert again.generation == job.generation
    assert again.run_id != job.run_id
    assert world.queue.retry(person, [again.item_id]) == []


def test_a_paused_queue_dispatches_nothing() -> None:
    world = World()
    world.enqueue(world.person())
    worker = world.worker()
    with pytest.raises(Forbidden):
        world.queue.pause(world.person())

    assert world.queue.pause(world.administrator).paused
    assert world.claim(worker) is None

    world.queue.resume(world.administrator)
    assert world.claim(worker) is not None


def test_jobs_of_a_deactivated_person_wait_and_running_ones_are_canceled() -> None:
    world = World()
    person = world.person()
    running, waiting = world.enqueue(person, runs=2)
    worker = world.worker()
    world.claim(worker)

    with world.database.writing() as work:
        flows.suspend(work, person.user_id, world.clock.now())

    assert world.job(running).status is JobStatus.CANCELED
    assert world.claim(worker) is None
    status = world.queue.status(world.administrator)
    assert (status.waiting, status.counts.pending) == (1, 1)
    assert world.queue.item(person, waiting).details.position is None

    with world.database.writing() as work:
        flows.resume(work, person.user_id, world.clock.now())

    assert world.claim(worker).item_id == waiting
    world.assert_flows_are_consistent()


def test_an_account_deactivated_by_hand_in_the_database_is_not_served() -> None:
    world = World()
    person, other = world.people(2)
    (first,) = world.enqueue(person)
    (second,) = world.enqueue(other)
    with world.database.writing() as work:
        work.users.put(attrs.evolve(work.users.get(person.user_id), is_active=False))
    worker = world.worker()

    assert world.claim(worker).item_id == second
    assert world.claim(worker) is None

    with world.database.writing() as work:
        work.users.put(attrs.evolve(work.users.get(person.user_id), is_active=True))
    world.leases.bury([])
    assert world.claim(worker).item_id == first


def test_every_job_of_a_removed_account_goes() -> None:
    world = World()
    person = world.person()
    world.enqueue(person, runs=3)
    job = world.claim(world.worker())

    with world.database.writing() as work:
        flows.remove_jobs(work, person.user_id, world.clock.now())
        work.users.remove(person.user_id)

    assert world.queue.status(world.administrator).counts.total == 0
    with pytest.raises(LeaseLost):
        world.results.complete(job, SMALL, 1.0)
    world.results.stopped(job, 1.0)


def test_the_picture_lands_on_the_board_while_its_owner_may_add_to_it() -> None:
    world = World()
    person = world.person()
    with world.database.writing() as work:
        board = a_board(work)
        a_grant(work, board, work.users.get(person.user_id), Permission.WRITE)
    world.enqueue(person, runs=2, board_id=board.board_id)
    worker = world.worker()
    first, second = world.claim(worker), world.claim(worker)

    image = world.results.complete(first, SMALL, 1.0)
    with world.database.writing() as work:
        work.boards.remove_grant(board.board_id, person.user_id)
    later = world.results.complete(second, SMALL, 1.0)

    assert image.board_id == board.board_id
    assert later.board_id is None
    assert world.job(first.item_id).image_names == (image.image_name,)


def test_the_picture_keeps_how_it_was_made() -> None:
    world = World()
    person = world.person()
    world.enqueue(person)
    image = world.results.complete(world.claim(world.worker()), SMALL, 1.0)

    with world.database.reading() as work:
        metadata = work.images.metadata(image.image_name)

    assert metadata["positive_prompt"] == "a red circle"
    assert metadata["seed"] == 7
    assert metadata["model"]["name"] == world.model.name


def test_a_start_picture_that_is_gone_fails_the_preparation() -> None:
    world = World()
    person = world.person()
    with world.database.writing() as work:
        image = an_image(work, work.users.get(person.user_id))
    world.enqueue(person, init_image=InitImage(image_name=image.image_name, strength=0.5))
    job = world.claim(world.worker())
    with world.database.writing() as work:
        work.images.remove([image.image_name])

    with pytest.raises(NotFound):
        world.requests.prepare(job)


def test_a_request_names_where_the_model_lies() -> None:
    world = World()
    world.enqueue(world.person(), board_id=None)
    request = world.requests.prepare(world.claim(world.worker()))

    assert request.model.path == f"/models/{world.model.path}"
    assert (request.width, request.steps, request.seed) == (16, 1, 7)


def test_an_unknown_board_is_not_found() -> None:
    world = World()
    with pytest.raises(NotFound):
        world.enqueue(world.person(), board_id=BoardId("nothing"))
