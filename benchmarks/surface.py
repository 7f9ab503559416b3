"""Whether the web surface, logs and files keep what they should: `python -m benchmarks.surface` (C34 to C39).

The tests run the same with counts that take seconds; C38 has a module of its own, `benchmarks.tampering`.
"""

import hmac
import io
import itertools
import json
import logging
import os
import random
import re
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import attrs
import httpx

from benchmarks.findings import Finding, report
from benchmarks.fuzzing import asked
from benchmarks.streams import EVENTS, Stream
from benchmarks.tokens import cookies_of, encoded
from invoke_apps.composition import build
from invoke_apps.config import load_settings
from invoke_apps.logs import ConsoleLines, JsonLines
from invoke_core.domain.identifiers import BoardId
from invoke_core.domain.news import Audience, NewsKind
from invoke_core.domain.principals import INTERNAL
from invoke_core.services.boards import BoardService
from invoke_core.testing.one_time_codes import code_at
from tests.e2e.running import (
    BIN,
    PASSWORD,
    RunningServer,
    add_person,
    environment,
    first_administrator,
    multiuser_root,
    running,
)
from tests.unit.whole_app import Site, filled, open_site

STREAM = "/api/v1/queue/{queue_id}/events"
AUTH = "/api/v1/auth"


# C34

ALWAYS = ("x-content-type-options", "referrer-policy", "x-request-id")
ON_PAGES = ("content-security-policy", "x-frame-options", "permissions-policy")


def lacking_headers(site: Site) -> tuple[int, list[str]]:
    """Ask every route, and for what is not there, wrong, too large or broken.

    Returns:
        How many answers there were, and what each lacks that lacks something.
    """
    token = site.login("admin@example.com").json()["token"]
    routes = sorted(
        {
            (method, route.path_format)
            for route in site.web.edge.inner.routes  # type: ignore[attr-defined]
            for method in getattr(route, "route_handler_map", {})
            if route.path_format != STREAM
        }
    )
    answers = [site.ask(m, filled(path), token=token) for m, path in routes if m != "DELETE"]
    answers += [site.ask(method, filled(path)) for method, path in routes]
    page = {"Accept": "text/html"}
    for path in ("/nothing", "/api/v1/nothing", "/api/nothing", "/docs/nothing", "/%00", "//x"):
        answers += [site.ask("GET", path), site.ask("GET", path, headers=page)]
    answers += [
        site.ask("PUT", "/api/v1/app/version"),
        site.ask("GET", "/healthz", headers={"Host": "evil.example"}),
        site.ask("POST", f"{AUTH}/login", content=b"{"),
        site.ask("POST", f"{AUTH}/login", content=b" " * 2_000_000),
        site.ask("POST", f"{AUTH}/logout", headers={"Origin": "https://evil.example"}),
    ]
    token = site.login("admin@example.com").json()["token"]  # among the routes was a sign-out
    with patch.object(BoardService, "list", side_effect=RuntimeError("canary")):
        broken = site.ask("GET", "/api/v1/boards/", token=token)
    assert broken.status_code == 500
    assert "canary" not in broken.text
    answers.append(broken)
    secure = site.client.base_url.scheme == "https"
    return len(answers), [text for answer in answers for text in _lacks(answer, secure=secure)]


def _lacks(answer: httpx.Response, *, secure: bool) -> Iterator[str]:
    where = f"{answer.request.method} {answer.request.url.path} {answer.status_code}"
    wanted = [*ALWAYS, *(["strict-transport-security"] if secure else [])]
    if answer.headers.get("content-type", "").startswith("text/html"):
        wanted += ON_PAGES
    elif "/api/" in answer.request.url.path:
        wanted.append("cache-control")
    for name in wanted:
        if name not in answer.headers:
            yield f"{where}: no {name}"
    policy = answer.headers.get("content-security-policy", "")
    if "unsafe" in policy or "*" in policy or "http" in policy:
        yield f"{where}: {policy}"
    if any(name.startswith("access-control-") for name in answer.headers):
        yield f"{where}: opens itself to other sites"
    if "server" in answer.headers:
        yield f"{where}: names its server"


