"""What a sign-in asks of the second factor."""

from datetime import datetime

import attrs

from invoke_core.domain.identifiers import UserId
from invoke_core.domain.second_factor import Proof, SecondFactor, recovery_digest, spent
from invoke_core.errors import SecondFactorRequired
from invoke_core.ports.one_time_codes import OneTimeCodes
from invoke_core.ports.unit_of_work import Work


@attrs.frozen
class SecondFactors:
    """Compares typed codes, and lets each count once."""

    codes: OneTimeCodes

    def proof(self, factor: SecondFactor, typed: str, now: datetime) -> Proof:
        """Return what the typed code proves; slow, so before the writing unit.

        Raises:
            SecondFactorRequired: it is none that counts.
        """
        digest = recovery_digest(typed)
        if digest is not None and digest in factor.recovery:
            return Proof(recovery=digest)
        step = self.codes.match(factor.sealed_secret, typed, now, after=factor.last_step)
        if step is None:
            raise _wrong()
        return Proof(step=step)

    def spend(self, work: Work, user_id: UserId, proof: Proof | None) -> None:
        """Use the proof up; nothing happens where the account has no second factor in force.

        Raises:
            SecondFactorRequired: there is no proof, or it was used meanwhile.
        """
        factor = work.second_factors.find(user_id)
        if factor is None or factor.confirmed_at is None:
            return
        after = spent(factor, proof) if proof is not None else None
        if after is None:
            raise _wrong()
        work.second_factors.put(after)


def _wrong() -> SecondFactorRequired:
    return SecondFactorRequired(
        "This code is not right, or was used already: type the one that your app shows now."
    )
