"""Models in local files and folders."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from invoke_adapters.model_files.weights import refuse_pickle, require_safetensors
from invoke_core.domain.models import ModelFormat, ModelType
from invoke_core.errors import Invalid, NotFound, Unavailable, Unsupported
from invoke_core.ports.model_files import InspectedFiles

SUFFIX = ".safetensors"
INDEX = "model_index.json"


@attrs.frozen
class LocalModelFiles:
    """Files on this host. Links are followed: the hub's own cache consists of them."""

    models_folder: Path  # absolute; need not exist

    def inspect(self, path: str, type: ModelType) -> InspectedFiles:
        """See `ModelFileStore`."""
        place = self._place(path)
        with _readable(place):
            if not place.exists():
                raise NotFound("model file or folder", str(place))
            files = _files(place)
            for file in files:
                refuse_pickle(file)
            weights = [file for file in files if file.suffix == SUFFIX]
            if place.is_file() and not weights:
                raise Unsupported(f"{place.name} is no safetensors file and no diffusers folder.")
            if place.is_dir() and type is ModelType.MAIN:
                _require_parts(place)
            if not weights:
                raise Invalid(f"{place} holds no safetensors weights.")
            for file in weights:
                require_safetensors(file)
            return InspectedFiles(
                path=self._kept(place),
                format=ModelFormat.CHECKPOINT if place.is_file() else ModelFormat.DIFFUSERS,
                variant="fp16" if all(".fp16" in file.name for file in weights) else None,
                hash=_hash(place, files),
                file_size=_size(files),
            )

    def has_changed(self, path: str, file_size: int) -> bool:
        """See `ModelFileStore`."""
        place = self._place(path)
        with _readable(place):
            return not place.exists() or _size(_files(place)) != file_size

    def _place(self, path: str) -> Path:
        return self.models_folder / Path(path).expanduser()  # an absolute path stays what it is

    def _kept(self, place: Path) -> str:
        absolute, models = place.absolute(), self.models_folder.absolute()
        if absolute.is_relative_to(models) and absolute != models:
            return str(absolute.relative_to(models))  # the root folder may move
        return str(absolute)


@contextmanager
def _readable(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"{place} cannot be read: {error.strerror or error}. Check who may read it, and the disk."
        ) from error


def _files(place: Path) -> Sequence[Path]:
    if place.is_file():
        return [place]
    found = [
        file
        for file in place.rglob("*")
        if file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(place).parts)
    ]
    return sorted(found, key=lambda file: file.relative_to(place).as_posix())


def _require_parts(folder: Path) -> None:
    for name in _parts(folder):
        if not (folder / name).is_dir():
            raise Invalid(
                f"{folder} lacks the part {name!r} that its {INDEX} names: download or copy it"
                " again."
            )


def _parts(folder: Path) -> Sequence[str]:
    index = folder / INDEX
    if not index.is_file():
        raise Invalid(f"{folder} has no {INDEX}: it is no main model in diffusers format.")
    try:
        entries: Any = json.loads(index.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Invalid(f"{index} is no JSON: download or copy it again.") from error
    if not isinstance(entries, dict) or "_class_name" not in entries:
        raise Invalid(f"{index} does not say what kind of pipeline it is.")
    # ["library", "Class"] names a part, [null, null] one that this model does without.
    return [
        name
        for name, value in entries.items()
        if isinstance(value, list) and value and value[0] is not None
    ]


def _size(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files)


def _hash(place: Path, files: Sequence[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        name = file.relative_to(place).as_posix() if place.is_dir() else file.name
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        total.update(json.dumps([name, file.stat().st_size, digest]).encode())
    return f"sha256:{total.hexdigest()}"
