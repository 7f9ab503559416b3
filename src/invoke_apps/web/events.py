"""Changes as they happen: Server-Sent Events, filtered for each listener at the moment of sending."""

import asyncio
import base64
import json
import math
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

import attrs
from litestar import Request, get
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage

from invoke_apps.application import Application
from invoke_apps.web._call import Call
from invoke_apps.web.guard import BACKGROUND
from invoke_apps.web.routes._queue_views import ItemView, StatusView
from invoke_apps.web.routes.queue import require_queue
from invoke_core.domain.identifiers import ItemId, UserId
from invoke_core.domain.news import NewsItem, NewsKind
from invoke_core.domain.principals import Principal
from invoke_core.domain.queue import JobQuery, JobStatus
from invoke_core.errors import Forbidden, TooMany, Unauthenticated
from invoke_core.services.events import UNKNOWN

HEARTBEAT_SECONDS = 15.0
RECHECK_SECONDS = 5.0  # how long a credential that ended without news may still listen
PROGRESS_SECONDS = 0.25  # four previews a second are enough for a person
STREAMS_PER_USER = 20  # at the same time: more than a person has pages and programs open

_NAMES = {
    NewsKind.BOARD_CHANGED: "board_changed",
    NewsKind.CONTENT_MOVED: "resync",
    NewsKind.IMAGE_CREATED: "image_created",
    NewsKind.IMAGE_CHANGED: "image_changed",
    NewsKind.IMAGE_DELETED: "image_deleted",
    NewsKind.BATCH_ENQUEUED: "batch_enqueued",
    NewsKind.MODEL_CHANGED: "model_changed",
}
_MOVES_COUNTS = {
    NewsKind.JOB_CHANGED,
    NewsKind.JOBS_CHANGED,
    NewsKind.BATCH_ENQUEUED,
    NewsKind.QUEUE_PAUSED,
}


class Alarm:
    """Wakes every listener of this process; safe to ring from any thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: dict[asyncio.Event, UserId] = {}
        self.stopping = False

    def start(self) -> None:
        """Belong to the running event loop."""
        self._loop = asyncio.get_running_loop()

    def ring(self, _: NewsItem | None = None) -> None:
        """Wake all listeners."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def stop(self) -> None:
        """End all listeners."""
        self.stopping = True
        self._wake()

    def require_room(self, user_id: UserId) -> None:
        """Raise TooMany where the user has as many listeners as one may have."""
        if sum(each == user_id for each in self._listeners.values()) >= STREAMS_PER_USER:
            raise TooMany(
                f"You listen {STREAMS_PER_USER} times already: close another page or program.",
                retry_after=round(RECHECK_SECONDS),
            )

    def listen(self, user_id: UserId) -> asyncio.Event:
        """Return an event of one listener's own, which is set at every ring.

        Raises:
            TooMany: see `require_room`.
        """
        self.require_room(user_id)
        event = asyncio.Event()
        self._listeners[event] = user_id
        return event

    def forget(self, event: asyncio.Event) -> None:
        """Wake this listener no more."""
        self._listeners.pop(event, None)

    def _wake(self) -> None:
        for event in self._listeners:
            event.set()


@attrs.define
class _Place:
    """How far one listener has heard."""

    news_id: int
    is_behind: bool = False  # there is more to hear at once
    progress_version: int = 0


