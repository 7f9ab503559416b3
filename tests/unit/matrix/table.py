"""What everybody may do with every route: written by hand, apart from routes and rules.

A new route needs a row here, or the test of the matrix fails and names it. To add one:

1. Say the method and the path as the route says it, and the policy in words.
2. Take the word of a policy that is the same for everybody (SEES_BOARD, EVERYBODY, ADMINISTRATORS, …), or
   write one of its own: a letter for each principal, in the order of `PRINCIPALS`, as the legend below shows.
3. Say what a good request sends. Every text `{thing}` in path, `params`, `json`, `form` and `headers` stands
   for a thing of the owner's in `world.things` (add what is missing in `world._content`); a parameter of the
   path is the thing of THING_OF unless `names` says otherwise.
4. Say what the host's command line does about it: a command that exists, or a sentence why there is none.

Letters: `y` it is done: the status of the row, and something changed unless the method reads or `reads` says
that nothing does; with `shows`, the answer holds that text · `o` the same status, but nothing of the owner's
is changed or shown: it is passed over · `s` done, but on less: something changed, and the text is not shown ·
`u` 401 · `n` 403 · `h` 404, as if there were none · `r` 400, a rule refuses · `v` 422 ·
`c` 409. After a refusal
nothing may have changed, but for what `notes` allows: that the try is written down.
"""

from collections.abc import Mapping
from typing import Any

import attrs

# anonymous, garbage
# |  owner, other, reader, writer, board_admin, ex_grantee
# |  |      admin
# |  |      | demoted, disabled, reactivated, deleted, logged_out
# |  |      | |     keys of the owner: read, generate, full
# |  |      | |     |   media
# |  |      | |     |   | must_change
# |  |      | |     |   | | link_holder
# |  |      | |     |   | | | single_user, host
# |  |      | |     |   | | | |  keys of the administrator: read, generate, full
# |  |      | |     |   | | | |  |   cookie, cookie_alone
# |  |      | |     |   | | | |  |   |  must_enroll, key_expired
ANYBODY = "yy yyyyyy y yyyyy yyy y y y yy yyy yy yy"
EVERYBODY = "uu yyyyyy y uuuuu yyy u n u yy yyy yy nu"
EVERYBODY_CHANGES = "uu yyyyyy y uuuuu nny u n u yy nny yn nu"  # a key needs `full`
EVERYBODY_MAKES = "uu yyyyyy y uuuuu nyy u n u yy nyy yn nu"  # a key needs `generate`
ADMINISTRATORS = "uu nnnnnn y uuuuu nnn u n u yy yyy ny nu"
ADMINISTRATORS_NOT_SYSTEM = "uu nnnnnn r uuuuu nnn u n u rr nnr nn nu"  # the internal account stays
ADMINISTRATORS_CHANGE = "uu nnnnnn y uuuuu nnn u n u yy nny nn nu"
NO_KEY_ADMINISTRATORS = "uu nnnnnn y uuuuu nnn u n u yy nnn nn nu"

SEES_BOARD = "uu yhyyyh y uuuuu yyy u n u yy yyy yy nu"
SEES_PICTURE_ON_BOARD = "uu yhyyyh y uuuuu yyy y n u yy yyy yy nu"  # the media cookie too
CHANGES_ON_BOARD = "uu yhnyyh y uuuuu nny u n u yy nny yn nu"
MAKES_ON_BOARD = "uu yhnyyh y uuuuu nyy u n u yy nhy yn nu"  # a `generate` key administers nothing
ADMINISTERS_BOARD = "uu yhnnyh y uuuuu nny u n u yy nny yn nu"
BOARD_ADMINISTRATORS_SEE = "uu yhnnyh y uuuuu yyy u n u yy yyy yy nu"
OWNS_BOARD = "uu yhnnnh y uuuuu nny u n u yy nny yn nu"
CHANGES_SOME_ON_BOARD = (
    "uu yooyyo y uuuuu nny u n u yy nny yn nu"  # of many; others are passed over
)

LINK_HOLDER_ALONE = "uu uuuuuu u uuuuu uuu u u y uu uuu uu uu"  # nobody else's rights help
NOBODY_FINDS = "hh hhhhhh h hhhhh hhh h h h hh hhh hh hh"

READER_ALONE = "uu hhyhhh h uuuuu hhh h n u hh hhh hh nu"
OWNER_SEES = "uu yhhhhh y uuuuu yyy u n u yy yyy yy nu"
OWNER_SEES_PICTURE = "uu yhhhhh y uuuuu yyy y n u yy yyy yy nu"
OWNER_CHANGES = "uu yhhhhh y uuuuu nny u n u yy nny yn nu"
OWN_ONLY = "uu yooooo o uuuuu yyy u n u oo ooo yo nu"  # each their own; administrators too
OWN_LISTED = "uu yooooo o uuuuu yyy u n u yo ooo yo nu"  # the same, where nobody signs in all
OWN_ONLY_CHANGES = "uu yooooo o uuuuu nny u n u oo nno yn nu"
EVERYBODY_SEES_PICTURE = "uu yyyyyy y uuuuu yyy y n u yy yyy yy nu"
PUBLISHED_CHANGES = "uu ynnnnn y uuuuu nny u n u yy nny yn nu"  # all may see it
HIDDEN_ADMINISTRATORS_CHANGE = (
    "uu nhhhhh y uuuuu nnn u n u yy nny nn nu"  # administrators alone, of a hidden one
)
NO_KEY_ADMINISTRATORS_SEE = "uu nnnnnn y uuuuu nnn u n u yy nnn ny nu"
SIGNING_IN = "yy yyyyyy y yyyyy yyy y y y ny yyy yy yy"  # nobody in single-user mode
SIGNING_IN_FAILS = "uu uuuuuu u uuuuu uuu u u u nu uuu uu uu"
OWN_ALONE = "uu yhhhhh h uuuuu nnn u n u hh nnn yn nu"  # administrators neither; no key
OWN_ACCOUNT = "uu yyyyyy y uuuuu nnn u n u rr nnn yn nu"  # `system` has none to change
OWN_ACCOUNT_SEEN = "uu ynnnnn y uuuuu yyy u n u yy yyy yy nu"  # and administrators all
OWN_ACCOUNT_ALWAYS = "uu yyyyyy y uuuuu nnn u y u rr nnn yn yu"  # also who must do something first

JOB_SHOWN = "uu yooooo y uuuuu yyy u n u yy yyy yy nu"  # all may know that it is there
JOBS_SHOWN = "uu yooooo y uuuuu yyy u n u yy yyy yn nu"  # the same by POST
MANAGES_JOB = "uu ynnnnn y uuuuu nyy u n u yy nny yn nu"
MANAGES_OWN_JOBS = "uu yooooo y uuuuu nyy u n u yy noy yn nu"  # of many; others are passed over

NO_COMMAND = "no command yet: the HTTP interface, or a program with the library"
NOT_FOR_HOST = "no command: the host has no sign-in, no browser and no account of its own"
OPEN_PAGE = "no command: the host needs no page"


@attrs.frozen(kw_only=True)
class Row:
    """One route, or one way to use it."""

    route: str = attrs.field(kw_only=False)  # "METHOD /path/{parameter}"
    policy: str = attrs.field(kw_only=False)  # in words
    word: str = attrs.field(kw_only=False)  # a letter for each principal
    host: str = attrs.field(kw_only=False)  # a command, or why there is none
    ok: int = 200  # the status of `y` and `o`
    names: Mapping[str, str] = attrs.field(factory=dict)  # parameters of the path to things
    params: Mapping[str, Any] | None = None
    json: Any = None
    form: Mapping[str, str] | None = None
    files: Mapping[str, str] | None = None  # fields of the form to `world.FILES`
    headers: Mapping[str, str] | None = None
    reads: bool = False  # nothing changes, whatever the method
    writes: bool = False  # something changes, though the method reads
    notes: bool = False  # a refusal is written down: in the audit log, and for the throttle
    shows: str | None = None  # what `y` shows and `o` does not

    @property
    def method(self) -> str:
        return self.route.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.route.partition(" ")[2]

    @property
    def letters(self) -> str:
        return self.word.replace(" ", "")

    @property
    def changes(self) -> bool:
        return self.writes or (self.method not in {"GET", "HEAD"} and not self.reads)


THING_OF = {
    "board_id": "board",
    "image_name": "image",
    "user_id": "user:owner",
    "item_id": "job",
    "batch_id": "batch:job",
    "session_id": "session",
    "key_id": "key",
    "key": "model",
    "queue_id": "queue",
    "path": "path",
    "workflow_id": "workflow",
    "style_preset_id": "preset",
    "provider": "provider",
    "identity_id": "identity",
    "link_id": "link",
    "token": "link_token",
    "transfer_id": "transfer",
    "name": "download",
}
"""What stands in a path for its parameters."""

_PERSON = {"email": "new@example.com", "password": "{new_password}"}
_IMAGE = "/api/v1/images/i/{image_name}"
_LOOSE = {"image_name": "loose"}
_LEFT = {"image_name": "ex_image"}  # by the former grantee, on the board
_SHARED = {"board_id": "shared_board"}  # everybody may look; only the reader has a share
_SYSTEM = {"user_id": "system"}
_QUEUE = "/api/v1/queue/{queue_id}"
_USER = "/api/v1/auth/users/{user_id}"
_FROM_THE_FIRST = {"Last-Event-ID": "0"}
_PICTURE = {"file": "picture"}
_GENERATION = {"model": "{model}", "prompt": "a blue square", "width": 64, "height": 64, "steps": 2}

