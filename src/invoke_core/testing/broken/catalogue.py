"""Ways to keep the catalogue wrongly."""

from collections.abc import Mapping
from typing import Any

from invoke_core.domain.models import DefaultSettings
from invoke_core.errors import Conflict, NotFound
from invoke_core.testing.broken.faults import (
    Fault,
    after,
    backwards,
    evolved,
    forgiving,
    returning,
)


def _no_settings(model: Any) -> Any:
    return evolved(default_settings=DefaultSettings())(model)


def _some_settings(model: Any) -> Any:
    settings = model.default_settings
    return evolved(default_settings=evolved(steps=settings.steps or 30)(settings))(model)


def _by_name_first(work: Any, real: Any, key_or_name: Any, type: Any) -> Any:
    of_type = work.models.list(type=type)
    named = [m for m in of_type if m.name == key_or_name]
    return named[0] if named else real(key_or_name, type)


def _minds_case(work: Any, real: Any, key_or_name: Any, type: Any) -> Any:
    found = real(key_or_name, type)
    return found if found is not None and key_or_name in {found.key, found.name} else None


def _of_any_type(work: Any, real: Any, key_or_name: Any, type: Any) -> Any:
    return next((m for m in work.models.list() if key_or_name in {m.key, m.name}), None)


def _empty_is_every(work: Any, real: Any, *, type: Any = None, bases: Any = None) -> Any:
    return real(type=type, bases=bases or None)


def _unique_by_exact_name(work: Any, real: Any, model: Any) -> None:
    try:
        real(model)
    except Conflict:
        same = [m for m in work.models.list() if m.key == model.key or m.name == model.name]
        if same:
            raise


def _adds_the_unknown(work: Any, real: Any, model: Any) -> None:
    try:
        real(model)
    except NotFound:
        work.models.add(model)


MODELS: Mapping[str, Fault] = {
    "test_a_model_comes_back_whole": Fault("models.get", after(_no_settings)),
    "test_a_model_without_settings_comes_back_whole": Fault("models.get", after(_some_settings)),
    "test_an_unknown_model_is_not_found": Fault("models.get", forgiving(NotFound)),
    "test_a_model_is_found_by_its_key_before_one_of_that_name": Fault(
        "models.find", _by_name_first
    ),
    "test_a_model_is_found_by_its_name_in_any_case_first_by_base": Fault(
        "models.find", _minds_case
    ),
    "test_a_model_of_another_type_is_not_found": Fault("models.find", _of_any_type),
    "test_models_come_by_type_base_name_and_key": Fault("models.list", after(backwards)),
    "test_models_of_one_type_and_some_bases_are_listed": Fault("models.list", _empty_is_every),
    "test_a_key_is_taken_once": Fault("models.add", forgiving(Conflict)),
    "test_a_name_is_taken_once_in_type_and_base": Fault("models.add", _unique_by_exact_name),
    "test_a_model_is_replaced": Fault("models.put", returning(None)),
    "test_an_unknown_model_cannot_be_replaced": Fault("models.put", _adds_the_unknown),
    "test_a_model_cannot_take_the_name_of_another": Fault("models.put", forgiving(Conflict)),
    "test_a_removed_model_is_gone": Fault("models.remove", returning(None)),
    "test_an_unknown_model_cannot_be_removed": Fault("models.remove", forgiving(NotFound)),
}
