"""Whether a walk through 100,000 things meets each once: `python -m benchmarks.walks` (control C23).

On SQLite, over the routes: the audit log by its cursor, jobs and pictures by offset as far as offsets are
served, and the names of all pictures at once.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from invoke_adapters.sql import open_database
from invoke_core.domain.audit import AuditAction, Target
from invoke_core.domain.pages import MAX_OFFSET
from invoke_core.testing import builders
from tests.unit.matrix.walks import walk_by_cursor
from tests.unit.matrix.world import HOST, World, open_world

COUNT = 100_000
AT_ONCE = 10_000  # rows of one transaction
LIMIT = 1000

Get = Callable[[str, Mapping[str, Any]], Any]


def fill(world: World, count: int) -> None:
    """Keep that many pictures and jobs of the owner, and entries of the audit log."""
    with world.database.reading() as work:
        owner = work.users.get(world.user_ids["owner"])
    for start in range(0, count, AT_ONCE):
        with world.database.writing() as work:
            for _ in range(min(AT_ONCE, count - start)):
                builders.an_image(work, owner)
                target = Target("image", "walked")
                work.audit.record(HOST, AuditAction.IMAGE_UPDATE, target, at=builders.NOON)
            new = [builders.a_new_job(owner) for _ in range(min(AT_ONCE, count - start))]
            work.jobs.add_all(new)


def once(what: str, met: list[Any], expected: int, began: float) -> bool:
    """Print a row, and return whether each of the expected was met once."""
    good = len(met) == len(set(met)) == expected
    seconds = time.perf_counter() - began
    print(
        f"| {what} | {len(set(met)):,} of {expected:,} met, {len(met):,} shown | {seconds:.1f} s |"
    )
    return good


def by_offset(get: Get, path: str, params: Mapping[str, Any], key: str) -> list[Any]:
    """Return what the pages show, as far as offsets are served."""
    met = []
    for offset in range(0, MAX_OFFSET + 1, LIMIT):
        page = get(path, {**params, "offset": offset, "limit": LIMIT})
        met += [item[key] for item in (page if isinstance(page, list) else page["items"])]
    return met


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="things of each kind")
    count = parser.parse_args().count
    with (
        tempfile.TemporaryDirectory() as folder,
        open_database(f"sqlite:///{folder}/invoke.db", run_folder=Path(folder)) as database,
        open_world(Path(folder), kept=database) as world,
    ):
        fill(world, count)
        with database.reading() as work:
            pictures = work.images.usage(owner_id=world.user_ids["owner"]).images
            jobs, entries = work.jobs.counts().total, work.audit.head().count

        def get(path: str, params: Mapping[str, Any]) -> Any:
            answer = world.ask("admin", "GET", path, params=params)
            assert answer.status_code == 200, answer.text
            return answer.json()

        def owners(path: str, params: Mapping[str, Any]) -> Any:
            answer = world.ask("owner", "GET", path, params=params)
            assert answer.status_code == 200, answer.text
            return answer.json()

        print("| walk | met | time |\n|---|---|---|")
        good = []
        began = time.perf_counter()
        met = walk_by_cursor(get, "/api/v1/audit", "entry_id", LIMIT)
        good.append(once("audit log, by cursor", list(met), entries, began))
        began = time.perf_counter()
        names = owners("/api/v1/images/names", {})["image_names"]
        good.append(once("names of one's pictures, at once", names, pictures, began))
        for what, path, params, key, total in (
            ("pictures, by offset", "/api/v1/images", {}, "image_name", pictures),
            ("jobs, by offset", "/api/v1/queue/default/list_all", {}, "item_id", jobs),
        ):
            began = time.perf_counter()
            shown = by_offset(owners, path, params, key)
            good.append(once(what, shown, min(total, MAX_OFFSET + LIMIT), began))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
