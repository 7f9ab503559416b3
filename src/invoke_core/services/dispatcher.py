"""Which job a free worker runs next, and which others it draws with it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import attrs

from invoke_core.domain.estimates import estimate
from invoke_core.domain.fairness import SLACK_SECONDS, QueueMode, choose, cost_of, slack_of
from invoke_core.domain.generation import Generation
from invoke_core.domain.identifiers import ModelKey, WorkerId
from invoke_core.domain.merging import merge_key
from invoke_core.domain.queue import Job, Lease
from invoke_core.ports.clock import Clock
from invoke_core.ports.queue import Candidate, Contest
from invoke_core.ports.unit_of_work import Work, Writing
from invoke_core.services import flows


@attrs.frozen(kw_only=True)
class DispatchRules:
    """The administrator's choices about whose turn it is."""

    mode: QueueMode = QueueMode.ROUND_ROBIN
    slack_seconds: float = SLACK_SECONDS  # how far a warm model may go before its turn
    deadline: timedelta = timedelta(
        minutes=10
    )  # a head that waits longer is not passed over for warmth
    max_running: int | None = None  # jobs of all people together, at once


def one_alone(generation: Generation) -> int:
    """Return 1: how many pictures are drawn together where nothing is merged."""
    return 1


@attrs.frozen
class Dispatcher:
    """Hands out jobs, one short unit of work for each batch. It runs inside every worker."""

    writing: Writing
    clock: Clock
    rules: DispatchRules

    def claim(
        self,
        worker_id: WorkerId,
        device: str,
        warm: frozenset[ModelKey] = frozenset(),
        batch_size: Callable[[Generation], int] = one_alone,
    ) -> Sequence[Job]:
        """Return the job whose turn it is and those that ride with it; nothing where there is none.

        Each is leased to the worker and charged as if it were alone: what a batch saves comes back to
        everybody in it when it ends. Who rides is chosen as the first one is, as though the runner were free
        again and warm for the batch alone, so that merging breaks no bound that holds without it.

        Args:
            worker_id: who asks; its record must be kept already.
            device: where it will run.
            warm: models that the worker holds already.
            batch_size: how many pictures the worker draws together best, where the first is of this kind.
        """
        with self.writing() as work:
            # All of them start at the same time, by which they are known together.
            now = self.clock.now()
            first = self._claim(work, worker_id, device, now, warm)
            if first is None:
                return []
            # What may have killed a worker is drawn alone: nobody else's job dies with it again.
            key = merge_key(first.generation) if first.attempts == 1 else None
            most = 1 if key is None else batch_size(first.generation)
            claimed = [first]
            while len(claimed) < most:
                rider = self._claim(work, worker_id, device, now, riding=key)
                if rider is None:
                    break
                claimed.append(rider)
            return claimed

    def _claim(
        self,
        work: Work,
        worker_id: WorkerId,
        device: str,
        now: datetime,
        warm: frozenset[ModelKey] = frozenset(),
        *,
        riding: str | None = None,
    ) -> Job | None:
        """Claim one job; a rider of the batch with this merge key, where one is given."""
        while True:
            contest = work.queue.contest(self.rules.mode, warm=warm, riding=riding)
            if contest.paused or self._is_full(contest):
                return None
            chosen = self._choose(contest, now, warm, riding)
            if chosen is None:
                return None
            if flows.may_be_served(chosen):
                return self._dispatch(work, chosen, contest.fence + 1, worker_id, device, now)
            # An account can be deactivated without this program, by hand in the database: its flow
            # is suspended when it comes up.
            flows.suspend(work, chosen.flow.user_id, now)

    def _is_full(self, contest: Contest) -> bool:
        most = self.rules.max_running
        return most is not None and contest.running >= most

    def _dispatch(
        self,
        work: Work,
        chosen: Candidate,
        fence: int,
        worker_id: WorkerId,
        device: str,
        now: datetime,
    ) -> Job:
        mode, job, seconds = self.rules.mode, chosen.head, chosen.expected
        if mode is QueueMode.FAIR_SHARE and seconds is None:  # the others need no estimate
            seconds = estimate(job.generation, work.queue.run_seconds())
        lease = Lease(worker_id=worker_id, fence=fence)
        claimed = job.claimed(lease, device, now, policy=mode, cost=cost_of(mode, seconds or 0.0))
        flows.claimed(work, chosen, claimed, now, mode=mode, fence=fence)
        return claimed

    def _choose(
        self, contest: Contest, now: datetime, warm: frozenset[ModelKey], riding: str | None
    ) -> Candidate | None:
        rules = self.rules
        return choose(
            contest.candidates,
            rules.mode,
            warm=warm,
            slack=slack_of(rules.mode, rules.slack_seconds, contest.mean or 0.0),
            overdue=now - rules.deadline,
            riding=riding,
        )
