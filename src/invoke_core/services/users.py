"""What people, and administrators above all, do with accounts."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from invoke_core.domain.audit import AuditAction, Facts, Target, difference, facts
from invoke_core.domain.deletions import Deletion
from invoke_core.domain.identifiers import ImageName, UserId
from invoke_core.domain.pages import Page, require_offset
from invoke_core.domain.passwords import (
    AcceptedPassword,
    Owner,
    PasswordPolicy,
    checked_password,
    generated_password,
)
from invoke_core.domain.principals import (
    Principal,
    require_administrator,
    require_host,
    require_no_key,
    require_usable,
)
from invoke_core.domain.storage import QUOTA_OF_SERVER, checked_quota, quota_of
from invoke_core.domain.throttle import Tally, account_key, locked_until
from invoke_core.domain.users import (
    User,
    UserPosition,
    checked_display_name,
    checked_email,
    checked_note,
    email_identity,
    ends_links,
    ends_sessions,
    first_display_name,
    new_user,
    require_administrator_left,
    require_changeable,
    require_one_alphabet,
    with_password,
)
from invoke_core.errors import Conflict, Invalid, NotFound, RuleViolation
from invoke_core.ports.clock import Clock
from invoke_core.ports.hashing import PasswordHasher
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.recovery import Recovery
from invoke_core.ports.storage import ImageStorage
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services import _deleting, flows
from invoke_core.services._account_content import (
    hand_over,
    hand_over_pictures,
    has_many_guests,
    owns_many,
    remove_content,
    remove_pictures,
    return_guests_pictures,
)
from invoke_core.services._links import forget_links
from invoke_core.services._passwords import PasswordMemory
from invoke_core.services._recovery import NoRecovery, end_recovery
from invoke_core.services._sessions import end_all_sessions, tell_sessions_ended
from invoke_core.services.transfers import TransferService

MIN_DIRECTORY_SEARCH = 2  # characters
MAX_DIRECTORY_ENTRIES = 20
TOLD = ("email", "display_name", "is_admin", "is_active", "must_change_password")
"""What the audit log says of an account that was made or deleted."""


@attrs.frozen(kw_only=True)
class UserChanges:
    """What becomes different about an account; None leaves a value as it is."""

    email: str | None = None
    display_name: str | None = None
    password: str | None = attrs.field(default=None, repr=False)
    is_admin: bool | None = None
    is_active: bool | None = None
    must_change_password: bool | None = None
    note: str | None = None
    # bytes; NO_QUOTA: none whatever the setting says; QUOTA_OF_SERVER: as the setting says
    storage_quota_bytes: int | None = None

    @property
    def concern_credentials(self) -> bool:
        """Whether somebody would sign in otherwise, or be an administrator."""
        wanted = (self.email, self.password, self.is_admin, self.must_change_password)
        return any(value is not None for value in wanted)


@attrs.frozen(kw_only=True)
class SavedUser:
    """An account as it was saved."""

    user: User
    warnings: tuple[str, ...] = ()  # what its new password lacks, where the policy lets that pass


@attrs.frozen(kw_only=True)
class Standing:
    """What administrators see of how an account signs in, besides the account."""

    locked_until: datetime | None = None  # wrong sign-ins from somewhere wait until then
    storage_quota_bytes: int | None = None  # that is in force; None: no limit
    storage_bytes: int = 0  # that its pictures take, of the quota


@attrs.frozen(kw_only=True)
class UserService:
    """What people do with accounts."""

    reading: Reading
    writing: Writing
    hasher: PasswordHasher
    storage: ImageStorage
    clock: Clock
    randomness: Randomness
    policy: PasswordPolicy
    directory_open: bool = True  # False: only administrators may look people up
    recovery: Recovery = attrs.field(factory=NoRecovery, repr=False)
    storage_quota: int | None = None  # bytes, of accounts that have none of their own

    def list(
        self,
        principal: Principal,
        *,
        search: str | None = None,
        is_admin: bool | None = None,
        is_active: bool | None = None,
        unused_days: int | None = None,
        after: UserPosition | None = None,
        offset: int = 0,
        limit: int | None = 50,
    ) -> Page[User]:
        """Return people, oldest account first; see `UserRepository.list`.

        Args:
            principal: who asks.
            search: a part of the address or display name.
            is_admin: only (or no) administrators.
            is_active: only (or no) active accounts.
            unused_days: only accounts that nobody has used for so many days.
            after: only those that stand after it.
            offset: how many to pass over.
            limit: how many at most; None: all of them.

        Raises:
            Forbidden: the principal is no administrator.
            Invalid: the offset is beyond 10,000.
        """
        require_administrator(principal)
        require_offset(offset)
        days = None if unused_days is None else timedelta(days=unused_days)
        with self.reading() as work:
            return work.users.list(
                search=search,
                is_admin=is_admin,
                is_active=is_active,
                unused_since=None if days is None else self.clock.now() - days,
                after=after,
                offset=offset,
                limit=limit,
            )

    def get(self, principal: Principal, user_id: UserId) -> User:
        """Return an account, `system` included.

        Raises:
            Forbidden: the principal is no administrator.
            NotFound: the account is unknown.
        """
        require_administrator(principal)
        with self.reading() as work:
            return work.users.get(user_id)

    def get_by_email(self, principal: Principal, email: str) -> User:
        """Return the account of an address.

        Raises:
            Forbidden: the principal is no administrator.
            NotFound: no account has this address.
        """
        require_administrator(principal)
        with self.reading() as work:
            user = work.users.find_by_email(email)
        if user is None:
            raise NotFound("user", email)
        return user

    def standing(self, principal: Principal, users: Sequence[User]) -> Mapping[UserId, Standing]:
        """Return how each of these accounts stands.

        Raises:
            Forbidden: the principal is no administrator.
        """
        require_administrator(principal)
        keys = {user.user_id: account_key(user.email) for user in users}
        tallies: dict[str, list[Tally]] = {key: [] for key in keys.values()}
        with self.reading() as work:
            for tally in work.throttle.of_accounts(list(tallies)):
                tallies[tally.account].append(tally)
            kept = work.stock.usages([user.user_id for user in users])
        now = self.clock.now()
        return {
            user.user_id: Standing(
                locked_until=locked_until(tallies[keys[user.user_id]], now),
                storage_quota_bytes=quota_of(user, self.storage_quota),
                storage_bytes=kept[user.user_id],
            )
            for user in users
        }

    def create(
        self,
        principal: Principal,
        *,
        email: str,
        password: str,
        display_name: str | None = None,
        is_admin: bool = False,
        must_change_password: bool = False,
    ) -> SavedUser:
        """Make an account; without a display name it goes by its address.

        Raises:
            Forbidden: the principal is no administrator, or an API key.
            Invalid: the address, the name or the password cannot be one.
            RuleViolation: an administrator's address mixes alphabets.
            WeakPassword: the policy refuses the password.
            Conflict: another account has this address.
        """
        require_administrator(principal)
        require_no_key(principal)
        email = checked_email(email)
        if is_admin:
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
            is_admin=is_admin,
            must_change_password=must_change_password,
        )
        with self.writing() as work:
            work.users.add(user)
            target, told = Target("user", user.user_id), facts(user, TOLD)
            work.audit.record(principal, AuditAction.USER_CREATE, target, at=now, after=told)
        if user.is_admin:
            end_recovery(self.recovery, self.writing, principal, now)
        return SavedUser(user=user, warnings=accepted.warnings)

    def update(self, principal: Principal, user_id: UserId, changes: UserChanges) -> SavedUser:
        """Change an account.

        A new password, a demotion and a deactivation end its sessions at once; a deactivation also
        ends its API keys, cancels its running jobs and lets the others wait until it is reactivated.

        Raises:
            Forbidden: the principal is no administrator, or an API key that would change how somebody
                signs in.
            NotFound: the account is unknown.
            RuleViolation: it is `system`, or an administrator's address that mixes alphabets.
            LastAdministrator: nobody who can administer would be left.
            Invalid: the address, the name, the note, the quota or the password cannot be one.
            WeakPassword: the policy refuses the password.
            Conflict: another account has the new address, or this one is being deleted.
        """
        require_administrator(principal)
        if changes.concern_credentials:
            require_no_key(principal)
        with self.reading() as work:
            user = work.users.get(user_id)  # an unknown account costs no hash
        require_changeable(user_id)
        new, accepted = self._checked(user, changes)
        now = self.clock.now()
        if accepted is not None:
            new["password_hash"] = self.hasher.hash(accepted.text)
            new["password_changed_at"] = now
        with self.writing() as work:
            before = work.users.get(user_id)
            _require_kept(work, user_id)
            after = attrs.evolve(before, **new)
            if after.is_admin and (after.email != before.email or not before.is_admin):
                require_one_alphabet(after.email)
            if ends_sessions(before, after):
                after = attrs.evolve(after, epoch=before.epoch + 1)
            if after != before:
                require_administrator_left(before, after, work.users.count_administrators())
                after = attrs.evolve(after, updated_at=now)
                work.users.put(after)
                was, became = account_changes(before, after)
                work.audit.record(
                    principal,
                    AuditAction.USER_UPDATE,
                    Target("user", user_id),
                    at=now,
                    before=was,
                    after=became,
                )
                self._take_effect(work, before, after)
        if after.can_administer and not before.can_administer:
            end_recovery(self.recovery, self.writing, principal, now)
        return SavedUser(user=after, warnings=accepted.warnings if accepted else ())

    def recover(self, principal: Principal, user_id: UserId, password: str) -> SavedUser:
        """Give an administrator who cannot sign in a new password.

        The account is active again, its wrong sign-ins are forgotten, its sessions end.

        Raises:
            Forbidden: the principal is not the host's command line: access to the host is the proof.
            NotFound: the account is unknown.
            RuleViolation: it is no administrator's, or `system`.
            Invalid: the password cannot be one.
            WeakPassword: the policy refuses it.
            Conflict: the account is being deleted.
        """
        require_host(principal)
        with self.reading() as work:
            user = work.users.get(user_id)
        _require_recoverable(user)
        owner = Owner(email=user.email, display_name=user.display_name)
        accepted = checked_password(password, self.policy, owner=owner)
        password_hash = self.hasher.hash(accepted.text)
        now = self.clock.now()
        with self.writing() as work:
            before = work.users.get(user_id)
            _require_recoverable(before)
            _require_kept(work, user_id)
            after = attrs.evolve(with_password(before, password_hash, now), is_active=True)
            work.users.put(after)
            work.throttle.remove_account(account_key(after.email))
            was, became = account_changes(before, after)
            target = Target("user", user_id)
            work.audit.record(
                principal, AuditAction.USER_RECOVER, target, at=now, before=was, after=became
            )
            self._take_effect(work, before, after)
        end_recovery(self.recovery, self.writing, principal, now)
        return SavedUser(user=after, warnings=accepted.warnings)

    def delete(
        self, principal: Principal, user_id: UserId, *, transfer_to: UserId | None = None
    ) -> None:
        """Delete an account with its content everywhere: boards, images, jobs.

        Pictures of others on its boards go back to their owners' uncategorised. An account with more
        of both than fit into one short transaction is deactivated in the first one, for good; then they
        go in steps, between which others write, and at last the account with the rest. After a crash
        `resume_deletions` goes on, and so does the same call.

        Args:
            principal: who asks.
            user_id: the account.
            transfer_to: who gets its boards and images instead; `system` may.

        Raises:
            Forbidden: the principal is no administrator.
            NotFound: the account, or who should get its content, is unknown; nothing happens.
            RuleViolation: it is `system`, or would get its own content.
            LastAdministrator: nobody who can administer would be left.
            Conflict: it is being deleted already with another heir, its heir is being deleted, or it is
                the heir of one that is.
        """
        require_administrator(principal)
        if transfer_to == user_id:
            raise RuleViolation("An account that is deleted cannot keep its content.")
        image_names: Sequence[ImageName] = ()
        # Rows that a transfer has given away already, and not rewritten yet, would hold the account.
        self._transfers.resume()
        with self.writing() as work:
            user = work.users.get(user_id)
            require_changeable(user_id)
            deletion = _deletion_under_way(work, user_id, transfer_to)
            if deletion is None:
                deletion, image_names = self._begin_deletion(work, principal, user, transfer_to)
        self._remove_files(image_names)
        if deletion is not None:
            self._finish_deletion(deletion)

    def resume_deletions(self) -> int:
        """Finish the deletions that a crash interrupted; return how many there were."""
        with self.reading() as work:
            unfinished = work.deletions.list()
        for deletion in unfinished:
            self._finish_deletion(deletion)
        return len(unfinished)

    def _begin_deletion(
        self, work: Work, principal: Principal, user: User, heir_id: UserId | None
    ) -> tuple[Deletion | None, Sequence[ImageName]]:
        """Delete an account that owns little; begin to where it owns much.

        Returns:
            What is left to finish, or None; and the pictures whose files must go after the commit.
        """
        require_administrator_left(user, None, work.users.count_administrators())
        user_id, now = user.user_id, self.clock.now()
        work.audit.record(
            principal,
            AuditAction.USER_DELETE,
            Target("user", user_id),
            at=now,
            before=facts(user, TOLD),
            after={"transfer_to": heir_id},
        )
        if heir_id is not None:
            work.users.get(heir_id)
        if _is_large(work, user_id, heir_id):
            deletion = Deletion(user_id=user_id, heir_id=heir_id, created_at=now)
            work.deletions.add(deletion)
            self._deactivate(work, user, now)
            return deletion, ()
        return None, _delete_rest(work, user_id, heir_id, now)

    def _deactivate(self, work: Work, user: User, now: datetime) -> None:
        """Leave nobody a way into an account that is being deleted."""
        after = attrs.evolve(user, is_active=False, epoch=user.epoch + 1, updated_at=now)
        work.users.put(after)
        forget_links(work, user.user_id)
        end_all_sessions(work, user.user_id, now)
        work.api_keys.remove_of_user(user.user_id)
        flows.suspend(work, user.user_id, now)

    def _finish_deletion(self, deletion: Deletion) -> None:
        """Take step after step, whoever else does too, until the account is gone."""
        user_id, heir_id = deletion.user_id, deletion.heir_id
        is_over = is_stuck = False
        while not is_over:
            self._transfers.resume()
            with self.writing() as work:
                if work.deletions.find(user_id) is None:
                    return
                now = self.clock.now()
                image_names: Sequence[ImageName] = ()
                # Where counts are wrong there may be less than they say: then the rest goes at once.
                is_over = is_stuck or not _is_large(work, user_id, heir_id)
                if is_over:
                    image_names = _delete_rest(work, user_id, heir_id, now)
                elif heir_id is None:
                    image_names = remove_pictures(work, user_id, now, limit=_deleting.STEP)
                    is_stuck = not image_names and not return_guests_pictures(
                        work, user_id, now, limit=_deleting.STEP
                    )
                elif not hand_over_pictures(work, user_id, heir_id, now, limit=_deleting.STEP):
                    # The bin alone is large; it changes hands in one statement.
                    work.bin.hand_over(user_id, heir_id)
                    is_stuck = True
            self._remove_files(image_names)

    def end_sessions(self, principal: Principal, user_id: UserId) -> None:
        """End every sign-in of an account at once; its password goes on working.

        Raises:
            Forbidden: the principal is no administrator.
            NotFound: the account is unknown.
            RuleViolation: it is `system`.
        """
        require_administrator(principal)
        with self.writing() as work:
            user = work.users.get(user_id)
            require_changeable(user_id)
            now, ended = self.clock.now(), work.sessions.of_user(user_id)
            end_all_sessions(work, user_id, now)
            work.audit.record(
                principal,
                AuditAction.SESSION_END,
                Target("user", user.user_id),
                at=now,
                before={"sessions": [session.session_id for session in ended]},
            )

    def unlock(self, principal: Principal, user_id: UserId) -> None:
        """Forget the wrong sign-ins of an account, so that its owner can try again at once.

        The addresses that tried it are forgiven too: one of them may be the owner's.

        Raises:
            Forbidden: the principal is no administrator, or an API key.
            NotFound: the account is unknown.
        """
        require_administrator(principal)
        require_no_key(principal)
        with self.writing() as work:
            account = account_key(work.users.get(user_id).email)
            for tally in work.throttle.of_accounts([account]):
                if tally.address:
                    work.throttle.remove("", tally.address)
            work.throttle.remove_account(account)
            target = Target("user", user_id)
            work.audit.record(principal, AuditAction.USER_UNLOCK, target, at=self.clock.now())

    def directory(self, principal: Principal, search: str) -> Sequence[User]:
        """Return at most 20 active people, for sharing: by a part of the name, or the whole address.

        A part of an address finds nobody: otherwise addresses could be guessed letter by letter.

        Raises:
            Invalid: the search is shorter than two characters.
            NotFound: the directory is closed.
        """
        require_usable(principal)
        wanted = search.strip()
        if len(wanted) < MIN_DIRECTORY_SEARCH:
            raise Invalid("Type at least two characters of a name.", field="search")
        if not self.directory_open and not principal.is_admin:
            raise NotFound("directory", "users")
        with self.reading() as work:
            page = work.users.list(search=wanted, is_active=True, limit=None)
        identity = email_identity(wanted)
        found = [
            user
            for user in page.items
            if wanted.casefold() in user.display_name.casefold()
            or email_identity(user.email) == identity
        ]
        return found[:MAX_DIRECTORY_ENTRIES]

    def generate_password(self, principal: Principal) -> str:
        """Return a new password that meets the policy; it is nobody's yet."""
        require_usable(principal)
        return generated_password(self.policy, self.randomness.secret())

    def _checked(
        self, user: User, changes: UserChanges
    ) -> tuple[dict[str, Any], AcceptedPassword | None]:
        """Return the new values of an account's fields, and the new password."""
        new: dict[str, Any] = {
            name: value
            for name in ("is_admin", "is_active", "must_change_password")
            if (value := getattr(changes, name)) is not None
        }
        if changes.email is not None:
            new["email"] = checked_email(changes.email)
        if changes.display_name is not None:
            new["display_name"] = checked_display_name(changes.display_name)
        if changes.note is not None:
            new["note"] = checked_note(changes.note)
        if changes.storage_quota_bytes is not None:
            quota = checked_quota(changes.storage_quota_bytes)
            new["storage_quota_bytes"] = None if quota == QUOTA_OF_SERVER else quota
        if changes.password is None:
            return new, None
        owner = Owner(
            email=new.get("email", user.email),
            display_name=new.get("display_name", user.display_name),
        )
        return new, checked_password(changes.password, self.policy, owner=owner)

    def _take_effect(self, work: Work, before: User, after: User) -> None:
        if after.password_hash != before.password_hash:
            self._memory.replaced(work, before, self.clock.now())
        if ends_links(before, after):
            forget_links(work, after.user_id)
        if after.epoch != before.epoch:
            end_all_sessions(work, after.user_id, self.clock.now())
        if before.is_active and not after.is_active:
            work.api_keys.remove_of_user(after.user_id)
            flows.suspend(work, after.user_id, self.clock.now())
        elif after.is_active and not before.is_active:
            flows.resume(work, after.user_id, self.clock.now())

    def _remove_files(self, image_names: Sequence[ImageName]) -> None:
        # Only now: no row names them any more. What a crash leaves here, `SweepService` removes.
        for image_name in image_names:
            self.storage.remove(image_name)

    @property
    def _transfers(self) -> TransferService:
        return TransferService(self.reading, self.writing, self.clock, self.randomness)

    @property
    def _memory(self) -> PasswordMemory:
        return PasswordMemory(self.hasher, self.policy)