_WORKFLOW = "/api/v1/workflows/i/{workflow_id}"
_PUBLIC_WORKFLOW = {"workflow_id": "public_workflow"}
_DEFAULT_WORKFLOW = {"workflow_id": "default_workflow"}
_NEW_WORKFLOW = {"workflow": {"name": "New name"}}
_NEW_DEFAULT = {"workflow": {"name": "New name", "meta": {"category": "default"}}}
_PRESET = "/api/v1/style_presets/i/{style_preset_id}"
_PUBLIC_PRESET = {"style_preset_id": "public_preset"}
_DEFAULT_PRESET = {"style_preset_id": "default_preset"}
_NEW_PRESET = {
    "data": '{"name": "New name", "positive_prompt": "a", "negative_prompt": "b", "type": "user"}'
}
_NEW_DEFAULT_PRESET = {
    "data": '{"name": "New name", "positive_prompt": "a", "negative_prompt": "b", "type": "default"}'
}
_SMALL_PICTURE = {"image": "another"}
_STATE = "/api/v1/client_state/{queue_id}"
_CANARY_KEY = {"key": "canary-key"}
_OIDC = "/api/v1/auth/oidc/{provider}"
_IDENTITIES = "/api/v1/auth/users/{user_id}/identities"
_LINK = "/api/v1/links/{token}"
_LINKED = f"{_LINK}/images/{{image_name}}"
_LOCKED = {"token": "locked_link_token"}
_ENDED = {"token": "ended_link_token"}
_BIN = "/api/v1/images/bin"
_BY_WRITER = {"image_name": "binned_by_writer"}
_BINNED_LOOSE = {"image_name": "binned_loose"}
_ELSEWHERE = {"image_name": "loose"}
_AGAIN = {"Idempotency-Key": "canary-submission"}

PAGES = [
    Row("GET /", "Anybody may see that the server runs.", ANYBODY, OPEN_PAGE),
    Row("HEAD /", "Anybody may see that the server runs.", ANYBODY, OPEN_PAGE),
    Row("GET /assets/{name}", "Anybody may load the interface.", ANYBODY, OPEN_PAGE,
        names={"name": "asset"}),
    Row("HEAD /assets/{name}", "Anybody may load the interface.", ANYBODY, OPEN_PAGE,
        names={"name": "asset"}),
    Row("GET /favicon.svg", "Anybody may load the interface.", ANYBODY, OPEN_PAGE),
    Row("HEAD /favicon.svg", "Anybody may load the interface.", ANYBODY, OPEN_PAGE),
    Row("GET /docs", "Anybody may read what can be asked.", ANYBODY, OPEN_PAGE),
    Row("GET /openapi.json", "Anybody may read what can be asked.", ANYBODY, OPEN_PAGE),
    Row("GET /api/openapi", "Anybody may read what can be asked.", ANYBODY, OPEN_PAGE),
    Row("GET /api/openapi/openapi.json", "Anybody may read it.", ANYBODY, OPEN_PAGE),
    Row("GET /api/openapi/{path}", "Nothing is there.",
        NOBODY_FINDS, OPEN_PAGE),
    Row("GET /healthz", "Anybody may ask whether the process answers.", ANYBODY, OPEN_PAGE),
    Row("GET /readyz", "Anybody may ask whether the parts answer.", ANYBODY, OPEN_PAGE),
    Row("GET /api/v1/app/version", "Anybody may know the version.", ANYBODY, OPEN_PAGE),
    Row("GET /invitation/{token}", "Whoever holds the link.", ANYBODY, OPEN_PAGE,
        names={"token": "invitation_token"}),
    Row("POST /invitation/{token}", "Whoever holds the link, once.", ANYBODY, OPEN_PAGE,
        names={"token": "invitation_token"},
        form={"password": "{new_password}", "again": "{new_password}", "display_name": "Ann"}),
    Row("GET /links/{token}", "Whoever holds the link.", ANYBODY, OPEN_PAGE, shows="{image}"),
    Row("GET /links/{token}", "With a password: whoever gave it; others see a form.",
        "oo oooooo o ooooo ooo o o y oo ooo oo oo", OPEN_PAGE, names=_LOCKED, shows="{image}"),
    Row("GET /links/{token}", "Nobody, once it has ended.", NOBODY_FINDS, OPEN_PAGE, names=_ENDED),
    Row("POST /links/{token}", "Whoever knows its password.", ANYBODY, OPEN_PAGE, ok=303, names=_LOCKED,
        reads=True, form={"password": "{link_password}"}),
    Row("POST /links/{token}", "Nobody by a wrong one.", "uu uuuuuu u uuuuu uuu u u u uu uuu uu uu",
        OPEN_PAGE, names=_LOCKED, notes=True, form={"password": "wrong"}),
    Row("GET /password-reset/{token}", "Whoever holds the link.", ANYBODY, OPEN_PAGE,
        names={"token": "reset_token"}),
    Row("POST /password-reset/{token}", "Whoever holds the link, once.", ANYBODY, OPEN_PAGE,
        names={"token": "reset_token"},
        form={"password": "{new_password}", "again": "{new_password}"}),
]  # fmt: skip

SIGN_IN = [
    Row("GET /api/v1/auth/status", "Anybody may know how people sign in.", ANYBODY, NOT_FOR_HOST),
    Row("POST /api/v1/auth/setup", "Anybody, until there is an administrator; nobody in single-user mode.",
        "rr rrrrrr r rrrrr rrr r r r nr rrr rr rr", "invoke-useradd", json=_PERSON),
    Row("POST /api/v1/auth/login", "Anybody with an address and its password; nobody in single-user mode.",
        SIGNING_IN, NOT_FOR_HOST,
        json={"email": "owner@example.com", "password": "{password}"}),
    Row("POST /api/v1/auth/login", "Nobody with a wrong password.",
        SIGNING_IN_FAILS, NOT_FOR_HOST, notes=True,
        json={"email": "owner@example.com", "password": "{new_password}"}),
    Row("POST /api/v1/auth/logout", "Everybody ends their own sign-in, whatever else they must do; no key.",
        "uu yyyyyy y uuuuu nnn u y u oo nnn yn yu", NOT_FOR_HOST),
    Row("POST /api/v1/auth/media-cookie", "Everybody with a sign-in; no key.",
        "uu yyyyyy y uuuuu nnn u n u nu nnn yn nu", NOT_FOR_HOST, reads=True),
    Row("GET /api/v1/auth/me", "Everybody sees themselves, whatever they must do first.",
        "uu yyyyyy y uuuuu yyy u y u yy yyy yy yu", NOT_FOR_HOST),
    Row("PATCH /api/v1/auth/me", "Everybody renames themselves; no key.", OWN_ACCOUNT_ALWAYS,
        "invoke-admin user modify", json={"display_name": "New name"}),
    Row("PATCH /api/v1/auth/me", "Everybody with their password chooses another; no key.",
        OWN_ACCOUNT_ALWAYS, "invoke-admin user modify",
        json={"current_password": "{password}", "new_password": "{new_password}"}),
    Row("PATCH /api/v1/auth/me", "Nobody without their password chooses another.",
        "uu rrrrrr r uuuuu nnn u r u rr nnn rn ru", "invoke-admin user modify", notes=True,
        json={"current_password": "{new_password}", "new_password": "Other-{new_password}"}),
    Row("GET /api/v1/auth/generate-password", "Everybody.", EVERYBODY, NOT_FOR_HOST),
    Row("GET /api/v1/auth/sessions", "Everybody sees their own; no key.",
        "uu yooooo o uuuuu nnn u n u oo nnn yo nu", NOT_FOR_HOST, shows="{session}"),
    Row("DELETE /api/v1/auth/sessions/{session_id}", "Everybody ends their own; no key.", OWN_ALONE,
        "invoke-admin user end-sessions", ok=204),
    Row("DELETE /api/v1/auth/sessions", "Everybody ends their own others (some have none); no key.",
        "uu yooooo y uuuuu nnn u n u oo nnn yn nu", "invoke-admin user end-sessions", ok=204),
    Row("POST /api/v1/auth/invitations/accept", "Whoever holds the link, once.", ANYBODY, NOT_FOR_HOST,
        json={"token": "{invitation_token}", "password": "{new_password}"}),
    Row("POST /api/v1/auth/password-reset", "Whoever holds the link, once.", ANYBODY, NOT_FOR_HOST,
        json={"token": "{reset_token}", "new_password": "{new_password}"}),
    Row("POST /api/v1/auth/password-strength", "Everybody signed in, whatever they must do first; no key.",
        "uu yyyyyy y uuuuu nnn u y u yy nnn yy yu", NOT_FOR_HOST, reads=True,
        json={"password": "{new_password}"}),
    Row("POST /api/v1/auth/password-strength", "Whoever holds a link.", ANYBODY, NOT_FOR_HOST, reads=True,
        json={"password": "{new_password}", "token": "{reset_token}"}),
    Row("POST /api/v1/auth/totp/enroll", "Everybody, also who must set one up; no key.",
        "uu yyyyyy y uuuuu nnn u n u rr nnn yn yu", NOT_FOR_HOST),
    Row("POST /api/v1/auth/totp/confirm", "Everybody to whom a secret was offered (the owner); no key.",
        "uu yrrrrr r uuuuu nnn u n u rr nnn yn yu", NOT_FOR_HOST, json={"code": "{totp}"}),
    Row("DELETE /api/v1/auth/totp", "Everybody with their password; no key.",
        "uu yyyyyy y uuuuu nnn u n u rr nnn yn yu", "invoke-admin user reset-second-factor", ok=204,
        json={"password": "{password}"}),
    Row("DELETE /api/v1/auth/totp", "Nobody without their password.",
        "uu rrrrrr r uuuuu nnn u n u rr nnn rn ru", "invoke-admin user reset-second-factor", notes=True,
        json={"password": "{new_password}"}),
    Row("GET /api/v1/auth/api-keys", "Everybody sees their own; no key.",
        "uu yooooo o uuuuu nnn u n u oo nnn yo nu", NOT_FOR_HOST, shows="{key}"),
    Row("POST /api/v1/auth/api-keys", "Everybody makes their own; no key.", OWN_ACCOUNT, NOT_FOR_HOST,
        ok=201, json={"name": "New key", "scope": "read"}),
    Row("DELETE /api/v1/auth/api-keys/{key_id}", "Everybody removes their own; no key.", OWN_ALONE,
        NOT_FOR_HOST, ok=204),
]  # fmt: skip

