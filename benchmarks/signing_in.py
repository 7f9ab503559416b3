"""Whether wrong sign-ins tell nothing, and are few: `python -m benchmarks.signing_in` (C5, C6, C18b).

The tests run the same with counts that take seconds.
"""

import asyncio
import itertools
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import attrs
import httpx
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from benchmarks.asking import Asker, p99
from benchmarks.findings import Finding, report
from invoke_adapters.passlib_bcrypt import PasslibBcryptHasher
from invoke_apps.composition import in_memory
from invoke_apps.settings import Settings
from invoke_apps.web.app import create_app
from invoke_core.domain.sign_in import Client
from invoke_core.errors import TooMany, Unauthenticated
from invoke_core.ports.hashing import PasswordHasher
from invoke_core.services.users import UserChanges
from invoke_core.testing.fakes import FixedClock
from invoke_core.testing.one_time_codes import code_at
from tests.e2e.running import PASSWORD as SERVER_PASSWORD
from tests.e2e.running import PATIENCE, command, multiuser_root, person, running
from tests.unit.accounts import HOST, PASSWORD, QuickHasher, open_accounts

LOGIN = "/api/v1/auth/login"
PROXY = "10.0.0.1"
REQUEST_ID = {"X-Request-ID": "fixed"}
PAUSE = 0.02  # seconds between two requests of a person's page
HASH_SECONDS = 0.25  # what a sign-in takes at cost 12


@attrs.frozen
class Door:
    """The web application, and how somebody at an address knocks."""

    app: Any
    web: Any
    behind_proxy: Any
    clock: FixedClock

    def knock(
        self,
        email: str,
        password: str,
        *,
        address: str,
        headers: Mapping[str, str] | None = None,
        by_proxy: bool = False,
    ) -> httpx.Response:
        """Return the answer to a sign-in from an address."""
        app = self.behind_proxy if by_proxy else self.web
        transport = httpx.ASGITransport(app, client=(address, 1))

        async def asked() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=transport, base_url="http://localhost"
            ) as client:
                body = {"email": email, "password": password}
                return await client.post(
                    LOGIN, json=body, headers={**REQUEST_ID, **(headers or {})}
                )

        return asyncio.run(asked())


@contextmanager
def open_door(hasher: PasswordHasher) -> Iterator[Door]:
    """Yield a door of a fresh application in memory."""
    with tempfile.TemporaryDirectory() as folder:
        clock = FixedClock()
        settings = Settings(root=Path(folder), multiuser=True, max_requests_per_minute=None)
        with in_memory(settings, clock=clock, hasher=hasher) as app:
            web = create_app(app)
            yield Door(app, web, ProxyHeadersMiddleware(web, [PROXY]), clock)


# C5

KINDS = ("unknown", "wrong password", "disabled, wrong password")
ACCOUNTS = 4  # of each kind: one alone is closed after a hundred failures


@attrs.frozen
class Alike:
    """How much the answers to three kinds of wrong sign-ins differ."""

    answers: int  # different ones, status, headers and body taken together
    ratio: float  # of medians, the one that is farthest from 1
    area: float  # under the ROC curve, the one that is farthest from 0.5; 0.5 tells nothing


def compare_answers(samples: int, *, rounds: int) -> Alike:
    """Try each kind so many times, in turns whose order is drawn."""
    rng = random.Random(5)
    with open_door(PasslibBcryptHasher(rounds=rounds)) as door:
        for number in range(ACCOUNTS):
            door.app.users.create(HOST, email=f"wrong{number}@example.com", password=PASSWORD)
            disabled = door.app.users.create(
                HOST, email=f"disabled{number}@example.com", password=PASSWORD
            )
            gone = UserChanges(is_active=False)
            door.app.users.update(HOST, disabled.user.user_id, gone)
        names = dict(zip(KINDS, ("nobody", "wrong", "disabled"), strict=True))
        seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
        answers = set()
        for number in range(samples + 5):
            for kind in rng.sample(KINDS, len(KINDS)):
                email = f"{names[kind]}{number % ACCOUNTS}@example.com"
                address = f"10.{number >> 8 & 255}.{number & 255}.{KINDS.index(kind) + 1}"
                began = time.perf_counter()
                answer = door.knock(email, "Wrong-7-Password", address=address)
                if number >= 5:  # the first ones load modules
                    seconds[kind].append(time.perf_counter() - began)
                headers = tuple(answer.headers.multi_items())
                answers.add((answer.status_code, headers, answer.content))
    pairs = [(a, b) for a in KINDS for b in KINDS if a < b]
    medians = {kind: statistics.median(found) for kind, found in seconds.items()}
    ratios = [medians[a] / medians[b] for a, b in pairs]
    areas = [_area(seconds[a], seconds[b]) for a, b in pairs]
    return Alike(
        answers=len(answers),
        ratio=max(ratios, key=lambda ratio: abs(ratio - 1)),
        area=max(areas, key=lambda area: abs(area - 0.5)),
    )


