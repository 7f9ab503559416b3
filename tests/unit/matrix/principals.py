"""Who asks in the matrix: 22 principals, and seven more that it takes to tell policies apart."""

PRINCIPALS = (
    "anonymous", "garbage",
    "owner", "other", "reader", "writer", "board_admin", "ex_grantee",
    "admin",
    "demoted", "disabled", "reactivated", "deleted", "logged_out",
    "key_read", "key_generate", "key_full",
    "media",
    "must_change",
    "link_holder",
    "single_user", "host",
    # Beyond the 22
    "admin_key_read", "admin_key_generate", "admin_key_full",
    "cookie", "cookie_alone",
    "must_enroll", "key_expired",
)  # fmt: skip
"""In the order of the letters in the table.

- `owner` owns everything that the requests name; `reader`, `writer` and `board_admin` have a grant on the
  board, `ex_grantee` had one; `other` is signed in and has nothing to do with any of it.
- `demoted` shows the token from before it was demoted, `reactivated` the one from before it was deactivated.
- `key_…` are keys of the owner, `admin_key_…` of the administrator, by scope.
- `media` shows the owner's media cookie and nothing else.
- `must_change` is an administrator who must choose a new password, so that nothing else can refuse it.
- `link_holder` shows the token of a board's link in every request, and the cookie that its password gave.
- `single_user` is `system` where nobody signs in; `host` is the command line, put through the same handlers.
- `disabled` was deactivated by hand in the database, so that its session and epoch are as they were.
- `cookie` is the owner by a browser's session cookie with the header against forgery; `cookie_alone` is an
  administrator's without that header, which may read all and change nothing.
- `must_enroll` is the owner where everybody must set up a second factor, and has none in force yet.
- `key_expired` is a key of the owner that has ended.
"""

PEOPLE = (
    "owner", "other", "reader", "writer", "board_admin", "ex_grantee", "admin", "spare", "demoted",
    "disabled", "reactivated", "deleted", "logged_out", "must_change", "guest", "reset",
)  # fmt: skip
"""The accounts; each one's address is the word `@example.com`."""

ADMINISTRATORS = frozenset({"admin", "spare", "demoted", "must_change"})  # when they are made

ACCOUNT_OF = {
    "key_read": "owner",
    "key_generate": "owner",
    "key_full": "owner",
    "media": "owner",
    "cookie": "owner",
    "cookie_alone": "admin",
    "key_expired": "owner",
    "must_enroll": "owner",
    "admin_key_read": "admin",
    "admin_key_generate": "admin",
    "admin_key_full": "admin",
}
"""Whose account a principal speaks for that has another name."""

SEES_ACCOUNTS = frozenset(
    {
        "admin", "single_user", "host", "admin_key_read", "admin_key_generate", "admin_key_full",
        "cookie_alone",
    }
)  # fmt: skip
"""Who may read other people's addresses and an administrator's notes."""
