"""What must hold after every commit, told from the outside: the oracle knows no rule but the promises."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Set

import attrs

from invoke_core.domain.estimates import ALL_KINDS
from invoke_core.domain.fairness import Flow, QueueMode, cost_of, slack_of
from invoke_core.domain.identifiers import ItemId, UserId
from invoke_core.domain.images import ImageQuery, ImageScope
from invoke_core.domain.principals import Principal
from invoke_core.domain.queue import (
    MAX_ATTEMPTS,
    MOVES,
    EnqueuedBatch,
    Job,
    JobQuery,
    JobStatus,
    result_name,
)
from invoke_core.ports.storage import ImageStorage, Rendition
from invoke_core.ports.unit_of_work import Work

EPSILON = 1e-6
RARELY = 50  # commits between two looks at all pictures, where none was to be expected


class Broken(AssertionError):
    """A promise was broken."""


@attrs.define(kw_only=True)
class Oracle:
    """Looks at what is kept after each commit, and remembers what it saw."""

    mode: QueueMode
    slack_seconds: float
    running_cap: int | None  # jobs of one person at once
    total_cap: int | None  # jobs of all people at once
    administrator: Principal
    acknowledged: dict[str, EnqueuedBatch] = attrs.field(factory=dict)  # by idempotency key
    jobs: dict[ItemId, Job] = attrs.field(factory=dict)  # as they were last seen
    claims: dict[ItemId, Job] = attrs.field(factory=dict)  # the last claim of each
    last_fence: int = 0
    longest: float = 0.0  # L: the largest cost of a job so far, expected or real
    most_in_flight: int = 1  # k
    least_weight: float = 1.0
    largest_weight: float = 1.0
    largest_gap: float = 0.0  # in parts of the bound
    counters: dict[UserId, tuple[float, bool]] = attrs.field(factory=dict)  # and who contended
    waited: dict[UserId, float] = attrs.field(factory=dict)  # service of others since one's turn
    largest_wait: float = 0.0  # in parts of what it may be
    commits: int = 0

    def __attrs_post_init__(self) -> None:
        self.longest = cost_of(self.mode, 0.0)

    def acknowledge(self, key: str, batch: EnqueuedBatch) -> None:
        """Hear that a client was told that its submission is in the queue."""
        before = self.acknowledged.setdefault(key, batch)
        if before != batch:
            raise Broken(f"the submission {key} was answered in two ways")
        self._check_submissions(self.jobs)

    def really_took(self, seconds: float) -> None:
        """Hear how long a runner drew."""
        self.longest = max(self.longest, cost_of(self.mode, seconds))

    def check(self, work: Work, held: Mapping[ItemId, UserId], storage: ImageStorage) -> None:
        """Raise Broken where a promise does not hold.

        Args:
            work: a reading unit of work.
            held: what the runners are drawing, whether it still counts or not, and whose it is.
            storage: where the files of pictures lie.
        """
        self.commits += 1
        jobs = {job.item_id: job for job in work.jobs.list(JobQuery(limit=None)).items}
        # What is not changed is the same object in memory, which is quicker to see than equality.
        changed = [(self.jobs.get(i), j) for i, j in jobs.items() if self.jobs.get(i) is not j]
        if gone := self.jobs.keys() - jobs.keys():
            raise Broken(f"the jobs {sorted(gone)} are lost")
        for before, after in changed:
            self._check_move(before, after)
        if len(jobs) != len(self.jobs):
            self._check_submissions(jobs)
        ended = any(job.status is JobStatus.COMPLETED for _, job in changed)
        if ended or self.commits % RARELY == 0:  # it reads every picture
            self._check_pictures(work, jobs, whole_files(storage))
        flows = work.flows.list_active()
        self._check_charges(work, jobs, changed)
        self._check_counts(work, jobs, flows)
        self._check_shares(work, jobs, flows, held, changed)
        self.jobs = jobs

    def _check_move(self, before: Job | None, after: Job) -> None:
        item_id = after.item_id
        was = before.status if before is not None else after.status
        if was is not after.status and after.status not in MOVES[was]:
            raise Broken(f"job {item_id} went from {was} to {after.status}")
        if before is not None and before.image_names and before.image_names != after.image_names:
            raise Broken(f"job {item_id} has other pictures than it had")
        if after.status is JobStatus.IN_PROGRESS:
            if before is None or before.status is not JobStatus.PENDING:
                raise Broken(f"job {item_id} was claimed twice")
            if after.lease is None or after.lease.fence <= self.last_fence:
                raise Broken(f"job {item_id} was claimed with a fencing number that was given")
            self.last_fence = after.lease.fence
            self.claims[item_id] = after
            self.longest = max(self.longest, after.charged)
        if after.attempts > MAX_ATTEMPTS:
            raise Broken(f"job {item_id} was begun {after.attempts} times")
        if after.status is JobStatus.COMPLETED:
            expected = (result_name(self.claims[item_id]),)
            if after.image_names != expected:
                raise Broken(f"job {item_id} has the pictures of somebody who does not hold it")

    def _check_submissions(self, jobs: Mapping[ItemId, Job]) -> None:
        by_key: dict[str, list[Job]] = defaultdict(list)
        for _, job in sorted(jobs.items()):
            by_key[job.origin or ""].append(job)
        for key, own in by_key.items():
            if len({job.batch_id for job in own}) != 1:
                raise Broken(f"the submission {key} is in the queue twice")
        for key, batch in self.acknowledged.items():
            if [job.item_id for job in by_key[key]] != list(batch.item_ids):
                raise Broken(f"of the submission {key}, which was acknowledged, jobs are missing")

    def _check_pictures(self, work: Work, jobs: Mapping[ItemId, Job], files: Set[str]) -> None:
        query = ImageQuery(scope=ImageScope.VISIBLE, limit=100_000)
        rows = [i.image_name for i in work.images.list_visible(self.administrator, query).items]
        results = [name for job in jobs.values() for name in job.image_names]
        if sorted(rows) != sorted(results) or len(set(rows)) != len(rows):
            raise Broken("the pictures are not those of the completed jobs, each once")
        if missing := set(rows) - files:
            raise Broken(f"the pictures {sorted(missing)} have no files")

    def _check_counts(self, work: Work, jobs: Mapping[ItemId, Job], flows: list[Flow]) -> None:
        pending = Counter(j.owner_id for j in jobs.values() if j.status is JobStatus.PENDING)
        running = Counter(j.owner_id for j in jobs.values() if j.status is JobStatus.IN_PROGRESS)
        seen = {flow.user_id: (flow.pending, flow.in_flight) for flow in flows}
        counted = {u: (pending[u], running[u]) for u in pending.keys() | running.keys()}
        if seen != counted:
            raise Broken(f"the flows count {seen}, and there are {counted}")
        if self.running_cap is not None and max(running.values(), default=0) > self.running_cap:
            raise Broken("somebody runs more jobs at once than they may")
        if self.total_cap is not None and running.total() > self.total_cap:
            raise Broken("more jobs run at once than may")

    def _check_charges(
        self, work: Work, jobs: Mapping[ItemId, Job], changed: list[tuple[Job | None, Job]]
    ) -> None:
        """A counter is what the flow's jobs are charged, or V where the flow contends again."""
        added: Counter[UserId] = Counter()
        for before, after in changed:
            added[after.owner_id] += after.charged - (before.charged if before else 0.0)
            if after.status is JobStatus.PENDING and after.charged:
                raise Broken(f"job {after.item_id} waits, and is charged {after.charged}")
        if self.mode is QueueMode.FIFO:
            return
        reached = attrs.asdict(work.queue.virtual_time())[self.mode.value]
        for user_id in {job.owner_id for job in jobs.values()}:
            flow = work.flows.get(user_id)
            before, contended = self.counters.get(user_id, (0.0, False))
            expected = before + added[user_id] / flow.weight
            if (
                not contended
            ):  # it may contend now, or did for a moment: up to V, which may have grown
                expected = max(expected, min(reached, flow.counter(self.mode)))
            if abs(flow.counter(self.mode) - expected) > EPSILON:
                raise Broken(
                    f"the counter of {user_id} is {flow.counter(self.mode)}, and not {expected}"
                )
            self.counters[user_id] = (flow.counter(self.mode), flow.contends)

    def _check_shares(
        self,
        work: Work,
        jobs: Mapping[ItemId, Job],
        flows: list[Flow],
        held: Mapping[ItemId, UserId],
        changed: list[tuple[Job | None, Job]],
    ) -> None:
        if self.mode is QueueMode.FIFO:
            self._check_order(jobs, flows, changed)
            return
        in_flight = {i: j.owner_id for i, j in jobs.items() if j.status is JobStatus.IN_PROGRESS}
        drawn = Counter((in_flight | dict(held)).values())
        self.most_in_flight = max([self.most_in_flight, *drawn.values()])
        weights = [work.flows.get(flow.user_id).weight for flow in flows]
        self.least_weight = min([self.least_weight, *weights])
        self.largest_weight = max([self.largest_weight, *weights])
        bound, slack = self._bound(work)
        contending = {flow.user_id: flow for flow in flows if flow.contends}
        counters = [flow.counter(self.mode) for flow in contending.values()]
        if counters:
            gap = max(counters) - min(counters)
            self.largest_gap = max(self.largest_gap, gap / max(bound, EPSILON))
            if gap > bound + EPSILON:
                raise Broken(f"counters stand {gap:.3f} apart, and may {bound:.3f}")
        self._check_waits(contending, changed, bound, slack)

    def _bound(self, work: Work) -> tuple[float, float]:
        """Return what the gap may be, and S."""
        known = work.queue.run_seconds([ALL_KINDS]).get(ALL_KINDS)
        slack = slack_of(self.mode, self.slack_seconds, known.mean if known else 0.0)
        if self.mode is QueueMode.ROUND_ROBIN and self.slack_seconds:
            slack = 1.0  # in turns it follows the mean, and is at most one
        k = self.most_in_flight
        factor = 1 + k if self.mode is QueueMode.ROUND_ROBIN else 2 * k
        return slack + factor * self.longest / self.least_weight, slack

    def _check_waits(
        self,
        contending: Mapping[UserId, Flow],
        changed: list[tuple[Job | None, Job]],
        bound: float,
        slack: float,
    ) -> None:
        """Between two turns of a contending flow others get so much service, and no more."""
        served: Counter[UserId] = Counter()
        begun: set[UserId] = set()
        for before, after in changed:
            if before is None:
                continue
            served[after.owner_id] += after.charged - before.charged
            if after.status is JobStatus.IN_PROGRESS:
                begun.add(after.owner_id)
        others = max(len(self.waited) - 1, 1)
        each = self.largest_weight * (bound + slack) + (1 + self.most_in_flight) * self.longest
        for user_id in [*self.waited]:
            if user_id not in contending or user_id in begun:
                del self.waited[user_id]
        for user_id in contending:
            self.waited.setdefault(user_id, 0.0)
            if user_id not in begun:
                self.waited[user_id] += served.total() - served[user_id]
            may = max(others, len(contending) - 1, 1) * each
            self.largest_wait = max(self.largest_wait, self.waited[user_id] / max(may, EPSILON))
            if self.waited[user_id] > may + EPSILON:
                raise Broken(f"{user_id} starves: others got {self.waited[user_id]:.3f} meanwhile")

    def _check_order(
        self,
        jobs: Mapping[ItemId, Job],
        flows: list[Flow],
        changed: list[tuple[Job | None, Job]],
    ) -> None:
        """First come, first served: whoever was served had the oldest job of all who contended."""
        for before, after in changed:
            if before is None or after.status is not JobStatus.IN_PROGRESS:
                continue
            own = [j.item_id for j in self.jobs.values() if _waits(j, {after.owner_id})]
            rivals = {f.user_id for f in flows if f.contends and f.user_id != after.owner_id}
            older = [j.item_id for j in jobs.values() if _waits(j, rivals)]
            if older and min(older) < min(own):
                raise Broken(f"job {after.item_id} went before {min(older)}, which came first")


def _waits(job: Job, owners: Set[UserId]) -> bool:
    return job.status is JobStatus.PENDING and job.owner_id in owners


def whole_files(storage: ImageStorage) -> frozenset[str]:
    """Return the names under which both a picture and its thumbnail are stored."""
    return frozenset(storage.names(Rendition.FULL)) & frozenset(storage.names(Rendition.THUMBNAIL))
