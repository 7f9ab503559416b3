"""Workflows, style presets and clients' memory over HTTP, as InvokeAI's scripts and pages call them."""

import json

import pytest

from invoke_core.testing.pictures import webp_size
from tests.unit.picture_world import PNG
from tests.unit.whole_app import HOST, open_site

WORKFLOWS = "/api/v1/workflows/"
PRESETS = "/api/v1/style_presets/"
STATE = "/api/v1/client_state/default"
GRAPH = {
    "id": None,
    "name": "Graph",
    "author": "",
    "description": "A test",
    "version": "1.0.0",
    "contact": "",
    "tags": "sdxl, Draft",
    "notes": "",
    "nodes": [{"id": "1", "data": {"deep": [None, True, 1.5, "é"]}}],
    "edges": [],
    "exposedFields": [],
    "meta": {"version": "3.0.0", "category": "user"},
    "form": None,
    "of_another_version": {"kept": True},
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with open_site(tmp_path_factory.mktemp("root")) as site:
        site.app.users.create(
            HOST,
            email="tom@example.com",
            password="TempPass123",
        )
        site.mara = site.login().json()["token"]
        site.tom = site.login("tom@example.com").json()["token"]
        site.ann = site.login("admin@example.com").json()["token"]
        yield site


def made(site, token=None, **changes):
    answer = site.ask(
        "POST", WORKFLOWS, token=token or site.mara, json={"workflow": {**GRAPH, **changes}}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def one(workflow, rest=""):
    return f"{WORKFLOWS}i/{workflow['workflow_id']}{rest}"


def test_a_workflow_on_the_wire(site):
    record = made(site)

    workflow_id = record.pop("workflow_id")
    assert record == {
        "name": "Graph",
        "user_id": site.app.users.get_by_email(HOST, "person@example.com").user_id,
        "is_public": False,
        "created_at": "2026-03-01T12:00:00Z",
        "updated_at": "2026-03-01T12:00:00Z",
        "opened_at": None,
        "thumbnail_url": None,
        "workflow": {**GRAPH, "id": workflow_id},
    }


def test_every_number_keeps_its_digits_and_every_member_its_place(site):
    document = '{"z":1.00,"name":"N","big":18446744073709551617,"tiny":1e-400,"a":[0.10]}'
    answer = site.ask(
        "POST",
        WORKFLOWS,
        token=site.mara,
        content=f'{{"workflow": {document}}}',
        headers={"Content-Type": "application/json"},
    )

    given = site.ask("GET", one(answer.json()), token=site.mara).text
    workflow_id = answer.json()["workflow_id"]
    assert f'"workflow":{document[:-1]},"id":"{workflow_id}"}}' in given


def test_a_workflow_of_ours_fills_a_generation_and_is_enqueued(site):
    wish = {"model": "demo-shapes", "prompt": "a red circle", "width": 64, "height": 64, "seed": 7}
    record = made(site, generation=wish, name="Ours")

    found = site.ask("GET", one(record, "/generation"), token=site.mara)
    assert found.json() == wish
    body = {"batch": {"generation": found.json()}}
    enqueued = site.ask("POST", "/api/v1/queue/default/enqueue_batch", token=site.mara, json=body)
    assert enqueued.status_code == 201, enqueued.text
    assert enqueued.json()["batch"]["generation"]["prompt"] == "a red circle"
    graph = made(site)
    refused = site.ask("GET", one(graph, "/generation"), token=site.mara)
    assert (refused.status_code, refused.json()["detail"]) == (
        400,
        "This workflow is a graph of another program: it fills no generation.",
    )
    assert site.ask("GET", one(record, "/generation"), token=site.tom).status_code == 404


def test_the_list_has_invokeais_envelope_and_filters(site):
    kim = signed_in(site, "kim@example.com")
    for name in ("b", "a", "c"):
        made(site, kim, name=name, tags="x" if name == "a" else "y, Z")

    def listed(**params):
        answer = site.ask("GET", WORKFLOWS, token=kim, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    page = listed(per_page=2, page=1, order_by="name", direction="ASC")
    assert [item["name"] for item in page.pop("items")] == ["c"]
    assert page == {"page": 1, "pages": 2, "per_page": 2, "total": 3}
    everything = listed()
    assert [item["name"] for item in everything["items"]] == ["a", "b", "c"]
    assert (everything["pages"], everything["per_page"]) == (1, 3)
    assert set(everything["items"][0]) == {
        "workflow_id", "name", "description", "tags", "category", "user_id", "is_public",
        "created_at", "updated_at", "opened_at", "thumbnail_url",
    }  # fmt: skip
    assert listed(query=" B ")["total"] == 1
    assert listed(tags=["z", "x"])["total"] == 3
    assert listed(categories="default")["total"] == 0
    assert listed(categories=["default", "user"], tags="z")["total"] == 2
    assert listed(is_public=False)["total"] == 3
    assert listed(has_been_opened=True)["total"] == 0
    assert site.ask("GET", f"{WORKFLOWS}tags", token=kim).json() == ["x", "y", "Z"]
    for path, counts in {
        "counts_by_category?categories=user&categories=default": {"user": 3, "default": 0},
        "counts_by_category": {"user": 3, "default": 0},
        "counts_by_tag?tags=z&tags=none": {"z": 2, "none": 0},
    }.items():
        assert site.ask("GET", WORKFLOWS + path, token=kim).json() == counts


def signed_in(site, email):
    site.app.users.create(HOST, email=email, password="TempPass123")
    return site.login(email).json()["token"]


@pytest.mark.parametrize(
    "query",
    ["per_page=0", "per_page=1001", "page=-1", "order_by=size", "direction=up", "categories=x",
     "is_public=perhaps"],
)  # fmt: skip
def test_a_list_out_of_range_is_a_422_that_names_the_field(site, query):
    answer = site.ask("GET", f"{WORKFLOWS}?{query}", token=site.mara)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in query


def test_publishing_shows_it_to_all_and_lets_nobody_else_change_it(site):
    record = made(site)
    path = one(record)
    assert site.ask("GET", path, token=site.tom).status_code == 404

    answer = site.ask("PATCH", f"{path}/is_public", token=site.mara, json={"is_public": True})

    assert answer.json()["is_public"] is True
    assert site.ask("GET", path, token=site.tom).json()["workflow"]["name"] == "Graph"
    public = site.ask("GET", f"{WORKFLOWS}?is_public=true", token=site.tom).json()
    assert record["workflow_id"] in [item["workflow_id"] for item in public["items"]]
    own = site.ask("GET", WORKFLOWS, token=site.tom).json()
    assert record["workflow_id"] not in [item["workflow_id"] for item in own["items"]]
    body = {"workflow": GRAPH}
    assert site.ask("PATCH", path, token=site.tom, json=body).status_code == 403
    assert site.ask("DELETE", path, token=site.tom).status_code == 403
    assert site.ask("PATCH", path, token=site.ann, json=body).status_code == 200


def test_a_workflow_is_changed_opened_and_deleted(site):
    record = made(site)
    path = one(record)

    changed = site.ask(
        "PATCH",
        path,
        token=site.mara,
        json={"workflow": {**GRAPH, "id": record["workflow_id"], "name": "New"}},
    )
    assert changed.json()["name"] == "New"
    opened = site.ask("PUT", f"{path}/opened_at", token=site.mara)
    assert (opened.status_code, opened.json()) == (200, None)
    assert site.ask("GET", path, token=site.mara).json()["opened_at"] == "2026-03-01T12:00:00Z"
    gone = site.ask("DELETE", path, token=site.mara)
    assert (gone.status_code, gone.json()) == (200, None)
    assert site.ask("GET", path, token=site.mara).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 400, None),
        (b'{"workflow": {"name": "A"}, "is_public": true}', 422, ""),
        (b"{}", 422, ""),
        (b'{"workflow": []}', 422, "workflow"),
        (b'{"workflow": {"name": 1}}', 422, "workflow.name"),
        (b'{"workflow": {}}', 422, "workflow.name"),
        (b'{"workflow": {"name": "\\ud800"}}', 400, None),
        (b'{"workflow": {"name": "\\u0000"}}', 422, "workflow"),
        (b'{"workflow": {"name": "A", "n": ' + b"[" * 70 + b"]" * 70 + b"}}", 422, "workflow"),
        (b'{"workflow": {"name": "A", "n": ' + b"[" * 9999 + b"]" * 9999 + b"}}", 400, None),
        (b'{"workflow": {"name": "A", "n": "' + b"x" * 1_048_576 + b'"}}', 413, None),
    ],
)
def test_what_is_no_workflow_is_refused(site, body, status, field):
    answer = site.ask(
        "POST",
        WORKFLOWS,
        token=site.mara,
        content=body,
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == status, answer.text
    if field is not None:
        assert answer.json()["errors"][0]["field"].startswith(field)


def test_a_thumbnail_is_sent_to_who_sees_the_workflow(site):
    record = made(site)
    path = one(record, "/thumbnail")
    assert site.ask("GET", path, token=site.mara).status_code == 404

    answer = site.ask("PUT", path, token=site.mara, files={"image": ("x.exe", PNG, "text/html")})

    url = answer.json()["thumbnail_url"]
    sent = site.ask("GET", f"/{url}", token=site.mara)
    assert webp_size(sent.content) == (4, 3)
    assert sent.headers["content-type"] == "image/webp"
    assert sent.headers["x-content-type-options"] == "nosniff"
    assert sent.headers["cache-control"] == "private, no-cache"
    assert sent.headers["content-security-policy"] == "sandbox; default-src 'none'"
    known = {"If-None-Match": sent.headers["etag"]}
    assert site.ask("GET", path, token=site.mara, headers=known).status_code == 304
    assert site.ask("HEAD", path, token=site.mara).headers["content-length"] == str(
        len(sent.content)
    )
    # Whoever lost sight of it gets nothing, whatever the browser remembers.
    assert site.ask("GET", path, token=site.tom, headers=known).status_code == 404
    assert site.ask("GET", path).status_code == 401
    for content, status in ((b"<svg/>", 415), (b"", 415)):
        refused = site.ask("PUT", path, token=site.mara, files={"image": ("a.png", content)})
        assert refused.status_code == status
    removed = site.ask("DELETE", path, token=site.mara)
    assert (removed.status_code, removed.json()["thumbnail_url"]) == (200, None)


def preset_form(**changes):
    data = {"name": "Oils", "positive_prompt": "p", "negative_prompt": "n", "type": "user"}
    return {"data": (None, json.dumps({**data, **changes}))}


def test_a_style_preset_on_the_wire(site):
    answer = site.ask("POST", PRESETS, token=site.mara, files=preset_form(is_public=False))

    assert answer.status_code == 200, answer.text
    record = answer.json()
    preset_id = record.pop("id")
    assert record.pop("user_id")
    assert record == {
        "name": "Oils",
        "preset_data": {"positive_prompt": "p", "negative_prompt": "n"},
        "type": "user",
        "is_public": False,
        "image": None,
    }
    path = f"{PRESETS}i/{preset_id}"
    assert site.ask("GET", path, token=site.mara).json()["name"] == "Oils"
    assert site.ask("GET", path, token=site.tom).status_code == 404
    assert preset_id in [p["id"] for p in site.ask("GET", PRESETS, token=site.mara).json()]
    with_image = site.ask(
        "PATCH",
        path,
        token=site.mara,
        files={**preset_form(name="New", is_public=True), "image": ("a.png", PNG)},
    )
    assert with_image.json()["name"] == "New"
    image = site.ask("GET", f"/{with_image.json()['image']}", token=site.tom)
    assert webp_size(image.content) == (4, 3)
    assert image.headers["x-content-type-options"] == "nosniff"
    assert site.ask("PATCH", path, token=site.tom, files=preset_form()).status_code == 403
    without = site.ask("PATCH", path, token=site.mara, files=preset_form())
    assert without.json()["image"] is None
    gone = site.ask("DELETE", path, token=site.mara)
    assert (gone.status_code, gone.json()) == (200, None)


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ({"data": (None, "{")}, 422),
        ({"data": (None, "[" * 100_000)}, 422),
        ({"data": (None, '{"name": "A"}')}, 422),
        (preset_form(type="other"), 422),
        (preset_form(owner="me"), 422),
        (preset_form(name=""), 422),
        (preset_form(type="default"), 403),
        ({**preset_form(), "image": ("a.png", b"<svg/>")}, 415),
        ({"image": ("a.png", PNG)}, 422),
    ],
)
def test_what_is_no_preset_is_refused(site, files, status):
    answer = site.ask("POST", PRESETS, token=site.mara, files=files)

    assert answer.status_code == status, answer.text


