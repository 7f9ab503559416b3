"""The second factor: set up, put in force, removed, and reset where it was lost."""

from collections.abc import Sequence

import attrs
import msgspec
from litestar import Router, delete, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from invoke_apps.web._call import Call
from invoke_apps.web.guard import SLOW
from invoke_core.domain.identifiers import UserId


class CodeBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What the app shows."""

    code: str


class PasswordBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One's own password, once more."""

    password: str


@attrs.frozen(kw_only=True)
class EnrolmentView:
    """What an app needs to show codes: the same secret to be typed, and to be read from a picture."""

    secret: str
    otpauth_uri: str


@attrs.frozen(kw_only=True)
class RecoveryView:
    """Codes that stand in for the app, once each; they are never shown again."""

    recovery_codes: Sequence[str]


@post("/totp/enroll", opt=SLOW, status_code=200, sync_to_thread=True)
def enroll(call: NamedDependency[Call]) -> EnrolmentView:
    """Offer a new secret; it is asked for at sign-in only after it was confirmed."""
    made = call(lambda app, principal: app.second_factor.enroll(principal))
    return EnrolmentView(secret=made.secret, otpauth_uri=made.uri)


@post("/totp/confirm", opt=SLOW, status_code=200, sync_to_thread=True)
def confirm(data: JSONBody[CodeBody], call: NamedDependency[Call]) -> RecoveryView:
    """Put the offered secret in force, by a code that follows from it."""
    codes = call(lambda app, principal: app.second_factor.confirm(principal, data.code))
    return RecoveryView(recovery_codes=codes)


@delete("/totp", opt=SLOW, sync_to_thread=True)
def remove(data: JSONBody[PasswordBody], call: NamedDependency[Call]) -> None:
    """Do without a second factor from now on."""
    call(lambda app, principal: app.second_factor.remove(principal, data.password))


@delete("/users/{user_id:str}/totp", sync_to_thread=True)
def reset(user_id: FromPath[str], call: NamedDependency[Call]) -> None:
    """Take the second factor off an account whose owner lost it."""
    call(lambda app, principal: app.second_factor.reset(principal, UserId(user_id)))


router = Router(
    path="/api/v1/auth", route_handlers=[enroll, confirm, remove, reset], tags=["accounts"]
)
