"""What the runner makes of a device, side by side with a bare diffusers loop; see `benchmarks.runner`."""

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import torch
from diffusers import DDIMScheduler, DiffusionPipeline, EulerDiscreteScheduler

from invoke_adapters.diffusers.runner import DiffusersRunner, open_diffusers_runner
from invoke_apps.application import Application
from invoke_apps.composition import build
from invoke_apps.settings import Settings
from invoke_apps.worker import run_until_idle
from invoke_core.domain.fairness import QueueMode
from invoke_core.domain.generation import Generation, GenerationWish
from invoke_core.domain.identifiers import ItemId, ModelKey
from invoke_core.domain.models import BaseModel, ModelFormat, ModelType, SchedulerName
from invoke_core.domain.principals import Principal, host_principal
from invoke_core.domain.queue import BatchWish, DeviceMemory
from invoke_core.domain.sessions import acting_as
from invoke_core.ports.runner import (
    Finish,
    ModelFiles,
    ModelMemory,
    Report,
    RunRequest,
    ShouldStop,
)
from invoke_core.testing.runner import a_request
from tests.never_learns import NeverLearns

SCHEDULERS = {SchedulerName.DDIM: DDIMScheduler, SchedulerName.EULER: EulerDiscreteScheduler}
WORDS = ("red", "blue", "green", "black", "white", "pink", "brown", "grey")


@attrs.frozen(kw_only=True)
class Load:
    """A model, and the pictures that are asked of it."""

    name: str
    folder: Path
    base: BaseModel = BaseModel.SD_1
    side: int = 64  # pixels
    steps: int = 20
    cfg_scale: float = 3.0
    teraflops: float | None = None  # for one picture; None: not counted

    @property
    def files(self) -> ModelFiles:
        """Return the model as the runner is given it."""
        return ModelFiles(
            key=ModelKey(self.name),
            base=self.base,
            format=ModelFormat.DIFFUSERS,
            path=str(self.folder),
        )

    def request(self, number: int) -> RunRequest:
        """Return one of many pictures, each with a prompt and a seed of its own."""
        return a_request(
            self.files,
            item_id=number + 1,
            prompt=f"a {WORDS[number % len(WORDS)]} circle on a white background, {number}",
            width=self.side,
            height=self.side,
            steps=self.steps,
            cfg_scale=self.cfg_scale,
            scheduler=SchedulerName.DDIM,
            seed=number,
        )


@attrs.frozen
class Place:
    """A device, and how time on it is taken."""

    device: torch.device
    precision: str  # as the setting

    @property
    def is_gpu(self) -> bool:
        """Return whether work is given to it and done later."""
        return self.device.type == "cuda"

    @property
    def dtype(self) -> torch.dtype:
        """Return the format of a bare loop's numbers."""
        return torch.bfloat16 if self.is_gpu else torch.float32

    def wait(self) -> None:
        """Return when the device has done all that it was given."""
        if self.is_gpu:
            torch.cuda.synchronize(self.device)

    def seconds(self, work: Callable[[], object]) -> float:
        """Return how long the work takes."""
        self.wait()
        began = time.perf_counter()
        work()
        self.wait()
        return time.perf_counter() - began

    def runner(self, memory: ModelMemory | None = None) -> DiffusersRunner:
        """Return a new runner on it, with one thread of a CPU."""
        return open_diffusers_runner(
            str(self.device), precision=self.precision, memory=memory or ModelMemory(), threads=1
        )


def bare_loop(place: Place, load: Load) -> Callable[[RunRequest], Any]:
    """Return a plain pipeline of diffusers, tuned as its documentation says and no further."""
    pipeline: Any = DiffusionPipeline.from_pretrained(
        load.folder, dtype=place.dtype, local_files_only=True, use_safetensors=True
    )
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.to(place.device)

    def draw(request: RunRequest) -> Any:
        return pipeline(
            request.prompt,
            negative_prompt=request.negative_prompt,
            width=request.width,
            height=request.height,
            num_inference_steps=request.steps,
            guidance_scale=request.cfg_scale,
            generator=torch.Generator("cpu").manual_seed(request.seed),
        ).images[0]

    return draw


def drawn(runner: DiffusersRunner, requests: Sequence[RunRequest]) -> None:
    """Draw pictures in one pass, and wait for them."""
    runner.run(requests, lambda step: None, lambda item_id: False)()


