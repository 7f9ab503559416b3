"""The real server, started by its command in a root of its own, and people who use it over HTTP only."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx

from tests.e2e.server_events import server_sent_events

BIN = Path(sys.executable).parent
PATIENCE = 120.0  # seconds until a test gives up waiting for an event

PASSWORD = "Correct-Horse-7-Battery"


class Output:
    """What a process says, line by line, read as it comes."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.lines: list[str] = []
        self._process = process
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return the first match in any line, once it is said."""

        def found() -> re.Match[str] | None:
            return next(filter(None, (re.search(pattern, line) for line in self.lines)), None)

        with self._changed:
            self._changed.wait_for(lambda: found() or self._ended, timeout=PATIENCE)
            match = found()
        assert match, "\n".join(["the server never said " + pattern, *self.lines])
        return match

    def join(self) -> str:
        self._thread.join(PATIENCE)
        assert self._process.stderr is not None
        self._process.stderr.close()
        return "\n".join(self.lines)


@attrs.define
class RunningServer:
    """One server process."""

    process: "subprocess.Popen[str]"
    output: Output
    url: str
    root: Path
    clients: list[httpx.Client] = attrs.field(factory=list)  # closed when the server ends

    def stop(self) -> int:
        """Ask it to stop, as a service manager would; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)


def environment(**more: str) -> dict[str, str]:
    """Return an environment without settings of the developer's own; tests ask faster than people."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INVOKEAI_")}
    ours = {
        "OMP_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
        "INVOKEAI_MAX_REQUESTS_PER_MINUTE": "null",
    }
    return {**kept, **ours, **more}


def start(root: Path, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [str(BIN / "invokeai-web"), "--root", str(root), "--port", "0", *arguments],
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(root: Path, *arguments: str, **variables: str) -> Iterator[RunningServer]:
    """Run a server on a free port until the block ends."""
    with running_process(start(root, *arguments, **variables), root) as server:
        yield server


@contextmanager
def running_process(process: "subprocess.Popen[str]", root: Path) -> Iterator[RunningServer]:
    """Look after a server process until the block ends."""
    try:
        output = Output(process)
        url = output.wait_for(r"The server answers at (\S+)")[1].rstrip("/")
        server = RunningServer(process, output, url, root)
        try:
            yield server
        finally:
            for client in server.clients:
                client.close()
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        output.join()


def on_a_small_disk(
    root: Path, options: str, *, settings: str = "", then: str = "true"
) -> "subprocess.Popen[str]":
    """Start a server whose root is a disk of its own, in a mount namespace that ends with it.

    Args:
        root: the folder that the disk is mounted on.
        options: of the mount, such as `size=6m`.
        settings: what stands in its invokeai.yaml.
        then: what the shell does on the disk before the server starts.
    """
    root.mkdir(exist_ok=True)
    script = (
        'mount -t tmpfs -o "$3" tmpfs "$1"'
        ' && { [ -z "$4" ] || printf %s "$4" > "$1/invokeai.yaml"; }'
        f' && {then} && exec "$2" --root "$1" --port 0'
    )
    return subprocess.Popen(
        [
            *("unshare", "--user", "--map-root-user", "--mount", "sh", "-ec", script, "sh"),
            *(str(root), str(BIN / "invokeai-web"), options, settings),
        ],
        env=environment(),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        text=True,
    )


def multiuser_root(folder: Path, **settings: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = {"multiuser": True, "bcrypt_rounds": 4, **settings}
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in lines.items())
    (folder / "invokeai.yaml").write_text(text)
    return folder


def person(server: RunningServer, email: str) -> httpx.Client:
    """Sign in; return a client that is that person from now on."""
    client = httpx.Client(base_url=server.url, timeout=PATIENCE)
    server.clients.append(client)
    answer = client.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return client


def first_administrator(server: RunningServer, email: str = "admin@example.com") -> httpx.Client:
    answer = httpx.post(
        f"{server.url}/api/v1/auth/setup",
        json={"email": email, "display_name": "Ada", "password": PASSWORD},
    )
    assert answer.status_code == 200, answer.text
    return person(server, email)


def add_person(administrator: httpx.Client, server: RunningServer, email: str) -> httpx.Client:
    answer = administrator.post(
        "/api/v1/auth/users",
        json={"email": email, "display_name": email.partition("@")[0], "password": PASSWORD},
    )
    assert answer.status_code == 201, answer.text
    return person(server, email)


def command(server: RunningServer, name: str, *arguments: str) -> str:
    """Run a command on the server's root, in a process of its own; return what it printed."""
    done = subprocess.run(
        [str(BIN / name), *arguments, "--root", str(server.root)],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def until_finished(client: httpx.Client, item_id: int) -> dict[str, Any]:
    """Listen until the job has ended; return it as it stands then."""
    ended = {"completed", "failed", "canceled"}
    with client.stream("GET", "/api/v1/queue/default/events", timeout=PATIENCE) as stream:
        assert stream.status_code == 200
        events = server_sent_events(stream.iter_lines())
        job = client.get(f"/api/v1/queue/default/i/{item_id}").json()
        while job["status"] not in ended:
            event = next(events)
            if event.name == "queue_item_status_changed" and event.is_about(item_id=item_id):
                job = event.body
    return job