HOSTS = (
    b"evil.example", b"127.0.0.1.evil.example", b"localhost.evil.example", b"evil-localhost", b"",
    b"localhost@evil.example", b"evil.example:localhost", b"localhost:x", b"localhost:80:80",
    b"127.1", b"2130706433", b"0x7f.1", b"0.0.0.0", b"[::ffff:127.0.0.1]", b"[::1", b"xn--lcalhost-9db",
    b"localhost,evil.example", b"localhost evil.example", b"localhost/evil", b"localhost#.evil",
    b"\xe2\x93\x9bocalhost", b".localhost", b"localhost\x00.evil", b"http://localhost", b"*", b"null",
)  # fmt: skip
ORIGINS = (
    b"null", b"", b"https://evil.example", b"http://127.0.0.1.evil.example", b"http://evil127.0.0.1",
    b"http://127.0.0.1@evil.example", b"http://evil.example#127.0.0.1", b"http://127.0.0.1:8080",
    b"https://127.0.0.1", b"http://localhost", b"http://127.0.0.1/", b"http://127.0.0.1.", b"file://",
    b"http://127.0.0.1\\.evil", b"http://127.0.0.1, https://evil.example", b"127.0.0.1", b"*",
    b"http://xn--127-0-0-1", b"chrome-extension://abc", b"http://127.0.0.1%00.evil", b"http://[::1]",
)  # fmt: skip


def allowed_tricks(site: Site) -> tuple[int, list[str]]:
    """Ask under names, and from pages, that are not ours; return how many, and those let through."""
    token = site.login("admin@example.com").json().get("token", "").encode()
    allowed = []
    tricks: list[tuple[str, list[tuple[bytes, bytes]]]] = [
        *((f"Host {host!r}", [(b"host", host)]) for host in HOSTS),
        ("two Hosts", [(b"host", b"127.0.0.1"), (b"host", b"evil.example")]),
        ("two Hosts", [(b"host", b"evil.example"), (b"host", b"127.0.0.1")]),
        *((f"Origin {o!r}", [(b"host", b"127.0.0.1"), (b"origin", o)]) for o in ORIGINS),
        (
            "two Origins",
            [
                (b"host", b"127.0.0.1"),
                (b"origin", b"https://evil.example"),
                (b"origin", b"http://127.0.0.1"),
            ],
        ),
        *(
            (
                f"{name} evil.example",
                [(b"host", b"evil.example"), (name.encode(), b"127.0.0.1")],
            )
            for name in ("x-forwarded-host", "x-original-host", "forwarded")
        ),
    ]
    for name, headers in tricks:
        sent = [*headers, (b"authorization", b"Bearer " + token)]
        status = site.raw("POST", "/api/v1/boards/", b"board_name=x", sent)
        if status not in {400, 403}:
            allowed.append(f"{name}: {status}")
    return len(tricks), allowed


# C35


def foreign_events(server: RunningServer, count: int) -> tuple[int, int]:
    """Tell so much of a board, take its grant away, and let the grantee replay from before.

    Returns:
        How many events of the board the grantee hears while granted, and after that.
    """
    ada = httpx.Client(base_url=server.url, timeout=60)
    server.clients.append(ada)
    ada.headers["Authorization"] = _bearer(server, "admin@example.com")
    lee = add_person(ada, server, f"lee{count}@example.com")
    board = ada.post("/api/v1/boards/", params={"board_name": "B"}).json()["board_id"]
    lee_id = lee.get(f"{AUTH}/me").json()["user_id"]
    body = {"user_ids": [lee_id], "permission": "read"}
    with build(load_settings(server.root, environ={})) as app:
        begin = app.events.begin(INTERNAL)
        ada.post(f"/api/v1/boards/{board}/share", json=body).raise_for_status()
        told = f"news-{time.monotonic_ns()}"
        _tell(app, Audience.of_board(BoardId(board)), count, told)
        heard = [_heard(app, server, lee, begin, told)]
        ada.delete(f"/api/v1/boards/{board}/share/{lee_id}").raise_for_status()
        heard.append(_heard(app, server, lee, begin, told))
    return heard[0], heard[1]


