"""Transfers content in a process that kills itself, as a power cut would, in a unit of work that is named."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from invoke_apps.composition import build
from invoke_apps.config import load_settings
from invoke_core.domain.principals import host_principal
from invoke_core.domain.transfers import TransferWish
from invoke_core.services import transfers

HOST = host_principal("tester")
STEP = 10  # images; a tenth of what is transferred


def main(root: Path, giver: str, heir: str, unit: int, when: str) -> None:
    """Die in the unit of this number, before its commit or after it."""
    transfers.STEP = STEP
    with build(load_settings(root, environ={})) as app:
        count = 0

        @contextmanager
        def mortal() -> Iterator[Any]:
            nonlocal count
            count += 1
            with app.transfers.writing() as work:
                yield work
                if count == unit and when == "before":
                    os.kill(os.getpid(), signal.SIGKILL)
            if count == unit and when == "after":
                os.kill(os.getpid(), signal.SIGKILL)

        service = attrs.evolve(app.transfers, writing=mortal)
        wish = TransferWish(
            from_id=app.users.get_by_email(HOST, giver).user_id,
            to_id=app.users.get_by_email(HOST, heir).user_id,
        )
        service.transfer(HOST, wish)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
