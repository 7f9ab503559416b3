"""The contract suite of one-time codes, and makers of codes that are broken on purpose."""

import base64
import hashlib
import hmac
import itertools
import struct
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

from invoke_core.domain.second_factor import step_of
from invoke_core.ports.one_time_codes import OneTimeCodes
from invoke_core.testing.builders import NOON

__all__ = ["BROKEN_CODES", "SOUND_CODES", "OneTimeCodesContract", "code_at"]

STEP = timedelta(seconds=30)
NOW = NOON + timedelta(seconds=10)  # in the middle of a step
NO_CODES = (
    "",
    " ",
    "abcdef",
    "12345",
    "1234567",
    "-12345",
    "１２３４５６",
    "12345\0",
    "9" * 10_000,
)


def code_at(secret: str, at: datetime) -> str:
    """Return the six digits that an app shows (RFC 6238 on RFC 4226, 5.3), worked out independently."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", step_of(at)), "sha1")
    (word,) = struct.unpack_from(">I", digest, digest[-1] & 0xF)
    return f"{(word & 0x7FFFFFFF) % 1_000_000:06}"


class OneTimeCodesContract:
    """What every maker of codes does; a subclass provides `codes`."""

    def test_the_code_of_the_present_step_and_its_neighbours_count(
        self, codes: OneTimeCodes
    ) -> None:
        sealed = codes.new_secret()
        secret = codes.reveal(sealed)

        for steps in (-1, 0, 1):
            at = NOW + steps * STEP
            assert codes.match(sealed, code_at(secret, at), NOW) == step_of(at)

    def test_codes_of_other_steps_do_not_count(self, codes: OneTimeCodes) -> None:
        sealed = codes.new_secret()
        secret = codes.reveal(sealed)
        near = {code_at(secret, NOW + steps * STEP) for steps in (-1, 0, 1)}

        for steps in (-100, -3, -2, 2, 3, 100):
            code = code_at(secret, NOW + steps * STEP)
            assert code in near or codes.match(sealed, code, NOW) is None

    def test_a_step_that_was_used_counts_no_more(self, codes: OneTimeCodes) -> None:
        sealed = codes.new_secret()
        secret = codes.reveal(sealed)
        now = step_of(NOW)

        assert codes.match(sealed, code_at(secret, NOW), NOW, after=now - 1) == now
        assert codes.match(sealed, code_at(secret, NOW), NOW, after=now) is None
        assert codes.match(sealed, code_at(secret, NOW - STEP), NOW, after=now) is None

    def test_a_code_counts_for_its_secret_alone(self, codes: OneTimeCodes) -> None:
        sealed, other = codes.new_secret(), codes.new_secret()
        secret = codes.reveal(sealed)
        moments = [NOW + hours * timedelta(hours=1) for hours in range(5)]

        assert any(codes.match(other, code_at(secret, at), at) is None for at in moments)
        assert codes.reveal(other) != secret

    def test_spaces_are_passed_over(self, codes: OneTimeCodes) -> None:
        sealed = codes.new_secret()
        code = code_at(codes.reveal(sealed), NOW)

        assert codes.match(sealed, f" {code[:3]} {code[3:]} ", NOW) == step_of(NOW)

    def test_what_is_no_code_never_counts(self, codes: OneTimeCodes) -> None:
        sealed = codes.new_secret()

        for text in NO_CODES:
            assert codes.match(sealed, text, NOW) is None

    def test_a_secret_is_long_and_sealed(self, codes: OneTimeCodes) -> None:
        sealed = codes.new_secret()
        secret = codes.reveal(sealed)

        assert len(secret) >= 32  # 160 bits, five to a letter
        assert "=" not in secret
        assert secret.lower() not in sealed.lower()

    def test_an_app_finds_all_it_needs_in_the_address(self, codes: OneTimeCodes) -> None:
        sealed = codes.new_secret()

        parts = urlsplit(codes.uri(sealed, account="person+a@example.com"))
        query = parse_qs(parts.query)

        assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
        assert unquote(parts.path).rpartition(":")[2].strip("/ ") == "person+a@example.com"
        assert query["secret"] == [codes.reveal(sealed)]
        assert len(query["issuer"]) == 1


class _Sound:
    """Makes codes that keep the contract, for the broken ones to break one claim each."""

    issuer = "&issuer=Test"
    drift: Sequence[int] = (-1, 0, 1)
    _numbers = itertools.count()

    def new_secret(self) -> str:
        return f"sealed-{next(self._numbers)}"

    def reveal(self, sealed: str) -> str:
        digest = hashlib.sha1(sealed.encode(), usedforsecurity=False).digest()
        return base64.b32encode(digest).decode()

    def uri(self, sealed: str, account: str) -> str:
        escaped = account.replace("@", "%40").replace("+", "%2B")
        return f"otpauth://totp/Test:{escaped}?secret={self.reveal(sealed)}{self.issuer}"

    def match(self, sealed: str, code: str, now: datetime, *, after: int = 0) -> int | None:
        digits = self.digits(code)
        for steps in self.drift:
            at = now + steps * STEP
            if step_of(at) > after and code_at(self.reveal(sealed), at) == digits:
                return step_of(at)
        return None

    def digits(self, code: str) -> str:
        return "".join(code.split())


class _NoDrift(_Sound):
    drift = (0,)


class _MuchDrift(_Sound):
    drift = (-3, -2, -1, 0, 1, 2, 3)


class _Replays(_Sound):
    def match(self, sealed: str, code: str, now: datetime, *, after: int = 0) -> int | None:
        return super().match(sealed, code, now)


class _OneSecret(_Sound):
    def reveal(self, sealed: str) -> str:
        return super().reveal("the same")


class _Exact(_Sound):
    def digits(self, code: str) -> str:
        return code


class _Raises(_Sound):
    def digits(self, code: str) -> str:
        return f"{int(''.join(code.split())):06}"


class _Open(_Sound):
    def new_secret(self) -> str:
        return super().reveal(super().new_secret())

    def reveal(self, sealed: str) -> str:
        return sealed


class _Unnamed(_Sound):
    issuer = ""


SOUND_CODES: Callable[[], OneTimeCodes] = _Sound
"""Keeps the contract: what the broken ones would be without their fault."""

BROKEN_CODES: dict[str, Callable[[], OneTimeCodes]] = {
    "test_the_code_of_the_present_step_and_its_neighbours_count": _NoDrift,
    "test_codes_of_other_steps_do_not_count": _MuchDrift,
    "test_a_step_that_was_used_counts_no_more": _Replays,
    "test_a_code_counts_for_its_secret_alone": _OneSecret,
    "test_spaces_are_passed_over": _Exact,
    "test_what_is_no_code_never_counts": _Raises,
    "test_a_secret_is_long_and_sealed": _Open,
    "test_an_app_finds_all_it_needs_in_the_address": _Unnamed,
}
"""For each claim of the suite a maker of codes that breaks it."""