@get("/{queue_id:str}/events", media_type="text/event-stream", opt=BACKGROUND)
async def events(
    queue_id: FromPath[str],
    request: Request[Any, Any, Any],
    call: NamedDependency[Call],
) -> ServerSentEvent:
    """Send what changes, as Server-Sent Events, for as long as the credential counts.

    `Last-Event-ID` goes on after that event; where it is older than an hour, or unknown, `resync` comes
    first: read everything again.
    """
    require_queue(queue_id)
    user_id, begin = await sync_to_thread(
        call, lambda app, who: (who.user_id, app.events.begin(who))
    )
    place = _Place(_asked_for(request.headers.get("last-event-id", ""), begin))
    alarm: Alarm = request.app.state.alarm
    alarm.require_room(user_id)
    return ServerSentEvent(
        _stream(call, place, alarm, user_id),
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _asked_for(last_event_id: str, begin: int) -> int:
    """Return after which event to go on; without one, after the newest."""
    text = last_event_id.strip()
    if not text:
        return begin
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else UNKNOWN


async def _stream(
    call: Call, place: _Place, alarm: Alarm, user_id: UserId
) -> AsyncIterator[ServerSentEventMessage]:
    try:
        rung = alarm.listen(user_id)
    except TooMany:
        return  # many came at once: this one finds out when it comes again
    loop = asyncio.get_running_loop()
    spoke = loop.time()
    yield ServerSentEventMessage(comment="welcome", data=None)
    try:
        while not alarm.stopping:
            rung.clear()
            try:
                heard = await sync_to_thread(call, _listen(place))
            except (Unauthenticated, Forbidden):
                yield ServerSentEventMessage(event="session_ended", data="{}")
                return
            for message in heard.messages:
                spoke = loop.time()
                yield message
            if loop.time() - spoke >= HEARTBEAT_SECONDS:
                spoke = loop.time()
                yield ServerSentEventMessage(comment="still here", data=None)
            if place.is_behind:
                continue
            pause = PROGRESS_SECONDS if heard.running else RECHECK_SECONDS
            try:
                await asyncio.wait_for(rung.wait(), min(pause, heard.seconds_left))
            except TimeoutError:
                continue
    finally:
        alarm.forget(rung)


@attrs.frozen
class _Heard:
    """What one look found."""

    messages: list[ServerSentEventMessage]
    running: bool  # a job whose progress may be heard
    seconds_left: float  # until the credential ends by itself


Listen = Callable[[Application, Principal], _Heard]


def _listen(place: _Place) -> Listen:
    """Return what reads, in one hop, all that the listener has not heard yet, and moves its place."""

    def listen(app: Application, principal: Principal) -> _Heard:
        left = math.inf
        if principal.ends_at is not None:
            left = (principal.ends_at - app.events.clock.now()).total_seconds()
        if left <= 0:  # a token has some leeway, which a stream does not need
            raise Unauthenticated("This sign-in has ended: sign in again.")
        heard = app.events.since(principal, place.news_id)
        place.news_id, place.is_behind = heard.last_id, heard.more
        messages: list[ServerSentEventMessage] = []
        if heard.missed:
            messages.append(_message("resync", {}, heard.last_id))
        messages.extend(_news(app, principal, heard.items))
        running = _running(app, principal)
        messages.extend(_progress(app, running, place))
        return _Heard(messages, bool(running), left)

    return listen


def _news(
    app: Application, principal: Principal, items: Sequence[NewsItem]
) -> Iterable[ServerSentEventMessage]:
    numbers = {_number(item): None for item in items if item.kind is NewsKind.JOB_CHANGED}
    # At once: whoever comes back after a while has missed hundreds.
    jobs = {job.item_id: job for job in app.queue.items_by_ids(principal, list(numbers))}
    counts_moved = 0
    for item in items:
        if item.kind in _NAMES:
            yield _message(_NAMES[item.kind], dict(item.body), item.news_id)
        elif item.kind is NewsKind.JOB_CHANGED and (job := jobs.get(_number(item))):
            body = attrs.asdict(ItemView.of(job))
            yield _message("queue_item_status_changed", body, item.news_id)
        if item.kind in _MOVES_COUNTS:
            counts_moved = item.news_id
    if counts_moved:
        status = attrs.asdict(StatusView.of(app.queue.status(principal)))
        yield _message("queue_counts", status, counts_moved)


def _number(item: NewsItem) -> ItemId:
    return ItemId(int(item.body["item_id"] or 0))


def _running(app: Application, principal: Principal) -> dict[ItemId, bool]:
    """Return the running jobs whose progress the principal may hear of, and whether each is its own."""
    owner_id = None if principal.is_admin else principal.user_id
    query = JobQuery(status=JobStatus.IN_PROGRESS, owner_id=owner_id, limit=None)
    jobs = app.queue.list_all(principal, query).items
    return {
        seen.item_id: seen.details.job.owner_id == principal.user_id
        for seen in jobs
        if seen.details is not None
    }


def _progress(
    app: Application, running: dict[ItemId, bool], place: _Place
) -> Iterable[ServerSentEventMessage]:
    if not running:
        return
    for stamped in app.progress.since(place.progress_version):
        place.progress_version = stamped.version
        progress = stamped.progress
        if progress.item_id in running:
            preview = None
            if progress.preview is not None and running[progress.item_id]:
                encoded = base64.b64encode(progress.preview).decode("ascii")
                preview = f"data:image/webp;base64,{encoded}"
            body = {
                "item_id": progress.item_id,
                "step": progress.step,
                "steps": progress.steps,
                "preview": preview,
            }
            yield _message("invocation_progress", body, None)


def _message(event: str, body: dict[str, Any], news_id: int | None) -> ServerSentEventMessage:
    data = json.dumps(body, default=_encoded, separators=(",", ":"))
    return ServerSentEventMessage(
        event=event, data=data, id=None if news_id is None else str(news_id)
    )


def _encoded(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z")
