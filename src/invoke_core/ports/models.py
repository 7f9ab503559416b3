"""What has to be kept of the catalogue."""

from collections.abc import Sequence
from typing import Protocol

from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.models import BaseModel, Model, ModelType


class ModelRepository(Protocol):
    """The catalogue, inside one unit of work."""

    def get(self, key: ModelKey) -> Model:
        """Return the model; raise NotFound where no model has this key."""

    def find(self, key_or_name: str, type: ModelType) -> Model | None:
        """Return the model of this type with this key, else the first by base with this name; or None.

        Case of names is ignored.
        """

    def list(
        self, *, type: ModelType | None = None, bases: Sequence[BaseModel] | None = None
    ) -> Sequence[Model]:
        """Return models ordered by type, base, name (case ignored), key."""

    def add(self, model: Model) -> None:
        """Keep a new model; raise Conflict where its key, or its name in type and base, is taken."""

    def put(self, model: Model) -> None:
        """Replace the model of this key; raise NotFound or, where the name is taken, Conflict."""

    def remove(self, key: ModelKey) -> None:
        """Forget the model; raise NotFound where there is none."""
