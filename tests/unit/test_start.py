"""What a start of the server loads: nothing that only takes time and memory."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys, tempfile
from pathlib import Path
from invoke_apps.composition import in_memory
from invoke_apps.settings import Settings
import invoke_apps.web.server
from invoke_apps.web.app import create_app

with in_memory(Settings(root=Path(tempfile.mkdtemp()))) as application:
    create_app(application)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""

# The worker's, what only a migration needs, and what Litestar would bring of its own accord.
NEEDLESS = {"torch", "diffusers", "transformers", "numpy", "alembic", "pydantic", "hypothesis"}


def _printed_by(program: str) -> str:
    path = [str(Path(folder).resolve()) for folder in sys.path if folder]
    program = f"import sys; sys.path[:0] = {path!r}\n{program}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_a_start_loads_nothing_needless() -> None:
    loaded = set(_printed_by(PROGRAM).split())

    assert "litestar" in loaded
    assert not NEEDLESS & loaded


def test_the_help_of_a_command_loads_no_services() -> None:
    program = (
        "import sys, invoke_apps.cli.admin, invoke_apps.cli.web, invoke_apps.cli.worker\n"
        "print(*sorted(sys.modules))"
    )

    loaded = set(_printed_by(program).split())

    assert "invoke_apps.cli.user" in loaded
    assert not {"invoke_apps.application", "sqlalchemy", "litestar", "torch"} & loaded
