"""Broken policies that nobody can notice over HTTP, each with the reason.

Most are checks that are made twice, so that a mistake in one opens nothing. What no route leads to, and what
only other settings bring, has tests of its own.
"""

_ADMINISTERS_NOTHING = (
    "a key for generating has no administrator's rights, whatever the table lets it try"
)
_TWICE = "checked before the work, and again in the unit that writes, for what changed in between"
_COMMANDS = (
    "no route leads here, commands do: tests/unit/test_models.py, test_users.py, test_audit.py"
)
_SERVICES_ASK_FIRST = (
    "services ask before they read, so that nothing is told of what is not there either"
)
_ASKED_TOGETHER = "the list and the standing of its people are asked for together, and each checks"
_NEWS_OF_ADMINISTRATORS = (
    "news for administrators or for one person is sent to no page: tests/unit/test_news_tail.py"
)
_MOVED = "where an image was and where it is are both asked: tests/unit/test_events.py"
_OWN_LINK = "a holder's rights are made of the link's own board: tests/unit/test_board_links.py"
_LINKS_ALONE = (
    "domain.principals.require_usable:"
    " without raise Forbidden('A link shows one board, and nothing else.')"
)
_KEPT = "what the old owner keeps shows in the next request: tests/unit/test_sharing_model.py"
_DOCTOR = "no route leads here, a command of the host does"
_LOOKED_FOR = "a batch is looked for among one's own, and what was found is judged again"
_COMES_BACK = (
    "the board that a picture comes back to shows in the next request: tests/unit/test_bin.py"
)
_RESTORED = "domain.bin.board_of_restored: "
_HELD = "(permission_on(board, principal, grants) or 0) < Permission.WRITE"
_ONLY_TOLD = (
    "what it counts is told to the audit log and decides nothing: tests/unit/test_boards.py"
)
_ONE_QUERY = "a key is read with the account that it belongs to; tests/unit/test_api_keys.py"

