"""`invoke-admin doctor`: do the pictures' rows and files agree?"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from invoke_apps.cli._base import REFUSED, InvokeCommand, opened, root_option, this_host
from invoke_core.domain.doctor import MENDED_BY, Finding, Report, Trouble
from invoke_core.errors import Unavailable

SHOWN = 10  # names of one kind

_WORDS = {
    Trouble.LOST: "pictures without a file",
    Trouble.DAMAGED: "pictures that cannot be read",
    Trouble.NO_THUMBNAIL: "pictures without a thumbnail",
    Trouble.WRONG_SIZE: "pictures whose size is written wrongly",
    Trouble.WITHOUT_ROW: "files that belong to no picture",
    Trouble.NOT_REMOVED: "deleted pictures whose files are still there",
    Trouble.UNTIDY: "files that are half-written, or lie where older versions put them",
    Trouble.MISCOUNTED: "accounts whose storage was added up wrongly",
}


@click.command(cls=InvokeCommand)
@root_option
@click.option("--repair", is_flag=True, help="Mend what can be; otherwise nothing is changed.")
@click.option(
    "--force", is_flag=True, help="With --repair: even if more than a tenth of the files are gone."
)
@click.option("--json", "as_json", is_flag=True, help="Print a record.")
def doctor(root: Path | None, repair: bool, force: bool, as_json: bool) -> None:
    """Compare the pictures with their files; exit with 1 where something is wrong (still).

    It may be run beside the server, and then leaves files alone that are younger than an hour.
    """
    from invoke_apps.cli._tables import print_record

    with opened(root) as app, _alone(app.settings.root) as alone:
        report = app.doctor.examine(this_host(), repair=repair, force=force, alone=alone)
    if as_json:
        print_record(_record(report))
    else:
        _print(report, repair=repair)
    if not report.ok:
        raise click.exceptions.Exit(REFUSED)


@contextmanager
def _alone(root: Path) -> Iterator[bool]:
    """Keep servers from starting while the block runs; yield whether none is there."""
    from invoke_apps.locks import held

    with ExitStack() as opened_locks:
        try:
            lock = held(root / "run" / "server.lock", f"a server running on {root}")
            opened_locks.enter_context(lock)
            alone = True
        except Unavailable:
            alone = False
        yield alone


def _print(report: Report, *, repair: bool) -> None:
    from invoke_apps.cli._tables import print_table

    if report.findings:
        columns = ["How many", "What", "Mended" if repair else "With --repair", "Which"]
        print_table(columns, [_row(finding, repair=repair) for finding in report.findings])
    if report.set_aside:
        click.echo(f"Files that belong to no picture lie in {report.set_aside} now.", err=True)
    if report.too_young:
        click.echo(
            f"{report.too_young} files without a picture are younger than an hour: look again later, or"
            " stop the server and its workers first.",
            err=True,
        )
    end = "all is well" if report.ok else "see above"
    click.echo(f"Looked at {report.pictures} pictures: {end}.", err=True)


def _row(finding: Finding, *, repair: bool) -> list[object]:
    names = ", ".join(finding.names[:SHOWN]) + (" …" if len(finding.names) > SHOWN else "")
    mended = f"{finding.mended} of {finding.count}" if repair else MENDED_BY[finding.trouble]
    return [finding.count, _WORDS[finding.trouble], mended, names or None]


def _record(report: Report) -> dict[str, object]:
    return {
        "ok": report.ok,
        "pictures": report.pictures,
        "too_young": report.too_young,
        "set_aside": report.set_aside,
        "findings": [
            {
                "trouble": finding.trouble.value,
                "count": finding.count,
                "mended": finding.mended,
                "names": list(finding.names),
            }
            for finding in report.findings
        ],
    }
