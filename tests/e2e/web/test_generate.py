"""Asking for pictures: the form, what runs, what came of it, and taking a picture's settings over."""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.e2e.running import (
    RunningServer,
    add_person,
    first_administrator,
    multiuser_root,
    running,
    until_finished,
)
from tests.e2e.web.browsing import PHONE, Window, window

RED = "a red circle on a white background"


@pytest.fixture(scope="module")
def studio(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[RunningServer, httpx.Client]]:
    """A server with the model that comes with it, and its administrator."""
    with running(multiuser_root(tmp_path_factory.mktemp("studio") / "root")) as server:
        yield server, first_administrator(server)


@pytest.fixture
def ben(
    studio: tuple[RunningServer, httpx.Client], request: pytest.FixtureRequest
) -> tuple[RunningServer, httpx.Client, str]:
    """Somebody who is new to the server: its address, they over HTTP, and their e-mail address."""
    server, administrator = studio
    email = re.sub(r"\W", "-", request.node.name)[-40:].strip("-") + "@example.com"
    return server, add_person(administrator, server, email), email


def asked(own: Window, prompt: str) -> Page:
    page = own.page
    page.get_by_label("Prompt", exact=True).fill(prompt)
    page.get_by_role("button", name="Generate").click()
    return page


def drawn(client: httpx.Client, **generation: Any) -> str:
    """Let a picture be drawn; return its name."""
    body = {
        "batch": {"generation": {"model": "demo-shapes", "prompt": RED, "steps": 4, **generation}}
    }
    answer = client.post("/api/v1/queue/default/enqueue_batch", json=body)
    assert answer.status_code == 201, answer.text
    (name,) = until_finished(client, answer.json()["item_ids"][0])["image_names"]
    return str(name)


def test_a_picture_is_asked_for_watched_and_found(
    ben: tuple[RunningServer, httpx.Client, str], browser: Browser
) -> None:
    server, client, email = ben
    board = client.post("/api/v1/boards", params={"board_name": "Shapes"}).json()["board_id"]
    with window(browser, server.url) as own:
        page = own.sign_in(email)
        page.get_by_role("combobox", name="Board").click()
        page.get_by_role("option", name="Shapes").click()
        asked(own, RED)
        expect(
            page.get_by_test_id("running").or_(page.get_by_test_id("waiting")).first
        ).to_be_visible()
        results = page.get_by_role("region", name="Your latest pictures")
        expect(results.get_by_role("img", name=RED)).to_be_visible()
        expect(page.get_by_text("Nothing of yours is running")).to_be_visible()
        own.accessible()
        results.get_by_role("img", name=RED).click()
        expect(page.get_by_role("dialog").get_by_text(RED).first).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    names = client.get(f"/api/v1/boards/{board}/image_names").json()
    assert len(names) == 1


def test_many_wait_with_their_places_and_are_canceled(
    ben: tuple[RunningServer, httpx.Client, str], browser: Browser
) -> None:
    server, client, email = ben
    with window(browser, server.url) as own:
        page = own.sign_in(email)
        page.get_by_label("Number of pictures").fill("30")
        page.get_by_role("button", name="More settings").click()
        page.get_by_label("Steps").fill("60")
        page.get_by_label("Prompt", exact=True).fill(RED)
        page.keyboard.press("Control+Enter")
        expect(page.get_by_test_id("running")).to_be_visible()
        expect(page.get_by_text(re.compile("in the queue")).first).to_be_visible()
        expect(page.get_by_text(re.compile(r"Step \d+ of 60"))).to_be_visible()
        expect(page.get_by_role("progressbar", name="Progress")).to_be_visible()
        own.accessible()
        page.get_by_role("button", name="Cancel all that wait").click()
        expect(page.get_by_test_id("waiting")).to_have_count(0)
        page.get_by_test_id("running").get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("Nothing of yours is running")).to_be_visible()
    jobs = client.get("/api/v1/queue/default/status").json()["queue"]
    assert (jobs["user_pending"], jobs["user_in_progress"]) == (0, 0)


def test_the_form_is_remembered_for_the_person_on_another_device(
    ben: tuple[RunningServer, httpx.Client, str], browser: Browser
) -> None:
    server, _, email = ben
    with window(browser, server.url) as desk:
        page = desk.sign_in(email)
        with page.expect_response(re.compile("set_by_key")):
            page.get_by_label("Prompt", exact=True).fill("two green stars")
    with window(browser, server.url, size=PHONE) as phone:
        page = phone.sign_in(email)
        expect(page.get_by_label("Prompt", exact=True)).to_have_value("two green stars")


def test_what_is_typed_in_the_moment_before_the_page_is_left_is_remembered(
    ben: tuple[RunningServer, httpx.Client, str], browser: Browser
) -> None:
    server, _, email = ben
    with window(browser, server.url) as own:
        page = own.sign_in(email)
        page.get_by_label("Prompt", exact=True).fill("three blue hearts")
        own.open("queue")

        def remembered() -> str:
            return own.open().get_by_label("Prompt", exact=True).input_value()

        # What a page sends as it is left is told to nobody here, and may come after the next page asks.
        assert "three blue hearts" in (remembered() for _ in range(5))


