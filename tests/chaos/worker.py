"""A worker in a process of its own that is not held anywhere: it is killed or stopped from outside.

    python -m tests.chaos.worker FOLDER DATABASE SEED MILLISECONDS

It says "ready", waits for a line, runs jobs until none is waiting, says how many, and begins again with the
next line. A step takes so many milliseconds at most. The prompt "poison" kills the process.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from invoke_apps.worker import Worker
from invoke_core.ports.runner import RunRequest
from invoke_core.testing.runner import FakeRunner
from tests.worker_process import say, world_in

POISON = "poison"


def main() -> None:
    folder, url, seed, milliseconds = sys.argv[1:]
    most = float(milliseconds) / 1000
    chance = random.Random(seed)

    def before_step(request: RunRequest, step: int) -> None:
        if request.prompt == POISON:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(most * chance.random())

    with world_in(Path(folder), int(seed), url) as world:
        say("ready")
        while sys.stdin.readline():
            say(str(Worker(world.parts(), FakeRunner(before_step=before_step)).run_until_idle()))


if __name__ == "__main__":
    main()