def _bearer(server: RunningServer, email: str) -> str:
    body = {"email": email, "password": PASSWORD}
    token = httpx.post(f"{server.url}{AUTH}/login", json=body).json()["token"]
    return f"Bearer {token}"


def _tell(app: Any, audience: Audience, count: int, board: str) -> None:
    now = app.events.clock.now()
    with app.database.writing() as work:
        for _ in range(count):
            work.news.tell(NewsKind.BOARD_CHANGED, audience, {"board_id": board}, now)


def _heard(app: Any, server: RunningServer, lee: httpx.Client, after: int, told: str) -> int:
    last = f"end-{time.monotonic_ns()}"
    _tell(app, Audience.everybody(), 1, last)
    with Stream(server.url, lee.headers["authorization"], after=after) as stream:
        stream.wait_for(last)
        return sum(told in line for line in stream.lines if line.startswith("data:"))


@attrs.frozen(kw_only=True)
class Slow:
    """What became of listeners that do not read."""

    begun: int
    left: int  # connections after a while
    seconds: float  # until they were gone
    grown_megabytes: float  # of the server's memory, while they were there


def slow_listeners(server: RunningServer, count: int, events: int) -> Slow:
    """Open event streams, read nothing, and let much happen."""
    ada = _bearer(server, "admin@example.com")
    address = urlsplit(server.url)
    with ExitStack() as opened, build(load_settings(server.root, environ={})) as app:
        before, idle, begun = _resident(server), _sockets(server), 0
        for _ in range(count):
            slow = opened.enter_context(socket.socket())
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect((address.hostname or "", address.port or 0))
            request = f"GET {EVENTS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {ada}\r\n\r\n"
            slow.sendall(request.encode())
            begun += b" 200 " in slow.recv(64)
        began = time.monotonic()
        most = before
        for _ in range(events // 1000):
            _tell(app, Audience.everybody(), 1000, "x" * 200)
            most = max(most, _resident(server))
        while (left := _sockets(server) - idle) > 0 and time.monotonic() < began + 90:
            most = max(most, _resident(server))
            time.sleep(0.5)  # the kernel tells nobody
        return Slow(
            begun=begun,
            left=max(0, left),
            seconds=time.monotonic() - began,
            grown_megabytes=most - before,
        )


def _resident(server: RunningServer) -> float:
    text = Path(f"/proc/{server.process.pid}/statm").read_text()
    return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _sockets(server: RunningServer) -> int:
    count = 0
    for link in Path(f"/proc/{server.process.pid}/fd").iterdir():
        try:
            count += os.readlink(link).startswith("socket:")
        except FileNotFoundError:  # closed meanwhile
            continue
    return count


# C36


@attrs.define
class Canaries:
    """Secrets by name, each handed out once where it must be."""

    secrets: dict[str, str] = attrs.field(factory=dict)

    def add(self, name: str, secret: str) -> str:
        """Remember and return a secret."""
        assert len(secret) > 9, name
        self.secrets[name] = secret
        return secret

    def found_in(self, where: str, text: str) -> list[str]:
        """Return what of them a text holds."""
        return [f"{name} in {where}" for name, secret in self.secrets.items() if secret in text]


SIGNING_KEY = "canary-jwt-Zr1-vT0x_uLwN5yD3bK7gH2mC9sE4"
SMTP_PASSWORD = "canary-smtp-8fK2mQ"


def canary_root(folder: Path) -> Path:
    """Return a root whose settings hold secrets."""
    return multiuser_root(
        folder, jwt_secret_key=SIGNING_KEY, smtp_password=SMTP_PASSWORD, workers="external"
    )


def plant(server: RunningServer) -> Canaries:
    """Use everything that has a secret."""
    found = Canaries({"signing key": SIGNING_KEY, "password of the mail server": SMTP_PASSWORD})
    ada = first_administrator(server)
    signed_in = ada.post(f"{AUTH}/login", json={"email": "admin@example.com", "password": PASSWORD})
    found.add("first password", PASSWORD)
    token = found.add("token", signed_in.json()["token"])
    for name, value in cookies_of(signed_in).items():
        found.add(f"cookie {name}", value)
    ada.headers["Authorization"] = f"Bearer {token}"
    lee = {"email": "lee@example.com", "password": found.add("password", "Canary-1-lee-Pq")}
    ada.post(f"{AUTH}/users", json=lee).raise_for_status()
    key = ada.post(f"{AUTH}/api-keys", json={"name": "k", "scope": "full"}).json()["key"]
    found.add("API key", key)
    wrong = {"email": "lee@example.com", "password": found.add("typed password", "Canary-2-wrong")}
    assert httpx.post(f"{server.url}{AUTH}/login", json=wrong).status_code == 401
    own = httpx.post(f"{server.url}{AUTH}/login", json=lee).json()["token"]
    bearer = {"Authorization": f"Bearer {own}"}
    changed = {
        "current_password": lee["password"],
        "new_password": found.add("new password", "Canary-3-lee-Xy"),
    }
    renewed = httpx.patch(f"{server.url}{AUTH}/me", json=changed, headers=bearer)
    bearer = {"Authorization": f"Bearer {renewed.headers['x-refreshed-token']}"}
    enrolled = httpx.post(f"{server.url}{AUTH}/totp/enroll", headers=bearer).json()
    found.add("second factor", enrolled["secret"])
    code = {"code": code_at(enrolled["secret"], _now())}
    codes = httpx.post(f"{server.url}{AUTH}/totp/confirm", json=code, headers=bearer).json()
    found.add("recovery code", codes["recovery_codes"][0])
    invited = ada.post(f"{AUTH}/users", json={"email": "kim@example.com"}).json()
    link = found.add("invitation", invited["invitation_url"].rpartition("/")[2])
    lee_id = httpx.get(f"{server.url}{AUTH}/me", headers=bearer).json()["user_id"]
    reset = ada.post(f"{AUTH}/users/{lee_id}/reset-link").json()["reset_url"].rpartition("/")[2]
    found.add("reset link", reset)
    httpx.get(f"{server.url}/invitation/{link}").raise_for_status()
    httpx.get(f"{server.url}/password-reset/{reset}").raise_for_status()
    said = [line for line in server.output.lines if line.startswith("Setup code: ")]
    for line in said:  # the console is where it belongs; nowhere else
        found.add("setup code", line.partition(": ")[2])
    return found


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)


