"""The contract suite of token codecs, and codecs that are broken on purpose."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from invoke_core.domain.identifiers import SessionId, UserId
from invoke_core.domain.tokens import Claims, TokenAudience
from invoke_core.errors import Unauthenticated
from invoke_core.ports.clock import Clock
from invoke_core.ports.tokens import TokenCodec
from invoke_core.testing.builders import NOON
from invoke_core.testing.fakes import FixedClock

__all__ = ["BROKEN_CODECS", "SOUND_CODEC", "MakeCodec", "TokenCodecContract", "some_claims"]

MakeCodec = Callable[[bytes, Clock], TokenCodec]
"""Makes a codec of one key of 32 bytes or more."""

KEY = b"a key for tests, which nobody else may ever use"
OTHER_KEY = b"another key for tests, just as long as the first"


def some_claims(**changes: Any) -> Claims:
    """Return claims issued at noon that last an hour."""
    claims = Claims(
        user_id=UserId("user"),
        session_id=SessionId("session"),
        email="person@example.com",
        is_admin=False,
        epoch=3,
        issued_at=NOON,
        expires_at=NOON + timedelta(hours=1),
    )
    return attrs.evolve(claims, **changes)


class TokenCodecContract:
    """What every token codec does; a subclass provides `make`, which makes one of a key."""

    def test_what_was_issued_is_read(self, make: MakeCodec) -> None:
        codec = make(KEY, FixedClock())

        for claims in (
            some_claims(),
            some_claims(is_admin=True, epoch=0, email="grüße@example.com"),
        ):
            assert codec.read(codec.issue(claims)) == claims

    def test_another_codec_of_the_same_key_reads_it_too(self, make: MakeCodec) -> None:
        token = make(KEY, FixedClock()).issue(some_claims())

        assert make(KEY, FixedClock()).read(token) == some_claims()

    def test_what_a_token_is_good_for_is_read(self, make: MakeCodec) -> None:
        codec = make(KEY, FixedClock())

        for audience in TokenAudience:
            assert codec.read(codec.issue(some_claims(audience=audience))).audience is audience

    def test_a_token_signed_by_another_key_is_refused(self, make: MakeCodec) -> None:
        token = make(OTHER_KEY, FixedClock()).issue(some_claims())

        with pytest.raises(Unauthenticated):
            make(KEY, FixedClock()).read(token)

    def test_no_changed_character_passes(self, make: MakeCodec) -> None:
        codec = make(KEY, FixedClock())
        token = codec.issue(some_claims())

        for place in range(0, len(token), 7):
            changed = "A" if token[place] != "A" else "B"
            with pytest.raises(Unauthenticated):
                codec.read(token[:place] + changed + token[place + 1 :])

    def test_what_is_no_token_is_refused(self, make: MakeCodec) -> None:
        codec = make(KEY, FixedClock())
        token = codec.issue(some_claims())

        for text in (
            "",
            ".",
            "..",
            "...",
            "x",
            "a.b.c",
            token + ".",
            token[:-1],
            token + "=",
            "é.é.é",
        ):
            with pytest.raises(Unauthenticated):
                codec.read(text)

    def test_an_unsigned_token_is_refused(self, make: MakeCodec) -> None:
        codec = make(KEY, FixedClock())
        payload = codec.issue(some_claims()).split(".")[1]

        for algorithm in ("none", "None", "NONE", "nOnE", ""):
            header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm}).encode()).decode()
            with pytest.raises(Unauthenticated):
                codec.read(f"{header.rstrip('=')}.{payload}.")

    def test_a_token_ends_within_a_minute_of_its_expiry(self, make: MakeCodec) -> None:
        clock = FixedClock()
        codec = make(KEY, clock)
        token = codec.issue(some_claims())

        clock.advance(timedelta(minutes=59))
        codec.read(token)
        clock.advance(timedelta(minutes=2))

        with pytest.raises(Unauthenticated):
            codec.read(token)

    def test_a_token_from_the_future_is_refused(self, make: MakeCodec) -> None:
        codec = make(KEY, FixedClock())
        token = codec.issue(
            some_claims(issued_at=NOON + timedelta(hours=1), expires_at=NOON + timedelta(hours=2))
        )

        with pytest.raises(Unauthenticated):
            codec.read(token)

    def test_two_tokens_of_the_same_claims_differ(self, make: MakeCodec) -> None:
        codec = make(KEY, FixedClock())

        assert codec.issue(some_claims()) != codec.issue(some_claims())


class _Sound:
    """A small codec of its own form that keeps the contract, for the broken ones to break a claim each."""

    issued = 0

    def __init__(self, key: bytes, clock: Clock) -> None:
        self.key = key
        self.clock = clock

    def issue(self, claims: Claims) -> str:
        values = attrs.asdict(claims) | {"jti": self.number()}
        values |= {n: values[n].timestamp() for n in ("issued_at", "expires_at")}
        payload = base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
        return f"test.{payload}.{self.signature(payload)}"

    def number(self) -> int:
        _Sound.issued += 1
        return _Sound.issued

    def signature(self, payload: str) -> str:
        return hmac.new(self.key, payload.encode(), hashlib.sha256).hexdigest()

    def is_signed(self, header: str, payload: str, signature: str) -> bool:
        return header == "test" and hmac.compare_digest(
            signature.encode(), self.signature(payload).encode()
        )

    def times_hold(self, claims: Claims) -> bool:
        return claims.issued_at <= self.clock.now() < claims.expires_at

    def read(self, token: str) -> Claims:
        parts = token.split(".")
        if len(parts) != 3 or not self.is_signed(*parts):
            raise Unauthenticated("Sign in again.")
        values = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
        values.pop("jti")
        values |= {n: datetime.fromtimestamp(values[n], UTC) for n in ("issued_at", "expires_at")}
        claims = Claims(**values | {"audience": TokenAudience(values["audience"])})
        if not self.times_hold(claims):
            raise Unauthenticated("Sign in again.")
        return claims


class _Forgets(_Sound):
    def read(self, token: str) -> Claims:
        return attrs.evolve(super().read(token), epoch=0)


class _GoodForEverything(_Sound):
    def read(self, token: str) -> Claims:
        return attrs.evolve(super().read(token), audience=TokenAudience.API)


class _KeyOfItsOwn(_Sound):
    def __init__(self, key: bytes, clock: Clock) -> None:
        super().__init__(key + str(self.number()).encode(), clock)


class _AnyKey(_Sound):
    def signature(self, payload: str) -> str:
        return hashlib.sha256(payload.encode()).hexdigest()


class _LooksAtHalfTheSignature(_Sound):
    def is_signed(self, header: str, payload: str, signature: str) -> bool:
        return len(signature) == 64 and super().is_signed(
            header, payload, signature[:32] + self.signature(payload)[32:]
        )


class _Raises(_Sound):
    def read(self, token: str) -> Claims:
        _, _, _ = token.split(".")
        return super().read(token)


class _TakesUnsigned(_Sound):
    def is_signed(self, header: str, payload: str, signature: str) -> bool:
        unsigned = header.startswith("ey") and not signature
        return unsigned or super().is_signed(header, payload, signature)


class _NeverEnds(_Sound):
    def times_hold(self, claims: Claims) -> bool:
        return claims.issued_at <= self.clock.now()


class _TakesTheFuture(_Sound):
    def times_hold(self, claims: Claims) -> bool:
        return self.clock.now() < claims.expires_at


class _AlwaysTheSame(_Sound):
    def number(self) -> int:
        return 1


SOUND_CODEC: MakeCodec = _Sound
"""Keeps the contract: what the broken ones would be without their fault."""

BROKEN_CODECS: dict[str, MakeCodec] = {
    "test_what_was_issued_is_read": _Forgets,
    "test_another_codec_of_the_same_key_reads_it_too": _KeyOfItsOwn,
    "test_what_a_token_is_good_for_is_read": _GoodForEverything,
    "test_a_token_signed_by_another_key_is_refused": _AnyKey,
    "test_no_changed_character_passes": _LooksAtHalfTheSignature,
    "test_what_is_no_token_is_refused": _Raises,
    "test_an_unsigned_token_is_refused": _TakesUnsigned,
    "test_a_token_ends_within_a_minute_of_its_expiry": _NeverEnds,
    "test_a_token_from_the_future_is_refused": _TakesTheFuture,
    "test_two_tokens_of_the_same_claims_differ": _AlwaysTheSame,
}
"""For each claim of the suite a codec that breaks it."""