ACCOUNTS = [
    Row("GET /api/v1/auth/users", "Administrators.", ADMINISTRATORS, "invoke-admin user list"),
    Row("POST /api/v1/auth/users", "Administrators; no key.", NO_KEY_ADMINISTRATORS,
        "invoke-admin user add", ok=201, json=_PERSON),
    Row("POST /api/v1/auth/users", "Administrators invite; no key.", NO_KEY_ADMINISTRATORS,
        "invoke-admin user invite", ok=201, json={"email": "new@example.com"}),
    Row(f"GET {_USER}", "Administrators.", ADMINISTRATORS, "invoke-admin user list"),
    Row(f"PATCH {_USER}", "Administrators.", ADMINISTRATORS_CHANGE, "invoke-admin user modify",
        json={"display_name": "New name"}),
    Row(f"PATCH {_USER}", "Administrators change how one signs in; no key.", NO_KEY_ADMINISTRATORS,
        "invoke-admin user modify", json={"password": "{new_password}"}),
    Row(f"PATCH {_USER}", "Administrators make administrators; no key.", NO_KEY_ADMINISTRATORS,
        "invoke-admin user modify", json={"is_admin": True}),
    Row(f"PATCH {_USER}", "Administrators say how much one may keep.", ADMINISTRATORS_CHANGE,
        "invoke-admin user modify", json={"storage_quota_bytes": 1_000_000}),
    Row(f"DELETE {_USER}", "Administrators.", ADMINISTRATORS_CHANGE, "invoke-admin user delete", ok=204),
    Row(f"DELETE {_USER}", "Administrators hand the content over.", ADMINISTRATORS_CHANGE,
        "invoke-admin user delete", ok=204, params={"transfer_to": "{user:other}"}),
    Row(f"POST {_USER}/unlock", "Administrators; no key.", NO_KEY_ADMINISTRATORS,
        "invoke-admin user unlock", ok=204),
    Row(f"POST {_USER}/reset-link", "Administrators; no key.", NO_KEY_ADMINISTRATORS,
        "invoke-admin user reset-link", ok=201),
    Row(f"GET {_USER}/sessions", "Administrators; no key.", NO_KEY_ADMINISTRATORS_SEE,
        NOT_FOR_HOST, shows="{session}"),
    Row(f"DELETE {_USER}/sessions", "Administrators; no key.", NO_KEY_ADMINISTRATORS,
        "invoke-admin user end-sessions", ok=204),
    Row(f"DELETE {_USER}/totp", "Administrators; no key.", NO_KEY_ADMINISTRATORS,
        "invoke-admin user reset-second-factor", ok=204),
    Row(f"PATCH {_USER}", "Nobody changes the internal account.", ADMINISTRATORS_NOT_SYSTEM,
        "invoke-admin user modify", names=_SYSTEM, json={"display_name": "New name"}),
    Row(f"DELETE {_USER}", "Nobody deletes the internal account.", ADMINISTRATORS_NOT_SYSTEM,
        "invoke-admin user delete", names=_SYSTEM),
    Row(f"DELETE {_USER}/sessions", "The internal account has none.",
        "uu nnnnnn r uuuuu nnn u n u rr nnn nn nu", "invoke-admin user end-sessions", names=_SYSTEM),
    Row(f"POST {_USER}/reset-link", "Nobody signs in as the internal account.",
        "uu nnnnnn r uuuuu nnn u n u rr nnn nn nu", "invoke-admin user reset-link", names=_SYSTEM),
    Row(f"GET {_USER}/statistics", "Administrators, and everybody their own.",
        OWN_ACCOUNT_SEEN, "invoke-admin user statistics"),
    Row(f"GET {_USER}/access", "Administrators, and everybody their own.", OWN_ACCOUNT_SEEN,
        "invoke-admin board access", shows="{board}"),
    Row(f"GET {_USER}/export", "Administrators, and everybody their own.", OWN_ACCOUNT_SEEN,
        "invoke-admin user export"),
    Row(f"GET {_USER}/content", "Administrators.", ADMINISTRATORS, "invoke-admin user content"),
    Row("GET /api/v1/auth/directory", "Everybody finds people by name.", EVERYBODY,
        "invoke-admin user list", params={"search": "Person owner"}, shows="{user:owner}"),
    Row("GET /api/v1/audit", "Administrators.", ADMINISTRATORS, "invoke-admin audit list"),
    Row("GET /api/v1/system/health", "Administrators.", ADMINISTRATORS,
        NO_COMMAND),
    Row("GET /api/v1/audit/verify", "Administrators.", ADMINISTRATORS, "invoke-admin audit verify"),
]  # fmt: skip

BOARDS = [
    Row("POST /api/v1/boards", "Everybody makes boards.", EVERYBODY_CHANGES, NO_COMMAND, ok=201,
        params={"board_name": "New board"}),
    Row("GET /api/v1/boards", "Everybody; boards that one may see.",
        "uu yoyyyo y uuuuu yyy u n u yy yyy yy nu", NO_COMMAND, shows="Canary board"),
    Row("GET /api/v1/boards", "Everybody, all at once; boards that one may see.",
        "uu yoyyyo y uuuuu yyy u n u yy yyy yy nu", NO_COMMAND, params={"all": "true"},
        shows="Canary board"),
    Row("GET /api/v1/boards/{board_id}", "Whoever may see the board.", SEES_BOARD, NO_COMMAND),
    Row("GET /api/v1/boards/{board_id}/image_names", "Whoever may see the board.", SEES_BOARD, NO_COMMAND,
        shows="{image}"),
    Row("GET /api/v1/boards/{board_id}/image_names", "Everybody; their own on no board.",
        "uu yooooo o uuuuu yyy u n u yo ooo yo nu", NO_COMMAND, names={"board_id": "none"},
        shows="{loose}"),
    Row("PATCH /api/v1/boards/{board_id}", "Whoever administers the board.", ADMINISTERS_BOARD, NO_COMMAND,
        ok=201, json={"board_name": "New name"}),
    Row("DELETE /api/v1/boards/{board_id}", "Its owner, and administrators.", OWNS_BOARD, NO_COMMAND),
    Row("DELETE /api/v1/boards/{board_id}", "Its owner with their images; administrators with all.",
        "uu shnnnh y uuuuu nns u n u yy nny sn nu", NO_COMMAND, params={"include_images": "true"},
        shows='"deleted_board_images":[]'),
    Row("PATCH /api/v1/boards/{board_id}", "A cover lies on the board.",
        "uu vhnnvh v uuuuu nnv u n u vv nnv vn nu", NO_COMMAND, json={"cover_image_name": "{loose}"}),
    Row("GET /api/v1/boards/{board_id}", "Everybody, where all may look.", EVERYBODY, NO_COMMAND,
        names=_SHARED),
    Row("PATCH /api/v1/boards/{board_id}", "Where all may look: whoever administers it.",
        "uu ynnnnn y uuuuu nny u n u yy nny yn nu", NO_COMMAND, ok=201, names=_SHARED,
        json={"board_name": "New name"}),
    Row("GET /api/v1/boards/{board_id}/shares", "Where all may look: whoever has a share, or administers it.",
        "uu ynynnn y uuuuu yyy u n u yy yyy yy nu", NO_COMMAND, names=_SHARED),
    Row("GET /api/v1/boards/{board_id}/shares", "Addresses: whoever administers the board.",
        "uu yhooyh y uuuuu yyy u n u yy yyy yy nu", NO_COMMAND, shows="guest@example.com"),
    Row("POST /api/v1/boards/{board_id}/share", "Nobody shares with the owner.",
        "uu rhnnrh r uuuuu nnr u n u rr nnr rn nu", NO_COMMAND,
        json={"user_ids": ["{user:owner}"], "permission": "read"}),
    Row("POST /api/v1/boards/{board_id}/share", "Nobody shares with the internal account.",
        "uu rhnnrh r uuuuu nnr u n u rr nnr rn nu", NO_COMMAND,
        json={"user_ids": ["system"], "permission": "read"}),
    Row("GET /api/v1/boards/{board_id}/shares", "Whoever has a share, or administers it.", SEES_BOARD,
        NO_COMMAND),
    Row("POST /api/v1/boards/{board_id}/share", "Whoever administers the board.", ADMINISTERS_BOARD,
        NO_COMMAND, json={"user_ids": ["{user:other}"], "permission": "read"}),
    Row("DELETE /api/v1/boards/{board_id}/share/{user_id}", "Whoever administers the board.",
        ADMINISTERS_BOARD, NO_COMMAND, ok=204, names={"user_id": "user:guest"}),
    Row("DELETE /api/v1/boards/{board_id}/share/{user_id}", "Also everybody their own share.",
        "uu yhynyh y uuuuu nny u n u yy nny yn nu", NO_COMMAND, ok=204, names={"user_id": "user:reader"}),
]  # fmt: skip

