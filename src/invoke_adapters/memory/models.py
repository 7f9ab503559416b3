"""The catalogue in dictionaries."""

from collections.abc import Sequence

import attrs

from invoke_adapters.memory.state import State
from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.models import BaseModel, Model, ModelType
from invoke_core.errors import Conflict, NotFound


@attrs.frozen
class MemoryModelRepository:
    """See `ModelRepository`."""

    state: State

    def get(self, key: ModelKey) -> Model:
        """Return the model."""
        if key not in self.state.models:
            raise NotFound("model", key)
        return self.state.models[key]

    def find(self, key_or_name: str, type: ModelType) -> Model | None:
        """Return the model of this type with this key, else the first by base with this name."""
        of_type = self.list(type=type)
        by_key = [model for model in of_type if model.key == key_or_name]
        by_name = [m for m in of_type if m.name.casefold() == key_or_name.casefold()]
        return next(iter(by_key + by_name), None)

    def list(
        self, *, type: ModelType | None = None, bases: Sequence[BaseModel] | None = None
    ) -> Sequence[Model]:
        """Return models ordered by type, base, name (case ignored), key."""
        found = [
            model
            for model in self.state.models.values()
            if (type is None or model.type is type) and (bases is None or model.base in bases)
        ]
        return sorted(found, key=lambda m: (m.type, m.base, m.name.casefold(), m.key))

    def add(self, model: Model) -> None:
        """Keep a new model."""
        if model.key in self.state.models:
            raise Conflict(f"There is a model {model.key!r} already.")
        self._keep(model)

    def put(self, model: Model) -> None:
        """Replace the model of this key."""
        self.get(model.key)
        self._keep(model)

    def _keep(self, model: Model) -> None:
        for other in self.list(type=model.type, bases=[model.base]):
            if other.key != model.key and other.name.casefold() == model.name.casefold():
                raise Conflict(
                    f"There is a {model.base} {model.type} model {model.name!r} already."
                )
        self.state.models[model.key] = model

    def remove(self, key: ModelKey) -> None:
        """Forget the model."""
        self.get(key)
        del self.state.models[key]
