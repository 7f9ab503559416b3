"""What people do with the catalogue of models."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from invoke_core.domain.audit import AuditAction, Target, difference, facts
from invoke_core.domain.generation import GenerationLimits
from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.model_settings import (
    checked_model_description,
    checked_trigger_phrases,
    require_settings_within,
)
from invoke_core.domain.models import (
    BaseModel,
    BundledModel,
    Model,
    ModelType,
    checked_model_name,
)
from invoke_core.domain.news import Audience, NewsKind
from invoke_core.domain.principals import Principal, require_administrator, require_usable
from invoke_core.errors import Conflict, Invalid, NotFound
from invoke_core.ports.clock import Clock
from invoke_core.ports.model_files import ModelFileStore
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.unit_of_work import Reading, Work, Writing

_TOLD = ("name", "type", "base", "source", "hash")
_CHANGEABLE = ("name", "description", "trigger_phrases", "default_settings")


@attrs.frozen(kw_only=True)
class ModelChanges:
    """What becomes different about a model; None leaves a value as it is."""

    name: str | None = None
    description: str | None = None
    trigger_phrases: tuple[str, ...] | None = None
    default_settings: Mapping[str, Any] | None = None  # by field; None takes a value away


@attrs.frozen
class ModelService:
    """What people do with the catalogue of models."""

    reading: Reading
    writing: Writing
    clock: Clock
    randomness: Randomness
    files: ModelFileStore
    limits: GenerationLimits

    def list(
        self,
        principal: Principal,
        *,
        type: ModelType | None = None,
        bases: Sequence[BaseModel] | None = None,
    ) -> Sequence[Model]:
        """Return the models that may be used, ordered by type, base, name.

        Args:
            principal: who asks.
            type: only what is for this.
            bases: only of these families; None: of all.
        """
        require_usable(principal)
        with self.reading() as work:
            return work.models.list(type=type, bases=bases)

    def get(self, principal: Principal, key: ModelKey) -> Model:
        """Return a model; raise NotFound where no model has this key."""
        require_usable(principal)
        with self.reading() as work:
            return work.models.get(key)

    def add(
        self,
        principal: Principal,
        path: str,
        *,
        type: ModelType,
        base: BaseModel,
        name: str,
        description: str = "",
    ) -> Model:
        """Bring a safetensors file or a diffusers folder into the catalogue, where it lies.

        Nothing is copied. What the model is for and of which family is the caller's to say.

        Args:
            principal: who asks.
            path: absolute, or relative to the root's `models` folder.
            type: what it is for.
            base: the family that it belongs to.
            name: what people call it.
            description: for people.

        Raises:
            Forbidden: the principal is no administrator.
            Conflict: the name is taken in this type and family, or these files are there already.
            NotFound, Unsupported, Invalid, Unavailable: see `ModelFileStore.inspect`.
        """
        require_administrator(principal)
        name = checked_model_name(name)
        description = checked_model_description(description)
        found = self.files.inspect(path, type)
        now = self.clock.now()
        model = Model(
            key=ModelKey(self.randomness.identifier()),
            name=name,
            type=type,
            base=base,
            format=found.format,
            variant=found.variant,
            description=description,
            source=path,
            path=found.path,
            hash=found.hash,
            file_size=found.file_size,
            created_at=now,
            updated_at=now,
        )
        with self.writing() as work:
            for other in work.models.list(type=type, bases=[base]):
                if other.path == model.path:
                    raise Conflict(f"These files are in the catalogue already, as {other.name!r}.")
            work.models.add(model)
            target, told = Target("model", model.key), facts(model, _TOLD)
            work.audit.record(principal, AuditAction.MODEL_ADD, target, at=now, after=told)
            _tell(work, model.key, now)
        return model

    def update(self, principal: Principal, key: ModelKey, changes: ModelChanges) -> Model:
        """Change how a model is called and described, or what a generation takes by default.

        Raises:
            Forbidden: the principal is no administrator.
            NotFound: no model has this key.
            Conflict: the name is another model's of this type and family.
            Invalid: a value is out of range, or the default VAE is unknown or of another family.
        """
        require_administrator(principal)
        with self.writing() as work:
            before = work.models.get(key)
            model = self._changed(before, changes)
            vae = model.default_settings.vae
            if vae is not None and vae != before.default_settings.vae:
                _require_vae(work, vae, model.base)
            if model == before:
                return before
            now = self.clock.now()
            model = attrs.evolve(model, updated_at=now)
            work.models.put(model)
            was, became = difference(before, model, _CHANGEABLE)
            target = Target("model", key)
            work.audit.record(
                principal, AuditAction.MODEL_UPDATE, target, at=now, before=was, after=became
            )
            _tell(work, key, now)
        return model

    def _changed(self, model: Model, changes: ModelChanges) -> Model:
        if changes.name is not None:
            model = attrs.evolve(model, name=checked_model_name(changes.name))
        if changes.description is not None:
            description = checked_model_description(changes.description)
            model = attrs.evolve(model, description=description)
        if changes.trigger_phrases is not None:
            phrases = checked_trigger_phrases(changes.trigger_phrases)
            model = attrs.evolve(model, trigger_phrases=phrases)
        if changes.default_settings is not None:
            settings = attrs.evolve(model.default_settings, **changes.default_settings)
            require_settings_within(self.limits, settings)
            model = attrs.evolve(model, default_settings=settings)
        return model

    def remove(self, principal: Principal, key_or_name: str) -> Model:
        """Take a model out of the catalogue and return what it was.

        Its files stay, as adding had not made them. Waiting jobs that want the model fail with a
        sentence when their turn comes.

        Args:
            principal: who asks.
            key_or_name: the key, or else the name, case ignored.

        Raises:
            Forbidden: the principal is no administrator.
            NotFound: no model has this key or name.
            Conflict: several models have this name: the key tells them apart.
        """
        require_administrator(principal)
        with self.writing() as work:
            model = _one(work.models.list(), key_or_name)
            work.models.remove(model.key)
            now, target, told = self.clock.now(), Target("model", model.key), facts(model, _TOLD)
            work.audit.record(principal, AuditAction.MODEL_REMOVE, target, at=now, before=told)
            _tell(work, model.key, now)
        return model

    def ensure_bundled(self, principal: Principal, bundled: Sequence[BundledModel]) -> None:
        """Bring the program's own models into an empty catalogue, and follow them when they move.

        An upgrade or a moved installation changes where they lie or what they hold. A bundled model that
        an administrator removed does not come back while the catalogue holds another.

        Raises:
            Forbidden: the principal is no administrator.
            NotFound, Unsupported, Invalid, Unavailable: see `ModelFileStore.inspect`.
        """
        require_administrator(principal)
        with self.reading() as work:
            known = {model.key: model for model in work.models.list()}
        wanted = [model for model in bundled if model.key in known or not known]
        for model in wanted:
            before = known.get(model.key)
            if (
                before is None
                or before.source != model.path
                or self.files.has_changed(model.path, before.file_size)
            ):
                self._bring(model)

    def _bring(self, bundled: BundledModel) -> None:
        found = self.files.inspect(bundled.path, bundled.type)
        now = self.clock.now()
        model = Model(
            key=bundled.key,
            name=bundled.name,
            type=bundled.type,
            base=bundled.base,
            format=found.format,
            variant=found.variant,
            description=bundled.description,
            source=bundled.path,
            path=found.path,
            hash=found.hash,
            file_size=found.file_size,
            default_settings=bundled.default_settings,
            created_at=now,
            updated_at=now,
        )
        with self.writing() as work:  # another process may have been here since the reading
            before = next((m for m in work.models.list() if m.key == model.key), None)
            if before is None:
                work.models.add(model)
            else:
                work.models.put(_with_files_of(model, before))
            _tell(work, model.key, now)


def _with_files_of(fresh: Model, before: Model) -> Model:
    """Return the model as people have set it up, with its files as they lie now."""
    return attrs.evolve(
        before,
        format=fresh.format,
        variant=fresh.variant,
        source=fresh.source,
        path=fresh.path,
        hash=fresh.hash,
        file_size=fresh.file_size,
        updated_at=fresh.updated_at,
    )


def _one(models: Sequence[Model], key_or_name: str) -> Model:
    for model in models:
        if model.key == key_or_name:
            return model
    named = [m for m in models if m.name.casefold() == key_or_name.strip().casefold()]
    if not named:
        raise NotFound("model", key_or_name)
    if len(named) > 1:
        raise Conflict(
            f"{len(named)} models are called {key_or_name!r}: give the key of one of them instead."
        )
    return named[0]


def _require_vae(work: Work, key: ModelKey, base: BaseModel) -> None:
    vaes = {model.key for model in work.models.list(type=ModelType.VAE, bases=[base])}
    if key not in vaes:
        raise Invalid(
            f"There is no VAE of the family {base} with the key {str(key)[:100]!r}.",
            field="default_settings.vae",
        )


def _tell(work: Work, key: ModelKey, now: datetime) -> None:
    work.news.tell(NewsKind.MODEL_CHANGED, Audience.everybody(), {"key": key}, now)
