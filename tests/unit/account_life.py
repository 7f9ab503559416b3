"""Accounts live at random, against an oracle that knows the rules by heart."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import ClassVar

import attrs
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from invoke_adapters.memory import MemoryAuditHeads, MemoryDatabase
from invoke_adapters.sql import open_database
from invoke_core.domain.audit import AuditQuery, Chain
from invoke_core.domain.identifiers import SYSTEM, UserId
from invoke_core.domain.principals import Principal, Scope
from invoke_core.domain.sign_in import Client
from invoke_core.errors import InvokeError, Unauthenticated
from invoke_core.ports.unit_of_work import Database
from invoke_core.services.api_keys import ApiKeyService
from invoke_core.services.audit import AuditService, Witnessed
from invoke_core.services.users import UserChanges
from invoke_core.testing.builders import a_board
from invoke_core.testing.one_time_codes import code_at
from tests.unit.accounts import HOST, open_accounts

SITE = "https://invoke.example.com"
DAY, A_WHILE, A_WEEK = timedelta(days=1), timedelta(minutes=20), timedelta(days=8)


@attrs.define
class Account:
    """What the oracle knows of an account."""

    email: str
    admin: bool
    password: str | None
    must_change: bool = False
    active: bool = True
    set_at: datetime | None = None  # when the password was set
    entered: datetime | None = None  # when somebody signed in last
    factor: tuple[str, list[str]] | None = None  # the secret, and the recovery codes that are left
    link: tuple[str, str, datetime] | None = None  # its purpose, its token, its end
    sessions: dict[str, datetime] = attrs.field(factory=dict)  # tokens, and their ends
    keys: dict[str, str] = attrs.field(factory=dict)  # texts, and their ids
    boards: int = 0

    @property
    def administers(self) -> bool:
        return (
            self.admin and self.active and (self.password is not None or self.entered is not None)
        )

    def waited_too_long(self, now: datetime) -> bool:
        """Whether the password is another's choice and was not used within seven days."""
        if not self.must_change or self.set_at is None:
            return False
        is_used = self.entered is not None and self.entered >= self.set_at
        return not is_used and now >= self.set_at + timedelta(days=7)


@attrs.define
class Oracle:
    """Who there is and what still counts, in as few words as it takes."""

    accounts: dict[UserId, Account] = attrs.field(factory=dict)
    dead: set[str] = attrs.field(factory=set)  # tokens and keys that never count again
    failures: dict[str, tuple[int, datetime]] = attrs.field(factory=dict)  # of an address, a day
    waits: dict[tuple[str, str], datetime] = attrs.field(factory=dict)  # address, and from where
    system_boards: int = 0

    def taken(self, email: str, by: UserId | None = None) -> bool:
        return any(a.email == email for user, a in self.accounts.items() if user != by)

    def is_last(self, user_id: UserId) -> bool:
        return [user for user, a in self.accounts.items() if a.administers] == [user_id]

    def end_sessions(self, account: Account, but: str | None = None) -> None:
        self.dead |= account.sessions.keys() - {but}
        account.sessions = {t: end for t, end in account.sessions.items() if t == but}

    def end_keys(self, account: Account) -> None:
        self.dead |= account.keys.keys()
        account.keys = {}

    def forgive(self, email: str) -> None:
        self.failures.pop(email, None)
        self.waits = {key: until for key, until in self.waits.items() if key[0] != email}

    def closed(self, email: str, now: datetime) -> bool:
        count, first = self.failures.get(email, (0, now))
        return count >= 100 and now < first + DAY

    def count(self, email: str, now: datetime, tries: int = 1) -> None:
        count, first = self.failures.get(email, (0, now))
        fresh = now >= first + DAY
        self.failures[email] = (tries, now) if fresh else (count + tries, first)

    def take_back(self, email: str) -> None:
        count, first = self.failures[email]
        self.failures[email] = (max(0, count - 1), first)


def outcome(call: Callable[[], object]) -> str:
    """Return "done", or the name of the refusal."""
    try:
        call()
    except InvokeError as error:
        return type(error).__name__
    return "done"


