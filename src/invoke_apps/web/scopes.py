"""What each route asks of an API key: the one place where that stands.

A route that is named nowhere here is safe from keys that reach too little: below `/api/v1/auth` no key may
call it, elsewhere reading takes the scope `read` and everything else `full`.
"""

from collections.abc import Mapping

from invoke_core.domain.principals import Scope

CREDENTIALS = "/api/v1/auth"
_QUEUE = "/api/v1/queue/{queue_id}"

NEEDED: Mapping[tuple[str, str], Scope] = {
    # Accounts, as far as nobody signs in by it.
    ("GET", "/api/v1/auth/me"): Scope.READ,
    ("GET", "/api/v1/auth/generate-password"): Scope.READ,
    ("GET", "/api/v1/auth/directory"): Scope.READ,
    ("GET", "/api/v1/auth/users"): Scope.READ,
    ("GET", "/api/v1/auth/users/{user_id}"): Scope.READ,
    ("GET", "/api/v1/auth/users/{user_id}/statistics"): Scope.READ,
    ("GET", "/api/v1/auth/users/{user_id}/content"): Scope.READ,
    ("GET", "/api/v1/auth/users/{user_id}/access"): Scope.READ,
    ("GET", "/api/v1/auth/users/{user_id}/export"): Scope.READ,
    ("PATCH", "/api/v1/auth/users/{user_id}"): Scope.FULL,
    ("DELETE", "/api/v1/auth/users/{user_id}"): Scope.FULL,
    # Reading that sends a list of names.
    ("POST", "/api/v1/images/images_by_names"): Scope.READ,
    ("POST", "/api/v1/images/download"): Scope.READ,
    ("POST", f"{_QUEUE}/items_by_ids"): Scope.READ,
    ("POST", f"{_QUEUE}/item_summaries_by_ids"): Scope.READ,
    # Making pictures.
    ("POST", "/api/v1/images/upload"): Scope.GENERATE,
    ("POST", f"{_QUEUE}/enqueue_batch"): Scope.GENERATE,
    ("PUT", f"{_QUEUE}/i/{{item_id}}/cancel"): Scope.GENERATE,
    ("DELETE", f"{_QUEUE}/i/{{item_id}}"): Scope.GENERATE,
    ("PUT", f"{_QUEUE}/cancel_by_batch_ids"): Scope.GENERATE,
    ("PUT", f"{_QUEUE}/cancel_by_destination"): Scope.GENERATE,
    ("PUT", f"{_QUEUE}/cancel_all_except_current"): Scope.GENERATE,
    ("PUT", f"{_QUEUE}/clear"): Scope.GENERATE,
    ("PUT", f"{_QUEUE}/prune"): Scope.GENERATE,
    ("PUT", f"{_QUEUE}/retry_items_by_id"): Scope.GENERATE,
}


def needed_scope(method: str, template: str) -> Scope | None:
    """Return the least scope of a key for a route; None: no key may call it.

    Args:
        method: of HTTP, in capitals.
        template: the route's path, with the names of its parameters in braces.
    """
    found = NEEDED.get((method, template))
    if found is not None:
        return found
    if template == CREDENTIALS or template.startswith(f"{CREDENTIALS}/"):
        return None
    return Scope.READ if method in {"GET", "HEAD"} else Scope.FULL
