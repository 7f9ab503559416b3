"""Whether a token counts as long as it should, and for what: `python -m benchmarks.tokens` (C10 to C18).

The tests run the same with counts that take seconds. A million spoiled tokens, hostile key ids and the ring
of keys have a module of their own: `benchmarks.signing`.
"""

import base64
import hmac
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import attrs
import httpx

from benchmarks.findings import Finding, report
from benchmarks.streams import Stream
from invoke_apps.composition import build
from invoke_apps.settings import Settings
from invoke_core.testing.pictures import a_png
from tests.e2e.running import (
    PASSWORD as E2E_PASSWORD,
)
from tests.e2e.running import (
    RunningServer,
    add_person,
    command,
    first_administrator,
    multiuser_root,
    person,
    running,
)
from tests.unit.whole_app import PASSWORD, Site, filled, open_site

KEY = "q8Zr1-vT0x_uLwN5yD3bK7gH2mC9sE4jP6aF"  # of this benchmark alone
AUTH = "/api/v1/auth"
ME = f"{AUTH}/me"
EVENTS = "/api/v1/queue/{queue_id}/events"
SAFE = frozenset({"GET", "HEAD"})
Answers = Iterable[tuple[str, int]]


@contextmanager
def keyed_site(**settings: Any) -> Iterator[Site]:
    """Yield a site whose signing key we know."""
    with (
        tempfile.TemporaryDirectory() as folder,
        open_site(Path(folder), jwt_secret_key=KEY, **settings) as site,
    ):
        yield site


def encoded(part: object) -> str:
    """Return a part of a token: base64url of bytes, or of JSON."""
    content = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def decoded(part: str) -> Any:
    """Return what a part of a token says."""
    return json.loads(base64.urlsafe_b64decode(part + "=="))


def signed(header: str, payload: str, *, key: bytes = KEY.encode(), digest: str = "sha256") -> str:
    """Return a token with a right signature, whatever its parts say."""
    text = f"{header}.{payload}"
    return f"{text}.{encoded(hmac.digest(key, text.encode(), digest))}"


# C10


def forged_headers(token: str) -> Iterator[tuple[str, str]]:
    """Yield forty tokens made of a good one: a name, and the token; all say what the good one says."""
    header, payload, _ = token.split(".")
    good = decoded(header)
    for algorithm in ("none", "None", "NONE", "nOnE", "", None, 0, False, [], ["HS256"]):
        yield f"alg {algorithm!r}, unsigned", f"{encoded({**good, 'alg': algorithm})}.{payload}."
    for algorithm in (
        "none",
        "hs256",
        "HS256 ",
        "HS384",
        "HS512",
        "RS256",
        "ES256",
        "PS256",
        "EdDSA",
    ):
        yield f"alg {algorithm!r}, signed", signed(encoded({**good, "alg": algorithm}), payload)
    for algorithm, digest in (("HS384", "sha384"), ("HS512", "sha512")):
        yield (
            f"true {algorithm}",
            signed(encoded({**good, "alg": algorithm}), payload, digest=digest),
        )
    pem = b"-----BEGIN PUBLIC KEY-----\n" + KEY.encode() + b"\n-----END PUBLIC KEY-----\n"
    yield "RS256 with the key as PEM", signed(encoded({**good, "alg": "RS256"}), payload, key=pem)
    for name, value in (
        ("crit", ["exp"]), ("crit", ["b64"]), ("b64", False), ("zip", "DEF"), ("cty", "JWT"),
        ("jku", "https://evil.example/keys"), ("x5u", "https://evil.example/x"), ("x5c", ["MIIB"]),
        ("jwk", {"kty": "oct", "k": encoded(KEY.encode())}), ("enc", "A128GCM"), ("typ", "JWT"),
        ("typ", None), ("kid", None), ("kid", "../" * 20), ("kid", ""),
    ):  # fmt: skip
        yield f"{name} {str(value)[:20]!r}", signed(encoded({**good, name: value}), payload)
    yield "no typ", signed(encoded({k: v for k, v in good.items() if k != "typ"}), payload)
    yield "another order", signed(encoded(dict(reversed(good.items()))), payload)
    yield "an empty header", signed("", payload)


