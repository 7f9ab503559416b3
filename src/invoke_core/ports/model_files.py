"""The files of models that lie on this host's disks."""

from typing import Protocol

import attrs

from invoke_core.domain.models import ModelFormat, ModelType


@attrs.frozen(kw_only=True)
class InspectedFiles:
    """What was found where a model is said to lie."""

    path: str  # as the catalogue keeps it: relative inside the `models` folder, else absolute
    format: ModelFormat
    variant: str | None  # "fp16" where every weight file says so in its name
    hash: str  # "sha256:…" over the names, sizes and content of its files, ordered by name
    file_size: int  # bytes, all files together


class ModelFileStore(Protocol):
    """Looks at the files of models, and changes none. Slow: never inside a unit of work."""

    def inspect(self, path: str, type: ModelType) -> InspectedFiles:
        """Return what lies there, after reading all of it once.

        Weights are safetensors files, whole ones; a main model in a folder has a `model_index.json` and
        every part that it names. Files and folders whose names begin with a dot count as absent.

        Args:
            path: of one safetensors file or a folder, absolute or relative to the `models` folder.
            type: what the model is to be used for.

        Raises:
            NotFound: nothing lies there.
            Unsupported: it holds weights of another kind, pickles above all, which can run code.
            Invalid: it is incomplete or damaged.
            Unavailable: it cannot be read.
        """

    def has_changed(self, path: str, file_size: int) -> bool:
        """Return whether the files there are gone, or are not of this size together; fast."""