def test_presets_leave_and_come_in_files(site):
    site.ask("POST", PRESETS, token=site.mara, files=preset_form(name="Leaving"))
    exported = site.ask("GET", f"{PRESETS}export", token=site.ann)
    assert exported.headers["content-type"] == "text/csv; charset=utf-8"
    assert "prompt_templates.csv" in exported.headers["content-disposition"]
    assert "Leaving,p,n" in exported.text.splitlines()

    def imported(token, content, media_type):
        files = {"file": ("presets", content, media_type)}
        return site.ask("POST", f"{PRESETS}import", token=token, files=files).status_code

    assert imported(site.ann, exported.content, "text/csv") == 200
    assert imported(site.ann, b'[{"name": "J", "prompt": "x"}]', "application/json") == 200
    assert imported(site.ann, exported.content, "text/plain") == 415
    assert imported(site.ann, b"{}", "application/json") == 400
    assert imported(site.mara, exported.content, "text/csv") == 403
    assert site.ask("GET", f"{PRESETS}export", token=site.mara).status_code == 403
    names = [preset["name"] for preset in site.ask("GET", PRESETS, token=site.ann).json()]
    assert {"J", "Leaving"} <= set(names)


def test_what_a_client_remembers(site):
    def ask(method, path, token=site.mara, **more):
        return site.ask(method, f"{STATE}/{path}", token=token, **more)

    answer = ask("POST", "set_by_key?key=canvas", json='{"zoom": 2}')
    assert (answer.status_code, answer.json()) == (200, '{"zoom": 2}')
    assert ask("GET", "get_by_key?key=canvas").json() == '{"zoom": 2}'
    assert ask("GET", "get_by_key?key=canvas").headers["cache-control"] == "no-store"
    assert ask("GET", "get_by_key?key=canvas", token=site.ann).json() is None
    assert ask("GET", "get_keys_by_prefix?prefix=ca").json() == ["canvas"]
    # The queue in the path means nothing, as in InvokeAI.
    other = site.ask("GET", "/api/v1/client_state/x/get_by_key?key=canvas", token=site.mara)
    assert other.json() == '{"zoom": 2}'
    assert ask("POST", "delete_by_key?key=canvas").status_code == 204
    assert ask("POST", "delete_by_key?key=canvas").status_code == 204
    ask("POST", "set_by_key?key=a", json="1")
    assert ask("POST", "delete").status_code == 204
    assert ask("GET", "get_keys_by_prefix?prefix=").json() == []
    for path, body, status in (
        ("set_by_key?key=a", {"zoom": 2}, 422),
        ("set_by_key?key=a", None, 422),
        ("set_by_key?key=", "x", 422),
        ("set_by_key", "x", 422),
    ):
        refused = ask("POST", path, json=body)
        assert refused.status_code == status, refused.text
    assert ask("GET", "get_by_key?key=a", token=None).status_code == 401
