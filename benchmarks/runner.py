"""What the runner makes of a device: `python -m benchmarks.runner`, on a GPU with `--device cuda`.

A bare diffusers loop and the runner draw the same pictures with the same model in one process, turn and turn
about, so that what else the machine does meets both. On a CPU that is the bundled model on one thread; on a
GPU models of the sizes of Stable Diffusion 1.5 and SDXL with random weights, which draw noise in the time of
real ones. Nothing is downloaded.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import attrs
import torch

from benchmarks import full_size
from benchmarks.runner_workloads import (
    Compared,
    Load,
    Place,
    Watched,
    bare_loop,
    cancel_steps,
    compared,
    drawn,
    matmul_teraflops,
    merged,
    studio,
    switch,
)
from invoke_adapters.diffusers import bundled_models, open_runner
from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.models import BaseModel, ModelFormat, SchedulerName
from invoke_core.ports.runner import ModelFiles, RunRequest
from invoke_core.testing.runner import a_request


@attrs.frozen(kw_only=True)
class Overhead:
    """CPU seconds a picture, medians, and what share the runner adds to the bare loop's."""

    bare: float
    runner: float
    added: float  # of the bare loop's time; the median over pairs drawn side by side


def measure(folder: Path, *, pictures: int, steps: int, side: int = 64) -> Overhead:
    """Draw with both, and return what the runner adds.

    Args:
        folder: a Stable Diffusion model.
        pictures: how many pairs.
        steps: of each picture.
        side: of each picture, in pixels.
    """
    bare, ours = _bare_loop(folder), _our_runner(folder)
    request = a_request(
        ModelFiles(
            key=ModelKey("model"),
            base=BaseModel.SD_1,
            format=ModelFormat.DIFFUSERS,
            path=str(folder),
        ),
        steps=steps,
        width=side,
        height=side,
        scheduler=SchedulerName.DDIM,
    )
    assert bare(request) == ours(request), "both draw the same picture, bit for bit"
    pairs = []
    for seed in range(pictures):
        asked = attrs.evolve(request, seed=seed)
        first, second = (bare, ours) if seed % 2 else (ours, bare)
        spent = {first: _cpu_seconds(first, asked), second: _cpu_seconds(second, asked)}
        pairs.append((spent[bare], spent[ours]))
    return Overhead(
        bare=statistics.median(pair[0] for pair in pairs),
        runner=statistics.median(pair[1] for pair in pairs),
        added=statistics.median(pair[1] / pair[0] for pair in pairs) - 1,
    )


def _cpu_seconds(draw: Callable[[RunRequest], bytes], request: RunRequest) -> float:
    began = time.process_time()
    draw(request)
    return time.process_time() - began


def _bare_loop(folder: Path) -> Callable[[RunRequest], bytes]:
    loop = bare_loop(Place(torch.device("cpu"), "float32"), Load(name="model", folder=folder))
    return lambda request: bytes(loop(request).tobytes())


def _our_runner(folder: Path) -> Callable[[RunRequest], bytes]:
    runner = open_runner("cpu", threads=1)

    def draw(request: RunRequest) -> bytes:
        pixels = runner.run([request], lambda step: None, lambda item_id: False)()[0].pixels
        assert pixels is not None
        return pixels.rgb

    return draw


# Floating-point operations of a picture, counted on the published configurations: steps x 2 for guidance x
# the UNet's, and the decoder's.
SD_TERAFLOPS = 20 * 2 * 0.803 + 2.51
SDXL_TERAFLOPS = 30 * 2 * 6.761 + 10.47


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu", help="`cpu`, `cuda` or `cuda:<number>`")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--blocks", type=int, default=5, help="of each side of a comparison")
    parser.add_argument("--pictures", type=int, default=40, help="pairs, for what the runner adds")
    parser.add_argument("--folder", type=Path, help="where models of real size are kept")
    asked = parser.parse_args()
    place = Place(torch.device(asked.device), asked.precision)
    if not place.is_gpu:
        torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        loads = _loads(place, asked.folder or Path(folder))
        print(f"{_name(place)}, PyTorch {torch.__version__}\n")
        if place.is_gpu:
            rate = matmul_teraflops(place)
            print(f"Product of matrices, bfloat16: {rate:.0f} TFLOP/s\n")
        else:
            rate = None
            _print_added(loads[0], asked.pictures)
        for load in loads:
            _print_alone(place, load, asked.blocks, rate)
        _print_merged(place, loads[0], asked.blocks)
        _print_queue(place, loads[0], asked.blocks, rate)
        _print_switch(place, loads[0], Path(folder), asked.blocks)
        print(f"Steps after a cancellation: {cancel_steps(place, loads[0])} (aim: at most 1).")


def _name(place: Place) -> str:
    return torch.cuda.get_device_name(place.device) if place.is_gpu else "CPU, one thread"


