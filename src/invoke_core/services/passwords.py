"""What people who choose a password want to know before they do."""

import unicodedata

import attrs

from invoke_core.domain.passwords import (
    MAX_PASSWORD_CHARACTERS,
    Owner,
    PasswordPolicy,
    shortcomings,
)
from invoke_core.domain.principals import Principal
from invoke_core.domain.users import User
from invoke_core.errors import Invalid
from invoke_core.ports.strength import Strength, StrengthMeter
from invoke_core.ports.unit_of_work import Reading
from invoke_core.services.links import LinkService


@attrs.frozen(kw_only=True)
class Judgement:
    """What there is to say of a password before it is chosen."""

    strength: Strength
    shortcomings: tuple[str, ...]  # one sentence each; nothing where the policy is content
    accepted: bool  # it may be set, with or without shortcomings


@attrs.frozen(kw_only=True)
class PasswordService:
    """Judges passwords for whoever is about to choose one; nothing is kept."""

    reading: Reading
    policy: PasswordPolicy
    meter: StrengthMeter
    links: LinkService

    def judge(self, principal: Principal, password: str) -> Judgement:
        """Return what there is to say of a password that the principal may want to have.

        Raises:
            Invalid: it is longer than 1,024 characters.
        """
        with self.reading() as work:
            user = work.users.get(principal.user_id)
        return self._judge(user, password)

    def judge_for_link(self, token: str, password: str) -> Judgement:
        """Return the same to the holder of an invitation or reset link, who has no sign-in.

        Raises:
            RuleViolation: the link is wrong, used, replaced or expired.
            Invalid: it is longer than 1,024 characters.
        """
        return self._judge(self.links.holder(token), password)

    def judge_for_setup(self, password: str) -> Judgement:
        """Return the same to whoever is about to make an administrator, of whom nothing is known yet.

        Raises:
            Invalid: it is longer than 1,024 characters.
        """
        return self._judge(None, password)

    def _judge(self, user: User | None, password: str) -> Judgement:
        if len(password) > MAX_PASSWORD_CHARACTERS:
            raise Invalid("A password has at most 1,024 characters.", field="password")
        text = unicodedata.normalize("NFC", password)
        owner, words = Owner(), list[str]()
        if user is not None:
            owner = Owner(email=user.email, display_name=user.display_name)
            words = [user.email, *user.email.split("@"), *user.display_name.split()]
        missing = shortcomings(text, self.policy, owner)
        return Judgement(
            strength=self.meter.rate(text, words),
            shortcomings=missing,
            accepted=bool(text) and not (missing and self.policy.strict),
        )
