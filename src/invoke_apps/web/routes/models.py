"""The catalogue of models."""

from datetime import datetime
from typing import Literal

import attrs
import msgspec
from litestar import Router, get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, UnsetType

from invoke_apps.application import Application
from invoke_apps.web._call import Call
from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.models import BaseModel, Model, ModelFormat, ModelType, SchedulerName
from invoke_core.domain.principals import Principal
from invoke_core.services.models import ModelChanges


@attrs.frozen(kw_only=True)
class DefaultSettingsView:
    """What a generation takes for the values it does not name; null: the server's own default."""

    steps: int | None
    cfg_scale: float | None
    scheduler: SchedulerName | None
    vae: str | None
    width: int | None
    height: int | None


@attrs.frozen(kw_only=True)
class ModelView:
    """A model; `path` and `source` are for administrators, null for others."""

    key: str
    name: str
    type: ModelType
    base: BaseModel
    format: ModelFormat
    variant: str | None
    description: str
    source: str | None
    path: str | None
    hash: str
    file_size: int
    default_settings: DefaultSettingsView
    trigger_phrases: list[str]
    access: Literal["everyone"] = "everyone"
    cover_image: None = None
    usage: None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, model: Model, principal: Principal) -> "ModelView":
        """Return the model as the principal sees it."""
        return cls(
            key=model.key,
            name=model.name,
            type=model.type,
            base=model.base,
            format=model.format,
            variant=model.variant,
            description=model.description,
            source=model.source if principal.is_admin else None,
            path=model.path if principal.is_admin else None,
            hash=model.hash,
            file_size=model.file_size,
            default_settings=DefaultSettingsView(**attrs.asdict(model.default_settings)),
            trigger_phrases=list(model.trigger_phrases),
            created_at=model.created_at,
            updated_at=model.updated_at,
        )


@attrs.frozen(kw_only=True)
class ModelsView:
    """The models that one may use, ordered by type, base and name."""

    models: list[ModelView]


class DefaultSettingsBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which default settings change; null takes one away."""

    steps: int | UnsetType | None = UNSET
    cfg_scale: float | UnsetType | None = UNSET
    scheduler: SchedulerName | UnsetType | None = UNSET
    vae: ModelKey | UnsetType | None = UNSET
    width: int | UnsetType | None = UNSET
    height: int | UnsetType | None = UNSET


class ModelBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to change about a model; null takes a value away."""

    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    trigger_phrases: list[str] | UnsetType | None = UNSET
    default_settings: DefaultSettingsBody | UnsetType | None = UNSET

    def changes(self) -> ModelChanges:
        """Return the changes in the service's words."""
        return ModelChanges(
            name=None if self.name is UNSET else self.name,
            description=None if self.description is UNSET else self.description or "",
            trigger_phrases=(
                None if self.trigger_phrases is UNSET else tuple(self.trigger_phrases or ())
            ),
            default_settings=_settings(self.default_settings),
        )


def _settings(body: DefaultSettingsBody | UnsetType | None) -> dict[str, object] | None:
    if body is UNSET:
        return None
    if body is None:  # away with all of them
        return dict.fromkeys(DefaultSettingsBody.__struct_fields__)
    values = {name: getattr(body, name) for name in body.__struct_fields__}
    return {name: value for name, value in values.items() if value is not UNSET}


@get("/", sync_to_thread=True)
def list_models(
    call: NamedDependency[Call],
    base_models: FromQuery[list[BaseModel] | None] = None,
    model_type: FromQuery[ModelType | None] = None,
) -> ModelsView:
    """List the models that you may use, all or those of some families and one type."""

    def answer(app: Application, principal: Principal) -> ModelsView:
        models = app.models.list(principal, type=model_type, bases=base_models or None)
        return ModelsView(models=[ModelView.of(model, principal) for model in models])

    return call(answer)


@get("/i/{key:str}", sync_to_thread=True)
def get_model(key: FromPath[ModelKey], call: NamedDependency[Call]) -> ModelView:
    """Show one model."""
    return call(lambda app, principal: ModelView.of(app.models.get(principal, key), principal))


@patch("/i/{key:str}", sync_to_thread=True)
def update_model(
    key: FromPath[ModelKey], data: JSONBody[ModelBody], call: NamedDependency[Call]
) -> ModelView:
    """Change a model's name, description, trigger phrases or default settings."""
    return call(
        lambda app, principal: ModelView.of(
            app.models.update(principal, key, data.changes()), principal
        )
    )


router = Router(
    path="/api/v2/models", route_handlers=[list_models, get_model, update_model], tags=["models"]
)