def test_a_refusal_stands_beside_its_field(
    ben: tuple[RunningServer, httpx.Client, str], browser: Browser
) -> None:
    server, _, email = ben
    with window(browser, server.url) as own:
        page = own.sign_in(email)
        page.get_by_label("Width").fill("20")
        asked(own, RED)
        expect(page.get_by_text(re.compile("multiple of"))).to_be_visible()
        expect(page.get_by_label("Width")).to_have_attribute("aria-invalid", "true")
        own.accessible()


def test_a_pictures_settings_are_taken_over(
    ben: tuple[RunningServer, httpx.Client, str], browser: Browser
) -> None:
    server, client, email = ben
    name = drawn(client, prompt="a blue star", seed=77, negative_prompt="a circle")
    with window(browser, server.url) as own:
        page = own.sign_in(email)
        own.open(f"?image={name}")
        expect(page.get_by_label("Prompt", exact=True)).to_have_value("a blue star")
        expect(page.get_by_label("Negative prompt")).to_have_value("a circle")
        page.get_by_role("button", name="More settings").click()
        expect(page.get_by_label("Seed", exact=True)).to_have_value("77")
        expect(page.get_by_label("Steps")).to_have_value("4")
        expect(page).to_have_url(f"{server.url}/")


def test_a_picture_is_opened_and_its_settings_are_used_again(
    ben: tuple[RunningServer, httpx.Client, str], browser: Browser
) -> None:
    server, client, email = ben
    drawn(client, prompt="a yellow square", seed=5)
    with window(browser, server.url, theme="dark") as own:
        page = own.sign_in(email)
        results = page.get_by_role("region", name="Your latest pictures")
        for _ in range(2):  # the second time as well
            page.get_by_label("Prompt", exact=True).fill("something else")
            results.get_by_role("img", name="a yellow square").click()
            opened = page.get_by_role("dialog", name="Picture")
            expect(opened.get_by_role("img", name="a yellow square")).to_be_visible()
            own.accessible()
            opened.get_by_role("link", name="Use its settings").click()
            expect(opened).to_have_count(0)
            expect(page.get_by_label("Prompt", exact=True)).to_have_value("a yellow square")
            expect(page).to_have_url(f"{server.url}/")


def test_a_starting_image_is_chosen_from_the_gallery_by_its_words(
    ben: tuple[RunningServer, httpx.Client, str], browser: Browser
) -> None:
    server, client, email = ben
    drawn(client, prompt="a green triangle")
    name = drawn(client, prompt="an orange heart")
    with window(browser, server.url, size=PHONE) as own:
        page = own.sign_in(email)
        page.get_by_role("button", name="From the gallery").click()
        expect(page.get_by_role("button", name="Begin with")).to_have_count(2)
        own.accessible()
        page.get_by_label("Search pictures").fill("orange")
        expect(page.get_by_role("button", name="Begin with")).to_have_count(1)
        page.get_by_role("button", name=f"Begin with {name}").press("Enter")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_role("slider")).to_be_visible()
        with page.expect_request(re.compile("enqueue_batch")) as sent:
            asked(own, RED)
    started = json.loads(sent.value.post_data or "")["batch"]["generation"]["init_image"]
    assert started == {"image_name": name, "strength": 0.75}


def test_what_cannot_be_taken_over_is_said(
    ben: tuple[RunningServer, httpx.Client, str], browser: Browser
) -> None:
    server, client, email = ben
    metadata = {
        "positive_prompt": "a blue star",
        "model": {"key": "gone", "name": "Dreams of Yesterday"},
        "init_image": "never-was.png",
        "vae": {"key": "gone", "name": "Sharper"},
    }
    picture = client.get(f"/api/v1/images/i/{drawn(client)}/full").content
    uploaded = client.post(
        "/api/v1/images/upload",
        params={"image_category": "user"},
        files={"file": ("old.png", picture, "image/png")},
        data={"metadata": json.dumps(metadata)},
    )
    assert uploaded.status_code == 201, uploaded.text
    with window(browser, server.url) as own:
        page = own.sign_in(email)
        own.open(f"?image={uploaded.json()['image_name']}")
        expect(page.get_by_label("Prompt", exact=True)).to_have_value("a blue star")
        expect(
            page.get_by_text(re.compile("Dreams of Yesterday.*its VAE.*starting image"))
        ).to_be_visible()
        expect(page.get_by_role("slider")).to_have_count(0)
        own.accessible()


