"""How people become who is asking: setup, sign-in, sessions, their own account."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from invoke_core.domain import api_keys
from invoke_core.domain.audit import SERVER, AuditAction, Facts, Stranger, Target, facts
from invoke_core.domain.identifiers import SessionId, UserId
from invoke_core.domain.passwords import (
    AcceptedPassword,
    Owner,
    PasswordPolicy,
    checked_password,
)
from invoke_core.domain.principals import (
    INTERNAL,
    SINGLE_USER,
    Principal,
    require_administrator,
    require_no_key,
    require_usable,
)
from invoke_core.domain.second_factor import SecondFactorPolicy, must_enroll
from invoke_core.domain.sessions import Session, SessionPolicy, audience_of, principal_of
from invoke_core.domain.sign_in import Client, is_setup_code, setup_code_required
from invoke_core.domain.throttle import DAY, device_digest
from invoke_core.domain.tokens import Claims, TokenAudience
from invoke_core.domain.users import (
    MAX_EMAIL_CHARACTERS,
    User,
    checked_display_name,
    checked_email,
    first_display_name,
    is_first_password_over,
    new_user,
    require_changeable,
    require_one_alphabet,
    with_password,
)
from invoke_core.errors import (
    AccountDisabled,
    Conflict,
    FirstPasswordOver,
    Forbidden,
    Invalid,
    NotFound,
    SecondFactorRequired,
    SetupDone,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from invoke_core.ports.clock import Clock
from invoke_core.ports.hashing import PasswordHasher
from invoke_core.ports.one_time_codes import OneTimeCodes
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.recovery import Recovery
from invoke_core.ports.tokens import TokenCodec
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services._last_seen import LastSeen
from invoke_core.services._links import forget_links
from invoke_core.services._looks import Hourly
from invoke_core.services._own_password import OwnPassword
from invoke_core.services._passwords import PasswordMemory
from invoke_core.services._recovery import NoRecovery, end_recovery
from invoke_core.services._second_factor import SecondFactors
from invoke_core.services._sessions import Sessions
from invoke_core.services._throttle import Brake
from invoke_core.services.users import TOLD, SavedUser, account_changes


@attrs.frozen(kw_only=True)
class SignInStatus:
    """What a sign-in page must know before anybody has signed in."""

    multiuser: bool
    setup_required: bool  # nobody ever administered
    recovery: (
        bool  # the configured signing key disappeared: the setup is open for somebody with the code
    )
    setup_code_required: bool
    strict_password_checking: bool


@attrs.frozen(kw_only=True)
class SignedIn:
    """A fresh sign-in."""

    user: User
    token: str = attrs.field(repr=False)
    media_token: str = attrs.field(repr=False)  # of the same session, good for pictures alone
    expires_in: int  # seconds
    device: str | None = attrs.field(repr=False)  # to be told a known device by; None: it has one


@attrs.frozen(kw_only=True)
class OwnAccount:
    """One's own account after a change."""

    user: User
    warnings: tuple[str, ...] = ()  # what a new password lacks, where the policy lets that pass
    token: str | None = attrs.field(default=None, repr=False)  # in place of the one before


