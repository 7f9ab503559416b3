"""invokeai.yaml, INVOKEAI_* and the command line become `Settings`."""

import difflib
import json
import os
import sys
import warnings
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import attrs
import cattrs
import yaml

from invoke_apps.settings import (
    LATER,
    WITHOUT_EFFECT,
    GroupSettings,
    ProviderSettings,
    Settings,
)
from invoke_core.errors import InvokeError

FILE_NAME = "invokeai.yaml"
PREFIX = "INVOKEAI_"
_SYNONYMS = {"auth_enabled": "multiuser"}
_KNOWN = {field.name for field in attrs.fields(Settings)} - {"root"} | set(_SYNONYMS)
_NOT_SETTINGS = {"ROOT"}  # INVOKEAI_ROOT is where the settings are looked for


class ConfigurationError(InvokeError):
    """The settings cannot be used; the text says which one, where it stands, and what it may be."""

    slug = "configuration"


class ConfigurationWarning(UserWarning):
    """Something in the settings is accepted and has no effect."""


def find_root(root: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the root folder, absolute.

    The one named, else INVOKEAI_ROOT, else the parent of the virtual environment if it holds an
    invokeai.yaml, else ~/invokeai.
    """
    if root is None and environ.get("INVOKEAI_ROOT"):
        root = Path(environ["INVOKEAI_ROOT"])
    if root is None and sys.prefix != sys.base_prefix:
        beside = Path(sys.prefix).parent
        if (beside / FILE_NAME).is_file():
            root = beside
    return (root or Path("~/invokeai")).expanduser().absolute()


def load_settings(
    root: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    file: Path | None = None,
) -> Settings:
    """Return the settings: the file's, above it the environment's, above both the options.

    Args:
        root: the root folder; see `find_root` for None.
        environ: the environment; None: that of this process.
        options: what the command line says; a value of None is as if not given.
        file: the settings file; None: invokeai.yaml in the root, which may be missing.

    Raises:
        ConfigurationError: a file that cannot be read, an unknown key, a value out of range, a key of
            a feature that is not there yet.
    """
    environ = os.environ if environ is None else environ
    root = find_root(root, environ)
    path = file or root / FILE_NAME
    merged: dict[str, tuple[Any, str]] = {}
    for key, value in _read_file(path, required=file is not None).items():
        if str(key) not in _KNOWN | set(LATER) | WITHOUT_EFFECT:
            raise ConfigurationError(_unknown(str(key), str(path)))
        merged[str(key)] = (value, str(path))
    merged.update(_read_environment(environ))
    for key, value in (options or {}).items():
        if value is not None:
            merged[key] = (value, f"--{key.replace('_', '-')}")
    _refuse_what_comes_later(merged)
    _name_what_has_no_effect(merged)
    return _structured(root, _one_name_each(merged))


def handed_over(settings: Settings) -> str:
    """Return settings as one line of text, secrets included, for a process that is to use the same."""
    values = {field.name: getattr(settings, field.name) for field in attrs.fields(Settings)}
    return json.dumps(values, default=_plain)


def _plain(value: Any) -> Any:
    return attrs.asdict(value) if attrs.has(type(value)) else str(value)


def taken_over(line: str) -> Settings:
    """Return the settings of a line that `handed_over` wrote."""
    values = json.loads(line)
    root = Path(values.pop("root"))
    return _structured(root, {key: (value, "the server") for key, value in values.items()})


def _read_file(path: Path, *, required: bool) -> Mapping[Any, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        if required:
            raise ConfigurationError(f"There is no settings file {path}.") from error
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.") from error
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it does not parse"
        raise ConfigurationError(f"{path}{place} is not valid YAML: {problem}.") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigurationError(f"{path} must hold `key: value` lines, such as `multiuser: true`.")
    return values


def _read_environment(environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    found: dict[str, tuple[Any, str]] = {}
    for variable, text in environ.items():
        name = variable.removeprefix(PREFIX)
        if name == variable or name in _NOT_SETTINGS:
            continue
        key = name.lower()
        if key not in _KNOWN | set(LATER) | WITHOUT_EFFECT:
            warnings.warn(_unknown(key, variable), ConfigurationWarning, stacklevel=3)
            continue
        try:
            found[key] = (yaml.safe_load(text), variable)
        except yaml.YAMLError as error:
            raise ConfigurationError(f"{variable} is not a valid YAML value.") from error
    return found


def _refuse_what_comes_later(merged: Mapping[str, tuple[Any, str]]) -> None:
    for key, (_, place) in merged.items():
        if key in LATER:
            raise ConfigurationError(
                f"{place}: `{key}` cannot be set yet: this version has no {LATER[key]}."
                " Remove the setting."
            )


def _name_what_has_no_effect(merged: dict[str, tuple[Any, str]]) -> None:
    """Take the keys without effect out, with one warning that names them all."""
    ignored = [key for key in merged if key in WITHOUT_EFFECT]
    for key in ignored:
        del merged[key]
    if ignored:
        names = ", ".join(f"`{key}`" for key in ignored)
        warnings.warn(
            f"These settings are accepted and have no effect: {names}.",
            ConfigurationWarning,
            stacklevel=3,
        )


def _unknown(key: str, place: str) -> str:
    nearest = _nearest(key, _KNOWN | set(LATER))
    advice = f" Did you mean `{nearest}`?" if nearest else " Remove it, or see docs/reference."
    return f"{place}: there is no setting `{key}`.{advice}"


def _nearest(key: str, names: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(key, sorted(names), n=1, cutoff=0.5)), None)


def _one_name_each(merged: Mapping[str, tuple[Any, str]]) -> dict[str, tuple[Any, str]]:
    """Return the values under one name a setting; two names with two values are refused."""
    values = dict(merged)
    for synonym, name in _SYNONYMS.items():
        if synonym not in values:
            continue
        value, place = values.pop(synonym)
        if name in values and values[name][0] != value:
            raise ConfigurationError(
                f"`{synonym}` ({place}) and `{name}` ({values[name][1]}) are two names of one"
                " setting and say different things: keep one of them."
            )
        values[name] = (value, place)
    return values


_converter = cattrs.Converter(forbid_extra_keys=True)


def _strict(kind: type) -> Any:
    def structure(value: Any, _: Any) -> Any:
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise ValueError(f"{value!r} is not {_WORDS[kind]}")
        return value

    return structure


_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text (put it in quotes)",
}
for _kind in _WORDS:
    _converter.register_structure_hook(_kind, _strict(_kind))


def _choice(value: Any, kind: Any) -> Any:
    try:
        return kind(value)
    except ValueError as error:
        raise ValueError(f"it is one of {', '.join(kind)}") from error


_converter.register_structure_hook(StrEnum, _choice)
_converter.register_structure_hook(
    Path, lambda value, _: Path(_converter.structure(value, str)).expanduser()
)


def _texts(value: Any, _: Any) -> tuple[str, ...]:
    """Take one text for a list of one."""
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is not a list of texts")
    return tuple(_converter.structure(one, str) for one in value)


_converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _texts)


class _Told(ValueError):
    """What is wrong inside a value, told without the value: there may be a secret in it."""


def _providers(value: Any, _: Any) -> tuple[ProviderSettings, ...]:
    if not isinstance(value, list):
        raise _Told("it is a list of providers, each with `name`, `issuer` and `client_id`")
    found = tuple(_provider(entry, number) for number, entry in enumerate(value, start=1))
    if len({provider.name for provider in found}) < len(found):
        raise _Told("two providers have the same `name`")
    return found


def _provider(entry: Any, number: int) -> ProviderSettings:
    place = f"provider {number}"
    values = _entry(entry, place, ProviderSettings, "name: company")
    for claim, wanted in (
        ("admin_claim", "admin_values"),
        ("second_factor_claim", "second_factor_values"),
    ):
        if values.get(wanted) and not values.get(claim):
            raise _Told(f"{place} has `{wanted}` and no `{claim}`")
    return ProviderSettings(**values)


def _groups(value: Any, _: Any) -> tuple[GroupSettings, ...]:
    if not isinstance(value, list):
        raise _Told("it is a list of groups, each with `name` and `members`")
    return tuple(
        GroupSettings(**_entry(entry, f"group {number}", GroupSettings, "name: studio"))
        for number, entry in enumerate(value, start=1)
    )


def _entry(entry: Any, place: str, type: type[Any], example: str) -> dict[str, Any]:
    """Return the values of an entry of a list, checked one by one; `place` names it."""
    if not isinstance(entry, dict):
        raise _Told(f"{place} has no `key: value` lines, such as `{example}`")
    fields = {field.name: field for field in attrs.fields(type)}
    values: dict[str, Any] = {}
    for key, value in entry.items():
        if key not in fields:
            known = ", ".join(f"`{name}`" for name in fields)
            raise _Told(f"{place} has no setting `{key}`; there are {known}")
        field = fields[key]
        try:
            kind: Any = field.type
            values[key] = _converter.structure(value, kind)
            if field.validator is not None:
                field.validator(None, field, values[key])
        except Exception as error:
            if not field.repr:  # a secret
                raise _Told(f"`{key}` of {place} is not a text of one character or more") from None
            raise _Told(f"`{key}` of {place}: {_reason(error, key)}") from error
    for field in fields.values():
        if field.default is attrs.NOTHING and field.name not in values:
            raise _Told(f"{place} lacks `{field.name}`")
    return values


_converter.register_structure_hook_func(
    lambda kind: kind == tuple[ProviderSettings, ...], _providers
)
_converter.register_structure_hook_func(lambda kind: kind == tuple[GroupSettings, ...], _groups)


def _structured(root: Path, merged: Mapping[str, tuple[Any, str]]) -> Settings:
    fields = {field.name: field for field in attrs.fields(Settings)}
    values: dict[str, Any] = {"root": root}
    for key, (value, place) in merged.items():
        field = fields[key]
        try:
            kind: Any = field.type
            structured = _converter.structure(value, kind)
            if field.converter is not None:
                structured = field.converter(structured)  # type: ignore[operator]
            if field.validator is not None:
                field.validator(None, field, structured)
        except _Told as error:
            raise ConfigurationError(f"{place}: `{key}`: {error}.") from error
        except Exception as error:
            if not field.repr:  # a secret
                raise ConfigurationError(f"{place}: `{key}` is not of the right kind.") from None
            raise ConfigurationError(
                f"{place}: `{key}` cannot be {value!r}: {_reason(error, key)}."
            ) from error
        values[key] = structured
    return Settings(**values)


def _reason(error: BaseException, key: str) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    text = str(error.args[0] if error.args else error).rstrip(".")
    return text.replace(f"'{key}' ", "it ").replace("\n", " ")
