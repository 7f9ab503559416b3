import base64
import hashlib
import json
from datetime import timedelta

import jwt
import pytest

from invoke_adapters.pyjwt import KeyRing, PyJwtCodec
from invoke_core.errors import Unauthenticated
from invoke_core.testing.builders import NOON
from invoke_core.testing.fakes import FakeRandomness, FixedClock
from invoke_core.testing.tokens import (
    BROKEN_CODECS,
    KEY,
    OTHER_KEY,
    SOUND_CODEC,
    MakeCodec,
    TokenCodecContract,
    some_claims,
)


def pyjwt_codec(key, clock):
    kid = hashlib.sha256(key).hexdigest()[:16]
    return PyJwtCodec(KeyRing(active=kid, keys={kid: key}), clock, FakeRandomness())


class TestPyJwtCodec(TokenCodecContract):
    @pytest.fixture
    def make(self) -> MakeCodec:
        return pyjwt_codec


class TestSoundCodec(TokenCodecContract):
    @pytest.fixture
    def make(self) -> MakeCodec:
        return SOUND_CODEC


CLAIMS = [name for name in dir(TokenCodecContract) if name.startswith("test_")]


@pytest.mark.parametrize("claim", CLAIMS)
def test_each_claim_is_broken_by_a_codec_made_for_it(claim: str) -> None:
    with pytest.raises((Exception, pytest.fail.Exception)):
        getattr(TokenCodecContract(), claim)(BROKEN_CODECS[claim])


@pytest.fixture
def codec():
    return pyjwt_codec(KEY, FixedClock())


@pytest.fixture
def kid(codec):
    return jwt.get_unverified_header(codec.issue(some_claims()))["kid"]


def payload_of(codec):
    return jwt.decode(codec.issue(some_claims()), options={"verify_signature": False})


def signed(payload, header, *, key=KEY, algorithm="HS256"):
    """Sign by PyJWT, then put whatever header is wished in front: the key is right all the same."""
    encoded = [_segment(header), _segment(payload)]
    digest = hashlib.new({"HS512": "sha512"}.get(algorithm, "sha256")).name
    signature = jwt.algorithms.HMACAlgorithm(getattr(hashlib, digest)).sign(
        ".".join(encoded).encode(), key
    )
    return ".".join([*encoded, _bytes_segment(signature)])


def _segment(value):
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return _bytes_segment(text.encode())


def _bytes_segment(content):
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def forged_headers(kid):
    good = {"alg": "HS256", "kid": kid, "typ": "at+jwt"}
    yield from ({**good, "alg": alg} for alg in (
        "none", "None", "NONE", "nOnE", "", " HS256", "hs256", "HS384", "HS512", "RS256", "PS256",
        "ES256", "EdDSA", "HS256\0", None, 256, ["HS256"], {"alg": "HS256"},
    ))  # fmt: skip
    yield from ({**good, "kid": k} for k in (
        "", "other", "../../etc/passwd", "/dev/null", "' OR 1=1 --", "x" * 100_000, None, 1, [kid],
    ))  # fmt: skip
    yield from (
        {**good, name: value}
        for name, value in {
            "crit": ["exp"], "jku": "https://evil.example/keys", "x5u": "https://evil.example/x",
            "jwk": {"kty": "oct", "k": "QUFB"}, "x5c": ["MIIB"], "b64": False, "zip": "DEF",
            "cty": "JWT", "enc": "A128GCM",
        }.items()
    )  # fmt: skip
    yield from ({**good, "typ": typ} for typ in ("JWT", "", None, "jwt"))
    yield {name: value for name, value in good.items() if name != "kid"}
    yield {name: value for name, value in good.items() if name != "alg"}
    yield from ("", "null", "[]", '{"alg":"HS256"', "[" * 2000, "{}")


def test_no_forged_header_passes_though_the_signature_is_right(codec, kid):
    good = signed(payload_of(codec), {"alg": "HS256", "kid": kid, "typ": "at+jwt"})
    assert codec.read(good) == some_claims()

    forged = list(forged_headers(kid))
    assert len(forged) >= 40
    for header in forged:
        algorithm = header.get("alg") if isinstance(header, dict) else None
        token = signed(
            payload_of(codec),
            header,
            algorithm=algorithm if isinstance(algorithm, str) else "HS256",
        )
        with pytest.raises(Unauthenticated):
            codec.read(token)


REQUIRED = ["iss", "aud", "sub", "email", "is_admin", "sid", "epoch", "jti", "iat", "nbf", "exp"]


@pytest.mark.parametrize("claim", REQUIRED)
def test_each_claim_must_be_there_and_of_its_type(codec, kid, claim):
    header = {"alg": "HS256", "kid": kid, "typ": "at+jwt"}
    payload = payload_of(codec)
    wrong = [None, [], {}, 1.5, "x" if claim in {"exp", "nbf", "iat", "epoch", "is_admin"} else 7]
    if claim in {"iss", "aud"}:
        wrong.append("another")

    for value in wrong:
        with pytest.raises(Unauthenticated):
            codec.read(signed(payload | {claim: value}, header))
    payload.pop(claim)
    with pytest.raises(Unauthenticated):
        codec.read(signed(payload, header))


@pytest.mark.parametrize(
    ("claim", "seconds", "counts"),
    [
        ("exp", 1, True), ("exp", -29, True), ("exp", -31, False),
        ("nbf", -1, True), ("nbf", 29, True), ("nbf", 31, False),
        ("iat", -1, True), ("iat", 29, True), ("iat", 31, False),
        ("exp", 10**30, False),
    ],
)  # fmt: skip
def test_times_have_thirty_seconds_of_leeway(codec, kid, claim, seconds, counts):
    now = int(NOON.timestamp())
    payload = payload_of(codec) | {claim: now + seconds}
    token = signed(payload, {"alg": "HS256", "kid": kid, "typ": "at+jwt"})

    if counts:
        codec.read(token)
    else:
        with pytest.raises(Unauthenticated):
            codec.read(token)


def test_a_retired_key_still_verifies_and_no_longer_signs():
    clock = FixedClock()
    before = PyJwtCodec(KeyRing(active="old", keys={"old": KEY}), clock, FakeRandomness())
    ring = KeyRing(active="new", keys={"old": KEY, "new": OTHER_KEY})
    after = PyJwtCodec(ring, clock, FakeRandomness())

    assert after.read(before.issue(some_claims())) == some_claims()
    with pytest.raises(Unauthenticated):
        before.read(after.issue(some_claims()))


def test_a_token_that_was_read_before_still_ends():
    clock = FixedClock()
    codec = pyjwt_codec(KEY, clock)
    token = codec.issue(some_claims())
    codec.read(token)

    clock.advance(timedelta(hours=2))

    with pytest.raises(Unauthenticated):
        codec.read(token)


def test_short_keys_sign_nothing():
    for key in (b"", b"x", b"x" * 31):
        with pytest.raises(jwt.InvalidKeyError):
            PyJwtCodec(KeyRing(active="k", keys={"k": key}), FixedClock(), FakeRandomness())
