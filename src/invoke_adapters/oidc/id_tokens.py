"""Whether an ID token is the provider's word, about this sign-in, for us, and now.

OpenID Connect Core 1.0, 3.1.3.7. Signatures are joserfc's to check, most claims Authlib's.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
"""Signatures with a public key. `none` is nobody's word; an HMAC is anybody's who has our secret."""

LEEWAY_SECONDS = 60  # between the provider's clock and ours
MAX_SUBJECT_CHARACTERS = 255  # OpenID Connect Core 1.0, 2


class WrongToken(Exception):
    """The token is not what it should be; the text says why, for the log."""


class UnknownKey(WrongToken):
    """It is signed with a key that is not among the provider's: these may have changed."""


@attrs.frozen(kw_only=True)
class Expected:
    """What the token must say."""

    issuer: str
    client_id: str
    nonce: str = attrs.field(repr=False)
    access_token: str | None = attrs.field(default=None, repr=False)  # that came with it


def checked_claims(
    token: str, keys: KeySet, expected: Expected, now: datetime
) -> Mapping[str, Any]:
    """Return what the token says.

    Args:
        token: the signed text.
        keys: the provider's.
        expected: what it must say.
        now: aware.

    Raises:
        UnknownKey: none of the keys signed it.
        WrongToken: it is not the provider's word, or about something else, or too old.
    """
    try:
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
    except InvalidKeyIdError as error:
        raise UnknownKey(str(error)) from error
    except (JoseError, ValueError, TypeError) as error:
        raise WrongToken(str(error)) from error
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        {
            "iss": {"essential": True, "value": expected.issuer},
            "aud": {"essential": True, "value": expected.client_id},
        },
        {
            "nonce": expected.nonce,
            "client_id": expected.client_id,
            "access_token": expected.access_token,
        },
    )
    try:
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError) as error:
        raise WrongToken(str(error)) from error
    if not 1 <= len(claims["sub"]) <= MAX_SUBJECT_CHARACTERS:
        raise WrongToken("its subject is empty or too long")
    return dict(claims)
