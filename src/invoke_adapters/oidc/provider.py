"""One OpenID Connect provider."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc.jwk import KeySet

from invoke_adapters.oidc.bounds import STEP_SECONDS, BoundedTransport, is_loopback
from invoke_adapters.oidc.id_tokens import Expected, UnknownKey, WrongToken, checked_claims
from invoke_adapters.oidc.metadata import (
    UNKNOWN_KEY_SECONDS,
    Kept,
    Metadata,
    Misbehaved,
    read_keys,
    read_metadata,
)
from invoke_core.domain.identities import Handshake, Vouched
from invoke_core.errors import Unauthenticated, Unavailable

T = TypeVar("T")

_log = logging.getLogger("invoke.oidc")


class OidcProvider:
    """See `IdentityProvider`. What it publishes is kept for an hour in this process."""

    def __init__(
        self,
        *,
        label: str,
        issuer: str,
        client_id: str,
        client_secret: str | None,
        scopes: tuple[str, ...],
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        """Know the provider; nothing is asked of it yet.

        Args:
            label: what people call it.
            issuer: its address, as it names itself; `http:` only on this machine.
            client_id: what it calls us.
            client_secret: by which it knows us; None: by PKCE alone.
            scopes: what we ask for; `openid` among them.
            transport: what sends requests; None: the network.
        """
        self._label = label
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._scopes = " ".join(scopes)
        clear = is_loopback(urlsplit(issuer).hostname or "")
        self._clear = clear
        self._transport = BoundedTransport(transport, clear=clear)
        self._client = httpx2.Client(transport=self._transport, timeout=STEP_SECONDS)
        self._metadata: Kept[Metadata] = Kept(self._fetch_metadata)
        self._keys: Kept[KeySet] = Kept(self._fetch_keys)

    def sign_in_address(self, callback: str, handshake: Handshake) -> str:
        """Return where the browser goes to sign in."""
        found = self._asking(self._metadata.get)
        with self._oauth(found, callback) as client:
            url, _ = client.create_authorization_url(
                found.authorization_endpoint,
                state=handshake.state,
                code_verifier=handshake.verifier,
                nonce=handshake.nonce,
            )
        return str(url)

    def vouch(
        self, callback: str, handshake: Handshake, answer: Mapping[str, str], now: datetime
    ) -> Vouched:
        """Return who signed in there, by what the browser brought back."""
        found = self._asking(self._metadata.get)
        issuer = answer.get("iss")
        if issuer not in {None, self._issuer} or (issuer is None and found.names_itself):
            raise self._refusal(f"the browser came back from {issuer!r}")
        if "error" in answer:
            _log.info("%s: the browser came back with %.200r", self._label, answer["error"])
            raise Unauthenticated(
                f"You did not sign in at {self._label}: begin again, or sign in with a password."
            )
        if not answer.get("code") or answer.get("state") != handshake.state:
            raise self._refusal("the browser came back without a code, or with another state")
        token = self._asking(lambda: self._tokens(found, callback, answer["code"], handshake))
        id_token, access_token = token.get("id_token"), token.get("access_token")
        if not isinstance(id_token, str):
            raise self._refusal("there is no ID token in its answer")
        access_token = access_token if isinstance(access_token, str) else None
        expected = Expected(
            issuer=self._issuer,
            client_id=self._client_id,
            nonce=handshake.nonce,
            access_token=access_token,
        )
        claims = self._checked(id_token, expected, now)
        userinfo: Mapping[str, Any] = {}
        if found.userinfo_endpoint is not None and access_token is not None:
            endpoint, bearer = found.userinfo_endpoint, {"Authorization": f"Bearer {access_token}"}
            userinfo = self._asking(lambda: self._json(endpoint, bearer))
            if userinfo.get("sub") != claims["sub"]:  # OpenID Connect Core 1.0, 5.3.2
                raise self._refusal("its user info is about somebody else")
        return Vouched(
            issuer=self._issuer, subject=claims["sub"], id_token=claims, userinfo=userinfo
        )

    def sign_out_address(self, back: str) -> str | None:
        """Return where the browser goes to sign out there too; None: there is no such place."""
        endpoint = self._asking(self._metadata.get).end_session_endpoint
        if endpoint is None:
            return None
        # OpenID Connect RP-Initiated Logout 1.0, 2. No ID token goes along, for none is kept.
        query = urlencode({"client_id": self._client_id, "post_logout_redirect_uri": back})
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{query}"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._transport.end()

    def _oauth(self, found: Metadata, callback: str) -> OAuth2Client:
        """Return a client for one sign-in: it remembers tokens, so no two share one."""
        method = "none"
        if self._client_secret is not None:
            # In the body where that is possible: in the header not all agree how signs are written.
            posts = "client_secret_post" in found.token_auth_methods
            method = "client_secret_post" if posts else "client_secret_basic"
        return OAuth2Client(
            client_id=self._client_id,
            client_secret=self._client_secret,
            token_endpoint_auth_method=method,
            code_challenge_method="S256",
            scope=self._scopes,
            redirect_uri=callback,
            transport=self._transport,
            timeout=STEP_SECONDS,
        )

    def _tokens(
        self, found: Metadata, callback: str, code: str, handshake: Handshake
    ) -> Mapping[str, Any]:
        with self._oauth(found, callback) as client:
            try:
                token: Mapping[str, Any] = client.fetch_token(
                    found.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=handshake.verifier,
                )
            except OAuthError as error:
                raise self._refusal(f"it does not take the code: {error.error}") from error
        return token

    def _checked(self, token: str, expected: Expected, now: datetime) -> Mapping[str, Any]:
        try:
            try:
                return checked_claims(token, self._asking(self._keys.get), expected, now)
            except UnknownKey:
                keys = self._asking(lambda: self._keys.get(newer_than=UNKNOWN_KEY_SECONDS))
                return checked_claims(token, keys, expected, now)
        except WrongToken as error:
            raise self._refusal(f"its ID token is not right: {error}") from error

    def _fetch_metadata(self) -> Metadata:
        url = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        return read_metadata(self._json(url), self._issuer, clear=self._clear)

    def _fetch_keys(self) -> KeySet:
        return read_keys(self._json(self._metadata.get().jwks_uri))

    def _json(self, url: str, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        response = self._client.get(url, headers=headers)
        response.raise_for_status()
        document = response.json()
        if not isinstance(document, dict):
            raise Misbehaved(f"{url} is no JSON object")
        return document

    def _asking(self, ask: Callable[[], T]) -> T:
        """Return what the provider answers; a failure is one sentence for people, and one for the log."""
        try:
            return ask()
        except (httpx2.HTTPError, httpx2.StreamError, Misbehaved, ValueError) as error:
            why = str(error) or type(error).__name__
            _log.warning("%s (%s): %.500s", self._label, self._issuer, why)
            raise Unavailable(
                f"{self._label} does not answer as it should: try again in a few minutes, or sign in"
                " with a password.",
                retry_after=60,
            ) from error

    def _refusal(self, why: str) -> Unauthenticated:
        _log.warning("%s (%s): a sign-in was refused: %.500s", self._label, self._issuer, why)
        return Unauthenticated(
            f"The sign-in at {self._label} could not be finished: begin it again."
        )
