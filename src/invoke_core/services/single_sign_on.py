"""How people come in who sign in at another place."""

from collections.abc import Mapping, Sequence

import attrs

from invoke_core.domain.audit import AuditAction, Facts, Stranger, Target, facts
from invoke_core.domain.identifiers import IdentityId, UserId
from invoke_core.domain.identities import (
    LOGIN_LIFE,
    MAX_LOGINS,
    Arrival,
    Handshake,
    Identity,
    Person,
    ProviderLogin,
    ProviderRules,
    arrival,
    asks_for_code,
    checked_next_path,
    handshake,
    is_admin_after,
    is_browser_secret,
    login_digest,
    person_of,
)
from invoke_core.domain.principals import Principal, require_administrator, require_no_key
from invoke_core.domain.second_factor import Proof
from invoke_core.domain.sessions import Session, SessionPolicy, principal_of
from invoke_core.domain.sign_in import Client
from invoke_core.domain.throttle import address_key
from invoke_core.domain.tokens import TokenAudience
from invoke_core.domain.users import (
    User,
    ends_sessions,
    first_display_name,
    new_user,
    require_administrator_left,
    require_one_alphabet,
)
from invoke_core.errors import (
    AccountDisabled,
    Forbidden,
    LastAdministrator,
    NotFound,
    RuleViolation,
    TooMany,
    Unauthenticated,
)
from invoke_core.ports.clock import Clock
from invoke_core.ports.hashing import PasswordHasher
from invoke_core.ports.identity_providers import IdentityProvider
from invoke_core.ports.one_time_codes import OneTimeCodes
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.recovery import Recovery
from invoke_core.ports.tokens import TokenCodec
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services._links import forget_links
from invoke_core.services._looks import Hourly
from invoke_core.services._recovery import NoRecovery, end_recovery
from invoke_core.services._second_factor import SecondFactors
from invoke_core.services._sessions import Sessions, end_all_sessions
from invoke_core.services._throttle import Brake
from invoke_core.services.sign_in import SignedIn
from invoke_core.services.users import TOLD, account_changes


@attrs.frozen
class Provider:
    """A place where people sign in, and what it may decide."""

    rules: ProviderRules
    port: IdentityProvider


@attrs.frozen(kw_only=True)
class Departure:
    """Where a browser goes to sign in, and what it must bring back."""

    url: str = attrs.field(repr=False)
    browser: str = attrs.field(repr=False)  # the secret that it keeps until it comes back


@attrs.frozen(kw_only=True)
class Arrived:
    """A fresh sign-in, and where the browser goes with it."""

    signed_in: SignedIn
    next_path: str


@attrs.frozen(kw_only=True)
class CodeWanted:
    """Somebody came back from a provider, and owes a code of their second factor here."""

    ticket: str = attrs.field(repr=False)  # what the code comes with, within ten minutes


