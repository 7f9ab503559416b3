"""How accounts are shown."""

from datetime import datetime
from typing import Any, Self

import attrs
from litestar import Request

from invoke_apps.application import Application
from invoke_core.domain.identifiers import IdentityId, UserId
from invoke_core.domain.identities import Identity
from invoke_core.domain.storage import quota_of
from invoke_core.domain.users import User
from invoke_core.services.links import IssuedLink
from invoke_core.services.users import Standing

WARNING_HEADER = "X-Password-Warning"


@attrs.frozen(kw_only=True)
class UserView:
    """An account, as its owner sees it."""

    user_id: UserId
    email: str
    display_name: str
    is_admin: bool
    is_active: bool
    must_change_password: bool
    second_factor: bool
    created_at: datetime
    updated_at: datetime
    last_login_at: datetime | None

    @classmethod
    def of(cls, user: User) -> Self:
        """Return the account as it is shown."""
        names = [field.name for field in attrs.fields(cls)]
        return cls(**{name: getattr(user, name) for name in names})


@attrs.frozen(kw_only=True)
class ManagedUserView(UserView):
    """An account, as administrators see it."""

    note: str
    locked_until: datetime | None
    storage_quota_bytes: int | None  # that is in force; null: no limit
    storage_bytes: int  # that its pictures take, of the quota

    @classmethod
    def of_managed(cls, user: User, standing: Standing) -> Self:
        """Return the account as administrators see it."""
        own = attrs.asdict(UserView.of(user))
        return cls(
            **own,
            note=user.note,
            locked_until=standing.locked_until,
            storage_quota_bytes=standing.storage_quota_bytes,
            storage_bytes=standing.storage_bytes,
        )


@attrs.frozen(kw_only=True)
class InvitedUserView(ManagedUserView):
    """An account that waits for its owner to choose a password."""

    invitation_url: str | None  # null: it is mailed to its owner
    invitation_expires_at: datetime

    @classmethod
    def of_link(cls, issued: IssuedLink, quota: int | None) -> Self:
        """Return the account with its invitation.

        Args:
            issued: the account and its link.
            quota: of accounts that have none of their own.
        """
        nobody_tried_it = Standing(
            locked_until=None, storage_quota_bytes=quota_of(issued.user, quota)
        )
        shown = attrs.asdict(
            ManagedUserView.of_managed(issued.user, nobody_tried_it), recurse=False
        )
        return cls(**shown, invitation_url=issued.url, invitation_expires_at=issued.expires_at)


@attrs.frozen(kw_only=True)
class IdentityView:
    """A person at a provider, whose account this is."""

    identity_id: IdentityId
    issuer: str
    subject: str
    created_at: datetime

    @classmethod
    def of(cls, identity: Identity) -> Self:
        """Return the identity as administrators see it."""
        names = [field.name for field in attrs.fields(cls)]
        return cls(**{name: getattr(identity, name) for name in names})


@attrs.frozen(kw_only=True)
class UserEntry:
    """A person, as everybody may find them."""

    user_id: UserId
    display_name: str

    @classmethod
    def of(cls, user: User) -> Self:
        """Return the person as an entry of the directory."""
        return cls(user_id=user.user_id, display_name=user.display_name)


def site_of(app: Application, request: Request[Any, Any, Any]) -> str:
    """Return the address of the server for links: the setting, else the one that was asked."""
    return app.settings.base_url or str(request.base_url)


def warnings_header(warnings: tuple[str, ...]) -> dict[str, str]:
    """Return the header that says what an accepted password lacks; none for a good one."""
    return {WARNING_HEADER: " ".join(warnings)} if warnings else {}
