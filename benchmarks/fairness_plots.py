"""The figures of the documentation, as SVG."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

COLORS = {"FIFO": "#b8860b", "round_robin": "#4477aa", "fair_share": "#117733"}
_service: dict[str, tuple[list[tuple[float, float]], list[tuple[float, float]]]] = {}
_waits: dict[str, Sequence[float]] = {}
_slack: dict[str, tuple[Sequence[float], Sequence[float]]] = {}

Curve = list[tuple[float, float]]  # hours, GPU-minutes


def remember(policy: str, curves: Mapping[Any, Curve], heavy: object) -> None:
    """Keep what the heavy person and the one in the middle of the others got."""
    others = [curve for user_id, curve in curves.items() if user_id != heavy]
    middle = sorted(others, key=lambda curve: curve[-1][1])[len(others) // 2] if others else []
    _service[policy] = (curves.get(heavy, []), middle)


def remember_waits(policy: str, waits: Sequence[float]) -> None:
    """Keep the waits of a day."""
    _waits[policy] = sorted(waits)


def draw_service(folder: Path) -> None:
    """Draw what the heavy person and a light one got, under each policy."""
    figure, axes = _figure(len(_service))
    for axis, (policy, (heavy, light)) in zip(axes, _service.items(), strict=True):
        for curve, name, style in ((heavy, "jobs of 90 s", "-"), (light, "jobs of 4 s", "--")):
            points = [(0.0, 0.0), *curve]
            hours = [seconds / 3600 for seconds, _ in points]
            minutes = [service / 60 for _, service in points]
            axis.plot(hours, minutes, style, color=COLORS[policy], label=name)
        axis.set_title(policy)
        axis.set_xlabel("hours")
        axis.legend(frameon=False)
    axes[0].set_ylabel("GPU-minutes of one person")
    _save(figure, folder / "fairness-service.svg")


def draw_waits(folder: Path) -> None:
    """Draw how long people waited who wanted little."""
    figure, (axis,) = _figure(1)
    for policy, waits in _waits.items():
        parts = [(place + 1) / len(waits) for place in range(len(waits))]
        thin = max(1, len(waits) // 500)
        seconds = [max(1.0, wait) for wait in waits]
        axis.plot(seconds[::thin], parts[::thin], color=COLORS[policy], label=policy)
    axis.set_xscale("log")
    axis.set_xlabel("seconds until a job starts (1 and less at the left edge)")
    axis.set_ylabel("part of the jobs")
    axis.legend(frameon=False)
    _save(figure, folder / "fairness-waits.svg")


def draw_slack(folder: Path, policy: str, slacks: Sequence[float], useful: Sequence[float]) -> None:
    """Draw the part of the time in which pictures are drawn, by the slack."""
    _slack[policy] = (slacks, useful)
    figure, (axis,) = _figure(1)
    for name, (seconds, parts) in _slack.items():
        policy, _, waiting = name.partition(", ")
        style = "o-" if waiting == "at most 8" else "o:"
        axis.plot(seconds, parts, style, color=COLORS[policy], label=f"{policy}, {waiting} waiting")
    axis.set_ylim(0, 1)
    axis.set_xlabel("S, seconds")
    axis.set_ylabel("useful part of the GPU's time")
    axis.legend(frameon=False)
    _save(figure, folder / "fairness-slack.svg")


def draw_calibration(folder: Path, points: Sequence[tuple[float, float]]) -> None:
    """Draw shown against real waits, seconds."""
    figure, (axis,) = _figure(1)
    thin = max(1, len(points) // 800)
    shown, real = zip(*points[::thin], strict=True)
    axis.plot(shown, real, ".", markersize=3, color=COLORS["fair_share"], alpha=0.5)
    most = max(*shown, *real)
    axis.plot([1, most], [1, most], color="#888888", linewidth=1)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlabel("wait that was shown, seconds")
    axis.set_ylabel("wait that it was, seconds")
    _save(figure, folder / "expected-wait.svg")


def _figure(columns: int) -> tuple[Any, Sequence[Any]]:
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "invoke"  # the same picture for the same figures
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        1, columns, figsize=(3.2 * columns + 1.8, 3.2), squeeze=False, layout="constrained"
    )
    return figure, axes[0]


def _save(figure: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    figure.clear()
