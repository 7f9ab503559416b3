"""`TokenCodec` on PyJWT: JSON Web Tokens (RFC 7519), HS256 and nothing else."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import jwt

from invoke_adapters.pyjwt.keys import KeyRing
from invoke_core.domain.identifiers import SessionId, UserId
from invoke_core.domain.tokens import Claims, TokenAudience
from invoke_core.errors import Unauthenticated
from invoke_core.ports.clock import Clock
from invoke_core.ports.randomness import Randomness

ISSUER = "invoke"
ALGORITHM = "HS256"
LEEWAY = timedelta(seconds=30)
MAX_TOKEN_CHARACTERS = 4096
_TYPE = "at+jwt"  # RFC 9068, 2.1
_REQUIRED = ["iss", "aud", "sub", "email", "is_admin", "sid", "epoch", "jti", "iat", "nbf", "exp"]


class PyJwtCodec:
    """Signs and reads tokens; thread-safe.

    A header is never interpreted: it must be, byte for byte, one that this codec writes for a key of its
    ring. So no other algorithm, no `crit`, `jku`, `jwk` or `x5u`, and no foreign `kid` gets anywhere.
    """

    def __init__(self, ring: KeyRing, clock: Clock, randomness: Randomness) -> None:
        """Make a codec of these keys."""
        self._active = ring.active
        self._keys = dict(ring.keys)
        self._clock = clock
        self._randomness = randomness
        self._jwt = jwt.PyJWT(options={"enforce_minimum_key_length": True})
        # A signature that was right once is right for ever: only the times are looked at again.
        self._verified = lru_cache(maxsize=1024)(self._verify)
        self._by_header = {
            self._encode({}, kid).partition(".")[0]: key for kid, key in self._keys.items()
        }

    def issue(self, claims: Claims) -> str:
        """Return the signed token."""
        issued_at = int(claims.issued_at.timestamp())
        payload = {
            "iss": ISSUER,
            "aud": claims.audience.value,
            "sub": claims.user_id,
            "email": claims.email,
            "is_admin": claims.is_admin,
            "sid": claims.session_id,
            "epoch": claims.epoch,
            "jti": self._randomness.identifier(),
            "iat": issued_at,
            "nbf": issued_at,
            "exp": int(claims.expires_at.timestamp()),
        }
        return self._encode(payload, self._active)

    def read(self, token: str) -> Claims:
        """Return what a token of ours says, with 30 seconds of leeway on its times.

        Raises:
            Unauthenticated: see `TokenCodec.read`.
        """
        claims, not_before = self._verified(token)
        now = self._clock.now()
        early = max(claims.issued_at, not_before) > now + LEEWAY
        if early or claims.expires_at <= now - LEEWAY:
            raise _refused()
        return claims

    def _verify(self, token: str) -> tuple[Claims, datetime]:
        """Return the claims, whatever the time, and from when on they hold."""
        key = self._by_header.get(token.partition(".")[0])
        if key is None or len(token) > MAX_TOKEN_CHARACTERS or "=" in token:  # PyJWT passes padding
            raise _refused()
        try:
            payload = self._jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=[audience.value for audience in TokenAudience],
                issuer=ISSUER,
                # The times are compared with our own clock by the caller.
                options={
                    "require": _REQUIRED,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
            return _claims(payload), _time(payload["nbf"])
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise _refused() from error

    def _encode(self, payload: dict[str, Any], kid: str) -> str:
        return self._jwt.encode(
            payload, self._keys[kid], algorithm=ALGORITHM, headers={"kid": kid, "typ": _TYPE}
        )


def _refused() -> Unauthenticated:
    return Unauthenticated("This sign-in does not count any more: sign in again.")


def _claims(payload: dict[str, Any]) -> Claims:
    return Claims(
        user_id=UserId(_typed(payload["sub"], str)),
        session_id=SessionId(_typed(payload["sid"], str)),
        email=_typed(payload["email"], str),
        is_admin=_typed(payload["is_admin"], bool),
        epoch=_typed(payload["epoch"], int),
        audience=TokenAudience(payload["aud"]),
        issued_at=_time(payload["iat"]),
        expires_at=_time(payload["exp"]),
    )


def _typed(value: Any, kind: type) -> Any:
    if type(value) is not kind:  # an exact comparison: True is an int otherwise
        raise TypeError(f"not {kind.__name__}")
    return value


def _time(value: Any) -> datetime:
    return datetime.fromtimestamp(_typed(value, int), UTC)
