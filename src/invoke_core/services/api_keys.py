"""What people do with the keys of their programs."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from invoke_core.domain.api_keys import MAX_KEYS, ApiKey, checked_key_name, key_digest, key_text
from invoke_core.domain.audit import AuditAction, Target, facts
from invoke_core.domain.identifiers import ApiKeyId
from invoke_core.domain.news import Audience, NewsKind
from invoke_core.domain.principals import Principal, Scope, require_no_key, require_usable
from invoke_core.domain.users import require_changeable
from invoke_core.errors import Invalid, NotFound, TooMany
from invoke_core.ports.clock import Clock
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.unit_of_work import Reading, Writing


@attrs.frozen(kw_only=True)
class NewApiKey:
    """A key that was just made."""

    key: ApiKey
    text: str = attrs.field(repr=False)  # what the program sends; shown this once


@attrs.frozen
class ApiKeyService:
    """What people do with the keys of their programs; a key can do none of it."""

    reading: Reading
    writing: Writing
    clock: Clock
    randomness: Randomness

    def list(self, principal: Principal) -> Sequence[ApiKey]:
        """Return one's own keys, oldest first; expired ones too.

        Raises:
            Forbidden: an API key is asking.
        """
        _require_own_sign_in(principal)
        with self.reading() as work:
            return work.api_keys.of_user(principal.user_id)

    def create(
        self,
        principal: Principal,
        *,
        name: str,
        scope: Scope,
        expires_at: datetime | None = None,
    ) -> NewApiKey:
        """Make a key that speaks for oneself.

        Args:
            principal: who asks.
            name: one's own word for it.
            scope: the most that it may do.
            expires_at: aware; None: it counts until it is removed.

        Raises:
            Forbidden: an API key is asking.
            RuleViolation: the account is `system`.
            Invalid: the name cannot be one, or the end has passed or is without a time zone.
            TooMany: one has 50 keys.
        """
        _require_own_sign_in(principal)
        require_changeable(principal.user_id)
        name = checked_key_name(name)
        now = self.clock.now()
        if expires_at is not None and expires_at.tzinfo is None:
            raise Invalid("Say the end with its time zone, such as Z.", field="expires_at")
        if expires_at is not None and expires_at <= now:
            raise Invalid("The end of a new API key lies ahead.", field="expires_at")
        text = key_text(self.randomness.secret())
        key = ApiKey(
            key_id=ApiKeyId(self.randomness.identifier()),
            user_id=principal.user_id,
            name=name,
            scope=scope,
            digest=key_digest(text),
            created_at=now,
            expires_at=expires_at,
        )
        with self.writing() as work:
            if len(work.api_keys.of_user(principal.user_id)) >= MAX_KEYS:
                raise TooMany(f"You have {MAX_KEYS} API keys: remove one first.")
            work.api_keys.add(key)
            told, target = facts(key, ("name", "scope", "expires_at")), _target(key)
            work.audit.record(principal, AuditAction.API_KEY_CREATE, target, at=now, after=told)
        return NewApiKey(key=key, text=text)

    def remove(self, principal: Principal, key_id: ApiKeyId) -> None:
        """Make one of one's own keys count no more, at once.

        Raises:
            Forbidden: an API key is asking.
            NotFound: one has no such key.
        """
        _require_own_sign_in(principal)
        with self.writing() as work:
            own = {key.key_id: key for key in work.api_keys.of_user(principal.user_id)}
            if key_id not in own:
                raise NotFound("API key", key_id)
            work.api_keys.remove(key_id)
            now, told = self.clock.now(), facts(own[key_id], ("name", "scope", "expires_at"))
            target = _target(own[key_id])
            work.audit.record(principal, AuditAction.API_KEY_REMOVE, target, at=now, before=told)
            # Whoever listens by the key looks again whether it counts.
            body = {"user_id": principal.user_id, "session_id": key_id}
            audience = Audience.of_user(principal.user_id)
            work.news.tell(NewsKind.SESSION_ENDED, audience, body, now)


def _target(key: ApiKey) -> Target:
    return Target("api_key", key.key_id)


def _require_own_sign_in(principal: Principal) -> None:
    require_usable(principal)
    require_no_key(principal)
