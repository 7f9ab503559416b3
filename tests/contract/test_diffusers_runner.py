from collections.abc import Iterator
from pathlib import Path

import pytest

from invoke_adapters.diffusers import open_runner
from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.models import BaseModel, ModelFormat
from invoke_core.ports.runner import ModelFiles, Runner
from invoke_core.testing.runner import RunnerContract
from tests.tiny_models import build_stable_diffusion


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_stable_diffusion(tmp_path_factory.mktemp("models") / "tiny")


class TestDiffusersRunner(RunnerContract):
    @pytest.fixture
    def runner(self) -> Iterator[Runner]:
        runner = open_runner("cpu", threads=1)
        yield runner
        runner.close()

    @pytest.fixture
    def model(self, folder: Path) -> ModelFiles:
        return _files("tiny", folder)

    @pytest.fixture
    def missing_model(self, tmp_path: Path) -> ModelFiles:
        return _files("missing", tmp_path / "missing")


def _files(key: str, path: Path) -> ModelFiles:
    return ModelFiles(
        key=ModelKey(key), base=BaseModel.SD_1, format=ModelFormat.DIFFUSERS, path=str(path)
    )