def ask_with(site: Site, tokens: Iterable[tuple[str, str]]) -> list[tuple[str, int]]:
    """Return the status that `GET me` gives each token."""
    return [(name, site.ask("GET", ME, token=token).status_code) for name, token in tokens]


# C13

TIMES = ("exp", "iat", "nbf")
CLAIMS = ("iss", "aud", "sub", "email", "is_admin", "sid", "epoch", "jti", *TIMES)
OTHER_TYPES = (None, [], {}, "", 1.5, -1, True, 10**400)


def changed_claims(token: str) -> Iterator[tuple[str, str]]:
    """Yield tokens that lack a claim or have one of another type, rightly signed."""
    header, payload, _ = token.split(".")
    good = decoded(payload)
    for claim in CLAIMS:
        yield f"no {claim}", signed(header, encoded({k: v for k, v in good.items() if k != claim}))
        for value in OTHER_TYPES:
            if type(value) is not type(good[claim]):
                changed = encoded({**good, claim: value})
                yield f"{claim} {str(value)[:9]!r}", signed(header, changed)
    for claim, value in (
        ("iss", "other"), ("aud", "other"), ("aud", [good["aud"]]), ("sub", "other"),
        ("sid", "other"), ("epoch", good["epoch"] + 1), ("aud", "media"), ("aud", "cookie"),
    ):  # fmt: skip
        yield f"{claim} {value!r}", signed(header, encoded({**good, claim: value}))
    for text in (b"", b"null", b"[]", b'"text"', b"{", b"\xff", b"[" * 3000):
        yield f"payload {text[:9]!r}", signed(header, encoded(text))


def shifted_times(token: str, now: int) -> Iterator[tuple[str, str, bool]]:
    """Yield tokens with a time before or after now: a name, the token, whether it should count."""
    header, payload, _ = token.split(".")
    good = decoded(payload)
    for claim in TIMES:
        for shift in (-31, -1, 1, 31):
            counts = shift > -30 if claim == "exp" else shift <= 30
            text = signed(header, encoded({**good, claim: now + shift}))
            yield f"{claim} {shift:+} s", text, counts


# C14

Cause = Callable[[Site, str, str], object]


def _password(site: Site, token: str, user_id: str) -> None:
    body = {"current_password": PASSWORD, "new_password": "Another-7-Password"}
    own = site.login(f"{user_id}@example.com").json()["token"]
    assert site.ask("PATCH", ME, token=own, json=body).status_code == 200


def _by_admin(method: str, path: str, body: object = None) -> Cause:
    def cause(site: Site, token: str, email: str) -> None:
        user_id = site.ask("GET", ME, token=token).json()["user_id"]
        admin = site.login("admin@example.com").json()["token"]
        sent = {} if body is None else {"json": body}
        answer = site.ask(method, path.format(user_id), token=admin, **sent)
        assert answer.status_code in {200, 204}, answer.text

    return cause


CAUSES: Mapping[str, Cause] = {
    "deactivation": _by_admin("PATCH", AUTH + "/users/{}", {"is_active": False}),
    "deletion": _by_admin("DELETE", AUTH + "/users/{}"),
    "demotion": _by_admin("PATCH", AUTH + "/users/{}", {"is_admin": False}),
    "a password set by an administrator": _by_admin(
        "PATCH", AUTH + "/users/{}", {"password": "Another-7-Password"}
    ),
    "sessions ended by an administrator": _by_admin("DELETE", AUTH + "/users/{}/sessions"),
    "one's own new password": _password,
    "a sign-out": lambda site, token, _: site.ask("POST", f"{AUTH}/logout", token=token),
    "one's other sessions ended": lambda site, _, email: site.ask(
        "DELETE", f"{AUTH}/sessions", token=site.login(f"{email}@example.com").json()["token"]
    ),
}


