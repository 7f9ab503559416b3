"""What every command shares: how it says no, how it opens a root, how it asks."""

import getpass
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from invoke_apps.config import ConfigurationError, ConfigurationWarning, load_settings
from invoke_apps.root import make_root
from invoke_core.domain.principals import Principal, host_principal
from invoke_core.errors import Invalid, InvokeError, StorageFull, Unavailable

if TYPE_CHECKING:
    from invoke_apps.application import Application

F = TypeVar("F", bound=Callable[..., Any])

REFUSED = 1  # by a rule; unknown; taken
WRONG_USAGE = 2  # or a value is missing and nobody is there to be asked
NOT_CONFIRMED = 3
TROUBLE = 4  # with the database, the disk or the configuration


class Refusal(click.ClickException):
    """One line on standard error, and an exit code."""

    def __init__(self, message: str, exit_code: int = REFUSED) -> None:
        super().__init__(" ".join(message.split()))
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: Any = None) -> None:
        """Print the line."""
        click.echo(self.message, err=True)


def exit_code_of(error: InvokeError) -> int:
    """Return the exit code of a refusal, by its family."""
    match error:
        case Unavailable() | StorageFull() | ConfigurationError():
            return TROUBLE
        case Invalid():
            return WRONG_USAGE
        case _:
            return REFUSED


class InvokeCommand(click.Command):
    """A command whose refusals are one line on standard error and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except InvokeError as error:
            raise Refusal(str(error), exit_code_of(error)) from error


class InvokeGroup(click.Group):
    """A group of such commands, and of such groups."""

    command_class = InvokeCommand
    group_class = type


class LaterCommand(click.Command):
    """A command whose feature is not there yet: refused with a sentence, whatever follows it."""

    def __init__(self, name: str, feature: str) -> None:
        """Stand in for the command `name`, which the feature will bring."""
        super().__init__(
            name,
            hidden=True,
            add_help_option=False,
            context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
        )
        self._feature = feature

    def invoke(self, ctx: click.Context) -> Any:
        """Refuse."""
        raise Refusal(
            f"`{ctx.command_path}` cannot be used yet: this version has no {self._feature}."
        )


def root_option(command: F) -> F:
    """Give the command the option `--root`."""
    return click.option(
        "--root",
        type=click.Path(path_type=Path, file_okay=False),
        help="The root folder; else INVOKEAI_ROOT, else ~/invokeai.",
    )(command)


@contextmanager
def opened(root: Path | None) -> Iterator["Application"]:
    """Open the application on a root, which is created where it is missing.

    Args:
        root: as `--root` gave it.

    Raises:
        ConfigurationError: its settings cannot be used.
        Unavailable: its folder or database cannot, or it keeps nothing that a command could reach.
    """
    os.umask(0o077)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", ConfigurationWarning)
        settings = load_settings(root)
    for warning in found:
        click.echo(str(warning.message), err=True)
    if settings.use_memory_db:
        raise Unavailable(
            "With use_memory_db only the running server can reach its database: remove the setting, or"
            " use the HTTP interface."
        )
    make_root(settings.root)
    # Imported here, so that --help and wrong usage answer at once.
    from invoke_apps.composition import build

    with build(settings) as application:
        yield application


def this_host() -> Principal:
    """Return the principal of whoever runs the command."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = str(os.getuid())
    return host_principal(name)


def has_terminal() -> bool:
    """Return whether somebody is there to be asked."""
    return sys.stdin.isatty()


def ask(option: str, question: str, **how: Any) -> str:
    """Return what is typed at the terminal.

    Args:
        option: the one that would have spared the question.
        question: what is asked.
        how: see `click.prompt`.

    Raises:
        UsageError: there is no terminal.
    """
    if not has_terminal():
        raise click.UsageError(f"{option} is missing, and there is no terminal to ask for it.")
    return str(click.prompt(question, err=True, **how))


def confirm(question: str) -> None:
    """Go on where `yes` is typed.

    Raises:
        Refusal: with exit code 3, where something else is, or there is no terminal.
    """
    if not has_terminal():
        raise Refusal(
            "Not confirmed: there is no terminal to ask at; --force deletes unasked.",
            NOT_CONFIRMED,
        )
    typed = click.prompt(f"{question} Type yes to go on", default="", show_default=False, err=True)
    if str(typed).strip().lower() != "yes":
        raise Refusal("Not confirmed: nothing was changed.", NOT_CONFIRMED)
