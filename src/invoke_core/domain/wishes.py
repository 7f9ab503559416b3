"""A wish for a picture as it is written in JSON: under the names of its fields, absent ones left out."""

import typing
from collections.abc import Mapping, Sequence
from enum import Enum
from types import NoneType
from typing import Any

import attrs

from invoke_core.domain.generation import GenerationWish
from invoke_core.errors import Invalid

WORDS = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}


def read_wish(written: Any, field: str) -> GenerationWish:
    """Return the wish that was written; whether its values are in range is not asked here.

    Args:
        written: what `json.loads` returned.
        field: the path of it in the document, for errors.

    Raises:
        Invalid: a field is missing, unknown or mistyped; the error names it.
    """
    wish: GenerationWish = _value(GenerationWish, written, field)
    return wish


def written_wish(wish: GenerationWish) -> Mapping[str, Any]:
    """Return the wish as `read_wish` takes it, without the fields that are as they would be anyway."""
    defaults = {field.name: field.default for field in attrs.fields(GenerationWish)}
    return {
        name: _plain(value)
        for name, value in attrs.asdict(wish, recurse=False).items()
        if value != defaults[name]
    }


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case tuple():
            return [_plain(inner) for inner in value]
        case _ if attrs.has(type(value)):
            return {name: _plain(v) for name, v in attrs.asdict(value, recurse=False).items()}
    return value


def _value(kind: Any, written: Any, field: str) -> Any:
    kind = getattr(kind, "__supertype__", kind)  # an identifier is a text
    if NoneType in typing.get_args(kind):  # `X | None`
        (kind,) = (arm for arm in typing.get_args(kind) if arm is not NoneType)
        return None if written is None else _value(kind, written, field)
    if typing.get_origin(kind) is tuple:
        return tuple(
            _value(typing.get_args(kind)[0], inner, f"{field}[{place}]")
            for place, inner in enumerate(_checked(written, list, "a list", field))
        )
    if attrs.has(kind):
        return _fields(kind, _checked(written, dict, "an object", field), field)
    if issubclass(kind, Enum):
        return _word(kind, written, field)
    if kind is float and type(written) is int:
        return float(written)
    if type(written) is not kind:  # not `isinstance`: true is no number here
        raise _wrong(field, WORDS[kind])
    return written


def _fields(kind: Any, written: Mapping[str, Any], field: str) -> Any:
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(written) - set(hints))
    if unknown:
        raise Invalid(f"A generation has no field {unknown[0]!r}.", field=f"{field}.{unknown[0]}")
    for each in attrs.fields(kind):
        if each.default is attrs.NOTHING and each.name not in written:
            raise _wrong(f"{field}.{each.name}", "a value")
    values = {name: _value(hints[name], written[name], f"{field}.{name}") for name in written}
    return kind(**values)


def _word(kind: type[Enum], written: Any, field: str) -> Any:
    try:
        return kind(written)
    except ValueError as error:
        words: Sequence[str] = [str(member.value) for member in kind]
        raise _wrong(field, f"one of {', '.join(words)}") from error


def _checked(written: Any, kind: type, words: str, field: str) -> Any:
    if not isinstance(written, kind):
        raise _wrong(field, words)
    return written


def _wrong(field: str, wanted: str) -> Invalid:
    return Invalid(f"The field '{field}' needs {wanted}.", field=field)
