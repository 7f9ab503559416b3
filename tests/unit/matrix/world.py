"""The server of the matrix: every application over one memory, which is put back after each request.

The state in memory is replaced whole by every commit, so keeping one and putting it back costs nothing: all
cells share one world.
"""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import attrs
import httpx

from invoke_adapters.memory import MemoryAuditHeads, MemoryDatabase, MemoryProgressStore
from invoke_adapters.memory.state import State
from invoke_adapters.memory.storage import MemoryImageStorage
from invoke_apps.application import Application
from invoke_apps.composition import in_memory
from invoke_apps.settings import Settings
from invoke_apps.web.app import WebApp, create_app
from invoke_apps.web.events import Alarm
from invoke_apps.web.interface import Interface
from invoke_core.domain.boards import BoardChanges, Permission, Visibility
from invoke_core.domain.generation import GenerationWish
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.identities import ProviderRules, Vouched
from invoke_core.domain.images import ImageCategory, ImageChanges
from invoke_core.domain.models import ModelType
from invoke_core.domain.principals import Principal, Scope, host_principal
from invoke_core.domain.progress import Progress
from invoke_core.domain.queue import BatchWish, WorkerRecord
from invoke_core.domain.second_factor import SecondFactorPolicy
from invoke_core.domain.shelves import Shelf
from invoke_core.domain.sign_in import Client
from invoke_core.domain.style_presets import PresetText
from invoke_core.domain.transfers import TransferWish
from invoke_core.ports.unit_of_work import Database
from invoke_core.services.single_sign_on import CodeWanted, Provider
from invoke_core.services.style_presets import PresetWish
from invoke_core.services.users import UserChanges
from invoke_core.testing.builders import a_model
from invoke_core.testing.fakes import FakeRandomness, FixedClock
from invoke_core.testing.pictures import a_png
from tests.unit.accounts import QuickHasher
from tests.unit.matrix.principals import ADMINISTRATORS, PEOPLE, PRINCIPALS

HOST = host_principal("root")
HERE = Client(address="127.0.0.1", user_agent="matrix", is_loopback=True)
PASSWORD = "Zebra-Quartz-71"
NEW_PASSWORD = "Walnut-Ferry-2289"
PICTURE = a_png(4, 3, bytes(36))
PROMPT = "a canary on a red wall"
NOTE = "canary: what administrators say of the owner"
BATCH_LABEL = "canary-destination"
SUBMISSION = "canary-submission"  # the word under which the owner asked for the waiting job
FILES = {
    "picture": ("picture.png", PICTURE, "image/png"),
    "another": ("another.png", a_png(4, 3, bytes([255] * 36)), "image/png"),
    "presets": ("presets.csv", b"name,prompt,negative_prompt\nNew preset,a,b\n", "text/csv"),
}
LINK_PASSWORD = "canary sesame"

_LONG = re.compile(r"[A-Za-z0-9_/+-]{20,}")  # what may be a secret in a file


class _Company:
    """A provider that vouches for whoever's address comes in place of its code."""

    def sign_in_address(self, callback: str, handshake: Any) -> str:
        return f"https://id.example.com/?{handshake.state}"

    def vouch(self, callback: str, handshake: Any, answer: Mapping[str, str], now: Any) -> Vouched:
        email = answer["code"]
        claims = {"email": email, "email_verified": True}
        return Vouched(issuer="https://id.example.com", subject=email, id_token=claims, userinfo={})

    def sign_out_address(self, back: str) -> str:
        return f"https://id.example.com/end?back={back}"


@attrs.frozen
class _Host:
    """The sign-in service of an application that takes everybody for the host's command line."""

    real: Any

    def authenticate(self, *_: object, **__: object) -> tuple[Principal, None]:
        return HOST, None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class _OneLook(Alarm):
    """Lets an event stream look once for what there is to tell, and end."""

    def listen(self, user_id: UserId) -> asyncio.Event:
        self.stopping = False
        alarm = self

        class Rung(asyncio.Event):
            async def wait(self) -> Literal[True]:
                alarm.stopping = True
                return True

        return Rung()