IMAGES = [
    Row("POST /api/v1/images/upload", "Everybody sends pictures.", EVERYBODY_MAKES, NO_COMMAND, ok=201,
        params={"image_category": "user"}, files=_PICTURE),
    Row("POST /api/v1/images/upload", "Whoever may add to the board.", MAKES_ON_BOARD, NO_COMMAND, ok=201,
        params={"image_category": "user", "board_id": "{board}"}, files=_PICTURE),
    Row("GET /api/v1/images", "Everybody; their own.",
        "uu yooooo o uuuuu yyy u n u yo ooo yo nu", NO_COMMAND, shows="{image}"),
    Row("GET /api/v1/images", "A person's: everybody, those that they may see.",
        "uu yoyyyo y uuuuu yyy u n u yy yyy yy nu", NO_COMMAND, params={"user_id": "{user:owner}"},
        shows="{image}"),
    Row("GET /api/v1/images", "A person's on no board: their own, and administrators.", JOB_SHOWN,
        NO_COMMAND, params={"user_id": "{user:owner}"}, shows="{loose}"),
    Row("GET /api/v1/images", "A search: everybody, those that they may see.", JOB_SHOWN, NO_COMMAND,
        params={"search_term": "canary", "scope": "visible"}, shows="{loose}"),
    Row("GET /api/v1/images", "Everybody; all that they may see.",
        "uu yoyyyo y uuuuu yyy u n u yy yyy yy nu", NO_COMMAND, params={"scope": "visible"},
        shows="{image}"),
    Row("GET /api/v1/images", "Everybody; all on no board that they may see.", JOB_SHOWN, NO_COMMAND,
        params={"scope": "visible", "board_id": "none"}, shows="{loose}"),
    Row("GET /api/v1/images", "Whoever may see the board.", SEES_BOARD, NO_COMMAND,
        params={"board_id": "{board}"}, shows="{image}"),
    Row("GET /api/v1/images/names", "Everybody; their own.",
        "uu yooooo o uuuuu yyy u n u yo ooo yo nu", NO_COMMAND, shows="{image}"),
    Row("GET /api/v1/images/names", "A person's: everybody, those that they may see.",
        "uu yoyyyo y uuuuu yyy u n u yy yyy yy nu", NO_COMMAND, params={"user_id": "{user:owner}"},
        shows="{image}"),
    Row("GET /api/v1/images/names", "A person's on no board: their own, and administrators.", JOB_SHOWN,
        NO_COMMAND, params={"user_id": "{user:owner}"}, shows="{loose}"),
    Row("GET /api/v1/images/names", "A search: everybody, those that they may see.", JOB_SHOWN, NO_COMMAND,
        params={"search_term": "canary", "scope": "visible"}, shows="{loose}"),
    Row("GET /api/v1/images/names", "Everybody; all that they may see.",
        "uu yoyyyo y uuuuu yyy u n u yy yyy yy nu", NO_COMMAND, params={"scope": "visible"},
        shows="{image}"),
    Row("GET /api/v1/images/names", "Whoever may see the board.", SEES_BOARD, NO_COMMAND,
        params={"board_id": "{board}"}, shows="{image}"),
    Row("POST /api/v1/images/images_by_names", "Everybody; those that they may see.",
        "uu yoyyyo y uuuuu yyy u n u yy yyy yn nu", NO_COMMAND, reads=True,
        json={"image_names": ["{image}"]}, shows="{image}"),
    Row(f"GET {_IMAGE}", "Whoever may see its board.", SEES_BOARD, NO_COMMAND),
    Row(f"GET {_IMAGE}", "On no board: its owner.", OWNER_SEES, NO_COMMAND, names=_LOOSE),
    Row(f"PATCH {_IMAGE}", "Whoever may write on its board.", CHANGES_ON_BOARD, NO_COMMAND,
        json={"starred": True}),
    Row(f"PATCH {_IMAGE}", "On no board: its owner.", OWNER_CHANGES, NO_COMMAND, names=_LOOSE,
        json={"starred": True}),
    Row(f"DELETE {_IMAGE}", "Whoever may write on its board.", CHANGES_ON_BOARD, NO_COMMAND),
    Row(f"DELETE {_IMAGE}", "On no board: its owner.", OWNER_CHANGES, NO_COMMAND, names=_LOOSE),
    Row(f"GET {_IMAGE}", "Its owner always, and whoever may see its board.",
        "uu yhyyyy y uuuuu yyy u n u yy yyy yy nu", NO_COMMAND, names=_LEFT),
    Row(f"PATCH {_IMAGE}", "Its owner only while they may write on its board.",
        "uu yhnyyn y uuuuu nny u n u yy nny yn nu", NO_COMMAND, names=_LEFT, json={"starred": True}),
    Row(f"PATCH {_IMAGE}", "On a board where all may look: whoever may write there.",
        "uu ynnnnn y uuuuu nny u n u yy nny yn nu", NO_COMMAND, names={"image_name": "shared_image"},
        json={"starred": True}),
    Row(f"PATCH {_IMAGE}", "On a board where all may write: everybody.", EVERYBODY_CHANGES, NO_COMMAND,
        names={"image_name": "public_image"}, json={"starred": True}),
    Row(f"GET {_IMAGE}/metadata", "Whoever may see its board.", SEES_BOARD, NO_COMMAND),
    Row(f"GET {_IMAGE}/metadata", "On no board: its owner.", OWNER_SEES, NO_COMMAND, names=_LOOSE,
        shows="{prompt}"),
    Row(f"GET {_IMAGE}/workflow", "Whoever may see its board.", SEES_BOARD, NO_COMMAND),
    Row(f"GET {_IMAGE}/workflow", "On no board: its owner.", OWNER_SEES, NO_COMMAND, names=_LOOSE),
    Row(f"GET {_IMAGE}/urls", "Whoever may see its board.", SEES_BOARD, NO_COMMAND),
    Row(f"GET {_IMAGE}/urls", "On no board: its owner.", OWNER_SEES, NO_COMMAND, names=_LOOSE),
    Row(f"GET {_IMAGE}/full", "Whoever may see its board.", SEES_PICTURE_ON_BOARD, NO_COMMAND),
    Row(f"GET {_IMAGE}/full", "On no board: its owner.", OWNER_SEES_PICTURE, NO_COMMAND, names=_LOOSE),
    Row(f"HEAD {_IMAGE}/full", "Whoever may see its board.", SEES_PICTURE_ON_BOARD, NO_COMMAND),
    Row(f"HEAD {_IMAGE}/full", "On no board: its owner.", OWNER_SEES_PICTURE, NO_COMMAND, names=_LOOSE),
    Row(f"GET {_IMAGE}/thumbnail", "Whoever may see its board.", SEES_PICTURE_ON_BOARD, NO_COMMAND),
    Row(f"GET {_IMAGE}/thumbnail", "On no board: its owner.", OWNER_SEES_PICTURE, NO_COMMAND, names=_LOOSE),
    Row(f"HEAD {_IMAGE}/thumbnail", "Whoever may see its board.", SEES_PICTURE_ON_BOARD, NO_COMMAND),
    Row(f"HEAD {_IMAGE}/thumbnail", "On no board: its owner.", OWNER_SEES_PICTURE, NO_COMMAND, names=_LOOSE),
    Row("POST /api/v1/images/delete", "Everybody; those on boards where they may write.",
        CHANGES_SOME_ON_BOARD, NO_COMMAND, json={"image_names": ["{image}"]}),
    Row("POST /api/v1/images/delete", "Everybody; on no board their own.",
        "uu yooooo y uuuuu nny u n u yy nny yn nu", NO_COMMAND, json={"image_names": ["{loose}"]}),
    Row("DELETE /api/v1/images/uncategorized", "Everybody; their own on no board.",
        "uu yooooo o uuuuu nny u n u yo nno yn nu", NO_COMMAND),
    Row("POST /api/v1/images/star", "Everybody; those on boards where they may write.",
        CHANGES_SOME_ON_BOARD, NO_COMMAND, json={"image_names": ["{image}"]}),
    Row("POST /api/v1/images/unstar", "Everybody; those on boards where they may write.",
        CHANGES_SOME_ON_BOARD, NO_COMMAND, json={"image_names": ["{starred}"]}),
    Row("GET /api/v1/images/intermediates", "Everybody counts their own; administrators all.",
        "uu yooooo y uuuuu yyy u n u yy yyy yy nu", NO_COMMAND, shows="2"),
    Row("DELETE /api/v1/images/intermediates", "Administrators.", ADMINISTRATORS_CHANGE, NO_COMMAND),
    Row("POST /api/v1/board_images", "Whoever may write there and take the image from where it is.",
        "uu yhnhhh y uuuuu nny u n u yy nny yn nu", NO_COMMAND, ok=201,
        json={"board_id": "{board}", "image_name": "{loose}"}),
    Row("POST /api/v1/board_images", "Whoever may write there; the board is its owner's alone.",
        OWNER_CHANGES, NO_COMMAND, ok=201,
        json={"board_id": "{second_board}", "image_name": "{image}"}),
    Row("DELETE /api/v1/board_images", "Whoever may write where the image is.", CHANGES_ON_BOARD,
        NO_COMMAND, ok=201, json={"image_name": "{image}"}),
    Row("DELETE /api/v1/board_images", "Its owner always takes it back.",
        "uu yhnyyy y uuuuu nny u n u yy nny yn nu", NO_COMMAND, ok=201, json={"image_name": "{ex_image}"}),
    Row("POST /api/v1/board_images/batch", "Whoever may write there; images that one may take.",
        "uu yhnooh y uuuuu nny u n u yy nny yn nu", NO_COMMAND, ok=201,
        json={"board_id": "{board}", "image_names": ["{loose}"]}),
    Row("POST /api/v1/board_images/batch/delete", "Everybody; images from boards where they may write.",
        CHANGES_SOME_ON_BOARD, NO_COMMAND, ok=201, json={"image_names": ["{image}"]}),
]  # fmt: skip