def _area(one: Sequence[float], other: Sequence[float]) -> float:
    """Return how often a value of one is above a value of the other (Mann-Whitney)."""
    return sum((a > b) + (a == b) / 2 for a in one for b in other) / (len(one) * len(other))


# C6


@attrs.frozen
class Siege:
    """What became of many wrong sign-ins to one account."""

    tries: int
    verified: int  # passwords that were compared
    owner_got_in: int  # of ten tries from a known device, after all of them


def besiege(tries: int) -> Siege:
    """Try wrong passwords within ten minutes, each from an address of its own: the worst case."""
    hasher = QuickHasher()
    with open_door(hasher) as door:
        door.app.users.create(HOST, email="owner@example.com", password=PASSWORD)
        first = door.knock("owner@example.com", PASSWORD, address="192.0.2.1")
        device = {"Cookie": f"invoke_device={first.cookies['invoke_device']}"}
        before = len(hasher.compared)
        for number in range(tries):
            door.knock("owner@example.com", "wrong", address=f"2001:db8:{number:x}::1")
            door.clock.advance(600 / tries)
        verified = len(hasher.compared) - before
        got_in = [
            door.knock("owner@example.com", PASSWORD, address="192.0.2.1", headers=device)
            for _ in range(10)
        ]
    return Siege(tries, verified, sum(answer.status_code == 200 for answer in got_in))


def spoof(tries: int, *, by_proxy: bool) -> list[int]:
    """Try wrong passwords with a new X-Forwarded-For each; return the statuses.

    Args:
        tries: how many.
        by_proxy: a trusted proxy adds the true address behind the one that was made up.
    """
    statuses = []
    with open_door(QuickHasher()) as door:
        for number in range(tries):
            made_up = f"198.51.{number >> 8}.{number & 255}"
            forwarded = f"{made_up}, 203.0.113.9" if by_proxy else made_up
            answer = door.knock(
                "person@example.com",
                "wrong",
                address=PROXY if by_proxy else "203.0.113.9",
                by_proxy=by_proxy,
                headers={"X-Forwarded-For": forwarded, "X-Real-IP": made_up},
            )
            statuses.append(answer.status_code)
    return statuses


@attrs.frozen
class Load:
    """How long others wait for the answer to `GET me`, in milliseconds."""

    sign_ins: int  # that came meanwhile, each with a hash at cost 12
    idle_p99: float
    busy_p99: float