@attrs.frozen
class Compared:
    """Seconds a picture of two sides, medians over blocks, and the median of each block's ratio."""

    bare: float
    ours: float
    gain: float  # bare / ours
    least: float  # the smallest and the largest ratio of a block
    most: float


def compared(
    bare: Callable[[int], object],
    ours: Callable[[int], object],
    place: Place,
    *,
    blocks: int,
    pictures: int,
) -> Compared:
    """Let both sides draw blocks of pictures by turns: A B, B A, A B, and so on.

    Args:
        bare: draws a block; it is told the number of the first picture.
        ours: the same.
        place: where.
        blocks: of each side.
        pictures: in a block.
    """
    bare(0), ours(0)  # whatever is loaded, compiled or learnt at first
    pairs = []
    for block in range(blocks):
        first = (block + 1) * pictures
        sides = (bare, ours) if block % 2 == 0 else (ours, bare)
        took = {side: place.seconds(partial(side, first)) / pictures for side in sides}
        pairs.append((took[bare], took[ours]))
    ratios = [one / other for one, other in pairs]
    return Compared(
        bare=statistics.median(one for one, _ in pairs),
        ours=statistics.median(other for _, other in pairs),
        gain=statistics.median(ratios),
        least=min(ratios),
        most=max(ratios),
    )


def merged(place: Place, load: Load, *, rounds: int) -> dict[int, float]:
    """Return the seconds of a picture by how many are drawn as one batch; by turns."""
    found: dict[int, list[float]] = {rows: [] for rows in (1, 2, 4, 8)}
    with closing(place.runner()) as runner:
        runner.costs = NeverLearns()
        drawn(runner, [load.request(0)])
        for turn in range(rounds):
            for rows in found if turn % 2 == 0 else reversed(found):
                requests = [load.request(8 * turn + row) for row in range(rows)]
                took = place.seconds(partial(drawn, runner, requests))
                found[rows].append(took / rows)
    return {rows: statistics.median(took) for rows, took in found.items()}


@attrs.frozen
class Switch:
    """Seconds until a model that was not on the device has drawn, less those of drawing."""

    bytes: int
    cold: float  # from the disk, whose pages may be in memory
    warm: float  # from the shelf in the computer's memory, or where it lies
    copy: float | None  # what a copy of so many bytes takes from page-locked memory; None: no GPU


def switch(place: Place, loads: Sequence[Load], *, rounds: int) -> Switch:
    """Return what it costs to go from one model to another that does not fit beside it."""
    cold, warm, alone = [], [], []
    requests = [attrs.evolve(load.request(0), steps=1) for load in loads]
    with closing(place.runner()) as runner:
        drawn(runner, requests[:1])
        size = next(iter(runner.cache.held().values())).device_bytes
    memory = ModelMemory(vram=int(1.5 * size)) if place.is_gpu else ModelMemory()
    for _ in range(rounds):
        with closing(place.runner(memory)) as runner:
            for request in requests:
                cold.append(place.seconds(partial(drawn, runner, [request])))
            for request in [*requests, *requests]:
                warm.append(place.seconds(partial(drawn, runner, [request])))
                alone.append(place.seconds(partial(drawn, runner, [request])))
    once = statistics.median(alone)
    return Switch(
        bytes=size,
        cold=statistics.median(cold) - once,
        warm=statistics.median(warm) - once,
        copy=size / _copied_per_second(place) if place.is_gpu else None,
    )


def _copied_per_second(place: Place) -> float:
    """Return the bytes a second that a copy from page-locked memory reaches."""
    there = torch.empty(2**30, dtype=torch.uint8, pin_memory=True)
    here = torch.empty(2**30, dtype=torch.uint8, device=place.device)
    return 2**30 / min(place.seconds(lambda: here.copy_(there, True)) for _ in range(5))


def matmul_teraflops(place: Place) -> float:
    """Return what the device reaches in the product of random matrices of 8192 x 8192 in bfloat16."""
    side = 8192
    one, other = (
        torch.randn((side, side), device=place.device, dtype=torch.bfloat16) for _ in range(2)
    )
    took = [place.seconds(lambda: one @ other) for _ in range(30)]
    return float(2 * side**3 / statistics.median(took[10:]) / 1e12)


