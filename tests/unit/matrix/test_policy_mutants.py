"""The matrix notices a broken policy: a sample of what `benchmarks.policies` runs whole (control C19)."""

import logging
import threading
import zlib

import pytest

from benchmarks.policies import Coverage, cover, noticed, rows_for
from tests.unit.matrix.mutants import mutants
from tests.unit.matrix.survivors import SURVIVORS
from tests.unit.matrix.world import open_world

EVERY = 23  # one of so many
ENOUGH = ("owner", "reader", "admin", "key_full", "link_holder", "single_user", "must_enroll")
"""Who runs, between them, what any principal runs."""


@pytest.fixture
def quiet():
    logging.disable()  # a broken rule may well end in a fault, which is logged
    yield
    logging.disable(logging.NOTSET)


def in_sample(name: str) -> bool:
    """Return whether it is one of the sample: by its name alone, whatever other mutants there are."""
    return zlib.crc32(name.encode()) % EVERY == 0


def test_a_broken_policy_is_noticed(tmp_path, quiet):
    coverage = Coverage()
    threading.setprofile(coverage.note)  # of the threads that begin from now on
    try:
        with open_world(tmp_path) as world:
            cover(world, coverage, ENOUGH)
            broken = [mutant for mutant in mutants(world) if mutant.name not in SURVIVORS]
            sample = [mutant for mutant in broken if in_sample(mutant.name)]
            unnoticed = [
                mutant.name
                for mutant in sample
                if noticed(world, mutant, rows_for(mutant, coverage)) is None
            ]
    finally:
        threading.setprofile(None)

    assert unnoticed == []
    assert len(broken) > 300
    assert len(sample) > 10


def test_every_survivor_is_a_mutant(world):
    names = {mutant.name for mutant in mutants(world)}

    assert set(SURVIVORS) <= names
