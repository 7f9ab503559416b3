"""The models that a picture is made with beside the main one: ControlNets, IP-Adapters, embeddings, LoRAs."""

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Response, expect

from tests.e2e.running import (
    RunningServer,
    add_person,
    first_administrator,
    multiuser_root,
    running,
    until_finished,
)
from tests.e2e.web.browsing import PHONE, window

EMAIL = "bea@example.com"
BESIDE = {
    "edges": ("controlnet", "Edges"),
    "look": ("ip_adapter", "Look"),
    "calm": ("embedding", "calm"),
    "ink": ("lora", "Ink"),
    "foreign": ("controlnet", "Made for another family"),
}


@pytest.fixture(scope="module")
def studio(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[RunningServer, httpx.Client, str]]:
    """A server whose catalogue has models of each kind, somebody on it, and a picture of theirs.

    Nothing is drawn with these models, which have no weights: the queue is paused.
    """
    with running(multiuser_root(tmp_path_factory.mktemp("studio") / "root")) as server:
        administrator = first_administrator(server)
        bea = add_person(administrator, server, EMAIL)
        wish = {"model": "demo-shapes", "prompt": "a red star", "steps": 4}
        answer = bea.post(
            "/api/v1/queue/default/enqueue_batch", json={"batch": {"generation": wish}}
        )
        (name,) = until_finished(bea, answer.json()["item_ids"][0])["image_names"]
        administrator.put("/api/v1/queue/default/processor/pause")
        register(server)
        yield server, bea, name


def register(server: RunningServer) -> None:
    """Put models beside the one that comes with the server into its catalogue."""
    (database,) = server.root.rglob("invokeai.db")
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    row = dict(connection.execute("SELECT * FROM models").fetchone())
    for key, (kind, name) in BESIDE.items():
        base = "sdxl" if key == "foreign" else row["base"]
        named = {"key": key, "name": name, "folded_name": name.casefold()}
        copy = {**row, **named, "type": kind, "base": base}
        columns, places = ", ".join(copy), ", ".join("?" * len(copy))
        connection.execute(f"INSERT INTO models ({columns}) VALUES ({places})", [*copy.values()])
    connection.commit()
    connection.close()


def add(page: Page, field: str, name: str) -> None:
    page.get_by_role("combobox", name=field).click()
    page.get_by_role("option", name=name, exact=True).click()


def sent(page: Page) -> dict[str, Any]:
    """Send the form; return the generation that the server was asked for, and took."""
    with page.expect_response(re.compile("enqueue_batch")) as answer:
        page.get_by_role("button", name="Generate").click()
    assert answer.value.status == 201, answer.value.text()
    generation: dict[str, Any] = json.loads(answer.value.request.post_data or "")["batch"][
        "generation"
    ]
    return generation


def _keeps_the_last(answer: Response) -> bool:
    """Whether the form was kept as it is after its last change."""
    return "set_by_key" in answer.url and "ink" in (answer.request.post_data or "")