BIN = [
    Row(f"GET {_BIN}", "Everybody; their own.", OWN_LISTED, NO_COMMAND, shows="{binned}"),
    Row(f"GET {_BIN}", "Of a board: whoever administers it.", BOARD_ADMINISTRATORS_SEE, NO_COMMAND,
        params={"board_id": "{board}"}, shows="{binned}"),
    Row(f"GET {_BIN}", "Where all may look: whoever administers the board.", OWN_ACCOUNT_SEEN, NO_COMMAND,
        params={"board_id": "{shared_board}"}),
    Row(f"GET {_BIN}/i/{{image_name}}/thumbnail", "Its owner, and whoever administers its board.",
        "uu yhhhyh y uuuuu yyy y n u yy yyy yy nu", NO_COMMAND, names={"image_name": "binned"}),
    Row(f"HEAD {_BIN}/i/{{image_name}}/thumbnail", "Its owner, and whoever administers its board.",
        "uu yhhhyh y uuuuu yyy y n u yy yyy yy nu", NO_COMMAND, names={"image_name": "binned"}),
    Row(f"GET {_BIN}/i/{{image_name}}/thumbnail", "Also who deleted it and may still write there.",
        "uu yhhyyh y uuuuu yyy y n u yy yyy yy nu", NO_COMMAND, names=_BY_WRITER),
    Row(f"GET {_BIN}/i/{{image_name}}/thumbnail", "On no board: its owner.", OWNER_SEES_PICTURE,
        NO_COMMAND, names=_BINNED_LOOSE),
    Row(f"GET {_BIN}/i/{{image_name}}/thumbnail", "Nobody of what was not deleted.",
        "uu hhhhhh h uuuuu hhh h n u hh hhh hh nu", NO_COMMAND),
    Row(f"POST {_BIN}/restore", "Its owner, and whoever administers its board.",
        "uu yoooyo y uuuuu nny u n u yy nny yn nu", NO_COMMAND, json={"image_names": ["{binned}"]}),
    Row(f"POST {_BIN}/restore", "Also who deleted it and may still write there.", CHANGES_SOME_ON_BOARD,
        NO_COMMAND, json={"image_names": ["{binned_by_writer}"]}),
    Row(f"POST {_BIN}/restore", "On no board: its owner.", "uu yooooo y uuuuu nny u n u yy nny yn nu",
        NO_COMMAND, json={"image_names": ["{binned_loose}"]}),
    Row(f"POST {_BIN}/delete", "Everybody; their own.", "uu yooooo o uuuuu nny u n u yo nno yn nu",
        NO_COMMAND, json={"image_names": ["{binned}"]}),
    Row(f"POST {_BIN}/delete", "Not who deleted it.", "uu yooooo o uuuuu nny u n u yo nno yn nu",
        NO_COMMAND, json={"image_names": ["{binned_by_writer}"]}),
    Row(f"POST {_BIN}/empty", "Everybody; their own.", "uu yooooo o uuuuu nny u n u yo nno yn nu",
        NO_COMMAND),
    Row("POST /api/v1/images/download", "Whoever may see the board.",
        "uu yhyyyh y uuuuu yyy u n u yy yyy yn nu", NO_COMMAND, ok=202, json={"board_id": "{board}"}),
    Row("POST /api/v1/images/download", "Everybody; what they may see is asked when it is packed.",
        "uu yyyyyy y uuuuu yyy u n u yy yyy yn nu", NO_COMMAND, ok=202,
        json={"image_names": ["{image}"]}),
    Row("GET /api/v1/images/download/{name}", "Who asked for it; no administrator.",
        "uu yhhhhh h uuuuu yyy y n u hh hhh yh nu", NO_COMMAND),
    Row("GET /api/v1/images/download/{name}", "Of a board: who asked for it.", READER_ALONE, NO_COMMAND,
        names={"name": "reader_board_download"}),
    Row("GET /api/v1/images/download/{name}", "Of pictures on a board: who asked for it.", READER_ALONE,
        NO_COMMAND, names={"name": "reader_named_download"}),
    Row("GET /api/v1/images/download/{name}", "Nobody what they may not see.",
        "uu hhhhhh h uuuuu hhh h n u hh hhh hh nu", NO_COMMAND,
        names={"name": "reader_hidden_download"}),
    Row("GET /api/v1/images/download/{name}", "Nobody once they may see the board no more.",
        "uu hhhhhh h uuuuu hhh h n u hh hhh hh nu", NO_COMMAND, names={"name": "ended_download"}),
]  # fmt: skip

LINKS = [
    Row("POST /api/v1/boards/{board_id}/links", "Whoever administers the board.", ADMINISTERS_BOARD,
        "invoke-admin board link", ok=201,
        json={"expires_at": "2026-03-20T12:00:00Z", "password": "New-Password-7", "metadata": True}),
    Row("GET /api/v1/boards/{board_id}/links", "Whoever administers the board.", BOARD_ADMINISTRATORS_SEE,
        "invoke-admin board links", shows="{link}"),
    Row("GET /api/v1/boards/{board_id}/links", "Those that have ended do not work.",
        BOARD_ADMINISTRATORS_SEE, "invoke-admin board links", shows='"works":false'),
    Row("DELETE /api/v1/boards/{board_id}/links/{link_id}", "Whoever administers the board.",
        ADMINISTERS_BOARD, "invoke-admin board unlink", ok=204),
    Row("GET /api/v1/boards/{board_id}/links", "Where all may look: whoever administers it.",
        OWN_ACCOUNT_SEEN, "invoke-admin board links", names=_SHARED),
    Row(f"GET {_LINK}", "Whoever holds the link.", ANYBODY, NOT_FOR_HOST, shows="{image}"),
    Row(f"GET {_LINK}", "With a password: whoever gave it.", LINK_HOLDER_ALONE, NOT_FOR_HOST,
        names=_LOCKED, shows="{image}"),
    Row(f"GET {_LINK}", "Nobody, once it has ended.", NOBODY_FINDS, NOT_FOR_HOST, names=_ENDED),
    Row(f"POST {_LINK}/unlock", "Whoever knows its password.", ANYBODY, NOT_FOR_HOST, names=_LOCKED,
        reads=True, json={"password": "{link_password}"}),
    Row(f"POST {_LINK}/unlock", "Nobody by a wrong one.", "uu uuuuuu u uuuuu uuu u u u uu uuu uu uu",
        NOT_FOR_HOST, names=_LOCKED, notes=True, json={"password": "wrong"}),
    Row(f"POST {_LINK}/unlock", "Nobody, once it has ended.", NOBODY_FINDS, NOT_FOR_HOST, names=_ENDED,
        json={"password": "{link_password}"}),
    Row(f"GET {_LINKED}/full", "Whoever holds the link.", ANYBODY, NOT_FOR_HOST),
    Row(f"HEAD {_LINKED}/full", "Whoever holds the link.", ANYBODY, NOT_FOR_HOST),
    Row(f"GET {_LINKED}/full", "With a password: whoever gave it.", LINK_HOLDER_ALONE, NOT_FOR_HOST,
        names=_LOCKED),
    Row(f"HEAD {_LINKED}/full", "With a password: whoever gave it.", LINK_HOLDER_ALONE, NOT_FOR_HOST,
        names=_LOCKED),
    Row(f"GET {_LINKED}/full", "Nobody what lies elsewhere.", NOBODY_FINDS, NOT_FOR_HOST,
        names=_ELSEWHERE),
    Row(f"GET {_LINKED}/full", "Nobody what lies elsewhere, whatever password they gave.",
        "uu uuuuuu u uuuuu uuu u u h uu uuu uu uu", NOT_FOR_HOST, names=_LOCKED | _ELSEWHERE),
    Row(f"GET {_LINKED}/full", "Nobody, once it has ended.", NOBODY_FINDS, NOT_FOR_HOST, names=_ENDED),
    Row(f"GET {_LINKED}/thumbnail", "Whoever holds the link.", ANYBODY, NOT_FOR_HOST),
    Row(f"HEAD {_LINKED}/thumbnail", "Whoever holds the link.", ANYBODY, NOT_FOR_HOST),
    Row(f"GET {_LINKED}/thumbnail", "With a password: whoever gave it.", LINK_HOLDER_ALONE, NOT_FOR_HOST,
        names=_LOCKED),
    Row(f"GET {_LINKED}/thumbnail", "Nobody what lies elsewhere.", NOBODY_FINDS, NOT_FOR_HOST,
        names=_ELSEWHERE),
    Row(f"GET {_LINKED}/metadata", "Nobody where the link does not show it.", NOBODY_FINDS, NOT_FOR_HOST),
    Row(f"GET {_LINKED}/metadata", "With a password: whoever gave it, where the link shows it.",
        LINK_HOLDER_ALONE, NOT_FOR_HOST, names=_LOCKED),
    Row(f"GET {_LINKED}/metadata", "Nobody of what lies elsewhere.",
        "uu uuuuuu u uuuuu uuu u u h uu uuu uu uu", NOT_FOR_HOST, names=_LOCKED | _ELSEWHERE),
]  # fmt: skip