def account_changes(before: User, after: User) -> tuple[Facts, Facts]:
    """Return what the audit log says of a changed account: of a password only that there is a new one."""
    was, became = difference(before, after, (*TOLD, "note", "storage_quota_bytes"))
    if before.password_hash != after.password_hash:
        became = {**became, "password": "changed"}
    return was, became


def _is_large(work: Work, user_id: UserId, heir_id: UserId | None) -> bool:
    """Return whether more pictures change with the account than one unit of work should change."""
    return owns_many(work, user_id) or (heir_id is None and has_many_guests(work, user_id))


def _delete_rest(
    work: Work, user_id: UserId, heir_id: UserId | None, now: datetime
) -> Sequence[ImageName]:
    """Delete an account with what it still owns; return the names whose files must go after the commit."""
    # Told first, for an audience that is looked up later must not need the account.
    tell_sessions_ended(work, user_id, now)
    image_names: Sequence[ImageName] = ()
    if heir_id is None:
        image_names = remove_content(work, user_id, now)
    else:
        hand_over(work, user_id, heir_id, now)
    work.users.remove(user_id)
    return image_names


def _deletion_under_way(work: Work, user_id: UserId, heir_id: UserId | None) -> Deletion | None:
    """Return the deletion of the account that has begun; raise Conflict where another is in the way."""
    found = work.deletions.find(user_id)
    if found is not None and found.heir_id != heir_id:
        raise Conflict("This account is being deleted already, and its content goes elsewhere.")
    if heir_id is not None and work.deletions.find(heir_id) is not None:
        raise Conflict("The account that would get the content is being deleted.")
    if any(each.heir_id == user_id for each in work.deletions.list()):
        raise Conflict("This account is being given the content of another: try again later.")
    return found


def _require_kept(work: Work, user_id: UserId) -> None:
    if work.deletions.find(user_id) is not None:
        raise Conflict("This account is being deleted.")


def _require_recoverable(user: User) -> None:
    require_changeable(user.user_id)
    if not user.is_admin:
        raise RuleViolation(
            f"{user.email} is no administrator: recover one, or make one with `invoke-useradd --admin`."
        )
