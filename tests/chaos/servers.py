"""The real server, killed, stopped, kept waiting and crowded, over HTTP (R1, R6, R12, R19, C44)."""

import os
import random
import signal
import socket
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import httpx

from invoke_apps.composition import build
from invoke_apps.config import load_settings
from invoke_core.domain.identifiers import ItemId
from invoke_core.domain.images import ImageQuery, ImageScope
from invoke_core.domain.principals import host_principal
from invoke_core.domain.queue import Job, JobQuery, JobStatus
from invoke_core.testing.builders import a_model, a_principal
from tests.chaos.databases import damage
from tests.chaos.nursery import Nursery
from tests.chaos.workers import HERE, Ground, Outcome
from tests.e2e.running import (
    PATIENCE,
    RunningServer,
    environment,
    first_administrator,
    multiuser_root,
    person,
    running_process,
    start,
)
from tests.e2e.server_events import Event, server_sent_events

QUEUE = "/api/v1/queue/default"
RUNNER = """
import ctypes
import os
import time
from invoke_core.testing.runner import FakeRunner

LIBRARIES = {"held": ctypes.PyDLL, "released": ctypes.CDLL}  # the interpreter, meanwhile

def before_step(request, step):
    what, _, place = request.prompt.partition(" ")
    if what in LIBRARIES and step == 2:
        try:
            os.mkdir(place)
        except FileExistsError:  # it hung before
            pass
        else:
            LIBRARIES[what](None).sleep(100_000)
    time.sleep(0.01)

def open_runner(device, *, precision="auto", memory=None):
    return FakeRunner(device, before_step=before_step)
"""
HUNG_AFTER_SECONDS = 3.0


