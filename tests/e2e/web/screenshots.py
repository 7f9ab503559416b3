"""Pictures of every page for the documentation: `python -m tests.e2e.web.screenshots docs/images/interface`.

They are of a server with a few people, boards and pictures of its own, light and dark, on a desk and a phone.
"""

import argparse
import io
import tempfile
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.running import (
    PASSWORD,
    RunningServer,
    add_person,
    first_administrator,
    multiuser_root,
    running,
    until_finished,
)
from tests.e2e.web.browsing import DESKTOP, PHONE, Window, launch, window

PROMPTS = [
    "a red circle on a white background",
    "a blue star on a light blue background",
    "a green heart on a black background",
    "a yellow triangle on a gray background",
    "a purple square on a white background",
    "a white star on a black background",
]
SKETCHES = "Bea's sketches"
PLACES = {
    "generate": "",
    "gallery": "gallery",
    "queue": "queue",
    "models": "models",
    "profile": "profile",
    "people": "admin/people",
    "queue-overview": "admin/queue",
    "audit": "admin/audit",
    "health": "admin/health",
    "board-access": "admin/access",
    "transfer": "admin/transfer",
}


def main() -> None:
    """Fill a server, walk its pages, and keep what they look like."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as root, sync_playwright() as playwright:
        browser = launch(playwright)
        with running(multiuser_root(Path(root) / "root")) as server:
            _before_anybody(browser, server, folder)
            _fill(server)
            for theme in ("light", "dark"):
                for device, size in (("desktop", DESKTOP), ("phone", PHONE)):
                    with window(browser, server.url, theme=theme, size=size) as own:
                        page = own.open()
                        expect(page.get_by_label("E-mail address")).to_be_visible()
                        _keep(page, folder / f"sign-in-{theme}-{device}.webp")
                        own.sign_in("admin@example.com")
                        for name, path in PLACES.items():
                            own.open(path)
                            _settle(page, name)
                            _keep(page, folder / f"{name}-{theme}-{device}.webp")
                    with window(browser, server.url, theme=theme, size=size) as own:
                        own.sign_in("bea@example.com")  # a form remembers what is chosen
                        _mask(own)
                        _keep(own.page, folder / f"mask-{theme}-{device}.webp")
        browser.close()


def _mask(own: Window) -> None:
    """Open the dialog in which a part of a picture is painted over, and paint."""
    page = own.page
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("button", name="From the gallery").click()
    page.get_by_role("button", name="Begin with").first.click()
    page.get_by_role("button", name="Draw only a part anew").click()
    paper = page.get_by_role("application", name="Mask")
    paper.focus()
    for key in ["Space", *["Shift+ArrowRight"] * 3, *["Shift+ArrowDown"] * 2]:
        page.keyboard.press(key)
    expect(page.get_by_text("Nothing is painted yet")).to_have_count(0)
    _settle(page, "mask")


def _before_anybody(browser: Browser, server: RunningServer, folder: Path) -> None:
    for theme in ("light", "dark"):
        for device, size in (("desktop", DESKTOP), ("phone", PHONE)):
            with window(browser, server.url, theme=theme, size=size) as own:
                page = own.open()
                expect(page.get_by_role("dialog", name="Administrator Setup")).to_be_visible()
                page.get_by_label("E-mail address").fill("ada@example.com")
                page.get_by_label("Display name").fill("Ada")
                for field in page.locator("input[type=password]").all():
                    field.fill(PASSWORD)
                expect(page.get_by_role("progressbar")).to_be_visible()
                _settle(page, "setup")
                _keep(page, folder / f"setup-{theme}-{device}.webp")


def _fill(server: RunningServer) -> None:
    administrator = first_administrator(server)
    bea, cem = (add_person(administrator, server, f"{name}@example.com") for name in ("bea", "cem"))
    boards = {}
    for owner, name in ((administrator, "Shapes"), (administrator, "Signs"), (bea, SKETCHES)):
        answer = owner.post("/api/v1/boards", params={"board_name": name})
        boards[name] = answer.json()["board_id"]
    for number, prompt in enumerate(PROMPTS * 2):
        _draw(
            administrator, prompt, boards["Shapes"] if number % 3 else boards["Signs"], seed=number
        )
    _draw(bea, PROMPTS[1], boards[SKETCHES], seed=99)
    people = administrator.get("/api/v1/auth/users").json()
    users = people if isinstance(people, list) else people["items"]
    ids = {each["email"]: each["user_id"] for each in users}
    for board, who, permission in (
        ("Shapes", "bea@example.com", "write"),
        ("Shapes", "cem@example.com", "read"),
    ):
        administrator.post(
            f"/api/v1/boards/{boards[board]}/share",
            json={"user_ids": [ids[who]], "permission": permission},
        )
    bea.post(
        f"/api/v1/boards/{boards[SKETCHES]}/share",
        json={"user_ids": [ids["admin@example.com"]], "permission": "read"},
    )
    administrator.put("/api/v1/queue/default/processor/pause")
    for client, prompt, runs in (
        (administrator, PROMPTS[2], 2),
        (bea, PROMPTS[1], 3),
        (cem, PROMPTS[3], 2),
    ):
        _enqueue(client, prompt, None, runs=runs)


def _enqueue(
    client: httpx.Client, prompt: str, board: str | None, *, runs: int = 1, seed: int = 1
) -> int:
    wish = {"model": "demo-shapes", "prompt": prompt, "board_id": board, "seed": seed}
    body = {"batch": {"generation": wish, "runs": runs}}
    answer = client.post("/api/v1/queue/default/enqueue_batch", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["item_ids"][0])


def _draw(client: httpx.Client, prompt: str, board: str, *, seed: int) -> None:
    until_finished(client, _enqueue(client, prompt, board, seed=seed))


def _settle(page: Page, name: str) -> None:
    """Wait until all of a place is there."""
    expect(
        page.get_by_role("heading", level=1).or_(page.get_by_role("dialog")).first
    ).to_be_visible()
    # A page shows its frame first, and the rest when the browser has time for it.
    page.evaluate("() => new Promise((go) => requestIdleCallback(go, { timeout: 5000 }))")
    expect(page.get_by_label("Loading")).to_have_count(0)
    if name == "generate":
        expect(page.get_by_label("Prompt", exact=True)).to_be_visible()
        results = page.get_by_role("region", name="Your latest pictures")
        expect(results.get_by_role("img").first).to_be_visible()
        expect(page.get_by_test_id("waiting").first).to_be_visible()
    if name == "queue":
        expect(page.get_by_role("article").first).to_be_visible()
    if name == "board-access":
        page.get_by_role("combobox", name="Board").click()
        page.get_by_role("option", name="Shapes").click()
        expect(page.get_by_role("table")).to_be_visible()
    if name == "gallery":
        expect(page.locator(".tile img").last).to_be_visible()
    if name == "queue-overview":
        expect(page.locator(".recharts-surface").first).to_be_visible()
    page.evaluate(
        """() => Promise.all([...document.images]
             .filter((each) => !each.complete && each.getBoundingClientRect().top < innerHeight)
             .map((each) => new Promise((go) => { each.onload = each.onerror = go; })))"""
    )


def _keep(page: Page, path: Path) -> None:
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").save(path, "WEBP", quality=82, method=6)


if __name__ == "__main__":
    main()
