"""Invitations and reset links: how people get to choose a password that nobody else knows."""

from datetime import datetime

import attrs

from invoke_core.domain.audit import AuditAction, Stranger, Target, facts
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.links import LINK_LIVES, AccountLink, LinkPurpose, link_digest, link_url
from invoke_core.domain.mail import Letter
from invoke_core.domain.news import Audience, NewsKind
from invoke_core.domain.passwords import Owner, PasswordPolicy, checked_password
from invoke_core.domain.principals import Principal, require_administrator, require_no_key
from invoke_core.domain.sign_in import Client
from invoke_core.domain.throttle import account_key
from invoke_core.domain.users import (
    User,
    checked_display_name,
    checked_email,
    first_display_name,
    new_user,
    require_changeable,
    require_one_alphabet,
    with_password,
)
from invoke_core.errors import RuleViolation
from invoke_core.ports.clock import Clock
from invoke_core.ports.hashing import PasswordHasher
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services._links import forget_links
from invoke_core.services._passwords import PasswordMemory
from invoke_core.services._sessions import end_all_sessions
from invoke_core.services.users import TOLD, SavedUser

_USED = {
    LinkPurpose.INVITATION: AuditAction.USER_ACCEPT,
    LinkPurpose.RESET: AuditAction.USER_RESET,
}


@attrs.frozen(kw_only=True)
class IssuedLink:
    """A link for a person, on its way by mail or to be handed on by whoever asked for it."""

    user: User
    url: str | None = attrs.field(repr=False)  # None: it is mailed, and nobody else gets it
    expires_at: datetime


