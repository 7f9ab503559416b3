"""What the README shows works as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from tests.e2e.running import PATIENCE, environment
from training.check import look

README = Path(__file__).parents[2] / "README.md"


def test_the_library_example_makes_two_people_a_shared_board_and_a_picture(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)

    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )

    assert ran.returncode == 0, ran.stderr
    seen = look(np.asarray(Image.open(tmp_path / "heart.png").convert("RGB")))
    assert (seen.colour, seen.shape, seen.ground) == ("red", "heart", "light blue")


def test_the_first_screen_shows_exactly_two_commands_that_exist() -> None:
    shown = re.findall(r"^\$ (\S+)", README.read_text(), re.MULTILINE)

    assert len(shown) == 2
    assert all((README.parent / command).is_file() for command in shown)