class Watched:
    """A runner whose device is watched: how long it has nothing to do between two passes."""

    def __init__(self, place: Place, runner: DiffusersRunner) -> None:
        self._place = place
        self._runner = runner
        self._begins: list[list[Any]] = []  # of the passes of each time that a queue was drawn
        self._ends: list[list[Any]] = []
        self.sizes: list[int] = []  # of the passes

    @property
    def device(self) -> str:
        """Return the runner's."""
        return self._runner.device

    @property
    def memory(self) -> DeviceMemory | None:
        """Return the runner's."""
        return self._runner.memory

    @property
    def warm_models(self) -> frozenset[ModelKey]:
        """Return the runner's."""
        return self._runner.warm_models

    def batch_size(self, generation: Generation) -> int:
        """Return the runner's."""
        return self._runner.batch_size(generation)

    def run(
        self, requests: Sequence[RunRequest], report: Report, should_stop: ShouldStop
    ) -> Finish:
        """Run, and note when the device began and ended."""
        self._begins[-1].append(self._now())
        self.sizes.append(len(requests))
        finish = self._runner.run(requests, report, should_stop)
        self._ends[-1].append(self._now())
        return finish

    def begin(self) -> None:
        """A queue begins to be drawn: what was before it is no gap."""
        self._begins.append([])
        self._ends.append([])

    def close(self) -> None:
        """Leave it open: it is the caller's."""

    def gaps(self) -> list[float]:
        """Return the seconds between the end of a pass and the beginning of the next one."""
        self._place.wait()
        pairs = [
            pair
            for begins, ends in zip(self._begins, self._ends, strict=True)
            for pair in zip(ends, begins[1:], strict=False)
        ]
        if self._place.is_gpu:
            return [float(end.elapsed_time(begin)) / 1000 for end, begin in pairs]
        return [begin - end for end, begin in pairs]

    def _now(self) -> Any:
        if not self._place.is_gpu:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event


class Studio:
    """A server without HTTP: people, their queue on SQLite, and the runner that draws for them."""

    def __init__(self, app: Application, loads: Sequence[Load], people: int) -> None:
        host = host_principal("benchmark")
        known = {model.path: model.key for model in app.models.list(host)}
        self._keys = {
            load.name: known.get(str(load.folder.resolve()))
            or app.models.add(
                host,
                str(load.folder.resolve()),
                type=ModelType.MAIN,
                base=load.base,
                name=load.name,
            ).key
            for load in loads
        }
        self.app = app
        self.people: list[Principal] = [
            acting_as(
                app.users.create(host, email=f"p{number}@example.com", password="Shapes4All").user
            )
            for number in range(people)
        ]
        self._numbers = itertools.count()

    def enqueue(self, load: Load, count: int, **changes: Any) -> None:
        """Let everybody in turn ask for a picture."""
        for place in range(count):
            number = next(self._numbers)
            request = load.request(number)
            wish = GenerationWish(
                model=self._keys[load.name],
                prompt=request.prompt,
                width=request.width,
                height=request.height,
                steps=request.steps,
                cfg_scale=request.cfg_scale,
                scheduler=request.scheduler,
                seed=request.seed,
            )
            wish = attrs.evolve(wish, **changes)
            who = self.people[place % len(self.people)]
            self.app.queue.enqueue(who, BatchWish(generation=wish))

    def draw(self, watched: Watched) -> None:
        """Draw and store all that waits."""
        watched.begin()
        run_until_idle(self.app, watched)


@contextmanager
def studio(
    loads: Sequence[Load], people: int, *, slack_seconds: float | None = None
) -> Iterator[Studio]:
    """Open a server's services on a new folder."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            root=Path(folder),
            multiuser=True,
            session_queue_mode=QueueMode.FAIR_SHARE,
            queue_slack_seconds=slack_seconds,
            bcrypt_rounds=4,
        )
        with build(settings) as app:
            yield Studio(app, loads, people)


def cancel_steps(place: Place, load: Load) -> int:
    """Return how many steps the device does after it was told to stop, at the third one."""
    done: list[int] = []
    with closing(place.runner()) as runner:
        request = attrs.evolve(load.request(0), steps=max(10, load.steps))
        runner.run(
            [request],
            lambda step: done.append(step.step),
            lambda item_id: bool(done) and done[-1] >= 3 and item_id == ItemId(1),
        )()
    return len(done) - 3