class Place:
    """A root whose server has a runner without a device, on a port that stays."""

    def __init__(self, ground: Ground, **settings: Any) -> None:
        """Make the root; `settings` go into its invokeai.yaml."""
        folder = ground.folder
        if ground.url.startswith("sqlite"):
            settings["db_path"] = str(folder / "invokeai.db")
        else:
            settings["db_url"] = ground.url
        self.ground = ground
        plugin = folder / "plugin"
        information = plugin / "chaos_runner-1.dist-info"
        information.mkdir(parents=True)
        (plugin / "chaos_runner.py").write_text(RUNNER)
        (information / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: chaos-runner\nVersion: 1\n"
        )
        (information / "entry_points.txt").write_text(
            "[invoke.runners]\nchaos = chaos_runner:open_runner\n"
        )
        self.path = os.pathsep.join([str(plugin), str(HERE / "src")])
        chosen = {"runner": "chaos", "devices": ["cpu"], **settings}
        self.root = multiuser_root(folder / "root", **chosen)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"

    @contextmanager
    def serving(self, nursery: Nursery | None = None) -> Iterator[RunningServer]:
        """Run the server until the block ends; a nursery starts it sooner."""
        process: Any  # a `Forked` is used like a `Popen`
        if nursery is None:
            process = start(self.root, "--port", self.port, PYTHONPATH=self.path)
        else:
            arguments = ["--root", str(self.root), "--port", self.port]
            process = nursery.start(arguments, self.ground.folder / "said")
        with running_process(process, self.root) as server:
            yield server

    def nursery(self) -> Nursery:
        """Return what starts servers of this place."""
        return Nursery(environment(PYTHONPATH=os.pathsep.join([self.path, str(HERE)])))

    def begin(self) -> str:
        """Make the first administrator and a model; return a header that signs in."""
        with self.serving() as server:
            credential = str(first_administrator(server).headers["authorization"])
        with build(load_settings(self.root, environ={})) as app, app.database.writing() as work:
            a_model(work, name="Chaos")
        return credential

    def asking(self, credential: str) -> httpx.Client:
        """Return a client of the first administrator."""
        return httpx.Client(
            base_url=self.url,
            timeout=PATIENCE,
            headers={"Authorization": credential},
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def jobs(self) -> list[Job]:
        """Return every job, past the server."""
        with build(load_settings(self.root, environ={})) as app, app.database.reading() as work:
            return list(work.jobs.list(JobQuery(limit=None)).items)

    def wrong(self) -> tuple[str, ...]:
        """Return what does not hold of jobs, pictures and files, with no server running."""
        found = []
        with build(load_settings(self.root, environ={})) as app:
            report = app.doctor.examine(host_principal("chaos"), alone=True)
            # A half-written file of a killed process is named so that nobody takes it for a picture.
            grave = [f for f in report.findings if f.trouble.name not in {"UNTIDY", "NOT_REMOVED"}]
            found += [f"{each.count} × {each.trouble.value}" for each in grave]
            with app.database.reading() as work:
                jobs = work.jobs.list(JobQuery(limit=None)).items
                people = work.users.list(is_admin=True).items
                query = ImageQuery(scope=ImageScope.VISIBLE, limit=1_000_000)
                seen = work.images.list_visible(a_principal(people[0]), query).items
        rows = sorted(image.image_name for image in seen)
        if rows != sorted(name for job in jobs for name in job.image_names):
            found.append("the pictures are not those of the jobs, each once")
        if (verdict := damage(self.ground.url)) is not None:
            found.append(f"the database says {verdict}")
        return tuple(found)


def wish(origin: str, runs: int = 1, steps: int = 2, prompt: str = "a") -> dict[str, Any]:
    """Return the body of a submission."""
    generation = {"model": "Chaos", "prompt": prompt, "width": 16, "height": 16, "steps": steps}
    return {"batch": {"generation": generation, "runs": runs, "origin": origin}}


def submit(
    client: httpx.Client, key: str, runs: int = 1, steps: int = 2, prompt: str = "a"
) -> httpx.Response:
    """Send a submission with its key."""
    body = wish(key, runs, steps, prompt)
    return client.post(f"{QUEUE}/enqueue_batch", json=body, headers={"Idempotency-Key": key})


def same_key(ground: Ground, count: int) -> Outcome:
    """Send one submission so many times at once (C44)."""
    place = Place(ground, workers="external")
    credential = place.begin()
    with place.serving():
        gate = threading.Barrier(count)

        def one(_: int) -> httpx.Response:
            with place.asking(credential) as client:
                gate.wait(PATIENCE)
                return submit(client, "the-same-key")

        with ThreadPoolExecutor(count) as pool:
            answers = list(pool.map(one, range(count)))
    jobs = place.jobs()
    wrong = []
    if len(jobs) != 1:
        wrong.append(f"there are {len(jobs)} jobs")
    if len({answer.text for answer in answers}) != 1 or {a.status_code for a in answers} != {201}:
        wrong.append(f"answers differ: {Counter(answer.status_code for answer in answers)}")
    return Outcome(f"{len(jobs)} job, {len({a.text for a in answers})} answer", tuple(wrong))


class Clients:
    """People who submit with keys, and try again until they are answered."""

    def __init__(self, place: Place, credential: str, count: int) -> None:
        """Begin at once."""
        self.acknowledged: dict[str, list[int]] = {}
        self.refused: Counter[int] = Counter()
        self.without_word = 0  # refusals that do not say when to come again
        self.seconds: list[float] = []  # of each answer
        self._place, self._credential = place, credential
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._submit, args=(n,)) for n in range(count)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let everybody get their last answer."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _submit(self, number: int) -> None:
        turn = 0
        with self._place.asking(self._credential) as client:
            while not self._stopping.is_set():
                key, turn = f"{number}/{turn}", turn + 1
                while not self._is_answered(client, key):
                    time.sleep(0.1)
                self._stopping.wait(0.3)

    def _is_answered(self, client: httpx.Client, key: str) -> bool:
        began = time.monotonic()
        try:
            answer = submit(client, key)
        except httpx.TransportError:
            return False
        with self._lock:
            self.seconds.append(time.monotonic() - began)
            if answer.status_code == 201:
                self.acknowledged[key] = answer.json()["item_ids"]
                return True
            self.refused[answer.status_code] += 1
            self.without_word += "retry-after" not in answer.headers
        return False

    def wrong(self, jobs: list[Job]) -> list[str]:
        """Return what does not hold of what was acknowledged."""
        known = {job.item_id for job in jobs}
        by_key: Counter[str | None] = Counter(job.origin for job in jobs)
        missing = sum(i not in known for ids in self.acknowledged.values() for i in ids)
        doubled = sum(by_key[key] != len(ids) for key, ids in self.acknowledged.items())
        found = []
        if missing:
            found.append(f"{missing} acknowledged jobs are lost")
        if doubled:
            found.append(f"{doubled} submissions are not in the queue exactly once")
        return found


