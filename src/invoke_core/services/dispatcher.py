"""Which job a free worker runs next."""

from collections.abc import Sequence
from datetime import timedelta

import attrs

from invoke_core.domain.estimates import estimate, mean_of_all
from invoke_core.domain.fairness import Flow, QueueMode, choose, cost_of, slack_of
from invoke_core.domain.identifiers import ItemId, ModelKey, WorkerId
from invoke_core.domain.queue import Job, Lease
from invoke_core.ports.clock import Clock
from invoke_core.ports.unit_of_work import Work, Writing
from invoke_core.services import flows
from invoke_core.services.flows import Move


@attrs.frozen(kw_only=True)
class DispatchRules:
    """The administrator's choices about whose turn it is."""

    mode: QueueMode = QueueMode.ROUND_ROBIN
    slack_seconds: float = 60.0  # how far a warm model may go before its turn; see `slack_of`
    deadline: timedelta = timedelta(minutes=10)  # an older job is never passed over for warmth


@attrs.frozen
class Dispatcher:
    """Hands out jobs, one short unit of work each. It runs inside every worker."""

    writing: Writing
    clock: Clock
    rules: DispatchRules

    def claim(
        self, worker_id: WorkerId, device: str, warm: frozenset[ModelKey] = frozenset()
    ) -> Job | None:
        """Return the job whose turn it is, leased to the worker and charged; None: nothing to do.

        Args:
            worker_id: who asks; its record must be kept already.
            device: where it will run.
            warm: models that the worker holds already.
        """
        with self.writing() as work:
            if work.queue.paused():
                return None
            flow = self._next_flow(work, warm)
            if flow is None or flow.head_item_id is None:
                return None
            return self._dispatch(work, flow.head_item_id, worker_id, device)

    def _dispatch(self, work: Work, item_id: ItemId, worker_id: WorkerId, device: str) -> Job:
        now = self.clock.now()
        job = work.jobs.get(item_id)
        mode = self.rules.mode
        seconds = 0.0
        if mode is QueueMode.FAIR_SHARE:  # the others need no estimate
            seconds = estimate(job.generation, work.queue.run_seconds())
        lease = Lease(worker_id=worker_id, fence=work.queue.next_fence())
        claimed = job.claimed(lease, device, now, policy=mode, cost=cost_of(mode, seconds))
        flows.move(work, [Move(job, claimed)], now, modes=[mode])
        return claimed

    def _next_flow(self, work: Work, warm: frozenset[ModelKey]) -> Flow | None:
        """Return the flow that is served next, putting aside those whose owner was deactivated.

        An account can be deactivated without this program, by hand in the database: its flow is
        suspended when it comes up.
        """
        mode = self.rules.mode
        while True:
            candidates = work.flows.contending(mode, warm=warm)
            flow = self._choose(work, candidates, warm)
            if flow is None or flows.may_run(work.users.get(flow.user_id)):
                return flow
            flows.suspend(work, flow.user_id, self.clock.now())

    def _choose(
        self, work: Work, candidates: Sequence[Flow], warm: frozenset[ModelKey]
    ) -> Flow | None:
        mode = self.rules.mode
        first = choose(candidates, mode)
        if first is None or first.head_item_id is None or len(candidates) == 1:
            return first
        mean = mean_of_all(work.queue.run_seconds()) if mode is QueueMode.ROUND_ROBIN else 0.0
        slack = slack_of(mode, self.rules.slack_seconds, mean)
        preferred = choose(candidates, mode, warm=warm, slack=slack)
        if preferred == first:
            return first
        waited = self.clock.now() - work.jobs.get(first.head_item_id).created_at
        return first if waited > self.rules.deadline else preferred