ADMINISTRATION = [
    Row("GET /api/v1/boards/{board_id}/access", "Whoever administers the board.",
        BOARD_ADMINISTRATORS_SEE, "invoke-admin board access", shows="{user:guest}"),
    Row("GET /api/v1/boards/{board_id}/access", "Links that have ended do not count.",
        BOARD_ADMINISTRATORS_SEE, "invoke-admin board access", shows='"working_links":2'),
    Row("GET /api/v1/boards/{board_id}/access", "Where all may look: whoever administers it.",
        OWN_ACCOUNT_SEEN, "invoke-admin board access", names=_SHARED),
    Row("GET /api/v1/boards/{board_id}/access", "Who administers the server: administrators.",
        "uu ohnnoh y uuuuu ooo u n u yy yyy oy nu", "invoke-admin board access", shows="{user:spare}"),
    Row("POST /api/v1/boards/{board_id}/transfer", "Its owner, and administrators.", OWNS_BOARD,
        "invoke-admin board transfer", json={"user_id": "{user:other}"}),
    Row("POST /api/v1/boards/{board_id}/transfer", "Nobody to whom it belongs already.",
        "uu rhnnnh r uuuuu nnr u n u rr nnr rn nu", "invoke-admin board transfer",
        json={"user_id": "{user:owner}"}),
    Row("POST /api/v1/boards/{board_id}/transfer", "Nobody to the internal account.",
        "uu rhnnnh r uuuuu nnr u n u rr nnr rn nu", "invoke-admin board transfer",
        json={"user_id": "system"}),
    Row("POST /api/v1/boards/{board_id}/transfer", "Where all may look: its owner, and administrators.",
        PUBLISHED_CHANGES, "invoke-admin board transfer", names=_SHARED,
        json={"user_id": "{user:other}"}),
    Row("POST /api/v1/system/assets/transfer", "Administrators.", ADMINISTRATORS_CHANGE,
        "invoke-admin assets transfer",
        json={"from_user_id": "{user:owner}", "to_user_id": "{user:other}"}),
    Row("POST /api/v1/system/assets/transfer", "Administrators; some boards.", ADMINISTRATORS_CHANGE,
        "invoke-admin assets transfer",
        json={"from_user_id": "{user:owner}", "to_user_id": "{user:other}", "board_ids": ["{board}"],
              "since": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z", "dry_run": False}),
    Row("POST /api/v1/system/assets/transfer", "Administrators see what would move.",
        ADMINISTRATORS_CHANGE, "invoke-admin assets transfer", reads=True, shows="{board}",
        json={"from_user_id": "{user:owner}", "to_user_id": "{user:other}", "dry_run": True}),
    Row("GET /api/v1/system/assets/transfers", "Administrators.", ADMINISTRATORS,
        "invoke-admin assets list", shows="{transfer}"),
    Row("POST /api/v1/system/assets/transfers/{transfer_id}/undo", "Administrators.",
        ADMINISTRATORS_CHANGE, "invoke-admin assets undo"),
]  # fmt: skip

MODELS = [
    Row("GET /api/v2/models", "Everybody.", EVERYBODY, "invoke-admin model list", shows="{model}"),
    Row("GET /api/v2/models/i/{key}", "Everybody.", EVERYBODY, "invoke-admin model list"),
    Row("PATCH /api/v2/models/i/{key}", "Administrators.", ADMINISTRATORS_CHANGE, NO_COMMAND,
        json={"description": "New description"}),
]  # fmt: skip

QUEUE = [
    Row(f"POST {_QUEUE}/enqueue_batch", "Everybody asks for pictures.", EVERYBODY_MAKES, NO_COMMAND, ok=201,
        json={"batch": {"generation": _GENERATION}}),
    Row(f"POST {_QUEUE}/enqueue_batch", "Onto a board: whoever may add to it.", MAKES_ON_BOARD, NO_COMMAND,
        ok=201, json={"batch": {"generation": {**_GENERATION, "board_id": "{board}"}}}),
    Row(f"POST {_QUEUE}/enqueue_batch", "From a picture: whoever may see its board.",
        "uu yhyyyh y uuuuu nyy u n u yy nhy yn nu", NO_COMMAND, ok=201,
        json={"batch": {"generation": {**_GENERATION, "init_image": {"image_name": "{image}"}}}}),
    Row(f"POST {_QUEUE}/enqueue_batch", "With a mask: whoever may see its board.",
        "uu yhyyyh y uuuuu nyy u n u yy nhy yn nu", NO_COMMAND, ok=201,
        json={"batch": {"generation": {**_GENERATION, "init_image": {"image_name": "{image}"},
                                       "mask_image_name": "{image}"}}}),
    Row(f"POST {_QUEUE}/enqueue_batch", "Led by a picture: whoever may see its board.",
        "uu yhyyyh y uuuuu nyy u n u yy nhy yn nu", NO_COMMAND, ok=201,
        json={"batch": {"generation": {**_GENERATION, "controlnets": [
            {"model": "{controlnet}", "image_name": "{image}", "weight": 0.5}]}}}),
    Row(f"POST {_QUEUE}/enqueue_batch", "Like a picture: whoever may see its board.",
        "uu yhyyyh y uuuuu nyy u n u yy nhy yn nu", NO_COMMAND, ok=201,
        json={"batch": {"generation": {**_GENERATION, "ip_adapters": [
            {"model": "{ip_adapter}", "image_name": "{image}", "weight": 0.5}]}}}),
    Row(f"POST {_QUEUE}/enqueue_batch", "From a picture on no board: its owner.",
        "uu yhhhhh y uuuuu nyy u n u yy nhy yn nu", NO_COMMAND, ok=201,
        json={"batch": {"generation": {**_GENERATION, "init_image": {"image_name": "{loose}"}}}}),
    Row(f"POST {_QUEUE}/enqueue_batch", "Everybody, once under each word of theirs.", EVERYBODY_MAKES,
        NO_COMMAND, ok=201, headers={"Idempotency-Key": "new"},
        json={"batch": {"generation": _GENERATION}}),
    Row(f"POST {_QUEUE}/enqueue_batch", "Sent again by its owner, nothing more; the word is everybody's own.",
        "uu oyyyyy y uuuuu noo u n u yy nyy on nu", NO_COMMAND, ok=201, headers=_AGAIN,
        json={"batch": {"generation": {**_GENERATION, "prompt": "{prompt}"},
                        "destination": "{destination}"}}),
    Row(f"POST {_QUEUE}/enqueue_batch", "Another wish under one's word: refused.",
        "uu cyyyyy y uuuuu ncc u n u yy nyy cn nu", NO_COMMAND, ok=201, headers=_AGAIN,
        json={"batch": {"generation": _GENERATION}}),
    Row(f"GET {_QUEUE}/overview", "Administrators.", ADMINISTRATORS, NO_COMMAND, shows="{user:owner}"),
    Row(f"PATCH {_QUEUE}/users/{{user_id}}", "Administrators; nobody their own.", ADMINISTRATORS_CHANGE,
        NO_COMMAND, json={"weight": 2.0, "max_pending": 5, "max_running": 1, "gpu_seconds_per_day": 60.0}),
    Row(f"PATCH {_QUEUE}/users/{{user_id}}", "Of the internal account too: administrators.",
        ADMINISTRATORS_CHANGE, NO_COMMAND, names=_SYSTEM, json={"weight": 2.0}),
    Row(f"GET {_QUEUE}/status", "Everybody counts; the running job's ids its owner and administrators.",
        JOB_SHOWN, NO_COMMAND, shows="{batch:running}"),
    Row(f"GET {_QUEUE}/list_all", "Everybody; what is drawn its owner and administrators.", JOB_SHOWN,
        NO_COMMAND, shows="{prompt}"),
    Row(f"GET {_QUEUE}/list_all", "Another person's: administrators.",
        OWN_ACCOUNT_SEEN, NO_COMMAND, params={"user_id": "{user:owner}"},
        shows="{prompt}"),
    Row(f"GET {_QUEUE}/list_all", "By destination: one's own; administrators all.", JOB_SHOWN, NO_COMMAND,
        params={"destination": "{destination}"}, shows='"item_id"'),
    Row(f"GET {_QUEUE}/item_ids", "Everybody knows the numbers.", EVERYBODY, NO_COMMAND),
    Row(f"GET {_QUEUE}/item_ids", "Another person's: administrators.",
        OWN_ACCOUNT_SEEN, NO_COMMAND, params={"user_id": "{user:owner}"}),
    Row(f"GET {_QUEUE}/item_ids", "By destination: one's own; administrators all.", JOB_SHOWN, NO_COMMAND,
        params={"destination": "{destination}"}, shows='"total_count":3'),
    Row(f"POST {_QUEUE}/items_by_ids", "Everybody; what is drawn its owner and administrators.", JOBS_SHOWN,
        NO_COMMAND, reads=True, json={"item_ids": ["{job}"]}, shows="{prompt}"),
    Row(f"POST {_QUEUE}/item_summaries_by_ids", "Everybody; whose it is its owner and administrators.",
        JOBS_SHOWN, NO_COMMAND, reads=True, json={"item_ids": ["{job}"]}, shows="{batch:job}"),
    Row(f"GET {_QUEUE}/i/{{item_id}}", "Everybody; what is drawn its owner and administrators.", JOB_SHOWN,
        NO_COMMAND, shows="{prompt}"),
    Row(f"GET {_QUEUE}/current", "Everybody; what is drawn its owner and administrators.", JOB_SHOWN,
        NO_COMMAND, shows="{prompt}"),
    Row(f"GET {_QUEUE}/next", "Everybody; what is drawn its owner and administrators.", JOB_SHOWN,
        NO_COMMAND, shows="{prompt}"),
    Row(f"GET {_QUEUE}/b/{{batch_id}}/status", "Its owner, and administrators.", OWNER_SEES, NO_COMMAND),
    Row(f"GET {_QUEUE}/counts_by_destination", "Everybody counts their own; administrators all.", JOB_SHOWN,
        NO_COMMAND, params={"destination": "{destination}"}, shows='"total":3'),
    Row(f"PUT {_QUEUE}/i/{{item_id}}/cancel", "Its owner, and administrators.", MANAGES_JOB, NO_COMMAND),
    Row(f"DELETE {_QUEUE}/i/{{item_id}}", "Its owner, and administrators.", MANAGES_JOB, NO_COMMAND, ok=204),
    Row(f"PUT {_QUEUE}/cancel_by_batch_ids", "Everybody their own; administrators all.", MANAGES_OWN_JOBS,
        NO_COMMAND, json={"batch_ids": ["{batch:job}"]}),
    Row(f"PUT {_QUEUE}/cancel_by_destination", "Everybody their own; administrators all.",
        MANAGES_OWN_JOBS, NO_COMMAND, params={"destination": "{destination}"}),
    Row(f"PUT {_QUEUE}/cancel_all_except_current", "Everybody their own; administrators all.",
        MANAGES_OWN_JOBS, NO_COMMAND),
    Row(f"PUT {_QUEUE}/clear", "Everybody their own; administrators all.", MANAGES_OWN_JOBS, NO_COMMAND),
    Row(f"PUT {_QUEUE}/prune", "Everybody their own; administrators all.", MANAGES_OWN_JOBS, NO_COMMAND),
    Row(f"PUT {_QUEUE}/retry_items_by_id", "Everybody their own; administrators all.", MANAGES_OWN_JOBS,
        NO_COMMAND, json=["{failed}"]),
    Row(f"PUT {_QUEUE}/processor/pause", "Administrators.", ADMINISTRATORS_CHANGE, NO_COMMAND),
    Row(f"PUT {_QUEUE}/processor/resume", "Administrators.", ADMINISTRATORS_CHANGE, NO_COMMAND),
    Row(f"GET {_QUEUE}/events", "Everybody; of a board whoever may see it.",
        "uu yoyyyo y uuuuu yyy u n u yy yyy yy nu", NO_COMMAND, headers=_FROM_THE_FIRST, shows="{image}"),
    Row(f"GET {_QUEUE}/events", "Everybody; of an image on no board its owner.", JOB_SHOWN, NO_COMMAND,
        headers=_FROM_THE_FIRST, shows="{loose}"),
    Row(f"GET {_QUEUE}/events", "Everybody; of a board its owner and administrators.", JOB_SHOWN, NO_COMMAND,
        headers=_FROM_THE_FIRST, shows="{second_board}"),
    Row(f"GET {_QUEUE}/events", "Everybody; of a deletion on no board its owner.", JOB_SHOWN, NO_COMMAND,
        headers=_FROM_THE_FIRST, shows="{binned_loose}"),
    Row(f"GET {_QUEUE}/events", "Everybody; what is drawn its owner and administrators.", JOB_SHOWN,
        NO_COMMAND, headers=_FROM_THE_FIRST, shows="canary on a red wall"),
    Row(f"GET {_QUEUE}/events", "Everybody; how far a job is its owner and administrators.", JOB_SHOWN,
        NO_COMMAND, shows="invocation_progress"),
    Row(f"GET {_QUEUE}/events", "Everybody; what it looks like its owner.",
        "uu yooooo o uuuuu yyy u n u oo ooo yo nu", NO_COMMAND, shows="data:image/webp"),
]  # fmt: skip

SINGLE_SIGN_ON = [
    Row(f"GET {_OIDC}/login", "Anybody leaves for a provider; nobody in single-user mode.", SIGNING_IN,
        NOT_FOR_HOST, ok=303, writes=True),
    Row(f"GET {_OIDC}/callback", "Whoever the provider vouches for, in the browser that left.", SIGNING_IN,
        NOT_FOR_HOST, ok=303, writes=True, params={"state": "{state}", "code": "owner@example.com"},
        headers={"Cookie": "invoke_oidc={departed}"}),
    Row(f"GET {_OIDC}/callback", "Nobody in another browser.", SIGNING_IN_FAILS, NOT_FOR_HOST, notes=True,
        params={"state": "{state}", "code": "owner@example.com"},
        headers={"Cookie": "invoke_oidc={owing}"}),
    Row(f"GET {_OIDC}/callback", "Nobody who left for no provider.", SIGNING_IN_FAILS, NOT_FOR_HOST,
        notes=True),
    Row(f"POST {_OIDC}/code", "Whoever owes a code, by the code.", SIGNING_IN, NOT_FOR_HOST, ok=303,
        form={"ticket": "{ticket}", "code": "{recovery_code}"},
        headers={"Cookie": "invoke_oidc={owing}"}),
    Row(f"POST {_OIDC}/code", "Nobody by a wrong code.", SIGNING_IN_FAILS, NOT_FOR_HOST, notes=True,
        form={"ticket": "{ticket}", "code": "000000"}, headers={"Cookie": "invoke_oidc={owing}"}),
    Row(f"POST {_OIDC}/code", "Nobody in another browser.", SIGNING_IN_FAILS, NOT_FOR_HOST, notes=True,
        form={"ticket": "{ticket}", "code": "{recovery_code}"},
        headers={"Cookie": "invoke_oidc={departed}"}),
    Row(f"GET {_OIDC}/logout", "Anybody leaves to sign out there; nobody in single-user mode.", SIGNING_IN,
        NOT_FOR_HOST, ok=303),
    Row(f"GET {_IDENTITIES}", "Administrators; no key.", NO_KEY_ADMINISTRATORS_SEE,
        "invoke-admin user identities", shows="{identity}"),
    Row(f"DELETE {_IDENTITIES}/{{identity_id}}", "Administrators; no key.", NO_KEY_ADMINISTRATORS,
        "invoke-admin user unlink", ok=204),
]  # fmt: skip

WORKFLOWS = [
    Row("POST /api/v1/workflows", "Everybody keeps workflows.", EVERYBODY_CHANGES, NO_COMMAND,
        json=_NEW_WORKFLOW),
    Row("POST /api/v1/workflows", "Among the default ones: administrators.", ADMINISTRATORS_CHANGE,
        NO_COMMAND, json=_NEW_DEFAULT),
    Row("GET /api/v1/workflows", "Everybody; their own.", OWN_LISTED, NO_COMMAND, shows="{workflow}"),
    Row("GET /api/v1/workflows", "Everybody; the default ones too.", EVERYBODY, NO_COMMAND,
        shows="{default_workflow}"),
    Row("GET /api/v1/workflows", "Everybody; all that they may see.", JOB_SHOWN, NO_COMMAND,
        params={"scope": "visible"}, shows="{workflow}"),
    Row("GET /api/v1/workflows", "Everybody; the public ones.", EVERYBODY, NO_COMMAND,
        params={"is_public": "true"}, shows="{public_workflow}"),
    Row("GET /api/v1/workflows", "Nobody's private ones are among the public ones.",
        "uu oooooo o uuuuu ooo u n u oo ooo oo nu", NO_COMMAND, params={"is_public": "true"},
        shows="{workflow}"),
    Row("GET /api/v1/workflows/tags", "Everybody; of their own.", OWN_LISTED, NO_COMMAND,
        shows="canary-tag"),
    Row("GET /api/v1/workflows/tags", "Everybody; of all that they may see.", JOB_SHOWN, NO_COMMAND,
        params={"scope": "visible"}, shows="canary-tag"),
    Row("GET /api/v1/workflows/counts_by_tag", "Everybody; of their own.", OWN_LISTED, NO_COMMAND,
        params={"tags": "canary-tag"}, shows='"canary-tag":1'),
    Row("GET /api/v1/workflows/counts_by_tag", "Everybody; of all that they may see.", JOB_SHOWN,
        NO_COMMAND, params={"tags": "canary-tag", "scope": "visible"}, shows='"canary-tag":1'),
    Row("GET /api/v1/workflows/counts_by_category", "Everybody; of their own.", OWN_LISTED, NO_COMMAND,
        shows='"user":2'),
    Row("GET /api/v1/workflows/counts_by_category", "Everybody; of all that they may see.", JOB_SHOWN,
        NO_COMMAND, params={"scope": "visible"}, shows='"user":2'),
    Row(f"GET {_WORKFLOW}", "Its owner.", OWNER_SEES, NO_COMMAND, shows="Canary workflow"),
    Row(f"GET {_WORKFLOW}", "A public one: everybody.", EVERYBODY, NO_COMMAND, names=_PUBLIC_WORKFLOW),
    Row(f"GET {_WORKFLOW}", "A default one: everybody.", EVERYBODY, NO_COMMAND, names=_DEFAULT_WORKFLOW),
    Row(f"GET {_WORKFLOW}/generation", "Its owner.", OWNER_SEES, NO_COMMAND, shows="{prompt}"),
    Row(f"GET {_WORKFLOW}/generation", "A default one: everybody.", EVERYBODY, NO_COMMAND,
        names=_DEFAULT_WORKFLOW),
    Row(f"GET {_WORKFLOW}/generation", "A graph of another program fills none.",
        "uu rrrrrr r uuuuu rrr u n u rr rrr rr nu", NO_COMMAND, names=_PUBLIC_WORKFLOW),
    Row(f"PATCH {_WORKFLOW}", "Its owner, who stays so.", OWNER_CHANGES, NO_COMMAND, json=_NEW_WORKFLOW,
        shows="{user:owner}"),
    Row(f"PATCH {_WORKFLOW}", "A public one: its owner.", PUBLISHED_CHANGES, NO_COMMAND,
        names=_PUBLIC_WORKFLOW, json=_NEW_WORKFLOW),
    Row(f"PATCH {_WORKFLOW}", "A default one: administrators.", ADMINISTRATORS_CHANGE, NO_COMMAND,
        names=_DEFAULT_WORKFLOW, json=_NEW_DEFAULT),
    Row(f"PATCH {_WORKFLOW}", "To the default ones: administrators.", HIDDEN_ADMINISTRATORS_CHANGE,
        NO_COMMAND, json=_NEW_DEFAULT),
    Row(f"DELETE {_WORKFLOW}", "Its owner.", OWNER_CHANGES, NO_COMMAND),
    Row(f"DELETE {_WORKFLOW}", "A public one: its owner.", PUBLISHED_CHANGES, NO_COMMAND,
        names=_PUBLIC_WORKFLOW),
    Row(f"DELETE {_WORKFLOW}", "A default one: administrators.", ADMINISTRATORS_CHANGE, NO_COMMAND,
        names=_DEFAULT_WORKFLOW),
    Row(f"PATCH {_WORKFLOW}/is_public", "Its owner.", OWNER_CHANGES, NO_COMMAND, json={"is_public": True}),
    Row(f"PATCH {_WORKFLOW}/is_public", "A public one: its owner.", PUBLISHED_CHANGES, NO_COMMAND,
        names=_PUBLIC_WORKFLOW, json={"is_public": False}),
    Row(f"PUT {_WORKFLOW}/opened_at", "Its owner.", OWNER_CHANGES, NO_COMMAND),
    Row(f"PUT {_WORKFLOW}/opened_at", "A public one: everybody for themselves.", EVERYBODY_CHANGES,
        NO_COMMAND, names=_PUBLIC_WORKFLOW),
    Row(f"GET {_WORKFLOW}/thumbnail", "Its owner.", OWNER_SEES_PICTURE, NO_COMMAND),
    Row(f"HEAD {_WORKFLOW}/thumbnail", "Its owner.", OWNER_SEES_PICTURE, NO_COMMAND),
    Row(f"GET {_WORKFLOW}/thumbnail", "A public one: everybody.", EVERYBODY_SEES_PICTURE, NO_COMMAND,
        names=_PUBLIC_WORKFLOW),
    Row(f"HEAD {_WORKFLOW}/thumbnail", "A default one: everybody.", EVERYBODY_SEES_PICTURE, NO_COMMAND,
        names=_DEFAULT_WORKFLOW),
    Row(f"PUT {_WORKFLOW}/thumbnail", "Its owner.", OWNER_CHANGES, NO_COMMAND, files=_SMALL_PICTURE),
    Row(f"PUT {_WORKFLOW}/thumbnail", "A public one: its owner.", PUBLISHED_CHANGES, NO_COMMAND,
        names=_PUBLIC_WORKFLOW, files=_SMALL_PICTURE),
    Row(f"PUT {_WORKFLOW}/thumbnail", "A default one: administrators.", ADMINISTRATORS_CHANGE, NO_COMMAND,
        names=_DEFAULT_WORKFLOW, files=_SMALL_PICTURE),
    Row(f"DELETE {_WORKFLOW}/thumbnail", "Its owner.", OWNER_CHANGES, NO_COMMAND),
    Row(f"DELETE {_WORKFLOW}/thumbnail", "A public one: its owner.", PUBLISHED_CHANGES, NO_COMMAND,
        names=_PUBLIC_WORKFLOW),
    Row(f"DELETE {_WORKFLOW}/thumbnail", "A default one: administrators.", ADMINISTRATORS_CHANGE,
        NO_COMMAND, names=_DEFAULT_WORKFLOW),
]  # fmt: skip

STYLE_PRESETS = [
    Row("POST /api/v1/style_presets", "Everybody keeps presets.", EVERYBODY_CHANGES, NO_COMMAND,
        form=_NEW_PRESET, files=_SMALL_PICTURE),
    Row("POST /api/v1/style_presets", "Among the default ones: administrators.", ADMINISTRATORS_CHANGE,
        NO_COMMAND, form=_NEW_DEFAULT_PRESET, files=_SMALL_PICTURE),
    Row("GET /api/v1/style_presets", "Everybody; their own.", OWN_LISTED, NO_COMMAND, shows="{preset}"),
    Row("GET /api/v1/style_presets", "Everybody; the public ones too.", EVERYBODY, NO_COMMAND,
        shows="{public_preset}"),
    Row("GET /api/v1/style_presets", "Everybody; the default ones too.", EVERYBODY, NO_COMMAND,
        shows="{default_preset}"),
    Row("GET /api/v1/style_presets", "Everybody; all that they may see.", JOB_SHOWN, NO_COMMAND,
        params={"scope": "visible"}, shows="{preset}"),
    Row("GET /api/v1/style_presets/export", "Administrators.", ADMINISTRATORS, NO_COMMAND,
        shows="Canary preset"),
    Row("POST /api/v1/style_presets/import", "Administrators.", ADMINISTRATORS_CHANGE, NO_COMMAND,
        files={"file": "presets"}),
    Row(f"GET {_PRESET}", "Its owner.", OWNER_SEES, NO_COMMAND, shows="{prompt}"),
    Row(f"GET {_PRESET}", "A public one: everybody.", EVERYBODY, NO_COMMAND, names=_PUBLIC_PRESET),
    Row(f"GET {_PRESET}", "A default one: everybody.", EVERYBODY, NO_COMMAND, names=_DEFAULT_PRESET),
    Row(f"PATCH {_PRESET}", "Its owner.", OWNER_CHANGES, NO_COMMAND, form=_NEW_PRESET,
        files=_SMALL_PICTURE),
    Row(f"PATCH {_PRESET}", "A public one: its owner.", PUBLISHED_CHANGES, NO_COMMAND,
        names=_PUBLIC_PRESET, form=_NEW_PRESET, files=_SMALL_PICTURE),
    Row(f"PATCH {_PRESET}", "A default one: administrators.", ADMINISTRATORS_CHANGE, NO_COMMAND,
        names=_DEFAULT_PRESET, form=_NEW_DEFAULT_PRESET, files=_SMALL_PICTURE),
    Row(f"PATCH {_PRESET}", "To the default ones: administrators.", HIDDEN_ADMINISTRATORS_CHANGE,
        NO_COMMAND, form=_NEW_DEFAULT_PRESET, files=_SMALL_PICTURE),
    Row(f"DELETE {_PRESET}", "Its owner.", OWNER_CHANGES, NO_COMMAND),
    Row(f"DELETE {_PRESET}", "A public one: its owner.", PUBLISHED_CHANGES, NO_COMMAND,
        names=_PUBLIC_PRESET),
    Row(f"DELETE {_PRESET}", "A default one: administrators.", ADMINISTRATORS_CHANGE, NO_COMMAND,
        names=_DEFAULT_PRESET),
    Row(f"GET {_PRESET}/image", "Its owner.", OWNER_SEES_PICTURE, NO_COMMAND),
    Row(f"HEAD {_PRESET}/image", "Its owner.", OWNER_SEES_PICTURE, NO_COMMAND),
    Row(f"GET {_PRESET}/image", "A public one: everybody.", EVERYBODY_SEES_PICTURE, NO_COMMAND,
        names=_PUBLIC_PRESET),
    Row(f"HEAD {_PRESET}/image", "A default one: everybody.", EVERYBODY_SEES_PICTURE, NO_COMMAND,
        names=_DEFAULT_PRESET),
]  # fmt: skip

CLIENT_STATE = [
    Row(f"GET {_STATE}/get_by_key", "Everybody their own; administrators too.", OWN_ONLY, NO_COMMAND,
        params=_CANARY_KEY, shows="canary-value"),
    Row(f"GET {_STATE}/get_keys_by_prefix", "Everybody their own; administrators too.", OWN_ONLY,
        NO_COMMAND, params={"prefix": "can"}, shows="canary-key"),
    Row(f"POST {_STATE}/set_by_key", "Everybody for themselves.", EVERYBODY_CHANGES, NO_COMMAND,
        params=_CANARY_KEY, json="New value"),
    Row(f"POST {_STATE}/delete_by_key", "Everybody their own; administrators too.", OWN_ONLY_CHANGES,
        NO_COMMAND, ok=204, params=_CANARY_KEY),
    Row(f"POST {_STATE}/delete", "Everybody their own; administrators too.", OWN_ONLY_CHANGES, NO_COMMAND,
        ok=204),
]  # fmt: skip

TABLE = [
    *PAGES, *SIGN_IN, *SINGLE_SIGN_ON, *ACCOUNTS, *BOARDS, *IMAGES, *MODELS, *QUEUE, *WORKFLOWS,
    *STYLE_PRESETS, *CLIENT_STATE, *BIN, *LINKS, *ADMINISTRATION,
]  # fmt: skip