@pytest.mark.parametrize(("theme", "size"), [("light", (1280, 900)), ("dark", PHONE)])
def test_what_is_chosen_beside_the_model_reaches_the_queue(
    studio: tuple[RunningServer, httpx.Client, str],
    browser: Browser,
    theme: str,
    size: tuple[int, int],
) -> None:
    server, bea, picture = studio
    with window(browser, server.url, theme=theme, size=size) as own:
        page = own.sign_in(EMAIL)
        page.get_by_role("button", name="Start over").click()
        page.get_by_label("Prompt", exact=True).fill("a boat")
        page.get_by_role("button", name="More settings").click()
        page.get_by_role("combobox", name="ControlNets").click()
        expect(page.get_by_role("option", name=re.compile("another family"))).to_have_count(0)
        page.get_by_role("option", name="Edges").click()
        page.get_by_role("button", name="Generate").click()
        expect(page.get_by_text("Choose a picture for each of them.")).to_be_visible()
        own.accessible()
        edges = page.get_by_role("group", name="Edges")
        edges.get_by_role("button", name="From the gallery").click()
        own.accessible()
        page.get_by_role("dialog").get_by_role("button", name=f"Take {picture}").click()
        expect(edges.get_by_role("img", name="Control picture")).to_be_visible()
        edges.get_by_label("Weight of Edges").fill("0.6")
        add(page, "IP-Adapters", "Look")
        look = page.get_by_role("group", name="Look")
        with page.expect_file_chooser() as chooser:
            look.get_by_role("button", name="Choose a file").click()
        content = bea.get(f"/api/v1/images/i/{picture}/full").content
        chooser.value.set_files({"name": "look.png", "mimeType": "image/png", "buffer": content})
        shown = look.get_by_role("img", name="Model picture")
        expect(shown).to_be_visible()
        add(page, "Embeddings", "calm")
        calm = page.get_by_role("group", name="calm")
        calm.get_by_role("button", name="Into the prompt").click()
        calm.get_by_role("button", name="Into the negative prompt").click()
        expect(page.get_by_label("Prompt", exact=True)).to_have_value("a boat <calm>")
        with page.expect_response(_keeps_the_last):
            add(page, "LoRAs", "Ink")
        own.accessible()
        uploaded = (shown.get_attribute("src") or "").split("/")[-2]
        generation = sent(page)
        # Another window of the same person has it all.
        own.open()
        page.get_by_role("button", name="More settings").click()
        expect(page.get_by_label("Weight of Edges")).to_have_value("0.6")
        expect(page.get_by_role("group", name="calm")).to_be_visible()
        page.get_by_role("button", name="Remove Edges").click()
        page.get_by_role("button", name="Remove Look").click()
        page.get_by_role("button", name="Remove calm").click()
        plain = sent(page)
    assert generation["prompt"] == "a boat <calm>"
    assert generation["negative_prompt"] == "<calm>"
    assert generation["controlnets"] == [{"model": "edges", "image_name": picture, "weight": 0.6}]
    assert generation["ip_adapters"] == [{"model": "look", "image_name": uploaded, "weight": 1}]
    assert generation["embeddings"] == ["calm"]
    assert generation["loras"] == [{"model": "ink", "weight": 1}]
    assert plain["controlnets"] == plain["ip_adapters"] == plain["embeddings"] == []


def test_they_are_taken_over_from_a_picture(
    studio: tuple[RunningServer, httpx.Client, str], browser: Browser
) -> None:
    server, bea, picture = studio
    metadata = {
        "positive_prompt": "a boat <calm>",
        "model": {"name": "demo-shapes"},
        "controlnets": [
            {
                "control_model": {"key": "edges", "name": "Edges"},
                "image": {"image_name": picture},
                "control_weight": 0.4,
            },
            {
                "control_model": {"key": "gone", "name": "Depths"},
                "image": {"image_name": picture},
                "control_weight": 1,
            },
        ],
        "ipAdapters": [
            {
                "ip_adapter_model": {"key": "look", "name": "Look"},
                "image": {"image_name": "never-was.png"},
                "weight": 0.7,
            }
        ],
        "embeddings": [{"key": "calm", "name": "calm"}],
    }
    content = bea.get(f"/api/v1/images/i/{picture}/full").content
    uploaded = bea.post(
        "/api/v1/images/upload",
        params={"image_category": "user"},
        files={"file": ("old.png", content, "image/png")},
        data={"metadata": json.dumps(metadata)},
    )
    assert uploaded.status_code == 201, uploaded.text
    with window(browser, server.url) as own:
        page = own.sign_in(EMAIL)
        own.open(f"?image={uploaded.json()['image_name']}")
        expect(
            page.get_by_text(re.compile("Depths, which is not here.*guiding picture"))
        ).to_be_visible()
        page.get_by_role("button", name="More settings").click()
        expect(page.get_by_label("Weight of Look")).to_have_value("0.7")
        expect(page.get_by_role("img", name="Model picture")).to_have_count(0)
        expect(page.get_by_role("group", name="calm")).to_be_visible()
        page.get_by_role("button", name="Remove Look").click()
        generation = sent(page)
    assert generation["controlnets"] == [{"model": "edges", "image_name": picture, "weight": 0.4}]
    assert generation["embeddings"] == ["calm"]