def test_whoever_runs_it_alone_needs_no_account(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> None:
    root = tmp_path_factory.mktemp("alone") / "root"
    root.mkdir()
    with running(root) as server, window(browser, server.url) as own:
        page = own.open()
        asked(own, RED)
        results = page.get_by_role("region", name="Your latest pictures")
        expect(results.get_by_role("img", name=RED)).to_be_visible()
        page.get_by_role("link", name=re.compile("^Queue")).click()
        expect(page.get_by_role("article").get_by_role("img", name=RED)).to_be_visible()


def test_a_starting_image_is_uploaded_and_used(
    ben: tuple[RunningServer, httpx.Client, str], browser: Browser, tmp_path: Path
) -> None:
    server, client, email = ben
    picture = tmp_path / "start.png"
    picture.write_bytes(client.get(f"/api/v1/images/i/{drawn(client)}/full").content)
    with window(browser, server.url) as own:
        page = own.sign_in(email)
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Choose a file").click()
        chooser.value.set_files(picture)
        expect(page.get_by_role("slider")).to_be_visible()
        own.accessible()
        asked(own, "a green circle on a white background")
        results = page.get_by_role("region", name="Your latest pictures")
        expect(results.get_by_role("img", name="a green circle")).to_be_visible()
    jobs = client.get("/api/v1/queue/default/list_all").json()
    assert jobs[-1]["generation"]["init_image"]["strength"] == 0.75


@pytest.mark.parametrize("by", ["pointer", "keys"])
def test_only_what_is_painted_over_is_drawn_anew(
    ben: tuple[RunningServer, httpx.Client, str], browser: Browser, by: str
) -> None:
    server, client, email = ben
    start = drawn(client, prompt="a green square on a white background", width=64, height=64)
    with window(browser, server.url, theme="dark" if by == "keys" else "light") as own:
        page = own.sign_in(email)
        page.get_by_role("button", name="From the gallery").click()
        page.get_by_role("button", name=f"Begin with {start}").click()
        page.get_by_role("button", name="Draw only a part anew").click()
        paper = page.get_by_role("application", name="Mask")
        page.get_by_role("button", name="Use this mask").click()
        expect(page.get_by_text("Nothing is painted yet")).to_be_visible()
        own.accessible()
        if by == "pointer":
            box = paper.bounding_box()
            assert box
            left, middle = box["x"] + box["width"] / 8, box["y"] + box["height"] / 2
            page.mouse.move(left, middle)
            page.mouse.down()
            page.mouse.move(left, middle + box["height"] / 4, steps=4)
            page.mouse.up()
        else:
            paper.focus()
            for key in [*["ArrowLeft"] * 6, "Space", *["Shift+ArrowDown"] * 4]:
                page.keyboard.press(key)
        expect(page.get_by_text("Nothing is painted yet")).to_have_count(0)
        page.get_by_role("button", name="Use this mask").click()
        expect(page.get_by_role("img", name="Mask: white is drawn anew")).to_be_visible()
        page.get_by_role(
            "button", name="Change the mask"
        ).click()  # what was painted is still there
        page.get_by_role("button", name="Swap painted and unpainted").click()
        page.get_by_role("button", name="Swap painted and unpainted").click()
        page.get_by_role("button", name="Use this mask").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        asked(own, "a black star on a red background")
        results = page.get_by_role("region", name="Your latest pictures")
        expect(results.get_by_role("img", name="a black star")).to_be_visible()
    (job,) = [
        each
        for each in client.get("/api/v1/queue/default/list_all").json()
        if each["status"] == "completed" and (each["generation"] or {}).get("mask_image_name")
    ]
    before, mask, after = (
        pixels(client, name)
        for name in (start, job["generation"]["mask_image_name"], job["image_names"][0])
    )
    assert 0 < (mask == 255).mean() < 0.5
    assert (after[mask == 0] == before[mask == 0]).all()
    assert (after[mask == 255] != before[mask == 255]).any()
    listed = client.get("/api/v1/images", params={"is_intermediate": False}).json()["items"]
    assert job["generation"]["mask_image_name"] not in {each["image_name"] for each in listed}


def pixels(client: httpx.Client, name: str) -> np.ndarray:
    content = client.get(f"/api/v1/images/i/{name}/full").content
    return np.asarray(Image.open(BytesIO(content)).convert("RGB"))


def test_a_style_is_kept_and_laid_over_another_prompt(
    ben: tuple[RunningServer, httpx.Client, str], browser: Browser
) -> None:
    server, _, email = ben
    with window(browser, server.url, theme="dark") as own:
        page = own.sign_in(email)
        prompt = page.get_by_label("Prompt", exact=True)
        prompt.fill("{prompt} on a light blue background")
        page.get_by_role("button", name="Style presets").click()
        own.accessible()
        page.get_by_role("menuitem", name="Save as a preset").click()
        page.get_by_label("Name of the preset").fill("Sky")
        own.accessible()
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        prompt.fill("a white heart")
        page.get_by_role("button", name="Style presets").click()
        page.get_by_role("menuitem", name="Sky").click()
        expect(prompt).to_have_value("a white heart on a light blue background")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 900), PHONE], ids=["desktop", "phone"])
def test_the_page_is_accessible(
    ben: tuple[RunningServer, httpx.Client, str],
    browser: Browser,
    theme: str,
    size: tuple[int, int],
) -> None:
    server, client, email = ben
    drawn(client)
    with window(browser, server.url, theme=theme, size=size) as own:
        page = own.sign_in(email)
        expect(page.get_by_role("img", name=RED)).to_be_visible()
        page.get_by_role("button", name="More settings").click()
        own.accessible()