def leaks(server: RunningServer, canaries: Canaries) -> tuple[int, list[str]]:
    """Ask every GET route, then look everywhere; return how many places were searched, and the leaks."""
    token = canaries.secrets["token"]
    found, places = [], 0
    with httpx.Client(base_url=server.url, timeout=60) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        user_ids = [user["user_id"] for user in client.get(f"{AUTH}/users").json()]
        document = client.get("/openapi.json").json()
        for template, methods in document["paths"].items():
            if "get" not in methods or template == STREAM:
                continue
            for user_id in user_ids if "{user_id}" in template else [""]:
                answer = client.get(filled(template.replace("{user_id}", user_id)))
                found += canaries.found_in(template, f"{answer.headers!r}\n{answer.text}")
                places += 1
        with Stream(server.url, f"Bearer {token}", after=0) as stream:
            stream.wait_for("data:")
            found += canaries.found_in("events", "\n".join(stream.lines))
            places += 1
    console = "\n".join(line for line in server.output.lines if not line.startswith("Setup code"))
    found += canaries.found_in("the console", console)
    kept = {server.root / "invokeai.yaml", server.root / "secrets"}
    for path in server.root.rglob("*"):
        if path.is_file() and kept.isdisjoint([path, *path.parents]):
            text = path.read_bytes().decode("latin-1")
            found += canaries.found_in(str(path.relative_to(server.root)), text)
            places += 1
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                text = (process / name).read_bytes().decode("latin-1")
            except OSError:  # of somebody else's, or gone
                continue
            found += canaries.found_in(f"{name} of a process", text)
            places += 1
    return places + 1, found


