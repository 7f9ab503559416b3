"""A private PostgreSQL server, from the binaries that Debian's `postgresql` installs."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def binaries() -> Path | None:
    """Return the folder of the server's programs; None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    beside = shutil.which("initdb")
    if found:
        return found[-1].parent
    return Path(beside).parent if beside else None


@contextmanager
def running_postgresql(programs: Path) -> Iterator[str]:
    """Yield the address of an empty database; the server listens on a socket in its own folder alone."""
    with tempfile.TemporaryDirectory(prefix="invoke-pg-") as name:
        folder = Path(name)
        options: dict[str, object] = {}
        if os.geteuid() == 0:  # the server refuses to run as root
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
            options = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

        def run(*command: str) -> None:
            subprocess.run(
                [programs / command[0], *command[1:]],
                check=True,
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
                **options,
            )

        data = str(folder / "data")
        run("initdb", "-D", data, "-U", "invoke", "-A", "trust", "-E", "UTF8", "--no-sync")
        # Listening nowhere but in the folder; nothing has to survive, so nothing is synced.
        settings = (
            f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
            " -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=32MB"
            " -c autovacuum=off -c max_connections=100"
        )
        run("pg_ctl", "-D", data, "-l", str(folder / "log"), "-w", "-o", settings, "start")
        try:
            yield f"postgresql+psycopg://invoke@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