def stale_successes(site: Site, cause: str, requests: int) -> list[tuple[str, str, int]]:
    """End a sign-in by the cause; return which of so many requests after it were answered."""
    number = sum(1 for _ in site.app.users.list(_host(), limit=None).items)
    email = f"victim{number}"
    site.app.users.create(
        _host(), email=f"{email}@example.com", password=PASSWORD, is_admin=cause == "demotion"
    )
    token = site.login(f"{email}@example.com").json()["token"]
    assert site.ask("GET", ME, token=token).status_code == 200
    CAUSES[cause](site, token, email)
    calls = [(ME, "GET")] + [
        (filled(path), method)
        for method, path in protected(site)
        if method in SAFE and path != EVENTS
    ]
    found = []
    for turn in range(requests):
        path, method = calls[turn % len(calls)]
        status = site.ask(method, path, token=token).status_code
        # A parameter that is missing is found out before the credential is looked at.
        if status not in {401, 422}:
            found.append((cause, path, status))
    return found


def _host() -> Any:
    from tests.unit.accounts import HOST

    return HOST


@attrs.frozen(kw_only=True)
class Ending:
    """How soon a sign-in was over after what ended it."""

    cause: str
    stale: int  # answers of the very next request that should have been a refusal
    stream_seconds: float  # until its event stream was closed, from the end of the call or command


ENDING_CAUSES = ("deactivation", "demotion", "new password", "sessions ended", "deletion")


def endings(server: RunningServer, causes: Sequence[str], *, by_command: bool) -> Iterator[Ending]:
    """End sign-ins on a real server, by HTTP or by commands in another process."""
    ada = person(server, "admin@example.com")
    new = "Another-7-Password"
    http: Mapping[str, Callable[[str], httpx.Response]] = {
        "deactivation": lambda u: ada.patch(f"{AUTH}/users/{u}", json={"is_active": False}),
        "demotion": lambda u: ada.patch(f"{AUTH}/users/{u}", json={"is_admin": False}),
        "new password": lambda u: ada.patch(f"{AUTH}/users/{u}", json={"password": new}),
        "sessions ended": lambda u: ada.delete(f"{AUTH}/users/{u}/sessions"),
        "deletion": lambda u: ada.delete(f"{AUTH}/users/{u}"),
    }
    commands: Mapping[str, Sequence[str]] = {
        "deactivation": ("modify", "--deactivate"),
        "demotion": ("modify", "--no-admin"),
        "new password": ("modify", "--password", new),
        "sessions ended": ("end-sessions",),
        "deletion": ("delete", "--force"),
    }
    for number, cause in enumerate(causes):
        email = f"{'c' if by_command else 'h'}{number}@example.com"
        victim = add_person(ada, server, email)
        user_id = victim.get(ME).json()["user_id"]
        if cause == "demotion":
            ada.patch(f"{AUTH}/users/{user_id}", json={"is_admin": True})
        with Stream(server.url, victim.headers["authorization"]) as stream:
            stream.wait_for("welcome")
            if by_command:
                name, *options = commands[cause]
                command(server, "invoke-admin", "user", name, "--email", email, *options)
            else:
                http[cause](user_id).raise_for_status()
            ended = time.monotonic()
            stale = sum(victim.get(path).status_code != 401 for path in (ME, "/api/v1/boards/"))
            stream.wait_for_end()
            yield Ending(cause=cause, stale=stale, stream_seconds=max(0.0, stream.ended_at - ended))


# C11


@attrs.frozen(kw_only=True)
class Rotated:
    """How many live sign-ins a server still answered."""

    begun: int
    after_rotation: int
    after_revocation: int
    seconds: float  # from the end of the revoking command until all had been refused


def rotate_beside(server: RunningServer, sessions: int) -> Rotated:
    """Rotate and revoke the key by commands beside a running server."""
    url = f"{server.url}{AUTH}"
    credentials = {"email": "admin@example.com", "password": E2E_PASSWORD}
    with httpx.Client(timeout=60) as client:
        tokens = [
            client.post(f"{url}/login", json=credentials).json()["token"] for _ in range(sessions)
        ]

        def alive() -> int:
            bearers = [{"Authorization": f"Bearer {token}"} for token in tokens]
            return sum(client.get(f"{url}/me", headers=b).status_code == 200 for b in bearers)

        begun = alive()
        (old,) = json.loads(command(server, "invoke-admin", "secret", "show", "--json"))
        command(server, "invoke-admin", "secret", "rotate")
        after_rotation = alive()
        command(server, "invoke-admin", "secret", "revoke", old["key_id"])
        began = time.monotonic()
        after_revocation = alive()
    return Rotated(
        begun=begun,
        after_rotation=after_rotation,
        after_revocation=after_revocation,
        seconds=time.monotonic() - began,
    )


