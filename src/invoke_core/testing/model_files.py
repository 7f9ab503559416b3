"""What every store of model files does, and small model files to try it with."""

import json
import pickle
from pathlib import Path

import pytest

from invoke_core.domain.models import ModelFormat, ModelType
from invoke_core.errors import Invalid, NotFound, Unsupported
from invoke_core.ports.model_files import InspectedFiles, ModelFileStore

PICKLED = ("model.ckpt", "model.bin", "model.pt", "model.pth", "model.PKL")


def a_safetensors_file(file: Path, numbers: bytes = b"\0\0\x80\x3f") -> Path:
    """Write one tensor of 32-bit numbers, and return the file."""
    shape = [len(numbers) // 4]
    tensor = {"dtype": "F32", "shape": shape, "data_offsets": [0, len(numbers)]}
    header = json.dumps({"__metadata__": {}, "weight": tensor}).encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(len(header).to_bytes(8, "little") + header + numbers)
    return file


def a_diffusers_folder(folder: Path) -> Path:
    """Write a folder of a model's layout, without a model's content, and return it."""
    index = {
        "_class_name": "StableDiffusionPipeline",
        "scheduler": ["diffusers", "DDIMScheduler"],
        "safety_checker": [None, None],
        "requires_safety_checker": False,
        "unet": ["diffusers", "UNet2DConditionModel"],
    }
    a_safetensors_file(folder / "unet" / "model.safetensors")
    (folder / "scheduler").mkdir()
    (folder / "scheduler" / "scheduler_config.json").write_text("{}")
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


class ModelFileStoreContract:
    """What every store of model files does; a subclass provides two fixtures.

    `models_folder`: a local folder; `store`: over it.
    """

    def test_a_file_is_a_checkpoint(self, store: ModelFileStore, models_folder: Path) -> None:
        file = a_safetensors_file(models_folder / "detail.safetensors")

        found = store.inspect(str(file), ModelType.LORA)

        assert found.format is ModelFormat.CHECKPOINT
        assert found.file_size == file.stat().st_size
        assert found.variant is None

    def test_a_folder_is_in_diffusers_format_and_as_large_as_its_files(
        self, store: ModelFileStore, models_folder: Path
    ) -> None:
        folder = a_diffusers_folder(models_folder / "shapes")

        found = store.inspect(str(folder), ModelType.MAIN)

        assert found.format is ModelFormat.DIFFUSERS
        assert found.file_size == sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())

    def test_what_lies_in_the_models_folder_is_kept_relative_to_it(
        self, store: ModelFileStore, models_folder: Path
    ) -> None:
        a_diffusers_folder(models_folder / "some" / "shapes")

        by_absolute = store.inspect(str(models_folder / "some" / "shapes"), ModelType.MAIN)
        by_relative = store.inspect("some/shapes", ModelType.MAIN)

        assert by_absolute == by_relative
        assert by_absolute.path == "some/shapes"

    def test_what_lies_elsewhere_is_kept_absolute(
        self, store: ModelFileStore, tmp_path: Path
    ) -> None:
        folder = a_diffusers_folder(tmp_path / "elsewhere")

        assert store.inspect(str(folder), ModelType.MAIN).path == str(folder)

    def test_a_copy_has_the_same_hash(self, store: ModelFileStore, models_folder: Path) -> None:
        one, other = (_hash_of(store, a_diffusers_folder(models_folder / n)) for n in ("a", "b"))

        assert one == other
        assert one.startswith("sha256:")

    def test_other_content_has_another_hash(
        self, store: ModelFileStore, models_folder: Path
    ) -> None:
        folder = a_diffusers_folder(models_folder / "shapes")
        before = _hash_of(store, folder)
        a_safetensors_file(folder / "unet" / "model.safetensors", b"\0\0\0\x40")

        assert _hash_of(store, folder) != before

    def test_other_names_have_another_hash(
        self, store: ModelFileStore, models_folder: Path
    ) -> None:
        folder = a_diffusers_folder(models_folder / "shapes")
        before = _hash_of(store, folder)
        (folder / "unet" / "model.safetensors").rename(folder / "unet" / "other.safetensors")

        assert _hash_of(store, folder) != before

    def test_hidden_files_count_as_absent(self, store: ModelFileStore, models_folder: Path) -> None:
        folder = a_diffusers_folder(models_folder / "shapes")
        before = store.inspect(str(folder), ModelType.MAIN)
        (folder / ".cache").mkdir()
        (folder / ".cache" / "half.bin").write_bytes(b"half")

        assert store.inspect(str(folder), ModelType.MAIN) == before

    def test_half_precision_is_known_by_the_names_of_all_weights(
        self, store: ModelFileStore, models_folder: Path
    ) -> None:
        file = a_safetensors_file(models_folder / "model.fp16.safetensors")

        assert store.inspect(str(file), ModelType.LORA).variant == "fp16"

    def test_nothing_there_is_not_found(self, store: ModelFileStore) -> None:
        with pytest.raises(NotFound):
            store.inspect("nowhere", ModelType.MAIN)

    def test_pickles_are_unsupported(self, store: ModelFileStore, models_folder: Path) -> None:
        for name in PICKLED:
            (models_folder / name).write_bytes(pickle.dumps({}))

            with pytest.raises(Unsupported, match="pickle"):
                store.inspect(name, ModelType.LORA)

    def test_a_pickle_beside_the_weights_is_unsupported(
        self, store: ModelFileStore, models_folder: Path
    ) -> None:
        folder = a_diffusers_folder(models_folder / "shapes")
        (folder / "unet" / "model.bin").write_bytes(pickle.dumps({}))

        with pytest.raises(Unsupported, match="pickle"):
            store.inspect(str(folder), ModelType.MAIN)

    def test_a_pickle_by_another_name_is_unsupported(
        self, store: ModelFileStore, models_folder: Path
    ) -> None:
        for content in (
            pickle.dumps({}),
            pickle.dumps(["x" * 1000]),
            b"",
            b"\2" + b"\0" * 7 + b"[]",
        ):
            (models_folder / "model.safetensors").write_bytes(content)

            with pytest.raises(Unsupported):
                store.inspect("model.safetensors", ModelType.LORA)

    def test_other_files_are_unsupported(self, store: ModelFileStore, models_folder: Path) -> None:
        (models_folder / "notes.txt").write_text("no model")

        with pytest.raises(Unsupported):
            store.inspect("notes.txt", ModelType.MAIN)

    def test_weights_that_are_cut_short_are_invalid(
        self, store: ModelFileStore, models_folder: Path
    ) -> None:
        file = a_safetensors_file(models_folder / "model.safetensors", b"\0" * 400)
        whole = file.read_bytes()
        for length in (len(whole) - 1, len(whole) - 400, 30):
            file.write_bytes(whole[:length])

            with pytest.raises(Invalid):
                store.inspect("model.safetensors", ModelType.LORA)

    def test_a_main_folder_without_its_index_is_invalid(
        self, store: ModelFileStore, models_folder: Path
    ) -> None:
        folder = a_diffusers_folder(models_folder / "shapes")
        (folder / "model_index.json").unlink()

        with pytest.raises(Invalid, match="model_index"):
            store.inspect(str(folder), ModelType.MAIN)

    def test_a_main_folder_without_a_part_is_invalid(
        self, store: ModelFileStore, models_folder: Path
    ) -> None:
        folder = a_diffusers_folder(models_folder / "shapes")
        (folder / "scheduler" / "scheduler_config.json").unlink()
        (folder / "scheduler").rmdir()

        with pytest.raises(Invalid, match="scheduler"):
            store.inspect(str(folder), ModelType.MAIN)

    def test_a_folder_without_weights_is_invalid(
        self, store: ModelFileStore, models_folder: Path
    ) -> None:
        (models_folder / "empty").mkdir()

        with pytest.raises(Invalid, match="no safetensors"):
            store.inspect("empty", ModelType.LORA)

    def test_files_that_lie_as_they_were_have_not_changed(
        self, store: ModelFileStore, models_folder: Path
    ) -> None:
        folder = a_diffusers_folder(models_folder / "shapes")
        size = store.inspect(str(folder), ModelType.MAIN).file_size

        assert not store.has_changed(str(folder), size)

    def test_files_of_another_size_or_none_have_changed(
        self, store: ModelFileStore, models_folder: Path
    ) -> None:
        folder = a_diffusers_folder(models_folder / "shapes")
        size = store.inspect(str(folder), ModelType.MAIN).file_size
        (folder / "README.md").write_text("more")

        assert store.has_changed(str(folder), size)
        assert store.has_changed("nowhere", size)


def _hash_of(store: ModelFileStore, folder: Path) -> str:
    found: InspectedFiles = store.inspect(str(folder), ModelType.MAIN)
    return found.hash