class AccountLife(RuleBasedStateMachine):
    """A handful of accounts, whoever looks after them, and whoever guesses their passwords."""

    seen: ClassVar[Counter[str]] = Counter()  # how often each outcome came, and steps

    who = st.integers(0, 7)
    number = st.integers(0, 5)
    actor = st.integers(0, 9)  # above 5: whoever is signed in

    def __init__(self) -> None:
        super().__init__()
        self.opened = ExitStack()
        base, heads = self.database(), MemoryAuditHeads()
        writing = Witnessed(base.writing, base.reading, heads)
        kept = SimpleNamespace(reading=base.reading, writing=writing)
        self.world, self.oracle, self.fresh = open_accounts(kept), Oracle(), 0
        clock, chance = self.world.clock, self.world.users.randomness
        self.keys = ApiKeyService(base.reading, writing, clock, chance)
        self.audit = AuditService(base.reading, Chain(), heads)
        self.written = 0
        self.used_links: list[tuple[str, str]] = []

    def database(self) -> Database:
        return MemoryDatabase()

    def teardown(self) -> None:
        self.opened.close()

    # What the rules share

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def new(self, word: str) -> str:
        self.fresh += 1
        return f"{word}-{self.fresh}"

    def password(self) -> str:
        return self.new("Some-Pass")

    def elsewhere(self) -> Client:
        """Return a client from an address of its own: what it does wrong is not held against others."""
        self.fresh += 1
        return Client(
            address=f"198.{self.fresh // 65536}.{self.fresh // 256 % 256}.{self.fresh % 256}"
        )

    def one(self, who: int) -> tuple[UserId, Account]:
        found = sorted(self.oracle.accounts)
        user_id = found[who % len(found)]
        return user_id, self.oracle.accounts[user_id]

    def signed_in(self, who: int) -> tuple[UserId, Account, str, Principal] | None:
        live = [
            (user_id, account, token)
            for user_id, account in self.oracle.accounts.items()
            for token, end in account.sessions.items()
            if self.now < end
        ]
        if not live:
            return None
        user_id, account, token = live[who % len(live)]
        address = self.elsewhere().address
        principal, _ = self.world.sign_in.authenticate(token, address, background=True)
        return user_id, account, token, principal

    def asking(self, actor: int) -> tuple[Principal, str | None]:
        """Return whoever asks for what administrators do, and the refusal that they get."""
        found = self.signed_in(actor) if actor > 5 else None
        if found is None:
            return HOST, None
        _, account, _, principal = found
        if account.must_change:
            return principal, "PasswordChangeRequired"
        return principal, None if account.admin else "Forbidden"

    def expect(self, call: Callable[[], object], *wanted: str | None) -> bool:
        """Return whether it was done; it is refused for the first reason that there is."""
        expected = next((word for word in wanted if word), "done")
        assert outcome(call) == expected
        self.seen[expected] += 1
        return expected == "done"

    # Accounts are made

    @initialize()
    def set_up(self) -> None:
        password = self.password()
        made = self.world.sign_in.setup(
            Client(is_loopback=True), email="0@example.com", password=password
        )
        self.oracle.accounts[made.user.user_id] = Account("0@example.com", True, password)

    @rule()
    def set_up_again(self) -> None:
        here, password = Client(is_loopback=True), self.password()
        self.expect(
            lambda: self.world.sign_in.setup(here, email="x@example.com", password=password),
            "SetupDone",
        )

    @rule(actor=actor, number=number, admin=st.booleans(), temporary=st.booleans())
    def create(self, actor: int, number: int, admin: bool, temporary: bool) -> None:
        email, password, made = f"{number}@example.com", self.password(), []
        principal, refusal = self.asking(actor)
        if self.expect(
            lambda: made.append(
                self.world.users.create(
                    principal,
                    email=email,
                    password=password,
                    is_admin=admin,
                    must_change_password=temporary,
                )
            ),
            refusal,
            self.oracle.taken(email) and "Conflict",
        ):
            self.oracle.accounts[made[0].user.user_id] = Account(
                email, admin, password, temporary, set_at=self.now
            )

    @rule(actor=actor, number=number, admin=st.booleans())
    def invite(self, actor: int, number: int, admin: bool) -> None:
        email, made = f"{number}@example.com", []
        principal, refusal = self.asking(actor)
        if self.expect(
            lambda: made.append(
                self.world.links.invite(principal, email=email, is_admin=admin, site=SITE)
            ),
            refusal,
            self.oracle.taken(email) and "Conflict",
        ):
            account = Account(email, admin, None)
            self.oracle.accounts[made[0].user.user_id] = account
            self.keep_link(account, "accept", made[0])

    @rule(actor=actor, who=who)
    def make_a_reset_link(self, actor: int, who: int) -> None:
        (user_id, account), made = self.one(who), []
        principal, refusal = self.asking(actor)
        if self.expect(
            lambda: made.append(self.world.links.reset_link(principal, user_id, site=SITE)),
            refusal,
            not account.active and "RuleViolation",
        ):
            self.end_link(account)
            self.keep_link(account, "reset_password", made[0])

    def keep_link(self, account: Account, use: str, issued: object) -> None:
        account.link = (use, issued.url.rpartition("/")[2], issued.expires_at)

    def end_link(self, account: Account) -> None:
        if account.link is not None:
            self.used_links.append(account.link[:2])
            account.link = None

    @precondition(lambda self: any(a.link for a in self.oracle.accounts.values()))
    @rule(who=who, same=st.booleans())
    def use_a_link(self, who: int, same: bool) -> None:
        holders = [account for account in self.oracle.accounts.values() if account.link]
        account = holders[who % len(holders)]
        (use, token, end), same = account.link, same and account.password is not None
        password = account.password if same else self.password()
        if self.expect(
            lambda: self.choose(use, token, password),
            (self.now >= end or same) and "RuleViolation",
        ):
            self.password_is_new(account, password)
            self.oracle.forgive(account.email)

    def choose(self, use: str, token: str, password: str) -> None:
        word = "password" if use == "accept" else "new_password"
        getattr(self.world.links, use)(self.elsewhere(), token, **{word: password})

    @precondition(lambda self: self.used_links)
    @rule(place=st.integers(0, 9))
    def use_a_link_that_ended(self, place: int) -> None:
        use, token = self.used_links[place % len(self.used_links)]
        self.expect(lambda: self.choose(use, token, self.password()), "RuleViolation")

    def password_is_new(self, account: Account, password: str, *, temporary: bool = False) -> None:
        account.password, account.must_change, account.set_at = password, temporary, self.now
        self.oracle.end_sessions(account)
        self.end_link(account)

    # People sign in

    @rule(who=who, remember=st.booleans())
    def sign_in_as_one_should(self, who: int, remember: bool) -> None:
        self.sign_in(who, True, remember, "a")

    @rule(who=who, right=st.booleans(), remember=st.booleans(), code=st.sampled_from("nwra"))
    def sign_in_somehow(self, who: int, right: bool, remember: bool, code: str) -> None:
        self.sign_in(who, right, remember, code)

    def sign_in(self, who: int, right: bool, remember: bool, code: str) -> None:
        _, account = self.one(who)
        right = right and account.password is not None
        typed, counts = self.code(account, code)
        made, client, email = [], self.elsewhere(), account.email
        closed = self.oracle.closed(email, self.now)
        waited = account.waited_too_long(self.now)
        refused = (
            right and account.active and not waited and account.factor is not None and not counts
        )
        done = self.expect(
            lambda: made.append(
                self.world.sign_in.login(
                    client,
                    email=email,
                    password=account.password if right else "Wrong-Pass-0",
                    remember_me=remember,
                    code=typed,
                )
            ),
            closed and "TooMany",
            not right and "Unauthenticated",
            not account.active and "AccountDisabled",
            waited and "FirstPasswordOver",
            refused and "SecondFactorRequired",
        )
        if closed:
            return
        self.oracle.count(email, self.now)
        if right and not (refused and typed):  # a missing code is no failure
            self.oracle.take_back(email)
        if done:
            end = self.now + (timedelta(days=7) if remember else DAY)
            account.sessions[made[0].token], account.entered = end, self.now
            if account.factor is not None and code == "r":
                account.factor[1].remove(typed)

    def code(self, account: Account, kind: str) -> tuple[str | None, bool]:
        """Return a code to type (none, a wrong one, a recovery code, the app's), and if it counts."""
        if account.factor is None or kind == "n":
            return None, False
        secret, recovery = account.factor
        if kind == "r" and recovery:
            return recovery[-1], True
        if kind == "a":
            self.world.clock.advance(60)  # past the step that was used last
            return code_at(secret, self.now), True
        return "AAAA-AAAA-AAAA-AAAA", False

    @rule(who=who, tries=st.sampled_from([1, 12]))
    def guess(self, who: int, tries: int) -> None:
        _, account = self.one(who)
        client, email = self.elsewhere(), account.email
        for guess in range(tries):
            closed = guess >= 10 or self.oracle.closed(email, self.now)
            self.expect(
                lambda: self.world.sign_in.login(client, email=email, password="Wrong-Pass-0"),
                "TooMany" if closed else "Unauthenticated",
            )
            if not closed:
                self.oracle.count(email, self.now)
                if guess == 9:
                    self.oracle.waits[email, client.address] = self.now + timedelta(seconds=15)

    @precondition(lambda self: any(self.now < end for end in self.oracle.waits.values()))
    @rule()
    def try_from_where_one_guessed(self) -> None:
        passwords = {a.email: a.password for a in self.oracle.accounts.values()}
        for (email, address), until in self.oracle.waits.items():
            password = passwords.get(email)
            if self.now < until and password is not None:
                self.expect(
                    lambda email=email, address=address, password=password: (
                        self.world.sign_in.login(
                            Client(address=address), email=email, password=password
                        )
                    ),
                    "TooMany",
                )

    @rule(actor=actor, who=who)
    def unlock(self, actor: int, who: int) -> None:
        user_id, account = self.one(who)
        principal, refusal = self.asking(actor)
        if self.expect(lambda: self.world.users.unlock(principal, user_id), refusal):
            self.oracle.forgive(account.email)

    @rule(step=st.sampled_from([timedelta(seconds=20), A_WHILE, DAY, A_WEEK]))
    def time_passes(self, step: timedelta) -> None:
        self.world.clock.advance(step)

    # Administrators change accounts

    def change(self, actor: int, who: int, *refusals: str | None, **changes: object) -> bool:
        user_id, _ = self.one(who)
        principal, refusal = self.asking(actor)
        takes = changes.get("is_admin") is False or changes.get("is_active") is False
        last = takes and self.oracle.is_last(user_id) and "LastAdministrator"
        asked = UserChanges(**changes)
        return self.expect(
            lambda: self.world.users.update(principal, user_id, asked), refusal, *refusals, last
        )

    @rule(actor=actor, who=who)
    def rename(self, actor: int, who: int) -> None:
        self.change(actor, who, display_name=self.new("Name"), note=self.new("Note"))

    @rule(actor=actor, who=who, number=number)
    def change_the_address(self, actor: int, who: int, number: int) -> None:
        user_id, account = self.one(who)
        email = f"{number}@example.com"
        taken = self.oracle.taken(email, by=user_id) and "Conflict"
        if self.change(actor, who, taken, email=email) and email != account.email:
            account.email = email
            self.end_link(account)

    @rule(actor=actor, who=who, admin=st.booleans())
    def promote_or_demote(self, actor: int, who: int, admin: bool) -> None:
        _, account = self.one(who)
        if self.change(actor, who, is_admin=admin):
            if account.admin and not admin:
                self.oracle.end_sessions(account)
            account.admin = admin

    @rule(actor=actor, who=who, active=st.booleans())
    def deactivate_or_reactivate(self, actor: int, who: int, active: bool) -> None:
        _, account = self.one(who)
        if self.change(actor, who, is_active=active):
            if account.active and not active:
                self.oracle.end_sessions(account)
                self.oracle.end_keys(account)
                self.end_link(account)
            account.active = active

    @rule(actor=actor, who=who, temporary=st.booleans())
    def give_a_password(self, actor: int, who: int, temporary: bool) -> None:
        _, account = self.one(who)
        password = self.password()
        if self.change(actor, who, password=password, must_change_password=temporary):
            self.password_is_new(account, password, temporary=temporary)

    @rule(actor=actor, who=who)
    def end_all_sessions(self, actor: int, who: int) -> None:
        user_id, account = self.one(who)
        principal, refusal = self.asking(actor)
        if self.expect(lambda: self.world.users.end_sessions(principal, user_id), refusal):
            self.oracle.end_sessions(account)

    @rule(actor=actor, who=who)
    def recover(self, actor: int, who: int) -> None:
        user_id, account = self.one(who)
        principal, _ = self.asking(actor)
        password = self.password()
        if self.expect(
            lambda: self.world.users.recover(principal, user_id, password),
            principal is not HOST and "Forbidden",
            not account.admin and "RuleViolation",
        ):
            account.active = True
            self.password_is_new(account, password)
            self.oracle.forgive(account.email)

    @rule(actor=actor, who=who, heir=st.none() | who | st.just("system"))
    def delete(self, actor: int, who: int, heir: int | str | None) -> None:
        user_id, account = self.one(who)
        principal, refusal = self.asking(actor)
        heir_id = SYSTEM if heir == "system" else None if heir is None else self.one(heir)[0]
        if self.expect(
            lambda: self.world.users.delete(principal, user_id, transfer_to=heir_id),
            refusal,
            heir_id == user_id and "RuleViolation",
            self.oracle.is_last(user_id) and "LastAdministrator",
        ):
            self.oracle.end_sessions(account)
            self.oracle.end_keys(account)
            self.end_link(account)
            del self.oracle.accounts[user_id]
            if heir_id == SYSTEM:
                self.oracle.system_boards += account.boards
            elif heir_id is not None:
                self.oracle.accounts[heir_id].boards += account.boards

    @rule(who=who)
    def make_a_board(self, who: int) -> None:
        user_id, account = self.one(who)
        with self.world.users.writing() as work:
            a_board(work, work.users.get(user_id))
        account.boards += 1

    # People look after their own account

    @precondition(lambda self: self.signed_in(0))
    @rule(who=who, right=st.booleans(), same=st.booleans())
    def change_ones_own_password(self, who: int, right: bool, same: bool) -> None:
        found = self.signed_in(who)
        assert found
        _, account, token, principal = found
        new, made = account.password if same else self.password(), []
        closed = self.oracle.closed(account.email, self.now)
        done = self.expect(
            lambda: made.append(
                self.world.sign_in.update_me(
                    principal,
                    current_password=account.password if right else "Wrong-Pass-0",
                    new_password=new,
                )
            ),
            closed and "TooMany",
            (not right or same) and "RuleViolation",
        )
        if not closed:
            self.oracle.count(account.email, self.now)
            if right:
                self.oracle.take_back(account.email)
        if done:
            end = account.sessions[token]
            self.password_is_new(account, new)
            account.sessions[made[0].token] = end

    @precondition(lambda self: self.signed_in(0))
    @rule(who=who)
    def change_ones_own_name(self, who: int) -> None:
        found = self.signed_in(who)
        assert found
        self.world.sign_in.update_me(found[3], display_name=self.new("Name"))

    @precondition(lambda self: self.signed_in(0))
    @rule(who=who)
    def sign_out(self, who: int) -> None:
        found = self.signed_in(who)
        assert found
        _, account, token, principal = found
        self.world.sign_in.logout(principal)
        del account.sessions[token]
        self.oracle.dead.add(token)

    @precondition(lambda self: self.signed_in(0))
    @rule(who=who)
    def end_ones_other_sessions(self, who: int) -> None:
        found = self.signed_in(who)
        assert found
        _, account, token, principal = found
        if self.expect(
            lambda: self.world.sign_in.end_other_sessions(principal), must_change(account)
        ):
            self.oracle.end_sessions(account, but=token)

    @precondition(lambda self: self.signed_in(0))
    @rule(who=who)
    def set_up_a_second_factor(self, who: int) -> None:
        found = self.signed_in(who)
        assert found
        _, account, _, principal = found
        offered = []
        if self.expect(
            lambda: offered.append(self.world.second_factor.enroll(principal)),
            must_change(account),
            account.factor is not None and "Conflict",
        ):
            secret = offered[0].secret
            self.expect(
                lambda: self.world.second_factor.confirm(principal, "000000x"), "RuleViolation"
            )
            code = code_at(secret, self.now)
            account.factor = secret, list(self.world.second_factor.confirm(principal, code))

    @precondition(lambda self: self.signed_in(0))
    @rule(who=who, right=st.booleans())
    def remove_ones_second_factor(self, who: int, right: bool) -> None:
        found = self.signed_in(who)
        assert found
        _, account, _, principal = found
        password = account.password if right else "Wrong-Pass-0"
        closed = self.oracle.closed(account.email, self.now)
        if self.expect(
            lambda: self.world.second_factor.remove(principal, password),
            must_change(account),
            closed and "TooMany",
            not right and "RuleViolation",
        ):
            account.factor = None
        if not closed and not account.must_change:
            self.oracle.count(account.email, self.now)
            if right:
                self.oracle.take_back(account.email)

    @rule(actor=actor, who=who)
    def reset_a_second_factor(self, actor: int, who: int) -> None:
        user_id, account = self.one(who)
        principal, refusal = self.asking(actor)
        if self.expect(lambda: self.world.second_factor.reset(principal, user_id), refusal):
            account.factor = None

    @precondition(lambda self: self.signed_in(0))
    @rule(who=who, scope=st.sampled_from(list(Scope)))
    def make_an_api_key(self, who: int, scope: Scope) -> None:
        found = self.signed_in(who)
        assert found
        _, account, _, principal = found
        made = []
        if self.expect(
            lambda: made.append(self.keys.create(principal, name="Script", scope=scope)),
            must_change(account),
            len(account.keys) >= 50 and "TooMany",
        ):
            account.keys[made[0].text] = made[0].key.key_id

    @precondition(lambda self: self.signed_in(0))
    @rule(who=who)
    def remove_an_api_key(self, who: int) -> None:
        found = self.signed_in(who)
        assert found
        _, account, _, principal = found
        if not account.keys:
            return
        text, key_id = next(iter(account.keys.items()))
        if self.expect(lambda: self.keys.remove(principal, key_id), must_change(account)):
            del account.keys[text]
            self.oracle.dead.add(text)

    # What is true whatever happens

    @invariant()
    def somebody_can_administer(self) -> None:
        usable = {user for user, account in self.oracle.accounts.items() if account.administers}
        with self.world.users.reading() as work:
            assert work.users.count_administrators() == len(usable)
        people = self.world.users.list(HOST, limit=None).items
        assert {person.user_id for person in people if person.can_administer} == usable
        assert usable or not self.oracle.accounts  # before the setup nobody is there

    @invariant()
    def accounts_are_as_the_oracle_says(self) -> None:
        people = self.world.users.list(HOST, limit=None)
        known = self.oracle.accounts
        assert people.total == len(known)
        assert {p.user_id: (p.email, p.is_admin, p.is_active) for p in people.items} == {
            user_id: (a.email, a.admin, a.active) for user_id, a in known.items()
        }
        for person in people.items:
            account = known[person.user_id]
            assert person.must_change_password == account.must_change
            assert person.second_factor == (account.factor is not None)
            numbers = self.world.statistics.of_user(HOST, person.user_id)
            live = [end for end in account.sessions.values() if self.now < end]
            assert numbers.active_sessions == len(live)
            assert numbers.boards == account.boards
        assert self.world.statistics.of_user(HOST, SYSTEM).boards == self.oracle.system_boards
        active = self.world.users.list(HOST, is_active=True, limit=1).total
        assert active == sum(account.active for account in known.values())

    @invariant()
    def what_counts_counts_and_what_ended_stays_dead(self) -> None:
        for user_id, account in self.oracle.accounts.items():
            for token, end in list(account.sessions.items()):
                if self.now >= end:
                    del account.sessions[token]
                    self.oracle.dead.add(token)
                    continue
                self.speaks_for(token, user_id, account)
            for text in account.keys:
                self.speaks_for(text, user_id, account)
        for token in self.oracle.dead:
            with pytest.raises(Unauthenticated):
                self.world.sign_in.authenticate(token, None, background=True)

    def speaks_for(self, token: str, user_id: UserId, account: Account) -> None:
        principal, _ = self.world.sign_in.authenticate(token, None, background=True)
        assert (principal.user_id, principal.is_admin) == (user_id, account.admin)
        assert principal.must_change_password == account.must_change

    @invariant()
    def the_audit_log_is_whole(self) -> None:
        assert self.audit.verify(HOST).ok
        total = self.audit.list(HOST, AuditQuery(limit=1)).total
        assert total >= self.written
        self.written = total
        self.seen["steps"] += 1


def must_change(account: Account) -> str | None:
    return "PasswordChangeRequired" if account.must_change else None


class AccountLifeOnSqlite(AccountLife):
    """The same in SQL."""

    def database(self) -> Database:
        folder = self.opened.enter_context(TemporaryDirectory())
        return self.opened.enter_context(open_database(f"sqlite:///{folder}/invoke.db"))
