"""A disk that fills up while the server runs: 507, nothing half-written, and it works again with room."""

import io
import os
import subprocess
from pathlib import Path

import httpx
from PIL import Image

from tests.e2e.running import first_administrator, multiuser_root, on_a_small_disk, running_process


def upload(ada: httpx.Client) -> httpx.Response:
    content = io.BytesIO()
    Image.frombytes("RGB", (256, 256), os.urandom(256 * 256 * 3)).save(content, "PNG")
    return ada.post(
        "/api/v1/images/upload",
        params={"image_category": "user", "is_intermediate": "false"},
        files={"file": ("noise.png", content.getvalue(), "image/png")},
    )


def test_uploads_until_the_disk_is_full_and_on_when_there_is_room(tmp_path: Path) -> None:
    root = multiuser_root(tmp_path / "root")
    settings = "multiuser: true\nbcrypt_rounds: 4\n"
    ballast = 'head -c 1m /dev/zero > "$1/ballast"'
    process = on_a_small_disk(root, "size=6m", settings=settings, then=ballast)
    with running_process(process, root) as server:
        ada = first_administrator(server)
        kept = []
        for _ in range(60):
            answer = upload(ada)
            if answer.status_code != 201:
                break
            kept.append(answer.json()["image_name"])

        assert answer.status_code == 507, answer.text
        assert answer.json()["detail"]
        assert len(kept) >= 5
        listed = [image["image_name"] for image in ada.get("/api/v1/images/").json()["items"]]
        assert sorted(listed) == sorted(kept)
        for name in kept:
            assert ada.get(f"/api/v1/images/i/{name}/full").status_code == 200
        refused = upload(ada)
        assert refused.status_code == 507

        enter = [
            "nsenter",
            f"--target={process.pid}",
            "--user",
            "--mount",
            "--preserve-credentials",
        ]
        subprocess.run([*enter, "rm", str(root / "ballast")], check=True)
        assert upload(ada).status_code == 201
        assert ada.get("/api/v1/images/").json()["total"] == len(kept) + 1
