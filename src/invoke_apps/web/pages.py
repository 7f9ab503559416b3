"""The few pages of the server itself: what it is, what it can be asked, and what went wrong."""

import html
import secrets
from typing import Any

from litestar import MediaType, Request, Response

from invoke_apps.web._call import Call

_STYLE = """
body { font: 1.05rem/1.6 system-ui, sans-serif; margin: 0; background: #f6f5f2; color: #1d1d1f; }
main { max-width: 42rem; margin: 12vh auto; padding: 0 1.5rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 1rem; }
code, pre { background: #e8e6e0; border-radius: .3rem; padding: .1rem .35rem; font-size: .92em; }
pre { padding: .8rem 1rem; overflow-x: auto; }
a { color: #1246a8; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
summary { cursor: pointer; padding: .25rem 0; }
td { padding: .1rem 1rem .1rem 0; vertical-align: top; font-size: .92em; }
@media (prefers-color-scheme: dark) {
  body { background: #17181b; color: #ececf0; } code, pre { background: #2a2c31; }
  a { color: #8fb4ff; }
}
"""


def page(
    title: str,
    content: str,
    *,
    status: int = 200,
    has_form: bool = False,
    has_images: bool = False,
) -> Response[str]:
    """Return a page of the server's own: no script, styles by nonce, nothing from elsewhere.

    Args:
        title: plain text.
        content: HTML.
        status: the HTTP status.
        has_form: whether it may send a form, to this server alone.
        has_images: whether it may show pictures, of this server alone.
    """
    nonce = secrets.token_urlsafe(16)
    text = (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style nonce={nonce}>{_STYLE}</style></head>"
        f"<body><main>{content}</main></body></html>"
    )
    target = "'self'" if has_form else "'none'"
    images = "img-src 'self'; " if has_images else ""
    policy = f"{images}default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action {target}"
    return Response(
        text,
        status_code=status,
        media_type=MediaType.HTML,
        headers={
            "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
            "X-Frame-Options": "DENY",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
            "Cache-Control": "no-store",
            # Under `no-referrer` a browser sends forms with `Origin: null`, which is refused here.
            **({"Referrer-Policy": "same-origin"} if has_form else {}),
        },
    )


def error_page(
    request: Request[Any, Any, Any],
    status: int,
    title: str,
    detail: str,
    headers: dict[str, str] | None,
) -> Response[str]:
    """Return a refusal as a page."""
    home = html.escape(request.scope.get("root_path", "") + "/")
    answer = page(
        title,
        f"<h1>{status} · {html.escape(title)}</h1><p>{html.escape(detail)}</p>"
        f'<p><a href="{home}">Back to the start</a></p>',
        status=status,
    )
    answer.headers.update(headers or {})
    return answer


_SETUP = """<h1>{title}</h1>
<p>Create the account with one command on any machine that reaches this address:</p>
<pre>curl -X POST {url}api/v1/auth/setup \\
  -H 'Content-Type: application/json' \\
  -d '{{"email": "admin@example.com", "display_name": "Admin",
       "password": "…"{code}}}'</pre>
{where}
<p>A password has at least 8 characters, with upper and lower case letters and a digit.</p>"""

_FIRST = "The server runs, and waits for its first administrator."

_LOST = "The server runs, and lets an administrator back in: its configured signing key is gone."

_CODE = """<p>The setup code stands on the server's console.</p>"""

_HOST = """<p>Or on the server itself: <code>invoke-useradd --admin</code></p>"""

_RUNS = """<h1>The server runs.</h1>
<p>{who}</p>
<p>Ask it for pictures over its HTTP interface, or manage it with <code>invoke-admin</code> on the
server itself.</p>"""

_LEFT_OUT = """<p>The web interface was left out when this server was installed. Install it without
<code>INVOKE_SKIP_UI</code> to have it here.</p>"""


def home(request: Request[Any, Any, Any], call: Call) -> Response[str]:
    """Say that the server runs, and how to become its first administrator, or another in recovery.

    It stands where the web interface was left out.
    """
    status = call.anonymous(lambda app, client: app.sign_in.status(client))
    if status.setup_required or status.recovery:
        title = _FIRST if status.setup_required else _LOST
        url = html.escape(str(request.base_url))
        code = ', "setup_code": "…"' if status.setup_code_required else ""
        where = (_CODE if status.setup_code_required else "") + _HOST
        content = _SETUP.format(title=title, url=url, code=code, where=where)
    elif status.multiuser:
        who = "People sign in at <code>POST api/v1/auth/login</code>."
        for rules in call.app.single_sign_on.offered():
            label = html.escape(rules.label)
            who += f'<br><a href="api/v1/auth/oidc/{rules.name}/login">Sign in with {label}</a>'
        content = _RUNS.format(who=who)
    else:
        content = _RUNS.format(
            who="It is in single-user mode: nobody signs in. Set <code>multiuser: true</code> in"
            " <code>invokeai.yaml</code> for more people."
        )
    docs = ""
    if call.app.settings.openapi_docs:
        docs = '<p><a href="docs">Everything that it can be asked</a></p>'
    return page("Invoke multi-user server", content + _LEFT_OUT + docs)