@attrs.frozen(kw_only=True)
class SignInService:
    """How people become who is asking."""

    reading: Reading
    writing: Writing
    hasher: PasswordHasher
    tokens: TokenCodec
    codes: OneTimeCodes
    clock: Clock
    randomness: Randomness
    multiuser: bool
    loopback_only: bool  # the server listens on loopback alone, with neither base URL nor proxy
    setup_code: str = attrs.field(repr=False)  # printed on the server's console
    policy: PasswordPolicy
    sessions: SessionPolicy
    second_factor: SecondFactorPolicy = SecondFactorPolicy.NONE
    recovery: Recovery = attrs.field(factory=NoRecovery, repr=False)
    seen: LastSeen = attrs.field(factory=LastSeen, repr=False)
    refused: Hourly = attrs.field(factory=Hourly, repr=False)  # tries that were not looked at

    @property
    def _book(self) -> Sessions:
        return Sessions(
            hasher=self.hasher,
            tokens=self.tokens,
            randomness=self.randomness,
            policy=self.sessions,
        )

    # Before anybody is signed in

    def status(self, client: Client) -> SignInStatus:
        """Return what a sign-in page must know."""
        with self.reading() as work:
            required = self.multiuser and _setup_required(work)
        recovering = self.multiuser and self.recovery.is_open()
        return SignInStatus(
            multiuser=self.multiuser,
            setup_required=required,
            recovery=recovering,
            setup_code_required=(required or recovering) and self._code_required(client),
            strict_password_checking=self.policy.strict,
        )

    def setup(
        self,
        client: Client,
        *,
        email: str,
        password: str,
        display_name: str | None = None,
        code: str | None = None,
    ) -> SavedUser:
        """Make the first administrator, or another one in recovery.

        Of several who try at once exactly one succeeds.

        Raises:
            Forbidden: nobody signs in to this server, or the code is missing or wrong.
            SetupDone: there is an administrator already, and recovery is not open.
            Invalid: the address, the name or the password cannot be one.
            RuleViolation: the address mixes alphabets.
            WeakPassword: the policy refuses the password.
            Conflict: another account has this address.
        """
        self._require_multiuser()
        stranger = Stranger.of(client, email)
        if not self.recovery.is_open():
            with self.reading() as work:
                _require_setup(work)
        if self._code_required(client) and not is_setup_code(code, self.setup_code):
            self._refuse(stranger, AuditAction.SETUP_FAILED, SERVER, "wrong code")
            raise Forbidden("Type the setup code that the server printed on its console.")
        email = checked_email(email)
        require_one_alphabet(email)
        name = first_display_name(email, display_name)
        owner = Owner(email=email, display_name=name)
        accepted = checked_password(password, self.policy, owner=owner)
        now = self.clock.now()
        user = new_user(
            UserId(self.randomness.identifier()),
            email=email,
            display_name=name,
            now=now,
            password_hash=self.hasher.hash(accepted.text),
            is_admin=True,
        )
        with self.recovery.passing() as recovering, self.writing() as work:
            if not recovering:
                _require_setup(work)  # again: somebody may have been faster
            work.users.add(user)
            told = {**facts(user, TOLD), "recovery": recovering}
            target = Target("user", user.user_id)
            work.audit.record(stranger, AuditAction.SETUP, target, at=now, after=told)
            if recovering:
                work.audit.record(stranger, AuditAction.RECOVERY_CLOSE, SERVER, at=now)
        return SavedUser(user=user, warnings=accepted.warnings)

    def login(
        self,
        client: Client,
        *,
        email: str,
        password: str,
        remember_me: bool = False,
        code: str | None = None,
        audience: TokenAudience = TokenAudience.API,
    ) -> SignedIn:
        """Begin a session.

        Args:
            client: where the try comes from.
            email: the address that was typed.
            password: as it was typed.
            remember_me: the session lasts longer without use.
            code: of the second factor, or a recovery code, where the account asks for one.
            audience: what the token is to be good for.

        Raises:
            Forbidden: nobody signs in to this server.
            Unauthenticated: the address is unknown or the password is wrong; both alike.
            SecondFactorRequired: the password is right, and the code is missing or wrong; a wrong one
                counts as a failure.
            TooMany: there were too many wrong tries, so this one was not looked at.
            AccountDisabled: the right password of a deactivated account.
            FirstPasswordOver: the right password, chosen by somebody else for a first sign-in that did
                not come within seven days.
        """
        self._require_multiuser()
        with self.reading() as work:
            found = work.users.find_by_email(email) if _can_be_an_address(email) else None
            factor = work.second_factors.find(found.user_id) if found else None
        stranger = Stranger.of(client, email)
        target = Target("user", found.user_id if found else None)
        try:
            reserved = self._brake.reserve(email, client, found)
        except TooMany:
            self._refuse(stranger, AuditAction.SIGN_IN_FAILED, target, "too many tries")
            raise
        verdict = self.hasher.verify(password, found.password_hash if found else None)
        if found is None or not verdict.matches:
            why = "unknown address" if found is None else "wrong password"
            with self.writing() as work:
                self._record_failure(work, stranger, target, why)
            raise _wrong()
        if not found.is_active:
            with self.writing() as work:
                self._brake.succeeded(work, reserved)
                self._record_failure(work, stranger, target, "disabled account")
            raise AccountDisabled
        if is_first_password_over(found, self.clock.now()):
            with self.writing() as work:
                self._brake.succeeded(work, reserved)
                self._record_failure(work, stranger, target, "first password over")
            raise FirstPasswordOver
        proof = None
        if factor is not None and factor.confirmed_at is not None:
            if not code:
                with self.writing() as work:  # forgives nothing: a password alone proves too little
                    self._brake.undo(work, reserved)
                raise SecondFactorRequired("Type the code that your app shows, or a recovery code.")
            try:
                proof = self._factors.proof(factor, code, self.clock.now())
            except SecondFactorRequired:
                with self.writing() as work:
                    self._record_failure(work, stranger, target, "wrong code")
                raise
        upgraded = self.hasher.hash(password) if verdict.needs_upgrade else found.password_hash
        now = self.clock.now()
        with self.writing() as work:
            user = work.users.find_by_email(email)
            if user is None or user.password_hash != found.password_hash:
                raise _wrong()  # a new password, set meanwhile, wins
            if not user.is_active:
                raise AccountDisabled
            self._factors.spend(work, user.user_id, proof)
            set_at = user.password_changed_at or user.created_at
            user = attrs.evolve(
                user,
                password_hash=upgraded,
                last_login_at=now,
                must_change_password=user.must_change_password
                or self.policy.is_too_old(set_at, now),
            )
            work.users.put(user)
            if verdict.needs_upgrade:
                self._book.follow_upgrade(work, found, user)
            session = self._book.begin(work, user, client, remember_me=remember_me, now=now)
            self._brake.succeeded(work, reserved)
            device = self._known_device(work, user, client, now)
            principal = attrs.evolve(
                principal_of(session, user, client.address), request_id=client.request_id
            )
            work.audit.record(principal, AuditAction.SIGN_IN, target, at=now, after=_shown(session))
        if user.is_admin:
            end_recovery(self.recovery, self.writing, principal, now)
        token = self._book.token(session, user, now, audience)
        return SignedIn(
            user=user,
            device=device,
            token=token,
            media_token=self.media_copy(token),
            expires_in=int((session.expires_at - now).total_seconds()),
        )

    def authenticate(
        self,
        token: str | None,
        address: str | None,
        *,
        background: bool = False,
        audience: TokenAudience = TokenAudience.API,
    ) -> tuple[Principal, str | None]:
        """Return who is asking, and a fresh token where the session was renewed.

        Args:
            token: the bearer token of the request, if it has one: a sign-in's, or an API key.
            address: of the client, as text.
            background: no person caused the request, so it renews nothing.
            audience: what the token must be good for, by where in the request it stood; API keys stand
                where tokens for `API` do.

        Raises:
            Unauthenticated: no token, or one whose session, account or password does not count any more.
        """
        if not self.multiuser:
            return attrs.evolve(SINGLE_USER, address=address), None
        if token is None:
            raise Unauthenticated("Sign in first.")
        if api_keys.is_key(token) and audience is TokenAudience.API:
            return self._holder(token, address), None
        claims = self.tokens.read(token)
        if claims.audience is not audience:
            raise Unauthenticated("This token is not good for this: sign in.")
        with self.reading() as work:
            found = work.sessions.find_with_user(claims.session_id)
        now = self.clock.now()
        session, user = self._book.require(found, claims, now)
        self.seen.note(session.session_id, now)
        refreshed = None
        if not background and self._book.is_due(session, claims, now):
            refreshed = self._renewed(claims, now)
        principal = principal_of(
            session,
            user,
            address,
            audience,
            must_enroll=must_enroll(user, self.second_factor),
            ends_at=claims.expires_at,
        )
        return principal, refreshed

    def media_token(self, principal: Principal, token: str | None) -> str:
        """Return a token of one's session that is good for pictures alone.

        Args:
            principal: who asks.
            token: with which it does.

        Raises:
            Forbidden: nobody signs in to this server, or an API key is asking.
        """
        self._require_multiuser()
        require_usable(principal)
        require_no_key(principal)
        return self.media_copy(token or "")

    def media_copy(self, token: str) -> str:
        """Return a token of the same session and end as one of ours, good for pictures alone."""
        return self.tokens.issue(
            attrs.evolve(self.tokens.read(token), audience=TokenAudience.MEDIA)
        )

    def settle_recovery(self) -> None:
        """Open or close the recovery as the configuration says; for a server that starts."""
        opened = self.recovery.settle()
        if opened is None:
            return
        action = AuditAction.RECOVERY_OPEN if opened else AuditAction.RECOVERY_CLOSE
        with self.writing() as work:
            work.audit.record(INTERNAL, action, SERVER, at=self.clock.now())

    # One's own account and sign-ins

    def me(self, principal: Principal) -> User:
        """Return one's own account; in single-user mode that is `system`."""
        with self.reading() as work:
            return work.users.get(principal.user_id)

    def update_me(
        self,
        principal: Principal,
        *,
        display_name: str | None = None,
        current_password: str | None = None,
        new_password: str | None = None,
    ) -> OwnAccount:
        """Change one's own name or password; a new password ends one's other sessions.

        Raises:
            Forbidden: an API key is asking.
            RuleViolation: the account is `system`, the current password is wrong, or the new one is the
                same or a former one.
            Invalid: the name or the new password cannot be one, or the current password is missing.
            WeakPassword: the policy refuses the new password.
            TooMany: there were too many wrong tries.
            Conflict: the password was changed by somebody else at the same time.
        """
        require_no_key(principal)
        require_changeable(principal.user_id)
        name = None if display_name is None else checked_display_name(display_name)
        with self.reading() as work:
            before = work.users.get(principal.user_id)
            former = self._memory.former(work, before.user_id)
        accepted: AcceptedPassword | None = None
        if new_password is not None:
            accepted = self._new_password(principal, before, current_password, new_password)
            self._memory.require_new(accepted, before, former)
        password_hash = self.hasher.hash(accepted.text) if accepted else None
        now = self.clock.now()
        token = None
        with self.writing() as work:
            user = old = work.users.get(principal.user_id)
            if name is not None:
                user = attrs.evolve(user, display_name=name, updated_at=now)
            if password_hash is not None:
                if user.password_hash != before.password_hash:
                    raise Conflict("The password was changed meanwhile: try again.")
                self._memory.replaced(work, user, now)
                user = with_password(user, password_hash, now)
                forget_links(work, user.user_id)
                token = self._book.go_on(
                    work, principal.session_id, user, now, audience_of(principal)
                )
            work.users.put(user)
            was, became = account_changes(old, user)
            if became:
                target = Target("user", user.user_id)
                work.audit.record(
                    principal, AuditAction.USER_UPDATE, target, at=now, before=was, after=became
                )
        return OwnAccount(user=user, token=token, warnings=accepted.warnings if accepted else ())

    def logout(self, principal: Principal) -> str | None:
        """End the session that asks, at once; nothing happens where there is none.

        Returns:
            The provider where it began; None: it began here.
        """
        if principal.session_id is None:
            return None
        now = self.clock.now()
        with self.writing() as work:
            found = work.sessions.find_with_user(principal.session_id)
            self._book.end(work, principal.user_id, principal.session_id, now)
            target = Target("session", principal.session_id)
            work.audit.record(principal, AuditAction.SIGN_OUT, target, at=now)
        return found[0].provider if found else None

    def list_sessions(self, principal: Principal) -> Sequence[Session]:
        """Return one's sign-ins that still count, the one seen last first."""
        require_usable(principal)
        require_no_key(principal)
        with self.reading() as work:
            return self._valid_sessions(work, principal.user_id)

    def sessions_of(self, principal: Principal, user_id: UserId) -> Sequence[Session]:
        """Return anybody's sign-ins that still count, the one seen last first.

        Raises:
            Forbidden: the principal is no administrator, or came by a key.
            NotFound: the account is unknown.
        """
        require_administrator(principal)
        require_no_key(principal)
        with self.reading() as work:
            return self._valid_sessions(work, work.users.get(user_id).user_id)

    def _valid_sessions(self, work: Work, user_id: UserId) -> Sequence[Session]:
        now, kept = self.clock.now(), work.sessions.of_user(user_id)
        seen = [self.seen.applied_to(session) for session in kept if now < session.expires_at]
        return sorted(seen, key=lambda session: session.last_seen_at, reverse=True)

    def end_session(self, principal: Principal, session_id: SessionId) -> None:
        """End one of one's own sign-ins.

        Raises:
            NotFound: one has no such session.
        """
        require_usable(principal)
        require_no_key(principal)
        who, now = principal.user_id, self.clock.now()
        with self.writing() as work:
            own = {session.session_id: session for session in work.sessions.of_user(who)}
            if session_id not in own:
                raise NotFound("session", session_id)
            self._book.end(work, who, session_id, now)
            self._record_end(work, principal, [own[session_id]], now)

    def end_other_sessions(self, principal: Principal) -> None:
        """End all of one's own sign-ins but the one that asks."""
        require_usable(principal)
        require_no_key(principal)
        who, now = principal.user_id, self.clock.now()
        with self.writing() as work:
            kept = principal.session_id
            others = [each for each in work.sessions.of_user(who) if each.session_id != kept]
            self._book.end_others(work, who, kept, now)
            self._record_end(work, principal, others, now)

    # Housekeeping

    def flush_seen(self) -> None:
        """Write down when sessions were last seen; what cannot be written waits for the next time."""
        noted = self.seen.take()
        if not noted:
            return
        try:
            with self.writing() as work:
                work.sessions.touch(noted)
        except BaseException:
            self.seen.give_back(noted)
            raise

    def remove_expired(self) -> int:
        """Forget sessions that have ended by themselves; return how many went."""
        with self.writing() as work:
            return work.sessions.remove_expired(self.clock.now())

    def forget_failures(self) -> int:
        """Forget wrong sign-ins that count no more; return how many tallies went."""
        with self.writing() as work:
            return work.throttle.remove_before(self.clock.now() - DAY)

    def _code_required(self, client: Client) -> bool:
        return self.recovery.is_open() or setup_code_required(
            loopback_only=self.loopback_only, client=client
        )

    def _refuse(self, who: Stranger, action: AuditAction, target: Target, why: str) -> None:
        """Record a try that cost nobody anything, once an hour: a flood of them must not fill the log."""
        deeds = [(action, target)]
        self.refused.write_down(self.writing, who, deeds, self.clock.now(), after={"reason": why})

    def _record_failure(
        self, work: Work, who: Principal | Stranger, target: Target, why: str
    ) -> None:
        work.audit.record(
            who, AuditAction.SIGN_IN_FAILED, target, at=self.clock.now(), after={"reason": why}
        )

    def _record_end(
        self, work: Work, principal: Principal, ended: Sequence[Session], now: datetime
    ) -> None:
        for session in ended:
            target = Target("session", session.session_id)
            work.audit.record(
                principal, AuditAction.SESSION_END, target, at=now, before=_shown(session)
            )

    def _require_multiuser(self) -> None:
        if not self.multiuser:
            raise Forbidden("This server runs in single-user mode: nobody signs in.")

    def _holder(self, key_text: str, address: str | None) -> Principal:
        with self.reading() as work:
            found = work.api_keys.find_with_user(api_keys.key_digest(key_text))
        if found is None or not api_keys.counts(*found, self.clock.now()):
            raise Unauthenticated("This API key does not count, or not any more.")
        enroll = must_enroll(found[1], self.second_factor)
        return api_keys.principal_of_key(*found, address, must_enroll=enroll)

    def _renewed(self, claims: Claims, now: datetime) -> str | None:
        try:
            with self.writing() as work:
                return self._book.renew(work, claims, now)
        except Unavailable:
            return None  # the next request tries again; this one is good as it is

    @property
    def _memory(self) -> PasswordMemory:
        return PasswordMemory(self.hasher, self.policy)

    @property
    def _factors(self) -> SecondFactors:
        return SecondFactors(self.codes)

    @property
    def _brake(self) -> Brake:
        return Brake(self.writing, self.clock)

    def _known_device(self, work: Work, user: User, client: Client, now: datetime) -> str | None:
        """Return a secret for a device that has none; a known one keeps the secret that it has."""
        if client.device is not None and work.throttle.knows_device(
            user.user_id, device_digest(client.device)
        ):
            return None
        device = self.randomness.secret()
        work.throttle.add_device(user.user_id, device_digest(device), now)
        return device

    def _new_password(
        self, principal: Principal, user: User, current: str | None, new: str
    ) -> AcceptedPassword:
        if current is None:
            raise Invalid("Type your current password too.", field="current_password")
        owner = Owner(email=user.email, display_name=user.display_name)
        accepted = checked_password(new, self.policy, owner=owner, field="new_password")
        OwnPassword(self.writing, self.clock, self.hasher).require(principal, user, current)
        return accepted


def _shown(session: Session) -> Facts:
    return facts(session, ("session_id", "remember_me", "address", "user_agent"))


def _setup_required(work: Work) -> bool:
    """Return whether nobody ever administered: a deactivated administrator opens no setup."""
    return work.users.list(is_admin=True, limit=1).total == 0


def _require_setup(work: Work) -> None:
    if not _setup_required(work):
        raise SetupDone


def _can_be_an_address(text: str) -> bool:
    """Return whether an account may have this address: adopted ones are less strict than ours."""
    return len(text) <= 4 * MAX_EMAIL_CHARACTERS and not any(
        "\ud800" <= c <= "\udfff" for c in text
    )


def _wrong() -> Unauthenticated:
    return Unauthenticated("Incorrect email or password")
