"""Everything that the project measures, in one table: `python -m benchmarks`."""

import argparse
import platform
from pathlib import Path

import torch

from benchmarks import queue, runner, server
from invoke_adapters.diffusers import bundled_models


def main() -> None:
    """Measure, and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="for each kind of request")
    parser.add_argument("--pictures", type=int, default=30, help="pairs of pictures")
    arguments = parser.parse_args()

    print(f"{_processor()}, Python {platform.python_version()}, PyTorch {torch.__version__}\n")
    print("| what | figure |\n|---|---|")
    found = server.measure(arguments.seconds)
    row("start with a new root, to the first answer", f"{found.first_start_seconds:.2f} s")
    row("start with an old root, to the first answer", f"{found.start_seconds:.2f} s")
    row("CPU of that start", f"{found.start_cpu_seconds:.2f} s")
    row("memory of the server process", f"{found.resident_megabytes} MB")
    row("the same after all these requests", f"{found.resident_megabytes_afterwards} MB")
    row("CPU while nobody asks", f"{found.cpu_percent:.1f} % of a core")
    for cost in found.costs:
        figure = f"{cost.cpu_milliseconds:.2f} ms CPU, {cost.per_second:.0f} a second"
        row(f"{cost.name}, one client", figure)
    (decision,) = queue.measure(queue.SIZES[:1])
    figure = (
        f"{decision.claim_cpu:.1f} ms CPU, {decision.claim:.1f} ms;"
        f" a commit of next to nothing: {decision.empty:.1f} ms"
    )
    row(f"a durable claim, {decision.size.pending:,} jobs pending", figure)
    (model,) = bundled_models()
    drawn = runner.measure(Path(model.path), pictures=arguments.pictures, steps=20)
    row("pictures a minute, bare pipeline, one thread", f"{60 / drawn.bare:.0f}")
    row("pictures a minute, our runner, one thread", f"{60 / drawn.runner:.0f}")
    row("what the runner adds (median of pairs)", f"{drawn.added:+.1%}")


def row(what: str, figure: str) -> None:
    """Print one row, as soon as it is known."""
    print(f"| {what} | {figure} |", flush=True)


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} cores, {names[0]}"


if __name__ == "__main__":
    main()
