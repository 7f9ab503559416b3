"""The gallery as people use it: uploading, looking, selecting, moving, deleting and bringing back."""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator

import attrs
import httpx
import PIL.Image
import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from tests.e2e.running import (
    RunningServer,
    add_person,
    first_administrator,
    multiuser_root,
    running,
)
from tests.e2e.web.browsing import PHONE, Window, window

THEMES = ["light", "dark"]


def picture(colour: str) -> bytes:
    """Return a small PNG file."""
    file = io.BytesIO()
    PIL.Image.new("RGB", (96, 64), colour).save(file, "PNG")
    return file.getvalue()


def send(
    client: httpx.Client,
    colours: list[str],
    *,
    board_id: str = "none",
    prompt: str = "something",
    seed: int = 1,
) -> list[str]:
    """Upload a picture of each colour; return their names, the oldest first."""
    names = []
    metadata = json.dumps({"positive_prompt": prompt, "seed": seed})
    for colour in colours:
        answer = client.post(
            "/api/v1/images/upload",
            params={"image_category": "user", "board_id": board_id},
            data={"metadata": metadata},
            files={"file": ("one.png", picture(colour), "image/png")},
        )
        assert answer.status_code == 201, answer.text
        names.append(answer.json()["image_name"])
    return names


def board(client: httpx.Client, name: str) -> str:
    answer = client.post("/api/v1/boards/", params={"board_name": name})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["board_id"])


@attrs.frozen
class Person:
    """Somebody with an account of their own, over HTTP."""

    email: str
    client: httpx.Client


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(multiuser_root(tmp_path_factory.mktemp("gallery") / "root")) as server:
        yield server


@pytest.fixture(scope="module")
def administrator(shared: RunningServer) -> httpx.Client:
    return first_administrator(shared)


@pytest.fixture
def somebody(
    request: pytest.FixtureRequest, shared: RunningServer, administrator: httpx.Client
) -> Person:
    """A person who was never here before."""
    email = f"{zlib.crc32(request.node.name.encode()):x}@example.com"
    return Person(email, add_person(administrator, shared, email))


@pytest.fixture
def own(
    request: pytest.FixtureRequest, shared: RunningServer, browser: Browser
) -> Iterator[Window]:
    """A window; its theme may be given as the fixture's parameter."""
    with window(browser, shared.url, theme=getattr(request, "param", "light")) as one:
        yield one


def enter(own: Window, email: str, path: str = "gallery") -> Page:
    """Sign in and go to the gallery."""
    own.sign_in(email)
    expect(own.page.get_by_label("E-mail address")).to_be_hidden()
    return own.open(path)


