"""What a provider publishes of itself: its addresses, and the keys that it signs with.

OpenID Connect Discovery 1.0; kept for an hour in this process.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import attrs
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from invoke_adapters.oidc.bounds import is_safe

T = TypeVar("T")

KEPT_SECONDS = 3600.0
UNKNOWN_KEY_SECONDS = 60.0  # before keys are asked for again because of one that is not among them


class Misbehaved(Exception):
    """The provider answers, and not as one; the text says how, for the log."""


@attrs.frozen(kw_only=True)
class Metadata:
    """A provider's addresses."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    token_auth_methods: tuple[str, ...]
    names_itself: bool  # in what the browser brings back (RFC 9207)


def read_metadata(document: Mapping[str, Any], issuer: str, *, clear: bool) -> Metadata:
    """Return the addresses of a discovery document.

    Args:
        document: as the issuer publishes it.
        issuer: as it is configured; the document must name exactly this one.
        clear: see `is_safe`.

    Raises:
        Misbehaved: it is another issuer's, lacks an address, or has one that is not encrypted.
    """
    if document.get("issuer") != issuer:
        raise Misbehaved(
            f"it calls itself {document.get('issuer')!r}: `issuer` must be exactly that"
        )

    def address(name: str, *, needed: bool) -> str | None:
        url = document.get(name)
        if url is None and not needed:
            return None
        if not isinstance(url, str) or not is_safe(url, clear=clear):
            raise Misbehaved(f"its {name} is {url!r}, which is no https address")
        return url

    methods = document.get("token_endpoint_auth_methods_supported")
    return Metadata(
        authorization_endpoint=address("authorization_endpoint", needed=True) or "",
        token_endpoint=address("token_endpoint", needed=True) or "",
        jwks_uri=address("jwks_uri", needed=True) or "",
        userinfo_endpoint=address("userinfo_endpoint", needed=False),
        end_session_endpoint=address("end_session_endpoint", needed=False),
        token_auth_methods=tuple(methods)
        if isinstance(methods, list)
        else ("client_secret_basic",),  # the default of Discovery 1.0, 3
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def read_keys(document: Mapping[str, Any]) -> KeySet:
    """Return the public keys of a key document that may sign; others are passed over.

    Raises:
        Misbehaved: there is none.
    """
    listed = document.get("keys")
    keys = []
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and entry.get("kty") != "oct" and entry.get("use") != "enc":
            try:
                keys += KeySet.import_key_set({"keys": [entry]}).keys
            except (JoseError, ValueError, TypeError):  # of a kind that we do not know
                continue
    if not keys:
        raise Misbehaved("it publishes no key that we can use")
    return KeySet(keys)


class Kept(Generic[T]):
    """Something that is fetched, and kept for an hour. Thread-safe; of several who wait one fetches."""

    def __init__(self, fetch: Callable[[], T]) -> None:
        """Keep what `fetch` returns."""
        self._fetch = fetch
        self._lock = threading.Lock()
        self._value: T | None = None
        self._at = 0.0

    def get(self, *, newer_than: float = KEPT_SECONDS) -> T:
        """Return the thing, fetched not longer ago than so many seconds; raise what fetching raises."""
        with self._lock:
            if self._value is None or time.monotonic() - self._at > newer_than:
                self._value = self._fetch()
                self._at = time.monotonic()
            return self._value