@attrs.frozen(kw_only=True)
class LinkService:
    """Links that let their holder choose the password of one account, once."""

    reading: Reading
    writing: Writing
    hasher: PasswordHasher
    clock: Clock
    randomness: Randomness
    policy: PasswordPolicy
    by_mail: bool = False  # letters are sent; False: whoever asks is shown the link

    def invite(
        self,
        principal: Principal,
        *,
        email: str,
        display_name: str | None = None,
        is_admin: bool = False,
        site: str,
    ) -> IssuedLink:
        """Make an account without a password, and a link to choose one that works for seven days.

        Args:
            principal: who asks.
            email: the address.
            display_name: how the account is called; without one it goes by its address.
            is_admin: whether it administers the server.
            site: the address of the server, for the link.

        Raises:
            Forbidden: the principal is no administrator, or an API key.
            Invalid: the address or the name cannot be one.
            RuleViolation: an administrator's address mixes alphabets.
            Conflict: another account has this address.
        """
        require_administrator(principal)
        require_no_key(principal)
        email = checked_email(email)
        if is_admin:
            require_one_alphabet(email)
        now = self.clock.now()
        user = new_user(
            UserId(self.randomness.identifier()),
            email=email,
            display_name=first_display_name(email, display_name),
            now=now,
            is_admin=is_admin,
        )
        with self.writing() as work:
            work.users.add(user)
            issued = self._issue(work, user, LinkPurpose.INVITATION, site)
            told = {**facts(user, TOLD), "expires_at": issued.expires_at}
            target = Target("user", user.user_id)
            work.audit.record(principal, AuditAction.USER_INVITE, target, at=now, after=told)
        return issued

    def reset_link(self, principal: Principal, user_id: UserId, *, site: str) -> IssuedLink:
        """Make a link to choose a new password that works for a day; the older one ends.

        The present password goes on working until the link is used.

        Raises:
            Forbidden: the principal is no administrator, or an API key.
            NotFound: the account is unknown.
            RuleViolation: it is `system`, or deactivated.
        """
        require_administrator(principal)
        require_no_key(principal)
        with self.writing() as work:
            user = work.users.get(user_id)
            require_changeable(user_id)
            if not user.is_active:
                raise RuleViolation("This account is deactivated: reactivate it first.")
            issued = self._issue(work, user, LinkPurpose.RESET, site)
            work.audit.record(
                principal,
                AuditAction.USER_RESET_LINK,
                Target("user", user_id),
                at=self.clock.now(),
                after={"expires_at": issued.expires_at},
            )
        return issued

    def accept(
        self, client: Client, token: str, *, password: str, display_name: str | None = None
    ) -> SavedUser:
        """Choose the password of an account that one was invited to.

        Args:
            client: where the try comes from.
            token: of the link.
            password: the new one.
            display_name: how the account is called from now on; None: as before.

        Raises:
            RuleViolation: the link is wrong, used, replaced or expired.
            Invalid: the name or the password cannot be one.
            WeakPassword: the policy refuses the password.
        """
        return self._choose(
            client, token, LinkPurpose.INVITATION, password, "password", display_name
        )

    def reset_password(self, client: Client, token: str, *, new_password: str) -> SavedUser:
        """Choose a new password by a reset link; sessions end, and wrong sign-ins are forgotten.

        Args:
            client: where the try comes from.
            token: of the link.
            new_password: the new one.

        Raises:
            RuleViolation: the link is wrong, used, replaced or expired, or the account has or had this
                password.
            Invalid: the password cannot be one.
            WeakPassword: the policy refuses the password.
        """
        return self._choose(client, token, LinkPurpose.RESET, new_password, "new_password", None)

    def holder(self, token: str, purpose: LinkPurpose | None = None) -> User:
        """Return the account that a link is for.

        Args:
            token: of the link.
            purpose: what it must be good for; None: any.

        Raises:
            RuleViolation: the link is wrong, used, replaced or expired.
        """
        with self.reading() as work:
            return self._holder(work, token, purpose)

    def forget_expired(self) -> int:
        """Forget links that expired longer ago than anybody would ask why; return how many went."""
        with self.writing() as work:
            return work.links.remove_expired(self.clock.now() - max(LINK_LIVES.values()))

    def _issue(self, work: Work, user: User, purpose: LinkPurpose, site: str) -> IssuedLink:
        now = self.clock.now()
        expires_at = now + LINK_LIVES[purpose]
        forget_links(work, user.user_id)
        if self.by_mail:
            # The token is made when the letter is sent, so that none lies in the database until then.
            letter = Letter(
                user_id=user.user_id,
                purpose=purpose,
                site=site,
                created_at=now,
                expires_at=expires_at,
                due_at=now,
            )
            work.outbox.put(letter)
            body = {"user_id": user.user_id}
            work.news.tell(NewsKind.MAIL_WAITING, Audience.administrators(), body, now)
            return IssuedLink(user=user, url=None, expires_at=expires_at)
        token = self.randomness.secret()
        link = AccountLink(
            user_id=user.user_id,
            purpose=purpose,
            digest=link_digest(token),
            created_at=now,
            expires_at=expires_at,
        )
        work.links.put(link)
        return IssuedLink(user=user, url=link_url(site, purpose, token), expires_at=expires_at)

    def _choose(
        self,
        client: Client,
        token: str,
        purpose: LinkPurpose,
        password: str,
        field: str,
        name: str | None,
    ) -> SavedUser:
        with self.reading() as work:
            before = self._holder(work, token, purpose)  # a wrong link costs no hash
            former = self._memory.former(work, before.user_id)
        name = before.display_name if name is None else checked_display_name(name)
        owner = Owner(email=before.email, display_name=name)
        accepted = checked_password(password, self.policy, owner=owner, field=field)
        self._memory.require_new(accepted, before, former)
        password_hash = self.hasher.hash(accepted.text)
        now = self.clock.now()
        with self.writing() as work:
            user = self._holder(work, token, purpose)  # again: of two at once the first wins
            self._memory.replaced(work, user, now)
            after = attrs.evolve(with_password(user, password_hash, now), display_name=name)
            work.users.put(after)
            work.links.remove(user.user_id)
            end_all_sessions(work, user.user_id, now)
            work.throttle.remove_account(account_key(user.email))
            work.audit.record(
                Stranger.of(client, user.email),
                _USED[purpose],
                Target("user", user.user_id),
                at=now,
                after={"display_name": name},
            )
        return SavedUser(user=after, warnings=accepted.warnings)

    def _holder(self, work: Work, token: str, purpose: LinkPurpose | None = None) -> User:
        """Return the account that the link is for.

        Raises:
            RuleViolation: the link does not work.
        """
        link = work.links.find(link_digest(token))
        if link is None or purpose not in {None, link.purpose}:
            raise RuleViolation(
                "This link does not work: it was used already, a newer one took its place, or it is not"
                " complete. Ask an administrator for another."
            )
        if self.clock.now() >= link.expires_at:
            raise RuleViolation("This link has expired: ask an administrator for another.")
        user = work.users.get(link.user_id)
        if not user.is_active:
            raise RuleViolation("This account is deactivated: its link does not work.")
        return user

    @property
    def _memory(self) -> PasswordMemory:
        return PasswordMemory(self.hasher, self.policy)
