"""The queue as its people see it: their own jobs in full, others' as shape only."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.running import (
    RunningServer,
    add_person,
    first_administrator,
    multiuser_root,
    running,
    until_finished,
)
from tests.e2e.web.browsing import PHONE, window

SECRET = "a purple star on a white background"


@pytest.fixture
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose jobs wait: nothing works on them."""
    root = multiuser_root(tmp_path_factory.mktemp("held") / "root", workers="external")
    with running(root) as server:
        yield server


def enqueued(client: httpx.Client, prompt: str, runs: int = 1, **generation: object) -> list[int]:
    wish = {"model": "demo-shapes", "prompt": prompt, "steps": 4, **generation}
    body = {"batch": {"generation": wish, "runs": runs}}
    answer = client.post("/api/v1/queue/default/enqueue_batch", json=body)
    assert answer.status_code == 201, answer.text
    found: list[int] = answer.json()["item_ids"]
    return found


def test_ones_own_jobs_in_full_and_others_as_shape_only_live(
    held: RunningServer, browser: Browser
) -> None:
    administrator = first_administrator(held)
    bea, cem = (add_person(administrator, held, f"{name}@example.com") for name in ("bea", "cem"))
    (secret,) = enqueued(bea, SECRET)
    with window(browser, held.url) as beas, window(browser, held.url, theme="dark") as cems:
        own, others = beas.sign_in("bea@example.com"), cems.sign_in("cem@example.com")
        beas.open("queue")
        cems.open("queue")
        job = own.get_by_role("article", name=f"Job {secret}")
        expect(job.get_by_text(SECRET)).to_be_visible()
        expect(job.get_by_text("Waiting, next")).to_be_visible()
        expect(own.get_by_test_id("queue-badge")).to_have_text("1/1")

        expect(others.get_by_text("There are no such jobs.")).to_be_visible()
        others.get_by_text("Everybody", exact=True).click()
        seen = others.get_by_role("article", name=f"Job {secret}")
        expect(seen.get_by_text("Only they see what it is.")).to_be_visible()
        expect(seen.get_by_role("button")).to_have_count(0)
        assert SECRET not in others.content()
        beas.accessible()
        cems.accessible()

        (second,) = enqueued(cem, "a red circle")  # both hear of it
        expect(others.get_by_role("article", name=f"Job {second}")).to_be_visible()
        expect(others.get_by_test_id("queue-badge")).to_have_text("1/2")
        expect(own.get_by_test_id("queue-badge")).to_have_text("1/2")

        job.get_by_role("button", name="Cancel").click()
        expect(job.get_by_text("Cancelled")).to_be_visible()
        expect(seen.get_by_text("Cancelled")).to_be_visible()
        job.get_by_role("button", name="again").click()
        expect(own.get_by_role("article")).to_have_count(2)


def test_all_of_ones_own_are_canceled_and_forgotten_and_nobody_elses(
    held: RunningServer, browser: Browser
) -> None:
    administrator = first_administrator(held)
    bea = add_person(administrator, held, "bea@example.com")
    enqueued(bea, SECRET, runs=2)
    enqueued(administrator, "a red circle", runs=3)
    with window(browser, held.url) as own:
        page = own.sign_in("admin@example.com")
        own.open("queue")
        expect(page.get_by_role("article")).to_have_count(3)
        page.get_by_role("button", name="Actions").click()
        own.accessible()
        page.get_by_role("menuitem", name="Cancel all of mine").click()
        jobs = page.get_by_role("article")
        expect(jobs.get_by_text("Cancelled", exact=True)).to_have_count(3)
        page.get_by_role("button", name="Actions").click()
        page.get_by_role("menuitem", name="Forget my finished").click()
        expect(page.get_by_text("There are no such jobs.")).to_be_visible()
    counts = administrator.get("/api/v1/queue/default/status").json()["queue"]
    assert (counts["pending"], counts["canceled"]) == (2, 0)


def test_a_long_queue_is_shown_in_stretches_and_by_state(
    held: RunningServer, browser: Browser
) -> None:
    administrator = first_administrator(held)
    first, *_ = enqueued(administrator, "a red circle", runs=60)
    administrator.put(f"/api/v1/queue/default/i/{first}/cancel")
    with window(browser, held.url, size=PHONE) as own:
        page = own.sign_in("admin@example.com")
        own.open("queue")
        expect(page.get_by_role("article")).to_have_count(50)
        page.get_by_role("button", name="Show more").click()
        expect(page.get_by_role("article")).to_have_count(60)
        own.accessible()
        page.get_by_role("combobox", name="State").click()
        page.get_by_role("option", name="Cancelled").click()
        expect(page.get_by_role("article")).to_have_count(1)
        page.get_by_role("combobox", name="State").click()
        page.get_by_role("option", name="Failed").click()
        expect(page.get_by_text("There are no such jobs.")).to_be_visible()
        own.accessible()


def test_a_finished_job_shows_its_picture_and_a_paused_queue_says_so(
    server: RunningServer, browser: Browser
) -> None:
    administrator = first_administrator(server)
    (item_id,) = enqueued(administrator, "a red circle on a white background")
    until_finished(administrator, item_id)
    administrator.put("/api/v1/queue/default/processor/pause")
    with window(browser, server.url, theme="dark") as own:
        page = own.sign_in("admin@example.com")
        own.open("queue")
        expect(page.get_by_role("article").get_by_role("img", name="a red circle")).to_be_visible()
        expect(page.get_by_text(re.compile("queue is paused"))).to_be_visible()
        own.accessible()
        page.get_by_role("button", name="Actions").click()
        own.accessible()
        page.get_by_role("menuitem", name="Let the queue go on").click()
        expect(page.get_by_text(re.compile("queue is paused"))).to_have_count(0)
        page.get_by_role("button", name="Actions").click()
        page.get_by_role("menuitem", name="Pause the queue").click()
        expect(page.get_by_text(re.compile("queue is paused"))).to_be_visible()
    add_person(administrator, server, "cem@example.com")
    with window(browser, server.url) as own:
        page = own.sign_in("cem@example.com")
        own.open("queue")
        page.get_by_role("button", name="Actions").click()
        expect(page.get_by_role("menuitem", name="Cancel all of mine")).to_be_visible()
        expect(page.get_by_role("menuitem", name=re.compile("queue"))).to_have_count(0)
        # What an administrator does elsewhere is seen without a reload.
        expect(page.get_by_text(re.compile("queue is paused"))).to_be_visible()
        administrator.put("/api/v1/queue/default/processor/resume")
        expect(page.get_by_text(re.compile("queue is paused"))).to_have_count(0)
        administrator.put("/api/v1/queue/default/processor/pause")
        expect(page.get_by_text(re.compile("queue is paused"))).to_be_visible()
