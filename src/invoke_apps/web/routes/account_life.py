"""What becomes of accounts: invitations, reset links, sign-ins that are ended, statistics."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self

import attrs
import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream

from invoke_apps.web._call import Call
from invoke_apps.web.guard import OPEN, SLOW
from invoke_apps.web.routes._users import UserView, site_of, warnings_header
from invoke_apps.web.routes.auth import SessionPage
from invoke_core.domain.identifiers import BoardId, UserId
from invoke_core.domain.pages import DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET
from invoke_core.domain.queue import QueueCounts
from invoke_core.domain.statistics import AccountContent, BoardContent, UserStatistics
from invoke_core.services.passwords import Judgement


class AcceptanceBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Who takes up an invitation."""

    token: str
    password: str
    display_name: str | None = None


class PasswordResetBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A new password, by a reset link."""

    token: str
    new_password: str


class StrengthBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A password that somebody thinks of."""

    password: str
    token: str | None = None  # of an invitation or reset link, in place of a sign-in


@attrs.frozen(kw_only=True)
class AcceptedView:
    """A password was chosen by a link."""

    success: bool
    user: UserView


@attrs.frozen(kw_only=True)
class ResetLinkView:
    """A link to choose a new password."""

    reset_url: str | None  # null: it is mailed to its owner
    expires_at: datetime


@attrs.frozen(kw_only=True)
class StrengthView:
    """What there is to say of a password before it is chosen."""

    score: int  # 0: guessed at once, to 4: never
    accepted: bool  # whether the policy takes it
    shortcomings: Sequence[str]
    advice: Sequence[str]

    @classmethod
    def of(cls, judgement: Judgement) -> Self:
        """Return the judgement as it is shown."""
        return cls(
            score=judgement.strength.score,
            accepted=judgement.accepted,
            shortcomings=judgement.shortcomings,
            advice=judgement.strength.advice,
        )


@attrs.frozen(kw_only=True)
class JobCountsView:
    """How many jobs of an account stand in each state."""

    pending: int
    in_progress: int
    completed: int
    failed: int
    canceled: int

    @classmethod
    def of(cls, counts: QueueCounts) -> Self:
        """Return the counts as they are shown."""
        return cls(**attrs.asdict(counts))


@attrs.frozen(kw_only=True)
class StatisticsView:
    """An account in numbers."""

    boards: int
    images: int
    workflows: int
    storage_bytes: int
    jobs: JobCountsView
    gpu_seconds: float
    last_login_at: datetime | None
    active_sessions: int

    @classmethod
    def of(cls, statistics: UserStatistics) -> Self:
        """Return the numbers as they are shown."""
        numbers = attrs.asdict(statistics, recurse=False)
        return cls(**{**numbers, "jobs": JobCountsView.of(statistics.jobs)})


@attrs.frozen(kw_only=True)
class BoardContentView:
    """A board that would change hands, or go."""

    board_id: BoardId
    board_name: str
    image_count: int
    guests_image_count: int

    @classmethod
    def of(cls, content: BoardContent) -> Self:
        """Return the board as it is shown."""
        return cls(
            board_id=content.board.board_id,
            board_name=content.board.name,
            image_count=content.images,
            guests_image_count=content.guests_images,
        )


@attrs.frozen(kw_only=True)
class ContentView:
    """What a deletion would remove, or hand over."""

    boards: Sequence[BoardContentView]
    images: int
    workflows: int
    style_presets: int
    storage_bytes: int
    unfinished_jobs: int

    @classmethod
    def of(cls, content: AccountContent) -> Self:
        """Return the content as it is shown."""
        return cls(
            boards=[BoardContentView.of(board) for board in content.boards],
            images=content.images,
            workflows=content.workflows,
            style_presets=content.style_presets,
            storage_bytes=content.storage_bytes,
            unfinished_jobs=content.unfinished_jobs,
        )


@post("/invitations/accept", opt=OPEN | SLOW, status_code=200, sync_to_thread=True)
def accept_invitation(
    data: JSONBody[AcceptanceBody], call: NamedDependency[Call]
) -> Response[AcceptedView]:
    """Choose the password of the account that one was invited to."""
    saved = call.anonymous(
        lambda app, client: app.links.accept(
            client, data.token, password=data.password, display_name=data.display_name
        )
    )
    view = AcceptedView(success=True, user=UserView.of(saved.user))
    return Response(view, headers=warnings_header(saved.warnings))


