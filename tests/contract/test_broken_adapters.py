from collections.abc import Mapping
from typing import Any

import pytest

from invoke_adapters.memory import MemoryDatabase, MemoryProgressStore
from invoke_core.testing.broken import FAULTS, BrokenDatabase, Fault
from invoke_core.testing.broken.progress import PROGRESS
from invoke_core.testing.progress import ProgressStoreContract
from invoke_core.testing.suites import fails, test_names

_CASES = [
    (suite, name, fault) for suite, faults in FAULTS.items() for name, fault in faults.items()
]


@pytest.mark.parametrize("suite", FAULTS, ids=lambda suite: suite.__name__)
def test_every_claim_has_a_fault(suite: type) -> None:
    assert set(FAULTS[suite]) == test_names(suite)


@pytest.mark.parametrize(
    ("suite", "name", "fault"), _CASES, ids=[f"{s.__name__}-{name}" for s, name, _ in _CASES]
)
def test_each_fault_is_noticed(suite: type, name: str, fault: Fault) -> None:
    def provide() -> Mapping[str, Any]:
        return {
            "database": BrokenDatabase(MemoryDatabase(), fault),
            "impatient": BrokenDatabase(MemoryDatabase(busy_timeout=0.05), fault),
        }

    assert fails(suite, name, provide)


def test_every_claim_on_progress_has_a_fault() -> None:
    assert set(PROGRESS) == test_names(ProgressStoreContract)


@pytest.mark.parametrize("name", PROGRESS)
def test_each_fault_of_progress_is_noticed(name: str) -> None:
    fault = PROGRESS[name]

    assert fails(ProgressStoreContract, name, lambda: {"store": fault(MemoryProgressStore())})
