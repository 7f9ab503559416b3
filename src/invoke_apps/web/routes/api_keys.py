"""Keys of one's own with which programs ask."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

import attrs
import msgspec
from litestar import Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from invoke_apps.web._call import Call
from invoke_core.domain.api_keys import ApiKey
from invoke_core.domain.identifiers import ApiKeyId
from invoke_core.domain.pages import DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET
from invoke_core.domain.principals import Scope
from invoke_core.services.api_keys import NewApiKey


class NewKeyBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a new key is for."""

    name: str
    scope: Scope
    expires_at: datetime | None = None


@attrs.frozen(kw_only=True)
class ApiKeyView:
    """A key, without its text."""

    key_id: ApiKeyId
    name: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        """Return the key as its owner sees it."""
        names = [field.name for field in attrs.fields(ApiKeyView)]
        return cls(**{name: getattr(key, name) for name in names})


@attrs.frozen(kw_only=True)
class NewApiKeyView(ApiKeyView):
    """A key that was just made, with its text, which is never shown again."""

    key: str

    @classmethod
    def of_new(cls, made: NewApiKey) -> Self:
        """Return the new key."""
        return cls(**attrs.asdict(ApiKeyView.of(made.key)), key=made.text)


@attrs.frozen(kw_only=True)
class ApiKeyPage:
    """A stretch of the list of one's keys."""

    items: Sequence[ApiKeyView]
    offset: int
    limit: int
    total: int


@get("/", sync_to_thread=True)
def list_keys(
    call: NamedDependency[Call],
    offset: Annotated[int, QueryParameter(ge=0, le=MAX_OFFSET)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> ApiKeyPage:
    """Return one's keys, the oldest first."""
    keys = call(lambda app, principal: app.api_keys.list(principal))
    items = [ApiKeyView.of(key) for key in keys[offset : offset + limit]]
    return ApiKeyPage(items=items, offset=offset, limit=limit, total=len(keys))


@post("/", sync_to_thread=True)
def create_key(data: JSONBody[NewKeyBody], call: NamedDependency[Call]) -> NewApiKeyView:
    """Make a key; the answer shows it this once."""
    made = call(
        lambda app, principal: app.api_keys.create(
            principal, name=data.name, scope=data.scope, expires_at=data.expires_at
        )
    )
    return NewApiKeyView.of_new(made)


@delete("/{key_id:str}", sync_to_thread=True)
def remove_key(key_id: FromPath[str], call: NamedDependency[Call]) -> None:
    """Make a key count no more, at once."""
    call(lambda app, principal: app.api_keys.remove(principal, ApiKeyId(key_id)))


router = Router(
    path="/api/v1/auth/api-keys",
    route_handlers=[list_keys, create_key, remove_key],
    tags=["accounts"],
)
