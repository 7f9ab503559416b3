"""What a connection may send, and how long it may take (C26)."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from invoke_apps.web import protocol
from invoke_apps.web.protocol import LimitedProtocol
from tests.unit.whole_app import Site, open_site

PATIENCE = 30.0


class Server:
    """uvicorn in a thread, with an application that reads bodies as it is told."""

    def __init__(self) -> None:
        self.reads = True
        self.bodies: list[int] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            self.app,
            http=LimitedProtocol,
            log_config=None,
            access_log=False,
            lifespan="off",
            interface="asgi3",
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            runner.run(self.server.serve(sockets=[self.listener]))

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        size, more = 0, self.reads
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.bodies.append(-1)
                return
            size += len(message["body"])
            more = message["more_body"]
        self.bodies.append(size)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"%d" % size})

    def connect(self) -> socket.socket:
        connection = socket.create_connection(self.listener.getsockname(), timeout=PATIENCE)
        connection.settimeout(PATIENCE)
        return connection

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(PATIENCE)
        self.listener.close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name, seconds in (("HEAD", 0.4), ("IDLE", 0.4), ("WHOLE", 1.2), ("LINGER", 0.3)):
        monkeypatch.setattr(protocol, f"{name}_SECONDS", seconds)
    server = Server()
    yield server
    server.stop()


def everything(connection: socket.socket) -> bytes:
    """Return what comes until the server closes."""
    found = b""
    try:
        while piece := connection.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    return found


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_a_request_is_served_and_the_connection_kept(server: Server) -> None:
    with closing(server.connect()) as connection:
        for _ in range(3):
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345")
            answer = b""
            while not answer.endswith(b"0\r\n\r\n"):
                piece = connection.recv(65536)
                assert piece, answer
                answer += piece
            assert status_of(answer) == 200
    assert server.bodies == [5, 5, 5]


def test_headers_have_a_largest_size_also_where_they_never_end(server: Server) -> None:
    long = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: " + b"a" * 40_000
    for sent in (long + b"\r\n\r\n", long, b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\n\r\n"):
        with closing(server.connect()) as connection:
            connection.sendall(sent)
            answer = everything(connection)
        assert status_of(answer) == 431
        assert json.loads(answer.rpartition(b"\r\n\r\n")[2])["status"] == 431
    assert server.bodies == []


def test_many_headers_of_31_kib_still_pass(server: Server) -> None:
    lines = b"".join(b"X-%03d: %s\r\n" % (n, b"a" * 90) for n in range(300))
    with closing(server.connect()) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + lines + b"\r\n")
        assert status_of(everything(connection)) == 200


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_a_request_that_never_becomes_whole_is_ended(server: Server, sent: bytes) -> None:
    with closing(server.connect()) as connection:
        connection.sendall(sent)

        assert status_of(everything(connection)) == 408


def test_a_head_that_drips_is_ended_however_steadily(server: Server) -> None:
    stop = threading.Event()
    with closing(server.connect()) as connection:

        def drip() -> None:
            for letter in b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 10_000:
                try:
                    connection.send(bytes([letter]))
                except OSError:
                    return
                if stop.wait(0.05):
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        answer = everything(connection)
        stop.set()
        thread.join()

    assert answer == b"" or status_of(answer) == 408


def test_a_body_that_stops_coming_is_ended(server: Server) -> None:
    with closing(server.connect()) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123")

        assert status_of(everything(connection)) == 408
    assert server.bodies == [-1]


def test_a_body_that_drips_has_to_be_whole_in_time(server: Server) -> None:
    stop = threading.Event()
    with closing(server.connect()) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n")

        def drip() -> None:
            while not stop.wait(0.1):
                try:
                    connection.send(b"1")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        answer = everything(connection)
        stop.set()
        thread.join()

    assert answer == b"" or status_of(answer) == 408


def test_what_is_sent_after_the_answer_is_thrown_away_for_a_moment(server: Server) -> None:
    server.reads = False
    with closing(server.connect()) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent = 0
        try:
            while sent < 2**34:
                connection.sendall(b"10000\r\n" + bytes(65536) + b"\r\n")
                sent += 65536
        except OSError:
            pass
        assert 0 < sent < 2**34

    with closing(server.connect()) as connection:  # and others are still served
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert status_of(everything(connection)) == 200


# Bodies


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root: Path = tmp_path_factory.mktemp("site")
    with open_site(root, max_upload_bytes=200_000) as site:
        yield site


def chunked(size: int, piece: bytes = bytes(65536)) -> Iterator[bytes]:
    for _ in range(0, size, len(piece)):
        yield piece


def ask(site: Site, path: str, content: Any, kind: str = "application/json") -> httpx.Response:
    token = site.login().json()["token"]
    headers = {"Content-Type": kind}
    return site.ask("POST", path, token=token, content=content, headers=headers)


@pytest.mark.parametrize(
    "path",
    ["/api/v1/images/delete", "/api/v1/queue/default/enqueue_batch", "/api/v1/images/download"],
)
def test_json_has_a_largest_size_stated_or_not(site: Site, path: str) -> None:
    for content in (b'{"image_names":["' + b"a" * 2**20 + b'"]}', chunked(2**21, b" " * 65536)):
        answer = ask(site, path, content)
        assert answer.status_code == 413, answer.text
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"image_names":['])
def test_json_nested_without_end_does_not_parse(site: Site, opening: bytes) -> None:
    for depth in (1000, 100_000):
        answer = ask(site, "/api/v1/images/delete", (opening * depth)[: 2**20 - 10])
        assert answer.status_code in {400, 422}, answer.text


def test_an_upload_has_a_largest_size_though_its_length_is_not_stated(site: Site) -> None:
    path = "/api/v1/images/upload?image_category=general"
    head = b"--edge\r\nContent-Disposition: form-data; name=file; filename=a.png\r\n\r\n"

    def body() -> Iterator[bytes]:
        yield head
        yield from chunked(50_000_000)

    answer = ask(site, path, body(), "multipart/form-data; boundary=edge")
    assert answer.status_code == 413, answer.text


@pytest.mark.parametrize(
    "content",
    [
        b"--edge\r\n" * 100_000,
        b"-" * 1_000_000,
        b"\r\n--edge" * 100_000,
        b"--edge\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n" * 10_000,
        b"--edge\r\n" + b"X: y\r\n" * 100_000,
    ],
)
def test_noise_in_place_of_a_form_is_refused(site: Site, content: bytes) -> None:
    path = "/api/v1/images/upload?image_category=general"
    answer = ask(site, path, content, "multipart/form-data; boundary=edge")
    assert answer.status_code in {400, 413, 422}, answer.text
