"""The page that a board's link leads to: its pictures, or first a form for its password; without a script."""

import html
from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect

from invoke_apps.web._call import Call
from invoke_apps.web.guard import OPEN, SLOW
from invoke_apps.web.pages import page
from invoke_apps.web.routes.board_links import LinkedBoardView, unlocked, unlocking_cookie
from invoke_core.errors import LinkLocked
from invoke_core.services.board_links import LinkedBoard

A_PAGE = 60  # pictures

_FORM = """<h1>This board has a password</h1>{trouble}
<form method=post>
<p><label>Password<br><input type=password name=password required maxlength=1024
  autocomplete=off></label></p>
<p><button>Show the board</button></p>
</form>"""


class PasswordForm(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What was typed into the form."""

    password: str = ""


@get("/links/{token:str}", sync_to_thread=True, opt=OPEN)
def show(
    token: FromPath[str],
    request: Request[Any, Any, Any],
    call: NamedDependency[Call],
    cursor: FromQuery[str | None] = None,
) -> Response[str]:
    """Show the board to whoever holds the link."""
    try:
        found = call.anonymous(
            lambda app, _: app.board_links.open(
                token, unlocked=unlocked(request, call, token), cursor=cursor, limit=A_PAGE
            )
        )
    except LinkLocked:
        return page("A board", _FORM.format(trouble=""), has_form=True)
    return _board(found, token)


@post("/links/{token:str}", sync_to_thread=True, status_code=303, opt=OPEN | SLOW)
def give_password(
    token: FromPath[str],
    data: URLEncodedBody[PasswordForm],
    request: Request[Any, Any, Any],
    call: NamedDependency[Call],
) -> Response[Any]:
    """Take the password, and go on to the board."""
    try:
        link, proof = call.anonymous(
            lambda app, client: app.board_links.unlock(client, token, data.password)
        )
    except LinkLocked as error:
        trouble = f"<p role=alert><b>{html.escape(str(error))}</b></p>"
        return page("A board", _FORM.format(trouble=trouble), status=401, has_form=True)
    path = f"{request.scope.get('root_path', '')}/links/{token}"
    return Redirect(path, status_code=303, cookies=[unlocking_cookie(call, link, proof)])


def _board(found: LinkedBoard, token: str) -> Response[str]:
    view = LinkedBoardView.of(found, token)
    name = html.escape(view.board_name)
    content = [f"<h1>{name}</h1>"]
    if view.description:
        content.append(f"<p>{html.escape(view.description)}</p>")
    content += [
        f'<a href="../{html.escape(image.image_url)}"><img loading=lazy width=128'
        f' src="../{html.escape(image.thumbnail_url)}" alt=""></a> '
        for image in view.images
    ]
    if not view.images:
        content.append("<p>There are no pictures here.</p>")
    if view.next_cursor is not None:
        content.append(
            f'<p><a href="?cursor={html.escape(view.next_cursor)}">Older pictures</a></p>'
        )
    return page(view.board_name, "".join(content), has_images=True)


router = Router(path="/", route_handlers=[show, give_password], include_in_schema=False)