def keys_from_the_database(server: RunningServer, token: str) -> tuple[int, int]:
    """Sign a token with every text of the database; return how many there were, and were taken."""
    header, payload, _ = token.split(".")
    file = server.root / "databases" / "invokeai.db"
    texts: set[bytes] = set()
    connection = sqlite3.connect(file)
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (name,) in names:
        for row in connection.execute(f'SELECT * FROM "{name}"'):
            for value in row:
                if isinstance(value, str | bytes) and value:
                    text = value.encode() if isinstance(value, str) else value
                    texts |= {text, *re.split(rb"[\"',:{}\[\]\s$]+", text)}
    connection.close()
    taken = 0
    with httpx.Client(base_url=server.url, timeout=60) as client:
        signed = f"{header}.{payload}".encode()
        for key in sorted(texts):
            forged = f"{header}.{payload}.{encoded(hmac.digest(key, signed, 'sha256'))}"
            answer = client.get(f"{AUTH}/me", headers={"Authorization": f"Bearer {forged}"})
            taken += answer.status_code != 401
    return len(texts), taken


# C37


@attrs.frozen(kw_only=True)
class Fuzzed:
    """What hostile texts left behind."""

    requests: int
    access_lines: int
    lines: int
    records: int
    broken_lines: int  # no JSON, or with control characters
    unsafe_console_lines: int
    traces: int  # answers that hold a stack trace or a name of a source file
    faults: Sequence[str]  # requests that were answered with a 5xx


_TRACE = re.compile(r"Traceback|File \"|\.py\b|site-packages|sqlalchemy|msgspec|litestar", re.I)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class _Counted(logging.StreamHandler[io.StringIO]):
    """Writes and counts records."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__(io.StringIO())
        self.setFormatter(formatter)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        super().emit(record)


@contextmanager
def listening(*handlers: logging.Handler) -> Iterator[None]:
    """Let these handlers hear everything that is logged."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.handlers[:] = handlers
    root.setLevel(logging.INFO)
    client = logging.getLogger("httpx")  # ours, not the server's
    client.disabled = True
    try:
        yield
    finally:
        client.disabled = False
        root.handlers[:], root.level = before


def fuzz(site: Site, count: int, seed: int = 37) -> Fuzzed:
    """Send so many hostile requests as an administrator."""
    rng = random.Random(seed)
    token = site.login("admin@example.com").json()["token"]
    schema = site.ask("GET", "/openapi.json").json()
    file, console = _Counted(JsonLines()), _Counted(ConsoleLines())
    traces, faults = 0, []
    with listening(file, console):
        for request in itertools.islice(asked(schema, rng, skip=STREAM), count):
            content = None if request.body is None else json.dumps(request.body).encode()
            answer = site.ask(
                request.method,
                request.path,
                token=token,
                params=dict(request.query),
                headers={"Content-Type": "application/json"},
                content=content,
            )
            if _TRACE.search(_shown(answer)):
                traces += 1
            if answer.status_code >= 500:
                faults.append(f"{request.method} {request.path[:80]} {content!r:.200}")
    lines = file.stream.getvalue().split("\n")[:-1]
    return Fuzzed(
        requests=count,
        access_lines=sum(record.name == "invoke.access" for record in file.records),
        lines=len(lines),
        records=len(file.records),
        broken_lines=sum(not _is_sound(line) for line in lines),
        unsafe_console_lines=sum(
            bool(_CONTROL.search(line)) for line in console.stream.getvalue().split("\n")
        ),
        traces=traces,
        faults=faults,
    )


def _shown(answer: httpx.Response) -> str:
    """Return an answer's own words: a refusal's, without what it quotes of the request."""
    is_document = answer.request.url.path in {"/openapi.json", "/docs"}
    return answer.text if answer.status_code >= 400 and not is_document else ""


def _is_sound(line: str) -> bool:
    if _CONTROL.search(line):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


# C39

