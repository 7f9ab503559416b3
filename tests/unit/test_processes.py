import os
import subprocess
import sys

import attrs

from invoke_adapters.system import HostProcesses

PROCESSES = HostProcesses()


def test_a_process_that_runs_is_not_gone() -> None:
    this = PROCESSES.this()

    assert this.process_id == os.getpid()
    assert this.started > 0
    assert not PROCESSES.is_gone(this)


def test_a_process_that_has_ended_is_gone_also_before_its_parent_looks() -> None:
    code = "import attrs, sys; from invoke_adapters.system import HostProcesses as H;"
    code += "print(H().this().started, flush=True)"
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    started = float(child.stdout.readline())
    ended = attrs.evolve(PROCESSES.this(), process_id=child.pid, started=started)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, and not yet looked at

    assert PROCESSES.is_gone(ended)

    child.communicate()
    assert PROCESSES.is_gone(ended)


def test_a_later_process_with_the_same_number_is_another() -> None:
    this = PROCESSES.this()

    assert PROCESSES.is_gone(attrs.evolve(this, started=this.started - 1))


def test_nothing_is_known_of_another_host_or_an_unknown_start() -> None:
    this = PROCESSES.this()

    assert not PROCESSES.is_gone(attrs.evolve(this, host="elsewhere", started=1.0))
    assert not PROCESSES.is_gone(attrs.evolve(this, started=0.0))