@post("/password-reset", opt=OPEN | SLOW, status_code=200, sync_to_thread=True)
def reset_password(
    data: JSONBody[PasswordResetBody], call: NamedDependency[Call]
) -> Response[AcceptedView]:
    """Choose a new password by a reset link; every sign-in of the account ends."""
    saved = call.anonymous(
        lambda app, client: app.links.reset_password(
            client, data.token, new_password=data.new_password
        )
    )
    view = AcceptedView(success=True, user=UserView.of(saved.user))
    return Response(view, headers=warnings_header(saved.warnings))


@post("/password-strength", opt=OPEN | SLOW, status_code=200, sync_to_thread=True)
def password_strength(data: JSONBody[StrengthBody], call: NamedDependency[Call]) -> StrengthView:
    """Judge a password that one thinks of: signed in, with the token of a link, or at the setup."""
    token = data.token
    if token is None and _is_for_setup(call):
        judged = call.anonymous(lambda app, client: app.passwords.judge_for_setup(data.password))
    elif token is None:
        judged = call(lambda app, principal: app.passwords.judge(principal, data.password))
    else:
        judged = call.anonymous(
            lambda app, client: app.passwords.judge_for_link(token, data.password)
        )
    return StrengthView.of(judged)


def _is_for_setup(call: Call) -> bool:
    """Return whether somebody without a sign-in may be about to make an administrator."""
    status = call.anonymous(lambda app, client: app.sign_in.status(client))
    return status.setup_required or (status.recovery and call.token is None)


@post("/users/{user_id:str}/reset-link", sync_to_thread=True)
def make_reset_link(
    user_id: FromPath[str], request: Request[Any, Any, Any], call: NamedDependency[Call]
) -> ResetLinkView:
    """Make a link to choose a new password, which is mailed, or shown here once."""
    issued = call(
        lambda app, principal: app.links.reset_link(
            principal, UserId(user_id), site=site_of(app, request)
        )
    )
    return ResetLinkView(reset_url=issued.url, expires_at=issued.expires_at)


@get("/users/{user_id:str}/sessions", sync_to_thread=True)
def list_users_sessions(
    user_id: FromPath[str],
    call: NamedDependency[Call],
    offset: Annotated[int, QueryParameter(ge=0, le=MAX_OFFSET)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> SessionPage:
    """Return the sign-ins of an account, the one seen last first."""
    return call(
        lambda app, principal: SessionPage.of(
            app.sign_in.sessions_of(principal, UserId(user_id)),
            principal,
            offset=offset,
            limit=limit,
        )
    )


@delete("/users/{user_id:str}/sessions", sync_to_thread=True)
def end_users_sessions(user_id: FromPath[str], call: NamedDependency[Call]) -> None:
    """End every sign-in of an account at once."""
    call(lambda app, principal: app.users.end_sessions(principal, UserId(user_id)))


@get("/users/{user_id:str}/statistics", sync_to_thread=True)
def user_statistics(user_id: FromPath[str], call: NamedDependency[Call]) -> StatisticsView:
    """Return an account in numbers."""
    found = call(lambda app, principal: app.statistics.of_user(principal, UserId(user_id)))
    return StatisticsView.of(found)


@get("/users/{user_id:str}/content", sync_to_thread=True)
def user_content(user_id: FromPath[str], call: NamedDependency[Call]) -> ContentView:
    """Return what a deletion of the account would remove, or hand over; nothing changes."""
    found = call(lambda app, principal: app.statistics.content(principal, UserId(user_id)))
    return ContentView.of(found)


@get("/users/{user_id:str}/export", sync_to_thread=True, media_type="application/zip")
def export_user(user_id: FromPath[str], call: NamedDependency[Call]) -> Stream:
    """Send everything that an account owns as one ZIP archive: one's own, or an administrator anybody's."""
    parts = call(lambda app, principal: app.exports.export(principal, UserId(user_id)))
    headers = {
        "Content-Disposition": 'attachment; filename="invoke-export.zip"',
        "Cache-Control": "no-store",
    }
    return Stream(parts, headers=headers, media_type="application/zip")


router = Router(
    path="/api/v1/auth",
    route_handlers=[
        accept_invitation,
        reset_password,
        password_strength,
        make_reset_link,
        list_users_sessions,
        end_users_sessions,
        user_statistics,
        user_content,
        export_user,
    ],
    tags=["accounts"],
)
