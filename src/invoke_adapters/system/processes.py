"""Processes, as Linux shows them under /proc; elsewhere nobody is ever known to be gone."""

import os
import socket
from functools import cache
from pathlib import Path

from invoke_core.domain.queue import Process

PROC = Path("/proc")
_STARTED_FIELD = 21  # of /proc/PID/stat, counted from 0; see proc(5)


class HostProcesses:
    """The `Processes` of this host. Thread-safe."""

    def this(self) -> Process:
        """Return the process that asks."""
        process_id = os.getpid()
        return Process(host=_host(), process_id=process_id, started=_started_at(process_id) or 0.0)

    def is_gone(self, process: Process) -> bool:
        """Return whether a process of this host has ended; False for one that another host runs."""
        if process.host != _host() or not process.started:
            return False
        return _started_at(process.process_id) != process.started


@cache
def _host() -> str:
    """Return a name for where process numbers are comparable: host, boot and process namespace.

    Two containers may have one host name and yet see only processes of their own.
    """
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = (PROC / "self/ns/pid").stat().st_ino
    except OSError:
        return socket.gethostname()
    return f"{socket.gethostname()}/{boot}/{namespace}"


def _started_at(process_id: int) -> float | None:
    """Return when a process began, in seconds after the boot; None where there is none."""
    try:
        status = (PROC / str(process_id) / "stat").read_text()
    except OSError:
        return None
    # The second field, the command in brackets, may hold spaces and brackets of its own.
    state, *fields = status.rpartition(")")[2].split()
    if state in {"Z", "X"}:  # ended, and only waits for its parent to look
        return None
    return int(fields[_STARTED_FIELD - 3]) / os.sysconf("SC_CLK_TCK")
