"""Whether every change of the audit log is found: `python -m benchmarks.tampering` (control C38).

A log of a hundred entries is changed in its SQLite file, past the server, by somebody without the key:
one random edit, removal, swap, cut, insertion or replay a time. `verify` must find each one.
"""

import random
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from invoke_adapters.files import FileAuditHeads, stored_chain
from invoke_adapters.sql import SqlDatabase, open_database
from invoke_core.domain.audit import AuditAction, Chain, Stranger, Target
from invoke_core.domain.principals import host_principal
from invoke_core.services.audit import AuditService, Verification, Witnessed
from invoke_core.testing.builders import NOON

COUNT = 10_000
ENTRIES = 100
COLUMNS = (
    "content", "mac", "at", "actor_id", "actor_identity", "action", "target_kind", "target_id",
)  # fmt: skip
HOST = host_principal("benchmark")
Tamper = Callable[[sqlite3.Connection, random.Random], None]


def _pick(rng: random.Random) -> int:
    return rng.randint(1, ENTRIES)


def edit(connection: sqlite3.Connection, rng: random.Random) -> None:
    """Change a character of a column, or the kind of its value."""
    number, column = _pick(rng), rng.choice(COLUMNS)
    ((value,),) = connection.execute(
        f"SELECT {column} FROM audit_entries WHERE entry_id = ?", [number]
    )
    text = value or ""
    place = rng.randrange(len(text) + 1)
    new = rng.choice(
        [
            text[:place] + rng.choice("0x {}é\0") + text[place:],
            text[:place] + text[place + 1 :] if place < len(text) else text + "7",
            text.swapcase() if text.swapcase() != text else text + " ",
            text.encode() + b"\xff",
            b"",
        ]
    )
    connection.execute(f"UPDATE audit_entries SET {column} = ? WHERE entry_id = ?", [new, number])


def remove(connection: sqlite3.Connection, rng: random.Random) -> None:
    """Remove an entry; half of the times close the gap."""
    number = _pick(rng)
    connection.execute("DELETE FROM audit_entries WHERE entry_id = ?", [number])
    if rng.random() < 0.5:
        for later in range(number + 1, ENTRIES + 1):
            connection.execute(
                "UPDATE audit_entries SET entry_id = ? WHERE entry_id = ?", [later - 1, later]
            )


def swap(connection: sqlite3.Connection, rng: random.Random) -> None:
    """Let two entries change places."""
    one, other = rng.sample(range(1, ENTRIES + 1), 2)
    for before, after in ((one, -1), (other, one), (-1, other)):
        connection.execute(
            "UPDATE audit_entries SET entry_id = ? WHERE entry_id = ?", [after, before]
        )


def cut(connection: sqlite3.Connection, rng: random.Random) -> None:
    """Cut the end off; now and then everything."""
    connection.execute("DELETE FROM audit_entries WHERE entry_id >= ?", [_pick(rng)])


def insert(connection: sqlite3.Connection, rng: random.Random) -> None:
    """Put an entry in: a copy, before, after or beyond the others."""
    number = rng.choice([-5, 0, ENTRIES + 1, ENTRIES + 7])
    columns = ", ".join(COLUMNS)
    connection.execute(
        f"INSERT INTO audit_entries (entry_id, {columns})"
        f" SELECT ?, {columns} FROM audit_entries WHERE entry_id = ?",
        [number, _pick(rng)],
    )


def replay(connection: sqlite3.Connection, rng: random.Random) -> None:
    """Write an entry over another one."""
    one, other = rng.sample(range(1, ENTRIES + 1), 2)
    pairs = ", ".join(
        f"{c} = (SELECT {c} FROM audit_entries WHERE entry_id = {other})" for c in COLUMNS
    )
    connection.execute(f"UPDATE audit_entries SET {pairs} WHERE entry_id = ?", [one])


TAMPERS: tuple[Tamper, ...] = (edit, remove, swap, cut, insert, replay)


@attrs.frozen
class Log:
    """A log that a server keeps, beside somebody who writes past it."""

    file: Path
    database: SqlDatabase
    chain: Chain
    heads: FileAuditHeads
    intruder: sqlite3.Connection

    @property
    def writing(self) -> Witnessed:
        """Return what the server writes with."""
        return Witnessed(self.database.writing, self.database.reading, self.heads)

    def tamper(self, way: Tamper, rng: random.Random) -> None:
        """Change the log, which begins as it was written."""
        self.intruder.execute("BEGIN IMMEDIATE")
        self.intruder.execute("DELETE FROM audit_entries")
        self.intruder.execute("INSERT INTO audit_entries SELECT * FROM written")
        way(self.intruder, rng)
        self.intruder.execute("COMMIT")

    def verified(self) -> Verification:
        """Verify the log as it is."""
        return AuditService(self.database.reading, self.chain, self.heads).verify(HOST)


@contextmanager
def written_log(folder: Path) -> Iterator[Log]:
    """Yield a log of a hundred entries."""
    file, chain, heads = folder / "log.db", stored_chain(folder), FileAuditHeads(folder)
    with open_database(f"sqlite:///{file}", chain=chain) as database:
        intruder = sqlite3.connect(file, isolation_level=None)
        log = Log(file, database, chain, heads, intruder)
        for number in range(ENTRIES):
            with log.writing() as work:
                who = HOST if number % 3 else Stranger(email=f"Person{number}@example.com")
                after = {"number": number, "text": "é" * (number % 5)}
                action = list(AuditAction)[number % len(AuditAction)]
                target = Target("user", f"user-{number}")
                work.audit.record(who, action, target, at=NOON, after=after)
        assert log.verified().ok
        for (trigger,) in intruder.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            intruder.execute(f"DROP TRIGGER {trigger}")
        intruder.execute("CREATE TABLE written AS SELECT * FROM audit_entries")
        try:
            yield log
        finally:
            intruder.close()


def measure(folder: Path, count: int, seed: int = 0) -> tuple[Counter[str], Counter[str]]:
    """Tamper so many times; return how often each way was tried, and found."""
    rng = random.Random(seed)
    tried: Counter[str] = Counter()
    found: Counter[str] = Counter()
    with written_log(folder) as log:
        for number in range(count):
            way = TAMPERS[number % len(TAMPERS)]
            log.tamper(way, rng)
            verification = log.verified()
            tried[way.__name__] += 1
            found[way.__name__] += not verification.ok and verification.first_bad is not None
    return tried, found


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        tried, found = measure(Path(folder), COUNT)
    print("| way | tried | found |\n|---|---|---|")
    for way in tried:
        print(f"| {way} | {tried[way]:,} | {found[way]:,} |")
    return 0 if tried == found else 1


if __name__ == "__main__":
    sys.exit(main())
