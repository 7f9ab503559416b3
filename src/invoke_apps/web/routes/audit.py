"""The audit log, for administrators."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Self

import attrs
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from invoke_apps.web._call import Call
from invoke_apps.web.times import time_in_query
from invoke_core.domain.audit import AuditEntry, AuditQuery
from invoke_core.domain.identifiers import UserId
from invoke_core.domain.pages import DEFAULT_LIMIT, MAX_LIMIT


@attrs.frozen(kw_only=True)
class ActorView:
    """Who did it."""

    user_id: UserId | None
    email: str | None
    address: str | None
    via: str
    operating_system_user: str | None


@attrs.frozen(kw_only=True)
class TargetView:
    """What it was done to."""

    kind: str
    id: str | None


@attrs.frozen(kw_only=True)
class EntryView:
    """One thing that was done."""

    entry_id: int
    at: datetime
    actor: ActorView
    action: str
    target: TargetView
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    request_id: str | None

    @classmethod
    def of(cls, entry: AuditEntry) -> Self:
        """Return the entry as it is shown."""
        return cls(
            entry_id=entry.entry_id,
            at=entry.at,
            actor=ActorView(**attrs.asdict(entry.actor)),
            action=entry.action,
            target=TargetView(**attrs.asdict(entry.target)),
            before=entry.before,
            after=entry.after,
            request_id=entry.request_id,
        )


@attrs.frozen(kw_only=True)
class AuditPageView:
    """A stretch of the log, the newest entry first."""

    items: Sequence[EntryView]
    limit: int
    total: int
    total_is_lower_bound: bool
    next_cursor: str | None


@attrs.frozen(kw_only=True)
class VerificationView:
    """Whether the log is as it was written."""

    ok: bool
    entries: int
    head: str
    first_bad: int | None
    trouble: str | None


@get("/", sync_to_thread=True)
def entries(
    call: NamedDependency[Call],
    actor: FromQuery[str | None] = None,
    action: FromQuery[str | None] = None,
    target: FromQuery[str | None] = None,
    since: FromQuery[str | None] = None,
    until: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> AuditPageView:
    """Return what was done, the newest first.

    `actor` is a user id or an e-mail address, `action` an action or the word before its dot, `target` an id
    or a kind; `since` is included, `until` is not. `total` counts to 10,000.
    """
    query = AuditQuery(
        actor=actor,
        action=action,
        target=target,
        since=time_in_query(since, "since"),
        until=time_in_query(until, "until"),
        limit=limit,
    )
    page = call(lambda app, principal: app.audit.list(principal, query, cursor=cursor))
    return AuditPageView(
        items=[EntryView.of(entry) for entry in page.items],
        limit=page.limit,
        total=page.total,
        total_is_lower_bound=page.total_is_lower_bound,
        next_cursor=page.next_cursor,
    )


@get("/verify", sync_to_thread=True)
def verify(call: NamedDependency[Call]) -> VerificationView:
    """Say whether every entry is as it was written, none is missing, and none was cut off."""
    found = call(lambda app, principal: app.audit.verify(principal))
    return VerificationView(**attrs.asdict(found))


router = Router(path="/api/v1/audit", route_handlers=[entries, verify], tags=["administration"])