@attrs.frozen(kw_only=True)
class SingleSignOnService:
    """How people come in who sign in at another place.

    A sign-in that is under way is kept in the database: so any process of the server takes it up, and it
    counts once. The browser keeps a secret of its own, without which it is good for nothing.
    """

    reading: Reading
    writing: Writing
    hasher: PasswordHasher
    tokens: TokenCodec
    codes: OneTimeCodes
    clock: Clock
    randomness: Randomness
    sessions: SessionPolicy
    multiuser: bool
    providers: Mapping[str, Provider] = attrs.field(factory=dict)
    recovery: Recovery = attrs.field(factory=NoRecovery, repr=False)
    refused: Hourly = attrs.field(factory=Hourly, repr=False)

    def offered(self) -> Sequence[ProviderRules]:
        """Return the providers where people may sign in, in the order of the settings."""
        return [provider.rules for provider in self.providers.values()] if self.multiuser else []

    def depart(
        self,
        client: Client,
        name: str,
        *,
        callback: str,
        next_path: str = "/",
        remember_me: bool = False,
        browser: str | None = None,
    ) -> Departure:
        """Begin a sign-in at a provider.

        Args:
            client: where the try comes from.
            name: of the provider.
            callback: the address of ours that the browser comes back to.
            next_path: where it goes afterwards.
            remember_me: the session lasts longer without use.
            browser: the secret that the browser has from another sign-in that is under way.

        Raises:
            Forbidden: nobody signs in to this server.
            NotFound: there is no such provider.
            Invalid: the path could lead to another site.
            Unavailable: the provider does not answer.
        """
        provider = self._provider(name)
        next_path = checked_next_path(next_path)
        secret = browser if browser and is_browser_secret(browser) else self.randomness.secret()
        secrets = handshake(self.randomness.secret(), secret)
        url = provider.port.sign_in_address(callback, secrets)
        now = self.clock.now()
        login = ProviderLogin(
            digest=login_digest(secrets.state),
            provider=name,
            browser=login_digest(secret),
            next_path=next_path,
            remember_me=remember_me,
            network=address_key(client.address),
            created_at=now,
            expires_at=now + LOGIN_LIFE,
        )
        with self.writing() as work:
            work.provider_logins.add(login, keep=MAX_LOGINS)
        return Departure(url=url, browser=secret)

    def arrive(
        self,
        client: Client,
        name: str,
        *,
        callback: str,
        answer: Mapping[str, str],
        browser: str | None,
    ) -> Arrived | CodeWanted:
        """Begin a session for whoever comes back from a provider.

        An account of the address that the provider vouches for is theirs from then on, and a stranger gets
        one, as far as the provider's rules let it.

        Args:
            client: where the try comes from.
            name: of the provider.
            callback: as it was given to `depart`.
            answer: the parameters with which the browser came back.
            browser: the secret that it kept.

        Returns:
            The session; or what a code must come with, where the account has a second factor here and the
            provider does not vouch for one of its own.

        Raises:
            Forbidden: nobody signs in to this server, the account is disabled, or the rules refuse; the
                sentence says what to do.
            NotFound: there is no such provider.
            Unauthenticated: the sign-in was begun elsewhere, long ago or finished already, or nobody
                signed in there.
            Unavailable: the provider does not answer.
        """
        provider = self._provider(name)
        login, secrets = self._taken(client, name, answer.get("state"), browser)
        person = None
        try:
            vouched = provider.port.vouch(callback, secrets, answer, self.clock.now())
            person = person_of(provider.rules, vouched)
            return self._entered(provider, person, login, client)
        except _CodeMissing:
            ticket, now = self.randomness.secret(), self.clock.now()
            waiting = attrs.evolve(
                login,
                digest=login_digest(ticket),
                person=person,
                created_at=now,
                expires_at=now + LOGIN_LIFE,
            )
            with self.writing() as work:
                work.provider_logins.add(waiting, keep=MAX_LOGINS)
            return CodeWanted(ticket=ticket)
        except (Unauthenticated, Forbidden, RuleViolation) as error:
            self._record_failure(client, name, person, str(error))
            raise

    def prove(
        self, client: Client, name: str, *, ticket: str, code: str, browser: str | None
    ) -> Arrived:
        """Begin the session of somebody who owed a code.

        Args:
            client: where the try comes from.
            name: of the provider.
            ticket: as `arrive` returned it; a wrong code leaves it good.
            code: of the second factor, or a recovery code.
            browser: the secret that the browser kept.

        Raises:
            Forbidden: as `arrive`.
            NotFound: there is no such provider.
            Unauthenticated: the ticket is another browser's, too old, or used.
            SecondFactorRequired: the code is wrong; it counts as a wrong sign-in.
            TooMany: there were too many wrong tries, so this one was not looked at.
        """
        provider = self._provider(name)
        with self.reading() as work:
            login = work.provider_logins.find(login_digest(ticket))
            if login is None or login.person is None or not self._counts(login, name, browser):
                raise _no_such_sign_in()
            person = login.person
            user = self._owner(work, person)
            factor = work.second_factors.find(user.user_id) if user else None
        if user is None or factor is None:
            raise _no_such_sign_in()
        brake = Brake(self.writing, self.clock)
        try:
            reserved = brake.reserve(user.email, client, user)
        except TooMany:
            self._refuse(client, person.email, "too many tries")
            raise
        try:
            proof = SecondFactors(self.codes).proof(factor, code, self.clock.now())
            arrived = self._entered(provider, person, login, client, (user.user_id, proof))
        except _CodeMissing as error:  # of another account: this one is not theirs any more
            raise _no_such_sign_in() from error
        except (Unauthenticated, Forbidden, RuleViolation) as error:
            self._record_failure(client, name, person, str(error))
            raise
        with self.writing() as work:
            brake.succeeded(work, reserved)
        return arrived

    def sign_out_address(self, name: str, back: str) -> str | None:
        """Return where a browser goes to sign out at a provider too; None: it offers no such place.

        Args:
            name: of the provider.
            back: where the browser comes back to.

        Raises:
            Forbidden: nobody signs in to this server.
            NotFound: there is no such provider.
            Unavailable: the provider does not answer.
        """
        return self._provider(name).port.sign_out_address(back)

    def identities(self, principal: Principal, user_id: UserId) -> Sequence[Identity]:
        """Return the identities of an account, oldest first.

        Raises:
            Forbidden: the principal is no administrator, or an API key.
            NotFound: the account is unknown.
        """
        require_administrator(principal)
        require_no_key(principal)
        with self.reading() as work:
            return work.identities.of_user(work.users.get(user_id).user_id)

    def unlink(self, principal: Principal, user_id: UserId, identity_id: IdentityId) -> None:
        """Untie an identity from an account; the sign-ins that began at a provider end.

        Raises:
            Forbidden: the principal is no administrator, or an API key.
            NotFound: the account is unknown, or has no such identity.
        """
        require_administrator(principal)
        require_no_key(principal)
        now = self.clock.now()
        with self.writing() as work:
            user = work.users.get(user_id)
            own = {each.identity_id: each for each in work.identities.of_user(user_id)}
            if identity_id not in own:
                raise NotFound("identity", identity_id)
            work.identities.remove(identity_id)
            for session in work.sessions.of_user(user.user_id):
                if session.provider is not None:
                    self._book.end(work, user.user_id, session.session_id, now)
            work.audit.record(
                principal,
                AuditAction.IDENTITY_REMOVE,
                Target("user", user.user_id),
                at=now,
                before=facts(own[identity_id], ("issuer", "subject")),
            )

    def forget_expired(self) -> int:
        """Forget sign-ins that nobody came back from; return how many went."""
        with self.writing() as work:
            return work.provider_logins.remove_expired(self.clock.now())

    @property
    def _book(self) -> Sessions:
        return Sessions(
            hasher=self.hasher,
            tokens=self.tokens,
            randomness=self.randomness,
            policy=self.sessions,
        )

    def _provider(self, name: str) -> Provider:
        if not self.multiuser:
            raise Forbidden("This server runs in single-user mode: nobody signs in.")
        if name not in self.providers:
            raise NotFound("provider", name)
        return self.providers[name]

    def _entered(
        self,
        provider: Provider,
        person: Person,
        login: ProviderLogin,
        client: Client,
        proved: tuple[UserId, Proof] | None = None,
    ) -> Arrived:
        with self.writing() as work:
            if login.person is not None and work.provider_logins.take(login.digest) is None:
                raise _no_such_sign_in()  # of two at once the first wins
            user, session, principal = self._enter(
                work, provider.rules, person, login, client, proved
            )
        now = session.created_at
        if user.is_admin:
            end_recovery(self.recovery, self.writing, principal, now)
        signed_in = SignedIn(
            user=user,
            token=self._book.token(session, user, now, TokenAudience.COOKIE),
            media_token=self._book.token(session, user, now, TokenAudience.MEDIA),
            expires_in=int((session.expires_at - now).total_seconds()),
            device=None,
        )
        return Arrived(signed_in=signed_in, next_path=login.next_path)

    def _owner(self, work: Work, person: Person) -> User | None:
        """Return the account that the person would come to."""
        identity = work.identities.find(person.issuer, person.subject)
        if identity is not None and identity.user_id is not None:
            return work.users.get(identity.user_id)
        return work.users.find_by_email(person.email) if person.email else None

    def _counts(self, login: ProviderLogin, name: str, browser: str | None) -> bool:
        """Return whether the sign-in is this provider's and this browser's, and not too old."""
        return (
            browser is not None
            and login.provider == name
            and login.browser == login_digest(browser)
            and self.clock.now() < login.expires_at
        )

    def _taken(
        self, client: Client, name: str, state: str | None, browser: str | None
    ) -> tuple[ProviderLogin, Handshake]:
        """Return the sign-in of a state, which counts no more, and its secrets.

        Raises:
            Unauthenticated: there is none, or it is another browser's or another provider's.
        """
        login = None
        if state:
            with (
                self.writing() as work
            ):  # of its own: what comes next may fail, and the state stays used
                login = work.provider_logins.take(login_digest(state))
        if (
            not state
            or not browser
            or login is None
            or login.person is not None
            or not self._counts(login, name, browser)
        ):
            self._refuse(client, None, "no such sign-in under way")
            raise _no_such_sign_in()
        return login, handshake(state, browser)

    def _enter(
        self,
        work: Work,
        rules: ProviderRules,
        person: Person,
        login: ProviderLogin,
        client: Client,
        proved: tuple[UserId, Proof] | None,
    ) -> tuple[User, Session, Principal]:
        now = self.clock.now()
        stranger = Stranger.of(client, person.email)
        identity = work.identities.find(person.issuer, person.subject)
        same = work.users.find_by_email(person.email) if person.email else None
        way = arrival(
            rules,
            person,
            identity=identity,
            same_address=same,
            of_account=work.identities.of_user(same.user_id) if same else (),
        )
        before = self._account(work, way, rules, person, identity, same, stranger)
        if not before.is_active:
            raise AccountDisabled
        claimed = identity is not None and way is Arrival.KNOWN and identity.claims_admin
        user, follows = self._with_role(work, before, person, claimed_before=claimed)
        if asks_for_code(person, user):
            if proved is None or proved[0] != user.user_id:
                raise _CodeMissing
            SecondFactors(self.codes).spend(work, user.user_id, proved[1])
        user = attrs.evolve(user, last_login_at=now)
        work.users.put(user)
        if user.epoch != before.epoch:
            end_all_sessions(work, user.user_id, now)
        if person.is_admin is not None and follows:
            claimed = person.is_admin
        self._tie(work, identity, person, user, claims_admin=claimed)
        target = Target("user", user.user_id)
        if way is Arrival.LINKED:
            if user.password_hash is None:  # an invitation that is not needed any more
                forget_links(work, user.user_id)
            told = _from(rules, person)
            work.audit.record(stranger, AuditAction.IDENTITY_LINK, target, at=now, after=told)
        was, became = account_changes(before, user)
        if became:
            told = {**became, "provider": rules.name}
            work.audit.record(
                stranger, AuditAction.USER_UPDATE, target, at=now, before=was, after=told
            )
        session = self._book.begin(
            work,
            user,
            client,
            remember_me=login.remember_me,
            now=now,
            provider=rules.name,
            two_factors=person.second_factor,
        )
        principal = attrs.evolve(
            principal_of(session, user, client.address), request_id=client.request_id
        )
        told = facts(session, ("session_id", "remember_me", "address", "user_agent", "provider"))
        if not follows:
            told = {**told, "kept": "the last administrator, whom the provider would demote"}
        work.audit.record(principal, AuditAction.SIGN_IN, target, at=now, after=told)
        return user, session, principal

    def _account(
        self,
        work: Work,
        way: Arrival,
        rules: ProviderRules,
        person: Person,
        identity: Identity | None,
        same: User | None,
        stranger: Stranger,
    ) -> User:
        """Return whose account it is; a stranger's is made."""
        if way is Arrival.KNOWN and identity is not None and identity.user_id is not None:
            return work.users.get(identity.user_id)
        if way is Arrival.LINKED and same is not None:
            return same
        now, email = self.clock.now(), person.email or ""
        user = new_user(
            UserId(self.randomness.identifier()),
            email=email,
            display_name=first_display_name(email, person.display_name),
            now=now,
        )
        work.users.add(user)
        told = {**facts(user, TOLD), **_from(rules, person)}
        target = Target("user", user.user_id)
        work.audit.record(stranger, AuditAction.USER_CREATE, target, at=now, after=told)
        return user

    def _with_role(
        self, work: Work, before: User, person: Person, *, claimed_before: bool
    ) -> tuple[User, bool]:
        """Return the account with the role that the claim gives, and whether the claim was followed."""
        is_admin = is_admin_after(before, person, claimed_before=claimed_before)
        if is_admin == before.is_admin:
            return before, True
        after = attrs.evolve(before, is_admin=is_admin, updated_at=self.clock.now())
        if is_admin:
            require_one_alphabet(after.email)
        try:
            require_administrator_left(before, after, work.users.count_administrators())
        except LastAdministrator:
            return before, False  # asked again at the next sign-in
        if ends_sessions(before, after):
            after = attrs.evolve(after, epoch=before.epoch + 1)
        return after, True

    def _tie(
        self,
        work: Work,
        identity: Identity | None,
        person: Person,
        user: User,
        *,
        claims_admin: bool,
    ) -> None:
        if identity is None:
            work.identities.add(
                Identity(
                    identity_id=IdentityId(self.randomness.identifier()),
                    issuer=person.issuer,
                    subject=person.subject,
                    user_id=user.user_id,
                    claims_admin=claims_admin,
                    created_at=self.clock.now(),
                )
            )
            return
        tied = attrs.evolve(identity, user_id=user.user_id, claims_admin=claims_admin)
        if tied != identity:
            work.identities.put(tied)

    def _refuse(self, client: Client, email: str | None, why: str) -> None:
        """Record a try that was not looked at, once an hour: a flood of them must not fill the log."""
        deeds = [(AuditAction.SIGN_IN_FAILED, Target("provider"))]
        stranger, told = Stranger.of(client, email), {"reason": why}
        self.refused.write_down(self.writing, stranger, deeds, self.clock.now(), after=told)

    def _record_failure(self, client: Client, name: str, person: Person | None, why: str) -> None:
        with self.writing() as work:
            told = {"reason": why, "provider": name}
            if person is not None:
                told |= {"issuer": person.issuer, "subject": person.subject}
            stranger = Stranger.of(client, person.email if person else None)
            target = Target("provider", name)
            work.audit.record(
                stranger, AuditAction.SIGN_IN_FAILED, target, at=self.clock.now(), after=told
            )


class _CodeMissing(Exception):
    """The account asks for a code; nothing has been changed."""


def _no_such_sign_in() -> Unauthenticated:
    return Unauthenticated(
        "This sign-in was begun in another browser, is more than ten minutes old or was finished"
        " already: begin it again."
    )


def _from(rules: ProviderRules, person: Person) -> Facts:
    return {"provider": rules.name, "issuer": person.issuer, "subject": person.subject}
