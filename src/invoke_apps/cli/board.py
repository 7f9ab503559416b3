"""Boards at the command line: `invoke-admin board …`."""

from datetime import datetime
from pathlib import Path

import click

from invoke_apps.cli._accounts import password_given, stdin_option
from invoke_apps.cli._base import InvokeGroup, opened, root_option, this_host
from invoke_apps.cli._times import TIME, in_utc
from invoke_core.domain.access import Access
from invoke_core.domain.boards import BoardChanges, BoardOrder, BoardQuery, Permission
from invoke_core.domain.identifiers import BoardId, BoardLinkId

_LEVELS = {"read": Permission.READ, "write": Permission.WRITE, "admin": Permission.ADMIN}
_json = click.option("--json", "as_json", is_flag=True, help="For programs.")


@click.group(cls=InvokeGroup)
def board() -> None:
    """List, share, review, hand over and archive boards."""


@board.command(name="list")
@root_option
@click.option("--archived", is_flag=True, help="Archived boards too.")
@_json
def list_boards(root: Path | None, archived: bool, as_json: bool) -> None:
    """List all boards by name."""
    from invoke_apps.cli._tables import print_json, print_table
    from invoke_apps.web.routes.boards import BoardView

    query = BoardQuery(
        include_archived=archived, order_by=BoardOrder.NAME, descending=False, limit=None
    )
    with opened(root) as app:
        found = app.boards.list(this_host(), query).items
    if as_json:
        print_json([BoardView.of(each, this_host()) for each in found])
        return
    print_table(
        ["Board", "Name", "Owner", "Visibility", "Archived", "Images", "Assets"],
        [
            [
                each.board.board_id,
                each.board.name,
                each.owner_name,
                each.board.visibility,
                each.board.archived,
                each.image_count,
                each.asset_count,
            ]
            for each in found
        ],
    )


@board.command()
@root_option
@click.argument("board_id", type=BoardId)
def show(root: Path | None, board_id: BoardId) -> None:
    """Print the board BOARD_ID as a record."""
    from invoke_apps.cli._tables import print_record
    from invoke_apps.web.routes.boards import BoardView

    with opened(root) as app:
        found = app.boards.get(this_host(), board_id)
    print_record(BoardView.of(found, this_host()))


@board.command()
@root_option
@click.argument("board_id", type=BoardId, required=False)
@click.option("--email", "-e", help="Every board that this person has access to, instead.")
@_json
def access(root: Path | None, board_id: BoardId | None, email: str | None, as_json: bool) -> None:
    """Show who has access to the board BOARD_ID and why; without one, to every board."""
    from invoke_apps.cli._tables import print_json, print_table
    from invoke_apps.web.routes.access import AccessibleBoardView, BoardAccessView

    if board_id is not None and email is not None:
        raise click.UsageError("Name a board or a person, not both.")
    with opened(root) as app:
        if email is not None:
            user = app.users.get_by_email(this_host(), email)
            boards = app.access.of_person(this_host(), user.user_id)
            if as_json:
                print_json([AccessibleBoardView.of(each) for each in boards])
                return
            print_table(
                ["Board", "Name", "Permission", "Why"],
                [[a.board.board_id, a.board.name, _word(a.permission), _why(a)] for a in boards],
            )
            return
        everything = BoardQuery(include_archived=True, order_by=BoardOrder.NAME, limit=None)
        board_ids = (
            [board_id]
            if board_id is not None
            else [each.board.board_id for each in app.boards.list(this_host(), everything).items]
        )
        found = [app.access.of_board(this_host(), each) for each in board_ids]
    if as_json:
        print_json([BoardAccessView.of(each) for each in found])
        return
    rows = []
    for each in found:
        name = [each.board.board_id, each.board.name]
        rows += [[*name, a.user.email, _word(a.permission), _why(a)] for a in each.people]
        if each.everybody is not None:
            rows.append([*name, "everybody", _word(each.everybody), "visibility"])
        if each.links:
            rows.append([*name, "whoever has the link", "read", f"{each.links} link(s)"])
    print_table(["Board", "Name", "Who", "Permission", "Why"], rows)


