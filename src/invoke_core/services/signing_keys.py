"""What administrators do with the keys that sign tokens."""

from collections.abc import Sequence
from datetime import timedelta

import attrs

from invoke_core.domain.audit import AuditAction, Target
from invoke_core.domain.principals import Principal, require_administrator
from invoke_core.domain.signing_keys import SigningKey
from invoke_core.ports.clock import Clock
from invoke_core.ports.signing_keys import SigningKeys
from invoke_core.ports.unit_of_work import Writing


@attrs.frozen
class SigningKeyService:
    """What administrators do with the keys that sign tokens.

    The keys lie outside the database: a change is written down right after it is made.
    """

    keys: SigningKeys
    longest_session: timedelta
    writing: Writing
    clock: Clock

    def list(self, principal: Principal) -> Sequence[SigningKey]:
        """Return the keys, the one that signs first; raise Forbidden below administrators."""
        require_administrator(principal)
        return self.keys.list()

    def rotate(self, principal: Principal) -> SigningKey:
        """Sign with a new key from now on; nobody is signed out.

        A retired key counts until the longest session that it signed has ended.

        Raises:
            Forbidden: the principal is no administrator.
            RuleViolation: the one key stands in the configuration.
        """
        require_administrator(principal)
        key = self.keys.rotate(self.longest_session)
        self._record(principal, AuditAction.SIGNING_KEY_ROTATE, [key])
        return key

    def revoke(self, principal: Principal, key_ids: Sequence[str] | None) -> Sequence[SigningKey]:
        """Forget keys at once: whoever signed in under them signs in again. None: all keys.

        Raises:
            Forbidden: the principal is no administrator.
            NotFound: there is no such key.
            RuleViolation: the one key stands in the configuration.
        """
        require_administrator(principal)
        gone = self.keys.revoke(key_ids)
        self._record(principal, AuditAction.SIGNING_KEY_REVOKE, gone)
        return gone

    def _record(
        self, principal: Principal, action: AuditAction, keys: Sequence[SigningKey]
    ) -> None:
        now = self.clock.now()
        with self.writing() as work:
            for key in keys:
                work.audit.record(principal, action, Target("signing_key", key.key_id), at=now)
