"""What ends invitations and reset links inside a unit of work."""

from invoke_core.domain.identifiers import UserId
from invoke_core.ports.unit_of_work import Work


def forget_links(work: Work, user_id: UserId) -> None:
    """Let the account's link work no more, also the one whose letter has not been sent yet."""
    work.links.remove(user_id)
    work.outbox.remove(user_id)
