"""What a scheduling decision costs on SQLite, beside an empty transaction that is as durable."""

import statistics
import tempfile
import time
from pathlib import Path

import attrs

from invoke_adapters.sql import open_database
from invoke_adapters.system import SystemClock
from invoke_core.domain.estimates import RunTime
from invoke_core.domain.fairness import QueueMode
from invoke_core.domain.identifiers import WorkerId
from invoke_core.services import flows
from invoke_core.services.dispatcher import Dispatcher, DispatchRules
from invoke_core.testing.builders import a_new_job, a_user, a_worker

PEOPLE = 50


@attrs.frozen(kw_only=True)
class Decision:
    """Milliseconds, medians."""

    pending: int
    claim: float
    claim_cpu: float
    empty_commit: float


def measure(pending: int, claims: int = 100) -> Decision:
    """Claim jobs of a queue with that many pending ones, and commit nothing in between."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/invokeai.db"
        with open_database(url, run_folder=Path(folder)) as database:
            with database.writing() as work:
                worker = a_worker(work)
                for _ in range(PEOPLE):
                    user = a_user(work)
                    own = [a_new_job(user) for _ in range(pending // PEOPLE)]
                    work.jobs.add_all(own)
                    flows.entered(work, user.user_id, len(own))
            rules = DispatchRules(mode=QueueMode.FAIR_SHARE)
            dispatcher = Dispatcher(database.writing, SystemClock(), rules)
            claim, cpu, empty = [], [], []
            for number in range(claims):
                began, spent = time.perf_counter(), time.thread_time()
                assert dispatcher.claim(WorkerId(worker.worker_id), "cpu") is not None
                claim.append(time.perf_counter() - began)
                cpu.append(time.thread_time() - spent)
                began = time.perf_counter()
                with database.writing() as work:
                    work.queue.put_run_seconds("model|64x64|20", RunTime(1.0, number))
                empty.append(time.perf_counter() - began)
    return Decision(
        pending=pending,
        claim=statistics.median(claim) * 1000,
        claim_cpu=statistics.median(cpu) * 1000,
        empty_commit=statistics.median(empty) * 1000,
    )
