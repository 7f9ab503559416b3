"""Many uploads at once, and bodies without end: `python -m benchmarks.uploads`.

Twenty people send a thousand pictures to the real server; nothing may be lost, and whoever only asks who
they are must hardly notice. Then a body of 5 GiB comes whose length nobody stated, and five hundred
connections that never say what they want.
"""

import argparse
import io
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import httpx
from PIL import Image

from benchmarks.asking import Asker, ask, p99
from benchmarks.server import resident_megabytes
from tests.e2e.running import (
    PATIENCE,
    RunningServer,
    add_person,
    first_administrator,
    multiuser_root,
    running,
)

PIECE = bytes(256 * 1024)
NICENESS = 15  # of those who send: elsewhere they would have processors of their own


@attrs.frozen(kw_only=True)
class Uploaded:
    """What became of the uploads."""

    sent: int
    stored: int  # that the server lists afterwards, each with both its files
    refused: int  # answers that were no 201
    seconds: float
    idle_p99: float  # milliseconds of `GET me` while nobody else asks
    busy_p99: float  # the same while everybody sends
    bytes_on_disk: int
    bytes_in_statistics: int


@attrs.frozen(kw_only=True)
class Flooded:
    """What became of a body without end."""

    status: int
    gibibytes_sent: float
    grown_megabytes: int  # of the server's resident memory, at most


def upload_at_once(
    server: RunningServer, administrator: httpx.Client, *, people: int, pictures: int, asks: int
) -> Uploaded:
    """Let people send pictures at once while another asks who they are."""
    senders = [
        add_person(administrator, server, f"sender{number}@example.com") for number in range(people)
    ]
    asker = add_person(administrator, server, "asker@example.com")
    files = [_picture(number) for number in range(8)]
    idle = Asker(server, asker).latencies(at_least=asks)
    watching = Asker(server, asker)
    began = time.perf_counter()
    with ThreadPoolExecutor(people, initializer=_give_way) as pool:
        statuses = list(
            pool.map(
                lambda number: _upload(senders[number % people], files[number % len(files)]),
                range(pictures),
            )
        )
    seconds = time.perf_counter() - began
    busy = watching.latencies()
    names = [name for sender in senders for name in _names(sender)]
    folder = server.root / "outputs" / "images"
    on_disk = [path for path in folder.rglob("*") if path.is_file()]
    whole = {path.stem for path in on_disk if path.suffix == ".png"} & {
        path.stem for path in on_disk if path.suffix == ".webp"
    }
    return Uploaded(
        sent=pictures,
        stored=len({name.removesuffix(".png") for name in names} & whole),
        refused=sum(status != 201 for status in statuses),
        seconds=seconds,
        idle_p99=p99(idle),
        busy_p99=p99(busy),
        bytes_on_disk=sum(path.stat().st_size for path in on_disk),
        bytes_in_statistics=sum(_storage(administrator, sender) for sender in senders),
    )


def flood(server: RunningServer, person: httpx.Client, *, gibibytes: float) -> Flooded:
    """Send an upload whose length is not stated, until the server has had enough or it is whole."""
    before = most = resident_megabytes(server)
    sent = 0
    stopped = threading.Event()

    def watch() -> None:
        nonlocal most
        while not stopped.wait(0.02):
            most = max(most, resident_megabytes(server))

    def body() -> Iterator[bytes]:
        nonlocal sent
        yield b"--edge\r\nContent-Disposition: form-data; name=file; filename=a.png\r\n\r\n"
        while sent < gibibytes * 2**30:
            yield PIECE
            sent += len(PIECE)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        answer = person.post(
            "/api/v1/images/upload?image_category=general",
            content=body(),
            headers={"Content-Type": "multipart/form-data; boundary=edge"},
        )
        status = answer.status_code
    finally:
        stopped.set()
        watcher.join()
    return Flooded(status=status, gibibytes_sent=sent / 2**30, grown_megabytes=most - before)


def drip(server: RunningServer, person: httpx.Client, *, sockets: int, asks: int) -> float:
    """Return the 99th percentile of `GET me`, in milliseconds, beside connections that say nothing."""
    address = urlsplit(server.url)
    with ExitStack() as opened:
        for _ in range(sockets):
            connection = socket.create_connection((address.hostname, address.port))
            opened.enter_context(connection)
            connection.sendall(b"GET /api/v1/auth/me HTTP/1.1\r\nHost: ")
        return p99(ask(person, lambda done: done >= asks))


def _picture(number: int) -> bytes:
    content = io.BytesIO()
    noise = Image.frombytes("RGB", (64, 64), os.urandom(64 * 64 * 3))
    noise.resize((512, 512)).save(content, ("PNG", "JPEG", "WEBP")[number % 3])
    return content.getvalue()


def _give_way() -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)  # of this thread alone


def _upload(sender: httpx.Client, content: bytes) -> int:
    return sender.post(
        "/api/v1/images/upload",
        params={"image_category": "general"},
        files={"file": ("picture", content)},
    ).status_code


def _names(sender: httpx.Client) -> list[str]:
    found: list[str] = sender.get("/api/v1/images/names").json()["image_names"]
    return found


def _storage(administrator: httpx.Client, sender: httpx.Client) -> int:
    user_id = sender.get("/api/v1/auth/me").json()["user_id"]
    path = f"/api/v1/auth/users/{user_id}/statistics"
    return int(administrator.get(path).json()["storage_bytes"])


def main() -> None:
    """Measure, and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--gibibytes", type=float, default=5.0)
    parser.add_argument("--sockets", type=int, default=500)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = multiuser_root(Path(folder) / "root", workers="external")
        with running(root) as server:
            administrator = first_administrator(server)
            administrator.timeout = httpx.Timeout(PATIENCE)
            done = upload_at_once(
                server,
                administrator,
                people=arguments.people,
                pictures=arguments.pictures,
                asks=500,
            )
            flooded = flood(server, administrator, gibibytes=arguments.gibibytes)
            dripping = drip(server, administrator, sockets=arguments.sockets, asks=300)
    print("| what | figure |\n|---|---|")
    for what, figure in (
        (
            f"{done.sent} pictures of {arguments.people} people at once",
            f"{done.stored} stored, {done.refused} refused, {done.seconds:.1f} s",
        ),
        (
            "storage in the statistics, and on the disk",
            f"{done.bytes_in_statistics}, {done.bytes_on_disk} bytes",
        ),
        ("`GET me`, 99th percentile, nobody else asks", f"{done.idle_p99:.1f} ms"),
        (
            "the same while they send",
            f"{done.busy_p99:.1f} ms ({done.busy_p99 / done.idle_p99:.1f} times)",
        ),
        (
            f"an upload of {arguments.gibibytes:g} GiB in chunks",
            f"{flooded.status} after {flooded.gibibytes_sent:.2f} GiB,"
            f" {flooded.grown_megabytes:+d} MB of memory",
        ),
        (
            f"`GET me`, 99th percentile, beside {arguments.sockets} connections that say nothing",
            f"{dripping:.1f} ms ({dripping / done.idle_p99:.1f} times)",
        ),
    ):
        print(f"| {what} | {figure} |")


if __name__ == "__main__":
    main()