# C15 to C18


def cookies_of(answer: httpx.Response) -> dict[str, str]:
    """Return the cookies that an answer sets."""
    found: dict[str, str] = {}
    for line in answer.headers.get_list("set-cookie"):
        found |= {name: cookie.value for name, cookie in SimpleCookie(line).items()}
    return found


def answered_after_sign_out(site: Site) -> list[tuple[str, str, int]]:
    """Replay a bearer token and cookies on every route after the sign-out; return what was answered."""
    signed_in = site.login()
    token, media = signed_in.json()["token"], cookies_of(signed_in)["invoke_media"]
    left = site.ask("POST", f"{AUTH}/logout", token=token)
    assert left.headers["clear-site-data"] == '"cache", "storage"'
    found = []
    for method, template in protected(site):
        for sent in ({"token": token}, {"cookies": {"invoke_media": media}}):
            status = site.ask(method, filled(template), **sent).status_code  # type: ignore[arg-type]
            # A body that is missing is found out before the credential is looked at.
            if status not in {401, 403, 422}:
                found.append((method, template, status))
    return found


def protected(site: Site) -> list[tuple[str, str]]:
    """Return the routes that ask for a credential."""
    open_ones = {
        (method, route.path_format)
        for route in site.web.edge.inner.routes  # type: ignore[attr-defined]
        for method, (handler, _) in getattr(route, "route_handler_map", {}).items()
        if "open" in handler.opt
    }
    return [each for each in site.routes() if each not in open_ones]


def days_of_renewals(days: int) -> float:
    """Return after how many days a sign-in that is used every few hours ends."""
    with keyed_site() as site:
        token, passed = site.login(remember_me=True).json()["token"], 0.0
        while passed < days:
            answer = site.ask("GET", ME, token=token)
            if answer.status_code != 200:
                break
            token = answer.headers.get("x-refreshed-token", token)
            site.clock.advance(6 * 3600)
            passed += 0.25
    return passed


def sessions_after_renewals(count: int) -> tuple[int, int]:
    """Renew one sign-in so many times at once; return how many tokens came, and sessions there are."""
    with keyed_site() as site:
        token = site.login().json()["token"]
        site.clock.advance(13 * 3600)
        with ThreadPoolExecutor(20) as pool:
            found = list(
                pool.map(lambda _: site.app.sign_in.authenticate(token, None), range(count))
            )
        fresh = [each for _, each in found if each is not None]
        works = sum(site.ask("GET", ME, token=each).status_code == 200 for each in fresh)
        return works, len(site.app.sign_in.list_sessions(found[0][0]))


def misused_cookies(site: Site) -> list[tuple[str, str, int]]:
    """Use cookies where they must not count; return what was answered all the same."""
    cookies = cookies_of(site.login("admin@example.com", session="cookie"))
    found = [
        (f"{name} as bearer", ME, status)
        for name, value in cookies.items()
        if (status := site.ask("GET", ME, token=value).status_code) != 401
    ]
    for method, template in protected(site):
        if method in SAFE:
            continue
        for names in (cookies, ("invoke_session",), ("invoke_media",), ("invoke_csrf",)):
            sent = {name: cookies[name] for name in names}
            status = site.ask(method, filled(template), cookies=sent, json={}).status_code
            if status not in {401, 403}:
                found.append((f"{method} with {'+'.join(sent)}", template, status))
    return found


