"""What the commands for accounts share: options, passwords, warnings."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from invoke_apps.cli._base import ask, opened, this_host
from invoke_core.domain.users import User, checked_email
from invoke_core.errors import Invalid

if TYPE_CHECKING:  # the help of a command is shown without loading the server
    from invoke_apps.application import Application

EXPOSED = (
    "Warning: others on this machine can read a password on the command line;"
    " --password-stdin, or the prompt, keeps it to yourself."
)

email_option = click.option(
    "--email", "-e", help="The e-mail address that the account signs in with."
)
stdin_option = click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the password from the first line of standard input.",
)


@contextmanager
def account(root: Path | None, email: str | None) -> Iterator[tuple["Application", User]]:
    """Yield the application and the account of an address, which is asked for where none is given.

    Raises:
        NotFound: no account has this address.
    """
    email = email or ask("--email", "E-mail address")
    with opened(root) as app:
        yield app, app.users.get_by_email(this_host(), email)


def password_given(password: str | None, *, password_stdin: bool) -> str | None:
    """Return the password of the options, or None where it must be asked for."""
    if password_stdin:
        if password is not None:
            raise click.UsageError("Give --password or --password-stdin, not both.")
        line = sys.stdin.readline()
        if not line:
            raise click.UsageError("--password-stdin found no line on standard input.")
        return line.rstrip("\r\n")
    if password is not None:
        click.echo(EXPOSED, err=True)
    return password


def address(text: str) -> str:
    """Return the address that was typed, checked; a wrong one is asked for again."""
    try:
        return checked_email(text)
    except Invalid as error:  # asked again
        raise click.BadParameter(str(error)) from error


def new_password() -> str:
    """Return a password, asked for twice."""
    return ask(
        "--password-stdin",
        "Password",
        hide_input=True,
        confirmation_prompt="Password again",
    )


def some(count: int, what: str) -> str:
    """Return a count with its noun."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def warn(warnings: tuple[str, ...]) -> None:
    """Print warnings on standard error."""
    for warning in warnings:
        click.echo(f"Warning: {warning}", err=True)
