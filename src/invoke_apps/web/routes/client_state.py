"""What clients remember, with InvokeAI's paths; as there, the queue in them means nothing."""

from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from invoke_apps.web._call import Call

Key = Annotated[str, QueryParameter(name="key")]
Prefix = Annotated[str, QueryParameter(name="prefix")]


@get("/{queue_id:str}/get_by_key", sync_to_thread=True)
def get_by_key(queue_id: FromPath[str], key: Key, call: NamedDependency[Call]) -> Response[bytes]:
    """Return what was set last under a key, as a JSON string, or null."""
    found = call(lambda app, principal: app.client_state.get(principal, key))
    return _json(found)


@post("/{queue_id:str}/set_by_key", sync_to_thread=True, status_code=200)
def set_by_key(
    queue_id: FromPath[str], key: Key, data: JSONBody[str], call: NamedDependency[Call]
) -> Response[bytes]:
    """Remember a text under a key for the person who asks; the body is a JSON string."""
    call(lambda app, principal: app.client_state.set(principal, key, data))
    return _json(data)


@get("/{queue_id:str}/get_keys_by_prefix", sync_to_thread=True)
def get_keys_by_prefix(
    queue_id: FromPath[str], prefix: Prefix, call: NamedDependency[Call]
) -> list[str]:
    """Return one's keys that begin with the prefix, in order."""
    return list(call(lambda app, principal: app.client_state.keys(principal, prefix)))


@post("/{queue_id:str}/delete_by_key", sync_to_thread=True, status_code=204)
def delete_by_key(queue_id: FromPath[str], key: Key, call: NamedDependency[Call]) -> None:
    """Forget what was set under a key."""
    call(lambda app, principal: app.client_state.delete(principal, key))


@post("/{queue_id:str}/delete", sync_to_thread=True, status_code=204)
def delete_all(queue_id: FromPath[str], call: NamedDependency[Call]) -> None:
    """Forget all that one's clients remember."""
    call(lambda app, principal: app.client_state.delete_all(principal))


def _json(value: str | None) -> Response[bytes]:
    """Return the value as JSON: Litestar would send a text as it is."""
    return Response(
        msgspec.json.encode(value),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


router = Router(
    path="/api/v1/client_state",
    route_handlers=[get_by_key, set_by_key, get_keys_by_prefix, delete_by_key, delete_all],
    tags=["client state"],
)