def rows_changed_by_reading() -> tuple[int, list[str]]:
    """Call every GET route as an administrator, with ids that exist.

    Returns:
        How many were called, and the lines of the database that changed, but for the looks in the audit
        log and when somebody was last seen.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(root=Path(folder) / "sql", multiuser=True, max_requests_per_minute=None)
        with (
            build(settings) as real,
            open_site(Path(folder), database=real.database, jwt_secret_key=KEY) as site,
        ):
            admin, token = (
                site.login(f"{name}@example.com").json()["token"] for name in ("admin", "person")
            )
            ids = made_things(site, token)
            file = settings.path(settings.db_path)
            before, called = _dump(file), 0
            for method, template in site.routes():
                if method in SAFE and template != EVENTS:
                    site.ask(method, filled_with(template, ids), token=admin)
                    called += 1
            after = _dump(file)
    changed = sorted(set(before) ^ set(after))
    return called, [line for line in changed if "audit_entries" not in line]


def _dump(file: Path) -> list[str]:
    connection = sqlite3.connect(file)
    lines = list(connection.iterdump())
    connection.close()
    return lines


def made_things(site: Site, token: str) -> dict[str, str]:
    """Make a board with a picture and a job; return the values of path parameters."""
    board = site.ask("POST", "/api/v1/boards/?board_name=Mine", token=token).json()["board_id"]
    picture = site.ask(
        "POST",
        f"/api/v1/images/upload?image_category=user&board_id={board}",
        token=token,
        files={"file": ("p.png", a_png(4, 4, b"\1\2\3" * 16), "image/png")},
    ).json()["image_name"]
    generation = {"model": "demo-shapes", "prompt": "a red circle", "board_id": board}
    batch = site.ask(
        "POST",
        "/api/v1/queue/default/enqueue_batch",
        token=token,
        json={"batch": {"generation": generation}},
    ).json()
    models = site.ask("GET", "/api/v2/models/", token=token).json()["models"]
    return {
        "board_id": board,
        "image_name": picture,
        "item_id": str(batch["item_ids"][0]),
        "batch_id": batch["batch"]["batch_id"],
        "queue_id": "default",
        "user_id": site.ask("GET", ME, token=token).json()["user_id"],
        "key": models[0]["key"],
    }


def filled_with(template: str, ids: Mapping[str, str]) -> str:
    """Return a path of a route, with these ids and others that nothing has."""
    for name, value in ids.items():
        template = template.replace(f"{{{name}}}", value)
    return filled(template)


def media_routes(site: Site) -> list[tuple[str, str]]:
    """Return the routes that send bytes to a browser's media cookie, and ask for one."""
    return sorted(
        {
            (method, route.path_format)
            for route in site.web.edge.inner.routes  # type: ignore[attr-defined]
            for method, (handler, _) in getattr(route, "route_handler_map", {}).items()
            if "media" in handler.opt and "open" not in handler.opt
        }
    )


def seen_without_right(site: Site) -> tuple[int, list[tuple[str, str, int]]]:
    """Ask for a picture's bytes without a session, and after the grant that showed them was removed.

    Returns:
        How many requests were made, and those that were answered otherwise than 401 and 404.
    """
    owner = site.login("person@example.com").json()["token"]
    site.app.users.create(_host(), email="guest@example.com", password=PASSWORD)
    signed_in = site.login("guest@example.com")
    media = {"cookies": {"invoke_media": cookies_of(signed_in)["invoke_media"]}}
    bearer = {"token": signed_in.json()["token"]}
    ids = made_things(site, owner)
    guest_id = site.ask("GET", ME, **bearer).json()["user_id"]
    share = f"/api/v1/boards/{ids['board_id']}/share"
    body = {"user_ids": [guest_id], "permission": "read"}
    assert site.ask("POST", share, token=owner, json=body).json()["success"]
    asked, wrong = 0, []
    # What lies in a bin is shown by no grant.
    routes = [
        each for each in media_routes(site) if "{image_name}" in each[1] and "/bin/" not in each[1]
    ]
    paths = [(method, filled_with(template, ids)) for method, template in routes]
    tags = {}
    for method, path in paths:
        answer = site.ask(method, path, **media)
        assert answer.status_code == 200, (method, path)
        tags[path] = answer.headers["etag"]
        answer = site.ask(method, path, **media, headers={"If-None-Match": tags[path]})
        assert answer.status_code == 304, (method, path)
    assert site.ask("DELETE", f"{share}/{guest_id}", token=owner).status_code == 204
    for method, template in media_routes(site):
        asked += 1
        status = site.ask(method, filled_with(template, ids)).status_code
        if status != 401:
            wrong.append((method, template, status))
    for method, path in paths:
        for sent, status in (({}, 401), (media, 404), (bearer, 404)):
            for headers in ({}, {"If-None-Match": tags[path]}, {"If-None-Match": "*"}):
                asked += 1
                answer = site.ask(method, path, **sent, headers=headers)
                if answer.status_code != status or tags[path] in answer.headers.values():
                    wrong.append((method, path, answer.status_code))
    return asked, wrong


