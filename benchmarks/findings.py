"""What a control was asked and what came out: one row of a table each."""

from collections.abc import Iterable

import attrs


@attrs.frozen
class Finding:
    """One measured fact about a control."""

    control: str  # such as C5
    what: str
    figure: str
    is_met: bool


def report(findings: Iterable[Finding]) -> int:
    """Print the findings as Markdown, each as soon as it is known; return an exit code."""
    print("| control | what | figure | goal |\n|---|---|---|---|", flush=True)
    missed = 0
    for found in findings:
        missed += not found.is_met
        met = "met" if found.is_met else "**missed**"
        print(f"| {found.control} | {found.what} | {found.figure} | {met} |", flush=True)
    return 1 if missed else 0
