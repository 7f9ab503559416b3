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
from tests.e2e.web.browsing import DESKTOP, PHONE, launch, window

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
                            _settle(page)
                            _keep(page, folder / f"{name}-{theme}-{device}.webp")
        browser.close()


def _before_anybody(browser: Browser, server: RunningServer, folder: Path) -> None:
    with window(browser, server.url) as own:
        page = own.open()
        expect(page.get_by_role("dialog", name="Administrator Setup")).to_be_visible()
        page.get_by_label("Password", exact=False).first.fill(PASSWORD)
        _settle(page)
        _keep(page, folder / "setup-light-desktop.webp")


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
    _draw(bea, PROMPTS[0], boards[SKETCHES], seed=99)
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


def _settle(page: Page) -> None:
    expect(
        page.get_by_role("heading", level=1).or_(page.get_by_role("dialog")).first
    ).to_be_visible()
    expect(page.get_by_label("Loading")).to_have_count(0)
    if page.url.endswith("/gallery"):
        expect(page.locator(".tile img").last).to_be_visible()
    if page.url.endswith("/admin/queue"):
        expect(page.locator(".recharts-surface").first).to_be_visible()
    page.evaluate(
        """() => Promise.all([...document.images]
             .filter((each) => !each.complete && each.loading !== "lazy")
             .map((each) => new Promise((go) => { each.onload = each.onerror = go; })))"""
    )


def _keep(page: Page, path: Path) -> None:
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").save(path, "WEBP", quality=82, method=6)


if __name__ == "__main__":
    main()