def findings() -> Iterator[Finding]:
    """Yield what the full counts find."""
    with keyed_site() as site:
        token = site.login().json()["token"]
        statuses = ask_with(site, forged_headers(token))
        refused = sum(status == 401 for _, status in statuses)
        yield Finding(
            "C10", f"{len(statuses)} forged headers", f"{refused} x 401",
            refused == len(statuses) >= 40,
        )  # fmt: skip
        statuses = ask_with(site, changed_claims(token))
        refused = sum(status == 401 for _, status in statuses)
        yield Finding(
            "C13", f"{len(statuses)} tokens with a claim dropped, of another type or value",
            f"{refused} x 401", refused == len(statuses),
        )  # fmt: skip
        now = int(site.clock.now().timestamp())
        shifted = list(shifted_times(token, now))
        right = sum(
            (site.ask("GET", ME, token=text).status_code == 200) == counts
            for _, text, counts in shifted
        )
        yield Finding(
            "C13", f"{len(shifted)} times shifted by 1 and 31 s, leeway 30 s",
            f"{right} as they should", right == len(shifted),
        )  # fmt: skip
        each = 1000 // len(CAUSES)
        stale = [found for cause in CAUSES for found in stale_successes(site, cause, each)]
        yield Finding(
            "C14", f"{each * len(CAUSES)} requests after {len(CAUSES)} ways to end a sign-in",
            f"{len(stale)} answered", not stale,
        )  # fmt: skip
    with (
        tempfile.TemporaryDirectory() as folder,
        running(multiuser_root(Path(folder) / "root")) as server,
    ):
        first_administrator(server)
        for by_command, limit, how in ((False, 1, "over HTTP"), (True, 5, "by a command")):
            for ending in endings(server, ENDING_CAUSES, by_command=by_command):
                yield Finding(
                    "C14",
                    f"{ending.cause} {how}",
                    f"{ending.stale} stale answers, stream closed within"
                    f" {max(0.01, ending.stream_seconds):.2f} s",
                    ending.stale == 0 and ending.stream_seconds <= limit,
                )
        rotated = rotate_beside(server, 200)
        yield Finding(
            "C11", f"{rotated.begun} live sign-ins after a rotation by a command",
            f"{rotated.after_rotation} go on", rotated.after_rotation == rotated.begun == 200,
        )  # fmt: skip
        yield Finding(
            "C11", "the same after a revocation",
            f"{rotated.after_revocation} go on; all refused within {rotated.seconds:.2f} s",
            rotated.after_revocation == 0,
        )  # fmt: skip
    with keyed_site() as site:
        alive = answered_after_sign_out(site)
        yield Finding(
            "C15", f"bearer token and media cookie on {len(protected(site))} routes after sign-out",
            f"{len(alive)} answered", not alive,
        )  # fmt: skip
    days = days_of_renewals(40)
    yield Finding("C16", "40 days of renewals", f"ended on day {days:.1f}", 29.5 <= days <= 30.25)
    works, sessions = sessions_after_renewals(100)
    yield Finding(
        "C16", "100 renewals at once", f"{works} tokens count, {sessions} session", sessions == 1
    )
    with keyed_site() as site:
        misused = misused_cookies(site)
        yield Finding(
            "C17", "cookies as bearer tokens, and alone on each changing route",
            f"{len(misused)} answered", not misused,
        )  # fmt: skip
    called, changed = rows_changed_by_reading()
    yield Finding(
        "C17", f"rows changed by {called} GET and HEAD routes", f"{len(changed)}", not changed
    )
    with keyed_site() as site:
        asked, wrong = seen_without_right(site)
        yield Finding(
            "C18", f"{asked} requests for bytes without a session, or after the grant was removed",
            f"{len(wrong)} answered", not wrong,
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(report(findings()))