def _loads(place: Place, folder: Path) -> Sequence[Load]:
    """Return what is drawn: the bundled model on a CPU, models of real size on a GPU."""
    if not place.is_gpu:
        (model,) = bundled_models()
        return [Load(name="bundled", folder=Path(model.path))]
    sizes = {"sd": full_size.stable_diffusion, "sdxl": full_size.stable_diffusion_xl}
    for name, build in sizes.items():
        if not (folder / name).is_dir():
            full_size.write(build, folder / name, place.device)
    return [
        Load(name="sd", folder=folder / "sd", side=512, cfg_scale=7.5, teraflops=SD_TERAFLOPS),
        Load(
            name="sdxl",
            folder=folder / "sdxl",
            base=BaseModel.SDXL,
            side=1024,
            steps=30,
            cfg_scale=7.5,
            teraflops=SDXL_TERAFLOPS,
        ),
    ]


def _print_added(load: Load, pictures: int) -> None:
    found = measure(load.folder, pictures=pictures, steps=load.steps, side=load.side)
    print(f"| {load.side} x {load.side} pixels, {load.steps} steps | CPU seconds a picture |")
    print("|---|---|")
    print(f"| bare diffusers loop | {found.bare:.4f} |")
    print(f"| runner | {found.runner:.4f} |")
    print(f"\nThe runner adds {100 * found.added:+.1f} % (aim: at most 1 %).\n", flush=True)


def _print_alone(place: Place, load: Load, blocks: int, rate: float | None) -> None:
    """One picture after the other: through the port, and through the queue with files on the disk."""
    bare = bare_loop(place, load)
    count = 4
    print(
        f"| {load.name}, {load.side} x {load.side}, {load.steps} steps, one after the other"
        " | bare loop | ours | gain |"
    )
    print("|---|---|---|---|")
    with closing(place.runner()) as runner:
        found = compared(
            lambda first: [bare(load.request(first + each)) for each in range(count)],
            lambda first: [drawn(runner, [load.request(first + each)]) for each in range(count)],
            place,
            blocks=blocks,
            pictures=count,
        )
        _row("pixels, by the runner's port", found)
        with studio([load], people=1) as own, tempfile.TemporaryDirectory() as folder:
            watched = Watched(place, runner)

            def save(first: int) -> None:
                for each in range(count):
                    bare(load.request(first + each)).save(Path(folder) / f"{each}.png")

            def queued(first: int) -> None:
                own.enqueue(load, count, exact=True)
                own.draw(watched)

            found = compared(save, queued, place, blocks=blocks, pictures=count)
            _row("files, through the queue", found)
            gaps = sorted(watched.gaps())
    if rate and load.teraflops:
        print(f"\n{load.teraflops / found.ours / rate:.0%} of the product of matrices.")
    middle, late = statistics.median(gaps), gaps[int(0.99 * (len(gaps) - 1))]
    print(
        f"\nThe device waits {1000 * middle:.1f} ms between two jobs, {1000 * late:.1f} ms at most.\n",
        flush=True,
    )


def _print_merged(place: Place, load: Load, rounds: int) -> None:
    print(f"| {load.name}: pictures in a batch | seconds a picture | gain |")
    print("|---|---|---|")
    found = merged(place, load, rounds=rounds)
    for rows, seconds in found.items():
        print(f"| {rows} | {seconds:.4f} | {found[1] / seconds:.2f} |")
    print(flush=True)


def _print_queue(place: Place, load: Load, blocks: int, rate: float | None) -> None:
    """Sixteen people at once, with their own prompts, seeds and guidance."""
    bare, count = bare_loop(place, load), 16
    print(f"| {load.name}: {count} people at once, files on the disk | bare loop | ours | gain |")
    print("|---|---|---|---|")
    with (
        closing(place.runner()) as runner,
        studio([load], people=count) as own,
        tempfile.TemporaryDirectory() as folder,
    ):
        watched = Watched(place, runner)

        def save(first: int) -> None:
            for each in range(count):
                bare(load.request(first + each)).save(Path(folder) / f"{each}.png")

        def queued(first: int) -> None:
            own.enqueue(load, count)
            own.draw(watched)

        for _ in range(3):  # what is merged best is learnt meanwhile
            queued(0)
        watched.sizes.clear()
        found = compared(save, queued, place, blocks=blocks, pictures=count)
        _row("mixed prompts and seeds", found)
        sizes = statistics.mean(watched.sizes)
    if rate and load.teraflops:
        print(f"\n{load.teraflops / found.ours / rate:.0%} of the product of matrices.")
    print(f"\n{sizes:.1f} jobs a pass.\n", flush=True)


def _print_switch(place: Place, load: Load, folder: Path, rounds: int) -> None:
    copies = []
    for name in ("one", "two"):
        copies.append(attrs.evolve(load, name=name, folder=folder / name))
        shutil.copytree(load.folder, folder / name)
    found = switch(place, copies, rounds=rounds)
    print(f"| to another model of {found.bytes / 1e6:,.0f} MB | seconds |")
    print("|---|---|")
    print(f"| cold, files in the memory of the system | {found.cold:.3f} |")
    print(f"| warm | {found.warm:.3f} |")
    if found.copy is not None:
        print(f"| a copy of as many bytes from page-locked memory | {found.copy:.3f} |")
    print(flush=True)


def _row(name: str, found: Compared) -> None:
    print(
        f"| {name} | {found.bare:.4f} s | {found.ours:.4f} s"
        f" | {found.gain:.3f} ({found.least:.3f} to {found.most:.3f}) |",
        flush=True,
    )


if __name__ == "__main__":
    main()