@board.command()
@root_option
@click.argument("board_id", type=BoardId)
@click.argument("email")
@click.option("--permission", type=click.Choice(list(_LEVELS)), default="read", show_default=True)
def share(root: Path | None, board_id: BoardId, email: str, permission: str) -> None:
    """Share BOARD_ID with the person EMAIL, or change what they may do."""
    with opened(root) as app:
        app.boards.share(this_host(), board_id, emails=[email], permission=_LEVELS[permission])
    click.echo(f"{email} has {permission} permission on {board_id}.")


@board.command()
@root_option
@click.argument("board_id", type=BoardId)
@click.argument("email")
def unshare(root: Path | None, board_id: BoardId, email: str) -> None:
    """Take the share of the person EMAIL in BOARD_ID back."""
    with opened(root) as app:
        user = app.users.get_by_email(this_host(), email)
        app.boards.unshare(this_host(), board_id, user.user_id)
    click.echo(f"{email} has no share in {board_id} any more.")


@board.command()
@root_option
@click.argument("board_id", type=BoardId)
@click.argument("email")
def transfer(root: Path | None, board_id: BoardId, email: str) -> None:
    """Give BOARD_ID to the person EMAIL; the old owner keeps admin, pictures stay their owners'."""
    with opened(root) as app:
        heir = app.users.get_by_email(this_host(), email)
        app.boards.transfer(this_host(), board_id, heir.user_id)
    click.echo(f"{board_id} belongs to {email} now.")


@board.command()
@root_option
@click.argument("board_id", type=BoardId)
def archive(root: Path | None, board_id: BoardId) -> None:
    """Leave BOARD_ID out of lists; everything on it stays."""
    with opened(root) as app:
        app.boards.update(this_host(), board_id, BoardChanges(archived=True))
    click.echo(f"{board_id} is archived.")


@board.command()
@root_option
@click.argument("board_id", type=BoardId)
def unarchive(root: Path | None, board_id: BoardId) -> None:
    """Show BOARD_ID in lists again."""
    with opened(root) as app:
        app.boards.update(this_host(), board_id, BoardChanges(archived=False))
    click.echo(f"{board_id} is listed again.")


@board.command()
@root_option
@click.argument("board_id", type=BoardId)
@click.option("--until", type=TIME, help="When it ends, UTC; else in 30 days.")
@click.option("--metadata", is_flag=True, help="Also show how the pictures were made.")
@click.option("--password", help="Ask for this password; others on this machine can read it.")
@stdin_option
def link(
    root: Path | None,
    board_id: BoardId,
    until: datetime | None,
    metadata: bool,
    password: str | None,
    password_stdin: bool,
) -> None:
    """Make a link that shows BOARD_ID to whoever holds it, and print it this once."""
    typed = password_given(password, password_stdin=password_stdin)
    with opened(root) as app:
        made = app.board_links.create(
            this_host(),
            board_id,
            expires_at=in_utc(until),
            password=typed,
            metadata=metadata,
            site=app.settings.site,
        )
    click.echo(made.url)
    click.echo(f"It works until {made.link.expires_at:%Y-%m-%d %H:%M} UTC.", err=True)


@board.command()
@root_option
@click.argument("board_id", type=BoardId)
@_json
def links(root: Path | None, board_id: BoardId, as_json: bool) -> None:
    """List the links of BOARD_ID, the newest first; not their addresses, which nobody can know."""
    from invoke_apps.cli._tables import print_json, print_table
    from invoke_apps.web.routes.board_links import LinkView

    with opened(root) as app:
        found = [LinkView.of(each) for each in app.board_links.list(this_host(), board_id)]
    if as_json:
        print_json(found)
        return
    print_table(
        ["Link", "Made by", "Made", "Ends", "Password", "Metadata", "Works"],
        [
            [
                each.link_id,
                each.created_by,
                each.created_at,
                each.expires_at,
                each.has_password,
                each.metadata,
                each.works,
            ]
            for each in found
        ],
    )


@board.command()
@root_option
@click.argument("board_id", type=BoardId)
@click.argument("link_id", type=BoardLinkId)
def unlink(root: Path | None, board_id: BoardId, link_id: BoardLinkId) -> None:
    """Take the link LINK_ID of BOARD_ID back: it shows nothing from now on."""
    with opened(root) as app:
        app.board_links.remove(this_host(), board_id, link_id)
    click.echo(f"The link {link_id} shows nothing any more.")


def _word(permission: Permission) -> str:
    return permission.name.lower()


def _why(access: Access) -> str:
    return ", ".join(f"{reason.source} ({_word(reason.permission)})" for reason in access.reasons)
