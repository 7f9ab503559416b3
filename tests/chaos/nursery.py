"""Servers forked off a process that has imported everything they need and done nothing else.

Most of a start is the import of packages: whoever kills a server two hundred times would wait for little
else. What is forked is the real command in a process of its own, which is killed as any other.

    python -m tests.chaos.nursery

It reads a line for each wish, `["start", {…}]` or `["poll", process id]`, and answers each with a line.
"""

import json
import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NoReturn, Self

from invoke_apps.cli.web import main as server


class Nursery:
    """Starts servers, as many as are wanted one after the other."""

    def __init__(self, environment: dict[str, str]) -> None:
        """Begin; the first start waits until everything is imported."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def ask(self, *wish: object) -> Any:
        """Return the answer to a wish."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(wish) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(self, arguments: list[str], said: Path) -> "Forked":
        """Start a server; what it says on standard error comes through a pipe of this name."""
        os.mkfifo(said)
        process_id = self.ask("start", {"arguments": arguments, "said": str(said)})
        stderr = said.open()  # waits for the other end
        said.unlink()
        return Forked(self, process_id, stderr)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """End the nursery; servers that it started go on."""
        self._process.communicate()


class Forked:
    """A server of the nursery, with as much of `subprocess.Popen` as its callers need."""

    def __init__(self, nursery: Nursery, process_id: int, stderr: IO[str]) -> None:
        """Stand for a process that is there."""
        self.pid = process_id
        self.stderr = stderr
        self.returncode: int | None = None
        self._nursery = nursery

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        if self.returncode is None:
            self.returncode = self._nursery.ask("poll", self.pid)
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Return the exit code once it has ended; raise TimeoutExpired where that takes longer."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)


def _import_everything() -> None:
    """Import what a server imports late, which is nearly everything."""
    for name in (
        "invoke_adapters.system.faults",
        "invoke_apps.composition",
        "invoke_apps.web.server",
    ):
        import_module(name)


def _run(arguments: list[str], said: str) -> NoReturn:
    nothing = os.open(os.devnull, os.O_RDWR)
    for place, descriptor in enumerate((nothing, nothing, os.open(said, os.O_WRONLY))):
        os.dup2(descriptor, place)
    code = 1
    try:
        server(arguments)
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        os._exit(code)


def _answer(wish: list[Any]) -> object:
    match wish:
        case ["start", given]:
            process_id = os.fork()
            if process_id == 0:
                _run(**given)
            return process_id
        case ["poll", process_id]:
            ended, status = os.waitpid(process_id, os.WNOHANG)
            return os.waitstatus_to_exitcode(status) if ended else None
    raise ValueError(f"no such wish: {wish}")


def main() -> None:
    """Fulfil wishes until standard input closes."""
    _import_everything()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_answer(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
