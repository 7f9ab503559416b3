"""The pages that invitations and reset links lead to: a form, without a script, that a password goes into."""

import html
from typing import Any

import attrs
import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from invoke_apps.web._call import Call
from invoke_apps.web.guard import OPEN, SLOW
from invoke_apps.web.pages import page
from invoke_core.domain.links import LinkPurpose
from invoke_core.domain.sign_in import Client
from invoke_core.domain.users import User
from invoke_core.errors import Invalid, RuleViolation
from invoke_core.services.links import LinkService

_FORM = """<h1>{title}</h1>
<p>For the account <b>{email}</b>.</p>{trouble}
<form method=post>
<input type=hidden name=username autocomplete=username value="{email}">{name}
<p><label>Password<br><input type=password name=password required maxlength=1024
  autocomplete=new-password></label></p>
<p><label>Confirm password<br><input type=password name=again required maxlength=1024
  autocomplete=new-password></label></p>
<p><button>{title}</button></p>
</form>"""

_NAME = """
<p><label>Your name<br><input name=display_name maxlength=100 value="{name}"></label></p>"""

_TITLES = {
    LinkPurpose.INVITATION: "Choose your password",
    LinkPurpose.RESET: "Choose a new password",
}


class ChoiceForm(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What was typed into the form."""

    password: str = ""
    again: str = ""
    username: str = ""  # for password managers


class InvitationForm(ChoiceForm, forbid_unknown_fields=True, kw_only=True):
    """The same, by whoever was invited."""

    display_name: str = ""


@attrs.frozen
class _LinkPage:
    """One link's page. Opening it changes nothing: mail programs look at links before people do."""

    request: Request[Any, Any, Any]
    call: Call
    purpose: LinkPurpose
    token: str

    def ask(self) -> Response[str]:
        return self._form(self._holder())

    def choose(self, data: ChoiceForm) -> Response[str]:
        user = self._holder()
        if data.password != data.again:
            return self._form(user, "The two passwords differ: type the same one twice.")
        try:
            self.call.anonymous(lambda app, client: self._use(app.links, client, data))
        except (Invalid, RuleViolation) as error:
            return self._form(user, str(error))
        home = html.escape(self.request.scope.get("root_path", "") + "/")
        return page(
            "Your password is set",
            f"<h1>Your password is set.</h1><p>Sign in as <b>{html.escape(user.email)}</b> from now on."
            f'</p><p><a href="{home}">To the start</a></p>',
        )

    def _use(self, links: LinkService, client: Client, data: ChoiceForm) -> None:
        if isinstance(data, InvitationForm):
            name = data.display_name.strip() or None
            links.accept(client, self.token, password=data.password, display_name=name)
        else:
            links.reset_password(client, self.token, new_password=data.password)

    def _holder(self) -> User:
        return self.call.anonymous(lambda app, client: app.links.holder(self.token, self.purpose))

    def _form(self, user: User, trouble: str = "") -> Response[str]:
        title = _TITLES[self.purpose]
        name = ""
        if self.purpose is LinkPurpose.INVITATION:
            name = _NAME.format(name=html.escape(user.display_name))
        said = f"<p role=alert><b>{html.escape(trouble)}</b></p>" if trouble else ""
        content = _FORM.format(title=title, email=html.escape(user.email), trouble=said, name=name)
        return page(title, content, status=400 if trouble else 200, has_form=True)


@get("/invitation/{token:str}", sync_to_thread=True, opt=OPEN)
def invitation(
    token: FromPath[str], request: Request[Any, Any, Any], call: NamedDependency[Call]
) -> Response[str]:
    """Ask whoever was invited for a password."""
    return _LinkPage(request, call, LinkPurpose.INVITATION, token).ask()


@post(
    "/invitation/{token:str}",
    sync_to_thread=True,
    status_code=200,
    opt=OPEN | SLOW,
)
def accept(
    token: FromPath[str],
    data: URLEncodedBody[InvitationForm],
    request: Request[Any, Any, Any],
    call: NamedDependency[Call],
) -> Response[str]:
    """Set the password of whoever was invited."""
    return _LinkPage(request, call, LinkPurpose.INVITATION, token).choose(data)


@get("/password-reset/{token:str}", sync_to_thread=True, opt=OPEN)
def reset(
    token: FromPath[str], request: Request[Any, Any, Any], call: NamedDependency[Call]
) -> Response[str]:
    """Ask for a new password."""
    return _LinkPage(request, call, LinkPurpose.RESET, token).ask()


@post(
    "/password-reset/{token:str}",
    sync_to_thread=True,
    status_code=200,
    opt=OPEN | SLOW,
)
def choose(
    token: FromPath[str],
    data: URLEncodedBody[ChoiceForm],
    request: Request[Any, Any, Any],
    call: NamedDependency[Call],
) -> Response[str]:
    """Set the new password."""
    return _LinkPage(request, call, LinkPurpose.RESET, token).choose(data)


router = Router(
    path="/", route_handlers=[invitation, accept, reset, choose], include_in_schema=False
)