def beside_sign_ins(*, asks: int, clients: int, pause: float) -> Load:
    """Measure a real server, first alone and then while wrong sign-ins come through a trusted proxy.

    Each sign-in is of an address and to an account of its own, so that none is refused before its password is
    compared.

    Args:
        asks: how many answers are measured, each time.
        clients: how many sign in at once.
        pause: seconds that each of them waits before the next.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        running(
            multiuser_root(
                Path(folder) / "root", bcrypt_rounds=12, trusted_proxies=["127.0.0.1", "::1"]
            )
        ) as server,
    ):
        email = "person@example.com"  # by the command: behind a proxy the setup asks for its code
        command(server, "invoke-useradd", "--email", email, "--password", SERVER_PASSWORD)
        me = person(server, email)
        idle = Asker(server, me, pause=PAUSE).latencies(at_least=asks)
        numbers, stop = itertools.count(), threading.Event()

        def sign_in() -> None:
            with httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
                while not stop.wait(pause):
                    number = next(numbers)
                    answer = client.post(
                        LOGIN,
                        json={"email": f"nobody{number}@example.com", "password": "wrong"},
                        headers={"X-Forwarded-For": f"2001:db8:{number:x}::1"},
                    )
                    assert answer.status_code == 401, answer.text

        with ThreadPoolExecutor(clients) as pool:
            working = [pool.submit(sign_in) for _ in range(clients)]
            busy = Asker(server, me, pause=PAUSE).latencies(at_least=asks)
            stop.set()
        for one in working:
            one.result()
    return Load(next(numbers), p99(idle), p99(busy))


# C18b

ADDRESSES = 1000


@attrs.frozen
class Guesses:
    """What became of many guesses of a second factor by somebody who knows the password."""

    tries: int
    compared: int
    got_in: int


class _Counting:
    """Codes that count how often they are compared."""

    def __init__(self, codes: Any) -> None:
        self._codes = codes
        self.compared = 0

    def match(self, *arguments: Any, **changes: Any) -> int | None:
        self.compared += 1
        found: int | None = self._codes.match(*arguments, **changes)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._codes, name)


def guess_codes(tries: int) -> Guesses:
    """Guess within a day, from a thousand addresses in turn."""
    accounts = open_accounts()
    accounts.person()
    who = accounts.who(accounts.login().token)
    enrolment = accounts.second_factor.enroll(who)
    accounts.second_factor.confirm(who, code_at(enrolment.secret, accounts.clock.now()))
    counting = _Counting(accounts.sign_in.codes)
    sign_in = attrs.evolve(accounts.sign_in, codes=counting)
    rng, got_in = random.Random(18), 0
    for number in range(tries):
        client = Client(address=f"2001:db8:0:{number % ADDRESSES:x}::1")
        with suppress(Unauthenticated, TooMany):
            sign_in.login(
                client,
                email="person@example.com",
                password=PASSWORD,
                code=f"{rng.randrange(10**6):06}",
            )
            got_in += 1
        accounts.clock.advance(80_000 / tries)
    return Guesses(tries, counting.compared, got_in)


def findings() -> Iterator[Finding]:
    """Yield what the full counts find."""
    alike = compare_answers(300, rounds=10)  # a cheaper hash hides less of what else differs
    yield Finding(
        "C5",
        "300 samples each of unknown, wrong, disabled with a wrong password: different answers",
        f"{alike.answers}",
        alike.answers == 1,
    )
    yield Finding(
        "C5", "ratio of their median times", f"{alike.ratio:.3f}", 0.9 <= alike.ratio <= 1.1
    )
    yield Finding("C5", "area under the curve", f"{alike.area:.2f}", abs(alike.area - 0.5) <= 0.1)
    siege = besiege(1000)
    yield Finding(
        "C6",
        "1,000 wrong sign-ins to an account in ten minutes, from as many addresses",
        f"{siege.verified} compared",
        siege.verified <= 100,
    )
    yield Finding(
        "C6", "its owner after that, on a known device", f"{siege.owner_got_in} of 10 got in",
        siege.owner_got_in == 10,
    )  # fmt: skip
    for by_proxy, how in ((False, "without a proxy"), (True, "through a trusted proxy")):
        statuses = spoof(500, by_proxy=by_proxy)
        passed = statuses.count(401)
        yield Finding(
            "C6",
            f"500 made-up X-Forwarded-For {how}",
            f"{passed} looked at, {statuses.count(429)} refused",
            statuses == [401] * 10 + [429] * 490,
        )
    for what, clients, pause in (
        ("wrong sign-ins as fast as 1,000 in ten minutes", 1, 0.6 - HASH_SECONDS),
        ("20 people who sign in again and again", 20, 0.0),
    ):
        load = beside_sign_ins(asks=2000, clients=clients, pause=pause)
        yield Finding(
            "C6",
            f"99th percentile of `GET me` beside {what} ({load.sign_ins} hashes at cost 12)",
            f"{load.busy_p99:.1f} ms; {load.idle_p99:.1f} ms idle",
            load.busy_p99 < 2 * load.idle_p99,
        )
    guesses = guess_codes(50_000)
    yield Finding(
        "C18b",
        f"{guesses.tries:,} guesses of a code within a day, the password known",
        f"{guesses.compared} compared, {guesses.got_in} got in",
        guesses.compared <= 100,
    )


if __name__ == "__main__":
    sys.exit(report(findings()))
