"""The catalogue in SQL."""

from collections.abc import Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from invoke_adapters.sql import schema
from invoke_adapters.sql.errors import attempt
from invoke_adapters.sql.mapping import KEY, Mapper
from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.models import BaseModel, Model, ModelType
from invoke_core.errors import Conflict, NotFound

MODELS = Mapper(Model, schema.models, "key")
_models = schema.models.c

_is_key = _models.key == sa.bindparam("key")
_FIND = (
    MODELS.select.where(
        _models.type == sa.bindparam("type"),
        sa.or_(_is_key, _models.folded_name == sa.bindparam("name")),
    )
    .order_by(_is_key.desc(), _models.base)
    .limit(1)
)


@attrs.frozen
class SqlModelRepository:
    """See `ModelRepository`."""

    connection: sa.Connection

    def get(self, key: ModelKey) -> Model:
        """Return the model."""
        model = MODELS.find(self.connection, key)
        if model is None:
            raise NotFound("model", key)
        return model

    def find(self, key_or_name: str, type: ModelType) -> Model | None:
        """Return the model of this type with this key, else the first by base with this name."""
        wanted = {"key": key_or_name, "name": key_or_name.casefold(), "type": type}
        row = self.connection.execute(_FIND, wanted).first()
        return None if row is None else MODELS.value(row)

    def list(
        self, *, type: ModelType | None = None, bases: Sequence[BaseModel] | None = None
    ) -> Sequence[Model]:
        """Return models ordered by type, base, name (case ignored), key."""
        query = MODELS.select
        if type is not None:
            query = query.where(_models.type == type)
        if bases is not None:
            query = query.where(_models.base.in_(bases))
        order = (_models.type, _models.base, _models.folded_name, _models.key)
        return MODELS.all(self.connection, query.order_by(*order))

    def add(self, model: Model) -> None:
        """Keep a new model."""
        try:
            with attempt(self.connection):
                self.connection.execute(MODELS.insert, _row(model))
        except sa.exc.IntegrityError as error:
            raise _taken(model) from error

    def put(self, model: Model) -> None:
        """Replace the model of this key."""
        try:
            with attempt(self.connection):
                changed = MODELS.put(self.connection, _row(model))
        except sa.exc.IntegrityError as error:
            raise _taken(model) from error
        if not changed:
            raise NotFound("model", model.key)

    def remove(self, key: ModelKey) -> None:
        """Forget the model."""
        if not self.connection.execute(MODELS.delete, {KEY: key}).rowcount:
            raise NotFound("model", key)


def _row(model: Model) -> dict[str, Any]:
    return {**MODELS.row(model), "folded_name": model.name.casefold()}


def _taken(model: Model) -> Conflict:
    return Conflict(
        f"There is a {model.base} {model.type} model {model.name!r} already, or one of its key."
    )
