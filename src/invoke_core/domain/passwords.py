"""Which passwords are good enough, and how one is drawn."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Container, Sequence
from datetime import datetime, timedelta

import attrs

from invoke_core.errors import Invalid, WeakPassword

MAX_PASSWORD_CHARACTERS = 1024
GENERATED_CHARACTERS = 20

_UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # without the look-alikes I and O
_LOWER = "abcdefghijkmnpqrstuvwxyz"  # without l and o
_DIGITS = "23456789"  # without 0 and 1
_SPECIAL = "!#%*+-=?@_"  # none that a shell or a URL takes apart


@attrs.frozen(kw_only=True)
class PasswordPolicy:
    """What a new password must have: by default the profile of the guide.

    Without `composition`, and with 15 characters, it is that of NIST SP 800-63B-4, 3.1.1.2.
    """

    min_length: int = 8  # characters (code points) of the NFC form
    composition: bool = True  # upper and lower case letters and a digit are asked for
    require_special: bool = False
    strict: bool = True  # False: a weak password is accepted, and what it lacks is a warning
    common: Container[str] = frozenset()  # passwords that everybody tries first, in lower case
    history: int = 0  # how many of the last ones, the present one included, cannot be chosen again
    max_age: timedelta | None = None  # after which a sign-in asks for a new one

    @property
    def former(self) -> int:
        """Return how many passwords before the present one are remembered."""
        return max(0, self.history - 1)

    def is_too_old(self, set_at: datetime, now: datetime) -> bool:
        """Return whether a password must be changed for its age."""
        return self.max_age is not None and now >= set_at + self.max_age


@attrs.frozen(kw_only=True)
class Owner:
    """Whose password it is to be: nobody takes their own name for one."""

    email: str = ""
    display_name: str = ""


@attrs.frozen(kw_only=True)
class AcceptedPassword:
    """A password that may be set, and what it lacks all the same."""

    text: str = attrs.field(repr=False)  # NFC
    warnings: tuple[str, ...] = ()  # one sentence each; only where the policy is not strict


_PARTS: Sequence[tuple[str, Callable[[str], bool]]] = (
    ("The password needs an uppercase letter.", str.isupper),
    ("The password needs a lowercase letter.", str.islower),
    ("The password needs a digit.", str.isdecimal),
)


_PRODUCT_WORDS = ("invoke", "invokeai", "password")
_NO_LETTERS_AT_THE_ENDS = re.compile(r"^[\W\d_]+|[\W\d_]+$")


def shortcomings(password: str, policy: PasswordPolicy, owner: Owner = Owner()) -> tuple[str, ...]:
    """Return what the password lacks, one sentence each; nothing for a good one.

    Args:
        password: in NFC form.
        policy: what is asked for. Letters and digits of every script count.
        owner: whose it is to be.
    """
    missing = []
    if len(password) < policy.min_length:
        missing.append(f"The password needs at least {policy.min_length} characters.")
    if policy.composition:
        missing += [sentence for sentence, has in _PARTS if not any(map(has, password))]
    if policy.require_special and all(c.isalnum() or c.isspace() for c in password):
        missing.append("The password needs a special character, such as ! or #.")
    if password.casefold() in policy.common:
        missing.append("The password is one of the most common ones: everybody tries it first.")
    elif _bare(password) in _words_of(owner):
        missing.append("The password is little more than a name that everybody can guess.")
    return tuple(missing)


def _bare(text: str) -> str:
    """Return the text, letters folded, without the digits and signs at both ends."""
    return _NO_LETTERS_AT_THE_ENDS.sub("", text.casefold())


def _words_of(owner: Owner) -> frozenset[str]:
    """Return the words that the password must be more than: of the address, the name, the product."""
    local, _, domain = owner.email.rpartition("@")
    words = [local, domain.partition(".")[0], *owner.display_name.split(), *_PRODUCT_WORDS]
    return frozenset(filter(None, map(_bare, words)))


def checked_password(
    password: str, policy: PasswordPolicy, *, owner: Owner = Owner(), field: str = "password"
) -> AcceptedPassword:
    """Return the password as it may be set, NFC-normalised.

    Args:
        password: as it was typed; spaces and case are kept.
        policy: what it must have.
        owner: whose it is to be.
        field: what it is called where it came from.

    Raises:
        Invalid: it is empty, longer than 1,024 characters, or no valid text (a lone surrogate).
        WeakPassword: the policy is strict and the password lacks something.
    """
    text = unicodedata.normalize("NFC", password)
    if not text:
        raise Invalid("A password is needed.", field=field)
    if len(text) > MAX_PASSWORD_CHARACTERS:
        raise Invalid("A password has at most 1,024 characters.", field=field)
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise Invalid("The password is not valid Unicode text.", field=field)
    missing = shortcomings(text, policy, owner)
    if missing and policy.strict:
        raise WeakPassword(missing)
    return AcceptedPassword(text=text, warnings=missing)


def generated_password(policy: PasswordPolicy, secret: str) -> str:
    """Return a password that meets the policy, of 20 characters or the policy's minimum.

    Args:
        policy: what it must have.
        secret: unpredictable text of at least 256 bits. The same text gives the same password.
    """
    length = max(GENERATED_CHARACTERS, policy.min_length)
    kinds = [_UPPER, _LOWER, _DIGITS, *([_SPECIAL] if policy.require_special else [])]
    # One long number feeds every draw, so that no draw is ever repeated and none can run dry: 32
    # spare bytes keep the remainder's bias below 2^-200.
    number = int.from_bytes(hashlib.shake_256(secret.encode()).digest(2 * length + 32), "big")

    def draw(choices: int) -> int:
        nonlocal number
        number, chosen = divmod(number, choices)
        return chosen

    everything = "".join(kinds)
    characters = [kind[draw(len(kind))] for kind in kinds]
    characters += [everything[draw(len(everything))] for _ in range(length - len(kinds))]
    for last in range(length - 1, 0, -1):  # Fisher and Yates: no kind has its fixed place
        other = draw(last + 1)
        characters[last], characters[other] = characters[other], characters[last]
    return "".join(characters)


__all__ = [
    "MAX_PASSWORD_CHARACTERS",
    "AcceptedPassword",
    "Owner",
    "PasswordPolicy",
    "checked_password",
    "generated_password",
    "shortcomings",
]
