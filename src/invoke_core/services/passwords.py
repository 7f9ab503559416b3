"""What people who choose a password want to know before they do."""

import unicodedata

import attrs

from invoke_core.domain.passwords import (
    MAX_PASSWORD_CHARACTERS,
    Owner,
    PasswordPolicy,
    shortcomings,
)
from invoke_core.domain.sign_in import Client
from invoke_core.errors import Invalid
from invoke_core.ports.strength import Strength, StrengthMeter


@attrs.frozen(kw_only=True)
class Judgement:
    """What there is to say of a password before it is chosen."""

    strength: Strength
    shortcomings: tuple[str, ...]  # one sentence each; nothing where the policy is content
    accepted: bool  # it may be set, with or without shortcomings


@attrs.frozen(kw_only=True)
class PasswordService:
    """Judges passwords for whoever is about to choose one; nothing is kept."""

    policy: PasswordPolicy
    meter: StrengthMeter

    def judge(self, client: Client, password: str, owner: Owner) -> Judgement:
        """Return what the policy and an estimate of the guesses that it takes say of a password.

        Args:
            client: who asks; anybody may, for whoever was invited has no account yet.
            password: as it was typed.
            owner: whose it is to be.

        Raises:
            Invalid: it is longer than 1,024 characters.
        """
        if len(password) > MAX_PASSWORD_CHARACTERS:
            raise Invalid("A password has at most 1,024 characters.", field="password")
        text = unicodedata.normalize("NFC", password)
        missing = shortcomings(text, self.policy, owner)
        words = [owner.email, *owner.email.split("@"), *owner.display_name.split()]
        return Judgement(
            strength=self.meter.rate(text, [word for word in words if word]),
            shortcomings=missing,
            accepted=bool(text) and not (missing and self.policy.strict),
        )
