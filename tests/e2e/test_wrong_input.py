"""Wrong input over HTTP: the right status, one clear sentence, nothing lost."""

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.running import RunningServer, first_administrator, multiuser_root, running

QUEUE = "/api/v1/queue/default"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    root: Path = multiuser_root(tmp_path_factory.mktemp("wrong") / "root")
    with running(root) as running_server:
        yield running_server


@pytest.fixture(scope="module")
def ada(server: RunningServer) -> httpx.Client:
    return first_administrator(server)


def enqueue(ada: httpx.Client, **generation: object) -> httpx.Response:
    whole = {"model": "demo-shapes", "prompt": "a red circle", **generation}
    return ada.post(f"{QUEUE}/enqueue_batch", json={"batch": {"generation": whole}})


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["detail"]
    assert "\n" not in body["detail"]
    return body


@pytest.mark.parametrize(
    ("generation", "field", "words"),
    [
        ({"prompt": "x" * 100_000}, "generation.prompt", "10,000 characters"),
        ({"width": 63}, "generation.width", "multiple of 8"),
        ({"height": 8}, "generation.height", "16"),
        ({"width": 100_000}, "generation.width", "4096"),
        ({"steps": 0}, "generation.steps", "1 to 150"),
        ({"steps": 151}, "generation.steps", "1 to 150"),
        ({"cfg_scale": 0.5}, "generation.cfg_scale", "1 to 100"),
        ({"seed": -1}, "generation.seed", "0 to"),
        ({"scheduler": "magic"}, "scheduler", ""),
        ({"colour": "red"}, "", "colour"),
        ({"steps": "many"}, "steps", ""),
        ({"prompt": None}, "prompt", ""),
    ],
)
def test_a_generation_that_cannot_be(
    ada: httpx.Client, generation: dict[str, object], field: str, words: str
) -> None:
    before = ada.get(f"{QUEUE}/status").json()["queue"]["total"]

    body = problem(enqueue(ada, **generation), 422)

    assert any(field in error["field"] for error in body["errors"]), body
    assert words in body["detail"]
    assert ada.get(f"{QUEUE}/status").json()["queue"]["total"] == before


@pytest.mark.parametrize("unknown", [{"model": "no-such-model"}, {"board_id": "no-such-board"}])
def test_what_does_not_exist_is_not_found(ada: httpx.Client, unknown: dict[str, str]) -> None:
    problem(enqueue(ada, **unknown), 404)


def test_json_that_does_not_parse_is_a_bad_request(ada: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}
    answer = ada.post(f"{QUEUE}/enqueue_batch", content=b'{"batch": ', headers=headers)
    problem(answer, 400)


def test_a_body_over_its_limit_is_too_large(ada: httpx.Client) -> None:
    problem(enqueue(ada, prompt="x" * 2_000_000), 413)


def upload(ada: httpx.Client, content: bytes, name: str = "picture.png") -> httpx.Response:
    return ada.post(
        "/api/v1/images/upload",
        params={"image_category": "user", "is_intermediate": "false"},
        files={"file": (name, content, "image/png")},
    )


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(side: int) -> bytes:
    """Return a well-formed PNG header that promises side x side pixels, and little more."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"Dear server, this is a letter.", 415),
        (b"", 415),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415),
        (b"GIF89a" + b"\0" * 50, 415),
        (bomb(30_000), 413),
        (bomb(64), 415),
    ],
)
def test_an_upload_that_is_no_picture_or_too_large(
    ada: httpx.Client, content: bytes, status: int
) -> None:
    problem(upload(ada, content), status)

    assert ada.get("/api/v1/images/").json()["total"] == 0


def test_an_upload_over_the_byte_limit_is_too_large(ada: httpx.Client) -> None:
    problem(upload(ada, b"\0" * (51 * 2**20)), 413)


def test_unknown_paths_and_methods_are_problem_documents_under_api(ada: httpx.Client) -> None:
    problem(ada.get("/api/v1/nothing/here"), 404)
    problem(ada.put("/api/v1/app/version"), 405)


def test_a_page_that_is_not_there_is_a_page(server: RunningServer) -> None:
    answer = httpx.get(f"{server.url}/nothing.html", headers={"Accept": "text/html"})

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil"])
def test_another_hosts_name_is_refused(server: RunningServer, host: str) -> None:
    answer = httpx.get(f"{server.url}/api/v1/app/version", headers={"Host": host})

    assert host in problem(answer, 400)["detail"]


def test_another_sites_page_cannot_change_anything(
    server: RunningServer, ada: httpx.Client
) -> None:
    foreign = {"Origin": "https://evil.example"}
    own = {"Origin": server.url}

    problem(ada.post("/api/v1/boards/", params={"board_name": "x"}, headers=foreign), 403)
    allowed = ada.post("/api/v1/boards/", params={"board_name": "x"}, headers=own)

    assert allowed.status_code == 201


def test_every_answer_has_the_headers_that_keep_browsers_out_of_trouble(
    server: RunningServer,
) -> None:
    for path in ("/", "/docs", "/healthz", "/api/v1/nothing", "/api/v1/auth/me"):
        headers = httpx.get(f"{server.url}{path}").headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-request-id"]


def test_a_missing_model_folder_fails_the_job_with_a_sentence_and_the_next_one_runs(
    server: RunningServer, ada: httpx.Client, tmp_path: Path
) -> None:
    import shutil
    import subprocess

    from tests.e2e.running import BIN, environment, until_finished
    from tests.tiny_models import build_stable_diffusion

    folder = build_stable_diffusion(tmp_path / "gone")
    added = subprocess.run(
        [
            str(BIN / "invoke-admin"),
            "model",
            "add",
            "--root",
            str(server.root),
            str(folder),
            "--type",
            "main",
            "--base",
            "sd-1",
            "--name",
            "Gone",
        ],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert added.returncode == 0, added.stderr
    shutil.rmtree(folder)

    answer = enqueue(ada, model="Gone", width=64, height=64, steps=2)
    failed = until_finished(ada, answer.json()["item_ids"][0])
    good = until_finished(ada, enqueue(ada, steps=2).json()["item_ids"][0])

    assert failed["status"] == "failed"
    assert "gone" in failed["error_message"]
    assert good["status"] == "completed"


def test_a_truncated_picture_is_unsupported(ada: httpx.Client) -> None:
    from PIL import Image

    whole = io.BytesIO()
    Image.effect_noise((64, 64), 50).convert("RGB").save(whole, "PNG")
    problem(upload(ada, whole.getvalue()[: len(whole.getvalue()) // 2]), 415)