@attrs.frozen
class Site:
    """One application on the shared memory, and a client without cookies of its own.

    It is asked in the event loop that it lives in: a client in another thread costs several times as much.
    """

    app: Application
    web: WebApp
    client: httpx.AsyncClient
    loop: asyncio.Runner

    def ask(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """Return the answer to a request with these headers alone."""
        self.client.cookies.clear()
        answer = self.loop.run(self.client.request(method, path, **sent))
        self.client.cookies.clear()
        return answer

    def forget(self) -> None:
        """Forget what services remember outside the database."""
        app = self.app
        looking = (app.boards, app.images, app.bin, app.downloads, app.queue, app.workflows)
        for service in (*looking, app.style_presets, app.access):
            service.looks._noted.clear()
        refusing = (app.sign_in.refused, app.single_sign_on.refused, app.board_links.failures)
        for remembered in (*refusing, app.sign_in.seen):
            remembered._noted.clear()


@attrs.frozen
class Memory:
    """All that is kept, at one moment."""

    state: State
    contents: Mapping[Any, bytes]
    head: Any

    def differences(self, other: "Memory") -> list[str]:
        """Return the names of the tables that differ."""
        if self.state is other.state and self.contents == other.contents:
            return []
        names = [field.name for field in attrs.fields(State)]
        found = [n for n in names if getattr(self.state, n) != getattr(other.state, n)]
        return found + (["contents"] if self.contents != other.contents else [])


@attrs.define
class World:
    """The sites, what the principals send, and what the requests name."""

    database: Any  # the memory, or what was passed in
    storage: MemoryImageStorage
    heads: MemoryAuditHeads
    clock: FixedClock
    root: Path
    sites: Mapping[str, Site]  # by principal; every other one asks `multiuser`
    sent: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    things: dict[str, Any] = attrs.field(factory=dict)
    secrets: dict[str, str] = attrs.field(factory=dict)  # what no answer may hold, by what it is
    user_ids: dict[str, str] = attrs.field(factory=dict)
    models_path: str = ""
    memory: Memory | None = None

    def site(self, principal: str) -> Site:
        return self.sites.get(principal, self.sites["multiuser"])

    @property
    def app(self) -> Application:
        return self.sites["multiuser"].app

    def now(self) -> Memory:
        """Return all that is kept at present."""
        return Memory(self.database._state, dict(self.storage._contents), self.heads._head)

    def restore(self) -> None:
        """Put everything back as it was when the world was ready."""
        assert self.memory is not None
        self.database._state = self.memory.state
        if self.storage._contents != self.memory.contents:
            self.storage._contents.clear()
            self.storage._contents.update(self.memory.contents)
        self.heads._head = self.memory.head
        for site in self.sites.values():
            site.forget()

    def ask(
        self, principal: str, method: str, path: str, *, params: Any = None, **sent: Any
    ) -> httpx.Response:
        """Return the answer that a principal gets; `params`, `json`, … as in httpx."""
        own = dict(self.sent[principal])
        mine, added = own.pop("headers", {}), sent.pop("headers", {})
        headers = {**mine, **added}
        if "Cookie" in mine and "Cookie" in added:
            headers["Cookie"] = f"{mine['Cookie']}; {added['Cookie']}"
        params = {**(params or {}), **own.pop("params", {})}
        return self.site(principal).ask(
            method, path, params=params or None, headers=headers, **own, **sent
        )

    def who(self, name: str) -> Principal:
        """Return a person as the services see them, while their first token counts."""
        token = self.sent[name]["headers"]["Authorization"].removeprefix("Bearer ")
        return self.app.sign_in.authenticate(token, "127.0.0.1")[0]


@contextmanager
def open_world(root: Path, *, kept: Database | None = None) -> Iterator[World]:
    """Yield a world with everybody and everything in it.

    Args:
        root: the root folder.
        kept: a database in place of the memory; what is changed in it cannot be put back.
    """
    database, storage = kept or MemoryDatabase(), MemoryImageStorage()
    clock, heads = FixedClock(), MemoryAuditHeads()
    shared = {
        "database": database,
        "storage": storage,
        "clock": clock,
        "heads": heads,
        "hasher": QuickHasher(),
        "progress": MemoryProgressStore(),
        "providers": {
            "company": Provider(ProviderRules(name="company", label="Company"), _Company())
        },
        "randomness": FakeRandomness(),
    }
    plain = Settings(root=root, multiuser=True, workers="external", max_requests_per_minute=None)
    every = SecondFactorPolicy.EVERYONE
    with ExitStack() as opened:
        loop = opened.enter_context(asyncio.Runner())

        def site(settings: Settings, *, vouched: bool = False) -> Site:
            app = opened.enter_context(in_memory(settings, **shared))
            if vouched:
                app = attrs.evolve(app, sign_in=_Host(app.sign_in))
            web = create_app(app, built=INTERFACE)
            life = _Life(web)
            client = loop.run(life.begin())
            opened.callback(lambda: loop.run(life.end()))
            web.edge.inner.state["alarm"] = _OneLook()  # type: ignore[attr-defined]
            return Site(app, web, client, loop)

        world = World(
            database=database,
            storage=storage,
            heads=heads,
            clock=clock,
            root=root,
            sites={
                "multiuser": site(plain),
                "single_user": site(attrs.evolve(plain, multiuser=False)),
                "host": site(plain, vouched=True),
                "must_enroll": site(attrs.evolve(plain, require_second_factor=every)),
            },
        )
        _people(world)
        _content(world)
        _ended(world)
        if isinstance(database, MemoryDatabase):
            _secrets(world)
            world.memory = world.now()
        for each in world.sites.values():
            each.forget()
        assert set(world.sent) == set(PRINCIPALS) | {"logged_out"}
        yield world


INTERFACE = Interface(
    "<html>", dict.fromkeys(["app.js", "favicon.svg"], Path(__file__).with_name("__init__.py"))
)


@attrs.define
class _Life:
    """An application that has started; it is started and stopped in one task, as its parts demand."""

    web: WebApp
    client: httpx.AsyncClient = attrs.field(init=False)
    _ready: asyncio.Event = attrs.field(factory=asyncio.Event)
    _over: asyncio.Event = attrs.field(factory=asyncio.Event)
    _task: Any = None

    async def begin(self) -> httpx.AsyncClient:
        self._task = asyncio.create_task(self._live())
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait([self._task, ready], return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            self._task.result()
        return self.client

    async def end(self) -> None:
        self._over.set()
        await self._task

    async def _live(self) -> None:
        transport = httpx.ASGITransport(self.web)
        async with (
            self.web.edge.inner.lifespan(),  # type: ignore[attr-defined]
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as self.client,
        ):
            self._ready.set()
            await self._over.wait()


def _bearer(token: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {token}"}}


def _people(world: World) -> None:
    """Make the accounts; sign them in; make keys and cookies."""
    app = world.app
    for name in PEOPLE:
        user = app.users.create(
            HOST,
            email=f"{name}@example.com",
            password=PASSWORD,
            display_name=f"Person {name}",
            is_admin=name in ADMINISTRATORS,
            must_change_password=name == "must_change",
        ).user
        world.user_ids[name] = world.things[f"user:{name}"] = user.user_id
    world.sent["anonymous"] = {}
    world.sent["garbage"] = _bearer("garbage.garbage.garbage")
    world.sent["single_user"] = {}
    world.sent["host"] = _bearer("vouched")
    for name in PEOPLE:
        if name in PRINCIPALS:
            world.sent[name] = _bearer(_login(world, name).json()["token"])
    later = world.clock.now() + timedelta(days=1)
    for name, scope in (("read", Scope.READ), ("generate", Scope.GENERATE), ("full", Scope.FULL)):
        for account, prefix in (("owner", ""), ("admin", "admin_")):
            end = later if scope is Scope.FULL else None
            made = app.api_keys.create(
                world.who(account), name=f"{name} key", scope=scope, expires_at=end
            )
            world.sent[f"{prefix}key_{name}"] = _bearer(made.text)
            world.secrets[f"{prefix}key_{name}"] = made.text
            world.things["key"] = made.key.key_id if not prefix else world.things["key"]
    cookies = _cookies(_login(world, "owner", session="cookie"))
    csrf = cookies["invoke_csrf"]
    jar = {"Cookie": f"invoke_session={cookies['invoke_session']}; invoke_csrf={csrf}"}
    world.sent["cookie"] = {"headers": jar | {"X-CSRF-Token": csrf}}
    bare = _cookies(_login(world, "admin", session="cookie"))
    alone = f"invoke_session={bare['invoke_session']}; invoke_csrf={bare['invoke_csrf']}"
    world.sent["cookie_alone"] = {"headers": {"Cookie": alone}}
    world.sent["media"] = {"headers": {"Cookie": f"invoke_media={cookies['invoke_media']}"}}
    world.sent["must_enroll"] = world.sent["owner"]
    brief = world.clock.now() + timedelta(seconds=1)
    made = app.api_keys.create(world.who("owner"), name="brief", scope=Scope.FULL, expires_at=brief)
    world.sent["key_expired"] = _bearer(made.text)
    world.clock.advance(2)
    second = _login(world, "owner").json()["token"]
    world.things["session"] = app.sign_in.authenticate(second, None)[0].session_id


def _login(world: World, name: str, **changes: Any) -> httpx.Response:
    body = {"email": f"{name}@example.com", "password": PASSWORD, **changes}
    answer = world.sites["multiuser"].ask("POST", "/api/v1/auth/login", json=body)
    assert answer.status_code == 200, answer.text
    return answer


def _cookies(answer: httpx.Response) -> dict[str, str]:
    lines = answer.headers.get_list("set-cookie")
    return dict(line.partition(";")[0].split("=", 1) for line in lines)


def _content(world: World) -> None:
    """Make what the requests name; all of it is the owner's."""
    app, things, owner = world.app, world.things, world.who("owner")
    things["asset"] = next(iter(INTERFACE.files))
    things["board"] = app.boards.create(owner, "Canary board").board.board_id
    things["second_board"] = app.boards.create(owner, "Second board").board.board_id
    app.boards.update(owner, things["board"], BoardChanges(description="canary description"))
    for name, permission in (
        ("reader", Permission.READ),
        ("writer", Permission.WRITE),
        ("board_admin", Permission.ADMIN),
        ("ex_grantee", Permission.WRITE),
        ("guest", Permission.READ),
    ):
        app.boards.share(
            owner, things["board"], user_ids=[world.user_ids[name]], permission=permission
        )

    def picture(board: str | None, who: Principal = owner, **changes: Any) -> str:
        return app.images.upload(
            who,
            PICTURE,
            category=ImageCategory.GENERAL,
            is_intermediate=False,
            board_id=board,
            **changes,
        ).image_name

    things["image"] = picture(things["board"])
    things["starred"] = picture(things["board"])
    things["loose"] = picture(None, metadata=f'{{"positive_prompt": "{PROMPT}"}}')
    things["intermediate"] = picture(things["board"])
    things["board_intermediate"] = picture(things["board"])
    things["ex_image"] = picture(things["board"], world.who("ex_grantee"))
    writer, ex_grantee = world.who("writer"), world.who("ex_grantee")
    for name, board, by in (
        ("binned", things["board"], owner),
        ("binned_by_writer", things["board"], writer),
        ("binned_loose", None, owner),
    ):
        things[name] = picture(board)
        app.images.delete(by, things[name])
    download = app.downloads.ask(owner, image_names=[things["loose"]])
    things["download"] = f"{download.download_id}.zip"
    reader = world.who("reader")
    for name, asked in (
        ("reader_board", {"board_id": things["board"]}),
        ("reader_named", {"image_names": [things["image"]]}),
        ("reader_hidden", {"image_names": [things["loose"]]}),
    ):
        download = app.downloads.ask(reader, **asked)
        things[f"{name}_download"] = f"{download.download_id}.zip"
    download = app.downloads.ask(ex_grantee, board_id=things["board"])
    things["ended_download"] = f"{download.download_id}.zip"
    app.boards.unshare(owner, things["board"], world.user_ids["ex_grantee"])
    for visibility in (Visibility.SHARED, Visibility.PUBLIC):
        board = app.boards.create(owner, f"{visibility} board").board.board_id
        app.boards.update(owner, board, BoardChanges(visibility=visibility))
        things[f"{visibility}_board"], things[f"{visibility}_image"] = board, picture(board)
    other = world.who("other")
    things["other_board"] = app.boards.create(other, "Other board").board.board_id
    things["other_image"] = picture(things["other_board"], other)
    app.boards.share(
        owner,
        things["shared_board"],
        user_ids=[world.user_ids["reader"]],
        permission=Permission.READ,
    )
    app.images.update(owner, things["board_intermediate"], ImageChanges(is_intermediate=True))
    app.images.update(owner, things["starred"], ImageChanges(starred=True))
    app.images.update(owner, things["intermediate"], ImageChanges(is_intermediate=True))
    model = app.models.list(owner)[0]
    things["model"] = model.key
    world.models_path = model.path
    with app.queue.writing() as work:
        for kind in (ModelType.CONTROLNET, ModelType.IP_ADAPTER):
            things[kind.value] = a_model(work, type=kind, base=model.base).key
    things |= {
        "system": "system",
        "queue": "default",
        "path": "nothing",
        "none": "none",
        "prompt": PROMPT,
    }
    _shelves(world, owner)
    things |= {"password": PASSWORD, "new_password": NEW_PASSWORD, "destination": BATCH_LABEL}
    _jobs(world, owner)
    for name, purpose in (("reset", "reset"), ("invited", "invitation")):
        if purpose == "reset":
            issued = app.links.reset_link(HOST, world.user_ids["reset"], site="http://127.0.0.1/")
        else:
            issued = app.links.invite(
                HOST, email=f"{name}@example.com", display_name="Invited", site="http://127.0.0.1/"
            )
        things[f"{purpose}_token"] = str(issued.url).rpartition("/")[2]
    world.user_ids["invited"] = issued.user.user_id
    secret = app.second_factor.enroll(owner).secret
    things["totp"] = _code(secret, world.clock.now())
    world.secrets["totp secret"] = secret
    app.users.update(HOST, world.user_ids["owner"], UserChanges(note=NOTE))
    _provider(world)
    _links(world, owner)
    things["moved_board"] = app.boards.create(other, "Moved board").board.board_id
    moving = TransferWish(
        from_id=other.user_id,
        to_id=UserId(world.user_ids["guest"]),
        board_ids=(things["moved_board"],),
    )
    things["transfer"] = app.transfers.transfer(HOST, moving).transfer_id


def _shelves(world: World, owner: Principal) -> None:
    """Make workflows and style presets: private, public and the server's; and what a client remembers."""
    app, things = world.app, world.things
    drawn = {"model": things["model"], "prompt": PROMPT, "width": 64, "height": 64, "steps": 2}
    for name, who, shelf in (
        ("", owner, Shelf.USER),
        ("public_", owner, Shelf.USER),
        ("default_", HOST, Shelf.DEFAULT),
    ):
        document: dict[str, Any] = {
            "name": f"Canary {name}workflow",
            "tags": f"canary-{name}tag",
            "meta": {"category": shelf},
        }
        if name != "public_":  # a graph of another program
            document["generation"] = drawn
        made = app.workflows.create(who, json.dumps(document)).workflow
        things[f"{name}workflow"] = made.workflow_id
        app.workflows.set_thumbnail(who, made.workflow_id, PICTURE)
        text = PresetText(
            name=f"Canary {name}preset", positive_prompt=PROMPT, negative_prompt="canary"
        )
        is_public = name == "public_"
        wish = PresetWish(text=text, shelf=shelf, is_public=is_public, picture=PICTURE)
        things[f"{name}preset"] = app.style_presets.create(who, wish).preset_id
    app.workflows.publish(owner, things["public_workflow"], is_public=True)
    app.client_state.set(owner, "canary-key", "canary-value")


def _links(world: World, owner: Principal) -> None:
    """Make links to the board: one open, one with a password, one that has ended; one holds the second."""
    app, things = world.app, world.things
    brief = world.clock.now() + timedelta(seconds=1)
    for name, wanted in (
        ("link", {}),
        ("locked_link", {"password": LINK_PASSWORD, "metadata": True}),
        ("ended_link", {"expires_at": brief}),
    ):
        made = app.board_links.create(owner, things["board"], site="http://127.0.0.1/", **wanted)
        things[name], things[f"{name}_token"] = made.link.link_id, made.url.rpartition("/")[2]
    world.clock.advance(2)
    token = things["locked_link_token"]
    link, proof = app.board_links.unlock(HERE, token, LINK_PASSWORD)
    things["link_password"] = LINK_PASSWORD
    world.sent["link_holder"] = {
        "params": {"link": token},
        "headers": {"Cookie": f"invoke_link_{link.link_id}={proof}"},
    }


def _provider(world: World) -> None:
    """Let people sign in at a provider: one has, one is about to, one owes a code."""
    app, things = world.app, world.things

    def departed() -> tuple[str, str]:
        left = app.single_sign_on.depart(HERE, "company", callback="http://127.0.0.1/")
        return left.url.partition("?")[2], left.browser

    def arrived(name: str) -> tuple[Any, str]:
        state, browser = departed()
        answer = {"state": state, "code": f"{name}@example.com"}
        came = app.single_sign_on.arrive(
            HERE, "company", callback="http://127.0.0.1/", answer=answer, browser=browser
        )
        return came, browser

    arrived("owner")
    things["provider"] = "company"
    things["identity"] = app.single_sign_on.identities(HOST, world.user_ids["owner"])[0].identity_id
    things["state"], things["departed"] = departed()
    token = _login(world, "guest").json()["token"]
    guest = app.sign_in.authenticate(token, None)[0]
    secret = app.second_factor.enroll(guest).secret
    things["recovery_code"], *_ = app.second_factor.confirm(guest, _code(secret, world.clock.now()))
    came, things["owing"] = arrived("guest")
    assert isinstance(came, CodeWanted)
    things["ticket"] = came.ticket


def _jobs(world: World, owner: Principal) -> None:
    """Make a failed, a running and a waiting job."""
    app, things = world.app, world.things
    worker = WorkerRecord(
        worker_id="worker", host="host", process_id=1, process_started=1.0, devices=("cpu",)
    )
    app.leases.register(worker)
    wish = GenerationWish(model=things["model"], prompt=PROMPT, width=64, height=64, steps=2)
    for name in ("failed", "running", "job"):
        made = app.queue.enqueue(
            owner,
            BatchWish(generation=wish, destination=BATCH_LABEL),
            key=SUBMISSION if name == "job" else None,
        )
        things[name], things[f"batch:{name}"] = made.item_ids[0], made.batch_id
        if name == "job":
            return
        (claimed,) = app.dispatcher.claim(worker.worker_id, "cpu")
        if name == "failed":
            app.results.fail(claimed, "Canary", "canary message", 1.0)
        else:
            step = Progress(item_id=claimed.item_id, step=1, steps=2, preview=b"preview")
            app.progress.put(step)


def _code(secret: str, now: datetime) -> str:
    from passlib.totp import TOTP

    return str(TOTP(secret).generate(now).token)


def _ended(world: World) -> None:
    """Let those tokens end that are to have ended."""
    app, ids = world.app, world.user_ids
    app.users.update(HOST, ids["demoted"], UserChanges(is_admin=False))
    with world.database.writing() as work:  # by hand: the service would end the sessions too
        work.users.put(attrs.evolve(work.users.get(ids["disabled"]), is_active=False))
    app.users.update(HOST, ids["reactivated"], UserChanges(is_active=False))
    app.users.update(HOST, ids["reactivated"], UserChanges(is_active=True))
    app.users.delete(HOST, ids["deleted"])
    app.sign_in.logout(world.who("logged_out"))


def _secrets(world: World) -> None:
    """Gather what no answer may hold."""
    with world.database.reading() as work:
        state = work.state
        for user in state.users.values():
            if user.password_hash:
                digest = user.password_hash.partition(":")[2]
                world.secrets[f"password hash of {user.email}"] = digest
        for session in state.sessions.values():
            name = f"fingerprint of {session.session_id}"
            world.secrets[name] = session.password_fingerprint
        for key in state.api_keys.values():
            world.secrets[f"digest of {key.key_id}"] = key.digest
        for link in state.links.values():
            world.secrets[f"digest of the link of {link.user_id}"] = link.digest
        for factor in state.second_factors.values():
            for number, text in enumerate(_LONG.findall(factor.sealed_secret)):
                world.secrets[f"seal of {factor.user_id} {number}"] = text
        for _, digest in state.devices:
            world.secrets[f"device {digest[:8]}"] = digest
    world.secrets["password"] = PASSWORD
    world.secrets["root folder"] = str(world.root)
    for path in sorted((world.root / "secrets").iterdir()):
        for number, text in enumerate(_LONG.findall(path.read_text())):
            world.secrets[f"{path.name} {number}"] = text


def unknown_like(thing: Any) -> Any:
    """Return an id of the same form and length that nothing has."""
    if isinstance(thing, int):
        return 999_999
    if re.match(r"[0-9a-f]{8}-", thing):
        return "ffffffff-ffff-4fff-bfff-ffffffffffff" + thing[36:]
    return "unknown".rjust(len(thing), "x")
