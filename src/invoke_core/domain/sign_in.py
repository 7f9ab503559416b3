"""Where a sign-in comes from, and when becoming the first administrator takes a code."""

import base64
import hashlib
import hmac

import attrs

MAX_USER_AGENT_CHARACTERS = 300


@attrs.frozen(kw_only=True)
class Client:
    """The far end of a request, as the server saw it."""

    address: str | None = None  # of the client, as text
    user_agent: str | None = None
    is_loopback: bool = False  # a loopback Host, and no forwarding header
    device: str | None = attrs.field(default=None, repr=False)  # what a browser was given before
    request_id: str | None = None


def setup_code_required(*, loopback_only: bool, client: Client) -> bool:
    """Return whether the first administrator must type the code from the server's console.

    Args:
        loopback_only: the server listens on loopback alone, with neither a base URL nor a proxy.
        client: who asks; a foreign Host may be a page that rebinds its own name to this machine.
    """
    return not (loopback_only and client.is_loopback)


def setup_code(secret: str) -> str:
    """Return a code of 80 bits that a person can type, such as `ABCD-EFGH-IJKL-MNOP`.

    Args:
        secret: unpredictable text. The same text gives the same code.
    """
    letters = base64.b32encode(hashlib.sha256(secret.encode()).digest()[:10]).decode()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def is_setup_code(typed: str | None, code: str) -> bool:
    """Return whether the typed text is the code, in a time that tells nothing about it."""
    plain = "".join((typed or "").upper().replace("-", "").split())
    return hmac.compare_digest(
        plain.encode("utf-8", "replace"), code.replace("-", "").encode("ascii")
    )


__all__ = [
    "MAX_USER_AGENT_CHARACTERS",
    "Client",
    "is_setup_code",
    "setup_code",
    "setup_code_required",
]
