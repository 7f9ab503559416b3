import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from invoke_adapters.model_files import LocalModelFiles
from invoke_core.domain.models import ModelFormat, ModelType
from invoke_core.errors import Invalid, NotFound, Unavailable, Unsupported
from invoke_core.ports.model_files import InspectedFiles, ModelFileStore
from invoke_core.testing.model_files import ModelFileStoreContract, a_safetensors_file
from invoke_core.testing.suites import failing_tests, test_names


class TestLocalModelFiles(ModelFileStoreContract):
    @pytest.fixture
    def models_folder(self, tmp_path: Path) -> Path:
        (tmp_path / "models").mkdir()
        return tmp_path / "models"

    @pytest.fixture
    def store(self, models_folder: Path) -> ModelFileStore:
        return LocalModelFiles(models_folder)

    def test_links_are_followed(self, store: ModelFileStore, models_folder: Path) -> None:
        a_safetensors_file(models_folder / "blob")
        (models_folder / "link.safetensors").symlink_to(models_folder / "blob")

        assert store.inspect("link.safetensors", ModelType.LORA).path == "link.safetensors"

    def test_what_cannot_be_read_says_so(
        self, store: ModelFileStore, models_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        a_safetensors_file(models_folder / "model.safetensors")

        def refused(*anything: Any) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refused)

        with pytest.raises(Unavailable, match="Permission denied"):
            store.inspect("model.safetensors", ModelType.LORA)


Change = Callable[[InspectedFiles, Path], InspectedFiles]


@attrs.frozen
class Broken(LocalModelFiles):
    """Right, but for what a fault changes in the answer or lets pass."""

    change: Change = lambda found, place: found
    passes: type[Exception] | None = None
    passes_words: str = ""
    says_changed: bool | None = None

    def inspect(self, path: str, type: ModelType) -> InspectedFiles:
        try:
            found = super().inspect(path, type)
        except (Invalid, NotFound, Unsupported) as error:
            if self.passes is None or not isinstance(error, self.passes):
                raise
            if self.passes_words not in f"{error} {path}":
                raise
            return InspectedFiles(
                path=path, format=ModelFormat.CHECKPOINT, variant=None, hash="sha256:", file_size=1
            )
        return self.change(found, self.models_folder / path)

    def has_changed(self, path: str, file_size: int) -> bool:
        if self.says_changed is not None:
            return self.says_changed
        return super().has_changed(path, file_size)


def _hidden(found: InspectedFiles, place: Path) -> InspectedFiles:
    hidden = sum(1 for file in place.rglob(".*"))
    return attrs.evolve(found, file_size=found.file_size + hidden)


def _as(**values: Any) -> Mapping[str, Any]:
    return {"change": lambda found, place: attrs.evolve(found, **values)}


FAULTS: Mapping[str, Mapping[str, Any]] = {
    "test_a_file_is_a_checkpoint": _as(format=ModelFormat.DIFFUSERS),
    "test_a_folder_is_in_diffusers_format_and_as_large_as_its_files": _as(file_size=7),
    "test_what_lies_in_the_models_folder_is_kept_relative_to_it": {
        "change": lambda found, place: attrs.evolve(found, path=str(place))
    },
    "test_what_lies_elsewhere_is_kept_absolute": {
        "change": lambda found, place: attrs.evolve(found, path=found.path.removeprefix("/"))
    },
    "test_a_copy_has_the_same_hash": {
        "change": lambda found, place: attrs.evolve(found, hash=f"sha256:{place}{found.hash}")
    },
    "test_other_content_has_another_hash": {
        "change": lambda found, place: attrs.evolve(
            found, hash=f"sha256:{sorted(file.name for file in place.rglob('*'))}"
        )
    },
    "test_other_names_have_another_hash": {
        "change": lambda found, place: attrs.evolve(
            found,
            hash=f"sha256:{sorted(f.read_bytes() for f in place.rglob('*') if f.is_file())}",
        )
    },
    "test_hidden_files_count_as_absent": {"change": _hidden},
    "test_half_precision_is_known_by_the_names_of_all_weights": _as(variant=None),
    "test_nothing_there_is_not_found": {"passes": NotFound},
    "test_pickles_are_unsupported": {"passes": Unsupported, "passes_words": "ckpt"},
    "test_a_pickle_beside_the_weights_is_unsupported": {
        "passes": Unsupported,
        "passes_words": "shapes",
    },
    "test_a_pickle_by_another_name_is_unsupported": {
        "passes": Unsupported,
        "passes_words": "is no safetensors file. model.safetensors",
    },
    "test_other_files_are_unsupported": {"passes": Unsupported, "passes_words": "notes.txt"},
    "test_weights_that_are_cut_short_are_invalid": {"passes": Invalid, "passes_words": "cut"},
    "test_a_main_folder_without_its_index_is_invalid": {
        "passes": Invalid,
        "passes_words": "has no model_index",
    },
    "test_a_main_folder_without_a_part_is_invalid": {"passes": Invalid, "passes_words": "lacks"},
    "test_a_folder_without_weights_is_invalid": {"passes": Invalid, "passes_words": "weights"},
    "test_files_that_lie_as_they_were_have_not_changed": {"says_changed": True},
    "test_files_of_another_size_or_none_have_changed": {"says_changed": False},
}


def test_every_claim_has_its_fault() -> None:
    assert set(FAULTS) == test_names(ModelFileStoreContract)


@pytest.mark.parametrize("claim", FAULTS)
def test_a_store_that_is_broken_on_purpose_fails_its_claim(claim: str, tmp_path: Path) -> None:
    def provide() -> Mapping[str, Any]:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        (folder / "models").mkdir()
        return {
            "store": Broken(folder / "models", **FAULTS[claim]),
            "models_folder": folder / "models",
            "tmp_path": folder,
        }

    assert claim in failing_tests(ModelFileStoreContract, provide)
    shutil.rmtree(tmp_path)