def killed_server(ground: Ground, kills: int, *, clients: int = 50, seed: int = 1) -> Outcome:
    """Kill the server at so many random moments while people submit with keys (R1)."""
    chance = random.Random(seed)
    place = Place(ground)
    credential = place.begin()
    crowd = Clients(place, credential, clients)
    with place.nursery() as nursery:
        for _ in range(kills):
            with place.serving(nursery) as server:
                time.sleep(chance.uniform(0.0, 1.5))
                server.kill()
    with place.serving():
        crowd.stop()
        with place.asking(credential) as client:
            _until_idle(client)
    jobs = place.jobs()
    wrong = [*crowd.wrong(jobs), *place.wrong()]
    ends = Counter(job.error_type or job.status.value for job in jobs)
    if any(not job.status.is_final for job in jobs):
        wrong.append("not every job has ended")
    told = f"{len(crowd.acknowledged):,} submissions acknowledged; {dict(ends)}"
    return Outcome(told, tuple(wrong))


def _until_idle(client: httpx.Client) -> None:
    deadline = time.monotonic() + 5 * PATIENCE
    while time.monotonic() < deadline:
        queue = client.get(f"{QUEUE}/status").json()["queue"]
        if not queue["pending"] and not queue["in_progress"]:
            return
        time.sleep(0.2)


def stopped_server(ground: Ground, stops: int, *, seed: int = 1) -> Outcome:
    """Ask the server to stop (SIGTERM) at so many random moments of its work (R12)."""
    chance = random.Random(seed)
    place = Place(ground)
    credential = place.begin()
    codes: Counter[int] = Counter()
    slowest, wrong, held = 0.0, [], 0
    with place.nursery() as nursery:
        for number in range(stops):
            with place.serving(nursery) as server, place.asking(credential) as client:
                assert submit(client, f"stop-{number}", runs=20, steps=3).status_code == 201
                time.sleep(chance.uniform(0.0, 3.0))
                began = time.monotonic()
                server.process.send_signal(signal.SIGTERM)
                codes[server.process.wait(PATIENCE)] += 1
                slowest = max(slowest, time.monotonic() - began)
            held += sum(job.status is JobStatus.IN_PROGRESS for job in place.jobs())
    if set(codes) != {0}:
        wrong.append(f"exit codes {dict(codes)}")
    if slowest > 30:
        wrong.append("a stop took over 30 s")
    if held:
        wrong.append(f"{held} jobs were neither finished nor given back")
    with place.serving(), place.asking(credential) as client:
        _until_idle(client)
    jobs = place.jobs()
    ends = Counter(job.error_type or job.status.value for job in jobs)
    if set(ends) != {"completed"} or {job.attempts for job in jobs} != {1}:
        wrong.append(f"{dict(ends)}, attempts {Counter(job.attempts for job in jobs)}")
    told = f"exit codes {dict(codes)}, slowest {slowest:.1f} s; {dict(ends)}"
    return Outcome(told, (*wrong, *place.wrong()))


def hung_workers(ground: Ground, hangs: int) -> Outcome:
    """Let a worker's runner hang in native code so many times, beside a worker that does not (R11).

    In turns the interpreter is held, so that the worker stops beating, and released, so that it beats on.
    """
    place = Place(ground, devices=["cpu", "cpu:1"], hung_after_seconds=HUNG_AFTER_SECONDS)
    credential = place.begin()
    slowest = 0.0
    bad: list[int] = []
    with place.serving(), place.asking(credential) as client:
        submit(client, "warm", runs=20)  # both workers are there from now on
        _until_idle(client)
        for number in range(hangs):
            how = ("held", "released")[number % 2]
            prompt = f"{how} {ground.folder / f'hung-{number}'}"
            bad += submit(client, f"bad-{number}", steps=3, prompt=prompt).json()["item_ids"]
            submit(client, f"good-{number}", runs=100, steps=5)
            began = time.monotonic()
            _until(client, bad[-1], "completed")
            slowest = max(slowest, time.monotonic() - began)
        _until_idle(client)
    jobs = {job.item_id: job for job in place.jobs()}
    wrong = []
    if any(jobs[ItemId(i)].attempts != 2 for i in bad):
        wrong.append("a job that hung was not run a second time")
    if {job.attempts for i, job in jobs.items() if i not in bad} != {1}:
        wrong.append("a job of another worker was begun twice")
    if slowest > 90:
        wrong.append(f"a job that hung came back after {slowest:.0f} s")
    ends = Counter(job.error_type or job.status.value for job in jobs.values())
    if set(ends) != {"completed"}:
        wrong.append("a job did not complete")
    told = f"{hangs} hung, the slowest was done after {slowest:.1f} s; {dict(ends)}"
    return Outcome(told, (*wrong, *place.wrong()))


