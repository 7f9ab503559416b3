"""What the tests of accounts and sign-in share: services on memory, with a quick hasher."""

import hashlib
from datetime import timedelta

import attrs

from invoke_adapters.memory import MemoryDatabase
from invoke_adapters.passlib_totp import PasslibOneTimeCodes
from invoke_adapters.pyjwt import KeyRing, PyJwtCodec
from invoke_core.domain.passwords import PasswordPolicy
from invoke_core.domain.principals import host_principal
from invoke_core.domain.sessions import SessionPolicy
from invoke_core.domain.sign_in import Client
from invoke_core.ports.hashing import Verdict
from invoke_core.services.links import LinkService
from invoke_core.services.mail import MailService
from invoke_core.services.second_factor import SecondFactorService
from invoke_core.services.sign_in import SignInService
from invoke_core.services.single_sign_on import SingleSignOnService
from invoke_core.services.statistics import StatisticsService
from invoke_core.services.sweeping import SweepService
from invoke_core.services.users import UserService
from invoke_core.testing.fakes import FakeRandomness, FixedClock

HOST = host_principal("tester")
HERE = Client(address="127.0.0.1", user_agent="test", is_loopback=True)
AWAY = Client(address="203.0.113.9", user_agent="test")
PASSWORD = "TempPass123"
CODE = "ABCD-EFGH-IJKL-MNOP"


class QuickHasher:
    """Hashes that cost nothing; `old:` ones ask for an upgrade. Calls `before_verify` first."""

    def __init__(self):
        self.compared = []
        self.on_verify = None

    def hash(self, password):
        return f"new:{hashlib.sha256(password.encode()).hexdigest()}"

    def verify(self, password, password_hash):
        self.compared.append(password_hash)
        if self.on_verify is not None:
            self.on_verify()
        scheme, _, digest = (password_hash or "").partition(":")
        matches = digest == hashlib.sha256(password.encode("utf-8", "replace")).hexdigest()
        return Verdict(matches=matches, needs_upgrade=matches and scheme == "old")

    def fingerprint(self, password_hash):
        return hashlib.sha256(str(password_hash).encode()).hexdigest()[:32]


class MemoryFiles:
    """Remembers which pictures were removed."""

    def __init__(self):
        self.removed = []

    def remove(self, image_name):
        self.removed.append(image_name)


class Post:
    """A mailer that keeps what it is given; it refuses with what stands in `refusals`, one after another."""

    def __init__(self):
        self.sent = []
        self.refusals = []

    def send(self, message):
        if self.refusals:
            raise self.refusals.pop(0)
        self.sent.append(message)


@attrs.define
class Accounts:
    """The services on one database."""

    database: MemoryDatabase
    clock: FixedClock
    hasher: QuickHasher
    files: MemoryFiles
    users: UserService
    sign_in: SignInService
    links: LinkService
    mail: MailService
    post: "Post"
    statistics: StatisticsService
    sweep: SweepService
    second_factor: SecondFactorService
    single_sign_on: SingleSignOnService

    def person(self, email="person@example.com", **changes):
        return self.users.create(HOST, email=email, password=PASSWORD, **changes).user

    def administrator(self, email="admin@example.com"):
        return self.person(email, is_admin=True)

    def login(self, email="person@example.com", password=PASSWORD, **changes):
        return self.sign_in.login(HERE, email=email, password=password, **changes)

    def who(self, token, **changes):
        return self.sign_in.authenticate(token, "127.0.0.1", **changes)[0]

    def news(self):
        with self.database.reading() as work:
            return work.news.since(0)


def open_accounts(database=None, **changes):
    """Return the services; keywords change the fields of the one that has them."""
    database = database or MemoryDatabase()
    clock, hasher, files, randomness = FixedClock(), QuickHasher(), MemoryFiles(), FakeRandomness()
    shared = {
        "reading": database.reading,
        "writing": database.writing,
        "hasher": hasher,
        "clock": clock,
        "randomness": randomness,
        "policy": PasswordPolicy(),
    }
    users = UserService(**shared, storage=files)
    codes = PasslibOneTimeCodes(lambda: {"1": "k" * 43})
    sign_in = SignInService(
        **shared,
        codes=codes,
        tokens=PyJwtCodec(KeyRing(active="k", keys={"k": b"x" * 43}), clock, randomness),
        multiuser=True,
        loopback_only=True,
        setup_code=CODE,
        sessions=SessionPolicy(
            lifetime=timedelta(hours=24), remembered=timedelta(days=7), absolute=timedelta(days=30)
        ),
    )
    names = {field.name for field in attrs.fields(UserService)}
    users = attrs.evolve(users, **{n: v for n, v in changes.items() if n in names})
    names = {field.name for field in attrs.fields(SignInService)}
    sign_in = attrs.evolve(sign_in, **{n: v for n, v in changes.items() if n in names})
    links = LinkService(**shared)
    names = {field.name for field in attrs.fields(LinkService)}
    links = attrs.evolve(links, **{n: v for n, v in changes.items() if n in names})
    post = Post()
    mail = MailService(
        reading=database.reading,
        writing=database.writing,
        clock=clock,
        randomness=randomness,
        mailer=post,
    )
    second_factor = SecondFactorService(
        **{name: value for name, value in shared.items() if name != "policy"}, codes=codes
    )
    single_sign_on = SingleSignOnService(
        **{name: value for name, value in shared.items() if name != "policy"},
        tokens=sign_in.tokens,
        codes=codes,
        sessions=sign_in.sessions,
        multiuser=sign_in.multiuser,
    )
    names = {field.name for field in attrs.fields(SingleSignOnService)}
    single_sign_on = attrs.evolve(
        single_sign_on, **{n: v for n, v in changes.items() if n in names}
    )
    return Accounts(
        database=database,
        clock=clock,
        hasher=hasher,
        files=files,
        users=users,
        sign_in=sign_in,
        links=links,
        mail=mail,
        post=post,
        statistics=StatisticsService(database.reading, clock),
        sweep=SweepService(database.reading, database.writing, files),
        second_factor=second_factor,
        single_sign_on=single_sign_on,
    )
