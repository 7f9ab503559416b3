"""Where the keys that sign tokens are kept."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from invoke_core.domain.signing_keys import SigningKey


class SigningKeys(Protocol):
    """The ring of keys; a change counts in every process from its next request on."""

    def list(self) -> Sequence[SigningKey]:
        """Return the keys, the active one first, then those retired last.

        A key that stands in the configuration is the only one.
        """

    def rotate(self, keep_for: timedelta) -> SigningKey:
        """Sign with a new key from now on, and return it; what the others signed still counts.

        Keys that were retired longer than `keep_for` ago go.

        Raises:
            RuleViolation: the one key stands in the configuration.
        """

    def revoke(self, key_ids: Sequence[str] | None) -> Sequence[SigningKey]:
        """Forget keys, and return them: what they signed counts no more. A new key takes over for the active.

        Args:
            key_ids: which; None: all of them.

        Raises:
            RuleViolation: the one key stands in the configuration.
            NotFound: there is no such key; none is forgotten.
        """