def _until(client: httpx.Client, item_id: int, status: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if client.get(f"{QUEUE}/i/{item_id}").json()["status"] == status:
            return
        time.sleep(0.1)
    raise AssertionError(f"job {item_id} was never {status}")


def busy_database(ground: Ground, seconds: int, *, clients: int = 8) -> Outcome:
    """Let another process hold the write lock for so long while people submit (R6)."""
    place = Place(ground, workers="external")
    credential = place.begin()
    with place.serving():
        crowd = Clients(place, credential, clients)
        time.sleep(1.0)
        connection = sqlite3.connect(
            ground.folder / "invokeai.db", isolation_level=None, timeout=PATIENCE
        )
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)  # what the foreign process does
        connection.execute("ROLLBACK")
        connection.close()
        time.sleep(1.0)
        crowd.stop()
    wrong = crowd.wrong(place.jobs())
    if set(crowd.refused) - {503}:
        wrong.append(f"answers other than 201 and 503: {dict(crowd.refused)}")
    if crowd.without_word:
        wrong.append(f"{crowd.without_word} refusals had no Retry-After")
    if seconds <= 3 and crowd.refused:
        wrong.append(f"{crowd.refused.total()} were refused")
    slowest = max(crowd.seconds)
    if seconds <= 3 and slowest > seconds + 1.5:
        wrong.append(f"an answer took {slowest:.1f} s")
    told = f"{len(crowd.acknowledged):,} acknowledged, {crowd.refused[503]} × 503, slowest {slowest:.1f} s"
    return Outcome(told, tuple(wrong))


def dropped_streams(ground: Ground, drops: int, *, seed: int = 1) -> Outcome:
    """Drop an event connection after a few events, again and again, and take it up where it broke (R19)."""
    chance = random.Random(seed)
    place = Place(ground)
    place.begin()
    told: dict[int, str] = {}
    seen = resyncs = 0
    with place.serving() as server:
        ada = person(server, "admin@example.com")
        with ada.stream("GET", f"{QUEUE}/events") as stream:  # from the beginning of what happens
            submit(ada, "first", runs=10)
            event = next(each for each in _events(stream) if each.id is not None)
            _follow(event, told)
            last = event.id or ""
        for number in range(drops):
            with _listening(ada, last) as events:
                for turn in range(chance.randint(1, 4)):
                    if _is_idle(ada):  # something shall happen while somebody listens
                        submit(ada, f"more-{number}-{turn}", runs=chance.randint(1, 3))
                    event = next(each for each in events if each.id is not None)
                    seen, last = seen + 1, event.id or ""
                    resyncs += event.name == "resync"
                    _follow(event, told)
        _until_idle(ada)
        items = {i["item_id"]: i["status"] for i in _all_items(ada)}
        with _listening(ada, last) as events:
            (end,) = submit(ada, "the-end").json()["item_ids"]
            while told.get(end) != "completed":  # whatever happened before it was told before it
                _follow(next(events), told)
    wrong = [f"{len(bad)} jobs are known wrongly"] if (bad := _differing(items, told)) else []
    if set(items.values()) != {"completed"}:
        wrong.append(f"jobs ended otherwise: {Counter(items.values())}")
    if resyncs:
        wrong.append(f"{resyncs} times everything had to be read again")
    return Outcome(f"{drops} drops, {seen:,} events, {len(items):,} jobs followed", tuple(wrong))


@contextmanager
def _listening(client: httpx.Client, last: str) -> Iterator[Iterator[Event]]:
    """Take the events up after this one, until the block ends."""
    headers = {"Last-Event-ID": last}
    with client.stream("GET", f"{QUEUE}/events", headers=headers) as stream:
        yield _events(stream)


def _differing(real: dict[int, str], told: dict[int, str]) -> list[int]:
    return [item_id for item_id, status in real.items() if told.get(item_id) != status]


def _is_idle(client: httpx.Client) -> bool:
    """Return whether nothing more will happen by itself."""
    queue = client.get(f"{QUEUE}/status").json()["queue"]
    return not queue["pending"] and not queue["in_progress"]


def _all_items(client: httpx.Client) -> list[dict[str, Any]]:
    ids = client.get(f"{QUEUE}/item_ids").json()["item_ids"]
    found: list[dict[str, Any]] = []
    for begin in range(0, len(ids), 500):
        body = {"item_ids": ids[begin : begin + 500]}
        found += client.post(f"{QUEUE}/items_by_ids", json=body).json()
    return found


def _follow(event: Event, told: dict[int, str]) -> None:
    if event.name == "queue_item_status_changed":
        told[event.body["item_id"]] = event.body["status"]


def _events(stream: httpx.Response) -> Iterator[Event]:
    with suppress(httpx.StreamClosed):
        yield from server_sent_events(stream.iter_lines())
