"""The tutorial, typed line by line against a fresh server."""

import re
import subprocess
from pathlib import Path

from PIL import Image

from tests.e2e.running import BIN, PATIENCE, RunningServer, environment, person

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial" / "first-picture.md"


def typed(server: RunningServer) -> str:
    """Return the commands after the server's start, with what a person would see differ replaced."""
    blocks = re.findall(r"^```console\n(.*?)^```$", TUTORIAL.read_text(), re.MULTILINE | re.DOTALL)
    assert blocks[0] == "$ scripts/serve\n"
    script = "\n".join(re.sub(r"^\$ ", "", block, flags=re.MULTILINE) for block in blocks[1:])
    script = script.replace("http://localhost:9090", server.url)
    # Nobody is there to end the listening, or to type a password.
    ended = r"""\1 | grep -m 1 '"status":"completed"'"""
    script = re.sub(r"^(curl -N .*)$", ended, script, flags=re.MULTILINE)
    return script.replace(
        ".venv/bin/invoke-useradd --email lee@example.com --name Lee",
        f"echo Correct-Horse-7-Battery | {BIN}/invoke-useradd --email lee@example.com --name Lee"
        " --password-stdin",
    )


def test_the_tutorial_ends_with_a_picture_that_another_person_sees(
    server: RunningServer, tmp_path: Path
) -> None:
    ran = subprocess.run(
        ["bash", "-euc", typed(server)],
        cwd=tmp_path,
        env=environment(INVOKEAI_ROOT=str(server.root)),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    with Image.open(tmp_path / "circle.png") as circle:
        assert circle.size == (64, 64)
    lee = person(server, "lee@example.com")
    (board,) = lee.get("/api/v1/boards/", params={"all": True}).json()
    assert board["board_name"] == "Shapes"
    assert board["permission"] == "read"