SURVIVORS: dict[str, str] = {
    f"{_RESTORED}without {_HELD}": _COMES_BACK,
    f"{_RESTORED}not {_HELD}": _COMES_BACK,
    f"{_RESTORED}without permission_on(board, principal, grants)": _COMES_BACK,
    f"{_RESTORED}without 0": _COMES_BACK,
    "scope of PATCH /api/v1/auth/users/{user_id}: generate": _ADMINISTERS_NOTHING,
    "scope of DELETE /api/v1/auth/users/{user_id}: generate": _ADMINISTERS_NOTHING,
    "services._seen.seen_jobs: may_manage(job, principal) is True": (
        "more is read than is shown: the domain's `seen` decides again"
    ),
    "services.audit.AuditService.export: without require_administrator(principal)": _COMMANDS,
    "services.events.EventService.since: without require_usable(principal)": (
        "a stream begins with `begin`, which asks the same"
    ),
    "services.events._Ear._belongs_to: everybody is an administrator": _NEWS_OF_ADMINISTRATORS,
    "services.events._Ear._belongs_to: nobody is an administrator": _NEWS_OF_ADMINISTRATORS,
    "services.events._Ear._sees_board: nobody is an administrator": (
        "the rule of boards knows administrators too"
    ),
    "services.events._Ear._belongs_to: self._sees_image(audience.owner_id, board_id) is True": _MOVED,
    "services.events._Ear.hears: self._sees_image(image.owner_id, image.board_id) is True": _MOVED,
    "services.bin.BinService.thumbnail: _may_restore(each, as_person(principal), places) is True": (
        "it only settles what the audit log tells of administrators"
    ),
    "services.board_links.BoardLinkService.create: without _shared(work, principal, board_id)": _TWICE,
    "services.board_links.BoardLinkService._opened: without require(Permission.READ, board, holder, ())": (
        _OWN_LINK
    ),
    "services.boards.BoardService.transfer: ADMIN is READ": _KEPT,
    "services.boards.BoardService.transfer: ADMIN is WRITE": _KEPT,
    "services.boards.BoardService.transfer: ADMIN is OWNER": _KEPT,
    "services.images.ImageService.recount: without require_administrator(principal)": _DOCTOR,
    "services.images.ImageService.rebuild_search: without require_administrator(principal)": _DOCTOR,
    "services.queue.QueueService.batch_counts: everybody is an administrator": _LOOKED_FOR,
    "services.queue.QueueService.batch_counts: may_manage(jobs[0], principal) is True": _LOOKED_FOR,
    "services.queue.QueueService._seen: may_manage(job, principal) is True": (
        "more is forecast than is shown: the domain's `seen` decides again"
    ),
    "services.images.ImageService.upload: without _require_place(work, principal, board_id)": _TWICE,
    "services.links.LinkService.reset_link: without require_changeable(user_id)": (
        "the internal account is never active, and a deactivated one gets no link"
    ),
    "services.models.ModelService.add: without require_administrator(principal)": _COMMANDS,
    "services.models.ModelService.remove: without require_administrator(principal)": _COMMANDS,
    "services.models.ModelService.ensure_bundled: without require_administrator(principal)": (
        "the server itself asks, when it starts"
    ),
    "services.queue.QueueService._forget: may_manage(job, principal) is True": (
        "its callers name only jobs that one may end"
    ),
    "services.sign_in.SignInService.setup: without _require_setup(work)": _TWICE,
    "services.users.UserService.list: without require_administrator(principal)": _ASKED_TOGETHER,
    "services.users.UserService.standing: without require_administrator(principal)": _ASKED_TOGETHER,
    "services.users.UserService.get_by_email: without require_administrator(principal)": _COMMANDS,
    "services.users.UserService.directory: everybody is an administrator": (
        "only with `user_directory: false`; tests/unit/test_users.py"
    ),
    "services.users.UserService.directory: nobody is an administrator": (
        "only with `user_directory: false`; tests/unit/test_users.py"
    ),
    "services.boards._record_deletion: everybody is an administrator": _ONLY_TOLD,
    "services.boards._record_deletion: nobody is an administrator": _ONLY_TOLD,
    "services.boards.BoardService._hides_addresses: everybody is an administrator": (
        "only with `user_directory: false`; tests/unit/test_boards.py"
    ),
    "services.boards.BoardService._hides_addresses: nobody is an administrator": (
        "only with `user_directory: false`; tests/unit/test_boards.py"
    ),
    "services.users._require_recoverable: without require_changeable(user.user_id)": _COMMANDS,
    _LINKS_ALONE: "no route takes a link's holder to another service: tests/unit/test_board_links.py",
    "domain.queue.require_manager: without require_usable(principal)": _SERVICES_ASK_FIRST,
    "domain.boards.permission_on: always Permission.READ": _OWN_LINK,
    "domain.boards.require: without require_no_duty(principal)": _SERVICES_ASK_FIRST,
    "domain.images.require_on_image: without require_no_duty(principal)": _SERVICES_ASK_FIRST,
    "domain.shelves.require_sight: without require_usable(principal)": _SERVICES_ASK_FIRST,
    "domain.shelves.may_change: without thing.shelf is Shelf.USER": (
        "what stands with the server is the internal account's, and so nobody else's own"
    ),
    "domain.api_keys.counts: without user.is_active": (
        "a deactivation removes the keys; tests/unit/test_api_keys.py"
    ),
    "domain.api_keys.counts: without key.user_id == user.user_id": _ONE_QUERY,
    "domain.sessions.counts: without session.epoch == user.epoch": (
        "the epoch of the token is compared too; tests/unit/test_sign_in.py"
    ),
    "domain.sessions.counts: without session.password_fingerprint == password_fingerprint": (
        "only a password that is written past the services; tests/unit/test_sign_in.py"
    ),
    "domain.sessions.counts: without now < session.expires_at": (
        "the token ends with its session; tests/unit/test_sign_in.py"
    ),
    "domain.sessions.counts: without session.user_id == user.user_id": (
        "a session is read with the account that it belongs to; tests/unit/test_sign_in.py"
    ),
}
