"""Content that goes from one account to another: `invoke-admin assets …`."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from invoke_apps.cli._accounts import some
from invoke_apps.cli._base import InvokeGroup, confirm, opened, root_option, this_host
from invoke_apps.cli._times import TIME, in_utc
from invoke_core.domain.identifiers import SYSTEM, BoardId, TransferId, UserId
from invoke_core.domain.transfers import Transfer, TransferWish

if TYPE_CHECKING:  # the help of a command is shown without loading the server
    from invoke_apps.application import Application


@click.group(cls=InvokeGroup)
def assets() -> None:
    """Give boards and images of one account to another."""


@assets.command()
@root_option
@click.option(
    "--from", "giver", required=True, metavar="EMAIL", help="Whose they are; or `system`."
)
@click.option("--to", "heir", required=True, metavar="EMAIL", help="Who gets them; or `system`.")
@click.option(
    "--board", "boards", multiple=True, metavar="ID", help="Only this board; may be repeated."
)
@click.option("--since", type=TIME, help="Only what was made from this time on, UTC.")
@click.option("--until", type=TIME, help="Only what was made before this time, UTC.")
@click.option("--dry-run", is_flag=True, help="Say what would move, and change nothing.")
@click.option("--force", "-f", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print a record.")
def transfer(
    root: Path | None,
    giver: str,
    heir: str,
    boards: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    dry_run: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Give boards and images to another account, for every reader at one instant.

    Images stay on their boards, and those of other people stay theirs. What was made before there were
    accounts belongs to `system`. A transfer can be undone for 90 days.
    """
    from invoke_apps.cli._tables import print_record, print_table
    from invoke_apps.web.routes.assets import PlanView, TransferView

    with opened(root) as app:
        wish = TransferWish(
            from_id=_account(app, giver),
            to_id=_account(app, heir),
            board_ids=tuple(BoardId(board) for board in boards) or None,
            since=in_utc(since),
            until=in_utc(until),
        )
        plan = app.transfers.plan(this_host(), wish)
        what = _content(len(plan.boards), plan.usage.images, plan.workflows, plan.style_presets)
        if dry_run:
            if as_json:
                print_record(PlanView.of(plan))
                return
            print_table(["Board", "Name"], [[b.board_id, b.name] for b in plan.boards])
            click.echo(f"{what} ({plan.usage.size_bytes} bytes) would go from {giver} to {heir}.")
            return
        if not force:
            confirm(f"This gives {what} of {giver} to {heir}.")
        done = app.transfers.transfer(this_host(), wish)
    if as_json:
        print_record(TransferView.of(done))
        return
    click.echo(f"Gave {_given(done)} of {giver} to {heir}.")
    click.echo(f"To take it back: invoke-admin assets undo {done.transfer_id}", err=True)


@assets.command(name="list")
@root_option
@click.option("--json", "as_json", is_flag=True, help="Print an array of records.")
def list_transfers(root: Path | None, as_json: bool) -> None:
    """List the transfers of the last 90 days, the newest first."""
    from invoke_apps.cli._tables import print_json, print_table
    from invoke_apps.web.routes.assets import TransferView

    with opened(root) as app:
        found = app.transfers.list(this_host(), limit=None).items
    if as_json:
        print_json([TransferView.of(each) for each in found])
        return
    print_table(
        ["Transfer", "At", "From", "To", "Boards", "Images", "Undoes", "Status"],
        [
            [
                each.transfer_id,
                each.created_at,
                each.from_id,
                each.to_id,
                each.boards,
                each.images,
                each.undoes,
                each.phase,
            ]
            for each in found
        ],
    )


@assets.command()
@root_option
@click.argument("transfer_id")
def undo(root: Path | None, transfer_id: str) -> None:
    """Give back what the transfer TRANSFER_ID moved and its heir still has."""
    with opened(root) as app:
        done = app.transfers.undo(this_host(), TransferId(transfer_id))
    click.echo(f"Gave back {_given(done)}.")


def _account(app: "Application", email: str) -> UserId:
    return SYSTEM if email == SYSTEM else app.users.get_by_email(this_host(), email).user_id


def _given(done: Transfer) -> str:
    return _content(done.boards, done.images, done.workflows, done.style_presets)


def _content(boards: int, images: int, workflows: int, presets: int) -> str:
    """Return how much that is, in words; boards and images always, the rest where there is any."""
    words = [some(boards, "board"), some(images, "image")]
    words += [some(workflows, "workflow")] if workflows else []
    words += [some(presets, "style preset")] if presets else []
    return f"{', '.join(words[:-1])} and {words[-1]}"
