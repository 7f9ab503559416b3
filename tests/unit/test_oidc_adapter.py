"""OpenID Connect against a provider that does everything wrong: forged tokens, strange documents, floods."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from invoke_adapters.oidc import OidcProvider
from invoke_adapters.oidc.bounds import MAX_BYTES, is_safe
from invoke_adapters.oidc.id_tokens import (
    LEEWAY_SECONDS,
    Expected,
    UnknownKey,
    WrongToken,
    checked_claims,
)
from invoke_adapters.oidc.metadata import Misbehaved, read_keys, read_metadata
from invoke_core.domain.identities import handshake
from invoke_core.errors import Unauthenticated, Unavailable

ISSUER = "https://id.example.com"
CALLBACK = "https://invoke.example.com/callback"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
RSA = RSAKey.generate_key(2048, {"kid": "1"})
EC = ECKey.generate_key("P-256", {"kid": "2"})
KEYS = KeySet([RSA, EC])
SECRETS = handshake("state", "browser")
CLAIMS = {
    "iss": ISSUER,
    "sub": "7",
    "aud": "invoke",
    "exp": SECONDS + 600,
    "iat": SECONDS,
    "nonce": SECRETS.nonce,
}
EXPECTED = Expected(issuer=ISSUER, client_id="invoke", nonce=SECRETS.nonce)


def signed(claims: dict[str, Any], key: Any = RSA, alg: str = "RS256", **header: Any) -> str:
    return jwt.encode({"alg": alg, "kid": key.kid, **header}, dict(claims), key, algorithms=[alg])


def claims_with(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}


def encoded(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def check(token: str, expected: Expected = EXPECTED) -> Any:
    return checked_claims(token, KEYS, expected, NOW)


@pytest.mark.parametrize(("key", "alg"), [(RSA, "RS256"), (RSA, "PS512"), (EC, "ES256")])
def test_a_right_token_is_taken(key: Any, alg: str) -> None:
    assert check(signed(CLAIMS, key, alg))["sub"] == "7"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://id.example.com/"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"aud": []},
        {"aud": ["invoke", "another"]},  # and no azp
        {"aud": ["invoke", "another"], "azp": "another"},
        {"azp": "another"},
        {"exp": SECONDS - LEEWAY_SECONDS},
        {"exp": None},
        {"exp": "never"},
        {"iat": SECONDS + LEEWAY_SECONDS + 1},
        {"iat": None},
        {"nbf": SECONDS + LEEWAY_SECONDS + 1},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
    ],
    ids=str,
)
def test_a_token_about_something_else_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(WrongToken):
        check(signed(claims_with(**changes)))


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["invoke"]},
        {"aud": ["invoke", "another"], "azp": "invoke"},
        {"azp": "invoke"},
        {"exp": SECONDS - LEEWAY_SECONDS + 1},
        {"iat": SECONDS + LEEWAY_SECONDS},
        {"sub": "x" * 255},
    ],
    ids=str,
)
def test_a_token_at_the_edge_is_taken(changes: dict[str, Any]) -> None:
    assert check(signed(claims_with(**changes)))


def test_nobodys_word_is_refused() -> None:
    header, body = encoded({"alg": "none"}), encoded(CLAIMS)
    for token in (f"{header}.{body}.", f"{encoded({'alg': 'NONE'})}.{body}.", "", "a.b", "a.b.c"):
        with pytest.raises(WrongToken):
            check(token)


def test_a_public_key_is_no_secret_of_an_hmac() -> None:
    secrets = [RSA.as_pem(private=False), json.dumps(RSA.as_dict(private=False)).encode()]
    for secret in secrets:
        signed_part = f"{encoded({'alg': 'HS256', 'kid': '1'})}.{encoded(CLAIMS)}"
        mac = hmac.new(secret, signed_part.encode(), hashlib.sha256).digest()
        with pytest.raises(WrongToken):
            check(f"{signed_part}.{encoded(mac)}")


def test_our_own_secret_is_no_key_of_the_provider() -> None:
    key = OctKey.import_key("x" * 32, {"kid": "1"})

    with pytest.raises(WrongToken):
        check(signed(CLAIMS, key, "HS256"))


def test_a_foreign_or_changed_signature_is_refused() -> None:
    stranger = RSAKey.generate_key(2048, {"kid": "1"})
    with pytest.raises(WrongToken):
        check(signed(CLAIMS, stranger))
    header, _, signature = signed(CLAIMS).split(".")
    with pytest.raises(WrongToken):
        check(f"{header}.{encoded(claims_with(sub='8'))}.{signature}")


def test_a_key_that_is_not_among_them_is_unknown() -> None:
    with pytest.raises(UnknownKey):
        check(signed(CLAIMS, RSAKey.generate_key(2048, {"kid": "3"})))


def test_a_key_in_the_token_itself_does_not_count() -> None:
    stranger = RSAKey.generate_key(2048, {"kid": "1"})
    with pytest.raises(WrongToken):
        check(signed(CLAIMS, stranger, jwk=stranger.as_dict(private=False)))


def test_another_access_token_is_refused() -> None:
    with_hash = signed(claims_with(at_hash="77QmUPtjPfzWtF2AnpK9RQ"))  # the example of the standard
    right = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"

    with pytest.raises(WrongToken):
        checked_claims(
            with_hash,
            KEYS,
            Expected(
                issuer=ISSUER, client_id="invoke", nonce=SECRETS.nonce, access_token=right[1:]
            ),
            NOW,
        )


# What it publishes


DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
    "userinfo_endpoint": f"{ISSUER}/me",
}


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": f"{ISSUER}/"},
        {"issuer": None},
        {"token_endpoint": "http://id.example.com/token"},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"userinfo_endpoint": "http://127.0.0.1/me"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"end_session_endpoint": 7},
    ],
    ids=str,
)
def test_a_strange_document_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Misbehaved):
        read_metadata({**DOCUMENT, **changes}, ISSUER, clear=False)


def test_what_is_left_out_has_its_default() -> None:
    found = read_metadata(DOCUMENT, ISSUER, clear=False)

    assert found.token_auth_methods == ("client_secret_basic",)
    assert found.end_session_endpoint is None
    assert not found.names_itself


def test_only_keys_that_sign_are_taken() -> None:
    public = RSA.as_dict(private=False)
    strange = [{"kty": "unheard of"}, {"kty": "oct", "k": "AAAA"}, {"kty": "RSA"}, "no key", 7]
    found = read_keys({"keys": [*strange, {**public, "use": "enc"}, public]})

    assert [key.kid for key in found] == ["1"]
    for nothing in ({}, {"keys": None}, {"keys": strange}):
        with pytest.raises(Misbehaved):
            read_keys(nothing)


@pytest.mark.parametrize(
    ("url", "clear", "safe"),
    [
        ("https://id.example.com/", False, True),
        ("http://id.example.com/", True, False),
        ("http://127.0.0.1:3000/", True, True),
        ("http://localhost/", True, True),
        ("http://[::1]/", True, True),
        ("http://127.0.0.1/", False, False),
        ("http://localhost.evil.example/", True, False),
        ("https://user@id.example.com/", False, False),
        ("ftp://id.example.com/", True, False),
        ("https:///path", False, False),
        ("no address", True, False),
    ],
)
def test_nothing_is_sent_in_the_clear(url: str, clear: bool, safe: bool) -> None:
    assert is_safe(url, clear=clear) is safe


# The whole adapter


class Net:
    """Answers as a provider, unless a test says otherwise for a path."""

    def __init__(self) -> None:
        self.asked: list[httpx2.Request] = []
        self.answers: dict[str, Callable[[httpx2.Request], httpx2.Response]] = {}
        self.keys = KEYS
        self.token = signed(CLAIMS)
        self.document: dict[str, Any] = dict(DOCUMENT)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        path = request.url.path
        if path in self.answers:
            return self.answers[path](request)
        if path == "/.well-known/openid-configuration":
            return httpx2.Response(200, json=self.document)
        if path == "/keys":
            return httpx2.Response(200, json=self.keys.as_dict(private=False))
        if path == "/token":
            return httpx2.Response(
                200,
                json={"access_token": "a", "token_type": "Bearer", "id_token": self.token},
            )
        return httpx2.Response(200, json={"sub": "7", "email": "a@b.c", "email_verified": True})

    def paths(self) -> list[str]:
        return [request.url.path for request in self.asked]


@pytest.fixture
def net() -> Net:
    return Net()


@pytest.fixture
def provider(net: Net) -> Iterator[OidcProvider]:
    provider = a_provider(net)
    yield provider
    provider.close()


def a_provider(net: Net, client_secret: str | None = "p+ä% secret") -> OidcProvider:
    return OidcProvider(
        label="Company",
        issuer=ISSUER,
        client_id="invoke",
        client_secret=client_secret,
        scopes=("openid", "email"),
        transport=httpx2.MockTransport(net),
    )


def vouch(provider: OidcProvider, **answer: str) -> Any:
    given = {"code": "c", "state": "state", **answer}
    return provider.vouch(CALLBACK, SECRETS, given, NOW)


def test_the_browser_is_sent_with_pkce_state_and_nonce(provider: OidcProvider) -> None:
    url = urlsplit(provider.sign_in_address(CALLBACK, SECRETS))
    query = {key: value for key, (value,) in parse_qs(url.query).items()}

    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{ISSUER}/auth"
    assert query.pop("code_challenge") != SECRETS.verifier
    assert query == {
        "response_type": "code",
        "client_id": "invoke",
        "redirect_uri": CALLBACK,
        "scope": "openid email",
        "state": "state",
        "nonce": SECRETS.nonce,
        "code_challenge_method": "S256",
    }


def test_who_signed_in_is_vouched_for(net: Net, provider: OidcProvider) -> None:
    found = vouch(provider)

    assert (found.issuer, found.subject) == (ISSUER, "7")
    assert found.userinfo["email"] == "a@b.c"
    body = parse_qs(net.asked[1].content.decode())
    assert body["code_verifier"] == [SECRETS.verifier]
    assert body["redirect_uri"] == [CALLBACK]
    assert net.asked[-1].headers["Authorization"] == "Bearer a"


def test_documents_and_keys_are_asked_for_once(net: Net, provider: OidcProvider) -> None:
    for _ in range(3):
        vouch(provider)

    assert net.paths().count("/.well-known/openid-configuration") == 1
    assert net.paths().count("/keys") == 1


@pytest.mark.parametrize(
    ("methods", "header"),
    [
        (None, True),
        (["client_secret_basic"], True),
        (["client_secret_post", "private_key_jwt"], False),
    ],
)
def test_the_secret_goes_where_the_provider_takes_it(net: Net, methods: Any, header: bool) -> None:
    if methods is not None:
        net.document["token_endpoint_auth_methods_supported"] = methods
    secret = "secret" if header else "p+ä% secret"
    provider = a_provider(net, secret)
    vouch(provider)
    provider.close()

    asked = net.asked[1]
    assert ("Authorization" in asked.headers) is header
    assert parse_qs(asked.content.decode()).get("client_secret") == (None if header else [secret])


def test_without_a_secret_pkce_is_enough(net: Net) -> None:
    provider = a_provider(net, None)
    vouch(provider)
    provider.close()

    assert "Authorization" not in net.asked[1].headers
    assert parse_qs(net.asked[1].content.decode())["client_id"] == ["invoke"]


def test_new_keys_are_asked_for_after_a_minute(
    net: Net, provider: OidcProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    vouch(provider)
    fresh = RSAKey.generate_key(2048, {"kid": "3"})
    net.keys, net.token = KeySet([fresh]), signed(CLAIMS, fresh)
    with pytest.raises(Unauthenticated):
        vouch(provider)  # a flood of unknown keys is no flood of questions
    assert net.paths().count("/keys") == 1

    later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert vouch(provider)
    assert net.paths().count("/keys") == 2


@pytest.mark.parametrize(
    "answer",
    [
        {"state": "another"},
        {"code": ""},
        {"error": "access_denied"},
        {"iss": "https://other.example.com"},
    ],
    ids=str,
)
def test_a_strange_answer_is_refused(
    net: Net, provider: OidcProvider, answer: dict[str, str]
) -> None:
    with pytest.raises(Unauthenticated, match="Company"):
        vouch(provider, **answer)
    assert "/token" not in net.paths()


def test_a_provider_that_names_itself_must_do_so(net: Net, provider: OidcProvider) -> None:
    net.document["authorization_response_iss_parameter_supported"] = True

    with pytest.raises(Unauthenticated):
        vouch(provider)
    assert vouch(provider, iss=ISSUER)


@pytest.mark.parametrize(
    ("path", "response"),
    [
        ("/token", httpx2.Response(400, json={"error": "invalid_grant"})),
        ("/token", httpx2.Response(200, json={"access_token": "a"})),
        ("/token", httpx2.Response(200, json={"id_token": 7})),
        ("/me", httpx2.Response(200, json={"sub": "8"})),
        ("/me", httpx2.Response(200, json={})),
    ],
)
def test_what_does_not_fit_is_no_sign_in(
    net: Net, provider: OidcProvider, path: str, response: httpx2.Response
) -> None:
    net.answers[path] = lambda request: response

    with pytest.raises(Unauthenticated, match="begin it again"):
        vouch(provider)


def _flood() -> Iterator[bytes]:
    while True:
        yield b" " * 65536


def away(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("refused")


TROUBLE: dict[str, Callable[[httpx2.Request], httpx2.Response]] = {
    "away": away,
    "broken": lambda request: httpx2.Response(500, text="no"),
    "a page": lambda request: httpx2.Response(200, text="<html>"),
    "a list": lambda request: httpx2.Response(200, json=[1]),
    "elsewhere": lambda request: httpx2.Response(302, headers={"Location": "http://10.0.0.1/"}),
    "endless": lambda request: httpx2.Response(200, content=_flood()),
    "large": lambda request: httpx2.Response(200, content=iter([b"x" * (MAX_BYTES + 1)])),
    "packed": lambda request: httpx2.Response(
        200, headers={"Content-Encoding": "gzip"}, content=iter([b"x"])
    ),
}


@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys", "/me"])
def test_a_provider_in_trouble_is_unavailable(
    net: Net, provider: OidcProvider, path: str, trouble: str
) -> None:
    net.answers[path] = TROUBLE[trouble]

    with pytest.raises(Unavailable, match="Company does not answer as it should") as refused:
        vouch(provider)
    assert refused.value.retry_after
    del net.answers[path]
    assert vouch(provider)


def test_a_slow_answer_is_given_up(
    net: Net, provider: OidcProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = iter(range(0, 10_000, 4))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(passed)))
    net.answers["/me"] = lambda request: httpx2.Response(200, content=iter([b" "] * 9))

    with pytest.raises(Unavailable):
        vouch(provider)


def test_signing_out_there_names_us(net: Net, provider: OidcProvider) -> None:
    assert provider.sign_out_address("https://invoke.example.com/") is None

    net.document["end_session_endpoint"] = f"{ISSUER}/end?x=1"
    other = a_provider(net)
    url = urlsplit(other.sign_out_address("https://invoke.example.com/") or "")
    other.close()
    assert parse_qs(url.query) == {
        "x": ["1"],
        "client_id": ["invoke"],
        "post_logout_redirect_uri": ["https://invoke.example.com/"],
    }


def test_the_log_names_what_went_wrong_and_no_secret(
    net: Net, provider: OidcProvider, caplog: pytest.LogCaptureFixture
) -> None:
    net.document["issuer"] = "https://other.example.com"
    with pytest.raises(Unavailable):
        vouch(provider)

    assert "it calls itself 'https://other.example.com'" in caplog.text
    assert "secret" not in caplog.text
