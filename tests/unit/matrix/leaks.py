"""What no answer may hold: hashes, secrets, epochs, paths, and other people's addresses (control C22)."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx

from tests.unit.matrix.principals import ACCOUNT_OF, SEES_ACCOUNTS
from tests.unit.matrix.table import Row
from tests.unit.matrix.world import NOTE, World

FORBIDDEN_FIELDS = re.compile(
    r"epoch|hash$|digest|fingerprint|sealed|secret|recovery|pepper|fence|lease|charged|search_text"
)
ALLOWED_FIELDS = {
    ("GET /api/v1/auth/status", "recovery"),  # whether it is open
    ("POST /api/v1/auth/totp/enroll", "secret"),  # one's own, this once
    ("POST /api/v1/auth/totp/confirm", "recovery_codes"),
    ("GET /api/v2/models", "hash"),  # of the model's files
    ("GET /api/v2/models/i/{key}", "hash"),
    ("PATCH /api/v2/models/i/{key}", "hash"),
}
ADDRESS_SHOWN = {
    # Whoever administers a board sees with whom it is shared.
    (f"GET /api/v1/boards/{{board_id}}/{what}", who)
    for what in ("shares", "access")
    for who in ("owner", "board_admin", "key_read", "key_generate", "key_full", "cookie")
}
PROVEN_BY_THE_REQUEST = {
    # Who has the password or the link is the account's owner, whoever else the request speaks for.
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/invitations/accept",
    "POST /api/v1/auth/password-reset",
    "GET /invitation/{token}",
    "POST /invitation/{token}",
    "GET /password-reset/{token}",
    "POST /password-reset/{token}",
}
EXAMPLES = {
    "GET /",
    "GET /docs",
    "GET /openapi.json",
    "GET /api/openapi",
    "GET /api/openapi/openapi.json",
}
SHOWN_ONCE = {"POST /api/v1/auth/api-keys", "POST /api/v1/auth/totp/enroll"}
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")


def leaks(world: World, row: Row, principal: str, answer: httpx.Response) -> Iterator[str]:
    """Yield what the answer tells that it must not."""
    told = answer.text + "\n" + "\n".join(f"{k}: {v}" for k, v in answer.headers.items())
    for what, secret in world.secrets.items():
        if secret in told and not (row.route in SHOWN_ONCE and what == "totp secret"):
            yield f"tells the {what}"
    if "Traceback" in told:
        yield "tells a traceback"
    if row.route not in EXAMPLES:
        for name in _fields(answer):
            if FORBIDDEN_FIELDS.search(name) and (row.route, name) not in ALLOWED_FIELDS:
                yield f"has the field {name!r}"
    if principal in SEES_ACCOUNTS:
        return
    if NOTE in told:
        yield "tells an administrator's note"
    if world.models_path in told:
        yield "tells where models lie"
    if (row.route, principal) in ADDRESS_SHOWN or row.route in PROVEN_BY_THE_REQUEST | EXAMPLES:
        return
    own = f"{ACCOUNT_OF.get(principal, principal)}@example.com"
    for address in set(_ADDRESS.findall(answer.text)) - {own}:
        yield f"tells the address {address}"


def _fields(answer: httpx.Response) -> set[str]:
    if "json" not in answer.headers.get("content-type", "") or not answer.content:
        return set()
    found: set[str] = set()

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            found.update(part)
        for each in (
            part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        ):
            walk(each)

    walk(json.loads(answer.content))
    return found
