"""What people do with boards."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from invoke_core.domain.audit import AuditAction, Target, difference, facts
from invoke_core.domain.boards import (
    GRANTABLE,
    Board,
    BoardChanges,
    BoardQuery,
    BoardSummary,
    Grant,
    Permission,
    Share,
    Visibility,
    changed,
    checked_name,
    may_see_shares,
    require,
    require_grantable,
    require_heir,
)
from invoke_core.domain.identifiers import SYSTEM, BoardId, ImageName, UserId
from invoke_core.domain.images import Image, ImageQuery, own_scope
from invoke_core.domain.pages import Page, require_offset
from invoke_core.domain.principals import Principal, require_usable
from invoke_core.errors import Forbidden, Invalid, NotFound
from invoke_core.ports.clock import Clock
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services import _deleting
from invoke_core.services._deleting import delete_images
from invoke_core.services._image_files import ImageFiles
from invoke_core.services._image_news import (
    tell_of_board,
    tell_of_lost_board,
    tell_people_of_board,
)
from invoke_core.services._looks import Deed, Hourly, acts_as_administrator, board_looks
from invoke_core.services._places import required_board

MAX_SHARES = 1000  # in one call
_AUDITED = ("name", "description", "visibility", "archived", "cover_image_name")


@attrs.frozen(kw_only=True)
class BoardDeletion:
    """What became of a deleted board's images."""

    board_id: BoardId
    returned: Sequence[ImageName]  # to their owners' uncategorised images
    deleted: Sequence[ImageName]