COMMANDS: Sequence[Sequence[str]] = (
    ("invoke-useradd", "--email", "ada@example.com", "--password-stdin", "--admin"),
    ("invoke-useradd", "--email", "lee@example.com", "--password", "Canary-7-Password"),
    ("invoke-userlist", "--json"),
    ("invoke-usermod", "--email", "lee@example.com", "--name", "Lee"),
    ("invoke-usermod", "--email", "lee@example.com", "--password-stdin"),
    ("invoke-admin", "user", "invite", "--email", "kim@example.com"),
    ("invoke-admin", "user", "reset-link", "--email", "lee@example.com"),
    ("invoke-admin", "user", "content", "--email", "lee@example.com"),
    ("invoke-admin", "user", "unlock", "--email", "lee@example.com"),
    ("invoke-admin", "secret", "show"),
    ("invoke-admin", "secret", "rotate"),
    ("invoke-admin", "secret", "revoke", "--all"),
    ("invoke-admin", "secret", "generate"),
    ("invoke-admin", "model", "list"),
    ("invoke-admin", "audit", "list"),
    ("invoke-admin", "audit", "export"),
    ("invoke-admin", "audit", "verify"),
    ("invoke-userdel", "--email", "lee@example.com", "--force"),
)  # fmt: skip
_CREATES = re.compile(
    r'(?:openat|open|creat|mkdirat|mkdir|mknod)\((?:AT_FDCWD, |\d+, )?"([^"]*)"(.*), 0(\d+)\)'
    r"\s+= (?!-1)"
)
_CHMOD = re.compile(r'(?:chmod|fchmodat|fchmod)\((?:AT_FDCWD, )?"?([^",]*)"?, 0(\d+)')
_UMASK = re.compile(r"umask\(0?(\d+)\)")


@attrs.frozen
class Modes:
    """What a command left, or made for a moment, that others could use."""

    command: str
    code: int
    too_wide: Sequence[str]
    said: str


def modes_of(root: Path, line: Sequence[str], *, traced: bool) -> Modes:
    """Run a command under umask 0; return which files others could have used.

    Args:
        root: the root folder.
        line: the command.
        traced: watch every system call too; needs strace.
    """
    name, *arguments = line
    own = [] if "generate" in arguments else ["--root", str(root)]
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as trace:
        watch = ("strace", "-f", "-qq", "-o", trace.name, "-e", "trace=%file,fchmod,umask")
        done = subprocess.run(
            [*(watch if traced else ()), str(BIN / name), *arguments, *own],
            input="Correct-Horse-8-Battery\n",
            capture_output=True,
            text=True,
            env=environment(PYTHONDONTWRITEBYTECODE="1"),
            umask=0,
            check=False,
            timeout=120,
        )
        wide = [*_wide_files(root), *(_wide_calls(root, trace.read()) if traced else ())]
    return Modes(" ".join(line[:3]), done.returncode, wide, done.stderr)


def _wide_files(root: Path) -> Iterator[str]:
    for path in [root, *root.rglob("*")] if root.exists() else ():
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            yield f"{path.relative_to(root)} {mode:o}"


def _wide_calls(root: Path, trace: str) -> Iterator[str]:
    masks: dict[
        str, int
    ] = {}  # by thread; a new one takes its parent's, which is the strictest by then
    for line in trace.splitlines():
        thread, _, call = line.partition(" ")
        mask = masks.get(thread, min(masks.values(), default=0) and 0o077)
        if match := _UMASK.search(call):
            masks[thread] = int(match[1], 8)
        elif (match := _CREATES.search(call)) and str(root) in match[1]:
            is_made = "O_CREAT" in call or "mkdir" in call or "creat(" in call
            if is_made and int(match[3], 8) & ~mask & 0o077:
                yield f"{match[1]} made as {match[3]} under {mask:o}"
        elif (match := _CHMOD.search(call)) and int(match[2], 8) & 0o077 and str(root) in match[1]:
            yield f"{match[1]} changed to {match[2]}"


