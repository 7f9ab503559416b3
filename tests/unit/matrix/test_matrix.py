"""Every route by every principal, as the table says that is written by hand (control C19)."""

import click
import pytest
from litestar.routes import HTTPRoute

from invoke_apps.cli.admin import main as admin
from invoke_apps.cli.user import useradd, userdel, userlist, usermod
from tests.unit.matrix.cells import KEYS, request_of, troubles, troubles_of_services
from tests.unit.matrix.principals import PRINCIPALS
from tests.unit.matrix.table import TABLE, Row
from tests.unit.matrix.world import World


def routes_of(world: World) -> set[str]:
    return {
        f"{method} {route.path_format}"
        for route in world.sites["multiuser"].web.edge.inner.routes
        if isinstance(route, HTTPRoute)
        for method in route.route_handler_map
        if method != "OPTIONS"
    }


def test_every_route_has_a_row_and_every_row_a_route(world):
    there, written = routes_of(world), {row.route for row in TABLE}

    missing = sorted(there - written)
    assert not missing, (
        f"No rule is written for {missing}: add a row for each to tests/unit/matrix/table.py, whose first"
        " lines say how."
    )
    stale = sorted(written - there)
    assert not stale, (
        f"No route is there any more for the rows {stale} of tests/unit/matrix/table.py."
    )


def test_every_row_has_a_letter_for_every_principal():
    odd = [row.route for row in TABLE if len(row.letters) != len(PRINCIPALS)]
    odd += [row.route for row in TABLE if set(row.letters) - set("yosunhrvc")]

    assert odd == []
    assert len(TABLE) * 22 >= 2000


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.route} {row.policy}")
def test_everybody_may_do_exactly_what_the_table_says(world: World, row: Row):
    wrong = [
        f"{principal}: {trouble}"
        for principal in PRINCIPALS
        for trouble in troubles(world, row, principal)
    ]

    assert not wrong, "\n".join(wrong)


def test_asking_for_the_methods_of_a_route_tells_and_changes_nothing(world):
    for row in TABLE:
        path, _ = request_of(row, world.things)
        world.restore()

        answers = [world.ask(principal, "OPTIONS", path) for principal in ("anonymous", "other")]

        assert {answer.status_code for answer in answers} <= {204, 401}, row.route
        assert not any(answer.content for answer in answers if answer.status_code == 204)
        assert world.memory.differences(world.now()) == []


def test_services_refuse_keys_by_themselves(world):
    wrong = [
        f"{row.route} by {principal}: {trouble}"
        for row in TABLE
        for principal in sorted(KEYS)
        for trouble in troubles_of_services(world, row, principal)
    ]

    assert not wrong, "\n".join(wrong)


def test_every_command_that_a_row_names_exists():
    scripts = {"invoke-useradd": useradd, "invoke-userlist": userlist}
    scripts |= {"invoke-usermod": usermod, "invoke-userdel": userdel}
    unknown = []
    for row in TABLE:
        if row.host.startswith("no command"):
            continue
        program, *words = row.host.split()
        command: click.Command | None = admin if program == "invoke-admin" else scripts.get(program)
        for word in words:
            command = command.commands.get(word) if isinstance(command, click.Group) else None
        if command is None or isinstance(command, click.Group):
            unknown.append(row.host)

    assert unknown == []