@attrs.frozen
class BoardService:
    """What people do with boards."""

    reading: Reading
    writing: Writing
    clock: Clock
    randomness: Randomness
    files: ImageFiles
    keeps_bin: bool = True  # pictures that are deleted with a board can come back
    directory_open: bool = True  # False: an answer to others tells not whose addresses are known
    looks: Hourly = attrs.field(factory=Hourly, repr=False)

    def create(self, principal: Principal, name: str) -> BoardSummary:
        """Make a private board of the principal's own; raise Invalid for a name out of range."""
        require_usable(principal)
        now = self.clock.now()
        board = Board(
            board_id=BoardId(self.randomness.identifier()),
            owner_id=principal.user_id,
            name=checked_name(name),
            created_at=now,
            updated_at=now,
        )
        with self.writing() as work:
            work.boards.add(board)
            tell_of_board(work, board.board_id, now)
            return work.boards.summary(principal, board.board_id)

    def list(self, principal: Principal, query: BoardQuery) -> Page[BoardSummary]:
        """Return the boards that the principal may see; raise Invalid for an offset beyond 10,000."""
        require_usable(principal)
        require_offset(query.offset)
        with self.reading() as work:
            return work.boards.list_visible(principal, query)

    def get(self, principal: Principal, board_id: BoardId) -> BoardSummary:
        """Return a board; raise NotFound where it is unknown or hidden from the principal."""
        require_usable(principal)
        with self.reading() as work:
            summary = work.boards.summary(principal, board_id)
            looks = board_looks(principal, summary.board, work.boards.grants(board_id))
        self.looks.write_down(self.writing, principal, looks, self.clock.now())
        return summary

    def image_names(
        self, principal: Principal, board_id: BoardId | None, query: ImageQuery
    ) -> Sequence[ImageName]:
        """Return the names of all images on a board; without one, of one's own on no board.

        Args:
            principal: who asks.
            board_id: the board, or None.
            query: which images of it, and their order.

        Raises:
            NotFound: the board is unknown or hidden from the principal.
        """
        require_usable(principal)
        query = attrs.evolve(
            query,
            board_id=board_id,
            uncategorised=board_id is None,
            scope=own_scope(principal),
        )
        looks: Sequence[Deed] = ()
        with self.reading() as work:
            if board_id is not None:
                board, grants = required_board(work, Permission.READ, principal, board_id)
                looks = board_looks(principal, board, grants)
            names = work.images.names_visible(principal, query).image_names
        self.looks.write_down(self.writing, principal, looks, self.clock.now())
        return names

    def update(
        self, principal: Principal, board_id: BoardId, changes: BoardChanges
    ) -> BoardSummary:
        """Change a board.

        Raises:
            NotFound: the board is unknown or hidden from the principal.
            Forbidden: the principal's permission on the board is below ADMIN.
            Invalid: a value is out of range, or the cover does not lie on the board.
        """
        now = self.clock.now()
        with self.writing() as work:
            before, grants = required_board(work, Permission.ADMIN, principal, board_id)
            after = changed(before, changes, now)
            if changes.cover_image_name is not None:
                _require_on_board(work, board_id, changes.cover_image_name)
            work.boards.put(after)
            if after.visibility is not before.visibility or acts_as_administrator(
                principal, Permission.ADMIN, before, grants
            ):
                was, became = difference(before, after, _AUDITED)
                target = Target("board", board_id)
                work.audit.record(
                    principal, AuditAction.BOARD_UPDATE, target, at=now, before=was, after=became
                )
            tell_of_board(work, board_id, now)
            if after.visibility is Visibility.PRIVATE:
                tell_of_lost_board(work, before, [], now)
            return work.boards.summary(principal, board_id)

    def delete(
        self, principal: Principal, board_id: BoardId, *, include_images: bool
    ) -> BoardDeletion:
        """Delete a board; its images go back to their owners' uncategorised ones.

        Where more lie on it than fit into one short transaction they go in steps, between which others
        write, and the board with the last of them. After a crash the same call goes on.

        Args:
            principal: who asks.
            board_id: the board.
            include_images: delete one's own images on it too; as an administrator, all of them.

        Raises:
            NotFound: the board is unknown or hidden from the principal.
            Forbidden: the principal is neither its owner nor an administrator.
        """
        returned: list[Image] = []
        doomed: list[Image] = []
        is_over = False
        while not is_over:
            now = self.clock.now()
            with self.writing() as work:
                try:
                    board, grants = required_board(work, Permission.OWNER, principal, board_id)
                except NotFound:
                    if returned or doomed:
                        break  # somebody else deleted what was left of it
                    raise
                if not returned and not doomed:
                    _record_deletion(work, principal, board, now, include_images=include_images)
                images = work.images.on_board(board_id, limit=_deleting.STEP)
                going = [i for i in images if include_images and _may_delete(principal, i)]
                staying = [image for image in images if image not in going]
                gone = delete_images(work, going, principal.user_id, now, keeps_bin=self.keeps_bin)
                for image in staying:
                    work.images.put(attrs.evolve(image, board_id=None, updated_at=now))
                doomed += going
                returned += staying
                is_over = len(images) < _deleting.STEP
                if is_over:
                    work.boards.remove(board_id)
                    people = {board.owner_id, *(grant.user_id for grant in grants)}
                    people |= {image.owner_id for image in (*returned, *doomed)}
                    tell_of_lost_board(work, board, people, now)
            self.files.discard_all(gone)  # after the rows: a file too many harms nobody
        return BoardDeletion(
            board_id=board_id,
            returned=[image.image_name for image in returned],
            deleted=[image.image_name for image in doomed],
        )

    def shares(self, principal: Principal, board_id: BoardId) -> Sequence[Share]:
        """Return who has a share in a board, ordered by user id; addresses for ADMIN and above.

        Raises:
            NotFound: the board is unknown or hidden from the principal.
            Forbidden: the principal sees the board without a share in it.
        """
        with self.reading() as work:
            board, grants = required_board(work, Permission.READ, principal, board_id)
            held = require(Permission.READ, board, principal, grants)
            if not may_see_shares(principal, grants, held):
                raise Forbidden("Only people with a share in the board may see who has one.")
            users = work.users.get_many([grant.user_id for grant in grants])
        return [
            Share(
                grant=grant,
                display_name=user.display_name,
                email=user.email if held >= Permission.ADMIN else None,
            )
            for grant, user in zip(grants, users, strict=True)
        ]

    def share(
        self,
        principal: Principal,
        board_id: BoardId,
        *,
        user_ids: Sequence[UserId] = (),
        emails: Sequence[str] = (),
        permission: Permission,
    ) -> Sequence[Grant]:
        """Give people a permission on a board, or change the one they have.

        With a closed directory an unknown address is passed over, except for administrators, and what is
        returned tells nothing of the addresses: else anybody could ask who has an account.

        Args:
            principal: who asks.
            board_id: the board.
            user_ids: people by id.
            emails: people by e-mail address.
            permission: READ, WRITE or ADMIN.

        Returns:
            The grants, in the order in which the people were named, each once; with a closed directory
            those by id alone.

        Raises:
            NotFound: the board is unknown or hidden from the principal, or a person is unknown. An address
                is not named so where the directory is closed.
            Forbidden: the principal's permission on the board is below ADMIN.
            RuleViolation: one of them is the owner, or the internal account.
            Invalid: nobody or too many are named, or the permission cannot be given.
        """
        if permission not in GRANTABLE:
            raise Invalid("A share is read, write or admin.", field="permission")
        if not 1 <= len(user_ids) + len(emails) <= MAX_SHARES:
            raise Invalid(f"Name 1 to {MAX_SHARES:,} people.", field="user_ids")
        now = self.clock.now()
        with self.writing() as work:
            board, before = required_board(work, Permission.ADMIN, principal, board_id)
            named = [user.user_id for user in work.users.get_many(user_ids)]
            found = self._by_address(work, principal, emails)
            people = list(dict.fromkeys([*named, *found]))
            require_grantable(board, people)
            held = {grant.user_id: grant for grant in before}
            grants = [
                Grant(
                    board_id=board_id,
                    user_id=user_id,
                    permission=permission,
                    granted_by=principal.user_id,
                    created_at=held[user_id].created_at if user_id in held else now,
                )
                for user_id in people
            ]
            for grant in grants:
                work.boards.put_grant(grant)
            work.audit.record(
                principal,
                AuditAction.BOARD_SHARE,
                Target("board", board_id),
                at=now,
                before={u: held[u].permission for u in people if u in held},
                after={grant.user_id: grant.permission for grant in grants},
            )
            tell_of_board(work, board_id, now)
        if self._hides_addresses(principal):
            return [grant for grant in grants if grant.user_id in set(named)]
        return grants

    def unshare(self, principal: Principal, board_id: BoardId, user_id: UserId) -> None:
        """Take a person's share in a board back, or leave it oneself.

        Raises:
            NotFound: the board is unknown or hidden from the principal, or the person has no share.
            Forbidden: it is another's, and the principal's permission on the board is below ADMIN.
        """
        leaving = user_id == principal.user_id
        now = self.clock.now()
        with self.writing() as work:
            needed = Permission.READ if leaving else Permission.ADMIN
            _, grants = required_board(work, needed, principal, board_id)
            held = {grant.user_id: grant.permission for grant in grants}
            work.boards.remove_grant(board_id, user_id)
            work.audit.record(
                principal,
                AuditAction.BOARD_UNSHARE,
                Target("board", board_id),
                at=now,
                before={user_id: held[user_id]},
            )
            tell_of_board(work, board_id, now)
            tell_people_of_board(work, board_id, [user_id], now)

    def transfer(self, principal: Principal, board_id: BoardId, heir_id: UserId) -> BoardSummary:
        """Give a board to another person. The old owner keeps ADMIN; images stay their owners'.

        Raises:
            NotFound: the board is unknown or hidden from the principal, or the person is unknown.
            Forbidden: the principal's permission on the board is below OWNER.
            RuleViolation: the person owns it already, is deactivated, or is the internal account.
        """
        now = self.clock.now()
        with self.writing() as work:
            before, grants = required_board(work, Permission.OWNER, principal, board_id)
            heir = work.users.get(heir_id)
            require_heir(before, heir)
            if any(grant.user_id == heir_id for grant in grants):
                work.boards.remove_grant(board_id, heir_id)  # an owner has every permission
            if before.owner_id != SYSTEM:
                work.boards.put_grant(
                    Grant(
                        board_id=board_id,
                        user_id=before.owner_id,
                        permission=Permission.ADMIN,
                        granted_by=principal.user_id,
                        created_at=now,
                    )
                )
            after = attrs.evolve(before, owner_id=heir_id, updated_at=now)
            work.boards.put(after)
            was, became = difference(before, after, ("owner_id",))
            target = Target("board", board_id)
            work.audit.record(
                principal, AuditAction.BOARD_TRANSFER, target, at=now, before=was, after=became
            )
            tell_of_board(work, board_id, now)
            return work.boards.summary(principal, board_id)

    def _by_address(
        self, work: Work, principal: Principal, emails: Sequence[str]
    ) -> Sequence[UserId]:
        """Return the people of these addresses; raise NotFound naming the first unknown one."""
        found = []
        for email in emails:
            user = work.users.find_by_email(email)
            if user is not None:
                found.append(user.user_id)
            elif not self._hides_addresses(principal):
                raise NotFound("user", email)
        return found

    def _hides_addresses(self, principal: Principal) -> bool:
        return not self.directory_open and not principal.is_admin


def _may_delete(principal: Principal, image: Image) -> bool:
    return principal.is_admin or image.owner_id == principal.user_id


def _record_deletion(
    work: Work, principal: Principal, board: Board, now: datetime, *, include_images: bool
) -> None:
    images = work.images.usage(board_id=board.board_id).images
    doomed = 0
    if include_images:
        owner_id = None if principal.is_admin else principal.user_id
        doomed = work.images.usage(owner_id=owner_id, board_id=board.board_id).images
    work.audit.record(
        principal,
        AuditAction.BOARD_DELETE,
        Target("board", board.board_id),
        at=now,
        before={**facts(board, ("name", "owner_id", "visibility")), "images": images},
        after={"deleted_images": doomed},
    )


def _require_on_board(work: Work, board_id: BoardId, image_name: ImageName) -> None:
    found = work.images.find_many([image_name])
    if not found or found[0].board_id != board_id:  # the same words, so that no name is given away
        raise Invalid("The cover must be an image on the board.", field="cover_image_name")
