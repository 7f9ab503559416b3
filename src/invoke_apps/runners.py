"""Which runner draws: found by name among the installed packages, opened on a device."""

import re
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from importlib.util import find_spec

import attrs

from invoke_apps.settings import Settings
from invoke_core.domain.generation import Generation
from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.queue import DeviceMemory
from invoke_core.errors import Unavailable
from invoke_core.ports.runner import Finish, Report, Runner, RunRequest, ShouldStop

GROUP = "invoke.runners"
# Each entry: open_runner(device: str, *, precision: str, memory: ModelMemory) -> Runner


def open_runner(settings: Settings, device: str) -> Runner:
    """Return the runner that the settings name, on a device.

    Args:
        settings: name, precision, and how much memory its models may take.
        device: such as `cuda:0`, or `auto` for a GPU where there is one, else `cpu`. A number after
            `cpu` only tells workers of one host apart: all of them share its cores.

    Raises:
        Unavailable: no package offers this runner, a part of it is missing, or there is no such device.
    """
    known = {entry.name: entry for entry in entry_points(group=GROUP)}
    if settings.runner not in known:
        names = ", ".join(sorted(known)) or "none"
        raise Unavailable(
            f"There is no runner '{settings.runner}' among the installed packages ({names}): set"
            " `runner` to one of them."
        )
    try:
        opener = known[settings.runner].load()
        if device != "auto":
            place = re.sub(r"^cpu:\d+$", "cpu", device)
            return _opened(opener, settings, place)
        try:
            return _opened(opener, settings, "cuda:0")
        except Unavailable:
            return _opened(opener, settings, "cpu")
    except ImportError as error:
        raise Unavailable(
            f"The runner '{settings.runner}' cannot be loaded because a package is missing"
            f" ({error.name or error}): install invoke-multiuser[{settings.runner}]."
        ) from error


def trouble_with(settings: Settings) -> str | None:
    """Return why the runner that the settings name cannot be there, or None; loads nothing."""
    entry = next((e for e in entry_points(group=GROUP) if e.name == settings.runner), None)
    if entry is None:
        return f"There is no runner '{settings.runner}' among the installed packages."
    if entry.name == "diffusers" and find_spec("torch") is None:
        return "PyTorch is not installed: install invoke-multiuser[diffusers]."
    return None


def _opened(opener: Callable[..., Runner], settings: Settings, place: str) -> Runner:
    return opener(place, precision=settings.precision, memory=settings.model_memory)


@attrs.frozen
class RefusingRunner:
    """Stands in for a runner that cannot be opened: each job fails with the reason, for its owner to see."""

    device: str
    reason: str
    warm_models: frozenset[ModelKey] = frozenset()
    memory: DeviceMemory | None = None

    def batch_size(self, generation: Generation) -> int:
        """Return 1."""
        return 1

    def run(
        self, requests: Sequence[RunRequest], report: Report, should_stop: ShouldStop
    ) -> Finish:
        """Raise Unavailable."""
        raise Unavailable(self.reason)

    def close(self) -> None:
        """Do nothing."""
