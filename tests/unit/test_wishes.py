"""A generation written down in a workflow is read back as it was, or refused where it is none."""

import json
import typing
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoke_apps.web.routes.queue import GenerationBody
from invoke_core.domain.generation import GenerationWish
from invoke_core.domain.wishes import read_wish, written_wish
from invoke_core.errors import Invalid

SMALL: dict[str, Any] = {"model": "demo-shapes", "prompt": "a red circle"}

wishes = st.builds(GenerationWish)


@given(wishes)
def test_a_wish_that_was_written_is_read_back(wish: GenerationWish) -> None:
    written = json.loads(json.dumps(written_wish(wish)))

    read = read_wish(written, "generation")

    # Not a number is never equal to itself, and stays one.
    assert repr(read) == repr(wish)


@given(wishes)
def test_a_written_wish_is_what_the_queue_takes(wish: GenerationWish) -> None:
    body = msgspec.convert(dict(written_wish(wish)), GenerationBody, strict=True)

    assert repr(body.wish()) == repr(wish)


def test_its_fields_are_those_of_the_queue() -> None:
    assert {field.name for field in attrs.fields(GenerationWish)} == set(
        typing.get_type_hints(GenerationBody)
    )


def test_absent_fields_are_absent() -> None:
    wish = read_wish({**SMALL, "width": None}, "generation")

    assert wish == GenerationWish(model="demo-shapes", prompt="a red circle")
    assert written_wish(wish) == SMALL


def test_whole_numbers_are_numbers() -> None:
    assert read_wish({**SMALL, "cfg_scale": 7}, "generation").cfg_scale == 7.0


@pytest.mark.parametrize(
    ("written", "field"),
    [
        (None, "generation"),
        ("text", "generation"),
        ([], "generation"),
        ({"prompt": "p"}, "generation.model"),
        ({**SMALL, "prompt": 7}, "generation.prompt"),
        ({**SMALL, "width": 64.0}, "generation.width"),
        ({**SMALL, "width": True}, "generation.width"),
        ({**SMALL, "exact": 1}, "generation.exact"),
        ({**SMALL, "cfg_scale": "7"}, "generation.cfg_scale"),
        ({**SMALL, "scheduler": "magic"}, "generation.scheduler"),
        ({**SMALL, "scheduler": ["euler"]}, "generation.scheduler"),
        ({**SMALL, "unheard_of": 1}, "generation.unheard_of"),
        ({**SMALL, "init_image": "x.png"}, "generation.init_image"),
        ({**SMALL, "init_image": {"image_name": "x.png"}}, "generation.init_image.strength"),
        ({**SMALL, "loras": {}}, "generation.loras"),
        ({**SMALL, "loras": [{"model": "x"}]}, "generation.loras[0].weight"),
    ],
)
def test_what_is_none_is_refused_by_name(written: Any, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_wish(written, "generation")

    assert refused.value.field == field
