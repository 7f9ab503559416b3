"""Accounts in numbers, and what a deletion would touch."""

import attrs

from invoke_core.domain.identifiers import UserId
from invoke_core.domain.principals import Principal, require_administrator, require_usable
from invoke_core.domain.statistics import AccountContent, BoardContent, UserStatistics
from invoke_core.ports.clock import Clock
from invoke_core.ports.unit_of_work import Reading


@attrs.frozen
class StatisticsService:
    """Counts what accounts have."""

    reading: Reading
    clock: Clock

    def of_user(self, principal: Principal, user_id: UserId) -> UserStatistics:
        """Return an account in numbers: one's own, or for an administrator any.

        Raises:
            Forbidden: it is another's, and the principal is no administrator.
            NotFound: the account is unknown.
        """
        if principal.user_id != user_id:
            require_administrator(principal)
        require_usable(principal)
        now = self.clock.now()
        with self.reading() as work:
            user = work.users.get(user_id)
            usage = work.images.usage(owner_id=user_id)
            sessions = work.sessions.of_user(user_id)
            return UserStatistics(
                boards=work.boards.count_owned(user_id),
                images=usage.images,
                workflows=work.workflows.count_owned(user_id),
                storage_bytes=work.stock.usage(user_id),
                jobs=work.jobs.counts(owner_id=user_id),
                gpu_seconds=work.jobs.gpu_seconds(user_id),
                last_login_at=user.last_login_at,
                active_sessions=sum(now < session.expires_at for session in sessions),
            )

    def content(self, principal: Principal, user_id: UserId) -> AccountContent:
        """Return what a deletion of the account would remove, or hand over; nothing changes.

        Raises:
            Forbidden: the principal is no administrator.
            NotFound: the account is unknown.
        """
        require_administrator(principal)
        with self.reading() as work:
            work.users.get(user_id)
            boards = []
            for board in work.boards.owned_by(user_id):
                everybodys = work.images.usage(board_id=board.board_id).images
                own = work.images.usage(owner_id=user_id, board_id=board.board_id).images
                boards.append(
                    BoardContent(board=board, images=everybodys, guests_images=everybodys - own)
                )
            usage = work.images.usage(owner_id=user_id)
            jobs = work.jobs.counts(owner_id=user_id)
            return AccountContent(
                boards=boards,
                images=usage.images,
                workflows=work.workflows.count_owned(user_id),
                style_presets=work.style_presets.count_owned(user_id),
                storage_bytes=work.stock.usage(user_id),
                unfinished_jobs=jobs.pending + jobs.in_progress,
            )
