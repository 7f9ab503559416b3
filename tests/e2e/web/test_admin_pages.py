"""Admin: queue overview, audit log, health, board access and transfer, as an administrator uses them."""

import csv
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from invoke_core.domain.audit import AuditAction
from tests.e2e.running import (
    PATIENCE,
    RunningServer,
    add_person,
    first_administrator,
    multiuser_root,
    running,
)
from tests.e2e.web.browsing import PHONE, UI, Window, window

ADMIN = "admin@example.com"
QUEUE = "/api/v1/queue/default"
PLACES = ("people", "queue", "audit", "health", "access", "transfer")


@attrs.frozen(eq=False)
class Site:
    """A paused server with an administrator, Mia and Jonas, which the tests of this module share."""

    server: RunningServer
    admin: httpx.Client
    mia: httpx.Client
    jonas: httpx.Client

    def user_id(self, client: httpx.Client) -> str:
        return str(client.get("/api/v1/auth/me").json()["user_id"])


def board(client: httpx.Client, name: str) -> str:
    answer = client.post("/api/v1/boards/", params={"board_name": name})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["board_id"])


def ask_for(client: httpx.Client, prompt: str, runs: int = 1) -> list[int]:
    """Ask for pictures; return the numbers of the jobs."""
    generation = {"model": "demo-shapes", "prompt": prompt, "width": 64, "height": 64, "steps": 1}
    batch = {"generation": generation, "runs": runs}
    answer = client.post(f"{QUEUE}/enqueue_batch", json={"batch": batch})
    assert answer.status_code == 201, answer.text
    return list(answer.json()["item_ids"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(multiuser_root(tmp_path_factory.mktemp("admin") / "root")) as server:
        admin = first_administrator(server)
        mia = add_person(admin, server, "mia@example.com")
        jonas = add_person(admin, server, "jonas@example.com")
        admin.put(f"{QUEUE}/processor/pause")
        yield Site(server, admin, mia, jonas)


@pytest.fixture
def own(site: Site, browser: Browser) -> Iterator[Window]:
    """The administrator's window."""
    with window(browser, site.server.url) as one:
        one.sign_in(ADMIN)
        yield one


def go(own: Window, place: str) -> Page:
    page = own.open(f"admin/{place}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def row(table: Locator, text: str) -> Locator:
    return table.get_by_role("row").filter(has_text=text)


def choose(page: Page, label: str, typed: str, option: str) -> None:
    page.get_by_role("combobox", name=label, exact=True).fill(typed)
    page.get_by_role("option", name=re.compile(option)).click()


# Queue Overview


def test_everybodys_jobs_and_shares_are_seen_as_they_come(site: Site, own: Window) -> None:
    page = go(own, "queue")
    expect(page.get_by_text("The queue is paused")).to_be_visible()
    site.admin.put(f"{QUEUE}/clear")
    expect(page.get_by_text("Nothing waits and nothing runs.")).to_be_visible()
    ask_for(site.mia, "a lighthouse", runs=3)  # while the page is open
    (last,) = ask_for(site.jonas, "a fox")
    shares = page.get_by_role("table", name="Shares of today's GPU time")
    jobs = page.get_by_role("table", name="Jobs")
    expect(row(shares, "mia").get_by_role("cell").nth(1)).to_have_text("3")
    expect(row(jobs, "a lighthouse")).to_have_count(3)
    expect(row(jobs, "a fox")).to_contain_text("jonas")
    expect(page.get_by_role("img", name=re.compile("fair shares.*mia: 0"))).to_be_visible()

    page.get_by_role("button", name=f"Cancel job {last}").click()
    expect(row(jobs, "a fox")).to_have_count(0)
    assert site.jonas.get(f"{QUEUE}/i/{last}").json()["status"] == "canceled"


def test_jobs_of_one_person_are_shown_alone_and_cancelled(site: Site, own: Window) -> None:
    site.admin.put(f"{QUEUE}/clear")
    ask_for(site.mia, "a harbour", runs=2)
    ask_for(site.mia, "a pier")
    ask_for(site.jonas, "a badger")
    page = go(own, "queue")
    jobs = page.get_by_role("table", name="Jobs")
    expect(row(jobs, "a badger")).to_have_count(1)
    choose(page, "Show", "mia", "mia")
    expect(row(jobs, "a badger")).to_have_count(0)
    expect(row(jobs, "a harbour")).to_have_count(2)

    shares = page.get_by_role("table", name="Shares of today's GPU time")
    row(shares, "mia").get_by_role("button", name="Actions for mia").click()
    own.accessible()
    page.get_by_role("menuitem", name="Cancel their jobs").click()
    dialog = page.get_by_role("dialog", name="Cancel all jobs of mia?")
    own.accessible()
    dialog.get_by_role("button", name="Cancel their jobs").click()
    expect(page.get_by_text("3 jobs were cancelled.")).to_be_visible()
    expect(page.get_by_text("Nothing waits and nothing runs.")).to_be_visible()
    assert site.admin.get(f"{QUEUE}/status").json()["queue"]["pending"] == 1


def test_weights_and_limits_of_a_person_are_changed(site: Site, own: Window) -> None:
    site.admin.put(f"{QUEUE}/clear")
    ask_for(site.jonas, "a hare")
    page = go(own, "queue")
    shares = page.get_by_role("table", name="Shares of today's GPU time")
    row(shares, "jonas").get_by_role("button", name="Actions for jonas").click()
    page.get_by_role("menuitem", name="Share and limits").click()
    dialog = page.get_by_role("dialog", name="Share and limits of jonas")
    dialog.get_by_label("Weight").fill("0")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator("[aria-invalid=true]")).to_have_count(1)
    own.accessible()
    dialog.get_by_label("Weight").fill("2.5")
    dialog.get_by_label("Running jobs at most").fill("1")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(row(shares, "jonas")).to_contain_text("2.5")
    found = site.admin.get(f"{QUEUE}/overview", params={"user_id": site.user_id(site.jonas)})
    (share,) = found.json()["items"]
    assert (share["weight"], share["max_running"], share["max_pending"]) == (2.5, 1, None)


def test_the_queue_is_resumed_and_paused(site: Site, own: Window) -> None:
    site.admin.put(f"{QUEUE}/clear")
    page = go(own, "queue")
    page.get_by_role("button", name="Resume the queue").click()
    expect(page.get_by_role("button", name="Pause the queue")).to_be_visible()
    assert site.admin.get(f"{QUEUE}/status").json()["processor"]["is_started"]
    page.get_by_role("button", name="Pause the queue").click()
    expect(page.get_by_text("The queue is paused", exact=True)).to_be_visible()
    assert not site.admin.get(f"{QUEUE}/status").json()["processor"]["is_started"]


# Audit log


def test_the_log_is_filtered_and_shows_details(site: Site, own: Window) -> None:
    added = add_person(site.admin, site.server, "aud@example.com")
    path = f"/api/v1/auth/users/{site.user_id(added)}"
    assert site.admin.patch(path, json={"display_name": "Audrey"}).status_code == 200
    page = go(own, "audit")
    table = page.get_by_role("table", name="Audit log")
    expect(table.get_by_role("row").nth(1)).to_be_visible()
    own.accessible()

    page.get_by_role("combobox", name="By whom").fill(ADMIN)
    choose(page, "Action", "account cha", "Account changed")
    page.get_by_label("Done to").fill(site.user_id(added))
    expect(table.get_by_role("row")).to_have_count(2)  # the head, and the one
    own.accessible()
    table.get_by_role("button", name="Details of entry").click()
    dialog = page.get_by_role("dialog", name="Account changed")
    changed = row(dialog.get_by_role("table", name="What changed"), "display_name")
    expect(changed.get_by_role("cell").nth(1)).to_have_text("aud")
    expect(changed.get_by_role("cell").nth(2)).to_have_text("Audrey")
    own.accessible()
    page.keyboard.press("Escape")

    page.get_by_label("To", exact=True).fill("2020-01-31")
    expect(page.get_by_text("No entry matches.")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(table.get_by_role("row").nth(2)).to_be_visible()


def test_the_log_goes_on_and_is_exported(site: Site, own: Window, tmp_path: Path) -> None:
    place = board(site.mia, "Looked at")
    for number in range(60):
        name = {"board_name": f"=Looked at {number}"}
        assert site.admin.patch(f"/api/v1/boards/{place}", json=name).status_code == 201
    page = go(own, "audit")
    choose(page, "Action", "board changed", "Board changed")
    table = page.get_by_role("table", name="Audit log")
    expect(table.get_by_role("row")).to_have_count(51)
    expect(page.get_by_text("50 of 60")).to_be_visible()
    page.get_by_role("button", name="Show more").click()
    expect(table.get_by_role("row")).to_have_count(61)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Export as CSV").click()
    waiting.value.save_as(tmp_path / "log.csv")
    with (tmp_path / "log.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [each["action"] for each in rows] == ["board.update"] * 60
    assert rows[0]["actor_email"] == ADMIN


def test_the_chain_is_verified(site: Site, own: Window) -> None:
    page = go(own, "audit")
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_text("The log is as it was written")).to_be_visible()
    own.accessible()


def test_a_changed_log_is_told(server: RunningServer, browser: Browser) -> None:
    admin = first_administrator(server)
    add_person(admin, server, "eve@example.com")
    database = server.root / "databases" / "invokeai.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DROP TRIGGER audit_entries_no_update")
        connection.execute(
            "UPDATE audit_entries SET content = replace(content, 'eve@', 'eva@') WHERE entry_id = 3"
        )
    for theme in ("light", "dark"):
        with window(browser, server.url, theme=theme) as own:
            own.sign_in(ADMIN)
            page = go(own, "audit")
            page.get_by_role("button", name="Verify").click()
            alert = page.get_by_role("alert").filter(has_text="The log was changed")
            expect(alert).to_contain_text("Entry 3 is not as it was written")
            own.accessible()


def test_every_action_has_a_name_for_people() -> None:
    written = (UI / "src/texts/admin.ts").read_text()
    names = set(re.findall(r'^    "?([a-z_.]+)"?: "', written.partition("actionNames: {")[2], re.M))
    assert {action.value for action in AuditAction} <= names


# Health


def test_health_is_read_anew_by_itself(site: Site, own: Window) -> None:
    page = go(own, "health")
    expect(page.get_by_text("Everything answers")).to_be_visible()
    part = page.get_by_role("region", name="People")
    before = site.admin.get("/api/v1/system/health").json()["users"]
    accounts = "{active} active of {total}"
    expect(part).to_contain_text(accounts.format(**before))
    for name in ("Database", "Picture files", "Queue", "Workers", "Last errors"):
        expect(page.get_by_role("region", name=name, exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Picture files")).to_contain_text("free of")
    add_person(site.admin, site.server, "hal@example.com")
    after = {name: before[name] + 1 for name in ("active", "total")}
    expect(part).to_contain_text(accounts.format(**after))
    own.accessible()


def test_health_says_when_the_server_does_not_answer(site: Site, browser: Browser) -> None:
    with window(browser, site.server.url) as own:
        own.sign_in(ADMIN)
        page = go(own, "health")
        expect(page.get_by_text("Everything answers")).to_be_visible()
        own.context.set_offline(True)
        expect(page.get_by_text("The server does not answer; this is what")).to_be_visible()
        own.accessible()
        own.context.set_offline(False)
        expect(page.get_by_text("The server does not answer; this is what")).to_have_count(0)
        own.complaints[:] = [each for each in own.complaints if "net::ERR_" not in each]


# Board access


def test_who_has_access_to_a_board_and_why(site: Site, own: Window, tmp_path: Path) -> None:
    place = board(site.mia, "Harbour views")
    body = {"user_ids": [site.user_id(site.jonas)], "permission": "write"}
    assert site.mia.post(f"/api/v1/boards/{place}/share", json=body).status_code == 200
    page = go(own, "access")
    expect(page.get_by_text("Choose a board or a person")).to_be_visible()
    own.accessible()
    choose(page, "Board", "harbour", "Harbour views")
    table = page.get_by_role("table", name="Access")
    expect(row(table, "mia@")).to_contain_text("owns the board")
    expect(row(table, "jonas@")).to_contain_text("was granted it (Write) by mia")
    expect(row(table, ADMIN)).to_contain_text("administers the server")
    expect(page.get_by_text("Visibility: Private")).to_be_visible()
    own.accessible()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save as CSV").click()
    waiting.value.save_as(tmp_path / "access.csv")
    text = (tmp_path / "access.csv").read_text(encoding="utf-8-sig")
    assert '"jonas","jonas@example.com","Write"' in text

    page.emulate_media(media="print")
    expect(page.get_by_role("navigation").first).to_be_hidden()
    expect(table).to_be_visible()


def test_which_boards_a_person_has_access_to(site: Site, own: Window) -> None:
    public = board(site.mia, "For all")
    body = {"board_visibility": "public"}
    assert site.mia.patch(f"/api/v1/boards/{public}", json=body).status_code == 201
    mine = board(site.jonas, "My badgers")
    assert site.jonas.patch(f"/api/v1/boards/{mine}", json={"archived": True}).status_code == 201
    page = go(own, "access")
    page.get_by_text("A person", exact=True).click()
    choose(page, "Person", "jonas", "jonas")
    table = page.get_by_role("table", name="Access")
    expect(row(table, "For all")).to_contain_text("the board is open to everybody")
    expect(row(table, "My badgers")).to_contain_text("Archived")
    own.accessible()


# Transfer


def names_of(client: httpx.Client) -> set[str]:
    found: list[dict[str, Any]] = client.get("/api/v1/boards/", params={"all": True}).json()
    return {each["board_name"] for each in found if each["permission"] == "owner"}


def test_boards_go_to_another_person_and_come_back(site: Site, own: Window) -> None:
    ann = add_person(site.admin, site.server, "ann@example.com")
    bob = add_person(site.admin, site.server, "bob@example.com")
    board(ann, "Ann's first")
    board(ann, "Ann's second")
    page = go(own, "transfer")
    choose(page, "From", "ann@", "ann")
    choose(page, "To", "bob@", "bob")
    page.get_by_label("Some boards").check()
    choose(page, "Boards", "second", "Ann's second")
    page.keyboard.press("Escape")
    own.accessible()
    page.get_by_role("button", name="Preview").click()
    preview = page.get_by_role("region", name="This would move")
    expect(preview.get_by_text("Ann's second")).to_be_visible()
    own.accessible()
    assert names_of(bob) == set()
    page.get_by_role("button", name="Transfer now").click()
    expect(page.get_by_text("Handed over: 1 board and 0 pictures.")).to_be_visible()
    expect(preview).to_have_count(0)
    assert (names_of(ann), names_of(bob)) == ({"Ann's first"}, {"Ann's second"})

    history = page.get_by_role("table", name="Transfers")
    expect(row(history, "1 board")).to_contain_text("done")
    history.get_by_role("button", name="Undo the transfer from ann to bob").click()
    dialog = page.get_by_role("dialog", name="Undo this transfer?")
    own.accessible()
    dialog.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The transfer was undone.")).to_be_visible()
    expect(history.get_by_text("Undone", exact=True)).to_be_visible()
    own.accessible()
    assert names_of(ann) == {"Ann's first", "Ann's second"}


def test_what_is_systems_goes_to_a_person_whole(site: Site, own: Window) -> None:
    old = add_person(site.admin, site.server, "old@example.com")
    board(old, "From before")
    gone = site.user_id(old)
    query = {"transfer_to": "system"}
    assert site.admin.delete(f"/api/v1/auth/users/{gone}", params=query).status_code == 204
    new = add_person(site.admin, site.server, "new@example.com")
    page = go(own, "transfer")
    expect(page.get_by_role("combobox", name="From")).to_have_value(re.compile("system"))
    choose(page, "To", "new@", "new")

    page.get_by_label("By date").check()
    page.get_by_label("Made until").fill("2020-01-31")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Nothing would move")).to_be_visible()
    expect(page.get_by_role("button", name="Transfer now")).to_have_count(0)
    own.accessible()

    page.get_by_label("Everything").check()
    expect(page.get_by_text("Nothing would move")).to_have_count(0)
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Transfer now").click()
    expect(page.get_by_text("Handed over: 1 board")).to_be_visible()
    assert names_of(new) == {"From before"}


# All of them


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible_and_fits_a_phone(
    site: Site, browser: Browser, theme: str
) -> None:
    ask_for(site.mia, "a gull", runs=2)
    board(site.mia, f"Gulls, {theme}")
    with window(browser, site.server.url, size=PHONE, theme=theme) as own:
        own.sign_in(ADMIN)
        for place in PLACES:
            page = go(own, place)
            if place == "access":
                choose(page, "Board", f"gulls, {theme}", "Gulls")
            if place == "queue":
                expect(page.get_by_role("img")).not_to_have_count(0)
            if place not in ("health", "transfer"):
                expect(page.get_by_role("table").first).to_be_visible(timeout=PATIENCE * 500)
            assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0], place
            own.accessible()