def findings() -> Iterator[Finding]:
    """Yield what the full counts find."""
    for scheme in ("http", "https"):
        with _site(scheme=scheme) as site:
            answers, lacking = lacking_headers(site)
            yield Finding(
                "C34", f"{answers} answers of all routes over {scheme}, errors included",
                f"{len(lacking)} lack a header", not lacking,
            )  # fmt: skip
    for multiuser in (True, False):
        with _site(multiuser=multiuser) as site:
            tricks, allowed = allowed_tricks(site)
            mode = "multi-user" if multiuser else "single-user"
            yield Finding(
                "C34", f"{tricks} tricks with Host and Origin, {mode} mode",
                f"{len(allowed)} let through", not allowed,
            )  # fmt: skip
    yield from _on_a_server()
    with _site() as site:
        fuzzed = fuzz(site, 10_000)
    yield Finding(
        "C37", f"{fuzzed.requests:,} requests with hostile texts: lines of the log and events",
        f"{fuzzed.lines:,} and {fuzzed.records:,}; {fuzzed.access_lines:,} of the access log",
        fuzzed.lines == fuzzed.records and fuzzed.access_lines == fuzzed.requests,
    )  # fmt: skip
    yield Finding(
        "C37", "lines with control characters, in the file and on the console",
        f"{fuzzed.broken_lines} and {fuzzed.unsafe_console_lines}",
        fuzzed.broken_lines == fuzzed.unsafe_console_lines == 0,
    )  # fmt: skip
    yield Finding(
        "C37", "stack traces in answers, and faults", f"{fuzzed.traces} and {len(fuzzed.faults)}",
        fuzzed.traces == len(fuzzed.faults) == 0,
    )  # fmt: skip
    yield _command_modes()


@contextmanager
def _site(**settings: Any) -> Iterator[Site]:
    with tempfile.TemporaryDirectory() as folder, open_site(Path(folder), **settings) as site:
        yield site


def _on_a_server() -> Iterator[Finding]:
    with (
        tempfile.TemporaryDirectory() as folder,
        running(canary_root(Path(folder) / "root")) as server,
    ):
        canaries = plant(server)
        places, found = leaks(server, canaries)
        yield Finding(
            "C36", f"{len(canaries.secrets)} secrets looked for in {places} places",
            f"{len(found)} found", not found,
        )  # fmt: skip
        texts, taken = keys_from_the_database(server, canaries.secrets["token"])
        yield Finding(
            "C36",
            f"{texts} texts of the database tried as signing keys",
            f"{taken} taken",
            not taken,
        )
        granted, foreign = foreign_events(server, 10_000)
        yield Finding(
            "C35", f"a replay of {granted:,} events of a board after its grant was removed",
            f"{foreign} heard", granted == 10_000 and not foreign,
        )  # fmt: skip
        slow = slow_listeners(server, 20, 50_000)
        yield Finding(
            "C35", f"{slow.begun} listeners that read nothing of 50,000 events",
            f"{slow.left} left after {slow.seconds:.0f} s; memory +{slow.grown_megabytes:.0f} MB",
            slow.begun == 20 and slow.left == 0 and slow.grown_megabytes < 64,
        )  # fmt: skip
    with (
        tempfile.TemporaryDirectory() as folder,
        running(multiuser_root(Path(folder) / "root", jwt_token_expiry_hours=5 / 3600)) as server,
    ):
        ada = first_administrator(server)
        began = time.time()
        with Stream(server.url, ada.headers["authorization"]) as stream:
            stream.wait_for_end()
        lasted = time.time() - began
        yield Finding(
            "C35", "a stream whose token lasts 5 s", f"closed after {lasted:.2f} s", lasted <= 6
        )


def _command_modes() -> Finding:
    traced = shutil.which("strace") is not None
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        found = [modes_of(root, line, traced=traced) for line in COMMANDS]
    failed = [each.command for each in found if each.code != 0]
    wide = [text for each in found for text in each.too_wide]
    how = "every system call watched" if traced else "without strace"
    return Finding(
        "C39", f"{len(found)} commands under umask 0, {how}: files wider than 0600 or 0700",
        f"{len(wide)}" + (f"; failed: {', '.join(failed)}" if failed else ""),
        not wide and not failed,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(report(findings()))
