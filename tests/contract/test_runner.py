import pytest

from invoke_core.domain.identifiers import ModelKey
from invoke_core.ports.runner import ModelFiles
from invoke_core.testing.broken_runners import BROKEN_RUNNERS
from invoke_core.testing.runner import FakeRunner, RunnerContract, a_model_on_disk

MISSING = frozenset({ModelKey("missing")})


class TestFakeRunner(RunnerContract):
    @pytest.fixture
    def runner(self) -> FakeRunner:
        return FakeRunner(missing=MISSING)

    @pytest.fixture
    def model(self) -> ModelFiles:
        return a_model_on_disk()

    @pytest.fixture
    def missing_model(self) -> ModelFiles:
        return a_model_on_disk("missing")


@pytest.mark.parametrize("broken", BROKEN_RUNNERS, ids=lambda broken: broken.__name__)
def test_the_contract_notices_a_broken_runner(broken: type[FakeRunner]) -> None:
    test = getattr(RunnerContract(), BROKEN_RUNNERS[broken])
    given = {
        "runner": broken(missing=MISSING),
        "model": a_model_on_disk(),
        "missing_model": a_model_on_disk("missing"),
    }
    wanted = test.__code__.co_varnames[1 : test.__code__.co_argcount]

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        test(**{name: given[name] for name in wanted})


def test_every_claim_of_the_contract_has_a_runner_that_breaks_it() -> None:
    claims = {name for name in dir(RunnerContract) if name.startswith("test_")}

    assert claims == set(BROKEN_RUNNERS.values())