def pictures(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Pictures").get_by_role("option")


def test_files_are_uploaded_and_what_is_no_picture_is_refused(
    own: Window, somebody: Person
) -> None:
    page = enter(own, somebody.email)
    expect(page.get_by_text("No pictures here yet.")).to_be_visible()
    own.accessible()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload", exact=True).click()
    chooser.value.set_files(
        [
            FilePayload(name="red.png", mimeType="image/png", buffer=picture("red")),
            FilePayload(name="notes.png", mimeType="image/png", buffer=b"no picture at all"),
            FilePayload(name="blue.png", mimeType="image/png", buffer=picture("blue")),
        ]
    )
    uploads = page.get_by_role("region", name="Uploads")
    expect(uploads.get_by_role("status")).to_have_text("2 of 3 uploaded")
    expect(uploads.get_by_role("alert")).to_have_count(1)
    expect(pictures(page)).to_have_count(2)
    expect(pictures(page).first.get_by_role("img", name=re.compile("Upload of"))).to_be_visible()
    own.accessible()
    page.get_by_role("button", name="Close the list of uploads").click()
    expect(uploads).to_be_hidden()


def test_who_is_over_the_quota_is_told_so(
    own: Window, somebody: Person, administrator: httpx.Client
) -> None:
    user_id = somebody.client.get("/api/v1/auth/me").json()["user_id"]
    answer = administrator.patch(f"/api/v1/auth/users/{user_id}", json={"storage_quota_bytes": 10})
    assert answer.status_code == 200, answer.text
    page = enter(own, somebody.email)
    file = FilePayload(name="red.png", mimeType="image/png", buffer=picture("red"))
    page.get_by_label("Picture files to upload").set_input_files([file])
    told = page.get_by_role("region", name="Uploads").get_by_role("alert")
    expect(told).to_contain_text("of the 10 bytes that you may have")


def test_a_file_that_is_dropped_is_uploaded_to_the_board(own: Window, somebody: Person) -> None:
    board_id = board(somebody.client, "Drops")
    page = enter(own, somebody.email, f"gallery?board={board_id}")
    empty = page.get_by_text("No pictures here yet.")
    expect(empty).to_be_visible()
    data = page.evaluate_handle(
        """bytes => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], "red.png", { type: "image/png" }));
          return transfer;
        }""",
        list(picture("red")),
    )
    for event in ("dragenter", "dragover", "drop"):
        empty.dispatch_event(event, {"dataTransfer": data})
    expect(pictures(page)).to_have_count(1)
    found = somebody.client.get(f"/api/v1/boards/{board_id}/image_names").json()
    assert len(found) == 1


def test_pictures_are_starred_and_looked_for(own: Window, somebody: Person) -> None:
    send(somebody.client, ["red", "green"], prompt="a lighthouse")
    send(somebody.client, ["blue"], prompt="a violin")
    page = enter(own, somebody.email)
    expect(pictures(page)).to_have_count(3)
    page.get_by_role("searchbox", name="Search pictures").fill("lighthouse")
    expect(pictures(page)).to_have_count(2)
    pictures(page).first.click(button="right")
    page.get_by_role("menuitem", name="Star").click()
    expect(pictures(page).get_by_role("img", name=re.compile("starred"))).to_have_count(1)
    page.get_by_role("searchbox", name="Search pictures").fill("")
    expect(pictures(page)).to_have_count(3)
    page.get_by_role("button", name="Starred").click()
    expect(pictures(page)).to_have_count(1)
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("From", exact=True).fill("2020-01-01")
    page.get_by_label("To", exact=True).fill("2020-01-02")
    expect(page.get_by_text("No picture matches.")).to_be_visible()
    own.accessible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(pictures(page)).to_have_count(3)


def test_many_are_selected_by_the_keyboard_and_moved(own: Window, somebody: Person) -> None:
    names = send(somebody.client, ["red", "green", "blue", "white", "black", "grey"])
    board_id = board(somebody.client, "Harvest")
    page = enter(own, somebody.email)
    expect(pictures(page)).to_have_count(6)
    pictures(page).first.focus()
    page.keyboard.press("Control+a")
    expect(page.get_by_text("6 selected")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    expect(pictures(page).nth(1)).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    expect(pictures(page).nth(2)).to_be_focused()
    expect(page.get_by_text("3 selected")).to_be_visible()
    pictures(page).nth(5).click(modifiers=["Control"])
    tools = page.get_by_role("toolbar", name="What to do with the selected pictures")
    tools.get_by_role("button", name="Move to board").click()
    dialog = page.get_by_role("dialog", name="Move 4 pictures")
    dialog.get_by_role("combobox", name="Board").fill("Harv")
    page.get_by_role("option", name="Harvest").click()
    dialog.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_text("4 pictures moved.")).to_be_visible()
    lying = somebody.client.get(f"/api/v1/boards/{board_id}/image_names").json()
    newest_first = list(reversed(names))
    assert set(lying) == {*newest_first[:3], newest_first[5]}


def test_what_is_deleted_is_brought_back_by_undo_or_from_the_bin(
    own: Window, somebody: Person
) -> None:
    send(somebody.client, ["red", "green", "blue"])
    page = enter(own, somebody.email)
    pictures(page).first.click()
    pictures(page).nth(1).click(modifiers=["Shift"])
    page.keyboard.press("Delete")
    expect(pictures(page)).to_have_count(1)
    told = page.get_by_role("alert").filter(has_text="2 pictures deleted.")
    told.get_by_role("button", name="Undo").click()
    expect(pictures(page)).to_have_count(3)
    pictures(page).first.focus()
    page.keyboard.press("Delete")
    expect(pictures(page)).to_have_count(2)
    pictures(page).first.focus()
    page.keyboard.press("Delete")
    expect(pictures(page)).to_have_count(1)
    page.get_by_role("button", name="Bin", exact=True).click()
    binned = page.get_by_role("listbox", name="Bin").get_by_role("option")
    expect(binned).to_have_count(2)
    binned.first.click()
    page.get_by_role("button", name="Restore").click()
    expect(binned).to_have_count(1)
    page.get_by_role("button", name="Empty the bin").click()
    dialog = page.get_by_role("dialog", name="Empty the bin?")
    dialog.get_by_role("button", name="Empty the bin").click()
    expect(page.get_by_text("The bin is empty.")).to_be_visible()
    assert somebody.client.get("/api/v1/images/bin").json()["total"] == 0
    page.get_by_role("button", name="Back to the gallery").click()
    expect(pictures(page)).to_have_count(2)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_single_pictures_are_deleted_from_the_bin_for_good(
    shared: RunningServer, browser: Browser, somebody: Person, theme: str
) -> None:
    names = send(somebody.client, ["red", "green", "blue"])
    somebody.client.post("/api/v1/images/delete", json={"image_names": names})
    with window(browser, shared.url, theme=theme) as own:
        page = enter(own, somebody.email)
        page.get_by_role("button", name="Bin", exact=True).click()
        binned = page.get_by_role("listbox", name="Bin").get_by_role("option")
        expect(binned).to_have_count(3)
        going = binned.first.get_attribute("data-name")
        binned.first.click()
        page.get_by_role("toolbar").get_by_role("button", name="Delete for good").click()
        dialog = page.get_by_role("dialog", name="Delete for good?")
        expect(dialog).to_contain_text("1 picture will be deleted for good. This cannot be undone.")
        own.accessible()
        dialog.get_by_role("button", name="Cancel").click()
        expect(dialog).to_be_hidden()
        page.get_by_role("toolbar").get_by_role("button", name="Delete for good").click()
        dialog.get_by_role("button", name="Delete for good").click()
        expect(binned).to_have_count(2)
        expect(page.get_by_role("toolbar")).to_have_count(0)
    left = {
        each["image_name"] for each in somebody.client.get("/api/v1/images/bin").json()["items"]
    }
    assert left == {*names} - {going}


def test_the_lightbox_is_used_by_the_keyboard(own: Window, somebody: Person) -> None:
    send(somebody.client, ["red", "green", "blue"], prompt="a quiet harbour", seed=4711)
    page = enter(own, somebody.email)
    pictures(page).nth(1).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="2 of 3")).to_be_visible()
    details = dialog.get_by_role("region", name="Details")
    expect(details).to_contain_text("a quiet harbour")
    expect(details).to_contain_text("4711")
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("heading", name="3 of 3")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(dialog.get_by_role("heading", name="1 of 3")).to_be_visible()
    page.keyboard.press("s")
    expect(dialog.get_by_role("button", name="Remove the star")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(pictures(page).first).to_be_focused()


def test_parameters_are_recalled_and_files_are_saved(own: Window, somebody: Person) -> None:
    newest = send(somebody.client, ["red", "green"])[-1]
    page = enter(own, somebody.email)
    pictures(page).first.focus()
    page.keyboard.press("Control+a")
    with page.expect_download() as archive:
        page.get_by_role("button", name="Download as ZIP").click()
    with zipfile.ZipFile(archive.value.path()) as packed:
        assert len(packed.namelist()) == 2
    pictures(page).first.click()
    with page.expect_download() as file:
        page.get_by_role("button", name="Download", exact=True).click()
    assert file.value.suggested_filename == newest
    pictures(page).first.click(button="right")
    page.get_by_role("menuitem", name="Recall parameters").click()
    page.wait_for_url(re.compile(rf"/\?image={newest}"))


def test_two_people_see_on_a_shared_board_what_the_other_does(
    own: Window,
    somebody: Person,
    shared: RunningServer,
    administrator: httpx.Client,
    browser: Browser,
) -> None:
    add_person(administrator, shared, "guest@example.com")
    board_id = board(somebody.client, "Together")
    shares = {"emails": ["guest@example.com"], "permission": "write"}
    answer = somebody.client.post(f"/api/v1/boards/{board_id}/share", json=shares)
    assert answer.status_code == 200, answer.text
    (first,) = send(somebody.client, ["red"], board_id=board_id)
    page = enter(own, somebody.email, f"gallery?board={board_id}")
    with window(browser, shared.url) as other:
        guests = enter(other, "guest@example.com", f"gallery?board={board_id}")
        expect(pictures(page)).to_have_count(1)
        expect(pictures(guests)).to_have_count(1)
        pictures(guests).first.focus()
        guests.keyboard.press("s")
        expect(pictures(page).get_by_role("img", name=re.compile("starred"))).to_be_visible()
        file = FilePayload(name="blue.png", mimeType="image/png", buffer=picture("blue"))
        guests.get_by_label("Picture files to upload").set_input_files([file])
        expect(pictures(page)).to_have_count(2)
        pictures(page).and_(page.locator(f'[data-name="{first}"]')).focus()
        page.keyboard.press("Delete")
        expect(pictures(guests)).to_have_count(1)


@pytest.mark.parametrize("own", THEMES, indirect=True)
def test_everybody_can_use_it(own: Window, somebody: Person) -> None:
    names = send(somebody.client, ["red", "green", "blue", "white"], prompt="a fox")
    somebody.client.post("/api/v1/images/delete", json={"image_names": names[:1]})
    page = enter(own, somebody.email)
    expect(pictures(page)).to_have_count(3)
    own.accessible()
    pictures(page).first.click()
    pictures(page).nth(1).click(modifiers=["Control"])
    page.get_by_role("button", name="Filters").click()
    own.accessible()
    pictures(page).nth(1).click(button="right")
    expect(page.get_by_role("menuitem", name="Move to board")).to_be_visible()
    own.accessible()
    page.get_by_role("menuitem", name="Move to board").click()
    dialog = page.get_by_role("dialog", name="Move 2 pictures")
    expect(dialog).to_be_visible()
    own.accessible()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    pictures(page).first.dblclick()
    expect(page.get_by_role("region", name="Details")).to_contain_text("a fox")
    own.accessible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Bin", exact=True).click()
    page.get_by_role("listbox", name="Bin").get_by_role("option").first.click()
    own.accessible()
    page.get_by_role("button", name="Empty the bin").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    own.accessible()


def test_it_fits_a_phone(shared: RunningServer, browser: Browser, somebody: Person) -> None:
    send(somebody.client, ["red", "green", "blue", "white"])
    with window(browser, shared.url, size=PHONE) as own:
        page = enter(own, somebody.email)
        expect(pictures(page)).to_have_count(4)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        own.accessible()
        pictures(page).first.dblclick()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.get_by_role("button", name="Show the details").click()
        own.accessible()
