"""What administrators do with the keys that sign tokens."""

from collections.abc import Sequence
from datetime import timedelta

import attrs

from invoke_core.domain.principals import Principal, require_administrator
from invoke_core.domain.signing_keys import SigningKey
from invoke_core.ports.signing_keys import SigningKeys


@attrs.frozen
class SigningKeyService:
    """What administrators do with the keys that sign tokens."""

    keys: SigningKeys
    longest_session: timedelta

    def list(self, principal: Principal) -> Sequence[SigningKey]:
        """Return the keys, the active one first; raises as `SigningKeys.list` does, or Forbidden."""
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
        return self.keys.rotate(self.longest_session)

    def revoke(self, principal: Principal, key_ids: Sequence[str] | None) -> Sequence[SigningKey]:
        """Forget keys at once: whoever signed in under them signs in again. None: all keys.

        Raises:
            Forbidden: the principal is no administrator.
            NotFound: there is no such key.
            RuleViolation: the one key stands in the configuration.
        """
        require_administrator(principal)
        return self.keys.revoke(key_ids)
