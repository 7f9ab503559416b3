"""How many wrong sign-ins are let through, and how long one waits after too many.

The counts follow NIST SP 800-63B-4, 3.2.2 (at most 100 failures in a row for an account); the growing wait
is for whoever mistyped, the device that signed in before for whoever is being locked out by somebody else.
"""

import hashlib
import ipaddress
from collections.abc import Iterable
from datetime import datetime, timedelta

import attrs

from invoke_core.domain.users import email_identity

WINDOW = timedelta(minutes=15)  # without a failure, after which they are forgotten
PAIR_FAILURES = 10  # of one account from one address
ADDRESS_FAILURES = 20  # of one address, whatever the account
FIRST_WAIT = timedelta(seconds=15)  # doubled with every further failure
LONGEST_WAIT = WINDOW
DAY = timedelta(days=1)
ACCOUNT_FAILURES = 100  # of one account in a day, whatever the address
MAX_DEVICES = 50  # known ones of one account; the newest are kept
DEVICE_LIFE = timedelta(days=365)


@attrs.frozen(kw_only=True)
class Tally:
    """Failures of an account from an address; an empty text stands for every one of them."""

    account: str  # see `account_key`
    address: str  # see `address_key`, or "device:" and a digest
    failures: int = 0
    first_at: datetime  # aware, UTC
    last_at: datetime


def account_key(email: str) -> str:
    """Return what stands for an account, whether it exists or not: a digest of the address's identity."""
    identity = email_identity(email).encode("utf-8", "surrogatepass")
    return hashlib.sha256(identity).hexdigest()[:32]


def address_key(address: str | None) -> str:
    """Return the network that counts as one address: a whole IPv4 address, 64 bits of an IPv6 one.

    Text that is no address gives an empty text: nothing is counted for it alone.
    """
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    mapped = getattr(parsed, "ipv4_mapped", None)
    if mapped is not None:
        parsed = mapped
    bits = 32 if parsed.version == 4 else 64
    return str(ipaddress.ip_network((parsed, bits), strict=False))


def device_digest(device: str) -> str:
    """Return how a device's secret is kept."""
    return hashlib.sha256(device.encode("utf-8", "surrogatepass")).hexdigest()


def opens_at(tally: Tally) -> datetime:
    """Return when the next try may be made; a time that has passed stands for at once."""
    if not tally.address:
        return tally.first_at + DAY if tally.failures >= ACCOUNT_FAILURES else tally.first_at
    over = tally.failures - (PAIR_FAILURES if tally.account else ADDRESS_FAILURES)
    if over < 0:
        return tally.last_at
    wait: timedelta = FIRST_WAIT * 2 ** min(over, 10)
    return tally.last_at + min(wait, LONGEST_WAIT)


def locked_until(tallies: Iterable[Tally], now: datetime) -> datetime | None:
    """Return when all of an account's tries are let through again; None: they are now."""
    return max((at for at in map(opens_at, tallies) if at > now), default=None)


def is_forgotten(tally: Tally, now: datetime) -> bool:
    """Return whether the failures count no more."""
    if not tally.address:
        return now >= tally.first_at + DAY
    return now >= max(tally.last_at + WINDOW, opens_at(tally))


def counted(tally: Tally, now: datetime) -> Tally:
    """Return the tally with one more failure, the first one where the others are forgotten."""
    if is_forgotten(tally, now):
        return attrs.evolve(tally, failures=1, first_at=now, last_at=now)
    return attrs.evolve(tally, failures=tally.failures + 1, last_at=now)


def taken_back(tally: Tally) -> Tally:
    """Return the tally without the failure that a try was counted as before it was known to be right."""
    return attrs.evolve(tally, failures=max(0, tally.failures - 1))
