"""Makes pictures with diffusers, on a CPU or an NVIDIA GPU.

Importing the package is free: torch and diffusers come with `open_runner`, because the server and
the command line only need to know which models are bundled.
"""

from invoke_adapters.diffusers.bundled import bundled_models
from invoke_core.ports.runner import ModelMemory, Runner

__all__ = ["bundled_models", "open_runner"]


MEASURED = ModelMemory()


def open_runner(
    device: str,
    *,
    precision: str = "auto",
    memory: ModelMemory = MEASURED,
    threads: int | None = None,
) -> Runner:
    """Return a runner on one device; it loads each model when it is first wanted.

    Args:
        device: `cpu`, `cuda` or `cuda:<number>`.
        precision: `auto`, `float32`, `bfloat16` or `float16`; `auto` is float32 on a CPU and
            bfloat16 on a GPU that has it.
        memory: how much of it loaded models may take.
        threads: of the CPU; None: what torch chooses, which heeds `OMP_NUM_THREADS`.

    Raises:
        Invalid: the precision is not one of these.
        Unavailable: there is no such device here, or the package's extra `diffusers` is missing.
    """
    from invoke_adapters.diffusers.runner import open_diffusers_runner  # imports torch: seconds

    return open_diffusers_runner(device, precision=precision, memory=memory, threads=threads)
