"""How far a pass is, written down beside the drawing, so that the device never waits for it."""

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import attrs

from invoke_core.domain.identifiers import ItemId
from invoke_core.domain.progress import Progress
from invoke_core.errors import InvokeError
from invoke_core.ports.clock import Clock
from invoke_core.ports.imaging import ImageCodec
from invoke_core.ports.progress import ProgressStore
from invoke_core.ports.runner import RunRequest, Step

PROGRESS_SECONDS = 0.25  # between two reports of one job: at most four a second

_log = logging.getLogger("invoke.worker")


class PassReport:
    """What a runner calls after each step of one pass.

    A step that comes while an older one of its job still waits to be written takes its place, but for the
    preview where it has none of its own.
    """

    def __init__(
        self,
        requests: Sequence[RunRequest],
        progress: ProgressStore,
        codec: ImageCodec,
        clock: Clock,
        pool: ThreadPoolExecutor,
    ) -> None:
        """Return the report of a pass whose jobs are at step 0.

        Args:
            requests: of the pass.
            progress: where it is written.
            codec: what makes previews small.
            clock: of the time between two reports.
            pool: of one thread, which writes.
        """
        self._progress = progress
        self._codec = codec
        self._clock = clock
        self._pool = pool
        self._lock = threading.Lock()
        self._newest: dict[ItemId, Step] = {}
        self._last: dict[ItemId, float] = {}
        begin = [Step(item_id=each.item_id, step=0, steps=each.steps) for each in requests]
        with self._lock:  # so that the thread cannot end before its future is known
            self._writing: Future[None] | None = pool.submit(self._write, begin)

    def __call__(self, step: Step) -> None:
        """Let the step be written, unless the last one of its job was a moment ago.

        The last step is always written: whoever finds this worker dead sees what it was drawing.
        """
        now = self._clock.monotonic()
        is_due = now - self._last.get(step.item_id, float("-inf")) >= PROGRESS_SECONDS
        if is_due or step.step >= step.steps:
            self._last[step.item_id] = now
            self._hand_over(step)

    def wait(self) -> None:
        """Return when all that was reported is written."""
        with self._lock:
            writing = self._writing
        if writing is not None:
            writing.result()

    def _hand_over(self, step: Step) -> None:
        with self._lock:
            if self._writing is None:
                self._writing = self._pool.submit(self._write, [step])
            else:
                older = self._newest.get(step.item_id, step)
                preview = step.preview or older.preview
                self._newest[step.item_id] = attrs.evolve(step, preview=preview)

    def _write(self, steps: Sequence[Step]) -> None:
        while steps:
            for step in steps:
                self._put(step)
            with self._lock:
                steps = list(self._newest.values())
                self._newest.clear()
                if not steps:
                    self._writing = None

    def _put(self, step: Step) -> None:
        preview = self._codec.preview(step.preview) if step.preview else None
        progress = Progress(item_id=step.item_id, step=step.step, steps=step.steps, preview=preview)
        try:
            self._progress.put(progress)
        except InvokeError as error:  # a picture is not worth less for it
            _log.warning("The progress of job %d could not be kept: %s", step.item_id, error)
